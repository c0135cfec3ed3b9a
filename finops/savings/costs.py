"""What resources and accounts cost in 730 hours: from the bill where it names them, else from list prices."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import duckdb

from finops.model import PriceBasis
from finops.money import HOURS_PER_MONTH
from finops.savings.estate import Estate, Instance, Resource
from finops.savings.prices import PriceBook, costs_while_off, list_cost, total_list_cost
from finops.verdicts import Key

_SHORT_HOURS = 168  # a bill of less than a week says little about a month
_OLD = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Cost:
    """The monthly cost of one resource by component, in one currency, and where it comes from.

    `discount` is effective over public price (0.7 is 30 % off), `covered` the share of what it would cost at public
    prices that commitments cover; None where the bill has no public prices.
    """

    components: dict[str, Decimal]
    currency: str
    basis: PriceBasis
    committed: Decimal = Decimal(0)
    discount: float | None = None
    covered: float | None = None
    billed: Decimal | None = None
    hours: Decimal | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None
    note: str | None = None

    @property
    def total(self) -> Decimal:
        return sum(self.components.values(), Decimal(0))


@dataclass(frozen=True, slots=True)
class AccountCost:
    """The monthly cost of one account in one currency.

    `judged` of `judgeable` is what some rule judged of what costs anything (refunds left out); `unnamed` is the
    part of the bill that names no resource.
    """

    cloud: str
    account_id: str
    currency: str
    basis: PriceBasis
    total: Decimal
    judged: Decimal
    judgeable: Decimal
    unnamed: Decimal = Decimal(0)
    window_start: datetime | None = None
    window_end: datetime | None = None
    note: str | None = None


@dataclass(slots=True)
class CostBook:
    """Costs of the resources that were asked for, and of every account."""

    estate: Estate
    prices: PriceBook
    billed: dict[Key, Cost] = field(default_factory=dict)
    accounts: list[AccountCost] = field(default_factory=list)
    bill_ends: dict[tuple[str, str], datetime] = field(default_factory=dict)
    notes: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def of(self, key: Key) -> Cost | None:
        """The cost of a resource; None when neither the bill nor a list price tells."""
        resource = self.estate.resources.get(key)
        if key in self.billed:
            return _as_it_is_now(self.billed[key], resource)
        return None if resource is None or key in self.estate.ambiguous else self._listed(resource)

    def _listed(self, resource: Resource) -> Cost | None:
        parts = list_cost(resource, self.prices)
        if parts is None:
            return None
        currency = next(iter(parts.values())).currency
        place = (resource.key.cloud, resource.key.account_id)
        note = "the bill does not name it" if place in self.bill_ends else None
        return Cost({name: part.value for name, part in parts.items()}, currency, "list", note=note)


def load_costs(
    con: duckdb.DuckDBPyConnection, estate: Estate, prices: PriceBook, keys: set[Key], as_of: datetime
) -> CostBook:
    """Costs of `keys` and of every account, from the rollup `cost` and the table `judged`."""
    book = CostBook(estate, prices)
    _load_accounts(con, book, as_of)
    _load_billed(con, book, keys)
    return book


def _as_it_is_now(cost: Cost, resource: Resource | None) -> Cost:
    """The cost of a resource as it goes on: a machine that is off pays for itself no more."""
    if not isinstance(resource, Instance):
        return cost
    if resource.state != "running" and not costs_while_off(resource):
        rest = {name: amount for name, amount in cost.components.items() if name != "compute"}
        return replace(cost, components=rest)
    young = resource.launched_at and cost.window_start and resource.launched_at > cost.window_start
    if young and not cost.note:
        return replace(cost, note="it is younger than the window of the bill, so a whole month costs more")
    return cost


def _load_accounts(con: duckdb.DuckDBPyConnection, book: CostBook, as_of: datetime) -> None:
    for row in con.execute(_ACCOUNTS).fetchall():
        cloud, account, currency, cost, judged, judgeable, unnamed, hours, start, end, basis = row
        month = HOURS_PER_MONTH / Decimal(repr(hours))
        note = bill_note(basis, hours, end, as_of)
        total, judged, judgeable, unnamed = (amount * month for amount in (cost, judged, judgeable, unnamed))
        book.accounts.append(
            AccountCost(
                cloud, account, currency, "billed", total, judged, judgeable, unnamed, start, end, note
            )
        )
        book.bill_ends[(cloud, account)] = end
        book.notes[(cloud, account)] = note
    judged_by_account = _judged_list_cost(con, book)
    for (cloud, account, currency), total in sorted(total_list_cost(book.estate, book.prices).items()):
        if (cloud, account) not in book.bill_ends:
            judged = judged_by_account.get((cloud, account, currency), Decimal(0))
            book.accounts.append(
                AccountCost(
                    cloud,
                    account,
                    currency,
                    "list",
                    total,
                    judged,
                    total,
                    note="list prices: no bill is loaded",
                )
            )


def bill_note(basis: str, hours: float, end: datetime, as_of: datetime) -> str | None:
    """What makes the month of a bill less sure than it looks."""
    if basis == "billed":
        return "billed cost, because the effective cost of this bill is unusable"
    if hours < _SHORT_HOURS:
        return f"the bill covers only {hours:g} hours"
    if as_of - end > _OLD:
        return f"the bill ends {(as_of - end).days} days before"
    return None


def _judged_list_cost(con: duckdb.DuckDBPyConnection, book: CostBook) -> dict[tuple[str, str, str], Decimal]:
    """List cost of what some rule judged, by (cloud, account, currency), where there is no bill."""
    components: dict[Key, set[str]] = defaultdict(set)
    for *place, component in con.execute(f"SELECT DISTINCT * FROM ({_JUDGED})").fetchall():  # noqa: S608
        components[Key(*place)].add(component)
    totals: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for key, judged in components.items():
        if (key.cloud, key.account_id) in book.bill_ends or key not in book.estate.resources:
            continue
        for name, amount in (list_cost(book.estate.resources[key], book.prices) or {}).items():
            if judged & {"all", name}:
                totals[(key.cloud, key.account_id, amount.currency)] += amount.value
    return totals


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


# What the rules judged, component by component: a rule about traffic says nothing about the machine.
_JUDGED = """
    SELECT cloud, account_id, resource_id, trim(unnest(string_split(components, ','))) AS component
    FROM judged
    WHERE verdict <> 'not_evaluated'
