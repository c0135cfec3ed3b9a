"""Snowflake. Written and parsed in tests, NEVER EXECUTED: no Snowflake was at hand, and no command offers it.

Quantiles are exact.
"""

import re
from typing import TYPE_CHECKING, Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.generators.snowflake import SnowflakeGenerator

from finops.engines.words import divided, least_or_greatest, patterned, refused
from finops.errors import EngineError

if TYPE_CHECKING:
    import pyarrow as pa

    from finops.engines.translate import Query

_ANY_CASE = "(?i)"


def _plain(pattern: str) -> str:
    """The pattern without flags, which are for whole patterns there, and without groups that are not kept."""
    before, _, after = pattern.partition(_ANY_CASE)
    return (before + re.sub(r"\\.|\[[^\]]*\]|[A-Za-z]", _both_cases, after)).replace("(?:", "(")


def _both_cases(part: re.Match[str]) -> str:
    text = part[0]
    if re.search("[A-Za-z]-", text):
        raise EngineError(f"{text} is of any case, which Snowflake cannot say.")
    if text[0] == "[":
        return re.sub("[A-Za-z]", lambda letter: letter[0].upper() + letter[0].lower(), text)
    return text if len(text) > 1 else f"[{text.upper()}{text.lower()}]"


def _found(self: Any, node: exp.RegexpLike) -> str:
    """REGEXP_LIKE asks whether the whole text is the pattern."""
    return f"(REGEXP_INSTR({self.sql(node, 'this')}, {self.sql(patterned(node, _plain))}) > 0)"


def _extracted(self: Any, node: exp.RegexpExtract) -> str:
    text, group = self.sql(node, "this"), self.sql(node, "group") or "0"
    how = "ce" if group != "0" else "c"
    found = f"REGEXP_SUBSTR({text}, {self.sql(patterned(node, _plain))}, 1, 1, '{how}', {group})"
    return f"COALESCE({found}, IFF({text} IS NULL, NULL, ''))"


def _hash(self: Any, node: exp.Anonymous) -> str:
    refused(node, but="hash")
    return f"HASH({', '.join(map(self.sql, node.expressions))})"


class SnowflakeWords(Snowflake):
    """Snowflake's SQL, with what sqlglot leaves to mean something else than in DuckDB."""

    KNOWN = frozenset({exp.DayOfWeekIso})

    class Generator(SnowflakeGenerator):
        TRANSFORMS: ClassVar[Any] = {
            **SnowflakeGenerator.TRANSFORMS,
            exp.Anonymous: _hash,
            # CONCAT_WS is NULL where one of them is.
            exp.ConcatWs: lambda self, node: (
                f"ARRAY_TO_STRING(ARRAY_CONSTRUCT_COMPACT({', '.join(map(self.sql, node.expressions[1:]))}), "
                f"{self.sql(node.expressions[0])})"
            ),
            exp.DayOfWeekIso: lambda self, node: f"DAYOFWEEKISO({self.sql(node, 'this')})",
            exp.Div: divided,
            exp.Greatest: least_or_greatest("GREATEST_IGNORE_NULLS({})"),
            exp.Least: least_or_greatest("LEAST_IGNORE_NULLS({})"),
            exp.PercentileCont: lambda self, node: (
                f"PERCENTILE_CONT({self.sql(node, 'expression')}) WITHIN GROUP (ORDER BY {self.sql(node, 'this')})"
            ),
            exp.RegexpExtract: _extracted,
            exp.RegexpLike: _found,
            exp.TimeToUnix: lambda self, node: (
                f"(DATE_PART(EPOCH_MICROSECOND, {self.sql(node, 'this')}) / 1E6)"
            ),
            exp.Try: lambda self, node: self.sql(node, "this"),
        }


class SnowflakeEngine:
    """A session on tables of a schema that are called as the warehouse's, such as external tables on a lake."""

    dialect = SnowflakeWords

    def __init__(self, connection: Any, schema: str, rows: dict[str, int]) -> None:
        """`connection` is one of snowflake-connector-python, `schema` is DATABASE.SCHEMA."""
        self._connection, self._schema = connection, schema
        self.rows = rows

    def name_of(self, table: str) -> str:
        return f"{self._schema}.{table}"

    def run(self, query: "Query") -> "pa.Table":
        return self._connection.cursor().execute(query.sql).fetch_arrow_all(force_return_table=True)

    def put(self, name: str, rows: "pa.Table") -> str:
        from snowflake.connector.pandas_tools import write_pandas

        write_pandas(
            self._connection, rows.to_pandas(), f"made_{name}", auto_create_table=True, overwrite=True,
            table_type="temporary", quote_identifiers=False,
        )  # fmt: skip
        return f"made_{name}"

    def close(self) -> None:
        self._connection.close()
