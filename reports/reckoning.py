"""How the money and the emissions of one finding were reckoned, as sentences with the numbers in them.

The engine leaves its arithmetic in the evidence under the names in ARITHMETIC; a report without it (made by
hand, or by another version) gets the sentences without it.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from finops.model import AuditReport, Co2e, Decided, Finding
from reports import amounts, words
from reports.language import Worded, flowing, mark, punctuated, t, tn
from reports.plain import one_line

ARITHMETIC = frozenset(
    {
        "cost_pieces",
        "billed_cost",
        "billed_hours",
        "bill_window",
        "counted_after",
        "net_pieces",
        "interval_basis",
    }
)
_MAX_PIECES = 8
_COSTS = Worded(
    {
        "billed": mark(
            "It costs {cost} in a month of 730 hours, by what was billed for it (effective cost, before tax and "
            "credits)."
        ),
        "list": mark(
            "It costs {cost} in a month of 730 hours, at list prices, because no bill for it is loaded."
        ),
        "none": mark("It costs {cost} in a month of 730 hours."),
    }
)
_OPEN = ("agreed", "noted")  # what is still to be done, or to be decided
_PRICE_ONLY = mark("only the price changes, the same work runs on the same hardware")


def winners(report: AuditReport) -> dict[str, Finding]:
    """Every finding by its id, to name the one that another is counted in."""
    return {finding.id: finding for finding in report.findings}


def counted_in(finding: Finding, others: dict[str, Finding]) -> str:
    """'terminate server: web-1' for a finding that another one replaces; empty for the rest."""
    if finding.superseded_by is None:
        return ""
    other = others.get(finding.superseded_by)
    return _called(other) if other else t("another finding")


def _called(finding: Finding) -> str:
    return t("{action}: {resource}", action=words.action(finding), resource=words.name(finding))


def money(finding: Finding, others: dict[str, Finding]) -> list[str]:
    """From what it costs, over what the step saves, to what of that is in the total."""
    if finding.monthly_savings is None:
        return [t("What this saves is not known, because no price is known for it; it is in no total.")]
    saved = amounts.money(finding.monthly_savings, finding.currency)
    return [
        *_cost(finding),
        *_pieces(finding, "cost_pieces"),
        t("The step alone saves {amount} a month.", amount=saved)
        if _first(finding)
        else t("The step saves {amount} a month.", amount=saved),
        *_after_others(finding, others),
        _net(finding, others),
        *_interval(finding),
    ]


def _cost(finding: Finding) -> Iterator[str]:
    if finding.monthly_cost is None:
        yield t("What it costs in all is not known.")
        return
    billed, hours = (finding.evidence.get(name) for name in ("billed_cost", "billed_hours"))
    if isinstance(billed, int | float) and isinstance(hours, int | float):
        yield _billed(finding, billed, hours)
    cost = amounts.money(finding.monthly_cost, finding.currency)
    if finding.action == "buy":
        yield t(
            "What it is for costs {cost} in a month of 730 hours on demand, by what was billed for it.",
            cost=cost,
        )
        return
    yield _COSTS[finding.price_basis].format(cost=cost)


def _billed(finding: Finding, billed: float, hours: float) -> str:
    cost, time = _exact(billed, finding), punctuated(f"{hours:,g}")
    window = one_line(str(finding.evidence.get("bill_window", "")))
    if not window:
        return t("Billed: {cost} in {hours} hours.", cost=cost, hours=time)
    return t("Billed: {cost} in {hours} hours ({window}).", cost=cost, hours=time, window=window)


def _first(finding: Finding) -> list[str]:
    """The ids of the findings that act before this one."""
    ids = finding.evidence.get("counted_after")
    return [name for name in ids if isinstance(name, str)] if isinstance(ids, list) else []


def _after_others(finding: Finding, others: dict[str, Finding]) -> Iterator[str]:
    """What the step saves of what the steps before it leave."""
    known = [others[name] for name in _first(finding) if name in others]
    if known:
        steps = amounts.joined([t("“{step}”", step=_called(other)) for other in known])
        yield t("It comes after {steps}, and is counted on what that leaves:", steps=steps)
        yield from _pieces(finding, "net_pieces")


def _pieces(finding: Finding, name: str) -> Iterator[str]:
    """What of the cost the step changes, piece by piece; a parent's children are pieces too."""
    pieces = [piece for piece in _costing(finding.evidence.get(name)) if "monthly_cost_after" in piece]
    for piece in pieces[:_MAX_PIECES]:
        now, after = _exact(piece["monthly_cost"], finding), piece["monthly_cost_after"]
        then = t("not known") if after is None else _exact(after, finding)
        yield t("For {what}: {now} now, {then} after.", what=_part(finding, piece), now=now, then=then)
    more = len(pieces) - _MAX_PIECES
    if more > 0:
        yield tn("And {n} more piece of cost.", "And {n} more pieces of cost.", more)


