"""Intervals: how far a saving may differ from its number, and how often the month to come lies inside."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pytest

from finops.savings.actions import Cell
from finops.savings.intervals import ASSUMED, DAYS, LISTED, Spans, spans
from finops.savings.netting import Choice
from finops.savings.priced import Priced
from finops.savings.variation import SpotKey, Variation, load_variation
from finops.schema_comments import schema_sql
from finops.verdicts import Key, RuleFacts, Verdict
from rules.engine import rollups

PLACE = ("aws", "1")
AS_OF = datetime(2026, 11, 1)
Series = Callable[[np.random.Generator, int], Any]


def cell(name: str, component: str = "compute") -> Cell:
    return Cell(Key(*PLACE, name), component)


def finding(name: str, saved: float, share: str = "1", action: str = "terminate", **more: Any) -> Priced:
    facts = RuleFacts("a-rule", "A rule", "unused", "low", "low", (), {})
    proposed = {"instance_type": "m5.large", "zone": "r-a"} if action == "spot" else {}
    verdict = Verdict(facts, Key(*PLACE, name), "r", "instance", action, "It is.", ("all",), {}, proposed, {})  # type: ignore[arg-type]
    money = Decimal(repr(saved))
    one = Priced(
        name,
        verdict,
        {cell(name): money / Decimal(share)},
        {cell(name): 1 - Decimal(share)},
        None,
        "billed",
        "USD",
    )
    one.choice = Choice(True, taken={cell(name): money})
    one.monthly_savings = one.net_savings = money.quantize(Decimal("0.01"))
    for key, value in more.items():
        setattr(one, key, value)
    return one


def known(days: dict[str, Any], **spot: Any) -> Variation:
    """Costs by the day, oldest first."""
    found = Variation(lengths={PLACE: max((len(some) for some in days.values()), default=0)})
    for name, series in days.items():
        found.days[cell(name)] = {ago: float(cost) for ago, cost in enumerate(reversed(series))}
    return found


# ---------------------------------------------------------------------------------------------- calibration

NOISE: dict[str, Series] = {
    "noise": lambda r, n: 100 + 30 * r.standard_normal(n),
    "weekends": lambda r, n: 100 * (1 - 0.4 * (np.arange(n) % 7 >= 5)) + 10 * r.standard_normal(n),
    "some days only": lambda r, n: 100.0 * (r.random(n) < 0.4),
    "skewed": lambda r, n: 100 * np.exp(0.5 * r.standard_normal(n)),
    "working days, some of them": lambda r, n: 100 * (1 - 0.4 * (np.arange(n) % 7 >= 5)) * (r.random(n) < 0.8),
    "yesterday's echo": lambda r, n: _echo(r, n),
}  # fmt: skip


def _echo(random: np.random.Generator, n: int) -> Any:
    steps = random.standard_normal(n)
    values = np.zeros(n)
    for day in range(1, n):
        values[day] = 0.5 * values[day - 1] + steps[day]
    return 100 + 20 * values


def estate(seed: int, machines: int) -> tuple[list[Priced], Variation, list[float]]:
    """Machines whose daily cost goes on as it was: their findings, the 30 days seen, and the 30 days that follow."""
    random = np.random.default_rng(seed)
    findings, seen, truth = [], {}, []
    for turn in range(machines):
        days = np.maximum(0.0, list(NOISE.values())[turn % len(NOISE)](random, 60))
        name = f"i-{turn}"
        seen[name] = days[:30]
        findings.append(finding(name, round(float(days[:30].mean()) * 730 / 24, 6), share="0.5"))
        truth.append(float(days[30:].mean()) * 730 / 24)
    return findings, known(seen), truth


def test_an_interval_of_80_per_cent_contains_the_month_to_come_in_75_to_85_of_100() -> None:
    findings, variation, truth = estate(11, 900)
    found = spans(findings, variation)
    inside = [
        found.of[one.id][0] <= Decimal(repr(real)) <= found.of[one.id][1]
        for one, real in zip(findings, truth, strict=True)
    ]
    assert 0.75 <= sum(inside) / len(inside) <= 0.85


def test_totals_of_many_estates_contain_their_month_as_often() -> None:
    inside = 0
    for seed in range(120):
        findings, variation, truth = estate(1000 + seed, 12)
        low, high = spans(findings, variation).totals["USD"]
        inside += low <= Decimal(repr(sum(truth))) <= high
    assert 0.75 <= inside / 120 <= 0.88


def test_a_total_is_surer_than_its_parts_together() -> None:
    findings, variation, _ = estate(5, 60)
    found = spans(findings, variation)
    low, high = found.totals["USD"]
    wide = sum((top - bottom for bottom, top in found.of.values()), Decimal(0))
    assert (high - low) < wide / 3


def test_what_rises_and_falls_together_is_no_surer_in_the_total() -> None:
    days = 100 + 30 * np.random.default_rng(3).standard_normal(30)
    findings = [finding(f"i-{n}", 3000.0) for n in range(4)]
    found = spans(findings, known({one.id: days for one in findings}))
    low, high = found.totals["USD"]
    bottom, top = found.of["i-0"]
    assert high - low == pytest.approx(4 * (top - bottom), abs=Decimal("0.05"))


# ------------------------------------------------------------------------------------------------ one saving


def one_span(one: Priced, variation: Variation) -> tuple[Decimal, Decimal, str]:
    found: Spans = spans([one], variation)
    return (*found.of[one.id], found.basis[one.id])


def test_what_costs_the_same_each_day_is_sure_to_the_cent() -> None:
    one = finding("i-1", 73.0)
    assert one_span(one, known({"i-1": [2.4] * 30})) == (Decimal("73.00"), Decimal("73.00"), DAYS)


def test_a_list_price_may_be_discounted_and_never_dearer() -> None:
    one = finding("i-1", 100.0, listed={cell("i-1")})
    assert one_span(one, known({})) == (Decimal("70.00"), Decimal("100.00"), LISTED)


def test_a_bill_that_tells_no_days_says_so() -> None:
    one = finding("i-1", 100.0)
    assert one_span(one, known({"i-1": [3.0] * 10})) == (Decimal("80.00"), Decimal("120.00"), ASSUMED)


def test_what_does_not_count_varies_by_nothing() -> None:
    one = finding("i-1", 100.0, choice=Choice(False), net_savings=Decimal("0.00"))
    assert one_span(one, known({"i-1": [1.0, 9.0] * 15}))[:2] == (Decimal("0.00"), Decimal("0.00"))


def test_what_has_no_price_has_no_interval() -> None:
    assert spans([finding("i-1", 1.0, net_savings=None)], known({})).of == {}


def test_days_before_its_first_charge_are_no_days_at_nothing() -> None:
    young = known({"i-1": [0.0] * 14 + [4.0] * 16})
    for ago in range(16, 30):
        del young.days[cell("i-1")][ago]
    low, high, _ = one_span(finding("i-1", 60.0), young)
    assert low == high == Decimal("60.00")


def test_days_of_a_resource_that_is_a_week_old_say_as_little_as_a_bill_of_a_week() -> None:
    for age in (3, 7, 13):
        young = known({"i-1": [4.0] * 30})
        young.days[cell("i-1")] = dict.fromkeys(range(age), 4.0)
        assert one_span(finding("i-1", 100.0), young) == (Decimal("80.00"), Decimal("120.00"), ASSUMED)


def test_removing_what_costs_little_but_on_one_day_never_costs_anything() -> None:
    rare = known({"i-1": [0.0] * 25 + [30.0] + [0.0] * 4, "i-2": [1.0] * 30})
    found = spans([finding("i-1", 30.0), finding("i-2", 30.0)], rare)
    assert found.of["i-1"][0] == 0
    assert found.of["i-1"][1] > 60
    assert found.totals["USD"][0] == 30


def test_what_does_not_count_tells_no_basis() -> None:
    one = finding("i-1", 100.0, choice=Choice(False), net_savings=Decimal("0.00"))
    assert spans([one], known({"i-1": [1.0] * 30})).basis["i-1"] == ""


def test_spot_after_a_smaller_size_is_as_unsure_as_the_smaller_machine() -> None:
    smaller = finding("a", 75.0, share="0.75", action="resize")
    spot = finding("b", 15.0, action="spot")
    for one in (smaller, spot):
        one.before = {cell("i-1"): Decimal(100)}
        one.choice = Choice(
            True, follows=("a",) if one is spot else (), taken={cell("i-1"): one.choice.saved}
        )
    spot.verdict.evidence["spot_month"] = 40.0  # of the machine as it is; 10 of the smaller one
    low, high = spans([smaller, spot], known({"i-1": [100 / 30] * 30})).of["b"]
    # Two hours at 10 / 730, and 24 hours at 15 / 730 more.
    assert (low, high) == (Decimal("14.48"), Decimal("15.00"))


def test_spot_varies_with_its_price_and_is_interrupted_on_the_low_side() -> None:
    one = finding("i-1", 70.0, share="0.7", action="spot")
    one.verdict.evidence["spot_month"] = 30.0
    variation = known({"i-1": [100 / 30] * 30})
    low, high, basis = one_span(one, variation)
    assert basis.endswith("an interruption in the month")
    # Two hours at 30 / 730, and 24 hours at 70 / 730 more.
    assert (low, high) == (Decimal("67.62"), Decimal("70.00"))
    rough = np.where(np.arange(90) % 9 < 4, 0.02, 0.06)
    variation.spot[SpotKey("aws", "r", "r-a", "m5.large", "linux")] = rough
    lower, higher, basis = one_span(one, variation)
    assert "the history of the spot price" in basis
    assert lower < low
    assert higher > high


def test_the_same_findings_have_the_same_intervals_in_any_order() -> None:
    findings, variation, _ = estate(7, 12)
    assert spans(findings, variation).of == spans(findings[::-1], variation).of


# --------------------------------------------------------------------------------------- days from the bill


@pytest.fixture
def con() -> Any:
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute(schema_sql())
        rollups.prepare(con)
        con.execute(
            "CREATE TEMP TABLE wanted AS SELECT 'aws' AS cloud, '1' AS account_id, 'i-1' AS resource_id"
        )
        yield con


def charge(con: Any, start: datetime, length: timedelta, cost: str, **more: Any) -> None:
    row = {
        "x_Cloud": "aws", "x_AccountId": "1", "x_ResourceKey": "i-1", "RegionId": "r", "BillingCurrency": "USD",
        "ChargeCategory": "Usage", "ChargePeriodStart": start, "ChargePeriodEnd": start + length,
        "x_Cost": Decimal(cost), "x_CostBasis": "effective", "x_Source": "test", "x_UsageType": "BoxUsage", **more,
    }  # fmt: skip
    con.execute(
        f"INSERT INTO charges ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [*row.values()]
    )


def test_hours_days_and_months_of_a_bill_are_costs_by_the_day(con: Any) -> None:
    month = datetime(2026, 10, 2)
    charge(con, month, timedelta(days=30), "60")
    for hour in range(24):
        charge(con, AS_OF - timedelta(hours=24 - hour), timedelta(hours=1), "0.5")
    charge(con, AS_OF - timedelta(days=3), timedelta(days=1), "7")
    charge(con, month, timedelta(days=30), "900", x_ResourceKey="another")
    rollups.build(con, AS_OF)
    found = load_variation(con, [], AS_OF)
    days = found.days[cell("i-1")]
    assert found.lengths == {PLACE: 30}
    assert sorted(days) == list(range(30))
    assert days[0] == pytest.approx(14.0)
    assert days[2] == pytest.approx(9.0)
    assert days[29] == pytest.approx(2.0)
    assert sum(days.values()) == pytest.approx(79.0)


def test_a_bill_by_the_month_tells_no_days(con: Any) -> None:
    for start, days in ((datetime(2026, 9, 1), 30), (datetime(2026, 10, 1), 31)):
        charge(con, start, timedelta(days=days), "31")
    charge(con, datetime(2026, 10, 1), timedelta(days=1), "1", x_UsageType="EBS:VolumeUsage.gp3")
    rollups.build(con, AS_OF)
    assert {one.component for one in load_variation(con, [], AS_OF).days} == {"storage"}


def test_a_charge_that_reaches_over_the_window_counts_for_the_part_inside(con: Any) -> None:
    charge(con, datetime(2026, 9, 12), timedelta(days=40), "40")
    charge(con, AS_OF - timedelta(days=1), timedelta(days=1), "0")
    rollups.build(con, AS_OF)
    found = load_variation(con, [], AS_OF)
    assert sum(found.days[cell("i-1")].values()) == pytest.approx(20.0)


def test_spot_prices_by_the_day_are_weighed_by_how_long_they_held(con: Any) -> None:
    for days, price in ((20, "0.10"), (1.5, "0.20"), (0.25, "0.40")):
        con.execute(
            "INSERT INTO prices (cloud, region, zone, sku, purchase_model, unit, price, currency, as_of, source) "
            "VALUES ('aws', 'r', 'r-a', 'm5.large', 'spot', 'hour', ?, 'USD', ?, 'test')",
            [Decimal(price), AS_OF - timedelta(days=days)],
        )
    rollups.build(con, AS_OF)
    found = load_variation(con, [finding("i-1", 1.0, action="spot").verdict], AS_OF)
    (series,) = found.spot.values()
    assert len(series) == 20
    assert list(series[-3:]) == pytest.approx([0.10, 0.15, 0.25])


def test_spot_prices_in_two_currencies_are_not_one_series(con: Any) -> None:
    for currency, days, factor in (("CNY", 20, 7), ("USD", 30, 1)):
        for ago, price in ((days, 0.10), (5, 0.20)):
            con.execute(
                "INSERT INTO prices (cloud, region, zone, sku, purchase_model, unit, price, currency, as_of, source) "
                "VALUES ('aws', 'r', 'r-a', 'm5.large', 'spot', 'hour', ?, ?, ?, 'test')",
                [Decimal(repr(price * factor)), currency, AS_OF - timedelta(days=ago)],
            )
    rollups.build(con, AS_OF)
    (series,) = load_variation(con, [finding("i-1", 1.0, action="spot").verdict], AS_OF).spot.values()
    assert list(series) == pytest.approx([0.10] * 25 + [0.20] * 5)
