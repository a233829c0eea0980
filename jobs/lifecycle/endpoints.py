"""How does a model answer requests? Endpoint and deployments as declared, checked, then given traffic step by step."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ezazml.errors import EzazmlError, InputError
from jobs.assets.asset import Definition
from jobs.assets.loading import load_entity
from jobs.azure_errors import readable_errors, short
from jobs.connection import Connection
from jobs.endpoint_signals import EndpointSignals
from jobs.lifecycle import rollout as rolling
from jobs.lifecycle.declarations import fingerprint_of, require_loadable
from jobs.lifecycle.declared_endpoints import Declared
from jobs.lifecycle.leftovers import Making, telling_what_is_left
from jobs.lifecycle.pinning import pin
from jobs.lifecycle.rollout import get_endpoint
from jobs.lifecycle.scoring import Scorer, read_request
from jobs.lifecycle.traffic import Split, shown, target_of
from jobs.tags import HASH_TAG

Show = Callable[[str], None]

_LOG_LINES = 20


@dataclass
class Deployed:
    """What a deploy did: ``created``, ``updated`` or ``unchanged`` for each part, and the traffic."""

    endpoint: str
    parts: dict[str, str] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    checked: dict[str, Any] = field(default_factory=dict)
    before: Split = field(default_factory=dict)
    splits: list[Split] = field(default_factory=list)
    #: What a person should know, although the deploy went well.
    warning: str = ""

    @property
    def is_unchanged(self) -> bool:
        """Whether everything was as declared."""
        return not self.splits and all(what == "unchanged" for what in self.parts.values())

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {**self.__dict__, "traffic": self.splits[-1] if self.splits else self.before}


def deploy(
    connection: Connection,
    declared: Declared,
    *,
    only: Sequence[str] = (),
    traffic: Split | None = None,
    model: str | None = None,
    show: Show = lambda _line: None,
) -> Deployed:
    """Make the endpoint and its deployments as declared, check them, then move the traffic in steps.

    Without ``only``, the deployments are those of the files that were named, else those that the declared traffic
    names (all of them without one). With it, only the shares count that are declared for these: no other's traffic
    changes. ``traffic`` replaces the declared split. Nothing is sent before everything declared is known to be right.
    A deployment that fails gets no traffic; the error says what is left.
    """
    only = only or declared.named
    wanted = _wanted(declared, only) if traffic is None else dict(traffic)
    chosen = _chosen(declared, only, wanted)
    root = connection.deployment.environment.root
    for definition in (declared.endpoint, *chosen.values()):
        require_loadable(definition, root)
    pinned = {name: _pinned(definition, connection, model) for name, definition in chosen.items()}
    done = Deployed(declared.name)
    done.before = _split_now(connection, declared.name)
    target = target_of(done.before, wanted)
    _require_there(connection, declared, target, chosen)
    done.parts["endpoint"] = _put_endpoint(connection, declared.endpoint, show)
    done.warning = EndpointSignals(connection).settle(declared.name)
    for name, definition in pinned.items():
        done.parts[name] = _put_deployment(connection, definition, done, show)
        done.models[name] = str(definition.data.get("model", ""))
    _check(connection, declared, sorted({*pinned, *_gaining(done.before, target)}), done, show)
    done.splits = rolling.shift(connection, declared.name, target, declared.rollout, show)
    if declared.mirror is not None and not only:
        rolling.mirror(connection, declared.name, declared.mirror, show)
    return done


def status(connection: Connection, name: str) -> dict[str, Any]:
    """State, traffic and deployments of an endpoint. Raises :class:`InputError` if there is none."""
    endpoint = get_endpoint(connection, name)
    traffic = dict(endpoint.traffic or {})
    with readable_errors(f"Listing the deployments of {name}"):
        deployments = [
            {
                "name": str(one.name),
                "state": _state(one),
                "traffic": int(traffic.get(one.name, 0)),
                "model": _short_model(one.model),
                "instances": one.instance_count,
                "size": one.instance_type,
            }
            for one in connection.ml.online_deployments.list(endpoint_name=name)
        ]
    return {
        "name": name,
        "state": _state(endpoint),
        "scoring_uri": endpoint.scoring_uri,
        "auth_mode": str(endpoint.auth_mode),
        "traffic": traffic,
        "deployments": sorted(deployments, key=lambda one: one["name"]),
    }


def logs(connection: Connection, name: str, deployment: str | None, *, lines: int) -> dict[str, str]:
    """The last lines of each deployment's log, or of one. Raises :class:`InputError` for one that is not there."""
    get_endpoint(connection, name)
    with readable_errors(f"Reading the logs of endpoint {name}"):
        names = sorted(str(one.name) for one in connection.ml.online_deployments.list(endpoint_name=name))
        _require_deployment(name, deployment, names)
        return {
            one: str(connection.ml.online_deployments.get_logs(name=one, endpoint_name=name, lines=lines))
            for one in ([deployment] if deployment else names)
        }


