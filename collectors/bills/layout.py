"""The columns of a file as a mapping reads them: named its way, records opened, columns of one map gathered.

A format with `names: snake` may come flat (CSV: service.id or service_id) or nested (Parquet, JSON: a record
service with a field id); both are the field service_id here.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import duckdb

from collectors.bills.mapping import Mapping

Columns = Sequence[tuple[str, str]]  # names and DuckDB types, in the file's order
_OURS = ("row_of_file",)  # what source.py puts beside a row's values
Names = dict[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a row: what the mapping calls it, where it is in the file, how SQL gets it, its DuckDB type.

    A copy is in the row under another name too.
    """

    name: str
    path: str
    sql: str
    kind: str
    copied: bool = False


def names_of(columns: Columns, mapping: Mapping) -> list[str]:
    """The file's names that `mapping` compares with its own."""
    return [leaf.path for leaf in _leaves(columns, mapping, {})]


def fields_of(columns: Columns, mapping: Mapping, written: Names | None = None) -> tuple[Field, ...]:
    """Every value of a row of such a file, each under a name of its own; gathered maps come last.

    `written` are the names in the file of columns that go by another one.
    """
    leaves = list(_leaves(columns, mapping, written or {}))
    ours = {path: name for name, path in mapping.known(leaf.path for leaf in leaves).items()}
    taken = set(ours.values())
    used = {name.lower() for name in (*mapping.reads, *_OURS)}
    fields: list[Field] = []
    for leaf in leaves:
        name = ours.get(leaf.path) or _free(leaf.path, used)
        used.add(name.lower())
        members = any(mapping.plain(leaf.path).startswith(begin) for begin in mapping.gathered)
        fields.append(Field(name, leaf.path, leaf.sql, leaf.kind, members))
    return (*fields, *_gathered(fields, mapping, taken))


def _free(name: str, used: set[str]) -> str:
    """The name, with a number behind it where SQL, which minds no case, would take it for another one."""
    tries = (name if number == 1 else f"{name} {number}" for number in count(1))
    return next(each for each in tries if each.lower() not in used)


def _leaves(columns: Columns, mapping: Mapping, written: Names) -> Iterator[Field]:
    for name, kind in columns:
        if kind.startswith("STRUCT") and (inner := _wrapped(duckdb.sqltype(kind))):
            yield _unwrapped(written.get(name, name), quoted(name), *inner, name=name)
        elif mapping.snake and kind.startswith("STRUCT") and not kind.endswith("]"):
            yield from _opened(name, quoted(name), duckdb.sqltype(kind))
        else:
            yield Field(name, written.get(name, name), quoted(name), kind)


def _opened(path: str, sql: str, kind: Any) -> Iterator[Field]:
    """The fields of a record, and those of records in it."""
    for name, child in kind.children:
        below = f"{path}.{name}", f"{sql}.{quoted(name)}"
        if inner := _wrapped(child):
            yield _unwrapped(*below, *inner)
        elif child.id == "struct":
            yield from _opened(*below, child)
        else:
            yield Field(below[0], *below, str(child))


def _wrapped(kind: Any) -> tuple[str, str, str] | None:
    """The names around a list that is a record of a list of records, as BigQuery reads and writes Parquet's lists.

    credits is credits.list.element there. Returns list, element and the type of the elements.
    """
    if kind.id != "struct" or len(kind.children) != 1:
        return None
    (outer, many), *_ = kind.children
    one = dict(many.children)["child"] if many.id == "list" else None
    if outer not in ("list", "bag") or one is None or one.id != "struct" or len(one.children) != 1:
        return None
    (inner, element), *_ = one.children
    return (outer, inner, str(element)) if inner in ("element", "item", "array_element") else None


def _unwrapped(path: str, sql: str, outer: str, inner: str, kind: str, *, name: str = "") -> Field:
    values = f"list_transform({sql}.{quoted(outer)}, lambda e : e.{quoted(inner)})"
    return Field(name or path, path, values, f"{kind}[]")


def _gathered(fields: Sequence[Field], mapping: Mapping, taken: set[str]) -> Iterator[Field]:
    """Columns such as resourceTags/user:team as the JSON text that a newer export has as one column."""
    for begin, name in mapping.gathered.items():
        members = [field for field in fields if mapping.plain(field.path).startswith(begin)]
        if not members or name in taken:
            continue
        pairs = ", ".join(f"{literal(_key(m.path, begin))}, {_nullified(m.sql)}" for m in members)
        yield Field(name, name, f"json_merge_patch('{{}}', json_object({pairs}))", "JSON")


def _nullified(sql: str) -> str:
    return f"nullif(CAST({sql} AS VARCHAR), '')"


def _key(path: str, begin: str) -> str:
    """The rest of the name, as it is written there; of names in CamelCase in snake_case."""
    rest = path.split("/", 1)[1] if "/" in path else path[len(begin) :]
    return rest if ":" in rest else re.sub(r"(?<!^)(?=[A-Z])", "_", rest).lower()


def literal(text: str) -> str:
    """The text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """The name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
