"""How is a resource named, and does Azure accept the name? Naming rules and default patterns of every kind."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ezazml.config.environment import ComputeName, Names
from ezazml.config.models import ComputeCluster, ComputeInstance, EnvironmentModel
from ezazml.config.paths import Path, format_path
from ezazml.errors import Problem

LEARN = "Microsoft Learn, 'Naming rules and restrictions for Azure resources'"
NAME_RULE = (
    "2 to 20 lower-case letters, digits and single hyphens, starting with a letter, ending with a letter or digit"
)
SUFFIX_LENGTH = 5


@dataclass(frozen=True)
class NameRule:
    """Azure's rule for the names of one kind of resource.

    ``pattern`` is the rule, ``text`` says it, ``scope`` is where the name must be unique, ``source`` the page it
    was taken from. ``drop`` matches characters that the kind does not take.
    """

    kind: str
    minimum: int
    maximum: int
    pattern: str
    text: str
    scope: str
    drop: str
    source: str = LEARN
    lower: bool = False

    def allows(self, name: str) -> bool:
        """Whether Azure accepts ``name``."""
        return self.minimum <= len(name) <= self.maximum and re.fullmatch(self.pattern, name) is not None

    def suggest(self, name: str) -> str:
        """A name near ``name`` that Azure accepts. A name that is too long loses its middle, never its end."""
        text = re.sub(self.drop, "", name.lower() if self.lower else name)
        text = re.sub(r"--+", "-", text).strip("-._")
        if len(text) > self.maximum:
            tail = text[-8:]
            text = text[: self.maximum - len(tail)].rstrip("-") + tail
        text = re.sub(r"--+", "-", text)
        if not self.allows(text):
            text = re.sub(r"^[^a-zA-Z]+", "", text).rstrip("-._")
        if not self.allows(text):
            text = (text + "ezazml01")[: self.maximum]
        return text if self.allows(text) else "ezazml01"


#: Kind -> rule. The provider's own pattern is named where it is stricter than the page.
RULES: dict[str, NameRule] = {
    rule.kind: rule
    for rule in (
        NameRule(
            "resource_group", 1, 90, r"[\w().-]*[\w()-]",
            "1-90 letters, digits, underscores, hyphens, periods and parentheses, not ending with a period",
            "subscription", r"[^\w().-]",
        ),
        NameRule(
            "log_analytics_workspace", 4, 63, r"[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]",
            "4-63 letters, digits and hyphens, starting and ending with a letter or digit",
            "resource group", r"[^A-Za-z0-9-]",
        ),
        NameRule(
            "application_insights", 1, 260, r"[A-Za-z0-9][A-Za-z0-9_.() -]*(?<![ .])",
            "1-260 characters, none of %&\\?/ and no space or period at the end",
            "resource group", r"[^A-Za-z0-9_.()-]",
        ),
        NameRule(
            "storage_account", 3, 24, r"[a-z0-9]+", "3-24 lower-case letters and digits", "Azure", r"[^a-z0-9]",
            lower=True,
        ),
        NameRule(
            "storage_container", 3, 63, r"[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9]))*",
            "3-63 lower-case letters, digits and single hyphens, starting and ending with a letter or digit",
            "storage account", r"[^a-z0-9-]", lower=True,
        ),
        NameRule(
            "key_vault", 3, 24, r"[A-Za-z](?:[A-Za-z0-9]|-(?=[A-Za-z0-9]))*",
            "3-24 letters, digits and single hyphens, starting with a letter, ending with a letter or digit",
            "Azure (a soft-deleted vault keeps its name)", r"[^A-Za-z0-9-]",
        ),
        NameRule(
            "container_registry", 5, 50, r"[A-Za-z0-9]+", "5-50 letters and digits", "Azure", r"[^A-Za-z0-9]",
        ),
        NameRule(
            "workspace", 3, 33, r"[A-Za-z0-9][\w-]*",
            "3-33 letters, digits, hyphens and underscores, starting with a letter or digit",
            "resource group (a soft-deleted workspace keeps its name)", r"[^A-Za-z0-9_-]",
            source="Terraform azurerm 4.55, azurerm_machine_learning_workspace",
        ),
        NameRule(
            "workspace_identity", 3, 128, r"[A-Za-z0-9][\w-]*",
            "3-128 letters, digits, hyphens and underscores, starting with a letter or digit",
            "resource group", r"[^A-Za-z0-9_-]",
        ),
        NameRule(
            "action_group", 1, 260, r"[^:<>+/&%\\?|]*[^:<>+/&%\\?| .]",
            "1-260 characters, none of :<>+/&%\\?| and no space or period at the end",
            "resource group", r"[:<>+/&%\\?|]",
        ),
        NameRule(
            "budget", 1, 63, r"[A-Za-z0-9_-]+", "1-63 letters, digits, hyphens and underscores", "resource group",
            r"[^A-Za-z0-9_-]", source="Terraform azurerm 4.55, azurerm_consumption_budget_resource_group",
        ),
        NameRule(
            "compute_instance", 4, 24, r"(?!.*-[0-9]+$)[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]",
            "4-24 letters, digits and hyphens, starting with a letter, ending with a letter or digit, not ending "
            "with a hyphen and only digits",
            "region", r"[^A-Za-z0-9-]",
            source="Microsoft Learn, 'Create an Azure Machine Learning compute instance'; azurerm 4.55",
        ),
        NameRule(
            "compute_cluster", 3, 32, r"[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]",
            "3-32 letters, digits and hyphens, starting with a letter, ending with a letter or digit",
            "workspace", r"[^A-Za-z0-9-]",
            source="Microsoft Learn, 'Create an Azure Machine Learning compute cluster'; azurerm 4.55",
        ),
        NameRule(
            "application", 1, 120, r"[^\s<>;&%](?:[^<>;&%]*[^\s<>;&%])?", "1-120 characters, none of <>;&%",
            "none", r"[<>;&%]", source="Microsoft Graph, 'application resource type', displayName",
        ),
        NameRule(
            "virtual_network", 2, 64, r"[A-Za-z0-9][\w.-]*\w",
            "2-64 letters, digits, underscores, hyphens and periods, starting with a letter or digit, ending with a "
            "letter, digit or underscore",
            "resource group", r"[^A-Za-z0-9_.-]",
        ),
        NameRule(
            "encryption_identity", 3, 128, r"[A-Za-z0-9][\w-]*",
            "3-128 letters, digits, hyphens and underscores, starting with a letter or digit",
            "resource group", r"[^A-Za-z0-9_-]",
        ),
        NameRule(
            "user_principal_name_local_part", 1, 64, r"(?!\.)[A-Za-z0-9'._!#^~-]*(?<!\.)",
            "1-64 letters, digits and '._!#^~-, not starting or ending with a period",
            "tenant", r"[^A-Za-z0-9'._!#^~-]",
            source="Microsoft Graph, 'user resource type', userPrincipalName",
        ),
    )
}  # fmt: skip
RULES["data_lake"] = replace(RULES["storage_account"], kind="data_lake")

#: Kind -> default pattern, as the original tool named things. ``{suffix}`` is empty unless unique_suffix is on.
PATTERNS: dict[str, str] = {
    "resource_group": "{prefix}-{env}-rg",
    "log_analytics_workspace": "{prefix}-{env}-log-01",
    "application_insights": "{prefix}-{env}-appi-01",
    "storage_account": "{prefix}{env}{suffix}asa01",
    "key_vault": "{prefix}-{env}{-suffix}-akv-01",
    "container_registry": "{prefix}{env}{suffix}acr01",
    "workspace": "{prefix}-{env}-aml-w01",
    "workspace_identity": "{prefix}-{env}-id-01",
    "application": "{application_prefix}-{env}-01",
    "action_group": "{prefix}-{env}-ag-01",
    "budget": "{prefix}-{env}-budget-01",
    "data_lake": "{prefix}{env}{suffix}adl01",
    "virtual_network": "{prefix}-{env}-vnet-01",
    "encryption_identity": "{prefix}-{env}-id-cmk-01",
}


def unique_suffix(subscription_id: str, prefix: str, environment: str) -> str:
    """Five lower-case letters and digits that stay the same for a subscription, prefix and environment."""
    digest = hashlib.sha256(f"{subscription_id.lower()}/{prefix}/{environment}".encode()).digest()
    return base64.b32encode(digest).decode().lower()[:SUFFIX_LENGTH]


def make_names(
    environment: str, settings: EnvironmentModel, *, origin_of: Callable[[Path], str]
) -> tuple[Names, list[Problem]]:
    """Names of everything in the environment, and what Azure would refuse.

    ``origin_of`` tells where a setting was set, for the messages.
    """
    maker = _NameMaker(environment, settings, origin_of)
    names = Names(
        **{kind: maker.resource(kind) for kind in PATTERNS},
        user_principal_name_local_part=maker.user(),
        compute_instances=maker.computes("instances", "compute_instance", settings.compute.instances),
        compute_clusters=maker.computes("clusters", "compute_cluster", settings.compute.clusters),
    )
    return names, maker.problems


class _NameMaker:
    """Makes names and notes the problems on the way."""

    def __init__(self, environment: str, settings: EnvironmentModel, origin_of: Callable[[Path], str]) -> None:
        self._environment = environment
        self._settings = settings
        self._origin_of = origin_of
        self.problems: list[Problem] = []
        self._suffix = self._make_suffix()

    def resource(self, kind: str) -> str:
        """Name of a resource: the override, else the default pattern."""
        override: str | None = getattr(self._settings.names, kind)
        if override is not None:
            return self._checked(kind, override, ("names", kind), f"Use, for example, {{}} in names.{kind}.")
        prefix_path: Path = ("prefix",)
        if kind == "application":
            prefix_path = ("identities", "application", "name_prefix")
        name = self._pattern(kind)
        if kind in self._not_made():
            return name
        fix = f"Set names.{kind} to, for example, {{}}, or shorten or change {format_path(prefix_path)}."
        return self._checked(kind, name, prefix_path, fix)

    def _not_made(self) -> set[str]:
        """Kinds that this environment does not create, whose default names need not fit."""
        settings, existing = self._settings, self._settings.existing
        made = {
            "application": settings.identities.application.enabled,
            "container_registry": settings.container_registry.enabled and existing.container_registry_id is None,
            "storage_account": existing.storage_account_id is None,
            "key_vault": existing.key_vault_id is None,
            "application_insights": existing.application_insights_id is None,
            "log_analytics_workspace": existing.application_insights_id is None,
            "data_lake": settings.data_lake.enabled,
            "virtual_network": settings.network.makes_virtual_network,
            "encryption_identity": settings.encryption.makes_identity,
            "workspace_identity": settings.workspace.identity == "user_assigned",
            "action_group": settings.alerts.enabled and settings.alerts.action_group_id is None,
            "budget": settings.budget.monthly_amount is not None,
        }
        return {kind for kind, is_made in made.items() if not is_made}

    def user(self) -> str:
        """Part of the user's principal name before the @; the environment in it keeps two environments apart."""
        user = self._settings.user
        name = f"{user.principal_name_prefix}-{self._environment}"
        if not user.enabled:
            return name
        path: Path = ("user", "principal_name_prefix")
        return self._checked("user_principal_name_local_part", name, path, "Change it so that {} results.")

    def computes(
        self, setting: str, kind: str, computes: Sequence[ComputeInstance | ComputeCluster]
    ) -> tuple[ComputeName, ...]:
        """Names of all copies of all computes of one kind."""
        names: list[ComputeName] = []
        for index, compute in enumerate(computes):
            path: Path = ("compute", setting, index, "name")
            stem = f"{self._settings.prefix}-{self._environment}-{compute.name}"
            for number in range(1, compute.count + 1):
                end = f"-w{number:02d}"
                if number == 1:
                    self._checked(kind, stem + end, path, "Shorten the compute's name or prefix; {} would fit.")
                names.append(ComputeName(stem + end, f"{compute.name}{end}", index))
        return tuple(names)

    def _pattern(self, kind: str) -> str:
        hyphened = f"-{self._suffix}" if self._suffix else ""
        pattern = PATTERNS[kind].replace("{-suffix}", hyphened)
        return pattern.format(
            prefix=self._settings.prefix,
            env=self._environment,
            suffix=self._suffix,
            application_prefix=self._settings.identities.application.name_prefix,
        )

    def _make_suffix(self) -> str:
        if not self._settings.unique_suffix:
            return ""
        if self._settings.subscription_id is None:
            text = "needs subscription_id, from which the suffix is derived."
            fix = "Set subscription_id (or ARM_SUBSCRIPTION_ID), or unique_suffix: false."
            self.problems.append(Problem(self._origin_of(("unique_suffix",)), "unique_suffix", text, fix))
            return ""
        return unique_suffix(self._settings.subscription_id, self._settings.prefix, self._environment)

    def _checked(self, kind: str, name: str, path: Path, fix: str) -> str:
        rule = RULES[kind]
        if not rule.allows(name):
            label = kind.replace("_", " ")
            text = f"makes the {label} name {name!r} ({len(name)} characters), which breaks the rule: {rule.text}."
            problem = Problem(self._origin_of(path), format_path(path), text, fix.format(repr(rule.suggest(name))))
            self.problems.append(problem)
        return name
