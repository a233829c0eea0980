"""The service's life: started once, found again, ended with its folder, with idleness, and never leaving an orphan."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import psutil
import pytest

from sandbox.azureml_api.base import WORKSPACES
from sandbox.blob import BlobError, BlobService
from sandbox.certificates import Authority
from sandbox.daemon import Daemon
from sandbox.home import SandboxHome
from sandbox.identity import SANDBOX_TENANT_ID
from sandbox.lifeline import Lifeline
from sandbox.proxy import Proxy
from sandbox.services import IDLE_VARIABLE, ServiceError, ServiceRecord
from sandbox.store import Connections
from tests.conftest import ROOT
from tests.sandbox.azure import azure
from tests.sandbox.conftest import ACCOUNT, deploy_into, make_home
from tests.waiting import eventually


@pytest.fixture
def home(tmp_path: Path) -> Iterator[SandboxHome]:
    home = make_home(tmp_path / "a project")
    yield home
    home.services.stop()


def runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def blobs_of(home: SandboxHome) -> int:
    """Azurite's process."""
    return int(eventually(home.services.health)["blobs_pid"])  # type: ignore[index]


def in_service(home: SandboxHome, code: str, service: ServiceRecord) -> str:
    """Run a program as a person would, with the sandbox's variables."""
    environ = home.environ(["sandbox"], os.environ, service=service)
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def blobs(then: str) -> str:
    return (
        "from azure.identity import DefaultAzureCredential\n"
        "from azure.storage.blob import BlobServiceClient\n"
        f"url = 'https://{ACCOUNT}.blob.core.windows.net'\n"
        "container = BlobServiceClient(url, credential=DefaultAzureCredential()).get_container_client('data')\n"
        f"{then}\n"
    )


def test_nothing_runs_until_it_is_needed(home: SandboxHome) -> None:
    assert home.services.running() is None
    assert home.services.health() is None


def test_many_starts_at_once_make_one_service(home: SandboxHome) -> None:
    code = f"""
from pathlib import Path
from sandbox.home import SandboxHome
print(SandboxHome(Path({str(home.root)!r})).services.start().pid)
"""
    starts = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    pids = {start.communicate()[0].strip() for start in starts}
    assert len(pids) == 1
    assert runs(int(pids.pop()))


def test_it_is_found_again_and_stopped(home: SandboxHome) -> None:
    first = home.services.start()
    assert SandboxHome(home.root).services.start() == first
    home.services.stop()
    assert not runs(first.pid)
    assert home.services.running() is None
    home.services.stop()


def test_it_is_the_same_by_another_path(home: SandboxHome, tmp_path: Path) -> None:
    first = home.services.start()
    (tmp_path / "link").symlink_to(home.root.parent)
    assert SandboxHome(tmp_path / "link" / ".sandbox").services.start() == first


def test_one_of_an_older_code_is_replaced(home: SandboxHome, monkeypatch: pytest.MonkeyPatch) -> None:
    old = home.services.start()
    monkeypatch.setattr("sandbox.services.code_version", lambda: "of an update")
    monkeypatch.setattr("sandbox.services._START_SECONDS", 1.0)
    assert home.services.running() is None
    with pytest.raises(ServiceError):  # this test cannot change the code that the new one reads
        home.services.start()
    assert not runs(old.pid)


def test_it_comes_back_at_its_port_so_that_open_shells_go_on(home: SandboxHome) -> None:
    first = home.services.start()
    home.services.stop()
    second = home.services.start()
    assert second.pid != first.pid
    assert second.port == first.port


def test_a_killed_service_leaves_no_azurite_and_no_blob_is_lost(home: SandboxHome) -> None:
    deploy_into(home)
    service = home.services.start()
    in_service(home, blobs("container.upload_blob('kept', b'content')"), service)
    azurite = blobs_of(home)
    os.kill(service.pid, signal.SIGKILL)
    eventually(lambda: not runs(azurite))
    again = home.services.start()
    assert again.pid != service.pid
    assert in_service(home, blobs("print(container.download_blob('kept').readall())"), again) == "b'content'"


def test_a_new_azurite_waits_for_what_the_one_of_a_killed_service_still_writes(home: SandboxHome) -> None:
    deploy_into(home)
    service = home.services.start()
    in_service(home, blobs("container.upload_blob('kept', b'content')"), service)
    azurite = blobs_of(home)
    os.kill(azurite, signal.SIGSTOP)  # a slow machine
    os.kill(service.pid, signal.SIGKILL)
    awake = threading.Timer(3, os.kill, (azurite, signal.SIGCONT))
    awake.start()
    again = home.services.start()
    assert in_service(home, blobs("print(container.download_blob('kept').readall())"), again) == "b'content'"
    awake.join()
    assert not runs(azurite)


def test_an_azurite_that_died_is_started_again(home: SandboxHome) -> None:
    deploy_into(home)
    service = home.services.start()
    in_service(home, blobs("container.upload_blob('a', b'b')"), service)
    os.kill(blobs_of(home), signal.SIGTERM)
    eventually(lambda: (health := home.services.health()) is not None and health["blobs_pid"] is None)
    assert in_service(home, blobs("print(container.download_blob('a').readall())"), service) == "b'b'"


