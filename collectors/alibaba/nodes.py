"""What the pods of each node of a Kubernetes cluster ask for, as a share of what the node can give them.

CloudMonitor tells it of the nodes of a whole cluster at once, where the component that reports it is installed. Nodes
have names, in which their private address is.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from collectors.alibaba.client import Client
from collectors.alibaba.measures import DAYS, Measure, Series, windows
from collectors.alibaba.monitoring import DESCRIBE_METRIC_LIST, NO_SUCH_METRIC, Refusals, listed
from collectors.calls import CallError
from collectors.hours import DAY, HOUR, Grid, MetricRows, Newest, Window, first_hour, midnight
from finops.warehouse import Scope

# Our metrics, and of what they are the share.
_SHARES = {
    "cpu_request_utilization": ("node.cpu.request", "node.cpu.allocatable"),
    "memory_request_utilization": ("node.memory.request", "node.memory.allocatable"),
}
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


@dataclass(frozen=True, slots=True)
class NodeBatch:
    """One cluster: its machines by private address, in the windows that are missing."""

    cluster: str
    machines: Mapping[str, str]
    windows: tuple[Window, ...]

    @property
    def points(self) -> int:
        return 2 * len(_SHARES) * len(self.machines) * sum(window.hours for window in self.windows)


def nodes_wanted(
    clusters: Sequence[Mapping[str, Any]],
    instances: Sequence[Mapping[str, Any]],
    newest: Newest,
    at: datetime,
    days: int,
    whole: datetime | None,
) -> Iterator[NodeBatch]:
    """A question for each cluster with machines that run. Where nothing is stored, though it was asked about in the
    collection before this one, at the instant `whole`: from that day on."""
    first = first_hour(at, min(days, DAYS))
    for one in clusters:
        mine = {
            str(machine["private_ip"]): str(machine["instance_id"])
            for machine in instances
            if machine.get("cluster") == one["cluster_id"]
            and machine["state"] == "running"
            and machine.get("private_ip")
        }
        made = one.get("created_at")
        before = midnight(whole) if whole and made and made < whole else first
        known = [
            newest.get((machine, metric, DAY), before) for machine in mine.values() for metric in _SHARES
        ]
        if mine:
            yield NodeBatch(str(one["cluster_id"]), mine, tuple(windows(max(first, min(known)), at)))


def measured_nodes(client: Client, batch: NodeBatch, scope: Scope, refusals: Refusals) -> pa.Table | None:
    """Rows of metrics of the nodes of a cluster; None where nothing reports them."""
    rows = MetricRows(scope)
    for window in batch.windows:
        for metric, (asked, given) in _SHARES.items():
            wanted = _hours(client, batch, asked, window, refusals)
            offered = _hours(client, batch, given, window, refusals) if wanted else {}
            for machine, hours in wanted.items():
                share = _share(hours, offered.get(machine, {}))
                rows.add(machine, metric, DAY, *Grid(window, share).days(percentiles=True))
    return rows.table()


Hours = dict[int, tuple[float, float]]


def _share(wanted: Hours, offered: Hours) -> Hours:
    """One as a share of the other, in the hours that both are known of."""
    return {
        hour: (mean / offered[hour][0], top / offered[hour][0])
        for hour, (mean, top) in wanted.items()
        if hour in offered and offered[hour][0]
    }


def _hours(
    client: Client, batch: NodeBatch, name: str, window: Window, refusals: Refusals
) -> dict[str, Hours]:
    """Hours by machine; what is told of nodes that are gone by now is left out."""
    refusals.check(DESCRIBE_METRIC_LIST)
    measure = Measure(name, (Series(name, 1.0),), namespace="acs_k8s", dimension="cluster")
    found: dict[str, Hours] = {}
    try:
        for point in listed(client, measure, name, [batch.cluster], window):
            address = _ADDRESS.search(str(point.get("node")))
            machine = batch.machines.get(address[0]) if address else None
            mean, top = point.get("Average", point.get("Value")), point.get("Maximum")
            if machine is not None and mean is not None:
                hour = int(point["timestamp"]) // (HOUR * 1000)
                found.setdefault(machine, {})[hour] = float(mean), float(top) if top is not None else np.nan
    except CallError as error:
        if error.code.startswith(NO_SUCH_METRIC):
            return {}
        refusals.note(DESCRIBE_METRIC_LIST, error)
        raise
    return found
