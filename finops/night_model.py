"""What a night adds to the audit's JSON: its steps, data tests, restatements, anomalies, forecasts and budgets.

Money is Decimal to the cent, unknown is None. Days are dates, in UTC.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer

from finops.instants import in_utc, iso

Money = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
Instant = Annotated[datetime, AfterValidator(in_utc), PlainSerializer(iso, return_type=str, when_used="json")]
StepStatus = Literal["running", "done", "incomplete", "failed", "skipped", "aborted"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NightStep(_Model):
    """A step of the night, or a part of one."""

    step: str
    part: str | None
    status: StepStatus
    started_at: Instant
    finished_at: Instant | None
    rows: int | None
    calls: int | None
    message: str | None


class DataTest(_Model):
    """What a test found of a subject. `since` is when it began to fail."""

    test: str
    subject: str
    stage: str | None
    severity: Literal["warn", "error"]
    status: Literal["passed", "failed", "not_evaluated"]
    message: str
    since: Instant | None


class Restatement(_Model):
    """What a billing account's month was at the report before, and what it is now."""

    provider: str
    billing_account: str
    month: date
    currency: str
    before: Money
    after: Money
    days: int
    message: str


class Provisional(_Model):
    """From which day on a bill is provisional: its days may still grow."""

    provider: str
    billing_account: str
    since: date
    until: date


class Anomaly(_Model):
    """A cost, or a figure of the pipeline itself, that left its limits."""

    id: str
    level: Literal["total", "provider", "account", "service", "team", "figure"]
    cloud: str | None
    account: str | None
    service: str | None
    team: str | None
    figure: str | None
    currency: str | None
    kind: Literal["spike", "drift", "drop"]
    first_day: date
    last_day: date
    expected: float
    actual: float
    low: float
    high: float
    state: Literal["open", "accepted", "expected", "over"]
    message: str


class Forecast(_Model):
    """What a month will cost by what is known of it, with a band that four of five months end in."""

    level: Literal["total", "provider", "account", "service", "team"]
    cloud: str | None
    account: str | None
    service: str | None
    team: str | None
    currency: str
    month: date
    spent: Money
    settled_until: date | None
    forecast: Money | None
    low: Money | None
    high: Money | None
    reason: str | None


class BudgetLine(_Model):
    """A budget beside what was spent and what is expected. `variance` is forecast less budget."""

    name: str
    currency: str
    month: date
    budget: Money
    spent: Money | None
    forecast: Money | None
    low: Money | None
    high: Money | None
    variance: Money | None
    state: Literal["within", "at_risk", "over", "not_evaluated"]
    message: str


class Night(_Model):
    """The night that made a report."""

    run_id: str
    command: str
    started_at: Instant
    steps: list[NightStep] = []
    data_tests: list[DataTest] = []
    restatements: list[Restatement] = []
    provisional: list[Provisional] = []
    anomalies: list[Anomaly] = []
    forecasts: list[Forecast] = []
    budgets: list[BudgetLine] = []
