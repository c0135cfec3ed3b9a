"""What accounts cost in 730 hours: usage on the bill, subscriptions spread over their terms, else list prices."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

import duckdb

from finops.model import PriceBasis
from finops.money import HOURS_PER_MONTH
from finops.savings.costs import AccountCost, CostBook, Place
from finops.savings.estate import Resource, Volume
from finops.savings.listing import list_cost
from finops.savings.prices import SUBSCRIPTION
from finops.verdicts import Key

_SHORT_HOURS = 168  # a bill of less than a week says little about a month
_OLD = timedelta(days=35)


def load_accounts(con: duckdb.DuckDBPyConnection, book: CostBook, as_of: datetime) -> None:
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


def add_unbilled(con: duckdb.DuckDBPyConnection, book: CostBook) -> None:
    """Adds what usage on the bill does not hold: subscriptions, and the inventory of accounts without a bill."""
    judged = _judged_components(con)
    extra: dict[Place, _Extra] = defaultdict(_Extra)
    for key in sorted({*book.estate.resources, *book.subscribed}):
        for name, amount, currency, listed in _unbilled(key, book):
            extra[(key.cloud, key.account_id, currency)].add(
                amount, listed=listed, judged=bool(judged[key] & {"all", name})
            )
    rows = {(one.cloud, one.account_id, one.currency): one for one in book.accounts}
    for place, more in sorted(extra.items()):
        rows[place] = _account_with(rows.get(place), place, more, billed=place[:2] in book.bill_ends)
    book.accounts = list(rows.values())


@dataclass(slots=True)
class _Extra:
    """Monthly cost that usage on the bill does not hold; `listed` is the part that is priced from the list."""

    total: Decimal = Decimal(0)
    listed: Decimal = Decimal(0)
    judged: Decimal = Decimal(0)

    def add(self, amount: Decimal, *, listed: bool, judged: bool) -> None:
        self.total += amount
        self.listed += amount if listed else 0
        self.judged += amount if judged else 0


def _unbilled(key: Key, book: CostBook) -> Iterator[tuple[str, Decimal, str, bool]]:
    """The components of a resource that its usage on the bill does not hold: name, amount, currency, from the list."""
    resource = book.estate.resources.get(key)
    if key in book.subscribed:
        one = book.subscribed[key]
        yield from ((name, amount, one.currency, False) for name, amount in one.components.items())
        return
    if resource is None or _paid_with_machine(resource, book):
        return
    if (key.cloud, key.account_id) not in book.bill_ends:
        for name, part in (list_cost(resource, book.prices) or {}).items():
            yield name, part.value, part.currency, True
    elif resource.purchase_model == SUBSCRIPTION and (cost := book.of(key)):
        names = cost.listed if cost.basis == "billed" else cost.components
        yield from ((name, cost.components[name], cost.currency, True) for name in names)


def _paid_with_machine(resource: Resource, book: CostBook) -> bool:
    machine = resource.instance_id if isinstance(resource, Volume) else None
    return machine is not None and book.ordered_with(resource.key._replace(resource_id=machine), resource.key)


def _account_with(known: AccountCost | None, place: Place, more: _Extra, *, billed: bool) -> AccountCost:
    if not billed:
        note = (
            "list prices: no bill is loaded"
            if more.listed
            else "orders of subscriptions: no usage is on the bill"
        )
        basis: PriceBasis = "list" if more.listed else "billed"
        return AccountCost(*place, basis, more.total, more.judged, more.total, note=note)
    if known is None:
        known = AccountCost(*place, "billed", Decimal(0), Decimal(0), Decimal(0))
    return replace(
        known,
        total=known.total + more.total,
        judged=known.judged + more.judged,
        judgeable=known.judgeable + more.total,
        unnamed=known.unnamed + more.listed,
        note=known.note
        or (
            "some subscriptions at list prices: the bill does not hold their orders" if more.listed else None
        ),
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


def _judged_components(con: duckdb.DuckDBPyConnection) -> dict[Key, set[str]]:
    """What some rule judged of each resource, component by component."""
    components: dict[Key, set[str]] = defaultdict(set)
    for *place, component in con.execute(f"SELECT DISTINCT * FROM ({_JUDGED})").fetchall():  # noqa: S608
        components[Key(*place)].add(component)
    return components


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
