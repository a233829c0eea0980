"""How careful are the commands with an environment? Settings of saved plans, of the guard of a destroy, and of mail."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field, SecretStr

from ezazml.config.section import Section


class Notifications(Section):
    """Mail about guarded operations."""

    smtp_server: str | None = None
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] | None = Field(
        None, description="Default: tls on port 465, else starttls. With none the password is never sent."
    )
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    sender: str | None = Field(None, description="Default: smtp_username, if it is a mail address.")
    recipients: tuple[str, ...] = ()


class Deploy(Section):
    """How deployments treat saved plans."""

    plan_max_age_hours: float = Field(
        24, gt=0, le=8760, allow_inf_nan=False, description="An older saved plan is refused."
    )
    lock_timeout_seconds: int = Field(
        60, ge=0, le=3600, description="How long to wait for somebody else's lock on the state."
    )


class NotifyPolicy(StrEnum):
    """What happens when the mail about a destroy cannot be sent."""

    FAIL_CLOSED = "fail_closed"
    WARN = "warn"
    OFF = "off"


class Destroy(Section):
    """The guard of `ezazml destroy`. Counts only as it stands in the environment's file."""

    confirmation: Literal["dated", "name"] = Field(
        "dated", description="What is typed: DESTROY-INFRASTRUCTURE-<ENV>-<YYYY-MM-DD>, or the environment's name."
    )
    require_reason: bool = True
    require_ticket: bool = True
    ticket_pattern: str | None = Field(None, description="Regular expression that the whole ticket id must match.")
    require_committed: bool = Field(
        True, description="Refuse while the environment's file has changes that git does not have."
    )
    allowed_actors: tuple[str, ...] = Field(
        (),
        description="Who may: user principal name, object id or client id of the login, or github:<user> for a "
        "pipeline's. Empty: whom Azure lets.",
    )
    time_zone: str = Field("UTC", description="IANA name, such as Europe/Amsterdam; also for the date to confirm.")
    business_hours: str | None = Field("09:00-17:00", description="From and to, in time_zone; null: at any time.")
    business_days: tuple[Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], ...] = (
        "Mon",
        "Tue",
        "Wed",
        "Thu",
        "Fri",
    )
    waiting_minutes: float = Field(
        10, ge=0, le=1440, allow_inf_nan=False, description="Time to change one's mind, after the mail."
    )
    notify: NotifyPolicy = Field(
        NotifyPolicy.WARN, description="fail_closed destroys nothing when the mail before it cannot be sent."
    )
    lift_locks: bool = Field(
        True, description="Lift management locks made outside, and put them back when the destroy fails."
    )
    audit_file: str | None = Field(None, description="JSON lines. Default: audit/<environment>.jsonl.")
