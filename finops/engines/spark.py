"""Spark through Spark Connect: its words for ours, and a session on a lake.

The client is pyspark's (`pip install 'finops-analyzer[spark]'`); it holds no Java, the server has that.
"""

import contextlib
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.generators.spark import SparkGenerator

from finops.engines.regular import java
from finops.errors import EngineError
from finops.lake.layout import Manifest, lake_tables

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql.connect.session import SparkSession

    from finops.engines.translate import Query, Step

_MICROSECONDS = "1E6"
_EXACT_DIGITS = 9
_NO_SCALE = 99


def _division(self: Any, node: exp.Div) -> str:
    """DuckDB divides in floating point, Spark decimals as decimals."""
    return f"(CAST({self.sql(node, 'this')} AS DOUBLE) / CAST({self.sql(node, 'expression')} AS DOUBLE))"


def _seconds(self: Any, node: exp.TimeToUnix) -> str:
    """epoch() keeps microseconds, UNIX_TIMESTAMP() does not."""
    return f"(CAST(UNIX_MICROS(CAST({self.sql(node, 'this')} AS TIMESTAMP)) AS DOUBLE) / {_MICROSECONDS})"


def _round(self: Any, node: exp.Round) -> str:
    """DuckDB scales the number itself, Spark the decimal that it prints as: they part at halves."""
    digits = node.args.get("decimals")
    if digits is None:
        return f"ROUND({self.sql(node, 'this')})"
    if not isinstance(digits, exp.Literal):
        raise EngineError(f"{node.sql(dialect='duckdb')}: the digits must be a number.")
    scale = f"1E{digits.name}"
    return f"(ROUND({self.sql(node, 'this')} * {scale}) / {scale})"


def _truncated(self: Any, node: exp.TimestampTrunc | exp.DateTrunc) -> str:
    """DATE_TRUNC() makes an instant of a local time."""
    return f"CAST(DATE_TRUNC('{node.text('unit')}', {self.sql(node, 'this')}) AS TIMESTAMP_NTZ)"


def _series(self: Any, node: exp.Explode) -> str:
    """A series that ends before it begins is empty; SEQUENCE() would count down, or fail."""
    series = node.this
    if not isinstance(series, exp.GenerateSeries):
        return f"EXPLODE({self.sql(series)})"
    ends = [self.sql(series, name) for name in ("start", "end")]
    steps = [self.sql(series, "step")] if series.args.get("step") else []
    return (
        f"EXPLODE(CASE WHEN {ends[0]} <= {ends[1]} THEN SEQUENCE({', '.join(ends + steps)}) ELSE ARRAY() END)"
    )


def _is_double(node: exp.Expr) -> bool:
    if isinstance(node, exp.Cast):
        return bool(node.to.is_type(exp.DataType.Type.DOUBLE))
    return isinstance(node, exp.Div) or any(map(_is_double, node.iter_expressions()))


def _matches(self: Any, node: exp.RegexpLike) -> str:
    return f"{self.sql(node, 'this')} RLIKE {self.sql(_pattern(node))}"


def _extracted(self: Any, node: exp.RegexpExtract) -> str:
    group = self.sql(node, "group") or "0"
    return f"REGEXP_EXTRACT({self.sql(node, 'this')}, {self.sql(_pattern(node))}, {group})"


def _pattern(node: exp.RegexpLike | exp.RegexpExtract) -> exp.Expr:
    literal = node.expression
    if not isinstance(literal, exp.Literal):
        raise EngineError(f"{node.sql(dialect='duckdb')}: the pattern must be written out.")
    return exp.Literal.string(java(literal.name))


def _anonymous(self: Any, node: exp.Anonymous) -> str:
    if node.name.lower() != "hash":
        raise EngineError(
            f"{node.sql(dialect='duckdb')}: there is no such function in Spark, as far as is known."
        )
    # Of 64 bits, and NULL counts: XXHASH64 alone passes over it.
    told = ", ".join(f"{self.sql(one)}, {self.sql(one)} IS NULL" for one in node.expressions)
    return f"XXHASH64({told})"


