"""BigQuery. Written and parsed in tests, NEVER EXECUTED: no BigQuery was at hand, and no command offers it.

Quantiles are those of a thousand buckets: BigQuery has exact ones as window functions only.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.generators.bigquery import BigQueryGenerator

from finops.engines.words import divided, least_or_greatest, quantile_place, refused
from finops.errors import EngineError

if TYPE_CHECKING:
    import pyarrow as pa
    from google.cloud import bigquery

    from finops.engines.translate import Query


def _hash(self: Any, node: exp.Anonymous) -> str:
    refused(node, but="hash")
    return f"FARM_FINGERPRINT(TO_JSON_STRING(STRUCT({', '.join(map(self.sql, node.expressions))})))"


def _slope(self: Any, node: exp.RegrSlope) -> str:
    y, x = self.sql(node, "this"), self.sql(node, "expression")
    return f"SAFE_DIVIDE(COVAR_POP({y}, {x}), VAR_POP(IF({y} IS NULL, NULL, {x})))"


def _intercept(self: Any, node: exp.RegrIntercept) -> str:
    y, x = self.sql(node, "this"), self.sql(node, "expression")
    slope = f"SAFE_DIVIDE(COVAR_POP({y}, {x}), VAR_POP(IF({y} IS NULL, NULL, {x})))"
    return f"(AVG(IF({x} IS NULL, NULL, {y})) - {slope} * AVG(IF({y} IS NULL, NULL, {x})))"


class BigQueryWords(BigQuery):
    """BigQuery's SQL, with what sqlglot leaves to mean something else than in DuckDB."""

    KNOWN = frozenset({exp.DayOfWeekIso})

    class Generator(BigQueryGenerator):
        TRANSFORMS: ClassVar[Any] = {
            **BigQueryGenerator.TRANSFORMS,
            exp.Anonymous: _hash,
            exp.ConcatWs: lambda self, node: (
                f"ARRAY_TO_STRING([{', '.join(map(self.sql, node.expressions[1:]))}], {self.sql(node.expressions[0])})"
            ),
            # CONTAINS_SUBSTR takes no notice of case.
            exp.Contains: lambda self, node: (
                f"(STRPOS({self.sql(node, 'this')}, {self.sql(node, 'expression')}) > 0)"
            ),
            exp.DayOfWeekIso: lambda self, node: (
                f"(MOD(EXTRACT(DAYOFWEEK FROM {self.sql(node, 'this')}) + 5, 7) + 1)"
            ),
            exp.Div: divided,
            # Those of BigQuery are NULL where one of them is.
            exp.Greatest: least_or_greatest("(SELECT MAX(one) FROM UNNEST([{}]) AS one)"),
            exp.Least: least_or_greatest("(SELECT MIN(one) FROM UNNEST([{}]) AS one)"),
            exp.PercentileCont: lambda self, node: (
                f"APPROX_QUANTILES({self.sql(node, 'this')}, 1000)[OFFSET({quantile_place(node, 1000)})]"
            ),
            exp.RegrIntercept: _intercept,
            exp.RegrR2: lambda self, node: f"POW({self.func('CORR', node.this, node.expression)}, 2)",
            exp.RegrSlope: _slope,
            exp.TimeToUnix: lambda self, node: f"(UNIX_MICROS(TIMESTAMP({self.sql(node, 'this')})) / 1E6)",
            exp.Try: lambda self, node: self.sql(node, "this"),
        }


class BigQueryEngine:
    """A session on tables of a data set that are called as the warehouse's, such as external tables on a lake."""

    dialect = BigQueryWords

    def __init__(self, client: "bigquery.Client", dataset: str, scratch: str, rows: dict[str, int]) -> None:
        """`dataset` has the tables, `scratch` is where small ones are put; both as PROJECT.DATASET."""
        self._client, self._dataset, self._scratch = client, dataset, scratch
        self._made: set[str] = set()
        self.rows = rows

    def name_of(self, table: str) -> str:
        return f"{self._dataset}.{table}"

    def run(self, query: "Query") -> "pa.Table":
        from google.api_core.exceptions import GoogleAPIError

        try:
            return self._client.query_and_wait(query.sql).to_arrow(create_bqstorage_client=False)
        except GoogleAPIError as error:
            raise EngineError(f"BigQuery could not do it: {error}") from error

    def put(self, name: str, rows: "pa.Table") -> str:
        import io

        import pyarrow.parquet as pq
        from google.cloud import bigquery

        target = f"{self._scratch}.made_{name}"
        content = io.BytesIO()
        pq.write_table(rows, content)
        content.seek(0)
        how = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.PARQUET,
            write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
        )
        self._client.load_table_from_file(content, target, job_config=how).result()
        self._made.add(target)
        return target

    def close(self) -> None:
        for target in self._made:
            self._client.delete_table(target, not_found_ok=True)
        self._client.close()  # type: ignore[no-untyped-call]
