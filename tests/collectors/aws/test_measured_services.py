"""What is asked of CloudWatch about endpoints, functions and groups, and what the answers become."""

from datetime import datetime
from typing import Any

import pytest

from collectors.aws import metrics, services
from finops.warehouse import Scope

AT = datetime(2026, 11, 20)
SCOPE = Scope("aws", "012345678901", "eu-west-1", "metrics")
NONE: dict[str, Any] = {"databases": (), "endpoints": (), "functions": (), "groups": (), "types": ()}


def series(namespace: str, **dimensions: str) -> dict[str, Any]:
    told = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    return {"Namespace": namespace, "MetricName": "x", "Dimensions": told}


def answered(
    further: list[services.Measured], answers: dict[tuple[str, str], list[float]], days: int = 5
) -> dict[str, list[float | None]]:
    """Means of the first days, by metric, where each (name, first dimension's last value) has such values a day."""
    assets = metrics.Assets(further=further)
    (batch,) = metrics.plan(assets, [], {}, AT, days)
    flat = [query for one in batch.wanted for query in one.queries()]
    told = {}
    for number, (measure, stat) in enumerate(flat):
        values = answers.get((measure.name, measure.dimensions[-1][1]))
        if values is not None:
            times = [f"2026-11-{15 + day:02}T00:00:00Z" for day in range(len(values))]
            told[f"q{number}"] = (times, values if stat != "SampleCount" else [288.0] * len(values))
    table = metrics.transform_metrics(told, batch, SCOPE)
    found: dict[str, list[float | None]] = {}
    for row in [] if table is None else table.to_pylist():
        found.setdefault(row["metric"], []).append(row["avg"])
    return found


def test_calls_of_all_variants_are_added_and_none_since_an_endpoint_exists_are_none() -> None:
    endpoint = {"kind": "endpoint", "state": "running", "name": "e", "endpoint_id": "arn:e", "instance_type": "ml.g5.xlarge",
                "created_at": datetime(2026, 11, 16)}  # fmt: skip
    found = services.further(
        [
            series("/aws/sagemaker/Endpoints", EndpointName="e", VariantName=name)
            for name in ("blue", "green")
        ],
        **{
            **NONE,
            "endpoints": [endpoint],
            "types": [{"instance_type": "g5.xlarge", "vcpu": 4, "gpu_count": 1}],
        },
    )
    nan = float("nan")
    calls = {
        ("Invocations", "blue"): [86_400.0, nan, 86_400.0],
        ("Invocations", "green"): [nan, nan, 86_400.0],
    }
    busy = {("CPUUtilization", "blue"): [200.0], ("GPUUtilization", "green"): [30.0]}
    assert answered(found, {**calls, **busy}) == {
        # Before it was made nobody knows; afterwards what nobody called was not called.
        "requests_per_second": [1.0, 0.0, 2.0, 0.0, 0.0],
        "cpu_utilization": [0.5],
        "gpu_utilization": [pytest.approx(0.3)],
    }


def test_an_endpoint_that_no_series_tells_of_and_a_notebook_are_not_asked_about() -> None:
    usual = {
        "state": "running",
        "name": "e",
        "endpoint_id": "arn:e",
        "instance_type": None,
        "created_at": None,
    }
    rows = [{**usual, "kind": "endpoint"}, {**usual, "kind": "notebook"}]
    assert services.further([], **{**NONE, "endpoints": rows}) == []


def test_functions_are_asked_about_where_something_is_kept_warm() -> None:
    function = {"name": "f", "function_id": "arn:f", "kept_warm": 2.0, "modified_at": datetime(2026, 11, 18)}
    cold = {**function, "name": "g", "function_id": "arn:g", "kept_warm": 0.0}
    unknown = {**function, "name": "h", "function_id": "arn:h", "kept_warm": None}
    found = services.further(
        [series("AWS/Lambda", FunctionName="f", Resource="f:live")],
        **{**NONE, "functions": [function, cold, unknown]},
    )
    assert [identity for identity, _ in found] == ["arn:f"]
    busy = {("ProvisionedConcurrencyUtilization", "f:live"): [0.5]}
    assert answered(found, busy) == {"requests_per_second": [0.0, 0.0], "kept_warm_utilization": [0.5]}


def test_what_is_free_is_turned_into_what_is_used() -> None:
    row = {"state": "running", "kind": "relational", "engine": "mysql", "name": "d", "database_id": "arn:d",
           "memory_gib": 8.0, "storage_gib": None}  # fmt: skip
    found = services.further([], **{**NONE, "databases": [row]})
    assert answered(found, {("FreeableMemory", "d"): [2.0 * 2**30]}) == {"memory_utilization": [0.75]}
    ((_, measures),) = found
    assert "storage_utilization" not in {each.metric for each in measures}
    stats = {
        stat
        for each in measures
        if each.metric == "memory_utilization"
        for stat in metrics.Wanted("d", (each,), AT).queries()[0][1:]
    }
    assert stats == {"Average"}


@pytest.mark.parametrize(
    ("engine", "namespace", "name"),
    [
        ("postgres", "AWS/RDS", "CPUUtilization"), ("docdb", "AWS/DocDB", "CPUUtilization"),
        ("neptune", "AWS/Neptune", "CPUUtilization"),
    ],
)  # fmt: skip
def test_each_engine_is_measured_in_its_own_namespace(engine: str, namespace: str, name: str) -> None:
    row = {"state": "running", "kind": None, "engine": engine, "name": "d", "database_id": "arn:d", "memory_gib": None,
           "storage_gib": None}  # fmt: skip
    ((_, measures),) = services.further([], **{**NONE, "databases": [row]})
    assert (measures[0].namespace, measures[0].name) == (namespace, name)


def test_a_stopped_database_is_not_measured_and_a_group_by_its_name() -> None:
    row = {"state": "stopped", "kind": "relational", "engine": "mysql", "name": "d", "database_id": "arn:d"}
    found = services.further([], **{**NONE, "databases": [row], "groups": ["workers"]})
    assert answered(found, {("GroupInServiceInstances", "workers"): [3.0, 4.0]}) == {"group_size": [3.0, 4.0]}


def test_only_series_that_there_can_be_are_listed() -> None:
    node = {"platform": "linux", "cluster": "prod"}
    endpoint, warm = {"kind": "endpoint", "state": "running"}, {"kept_warm": 1.0}
    listed = services.names([node], gpus=False, endpoints=[endpoint], functions=[warm])
    assert [name for _, name in listed] == [
        "mem_used_percent", "node_cpu_reserved_capacity", "node_memory_reserved_capacity", "CPUUtilization",
        "ProvisionedConcurrencyUtilization",
    ]  # fmt: skip
    assert (
        services.names(
            [], gpus=False, endpoints=[{**endpoint, "state": "other"}], functions=[{"kept_warm": 0.0}]
        )
        == []
    )


def test_what_pods_ask_of_a_node_is_measured_as_the_node_s() -> None:
    node = {"instance_id": "i-1", "state": "running"}
    told = [
        {"Name": "ClusterName", "Value": "prod"},
        {"Name": "InstanceId", "Value": "i-1"},
        {"Name": "NodeName", "Value": "n"},
    ]
    listed = [
        {"Namespace": "ContainerInsights", "MetricName": "node_cpu_reserved_capacity", "Dimensions": told}
    ]
    daily, _ = metrics.plan(metrics.Assets([node]), listed, {}, AT, 5)
    (one,) = daily.wanted
    asked = {each.metric: (each.namespace, each.name) for each in one.measures}
    assert asked["cpu_request_utilization"] == ("ContainerInsights", "node_cpu_reserved_capacity")