"""
_ACCOUNTS = f"""
WITH seen AS (SELECT DISTINCT * FROM ({_JUDGED})),
whole AS (SELECT DISTINCT cloud, account_id, resource_id FROM seen WHERE component = 'all')
SELECT c.cloud, c.account_id, c.currency, sum(c.cost) AS cost,
    sum(CASE WHEN w.resource_id IS NOT NULL OR s.resource_id IS NOT NULL THEN greatest(c.cost, 0) ELSE 0 END) AS judged,
    sum(greatest(c.cost, 0)) AS judgeable,
    greatest(0, sum(
        CASE WHEN c.resource_id IS NULL AND c.component <> 'commitment_unused' THEN c.cost ELSE 0 END)) AS unnamed,
    max(c.hours) AS hours, min(c.window_start) AS window_start, max(c.window_end) AS window_end, min(c.basis) AS basis
FROM cost AS c
LEFT JOIN whole AS w ON w.cloud = c.cloud AND w.account_id = c.account_id AND w.resource_id = c.resource_id
LEFT JOIN seen AS s ON s.cloud = c.cloud AND s.account_id = c.account_id AND s.resource_id = c.resource_id
    AND s.component = c.component
GROUP BY c.cloud, c.account_id, c.currency
ORDER BY ALL
"""  # noqa: S608 - put together from constants
_BILLED = """
SELECT c.cloud, c.account_id, c.resource_id, c.component, c.currency, c.cost, c.committed_cost, c.list_cost,
    c.discounted_cost, c.covered_list_cost, c.hours, c.window_start, c.window_end
FROM cost AS c
SEMI JOIN wanted AS w ON w.cloud = c.cloud AND w.account_id = c.account_id AND w.resource_id = c.resource_id
ORDER BY ALL
"""
