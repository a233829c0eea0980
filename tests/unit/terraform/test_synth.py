"""Only what changed is synthesised, several environments in one process."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from ezazml.config.loading import load_environment
from ezazml.errors import EzazmlError, InputError
from ezazml.terraform import synth_cache
from ezazml.terraform.synth import synthesise, synthesise_all
from ezazml.terraform.synth_inputs import named_variables

#: Stands in for main.py: notes each run, and writes what cdktf would.
_MAIN = """
import json, os, pathlib
pathlib.Path("runs.txt").open("a").write(os.environ["EZAZML_ENVIRONMENTS"] + "\\n")
for name in os.environ["EZAZML_ENVIRONMENTS"].split(","):
    stack = pathlib.Path(os.environ["CDKTF_OUTDIR"], "stacks", name)
    stack.mkdir(parents=True)
    (stack / "cdk.tf.json").write_text(json.dumps({"of": name}))
"""


@pytest.fixture
def quick(project: Path) -> Path:
    (project / "main.py").write_text(_MAIN)
    return project


def synth(root: Path, *names: str, **environ: str) -> list[Path]:
    import os

    variables = {"PATH": os.environ["PATH"], **environ}
    return synthesise_all([load_environment(name, root=root, environ=environ) for name in names], variables)


def runs(root: Path) -> list[str]:
    return (root / "runs.txt").read_text().split()


def test_environments_share_one_process_and_have_folders_of_their_own(quick: Path) -> None:
    folders = synth(quick, "dev", "prd", "sandbox")
    assert runs(quick) == ["dev,prd,sandbox"]
    assert [json.loads((folder / "cdk.tf.json").read_text())["of"] for folder in folders] == ["dev", "prd", "sandbox"]
    assert len(set(folders)) == 3


def test_what_did_not_change_is_not_synthesised_again(quick: Path) -> None:
    first = synth(quick, "dev")
    assert synth(quick, "dev") == first
    assert synth(quick, "prd", "dev") == [first[0].parents[2] / "prd" / "stacks" / "prd", first[0]]
    assert runs(quick) == ["dev", "prd"]


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "main.py").write_text(_MAIN + "\n"),
        lambda root: (root / "environments" / "dev.yaml").write_text("location: northeurope\n"),
        lambda root: (root / "environments" / "dev.env").write_text("TF_VAR_location=northeurope\n"),
        lambda root: (root / "helpers.py").write_text("x = 1\n"),
        lambda root: (root / "own" / "helpers.py").write_text("x = 2\n"),
        lambda root: (root / "own" / "table.csv").write_text("data that a construct may read"),
        lambda root: (root / "own" / "templates" / "policy.tpl").write_text("the same, further down"),
        lambda root: (root / "own" / "_private" / "code.py").write_text("x = 3\n"),
        lambda root: (root / "tags.yaml").write_text("team: x\n"),
        lambda root: (root / "linked" / "code.py").write_text("x = 4\n"),
        lambda root: next(root.glob(".ezazml/**/synth.sha256")).write_bytes(b"\xff\xfe torn"),
        lambda root: (root / "cdktf.json").write_text('{"context": {"excludeStackIdFromLogicalIds": "true"}}'),
        lambda root: next(root.glob(".ezazml/**/cdk.tf.json")).write_text("{}"),
        lambda root: next(root.glob(".ezazml/**/cdk.tf.json")).unlink(),
    ],
)
def test_a_change_of_settings_code_or_output_is_synthesised(quick: Path, change) -> None:  # type: ignore[no-untyped-def]
    for name in ("own", "own/templates", "own/_private"):
        (quick / name).mkdir()
        (quick / name / "code.py").write_text("")
    (quick / "elsewhere").mkdir()
    (quick / "elsewhere" / "own").symlink_to(quick / "own")  # a circle
    (quick / "linked").symlink_to(quick / "elsewhere")
    synth(quick, "dev")
    change(quick)
    (folder,) = synth(quick, "dev")
    assert runs(quick) == ["dev", "dev"]
    assert json.loads((folder / "cdk.tf.json").read_text()) == {"of": "dev"}


def test_a_variable_that_sets_something_is_a_change_and_others_are_not(quick: Path) -> None:
    synth(quick, "dev")
    synth(quick, "dev", SOMETHING="else")
    assert runs(quick) == ["dev"]
    synth(quick, "dev", TF_VAR_location="northeurope")
    assert runs(quick) == ["dev", "dev"]


def test_a_variable_that_the_code_names_is_a_change(quick: Path) -> None:
    (quick / "own").mkdir()
    (quick / "own" / "team.py").write_text("import os\nTEAM = os.environ.get('TEAM_OF_MINE', '')\n")
    for team in ("a", "a", "b"):
        synth(quick, "dev", TEAM_OF_MINE=team)
    assert runs(quick) == ["dev", "dev"]


def test_code_used_in_place_is_watched_and_tests_are_not(quick: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "theirs.py").write_text("x = 1\n")
    (quick / "tests").mkdir()
    synth(quick, "dev", PYTHONPATH=str(library))
    (quick / "tests" / "test_own.py").write_text("")
    (quick / ".#main.py").symlink_to("nobody@nowhere:1")  # what an editor leaves beside a file that is being edited
    synth(quick, "dev", PYTHONPATH=str(library))
    assert runs(quick) == ["dev"]
    (library / "theirs.py").write_text("x = 2\n")
    synth(quick, "dev", PYTHONPATH=str(library))
    assert runs(quick) == ["dev", "dev"]


def test_another_version_of_any_package_is_a_change(quick: Path, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    site = tmp_path / "site"
    (site / "team_constructs-1.0.dist-info").mkdir(parents=True)
    monkeypatch.setattr("sys.path", [*sys.path, str(site)])
    synth(quick, "dev")
    (site / "team_constructs-1.0.dist-info").rename(site / "team_constructs-1.1.dist-info")
    synth(quick, "dev")
    assert runs(quick) == ["dev", "dev"]


def test_an_editable_package_is_watched(quick: Path, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    source, info = tmp_path / "their source", tmp_path / "site" / "team_constructs-1.0.dist-info"
    source.mkdir()
    info.mkdir(parents=True)
    (info / "direct_url.json").write_text(json.dumps({"url": source.as_uri(), "dir_info": {"editable": True}}))
    monkeypatch.setattr("sys.path", [*sys.path, str(info.parent)])
    synth(quick, "dev")
    (source / "theirs.py").write_text("x = 1\n")
    synth(quick, "dev")
    assert runs(quick) == ["dev", "dev"]


def test_a_stack_with_assets_is_synthesised_every_time(quick: Path) -> None:
    asset = '    (stack / "assets" / "x").mkdir(parents=True)\n'
    (quick / "main.py").write_text(_MAIN + asset)
    (folder,) = synth(quick, "dev")
    synth(quick, "dev")
    assert runs(quick) == ["dev", "dev"]
    (quick / "main.py").write_text(_MAIN)
    synth(quick, "dev")
    assert not (folder / "assets").exists()
    synth(quick, "dev")
    assert runs(quick) == ["dev", "dev", "dev"]


def test_what_another_process_put_there_meanwhile_is_not_taken_for_ours(tmp_path: Path) -> None:
    ours, stack = tmp_path / "made" / "cdk.tf.json", tmp_path / "cdk.tf.json"
    ours.parent.mkdir()
    ours.write_text("ours")
    stack.write_text("theirs")
    synth_cache.remember(stack, "settings", made=ours)
    assert not synth_cache.is_current(stack, "settings")
    stack.write_text("ours")
    assert synth_cache.is_current(stack, "settings")


def test_a_project_that_moved_is_synthesised_again(quick: Path) -> None:
    synth(quick, "dev")
    moved = quick.rename(quick.with_name("moved"))
    synth(moved, "dev")
    assert runs(moved) == ["dev", "dev"]


def test_main_sees_cdktfs_context_and_no_variable_that_asks_for_another_output(quick: Path) -> None:
    note = "\npathlib.Path('seen.json').write_text(json.dumps(dict(os.environ)))\n"
    (quick / "main.py").write_text(_MAIN + note)
    (quick / "cdktf.json").write_text('{"context": {"team": "ä"}}')
    synth(quick, "dev", SYNTH_HCL_OUTPUT="true", CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS="true")
    seen = json.loads((quick / "seen.json").read_text())
    assert json.loads(seen["CDKTF_CONTEXT_JSON"]) == {"team": "ä"}
    assert {"SYNTH_HCL_OUTPUT", "CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS"} & seen.keys() == set()


def test_a_broken_cdktf_json_is_said(quick: Path) -> None:
    (quick / "cdktf.json").write_text("{")
    with pytest.raises(InputError, match=r"cdktf.json: is no JSON"):
        synth(quick, "dev")


def test_messages_of_main_are_debug_messages(quick: Path, caplog: pytest.LogCaptureFixture) -> None:
    (quick / "main.py").write_text(_MAIN + "\nimport sys; print('importing all of it', file=sys.stderr)\n")
    with caplog.at_level("DEBUG", logger="ezazml"):
        synth(quick, "dev")
    assert "importing all of it" in caplog.messages


def test_another_secret_is_no_change_but_having_one_is(quick: Path) -> None:
    path = quick / "environments" / "dev.yaml"
    path.write_text("prefix: ezazml\nuser:\n  enabled: true\n")
    synth(quick, "dev")
    synth(quick, "dev", TF_VAR_user_password="One-secret-1!")
    synth(quick, "dev", TF_VAR_user_password="Another-secret-2!")
    assert runs(quick) == ["dev", "dev"]
    stamps = "".join(stamp.read_text() for stamp in quick.glob(".ezazml/**/synth.sha256"))
    assert "secret" not in stamps


def test_the_cache_can_be_turned_off(quick: Path) -> None:
    synth(quick, "dev", EZAZML_SYNTH_CACHE="0")
    synth(quick, "dev", EZAZML_SYNTH_CACHE="0")
    assert runs(quick) == ["dev", "dev"]


def test_a_failed_synthesis_keeps_what_was_there_and_is_tried_again(quick: Path) -> None:
    (folder,) = synth(quick, "dev")
    (quick / "main.py").write_text("import sys; sys.exit('Error: boom')")
    for _ in range(2):
        with pytest.raises(EzazmlError, match=r"Synthesising dev failed:\nboom"):
            synth(quick, "dev")
    assert json.loads((folder / "cdk.tf.json").read_text()) == {"of": "dev"}
    assert list((quick / ".ezazml").glob("synth-*")) == []
    (quick / "main.py").write_text(_MAIN)
    synth(quick, "dev")
    assert runs(quick) == ["dev"]  # what was there is right again


def test_wrong_input_found_by_main_is_wrong_input(quick: Path) -> None:
    (quick / "main.py").write_text("import sys; print('Error: bad name', file=sys.stderr); sys.exit(2)")
    with pytest.raises(InputError, match=r"^bad name$"):
        synth(quick, "dev")


def test_a_stack_that_main_does_not_make_is_said(quick: Path) -> None:
    (quick / "main.py").write_text("")
    environment = load_environment("dev", root=quick, environ={})
    import os

    with pytest.raises(EzazmlError, match=r"Synthesising dev failed:\nmain.py ended with .* made no stack dev"):
        synthesise(environment, {"PATH": os.environ["PATH"]})


def test_a_file_that_goes_away_while_the_inputs_are_read_is_no_failure(tmp_path: Path) -> None:
    there, gone = tmp_path / "there.py", tmp_path / "gone.py"
    there.write_text('import os\nos.environ["SIZE"]\n')
    assert named_variables([gone, there], {"SIZE": "large"}) == {"SIZE": "large"}
