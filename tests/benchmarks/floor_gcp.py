"""The fewest calls with which Google Cloud lets anybody collect what was collected, from the server's log of requests.

Counted per project and operation, and strictly: no client that knows nothing beforehand needs fewer.
* Requests that differ only in their page count as one with all its items, in full pages, and so do windows of a metric
  that lie side by side: every hour of every series once, 100,000 points to a page.
* Machine types are listed zone by zone, and only zones with a machine of a series are known to have it: as few zones as
  have them all, whatever the number of projects.
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

from tests.servers.gcp.machine_types import family

# Most items of a page. Source: the API references of the methods. What is not here has no pages worth counting.
PAGE = {"compute": 500, "storage": 1000, "sqladmin": 1000, "cloudresourcemanager": 500, "cloudbilling": 5000,
        "redis": 1000, "artifactregistry": 1000, "logging": 1000, "aiplatform": 1000, "notebooks": 1000, "cloudfunctions": 1000,
        "run": 500}  # fmt: skip
POINTS = 100_000  # of one timeSeries.list
_PAGING = ("pageToken", "maxResults", "pageSize", "startIndex")
_WINDOW = ("interval.startTime", "interval.endTime")
TYPES, SERIES = ("compute", "machineTypes.list"), ("monitoring", "projects.timeSeries.list")

Call = Mapping[str, Any]
Operation = tuple[str, str]  # service, action
Zones = Mapping[str, frozenset[str]]  # the series whose machines a zone has


def least_calls(calls: Iterable[Call], zones: Zones | None = None) -> dict[Operation, int]:
    """The floor by operation. Without `zones` every zone that was asked for its types counts."""
    questions: dict[Operation, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for call in calls:  # a page that was asked for again is one
        operation = call["service"], call["action"]
        asked = json.dumps(call["params"], sort_keys=True)
        questions[operation][_question(call)][asked] = call["items"]
    floor: Counter[Operation] = Counter()
    for (service, action), asked_for in questions.items():
        size = POINTS if service == "monitoring" else PAGE.get(service)
        floor[service, action] = sum(
            max(1, math.ceil(sum(of.values()) / size)) if size else 1 for of in asked_for.values()
        )
    if zones is not None and TYPES in floor:
        floor[TYPES] = min(floor[TYPES], _cover(zones))
    return dict(floor)


def zones_of(classes: Mapping[str, Iterable[Mapping[str, Any]]]) -> Zones:
    """The series that machines of an estate have in each zone."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, some in classes.items():
        for one in some:
            if "type" in one and "zone" in one and name != "deleted":
                found[one["zone"]].add(family(one["type"]))
    return {zone: frozenset(series) for zone, series in found.items()}


def _question(call: Call) -> str:
    """What a request is about, without its place in the answer, nor, of metrics, in time."""
    left = (*_PAGING, *_WINDOW) if (call["service"], call["action"]) == SERIES else _PAGING
    asked = {name: value for name, value in call["params"].items() if name not in left}
    return json.dumps([call["project"], call["names"], asked], sort_keys=True)


def _cover(zones: Zones) -> int:
    """The smallest number of zones that have every series."""
    every = frozenset().union(*zones.values())
    return next(
        many
        for many in range(1, len(zones) + 1)
        if any(every == frozenset().union(*some) for some in combinations(zones.values(), many))
    )
