"""What `finops diff` and `finops savings` tell: models that every rendering shows a part of; the JSON is the artefact.

Schema version 1. Money is Decimal to the cent (a plain number in JSON), unknown is None (null), never 0. Times are
naive datetimes in UTC, written with a Z.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer

from finops import __version__
from finops.instants import in_utc, iso

Money = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
Instant = Annotated[datetime, AfterValidator(in_utc), PlainSerializer(iso, return_type=str, when_used="json")]
Kind = Literal["new", "reopened", "gone", "changed", "unseen"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def to_json(self) -> str:
        """The artefact: JSON text, keys in the order of the schema, ending in a newline."""
        return self.model_dump_json(indent=2) + "\n"


class Subject(_Model):
    """Which finding a line is about."""

    id: str
    rule: str
    cloud: str
    account: str
    region: str
    resource_type: str
    resource_id: str
    resource_name: str | None
    action: str


class DiffLine(Subject):
    """A finding that differs between two audits.

    `kind` unseen: one of the two could not judge it, so nothing is known to have happened. `changes` names what differs
    of a changed one: saving, proposal. `resolution` of a gone one is changed, gone, no_longer_true or exempt;
    None where it is not known. Savings are net, in 730 hours.
    """

    kind: Kind
    changes: list[Literal["saving", "proposal"]]
    resolution: str | None
    currency: str | None
    saving_before: Money | None
    saving_after: Money | None
    proposed_before: dict[str, Any] | None
    proposed_after: dict[str, Any] | None


class DiffTotals(_Model):
    """Totals of one currency over what both audits looked at; exempt findings and unseen ones are in none of them.

    Findings without an amount have no currency: their line, under an empty one, has no amounts.
    """

    findings_before: int
    findings_after: int
    net_before: Money | None
    net_after: Money | None
    net_change: Money | None


class RunLine(_Model):
    """One of the two audits. `whole` is None where an older version stored it without saying what limited it."""

    run_id: str
    as_of: Instant
    whole: bool | None
    limits: dict[str, list[Any]]


class DiffAnswer(_Model):
    """Lines come by kind, then by what they change in net savings, largest first.

    `not_compared` is the number of findings that one of the two did not look for, because it was limited.
    """

    schema_version: Literal[1] = 1
    tool_version: str = __version__
    before: RunLine
    after: RunLine
    totals: dict[str, DiffTotals]
    lines: list[DiffLine]
    not_compared: int
    notes: list[str]


class Amounts(_Model):
    """A number of findings and what they save in 730 hours; `without_amount` of them have none, and are in no sum."""

    findings: int
    monthly: Money | None
    without_amount: int


class Funnel(_Model):
    """From found to the bill, in one currency. `agreed` holds `done`, and `done` holds `on_the_bill`.

    `found` is everything that was ever found but what is no longer true (or came and went with its scaling group,
    its cluster or as a spot machine) or is exempt; each with the estimate
    of the last time it was open, net of overlaps. `pending` is done, and has too few settled days on the bill;
    `unknown` is done, and the bill cannot tell.
    """

    found: Amounts
    agreed: Amounts
    done: Amounts
    on_the_bill: Amounts
    pending: Amounts
    unknown: Amounts
    rejected: Amounts
    exempt: Amounts
    no_longer_true: Amounts


class Accuracy(_Model):
    """How good estimates were so far, over what is measured and had one."""

    findings: int
    estimated: Money
    realised: Money
    ratio: float | None = Field(description="sum of realised / sum of estimated")
    median_ratio: float | None
    within_interval: float | None = Field(description="share within the interval of the estimate")
    with_interval: int


class RealisedLine(Subject):
    """What one action saved according to later bills, beside its estimate; see the table realised_savings."""

    resolution: str
    resolved_at: Instant
    state: Literal["measured", "pending", "unknown", "shared"]
    counted_with: str | None
    currency: str | None
    estimate: Money | None
    estimate_low: Money | None
    estimate_high: Money | None
    realised: Money | None
    realised_low: Money | None
    realised_high: Money | None
    settled_days: int
    controls: int
    control_factor: float | None
    as_of: Instant
    note: str


class SavingsAnswer(_Model):
    """The way of savings to the bill, per currency; then one line per action that was done, newest first."""

    schema_version: Literal[1] = 1
    tool_version: str = __version__
    as_of: Instant
    currencies: dict[str, Funnel]
    accuracy: dict[str, Accuracy]
    lines: list[RealisedLine]
    notes: list[str]
