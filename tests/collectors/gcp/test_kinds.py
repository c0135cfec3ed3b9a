"""What is measured beside machines: each resource by the labels that Monitoring tells it by, silence as what it is."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from collectors.calls import CallError
from collectors.gcp.kind_metrics import measured
from collectors.gcp.kind_plan import KindBatch, plan_kinds
from collectors.gcp.kinds import KINDS, most_questions
from collectors.hours import DAY, Newest, Window
from tests.collectors.gcp.canned import AT, NO_SERIES, PROJECT, Canned, Desk
from tests.collectors.gcp.live import live
from tests.servers.gcp.cloud import Cloud, Truth

REGION = "us-central1"
_DAY = timedelta(days=1)
LONG_AGO = datetime(2026, 1, 1)
WINDOW = Window(AT - _DAY, AT)


def tables(**rows: list[dict[str, Any]]) -> Any:
    """Rows of these tables, and none of others."""
    return lambda table: [{"region": REGION, "created_at": LONG_AGO, **one} for one in rows.get(table, [])]


def database(name: str = "main", **more: Any) -> dict[str, Any]:
    return {"database_id": name, "kind": "relational", "engine": "mysql", "state": "running", **more}


def balancer(name: str, **more: Any) -> dict[str, Any]:
    return {"load_balancer_id": name[::-1], "name": name, "kind": "network", **more}


def series(values: dict[int, float], metric: dict[str, str] | None = None, **resource: str) -> dict[str, Any]:
    """Values by the hour of the window, as a series of a resource with these labels."""
    points = [
        {"interval": {"startTime": _at(hour), "endTime": _at(hour + 1)}, "value": {"doubleValue": value}}
        for hour, value in sorted(values.items(), reverse=True)
    ]
    return {"metric": {"labels": metric or {}}, "resource": {"labels": resource}, "points": points}


def _at(hour: int) -> str:
    return f"{WINDOW.start + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ}"


def batch_of(rows: Any, metric: str, stored: frozenset[str] = frozenset()) -> KindBatch:
    """The question about a metric of these rows, in the window."""
    one = next(one for one in plan_kinds(rows, {}, AT, 1) if one.measure.metric == metric)
    return KindBatch(one.kind, one.told, WINDOW, one.rows, stored)


def day_of(client: Canned, batch: KindBatch) -> dict[str, tuple[float, float, int]]:
    """Mean, highest and hours of the day, by resource."""
    rows = [row for table in measured(client, batch, PROJECT).values() for row in table.to_pylist()]
    return {row["resource_id"]: (round(row["avg"], 6), round(row["max"], 6), row["samples"]) for row in rows}


# --- what is asked ----------------------------------------------------------------------------------------


def test_nothing_is_asked_about_kinds_that_a_project_does_not_have() -> None:
    assert plan_kinds(tables(), {}, AT, 30) == []
    found = plan_kinds(tables(databases=[database()]), {}, AT, 30)
    assert {one.kind.table for one in found} == {"databases"}
    assert {one.window for one in found} == {Window(AT - 30 * _DAY, AT)}


def test_a_metric_is_asked_from_the_day_before_the_last_that_is_stored() -> None:
    stored: dict[str, Newest] = {REGION: {("main", "cpu_utilization", DAY): AT - _DAY}}
    found = plan_kinds(tables(databases=[database()]), stored, AT, 30)
    assert {one.window.start for one in found} == {AT - 2 * _DAY}


def test_a_kind_that_was_never_asked_about_is_asked_from_the_beginning_also_beside_machines_that_were() -> (
    None
):
    stored: dict[str, Newest] = {REGION: {("7", "cpu_utilization", DAY): AT - _DAY}}
    found = plan_kinds(tables(databases=[database()]), stored, AT, 30, lambda _, __: True)
    assert {one.window.start for one in found} == {AT - 30 * _DAY}


@pytest.mark.parametrize(("whole", "back"), [(True, 2), (False, 30)])
def test_what_never_happened_is_asked_about_from_where_everything_else_ends_if_all_of_it_was_known(
    whole: bool, back: int
) -> None:
    rows = tables(databases=[database()], nat_gateways=[{"nat_gateway_id": "1/a"}])
    stored: dict[str, Newest] = {REGION: {("main", "cpu_utilization", DAY): AT - _DAY}}
    found = plan_kinds(rows, stored, AT, 30, lambda _, __: whole)
    assert {one.window.start for one in found if one.kind.table == "nat_gateways"} == {AT - back * _DAY}


def test_a_second_source_is_asked_only_for_what_the_first_does_not_tell() -> None:
    rows = tables(
        databases=[database(), database("other", engine="postgres"), database("off", state="stopped")]
    )
    told = {"main": f"{PROJECT}:main", "other": f"{PROJECT}:other"}

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        if "num_backends" in asked["filter"]:
            labels = ({"database": "shop"}, {"database": "jobs"})
            return {"timeSeries": [series({0: 2.0}, one, database_id=told["other"]) for one in labels]}
        return {"timeSeries": [series({0: 7.0}, database_id=told["main"])]}

    client = Canned(timeSeries=answer)
    assert day_of(client, batch_of(rows, "connections")) == {"main": (7.0, 7.0, 1), "other": (4.0, 4.0, 1)}
    assert 'metric.labels.database!="cloudsqladmin"' in client.questions("timeSeries")[1]["filter"]
    both = Canned(timeSeries={"timeSeries": [series({0: 7.0}, database_id=one) for one in told.values()]})
    assert set(day_of(both, batch_of(rows, "connections"))) == {"main", "other"}
    assert not [one for one in both.questions("timeSeries") if "num_backends" in one["filter"]]


def test_most_questions_counts_means_and_highest_values() -> None:
    assert most_questions() == sum(
        len(told.measure.aligners) * len(told.sources) + bool(told.per)
        for kind in KINDS
        for told in kind.measures
    )
    assert most_questions() > 30


# --- what is told -----------------------------------------------------------------------------------------

TOLD = {"forwarding_rule_name": "front", "region": REGION}


def test_series_of_a_resource_are_added_up_by_monitoring_and_again_here() -> None:
    rows = tables(load_balancers=[balancer("front"), balancer("back")])
    client = Canned(timeSeries={"timeSeries": [series({5: 10.0}, {"x": one}, **TOLD) for one in "ab"]})
    assert day_of(client, batch_of(rows, "network_in_bytes_per_second")) == {"tnorf": (0.833333, 20.0, 24)}
    (asked, *_) = client.questions("timeSeries")
    assert asked["aggregation.crossSeriesReducer"] == "REDUCE_SUM"
    assert asked["aggregation.groupByFields"] == [
        "resource.labels.region", "resource.labels.forwarding_rule_name",
    ]  # fmt: skip


def test_an_hour_without_a_count_is_one_without_an_event_once_anything_was_counted() -> None:
    rows = tables(load_balancers=[balancer("front", created_at=AT - timedelta(hours=6))])
    batch = batch_of(rows, "network_in_bytes_per_second")
    client = Canned(timeSeries={"timeSeries": [series({20: 6.0}, **TOLD)]})
    assert day_of(client, batch) == {"tnorf": (1.0, 6.0, 6)}


def test_what_was_never_counted_is_not_known_to_be_silent_and_what_was_before_is() -> None:
    rows, silent = tables(load_balancers=[balancer("front")]), Canned(timeSeries=NO_SERIES)
    metric = "network_in_bytes_per_second"
    assert day_of(silent, batch_of(rows, metric)) == {}
    assert day_of(silent, batch_of(rows, metric, frozenset({"tnorf"}))) == {"tnorf": (0.0, 0.0, 24)}


def test_a_resource_is_known_by_the_last_label_alone_unless_two_have_it() -> None:
    alone = {"timeSeries": [series({0: 1.0}, forwarding_rule_name="front")]}
    rows = tables(load_balancers=[balancer("front")])
    assert set(day_of(Canned(timeSeries=alone), batch_of(rows, "network_in_bytes_per_second"))) == {"tnorf"}
    both = tables(
        load_balancers=[balancer("front"), balancer("front", region="europe-west1", load_balancer_id="x")]
    )
    assert day_of(Canned(timeSeries=alone), batch_of(both, "network_in_bytes_per_second")) == {}


@pytest.mark.parametrize("label", ["cache", f"projects/{PROJECT}/locations/us-central1/instances/cache"])
def test_a_cache_is_known_by_its_whole_path_and_by_its_name(label: str) -> None:
    cache = database(f"locations/{REGION}/instances/cache", kind="cache", engine="redis")
    found = Canned(timeSeries={"timeSeries": [series({0: 7.0}, instance_id=label)]})
    assert set(day_of(found, batch_of(tables(databases=[cache]), "connections"))) == {cache["database_id"]}


def test_what_pods_ask_for_is_a_share_of_what_their_node_can_give() -> None:
    node = {
        "instance_id": "7",
        "name": "gke-1",
        "cluster": "prod",
        "state": "running",
        "launched_at": LONG_AGO,
    }

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        if "request_cores" in asked["filter"]:
            told = series({0: 1.0, 1: 3.0})
            return {"timeSeries": [{**told, "metadata": {"systemLabels": {"node_name": "gke-1"}}}]}
        return {"timeSeries": [series({0: 4.0, 1: 4.0}, node_name="gke-1")]}

    batch = batch_of(tables(instances=[node]), "cpu_request_utilization")
    assert day_of(Canned(timeSeries=answer), batch) == {"7": (0.5, 0.75, 2)}


def test_what_is_kept_warm_is_used_at_most_whole() -> None:
    service = {"function_id": f"locations/{REGION}/services/api", "name": "api", "kept_warm": 2.0}
    told = series({0: 1.0, 1: 6.0}, service_name="api", location=REGION)
    batch = batch_of(tables(functions=[service]), "kept_warm_utilization")
    assert day_of(Canned(timeSeries={"timeSeries": [told]}), batch) == {f"locations/{REGION}/services/api": (0.75, 1.0, 2)}  # fmt: skip
    cold = tables(functions=[{**service, "kept_warm": 0.0}])
    assert "kept_warm_utilization" not in {one.measure.metric for one in plan_kinds(cold, {}, AT, 1)}


def test_a_question_that_fails_is_raised_and_not_taken_for_silence() -> None:
    rows = tables(load_balancers=[balancer("front")])
    refused = Canned(timeSeries=CallError("failed", "500", "It failed."))
    with pytest.raises(CallError):
        measured(refused, batch_of(rows, "network_in_bytes_per_second", frozenset({"tnorf"})), PROJECT)


# --- of a whole project -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


def test_everything_in_a_project_is_measured_under_the_id_that_its_row_has(cloud: Cloud, desk: Desk) -> None:
    truth: Truth = cloud.estate(n=40, regions=(REGION,), projects=1)
    result = live(desk, cloud.env, only=(*TABLES, "metrics"), projects=("acme-web-prod",), days=3)
    assert result.outcome.errors == {}
    found = {
        (one, metric): value
        for one, metric, value in desk.rows(
            "SELECT resource_id, metric, round(avg(avg), 2) FROM metrics GROUP BY ALL"
        )
    }

    def of(name: str, metric: str) -> Any:
        (one, *_) = truth.classes[name]
        return found.get((one["id"], metric))

    assert of("sql_used", "connections") == pytest.approx(25, abs=4)
    assert of("sql_idle", "connections") == 0.0
    assert 0.2 < of("sql_used", "cpu_utilization") < 0.6
    assert of("sql_idle", "storage_utilization") == pytest.approx(0.3, abs=0.01)
    assert of("lb_used", "network_in_bytes_per_second") > 100
    assert of("lb_idle", "network_in_bytes_per_second") == 0.0
    assert of("lb_global_used", "requests_per_second") > 0
    assert of("nat_used", "network_out_bytes_per_second") > 100
    assert of("nat_idle", "network_out_bytes_per_second") == 0.0
    assert of("bucket_with_lifecycle", "requests_per_second") > 0
    assert of("scaling_group", "group_size") == len(truth.classes["scaling_group"][0]["members"])
    assert of("gke_node", "cpu_request_utilization") == 0.26
    assert of("gke_node", "memory_request_utilization") == 0.31
    cache, endpoint, service = (f"locations/{REGION}/{one}" for one in ("instances", "endpoints", "services"))
    assert found[f"{cache}/redis-used", "connections"] == pytest.approx(30, abs=4)
    assert found[f"{cache}/redis-idle", "cpu_utilization"] == 0.0
    assert found[f"{endpoint}/{truth.classes['endpoint_idle'][0]['id']}", "requests_per_second"] == 0.0
    assert found[f"locations/{REGION}/functions/function-first", "requests_per_second"] > 0
    assert found[f"{service}/run-idle", "kept_warm_utilization"] == 0.0
    assert found[f"{service}/run-used", "kept_warm_utilization"] == pytest.approx(0.75, abs=0.05)


TABLES = (
    "instances", "scaling_groups", "clusters", "volumes", "load_balancers", "nat_gateways", "databases", "buckets",
    "ml_endpoints", "functions",
)  # fmt: skip
