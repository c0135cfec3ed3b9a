"""What stays paid when a resource that commitments cover is removed or made smaller.

A covered machine costs a share of a commitment that is paid to its end. Without the machine that share either covers
other usage, which is then paid on demand no more, or it is paid for nothing. Only the first is saved.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import duckdb
import numpy as np

from finops.commitments.held import Reach, reaches
from finops.commitments.instruments import Series
from finops.commitments.sizing import Floats
from finops.commitments.usage import COMPONENT, Baseline, Held, Hours, epoch_hour, load_baselines
from finops.money import HOURS_PER_MONTH, cents, shown
from finops.verdicts import Key

_WINDOW = 720  # hours: what a resource costs is told of the last 30 days of the bill, too
_MONTH = float(HOURS_PER_MONTH)
_TEN = Decimal("1e-10")


class PoolKey(NamedTuple):
    """A held commitment of a payer."""

    cloud: str
    payer: str
    commitment_id: str


@dataclass(frozen=True, slots=True)
class Stay:
    """Of what a cell costs in 730 hours: the part that commitments pay, of this what other usage would absorb if the
    resource went whole, and what would stay paid for nothing. `pools` says how much each commitment absorbs."""

    committed: Decimal
    absorbed: Decimal
    currency: str
    pools: Mapping[PoolKey, Decimal]

    @property
    def stays(self) -> Decimal:
        return self.committed - self.absorbed

    def sentence(self, cost: Decimal) -> str:
        """What the finding says of it, beside the cost of the cell in 730 hours."""
        told = (
            f"{shown(self.committed, self.currency)} of its {shown(cost, self.currency)} a month are covered by a "
            "commitment that stays paid"
        )
        if cents(self.absorbed) <= 0:
            return f"{told}; no other usage would take its place"
        return f"{told}; {shown(self.absorbed, self.currency)} of it would cover other usage"


class _Stretch(NamedTuple):
    held: Held
    series: Series
    start: int
    hours: int
    cost: float
    list_cost: float


class Pools:
    """The held commitments of the bill, asked about single cells and about all of them together.

    Made once per audit from the rollup commitment_usage, of the last 30 days of each bill, before anything is accepted.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._baselines = load_baselines(con, last_hours=_WINDOW)
        self._reach = {payer: reaches(baseline) for payer, baseline in self._baselines.items()}
        self._stretches: dict[tuple[Key, str], list[_Stretch]] = defaultdict(list)
        for cloud, account, resource, commitment, kind, *rest in con.execute(_COVERED).fetchall():
            key = Key(cloud, account, resource)
            series = Series(*rest[:8])
            start, hours, cost, list_cost = rest[8:]
            held = Held(commitment, kind)
            self._stretches[(key, COMPONENT)].append(
                _Stretch(held, series, epoch_hour(start), int(hours), float(cost), float(list_cost))
            )

    def stays_paid(self, key: Key, component: str, share: Decimal = Decimal(1)) -> Stay | None:
        """What stays paid of a cell when `share` of it goes, as if it were the only one to go.

        None where no commitment of the bill covers it. Amounts are those of the share, in 730 hours.
        """
        stretches = self._stretches.get((key, component), [])
        stretches = [one for one in stretches if _payer(one.series) in self._baselines]
        if not stretches:
            return None
        committed, pools = 0.0, {}
        for held, mine in sorted(_by_held(stretches).items()):
            payer = _payer(mine[0].series)
            baseline = self._baselines[payer]
            cost, worth = self._along(baseline, mine, float(share))
            committed += float(cost.sum()) / baseline.hours * _MONTH
            pools[PoolKey(*payer, held.commitment_id)] = _exact(
                self._absorbable(baseline, held, cost, worth) / baseline.hours * _MONTH
            )
        return Stay(_exact(committed), sum(pools.values(), Decimal(0)), stretches[0].series.currency, pools)

    def caps(self) -> dict[PoolKey, Decimal]:
        """The most of each commitment's cost that other usage could absorb in 730 hours, if all it covers went.

        What all accepted actions together let it absorb is never more: the sum of `Stay.pools` over them, brought
        down to this.
        """
        caps = {}
        for payer, baseline in sorted(self._baselines.items()):
            for held in sorted(self._reach[payer]):
                hours = [one for (name, _), one in sorted(baseline.covered.items()) if name == held]
                cost = _sum(baseline, (one.cost for one in hours))
                worth = _sum(baseline, (one.list_cost for one in hours))
                most = self._absorbable(baseline, held, cost, worth) / baseline.hours * _MONTH
                caps[PoolKey(*payer, held.commitment_id)] = _exact(most)
        return caps

    def together(self, gone: Mapping[tuple[Key, str], Decimal]) -> dict[tuple[Key, str], Decimal]:
        """What each cell's commitments still absorb when all of them go at once, by the share of each that goes.

        Where they ask for more than a commitment's pool can take, each gets the same part of what it could have alone.
        """
        alone = {cell: self.stays_paid(*cell, share) for cell, share in sorted(gone.items())}
        return shared_out(
            {cell: dict(stay.pools) for cell, stay in alone.items() if stay is not None}, self.caps()
        )

    def _absorbable(self, baseline: Baseline, held: Held, cost: Floats, worth: Floats) -> float:
        """Of the commitment's cost in these hours what other usage of its pool would take, at the same discount."""
        reach: Reach = self._reach[baseline.payer][held]
        there = _sum(baseline, (baseline.open[series].list_cost for series in sorted(reach.series)))
        taken = np.divide(np.minimum(there, worth), worth, out=np.zeros_like(worth), where=worth > 0)
        return float((cost * taken).sum())

    @staticmethod
    def _along(baseline: Baseline, stretches: Iterable[_Stretch], share: float) -> tuple[Floats, Floats]:
        """What a cell's commitment costs hour by hour, and what the same would cost on demand."""
        figures = Hours(*np.zeros((3, len(baseline.known))))
        for one in stretches:
            begin = max(one.start - baseline.first_hour, 0)
            end = max(one.start + one.hours - baseline.first_hour, 0)
            figures.cost[begin:end] += one.cost * share
            figures.list_cost[begin:end] += one.list_cost * share
        return figures.cost[baseline.known], figures.list_cost[baseline.known]


