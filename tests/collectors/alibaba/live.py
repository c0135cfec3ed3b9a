"""Runs a collection in this process against a local Alibaba Cloud, and says what the warehouse then holds."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from collectors.alibaba import Request
from finops.pipeline.collecting import Collected, Collecting
from tests.collectors.live import AT, Quiet, collected, coverage_of, environment, rows


def as_environment(env: Mapping[str, str]) -> AbstractContextManager[None]:
    """The process with this environment and nobody's Alibaba settings."""
    return environment(env, "ALIBABA", "ALIYUN", "ALICLOUD", "FINOPS_")


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
    return collected("alibaba", db, asked, as_environment(env), at, clock, max_age)


def coverage(db: Path) -> dict[tuple[str, str], tuple[str, str | None, int]]:
    """(region, dataset) → status, error, rows."""
    return coverage_of("alibaba", db)


__all__ = ["AT", "Quiet", "as_environment", "collect", "coverage", "rows"]
