"""Charges of a test: given as what differs from one ordinary hour of a machine."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from finops.pipeline.costing import Question, answer, parse
from finops.spending import CostAnswer, CurrencyCosts, Line
from tests.shelf import empty_warehouse


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Bill:
    """A warehouse in memory and what is asked of it."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con

    def charge(self, month: str, cost: str, **over: Any) -> None:
        """A charge of a month such as 2026-10, on its last day unless told otherwise."""
        start = at(f"{month}-01")
        end = (start + timedelta(days=32)).replace(day=1)
        row: dict[str, Any] = {
            "x_Cloud": "aws",
            "x_AccountId": "000000000007",
            "SubAccountId": "000000000007",
            "BillingAccountId": "000000000042",
            "x_CostBasis": "effective",
            "x_Source": "bill.csv",
            "BillingCurrency": "USD",
            "BillingPeriodStart": start,
            "BillingPeriodEnd": end,
            "ChargePeriodStart": end - timedelta(hours=1),
            "ChargePeriodEnd": end,
            "ChargeCategory": "Usage",
            "ServiceName": "Compute",
            "RegionId": "eu-west-1",
            "SkuId": "m5.large",
            "PricingQuantity": Decimal(1),
            "PricingUnit": "Hours",
            "BilledCost": Decimal(cost),
            "x_Cost": Decimal(cost),
            "InvoiceId": "INV-1",
        } | over
        if isinstance(row.get("Tags"), dict):
            row["Tags"] = json.dumps(row["Tags"])
        names = list(row)
        self.con.execute(
            f"INSERT INTO charges ({', '.join(names)}) VALUES ({', '.join('?' for _ in names)})",
            [row[name] for name in names],
        )

    def ask(self, by: str = "service", **over: Any) -> CostAnswer:
        return answer(self.con, Question(by=parse(by), **over))

    def usd(self, by: str = "service", **over: Any) -> CurrencyCosts:
        return self.ask(by, **over).currencies["USD"]

    def lines(self, by: str = "service", **over: Any) -> dict[str | None, Line]:
        """Lines of USD by their first key."""
        return {next(iter(line.keys.values()), "others"): line for line in self.usd(by, **over).lines}

    def effects(self, by: str = "service", **over: Any) -> dict[str, str]:
        """The effects of the total that are not zero, as text."""
        told = self.usd(by, **over).totals.effects
        assert told is not None
        return {name: str(amount) for name, amount in told.model_dump().items() if amount}


@pytest.fixture
def bill() -> Iterator[Bill]:
    with empty_warehouse() as con:
        yield Bill(con)
