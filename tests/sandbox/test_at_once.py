"""What several jobs do at the same moment, and what becomes of a job when the sandbox itself fails."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from sandbox.compute import registering
from sandbox.compute.context import Context
from sandbox.compute.errors import Canceled, ComputeError, ServiceEndingError
from sandbox.compute.parents import Children, new_job
from sandbox.compute.process import Log
from sandbox.compute.runner import Execution, Runner, Work
from sandbox.compute.runtime import Runtime
from sandbox.compute.servers import Servers
from sandbox.compute.tracking import Tracking
from sandbox.store import ArmObject, Connections
from sandbox.web import Refusal
from tests.waiting import eventually

GROUP = "/subscriptions/s/resourceGroups/g"
WORKSPACE: ArmObject = {
    "id": f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/w",
    "name": "w",
    "type": "Microsoft.MachineLearningServices/workspaces",
    "location": "westeurope",
    "properties": {"workspaceId": "u"},
}


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """A workspace whose blobs take everything, and whose API takes what registers."""
    stores = Connections(tmp_path / "store.db")
    with stores.writing() as store:
        store.put(WORKSPACE)

    def api(_method: str, path: str, body: dict[str, Any] | None) -> None:
        asset, _, version = path.partition("/versions/")
        time.sleep(0.02)  # Azure takes its time
        with stores.writing() as store:
            assert store.get(path) is None, "this version is there already"
            store.put({"id": path, "type": "version", "name": version, **(body or {})})
            following = {"nextVersion": str(int(version) + 1)}
            store.put({"id": asset, "type": "asset", "name": "a", "properties": following})

    context = Context(tmp_path, stores, SimpleNamespace(), variables=dict, secrets=tuple, api=api)  # type: ignore[arg-type]
    context.files = SimpleNamespace(upload=lambda *_: None)  # type: ignore[assignment]
    context.place = lambda *_: SimpleNamespace(below=lambda _: None)  # type: ignore[method-assign,assignment]
    return context


def together(number: int, do: Callable[[int], Any]) -> list[Any]:
    """What threads return that begin at the same moment."""
    start = threading.Barrier(number)

    def begin(which: int) -> Any:
        start.wait()
        return do(which)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(begin, range(number)))


def submitted(context: Context, work: Work, name: str = "j") -> tuple[Runner, str]:
    runner = Runner(context, {"Command": work})
    job = new_job(WORKSPACE, name, {"jobType": "Command"})
    context.records.put(job)
    runner.submit(job)
    return runner, str(job["id"])


def test_runs_that_begin_at_once_share_a_new_experiment(tmp_path: Path) -> None:
    for attempt in range(50):
        tracking = Tracking(tmp_path / str(attempt))

        def start(run: int, made: Tracking = tracking) -> str:
            return made.start(f"r{run}", "experiment", "name", {})

        numbers = together(4, start)
        [number] = set(numbers)
        [folder] = tracking.root.iterdir()
        assert yaml.safe_load((folder / "meta.yaml").read_text())["name"] == "experiment"
        assert {run["info"]["run_id"] for run in tracking.runs([number])} == {"r0", "r1", "r2", "r3"}
        assert {path.name for path in folder.iterdir()} == {"meta.yaml", "r0", "r1", "r2", "r3"}


def test_jobs_that_register_one_name_at_once_get_a_version_each(context: Context, tmp_path: Path) -> None:
    output = {"assetName": "shared", "uri": "azureml://datastores/d/paths/p/"}

    def register(which: int) -> str:
        body = {"id": f"{WORKSPACE['id']}/jobs/j{which}", "name": f"j{which}"}
        return registering.register(context, body, "o", output, tmp_path)["assetId"].rsplit("/", 1)[-1]

    assert sorted(together(8, register), key=int) == [str(number) for number in range(1, 9)]


def test_a_job_ends_although_another_ones_model_is_half_written(context: Context) -> None:
    half = context.tracking(WORKSPACE).root / "models" / "m" / "version-1" / "meta.yaml"
    half.parent.mkdir(parents=True)
    half.touch()

    def work(_runner: Runner, _execution: Execution) -> None:
        context.tracking(WORKSPACE).start("j", "e", "j", {})

    runner, job = submitted(context, work)
    assert runner.wait(job) == "Completed"


def test_a_job_ends_although_what_it_left_cannot_be_kept(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(*_: Any) -> None:
        raise ValueError("nobody thought of this")

    monkeypatch.setattr("sandbox.compute.runner.leave", leave)
    runner, job = submitted(context, lambda *_: None)
    assert runner.wait(job) == "Failed"
    why = context.records.job(job)["run"]["error"]
    assert why == "What the job left could not be kept: nobody thought of this"
    eventually(lambda: not runner.busy)


def test_a_model_that_is_refused_does_not_take_the_logs_with_it(context: Context, tmp_path: Path) -> None:
    uploaded: list[str] = []
    context.files = SimpleNamespace(upload=lambda local, _place: uploaded.append(local.name))  # type: ignore[assignment]
    model = context.tracking(WORKSPACE).root / "models" / "m" / "version-1"

    def work(_runner: Runner, execution: Execution) -> None:
        context.tracking(WORKSPACE).start("j", "e", "j", {})
        (context.job_folder(execution.id) / "code" / "outputs").mkdir(parents=True)
        model.mkdir(parents=True)
        (model / "meta.yaml").write_text("{run_id: j, name: m, source: somewhere/artifacts/model}")

    context.api = refuse
    runner, job = submitted(context, work)
    assert runner.wait(job) == "Failed"
    assert uploaded == ["artifacts", "outputs", "user_logs"]
    assert "w/models/m/versions/1 cannot be registered: no such name" in context.records.job(job)["run"]["error"]
    assert (context.job_folder(job) / "code" / "outputs").is_dir()


def refuse(*_: Any) -> Any:
    raise Refusal(400, "BadName", "no such name")


def test_a_job_ends_although_its_log_cannot_be_written(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(*_: Any) -> None:
        raise ComputeError("the program failed")

    def full(*_: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("sandbox.compute.process.Log.say", full)
    runner, job = submitted(context, work)
    assert runner.wait(job) == "Failed"
    assert context.records.job(job)["run"]["error"] == "the program failed"


@pytest.mark.parametrize("half", ["", "run_id: [", "just text"])
def test_a_run_that_was_killed_while_it_was_written_does_not_stop_the_next_service(context: Context, half: str) -> None:
    tracking = context.tracking(WORKSPACE)
    for name in ("broken", "whole"):
        context.records.put(new_job(WORKSPACE, name, {"jobType": "Command"}, status="Running"))
        number = tracking.start(name, "e", name, {})
    (tracking.root / number / "broken" / "meta.yaml").write_text(half)
    assert [run["info"]["run_id"] for run in tracking.runs([number])] == ["whole"]
    Runner(context, {}).recover()
    assert context.records.unfinished() == []
    assert {run["info"]["status"] for run in tracking.runs([number])} == {"FAILED"}
    assert len(tracking.runs([number])) == 2


def test_a_step_that_is_submitted_while_its_pipeline_is_cancelled_is_cancelled_too(context: Context) -> None:
    told: list[str] = []
    execution = Execution(f"{WORKSPACE['id']}/jobs/parent")

    def submit(_job: ArmObject) -> Any:
        execution.cancel()  # somebody cancels right now, and sees no child yet
        return Future()

    runner: Any = SimpleNamespace(context=context, submit=submit, cancel=told.append)
    child = Children(runner, execution, WORKSPACE).start("step", {"jobType": "Command"})
    assert told == [child]


def test_a_service_that_ends_takes_no_more_jobs(context: Context) -> None:
    runner = Runner(context, {"Command": lambda *_: None})
    runner.stop()
    with pytest.raises(Canceled):
        runner.submit(new_job(WORKSPACE, "late", {"jobType": "Command"}))


def test_a_server_that_is_being_started_ends_with_the_service(context: Context, tmp_path: Path) -> None:
    servers = Servers(context, SimpleNamespace())  # type: ignore[arg-type]
    log = Log(tmp_path / "log.txt", tuple)
    command = ["sh", "-c", "echo loading a model; sleep 600"]
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(servers._launch, command, tmp_path, {"PATH": os.environ["PATH"]}, 1, log)
        eventually(lambda: "loading" in log.tail(1))
        servers.stop()
        with pytest.raises(ComputeError, match="service is ending"):
            starting.result(60)
    assert not servers._starting
    with pytest.raises(ComputeError, match="service is ending"):
        servers._launch(command, tmp_path, {}, 1, log)


def test_installing_ends_with_the_service(tmp_path: Path) -> None:
    runtime, said = Runtime(tmp_path), tmp_path / "pid"
    command = ["sh", "-c", f"echo $$ > '{said}'; sleep 600"]
    with ThreadPoolExecutor(1) as pool:
        installing = pool.submit(runtime._run, command)
        eventually(lambda: said.is_file() and said.read_text().strip())
        runtime.stop()
        with pytest.raises(ComputeError, match="service is ending"):
            installing.result(60)
    assert not Path(f"/proc/{said.read_text().strip()}").exists() or not Path("/proc").is_dir()


def test_waiting_for_somebody_elses_installation_ends_with_the_service(tmp_path: Path) -> None:
    runtime, lock = Runtime(tmp_path), tmp_path / "layer.lock"

    def wait() -> None:
        with runtime._locked(lock):
            raise AssertionError("somebody else has it")

    with lock.open("w") as held, ThreadPoolExecutor(1) as pool:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = pool.submit(wait)
        assert not waiting.done()
        runtime.stop()
        with pytest.raises(ServiceEndingError):
            waiting.result(60)
    with pytest.raises(ServiceEndingError):
        runtime._run(["true"])


def test_a_failed_installation_says_what_pip_says(tmp_path: Path) -> None:
    with pytest.raises(ComputeError, match="cannot be installed: ERROR: no such package"):
        Runtime(tmp_path)._run(["sh", "-c", "echo some noise; echo 'ERROR: no such package' >&2; exit 1"])
