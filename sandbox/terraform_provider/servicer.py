"""What does Terraform ask of a provider? The calls of plugin protocol 6, answered for the sandbox."""

from __future__ import annotations

import json
import os
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

from sandbox import limits
from sandbox.home import SandboxHome
from sandbox.identity import SANDBOX_SUBSCRIPTION_ID, SANDBOX_TENANT_ID
from sandbox.store import Store
from sandbox.terraform_provider.codec import contains_unknown, decode, encode
from sandbox.terraform_provider.messages import error_message, path_message, schema_message
from sandbox.terraform_provider.planning import plan_change
from sandbox.terraform_provider.rules import DATA_SOURCES, RESOURCES
from sandbox.terraform_provider.rules.base import (
    UNKNOWN,
    Azure,
    AzureError,
    DataSourceRules,
    ResourceRules,
    Unknown,
    Values,
)
from sandbox.terraform_provider.schema.library import PROVIDER, SchemaLibrary

#: Kept by Terraform beside each resource's state. State without it was written by the real provider.
MARKER = b'{"ezazml_sandbox":1}'
_DATA = "data."


class SandboxProvider(rpc.ProviderServicer):  # type: ignore[misc]
    """One provider (``azurerm`` or ``azuread``) over the sandbox's store."""

    def __init__(self, provider: str, home: SandboxHome, working_folder: Path) -> None:
        self._provider = provider
        self._home = home
        self._resources = {name: rules for name, rules in RESOURCES.items() if name.startswith(f"{provider}_")}
        self._data = {name: rules for name, rules in DATA_SOURCES.items() if name.startswith(f"{provider}_")}
        keys = {PROVIDER, *self._resources, *(_DATA + name for name in self._data)}
        keys |= _types_named_in(working_folder, provider)
        self._schemas = SchemaLibrary(provider, home.schema_cache).schemas(keys)
        self._features: dict[str, Any] = {}

    # --- schemas and configuration ----------------------------------------------------------------------

    def GetProviderSchema(self, request: Any, context: Any) -> Any:
        """Schemas of the provider and of every type that the sandbox or the working folder knows."""
        return pb.GetProviderSchema.Response(
            provider=schema_message(self._schemas[PROVIDER], frozenset()),
            resource_schemas={
                key: schema_message(schema, self._sensitive(key), self._write_only(key))
                for key, schema in self._schemas.items()
                if key != PROVIDER and not key.startswith(_DATA)
            },
            data_source_schemas={
                key.removeprefix(_DATA): schema_message(schema, self._sensitive(key))
                for key, schema in self._schemas.items()
                if key.startswith(_DATA)
            },
        )

    def GetMetadata(self, request: Any, context: Any) -> Any:
        """Names of the types."""
        keys = [key for key in self._schemas if key != PROVIDER]
        return pb.GetMetadata.Response(
            resources=[pb.GetMetadata.ResourceMetadata(type_name=key) for key in keys if not key.startswith(_DATA)],
            data_sources=[
                pb.GetMetadata.DataSourceMetadata(type_name=key.removeprefix(_DATA))
                for key in keys
                if key.startswith(_DATA)
            ],
        )

    def GetFunctions(self, request: Any, context: Any) -> Any:
        """The sandbox offers no provider functions."""
        return pb.GetFunctions.Response()

    def ValidateProviderConfig(self, request: Any, context: Any) -> Any:
        """Nothing beyond the schema."""
        return pb.ValidateProviderConfig.Response()

    def ConfigureProvider(self, request: Any, context: Any) -> Any:
        """Refuses everything that is not the sandbox's own subscription and tenant."""
        response = pb.ConfigureProvider.Response()

        def configure() -> None:
            config = decode(request.config.msgpack, self._schemas[PROVIDER]) or {}
            require_sandbox(config, os.environ, self._home)
            self._features = next(iter(config.get("features") or []), {})
            if self._provider == "azurerm":
                self._register(config)

        self._guarded(response, self._provider, configure)
        return response

    def StopProvider(self, request: Any, context: Any) -> Any:
        """Changes under way are short and finish; there is nothing to cancel."""
        return pb.StopProvider.Response()

    # --- resources --------------------------------------------------------------------------------------

    def ValidateResourceConfig(self, request: Any, context: Any) -> Any:
        """Value rules, and a clear word about types that the sandbox does not know."""
        response = pb.ValidateResourceConfig.Response()

        def validate() -> None:
            rules = self._rules(request.type_name)
            config = decode(request.config.msgpack, self._schemas[request.type_name]) or {}
            for invalid in rules.validate(config):
                path = tuple(int(part) if part.isdigit() else part for part in invalid.attribute.split("."))
                response.diagnostics.append(error_message("Invalid value", invalid.message, path))

        self._guarded(response, request.type_name, validate)
        return response

    def UpgradeResourceState(self, request: Any, context: Any) -> Any:
        """The stored state, read against today's schema."""
        response = pb.UpgradeResourceState.Response()

        def upgrade() -> None:
            schema = self._schemas[request.type_name]
            values = json.loads(request.raw_state.json)
            response.upgraded_state.msgpack = encode(values, schema)

        self._guarded(response, request.type_name, upgrade)
        return response

    def ReadResource(self, request: Any, context: Any) -> Any:
        """The resource as the store has it now; null when it is gone."""
        response = pb.ReadResource.Response(private=request.private)

        def read() -> None:
            rules, schema = self._rules(request.type_name), self._schemas[request.type_name]
            _require_marker(request.private, request.type_name)
            state = decode(request.current_state.msgpack, schema) or {}
            with self._azure() as azure:
                found = rules.read(azure, state)
            if found is not None and _just_imported(state):
                # Azure reports these for every resource; the store keeps only what somebody set.
                state = {name: value for name, value in rules.defaults.items() if "." not in name}
            response.new_state.msgpack = encode(None if found is None else {**state, **found}, schema)

        self._guarded(response, request.type_name, read)
        return response

    def PlanResourceChange(self, request: Any, context: Any) -> Any:
        """The planned values and what forces a replacement."""
        # As the real providers: the old type system lets defaults appear that the configuration does not have.
        response = pb.PlanResourceChange.Response(legacy_type_system=True, planned_private=MARKER)

        def plan() -> None:
            rules, schema = self._rules(request.type_name), self._schemas[request.type_name]
            prior = decode(request.prior_state.msgpack, schema)
            if prior is not None:
                _require_marker(request.prior_private, request.type_name)
            config = decode(request.config.msgpack, schema)
            if decode(request.proposed_new_state.msgpack, schema) is None:
                config = None
            config = _without(config, rules.write_only)
            with self._azure() as azure:
                result = plan_change(rules, schema, azure, config=config, prior=prior)
            response.planned_state.msgpack = encode(result.planned, schema)
            response.requires_replace.extend(path_message(path) for path in result.replace)

        self._guarded(response, request.type_name, plan)
        return response

    def ApplyResourceChange(self, request: Any, context: Any) -> Any:
        """Create, update or delete in the store, in one transaction."""
        response = pb.ApplyResourceChange.Response(legacy_type_system=True, private=MARKER)
        schema = self._schemas[request.type_name]
        # Until the change is made, the state is what it was.
        response.new_state.msgpack = request.prior_state.msgpack

        def apply() -> None:
            rules = self._rules(request.type_name)
            prior = decode(request.prior_state.msgpack, schema)
            planned = decode(request.planned_state.msgpack, schema)
            config = decode(request.config.msgpack, schema) or {}
            with self._azure() as azure:
                if planned is None:
                    rules.delete(azure, prior or {})
                    after = None
                else:
                    values = _without_unknown(planned) | {name: config.get(name) for name in rules.write_only}
                    found = rules.create(azure, values) if prior is None else rules.update(azure, prior, values)
                    after = {**values, **found}
            response.new_state.msgpack = encode(_without(after, rules.write_only), schema)

        self._guarded(response, request.type_name, apply)
        return response

    def ImportResourceState(self, request: Any, context: Any) -> Any:
        """Start of an import: an id of the right form; Terraform reads the rest."""
        response = pb.ImportResourceState.Response()

        def start() -> None:
            rules, schema = self._rules(request.type_name), self._schemas[request.type_name]
            with self._azure() as azure:
                values = rules.import_state(azure, request.id)
            imported = response.imported_resources.add(type_name=request.type_name, private=MARKER)
            imported.state.msgpack = encode(values, schema)

        self._guarded(response, request.type_name, start)
        return response

    def MoveResourceState(self, request: Any, context: Any) -> Any:
        """Moving between resource types is not supported by these types."""
        text = f"The sandbox cannot move {request.source_type_name} to {request.target_type_name}."
        return pb.MoveResourceState.Response(diagnostics=[error_message("Move not supported", text)])

    # --- data sources -----------------------------------------------------------------------------------

    def ValidateDataResourceConfig(self, request: Any, context: Any) -> Any:
        """A clear word about data sources that the sandbox does not know."""
        response = pb.ValidateDataResourceConfig.Response()
        self._guarded(response, request.type_name, lambda: self._data_rules(request.type_name))
        return response

    def ReadDataSource(self, request: Any, context: Any) -> Any:
        """What the data source tells now."""
        response = pb.ReadDataSource.Response()

        def read() -> None:
            rules, schema = self._data_rules(request.type_name), self._schemas[_DATA + request.type_name]
            config = decode(request.config.msgpack, schema) or {}
            with self._azure() as azure:
                found = {**config, **rules.read(azure, config)}
            response.state.msgpack = encode(found, schema)

        self._guarded(response, request.type_name, read)
        return response

    # --- helpers ----------------------------------------------------------------------------------------

    def _register(self, config: Values) -> None:
        """Register Azure's services, as azurerm does when it is configured."""
        wanted = list(config.get("resource_providers_to_register") or [])
        if config.get("resource_provider_registrations") != "none":
            wanted += limits.CORE_SERVICES
        with Store.transaction(self._home.store_file) as store:
            limits.register(store, wanted)

    @contextmanager
    def _azure(self) -> Iterator[Azure]:
        with Store.transaction(self._home.store_file) as store:
            yield Azure(
                store=store,
                subscription_id=SANDBOX_SUBSCRIPTION_ID,
                tenant_id=SANDBOX_TENANT_ID,
                client_id=self._home.credentials.client_id,
                object_id=self._home.credentials.object_id,
                features=self._features,
            )

    def _rules(self, type_name: str) -> ResourceRules:
        if type_name not in self._resources:
            raise AzureError("UnknownToTheSandbox", unknown_type_message("resource type", type_name))
        return self._resources[type_name]

    def _data_rules(self, type_name: str) -> DataSourceRules:
        if type_name not in self._data:
            raise AzureError("UnknownToTheSandbox", unknown_type_message("data source", type_name))
        return self._data[type_name]

    def _sensitive(self, key: str) -> frozenset[str]:
        rules = self._data.get(key.removeprefix(_DATA)) if key.startswith(_DATA) else self._resources.get(key)
        return rules.sensitive if rules is not None else frozenset()

    def _write_only(self, key: str) -> frozenset[str]:
        rules = self._resources.get(key)
        return rules.write_only if rules is not None else frozenset()

    def _guarded(self, response: Any, type_name: str, work: Callable[[], Any]) -> None:
        """Run one call: what Azure refuses, and any failure of the sandbox itself, becomes a diagnostic."""
        try:
            work()
        except AzureError as error:
            path = tuple(error.attribute.split(".")) if error.attribute else ()
            response.diagnostics.append(error_message(f"{type_name}: {error.code}", error.message, path))
        except Exception as error:
            log = self._log_failure(type_name)
            text = f"The sandbox itself failed on {type_name}: {type(error).__name__}: {error}. Details are in {log}."
            response.diagnostics.append(error_message("Failure of the sandbox", text))

    def _log_failure(self, type_name: str) -> Path:
        log = self._home.logs / "provider.log"
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC).isoformat()} {type_name}\n{traceback.format_exc()}\n")
        return log


