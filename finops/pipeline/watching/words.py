"""What is told of anomalies, forecasts and budgets, in sentences with both figures."""

from datetime import date
from decimal import Decimal

from finops.control import Episode
from finops.money import shown
from finops.pipeline.watching.cells import Subject

_LOST = (
    "So sharp a fall is lost data until proven otherwise: check that the bill is whole and may still be read "
    "before it is believed."
)


def name_of(subject: Subject) -> str:
    """Whose costs, in words."""
    if subject.level == "figure":
        return str(subject.figure)
    if subject.level == "team":
        return f"team {subject.team}"
    if subject.level == "total":
        return "everything"
    service = (subject.service or "charges without a service") if subject.service is not None else None
    parts = [service, f"account {subject.account}" if subject.account is not None else None]
    where = ", ".join(part for part in parts if part)
    return f"{where} ({subject.cloud})" if where else str(subject.cloud)


def of_whole(subject: Subject) -> str:
    """Of what something is a part, in words."""
    return "in total" if subject.level == "total" else f"of {name_of(subject)}"


def when(first: date, last: date) -> str:
    """A day, or from one to another."""
    return f"on {first}" if first == last else f"from {first} to {last}"


def anomaly(subject: Subject, one: Episode, first: date, last: date, because: str = "") -> str:
    """What left its limits, by how much."""
    if subject.level == "figure":
        return _figure(subject, one, first, last)
    more = "less" if one.kind == "drop" else "more"
    days = len(one.days)
    over = when(first, last) if days == 1 else f"on {days} days {when(first, last)}"
    told = (
        f"{name_of(subject)[:1].upper()}{name_of(subject)[1:]} cost {_money(one.actual, subject)} {over} where "
        f"{_money(one.expected, subject)} was expected (limits {_money(one.low, subject)} to "
        f"{_money(one.high, subject)}): {_money(abs(one.excess), subject)} {more}."
    )
    if one.expected < abs(one.excess) * 0.01 and one.kind != "drop":
        told += " It cost nothing, or next to nothing, before."
    if one.kind == "drift":
        told += " It has stayed above since, or keeps rising."
    if because:
        told += f" {because}"
    return f"{told} {_LOST}" if one.kind == "drop" else told


def _figure(subject: Subject, one: Episode, first: date, last: date) -> str:
    side = "below" if one.kind == "drop" else "above"
    count = max(len(one.days), 1)
    told = (
        f"{subject.figure} was {one.actual / count:,.0f} {when(first, last)} where {one.expected / count:,.0f} was "
        f"expected (limits {one.low / count:,.0f} to {one.high / count:,.0f}): {side} its limits."
    )
    if one.kind == "drop":
        told += " That is lost data until proven otherwise: check permissions and sources."
    return told


def _money(amount: float, subject: Subject) -> str:
    return shown(Decimal(str(round(amount, 2))), subject.currency)
