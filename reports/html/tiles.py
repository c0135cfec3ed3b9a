"""The five numbers of the first screen, each with what it is to be compared with and how far it may be off.

A number that is not known has no tile: the next useful one takes its place. Nothing unknown is ever shown as 0.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from finops.finance_model import Bridge, UnitCost
from finops.model import AuditReport
from reports import amounts, summary
from reports.html.months import Month, months
from reports.language import joint, t, tn
from reports.plain import English, one_line, shortened

MOST = 5
_VALUES = 2  # amounts of one tile, in as many currencies


@dataclass(frozen=True, slots=True)
class Value:
    """A number as it is shown; `full` where it is shortened."""

    text: str
    full: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A line below the number; `tone` is bad, good or nothing, and never told by colour only.

    `said` follows our own words where the model says something, in English whatever the language of the report.
    """

    told: str
    tone: str = ""
    said: English | None = None

    @property
    def text(self) -> str:
        return f"{self.told}{self.said or ''}"


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
    rest = [Note(tn("and {n} more currency", "and {n} more currencies", more))] if more > 0 else []
    return Tile(label, tuple(values[:_VALUES]), (*notes, *rest), kind)


def _forecast(report: AuditReport, found: list[Month]) -> Tile | None:
    known = [one for one in found if one.forecast and one.expected is not None]
    if not known:
        return None
    notes = [note for one in known[:_VALUES] for note in _forecast_notes(one)]
    over = any(one.budget and one.budget.state == "over" for one in known)
    values = [_money(one.expected or Decimal(0), one.currency) for one in known]
    name = amounts.month(known[0].key, report.as_of)
    notes += [
        Note(
            t(
                "{name}: {value}",
                name=t("{month} so far", month=name),
                value=_money(one.spent, one.currency).text,
            )
        )
        for one in found
        if one.expected is None and one.spent
    ]
    return _tile(t("{month} forecast", month=name), values, notes, "over" if over else "")


def _forecast_notes(one: Month) -> Iterator[Note]:
    low, high = (one.forecast.low, one.forecast.high) if one.forecast else (None, None)
    if low is not None and high is not None:
        yield Note(
            t("{range} in four of five such months", range=amounts.short_range(low, high, one.currency))
        )
    if one.budget and one.budget.variance is not None:
        yield _budget_note(one.budget.budget, one.budget.variance, one.currency)
    elif one.budgets:
        yield _budgets_note(one)


def _budget_note(budget: Decimal, apart: Decimal, currency: str) -> Note:
    """How far the month is from its budget; apart by nothing it is no bad and no good news."""
    told = {
        "sign": amounts.direction(apart),
        "amount": amounts.short(abs(apart), currency),
        "share": amounts.change_share(budget + apart, budget),
        "budget": amounts.short(budget, currency),
    }
    if apart > 0:
        return Note(t("{sign} {amount} ({share}) over the {budget} budget", **told), "bad")
    return Note(t("{sign} {amount} ({share}) under the {budget} budget", **told), "good" if apart else "")


def _budgets_note(one: Month) -> Note:
    """How many of several budgets are broken or will be."""
    bad, n = sum(line.state in ("over", "at_risk") for line in one.budgets), len(one.budgets)
    if not bad:
        return Note(tn("{n} budget kept", "{n} budgets kept", n))
    told = tn(
        "▲ {bad} of {n} budget over or at risk",
        "▲ {bad} of {n} budgets over or at risk",
        n,
        bad=amounts.number(bad),
    )
    return Note(told, "bad")


def _change(report: AuditReport, found: list[Month]) -> Tile | None:
    bridges = [one.bridge for one in found if one.bridge]
    if not bridges:
        return None
    values, notes = [], []
    for bridge in bridges:
        change = bridge.change
        shown = _money(change, bridge.currency)
        values.append(Value(f"{'+' if change > 0 else ''}{shown.text}", shown.full))
        share = amounts.change_share(bridge.previous + change, bridge.previous)
        before = amounts.short(bridge.previous, bridge.currency)
        notes.append(
            Note(t("{change} on {before}", change=f"{amounts.direction(change)} {share}", before=before))
        )
    notes = [*notes[:_VALUES], *_not_compared(bridges[:_VALUES])]
    label = _against(report, bridges[0], found[0])
    return _tile(label, values, [*notes, *_unit_notes(report)])


