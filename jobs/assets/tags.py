"""What does a tag tell a later run about an asset that an earlier one registered?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ezazml.errors import InputError
from jobs.assets.asset import Asset
from jobs.tags import HASH_TAG

#: Hash of the local files alone, to say whether the files or the definition changed.
CONTENT_TAG = "ezazml.content"
#: The declaring file.
SOURCE_TAG = "ezazml.source"
#: Which project registered the asset: only its own are ever archived.
PROJECT_TAG = "ezazml.project"

#: On what ``--prune`` switched off: declared again, it is switched on.
PRUNED_TAG = "ezazml.pruned"

_OURS = frozenset({HASH_TAG, CONTENT_TAG, SOURCE_TAG, PROJECT_TAG, PRUNED_TAG})


def tags_of(asset: Asset, project: str, present: Mapping[str, str] | None = None) -> dict[str, str]:
    """The declared tags and ours, and of those ``present`` in Azure what others added.

    That can be told only while the declaration is the one that was written last: after that, a tag that is not
    declared may be one that was taken out.
    """
    ours = {
        HASH_TAG: asset.fingerprint,
        SOURCE_TAG: asset.definition.label.split(":")[0],
        PROJECT_TAG: project,
    }
    if asset.content:
        ours[CONTENT_TAG] = asset.content
    declared = asset.data.get("tags") or {}
    added = without_ours(present) if present and present.get(HASH_TAG) == asset.fingerprint else {}
    return {**added, **{str(key): str(value) for key, value in declared.items()}, **ours}


def without_ours(tags: Mapping[str, str] | None) -> dict[str, str]:
    """The tags that people gave."""
    return {key: value for key, value in (tags or {}).items() if key not in _OURS}


def project_id(root: Path) -> str:
    """What names the project in the tags: ``projectId`` of its cdktf.json, the same in every clone.

    Raises :class:`InputError` when it has none.
    """
    file = root / "cdktf.json"
    try:
        value = json.loads(file.read_text(encoding="utf-8"))["projectId"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{file} has no projectId, by which registered assets are recognised.",
            hint='Add "projectId": "<any unique text>".',
        ) from error
    return str(value)
