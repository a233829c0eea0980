"""Which rules does every stack keep, whoever writes it? Checked while it is synthesised, with path and fix."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from constructs_lib import bindings as tf
from constructs_lib.addresses import address_of, type_of
from constructs_lib.tagging import DefaultTags

#: A name rule: what is wrong with a name, or ``None``.
NameRule = Callable[[str], str | None]
#: Arguments that hold secrets: they must be references, or they would stand in the synthesised file. Their names say
#: it, but for these.
SECRET_ARGUMENTS: Mapping[str, tuple[str, ...]] = {"azurerm_key_vault_secret": ("value", "value_wo")}
_SECRET_NAMES = re.compile(
    r"(.*_)?(password|secret|account_key|access_key|primary_key|secondary_key|private_key|connection_string|"
    r"shared_access_signature|sas_token|sas_url|token|key_data)(_wo)?"
)
#: Tokens of cdktf and expressions of Terraform look alike here.
_REFERENCE = re.compile(r"^\$\{.+\}$", re.DOTALL)
_TLS = ("TLS1_2", "TLS1_3")


@dataclass(frozen=True)
class Violation:
    """A resource that breaks a rule: where it is in the tree of constructs, its address, the rule, the fix."""

    path: str
    address: str
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.path} ({self.address}): {self.message} {self.fix}"


@tf.implements(tf.IAspect)
class InOrder:
    """Several aspects in one walk: each walk calls from Node.js into Python and back for every construct."""

    def __init__(self, *aspects: tf.IAspect) -> None:
        self._aspects = aspects

    def visit(self, node: tf.IConstruct) -> None:
        """Called by cdktf for every construct."""
        for aspect in self._aspects:
            aspect.visit(node)


@tf.implements(tf.IAspect)
class Policy:
    """Looks at every resource, after the aspect that tags, so that it sees the tags.

    ``name_rules`` are Azure's rules of names by resource type; names that only Terraform knows are not judged.
    """

    def __init__(self, *, required_tags: Sequence[str], name_rules: Mapping[str, NameRule]) -> None:
        self._required_tags = tuple(required_tags)
        self._name_rules = name_rules
        self._violations: list[Violation] = []

    @property
    def violations(self) -> list[Violation]:
        """What was found so far."""
        return list(self._violations)

    def visit(self, node: tf.IConstruct) -> None:
        """Called by cdktf for every construct."""
        if isinstance(node, tf.TerraformStack):
            self._violations.clear()  # a stack that is synthesised twice is judged anew
        if not isinstance(node, tf.TerraformResource):
            return
        if findings := list(self._findings(node)):
            path, address = node.node.path, address_of(node)
            self._violations += [Violation(path, address, message, fix) for message, fix in findings]

    def _findings(self, node: tf.TerraformResource) -> Iterator[tuple[str, str]]:
        kind = type_of(node)
        if kind in ("azurerm_storage_account", "azurerm_storage_container"):
            yield from _storage(_synthesised(node), kind)
        if kind == "azurerm_container_registry" and _synthesised(node).get("admin_enabled") is True:
            yield "the registry's admin user has a password that everybody shares.", "Set admin_enabled=False."
        for argument in (*SECRET_ARGUMENTS.get(kind, ()), *_secret_arguments(type(node))):
            value = _given(node, argument)
            if isinstance(value, str) and not _REFERENCE.match(value):
                yield (
                    f"{argument} is written out; it would stand in the synthesised file.",
                    "Pass a sensitive TerraformVariable, or an attribute of another resource.",
                )
        yield from self._tags(node, kind)
        yield from self._name(node, kind)

    def _tags(self, node: tf.TerraformResource, kind: str) -> Iterator[tuple[str, str]]:
        if not kind.startswith("azurerm_") or not hasattr(type(node), "tags"):
            return
        tags = _given(node, "tags") or {}
        missing = [name for name in self._required_tags if not tags.get(name)]
        if missing:
            fix = "Put it below the stack that adds DefaultTags, or set the tags of the environment."
            yield f"has no tag {', '.join(missing)}.", fix

    def _name(self, node: tf.TerraformResource, kind: str) -> Iterator[tuple[str, str]]:
        rule = self._name_rules.get(kind)
        name = _given(node, "name") if rule is not None else None
        if rule is not None and isinstance(name, str) and "${" not in name:
            wrong = rule(name)
            if wrong is not None:
                yield f"Azure refuses the name {name!r}: {wrong}.", "Take the name from the environment's names."


@tf.implements(tf.IValidation)
class NoViolations:
    """Lets a synthesis fail while there are violations: cdktf asks it after the aspects, before it writes."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def validate(self) -> list[str]:
        """The violations as messages."""
        return [str(violation) for violation in self._policy.violations]


def enforce(stack: tf.TerraformStack, policy: Policy, *, tags: DefaultTags) -> None:
    """Tag everything in ``stack``, look at it, and let the synthesis fail when something breaks a rule."""
    tf.Aspects.of(stack).add(InOrder(tags, policy))
    stack.node.add_validation(NoViolations(policy))


def _storage(values: Mapping[str, Any], kind: str) -> Iterator[tuple[str, str]]:
    if kind == "azurerm_storage_container":
        access = values.get("container_access_type")
        if access not in (None, "private"):
            yield f"container_access_type {access!r} lets everybody read its blobs.", "Set it to 'private'."
        return
    # The provider's default is true: leaving it out is public too.
    if values.get("allow_nested_items_to_be_public") is not False:
        fix = "Set allow_nested_items_to_be_public=False."
        yield "containers of the account could be made public.", fix
    if values.get("min_tls_version") not in (None, *_TLS):
        yield f"takes {values['min_tls_version']}, which is broken.", "Set min_tls_version='TLS1_2'."
    if values.get("https_traffic_only_enabled") is False:
        yield "takes connections without TLS.", "Set https_traffic_only_enabled=True."


@cache
def _secret_arguments(kind: type) -> tuple[str, ...]:
    """Arguments of a class of resources whose names say that they are secrets."""
    arguments = (name.removesuffix("_input") for name in dir(kind) if name.endswith("_input"))
    return tuple(argument for argument in arguments if _SECRET_NAMES.fullmatch(argument))


def _synthesised(node: tf.TerraformResource) -> Mapping[str, Any]:
    """The resource's arguments as they will stand in the file, with what ``add_override`` put over them."""
    ((values,),) = ([*made.values()] for made in node.to_terraform()["resource"].values())
    found: Mapping[str, Any] = values
    return found


def _given(node: tf.TerraformResource, argument: str) -> Any:
    """What an argument was set to; ``None`` when it was left out."""
    return getattr(node, f"{argument}_input", None)
