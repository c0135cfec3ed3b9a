"""How the money of a finding came about, as evidence: every piece of cost before and after, and where it is from."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from finops.savings import Priced
from finops.savings.actions import Cell


def arithmetic(one: Priced, priced: Sequence[Priced]) -> dict[str, Any]:
    """The pieces of cost that the action changes, alone and (where others come first) on what these leave.

    `priced` are all findings of the audit.
    """
    told: dict[str, Any] = {}
    if one.before:
        told["cost_pieces"] = _pieces(one.before, one.after)
    if one.choice.follows:
        told |= _on_what_others_leave(one, priced)
    if one.span_basis:
        told["interval_basis"] = one.span_basis
    if one.cost and one.cost.orders:
        told["subscription_orders"] = one.cost.orders
    return {**told, **_bill(one)}


def _pieces(before: Mapping[Cell, Decimal], after: Mapping[Cell, Decimal] | None) -> list[dict[str, Any]]:
    return [
        {
            "resource_id": cell.key.resource_id,
            "component": cell.component,
            "monthly_cost": _ten_places(amount),
            "monthly_cost_after": _ten_places(after[cell]) if after is not None else None,
        }
        for cell, amount in sorted(before.items())
    ]


def _on_what_others_leave(one: Priced, priced: Sequence[Priced]) -> dict[str, Any]:
    """Which findings act before this one, and what each piece costs by then and after it."""
    earlier = [other for other in priced if other.id in one.choice.follows]
    before = {
        cell: cost - sum((other.choice.taken.get(cell, Decimal(0)) for other in earlier), Decimal(0))
        for cell, cost in one.before.items()
    }
    after = {cell: cost - one.choice.taken.get(cell, Decimal(0)) for cell, cost in before.items()}
    return {"counted_after": list(one.choice.follows), "net_pieces": _pieces(before, after)}


def _bill(one: Priced) -> dict[str, Any]:
    cost = one.cost
    if not cost or cost.billed is None or not cost.hours or not cost.window_start or not cost.window_end:
        return {}
    told: dict[str, Any] = {"billed_cost": _ten_places(cost.billed)}
    if cost.discount is not None:
        told["discount_factor"] = round(cost.discount, 4)
    if cost.covered is not None:
        told["covered_share"] = round(cost.covered, 4)
    told["billed_hours"] = float(cost.hours)
    told["bill_window"] = f"{cost.window_start:%Y-%m-%d} to {cost.window_end:%Y-%m-%d}"
    return told


def _ten_places(amount: Decimal) -> float:
    return float(round(amount, 10))
