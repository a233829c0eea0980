"""What must the sandbox know of one resource type? The interface between the provider's engine and the rules.

The engine (plan, apply, diagnostics, protocol) knows nothing of Azure; a rules class knows one Terraform type:
its Azure form, what forces a replacement, defaults, validation. The schema (names, types, nesting) is derived
from the installed bindings, never typed here.

Values are plain Python: ``None``, ``bool``, ``int``, ``float``, ``str``, ``list``, ``dict``. A nested block is a
list of dicts, also when it may stand only once. ``UNKNOWN`` stands for a value known only after apply.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

if TYPE_CHECKING:
    from sandbox.store import Store

Values = dict[str, Any]


class Unknown:
    """The one value that says: known only after apply."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


class AzureError(Exception):
    """Azure refuses: becomes an error diagnostic. ``attribute`` points at the argument, where one is to blame."""

    def __init__(self, code: str, message: str, *, attribute: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.attribute = attribute


@dataclass(frozen=True)
class Invalid:
    """A value that the provider refuses before it talks to Azure. ``attribute`` is a dotted path (``sku.0.name``)."""

    attribute: str
    message: str


@dataclass(frozen=True)
class Azure:
    """What a rule works with: the store (inside one transaction) and how the provider is configured."""

    store: Store
    subscription_id: str
    tenant_id: str
    client_id: str
    object_id: str
    features: Mapping[str, Any] = field(default_factory=dict)

    def feature(self, block: str, name: str, default: bool) -> bool:
        """The provider's ``features { block { name = ... } }`` or its default."""
        blocks = self.features.get(block) or []
        value = blocks[0].get(name) if blocks else None
        return default if value is None else bool(value)


class ResourceRules(ABC):
    """One Terraform resource type. A class per type; the engine makes one instance."""

    type_name: ClassVar[str]
    #: Dotted attribute paths whose change always replaces the resource (``identity.type`` for inside blocks).
    force_new: ClassVar[frozenset[str]] = frozenset()
    #: Defaults that the real provider plans for an argument left out (SDKv2 ``Default``), dotted paths.
    defaults: ClassVar[Mapping[str, Any]] = {}
    #: Attributes marked sensitive in the real schema.
    sensitive: ClassVar[frozenset[str]] = frozenset()
    #: Attributes that Terraform passes on and never keeps (at the top of the resource only).
    write_only: ClassVar[frozenset[str]] = frozenset()
    #: Optional blocks that the provider fills itself when the configuration leaves them out.
    computed_blocks: ClassVar[frozenset[str]] = frozenset()
    #: Computed attributes that become unknown when one of the named arguments changes in place.
    recomputed: ClassVar[Mapping[str, frozenset[str]]] = {}

    def validate(self, config: Values) -> Iterable[Invalid]:  # noqa: ARG002
        """Value rules of the provider. Values may be ``UNKNOWN``; those are skipped."""
        return ()

    def customize_plan(  # noqa: B027 - most types have nothing to customise
        self, azure: Azure, prior: Values | None, planned: Values
    ) -> None:
        """Change ``planned`` as the provider's CustomizeDiff does. May raise :class:`AzureError`."""

    def forces_new(self, prior: Values, planned: Values) -> set[str]:  # noqa: ARG002
        """Attributes that replace the resource for these values only, beyond ``force_new``: what the provider's
        CustomizeDiff or ForceNewIfChange decides. Dotted paths; those that do not change count for nothing."""
        return set()

    @abstractmethod
    def create(self, azure: Azure, values: Values) -> Values:
        """Create in the store; return the state's values (missing attributes are taken from ``values``)."""

    @abstractmethod
    def read(self, azure: Azure, state: Values) -> Values | None:
        """The state as the store has it now, or ``None`` when it is gone. ``state`` has at least ``id``."""

    @abstractmethod
    def update(self, azure: Azure, prior: Values, values: Values) -> Values:
        """Change in place; return the new state's values."""

    @abstractmethod
    def delete(self, azure: Azure, state: Values) -> None:
        """Delete; a resource that is gone already is fine."""

    def import_state(self, azure: Azure, identifier: str) -> Values:  # noqa: ARG002
        """Start of an import: validates the form of the id. ``read`` fills the rest."""
        return {"id": identifier}


class DataSourceRules(ABC):
    """One Terraform data source."""

    type_name: ClassVar[str]
    sensitive: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def read(self, azure: Azure, config: Values) -> Values:
        """Everything the data source tells. Raises :class:`AzureError` when the thing does not exist."""