def unknown_type_message(kind: str, type_name: str) -> str:
    """What to do about a type without rules."""
    return (
        f"The sandbox does not know the {kind} {type_name}; Azure does. To add it, write one rules class in "
        "sandbox/terraform_provider/rules/ and list it there in __init__.py: see docs/sandbox.md, 'Adding a type'."
    )


def require_sandbox(config: Values, environ: Any, home: SandboxHome) -> None:
    """Raise unless everything says that this run belongs to the sandbox: it must never be mistaken for Azure."""
    if environ.get("EZAZML_TARGET") != "sandbox":
        raise AzureError(
            "NotTheSandbox",
            "This is the sandbox's stand-in for the Azure providers, and this run is not set for the sandbox. For "
            'Azure, open a new shell; for the sandbox, run: eval "$(ezazml sandbox env)"',
        )
    if not home.is_up:
        raise AzureError("SandboxDown", "The sandbox is down. Run: ezazml sandbox up")
    subscription = config.get("subscription_id") or environ.get("ARM_SUBSCRIPTION_ID")
    for name, value, own in (
        ("subscription_id", subscription, SANDBOX_SUBSCRIPTION_ID),
        ("tenant_id", config.get("tenant_id") or environ.get("ARM_TENANT_ID"), SANDBOX_TENANT_ID),
    ):
        if value is not None and str(value).lower() != own:
            raise AzureError(
                "NotTheSandbox",
                f"{name} {value} is not the sandbox's ({own}): the sandbox never stands in for a real environment.",
                attribute=name if name in config else None,
            )


