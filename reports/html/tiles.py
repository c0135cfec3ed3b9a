"""The five numbers of the first screen, each with what it is to be compared with and how far it may be off.

A number that is not known has no tile: the next useful one takes its place. Nothing unknown is ever shown as 0.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from finops.finance_model import UnitCost
from finops.model import AuditReport
from reports import amounts, summary
from reports.html.months import Month, months
from reports.plain import one_line, shortened

MOST = 5
_VALUES = 2  # amounts of one tile, in as many currencies


@dataclass(frozen=True, slots=True)
class Value:
    """A number as it is shown; `full` where it is shortened."""

    text: str
    full: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A line below the number; `tone` is bad, good or nothing, and never told by colour only."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One number with its comparison; several values only in several currencies. `kind` sets the edge."""

    label: str
    values: tuple[Value, ...]
    notes: tuple[Note, ...]
    kind: str = ""


def tiles(report: AuditReport) -> list[Tile]:
    """At most five, in the order of the first screen; what is missing is replaced where it would stand."""
    found = months(report)
    wanted = [
        _forecast(report, found),
        _change(report, found),
        _saving(report),
        _on_the_bill(report),
        _emissions(report),
    ]
    spare = (tile for tile in _spare(report, found) if tile)
    shown = [tile or next(spare, None) for tile in wanted]
    return [tile for tile in shown if tile]


def _spare(report: AuditReport, found: list[Month]) -> Iterator[Tile | None]:
    """What stands in for a number that is not known, the most useful first."""
    yield _spent_so_far(report, found)
    if not found:
        yield _spent(report)
    yield _rate(report)
    yield _allocated(report)
    yield _unit(report)
    yield _judged(report)
    yield _count(report)


def _money(amount: Decimal, currency: str | None) -> Value:
    text, full = amounts.short(amount, currency), amounts.money(amount, currency)
    return Value(text, "" if text == full else full)


def _tile(label: str, values: list[Value], notes: list[Note], kind: str = "") -> Tile | None:
    """None without a value; beyond two currencies the rest is counted."""
    if not values:
        return None
    more = len(values) - _VALUES
    told = [*notes, Note(f"and {amounts.count(more, 'more currency', 'more currencies')}")][
        : None if more > 0 else -1
    ]
    return Tile(label, tuple(values[:_VALUES]), tuple(told), kind)


def _forecast(report: AuditReport, found: list[Month]) -> Tile | None:
    known = [one for one in found if one.forecast and one.expected is not None]
    if not known:
        return None
    notes = [note for one in known[:_VALUES] for note in _forecast_notes(one)]
    over = any(one.budget and one.budget.state == "over" for one in known)
    values = [_money(one.expected or Decimal(0), one.currency) for one in known]
    return _tile(
        f"{amounts.month(known[0].key, report.as_of)} forecast", values, notes, "over" if over else ""
    )


def _forecast_notes(one: Month) -> Iterator[Note]:
    low, high = (one.forecast.low, one.forecast.high) if one.forecast else (None, None)
    if low is not None and high is not None:
        yield Note(f"{amounts.short_range(low, high, one.currency)} in four of five such months")
    if one.budget and one.budget.variance is not None:
        apart = one.budget.variance
        share = amounts.change_share(one.budget.budget + apart, one.budget.budget)
        side = f"{amounts.short(abs(apart), one.currency)} ({share}) {'over' if apart > 0 else 'under'}"
        limit = amounts.short(one.budget.budget, one.currency)
        tone = "bad" if apart > 0 else "good" if apart < 0 else ""
        yield Note(f"{amounts.direction(apart)} {side} the {limit} budget", tone)
    elif one.budgets:
        bad = sum(line.state in ("over", "at_risk") for line in one.budgets)
        of = amounts.count(len(one.budgets), "budget")
        yield Note(f"▲ {bad} of {of} over or at risk", "bad") if bad else Note(f"{of} kept")


