"""Plans in the container of the state, with the real Azurite."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from ezazml.ci.plan_store import BlobStore
from tests.azurite import azurite


def test_plans_in_blobs_are_replaced_found_listed_by_age_and_removed(tmp_path: Path) -> None:
    with azurite(tmp_path) as blobs:
        store = BlobStore(blobs.container())
        assert store.read("plans/dev/a/tfplan") is None
        for content in (b"first", b"second"):
            store.write("plans/dev/a/tfplan", content)
        store.write("plans/uat/a/tfplan", b"other")
        assert store.read("plans/dev/a/tfplan") == b"second"
        later = datetime.now(UTC) + timedelta(hours=1)
        assert store.older_than("plans/dev/", later) == ["plans/dev/a/tfplan"]
        assert store.older_than("plans/dev/", later - timedelta(days=1)) == []
        for _ in range(2):
            store.remove("plans/dev/a/tfplan")
        assert store.read("plans/dev/a/tfplan") is None
