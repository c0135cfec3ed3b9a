"""The audit's result: one model, of which every report is a rendering and the JSON is the artefact.

Schema version 1. Money is Decimal to the cent (a plain number in JSON), unknown is None (null), never 0.
Times are naive datetimes in UTC, written with a Z.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer

from finops import __version__
from finops.finance_model import Finance
from finops.instants import in_utc, iso
from finops.night_model import Night
from finops.overlap_model import Overlap

SCHEMA_VERSION = 1

Money = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
Instant = Annotated[datetime, AfterValidator(in_utc), PlainSerializer(iso, return_type=str, when_used="json")]
Level = Literal["low", "medium", "high"]
FindingClass = Literal["unused", "oversized", "rate", "placement", "schedule", "modernise"]
Action = Literal[
    "terminate", "stop", "resize", "change-type", "delete", "release", "move", "buy", "schedule", "spot"
]
PriceBasis = Literal["billed", "list", "none"]
ExemptionState = Literal["in_force", "expired", "refused"]
CoverageStatus = Literal["complete", "partial", "denied", "throttled", "failed", "skipped"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)


class Co2e(_Model):
    """Emissions of the resource over 730 hours and what the action saves of them, kg CO2e, location-based.

    A removal saves what goes with the resource as well (the disks of a machine), which are not in its own emissions.
    `saved_…` is what the action saves alone, `net_saved_…` what it adds to the total: 0 where another finding counts
    instead or somebody exempted it, less where it follows another step of a chain. Each as low, central and high and
    with its operational and embodied part, which add up; whole grams. The sources are those of the resource as it is.
    """

    operational_kg: float | None = None
    embodied_kg: float | None = None
    saved_kg: float | None = None
    saved_low_kg: float | None = None
    saved_high_kg: float | None = None
    quality: Literal["measured", "proxy", "unknown"] = "unknown"
    reason: str | None = None
    operational_low_kg: float | None = None
    operational_high_kg: float | None = None
    embodied_low_kg: float | None = None
    embodied_high_kg: float | None = None
    saved_operational_low_kg: float | None = None
    saved_operational_kg: float | None = None
    saved_operational_high_kg: float | None = None
    saved_embodied_low_kg: float | None = None
    saved_embodied_kg: float | None = None
    saved_embodied_high_kg: float | None = None
    net_saved_low_kg: float | None = None
    net_saved_kg: float | None = None
    net_saved_high_kg: float | None = None
    net_saved_operational_low_kg: float | None = None
    net_saved_operational_kg: float | None = None
    net_saved_operational_high_kg: float | None = None
    net_saved_embodied_low_kg: float | None = None
    net_saved_embodied_kg: float | None = None
    net_saved_embodied_high_kg: float | None = None
    method_version: str | None = None
    utilisation_source: Literal["metric", "default"] | None = None
    grid_source: str | None = None
    grid_year: int | None = None
    grid_basis: str | None = None
    pue_source: str | None = None


class Exemption(_Model):
    """Why a finding is left as it is. `expires_at` is the first instant at which that holds no more, if there is one.

    `monthly_waste` is what keeping it costs beyond what is counted elsewhere: as a saving in another finding, or
    as the waste of another exempt one. None where no price is known.
    """

    owner: str
    reason: str
    expires_at: Instant | None
    source: str
    monthly_waste: Money | None = None


class ExemptionLine(_Model):
    """One entry of finops.mutes.toml, or one tag, at the instant of the audit.

    `note` says why one that is expired or refused does not hold, or that it has no end; `findings` are those that it
    exempts.
    """

    rule: str
    selector: str
    owner: str
    reason: str
    expires_at: Instant | None
    source: str
    state: ExemptionState
    note: str | None
    findings: int


class Decided(_Model):
    """What somebody decided about a finding, and who takes care of it; see finops findings. It changes no amount.

    noted: nothing is decided, and somebody was named or something said. `due` is the day by which it is to be done,
    null where nobody named one.
    """

    decision: Literal["agreed", "rejected", "done", "noted"]
    owner: str | None
    due: date | None = None
    comment: str | None
    decided_at: Instant


class Finding(_Model):
    """One thing that can be done about one resource.

    `overlap` is what it takes to net it anew among fewer findings; None where its net saving is the same among any.
    """

    id: str
    rule: str
    class_: FindingClass = Field(alias="class")
    cloud: str
    account: str
    region: str
    zone: str | None
    resource_type: str
    resource_id: str
    resource_name: str | None
    tags: dict[str, str]
    reason: str
    action: Action
    current: dict[str, Any]
    proposed: dict[str, Any]
    monthly_cost: Money | None
    monthly_savings: Money | None
    net_monthly_savings: Money | None
    savings_low: Money | None
    savings_high: Money | None
    currency: str | None
    price_basis: PriceBasis
    conflict_group: str | None
    superseded_by: str | None
    confidence: Level
    confidence_reasons: list[str]
    effort: Level
    risk: Level
    co2e: Co2e
    evidence: dict[str, Any]
    remediation: list[str]
    status: Literal["new", "open", "reopened", "exempt"]
    first_seen: Instant
    sources: list[str]
    exemption: Exemption | None = None
    overlap: Overlap | None = None
    decision: Decided | None = None


class NotEvaluated(_Model):
    """What a rule could not judge, and why. `resource_id` is None when it is about a whole scope."""

    rule: str
    cloud: str
    account: str
    region: str | None
    resource_id: str | None
    reason: str


class Coverage(_Model):
    """What became of one scope at its last collection."""

    cloud: str
    account: str
    region: str
    dataset: str
    status: CoverageStatus
    error: str | None
    rows: int
    calls: int
    collected_at: Instant | None


class CostLine(_Model):
    """What one account costs in 730 hours, and how that is known.

    `basis` is billed (effective cost of usage charges in the window, before tax, credits, purchases and
    adjustments), list (inventory at list prices, where no bill is loaded) or none. `unnamed` is the part of a bill
    that names no resource: the most that savings at list prices may be, where there is a bill.
    """

    cloud: str
    account: str
    currency: str | None
    basis: PriceBasis
    monthly_cost: Money | None
    window_start: Instant | None
    window_end: Instant | None
    note: str | None = None
    unnamed: Money | None = None


class FootprintLine(_Model):
    """What the resources of one kind in one region of an account emit in 730 hours, kg CO2e.

    None where nothing of it can be estimated; `not_estimated` counts the rest by reason.
    """

    cloud: str
    account: str
    region: str
    service: str
    resources: int
    estimated: int
    not_estimated: dict[str, int]
    emitted_low_kg: float | None
    emitted_kg: float | None
    emitted_high_kg: float | None
    emitted_operational_low_kg: float | None
    emitted_operational_kg: float | None
    emitted_operational_high_kg: float | None
    emitted_embodied_low_kg: float | None
    emitted_embodied_kg: float | None
    emitted_embodied_high_kg: float | None


class CarbonSource(_Model):
    """Where a factor is from, and the regions it was used for."""

    source: str
    year: int
    basis: str | None
    regions: list[str]


class CarbonMethod(_Model):
    """The version of the carbon method and its tables, and the grid and PUE factors in use."""

    version: str
    grid: list[CarbonSource]
    pue: list[CarbonSource]


class CurrencyTotals(_Model):
    """Totals of what is in one currency. What is exempt is in `accepted_monthly_waste` and in no saving."""

    monthly_cost: Money | None
    gross_monthly_savings: Money
    net_monthly_savings: Money
    net_low: Money | None
    net_high: Money | None
    evaluated_cost_share: float | None
    findings: int
    accepted_monthly_waste: Money = Decimal("0.00")
    exempt_findings: int = 0


class Totals(_Model):
    """Totals over everything; money is None where amounts in several currencies have no rate between them."""

    monthly_cost: Money | None
    gross_monthly_savings: Money | None
    net_monthly_savings: Money | None
    net_low: Money | None
    net_high: Money | None
    monthly_co2e_kg: float | None
    co2e_saved_kg: float | None
    evaluated_cost_share: float | None
    findings: int
    not_evaluated: int
    accepted_monthly_waste: Money | None = None
    exempt_findings: int = 0
    monthly_co2e_low_kg: float | None = None
    monthly_co2e_high_kg: float | None = None
    monthly_co2e_operational_low_kg: float | None = None
    monthly_co2e_operational_kg: float | None = None
    monthly_co2e_operational_high_kg: float | None = None
    monthly_co2e_embodied_low_kg: float | None = None
    monthly_co2e_embodied_kg: float | None = None
    monthly_co2e_embodied_high_kg: float | None = None
    co2e_saved_low_kg: float | None = None
    co2e_saved_high_kg: float | None = None
    co2e_saved_operational_low_kg: float | None = None
    co2e_saved_operational_kg: float | None = None
    co2e_saved_operational_high_kg: float | None = None
    co2e_saved_embodied_low_kg: float | None = None
    co2e_saved_embodied_kg: float | None = None
    co2e_saved_embodied_high_kg: float | None = None


class AuditReport(_Model):
    """The audit: what every rendering shows and nothing else. Findings come by net saving, largest first."""

    schema_version: Literal[1] = 1
    tool_version: str = __version__
    run_id: str = ""
    as_of: Instant
    currency: str | None
    totals: Totals
    totals_by_currency: dict[str, CurrencyTotals]
    costs: list[CostLine]
    findings: list[Finding]
    not_evaluated: list[NotEvaluated]
    coverage: list[Coverage]
    exemptions: list[ExemptionLine] = []
    footprint: list[FootprintLine] = []
    carbon_method: CarbonMethod | None = None
    night: Night | None = None
    finance: Finance | None = None

    def to_json(self) -> str:
        """The artefact: JSON text, keys in the order of the schema, ending in a newline.

        The same inputs give the same bytes, so the id of the run is not in it.
        """
        return self.model_dump_json(by_alias=True, indent=2, exclude={"run_id"}) + "\n"
