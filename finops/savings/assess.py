"""Prices findings and nets them. Exact until the last step, where cents are settled so that parts sum up."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import duckdb

from finops.model import PriceBasis
from finops.money import cents
from finops.overlap_model import Overlap
from finops.savings import exempting, invariants
from finops.savings.actions import Cell
from finops.savings.buying import purchased
from finops.savings.chains import accepted, effects
from finops.savings.costs import AccountCost, Cost, CostBook
from finops.savings.counting import count
from finops.savings.covered import Covered
from finops.savings.estate import Asset, Estate, load_estate
from finops.savings.intervals import spans
from finops.savings.listing import quantities
from finops.savings.loading import load_costs
from finops.savings.overlapping import overlaps
from finops.savings.priced import Priced, finding_id
from finops.savings.prices import PriceBook, load_prices
from finops.savings.rates import remaining_ratio, removes
from finops.savings.settling import settle
from finops.savings.variation import load_variation
from finops.verdicts import Key, Verdict

Buy = Callable[[], Sequence[Verdict]]


@dataclass(frozen=True, slots=True)
class Assessment:
    """All findings with their money, what every account costs, and the interval of each currency's total.

    `overlaps` tell of the findings, by id, that meet others on their cost or at a limit.
    """

    priced: list[Priced]
    accounts: list[AccountCost]
    estate: Estate
    prices: PriceBook
    overlaps: Mapping[str, Overlap]
    spans: Mapping[str, tuple[Decimal, Decimal]]


def assess(
    con: duckdb.DuckDBPyConnection,
    verdicts: Sequence[Verdict],
    as_of: datetime,
    min_savings: Decimal | None = None,
    buy: Buy | None = None,
) -> Assessment:
    """Prices `verdicts` on a connection that holds the rollups and the table `judged`, then nets them.

    `buy` is asked for the verdicts about rates once the actions about usage are accepted; it finds what these leave in
    the temporary table `accepted`. Findings that save nothing at known prices are left out, and so are those below
    `min_savings`, before netting, so that every filter is netted anew. Raises InvariantError when a promise of the
    arithmetic is broken, which would be a bug.
    """
    from finops.commitments import Pools

    estate = load_estate(con)
    prices = load_prices(con, as_of, quantities(estate))
    reach = [estate.reach(one.key, one.components, one.region) for one in verdicts]
    keys = {key for keys in reach for key in keys} | {verdict.key for verdict in verdicts}
    book = load_costs(con, estate, prices, keys, as_of)
    covered = Covered(Pools(con))
    priced = [_price(verdict, keys, book, covered) for verdict, keys in zip(verdicts, reach, strict=True)]
    kept = [one for one in priced if _worth_saying(one, min_savings)]
    for one in kept:
        one.sure = one.confidence
    acts, pending = effects(kept, book), exempting.pending(kept)
    count(pending, acts)
    covered.share_out(pending)
    if buy is not None:
        _keep_accepted(con, pending)
        kept += [one for one in purchased(con, buy()) if _worth_saying(one, min_savings)]
    settle(kept, book.accounts)
    exempting.price_waste(kept, book)
    invariants.check(kept, book.accounts)
    found = spans(kept, load_variation(con, [one.verdict for one in kept], as_of))
    for one in kept:
        one.span = found.of.get(one.id)
        one.span_basis = found.basis.get(one.id)
    shipped = overlaps(kept, acts, book.accounts, covered.caps(kept))
    return Assessment(kept, book.accounts, estate, prices, shipped, found.totals)


def _keep_accepted(con: duckdb.DuckDBPyConnection, priced: Sequence[Priced]) -> None:
    """Writes what the counted findings leave into the temporary table `accepted`."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE accepted (cloud VARCHAR, account_id VARCHAR, resource_id VARCHAR, "
        "component VARCHAR, remaining DOUBLE, action VARCHAR, instance_type VARCHAR)"
    )
    if rows := list(accepted(priced)):
        marks = ", ".join(["unnest(?)"] * len(rows[0]))
        con.execute(
            f"INSERT INTO accepted SELECT {marks}", [list(column) for column in zip(*rows, strict=True)]
        )


def _worth_saying(one: Priced, min_savings: Decimal | None) -> bool:
    saving = one.saving
    if saving is None:
        return min_savings is None
    if min_savings is not None and saving < min_savings:
        return False
    return saving > 0 or removes(one.verdict)


# --- price ------------------------------------------------------------------------------------------------