@pytest.mark.parametrize(("failures", "starts"), [(2, True), (3, False)])
def test_an_azurite_whose_port_somebody_took_gets_another_one(
    home: SandboxHome, tmp_path: Path, failures: int, *, starts: bool
) -> None:
    program = tmp_path / "unlucky.cjs"
    program.write_text(
        "const fs = require('fs'), path = require('path');\n"
        "const tried = path.join(__dirname, 'tried');\n"
        "fs.appendFileSync(tried, '.');\n"
        f"if (fs.statSync(tried).size <= {failures}) process.exit(1);\n"
        f"require({json.dumps(str(ROOT / 'node_modules/azurite/dist/src/blob/main.js'))});\n"
    )
    authority = Authority(home.certificates)
    authority.ensure()
    blobs = BlobService(home.root, Connections(home.store_file), authority, program)
    try:
        if starts:
            assert blobs.ready() == blobs.port
            assert blobs.pid is not None
            blobs.close()
            with pytest.raises(BlobError, match="service is ending"):
                blobs.ready()
        else:
            with pytest.raises(BlobError, match=r"Azurite did not start; see .*azurite\.log"):
                blobs.ready()
    finally:
        blobs.stop()


def test_it_ends_when_its_folder_vanishes(home: SandboxHome) -> None:
    service = home.services.start()
    shutil.rmtree(home.root)
    eventually(lambda: not runs(service.pid))
    assert not home.root.exists()


def test_a_moved_sandbox_gets_a_service_of_its_own(home: SandboxHome, tmp_path: Path) -> None:
    deploy_into(home)
    old = home.services.start()
    in_service(home, blobs("container.upload_blob('moved', b'content')"), old)
    home.services.stop()
    old = home.services.start()
    moved = tmp_path / "elsewhere"
    home.root.parent.rename(moved)
    there = SandboxHome(moved / ".sandbox")
    new = there.services.start()
    try:
        assert new.pid != old.pid
        eventually(lambda: not runs(old.pid))
        assert in_service(there, blobs("print(container.download_blob('moved').readall())"), new) == "b'content'"
    finally:
        there.services.stop()


