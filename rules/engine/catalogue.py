"""Finds rule files, ours and the user's, and loads them: id = file name, one rule a file."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from finops.errors import RuleError
from rules.engine.header import Header, split

_NOT_RULES = ("rollups", "engine")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that may run. `parameters_used` are the names its SQL writes after $."""

    header: Header
    sql: str
    path: Path
    parameters_used: frozenset[str]

    @property
    def id(self) -> str:
        return self.header.id


def built_in_folder() -> Path:
    """Where our own rules are installed."""
    return Path(str(files("rules")))


def rule_files(folder: Path) -> Iterator[Path]:
    """The .sql files below `folder` that are rules, by path.

    Raises RuleError when there is no such folder.
    """
    if folder.is_file():
        yield folder
        return
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
        raise RuleError(f"There is no rule file or folder {folder} that this user may read.")
    for path in sorted(folder.rglob("*.sql")):
        if not set(path.relative_to(folder).parts[:-1]) & set(_NOT_RULES):
            yield path


def load(path: Path, *, checked: bool = True) -> Rule:
    """One rule, its SQL checked unless it is known to be right.

    Raises RuleError in one sentence that names the file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{path.name}: the file cannot be read as text: {error}.") from error
    header, sql, used = (_checked if checked else _read)(text, path.name)
    return Rule(header, sql, path, used)


@lru_cache(maxsize=256)
def _checked(text: str, name: str) -> tuple[Header, str, frozenset[str]]:
    """Header, SQL and the names that it writes after $. The same text is checked once in a process."""
    from rules.engine import examining

    header, sql = _parts(text, name)
    return header, sql, frozenset(examining.used_names(examining.check(header, sql, name)))


@lru_cache(maxsize=256)
def _read(text: str, name: str) -> tuple[Header, str, frozenset[str]]:
    """The same without the checks, five times as fast."""
    import duckdb

    header, sql = _parts(text, name)
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise RuleError(f"{name}: the SQL does not parse: {error}.") from error
    return header, sql, frozenset().union(*(one.named_parameters for one in statements))


def _parts(text: str, name: str) -> tuple[Header, str]:
    header, sql = split(text, name)
    if header.id != Path(name).stem:
        raise RuleError(f"{name}: the id is {header.id}; name the file {header.id}.sql.")
    return header, sql


def catalogue(folders: Iterable[Path] = ()) -> list[Rule]:
    """Our rules and those in `folders`, by id. Ours were checked before they were shipped, by our tests.

    Raises RuleError for the first broken one, or when two files have the same id.
    """
    rules: dict[str, Rule] = {}
    ours = built_in_folder()
    for folder in [ours, *folders]:
        for path in rule_files(folder):
            rule = load(path, checked=folder != ours)
            if rule.id in rules:
                raise RuleError(f"{path}: the rule {rule.id} exists already in {rules[rule.id].path}.")
            rules[rule.id] = rule
    return sorted(rules.values(), key=lambda rule: rule.id)
