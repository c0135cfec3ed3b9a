"""Reads what resources and accounts cost from the rollups of an open warehouse."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import duckdb

from finops.money import HOURS_PER_MONTH
from finops.savings.accounts import add_unbilled, load_accounts
from finops.savings.costs import Cost, CostBook
from finops.savings.estate import Estate
from finops.savings.prices import SUBSCRIPTION, PriceBook
from finops.savings.subscriptions import load_subscriptions
from finops.verdicts import Key


def load_costs(
    con: duckdb.DuckDBPyConnection, estate: Estate, prices: PriceBook, keys: set[Key], as_of: datetime
) -> CostBook:
    """Costs of `keys` and of every account, from the rollup `cost` and the table `judged`."""
    book = CostBook(estate, prices)
    ahead = {key for key, one in estate.resources.items() if one.purchase_model == SUBSCRIPTION}
    book.subscribed = {
        key: one for key, one in load_subscriptions(con, as_of).items() if _may_be_ordered(key, estate)
    }
    load_accounts(con, book, as_of)
    _load_billed(con, book, keys | ahead)
    add_unbilled(con, book)
    return book


def _may_be_ordered(key: Key, estate: Estate) -> bool:
    """Whether the inventory has nothing against an order on the bill: what was turned into pay-as-you-go has ended."""
    resource = estate.resources.get(key)
    return key not in estate.ambiguous and (
        resource is None or resource.purchase_model in (None, SUBSCRIPTION)
    )


def _load_billed(con: duckdb.DuckDBPyConnection, book: CostBook, keys: set[Key]) -> None:
    con.execute(
        "CREATE OR REPLACE TEMP TABLE wanted (cloud VARCHAR, account_id VARCHAR, resource_id VARCHAR)"
    )
    if not keys:
        return
    clouds, accounts, ids = (list(column) for column in zip(*sorted(keys), strict=True))
    con.execute("INSERT INTO wanted SELECT unnest(?), unnest(?), unnest(?)", [clouds, accounts, ids])
    rows: dict[Key, list[_Part]] = defaultdict(list)
    for row in con.execute(_BILLED).fetchall():
        rows[Key(*row[:3])].append(_Part(*row[3:]))
    for key, parts in rows.items():
        if key not in book.estate.ambiguous:
            book.billed[key] = _billed_cost(parts, book.notes.get((key.cloud, key.account_id)))


class _Part(NamedTuple):
    """What the rollup `cost` says of one component."""

    component: str
    currency: str
    cost: Decimal
    committed: Decimal
    listed: Decimal | None
    discounted: Decimal | None
    covered: Decimal | None
    hours: float
    window_start: datetime
    window_end: datetime


def _billed_cost(parts: list[_Part], note: str | None) -> Cost:
    """One resource's cost from its rows. Charged in two currencies, the larger one counts and a note says so."""
    by_currency: dict[str, Decimal] = defaultdict(Decimal)
    for part in parts:
        by_currency[part.currency] += part.cost
    main = max(by_currency, key=lambda currency: (by_currency[currency], currency))
    if len(by_currency) > 1:
        note = "it is billed in several currencies, of which one is counted"
    mine = [part for part in parts if part.currency == main]
    hours = Decimal(repr(mine[0].hours))
    month = HOURS_PER_MONTH / hours
    listed = sum((part.listed for part in mine if part.listed), Decimal(0))
    return Cost(
        components={part.component: part.cost * month for part in mine},
        currency=main,
        basis="billed",
        committed=sum((part.committed for part in mine), Decimal(0)) * month,
        committed_parts={part.component: part.committed * month for part in mine if part.committed > 0},
        discount=_share(sum((part.discounted for part in mine if part.discounted), Decimal(0)), listed),
        covered=_share(sum((part.covered for part in mine if part.covered), Decimal(0)), listed),
        billed=by_currency[main],
        hours=hours,
        window_start=mine[0].window_start,
        window_end=mine[0].window_end,
        note=note,
    )


def _share(part: Decimal, whole: Decimal) -> float | None:
    return float(part / whole) if whole > 0 else None


_BILLED = """
SELECT c.cloud, c.account_id, c.resource_id, c.component, c.currency, c.cost, c.committed_cost, c.list_cost,
    c.discounted_cost, c.covered_list_cost, c.hours, c.window_start, c.window_end
FROM cost AS c
SEMI JOIN wanted AS w ON w.cloud = c.cloud AND w.account_id = c.account_id AND w.resource_id = c.resource_id
ORDER BY ALL
"""
