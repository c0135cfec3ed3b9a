"""How the money and the emissions of one finding were reckoned, as sentences with the numbers in them.

The engine leaves its arithmetic in the evidence under the names in ARITHMETIC; a report without it (made by
hand, or by another version) gets the sentences without it.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from finops.model import AuditReport, Co2e, Finding
from reports import amounts, words
from reports.plain import one_line

HOURS = "730 hours"
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
_BASIS = {
    "billed": ", by what was billed for it (effective cost, before tax and credits)",
    "list": ", at list prices, because no bill for it is loaded",
    "none": "",
}
_WHY_NO_EMISSIONS = {"price_only": "only the price changes, the same work runs on the same hardware"}


def winners(report: AuditReport) -> dict[str, Finding]:
    """Every finding by its id, to name the one that another is counted in."""
    return {finding.id: finding for finding in report.findings}


def counted_in(finding: Finding, others: dict[str, Finding]) -> str:
    """'terminate server: web-1' for a finding that another one replaces; empty for the rest."""
    if finding.superseded_by is None:
        return ""
    other = others.get(finding.superseded_by)
    return f"{words.action(other)}: {words.name(other)}" if other else "another finding"


def money(finding: Finding, others: dict[str, Finding]) -> list[str]:
    """From what it costs, over what the step saves, to what of that is in the total."""
    if finding.monthly_savings is None:
        return ["What this saves is not known, because no price is known for it; it is in no total."]
    saved = amounts.money(finding.monthly_savings, finding.currency)
    return [
        *_cost(finding),
        *_pieces(finding, "cost_pieces"),
        f"The step{' alone' if _first(finding) else ''} saves {saved} a month.",
        *_after_others(finding, others),
        _net(finding, others),
        *_interval(finding),
    ]


def _cost(finding: Finding) -> Iterator[str]:
    if finding.monthly_cost is None:
        yield "What it costs in all is not known."
        return
    billed, hours = (finding.evidence.get(name) for name in ("billed_cost", "billed_hours"))
    if isinstance(billed, int | float) and isinstance(hours, int | float):
        window = one_line(str(finding.evidence.get("bill_window", "")))
        yield f"Billed: {_exact(billed, finding)} in {hours:,g} hours{f' ({window})' if window else ''}."
    cost = amounts.money(finding.monthly_cost, finding.currency)
    if finding.action == "buy":
        yield f"What it is for costs {cost} in a month of {HOURS} on demand, by what was billed for it."
        return
    yield f"It costs {cost} in a month of {HOURS}{_BASIS[finding.price_basis]}."


def _first(finding: Finding) -> list[str]:
    """The ids of the findings that act before this one."""
    ids = finding.evidence.get("counted_after")
    return [name for name in ids if isinstance(name, str)] if isinstance(ids, list) else []


def _after_others(finding: Finding, others: dict[str, Finding]) -> Iterator[str]:
    """What the step saves of what the steps before it leave."""
    known = [others[name] for name in _first(finding) if name in others]
    if known:
        steps = " and ".join(f"“{words.action(other)}: {words.name(other)}”" for other in known)
        yield f"It comes after {steps}, and is counted on what that leaves:"
        yield from _pieces(finding, "net_pieces")


def _pieces(finding: Finding, name: str) -> Iterator[str]:
    """What of the cost the step changes, piece by piece; a parent's children are pieces too."""
    pieces = [piece for piece in _costing(finding.evidence.get(name)) if "monthly_cost_after" in piece]
    for piece in pieces[:_MAX_PIECES]:
        of = "" if piece.get("resource_id") == finding.resource_id else f" of {piece.get('resource_id')}"
        what = one_line(f"{piece.get('component', 'cost')}{of}").replace("_", " ")
        after = piece["monthly_cost_after"]
        then = "not known" if after is None else _exact(after, finding)
        yield f"For {what}: {_exact(piece['monthly_cost'], finding)} now, {then} after."
    if len(pieces) > _MAX_PIECES:
        yield f"And {len(pieces) - _MAX_PIECES} more pieces of cost."


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
    why = f" ({one_line(basis)})" if isinstance(basis, str) else ""
    span = amounts.money_range(low, high, finding.currency)
    yield f"In four months of five, {span} of it will be saved{why}."


