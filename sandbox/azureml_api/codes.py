"""How does code behave? Snapshots of folders, uploaded to a place that Azure hands out."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from sandbox.arm.resources import not_found
from sandbox.azureml_api import pages
from sandbox.azureml_api.base import WORKSPACE, Change, require_workspace
from sandbox.azureml_api.signatures import signature
from sandbox.azureml_api.versioned import VersionedKind
from sandbox.blob import HOST_SUFFIX
from sandbox.cloud import Cloud
from sandbox.system_datastores import add_container
from sandbox.web import Answer, Call, Refusal, Routes

_UPLOAD_TIME = timedelta(hours=8)


class Codes(VersionedKind):
    """Code: where a snapshot is, found again by its hash."""

    collection = "codes"
    title = "Code"
    immutable: ClassVar = ("codeUri",)

    def register(self, routes: Routes) -> None:
        """Also the place to upload to."""
        path = f"{WORKSPACE}/{self.collection}/{{name}}/versions/{{version}}/startPendingUpload"
        routes.add("POST", path, "Code: where to upload it", self._start_upload)
        super().register(routes)

    def check(self, change: Change) -> None:
        """An address."""
        if not change.properties.get("codeUri"):
            raise Refusal(400, "ValidationError", "The field 'codeUri' is required.")

    def _list_versions(self, cloud: Cloud, call: Call) -> Answer:
        """A list may ask for a hash, whatever the name: code that is there already is not uploaded again."""
        wanted = call.query.get("hash")
        if wanted is None:
            return super()._list_versions(cloud, call)
        with cloud.stores.reading() as store:
            workspace = require_workspace(store, call)
            found = store.below(f"{workspace['id']}/{self.collection}", self.version_type)
        same = [body for body in found if (body["properties"].get("properties") or {}).get("hash_sha256") == wanted]
        return pages.answer(same, call)

    def _start_upload(self, cloud: Cloud, call: Call) -> Answer:
        name, version = call.parameters["name"], call.parameters["version"]
        with cloud.stores.writing() as store:
            workspace = require_workspace(store, call)
            account = store.get(workspace["properties"]["storageAccount"])
            if account is None:
                raise not_found(workspace["properties"]["storageAccount"])
            # The same version gets the same place, so that an upload that broke off can go on.
            digest = hashlib.sha256(f"{name}/{version}".encode()).hexdigest()[:32]
            container = f"{workspace['properties']['workspaceId'][:10].strip('-')}-{digest}"
            add_container(store, account, container)
        uri = f"https://{account['name']}{HOST_SUFFIX}/{container}"
        end = datetime.now(UTC) + _UPLOAD_TIME
        token = signature(account["name"], container, cloud.blobs.account_key(account["name"]), end=end)
        reference = {
            "blobUri": uri,
            "storageAccountArmId": account["id"],
            "credential": {"credentialType": "SAS", "sasUri": f"{uri}?{token}"},
        }
        body = {
            "pendingUploadId": str(uuid.uuid4()),
            "pendingUploadType": "TemporaryBlobReference",
            "blobReferenceForConsumption": reference,
        }
        return Answer(body=body)
