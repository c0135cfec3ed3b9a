"""Other engines than DuckDB for the few queries that read the large tables.

The rollups and derived tables are written once, in DuckDB's SQL. `translate` writes them for another engine: macros
are put in place, values are literals, and what means something else there is said in other words. `pushdown` runs
them there and brings the rows back as Arrow. Rules, prices and netting stay where they are.

Run on the fixtures and equal: Spark. Written and parsed, but never executed: BigQuery, Athena, Snowflake.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot.dialects.dialect import Dialect

    from finops.engines.translate import Query


class Engine(Protocol):
    """An engine that has the large tables.

    `dialect` writes SQL for it, quantiles and whatever else differs included; `rows` tells which tables of the
    warehouse it has, and how many rows.
    """

    @property
    def dialect(self) -> "type[Dialect]": ...

    @property
    def rows(self) -> Mapping[str, int]: ...

    def name_of(self, table: str) -> str:
        """What SELECTs there call a table of the warehouse."""
        ...

    def run(self, query: "Query") -> "pa.Table":
        """The rows of a SELECT; raises EngineError."""
        ...

    def put(self, name: str, rows: "pa.Table") -> str:
        """Makes a small table there, in place of an earlier one of that name, and returns what SELECTs call it."""
        ...

    def close(self) -> None:
        """Ends the session; what `put` made goes with it."""
        ...
