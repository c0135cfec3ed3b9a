"""The view effective_prices: what each part of each resource costs in 730 hours, its discount, what is covered."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from finops.warehouse import reading, writing
from finops.warehouse.reference import view
from rules.engine import rollups

AT = datetime(2026, 11, 20)
START = datetime(2026, 10, 1)


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "w.duckdb"
    with writing(path, "test", at=AT) as writer:
        for day in range(31):
            _charge(writer.con, day, "i-1", "BoxUsage:m5.large", cost=1.4, listed=2, quantity=24)
            _charge(
                writer.con,
                day,
                "i-1",
                "EBS:VolumeUsage.gp3",
                cost=0.5,
                listed=0.5,
                quantity=1,
                unit="GB-Months",
            )
            _charge(writer.con, day, "i-2", "BoxUsage:m5.large", cost=0.6, listed=1, plan="sp-1")
            _charge(writer.con, day, "i-2", "BoxUsage:m5.large", cost=3, listed=3)
            _charge(writer.con, day, "i-3", "BoxUsage:m5.large", cost=1, listed=None)
            _charge(writer.con, day, None, None, cost=0.2, listed=0, plan="sp-1", status="Unused")
    return path


def _charge(
    con: duckdb.DuckDBPyConnection, day: int, resource: str | None, meter: str | None, *, cost: float,
    listed: float | None, quantity: float | None = None, unit: str = "Hours", plan: str | None = None,
    status: str | None = None,
) -> None:  # fmt: skip
    start = START + timedelta(days=day)
    row = {
        "x_Cloud": "aws", "x_AccountId": "1", "BillingAccountId": "1", "BillingCurrency": "USD", "ChargeCategory": "Usage",
        "BillingPeriodStart": START, "BillingPeriodEnd": datetime(2026, 11, 1), "ChargePeriodStart": start,
        "ChargePeriodEnd": start + timedelta(days=1), "x_ResourceKey": resource, "x_UsageType": meter, "x_Cost": cost,
        "EffectiveCost": cost, "ListCost": listed, "ConsumedQuantity": quantity, "ConsumedUnit": unit,
        "CommitmentDiscountId": plan, "CommitmentDiscountStatus": status or (plan and "Used"),
        "x_CostBasis": "effective", "x_Source": "test", "RegionId": "us-east-1",
    }  # fmt: skip
    con.execute(
        f"INSERT INTO charges ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values())
    )


@pytest.fixture
def con(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with reading(warehouse) as con:
        yield con


def ask(con: duckdb.DuckDBPyConnection, resource: str | None, component: str) -> dict[str, Any]:
    cursor = con.execute(
        "FROM effective_prices WHERE resource_id IS NOT DISTINCT FROM ? AND component = ?",
        [resource, component],
    )
    names = [column[0] for column in cursor.description or []]
    (row,) = cursor.fetchall()
    return dict(zip(names, row, strict=True))


def test_each_component_has_its_cost_in_730_hours_and_its_discount(con):
    compute, storage = ask(con, "i-1", "compute"), ask(con, "i-1", "storage")
    assert compute["monthly_cost"] == pytest.approx(1.4 / 24 * 730)
    assert compute["monthly_list_cost"] == pytest.approx(2 / 24 * 730)
    assert (compute["discount_factor"], compute["covered_share"]) == (pytest.approx(0.7), 0)
    assert compute["monthly_quantity"] == pytest.approx(730)
    assert storage["discount_factor"] == 1


def test_the_share_that_commitments_cover_is_told_at_public_prices(con):
    price = ask(con, "i-2", "compute")
    assert price["covered_share"] == pytest.approx(0.25)
    assert price["discount_factor"] == pytest.approx(3.6 / 4)
    assert price["monthly_committed_cost"] == pytest.approx(0.6 / 24 * 730)


def test_without_public_prices_discount_and_cover_are_unknown_not_zero(con):
    price = ask(con, "i-3", "compute")
    assert (price["monthly_list_cost"], price["discount_factor"], price["covered_share"]) == (
        None,
        None,
        None,
    )


def test_what_is_unused_of_a_commitment_is_no_resources_cost(con):
    unused = ask(con, None, "commitment_unused")
    assert unused["monthly_cost"] == pytest.approx(0.2 / 24 * 730)
    assert unused["covered_share"] is None


def test_it_is_the_rollup_that_rules_and_savings_read(con):
    rollups.prepare(con)
    rollups.build_one(con, "cost", datetime(2026, 11, 1))
    columns = "cloud, account_id, region, resource_id, component, currency, cost, hours, window_start, window_end, basis"
    assert (
        con.execute(f"SELECT {columns} FROM effective_prices ORDER BY ALL").fetchall()
        == con.execute(f"SELECT {columns} FROM temp.cost ORDER BY ALL").fetchall()
    )


def test_every_column_says_what_it_is(con):
    assert [name for name, *_ in con.execute("DESCRIBE effective_prices").fetchall()] == [
        name for name, _ in view().columns
    ]


def test_an_older_warehouse_gets_it_when_it_is_written_to(warehouse):
    with duckdb.connect(str(warehouse)) as con:
        con.execute("DROP VIEW effective_prices")
    with writing(warehouse, "test", at=AT):
        pass
    with reading(warehouse) as con:
        assert con.execute("SELECT count(*) FROM effective_prices").fetchone() == (5,)
