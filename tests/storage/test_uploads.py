"""Uploads to a real blob server: what arrives, what is skipped, what the modes do, what an interruption costs."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobClient, ContainerClient

from ezazml.errors import EzazmlError, InputError
from jobs.azure_errors import AzureError
from jobs.data import blocks
from jobs.data import upload as upload_module
from jobs.data.upload import UploadMode, upload
from tests.azurite import Azurite

BLOCK = 64 * 1024
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "some data"
    for name, text in {"a.csv": "a\n1\n", "sub/b.csv": "b\n2\n", "sub/ü v1.2/c": "c", "zero": ""}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is large starts at 64 KiB, so that the tests need no large files."""
    for module in (blocks, upload_module):
        monkeypatch.setattr(module, "BLOCK_SIZE", BLOCK)


def held(container: ContainerClient) -> dict[str, bytes]:
    return {blob.name: container.download_blob(blob.name).readall() for blob in container.list_blobs()}


def test_every_file_arrives_with_its_md5(container: ContainerClient, folder: Path) -> None:
    result = upload(folder, container=container, prefix="/raw/", mode=UploadMode.FAIL)
    expected = {"raw/a.csv", "raw/sub/b.csv", "raw/sub/ü v1.2/c", "raw/zero"}
    assert set(result.uploaded) == expected == set(held(container))
    assert (result.prefix, result.bytes, result.skipped, result.kept) == ("raw", 9, (), ())
    for blob in container.list_blobs():
        md5 = hashlib.md5((folder / blob.name.removeprefix("raw/")).read_bytes()).digest()
        assert bytes(blob.content_settings.content_md5 or b"") == md5


def test_a_file_arrives_without_a_prefix(container: ContainerClient, folder: Path) -> None:
    upload(folder / "a.csv", container=container, prefix="", mode=UploadMode.FAIL)
    assert held(container) == {"a.csv": b"a\n1\n"}


@pytest.mark.parametrize("mode", [UploadMode.OVERWRITE, UploadMode.APPEND])
def test_what_is_there_is_not_sent_again(container: ContainerClient, folder: Path, mode: UploadMode) -> None:
    upload(folder, container=container, prefix="raw", mode=mode)
    before = {blob.name: blob.etag for blob in container.list_blobs()}
    result = upload(folder, container=container, prefix="raw", mode=mode)
    assert (result.uploaded, len(result.skipped), result.bytes) == ((), 4, 0)
    assert {blob.name: blob.etag for blob in container.list_blobs()} == before


def test_overwrite_replaces_what_differs(container: ContainerClient, folder: Path) -> None:
    upload(folder, container=container, prefix="", mode=UploadMode.OVERWRITE)
    (folder / "a.csv").write_text("a\n9\n")  # the same size
    result = upload(folder, container=container, prefix="", mode=UploadMode.OVERWRITE)
    assert (result.uploaded, len(result.skipped)) == (("a.csv",), 3)
    assert held(container)["a.csv"] == b"a\n9\n"


def test_append_adds_new_names_only(container: ContainerClient, folder: Path) -> None:
    upload(folder, container=container, prefix="", mode=UploadMode.APPEND)
    (folder / "a.csv").write_text("changed")
    (folder / "new.csv").write_text("n")
    result = upload(folder, container=container, prefix="", mode=UploadMode.APPEND)
    assert (result.uploaded, result.kept, len(result.skipped)) == (("new.csv",), ("a.csv",), 3)
    assert held(container)["a.csv"] == b"a\n1\n"


def test_fail_sends_nothing_when_one_name_exists(container: ContainerClient, folder: Path) -> None:
    container.upload_blob("raw/sub/b.csv", b"other")
    with pytest.raises(InputError, match=r"raw/sub/b\.csv exists already in the container"):
        upload(folder, container=container, prefix="raw", mode=UploadMode.FAIL)
    assert held(container) == {"raw/sub/b.csv": b"other"}


@pytest.mark.parametrize("size", [1, BLOCK, BLOCK + 1, 5 * BLOCK + 7])
def test_sizes_around_a_block(container: ContainerClient, tmp_path: Path, small_blocks: None, size: int) -> None:
    data = os.urandom(size)
    (tmp_path / "big").write_bytes(data)
    progress: list[tuple[int, int]] = []
    upload(
        tmp_path / "big",
        container=container,
        prefix="x",
        mode=UploadMode.FAIL,
        on_progress=lambda done, total: progress.append((done, total)),
    )
    properties = container.get_blob_client("x/big").get_blob_properties()
    assert held(container) == {"x/big": data}
    assert bytes(properties.content_settings.content_md5 or b"") == hashlib.md5(data).digest()
    assert progress[-1] == (size, size)
    assert [done for done, _ in progress] == sorted(done for done, _ in progress)


