"""The fewest calls with which Alibaba Cloud lets anybody collect what was collected, from the server's log of requests.

Counted per account, region and operation, and strictly: no client that knows nothing beforehand needs fewer.
* Requests that differ only in their page count as one with all its items, in full pages. What takes one value at a
  time (a balancer, a disk, a day of the bill, a type's spot prices) is a request of its own.
* Metrics: every hour of every machine once, 1,440 to a page; a question names 50 machines and spans 31 days at most.
* Prices of machines: every type once, 50 to a question. The history of spot prices ends with an empty page.
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

# Most items of a page. Source: the API references of the operations. What is not here has no pages worth counting.
PAGE = {
    "DescribeInstances": 100, "DescribeDisks": 500, "DescribeSnapshots": 100, "DescribeInstanceTypes": 1600,
    "DescribeEipAddresses": 100, "DescribeNatGateways": 50, "DescribeLoadBalancers": 100, "ListLoadBalancers": 100,
    "DescribeDBInstances": 100, "DescribeScalingGroups": 50, "DescribeScalingInstances": 50,
    "DescribeScalingRules": 50, "DescribeScheduledTasks": 50, "DescribeAlarms": 50, "DescribeScalingActivities": 50,
    "DescribeDBInstanceAttribute": 30, "DescribeImages": 100, "ListInstance": 100, "ListRepository": 100, "ListRepoTag": 100,
    "ListFunctions": 100, "ListServices": 100, "ListProject": 500, "ListLogStores": 500, "ListMultipartUploads": 1000, "DescribeVSwitches": 50, "DescribeNetworkInterfaces": 500, "DescribeDBClusters": 100, "DescribeClustersV1": 100, "ListListeners": 100,
    "ListServerGroups": 100, "ListRules": 100,
    "DescribeReservedInstances": 100, "QueryAvailableInstances": 300, "QuerySavingsPlansInstance": 300,
    "QueryResourcePackageInstances": 300, "DescribeInstanceBill": 300, "QueryAccountBill": 300,
    "DescribeSpotPriceHistory": 1000, "ListBuckets": 1000, "ListAccounts": 100,
}  # fmt: skip
POINTS, MACHINES, DAYS = 1440, 50, 31  # of one DescribeMetricList
MODULES = 50  # of one GetPayAsYouGoPrice
DISK_POINTS = 400  # of one DescribeDiskMonitorData
_HOUR = 3_600_000  # milliseconds
_PAGING = (
    "limit", "nextToken", "PageNo", "page_size", "page_number", "size", "offset", "max-uploads", "key-marker",
    "MaxResults", "NextToken", "PageSize", "PageNumber", "PageNum", "Offset", "Length", "marker", "max-keys",
)  # fmt: skip

Call = Mapping[str, Any]
Operation = tuple[str, str]  # product, action


def least_calls(calls: Iterable[Call]) -> dict[Operation, int]:
    """The floor by operation."""
    floor: Counter[Operation] = Counter()
    by_place: dict[tuple[str, str, str, str], list[Call]] = defaultdict(list)
    for call in calls:
        by_place[call["product"], call["action"], call["account"], call["region"]].append(call)
    for (product, action, _, _), made in by_place.items():
        floor[product, action] += _COUNT.get(action, _pages)(made)
    return dict(floor)


def _pages(calls: list[Call]) -> int:
    """Full pages of each question; of a spot price history the empty one at its end too."""
    items: dict[str, dict[str, int]] = defaultdict(dict)
    for call in calls:  # a page that was asked for again is one
        items[_question(call)][json.dumps(call["params"], sort_keys=True)] = call["items"]
    action = calls[0]["action"]
    ends = action == "DescribeSpotPriceHistory"
    return sum(
        max(1, math.ceil(sum(of.values()) / PAGE.get(action, sum(of.values()) or 1)) + ends)
        for of in items.values()
    )


def _question(call: Call) -> str:
    """What a request is about, without its place in the answer."""
    return json.dumps(
        {name: value for name, value in call["params"].items() if name not in _PAGING}, sort_keys=True
    )


def _metrics(calls: list[Call]) -> int:
    """Per metric as many as its points, its machines or its time need, whichever is most."""
    points: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    spans: dict[tuple[str, str], set[tuple[str, int, int]]] = defaultdict(set)
    for call in calls:
        asked = call["params"]
        series = asked["Namespace"], asked["MetricName"]
        points[series][json.dumps(asked, sort_keys=True)] = call["items"]
        window = int(asked["StartTime"]), int(asked["EndTime"])
        spans[series] |= {(json.dumps(one), *window) for one in json.loads(asked["Dimensions"])}
    return sum(max(math.ceil(sum(points[one].values()) / POINTS), _questions(spans[one])) for one in points)


def _questions(spans: set[tuple[str, int, int]]) -> int:
    hours: Counter[str] = Counter()
    for machine, start, end in spans:
        hours[machine] += (end - start) // _HOUR
    longest = DAYS * 24
    return max(
        math.ceil(hours.total() / (MACHINES * longest)),
        *(math.ceil(each / longest) for each in hours.values()),
    )


def _disks(calls: list[Call]) -> int:
    """Per disk as many as its hours need."""
    hours: dict[str, dict[str, int]] = defaultdict(dict)
    for call in calls:
        hours[call["params"]["DiskId"]][call["params"]["StartTime"]] = call["items"]
    return sum(max(1, math.ceil(sum(of.values()) / DISK_POINTS)) for of in hours.values())


def _prices(calls: list[Call]) -> int:
    """As many as all types need that were asked about in a region; each only once."""
    types: dict[str, set[str]] = defaultdict(set)
    for call in calls:
        asked = call["params"]
        types[asked["Region"]] |= {value for name, value in asked.items() if name.endswith(".Config")}
    return sum(math.ceil(len(names) / MODULES) for names in types.values())


_COUNT = {
    "DescribeMetricList": _metrics, "DescribeDiskMonitorData": _disks, "GetPayAsYouGoPrice": _prices,
}  # fmt: skip
