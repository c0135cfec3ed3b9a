"""What is asked of each cloud: options over finops.toml, and what makes no sense said in a sentence."""

import json
import os
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from finops.config import AlibabaSettings, AwsSettings, GcpSettings, Settings
from finops.errors import UsageError
from finops.pipeline.clouds import CLOUDS, Asking, asked_of_each, cloud_named
from tests.finops.stub_collectors import install, nobody


@pytest.fixture(autouse=True)
def stubs(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "aws")
    install(monkeypatch, "alibaba")
    install(monkeypatch, "gcp")


def test_an_option_comes_before_finops_toml_and_what_is_left_out_is_taken_from_there() -> None:
    own = AlibabaSettings(profiles=["prod"], role="reader", regions=["eu-central-1"], site="international")
    asking = Asking(profiles=("dev",), regions=("cn-hangzhou", "cn-beijing", "cn-hangzhou"))
    request = cloud_named("alibaba").request(Settings(alibaba=own), asking)
    assert (request.profiles, request.role, request.site) == (("dev",), "reader", "international")
    assert request.regions == ("cn-beijing", "cn-hangzhou")


def test_each_cloud_takes_its_own_section() -> None:
    settings = Settings(aws=AwsSettings(role="a"), alibaba=AlibabaSettings(role="b", bill_days=10))
    asked = asked_of_each(["aws", "alibaba"], settings, Asking())
    assert [one.request.role for one in asked.values()] == ["a", "b"]
    assert [one.days for one in asked.values()] == [95, 91]
    assert [one.bill_days for one in asked.values()] == [40, 10]


def test_an_option_that_only_some_clouds_have_is_for_those() -> None:
    asking = Asking(endpoint="http://127.0.0.1:9", billing_export="s3://b/p")
    asked = asked_of_each(["aws", "alibaba"], Settings(), asking)
    assert asked["alibaba"].request.endpoint == "http://127.0.0.1:9"
    assert not hasattr(asked["aws"].request, "endpoint")
    assert (asked["aws"].billing_export, asked["alibaba"].billing_export) == ("s3://b/p", None)


