"""Runs a collection in this process against a local cloud, and says what the warehouse then holds."""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from finops.config import Settings
from finops.pipeline.collecting import Collected, Collecting
from finops.pipeline.collecting import collect as run
from finops.warehouse import Scope, reading

AT = datetime(2026, 11, 20)


@dataclass
class Quiet:
    """Progress that nobody watches, and what it was told."""

    scopes: list[tuple[Scope, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def begin(self, scopes: int) -> None:
        self.said.append(f"{scopes} scopes")

    def scope(self, scope: Scope, status: str) -> None:
        self.scopes.append((scope, status))

    def say(self, message: str) -> None:
        self.said.append(message)


@contextmanager
def environment(env: Mapping[str, str], *prefixes: str) -> Iterator[None]:
    """The process with this environment and nobody's settings that begin with one of the prefixes."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(prefixes)}
    with mock.patch.dict(os.environ, {**clean, **env}, clear=True):
        yield


def collected(
    cloud: str,
    db: Path,
    asked: Collecting,
    environment: AbstractContextManager[None],
    at: datetime,
    clock: datetime | None,
    max_age: timedelta | None,
) -> Collected:
    """`finops collect CLOUD` in this process."""
    with environment:
        return run(cloud, db, Settings(), asked, at=at, clock=clock or at, progress=Quiet(), max_age=max_age)


def rows(db: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a query of the warehouse returns."""
    with reading(db) as con:
        return con.execute(sql, list(values)).fetchall()


def coverage_of(cloud: str, db: Path) -> dict[tuple[str, str], tuple[str, str | None, int]]:
    """(region, dataset) → status, error, rows."""
    told = rows(db, "SELECT region, dataset, status, error, rows FROM coverage WHERE cloud = ?", cloud)
    return {(region, dataset): (status, error, count) for region, dataset, status, error, count in told}