def keys(connection: Connection, name: str) -> dict[str, str]:
    """The endpoint's keys, or its token. Secrets: show them only to whoever asked for them."""
    get_endpoint(connection, name)
    with readable_errors(f"Reading the keys of endpoint {name}"):
        found: Any = connection.ml.online_endpoints.get_keys(name)
    fields = ("primary_key", "secondary_key", "access_token")
    return {one: str(getattr(found, one)) for one in fields if getattr(found, one, None)}


def delete(connection: Connection, name: str, deployment: str | None) -> None:
    """Delete an endpoint with all its deployments, or one deployment that gets no traffic."""
    endpoint = get_endpoint(connection, name)
    if deployment is None:
        EndpointSignals(connection).forget(name)
        with readable_errors(f"Deleting endpoint {name}"):
            connection.ml.online_endpoints.begin_delete(name=name).result()
        return
    with readable_errors(f"Listing the deployments of {name}"):
        names = sorted(str(one.name) for one in connection.ml.online_deployments.list(endpoint_name=name))
    _require_deployment(name, deployment, names)
    share = (endpoint.traffic or {}).get(deployment, 0)
    if share:
        raise InputError(
            f"Deployment {deployment} of endpoint {name} answers {share} % of the requests.",
            hint="Move its traffic first: ezazml endpoint deploy with --traffic.",
        )
    with readable_errors(f"Deleting deployment {deployment} of endpoint {name}"):
        connection.ml.online_deployments.begin_delete(name=deployment, endpoint_name=name).result()


def _wanted(declared: Declared, only: Sequence[str]) -> Split:
    return {name: share for name, share in declared.traffic.items() if not only or name in only}


def _chosen(declared: Declared, only: Sequence[str], wanted: Split) -> dict[str, Definition]:
    unknown = sorted(set(only) - set(declared.deployments))
    if unknown:
        known = ", ".join(sorted(declared.deployments)) or "none"
        raise InputError(
            f"Endpoint {declared.name} declares no deployment {', '.join(unknown)}.", hint=f"Declared: {known}."
        )
    asked = {one for shares in (wanted, declared.mirror or {}) for one, share in shares.items() if share}
    names = set(only) or asked or set(declared.deployments)
    return {name: one for name, one in sorted(declared.deployments.items()) if name in names}


def _pinned(definition: Definition, connection: Connection, model: str | None) -> Definition:
    copy = replace(definition, data=deepcopy(definition.data))
    pin(copy, connection, model=model)
    return copy


def _split_now(connection: Connection, name: str) -> Split:
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

    with readable_errors(f"Looking for endpoint {name}"):
        try:
            endpoint: Any = connection.ml.online_endpoints.get(name)
        except ResourceNotFoundError:
            return {}
    return {str(one): int(share) for one, share in (endpoint.traffic or {}).items() if share}


def _require_there(connection: Connection, declared: Declared, target: Split, chosen: Mapping[str, Definition]) -> None:
    """Traffic can go only to what exists or is about to."""
    missing = sorted(set(target) - set(chosen))
    if not missing:
        return
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

    with readable_errors(f"Listing the deployments of {declared.name}"):
        try:
            there = {str(one.name) for one in connection.ml.online_deployments.list(endpoint_name=declared.name)}
        except ResourceNotFoundError:
            there = set()
    gone = [name for name in missing if name not in there]
    if gone:
        raise InputError(
            f"The traffic of endpoint {declared.name} ({shown(target)}) names {', '.join(gone)}, not deployed.",
            hint="Deploy it as well with --deployment, or correct the traffic.",
        )


def _put_endpoint(connection: Connection, definition: Definition, show: Show) -> str:
    """Create or update the endpoint; who answers stays as it is, and so do tags of others."""
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

    name = str(definition.data["name"])
    shares = {"traffic", "mirror_traffic"}
    untouched = replace(definition, data={key: value for key, value in definition.data.items() if key not in shares})
    fingerprint = fingerprint_of(untouched)
    operations = connection.ml.online_endpoints
    with readable_errors(f"Endpoint {name}"):
        try:
            present: Any = operations.get(name)
        except ResourceNotFoundError:
            present = None
        if present is not None and (present.tags or {}).get(HASH_TAG) == fingerprint and _stands(present):
            return "unchanged"
        entity = load_entity(untouched)
        entity.traffic = dict(present.traffic or {}) if present is not None else {}
        entity.mirror_traffic = dict(present.mirror_traffic or {}) if present is not None else {}
        entity.tags = {**((present.tags or {}) if present is not None else {}), **(entity.tags or {})}
        entity.tags[HASH_TAG] = fingerprint
        show(f"endpoint {name}: {'updating' if present is not None else 'creating'}")
        operations.begin_create_or_update(entity).result()
    return "created" if present is None else "updated"


