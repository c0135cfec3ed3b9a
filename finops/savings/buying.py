"""Findings that say buy, as findings with money: what a commitment would cover, and what it costs instead."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb

from finops.money import cents
from finops.savings.actions import Cell
from finops.savings.netting import Choice
from finops.savings.priced import Priced, finding_id
from finops.verdicts import Key, Verdict

if TYPE_CHECKING:
    from finops.commitments import Purchases


def purchased(con: duckdb.DuckDBPyConnection, verdicts: Sequence[Verdict]) -> Iterator[Priced]:
    """The purchases that verdicts of the rules about rates propose; they exclude nothing and nothing excludes them,
    since each is sized on what all else leaves. Of several for one pool (a new commitment, a second-hand one) the one
    that saves most counts."""
    if not verdicts:
        return
    from finops.commitments import Purchases

    known = Purchases(con)
    found = [_priced(verdict, known) for verdict in verdicts]
    count_one_of_each_pool(found)
    yield from found


def count_one_of_each_pool(found: Iterable[Priced]) -> None:
    """Of counted purchases that cover the same usage leaves the one that saves most."""
    pools: dict[Key, list[Priced]] = defaultdict(list)
    for one in found:
        if one.choice.counted:
            pools[one.verdict.key].append(one)
    for alternatives in pools.values():
        first, *others = sorted(alternatives, key=lambda one: (-(one.saving or Decimal(0)), one.id))
        if others:
            first.choice = replace(first.choice, group=first.id)
        for one in others:
            one.choice = Choice(False, first.id, first.id)


def _priced(verdict: Verdict, known: "Purchases") -> Priced:
    bought = known.of(verdict)
    one = Priced(
        id=finding_id(verdict.rule.id, verdict.key),
        verdict=verdict,
        before={},
        left=None,
        cost=None,
        basis="none",
        currency=None,
        confidence=verdict.confidence,
        reasons=list(verdict.confidence_reasons),
    )
    if bought is None or bought.before <= 0:
        one.confidence = "low"
        one.reasons.append("what this commitment costs is not known")
        return one
    cell = Cell(verdict.key, "commitment")
    one.before, one.left = {cell: bought.before}, {cell: bought.after / bought.before}
    one.currency, one.monthly_cost = bought.currency, cents(bought.monthly_cost)
    one.basis = "list" if bought.listed else "billed"
    if bought.listed:
        one.confidence = "low" if one.confidence == "low" else "medium"
        one.reasons.append("at the list price of the commitment")
    one.sure = one.confidence
    one.accounts, one.own_span = bought.accounts, (bought.low, bought.high)
    if verdict.exemption is None:
        one.choice = Choice(True, taken={cell: one.saving or Decimal(0)})
    return one
