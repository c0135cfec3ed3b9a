"""Accepted waste: priced on what counted findings leave, each piece of cost once, in no saving."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops.errors import InvariantError
from finops.model import Action, Exemption
from finops.savings import exempting, invariants
from finops.savings.actions import Cell
from finops.savings.chains import effects
from finops.savings.costs import AccountCost, Cost, CostBook
from finops.savings.counting import count
from finops.savings.estate import Estate
from finops.savings.netting import Choice
from finops.savings.priced import Priced
from finops.savings.prices import PriceBook
from finops.savings.settling import settle
from finops.verdicts import Key, RuleFacts, Verdict

NOBODY = Exemption(owner="Ann", reason="why not", expires_at=datetime(2027, 1, 1), source="a file")
ZERO = Decimal("0.00")


def finding(
    name: str,
    cells: dict[str, tuple[str, str]],
    *,
    exempt: bool = False,
    resource: str = "i-1",
    action: Action = "terminate",
) -> Priced:
    """A finding on one resource: for each of its components what it costs and what the action leaves."""
    facts = RuleFacts(name, name, "unused", "low", "low", (), {})
    key = Key("aws", "1", resource)
    verdict = Verdict(
        facts,
        key,
        "r",
        "instance",
        action,
        "It is.",
        ("all",),
        {},
        {},
        {},
        exemption=NOBODY if exempt else None,
    )
    before = {Cell(key, component): Decimal(cost) for component, (cost, _) in cells.items()}
    left = {
        Cell(key, component): Decimal(then) / Decimal(now) if Decimal(now) else Decimal(1)
        for component, (now, then) in cells.items()
    }
    cost = Cost({cell.component: amount for cell, amount in before.items()}, "USD", "billed")
    return Priced(name, verdict, before, left, cost, "billed", "USD", monthly_cost=Decimal("100.00"))


def account(total: str = "1000") -> AccountCost:
    return AccountCost("aws", "1", "USD", "billed", Decimal(total), ZERO, ZERO)


def assessed(*priced: Priced, total: str = "1000") -> dict[str, tuple[Decimal | None, ...]]:
    """Gross, net and waste by finding, as assess() makes them."""
    book = CostBook(Estate(), PriceBook({}, {}), accounts=[account(total)])
    waiting = exempting.pending(priced)
    count(waiting, effects(waiting, book))
    settle(priced, book.accounts)
    exempting.price_waste(priced, book)
    invariants.check(priced, book.accounts)
    return {one.id: (one.monthly_savings, one.net_savings, one.waste) for one in priced}


def amounts(*texts: str | None) -> tuple[Decimal | None, ...]:
    return tuple(None if text is None else Decimal(text) for text in texts)


def test_an_exempt_finding_alone_wastes_all_that_it_would_save() -> None:
    found = assessed(finding("idle", {"compute": ("80", "0"), "storage": ("20", "0")}, exempt=True))
    assert found == {"idle": amounts("100.00", "0.00", "100.00")}


def test_an_exempt_winner_lets_its_alternative_count_and_wastes_what_that_leaves() -> None:
    resize = {"compute": ("80", "40")}
    idle = {"compute": ("80", "0"), "storage": ("20", "0")}
    assert assessed(finding("resize", resize, action="resize"), finding("idle", idle, exempt=True)) == {
        "resize": amounts("40.00", "40.00", None),
        "idle": amounts("100.00", "0.00", "60.00"),
    }
    assert assessed(finding("resize", resize, action="resize"), finding("idle", idle))["resize"] == amounts(
        "40.00", "0.00", None
    )


COUNTED = {
    "idle": ("terminate", "0"),
    "small": ("resize", "40"),
    "smallest": ("resize", "20"),
    "spot": ("spot", "30"),
    "hours": ("schedule", "60"),
}


@pytest.mark.parametrize(
    ("counted", "exempt", "waste"),
    [
        ("idle", "spot", "0.00"),
        ("spot", "idle", "30.00"),
        ("smallest", "small", "0.00"),
        ("small", "smallest", "20.00"),
        ("hours", "small", "30.00"),  # half of the 60 that are left
        ("small", "hours", "10.00"),  # a quarter of the 40 that are left
        ("small", "spot", "10.00"),  # the spot price of the smaller size is not known: alternatives
        ("spot", "small", "0.00"),
    ],
)
def test_waste_is_what_goes_beyond_the_counted_action(counted: str, exempt: str, waste: str) -> None:
    one, other = (
        finding(name, {"compute": ("80", COUNTED[name][1])}, action=COUNTED[name][0], exempt=name == exempt)  # type: ignore[arg-type]
        for name in (counted, exempt)
    )
    found = assessed(one, other)
    assert found[exempt][1:] == amounts("0.00", waste)
    assert found[counted][1] == Decimal(80) - Decimal(COUNTED[counted][1])


def test_two_exempt_findings_on_the_same_cost_waste_it_once_and_supersede_nobody() -> None:
    idle = finding("idle", {"compute": ("80", "0")}, exempt=True)
    spot = finding("spot", {"compute": ("80", "30")}, exempt=True, action="spot")
    assert assessed(idle, spot) == {
        "idle": amounts("80.00", "0.00", "80.00"),
        "spot": amounts("50.00", "0.00", "0.00"),
    }
    assert {one.choice.superseded_by for one in (idle, spot)} == {None}


def test_an_exempt_finding_without_a_price_wastes_an_unknown_amount() -> None:
    unpriced = finding("idle", {"compute": ("80", "0")}, exempt=True)
    unpriced.left = None
    assert assessed(unpriced) == {"idle": amounts(None, None, None)}


def test_savings_and_waste_together_stay_within_what_the_account_costs() -> None:
    found = assessed(
        finding("idle", {"compute": ("80", "0")}),
        finding("other", {"compute": ("60", "0")}, exempt=True, resource="i-2"),
        total="100",
    )
    assert found == {"idle": amounts("80.00", "80.00", None), "other": amounts("60.00", "0.00", "20.00")}


def purchase(saving: str, *, exempt: bool = False, account: str = "1") -> Priced:
    """A commitment that covers 500.00 of an account's cost."""
    one = finding(
        "buy",
        {"commitment": ("500", str(500 - Decimal(saving)))},
        action="buy",
        resource="plan",
        exempt=exempt,
    )
    one.accounts, one.monthly_cost = {account: Decimal(1)}, Decimal("500.00")
    if not exempt:
        one.choice = Choice(True, taken=dict.fromkeys(one.before, one.saving or ZERO))
    return one


