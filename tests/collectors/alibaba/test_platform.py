"""Registries, functions, machine learning and logs: raw answers in, rows out, and what a region of them then holds."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.alibaba import logs
from collectors.alibaba.api import Api
from collectors.alibaba.functions import get_functions, transform_functions
from collectors.alibaba.learning import get_endpoints, transform_endpoints
from collectors.alibaba.logs import transform_logstores
from collectors.alibaba.registries import get_repositories, transform_repositories
from collectors.calls import CallError
from finops.warehouse import Scope
from tests.collectors.alibaba.calling import hurry
from tests.collectors.alibaba.canned import ACCOUNT, Canned
from tests.collectors.alibaba.live import collect, coverage, rows
from tests.servers.alibaba.cloud import AS_OF, Cloud

REGION = "cn-hangzhou"
HERE = {"cloud": "alibaba", "account_id": ACCOUNT, "region": REGION}
MADE, STAMP = datetime(2026, 1, 2, 3, 4, 5), "1767323045000"
DENIED = CallError("denied", "Forbidden.RAM", "denied")
ABSENT = CallError("skipped", "NoSuchService", "not offered")


def scope(dataset: str) -> Scope:
    return Scope("alibaba", ACCOUNT, REGION, dataset)


# --- registries -------------------------------------------------------------------------------------------


def image(tag: str, digest: str, **more: Any) -> dict[str, Any]:
    return {"Tag": tag, "Digest": digest, "ImageSize": "1048576", "ImageUpdate": STAMP, **more}


def registry(**answers: Any) -> tuple[dict[str, Any], list[str], Canned]:
    repository = {
        "RepoId": "crr-1",
        "InstanceId": "cri-1",
        "RepoName": "<web>",
        "RepoNamespaceName": "team",
        "CreateTime": int(STAMP),
    }
    client = Canned(
        **{
            "cr_ListInstance": {"Instances": [{"InstanceId": "cri-1"}], "TotalCount": "1"},
            "cr_ListRepository": {"Repositories": [repository], "TotalCount": "1"},
            "cr_ListRepoTag": {
                "Images": [image("v1", "a"), image("latest", "a"), image("v0", "b")],
                "TotalCount": "3",
            },
            "cr_ListArtifactLifecycleRule": {"Rules": [], "TotalCount": "0"},
        }
        | answers
    )
    problems: list[str] = []
    raw = get_repositories(client, problems)
    return transform_repositories(raw, scope("repositories")), problems, client


def test_a_repository_and_its_images_have_all_their_columns() -> None:
    found, problems, _ = registry()
    assert problems == []
    assert found["repositories"] == [
        {
            **HERE, "repository_id": "crr-1", "name": "team/<web>", "registry": "cri-1", "has_cleanup": False,
            "pulls_known": False, "created_at": MADE,
        }
    ]  # fmt: skip
    assert found["registry_images"] == [
        {
            **HERE, "repository_id": "crr-1", "image_id": digest, "tagged": True, "stored_bytes": 1048576.0,
            "pushed_at": MADE,
        }
        for digest in ("a", "b")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "cleans"),
    [
        ({"Auto": True}, True),
        ({"Auto": True, "NamespaceName": "team", "RepoName": "<web>"}, True),
        ({"Auto": True, "NamespaceName": "others"}, False),
        ({"Auto": False}, False),
        ({"Auto": True, "DryRun": True}, False),
        ({"Auto": True, "EnableDeleteTag": False}, False),
    ],
)
def test_a_rule_cleans_what_it_is_about_when_it_runs_by_itself(rule: dict[str, Any], cleans: bool) -> None:
    found, _, _ = registry(cr_ListArtifactLifecycleRule={"Rules": [rule], "TotalCount": "1"})
    assert found["repositories"][0]["has_cleanup"] is cleans


def test_what_is_refused_of_registries_is_asked_once_and_the_rest_is_there() -> None:
    two = {"Instances": [{"InstanceId": "cri-1"}, {"InstanceId": "cri-2"}], "TotalCount": "2"}
    found, problems, client = registry(
        cr_ListInstance=two, cr_ListRepoTag=DENIED, cr_ListArtifactLifecycleRule=ABSENT
    )
    assert problems == ["denied"]
    assert (len(found["repositories"]), found["registry_images"]) == (1, [])
    assert found["repositories"][0]["has_cleanup"] is None
    assert len(client.questions("cr_ListRepoTag")) == 1
    assert len(client.questions("cr_ListArtifactLifecycleRule")) == 1


def test_a_registry_that_was_deleted_meanwhile_is_no_problem() -> None:
    found, problems, _ = registry(cr_ListRepository=CallError("failed", "INSTANCE_NOT_EXIST", "gone"))
    assert (found["repositories"], problems) == ([], [])


# --- functions --------------------------------------------------------------------------------------------

FUNCTION = {
    "functionName": "f", "runtime": "python3.12", "memorySize": 512, "cpu": 0.35, "createdTime": "2026-01-02T03:04:05Z",
    "lastModifiedTime": "2026-01-02T03:04:05Z",
}  # fmt: skip


def functions(configs: Any) -> tuple[dict[str, Any], list[str]]:
    problems: list[str] = []
    client = Canned(fc_ListFunctions={"functions": [FUNCTION]}, fc_ListProvisionConfigs=configs)
    (row,) = transform_functions(get_functions(client, problems), scope("functions"))["functions"]
    return row, problems


def test_a_function_has_all_its_columns_and_what_is_kept_warm_of_all_its_versions() -> None:
    arn = "acs:fc:cn-hangzhou:1:functions/f"
    configs = [
        {"functionArn": f"{arn}/LATEST", "target": 2},
        {"functionArn": f"{arn}/1", "defaultTarget": 1, "target": 1},
    ]
    row, problems = functions(
        {"provisionConfigs": [*configs, {"functionArn": f"{arn}2/LATEST", "target": 9}]}
    )
    assert problems == []
    assert row == {
        **HERE, "function_id": "f", "name": "f", "kind": "function", "runtime": "python3.12", "architecture": "x86_64",
        "memory_mib": 512.0, "vcpu": 0.35, "kept_warm": 3.0, "created_at": MADE, "modified_at": MADE,
    }  # fmt: skip


def test_what_is_kept_warm_is_unknown_where_it_cannot_be_read_and_0_where_nothing_is() -> None:
    assert (functions(DENIED)[0]["kept_warm"], functions(DENIED)[1]) == (None, ["denied"])
    assert functions({"provisionConfigs": []})[0]["kept_warm"] == 0.0


# --- machine learning -------------------------------------------------------------------------------------


def test_services_and_notebooks_have_all_their_columns() -> None:
    config = '{"cloud": {"computing": {"instance_type": "ecs.gn6i-c4g1.xlarge"}}}'
    service = {"ServiceId": "eas-1", "ServiceName": "s", "Status": "Running", "TotalInstance": 2, "ServiceConfig": config,
               "CreateTime": "2026-01-02T03:04:05Z", "Labels": [{"LabelKey": "a", "LabelValue": "b"}]}  # fmt: skip
    notebook = {"InstanceId": "dsw-1", "InstanceName": "n", "Status": "Stopped", "EcsSpec": "ecs.g6.large",
                "GmtCreateTime": "2026-01-02T03:04:05Z"}  # fmt: skip
    found = transform_endpoints({"endpoint": [service], "notebook": [notebook]}, scope("ml_endpoints"))
    assert found["ml_endpoints"] == [
        {
            **HERE, "endpoint_id": "eas-1", "name": "s", "kind": "endpoint", "state": "running",
            "instance_type": "ecs.gn6i-c4g1.xlarge", "instances": 2, "created_at": MADE,
        },
        {
            **HERE, "endpoint_id": "dsw-1", "name": "n", "kind": "notebook", "state": "stopped", "instance_type": "ecs.g6.large",
            "instances": 1, "created_at": MADE,
        },
    ]  # fmt: skip
    assert [(tag["resource_id"], tag["key"]) for tag in found["tags"]] == [("eas-1", "a")]


@pytest.mark.parametrize("config", [None, "", "{", "[]", '{"cloud": 1}', '{"metadata": {}}'])
def test_a_service_that_names_no_machine_has_none(config: str | None) -> None:
    raw = {"endpoint": [{"ServiceId": "eas-1", "ServiceConfig": config}], "notebook": []}
    (row,) = transform_endpoints(raw, scope("ml_endpoints"))["ml_endpoints"]
    assert (row["instance_type"], row["state"], row["instances"]) == (None, "other", None)


def test_one_of_the_two_that_is_not_offered_leaves_the_other_and_neither_is_told() -> None:
    listed = {"Instances": [{"InstanceId": "dsw-1"}], "TotalCount": 1}
    problems: list[str] = []
    found = get_endpoints(Canned(eas_ListServices=ABSENT, dsw_ListInstances=listed), problems)
    assert ([len(one) for one in found.values()], problems) == ([0, 1], [])
    with pytest.raises(CallError, match="not offered"):
        get_endpoints(Canned(eas_ListServices=ABSENT, dsw_ListInstances=ABSENT), problems)


# --- logs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "days", "unlimited"),
    [({"ttl": 30}, 30, False), ({"ttl": 3650}, None, True), ({"ttl": 3000}, 3000, False), ({}, None, None)],
)
def test_how_long_a_store_keeps_what_is_written(
    more: dict[str, Any], days: int | None, unlimited: bool | None
) -> None:
    raw = [{"project": "p", "logstoreName": "s", "mode": "query", "createTime": int(STAMP) // 1000, **more}]
    assert transform_logstores(raw, scope("log_groups"))["log_groups"] == [
        {
            **HERE, "log_group_id": "p/s", "name": "p/s", "retention_days": days, "unlimited": unlimited,
            "storage_class": "query", "created_at": MADE,
        }
    ]  # fmt: skip


# --- a region of the local cloud --------------------------------------------------------------------------

ONLY = ("repositories", "functions", "ml_endpoints", "log_groups")


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture
def cloud(process: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    hurry(monkeypatch)
    process.fresh()
    process.clock(AS_OF)
    yield process
    process.faults([])
    process.deny()


def test_an_estate_s_platform_is_in_the_warehouse_as_it_is(process: Cloud, tmp_path: Path) -> None:
    truth = process.estate(24, regions=(REGION, "ap-southeast-1"))
    db = tmp_path / "w.duckdb"
    assert collect(db, process.env, REGION, only=ONLY).errors == {}
    here = {kind: [one["id"] for one in truth.classes[kind] if one["region"] == REGION]
            for kind in ("repository", "function", "eas_service", "dsw_instance", "log_project")}  # fmt: skip
    assert rows(db, "SELECT repository_id FROM repositories") == [(here["repository"][0],)]
    assert rows(db, "SELECT count(*), bool_and(tagged) FROM registry_images") == [(2, True)]
    assert rows(db, "SELECT function_id, kept_warm FROM functions") == [(here["function"][0], 2.0)]
    assert set(rows(db, "SELECT endpoint_id, kind, state FROM ml_endpoints")) == {
        (here["eas_service"][0], "endpoint", "running"),
        (here["dsw_instance"][0], "notebook", "stopped"),
    }
    project = here["log_project"][0]
    assert set(rows(db, "SELECT log_group_id, retention_days, unlimited FROM log_groups")) == {
        (f"{project}/for-ever", None, True),
        (f"{project}/a-month", 30, False),
    }


@pytest.mark.parametrize(
    "busy",
    [{"kind": "throttle"}, {"kind": "error", "code": "ReadQuotaExceed", "status": 403}],
    ids=["throttling", "quota"],
)
def test_logs_that_are_asked_for_too_often_just_now_are_asked_for_again(
    busy: dict[str, Any], cloud: Cloud, tmp_path: Path
) -> None:
    db = tmp_path / "w.duckdb"
    cloud.put("log_project", REGION, {"projectName": "there", "_stores": [{"logstoreName": "s", "ttl": 7}]})
    cloud.faults([{**busy, "product": "sls", "first": 1}])
    assert collect(db, cloud.env, REGION, only=("log_groups",)).errors == {}
    assert rows(db, "SELECT log_group_id FROM log_groups") == [("there/s",)]


def test_logs_are_read_page_by_page_with_temporary_keys_too(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LIST_PROJECTS", Api("sls", "ListProject", "log:ListProject", page=2))
    stores = [{"logstoreName": f"s-{number:04d}", "ttl": 7} for number in range(3)]
    for number in range(3):
        cloud.put(
            "log_project", REGION, {"projectName": f"p-{number}", "_stores": stores if number == 2 else []}
        )
    db = tmp_path / "w.duckdb"
    assert collect(db, cloud.env, REGION, only=("log_groups",), role=cloud.role("reader")).errors == {}
    assert rows(db, "SELECT count(*), max(retention_days) FROM log_groups") == [(3, 7)]
    assert cloud.count("ListProject") == 2


def test_a_project_that_was_deleted_meanwhile_takes_no_other_with_it(cloud: Cloud, tmp_path: Path) -> None:
    cloud.put("log_project", REGION, {"projectName": "gone"})
    cloud.put("log_project", REGION, {"projectName": "there", "_stores": [{"logstoreName": "s", "ttl": 7}]})
    cloud.faults(
        [{"kind": "error", "action": "ListLogStores", "code": "ProjectNotExist", "status": 404, "first": 1}]
    )
    db = tmp_path / "w.duckdb"
    assert collect(db, cloud.env, REGION, only=("log_groups",)).errors == {}
    assert rows(db, "SELECT log_group_id FROM log_groups") == [("there/s",)]


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"kind": "body", "status": 403, "body": "<Error><Code>AccessDenied</Code></Error>"}, "skipped"),
        ({"kind": "body", "status": 404, "body": "<html>nothing here</html>"}, "skipped"),
        ({"kind": "denied"}, "denied"),
        ({"kind": "http502html"}, "failed"),
    ],
)
def test_what_leads_to_something_else_is_skipped_and_what_is_refused_or_broken_is_told(
    fault: dict[str, Any], status: str, cloud: Cloud, tmp_path: Path
) -> None:
    cloud.faults([{**fault, "product": name} for name in ("sls", "fc", "eas", "dsw")])
    db = tmp_path / "w.duckdb"
    collect(db, cloud.env, REGION, only=("functions", "log_groups", "ml_endpoints"))
    assert {dataset: told[0] for (_, dataset), told in coverage(db).items()} == dict.fromkeys(
        ("functions", "log_groups", "ml_endpoints"), status
    )


def test_a_wrong_secret_is_told_as_such(cloud: Cloud, tmp_path: Path) -> None:
    env = cloud.env | {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "wrong"}
    with pytest.raises(Exception, match="refused the credentials"):
        collect(tmp_path / "w.duckdb", env, REGION, only=("log_groups",))