def _not_compared(bridges: Sequence[Bridge]) -> Iterator[Note]:
    for one in bridges:
        if one.not_compared:
            amount = amounts.short(one.not_compared, one.currency)
            yield Note(t("{amount} cannot be compared", amount=amount))


def _against(report: AuditReport, bridge: Bridge, month: Month) -> str:
    """What is compared with what."""
    before = amounts.month(bridge.previous_month, report.as_of)
    same_days = bridge.compared == "same days"
    if bridge.month == month.key:
        return (
            t("Against same days of {before}", before=before)
            if same_days
            else t("Against {before}", before=before)
        )
    now = amounts.month(bridge.month, report.as_of)
    if same_days:
        return t("{month} against same days of {before}", month=now, before=before)
    return t("{month} against {before}", month=now, before=before)


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
    told = f"{amounts.direction(change)} {share}"
    return Note(t("per {unit} {change}", unit=shortened(one_line(unit.unit), 20), change=told), tone)


def _saving(report: AuditReport) -> Tile | None:
    steps = summary.counted(report)
    judged = steps or report.totals.evaluated_cost_share
    if not judged or (steps and all(step.net_monthly_savings is None for step in steps)):
        return None
    notes: list[Note] = []
    values = summary.amounts(report, "net_monthly_savings")
    told = {currency for _, currency in values[:_VALUES]}
    for currency, totals in summary.per_currency(report):
        if currency not in told:
            continue
        told.discard(currency)  # once: what is converted has the currency of a part
        if totals.net_low is not None and totals.net_high is not None and totals.net_low != totals.net_high:
            span = amounts.short_range(totals.net_low, totals.net_high, currency)
            notes.append(Note(t("{amount} a month", amount=span)))
        twice = summary.overlap(totals)
        if twice:
            notes.append(Note(t("{amount} overlap removed", amount=amounts.short(twice, currency))))
    notes = notes or [Note(t("a month") if steps else t("nothing to save was found"))]
    shown = [_money(*amount) for amount in values]
    return _tile(t("Saving available"), shown, [*notes, *_part(report)], "saving")


def _part(report: AuditReport) -> Iterator[Note]:
    spent, net = report.totals.monthly_cost, report.totals.net_monthly_savings
    if spent and net:
        yield Note(t("{share} of what is spent", share=amounts.share(float(net / spent))))


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
        done, agreed = one.funnel.done.monthly, one.funnel.agreed.monthly
        if done is not None and agreed is not None:
            told = {"done": amounts.short(done, one.currency), "agreed": amounts.short(agreed, one.currency)}
            notes.append(Note(t("of {done} done and {agreed} agreed", **told)))
    return _tile(t("Saving seen on the bill"), values, [Note(t("a month")), *notes])


def _emissions(report: AuditReport) -> Tile | None:
    totals, steps = report.totals, summary.counted(report)
    if totals.monthly_co2e_kg is None:
        return None
    low, high = totals.monthly_co2e_low_kg, totals.monthly_co2e_high_kg
    notes = [Note(t("CO₂e a month, location-based estimate"))]
    if low is not None and high is not None and low != high:
        notes.insert(0, Note(amounts.carbon_short_range(low, high)))
    if totals.co2e_saved_kg and any(summary.carbon_counted(step) for step in steps):
        notes.append(Note(t("▼ {amount} can be saved", amount=amounts.carbon(totals.co2e_saved_kg)), "good"))
    return _tile(t("Emissions"), [Value(amounts.carbon(totals.monthly_co2e_kg))], notes)


