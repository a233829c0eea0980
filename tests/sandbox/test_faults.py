"""Ordered faults: the SDKs see them, and get over them by their own retries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox import tokens
from sandbox.faults import ALL_KINDS, FaultKind, Faults, FaultSource, load, save
from tests.sandbox.conftest import Served
from tests.sandbox.test_sdk_assets import data


@pytest.fixture(autouse=True)
def quiet_afterwards(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "cloud" in request.fixturenames:
        order(request.getfixturevalue("cloud"), Faults())


def order(cloud: Served, faults: Faults) -> None:
    save(cloud.home.faults_file, faults)


def ask(cloud: Served, method: str = "GET", path: str = "", **arguments: Any) -> requests.Response:
    token = tokens.issue(audience="x", client_id="x")
    url = f"https://management.azure.com{cloud.id}{path}"
    return requests.request(method, url, headers={"Authorization": f"Bearer {token}"}, timeout=30, **arguments)


def test_faults_are_kept_and_taken_back(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    assert load(file) == Faults()
    wanted = Faults(0.5, (FaultKind.DROP,), 7, 150)
    save(file, wanted)
    assert load(file) == wanted
    save(file, Faults())
    assert not file.exists()


def test_the_same_seed_strikes_the_same_calls(tmp_path: Path) -> None:
    def strikes() -> list[object]:
        save(tmp_path / "faults.json", Faults(0.3, seed=5))
        source = FaultSource(tmp_path / "faults.json")
        return [source.strike() for _ in range(500)]

    first = strikes()
    assert first == strikes()
    struck = [strike for strike in first if strike is not None]
    assert 100 < len(struck) < 200
    assert Counter(strike.kind for strike in struck).keys() == set(ALL_KINDS)  # type: ignore[attr-defined]


def test_a_change_counts_at_once(tmp_path: Path) -> None:
    source = FaultSource(tmp_path / "faults.json")
    assert source.strike() is None
    save(tmp_path / "faults.json", Faults(1.0, (FaultKind.SLOW,)))
    strike = source.strike()
    assert strike is not None
    assert strike.kind is FaultKind.SLOW
    save(tmp_path / "faults.json", Faults())
    assert source.strike() is None


def test_each_kind_is_what_it_says(cloud: Served) -> None:
    order(cloud, Faults(1.0, (FaultKind.TOO_MANY,)))
    answer = ask(cloud)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    order(cloud, Faults(1.0, (FaultKind.SERVER_ERROR,)))
    assert ask(cloud).status_code == 500
    order(cloud, Faults(1.0, (FaultKind.SLOW,), slow_seconds=0.01))
    assert ask(cloud).status_code == 200
    order(cloud, Faults(1.0, (FaultKind.DROP,)))
    with pytest.raises(requests.exceptions.ConnectionError):
        ask(cloud)


@pytest.mark.parametrize("kind", [FaultKind.SERVER_ERROR, FaultKind.DROP])
def test_a_fault_strikes_before_the_write_or_after_it(cloud: Served, kind: FaultKind) -> None:
    body = {"properties": {"dataType": "uri_file", "dataUri": "azureml://datastores/workspaceblobstore/paths/x"}}
    order(cloud, Faults(1.0, (kind,), seed=1))
    for number in range(20):
        try:
            assert ask(cloud, "PUT", f"/data/lost-{kind}/versions/{number}", json=body).status_code == 500
        except requests.exceptions.ConnectionError:
            assert kind is FaultKind.DROP
    order(cloud, Faults())
    written = len(ask(cloud, path=f"/data/lost-{kind}/versions").json()["value"])
    assert 0 < written < 20


def test_the_login_never_fails(cloud: Served) -> None:
    order(cloud, Faults(1.0))
    own = cloud.home.credentials
    from azure.identity import ClientSecretCredential

    from sandbox.identity import SANDBOX_TENANT_ID

    credential = ClientSecretCredential(SANDBOX_TENANT_ID, own.client_id, own.client_secret)
    assert credential.get_token("https://management.azure.com/.default").token


def test_the_sdk_gets_over_faults_by_itself(cloud: Served) -> None:
    order(cloud, Faults(0.3, seed=11, slow_seconds=0.01))
    often: Any = dict.fromkeys(("retry_total", "retry_connect", "retry_read", "retry_status"), 20)
    ml = cloud.ml(retry_backoff_factor=0.01, retry_backoff_max=0.05, **often)
    for number in range(15):
        ml.data.create_or_update(data("despite-faults", str(number)))
    order(cloud, Faults())
    assert len(list(ml.data.list("despite-faults"))) == 15


def test_an_upload_gets_over_dropped_connections(cloud: Served) -> None:
    from azure.storage.blob import ExponentialRetry

    # Dropped while it is made, a connection counts as retry_connect; afterwards as retry_read. Both are 3 by default.
    retries = ExponentialRetry(initial_backoff=0, increment_base=0, retry_total=20, retry_connect=20, retry_read=20)
    order(cloud, Faults(0.5, (FaultKind.DROP,), seed=2))
    content = b"x" * 2**20
    for number in range(5):
        blobs = cloud.blobs(retry_policy=retries, max_single_put_size=2**17, max_block_size=2**17)
        blobs.get_container_client("data").upload_blob(f"dropped-{number}", content, overwrite=True)
    order(cloud, Faults())
    container = cloud.blobs().get_container_client("data")
    assert all(container.download_blob(f"dropped-{number}").readall() == content for number in range(5))
    assert "Dropped a connection to the blobs" in (cloud.home.logs / "service.log").read_text()


def test_latency_is_added_to_every_call(cloud: Served) -> None:
    order(cloud, Faults(latency_ms=300))
    assert ask(cloud).elapsed.total_seconds() >= 0.3
