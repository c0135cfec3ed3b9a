"""Estates in which findings meet on their cost, at limits, in held commitments and in purchases, made at random."""

from collections import defaultdict
from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any

from finops.commitments import PoolKey, Stay, shared_out
from finops.model import AuditReport, CostLine, Exemption, Finding
from finops.money import cents
from finops.savings.actions import Cell, Effect, Stage
from finops.savings.buying import count_one_of_each_pool
from finops.savings.costs import AccountCost
from finops.savings.counting import count
from finops.savings.covered import Covered, Paid
from finops.savings.netting import Choice
from finops.savings.overlapping import overlaps
from finops.savings.priced import Priced
from finops.savings.settling import settle
from finops.verdicts import Key, RuleFacts, Verdict
from tests.reports.build import at, finding, report

PLACES = (("aws", "111122223333", "USD"), ("aws", "444455556666", "USD"), ("alibaba", "5123456789", "CNY"))
PARTS = ("compute", "storage", "transfer")
ACTIONS: dict[Stage, tuple[str, ...]] = {
    Stage.REMOVE: ("terminate", "delete"),
    Stage.SCHEDULE: ("schedule",),
    Stage.SIZE: ("resize", "change-type"),
    Stage.RATE: ("spot",),
}
NOBODY = Exemption(owner="Ann", reason="why not", expires_at=at(2027, 1, 1), source="a file")
ZERO, ONE = Decimal(0), Decimal(1)


@dataclass
class Held:
    """Held commitments as Covered asks for them."""

    stays: dict[tuple[Key, str, Decimal], Stay] = field(default_factory=dict)
    most: dict[PoolKey, Decimal] = field(default_factory=dict)

    def stays_paid(self, key: Key, component: str, share: Decimal = ONE) -> Stay | None:
        return self.stays.get((key, component, share))

    def caps(self) -> dict[PoolKey, Decimal]:
        return self.most

    def together(self, gone: Any) -> dict[tuple[Key, str], Decimal]:
        stays = {cell: self.stays_paid(*cell, share) for cell, share in sorted(gone.items())}
        return shared_out({cell: dict(stay.pools) for cell, stay in stays.items() if stay}, self.most)


@dataclass
class Crowd:
    """Findings with their prices and effects, before anything is chosen."""

    priced: list[Priced] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    accounts: list[AccountCost] = field(default_factory=list)
    held: Held = field(default_factory=Held)

    def assessed(self, ids: Collection[str] | None = None) -> list[Priced]:
        """The findings of these ids chosen and settled as assess() does it, with all exempt ones beside."""
        kept = [deepcopy(one) for one in self.priced if ids is None or one.id in ids or one.verdict.exemption]
        usage = [one for one in kept if one.verdict.exemption is None and one.accounts is None]
        count(usage, self.effects)
        Covered(self.held).share_out(usage)
        for one in kept:
            if one.accounts is not None:
                one.choice = Choice(True, taken=dict.fromkeys(one.before, one.saving or ZERO))
        count_one_of_each_pool(one for one in kept if one.accounts is not None)
        settle(kept, self.accounts)
        return kept

    def nets(self, ids: Collection[str]) -> dict[str, Decimal | None]:
        return {one.id: one.net_savings for one in self.assessed(ids) if not one.verdict.exemption}


def crowd(seed: int, resources: int = 12, most: int = 4) -> Crowd:
    """As many resources, each with up to `most` findings."""
    return _Maker(Random(seed)).made(resources, most)


def as_report(made: Crowd, **over: Any) -> AuditReport:
    """The audit's report of a crowd; `over` are more fields of every finding."""
    settled = made.assessed()
    shipped = overlaps(settled, made.effects, made.accounts, made.held.caps())
    return report(
        [_finding(one, shipped.get(one.id), over) for one in settled], list(map(_line, made.accounts))
    )


def _line(one: AccountCost) -> CostLine:
    return CostLine(
        cloud=one.cloud, account=one.account_id, currency=one.currency, basis=one.basis,
        monthly_cost=cents(one.total), window_start=None, window_end=None,
        unnamed=cents(one.unnamed) if one.basis == "billed" else None,
    )  # fmt: skip