def _part(finding: Finding, piece: dict[str, Any]) -> str:
    """What a piece of the cost is of; components are called as the bill and the price lists call them."""
    component = one_line(str(piece.get("component", t("cost"))).replace("_", " "))
    if piece.get("resource_id") == finding.resource_id:
        return component
    resource = one_line(str(piece.get("resource_id")))
    return t("{component} of {resource}", component=component, resource=resource)


def _costing(pieces: Any) -> list[dict[str, Any]]:
    """The pieces that cost anything; nothing where the evidence holds something else under that name."""
    listed = pieces if isinstance(pieces, list) else []
    return [piece for piece in listed if isinstance(piece, dict) and piece.get("monthly_cost")]


def _exact(amount: Any, finding: Finding) -> str:
    number = isinstance(amount, int | float)
    return amounts.money(Decimal(str(amount)), finding.currency) if number else one_line(str(amount))


def _interval(finding: Finding) -> Iterator[str]:
    """The interval of what is in the total, and what it is drawn from."""
    low, high = finding.savings_low, finding.savings_high
    if low is None or high is None or low == high:
        return
    basis = finding.evidence.get("interval_basis")
    span = amounts.money_range(low, high, finding.currency)
    if isinstance(basis, str):
        why = one_line(basis)
        yield t("In four months of five, {range} of it will be saved ({basis}).", range=span, basis=why)
    else:
        yield t("In four months of five, {range} of it will be saved.", range=span)


def _net(finding: Finding, others: dict[str, Finding]) -> str:
    net, saved = finding.net_monthly_savings, finding.monthly_savings
    if finding.status == "exempt":
        accepted = t("Somebody has accepted this as it is, so it is in no saving.")
        return flowing([accepted, _waste(finding)])
    if finding.superseded_by is not None:
        other = counted_in(finding, others)
        return t("The total does not count it again: it is counted in “{finding}”.", finding=other)
    if net is None or saved is None or net == saved:
        return t("All of it is in the total.")
    return t(
        "{rest} of it is already counted in another finding, so {amount} is in the total.",
        rest=amounts.money(saved - net, finding.currency),
        amount=amounts.money(net, finding.currency),
    )


def _waste(finding: Finding) -> str:
    waste = finding.exemption.monthly_waste if finding.exemption else None
    if waste is None:
        return ""
    return t(
        "Of its cost {amount} is accepted waste, beyond what counts elsewhere.",
        amount=amounts.money(waste, finding.currency),
    )


def exemption(finding: Finding) -> list[str]:
    """Who left it as it is, why and until when; nothing for a finding that is not exempt."""
    one = finding.exemption
    if one is None:
        return []
    return [
        t("Accepted by: {owner}", owner=one_line(one.owner)),
        t("Because: {reason}", reason=one_line(one.reason)),
        t("Until: {day}", day=amounts.last_day(one.expires_at)),
        t("Where it stands: {source}", source=one_line(one.source)),
    ]


