"""A small warehouse with hourly charges, and what the engine makes of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import duckdb

from finops.schema_comments import schema_sql
from rules.engine import rollups

AS_OF = datetime(2026, 11, 1)
START = AS_OF - timedelta(days=40)
PAYER = "111111111111"


def warehouse() -> duckdb.DuckDBPyConnection:
    """An empty warehouse in memory."""
    con = duckdb.connect(config={"threads": 1})
    con.execute(schema_sql())
    return con


def charge(con: duckdb.DuckDBPyConnection, hours: Sequence[int], **columns: Any) -> None:
    """One hourly charge of a Linux m5.large for each of the hours since START, or what `columns` say instead."""
    row: dict[str, Any] = {
        "x_Cloud": "aws", "BillingAccountId": PAYER, "x_AccountId": PAYER, "x_ResourceKey": "i-1", "RegionId": "eu-west-1",
        "BillingCurrency": "USD", "ChargeCategory": "Usage", "PricingCategory": "Standard", "x_UsageType": "EU-BoxUsage:m5.large",
        "x_Operation": "RunInstances", "x_ServiceCode": "AmazonEC2", "ConsumedQuantity": 1, "ConsumedUnit": "Hours",
        "x_Cost": 0.1, "x_CostBasis": "effective", "x_Source": "test", "length": 1, **columns,
    }  # fmt: skip
    length = row.pop("length")
    row.setdefault("ListCost", row["x_Cost"])
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" * len(row))
    con.execute(
        f"INSERT INTO charges ({names}, ChargePeriodStart, ChargePeriodEnd) "
        f"SELECT {marks}, ? + to_hours(h), ? + to_hours(h + ?) FROM (SELECT unnest(?) AS h)",
        [*row.values(), START, START, length, list(hours)],
    )


def price(con: duckdb.DuckDBPyConnection, sku: str = "m5.large", **columns: Any) -> None:
    """The price of a commitment: of a year without upfront payment, or what `columns` say instead."""
    row: dict[str, Any] = {
        "cloud": "aws", "region": "eu-west-1", "sku": sku, "purchase_model": "reserved", "unit": "hour", "price": 0.06,
        "currency": "USD", "as_of": datetime(2026, 10, 1), "source": "test", "term_months": 12, "payment": "no_upfront",
        **columns,
    }  # fmt: skip
    con.execute(
        f"INSERT INTO prices ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values())
    )


def roll_up(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The rollups that commitments need."""
    rollups.prepare(con)
    for name in ("commitment_usage", "commitment_options"):
        rollups.build_one(con, name, AS_OF)
    return con


def accept(con: duckdb.DuckDBPyConnection, *rows: tuple[str, float], **columns: str) -> str:
    """A table of accepted actions: (resource, remaining) of the payer's machines; `columns` go into all of them."""
    more = "".join(f", {name} VARCHAR" for name in columns)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE accepted (cloud VARCHAR, account_id VARCHAR, resource_id VARCHAR, "
        f"component VARCHAR, remaining DOUBLE{more})"
    )
    for resource, remaining in rows:
        values = ["aws", PAYER, resource, "compute", remaining, *columns.values()]
        con.execute(f"INSERT INTO accepted VALUES ({', '.join('?' * len(values))})", values)
    return "accepted"


def options(con: duckdb.DuckDBPyConnection, where: str = "saving IS NOT NULL") -> list[dict[str, Any]]:
    """Rows of commitment_options, by pool and option."""
    cursor = con.execute(
        f"SELECT * FROM temp.commitment_options WHERE {where} ORDER BY resource_id, option_id"
    )
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
