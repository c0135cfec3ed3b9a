"""Runs a collection in this process against a local Alibaba Cloud, and says what the warehouse then holds."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from collectors.alibaba import Request
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
def as_environment(env: Mapping[str, str]) -> Iterator[None]:
    """The process with this environment and nobody's Alibaba settings."""
    clean = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("ALIBABA", "ALIYUN", "ALICLOUD", "FINOPS_"))
    }
    with mock.patch.dict(os.environ, {**clean, **env}, clear=True):
        yield


def collect(
    db: Path,
    env: Mapping[str, str],
    *regions: str,
    at: datetime = AT,
    clock: datetime | None = None,
    max_age: timedelta | None = None,
    only: tuple[str, ...] = (),
    days: int = 91,
    bill_days: int = 40,
    **request: Any,
) -> Collected:
    """`finops collect alibaba` in this process."""
    asked = Collecting(Request(regions=tuple(regions), **request), only=only, days=days, bill_days=bill_days)
    with as_environment(env):
        return run(
            "alibaba", db, Settings(), asked, at=at, clock=clock or at, progress=Quiet(), max_age=max_age
        )


def rows(db: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a query of the warehouse returns."""
    with reading(db) as con:
        return con.execute(sql, list(values)).fetchall()


def coverage(db: Path) -> dict[tuple[str, str], tuple[str, str | None, int]]:
    """(region, dataset) → status, error, rows."""
    told = rows(db, "SELECT region, dataset, status, error, rows FROM coverage WHERE cloud = 'alibaba'")
    return {(region, dataset): (status, error, count) for region, dataset, status, error, count in told}
