"""What the page's script needs to net anew the findings that a reader filters for: the model's overlaps, compact.

`met` has a list per finding that meets others: its place in the table, its number in the order of ids, and the rest as
renetting.js reads it. `at` is the account of every line of the table, an index of `places`: what each costs in cents
and the part that names no resource. `floors` are the costs that accepted findings tell of a resource.
"""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from finops.model import AuditReport, Finding
from finops.money import cents
from reports import summary

_STAGES = ("remove", "schedule", "size", "rate")
_LEVELS = ("low", "medium", "high")
Place = tuple[str, str, str | None]


def can_be_netted_anew(report: AuditReport) -> bool:
    """False for an audit of an older version that does not tell how its findings meet."""
    return not any(
        finding.overlap is None
        and finding.net_monthly_savings is not None
        and (
            finding.conflict_group is not None
            or finding.superseded_by is not None
            or finding.action == "buy"
            or finding.net_monthly_savings != finding.monthly_savings
        )
        for finding in summary.pending(report)
    )


def netting(report: AuditReport) -> dict[str, Any]:
    """The data of the script; lines are in the order of the table."""
    findings = summary.pending(report)
    places = _Places(report)
    met = [one for one in findings if one.overlap is not None]
    numbers = {one.id: number for number, one in enumerate(sorted(met, key=lambda one: one.id))}
    at = {one.id: line for line, one in enumerate(findings)}
    return {
        "at": [places.of((one.cloud, one.account, one.currency)) for one in findings],
        "met": [_met(one, at[one.id], numbers, places) for one in met],
        "floors": _floors(report),
        "places": places.limits,
    }


class _Places:
    """Accounts by currency, numbered as they come; those without a known cost allow nothing."""

    def __init__(self, report: AuditReport) -> None:
        self.limits: list[list[int | None]] = []
        self._known: dict[Place, int] = {}
        costs: defaultdict[Place, Decimal] = defaultdict(Decimal)
        unnamed: dict[Place, Decimal] = {}
        for line in report.costs:
            place = (line.cloud, line.account, line.currency)
            costs[place] += line.monthly_cost or 0
            if line.unnamed is not None:
                unnamed[place] = line.unnamed
        for place, cost in costs.items():
            self.of(place, cost, unnamed.get(place))

    def of(self, place: Place, cost: Decimal | None = None, unnamed: Decimal | None = None) -> int:
        """The number of an account; of one that no line of costs tells of, it costs what is given."""
        if place not in self._known:
            self._known[place] = len(self.limits)
            self.limits.append(
                [max(0, _whole(cost or Decimal(0))), None if unnamed is None else _whole(unnamed)]
            )
        return self._known[place]


def _met(one: Finding, line: int, numbers: dict[str, int], places: _Places) -> list[Any]:
    told = one.overlap
    assert told is not None  # noqa: S101 - only such findings are asked for
    return [
        line,
        numbers[one.id],
        told.resource,
        _STAGES.index(told.stage),
        _LEVELS.index(told.confidence),
        int(one.price_basis == "list"),
        _whole(one.monthly_cost or Decimal(0)),
        [_piece(piece) for piece in told.pieces],
        [
            [numbers[name], [[piece, f"{share:f}"] for piece, share in shares.items()]]
            for name, shares in told.after.items()
            if name in numbers
        ],
        [numbers[name] for name in told.never_with if name in numbers],
        _buyers(one, places),
    ]


def _piece(piece: Any) -> list[Any]:
    short = [piece.piece, f"{piece.cost:f}", f"{piece.left:f}"]
    if piece.gone is not None:
        absorbed = [[one.commitment, f"{one.cost:f}", f"{one.most:f}"] for one in piece.absorbed]
        return [*short, int(piece.listed), f"{piece.gone:f}", absorbed]
    return [*short, 1] if piece.listed else short


def _buyers(one: Finding, places: _Places) -> list[Any] | None:
    """The accounts of a purchase, the largest share first: it takes what rounding leaves."""
    accounts = one.overlap.accounts if one.overlap else None
    if accounts is None:
        return None
    names = sorted(accounts, key=lambda name: (-accounts[name].share, name))
    return [
        [places.of((one.cloud, name, one.currency), accounts[name].monthly_cost), f"{accounts[name].share:f}"]
        for name in names
    ]


def _floors(report: AuditReport) -> list[list[int]]:
    floors: dict[int, int] = {}
    for one in summary.accepted(report):
        if one.overlap is not None and one.net_monthly_savings is not None:
            known = floors.get(one.overlap.resource, 0)
            floors[one.overlap.resource] = max(known, _whole(one.monthly_cost or Decimal(0)))
    return [list(pair) for pair in sorted(floors.items())]


def _whole(amount: Decimal) -> int:
    return int(cents(amount) * 100)