def _change(report: AuditReport, found: list[Month]) -> Tile | None:
    bridges = [one.bridge for one in found if one.bridge]
    if not bridges:
        return None
    values, notes = [], []
    for bridge in bridges:
        change = bridge.cost - bridge.previous
        shown = _money(change, bridge.currency)
        values.append(Value(f"{'+' if change > 0 else ''}{shown.text}", shown.full))
        share = amounts.change_share(bridge.cost, bridge.previous)
        before = amounts.short(bridge.previous, bridge.currency)
        notes.append(Note(f"{amounts.direction(change)} {share} on {before}"))
    than = amounts.month(bridges[0].previous_month, report.as_of)
    of = "same days of " if bridges[0].compared == "same days" else ""
    now = "" if bridges[0].month == found[0].key else f"{amounts.month(bridges[0].month, report.as_of)} a"
    label = f"{now or 'A'}gainst {of}{than}"
    return _tile(label, values, [*notes[:_VALUES], *_unit_notes(report)])


def _unit_notes(report: AuditReport) -> Iterator[Note]:
    """The first unit cost that can be compared."""
    units = report.finance.unit_costs if report.finance else []
    for unit in units:
        if unit.previous_per_unit:
            yield _unit_note(unit, unit.previous_per_unit)
            return


def _unit_note(unit: UnitCost, before: float) -> Note:
    change = unit.per_unit - before
    share = amounts.change_share(Decimal(str(unit.per_unit)), Decimal(str(before)))
    tone = "bad" if change > 0 else "good" if change < 0 else ""
    return Note(f"per {shortened(one_line(unit.unit), 20)} {amounts.direction(change)} {share}", tone)


def _saving(report: AuditReport) -> Tile | None:
    steps = summary.counted(report)
    judged = steps or report.totals.evaluated_cost_share
    if not judged or (steps and all(step.net_monthly_savings is None for step in steps)):
        return None
    notes: list[Note] = []
    for currency, totals in summary.per_currency(report)[:_VALUES]:
        if totals.net_low is not None and totals.net_high is not None and totals.net_low != totals.net_high:
            notes.append(Note(f"{amounts.short_range(totals.net_low, totals.net_high, currency)} a month"))
        twice = summary.overlap(totals)
        if twice:
            notes.append(Note(f"{amounts.short(twice, currency)} overlap removed"))
    values = [_money(*amount) for amount in summary.amounts(report, "net_monthly_savings")]
    notes = notes or [Note("a month" if steps else "nothing to save was found")]
    return _tile("Saving available", values, [*notes, *_part(report)], "saving")


def _part(report: AuditReport) -> Iterator[Note]:
    spent, net = report.totals.monthly_cost, report.totals.net_monthly_savings
    if spent and net:
        yield Note(f"{amounts.share(float(net / spent))} of what is spent")


def _on_the_bill(report: AuditReport) -> Tile | None:
    """What was seen to save on the bill; nothing seen yet is no number, but what was agreed is."""
    seen = [
        (one.funnel.on_the_bill.monthly, one)
        for one in (report.finance.saved if report.finance else [])
        if one.funnel.on_the_bill.findings and one.funnel.on_the_bill.monthly is not None
    ]
    values = [_money(amount, one.currency) for amount, one in seen]
    notes = []
    for _, one in seen[:_VALUES]:
        done, agreed = one.funnel.done, one.funnel.agreed
        if done.monthly is not None and agreed.monthly is not None:
            known = amounts.short(done.monthly, one.currency), amounts.short(agreed.monthly, one.currency)
            notes.append(Note("of {} done and {} agreed".format(*known)))
    return _tile("Saving seen on the bill", values, [Note("a month"), *notes])


def _emissions(report: AuditReport) -> Tile | None:
    totals, steps = report.totals, summary.counted(report)
    if totals.monthly_co2e_kg is None:
        return None
    low, to, high = amounts.carbon_range(totals.monthly_co2e_low_kg, totals.monthly_co2e_high_kg).partition(
        " to "
    )
    notes = [Note("CO₂e a month, location-based estimate")]
    if to:
        notes.insert(0, Note(f"{low.rpartition(' ')[0] if low[-2:] == high[-2:] else low}–{high}"))
    if totals.co2e_saved_kg and any(summary.carbon_counted(step) for step in steps):
        notes.append(Note(f"▼ {amounts.carbon(totals.co2e_saved_kg)} can be saved", "good"))
    return _tile("Emissions", [Value(amounts.carbon(totals.monthly_co2e_kg))], notes)


