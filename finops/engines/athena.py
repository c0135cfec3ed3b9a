"""Athena (Trino). Written and parsed in tests, NEVER EXECUTED: no Athena was at hand, and no command offers it.

Quantiles are approximate: Trino has no exact ones.
"""

import time
from typing import TYPE_CHECKING, Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.generators.trino import TrinoGenerator

from finops.engines.regular import java
from finops.engines.words import divided, least_or_greatest, patterned, refused
from finops.errors import EngineError

if TYPE_CHECKING:
    import pyarrow as pa

    from finops.engines.translate import Query

_POLL_SECONDS = 1.0


def _hash(self: Any, node: exp.Anonymous) -> str:
    refused(node, but="hash")
    told = ", ".join(f"CAST({self.sql(one)} AS VARCHAR)" for one in node.expressions)
    return f"FROM_BIG_ENDIAN_64(XXHASH64(TO_UTF8(JSON_FORMAT(CAST(ARRAY[{told}] AS JSON)))))"


class AthenaWords(Trino):
    """Trino's SQL, with what sqlglot leaves to mean something else than in DuckDB."""

    KNOWN = frozenset({exp.DayOfWeekIso})
    GROUPS_BY_ALL = False  # it means something else there

    class Generator(TrinoGenerator):
        TRANSFORMS: ClassVar[Any] = {
            **TrinoGenerator.TRANSFORMS,
            exp.Anonymous: _hash,
            exp.Contains: lambda self, node: (
                f"(STRPOS({self.sql(node, 'this')}, {self.sql(node, 'expression')}) > 0)"
            ),
            exp.DayOfWeekIso: lambda self, node: f"DAY_OF_WEEK({self.sql(node, 'this')})",
            exp.Div: divided,
            exp.Greatest: least_or_greatest("ARRAY_MAX(FILTER(ARRAY[{}], one -> NOT one IS NULL))"),
            exp.Least: least_or_greatest("ARRAY_MIN(FILTER(ARRAY[{}], one -> NOT one IS NULL))"),
            exp.PercentileCont: lambda self, node: self.func("APPROX_PERCENTILE", node.this, node.expression),
            exp.RegexpExtract: lambda self, node: (
                f"COALESCE(REGEXP_EXTRACT({self.sql(node, 'this')}, {self.sql(patterned(node, java))}, "
                f"{self.sql(node, 'group') or '0'}), IF({self.sql(node, 'this')} IS NULL, NULL, ''))"
            ),
            exp.RegexpLike: lambda self, node: (
                f"REGEXP_LIKE({self.sql(node, 'this')}, {self.sql(patterned(node, java))})"
            ),
            exp.RegrR2: lambda self, node: f"POWER({self.func('CORR', node.this, node.expression)}, 2)",
            exp.TimeToUnix: lambda self, node: f"TO_UNIXTIME({self.sql(node, 'this')})",
            exp.Try: lambda self, node: self.sql(node, "this"),
        }


class AthenaEngine:
    """A session on tables of a Glue database that are called as the warehouse's; small ones are put beside them."""

    dialect = AthenaWords

    def __init__(self, session: Any, database: str, scratch: str, rows: dict[str, int]) -> None:
        """`session` is boto3's, `scratch` an s3://BUCKET/PREFIX for results and small tables."""
        self._athena, self._s3 = session.client("athena"), session.client("s3")
        self._database, self._scratch = database, scratch.rstrip("/")
        self._made: set[str] = set()
        self.rows = rows

    def name_of(self, table: str) -> str:
        return f"{self._database}.{table}"

    def run(self, query: "Query") -> "pa.Table":
        import pyarrow.dataset as ds

        target = f"{self._scratch}/answers/{time.time_ns()}/"
        self._do(f"UNLOAD ({query.sql}) TO '{target}' WITH (format = 'PARQUET')")
        return ds.dataset(target, format="parquet").to_table()

    def put(self, name: str, rows: "pa.Table") -> str:
        import io

        import pyarrow.parquet as pq

        place = f"{self._scratch}/made/{name}/{time.time_ns()}/"
        content = io.BytesIO()
        pq.write_table(rows, content)
        bucket, _, key = place.removeprefix("s3://").partition("/")
        self._s3.put_object(Bucket=bucket, Key=f"{key}rows.parquet", Body=content.getvalue())
        columns = ", ".join(f"`{field.name}` {_type(str(field.type))}" for field in rows.schema)
        self._do(f"DROP TABLE IF EXISTS {self._database}.made_{name}")
        self._do(
            f"CREATE EXTERNAL TABLE {self._database}.made_{name} ({columns}) STORED AS PARQUET LOCATION '{place}'"
        )
        self._made.add(name)
        return f"{self._database}.made_{name}"

    def close(self) -> None:
        for name in self._made:
            self._do(f"DROP TABLE IF EXISTS {self._database}.made_{name}")

    def _do(self, sql: str) -> None:
        where = {"OutputLocation": f"{self._scratch}/log/"}
        run = self._athena.start_query_execution(QueryString=sql, ResultConfiguration=where)[
            "QueryExecutionId"
        ]
        while True:
            state = self._athena.get_query_execution(QueryExecutionId=run)["QueryExecution"]["Status"]
            if state["State"] == "SUCCEEDED":
                return
            if state["State"] in ("FAILED", "CANCELLED"):
                raise EngineError(f"Athena could not do it: {state.get('StateChangeReason', state['State'])}")
            time.sleep(_POLL_SECONDS)


def _type(kind: str) -> str:
    """Hive's name of a type of Arrow."""
    known = {"string": "string", "int64": "bigint", "int32": "int", "double": "double", "bool": "boolean"}
    if kind.startswith("decimal128"):
        return f"decimal{kind.removeprefix('decimal128')}"
    return "timestamp" if kind.startswith("timestamp") else known[kind]
