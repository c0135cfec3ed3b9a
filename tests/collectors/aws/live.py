"""Runs a collection in this process against a local AWS, and says what the warehouse then holds."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from collectors.aws import Request
from finops.pipeline.collecting import Collected, Collecting
from tests.collectors.live import AT, Quiet, collected, coverage_of, environment, rows

# Machines, disks and networks: what most tests are about, and what takes an estate of machines only.
CORE = (
    "instances", "instance_types", "scaling_groups", "volumes", "snapshots", "public_ips", "load_balancers",
    "nat_gateways", "commitments", "metrics", "prices", "spot_prices",
)  # fmt: skip
EVERYTHING: tuple[str, ...] = ()


def as_environment(env: Mapping[str, str]) -> AbstractContextManager[None]:
    """The process with this environment and nobody's AWS settings."""
    return environment(env, "AWS_")


def collect(
    db: Path,
    env: Mapping[str, str],
    *regions: str,
    at: datetime = AT,
    clock: datetime | None = None,
    max_age: timedelta | None = None,
    only: tuple[str, ...] = CORE,
    billing_export: str | None = None,
    days: int = 95,
    **request: Any,
) -> Collected:
    """`finops collect aws` in this process."""
    asked = Collecting(
        Request(regions=tuple(regions), **request), only=only, days=days, billing_export=billing_export
    )
    return collected("aws", db, asked, as_environment(env), at, clock, max_age)


def coverage(db: Path) -> dict[tuple[str, str], tuple[str, str | None, int]]:
    """(region, dataset) → status, error, rows."""
    return coverage_of("aws", db)


__all__ = ["AT", "CORE", "EVERYTHING", "Quiet", "as_environment", "collect", "coverage", "rows"]
