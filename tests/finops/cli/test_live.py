"""The commands that talk to clouds: what is handed on, what is told, which code they end with."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from collectors.alibaba import Request
from collectors.gcp import Request as GoogleRequest
from finops.cli.app import app
from finops.cli.live import Bar
from finops.errors import CredentialsError
from finops.warehouse import Scope
from tests.finops.stub_collectors import ACCOUNTS, Stub, install, nobody

NO_KEY = "No credentials of {} were found."


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder without anybody's configuration, and nobody's credentials."""
    monkeypatch.chdir(tmp_path)
    nobody(monkeypatch, tmp_path)
    return tmp_path


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Stub:
    return install(monkeypatch, "aws")


@pytest.fixture
def alibaba(monkeypatch: pytest.MonkeyPatch) -> Stub:
    return install(monkeypatch, "alibaba")


@pytest.fixture
def gcp(monkeypatch: pytest.MonkeyPatch) -> Stub:
    return install(monkeypatch, "gcp")


@dataclass(frozen=True)
class Check:
    """A row of the doctor's table."""

    status: str
    subject: str
    detail: str = ""
    account: str = "1"
    region: str = "r"


def finops(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), prog_name="finops")


def code(done: Result) -> int:
    """The code that the process would end with."""
    return int(getattr(done.exception, "exit_code", done.exit_code))


def audit(*words: str) -> Result:
    return finops("audit", *words, "--format", "json", "--as-of", "2026-11-20")


# --- collect ----------------------------------------------------------------------------------------------


def test_every_option_reaches_the_collector(alibaba: Stub, here: Path) -> None:
    done = finops(
        "collect", "alibaba", "--profile", "a", "--profile", "b", "--account", "123", "--role", "reader",
        "--external-id", "x", "--region", "cn-hangzhou", "--region", "cn-beijing", "--endpoint",
        "http://127.0.0.1:8900", "--site", "international", "--since", "30d", "--only", "instances, charges",
        "--as-of", "2026-11-20", "--wait", "1s", "--db", "here.duckdb",
    )  # fmt: skip
    assert (done.exception, code(done)) == (None, 0)
    assert alibaba.requests == [
        Request(
            profiles=("a", "b"),
            accounts=("123",),
            role="reader",
            external_id="x",
            regions=("cn-beijing", "cn-hangzhou"),
            endpoint="http://127.0.0.1:8900",
            site="international",
        )
    ]
    (wanted,) = alibaba.wanted
    assert (wanted.only, wanted.days) == (("instances", "charges"), 30)
    assert wanted.bill.since == datetime(2026, 11, 20) - timedelta(days=40)
    assert (here / "here.duckdb").exists()


def test_every_option_of_google_cloud_reaches_its_collector(gcp: Stub) -> None:
    done = finops(
        "collect", "gcp", "--project", "team-a", "--project", "team-b", "--organization", "1", "--folder", "2",
        "--folder", "folders/3", "--billing-account", "0A", "--region", "us-east1", "--endpoint",
        "http://127.0.0.1:8900", "--billing-export", "team-a.billing.export", "--since", "30d", "--only",
        "instances,charges", "--as-of", "2026-11-20", "--wait", "1s",
    )  # fmt: skip
    assert (done.exception, code(done)) == (None, 0)
    assert gcp.requests == [
        GoogleRequest(
            projects=("team-a", "team-b"),
            organization="1",
            folders=("2", "folders/3"),
            billing_account="0A",
            regions=("us-east1",),
            endpoint="http://127.0.0.1:8900",
        )
    ]
    (wanted,) = gcp.wanted
    assert (wanted.only, wanted.days) == (("instances", "charges"), 30)
    assert wanted.bill.table == "team-a.billing.export"


