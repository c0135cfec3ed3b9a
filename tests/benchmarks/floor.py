"""The fewest calls with which AWS lets anybody collect what was collected, from the server's log of requests.

Counted per account, region and operation, and strictly: no client that knows nothing beforehand needs fewer.
* Requests that differ only in lists (types, operating systems, families of prices, regions of the price list) count
  as one with all their items, in full pages. What takes one value at a time (a target group, a metric's name) is a
  request of its own.
* Metrics: every series and statistic once, 500 to a call or 100,800 datapoints, whichever is reached first, apart for
  each length of bucket, because a call has one window.
* Metrics are listed by name, or all of a namespace in one go where that takes fewer pages.
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

# Most items of a page. Source: the API references of the operations. What is not here has no pages worth counting.
PAGE = {
    "DescribeInstances": 1000, "DescribeVolumes": 1000, "DescribeSnapshots": 1000, "DescribeImages": 1000,
    "DescribeNetworkInterfaces": 1000, "DescribeNatGateways": 1000, "DescribeInstanceTypes": 100,
    "DescribeSpotPriceHistory": 1000, "GetProducts": 100, "DescribeSavingsPlans": 1000, "ListMetrics": 500,
    "DescribeSubnets": 1000, "DescribeVpcEndpoints": 1000, "DescribeRouteTables": 100, "DescribeLockedSnapshots": 1000,
    "DescribeReservedInstancesOfferings": 100,
}  # fmt: skip
QUERIES, POINTS = 500, 100_800  # of one GetMetricData
# Parameters that take one value; a request for another value is another request. The version tells the two
# generations of load balancers apart.
_SINGLE = (
    "Version", "TargetGroupArn", "LoadBalancerName", "LoadBalancerArn", "Namespace", "MetricName", "ServiceCode",
    "repositoryName", "EndpointName", "EndpointConfigName", "Path",
)  # fmt: skip
_PAGING = ("MaxResults", "maxResults", "MaxRecords", "PageSize", "NextToken", "nextToken", "Marker")

Calls = Iterable[Mapping[str, Any]]
Operation = tuple[str, str]  # service, operation


def least_calls(calls: Calls, series: Mapping[str, int] | None = None) -> dict[Operation, int]:
    """The floor by operation. `series` says how many the agents' namespace has in each region."""
    floor: Counter[Operation] = Counter()
    by_place: dict[tuple[str, str, str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for call in calls:
        by_place[call["service"], call["operation"], call["account"], call["region"]].append(call)
    for (service, operation, _, region), made in by_place.items():
        least = _metric_calls(made) if operation == "GetMetricData" else _pages(operation, made)
        if operation == "ListMetrics" and series:
            least = min(least, math.ceil(series[region] / PAGE[operation]))
        floor[service, operation] += least
    return dict(floor)


def _pages(operation: str, calls: Calls) -> int:
    items: Counter[str] = Counter()
    for call in calls:
        items[_shape(call["asked"])] += call["items"]
    return sum(max(1, math.ceil(count / PAGE.get(operation, count or 1))) for count in items.values())


def _shape(asked: Mapping[str, Any]) -> str:
    """A request without its pages and without the values of its lists."""
    names = {name.partition(".")[0] for name in asked if name not in _PAGING}
    filters = sorted({each["Field"] for each in asked.get("Filters", ())})
    single = [asked.get(name) for name in _SINGLE]
    return json.dumps([sorted(names), filters, single])


def _metric_calls(calls: Calls) -> int:
    queries: dict[int, set[str]] = defaultdict(set)
    points: Counter[int] = Counter()
    for call in calls:
        period = call["asked"]["Queries"][0][3]
        queries[period].update(json.dumps(query) for query in call["asked"]["Queries"])
        points[period] += call["datapoints"]
    return sum(
        max(math.ceil(len(asked) / QUERIES), math.ceil(points[period] / POINTS))
        for period, asked in queries.items()
    )
