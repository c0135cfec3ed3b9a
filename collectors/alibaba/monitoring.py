"""Questions to CloudMonitor: points of a metric by the hour, page by page. An hour begins at its stamp."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from collectors.alibaba.api import Api
from collectors.alibaba.client import Client
from collectors.alibaba.measures import DAYS, POINTS, Measure
from collectors.alibaba.products import Paging
from collectors.calls import CallError
from collectors.hours import HOUR, Window, first_hour

DESCRIBE_METRIC_LIST = Api(
    "cms", "DescribeMetricList", "cms:DescribeMetricList", paging=Paging("Length", "NextToken", "NextToken"),
    page=POINTS,
    probe={"Namespace": "acs_ecs_dashboard", "MetricName": "CPUUtilization", "Period": "3600", "Length": "1"},
)  # fmt: skip

NO_SUCH_METRIC = ("ResourceNotFound", "404")
# Among other things; asked for what is kept, it shows which.
_TOO_LONG_AGO = ("ParameterInvalid", "InvalidParameter", "IllegalParameter", "InvalidStartTime", "400")


class Refusals:
    """Calls that were denied in a region: asking again for the next machine or disk would be in vain."""

    def __init__(self) -> None:
        self._errors: dict[str, CallError] = {}

    def check(self, api: Api) -> None:
        """Raises what the call was denied with before."""
        if error := self._errors.get(api.action):
            raise error

    def note(self, api: Api, error: CallError) -> None:
        """Remembers an error that is final for the region."""
        if error.status == "denied" or error.code.startswith(("LimitExceeded", "402")):
            self._errors[api.action] = error


def listed(
    client: Client, measure: Measure, name: str, machines: Sequence[str], window: Window
) -> Iterator[dict[str, Any]]:
    """Points of one question; where its beginning is refused as too long ago, from where it is not."""
    try:
        yield from _points_of(client, measure, name, machines, window)
    except CallError as error:
        # Days are counted back from now, which is not the instant that is asked about.
        later = first_hour(datetime.now(UTC).replace(tzinfo=None), DAYS)
        if not error.code.startswith(_TOO_LONG_AGO) or later <= window.start:
            raise
    else:
        return
    if later < window.end:
        yield from _points_of(client, measure, name, machines, Window(later, window.end))


def _points_of(
    client: Client, measure: Measure, name: str, machines: Sequence[str], window: Window
) -> Iterator[dict[str, Any]]:
    for page in client.pages(DESCRIBE_METRIC_LIST, **question(measure, name, machines, window)):
        yield from points(page)


def question(measure: Measure, name: str, machines: Sequence[str], window: Window) -> dict[str, Any]:
    """Parameters of one question. CloudMonitor leaves out the first instant and includes the last."""
    return {
        "Namespace": measure.namespace,
        "MetricName": name,
        "Period": str(HOUR),
        "StartTime": str(_milliseconds(window.start) - 1),
        "EndTime": str(_milliseconds(window.end) - 1),
        "Dimensions": json.dumps([{measure.dimension: one} for one in machines], separators=(",", ":")),
    }


def points(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Points of a page, which are JSON text inside the JSON. Raises KeyError or TypeError for what is none."""
    text = page["Datapoints"]
    found = json.loads(text) if text else []
    if not isinstance(found, list):
        raise TypeError("Datapoints is no list")
    return found


def _milliseconds(at: datetime) -> int:
    return int(at.replace(tzinfo=UTC).timestamp() * 1000)