def _spent_so_far(report: AuditReport, found: list[Month]) -> Tile | None:
    known = [one for one in found if one.spent is not None and one.expected is None]
    if not known:
        return None
    name = amounts.month(known[0].key, report.as_of)
    reasons = {one.forecast.reason for one in known if one.forecast and one.forecast.reason}
    notes = [Note(f"no forecast: {shortened(one_line(reason), 90)}") for reason in sorted(reasons)[:1]]
    values = [_money(one.spent or Decimal(0), one.currency) for one in known]
    return _tile(f"{name} so far" if known[0].running else f"Cost in {name}", values, notes)


def _spent(report: AuditReport) -> Tile | None:
    values = [_money(*amount) for amount in summary.amounts(report, "monthly_cost")]
    bases = Counter(cost.basis for cost in report.costs)
    unknown = sum(cost.monthly_cost is None for cost in report.costs)
    notes = [Note(f"in {amounts.count(len(report.costs), 'account')}")] if report.costs else []
    if bases["list"]:
        notes.append(Note(f"{amounts.count(bases['list'], 'account')} at list prices"))
    if unknown:
        notes.append(Note(f"without {amounts.count(unknown, 'account')} whose cost is not known"))
    return _tile("What we spend a month", values, notes)


def _judged(report: AuditReport) -> Tile | None:
    whole = report.totals.evaluated_cost_share
    parts = [
        (share, f" of {currency}")
        for currency, totals in report.totals_by_currency.items()
        if (share := totals.evaluated_cost_share) is not None
    ]
    values = [
        Value(amounts.share(share) + of) for share, of in ([(whole, "")] if whole is not None else parts)
    ]
    unread = len(summary.unread_scopes(report))
    note = [Note(f"{unread:,} of {amounts.count(len(report.coverage), 'source')} not read whole")]
    return _tile("Share of cost judged", values, note[: bool(unread)], "short" if unread else "")


def _rate(report: AuditReport) -> Tile | None:
    """How much less was paid than the same usage costs on demand, over all clouds of a currency."""
    known = [one for one in (report.finance.commitments if report.finance else []) if one.list]
    month = max((one.month for one in known), default="")
    listed: dict[str, list[Decimal]] = {}
    for one in known:
        if one.month == month:
            sums = listed.setdefault(one.currency, [Decimal(0), Decimal(0)])
            sums[0], sums[1] = sums[0] + one.effective, sums[1] + (one.list or Decimal(0))
    rates = [1 - paid / whole for paid, whole in listed.values() if whole > 0]
    values = [Value(amounts.share(float(rate))) for rate in rates if rate >= 0]
    if len(values) != 1:
        return None
    return _tile("Effective savings rate", values, [Note(f"less than on demand, {amounts.month(month)}")])


def _unit(report: AuditReport) -> Tile | None:
    units = report.finance.unit_costs if report.finance else []
    if not units:
        return None
    unit = units[0]
    value = Value(f"{unit.per_unit:,.4g} {one_line(unit.currency)}")
    notes = [_unit_note(unit, unit.previous_per_unit)] if unit.previous_per_unit else []
    return _tile(f"Cost per {shortened(one_line(unit.unit), 24)}", [value], notes)


def _allocated(report: AuditReport) -> Tile | None:
    """How much of the cost no team has to answer for."""
    for spend in report.finance.spend if report.finance else []:
        if spend.by == "team" and spend.cost and spend.cost > 0:
            nobody = sum(
                (one.cost or Decimal(0) for one in spend.lines if one.key is None and not one.others),
                Decimal(0),
            )
            note = Note(f"of {amounts.short(spend.cost, spend.currency)} in {amounts.month(spend.month)}")
            return _tile("Cost without a team", [Value(amounts.share(float(nobody / spend.cost)))], [note])
    return None


def _count(report: AuditReport) -> Tile | None:
    pending, steps = summary.pending(report), summary.counted(report)
    if not (report.findings or report.costs or report.coverage or report.not_evaluated):
        return None
    alternatives = len(pending) - len(steps)
    notes = [Note(f"{amounts.count(alternatives, 'is', 'are')} only an alternative")] * bool(alternatives)
    if report.not_evaluated:
        notes.append(Note(f"{amounts.count(len(report.not_evaluated), 'check')} without an answer"))
    return _tile("Findings", [Value(f"{len(pending):,}")], notes)