@pytest.mark.parametrize(
    ("cloud", "asking", "said"),
    [
        ("aws", Asking(endpoint="https://x.example"), "--endpoint means nothing to AWS"),
        ("aws", Asking(site="china"), "--site means nothing to AWS"),
        ("alibaba", Asking(billing_export="s3://b"), "--billing-export means nothing to Alibaba Cloud"),
        ("alibaba", Asking(cost_explorer=True), "--cost-explorer means nothing to Alibaba Cloud"),
        ("aws", Asking(projects=("p",)), "--project means nothing to AWS"),
        ("alibaba", Asking(billing_account="0A"), "--billing-account means nothing to Alibaba Cloud"),
        ("gcp", Asking(role="r"), "--role means nothing to Google Cloud"),
        ("gcp", Asking(profiles=("p",)), "--profile means nothing to Google Cloud"),
    ],
)
def test_an_option_of_another_cloud_is_refused(cloud: str, asking: Asking, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        asked_of_each([cloud], Settings(), asking)


@pytest.mark.parametrize(
    ("asking", "option"),
    [
        (Asking(profiles=("p",)), "--profile"),
        (Asking(accounts=("1",)), "--account"),
        (Asking(role="r"), "--role"),
        (Asking(external_id="e"), "--external-id"),
        (Asking(regions=("us-east-1",)), "--region"),
    ],
)
def test_what_names_something_of_one_cloud_is_not_guessed_for_two(asking: Asking, option: str) -> None:
    with pytest.raises(UsageError) as error:
        asked_of_each(["aws", "alibaba"], Settings(), asking)
    assert f"{option} names something of one cloud, but AWS and Alibaba Cloud are asked" in str(error.value)
    assert "[aws] and [alibaba] in finops.toml" in str(error.value)


def test_it_is_refused_only_where_two_could_take_it_and_names_their_sections() -> None:
    asked = asked_of_each(["aws", "gcp"], Settings(), Asking(role="r", projects=("team-a",)))
    assert (asked["aws"].request.role, asked["gcp"].request.projects) == ("r", ("team-a",))
    with pytest.raises(UsageError) as error:
        asked_of_each(["aws", "alibaba", "gcp"], Settings(), Asking(role="r"))
    assert "AWS, Alibaba Cloud and Google Cloud are asked: set it under [aws] and [alibaba] in" in str(
        error.value
    )


def test_an_endpoint_is_never_sent_the_credentials_of_another_cloud() -> None:
    asking = Asking(endpoint="http://127.0.0.1:9")
    with pytest.raises(UsageError, match=r"--endpoint names something of one cloud.*\[alibaba\] and \[gcp\]"):
        asked_of_each(["alibaba", "gcp"], Settings(), asking)


def test_an_account_is_not_guessed_where_others_are_asked_that_have_none() -> None:
    with pytest.raises(UsageError, match="--account names something of one cloud"):
        asked_of_each(["aws", "gcp"], Settings(), Asking(accounts=("012345678901",)))


@pytest.mark.parametrize(
    ("where", "bills"),
    [("s3://b/p", ("s3://b/p", None)), ("team-a.billing.export", (None, "team-a.billing.export"))],
)
def test_a_bill_goes_to_the_cloud_whose_bills_are_named_like_it(
    where: str, bills: tuple[str | None, str | None]
) -> None:
    asked = asked_of_each(["aws", "gcp"], Settings(), Asking(billing_export=where))
    assert (asked["aws"].billing_export, asked["gcp"].billing_export) == bills


def test_a_bill_that_is_named_like_no_clouds_is_refused_for_several() -> None:
    with pytest.raises(UsageError, match="--billing-export names something of one cloud"):
        asked_of_each(["aws", "gcp"], Settings(), Asking(billing_export="somewhere"))


@pytest.mark.parametrize(
    ("asking", "said"),
    [
        (Asking(projects=("My Project",)), r"--project is no id of a project \(My Project\): write the id"),
        (Asking(billing_export="gs://b/p"), r"--billing-export is no table in BigQuery \(gs://b/p\)"),
        (Asking(endpoint="http://10.0.0.1"), r"--endpoint is plain http \(http://10\.0\.0\.1\)"),
    ],
)
def test_a_value_that_finops_toml_would_refuse_is_refused_as_an_option(asking: Asking, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        asked_of_each(["gcp"], Settings(), asking)


def test_an_option_for_projects_takes_the_place_of_all_that_finops_toml_says_of_them() -> None:
    own = GcpSettings(organization="1", folders=["2"], billing_account="0A", regions=["europe-west1"])
    request = cloud_named("gcp").request(Settings(gcp=own), Asking(projects=("team-a",)))
    assert (request.projects, request.organization, request.folders) == (("team-a",), None, ())
    assert (request.billing_account, request.regions) == (None, ("europe-west1",))
    whole = cloud_named("gcp").request(Settings(gcp=own), Asking(regions=("us-east1",)))
    assert (whole.organization, whole.folders, whole.regions) == ("1", ("2",), ("us-east1",))


def test_google_has_a_bill_only_where_its_export_is_said(tmp_path: Path) -> None:
    at, db, cloud = datetime(2026, 11, 20), tmp_path / "w.duckdb", cloud_named("gcp")
    assert cloud.wanted(cloud.asked(Settings(), Asking()), at, db).bill is None
    own = Settings(gcp=GcpSettings(billing_export="team-a.billing.export", bill_days=10))
    bill = cloud.wanted(cloud.asked(own, Asking()), at, db).bill
    assert (bill.table, bill.since) == ("team-a.billing.export", datetime(2026, 11, 10))
    assert bill.folder == tmp_path / "w.duckdb.bills"
    assert cloud.wanted(cloud.asked(own, Asking(only=("instances",))), at, db).bill is None
    with pytest.raises(UsageError, match="--only charges needs a bill"):
        cloud.wanted(cloud.asked(Settings(), Asking(only=("charges",))), at, db)


def test_a_cloud_that_is_named_twice_is_asked_once() -> None:
    assert list(asked_of_each(["alibaba", "alibaba"], Settings(), Asking(role="r"))) == ["alibaba"]


@pytest.mark.parametrize(
    ("cloud", "since", "most"), [("aws", 96, 95), ("alibaba", 92, 91), ("alibaba", 0, 91), ("gcp", 96, 95)]
)
def test_no_more_days_than_the_cloud_keeps(cloud: str, since: int, most: int) -> None:
    with pytest.raises(
        UsageError, match=f"--since: metrics are collected over 1 to {most} days, not over {since}"
    ):
        asked_of_each([cloud], Settings(), Asking(since=timedelta(days=since)))


def test_an_endpoint_in_clear_is_for_this_machine_only() -> None:
    with pytest.raises(
        UsageError, match=r"--endpoint is plain http \(http://10\.0\.0\.1\), which is for this machine"
    ):
        asked_of_each(["alibaba"], Settings(), Asking(endpoint="http://10.0.0.1"))


def test_a_cloud_that_cannot_be_collected_yet_is_named_with_those_that_can() -> None:
    with pytest.raises(
        UsageError, match="cannot collect from azure yet: this version collects from aws, alibaba and gcp"
    ):
        asked_of_each(["azure"], Settings(), Asking())


@pytest.mark.parametrize("cloud", CLOUDS)
def test_whatever_a_collector_can_be_asked_is_a_key_of_finops_toml(cloud: str) -> None:
    keys = type(getattr(Settings(), cloud)).model_fields
    assert {field.name for field in fields(CLOUDS[cloud].collector().Request)} <= set(keys)


def log_in(home: Path, **content: str) -> Path:
    """Writes the file that gcloud keeps credentials in."""
    path = home / ".config" / "gcloud" / "application_default_credentials.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def google(**more: str) -> list[str]:
    """What tells Google's credentials apart, with more variables."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in more.items():
            patch.setenv(name, value)
        return CLOUDS["gcp"].identity(CLOUDS["gcp"].collector().Request())


def test_another_service_account_is_somebody_else_wherever_its_file_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nobody(monkeypatch, tmp_path)
    names = ("a.json", "b.json", "c.json")
    for name, who in zip(names, ("one", "one", "two"), strict=True):
        (tmp_path / name).write_text(json.dumps({"type": "service_account", "client_email": who}))
    one, same, other = (google(GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / name)) for name in names)
    assert one == same
    assert one != other
    assert one != google(GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "a.json"), GOOGLE_CLOUD_PROJECT="p")


def test_whoever_logs_in_with_gcloud_is_told_apart_without_the_token(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nobody(monkeypatch, tmp_path)
    nobody_there = google()
    path = log_in(tmp_path, type="authorized_user", client_id="gcloud", refresh_token="hunter2")
    first = google()
    os.utime(path, ns=(1, 1))
    assert len({tuple(one) for one in (nobody_there, first, google())}) == 3
    assert "hunter2" not in " ".join(first)


@pytest.mark.parametrize("content", ["", "[]", "no json"])
def test_a_file_of_credentials_that_is_none_is_not_an_error_yet(
    content: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nobody(monkeypatch, tmp_path)
    (tmp_path / "x.json").write_text(content)
    assert str(tmp_path / "x.json") in google(GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "x.json"))


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_secret_is_among_what_tells_credentials_apart(
    cloud: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nobody(monkeypatch, tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_ID"):
        monkeypatch.setenv(name, "the-id")
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
                 "ALIBABA_CLOUD_SECURITY_TOKEN"):  # fmt: skip
        monkeypatch.setenv(name, "hunter2")
    log_in(tmp_path, client_email="the-id", private_key="hunter2", refresh_token="hunter2")
    told = CLOUDS[cloud].identity(CLOUDS[cloud].collector().Request())
    assert "the-id" in told
    assert "hunter2" not in " ".join(told)
