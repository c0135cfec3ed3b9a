"""Our queries in the words of other engines: every one that reads a large table, and what is refused."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot.dialects.dialect import Dialect

from finops.engines.athena import AthenaWords
from finops.engines.bigquery import BigQueryWords
from finops.engines.pushdown import LARGE
from finops.engines.snowflake import SnowflakeWords
from finops.engines.spark import SparkWords, spark_type
from finops.engines.translate import Macros, Query, tables_in, translate
from finops.errors import EngineError
from finops.lake import lake_tables
from finops.savings import subscriptions, variation
from finops.warehouse.reference import costs_sql
from rules.engine import rollups

AS_OF = datetime(2026, 11, 1)
VALUES = {"as_of": AS_OF, "window_start": AS_OF - timedelta(days=95)}


@pytest.fixture(scope="module")
def macros() -> Iterator[Macros]:
    with duckdb.connect() as con:
        rollups.prepare(con)
        yield Macros(con)


def queries() -> dict[str, str]:
    """Every query of an audit that reads a large table."""
    texts = {name: costs_sql() if name == "cost" else rollups._text(name) for name in rollups.ROLLUPS}
    texts |= {"daily": variation._sql("daily"), "spot_days": variation._sql("spot_days")}
    texts["orders"] = subscriptions._ORDERS
    return {
        name: text
        for name, text in texts.items()
        if any(table.name in LARGE for table in tables_in(sqlglot.parse_one(text, dialect="duckdb")))
    }


def in_spark(sql: str, macros: Macros, values: dict[str, Any] | None = None) -> Query:
    return translate(sql, SparkWords, macros=macros, values=values or {}, name_of=lambda name: f"lake_{name}")


@pytest.mark.parametrize("name", sorted(queries()))
def test_a_query_over_large_tables_can_be_said_to_spark(name: str, macros: Macros) -> None:
    query = in_spark(queries()[name], macros, VALUES)
    tree = sqlglot.parse_one(query.sql, dialect="spark")
    assert isinstance(tree, sqlglot.exp.Query)
    assert all(table.name.startswith("lake_") for table in tables_in(tree))
    assert not list(tree.find_all(sqlglot.exp.Placeholder))


@pytest.mark.parametrize("words", [BigQueryWords, AthenaWords, SnowflakeWords])
@pytest.mark.parametrize("name", sorted(queries()))
def test_a_query_over_large_tables_parses_in_the_words_of_engines_that_nobody_ran(
    name: str, words: type[Dialect], macros: Macros
) -> None:
    query = translate(
        queries()[name], words, macros=macros, values=VALUES, name_of=lambda name: f"d.s.lake_{name}"
    )
    tree = sqlglot.parse_one(query.sql, dialect=words)
    assert isinstance(tree, sqlglot.exp.Query)
    assert {table.db for table in tables_in(tree) if table.name.startswith("lake_")} == {"s"}
    for word in NOT_THEIRS[words]:
        assert not re.search(rf"\b{word}", query.sql), word


# What these engines lack, or mean something else by.
NOT_THEIRS = {
    BigQueryWords: (
        "FILTER *\\(",
        "SEMI JOIN",
        "ANTI JOIN",
        "PERCENTILE_CONT",
        "CONTAINS_SUBSTR",
        "CONCAT_WS",
        "REGR_",
        "GREATEST",
    ),
    AthenaWords: ("SEMI JOIN", "ANTI JOIN", "GROUP BY ALL", "PERCENTILE_CONT", "REGR_R2", "GREATEST"),
    SnowflakeWords: (
        "FILTER *\\(",
        "SEMI JOIN",
        "ANTI JOIN",
        "CONCAT_WS",
        "GREATEST\\(",
        "REGEXP_LIKE",
        "RLIKE",
    ),
}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT date_diff('day', a, b) FROM metrics",
        "SELECT now() FROM metrics",
        "SELECT random() FROM metrics",
        "SELECT CAST(avg * 3 AS BIGINT) FROM metrics",
        "SELECT dayofweek(bucket_start) FROM metrics",
        "SELECT in_percent(avg) FROM metrics",
        "SELECT substr(metric, 0, 3) FROM metrics",
        "SELECT regexp_matches(metric, region) FROM metrics",
        "SELECT approx_quantile(avg, 0.5) FROM metrics",
    ],
)
def test_what_would_mean_something_else_is_refused(sql: str, macros: Macros) -> None:
    with pytest.raises(EngineError):
        in_spark(sql, macros)


def test_a_value_that_is_no_time_is_refused(macros: Macros) -> None:
    with pytest.raises(EngineError, match="bound to"):
        in_spark("SELECT avg FROM metrics WHERE metric = $name", macros, {"name": "x' OR 1=1 --"})


def test_macros_within_macros_are_put_in_place(macros: Macros) -> None:
    with duckdb.connect() as con:
        con.execute("CREATE MACRO twice(x) AS x + x; CREATE MACRO four(y) AS twice(twice(y))")
        nested = Macros(con)
    assert "twice" not in in_spark("SELECT four(avg * 2) AS n FROM metrics", nested).sql
    assert sqlglot.parse_one(in_spark("SELECT four(3) AS n FROM metrics", nested).last).find(sqlglot.exp.Add)


def test_a_with_is_told_in_steps_with_how_often_each_is_read(macros: Macros) -> None:
    sql = "WITH a AS (SELECT avg AS x FROM metrics), b (y) AS (SELECT x FROM a) SELECT * FROM a CROSS JOIN b"
    steps = in_spark(sql, macros).steps
    assert [(step.name, step.columns, step.reads) for step in steps] == [("a", (), 2), ("b", ("y",), 1)]


def test_every_column_of_a_lake_has_a_type_in_spark() -> None:
    known = {"STRING", "BIGINT", "INT", "DOUBLE", "BOOLEAN", "TIMESTAMP_NTZ", "DECIMAL"}
    types = {spark_type(column.type).partition("(")[0] for table in lake_tables() for column in table.columns}
    assert types <= known
