"""A process whose clock is another than the machine's: a quarter of nights in minutes.

What finops takes for the time starts at an instant and goes on as time does; everything else of the machine's clock
(time-outs, signatures) stays as it is.
"""

import time
from datetime import UTC, datetime, timedelta, tzinfo
from unittest import mock

import collectors.alibaba.metrics
import collectors.alibaba.monitoring
from finops import instants


def live_at(start: datetime) -> None:
    """Turns the clock of this process to `start` (UTC without a zone), for good."""
    began = time.monotonic()

    def now() -> datetime:
        gone = timedelta(seconds=time.monotonic() - began)
        return (start + gone).replace(microsecond=0)

    class Clocked(datetime):
        """What CloudMonitor still has depends on the day it is asked."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return now().replace(tzinfo=UTC) if tz else now()

    mock.patch.object(instants, "now", now).start()
    for module in (collectors.alibaba.metrics, collectors.alibaba.monitoring):
        mock.patch.object(module, "datetime", Clocked).start()
