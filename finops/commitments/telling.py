"""A purchase in words: what was seen of its usage, what may happen, and what else could be bought."""

from decimal import Decimal
from typing import Any

from finops.model import Finding
from finops.money import shown


def explained(finding: Finding) -> str:
    """The lines of a finding that says buy, as Markdown."""
    evidence = finding.evidence

    def money(name: str) -> str:
        return _money(evidence.get(name), finding)

    lines = [
        f"{evidence.get('days_of_hourly_usage')} days of hourly usage, which cost {money('on_demand_cost_a_month')} a "
        f"month on demand; {money('covered_on_demand_cost_a_month')} of it would be covered for "
        f"{money('commitment_cost_a_month')}, {money('upfront_payment')} of the whole term paid upfront.",
        *(
            f"If usage falls by {fall} %: {money(f'saving_a_month_if_usage_falls_{fall}_percent')} a month saved."
            for fall in (10, 20, 30)
        ),
        f"From month {evidence.get('break_even_month')} on nothing is lost if usage stops.",
        f"Price of the commitment: {evidence.get('commitment_price_from')}.",
    ]
    others = evidence.get("alternatives") or []
    lines += [f"Instead, never beside it: {_alternative(other, finding)}." for other in others]
    if more := evidence.get("alternatives_not_listed"):
        lines.append(f"And {more} more alternatives.")
    return "\n".join(f"- {line}" for line in lines)


def _alternative(other: dict[str, Any], finding: Finding) -> str:
    return (
        f"{other['instrument']} of {other['covers']} for {other['term_months']} months, "
        f"{str(other['payment']).replace('_', ' ')} ({other['commitment']}) saves "
        f"{_money(other['monthly_savings'], finding)} a month, "
        f"{_money(other['monthly_savings_if_usage_falls_10_percent'], finding)} if usage falls by 10 %; "
        f"break-even in month {other['break_even_month']:g}"
    )


def _money(value: Any, finding: Finding) -> str:
    return shown(None if value is None else Decimal(repr(float(value))), finding.currency)
