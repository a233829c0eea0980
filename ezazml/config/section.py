"""What do all groups of settings have in common? Unknown keys are refused, and nothing changes after loading."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError


class Group(BaseModel):
    """Base of every group of settings: unknown keys are refused, values cannot be changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Section(Group):
    """A group that may have numbers. (A group chosen by its ``type`` must not check before it is chosen.)"""

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_value_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        """In Python ``True`` is 1; who writes ``count: yes`` did not mean one."""
        annotation = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and {int, float} & {annotation, *get_args(annotation)}:
            raise PydanticCustomError("number_type", "a truth value")
        return value
