"""How the money and the emissions of one finding were reckoned, as sentences with the numbers in them."""

from finops.model import AuditReport, Finding
from reports import amounts, words

HOURS = "730 hours"
_BASIS = {
    "billed": "by what was billed for it (effective cost, before tax and credits)",
    "list": "at list prices, because no bill for it is loaded",
}


def winners(report: AuditReport) -> dict[str, Finding]:
    """Every finding by its id, to name the one that another is counted in."""
    return {finding.id: finding for finding in report.findings}


def counted_in(finding: Finding, others: dict[str, Finding]) -> str:
    """'terminate server of web-1' for a finding that another one replaces; empty for the rest."""
    if finding.superseded_by is None:
        return ""
    other = others.get(finding.superseded_by)
    return f"{words.action(other)}: {words.name(other)}" if other else "another finding"


def money(finding: Finding, others: dict[str, Finding]) -> list[str]:
    """From what it costs, over what the step saves, to what of that is in the total."""
    if finding.monthly_savings is None:
        return ["What this saves is not known, because no price is known for it; it is in no total."]
    saved = amounts.money(finding.monthly_savings, finding.currency)
    return list(
        filter(
            None,
            [
                _cost(finding),
                f"The step saves {saved} a month{_interval(finding)}.",
                _net(finding, others),
            ],
        )
    )


def _cost(finding: Finding) -> str:
    if finding.monthly_cost is None:
        return "What it costs in all is not known."
    cost = amounts.money(finding.monthly_cost, finding.currency)
    return f"It costs {cost} in a month of {HOURS}{', ' if finding.price_basis in _BASIS else ''}" + (
        _BASIS.get(finding.price_basis, "") + "."
    )


def _interval(finding: Finding) -> str:
    if finding.savings_low is None or finding.savings_high is None:
        return ""
    low, high = finding.savings_low, finding.savings_high
    span = amounts.money_range(low, high, finding.currency)
    return "" if low == high else f"; as use and prices varied, {span} is likely"


def _net(finding: Finding, others: dict[str, Finding]) -> str:
    net, saved = finding.net_monthly_savings, finding.monthly_savings
    if finding.status == "exempt":
        return "Somebody has accepted this as it is, so it is in no total."
    if finding.superseded_by is not None:
        return f"The total does not count it again: it is counted in “{counted_in(finding, others)}”."
    if net is None or saved is None or net == saved:
        return "All of it is in the total."
    shown, rest = amounts.money(net, finding.currency), amounts.money(saved - net, finding.currency)
    return f"{rest} of it is already counted in another finding, so {shown} is in the total."


def emissions(finding: Finding) -> list[str]:
    """What the resource emits in a month and what the step saves of it, or why that is not known."""
    co2e = finding.co2e
    why = f": {co2e.reason.rstrip('.')}" if co2e.reason else ""
    if co2e.saved_kg is None:
        return [f"The emissions are not known{why}."]
    if co2e.saved_kg == 0:
        return [f"No emissions are saved{why}."]
    return [
        *_emitted(finding),
        f"The step saves {amounts.carbon(co2e.saved_kg)} CO₂e a month{_bounds(finding)}.{_quality(finding)}",
    ]


def _emitted(finding: Finding) -> list[str]:
    co2e = finding.co2e
    if co2e.operational_kg is None:
        return []
    made = (
        ""
        if co2e.embodied_kg is None
        else (f" and {amounts.carbon(co2e.embodied_kg)} as its share of making the hardware")
    )
    return [f"In {HOURS} it emits {amounts.carbon(co2e.operational_kg)} CO₂e by its electricity{made}."]


def _bounds(finding: Finding) -> str:
    span = amounts.carbon_range(finding.co2e.saved_low_kg, finding.co2e.saved_high_kg)
    return "" if span == amounts.UNKNOWN else f", between {span.replace(' to ', ' and ')}"


def _quality(finding: Finding) -> str:
    return " Its hardware is not published; the figures are those of similar hardware." * (
        finding.co2e.quality == "proxy"
    )