def entrusted(finding: Finding, as_of: datetime) -> list[str]:
    """What was decided, who takes care of it and until when, as of the report's instant; else nothing."""
    one = finding.decision
    if one is None:
        return []
    told = []
    if one.decision in words.DECISIONS:
        day = amounts.day(one.decided_at)
        told.append(t("Decided: {decision}, on {day}", decision=words.DECISIONS[one.decision], day=day))
    if one.owner:
        told.append(t("Owner: {owner}", owner=one_line(one.owner)))
    if one.due:
        day = amounts.day(one.due)
        told.append(
            t("Due: {day}, overdue", day=day) if _is_overdue(one, as_of) else t("Due: {day}", day=day)
        )
    if one.comment:
        told.append(t("Comment: {comment}", comment=one_line(one.comment)))
    return told


def _is_overdue(one: Decided, as_of: datetime) -> bool:
    """Whether its day was over at the report's instant, and nobody said that it is done or will not be."""
    return one.due is not None and one.decision in _OPEN and one.due < as_of.date()


def emissions(finding: Finding) -> list[str]:
    """What the resource emits in a month and what the step saves of it, or why that is not known."""
    co2e = finding.co2e
    reason = t(_PRICE_ONLY) if co2e.reason == "price_only" else one_line(co2e.reason or "").rstrip(".")
    if co2e.saved_kg is None and reason:
        return [t("The emissions are not known: {reason}.", reason=reason)]
    if co2e.saved_kg is None:
        return [t("The emissions are not known.")]
    if co2e.saved_kg == 0 and reason:
        return [t("No emissions are saved: {reason}.", reason=reason)]
    if co2e.saved_kg == 0:
        return [t("No emissions are saved.")]
    return [*_emitted(finding), _saved(co2e, co2e.saved_kg), *_counted(co2e), *_quality(finding)]


def _saved(co2e: Co2e, kilograms: float) -> str:
    """What is saved, between which bounds, and which part of it is of making the hardware."""
    amount, low, high = amounts.carbon(kilograms), co2e.saved_low_kg, co2e.saved_high_kg
    told = t("The step saves {amount} CO₂e a month", amount=amount)
    if low is not None and high is not None and low != high:
        ends = amounts.carbon_ends(low, high)
        told = t("{sentence}, between {low} and {high}", sentence=told, low=ends[0], high=ends[1])
    if not co2e.saved_embodied_kg:
        return t("{sentence}.", sentence=told)
    made = amounts.carbon(co2e.saved_embodied_kg)
    return t("{sentence}; {amount} of it of making the hardware.", sentence=told, amount=made)


def _counted(co2e: Co2e) -> Iterator[str]:
    """What of the saving is in the total, where that is not all of it."""
    if co2e.net_saved_kg is not None and co2e.net_saved_kg != co2e.saved_kg:
        amount = amounts.carbon(co2e.net_saved_kg)
        yield t(
            "{amount} of it is in the total; the rest is counted elsewhere, or not at all.", amount=amount
        )


def factors(finding: Finding) -> list[str]:
    """By which method and factors the emissions were estimated; nothing where they were not."""
    co2e = finding.co2e
    if co2e.method_version is None:
        return []
    version = co2e.method_version
    return [
        t("Method {version}; utilisation measured.", version=version)
        if co2e.utilisation_source == "metric"
        else t("Method {version}; utilisation not measured: the default of the method.", version=version),
        t(
            "Grid: {source} ({year}, {basis}).",
            source=one_line(co2e.grid_source or ""),
            year=co2e.grid_year,
            basis=one_line(co2e.grid_basis or ""),
        ),
        t("Overhead of the data centre (PUE): {source}.", source=one_line(co2e.pue_source or "")),
    ]


def _emitted(finding: Finding) -> Iterator[str]:
    co2e = finding.co2e
    if co2e.operational_kg is None:
        return
    amount = amounts.carbon(co2e.operational_kg)
    if not co2e.embodied_kg:
        yield t("In 730 hours it emits {amount} CO₂e by its electricity.", amount=amount)
        return
    yield t(
        "In 730 hours it emits {amount} CO₂e by its electricity and {made} as its share of making the hardware.",
        amount=amount,
        made=amounts.carbon(co2e.embodied_kg),
    )


def _quality(finding: Finding) -> Iterator[str]:
    if finding.co2e.quality == "proxy":
        yield t("Its own hardware is not published; the figures are those of similar hardware.")
