"""How does one large file get into a blob? In blocks, several at a time, and after an interruption not from the start.

The id of a block holds the MD5 of the file up to the block's end. So a later run finds the blocks that arrived, and
a file that changed meanwhile never gets a block of its old self.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING

from azure.core import MatchConditions
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobBlock, ContentSettings

from jobs.data.local_files import LocalFile, changed

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

#: Size of a block, bytes: large enough to fill a line, small enough to send again.
BLOCK_SIZE = 8 * 2**20
#: A blob has at most so many blocks (Microsoft Learn, "Scalability and performance targets for Blob storage").
MOST_BLOCKS = 50_000


def upload_in_blocks(
    file: LocalFile,
    blob: BlobClient,
    *,
    overwrite: bool,
    pool: Executor,
    at_once: int,
    on_bytes: Callable[[int], None],
) -> int:
    """Send ``file`` in blocks through ``pool`` and commit them with the MD5 of the whole. Returns the bytes sent.

    At most ``at_once`` blocks are in memory. ``on_bytes`` hears of every block that is there. Raises
    ``ResourceExistsError`` when ``overwrite`` is off and the blob exists at the commit.
    """
    arrived = _uncommitted(blob)
    size = max(BLOCK_SIZE, -(-file.size // MOST_BLOCKS))
    md5 = hashlib.md5(usedforsecurity=False)
    sender = _Sender(blob, pool, at_once, on_bytes)
    blocks: list[BlobBlock] = []
    length = 0
    with file.path.open("rb") as stream:
        while (data := stream.read(size)) and not sender.failed:
            md5.update(data)
            length += len(data)
            block_id = _block_id(len(blocks), md5.hexdigest())
            blocks.append(BlobBlock(block_id))
            if arrived.get(block_id) == len(data):
                on_bytes(len(data))
            else:
                sender.send(block_id, data)
    sender.finish()
    if length != file.size:
        raise changed(file)
    blob.commit_block_list(
        blocks,
        content_settings=ContentSettings(content_md5=bytearray(md5.digest())),
        # The condition is Azure's to check: nobody else's blob is ever replaced.
        match_condition=None if overwrite else MatchConditions.IfMissing,
    )
    return sender.sent


class _Sender:
    """Blocks under way: never more than ``at_once``, and none after a failure."""

    def __init__(self, blob: BlobClient, pool: Executor, at_once: int, on_bytes: Callable[[int], None]) -> None:
        self._blob, self._pool, self._on_bytes = blob, pool, on_bytes
        self._room = threading.BoundedSemaphore(at_once)
        self._futures: list[Future[None]] = []
        self.failed = False
        self.sent = 0

    def send(self, block_id: str, data: bytes) -> None:
        """Send a block as soon as there is room."""
        self._room.acquire()
        self._futures.append(self._pool.submit(self._stage, block_id, data))
        self.sent += len(data)

    def finish(self) -> None:
        """Wait for all blocks; raises what the first failed one raised."""
        for future in self._futures:
            future.result()

    def _stage(self, block_id: str, data: bytes) -> None:
        try:
            if not self.failed:
                self._blob.stage_block(block_id, data, length=len(data))
                self._on_bytes(len(data))
        except BaseException:
            self.failed = True
            raise
        finally:
            self._room.release()


def _block_id(number: int, md5: str) -> str:
    """48 characters, as the ids that Azure's SDK makes: Azure refuses to mix lengths among the blocks of one blob."""
    return f"ezazml-{number:08d}-{md5}"


def _uncommitted(blob: BlobClient) -> dict[str, int]:
    """Id and size of the blocks that an earlier run sent and did not commit; Azure keeps them for a week."""
    try:
        _, uncommitted = blob.get_block_list("uncommitted")
    except ResourceNotFoundError:
        return {}
    return {block.id: block.size for block in uncommitted}
