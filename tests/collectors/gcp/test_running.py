"""Models, notebooks and functions: every column of their rows, each question asked once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from collectors.calls import CallError
from collectors.gcp.functions import Runs, amount_of, get_functions, transform_functions
from collectors.gcp.learning import Learning, get_endpoints, transform_endpoints
from collectors.gcp.listing import Listed
from collectors.gcp.services import address_of
from tests.collectors.gcp.canned import (
    AT,
    NO_SERIES,
    PROJECT,
    Canned,
    Desk,
    aggregated,
    attached,
    disk,
    machine,
    metric_in,
    series,
    types,
    zone,
)

HERE = {"cloud": "gcp", "account_id": PROJECT, "region": "us-central1"}
MADE, WHEN = "2026-08-01T00:00:00Z", datetime(2026, 8, 1)
OFF = CallError("skipped", "SERVICE_DISABLED", "The API is not enabled.")
ABSENT = CallError("skipped", "NOT_FOUND", "It is not offered.")


def told(values: dict[str, str], value: float, metric: dict[str, str] | None = None) -> dict[str, Any]:
    """A series that was measured yesterday."""
    point = {
        "interval": {"endTime": f"{AT - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"},
        "value": {"doubleValue": value},
    }
    return {"resource": {"labels": values}, "metric": {"labels": metric or {}}, "points": [point]}


# --- models -----------------------------------------------------------------------------------------------


def endpoint(*models: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "projects/123/locations/us-central1/endpoints/77", "displayName": "churn", "createTime": MADE,
            "deployedModels": list(models), **more}  # fmt: skip


def model(least: int = 2, machine_type: str = "n1-standard-4", **more: Any) -> dict[str, Any]:
    resources = {"machineSpec": {"machineType": machine_type}, "minReplicaCount": least}
    return {"createTime": "2026-09-01T00:00:00Z", "dedicatedResources": resources, **more}


def endpoints_of(one: dict[str, Any]) -> dict[str, Any]:
    (row,) = transform_endpoints(Learning(Listed([one])), PROJECT)["ml_endpoints"]
    return row


def test_an_endpoint_has_all_its_columns_under_its_name_in_the_project() -> None:
    assert endpoints_of(endpoint(model())) == {
        **HERE, "endpoint_id": "locations/us-central1/endpoints/77", "name": "churn", "kind": "endpoint", "state": "running",
        "state_since": datetime(2026, 9, 1), "instance_type": "n1-standard-4", "instances": 2, "created_at": WHEN,
        "last_used_at": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("models", "state", "machine_type", "instances"),
    [
        ([], "stopped", None, 0),
        ([model(1), model(3)], "running", "n1-standard-4", 4),
        ([model(1), model(1, "g2-standard-8")], "running", None, 2),
        ([{"sharedResources": "projects/1/…", "createTime": MADE}], "running", None, None),
    ],
)
def test_what_an_endpoint_always_has_is_that_of_its_models(
    models: list[dict[str, Any]], state: str, machine_type: str | None, instances: int | None
) -> None:
    row = endpoints_of(endpoint(*models))
    assert (row["state"], row["instance_type"], row["instances"]) == (state, machine_type, instances)


def test_endpoints_are_asked_for_where_the_project_is_and_where_models_are_deployed() -> None:
    replicas = {"timeSeries": [told({"location": "asia-east1"}, 2.0), told({"location": "us-central1"}, 1.0)]}
    client = Canned(**{"aiplatform/endpoints": {"endpoints": [endpoint()]}, "timeSeries": replicas})
    get_endpoints(client, AT, ["us-central1"], [])
    assert [one["location"] for one in client.questions("aiplatform/endpoints")] == [
        "us-central1",
        "asia-east1",
    ]


def test_a_region_without_the_service_has_no_endpoints_and_a_project_without_it_takes_one_call_a_service() -> (
    None
):
    some = Canned(**{"aiplatform/endpoints": [ABSENT, {"endpoints": [endpoint()]}]})
    assert len(get_endpoints(some, AT, ["us-central1", "us-east1"], []).endpoints.items) == 1
    off = Canned(**{"aiplatform/endpoints": OFF, "notebooks/instances": OFF})
    with pytest.raises(CallError):
        get_endpoints(off, AT, ["us-central1", "us-east1"], [])
    assert len(off.asked) == 2


def test_each_region_of_vertex_ai_has_an_address_of_its_own_unless_an_endpoint_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("FINOPS_GCP_ENDPOINT", raising=False)
    assert address_of("aiplatform", None, "us-east1")[0] == "https://us-east1-aiplatform.googleapis.com"
    assert address_of("artifactregistry", None, "us-east1")[0] == "https://artifactregistry.googleapis.com"
    assert address_of("aiplatform", "http://127.0.0.1:9", "us-east1")[0] == "http://127.0.0.1:9"


def test_a_notebook_has_the_processor_of_the_machine_that_it_runs_on(desk: Desk) -> None:
    notebook = {"name": f"projects/{PROJECT}/locations/us-central1-a/instances/vm-1", "state": "ACTIVE", "createTime": MADE,
                "gceSetup": {"machineType": f"{zone('us-central1-a')}/machineTypes/n2-standard-4"}}  # fmt: skip

    def measured(asked: dict[str, Any]) -> dict[str, Any]:
        hours = {AT - timedelta(hours=n): 0.5 for n in range(1, 30)}
        cpu = metric_in(asked) == "cpu/utilization" and "compute.googleapis.com" in asked["filter"]
        return {"timeSeries": [series(machine()["id"], hours)]} if cpu else NO_SERIES

    client = Canned(**{
        "instances": aggregated("instances", machine(disks=[attached("disk-1", "data")])),
        "disks": aggregated("disks", disk(1, "us-central1-a", "vm-1")), "machineTypes": types("n2-standard-4"),
        "notebooks/instances": {"instances": [notebook]}, "timeSeries": measured,
    })  # fmt: skip
    desk.collect(client, only=("instances", "volumes", "instance_types", "ml_endpoints", "metrics"))
    found = desk.rows(
        "SELECT resource_id, avg(avg) FROM metrics WHERE metric = 'cpu_utilization' GROUP BY 1 ORDER BY 1"
    )
    assert found == [(machine()["id"], 0.5), ("locations/us-central1-a/instances/vm-1", 0.5)]
    assert desk.rows("SELECT kind, state, instance_type, region FROM ml_endpoints") == [
        ("notebook", "running", "n2-standard-4", "us-central1")
    ]


# --- functions --------------------------------------------------------------------------------------------


def service(name: str = "api", least: str | None = "2", **labels: str) -> dict[str, Any]:
    scale = {"autoscaling.knative.dev/minScale": least} if least else {}
    limits = {"cpu": "1500m", "memory": "512Mi"}
    return {
        "metadata": {"name": name, "creationTimestamp": MADE, "labels": {"cloud.googleapis.com/location": "us-central1", **labels}},
        "spec": {"template": {"metadata": {"annotations": scale}, "spec": {"containers": [{"resources": {"limits": limits}}]}}},
        "status": {"conditions": [{"lastTransitionTime": "2026-10-01T00:00:00Z"}, {"lastTransitionTime": MADE}]},
    }  # fmt: skip


def function(name: str = "old", environment: str = "GEN_1", **config: Any) -> dict[str, Any]:
    return {"name": f"projects/{PROJECT}/locations/us-central1/functions/{name}", "environment": environment, "createTime": MADE,
            "updateTime": MADE, "buildConfig": {"runtime": "python312"}, "serviceConfig": {"availableMemory": "256M", **config}}  # fmt: skip


def functions_of(
    services: list[dict[str, Any]], functions: list[dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    return transform_functions(Runs(Listed(services), Listed(functions or [])), PROJECT)["functions"]


def test_a_service_has_all_its_columns() -> None:
    assert functions_of([service()]) == [
        {**HERE, "function_id": "locations/us-central1/services/api", "name": "api", "kind": "service", "runtime": None,
         "architecture": "x86_64", "memory_mib": 512.0, "vcpu": 1.5, "kept_warm": 2.0, "created_at": WHEN,
         "modified_at": datetime(2026, 10, 1)},
    ]  # fmt: skip
    assert functions_of([service(least=None)])[0]["kept_warm"] == 0.0


def test_functions_of_the_second_generation_are_their_services_and_those_of_the_first_are_themselves() -> (
    None
):
    second = function("new", "GEN_2", service=f"projects/{PROJECT}/locations/us-central1/services/new")
    rows = functions_of(
        [service("new", **{"goog-managed-by": "cloudfunctions"})], [second, function(minInstanceCount=1)]
    )
    told = [
        (
            one["function_id"].split("/", 2)[2],
            one["kind"],
            one["runtime"],
            one["memory_mib"],
            one["kept_warm"],
        )
        for one in rows
    ]
    assert told == [
        ("services/new", "function", "python312", 512.0, 2.0),
        ("functions/old", "function", "python312", 256.0, 1.0),
    ]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1", 1.0),
        ("500m", 0.5),
        ("512Mi", 2.0**29),
        ("2Gi", 2.0**31),
        ("256M", 256e6),
        ("lots", None),
        (None, None),
    ],
)
def test_quantities_are_read_as_kubernetes_writes_them(text: Any, amount: float | None) -> None:
    assert amount_of(text) == amount


def test_a_list_of_services_goes_on_where_it_says_and_not_in_a_circle() -> None:
    pages = [
        {"items": [service("a")], "metadata": {"continue": "x"}},
        {"items": [service("b")], "metadata": {}},
    ]
    client = Canned(**{"run/services": list(pages)})
    assert len(get_functions(client, []).services.items) == 2
    assert [one.get("continue") for one in client.questions("run/services")] == [None, "x"]
    with pytest.raises(CallError, match="the same page"):
        get_functions(Canned(**{"run/services": pages[0]}), [])
