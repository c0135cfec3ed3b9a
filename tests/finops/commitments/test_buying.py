"""From options to a finding with money: the rule takes one of each pool, the others are told beside it."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops.commitments import Bought, Purchases, by_account, fill
from finops.config import Settings
from finops.pipeline.audit import audit
from finops.pipeline.explain import explain
from finops.verdicts import Verdict
from rules.engine import running
from rules.engine.catalogue import built_in_folder, load
from tests.finops.commitments.estate import AS_OF, PAYER, charge, price, roll_up, warehouse

EVERY = range(24 * 40)
RULE = load(built_in_folder() / "commitments" / "commitment-coverage.sql")


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = warehouse()
    yield con
    con.close()


def found(con: duckdb.DuckDBPyConnection, at: datetime = AS_OF) -> list[Verdict]:
    fill(roll_up(con), at)
    return running.run(con, [RULE], at).findings


def estate(con: duckdb.DuckDBPyConnection) -> None:
    """Two families that run all the time, every instrument on two terms."""
    for name, cost in (("m5.large", 0.1), ("c5.large", 0.08)):
        charge(con, EVERY, x_ResourceKey=name, x_UsageType=f"EU-BoxUsage:{name}", x_Cost=cost)
        for model, share in (
            ("reserved", 0.6),
            ("instance_savings_plan", 0.62),
            ("compute_savings_plan", 0.7),
        ):
            for months, payment, more in (
                (12, "no_upfront", 1.0),
                (12, "all_upfront", 0.97),
                (36, "no_upfront", 0.7),
            ):
                price(
                    con, name, purchase_model=model, price=round(cost * share * more, 6), term_months=months,
                    payment=payment,
                )  # fmt: skip


def test_alternatives_are_listed_and_never_added(con: duckdb.DuckDBPyConnection) -> None:
    """Eighteen options of two machines of 131.40 USD a month: summed up they would save several times the bill."""
    estate(con)
    verdicts = found(con)
    purchases = Purchases(con)
    bought = [purchases.of(verdict) for verdict in verdicts]
    saved = sum(one.saving for one in bought if one)
    assert len(verdicts) == 2
    assert saved == pytest.approx(
        Decimal("0.4") * Decimal("131.4") + Decimal("0.03") * Decimal("78.84"), abs=Decimal("0.01")
    )
    for verdict, one in zip(verdicts, bought, strict=True):
        assert one is not None
        others = verdict.evidence["alternatives"]
        assert {other["instrument"] for other in others} == {
            "Standard Reserved Instances", "EC2 Instance Savings Plan", "Compute Savings Plan",
        }  # fmt: skip
        assert len(others) == 8  # three terms of each of three instruments, less the one that is found
        assert (verdict.proposed["term_months"], verdict.proposed["payment"]) == (12, "all_upfront")


def test_a_purchase_costs_no_more_than_what_it_covers_and_that_no_more_than_the_pool(
    con: duckdb.DuckDBPyConnection,
) -> None:
    estate(con)
    purchases = Purchases(con) if found(con) else None
    assert purchases
    for verdict in running.run(con, [RULE], AS_OF).findings:
        one = purchases.of(verdict)
        assert one is not None
        assert 0 < one.after < one.before <= one.monthly_cost + Decimal("1e-9")
        assert one.low <= one.saving.quantize(Decimal("0.01")) <= one.high
        assert one.currency == "USD"
        assert one.listed


def test_a_wide_plan_wins_where_it_saves_more_than_its_parts(con: duckdb.DuckDBPyConnection) -> None:
    """Each family runs half of the time, and another one in the other half: only together they run on."""
    charge(con, EVERY[::2], x_ResourceKey="a")
    charge(con, EVERY[1::2], x_ResourceKey="b", x_UsageType="EU-BoxUsage:c5.large")
    for name in ("m5.large", "c5.large"):
        price(con, name)
        price(con, name, purchase_model="compute_savings_plan", price=0.07)
    (verdict,) = found(con)
    assert verdict.proposed["instrument"] == "Compute Savings Plan"
    assert verdict.region == "global"
    assert verdict.components == ("commitment",)


def test_fewer_than_thirty_days_are_not_judged(con: duckdb.DuckDBPyConnection) -> None:
    charge(con, range(24 * 29))
    price(con)
    fill(roll_up(con), AS_OF)
    verdicts = running.run(con, [RULE], AS_OF)
    assert verdicts.findings == []
    (one,) = verdicts.unjudged
    assert (
        one.reason
        == "There are 29 days of hourly usage on the bill for m5 machines (linux) in eu-west-1 (needed: 30)."
    )


def test_the_same_tables_give_the_same_bytes(con: duckdb.DuckDBPyConnection) -> None:
    estate(con)
    charge(con, [hour for hour in EVERY if hour % 7 < 5], x_ResourceKey="i-7")
    first = found(con)
    con.execute("CREATE TEMP TABLE turned AS SELECT * FROM temp.commitment_usage ORDER BY hash(rowid)")
    con.execute("DELETE FROM temp.commitment_usage; INSERT INTO temp.commitment_usage SELECT * FROM turned")
    fill(con, AS_OF)
    again = running.run(con, [RULE], AS_OF).findings
    assert [one.evidence for one in again] == [one.evidence for one in first]
    assert [one.reason for one in again] == [one.reason for one in first]


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 1000), min_size=1),
    st.decimals(0, 10**6, places=2),
)
def test_the_parts_of_accounts_are_the_whole_to_the_cent(weights: dict[str, int], net: Decimal) -> None:
    shares = {
        name: Decimal(round(weight / sum(weights.values()), 6)).quantize(Decimal("1e-6"))
        for name, weight in weights.items()
    }
    zero = Decimal(0)
    one = Bought(zero, zero, zero, zero, zero, "USD", True, shares)
    parts = by_account(one, net)
    assert sum(parts.values(), zero) == net
    assert set(parts) == set(weights)


def test_the_account_of_the_payer_buys_for_all(con: duckdb.DuckDBPyConnection) -> None:
    charge(con, EVERY, x_AccountId="2")
    charge(con, EVERY, x_AccountId="3", x_ResourceKey="i-3")
    price(con)
    (verdict,) = found(con)
    one = Purchases(con).of(verdict)
    assert one is not None
    assert verdict.key.account_id == PAYER
    assert by_account(one, Decimal("100.01")) == {"2": Decimal("50.01"), "3": Decimal("50.00")}


def test_a_purchase_is_explained_with_what_may_happen_and_what_else_could_be_bought(
    con: duckdb.DuckDBPyConnection,
) -> None:
    charge(con, EVERY)
    price(con)
    price(con, price=0.04, term_months=36)
    report = audit(con, Settings(), run_id="r", as_of=AS_OF)
    (finding,) = (one for one in report.findings if one.action == "buy")
    told = explain(con, Settings(), report, finding)
    assert (
        "- 40 days of hourly usage, which cost $73.00 a month on demand; $73.00 of it would be covered for $43.80"
        in told
    )
    assert "- If usage falls by 30 %: $7.30 a month saved." in told
    assert (
        "- Instead, never beside it: Standard Reserved Instances of m5 machines (linux) in eu-west-1 for 36 months, no upfront "
        "(1 m5.large) saves $43.80 a month, $36.50 if usage falls by 10 %; break-even in month 15." in told
    )