def shared_out(
    alone: Mapping[tuple[Key, str], Mapping[PoolKey, Decimal]], caps: Mapping[PoolKey, Decimal]
) -> dict[tuple[Key, str], Decimal]:
    """What commitments absorb of each cell when all go at once, by what each absorbs when its cell goes alone."""
    asked: dict[PoolKey, Decimal] = defaultdict(Decimal)
    for pools in alone.values():
        for pool, amount in pools.items():
            asked[pool] += amount
    part = {pool: min(Decimal(1), caps[pool] / amount) for pool, amount in asked.items() if amount > 0}
    return {
        cell: sum((amount * part.get(pool, Decimal(0)) for pool, amount in pools.items()), Decimal(0))
        for cell, pools in alone.items()
    }


def _payer(series: Series) -> tuple[str, str]:
    return (series.cloud, series.payer)


def _by_held(stretches: Iterable[_Stretch]) -> dict[Held, list[_Stretch]]:
    found: dict[Held, list[_Stretch]] = defaultdict(list)
    for one in stretches:
        found[one.held].append(one)
    return found


def _sum(baseline: Baseline, arrays: Iterable[Floats]) -> Floats:
    return sum(arrays, np.zeros(baseline.hours))


def _exact(amount: float) -> Decimal:
    return Decimal(repr(amount)).quantize(_TEN)


_COVERED = """
SELECT cloud, account_id, resource_id, commitment_id, coalesce(commitment_type, ''),
    cloud, payer, CASE WHEN cloud = 'gcp' THEN account_id ELSE '' END, coalesce(region, 'global'), service, sku,
    platform, currency, hour_from, hours, cost, list_cost
FROM commitment_usage
WHERE commitment_id IS NOT NULL AND grain = 1 AND resource_id IS NOT NULL
ORDER BY ALL
"""
