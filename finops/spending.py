"""What was spent: the result of `finops costs`, of which every rendering shows a part and the JSON is the artefact.

Schema version 1. Money is Decimal to the cent (a plain number in JSON) with sums that add up; residuals keep all
their digits. Unknown is None (null), never 0. Times are naive datetimes in UTC, written with a Z.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer

from finops import __version__
from finops.instants import in_utc, iso

Money = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
Instant = Annotated[datetime, AfterValidator(in_utc), PlainSerializer(iso, return_type=str, when_used="json")]
Metric = Literal["effective", "billed", "list", "contracted"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Effects(_Model):
    """Why a cost changed; the five add up to the change.

    Of charges with a price and a quantity in both months: `quantity` is (q1 - q0) x p0, `price` is the rest. `new` and
    `gone` are prices that only one month has. `other` has no quantity to go by: tax, credits, purchases, adjustments,
    unused commitments, and what changed its unit.
    """

    price: Money
    quantity: Money
    new: Money
    gone: Money
    other: Money


class Line(_Model):
    """What was spent on one value of each dimension; `keys` has None where a charge has none (untagged, no region).

    `cost` is the amount in the metric that was asked for: cost = previous + change + not_compared. `not_compared` is of
    bills whose previous month is not loaded. `previous` and what follows from it are None where nothing is compared.
    """

    keys: dict[str, str | None]
    names: dict[str, str] = Field(default_factory=dict)
    others: int = 0  # > 0: this line sums so many smaller ones, and has no keys
    charges: int
    billed: Money | None
    effective: Money | None
    cost: Money | None
    previous: Money | None
    change: Money | None
    change_percent: float | None
    status: Literal["new", "gone"] | None
    not_compared: Money | None
    effects: Effects | None


class Invoice(_Model):
    """One invoice as the bill has it. `total` is its billed cost to the cent; `residual` what that rounding took."""

    cloud: str
    billing_account: str
    issuer: str | None
    invoice_id: str
    charges: int
    total: Money
    residual: Money


class TieOut(_Model):
    """From the lines to the invoices, to the cent: billed = invoiced + not_invoiced + residual.

    `loaded` is the sum that was recorded when the bills were read, from the source itself, and `loaded_residual` what
    the lines differ from it by: None where it is not known per currency, 0 otherwise. `cost_explorer` is the part of
    billed that are totals of accounts without a bill.
    """

    billed: Money
    invoiced: Money
    not_invoiced: Money
    not_invoiced_charges: int
    residual: Money
    loaded: Money | None
    loaded_residual: Money | None
    cost_explorer: Money
    invoices: list[Invoice]


class CurrencyCosts(_Model):
    """Everything in one currency; amounts of different currencies are never added."""

    totals: Line
    days: float | None  # days that the cost is of; None where bills differ
    previous_days: float | None
    cost_per_day: Money | None
    previous_per_day: Money | None
    lines: list[Line]
    tie_out: TieOut | None  # None for a part of the bill that no invoice stands for (filters)


class Bill(_Model):
    """How far one bill goes, and whether its previous month can be compared with."""

    cloud: str
    billing_account: str
    kind: Literal["bill", "cost explorer"]
    month: str
    through: Instant | None  # end of its latest metered usage; None where nothing is metered by the day
    complete: bool | None  # None: cannot be told
    days: float | None
    previous_days: float | None
    compared: Literal["month", "same days"] | None
    rejected_rows: int


class CostAnswer(_Model):
    """The answer: lines come by cost, largest first; `notes` is what a reader must know beside the numbers."""

    schema_version: Literal[1] = 1
    tool_version: str = __version__
    as_of: Instant
    month: str
    previous_month: str | None
    complete: bool | None
    compared: Literal["month", "same days"] | None
    by: list[str]
    metric: Metric
    filters: dict[str, list[str]]
    currencies: dict[str, CurrencyCosts]
    bills: list[Bill]
    notes: list[str]

    def to_json(self) -> str:
        """The artefact: JSON text, keys in the order of the schema, ending in a newline."""
        return self.model_dump_json(indent=2) + "\n"
