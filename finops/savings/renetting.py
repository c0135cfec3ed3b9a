"""A report's findings netted anew among some of them: what an audit limited to these would say, from the model alone.

Purchases are the exception: each was sized after all actions on usage, and keeps its size whatever is left out.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from finops.model import AuditReport, CostLine, Finding
from finops.overlap_model import Overlap
from finops.savings.actions import Cell, Effect, Stage
from finops.savings.buying import count_one_of_each_pool
from finops.savings.costs import AccountCost, Place
from finops.savings.counting import count
from finops.savings.covered import Covered, Paid
from finops.savings.netting import Choice
from finops.savings.priced import Priced
from finops.savings.settling import settle
from finops.verdicts import Key, RuleFacts, Verdict

if TYPE_CHECKING:
    from finops.commitments import PoolKey, Stay

_ZERO = Decimal(0)
_STAGES = {"remove": Stage.REMOVE, "schedule": Stage.SCHEDULE, "size": Stage.SIZE, "rate": Stage.RATE}


def renet(report: AuditReport, ids: Collection[str]) -> dict[str, Decimal | None]:
    """The net saving of each pending finding of these ids when there are no others; None where no price is known.

    Among all of them it is the net saving that the report tells. Exempt findings lend what their resource costs.
    """
    shown = [one for one in report.findings if one.exemption is None and one.id in ids]
    exempt = [one for one in report.findings if one.exemption is not None and one.overlap is not None]
    priced = [_priced(one) for one in shown if one.net_monthly_savings is not None]
    held = _Held()
    usage = [one for one in priced if one.accounts is None]
    for finding in shown:
        held.learn(finding)
    count(usage, [_effect(one, finding) for one, finding in _with_findings(usage, shown)])
    Covered(held).share_out([_paid(one, finding, held) for one, finding in _with_findings(usage, shown)])
    _count_purchases([one for one in priced if one.accounts is not None])
    settle([*priced, *map(_priced, exempt)], _accounts(report.costs, shown))
    nets = {one.id: one.net_savings for one in priced}
    return {one.id: nets.get(one.id) for one in shown}


def _with_findings(priced: Sequence[Priced], findings: Sequence[Finding]) -> list[tuple[Priced, Finding]]:
    known = {one.id: one for one in findings}
    return [(one, known[one.id]) for one in priced]


def _priced(finding: Finding) -> Priced:
    """The finding with its exact money; one that meets no other is one piece of its own."""
    told = finding.overlap
    before = _own_piece(finding) if told is None else {_cell(one.piece): one.cost for one in told.pieces}
    left = (
        dict.fromkeys(before, _ZERO) if told is None else {_cell(one.piece): one.left for one in told.pieces}
    )
    sure = finding.confidence if told is None else told.confidence
    return Priced(
        id=finding.id,
        verdict=_verdict(finding, told),
        before=before,
        left=left,
        cost=None,
        basis=finding.price_basis,
        currency=finding.currency,
        listed={_cell(one.piece) for one in told.pieces if one.listed} if told else set(),
        monthly_cost=finding.monthly_cost,
        accounts=_shares(told),
        confidence=sure,
        sure=sure,
    )


def _own_piece(finding: Finding) -> dict[Cell, Decimal]:
    return {Cell(Key("", "", finding.id), "all"): finding.monthly_savings or _ZERO}


def _shares(told: Overlap | None) -> dict[str, Decimal] | None:
    if told is None or told.accounts is None:
        return None
    return {name: buyer.share for name, buyer in told.accounts.items()}


def _verdict(finding: Finding, told: Overlap | None) -> Verdict:
    """As much of the verdict as settling asks for: where the finding is."""
    resource = finding.id if told is None else str(told.resource)
    rule = RuleFacts(finding.rule, "", finding.class_, finding.effort, finding.risk, (), {})
    key = Key(finding.cloud, finding.account, resource)
    return Verdict(
        rule, key, finding.region, finding.resource_type, finding.action, finding.reason, (), {}, {}, {}
    )


def _cell(number: int) -> Cell:
    """Sorts as the numbers do, which sort as the names of the pieces did."""
    return Cell(Key("", "", f"{number:012d}"), "")


def _effect(one: Priced, finding: Finding) -> Effect:
    told = finding.overlap
    if told is None:
        return Effect(one.id, Stage.REMOVE, one.before, one.left or {})
    after = {
        name: {_cell(piece): share for piece, share in shares.items()} for name, shares in told.after.items()
    }
    return Effect(one.id, _STAGES[told.stage], one.before, one.left or {}, after, frozenset(told.never_with))


def _count_purchases(purchases: Sequence[Priced]) -> None:
    for one in purchases:
        one.choice = Choice(True, taken=dict.fromkeys(one.before, one.saving or _ZERO))
    count_one_of_each_pool(purchases)


def _accounts(costs: Sequence[CostLine], shown: Sequence[Finding]) -> list[AccountCost]:
    """What each account costs; of those that only a purchase covers, what it tells of them."""
    known = [
        _account((one.cloud, one.account, one.currency or ""), one.monthly_cost or _ZERO, one)
        for one in costs
    ]
    places = {(one.cloud, one.account_id, one.currency) for one in known}
    more: dict[Place, Decimal] = {}
    for finding in shown:
        buyers = finding.overlap.accounts if finding.overlap else None
        for name, buyer in (buyers or {}).items():
            place = (finding.cloud, name, finding.currency or "")
            if place not in places and buyer.monthly_cost is not None:
                more[place] = buyer.monthly_cost
    return known + [_account(place, cost, None) for place, cost in more.items()]


def _account(place: Place, total: Decimal, line: CostLine | None) -> AccountCost:
    basis = line.basis if line and line.unnamed is not None else "none"
    return AccountCost(*place, basis, total, _ZERO, _ZERO, (line and line.unnamed) or _ZERO)


# --- held commitments -------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Held:
    """What findings tell of the commitments that cover them, as covered.HeldPools asks for it."""

    stays: "dict[tuple[str, Decimal], Stay]" = field(default_factory=dict)
    most: "dict[PoolKey, Decimal]" = field(default_factory=dict)

    def learn(self, finding: Finding) -> None:
        from finops.commitments import PoolKey, Stay

        for piece in finding.overlap.pieces if finding.overlap else ():
            if piece.gone is None:
                continue
            pools = {PoolKey("", "", f"{one.commitment:012d}"): one.cost for one in piece.absorbed}
            whole = sum(pools.values(), _ZERO)
            self.stays[(_cell(piece.piece).key.resource_id, piece.gone)] = Stay(
                whole, whole, finding.currency or "", pools
            )
            self.most |= {PoolKey("", "", f"{one.commitment:012d}"): one.most for one in piece.absorbed}

    def stays_paid(self, key: Key, component: str, share: Decimal = Decimal(1)) -> "Stay | None":  # noqa: ARG002
        return self.stays.get((key.resource_id, share))

    def caps(self) -> "dict[PoolKey, Decimal]":
        return self.most

    def together(self, gone: Mapping[tuple[Key, str], Decimal]) -> dict[tuple[Key, str], Decimal]:
        from finops.commitments import shared_out

        stays = {cell: self.stays_paid(*cell, share) for cell, share in sorted(gone.items())}
        return shared_out(
            {cell: dict(stay.pools) for cell, stay in stays.items() if stay is not None}, self.most
        )


def _paid(one: Priced, finding: Finding, held: _Held) -> Priced:
    for piece in finding.overlap.pieces if finding.overlap else ():
        cell = _cell(piece.piece)
        stay = held.stays_paid(cell.key, "", piece.gone) if piece.gone is not None else None
        if stay is not None and piece.gone is not None:
            one.paid[cell] = Paid(piece.gone, stay)
    return one