class SparkWords(Spark):
    """Spark's SQL, with what sqlglot leaves to mean something else than in DuckDB. ANSI mode, times in UTC."""

    KNOWN = frozenset({exp.DayOfWeekIso})

    class Generator(SparkGenerator):
        TRANSFORMS = {  # noqa: RUF012 - as sqlglot has it
            **SparkGenerator.TRANSFORMS,
            exp.Anonymous: _anonymous,
            exp.DateTrunc: _truncated,
            exp.DayOfWeekIso: lambda self, node: f"(WEEKDAY({self.sql(node, 'this')}) + 1)",
            exp.Div: _division,
            exp.Explode: _series,
            exp.PercentileCont: lambda self, node: self.func("PERCENTILE", node.this, node.expression),
            exp.RegexpExtract: _extracted,
            exp.RegexpLike: _matches,
            exp.Round: _round,
            exp.TimeToUnix: _seconds,
            exp.TimestampTrunc: _truncated,
            exp.Try: lambda self, node: self.sql(node, "this"),  # JSON that is none is NULL there anyway
        }

        def cast_sql(self, expression: exp.Cast, safe_prefix: str | None = None) -> str:
            """As DuckDB makes a decimal of a double: by scaling the number, not the decimal that it prints as.

            Beyond nine digits behind the point both are the noise of floating point.
            """
            scale = int(scales[1].name) if len(scales := expression.to.expressions) == 2 else _NO_SCALE
            if scale > _EXACT_DIGITS or not _is_double(expression.this):
                return str(super().cast_sql(expression, safe_prefix))
            unit = f"CAST('1E-{scale}' AS DECIMAL({_EXACT_DIGITS}, {scale}))"
            whole = (
                f"CAST(ROUND({self.sql(expression, 'this')} * 1E{scale}) AS DECIMAL({37 - _EXACT_DIGITS}, 0))"
            )
            return f"CAST({whole} * {unit} AS {self.sql(expression, 'to')})"


class SparkEngine:
    """A session of Spark Connect with the tables of a lake as views."""

    dialect = SparkWords

    def __init__(self, session: "SparkSession") -> None:
        self._session = session
        self._files: dict[str, list[str]] = {}
        self._views: set[str] = set()
        self.rows: dict[str, int] = {}

    @classmethod
    def connect(cls, remote: str) -> "SparkEngine":
        """A new session at `sc://HOST:PORT`.

        Raises EngineError when the client is not installed, the address is none, or nothing answers there.
        """
        _answers(remote)
        with _told():
            session = _builder().remote(remote).create()
            for name, value in _SETTINGS.items():
                session.conf.set(name, value)
        return cls(session)

    def open(self, root: str, manifest: Manifest) -> None:
        """Takes the tables of a lake, at its address as Spark has it."""
        self._files = {
            table: [f"{root}/{path}" for path in manifest.files(table)] for table in manifest.tables
        }
        self.rows = {
            table.name: sum(part.rows for part in manifest.tables.get(table.name, ()))
            for table in lake_tables()
        }

    def name_of(self, table: str) -> str:
        """A view of the table's files, made when it is first asked for."""
        name = f"lake_{table}"
        if name not in self._views:
            columns = next(one.columns for one in lake_tables() if one.name == table)
            schema = ", ".join(f"`{column.name}` {spark_type(column.type)}" for column in columns)
            with _told():
                if files := self._files.get(table):
                    rows = self._session.read.schema(schema).parquet(*files)
                else:
                    rows = self._session.createDataFrame([], schema)
                rows.createOrReplaceTempView(name)
            self._views.add(name)
        return name

    def text(self, path: str) -> str | None:
        """The text of a file as Spark sees it; None where there is none."""
        from pyspark.errors import AnalysisException

        with _told():
            try:
                rows = self._session.read.text(path, wholetext=True).toArrow()
            except AnalysisException as error:
                if error.getCondition() == "PATH_NOT_FOUND":
                    return None
                raise
        return str(rows.column(0)[0].as_py())

    def run(self, query: "Query") -> "pa.Table":
        """The rows of a SELECT; times are UTC without a zone.

        Spark puts each query of a WITH in every place that names it, and plans and works it out anew there: what is
        read more than once is kept for the session instead.
        """
        with _told():
            try:
                for step in query.steps:
                    self._take(step)
                return _without_zones(self._session.sql(query.last).toArrow())
            finally:
                for step in query.steps:
                    self._session.catalog.dropTempView(step.name)

    def _take(self, step: "Step") -> None:
        rows = self._session.sql(step.sql)
        if step.columns:
            rows = rows.toDF(*step.columns)
        if step.reads > 1:
            rows = rows.localCheckpoint()
        rows.createOrReplaceTempView(step.name)

    def put(self, name: str, rows: "pa.Table") -> str:
        from pyspark.sql.pandas.types import from_arrow_schema

        with _told():
            made = (
                self._session.createDataFrame(rows)
                if rows.num_rows
                else self._session.createDataFrame(
                    [], from_arrow_schema(rows.schema, prefer_timestamp_ntz=True)
                )
            )
            made.createOrReplaceTempView(f"made_{name}")
        return f"made_{name}"

    def close(self) -> None:
        """Ends the session. A server that went away has ended it already: that was told by the query it failed."""
        with contextlib.suppress(Exception):  # gRPC's and Spark's errors have no class in common but this one
            self._session.stop()