def _spent_so_far(report: AuditReport, found: list[Month]) -> Tile | None:
    known = [one for one in found if one.spent is not None and one.expected is None]
    if not known:
        return None
    name = amounts.month(known[0].key, report.as_of)
    reasons = {one.forecast.reason for one in known if one.forecast and one.forecast.reason}
    notes = [
        Note(t("no forecast") + joint(": "), said=English(shortened(one_line(reason), 90)))
        for reason in sorted(reasons)[:1]
    ]
    values = [_money(one.spent or Decimal(0), one.currency) for one in known]
    label = t("{month} so far", month=name) if known[0].running else t("Cost in {month}", month=name)
    return _tile(label, values, notes)


def _spent(report: AuditReport) -> Tile | None:
    values = [_money(*amount) for amount in summary.amounts(report, "monthly_cost")]
    bases = Counter(cost.basis for cost in report.costs)
    unknown = sum(cost.monthly_cost is None for cost in report.costs)
    notes = [Note(tn("in {n} account", "in {n} accounts", len(report.costs)))] if report.costs else []
    if bases["list"]:
        notes.append(Note(tn("{n} account at list prices", "{n} accounts at list prices", bases["list"])))
    if unknown:
        notes.append(
            Note(
                tn(
                    "without {n} account whose cost is not known",
                    "without {n} accounts whose cost is not known",
                    unknown,
                )
            )
        )
    return _tile(t("What we spend a month"), values, notes)


def _judged(report: AuditReport) -> Tile | None:
    whole = report.totals.evaluated_cost_share
    if whole is not None:
        values = [Value(amounts.share(whole))]
    else:
        values = [
            Value(t("{share} of {currency}", share=amounts.share(share), currency=currency))
            for currency, totals in report.totals_by_currency.items()
            if (share := totals.evaluated_cost_share) is not None
        ]
    unread = len(summary.unread_scopes(report))
    note = tn(
        "{unread} of {n} source not read whole",
        "{unread} of {n} sources not read whole",
        len(report.coverage),
        unread=amounts.number(unread),
    )
    return _tile(t("Share of cost judged"), values, [Note(note)][: bool(unread)], "short" if unread else "")


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
    note = Note(t("less than on demand, {month}", month=amounts.month(month)))
    return _tile(t("Effective savings rate"), values, [note])


def _unit(report: AuditReport) -> Tile | None:
    units = report.finance.unit_costs if report.finance else []
    if not units:
        return None
    unit = units[0]
    value = Value(f"{amounts.unit_price(unit.per_unit)} {one_line(unit.currency)}")
    notes = [_unit_note(unit, unit.previous_per_unit)] if unit.previous_per_unit else []
    return _tile(t("Cost per {unit}", unit=shortened(one_line(unit.unit), 24)), [value], notes)


def _allocated(report: AuditReport) -> Tile | None:
    """How much of the cost no team has to answer for."""
    for spend in report.finance.spend if report.finance else []:
        if spend.by == "team" and spend.cost and spend.cost > 0:
            nobody = sum(
                (one.cost or Decimal(0) for one in spend.lines if one.key is None and not one.others),
                Decimal(0),
            )
            whole = amounts.short(spend.cost, spend.currency)
            note = Note(t("of {amount} in {month}", amount=whole, month=amounts.month(spend.month)))
            return _tile(t("Cost without a team"), [Value(amounts.share(float(nobody / spend.cost)))], [note])
    return None


def _count(report: AuditReport) -> Tile | None:
    pending, steps = summary.pending(report), summary.counted(report)
    if not (report.findings or report.costs or report.coverage or report.not_evaluated):
        return None
    alternatives = len(pending) - len(steps)
    notes = []
    if alternatives:
        notes.append(Note(tn("{n} is only an alternative", "{n} are only an alternative", alternatives)))
    if report.not_evaluated:
        gaps = len(report.not_evaluated)
        notes.append(Note(tn("{n} check without an answer", "{n} checks without an answer", gaps)))
    return _tile(t("Findings"), [Value(amounts.number(len(pending)))], notes)