def _finding(one: Priced, overlap: Any, over: dict[str, Any]) -> Finding:
    key, number = one.verdict.key, int(one.id, 16)
    fields = {
        "id": one.id, "rule": one.verdict.rule.id, "cloud": key.cloud, "account": key.account_id,
        "resource_id": key.resource_id, "resource_name": f"name of {key.resource_id}", "action": one.verdict.action,
        "resource_type": one.verdict.resource_type, "tags": {"team": "abc"[number % 3]} if number % 4 else {},
        "monthly_cost": one.monthly_cost, "monthly_savings": one.monthly_savings,
        "net_monthly_savings": one.net_savings, "savings_low": one.net_savings, "savings_high": one.net_savings,
        "currency": one.currency, "price_basis": one.basis, "conflict_group": one.choice.group,
        "superseded_by": one.choice.superseded_by, "confidence": one.confidence,
        "risk": ("low", "medium", "high")[number % 3], "status": "exempt" if one.verdict.exemption else "open",
        "exemption": one.verdict.exemption, "overlap": overlap, "current": {}, "proposed": {},
    }  # fmt: skip
    return finding(number, None, **(fields | over))


def _number(key: Key) -> int:
    return int(key.resource_id.removeprefix("i-"))


class _Maker:
    def __init__(self, random: Random) -> None:
        self._random = random
        self._crowd = Crowd()
        self._costs: dict[Cell, Decimal] = {}
        self._blocks: defaultdict[int, list[Cell]] = defaultdict(list)

    def made(self, resources: int, most: int) -> Crowd:
        for number in range(resources):
            place = self._random.choice(PLACES)
            key = Key(place[0], place[1], f"i-{number:04d}")
            for part in PARTS[: self._random.randint(1, 3)]:
                self._costs[Cell(key, part)] = self._cost()
                self._blocks[number // 4].append(Cell(key, part))
        for key in sorted({cell.key for cell in self._costs}, key=_number):
            for _ in range(self._random.randint(1, most)):
                self._add(key)
        for number in range(resources, resources + max(2, resources // 6)):
            self._part_by_part(number)
        for pool in range(2):
            for _ in range(self._random.randint(0, 2)):
                self._buy(f"pool-{pool}")
        self._crowd.accounts = [self._account(place) for place in PLACES]
        return self._crowd

    def _part_by_part(self, number: int) -> None:
        """A resource whose parts go one by one: together they save more than it costs, by a refund or by roundings."""
        place = self._random.choice(PLACES)
        key = Key(place[0], place[1], f"i-{number:04d}")
        refund = Decimal(-self._random.randint(100, 3000)) / 7
        third = self._random.choice((refund, Decimal("10.006")))
        for part, cost in zip(PARTS, (Decimal("10.006"), Decimal("50.006"), third), strict=True):
            cell = Cell(key, part)
            self._costs[cell] = cost
            self._blocks[number // 4].append(cell)
            if cost > 0:
                self._remove(key, cell)
        if self._random.random() < 0.5:  # an exempt one may tell more of what the resource costs
            one = self._remove(key, Cell(key, PARTS[0]))
            one.verdict = replace(one.verdict, exemption=NOBODY)
            one.monthly_cost = (one.monthly_cost or ZERO) + self._random.randint(1, 20)

    def _remove(self, key: Key, cell: Cell) -> Priced:
        one = self._priced(key, Stage.REMOVE, [cell])
        one.verdict = replace(one.verdict, exemption=None)
        self._crowd.effects.append(Effect(one.id, Stage.REMOVE, one.before, one.left or {}))
        return one

    def _cost(self) -> Decimal:
        kind = self._random.randint(0, 5)
        if kind == 0:
            return Decimal(-self._random.randint(1, 900)) / 7  # a refund
        if kind == 1:
            return Decimal(self._random.randint(0, 4) * 25)  # so that some save the same
        return Decimal(self._random.randint(1, 90_000)) / self._random.choice((7, 11, 100, 3000))

    def _share(self, stage: Stage) -> Decimal:
        if stage == Stage.REMOVE:
            return ZERO
        return self._random.choice((Decimal("0.5"), Decimal(1) / 3, Decimal("0.71"), ONE, Decimal("1.2")))

    def _add(self, key: Key) -> None:
        stage = self._random.choice(list(Stage))
        own = list(self._of(key))
        cells = set(own if self._random.random() < 0.5 else [self._random.choice(own)])
        if stage == Stage.REMOVE and self._random.random() < 0.5:  # with what goes with it
            cells |= set(self._random.sample(self._near(key), min(2, len(self._near(key)))))
        one = self._priced(key, stage, sorted(cells))
        beside = [other for other in self._crowd.effects[-16:] if not other.before.keys().isdisjoint(cells)]
        sizes = [other for other in beside if other.stage == Stage.SIZE]
        after = {}
        if stage == Stage.RATE and sizes and self._random.random() < 0.7:
            after = {sizes[0].id: {cell: self._share(stage) for cell in one.before}}
        never = {other.id for other in beside if self._random.random() < 0.15}
        self._crowd.effects.append(Effect(one.id, stage, one.before, one.left or {}, after, frozenset(never)))

    def _near(self, key: Key) -> list[Cell]:
        """The pieces of its block of four resources, whose accounts may differ."""
        return self._blocks[_number(key) // 4]

    def _priced(self, key: Key, stage: Stage, cells: list[Cell]) -> Priced:
        before = {cell: self._costs[cell] for cell in cells}
        total = sum((cost for cell, cost in {**self._of(key), **before}.items()), ZERO)
        share = self._share(stage)
        basis = self._random.choice(("billed", "billed", "list"))
        one = Priced(
            id=f"{len(self._crowd.priced) * 7919 % 65_521:016x}",
            verdict=self._verdict(
                key, self._random.choice(ACTIONS[stage]), f"rule-{self._random.randint(0, 5)}"
            ),
            before=before,
            left=dict.fromkeys(before, share),
            cost=None,
            basis=basis,  # type: ignore[arg-type]
            currency=next(place[2] for place in PLACES if place[1] == key.account_id),
            listed=set(cells)
            if basis == "list"
            else set(cells[:1])
            if self._random.random() < 0.2
            else set(),
            monthly_cost=cents(total),
            confidence=self._random.choice(("low", "medium", "high")),
        )
        one.sure = one.confidence
        if share < 1 and self._random.random() < 0.3:
            self._cover(one, cells[0], ONE - share)
        self._crowd.priced.append(one)
        return one

    def _cover(self, one: Priced, cell: Cell, gone: Decimal) -> None:
        cost = one.before[cell]
        if cost <= 0 or one.left is None:
            return
        pools = {
            PoolKey("aws", "payer", f"sp-{n}"): cents(cost * gone / 5)
            for n in range(self._random.randint(1, 2))
        }
        stay = Stay(cost * gone, sum(pools.values(), ZERO), one.currency or "", pools)
        self._crowd.held.stays.setdefault((*cell, gone), stay)
        for pool in pools:
            self._crowd.held.most.setdefault(pool, Decimal(self._random.randint(1, 300)) / 3)
        one.paid[cell] = Paid(gone, self._crowd.held.stays[(*cell, gone)])

    def _of(self, key: Key) -> dict[Cell, Decimal]:
        return {cell: self._costs[cell] for cell in self._blocks[_number(key) // 4] if cell.key == key}

    def _verdict(self, key: Key, action: Any, rule: str) -> Verdict:
        facts = RuleFacts(rule, rule, "unused", "low", "low", (), {})
        exemption = NOBODY if action != "buy" and self._random.random() < 0.12 else None
        kind = "commitment" if action == "buy" else "instance"
        return Verdict(facts, key, "r", kind, action, "It is.", (), {}, {}, {}, exemption=exemption)

    def _buy(self, pool: str) -> None:
        key = Key(*PLACES[0][:2], pool)
        before = Decimal(self._random.randint(100, 9000)) / 7
        shares = {PLACES[0][1]: Decimal("0.7"), PLACES[1][1]: Decimal("0.3")}
        one = Priced(
            id=f"{len(self._crowd.priced) * 7919 % 65_521:016x}",
            verdict=self._verdict(key, "buy", "commitment-coverage"),
            before={Cell(key, "commitment"): before},
            left={Cell(key, "commitment"): self._random.choice((Decimal("0.7"), Decimal("0.6")))},
            cost=None,
            basis="billed",
            currency="USD",
            monthly_cost=cents(before),
            accounts=shares,
        )
        self._crowd.priced.append(one)

    def _account(self, place: tuple[str, str, str]) -> AccountCost:
        own = sum((cost for cell, cost in self._costs.items() if cell.key[:2] == place[:2]), ZERO)
        total = max(ZERO, own) * self._random.choice((Decimal("0.6"), ONE, Decimal(3)))
        unnamed = total / self._random.choice((3, 10, 1))
        basis = self._random.choice(("billed", "billed", "list"))
        return AccountCost(*place, basis, total, ZERO, ZERO, unnamed)  # type: ignore[arg-type]
