"""Costs and figures under control: what left its limits, what a month will cost, how budgets stand."""

from datetime import datetime

import duckdb

from finops.config import Settings
from finops.night_model import Anomaly, BudgetLine, Forecast
from finops.warehouse import Writer


def watch(writer: Writer, settings: Settings, *, at: datetime) -> list[Anomaly]:
    """Looks for new anomalies, keeps them, and returns those that nobody was told of yet."""
    return []


def anomalies_told(con: duckdb.DuckDBPyConnection, at: datetime) -> list[Anomaly]:
    """Anomalies that a report shows: open ones and those of the last weeks."""
    return []


def forecasts_told(con: duckdb.DuckDBPyConnection, settings: Settings, at: datetime) -> list[Forecast]:
    """What this month will cost, in all and by provider and account."""
    return []


def budgets_told(con: duckdb.DuckDBPyConnection, settings: Settings, at: datetime) -> list[BudgetLine]:
    """Every budget of finops.toml beside what was spent and is expected."""
    return []
