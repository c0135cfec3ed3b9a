"""Collects from the local Google Cloud into a warehouse in memory, and says what it then holds."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from collectors.conduct import Progress
from collectors.gathering import Result
from collectors.gcp import Request
from collectors.gcp.collecting import Wanted, collect
from collectors.gcp.handing import DATASETS
from finops.warehouse import Scope, Writer
from tests.collectors.gcp.canned import Desk
from tests.collectors.live import AT, Quiet, environment

PRICES = ("prices", "spot_prices", "region_prices")
INVENTORY = tuple(name for name in DATASETS if name not in ("metrics", *PRICES))


def live(
    desk: Desk,
    env: Mapping[str, str],
    *,
    at: datetime = AT,
    only: tuple[str, ...] = INVENTORY,
    days: int = 5,
    fresh: Callable[[Scope], bool] = lambda _: False,
    **request: Any,
) -> Result:
    """One run against the cloud of this environment."""
    progress: Progress = Quiet()
    with environment(env, "GOOGLE_", "CLOUDSDK_", "FINOPS_"):
        asked = Request(**request)
        writer = Writer(desk.con, f"live-{at:%d}", at)
        return collect(writer, asked, Wanted(only, days), at=at, fresh=fresh, progress=progress)