def test_what_the_line_does_not_say_is_in_finops_toml(alibaba: Stub, here: Path) -> None:
    (here / "finops.toml").write_text('[alibaba]\nrole = "reader"\nsite = "china"\nbill_days = 100\n')
    done = finops("collect", "alibaba", "--role", "other", "--as-of", "2026-11-20")
    assert code(done) == 0
    assert (alibaba.requests[0].role, alibaba.requests[0].site) == ("other", "china")
    assert alibaba.wanted[0].days == 91
    assert alibaba.wanted[0].bill.since == datetime(2026, 11, 20) - timedelta(days=100)


def test_the_endpoint_variable_reaches_the_collector_and_the_option_comes_first(
    alibaba: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FINOPS_ALIBABA_ENDPOINT", "http://127.0.0.1:1")
    finops("collect", "alibaba")
    finops("collect", "alibaba", "--endpoint", "http://127.0.0.1:2")
    assert [one.endpoint for one in alibaba.requests] == ["http://127.0.0.1:1", "http://127.0.0.1:2"]


def test_what_became_of_it_is_told_by_place(alibaba: Stub) -> None:
    done = finops("collect", "alibaba")
    assert done.stdout.splitlines() == [
        f"alibaba {alibaba.account} region-1: 2 of 2 complete",
        "1 rows, 2 calls",
    ]
    assert "Collecting 2 scopes from Alibaba Cloud." in done.stderr
    again = finops("collect", "alibaba", "--max-age", "1h")
    assert again.stdout.strip() == "Nothing to collect: everything that was asked for is fresh."


def test_what_is_denied_is_named_and_the_rest_is_there(alibaba: Stub) -> None:
    alibaba.denied = ("metrics",)
    done = finops("collect", "alibaba")
    assert code(done) == 3
    assert "alibaba:ReadMetrics is denied." in str(done.exception)
    assert "1 of 2 complete; metrics denied" in done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--since", "100d"), "metrics are collected over 1 to 91 days, not over 100"),
        (("--since", "12h"), "metrics are collected over 1 to 91 days, not over 0"),
        (("--since", "soon"), "'soon' is not a duration"),
        (("--only", "unicorns"), "there is no such dataset; there are instances, metrics, charges"),
        (("--max-age", "young"), "is not a duration"),
        (("--wait", "long"), "is not a duration"),
        (("--as-of", "1066-10-14"), "there can be no data of that year"),
        (("--endpoint", "http://ecs.aliyuncs.com"), "--endpoint is plain http (http://ecs.aliyuncs.com)"),
        (("--endpoint", "ftp://127.0.0.1"), "--endpoint is no endpoint (ftp://127.0.0.1)"),
    ],
)
def test_an_option_that_makes_no_sense_is_told_before_anything_is_asked(
    options: tuple[str, ...], said: str, alibaba: Stub, here: Path
) -> None:
    done = finops("collect", "alibaba", *options)
    assert code(done) == 2
    assert said in str(done.exception)
    assert not alibaba.requests
    assert not list(here.glob("*.duckdb"))


# --- doctor, permissions ----------------------------------------------------------------------------------


