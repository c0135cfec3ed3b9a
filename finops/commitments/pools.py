"""Pools of usage, and whose they are."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping

from finops.commitments.instruments import Instrument, Pool, Series, pool_of
from finops.commitments.usage import Baseline, Hours
from finops.money import HOURS_PER_MONTH

RULE = "commitment-coverage"
_SOLE = 0.99  # from this share on, a pool is one account's


def pools_of(instrument: Instrument, used: Mapping[Series, Hours]) -> dict[Pool, dict[Series, Hours]]:
    pools: dict[Pool, dict[Series, Hours]] = defaultdict(dict)
    for series, hours in used.items():
        pool = pool_of(instrument, series)
        if pool:
            pools[pool][series] = hours
    return pools


def about_pool(
    instrument: Instrument,
    pool: Pool,
    members: Mapping[Series, Hours],
    baseline: Baseline,
    costs: Mapping[Series, Mapping[str, float]],
) -> dict[str, object]:
    shares = _shares(members, costs)
    cloud, payer = baseline.payer
    account = _owner(shares, payer)
    currency = next(iter(members)).currency
    return {
        "cloud": cloud,
        "account_id": account,
        "region": pool.region,
        "resource_id": pool.id,
        "instrument": instrument.title,
        "level": instrument.level,
        "family_group": pool.family_group,
        "payer_group": pool.payer_group,
        "covers": pool.covers,
        "currency": currency,
        "problem": None,
        "days": baseline.days,
        "accounts": json.dumps(shares, sort_keys=True),
        "seed": "|".join((RULE, cloud, account, pool.id)),
    }


def _shares(members: Iterable[Series], costs: Mapping[Series, Mapping[str, float]]) -> dict[str, float]:
    """What share of the pool's usage each account has, six digits."""
    sums: dict[str, float] = defaultdict(float)
    for series in members:
        for account, cost in costs.get(series, {}).items():
            sums[account] += cost
    total = sum(sums.values())
    return {account: round(cost / total, 6) for account, cost in sorted(sums.items())} if total > 0 else {}


def _owner(shares: Mapping[str, float], payer: str) -> str:
    """The account that would buy: the only one with usage of note, else the payer, where purchases are shared."""
    most = max(shares, key=lambda account: (shares[account], account), default=payer)
    return most if shares.get(most, 0) >= _SOLE else payer


def month_of(members: Mapping[Series, Hours]) -> float:
    """What the pool costs on demand in 730 hours."""
    return sum(float(hours.cost.mean()) for hours in members.values()) * float(HOURS_PER_MONTH)
