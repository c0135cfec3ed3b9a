"""What is measured beside machines: of each kind of resource, by which labels Cloud Monitoring tells it, and what.

A question is one metric of all resources of a kind in a project. Source: https://cloud.google.com/monitoring/api/metrics_gcp
(cloudsql, redis, loadbalancing, router, storage, compute, kubernetes, aiplatform, run).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from collectors.gcp.measures import Measure
from collectors.scopes import GLOBAL

_ONE_DAY = timedelta(days=1)
Row = Mapping[str, Any]
# A resource by its labels, all of them or the one that is all but unique.
Key = tuple[str, ...]


def _any(_: Row) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Source:
    """One metric of Google's, told by these labels of the resources that it is `of`. With `groups` Cloud Monitoring
    adds up the series that have the same: of a metric that has hundreds of series for a resource."""

    google: str
    labels: tuple[str, ...]
    where: str = ""
    groups: tuple[str, ...] = ()
    of: Callable[[Row], bool] = _any


@dataclass(frozen=True, slots=True)
class Told:
    """One of our metrics of a kind of resource, from one or more sources: each is asked when there are resources that
    those before it have not told. `per` is what it is a share of.

    `counted` says that Google writes it only when something happens, so that an hour without a point between points is
    one in which nothing did.
    """

    measure: Measure
    sources: tuple[Source, ...]
    per: Source | None = None
    counted: bool = False
    per_column: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource: its table, the column of its id, its labels' values, and what is measured of it.

    `key` gives the values of the labels of a row; None of one that is not measured.
    """

    table: str
    identity: str
    key: Callable[[Row, str], Key | None]
    measures: tuple[Told, ...]
    created: str = "created_at"
    wanted: Callable[[Row], bool] = field(default=lambda _: True)


def _told(
    metric: str, google: str, labels: Sequence[str], *, where: str = "", grouped: bool = False,
    counted: bool = False, per: Source | None = None, per_column: str = "", **more: Any,
) -> Told:  # fmt: skip
    source = Source(google, tuple(labels), where, tuple(labels) if grouped else ())
    return Told(Measure(metric, google, **more), (source,), per, counted, per_column)


# --- databases --------------------------------------------------------------------------------------------

_SQL, _SQL_LABELS = "cloudsql.googleapis.com/database/", ("resource.labels.database_id",)
_REDIS, _REDIS_LABELS = "redis.googleapis.com/", ("resource.labels.instance_id",)
_PRIMARY = 'metric.labels.role="primary"'


def _is_cache(row: Row) -> bool:
    return bool(row["kind"] == "cache")


DATABASES = Kind(
    "databases", "database_id", lambda row, project: (f"{project}:{row['database_id']}",),
    (
        _told("cpu_utilization", f"{_SQL}cpu/utilization", _SQL_LABELS, ratio=True),
        _told("memory_utilization", f"{_SQL}memory/utilization", _SQL_LABELS, ratio=True),
        _told("storage_utilization", f"{_SQL}disk/utilization", _SQL_LABELS, ratio=True),
        Told(
            Measure("connections", f"{_SQL}network/connections", gauge=True),
            (
                Source(f"{_SQL}network/connections", _SQL_LABELS),
                # Those of the service itself are none of the user's.
                Source(
                    f"{_SQL}postgresql/num_backends", _SQL_LABELS, 'metric.labels.database!="cloudsqladmin"',
                    of=lambda row: row["engine"] == "postgres",
                ),
            ),
        ),
        _told("disk_read_ops_per_second", f"{_SQL}disk/read_ops_count", _SQL_LABELS),
        _told("disk_write_ops_per_second", f"{_SQL}disk/write_ops_count", _SQL_LABELS),
        _told("network_in_bytes_per_second", f"{_SQL}network/received_bytes_count", _SQL_LABELS),
    ),
    wanted=lambda row: not _is_cache(row),
)  # fmt: skip
CACHES = Kind(
    "databases", "database_id", lambda row, project: (f"projects/{project}/{row['database_id']}",),
    (
        _told("cpu_utilization", f"{_REDIS}stats/cpu_utilization_main_thread", _REDIS_LABELS, where=_PRIMARY),
        _told("memory_utilization", f"{_REDIS}stats/memory/usage_ratio", _REDIS_LABELS, where=_PRIMARY, ratio=True),
        _told("connections", f"{_REDIS}clients/connected", _REDIS_LABELS, where=_PRIMARY, gauge=True),
    ),
    wanted=_is_cache,
)  # fmt: skip

# --- network ----------------------------------------------------------------------------------------------

_LB = "loadbalancing.googleapis.com/"
_RULE = ("resource.labels.region", "resource.labels.forwarding_rule_name")


def _rule(row: Row, _: str) -> Key:
    return str(row["region"]), str(row["name"])


def _worldwide(row: Row) -> bool:
    return bool(row["region"] == GLOBAL)


def _regional(row: Row) -> bool:
    return not _worldwide(row)


def _rules(metric: str, *sources: tuple[str, Callable[[Row], bool]]) -> Told:
    found = tuple(Source(f"{_LB}{name}", _RULE, "", _RULE, of) for name, of in sources)
    return Told(Measure(metric, found[0].google), found, counted=True)


