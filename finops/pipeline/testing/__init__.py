"""Data tests: SQL files that say of each subject whether what came in, or what was made of it, can be trusted."""

from datetime import datetime

import duckdb

from finops.config import Settings
from finops.night_model import DataTest
from finops.warehouse import Writer


def run_tests(writer: Writer, settings: Settings, *, at: datetime) -> list[DataTest]:
    """Runs every data test and keeps the results in `data_tests`."""
    return []


def tests_told(con: duckdb.DuckDBPyConnection) -> list[DataTest]:
    """The latest result of each test and subject."""
    return []
