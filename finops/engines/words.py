"""What several engines say in the same words."""

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from finops.errors import EngineError


def divided(self: Any, node: exp.Div) -> str:
    """DuckDB divides in floating point, others decimals as decimals and integers as integers."""
    sides = [self.sql(exp.cast(side.copy(), "double")) for side in (node.this, node.expression)]
    return f"({sides[0]} / {sides[1]})"


def least_or_greatest(form: str) -> Callable[[Any, exp.Expr], str]:
    """LEAST or GREATEST of what is not NULL."""

    def told(self: Any, node: exp.Expr) -> str:
        return form.format(", ".join(self.sql(one) for one in (node.this, *node.expressions)))

    return told


def quantile_place(node: exp.PercentileCont, parts: int) -> int:
    """The number of a quantile among the borders of so many equal parts."""
    return round(float(node.expression.name) * parts)


def refused(node: exp.Anonymous, *, but: str) -> None:
    """Raises EngineError for a function that nobody knows there."""
    if node.name.lower() != but:
        raise EngineError(
            f"{node.sql(dialect='duckdb')}: there is no such function there, as far as is known."
        )


def patterned(node: exp.RegexpLike | exp.RegexpExtract, told: Callable[[str], str]) -> exp.Expr:
    """The pattern of a node in other words.

    Raises EngineError where the pattern is not written out.
    """
    literal = node.expression
    if not isinstance(literal, exp.Literal):
        raise EngineError(f"{node.sql(dialect='duckdb')}: the pattern must be written out.")
    return exp.Literal.string(told(literal.name))