def test_it_ends_when_nobody_uses_it(home: SandboxHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(IDLE_VARIABLE, "0.01")
    service = home.services.start()
    eventually(lambda: not runs(service.pid))
    assert home.services.running() is None


def test_asking_for_it_counts_as_use(home: SandboxHome) -> None:
    daemon = Daemon(home, idle_seconds=60)
    daemon._proxy = proxy = cast(Proxy, SimpleNamespace(last_used=0.0))
    ask = daemon._control("GET", "/health", {})
    assert asyncio.run(ask)[0] == 200
    assert proxy.last_used == 0.0  # anybody may look whether it is there
    asyncio.run(daemon._control("GET", "/health", {"x-token": daemon._token}))
    assert proxy.last_used > 0


def test_one_that_is_late_is_waited_for(home: SandboxHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.services._HEALTH_SECONDS", 0.5)
    service = home.services.start()
    os.kill(service.pid, signal.SIGSTOP)
    awake = threading.Timer(3, os.kill, (service.pid, signal.SIGCONT))
    awake.start()
    assert home.services.start() == service
    awake.join()


def test_one_that_never_answers_again_is_ended_before_another_starts(
    home: SandboxHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.services._HEALTH_SECONDS", 0.5)
    monkeypatch.setattr("sandbox.services._HANG_SECONDS", 1.0)
    service = home.services.start()
    os.kill(service.pid, signal.SIGSTOP)
    home.services.stop()
    assert not runs(service.pid)
    assert home.services.start().pid != service.pid


def test_one_that_is_just_starting_is_waited_for(home: SandboxHome) -> None:
    home.services.start()
    home.services.stop()
    # Whoever began to start it was stopped by Ctrl-C; the service goes on.
    starting = subprocess.Popen(
        [sys.executable, "-m", "sandbox.daemon", str(home.root)], cwd=ROOT, stdin=subprocess.DEVNULL
    )
    eventually(lambda: Lifeline(home.root).holder() == starting.pid)
    assert home.services.start().pid == starting.pid
    home.services.stop()
    assert starting.wait() == 0


def test_nobody_is_ended_whose_number_another_machine_wrote(home: SandboxHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.services._HANG_SECONDS", 0.5)
    bystander = subprocess.Popen(["sleep", "600"])
    alive = home.root / "service.alive"
    alive.write_text(str(bystander.pid))
    try:
        with alive.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            for use in (home.services.start, home.services.stop):
                with pytest.raises(ServiceError, match=rf"cannot end it \(process {bystander.pid}\)"):
                    use()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
    assert home.services.start().pid != bystander.pid


def test_a_program_that_has_its_port_now_is_not_taken_for_it(home: SandboxHome) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:

        def greet() -> None:
            with contextlib.suppress(OSError):
                while True:
                    other.accept()[0].sendall(b"SSH-2.0-OpenSSH_9.9\r\n")

        threading.Thread(target=greet, daemon=True).start()
        ServiceRecord(pid=1, port=other.getsockname()[1], token="t").write(home.service_file)
        assert home.services.running() is None
        assert home.services.start().port != other.getsockname()[1]


def test_a_copy_of_a_sandbox_leaves_the_service_of_the_first_alone(home: SandboxHome, tmp_path: Path) -> None:
    service = home.services.start()
    shutil.copytree(home.root.parent, tmp_path / "a copy", symlinks=True)
    copy = SandboxHome(tmp_path / "a copy" / ".sandbox")
    try:
        assert copy.services.start().pid != service.pid
        assert home.services.running() == service
    finally:
        copy.services.stop()
    assert home.services.running() == service


@pytest.mark.parametrize("state", ["Creating", "Updating"])
def test_it_starts_after_it_ended_while_a_deployment_was_being_made(home: SandboxHome, state: str) -> None:
    deploy_into(home)
    with azure(home.root) as cloud:
        [workspace] = cloud.store.find(WORKSPACES)
        endpoint = f"{workspace['id']}/onlineEndpoints/scores"
        body = {"name": "scores", "location": "westeurope", "properties": {"provisioningState": "Succeeded"}}
        cloud.store.put({**body, "id": endpoint, "type": f"{WORKSPACES}/onlineEndpoints"})
        deployment = f"{endpoint}/deployments/blue"
        body = {"name": "blue", "location": "westeurope", "properties": {"provisioningState": state}}
        cloud.store.put({**body, "id": deployment, "type": f"{WORKSPACES}/onlineEndpoints/deployments"})
    home.services.start()
    with azure(home.root) as cloud:
        assert (cloud.store.get(deployment) or {})["properties"]["provisioningState"] == "Failed"
    [log] = (home.root / "deployments" / "logs").iterdir()
    assert "ended while the deployment was being made. Deploy it again." in log.read_text()


def test_a_stale_file_of_another_process_stops_nobody(home: SandboxHome) -> None:
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        ServiceRecord(pid=bystander.pid, port=9, token="t").write(home.service_file)
        service = home.services.start()
        assert service.pid != bystander.pid
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_it_says_where_to_look_when_it_cannot_start(home: SandboxHome) -> None:
    (home.root / "credentials.json").write_text("no json")
    with pytest.raises(ServiceError, match=r"did not start; see .*service\.err"):
        home.services.start()


def test_down_and_reset_stop_it_and_reset_empties_the_blobs(home: SandboxHome) -> None:
    deploy_into(home)
    service = home.services.start()
    in_service(home, blobs("container.upload_blob('a', b'b')"), service)
    home.reset()
    assert not runs(service.pid)
    assert not (home.root / "blobs").exists()
    service = home.services.start()
    home.down()
    assert not runs(service.pid)
    assert not home.is_up


def test_only_this_machine_can_connect_and_only_its_owner_can_stop_it(home: SandboxHome) -> None:
    service = home.services.start()
    listening = {
        connection.laddr.ip
        for connection in psutil.Process(service.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}
    forged = ServiceRecord(pid=service.pid, port=service.port, token="guessed")
    forged.write(home.service_file.with_name("forged.json"))
    import urllib.error
    import urllib.request

    request = urllib.request.Request(f"{service.proxy}/stop", method="POST", headers={"X-Token": "guessed"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30)
    assert runs(service.pid)


def test_no_secret_is_readable_by_others_or_on_a_command_line(home: SandboxHome) -> None:
    deploy_into(home)
    service = home.services.start()
    in_service(home, blobs("container.upload_blob('a', b'b')"), service)
    secret_files = [home.service_file, *home.certificates.glob("*.key"), home.certificates / "authority.pem"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret_files} == {0o600}
    azurite = psutil.Process(blobs_of(home))
    key = json.loads((home.root / "credentials.json").read_text())["client_secret"]
    for process in (psutil.Process(service.pid), azurite):
        line = " ".join(process.cmdline())
        assert key not in line
        assert service.token not in line
    text = "".join(path.read_text() for path in home.logs.iterdir())
    assert not [secret for secret in (key, service.token, "sig=") if secret in text]


def test_without_a_service_the_proxy_points_nowhere(home: SandboxHome) -> None:
    without = home.environ(["sandbox"], os.environ)
    assert without["HTTPS_PROXY"] == "http://127.0.0.1:9"
    assert "AZURE_CLIENT_SECRET" not in without
    service = home.services.start()
    having = home.environ(["sandbox"], os.environ, service=service)
    assert having["HTTPS_PROXY"] == having["http_proxy"] == service.proxy
    assert having["AZURE_TENANT_ID"] == SANDBOX_TENANT_ID
    assert Path(having["REQUESTS_CA_BUNDLE"]).read_text().count("BEGIN CERTIFICATE") > 50


def test_an_authority_is_made_once_and_issues_for_hosts(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "certificates")
    authority.ensure()
    before = (authority.folder / "authority.pem").read_bytes()
    Authority(authority.folder).ensure()
    assert (authority.folder / "authority.pem").read_bytes() == before
    assert authority.context("management.azure.com") is authority.context("management.azure.com")
