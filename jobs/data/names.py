"""Does Azure Machine Learning accept the name of a datastore or a data asset, and a version?"""

from __future__ import annotations

import re

from ezazml.errors import InputError

#: azureml-core, Datastore: "The name of the datastore, case insensitive, can only contain alphanumeric characters
#: and _". The REST API's own pattern also allows hyphens, which the service then refuses.
_DATASTORE = re.compile(r"[A-Za-z0-9_]{1,255}")
#: azure-rest-api-specs, machinelearningservices, name of a data container.
_DATA = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")
#: Microsoft Learn, "Naming rules and restrictions for Azure resources".
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_CONTAINER = re.compile(r"(?=.{3,63}$)[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9]))*")


def require_datastore_name(name: str) -> str:
    """``name`` if a datastore may have it. Raises :class:`InputError`."""
    return _required(_DATASTORE, name, "a datastore", "1-255 letters, digits and underscores")


def require_data_name(name: str) -> str:
    """``name`` if a data asset may have it. Raises :class:`InputError`."""
    rule = "1-255 letters, digits, underscores, hyphens and periods, starting with a letter or digit"
    return _required(_DATA, name, "a data asset", rule)


def require_account_name(name: str) -> str:
    """``name`` if a storage account may have it. Raises :class:`InputError`."""
    return _required(_ACCOUNT, name, "a storage account", "3-24 lower-case letters and digits")


def require_container_name(name: str) -> str:
    """``name`` if a container may have it. Raises :class:`InputError`."""
    rule = "3-63 lower-case letters, digits and single hyphens, starting and ending with a letter or digit"
    return _required(_CONTAINER, name, "a container", rule)


def require_version(version: str | None) -> str | None:
    """``version`` if it is a whole number: Azure ML counts on from it. Raises :class:`InputError`."""
    if version is None or (version.isascii() and version.isdigit() and int(version) > 0):
        return version
    raise InputError(
        f"The version {version!r} is not a whole number from 1 on.", hint="Leave it out for the next version."
    )


def _required(pattern: re.Pattern[str], name: str, kind: str, rule: str) -> str:
    if pattern.fullmatch(name) is None:
        raise InputError(f"Azure refuses the name {name!r} for {kind}.", hint=f"Allowed: {rule}.")
    return name
