"""What a report says of spending around the savings: trend, bridge between months, who spends, commitments, provenance.

Money is Decimal to the cent, unknown is None. Days are dates, months such as 2026-10. Amounts of different currencies
are never added.
"""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict

from finops.history.answers import Funnel
from finops.night_model import BudgetLine, Forecast
from finops.spending import Instant, Invoice, Money

By = Literal["service", "account", "team", "region"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TrendDay(_Model):
    """What a day cost. A provisional one may still grow."""

    day: date
    cost: Money
    provisional: bool


class DayAhead(_Model):
    """What a day to come is expected to cost; four of five days end between low and high."""

    day: date
    expected: Money
    low: Money
    high: Money


class Trend(_Model):
    """What each day cost: effective cost of usage, before tax, credits, purchases and adjustments.

    `reason` says why nothing is foreseen, where `ahead` is empty.
    """

    currency: str
    days: list[TrendDay]
    ahead: list[DayAhead]
    reason: str | None


class Bridge(_Model):
    """From one month's cost to the next, exactly: cost = previous + price + volume + new + gone + one_off + savings +
    not_compared.

    `savings` is the whole change of what was acted upon by a finding since the previous month began (`acted_on`
    resources with charges); the other steps are of everything else. `one_off` has no quantity to go by: tax, credits,
    purchases, adjustments, unused commitments, and what changed its unit. `compared` "same days" where the month is
    not over: then `previous` is of as many days.
    """

    currency: str
    month: str
    previous_month: str
    compared: Literal["month", "same days"]
    complete: bool | None
    days: float | None
    previous_days: float | None
    previous: Money
    price: Money
    volume: Money
    new: Money
    gone: Money
    one_off: Money
    savings: Money
    not_compared: Money
    cost: Money
    acted_on: int

    @property
    def change(self) -> Decimal:
        """By how much the cost changed, as far as it can be compared."""
        return self.cost - self.previous - self.not_compared


class SpendLine(_Model):
    """What one service, account, team or region costs in the month, and what can be saved of it in 730 hours.

    `key` is None for what has none (no team's tag, no region); `others` > 0: this line sums so many smaller ones.
    `net_monthly_savings` is of the findings that count there, None where that cannot be told of this kind of line.
    """

    key: str | None
    name: str | None = None
    others: int = 0
    cost: Money | None
    previous: Money | None
    change: Money | None
    findings: int | None = None
    net_monthly_savings: Money | None = None


class Spend(_Model):
    """A month's cost by service, account, team or region, the largest first; the lines sum up to the totals.

    `tag` is the key of the tag that names a team. `previous_month` is None where nothing is compared; what cost then is
    of as many days where `compared` is "same days". A change is of what can be compared, so of a line with bills that
    the month before lacks it is less than cost - previous.
    """

    by: By
    tag: str | None
    currency: str
    month: str
    previous_month: str | None
    compared: Literal["month", "same days"] | None = None
    cost: Money | None
    previous: Money | None
    lines: list[SpendLine]


class CommitmentUse(_Model):
    """How commitments of one cloud did in a month, in one currency.

    `effective` is what the usage cost, with what commitments left unused; `list` what the same usage would have cost
    on demand at public prices. effective_savings_rate = 1 - effective / list. `covered` and `on_demand` are list cost
    of usage in services that commitments of this bill reach, None where it has no list costs; coverage = covered /
    (covered + on_demand). utilisation = used / (used + unused), by what commitments cost.
    """

    cloud: str
    currency: str
    month: str
    effective: Money
    list: Money | None
    effective_savings_rate: float | None
    covered: Money | None
    on_demand: Money | None
    coverage: float | None
    used: Money
    unused: Money
    utilisation: float | None


class Expiry(_Model):
    """A commitment that ends within the next 120 days. `renews` is None where that is not known."""

    cloud: str
    account: str
    commitment_id: str
    kind: str
    ends_on: date
    renews: bool | None
    currency: str | None
    monthly_cost: Money | None


class Saved(_Model):
    """The way of savings to the bill in one currency; see finops savings."""

    currency: str
    funnel: Funnel


class Change(_Model):
    """What differs in one currency from the audit before; net of findings without an amount is in no sum."""

    currency: str
    net_before: Money | None
    net_after: Money | None


class Changes(_Model):
    """What the audit found beside the one before it. `not_compared` findings one of the two did not look for."""

    before_as_of: Instant
    new: list[str]
    reopened: list[str]
    changed: list[str]
    gone: int
    not_compared: int
    totals: list[Change]


class UnitCost(_Model):
    """What one unit of a business driver costs: cost of the month over units of the same days."""

    name: str
    unit: str
    currency: str
    month: str
    units: float
    cost: Money
    per_unit: float
    previous_per_unit: float | None


class TiedOut(_Model):
    """A month's lines against its invoices: billed = invoiced + not_invoiced + residual. `difference` is between the
    lines and the total that was read with the bill; None where the bill has none."""

    currency: str
    month: str
    billed: Money
    invoiced: Money
    not_invoiced: Money
    residual: Money
    difference: Money | None
    invoices: list[Invoice]


class Source(_Model):
    """How far one bill goes."""

    cloud: str
    billing_account: str
    through: Instant | None
    provisional_from: date | None
    rejected_rows: int


class ExchangeRate(_Model):
    """What one unit of a currency was converted with."""

    currency: str
    to: str
    rate: float
    on: date
    source: str


class Provenance(_Model):
    """Where the numbers come from. `settings` is a fingerprint of what is configured, `rules` of the rules that ran;
    `thresholds` those that were changed, as rule.parameter = value; `limits` what the audit was limited to."""

    command: str
    settings: str
    rules: str
    rule_count: int
    thresholds: list[str]
    limits: list[str]
    rates: list[ExchangeRate]
    sources: list[Source]


class Finance(_Model):
    """Everything around the savings. `month` is the newest that bills tell of, `notes` what a reader must know.

    Forecasts and budgets are those of the night where one made the report.
    """

    month: str | None
    previous_month: str | None
    trends: list[Trend] = []
    forecasts: list[Forecast] = []
    budgets: list[BudgetLine] = []
    bridges: list[Bridge] = []
    spend: list[Spend] = []
    commitments: list[CommitmentUse] = []
    expiries: list[Expiry] = []
    saved: list[Saved] = []
    changes: Changes | None = None
    unit_costs: list[UnitCost] = []
    tie_out: list[TiedOut] = []
    provenance: Provenance | None = None
    notes: list[str] = []