def _put_deployment(connection: Connection, definition: Definition, done: Deployed, show: Show) -> str:
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

    name, endpoint = str(definition.data["name"]), str(definition.data["endpoint_name"])
    fingerprint = fingerprint_of(definition)
    operations = connection.ml.online_deployments
    with readable_errors(f"Deployment {name} of endpoint {endpoint}"):
        try:
            present: Any = operations.get(name=name, endpoint_name=endpoint)
        except ResourceNotFoundError:
            present = None
    if present is not None and (present.tags or {}).get(HASH_TAG) == fingerprint and _stands(present):
        return "unchanged"
    entity = load_entity(definition)
    entity.tags = {**(entity.tags or {}), HASH_TAG: fingerprint}
    show(f"deployment {name}: {'updating' if present is not None else 'creating'}")
    quiet = io.StringIO()  # the SDK prints dots
    with (
        telling_what_is_left(_making(connection, definition, done)),
        readable_errors(f"Deployment {name} of endpoint {endpoint}"),
        contextlib.redirect_stdout(quiet),
        contextlib.redirect_stderr(quiet),
    ):
        operations.begin_create_or_update(entity).result()
    return "created" if present is None else "updated"


def _making(connection: Connection, definition: Definition, done: Deployed) -> Making:
    name, endpoint = str(definition.data["name"]), done.endpoint
    command, rest = "ezazml endpoint", f"{connection.deployment.name} {endpoint} --deployment {name}"
    share = done.before.get(name, 0)
    return Making(
        name,
        lambda: connection.ml.online_deployments.get(name=name, endpoint_name=endpoint),
        done.parts,
        look=f"{command} logs {rest}",
        remove=None if share else f"{command} delete {rest}",
        traffic=f"It still gets {share} % of the requests." if share else "It gets no traffic.",
        log=lambda: _last_lines(connection, endpoint, name),
    )


def _last_lines(connection: Connection, endpoint: str, name: str) -> list[str]:
    try:
        text = connection.ml.online_deployments.get_logs(name=name, endpoint_name=endpoint, lines=_LOG_LINES)
    except Exception as error:  # the reason is told already; its log is more than was asked for
        return [f"(its log cannot be read: {short(error)})"]
    return [line for line in str(text).splitlines() if line.strip()][-_LOG_LINES:]


def _check(connection: Connection, declared: Declared, names: Sequence[str], done: Deployed, show: Show) -> None:
    """Ask every deployment that was put or will get traffic, before it gets any."""
    if not declared.rollout.has_check:
        show("no sample_request is declared: the deployments are not checked")
        return
    scorer = Scorer(connection, declared.name)
    for name in names:
        show(f"deployment {name}: asking it with the sample request")
        try:
            done.checked[name] = rolling.check(scorer, name, declared.rollout)
        except EzazmlError as error:
            share = done.before.get(name, 0)
            left = f"It still gets {share} % of the requests" if share else "It gets no traffic"
            raise EzazmlError(
                f"The check of deployment {name} failed: {error.message}\n"
                f"The deployment is there. {left}; the traffic is as it was ({shown(done.before)}).",
                hint=error.hint,
            ) from error


def _gaining(before: Split, target: Split) -> list[str]:
    return [name for name, share in target.items() if share > before.get(name, 0)]


def _require_deployment(endpoint: str, wanted: str | None, names: Sequence[str]) -> None:
    if wanted is not None and wanted not in names:
        raise InputError(
            f"Endpoint {endpoint} has no deployment {wanted!r}.", hint=f"It has {', '.join(names) or 'none'}."
        )


def _state(entity: Any) -> str:
    state = entity.provisioning_state
    return str(getattr(state, "value", state) or "")


def _stands(entity: Any) -> bool:
    return _state(entity).lower() == "succeeded"


def _short_model(model: Any) -> str:
    parts = str(model or "").split("/")
    # .../models/<name>/versions/<version>
    return f"{parts[-3]}:{parts[-1]}" if len(parts) > 3 and parts[-2] == "versions" else parts[-1]


def request_for(path: Path | None, declared_sample: Any) -> Any:
    """The request to send: a file's, else the declared sample. Raises :class:`InputError` without either."""
    if path is not None:
        return read_request(path)
    if declared_sample is None:
        raise InputError("There is no request to send.", hint="Pass --request FILE.json, or declare a sample_request.")
    return declared_sample