def test_the_doctor_tells_checks_and_what_a_first_run_takes(
    alibaba: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def examine(request: Any, at: datetime) -> Any:
        asked.append(request)
        return SimpleNamespace(
            checks=[Check("ok", "ecs:DescribeInstances")], denied=[], places=3, calls=4200, points=123456
        )

    monkeypatch.setattr("collectors.alibaba.doctor.examine", examine)
    done = finops("doctor", "alibaba", "--endpoint", "http://127.0.0.1:8900", "--region", "cn-hangzhou")
    assert code(done) == 0, done.exception
    assert (asked[0].endpoint, asked[0].regions) == ("http://127.0.0.1:8900", ("cn-hangzhou",))
    assert "ecs:DescribeInstances" in done.stdout
    assert "about 4,200" in done.stdout
    assert "123,456" in done.stdout


def test_the_doctor_ends_with_3_and_names_what_is_denied(
    alibaba: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    denied = Check("denied", "ecs:DescribeDisks", "Forbidden.RAM")
    found = SimpleNamespace(checks=[denied], denied=[denied], places=1, calls=1, points=0)
    monkeypatch.setattr("collectors.alibaba.doctor.examine", lambda request, at: found)
    done = finops("doctor", "alibaba")
    assert code(done) == 3
    assert "1 of 1 checks failed, ecs:DescribeDisks in account 1 region r among them: Forbidden.RAM" in str(
        done.exception
    )


def test_the_policy_is_printed_as_json_for_what_is_asked(
    alibaba: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "collectors.alibaba.permissions.policy", lambda request: {"Version": "1", "role": request.role}
    )
    done = finops("permissions", "alibaba", "--role", "reader")
    assert json.loads(done.stdout) == {"Version": "1", "role": "reader"}


def test_the_doctor_of_google_cloud_tells_what_the_bill_and_flow_logs_take(
    gcp: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def examine(request: Any, at: datetime, days: int, bill: Any, flow_logs: str | None) -> Any:
        asked.append((request, days, bill, flow_logs))
        size = None if bill is None else 5 << 30
        flows = None if flow_logs is None else 7 << 30
        return SimpleNamespace(
            checks=[], denied=[], places=2, calls=120, points=99, bytes=size, flow_bytes=flows
        )

    monkeypatch.setattr("collectors.gcp.doctor.examine", examine)
    done = finops("doctor", "gcp", "--project", "team-a")
    assert code(done) == 0, done.exception
    assert "BigQuery" not in done.stdout
    done = finops(
        "doctor", "gcp", "--billing-export", "team-a.billing.export", "--flow-logs", "team-a.logs.vpc_flows"
    )
    assert "about 5.0 GiB" in done.stdout
    assert "about 7.0 GiB" in done.stdout
    assert (asked[0][0].projects, asked[0][1:]) == (("team-a",), (95, None, None))
    assert (asked[1][2].table, asked[1][3]) == ("team-a.billing.export", "team-a.logs.vpc_flows")


def test_the_role_is_printed_as_gcloud_takes_it(gcp: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "collectors.gcp.permissions.role",
        lambda request, *tables: {"title": "finops", "for": [request.organization, *tables]},
    )
    done = finops("permissions", "gcp", "--organization", "1", "--billing-export", "team-a.billing.export")
    assert json.loads(done.stdout) == {"title": "finops", "for": ["1", "team-a.billing.export", None]}


# --- audit of several clouds ------------------------------------------------------------------------------


def test_two_clouds_are_collected_and_judged_by_one_command(aws: Stub, alibaba: Stub) -> None:
    done = audit("aws", "alibaba")
    assert (code(done), done.exception) == (0, None)
    report = json.loads(done.stdout)
    assert {(one["cloud"], one["account"]) for one in report["coverage"]} == {
        (cloud, ACCOUNTS[cloud]) for cloud in ("aws", "alibaba")
    }


def test_a_cloud_without_credentials_is_told_and_the_others_go_on(aws: Stub, alibaba: Stub) -> None:
    aws.raises = CredentialsError(NO_KEY.format("AWS"))
    done = audit("aws", "alibaba")
    assert code(done) == 3
    assert str(done.exception) == "AWS was left out: No credentials of AWS were found."
    assert {one["cloud"] for one in json.loads(done.stdout)["coverage"]} == {"alibaba"}


def test_when_no_cloud_has_credentials_the_code_is_4_and_each_is_told(aws: Stub, alibaba: Stub) -> None:
    aws.raises, alibaba.raises = (CredentialsError(NO_KEY.format(name)) for name in ("AWS", "Alibaba"))
    done = audit("aws", "alibaba")
    assert code(done) == 4
    assert str(done.exception) == "No credentials of AWS were found. No credentials of Alibaba were found."
    assert done.stdout == ""


def test_what_each_cloud_lacks_is_told(aws: Stub, alibaba: Stub) -> None:
    aws.denied, alibaba.denied = ("metrics",), ("instances",)
    done = audit("aws", "alibaba")
    assert code(done) == 3
    assert "aws:ReadMetrics is denied." in str(done.exception)
    assert "alibaba:ReadInstances is denied." in done.stderr


def test_what_makes_no_sense_for_one_cloud_is_told_before_any_is_asked(
    aws: Stub, alibaba: Stub, here: Path
) -> None:
    done = audit("aws", "alibaba", "--role", "reader")
    assert code(done) == 2
    assert "--role names something of one cloud" in str(done.exception)
    assert not aws.requests
    assert not alibaba.requests


def test_three_clouds_are_collected_and_judged_by_one_command(aws: Stub, alibaba: Stub, gcp: Stub) -> None:
    done = audit("aws", "alibaba", "gcp", "--billing-export", "team-a.billing.export")
    assert (code(done), done.exception) == (0, None)
    covered = {(one["cloud"], one["account"]) for one in json.loads(done.stdout)["coverage"]}
    assert covered == set(ACCOUNTS.items())
    assert [bool(stub.wanted[0].bill) for stub in (aws, alibaba, gcp)] == [False, True, True]


def test_a_project_limits_google_cloud_and_no_other_cloud(aws: Stub, gcp: Stub) -> None:
    done = audit("aws", "gcp", "--project", gcp.account)
    assert (code(done), done.exception) == (0, None)
    assert gcp.requests[0].projects == (gcp.account,)
    assert {one["cloud"] for one in json.loads(done.stdout)["coverage"]} == {"aws", "gcp"}
    done = audit("--project", gcp.account)
    assert {one["cloud"] for one in json.loads(done.stdout)["coverage"]} == {"gcp"}
    done = audit("--project", "team-b")
    assert code(done) == 2
    assert "There is no project team-b in the warehouse" in str(done.exception)


def test_an_account_of_google_cloud_is_a_project(gcp: Stub) -> None:
    assert code(audit("gcp", "--account", gcp.account)) == 0
    assert gcp.requests[0].projects == (gcp.account,)


def test_an_audit_of_one_cloud_hands_the_endpoint_on(alibaba: Stub) -> None:
    assert code(audit("alibaba", "--endpoint", "http://127.0.0.1:8900")) == 0
    assert alibaba.requests[0].endpoint == "http://127.0.0.1:8900"


@pytest.mark.parametrize(
    "option",
    [
        ("--endpoint", "http://127.0.0.1:8900"),
        ("--role", "reader"),
        ("--external-id", "x"),
        ("--billing-export", "s3://b/p"),
        ("--cost-explorer",),
        ("--organization", "1"),
        ("--folder", "1"),
        ("--billing-account", "0A"),
    ],
)
def test_how_to_ask_a_cloud_is_refused_where_none_is_named(option: tuple[str, ...], aws: Stub) -> None:
    assert code(finops("collect", "aws")) == 0
    done = audit(*option)
    assert code(done) == 2
    assert f"{option[0]} says how to ask a cloud, and none is named" in str(done.exception)


def test_a_cached_audit_asks_nobody(alibaba: Stub) -> None:
    assert code(finops("collect", "alibaba")) == 0
    assert code(audit("alibaba", "--cached")) == 0
    assert len(alibaba.requests) == 1


# --- progress ---------------------------------------------------------------------------------------------


def test_a_bar_grows_with_what_was_not_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    common = SimpleNamespace(quiet=False, say=lambda words: None)
    with Bar(common, "Google Cloud") as bar:  # type: ignore[arg-type]
        bar.begin(2)
        (task,) = bar._bar.tasks
        seen = []
        for number in range(4):
            bar.scope(Scope("gcp", "team-a", f"region-{number}", "instances"), "complete")
            seen.append((task.completed, task.total))
    assert seen == [(1, 2), (2, 2), (3, 3), (4, 4)]
