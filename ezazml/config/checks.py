"""Which rules do the settings have beyond their types? Azure's, and those between settings."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from datetime import date

from ezazml.config.access import PrincipalType
from ezazml.config.dependency_checks import check_dependencies
from ezazml.config.models import AzurermBackend, ComputeCluster, ComputeInstance, EnvironmentModel
from ezazml.config.names import RULES
from ezazml.config.network_checks import check_network, warnings_for_network
from ezazml.config.operating_checks import check_operating
from ezazml.config.paths import Path, field_at, flatten, format_path, is_secret
from ezazml.config.periods import parse_time
from ezazml.config.regions import REGIONS, normalise_region
from ezazml.config.section import Section
from ezazml.config.security_checks import check_security
from ezazml.config.sizes import is_size, likely_size, retired_family
from ezazml.config.targets import Target
from ezazml.config.variables import variable_names
from ezazml.config.yaml_file import YamlFile
from ezazml.errors import InputError, Problem

Finding = tuple[Path, str, str]

_GUID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
_DOMAIN = re.compile(r"^(?=.{1,253}$)([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]{2,63}$")
_TAG_NAME_REFUSED = re.compile(r"[<>%&\\?/]")
_TAGS_LIMIT = 50
#: Tags that the stack itself sets on every resource.
OWN_TAGS = 3
#: What starts an expression or a directive in Terraform's texts.
_TEMPLATE = re.compile(r"[$%]\{")
#: Settings that the commands use themselves: they are not part of the stack.
_NOT_IN_THE_STACK = frozenset(
    {
        "credentials",
        "work_in",
        "data",
        "datastore",
        "databricks",
        "model",
        "logging",
        "notifications",
        "project",
        "deploy",
        "destroy",
    }
)
#: Stands in the shipped files where a team puts the name of its own state account.
STATE_ACCOUNT_PLACEHOLDER = "changemetfstate"


def secrets_in_file(file: YamlFile) -> list[Problem]:
    """Secrets that stand in a YAML file, where everyone who sees the repository could read them."""
    problems = []
    for path, value in flatten(file.data):
        annotation = field_at(EnvironmentModel, path)
        if annotation is None or not is_secret(annotation) or value is None:
            continue
        where = f"{file.label}:{file.lines.get(path, 1)}"
        fix = f"Remove it there (and renew it) and set the variable {variable_names(path)[0]} instead."
        problems.append(Problem(where, format_path(path), "is a secret and must not stand in a file.", fix))
    return problems


def check_settings(settings: EnvironmentModel, *, origin_of: Callable[[Path], str]) -> list[Problem]:
    """Everything that is wrong with settings of the right types."""
    findings: list[Finding] = []
    for check in (
        _templates,
        _places,
        _identifiers,
        _tags,
        _storage,
        _computes,
        _user,
        _backend,
        _dependencies,
        check_operating,
        check_network,
        check_dependencies,
        check_security,
    ):
        findings.extend(check(settings))
    return [Problem(origin_of(path), format_path(path), text, fix) for path, text, fix in findings]


def missing_for_deployment(settings: EnvironmentModel, *, with_secrets: bool = True) -> list[tuple[str, str]]:
    """What a deployment needs and the settings lack, each with how to set it. A destroy needs no secrets."""
    missing = []
    if settings.target is Target.AZURE and settings.subscription_id is None:
        missing.append(("subscription_id", "set it in the file, or the variable ARM_SUBSCRIPTION_ID"))
    backend = settings.backend
    if isinstance(backend, AzurermBackend) and backend.storage_account_name == STATE_ACCOUNT_PLACEHOLDER:
        missing.append(
            (
                "backend.storage_account_name",
                f"{STATE_ACCOUNT_PLACEHOLDER!r} is a placeholder: name the storage account that keeps Terraform's "
                "state, or set the variable TF_VAR_tf_backend_storage_account_id to its resource id",
            )
        )
    if with_secrets and settings.user.enabled and settings.user.password is None:
        missing.append(("user.password", "set the variable TF_VAR_user_password, or user.enabled: false in the file"))
    return missing


def require_deployable(name: str, settings: EnvironmentModel, *, with_secrets: bool = True) -> None:
    """Raise :class:`InputError` when a deployment of these settings could not work."""
    missing = missing_for_deployment(settings, with_secrets=with_secrets)
    if missing:
        lines = "\n".join(f"  {setting}: {how}" for setting, how in missing)
        raise InputError(f"environments/{name}.yaml: a deployment needs\n{lines}")


def _templates(settings: EnvironmentModel) -> Iterator[Finding]:
    """Terraform evaluates what looks like its own language, also in a tag: ``${var.user_password}`` would be told."""
    for path, value in flatten(settings.model_dump(mode="python")):
        if path[0] in _NOT_IN_THE_STACK:
            continue
        texts = value if isinstance(value, tuple) else (value, *path)
        for text in texts:
            if isinstance(text, str) and _TEMPLATE.search(text):
                fix = "Write the text itself, without ${ and %{."
                yield path, f"{text!r} holds an expression, which Terraform would evaluate.", fix


def warnings_for_deployment(name: str, settings: EnvironmentModel) -> list[str]:
    """What works today and will surprise later, one line each."""
    warnings = [f"environments/{name}.yaml: {warning}" for warning in warnings_for_network(settings)]
    if settings.target is not Target.AZURE or not settings.protected or settings.identities.deployer.object_id:
        return warnings
    return [
        *warnings,
        f"environments/{name}.yaml: identities.deployer.object_id is not set in a protected environment. Who deploys "
        "next with another login replaces the deployer's roles, and may have no access to the vault's secrets. Set it "
        "to the object id of a shared Entra group (principal_type: Group), or of the pipeline's service principal.",
    ]


def _places(settings: EnvironmentModel) -> Iterator[Finding]:
    region = normalise_region(settings.location)
    if region not in REGIONS:
        near = difflib.get_close_matches(region, REGIONS, n=1)
        fix = f"Did you mean {near[0]}?" if near else "Use a name such as westeurope."
        yield ("location",), f"{settings.location!r} is not a region of Azure.", fix


def _identifiers(settings: EnvironmentModel) -> Iterator[Finding]:
    guids: list[tuple[Path, str | None]] = [
        (("tenant_id",), settings.tenant_id),
        (("subscription_id",), settings.subscription_id),
        (("credentials", "client_id"), settings.credentials.client_id),
        (("identities", "deployer", "object_id"), settings.identities.deployer.object_id),
    ]
    for index, instance in enumerate(settings.compute.instances):
        guids.append((("compute", "instances", index, "assigned_user_object_id"), instance.assigned_user_object_id))
    if isinstance(settings.backend, AzurermBackend):
        guids.append((("backend", "subscription_id"), settings.backend.subscription_id))
    for path, value in guids:
        if value is not None and not _GUID.match(value):
            yield (
                path,
                f"{value!r} is not an id of the form 8-4-4-4-12 hexadecimal digits.",
                "Copy it from Azure.",
            )


def _tags(settings: EnvironmentModel) -> Iterator[Finding]:
    """Microsoft Learn, "Use tags to organize your Azure resources": 50 tags; for storage accounts names up to
    128 characters; values up to 256."""
    limit = _TAGS_LIMIT - OWN_TAGS
    if len(settings.tags) > limit:
        text = f"{len(settings.tags)} tags are more than the {limit} that Azure leaves ({OWN_TAGS} are added)."
        yield ("tags",), text, f"Keep at most {limit}."
    lower: dict[str, str] = {}
    for name, value in settings.tags.items():
        path: Path = ("tags", name)
        if not 1 <= len(name) <= 128 or _TAG_NAME_REFUSED.search(name):
            yield path, r"a tag's name has 1 to 128 characters, none of <>%&\?/.", "Rename the tag."
        if len(value) > 256:
            yield path, f"a tag's value has at most 256 characters, this one {len(value)}.", "Shorten it."
        if name == "ExpireOn" and not _is_date(value):
            yield path, f"{value!r} is not a date.", "Write it as 2027-12-31, or in UTC as 2027-12-31T12:00:00Z."
        if name.lower() in lower:
            other = lower[name.lower()]
            yield path, f"Azure does not tell {name!r} from {other!r}: tag names ignore case.", "Keep one."
        lower[name.lower()] = name
    for index, name in enumerate(settings.required_tags):
        if name not in settings.tags:
            yield (
                ("required_tags", index),
                f"tags has no {name!r}.",
                f"Add tags.{name}, or take it out of required_tags.",
            )


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return parse_time(text) is not None


def _storage(settings: EnvironmentModel) -> Iterator[Finding]:
    rule = RULES["storage_container"]
    for index, container in enumerate(settings.storage.containers):
        path: Path = ("storage", "containers", index)
        if not rule.allows(container):
            fix = f"Use, for example, {rule.suggest(container)!r}."
            yield path, f"{container!r} breaks the rule for containers: {rule.text}.", fix
        if container in settings.storage.containers[:index]:
            yield path, f"{container!r} stands twice.", "Remove one."


def _computes(settings: EnvironmentModel) -> Iterator[Finding]:
    kinds: tuple[tuple[str, tuple[ComputeInstance | ComputeCluster, ...]], ...] = (
        ("instances", settings.compute.instances),
        ("clusters", settings.compute.clusters),
    )
    # Instances and clusters share the workspace's list of computes, and so the names.
    first: dict[str, str] = {}
    for kind, computes in kinds:
        for index, compute in enumerate(computes):
            path: Path = ("compute", kind, index)
            if not is_size(compute.size):
                text = f"{compute.size!r} is not a VM size: they look like Standard_DS3_v2."
                likely = likely_size(compute.size)
                fix = f"Did you mean {likely}?" if likely else "Use a size of `az ml compute list-sizes`."
                yield (*path, "size"), text, fix
            retired = retired_family(compute.size)
            if retired is not None:
                text = f"{compute.size!r} can no longer be had: Azure retired {retired.family} on {retired.retired_on}."
                yield (*path, "size"), text, f"Use, for example, {retired.instead}."
            name = compute.name.lower()
            if name in first:
                text = f"{compute.name!r} is the name of {first[name]} already."
                fix = "Give each compute a name of its own (case does not count); count makes copies."
                yield (*path, "name"), text, fix
            first.setdefault(name, format_path(path))
    for index, cluster in enumerate(settings.compute.clusters):
        if cluster.min_nodes > cluster.max_nodes:
            path = ("compute", "clusters", index, "min_nodes")
            text = f"{cluster.min_nodes} is above max_nodes {cluster.max_nodes}."
            yield path, text, f"Set min_nodes to at most {cluster.max_nodes}."


def _user(settings: EnvironmentModel) -> Iterator[Finding]:
    domain = settings.user.domain
    if domain is not None and not _DOMAIN.match(domain):
        yield ("user", "domain"), f"{domain!r} is not a domain.", "Use one such as contoso.onmicrosoft.com."
    if not 1 <= len(settings.user.display_name) <= 256:
        yield ("user", "display_name"), "a display name has 1 to 256 characters.", "Shorten or set it."


def _backend(settings: EnvironmentModel) -> Iterator[Finding]:
    backend = settings.backend
    if not isinstance(backend, AzurermBackend):
        return
    account, container = RULES["storage_account"], RULES["storage_container"]
    if backend.storage_account_name is None:
        text = "is missing, but required: the storage account that keeps Terraform's state."
        yield ("backend", "storage_account_name"), text, "Set it, or use backend type local."
    elif not account.allows(backend.storage_account_name):
        text = f"{backend.storage_account_name!r} breaks the rule for storage accounts: {account.text}."
        yield ("backend", "storage_account_name"), text, "Correct it."
    if not container.allows(backend.container_name):
        text = f"{backend.container_name!r} breaks the rule for containers: {container.text}."
        yield ("backend", "container_name"), text, "Correct it."


def _dependencies(settings: EnvironmentModel) -> Iterator[Finding]:
    deployer = settings.identities.deployer
    if deployer.principal_type is PrincipalType.GROUP and deployer.object_id is None:
        path: Path = ("identities", "deployer", "principal_type")
        yield path, "'Group' needs identities.deployer.object_id: who is logged in is no group.", "Set object_id."
    github: Section | None = settings.identities.application.github
    if github is not None and not settings.identities.application.enabled:
        path = ("identities", "application", "github")
        yield path, "needs identities.application.enabled: true.", "Enable the application or remove github."
    federation = settings.identities.application.github
    if federation is not None and federation.environment is None and federation.branch is None:
        path = ("identities", "application", "github")
        yield path, "needs an environment or a branch that may log in.", "Set environment or branch."
    if federation is not None and federation.environment is not None and federation.branch is not None:
        path = ("identities", "application", "github", "branch")
        text = "contradicts github.environment: GitHub's token of a job in an environment names no branch."
        yield path, text, "Remove one; let the environment in GitHub say which branches may use it."
    if settings.protected and settings.on_destroy == "purge":
        text = "'purge' contradicts protected: true, which keeps what is stateful."
        yield ("on_destroy",), text, "Set on_destroy: keep."
    if settings.key_vault.purge_protection_enabled and settings.on_destroy == "purge":
        text = "'purge' contradicts key_vault.purge_protection_enabled: Azure refuses to purge the vault."
        yield ("on_destroy",), text, "Set on_destroy: keep, or switch purge protection off."