def _price(verdict: Verdict, children: Iterable[Key], book: CostBook, covered: Covered) -> Priced:
    group = book.estate.is_group(verdict)
    cost = None if group else book.of(verdict.key)
    own = _own_cells(verdict, cost)
    one = Priced(
        id=finding_id(
            verdict.rule.id,
            verdict.key,
            verdict.region if book.estate.repeats(verdict.key, group=group) else None,
        ),
        verdict=verdict,
        before=own,
        left=None,
        cost=cost,
        basis="none",
        currency=cost.currency if cost else None,
        listed={cell for cell in own if cost and (cost.basis == "list" or cell.component in cost.listed)},
        confidence=verdict.confidence,
        reasons=list(verdict.confidence_reasons),
    )
    _add_children(one, children, book)
    one.before = dict(sorted(one.before.items()))  # sums of 28 digits depend on their order
    if cost or one.before:
        one.monthly_cost = cents((cost.total if cost else Decimal(0)) + _child_total(one))
    if not one.before:
        return _unpriced(one, _why_no_cost(verdict, cost, book))
    one.basis = _basis(one)
    ratio, why_not = remaining_ratio(one, book)
    if ratio is None:
        return _unpriced(one, why_not)
    one.left = dict.fromkeys(one.before, ratio)
    if removes(verdict) and (one.saving or 0) < 0:
        return _unpriced(one, "what it was charged in this window is negative, as after a refund")
    covered.keep_paid(one)
    if isinstance(book.estate.resources.get(verdict.key), Asset):
        _keep_committed(one)
    _judge_price(one)
    return one


def _keep_committed(one: Priced) -> None:
    """Of services whose commitments are in no pool: what one pays of a cell stays paid whatever becomes of it."""
    parts = one.cost.committed_parts if one.cost else {}
    for cell in one.left or {}:
        cost = one.before[cell]
        if one.left is not None and cell not in one.paid and cost > 0 and cell.key == one.verdict.key:
            one.left[cell] = max(
                one.left[cell], min(Decimal(1), parts.get(cell.component, Decimal(0)) / cost)
            )


def _why_no_cost(verdict: Verdict, cost: Cost | None, book: CostBook) -> str:
    if "commitment" in verdict.components:
        return "what is committed is paid to its end, so that no saving is claimed"
    if verdict.key in book.estate.ambiguous:
        return "its id stands for several resources of the account, and the bill does not tell which"
    if cost and cost.basis == "list":
        return "no bill tells what this costs"
    if cost:
        return "the bill does not tell which part of its cost this changes"
    return "neither the bill nor a list price tells what it costs"


def _own_cells(verdict: Verdict, cost: Cost | None) -> dict[Cell, Decimal]:
    if cost is None:
        return {}
    named = cost.components if "all" in verdict.components else set(verdict.components) & set(cost.components)
    return {Cell(verdict.key, component): cost.components[component] for component in named}


def _add_children(one: Priced, children: Iterable[Key], book: CostBook) -> None:
    billed = one.cost is not None and one.cost.basis == "billed"
    for child in children:
        if book.free(child):
            continue
        if book.ordered_with(one.verdict.key, child):
            one.before[Cell(child, "storage")] = Decimal(0)
            continue
        cost = book.of(child)
        if cost is None:
            one.doubt(f"the cost of {child.resource_id}, which goes with it, is not known")
            continue
        if cost.basis == "list" and billed:
            # The bill charges some children under their parent's id: what is claimed is theirs, at no further cost.
            one.before.update({Cell(child, name): Decimal(0) for name in cost.components})
            continue
        if one.currency is None:
            one.currency = cost.currency
        if cost.currency != one.currency:
            one.doubt(f"the cost of {child.resource_id}, which goes with it, is in {cost.currency}")
            continue
        cells = {Cell(child, name): amount for name, amount in cost.components.items()}
        one.before.update(cells)
        one.child_committed += cost.committed
        one.listed.update(cells if cost.basis == "list" else ())


def _basis(one: Priced) -> PriceBasis:
    """From the list when any of its money is; what costs nothing (a machine that is off) does not decide."""
    money = {cell for cell in one.before if one.before[cell]} or set(one.before)
    return "list" if money & one.listed else "billed"


def _child_total(one: Priced) -> Decimal:
    mine = one.verdict.key
    return sum((amount for cell, amount in one.before.items() if cell.key != mine), Decimal(0))


def _unpriced(one: Priced, reason: str) -> Priced:
    one.left, one.basis = None, "none"
    one.confidence = "low"
    one.reasons.append(reason)
    return one


def _judge_price(one: Priced) -> None:
    cost = one.cost
    if one.basis == "list":
        one.doubt("at list prices" + (f": {cost.note}" if cost and cost.note else ""))
    elif cost and cost.basis == "billed" and cost.note:
        one.doubt(cost.note)
    committed, total = (cost.committed, cost.total) if cost else (one.child_committed, one.monthly_cost)
    if not one.paid and total and total > 0 and committed / total > Decimal("0.1"):
        share = committed / total
        one.confidence = "low"
        one.reasons.append(
            f"{share:.0%} of its cost is covered by a commitment that is paid whether it is used or not"
        )
