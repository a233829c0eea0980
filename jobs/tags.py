"""Which tags do we put on assets? Their names, in one place, because a later run reads what an earlier one wrote."""

from __future__ import annotations

#: Hash of an asset's files and definition: tells whether a new version is needed.
HASH_TAG = "ezazml.hash"
