"""What can be asked about costs."""

import re
from dataclasses import dataclass
from datetime import datetime

from finops.errors import UsageError
from finops.pipeline.costing.dimensions import DIMENSIONS, Dimension, tag_value
from finops.spending import Metric

COLUMNS: dict[Metric, str] = {
    "effective": "x_Cost",
    "billed": "BilledCost",
    "list": "ListCost",
    "contracted": "ContractedCost",
}
_MONTH = re.compile(r"^(\d{4})-(\d{1,2})$")


@dataclass(frozen=True, slots=True)
class Question:
    """Costs of one month (None: the newest) by some dimensions, against another month (None: the one before).

    Filters of one kind are alternatives. `top` lines are shown of each currency and the rest summed; None shows all.
    `until` leaves out what begins later, as though the bills went no further.
    """

    by: tuple[Dimension, ...] = (DIMENSIONS["service"],)
    month: datetime | None = None
    against: datetime | None = None
    metric: Metric = "effective"
    top: int | None = None
    clouds: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    until: datetime | None = None

    @property
    def filters(self) -> dict[str, list[str]]:
        """The filters that are set, by name."""
        given = {
            "cloud": list(self.clouds),
            "account": list(self.accounts),
            "region": list(self.regions),
            "service": list(self.services),
            "tag": [f"{key}={value}" for key, value in self.tags],
        }
        return {name: values for name, values in given.items() if values}

    @property
    def cuts_invoices(self) -> bool:
        """Whether a part of an invoice may be left out."""
        return bool(self.accounts or self.regions or self.services or self.tags or self.until)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of SQL and the values of its parameters."""

    sql: str
    values: dict[str, object]

    def __and__(self, other: "Condition") -> "Condition":
        return Condition(f"({self.sql}) AND ({other.sql})", {**self.values, **other.values})


def parse_month(text: str) -> datetime:
    """The first instant of a month written like 2026-10.

    Raises UsageError when it is not one.
    """
    match = _MONTH.match(text.strip())
    if not match or not 1 <= int(match[2]) <= 12 or not 1990 <= int(match[1]) <= 2199:
        raise UsageError(f"'{text}' is not a month; write it like 2026-10.")
    return datetime.fromisoformat(f"{match[1]}-{int(match[2]):02d}-01")


def narrowed(question: Question, during: Condition) -> Condition:
    """`during` and every filter of the question."""
    condition = during
    if question.until:
        condition &= begun_before(question.until)
    kinds = (
        ("clouds", "x_Cloud", question.clouds),
        ("accounts", "x_AccountId", question.accounts),
        ("regions", "RegionId", question.regions),
        ("services", "ServiceName", question.services),
    )
    for name, column, values in kinds:
        if values:
            condition &= Condition(f"list_contains(${name}, {column})", {name: list(values)})
    return condition & _tagged(question, during) if question.tags else condition


def begun_before(until: datetime) -> Condition:
    """The charges that began before an instant; those of no time did."""
    return Condition("coalesce(ChargePeriodStart < $until, true)", {"until": until})


def _tagged(question: Question, during: Condition) -> Condition:
    """Charges with one of the tags. Texts that hold tags repeat, so each is read once."""
    matches, values = [], {}
    for place, (key, value) in enumerate(question.tags):
        found = tag_value(key, "Tags")
        matches.append(f"coalesce({found}, '') = $tag{place}")
        values[f"tag{place}"] = value
    texts = (
        f"SELECT coalesce(Tags, '') FROM (SELECT DISTINCT Tags FROM charges WHERE {during.sql}) "  # noqa: S608
        f"WHERE {' OR '.join(matches)}"
    )
    return Condition(f"coalesce(Tags, '') IN ({texts})", {**during.values, **values})
