"""The least that a client can do: the large lists and the same metrics through bare botocore, kept in memory.

    python -m tests.benchmarks.bare_client FILE

FILE has the metric queries of each region as JSON, by bucket length and with their window. Times stay the text or
number they arrive as, threads are eight, and nothing is stored or judged: what CPU the data cost anybody.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config

from tests.benchmarks.floor import POINTS, QUERIES

WORKERS = 8
LISTS = (
    ("ec2", "describe_instances", {}),
    ("ec2", "describe_volumes", {}),
    ("ec2", "describe_snapshots", {"OwnerIds": ["self"]}),
    ("ec2", "describe_images", {"Owners": ["self"]}),
    ("ec2", "describe_network_interfaces", {}),
    ("ec2", "describe_nat_gateways", {}),
    ("elbv2", "describe_load_balancers", {}),
    ("cloudwatch", "list_metrics", {"Namespace": "CWAgent", "MetricName": "mem_used_percent"}),
)


class Client:
    """botocore clients that leave times unparsed, one per service and region."""

    def __init__(self) -> None:
        session = botocore.session.Session()
        session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=lambda at: at)
        self._session, self._made = session, dict[tuple[str, str], Any]()

    def of(self, service: str, region: str) -> Any:
        """The client; to be asked for in the main thread."""
        if (service, region) not in self._made:
            config = Config(max_pool_connections=32, retries={"mode": "standard", "total_max_attempts": 8})
            self._made[service, region] = self._session.create_client(service, region, config=config)
        return self._made[service, region]


def listed(client: Any, operation: str, asked: Mapping[str, Any]) -> int:
    """Pages of a list."""
    pages = client.get_paginator(operation)
    size = {"PageSize": 1000} if client.meta.service_model.service_name == "ec2" else {}
    return sum(1 for _ in pages.paginate(**asked, PaginationConfig=size))


def measured(client: Any, queries: list[dict[str, Any]], start: int, end: int) -> int:
    """Datapoints of one call and its further pages."""
    kept: dict[str, list[float]] = {}
    asked = {"MetricDataQueries": queries, "StartTime": start, "EndTime": end}
    for page in client.get_paginator("get_metric_data").paginate(**asked):
        for result in page["MetricDataResults"]:
            kept.setdefault(result["Id"], []).extend(result["Values"])
    return sum(map(len, kept.values()))


def calls(wanted: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]], int, int]]:
    """Region, queries and window of each call, as full as they may be."""
    for one in wanted:
        points = -(-(one["end"] - one["start"]) // one["period"])
        room = min(QUERIES, POINTS // points)
        for begin in range(0, len(one["queries"]), room):
            some = one["queries"][begin : begin + room]
            yield (
                one["region"],
                [query(place, text) for place, text in enumerate(some)],
                one["start"],
                one["end"],
            )


def query(number: int, text: tuple[str, str, list[list[str]], int, str]) -> dict[str, Any]:
    namespace, name, dimensions, period, stat = text
    named = [{"Name": key, "Value": value} for key, value in dimensions]
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": named}
    return {"Id": f"q{number}", "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}}


def main() -> None:
    wanted = json.loads(Path(sys.argv[1]).read_text())
    client = Client()
    with ThreadPoolExecutor(WORKERS) as workers:
        pages = [
            workers.submit(listed, client.of(service, region), operation, asked)
            for region in sorted({one["region"] for one in wanted})
            for service, operation, asked in LISTS
        ]
        points = [
            workers.submit(measured, client.of("cloudwatch", region), queries, start, end)
            for region, queries, start, end in calls(wanted)
        ]
        print(sum(one.result() for one in pages), sum(one.result() for one in points))


if __name__ == "__main__":
    main()