def test_blocks_that_arrived_are_not_sent_again(
    container: ContainerClient, tmp_path: Path, small_blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(10 * BLOCK)
    (tmp_path / "big").write_bytes(data)
    sent: list[str] = []
    original = BlobClient.stage_block

    def fails_at_the_sixth(self: BlobClient, block_id: str, *args: Any, **kwargs: Any) -> Any:
        if len(sent) == 5:
            raise HttpResponseError("the line is cut")
        sent.append(block_id)
        return original(self, block_id, *args, **kwargs)

    monkeypatch.setattr(BlobClient, "stage_block", fails_at_the_sixth)
    with pytest.raises(AzureError, match=r"Uploading .*big to http://.*: the line is cut"):
        upload(tmp_path / "big", container=container, prefix="", mode=UploadMode.FAIL, workers=1)
    assert held(container) == {}

    again: list[str] = []

    def counts(self: BlobClient, block_id: str, *args: Any, **kwargs: Any) -> Any:
        again.append(block_id)
        return original(self, block_id, *args, **kwargs)

    monkeypatch.setattr(BlobClient, "stage_block", counts)
    result = upload(tmp_path / "big", container=container, prefix="", mode=UploadMode.FAIL)
    assert held(container) == {"big": data}
    assert len(again) == 5
    assert not set(again) & set(sent)
    assert result.bytes == 5 * BLOCK


def test_blocks_of_a_former_content_are_not_used(
    container: ContainerClient, tmp_path: Path, small_blocks: None
) -> None:
    data = os.urandom(4 * BLOCK)
    blob = container.get_blob_client("big")
    md5 = hashlib.md5(data[:BLOCK]).hexdigest()
    blob.stage_block(f"ezazml-{0:08d}-{md5}", data[:BLOCK])
    other = os.urandom(4 * BLOCK)
    (tmp_path / "big").write_bytes(other)
    upload(tmp_path / "big", container=container, prefix="", mode=UploadMode.FAIL)
    assert held(container) == {"big": other}


def test_a_killed_upload_goes_on(storage: Azurite, container: ContainerClient, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:02}.bin").write_bytes(os.urandom(500))
    (folder / "big.bin").write_bytes(os.urandom(10 * BLOCK))
    program = f"""
import os, sys
from pathlib import Path
from azure.storage.blob import ContainerClient
from jobs.data import blocks, upload as module
blocks.BLOCK_SIZE = module.BLOCK_SIZE = {BLOCK}
key = {{"account_name": "{storage.account}", "account_key": os.environ["KEY"]}}
container = ContainerClient("{storage.url}", "{container.container_name}", credential=key)
die = lambda done, total: os._exit(9) if done > total * float(sys.argv[1]) else None
module.upload(Path({str(folder)!r}), container=container, prefix="p", mode=module.UploadMode.APPEND, on_progress=die)
"""
    for share in ("0.01", "0.3", "0.6", "1"):
        done = subprocess.run(
            [sys.executable, "-c", program, share],
            env={**os.environ, "KEY": storage.key, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == (0 if share == "1" else 9), done.stderr
    assert held(container) == {f"p/{path.name}": path.read_bytes() for path in folder.iterdir()}


def test_a_name_that_is_taken_meanwhile_is_left_alone(
    container: ContainerClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_module, "_existing", lambda container, names: {})
    container.upload_blob("a.csv", b"somebody else's")
    result = upload(folder, container=container, prefix="", mode=UploadMode.APPEND)
    assert result.kept == ("a.csv",)
    assert len(result.uploaded) == 3
    with pytest.raises(InputError, match="was made by somebody else while this ran"):
        upload(folder, container=container, prefix="", mode=UploadMode.FAIL)
    assert held(container)["a.csv"] == b"somebody else's"


def test_a_large_name_that_is_taken_meanwhile_is_left_alone(
    container: ContainerClient, tmp_path: Path, small_blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "big").write_bytes(os.urandom(2 * BLOCK))
    monkeypatch.setattr(upload_module, "_existing", lambda container, names: {})
    container.upload_blob("big", b"somebody else's")
    result = upload(tmp_path / "big", container=container, prefix="", mode=UploadMode.APPEND)
    assert (result.kept, result.bytes) == (("big",), 0)
    assert held(container) == {"big": b"somebody else's"}


@pytest.mark.parametrize("large", [False, True])
def test_a_file_that_changes_while_it_is_sent(
    container: ContainerClient, tmp_path: Path, small_blocks: None, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    file = tmp_path / "growing"
    file.write_bytes(os.urandom(3 * BLOCK if large else 10))

    def grows(container: ContainerClient, names: list[str]) -> dict[str, Any]:
        with file.open("ab") as stream:
            stream.write(b"more")
        return {}

    monkeypatch.setattr(upload_module, "_existing", grows)
    with pytest.raises(EzazmlError, match="the file changed while it was sent"):
        upload(file, container=container, prefix="", mode=UploadMode.OVERWRITE)
    assert held(container) == {}


def test_a_container_that_does_not_exist(storage: Azurite, folder: Path) -> None:
    missing = storage.service.get_container_client("nowhere")
    with pytest.raises(AzureError, match=r"Uploading .*: The specified container does not exist"):
        upload(folder, container=missing, prefix="", mode=UploadMode.FAIL)


def test_a_prefix_that_azure_refuses(container: ContainerClient, folder: Path) -> None:
    with pytest.raises(InputError, match=r"Below 'bad\.'.*ends with a period"):
        upload(folder, container=container, prefix="bad.", mode=UploadMode.FAIL)
    assert held(container) == {}


def test_the_address_in_an_error_holds_no_signature(storage: Azurite, folder: Path) -> None:
    signed = ContainerClient.from_container_url(f"{storage.url}/nowhere?sig=PLANTED&sv=2020-01-01&se=2030&sp=w&sr=c")
    with pytest.raises(EzazmlError) as caught:
        upload(folder, container=signed, prefix="", mode=UploadMode.FAIL)
    assert "PLANTED" not in str(caught.value)