def bought(*usage: Priced, buy: Priced) -> dict[str, tuple[Decimal | None, ...]]:
    """The same with a purchase, which is settled after the netting."""
    book = CostBook(Estate(), PriceBook({}, {}), accounts=[account()])
    count(exempting.pending(usage), effects(usage, book))
    priced = [*usage, buy]
    settle(priced, book.accounts)
    exempting.price_waste(priced, book)
    invariants.check(priced, book.accounts)
    return {one.id: (one.monthly_savings, one.net_savings, one.waste) for one in priced}


def test_what_a_purchase_saves_is_no_waste_of_what_it_covers() -> None:
    idle = finding("idle", {"compute": ("100", "0")}, exempt=True)
    found = bought(idle, buy=purchase("150"))
    assert found == {"idle": amounts("100.00", "0.00", "85.00"), "buy": amounts("150.00", "150.00", None)}


def test_an_exempt_purchase_wastes_what_it_would_save_even_where_its_own_account_costs_nothing() -> None:
    buy = purchase("150", exempt=True)
    buy.verdict = replace(buy.verdict, key=Key("aws", "payer", "plan"))
    buy.before = {Cell(buy.verdict.key, "commitment"): amount for amount in buy.before.values()}
    buy.left = {Cell(buy.verdict.key, "commitment"): share for share in (buy.left or {}).values()}
    assert bought(buy=buy) == {"buy": amounts("150.00", "0.00", "150.00")}


def test_many_exempt_findings_beside_many_counted_ones_take_no_time_together() -> None:
    many = [
        finding(f"f{n}", {"compute": ("1", "0")}, resource=f"i-{n}", exempt=n % 2 == 0) for n in range(2000)
    ]
    found = assessed(*many, total="2000")
    assert sum((waste or ZERO for _, _, waste in found.values()), ZERO) == 1000


def test_waste_beyond_the_cost_is_a_bug_of_ours() -> None:
    one = finding("idle", {"compute": ("80", "0")}, exempt=True)
    one.waste = Decimal("80.00")
    with pytest.raises(InvariantError, match="more than it costs"):
        exempting._check([one], [account("79.99")], {})


COST = st.decimals(0, 500, places=4)
LEFT = st.decimals(0, 1, places=3)


@given(
    costs=st.lists(COST, min_size=2, max_size=4),
    actions=st.lists(
        st.tuples(
            st.sets(st.integers(0, 3), min_size=1),
            LEFT,
            st.booleans(),
            st.sampled_from(["terminate", "resize", "schedule", "spot"]),
        ),
        max_size=6,
    ),
    swapped=st.randoms(use_true_random=False),
)
def test_savings_and_waste_are_never_more_than_the_cost_whatever_is_exempt(
    costs: list[Decimal], actions: list[tuple[set[int], Decimal, bool, Action]], swapped: object
) -> None:
    def build() -> list[Priced]:
        made = []
        for number, (cells, share, exempt, action) in enumerate(actions):
            left = Decimal(0) if action == "terminate" else share
            pieces = {str(n): (str(costs[n]), str(costs[n] * left)) for n in cells if n < len(costs)}
            one = finding(f"f{number}", pieces, exempt=exempt, action=action)
            one.monthly_cost = sum(costs, Decimal(0)).quantize(Decimal("0.01"))
            made.append(one)
        return made

    total = str(sum(costs, Decimal(0)))
    found = assessed(*build(), total=total)
    again = build()
    swapped.shuffle(again)  # type: ignore[attr-defined]
    assert assessed(*again, total=total) == found
    net = sum((amount[1] or ZERO for amount in found.values()), ZERO)
    waste = sum((amount[2] or ZERO for amount in found.values()), ZERO)
    assert net + waste <= Decimal(total).quantize(Decimal("0.01"))
    for number, (_, _, exempt, _) in enumerate(actions):
        gross, counted, wasted = found[f"f{number}"]
        assert (wasted is not None) is exempt
        assert not exempt or (counted == 0 and wasted is not None and gross is not None and wasted <= gross)
    none, all_of_them = build(), build()
    for one in none:
        one.verdict = replace(one.verdict, exemption=None)
    for one in all_of_them:
        one.verdict = replace(one.verdict, exemption=NOBODY)
    nets = {name: amount[1] for name, amount in assessed(*none, total=total).items()}
    assert {name: amount[2] for name, amount in assessed(*all_of_them, total=total).items()} == nets