# Of the session alone: times as they are written, divisions by zero and overflows told and not NULL.
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "true",
}
_REMOTE = re.compile(r"sc://(?P<host>\[[^\]]+\]|[^:/;]+)(:(?P<port>\d{1,5}))?(/.*)?$")
_PORT = 15002
_PATIENCE_SECONDS = 10


def _answers(remote: str) -> None:
    """Raises EngineError unless something listens there: the client itself would try for minutes."""
    import socket

    address = _REMOTE.match(remote)
    if not address:
        raise EngineError(f"--remote {remote} is no address of Spark Connect: write sc://HOST:PORT.")
    host, port = address["host"].strip("[]"), int(address["port"] or _PORT)
    try:
        socket.create_connection((host, port), _PATIENCE_SECONDS).close()
    except OSError as error:
        raise EngineError(
            f"No Spark Connect server answers at {host}:{port} ({error.strerror or error}): start one with "
            "sbin/start-connect-server.sh, or name another with --remote."
        ) from error


def _builder() -> "SparkSession.Builder":
    try:
        with warnings.catch_warnings():
            # It has not been tried by its makers with pandas 3; rows come as Arrow here, without pandas.
            warnings.simplefilter("ignore", FutureWarning)
            from pyspark.sql.connect.session import SparkSession
    except ImportError as error:
        raise EngineError(
            "--engine spark needs the client of Spark Connect: pip install 'finops-analyzer[spark]' "
            f"({str(error).splitlines()[0]})."
        ) from error
    return SparkSession.builder


@contextmanager
def _told() -> Iterator[None]:
    """Spark's errors in one sentence, and none of its warnings about pandas."""
    from pyspark.errors import PySparkException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    except PySparkException as error:
        first = " ".join(str(error).split("\n\n")[0].split())[:500]
        raise EngineError(f"Spark could not do it: {first}") from error


def spark_type(kind: str) -> str:
    """Spark's name of a type of the warehouse."""
    if kind in ("JSON", "UBIGINT"):
        return "STRING" if kind == "JSON" else "DECIMAL(20, 0)"
    return exp.DataType.build(kind, dialect="duckdb").sql(dialect="spark")


def _without_zones(rows: "pa.Table") -> "pa.Table":
    import pyarrow as pa

    zoneless = pa.timestamp("us")
    fields = [
        field.with_type(zoneless) if pa.types.is_timestamp(field.type) else field for field in rows.schema
    ]
    return rows.cast(pa.schema(fields))
