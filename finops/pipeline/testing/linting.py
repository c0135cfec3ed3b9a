"""Everything that is wrong with the file of a data test, each with its line and what to write instead."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
import yaml
from pydantic import ValidationError

from finops.errors import RuleError
from finops.pipeline.testing import checking
from finops.pipeline.testing.catalogue import Chosen, DataTestFile, built_in_folder, test_files
from finops.pipeline.testing.header import Header
from finops.pipeline.testing.running import ITSELF, judge
from finops.schema_comments import schema_sql
from rules.engine import examining
from rules.engine.header import BLOCK, read_yaml
from rules.engine.linting import Told
from rules.engine.mistakes import Mistake, did_you_mean
from rules.engine.places import Place, Places

_AS_OF = datetime(2026, 11, 1)  # noqa: DTZ001 - any instant: an empty warehouse knows no time
# What stands in for a field that is wrong, so that the rest of the file can be judged all the same.
_STAND_IN: dict[str, Any] = {
    "id": "x", "title": "Title", "stage": "pipeline", "severity": "warn", "doc": "x" * 40,
}  # fmt: skip
_HOW = {
    "doc": "tell what it finds, why that matters and what to do, in a few sentences",
    "stage": "write bill, collect, audit or pipeline: what it tests",
    "severity": "write warn, or error for what makes a night end with exit code 5",
    "id": "write it as the file is named, in small letters with hyphens: no-night-without-bill",
}


class Linter:
    """Looks at files one after the other; what is right so far is run on an empty warehouse, too."""

    def __init__(self) -> None:
        self._con: duckdb.DuckDBPyConnection | None = None

    def look(self, path: Path) -> list[Told]:
        """Everything wrong with one file, by line."""
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            return [Told(str(path), 1, 1, "error", f"the file cannot be read as text: {error}", None)]
        return sorted(_all(text, path, self.empty), key=lambda one: (one.line, one.column))

    def empty(self) -> duckdb.DuckDBPyConnection:
        """A warehouse in memory that holds nothing."""
        if self._con is None:
            self._con = duckdb.connect(config={"threads": 1})
            self._con.execute(schema_sql())
            self._con.execute("SET enable_external_access = false")
        return self._con


def _all(text: str, path: Path, empty: Callable[[], duckdb.DuckDBPyConnection]) -> Iterator[Told]:
    def told(mistake: Mistake, place: Place, severity: Literal["error", "note"] = "error") -> Told:
        return Told(str(path), *place, severity, mistake.said, mistake.hint)

    block = BLOCK.match(text)
    if not block:
        yield told(Mistake("a data test begins with a header between /*--- and ---*/"), Place(1, 1))
        return
    sql = block["sql"].strip()
    blank = len(block["sql"]) - len(block["sql"].lstrip())
    places = Places(text, block.start("header"), block["header"], block.start("sql") + blank, sql)
    try:
        raw = read_yaml(block["header"])
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = " ".join(str(getattr(error, "problem", None) or error).split())
        place = places.line_of_header(mark.line, mark.column) if mark else Place(2, 1)
        yield told(Mistake(f"the header is not YAML: {why}"), place)
        return
    header, mistakes = _header(raw, path)
    mistakes += _body(header, sql)
    yield from (told(one, places.of(one)) for one in mistakes)
    if header and not mistakes:
        yield from (told(one, place) for one, place in _try(empty(), header, sql, path, places))


def _header(raw: Any, path: Path) -> tuple[Header | None, list[Mistake]]:
    """The header as far as it can be told, and what is wrong with it."""
    if not isinstance(raw, dict):
        return None, [Mistake("the header must be a list of keys and values", key=("id",))]
    try:
        header, mistakes = Header.model_validate(raw), list[Mistake]()
    except ValidationError as error:
        mistakes = [_told(one) for one in error.errors()]
        roots = {str(one["loc"][0]) for one in error.errors() if one["loc"]}
        kept = {name: value for name, value in raw.items() if name not in roots}
        header = Header.model_validate({**_STAND_IN, **kept})
    if "id" in raw and not any(one.key[:1] == ("id",) for one in mistakes):
        mistakes += _identity(str(raw["id"]), path)
    return header, mistakes


def _told(error: Any) -> Mistake:
    key = tuple(part for part in error["loc"] if part != "[key]")
    where, name = ".".join(str(part) for part in key) or "header", str(key[-1]) if key else ""
    if error["type"] == "extra_forbidden":
        known = list(Header.model_fields) if len(key) == 1 else ["default", "unit", "doc"]
        return Mistake(f"there is no field {where}", key=key, hint=did_you_mean(name, known))
    if error["type"] == "missing":
        return Mistake(f"{where} is missing", key=key, hint=_HOW.get(name))
    return Mistake(f"{where}: {error['msg'].removeprefix('Value error, ')}", key=key, hint=_HOW.get(name))


def _identity(name: str, path: Path) -> Iterator[Mistake]:
    if name != path.stem:
        yield Mistake(f"the id is {name}; name the file {name}.sql", key=("id",))
    elif path.parent.resolve() != built_in_folder().resolve() and name in {
        one.stem for one in test_files(())
    }:
        said = f"the data test {name} exists already, among ours"
        yield Mistake(said, key=("id",), hint="give it another id")


def _body(header: Header | None, sql: str) -> list[Mistake]:
    query = checking.parsed(sql)
    if isinstance(query, Mistake):
        return [query]
    return list(checking.examine(header, query)) if header else []


def _try(
    con: duckdb.DuckDBPyConnection, header: Header, sql: str, path: Path, places: Places
) -> Iterator[tuple[Mistake, Place]]:
    """What the database says about a test that is right as far as can be read, on an empty warehouse."""
    query = checking.parsed(sql)
    used = frozenset() if isinstance(query, Mistake) else frozenset(examining.used_names(query))
    values = {name: spec.default for name, spec in header.parameters.items()}
    one = Chosen(DataTestFile(header, sql, path, used), True, None, values)
    said = judge(con, [one], as_of=_AS_OF, run_started=_AS_OF)
    for result in said:
        if result.subject == ITSELF:
            line = re.search(r"LINE (\d+):", result.message)
            yield Mistake(result.message), places.line_of_sql(int(line[1]) if line else 1)


def refuse_broken(broken: int) -> None:
    """Raises RuleError where files are broken."""
    if broken:
        raise RuleError(f"{broken} data test{'s are' if broken > 1 else ' is'} broken.")