def _types_named_in(folder: Path, provider: str) -> set[str]:
    """Types of the provider that the configuration in ``folder`` names, so that each gets a proper answer."""
    found: set[str] = set()
    pattern = re.compile(rf"\b{provider}_[a-z0-9_]+")
    for path in (*folder.glob("*.tf"), *folder.glob("*.tf.json")):
        names = set(pattern.findall(path.read_text(encoding="utf-8", errors="replace")))
        found |= names | {_DATA + name for name in names}
    return found


def _require_marker(private: bytes, type_name: str) -> None:
    if private != MARKER:
        raise AzureError(
            "NotTheSandbox",
            f"The state of this {type_name} was not written by the sandbox. A state belongs either to Azure or to "
            "the sandbox; they never mix. Check the backend.",
        )


def _just_imported(state: Values) -> bool:
    """Whether nothing is known but the id."""
    return all(value in (None, []) for name, value in state.items() if name != "id")


def _without(values: Values | None, names: frozenset[str]) -> Values | None:
    return values if values is None else {**values, **dict.fromkeys(names)}


def _without_unknown(values: Values) -> Values:
    def known(value: Any) -> Any:
        if isinstance(value, Unknown):
            return None
        if isinstance(value, dict):
            return {key: known(item) for key, item in value.items()}
        if isinstance(value, list):
            return [known(item) for item in value if item is not UNKNOWN]
        return value

    return {name: known(value) if contains_unknown(value) else value for name, value in values.items()}