APPLICATION_BALANCERS = Kind(
    "load_balancers", "load_balancer_id", _rule,
    (
        _rules(
            "requests_per_second", ("https/request_count", _worldwide),
            ("https/external/regional/request_count", _regional), ("https/internal/request_count", _regional),
        ),
    ),
    wanted=lambda row: row["kind"] == "application",
)  # fmt: skip
NETWORK_BALANCERS = Kind(
    "load_balancers", "load_balancer_id", _rule,
    (
        _rules(
            "network_in_bytes_per_second", ("l3/external/ingress_bytes_count", _regional),
            ("l3/internal/ingress_bytes_count", _regional), ("tcp_ssl_proxy/ingress_bytes_count", _worldwide),
        ),
    ),
    wanted=lambda row: row["kind"] == "network",
)  # fmt: skip
_NAT = ("resource.labels.router_id", "resource.labels.gateway_name")
NAT_GATEWAYS = Kind(
    "nat_gateways", "nat_gateway_id", lambda row, _: tuple(str(row["nat_gateway_id"]).split("/", 1)),
    (
        _told("network_out_bytes_per_second", "router.googleapis.com/nat/sent_bytes_count", _NAT, counted=True),
        _told("connections", "router.googleapis.com/nat/open_connections", _NAT, gauge=True),
    ),
)  # fmt: skip

# --- storage, groups, nodes -------------------------------------------------------------------------------

BUCKETS = Kind(
    "buckets", "bucket_id", lambda row, _: (str(row["bucket_id"]),),
    (
        _told(
            "requests_per_second", "storage.googleapis.com/api/request_count", ("resource.labels.bucket_name",),
            grouped=True, counted=True,
        ),
    ),
)  # fmt: skip
GROUPS = Kind(
    "scaling_groups", "scaling_group_id", lambda row, _: (str(row["region"]), str(row["name"])),
    (
        _told(
            "group_size", "compute.googleapis.com/instance_group/size",
            ("resource.labels.location", "resource.labels.instance_group_name"), gauge=True,
        ),
    ),
)  # fmt: skip
_NODE = ("resource.labels.node_name",)
_REQUESTED = ("metadata.system_labels.node_name",)


def _requests(metric: str, what: str, of: str) -> Told:
    """What the pods of a node ask for, of what it can give them."""
    return _told(
        metric, f"kubernetes.io/container/{what}", _REQUESTED, grouped=True, gauge=True,
        per=Source(f"kubernetes.io/node/{of}", _NODE),
    )  # fmt: skip


NODES = Kind(
    "instances", "instance_id", lambda row, _: (str(row["name"]),),
    (
        _requests("cpu_request_utilization", "cpu/request_cores", "cpu/allocatable_cores"),
        _requests("memory_request_utilization", "memory/request_bytes", "memory/allocatable_bytes"),
    ),
    created="launched_at", wanted=lambda row: row["cluster"] is not None and row["state"] == "running",
)  # fmt: skip

# --- what runs on demand ----------------------------------------------------------------------------------

ENDPOINTS = Kind(
    "ml_endpoints", "endpoint_id", lambda row, _: (str(row["endpoint_id"]).rpartition("/")[2],),
    (
        _told(
            "requests_per_second", "aiplatform.googleapis.com/prediction/online/prediction_count",
            ("resource.labels.endpoint_id",), counted=True,
        ),
        _told(
            "cpu_utilization", "aiplatform.googleapis.com/prediction/online/cpu/utilization",
            ("resource.labels.endpoint_id",), ratio=True,
        ),
    ),
    wanted=lambda row: row["kind"] == "endpoint",
)  # fmt: skip
_SERVICE = ("resource.labels.location", "resource.labels.service_name")
SERVICES = Kind(
    "functions", "function_id", lambda row, _: (str(row["region"]), str(row["name"])),
    (
        _told(
            "requests_per_second", "run.googleapis.com/request_count", _SERVICE, grouped=True, counted=True,
        ),
        _told(
            "kept_warm_utilization", "run.googleapis.com/container/instance_count", _SERVICE, grouped=True,
            where='metric.labels.state="active"', gauge=True, per_column="kept_warm",
        ),
    ),
    wanted=lambda row: "/services/" in str(row["function_id"]),
)  # fmt: skip

FUNCTIONS = Kind(
    "functions", "function_id", lambda row, _: (str(row["region"]), str(row["name"])),
    (
        _told(
            "requests_per_second", "cloudfunctions.googleapis.com/function/execution_count",
            ("resource.labels.region", "resource.labels.function_name"), counted=True,
        ),
    ),
    wanted=lambda row: "/functions/" in str(row["function_id"]),
)  # fmt: skip

KINDS = (
    DATABASES, CACHES, APPLICATION_BALANCERS, NETWORK_BALANCERS, NAT_GATEWAYS, BUCKETS, GROUPS, NODES, ENDPOINTS,
    SERVICES, FUNCTIONS,
)  # fmt: skip
TABLES = tuple(dict.fromkeys(kind.table for kind in KINDS))


def most_questions() -> int:
    """How many questions a project takes that has some of everything."""
    return sum(
        len(told.sources) * len(told.measure.aligners) + (told.per is not None)
        for kind in KINDS
        for told in kind.measures
    )
