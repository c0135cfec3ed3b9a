"""Daily charges of a test, and the nights that watch them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from finops.config import Settings
from finops.night_model import Anomaly
from finops.pipeline.watching import watch
from finops.warehouse import Writer
from tests.shelf import empty_warehouse

BEGIN = date(2026, 6, 29)  # a Monday
_COLUMNS = """x_Cloud, x_AccountId, BillingAccountId, x_CostBasis, x_Source, BillingCurrency, BillingPeriodStart,
    ChargePeriodStart, ChargePeriodEnd, ChargeCategory, ServiceName, Tags, x_Cost"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@dataclass(frozen=True)
class World:
    """A warehouse in memory with a bill that grows day by day."""

    con: duckdb.DuckDBPyConnection

    def days(
        self, last: str, cost: float | Callable[[date], float], *, first: date | str = BEGIN, **over: Any
    ) -> None:
        """A charge a day through `last`; `cost` may tell each day's. A little noise, the same for every test."""
        begin = date.fromisoformat(first) if isinstance(first, str) else first
        count = (date.fromisoformat(last) - begin).days + 1
        days = [begin + timedelta(days=one) for one in range(count)]
        costs = [(cost(day) if callable(cost) else cost) * _noise(day) for day in days]
        row = {
            "cloud": "aws", "account": "000000000007", "payer": "000000000042", "currency": "USD",
            "category": "Usage", "service": "Compute", "tags": None,
        } | over  # fmt: skip
        self.con.execute(
            f"INSERT INTO charges ({_COLUMNS}) SELECT $cloud, $account, $payer, 'effective', 'bill.csv', $currency, "
            "date_trunc('month', day), day, day + INTERVAL 1 DAY, $category, $service, $tags, cost "
            "FROM (SELECT CAST(unnest($days) AS TIMESTAMP) AS day, unnest($costs) AS cost)",
            {**row, "days": days, "costs": costs},
        )

    def night(self, when: str, **over: Any) -> list[Anomaly]:
        """A night at that day; what it tells for the first time."""
        settings = Settings.model_validate({"anomalies": over})
        return watch(Writer(self.con, "run", at(when)), settings, at=at(when))

    def states(self) -> list[tuple[str, str]]:
        """Level and state of all that is kept, in order."""
        return self.con.execute("SELECT level, state FROM anomalies ORDER BY level, first_day").fetchall()


def _noise(day: date) -> float:
    return 1 + 0.02 * ((day.toordinal() * 7919) % 11 - 5) / 5


@pytest.fixture
def world() -> Iterator[World]:
    with empty_warehouse() as con:
        yield World(con)
