"""How the rows that a rule returned differ from those a case expects, row by row and column by column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Row = Mapping[str, Any]
_KEY = ("cloud", "account_id", "region", "resource_id")


@dataclass(frozen=True, slots=True)
class Cell:
    """One column that is not as expected; `there` is false when the rule returns no such column."""

    column: str
    expected: Any
    got: Any
    there: bool = True


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is not as expected: it differs, it is missing, or nobody expected it."""

    kind: Literal["differs", "missing", "surplus"]
    row: Row
    cells: tuple[Cell, ...] = ()

    @property
    def label(self) -> str:
        """What to call the row: its resource, and whatever of its key the case names."""
        return "/".join(str(self.row[name]) for name in _KEY if self.row.get(name) is not None) or "any row"


def differences(expected: Sequence[Row], got: Sequence[Row]) -> list[Difference]:
    """What differs, in the order of the expected rows, surplus rows last.

    A row that fits is taken by the first that expects it; what is left is paired with the row it is most like.
    """
    left, open_ = list(got), []
    for row in expected:
        match = next((real for real in left if matches(row, real)), None)
        if match is None:
            open_.append(row)
        else:
            left.remove(match)
    found = []
    for row in open_:
        like = max(left, key=lambda real, row=row: _likeness(row, real), default=None)  # type: ignore[misc]
        if like is None or _likeness(row, like)[0] == 0:
            found.append(Difference("missing", row))
            continue
        left.remove(like)
        found.append(Difference("differs", {**row, **_key(like)}, _cells(row, like)))
    return found + [Difference("surplus", real) for real in left]


def matches(expected: Row, real: Row) -> bool:
    """Whether a row has everything that is expected of it."""
    return all(name in real and same(name, value, real[name]) for name, value in expected.items())


def same(name: str, expected: Any, real: Any) -> bool:
    """Whether a value is as expected: of a reason a part is enough, numbers are equal to nine digits."""
    if name == "reason":
        return str(expected) in str(real)
    if isinstance(expected, float) or isinstance(real, float):
        return real is not None and expected is not None and abs(float(real) - float(expected)) < 1e-9
    return bool(expected == real)


def _likeness(expected: Row, real: Row) -> tuple[int, int]:
    """How likely two rows are about one resource: whether no part of the key contradicts, and what else is equal."""
    named = [name for name in _KEY if name in expected]
    agrees = all(same(name, expected[name], real.get(name)) for name in named)
    return int(agrees), sum(
        name in real and same(name, value, real[name]) for name, value in expected.items()
    )


def _cells(expected: Row, real: Row) -> tuple[Cell, ...]:
    return tuple(
        Cell(name, value, real.get(name), name in real)
        for name, value in expected.items()
        if not (name in real and same(name, value, real[name]))
    )


def _key(row: Row) -> dict[str, Any]:
    return {"resource_id": row.get("resource_id")}
