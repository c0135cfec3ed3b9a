"""The local Google Cloud, asked by the real clients and by plain requests."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import bigquery
from google.cloud.billing_v1 import CloudBillingClient, CloudCatalogClient
from google.oauth2 import service_account

from tests.servers.gcp import prices
from tests.servers.gcp.cloud import Cloud, Truth

WEB = "acme-web-prod"
CPU = "compute.googleapis.com/instance/cpu/utilization"
COMPUTE = f"/compute/v1/projects/{WEB}"


@pytest.fixture(scope="module")
def served() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture
def truth(served: Cloud) -> Truth:
    return served.estate(n=60)


@pytest.fixture
def google(served: Cloud, truth: Truth) -> Cloud:
    """The estate of 60 instances, calm, with an empty call log."""
    return served


def got(cloud: Cloud, path: str, **params: Any) -> dict[str, Any]:
    answer = requests.get(cloud.endpoint + path, params=params, timeout=30)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def refused(cloud: Cloud, path: str, **params: Any) -> tuple[int, dict[str, Any]]:
    answer = requests.get(cloud.endpoint + path, params=params, timeout=30)
    return answer.status_code, answer.json()["error"]


def series(cloud: Cloud, metric: str = CPU, project: str = WEB, **params: Any) -> dict[str, Any]:
    asked = {
        "filter": f'metric.type="{metric}"', "interval.startTime": "2026-11-10T00:00:00Z", "interval.endTime": "2026-11-20T00:00:00Z",
        "aggregation.alignmentPeriod": "3600s", "aggregation.perSeriesAligner": "ALIGN_MEAN", **params,
    }  # fmt: skip
    return got(cloud, f"/v3/projects/{project}/timeSeries", **asked)


def test_an_aggregated_list_in_pages_tells_every_instance_once(google: Cloud, truth: Truth) -> None:
    ids, warned, token = [], 0, ""
    while True:
        page = got(
            google, f"{COMPUTE}/aggregated/instances", maxResults=7, **({"pageToken": token} if token else {})
        )
        for scope in page["items"].values():
            ids += [each["id"] for each in scope.get("instances", [])]
            warned += scope.get("warning", {}).get("code") == "NO_RESULTS_ON_PAGE"
        token = page.get("nextPageToken", "")
        if not token:
            break
    there = sum(kinds.get("instances", 0) for kinds in truth.inventory[WEB].values())
    assert len(ids) == len(set(ids)) == there
    assert warned
    assert refused(google, f"{COMPUTE}/aggregated/instances", maxResults=501)[0] == 400
    assert refused(google, f"{COMPUTE}/aggregated/disks", pageToken=token or "Cxyz")[0] == 400


def test_the_estate_is_what_its_truth_says(google: Cloud, truth: Truth) -> None:
    found = [
        each
        for project in truth.projects
        for scope in got(google, f"/compute/v1/projects/{project}/aggregated/instances")["items"].values()
        for each in scope.get("instances", [])
    ]
    assert len(found) == truth.n
    assert not truth.ids("deleted") & {each["id"] for each in found}
    stopped = {each["id"] for each in found if each["status"] == "TERMINATED"}
    assert stopped == truth.ids("stopped", "stopped_recently")
    assert {each["id"] for each in found if each["status"] == "SUSPENDED"} == truth.ids("suspended")
    assert len({each["name"] for each in found}) < len(found)


def test_times_have_californias_offset_and_quantities_are_text(google: Cloud) -> None:
    disks = [
        disk
        for scope in got(google, f"{COMPUTE}/aggregated/disks")["items"].values()
        for disk in scope.get("disks", [])
    ]
    assert {each["creationTimestamp"][-6:] for each in disks} <= {"-07:00", "-08:00"}
    assert all(isinstance(each["sizeGb"], str) and isinstance(each["id"], str) for each in disks)
    assert not any(name.startswith("_") for each in disks for name in each)


def test_an_empty_plain_list_has_no_items(google: Cloud) -> None:
    assert "items" not in got(google, f"{COMPUTE}/zones/us-west1-a/instances")
    assert "items" in got(google, f"{COMPUTE}/global/snapshots")


def test_a_custom_machine_type_is_told_by_name_only(google: Cloud) -> None:
    told = got(google, f"{COMPUTE}/zones/us-central1-a/machineTypes/n2-custom-8-32768")
    assert (told["guestCpus"], told["memoryMb"]) == (8, 32768)
    listed = got(google, f"{COMPUTE}/zones/us-central1-a/machineTypes")["items"]
    assert not [each for each in listed if "custom" in each["name"]]
    assert refused(google, f"{COMPUTE}/zones/us-central1-a/machineTypes/n2-custom-8-1")[0] == 404


def test_filters_and_masks_are_understood_or_refused(google: Cloud, truth: Truth) -> None:
    page = got(
        google,
        f"{COMPUTE}/aggregated/instances",
        filter='status = "TERMINATED" AND name != nobody',
        fields="items/*/instances(id,status),nextPageToken",
    )
    found = [each for scope in page["items"].values() for each in scope.get("instances", [])]
    assert {each["id"] for each in found} < truth.ids("stopped", "stopped_recently")
    assert all(set(each) == {"id", "status"} for each in found)
    assert refused(google, f"{COMPUTE}/aggregated/instances", filter="status = = x")[0] == 400


def test_an_unreachable_zone_is_named_or_fails_the_list(google: Cloud) -> None:
    google.unreachable("zones/us-central1-a")
    status, error = refused(google, f"{COMPUTE}/aggregated/instances")
    assert (status, error["errors"][0]["reason"]) == (503, "backendError")
    page = got(google, f"{COMPUTE}/aggregated/instances", returnPartialSuccess="true")
    assert page["unreachables"] == [f"projects/{WEB}/zones/us-central1-a"]
    assert "instances" not in page["items"]["zones/us-central1-a"]


def test_cpu_comes_hourly_newest_first_and_only_while_it_ran(google: Cloud, truth: Truth) -> None:
    told = series(google)["timeSeries"]
    points = told[0]["points"]
    assert points[0]["interval"]["endTime"] == "2026-11-20T00:00:00Z"
    assert points[1]["interval"]["endTime"] == "2026-11-19T23:00:00Z"
    ids = {each["resource"]["labels"]["instance_id"] for each in told}
    assert not ids & truth.ids("stopped", "suspended", "no_data")


def test_a_page_counts_points_and_a_series_goes_on_on_the_next(google: Cloud) -> None:
    whole = {key(each): each["points"] for each in series(google)["timeSeries"]}
    parts: dict[str, list[Any]] = {}
    token, messages = "", 0
    while True:
        page = series(google, pageSize=1000, **({"pageToken": token} if token else {}))
        for each in page["timeSeries"]:
            parts.setdefault(key(each), []).extend(each["points"])
            messages += 1
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert parts == whole
    assert messages > len(whole)


def key(each: dict[str, Any]) -> str:
    return str((sorted(each["metric"].get("labels", {}).items()), sorted(each["resource"]["labels"].items())))


@pytest.mark.parametrize(
    ("params", "words"),
    [({"aggregation.perSeriesAligner": "ALIGN_PERCENTILE_95"}, "kind GAUGE and value type DOUBLE"),
     ({"aggregation.perSeriesAligner": "ALIGN_RATE"}, "cannot be applied"), ({"filter": 'resource.type="gce_instance"'}, "metric.type"),
     ({"filter": f'metric.type="{CPU}" OR metric.type="x"'}, "more than one metric"), ({"filter": "("}, "filter")],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused(google: Cloud, params: dict[str, str], words: str) -> None:
    asked = {
        "filter": f'metric.type="{CPU}"',
        "interval.endTime": "2026-11-20T00:00:00Z",
        "aggregation.alignmentPeriod": "3600s",
        **params,
    }
    status, error = refused(google, f"/v3/projects/{WEB}/timeSeries", **asked)
    assert (status, error["status"]) == (400, "INVALID_ARGUMENT")
    assert words in error["message"]


def test_agents_tell_memory_in_states_that_make_a_hundred(google: Cloud) -> None:
    told = series(google, "agent.googleapis.com/memory/percent_used")["timeSeries"]
    assert {each["metric"]["labels"]["state"] for each in told} == {
        "used",
        "free",
        "cached",
        "buffered",
        "slab",
    }


def test_the_catalogue_prices_machines_by_the_real_client(google: Cloud) -> None:
    client = CloudCatalogClient(
        credentials=AnonymousCredentials(),
        transport="rest",
        client_options=ClientOptions(api_endpoint=google.endpoint),
    )
    skus = list(client.list_skus(parent="services/6F81-5844-456A"))
    assert len(skus) > 1500

    def price(description: str) -> Decimal:
        [found] = [
            each
            for each in skus
            if each.description == description and each.category.usage_type == "OnDemand"
        ]
        money = found.pricing_info[0].pricing_expression.tiered_rates[0].unit_price
        return Decimal(money.units) + Decimal(money.nanos) / 10**9

    core, ram = price("N2 Instance Core running in Americas"), price("N2 Instance Ram running in Americas")
    assert 4 * core + 16 * ram == prices.hourly("n2-standard-4", "us-central1")
    substring = [
        each
        for each in skus
        if "N2" in each.description and "Core" in each.description and "us-central1" in each.service_regions
    ]
    assert len(substring) > 4
    assert [each.name for each in CloudBillingClient(
        credentials=AnonymousCredentials(), transport="rest", client_options=ClientOptions(api_endpoint=google.endpoint)
    ).list_billing_accounts()]  # fmt: skip


def test_projects_are_children_or_found_and_one_is_going(google: Cloud, truth: Truth) -> None:
    found = {each["projectId"]: each["state"] for each in got(google, "/v3/projects:search")["projects"]}
    assert set(truth.projects) < set(found)
    assert found["acme-gone-42"] == "DELETE_REQUESTED"
    asked = f"organizations/{truth.organization}"
    assert [each["projectId"] for each in got(google, "/v3/projects", parent=asked)["projects"]] == [WEB]
    assert [each["state"] for each in got(google, "/v3/folders", parent=asked)["folders"]] == ["ACTIVE"]
    assert got(google, "/v3/organizations:search")["organizations"][0]["name"] == asked


def test_a_service_account_gets_a_token_for_its_signature_and_no_more(google: Cloud, tmp_path: Path) -> None:
    google.sign_in_only()
    assert refused(google, f"{COMPUTE}/regions")[0] == 401
    env = google.account(tmp_path, permissions=[{"permission": "compute.regions.*"}])
    credentials = service_account.Credentials.from_service_account_file(
        env["GOOGLE_APPLICATION_CREDENTIALS"], scopes=["https://www.googleapis.com/auth/cloud-platform"]
    )
    session = AuthorizedSession(credentials)
    assert session.get(google.endpoint + f"{COMPUTE}/regions", timeout=30).status_code == 200
    assert session.get(google.endpoint + f"{COMPUTE}/aggregated/disks", timeout=30).status_code == 403
    google.expire_tokens()  # the session fetches another one
    assert session.get(google.endpoint + f"{COMPUTE}/regions", timeout=30).status_code == 200
    assert 401 in [call["status"] for call in google.calls("regions.list")]
    session.close()


def test_denials_and_switched_off_apis_say_why(google: Cloud) -> None:
    google.deny("compute.disks.list", project=WEB)
    status, error = refused(google, f"{COMPUTE}/aggregated/disks")
    assert (status, error["message"]) == (
        403,
        f"Required 'compute.disks.list' permission for 'projects/{WEB}'",
    )
    got(google, "/compute/v1/projects/acme-data-77/aggregated/disks")
    google.disable("monitoring", project=WEB)
    status, error = refused(google, f"/v3/projects/{WEB}/timeSeries")
    assert (status, error["details"][1]["reason"]) == (403, "SERVICE_DISABLED")


@pytest.mark.parametrize(
    ("path", "status"), [(f"{COMPUTE}/regions", 403), (f"/v3/projects/{WEB}/timeSeries", 429)]
)
def test_rate_limits_are_told_as_each_api_does(google: Cloud, path: str, status: int) -> None:
    google.faults([{"kind": "ratelimit", "first": 1}])
    told, error = refused(google, path)
    assert (told, error["details"][0]["reason"]) == (status, "RATE_LIMIT_EXCEEDED")
    assert google.calls()[0]["outcome"] == "ratelimit"


@pytest.mark.parametrize("kind", ["reset", "truncate"])
def test_connections_break_when_told_to(google: Cloud, kind: str) -> None:
    google.faults([{"kind": kind, "first": 1}])
    with pytest.raises(requests.exceptions.RequestException):
        requests.get(google.endpoint + f"{COMPUTE}/regions", timeout=10)
    assert got(google, f"{COMPUTE}/regions")["items"]


def test_the_bill_is_asked_by_the_real_client_in_pages(google: Cloud, truth: Truth) -> None:
    client = bigquery.Client(
        project=WEB,
        credentials=AnonymousCredentials(),
        client_options=ClientOptions(api_endpoint=google.endpoint),
    )
    name = f"{WEB}.billing.gcp_billing_export_resource_v1_{truth.billing_account.replace('-', '_')}"
    google.bill_days(2)
    described = client.get_table(name)
    assert {each.name: each.mode for each in described.schema}["credits"] == "REPEATED"
    total = f"SELECT SUM(cost) + SUM((SELECT IFNULL(SUM(c.amount), 0) FROM UNNEST(credits) AS c)) AS net FROM `{name}`"
    [row] = client.query(total).result()
    [gross] = client.query(f"SELECT SUM(cost) AS cost FROM `{name}`").result()
    [credit] = client.query(
        f"SELECT SUM(c.amount) AS amount FROM `{name}` CROSS JOIN UNNEST(credits) AS c"
    ).result()
    assert round(gross.cost + credit.amount, 2) == round(row.net, 2) < gross.cost
    listed = (
        f"SELECT cost, credits, usage_start_time FROM `{name}` WHERE usage_start_time >= @since LIMIT 1200"
    )
    since = bigquery.ScalarQueryParameter("since", "TIMESTAMP", datetime(2000, 1, 1, tzinfo=UTC))
    google.reset_calls()
    rows = list(client.query(listed, bigquery.QueryJobConfig(query_parameters=[since])).result(page_size=500))
    assert len(rows) == 1200
    assert rows[0].usage_start_time.tzinfo is not None
    assert google.count("jobs.getQueryResults") >= 3
    client.close()