def _net(finding: Finding, others: dict[str, Finding]) -> str:
    net, saved = finding.net_monthly_savings, finding.monthly_savings
    if finding.status == "exempt":
        return f"Somebody has accepted this as it is, so it is in no saving.{_waste(finding)}"
    if finding.superseded_by is not None:
        return f"The total does not count it again: it is counted in “{counted_in(finding, others)}”."
    if net is None or saved is None or net == saved:
        return "All of it is in the total."
    shown, rest = amounts.money(net, finding.currency), amounts.money(saved - net, finding.currency)
    return f"{rest} of it is already counted in another finding, so {shown} is in the total."


def _waste(finding: Finding) -> str:
    waste = finding.exemption.monthly_waste if finding.exemption else None
    if waste is None:
        return ""
    return f" Of its cost {amounts.money(waste, finding.currency)} is accepted waste, beyond what counts elsewhere."


def exemption(finding: Finding) -> list[str]:
    """Who left it as it is, why and until when; nothing for a finding that is not exempt."""
    one = finding.exemption
    if one is None:
        return []
    return [
        f"Accepted by: {one_line(one.owner)}",
        f"Because: {one_line(one.reason)}",
        f"Until: {amounts.last_day(one.expires_at)}",
        f"Where it stands: {one_line(one.source)}",
    ]


def emissions(finding: Finding) -> list[str]:
    """What the resource emits in a month and what the step saves of it, or why that is not known."""
    co2e = finding.co2e
    reason = _WHY_NO_EMISSIONS.get(co2e.reason or "") or one_line(co2e.reason or "").rstrip(".")
    why = f": {reason}" if reason else ""
    if co2e.saved_kg is None:
        return [f"The emissions are not known{why}."]
    if co2e.saved_kg == 0:
        return [f"No emissions are saved{why}."]
    saved = f"The step saves {amounts.carbon(co2e.saved_kg)} CO₂e a month{_bounds(finding)}{_made(co2e)}."
    return [*_emitted(finding), saved, *_counted(co2e), *_quality(finding)]


def _made(co2e: Co2e) -> str:
    """Which part of the saving is of making the hardware."""
    embodied = co2e.saved_embodied_kg
    return f"; {amounts.carbon(embodied)} of it of making the hardware" if embodied else ""


def _counted(co2e: Co2e) -> Iterator[str]:
    """What of the saving is in the total, where that is not all of it."""
    if co2e.net_saved_kg is not None and co2e.net_saved_kg != co2e.saved_kg:
        counted = amounts.carbon(co2e.net_saved_kg)
        yield f"{counted} of it is in the total; the rest is counted elsewhere, or not at all."


def factors(finding: Finding) -> list[str]:
    """By which method and factors the emissions were estimated; nothing where they were not."""
    co2e = finding.co2e
    if co2e.method_version is None:
        return []
    use = "measured" if co2e.utilisation_source == "metric" else "not measured: the default of the method"
    return [
        f"Method {co2e.method_version}; utilisation {use}.",
        f"Grid: {one_line(co2e.grid_source or '')} ({co2e.grid_year}, {one_line(co2e.grid_basis or '')}).",
        f"Overhead of the data centre (PUE): {one_line(co2e.pue_source or '')}.",
    ]


def _emitted(finding: Finding) -> Iterator[str]:
    co2e = finding.co2e
    if co2e.operational_kg is None:
        return
    made = f" and {amounts.carbon(co2e.embodied_kg)} as its share of making the hardware"
    electricity = f"In {HOURS} it emits {amounts.carbon(co2e.operational_kg)} CO₂e by its electricity"
    yield f"{electricity}{made if co2e.embodied_kg else ''}."


def _bounds(finding: Finding) -> str:
    span = amounts.carbon_range(finding.co2e.saved_low_kg, finding.co2e.saved_high_kg)
    return "" if span == amounts.UNKNOWN else f", between {span.replace(' to ', ' and ')}"


def _quality(finding: Finding) -> Iterator[str]:
    if finding.co2e.quality == "proxy":
        yield "Its own hardware is not published; the figures are those of similar hardware."
