"""What providers changed in bills they had sent before, and which days they may still change."""

from datetime import datetime

import duckdb

from finops.night_model import Provisional, Restatement


def restatements(con: duckdb.DuckDBPyConnection, at: datetime) -> list[Restatement]:
    """Months that are another amount than at the report before."""
    return []


def provisional(con: duckdb.DuckDBPyConnection, at: datetime) -> list[Provisional]:
    """From which day on each bill may still grow."""
    return []
