"""The relay of events sends what the workflows wait for, in the form that they read, and shows its token to nobody."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ezazml.ci.events import DATA_CHANGED, read_event
from tests.workflow_files import ROOT, workflows

TEMPLATE: dict[str, Any] = json.loads((ROOT / "examples" / "event-relay" / "template.json").read_text())


def resources(kind: str) -> list[dict[str, Any]]:
    return [one for one in TEMPLATE["resources"] if one["type"] == kind]


def dispatch_type(event_type: str) -> str:
    """What the Logic App's expression makes of it."""
    return event_type.lower().replace("microsoft.", "").replace(".", "-")


def relay() -> dict[str, Any]:
    (workflow,) = resources("Microsoft.Logic/workflows")
    actions: dict[str, Any] = workflow["properties"]["definition"]["actions"]
    return actions


def test_what_is_subscribed_to_starts_a_workflow() -> None:
    dispatch = relay()["each"]["actions"]["dispatch"]["inputs"]["body"]
    assert dispatch == {
        "event_type": "@{replace(replace(toLower(items('each')?['eventType']), 'microsoft.', ''), '.', '-')}",
        "client_payload": "@items('each')",
    }
    started = {
        kind for one in workflows().values() for kind in one["on"].get("repository_dispatch", {}).get("types", [])
    }
    subscribed = [
        dispatch_type(kind)
        for one in resources("Microsoft.EventGrid/systemTopics/eventSubscriptions")
        for kind in one["properties"]["filter"]["includedEventTypes"]
    ]
    assert set(subscribed) <= started
    assert set(DATA_CHANGED) <= set(subscribed)


def test_blobs_outside_of_the_containers_are_not_even_sent() -> None:
    (subscription,) = [
        one for one in resources("Microsoft.EventGrid/systemTopics/eventSubscriptions") if "storage" in one["name"]
    ]
    begin = subscription["properties"]["filter"]["subjectBeginsWith"]
    assert begin == "[concat('/blobServices/default/containers/', parameters('container'), '/')]"


def test_the_token_is_in_the_vault_and_hidden_from_the_runs() -> None:
    actions = relay()
    assert actions["token"]["inputs"]["authentication"]["type"] == "ManagedServiceIdentity"
    assert actions["token"]["runtimeConfiguration"]["secureData"]["properties"] == ["outputs"]
    assert actions["each"]["actions"]["dispatch"]["runtimeConfiguration"]["secureData"]["properties"] == ["inputs"]
    assert "token" not in TEMPLATE["parameters"]
    assert list(TEMPLATE["outputs"]) == ["principalId"]


def test_every_parameter_and_variable_is_there_and_used() -> None:
    text = json.dumps(TEMPLATE)
    assert set(re.findall(r"\[.*?parameters\('(\w+)'\)", text)) <= set(TEMPLATE["parameters"])
    for name in TEMPLATE["parameters"]:
        assert f"parameters('{name}')" in text
    assert set(re.findall(r"variables\('(\w+)'\)", text)) == set(TEMPLATE["variables"])


def test_the_documented_example_is_one_that_is_read(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    example = json.loads(text.split("```json\n", 1)[1].split("```", 1)[0])
    payload = example["client_payload"]
    payload["topic"] = payload["topic"].replace("/ID/", f"/{'1' * 8}-1111-1111-1111-{'1' * 12}/")
    path = tmp_path / "event.json"
    path.write_text(json.dumps(example))
    assert read_event(path).kind == example["event_type"] == dispatch_type(payload["eventType"])


def test_every_type_of_event_is_documented() -> None:
    text = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    for name in ("train.yml", "deploy-model.yml"):
        for kind in workflows()[name]["on"]["repository_dispatch"]["types"]:
            assert f"`{kind}`" in text or f"`-{kind.split('-', 1)[1]}`" in text, kind
