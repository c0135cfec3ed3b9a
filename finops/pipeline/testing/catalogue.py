"""Finds data tests, ours and the user's, and what finops.toml changes about them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from finops.config import Settings
from finops.errors import ConfigError, RuleError
from finops.pipeline.testing.header import Header, Severity, split
from rules.engine.catalogue import rule_files
from rules.engine.mistakes import did_you_mean
from rules.engine.thresholds import of_its_type


@dataclass(frozen=True, slots=True)
class DataTestFile:
    """A data test that may run. `used` are the names its SQL writes after $."""

    header: Header
    sql: str
    path: Path
    used: frozenset[str]

    @property
    def id(self) -> str:
        return self.header.id


@dataclass(frozen=True, slots=True)
class Chosen:
    """A data test with what finops.toml says about it. `severity` is None unless it says one."""

    test: DataTestFile
    enabled: bool
    severity: Severity | None
    parameters: Mapping[str, Any]

    def values(self, as_of: datetime, run_started: datetime) -> dict[str, Any]:
        """What to bind: parameters, their cutoffs, the instants; only what the SQL uses."""
        values = {**self.parameters, "as_of": as_of, "run_started": run_started}
        for name, seconds in self.test.header.cutoffs.items():
            values[f"{name}_cutoff"] = as_of - timedelta(seconds=float(self.parameters[name]) * seconds)
        return {name: value for name, value in values.items() if name in self.test.used}


def built_in_folder() -> Path:
    """Where our own data tests are installed."""
    return Path(str(files("finops").joinpath("data_tests")))


def test_files(folders: Iterable[Path]) -> Iterator[Path]:
    """Every data test file of ours and below `folders`.

    Raises RuleError when there is no such folder.
    """
    for folder in (built_in_folder(), *folders):
        yield from rule_files(folder)


def load(path: Path, *, checked: bool = True) -> DataTestFile:
    """One data test, its SQL checked unless it is known to be right.

    Raises RuleError in one sentence that names the file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{path.name}: the file cannot be read as text: {error}.") from error
    header, sql = split(text, path.name)
    if header.id != path.stem:
        raise RuleError(f"{path.name}: the id is {header.id}; name the file {header.id}.sql.")
    return DataTestFile(header, sql, path, _checked(header, sql, path.name) if checked else _used(sql))


def _checked(header: Header, sql: str, name: str) -> frozenset[str]:
    from finops.pipeline.testing.checking import check
    from rules.engine.examining import used_names

    return frozenset(used_names(check(header, sql, name)))


@lru_cache(maxsize=256)
def _used(sql: str) -> frozenset[str]:
    """The names after $ of SQL that was checked before it was shipped: much faster than checking it again."""
    import duckdb

    return frozenset().union(*(one.named_parameters for one in duckdb.extract_statements(sql)))


def catalogue(folders: Iterable[Path] = (), broken: dict[str, str] | None = None) -> list[DataTestFile]:
    """Our data tests and those in `folders`, by id. Ours were checked before they were shipped, by our tests.

    A file that is broken, or has the id of another one, is told in `broken` by its path, where that is given. Raises
    RuleError for the first one otherwise.
    """
    found: dict[str, DataTestFile] = {}
    ours = built_in_folder()
    for path in test_files(folders):
        try:
            test = load(path, checked=not path.is_relative_to(ours))
            if test.id in found:
                raise RuleError(f"{path}: the data test {test.id} exists already in {found[test.id].path}.")
        except RuleError as error:
            if broken is None:
                raise
            broken[str(path)] = str(error)
        else:
            found[test.id] = test
    return sorted(found.values(), key=lambda one: one.id)


def chosen(settings: Settings, broken: dict[str, str] | None = None) -> list[Chosen]:
    """Every data test under finops.toml, those that are not enabled too.

    Raises ConfigError for a test or parameter that there is none of, RuleError for a broken file unless `broken` takes
    them, as in catalogue().
    """
    tests = catalogue(settings.test_folders, broken)
    known = [one.id for one in tests]
    for name in settings.tests:
        if name not in known and name not in {Path(path).stem for path in broken or ()}:
            hint = did_you_mean(name, known)
            raise ConfigError(f"tests.{name}: there is no data test {name}; {hint or _all(known)}")
    return [_under(one, settings) for one in tests]


def _all(known: list[str]) -> str:
    return f"there are {', '.join(known)}."


def _under(test: DataTestFile, settings: Settings) -> Chosen:
    told = settings.tests.get(test.id)
    values: dict[str, Any] = {name: spec.default for name, spec in test.header.parameters.items()}
    if "team_tag" in values:  # the tag that names teams is one setting for all that speaks of teams
        values["team_tag"] = settings.anomalies.team_tag
    if told is None:
        return Chosen(test, True, None, values)
    where = f"tests.{test.id}.parameters"
    for name, value in told.parameters.items():
        if name not in values:
            hint = did_you_mean(name, values) or f"it has {', '.join(values) or 'none'}."
            raise ConfigError(f"{where}: {name} is not a parameter of this data test; {hint}")
        of_its_type(test.header.parameters[name], value, f"{where}.{name}")
    return Chosen(test, told.enabled, told.severity, {**values, **told.parameters})
