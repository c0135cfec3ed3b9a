"""What is asked of each cloud: options over finops.toml, and what makes no sense said in a sentence."""

from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from finops.config import AlibabaSettings, AwsSettings, Settings
from finops.errors import UsageError
from finops.pipeline.clouds import CLOUDS, Asking, asked_of_each, cloud_named
from tests.finops.stub_collectors import install, nobody


@pytest.fixture(autouse=True)
def stubs(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "aws")
    install(monkeypatch, "alibaba")


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


def test_a_cloud_that_is_named_twice_is_asked_once() -> None:
    assert list(asked_of_each(["alibaba", "alibaba"], Settings(), Asking(role="r"))) == ["alibaba"]


@pytest.mark.parametrize(
    ("cloud", "since", "most"), [("aws", 96, 95), ("alibaba", 92, 91), ("alibaba", 0, 91)]
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
        UsageError, match="cannot collect from gcp yet: this version collects from aws and alibaba"
    ):
        asked_of_each(["gcp"], Settings(), Asking())


@pytest.mark.parametrize("cloud", CLOUDS)
def test_whatever_a_collector_can_be_asked_is_a_key_of_finops_toml(cloud: str) -> None:
    keys = type(getattr(Settings(), cloud)).model_fields
    assert {field.name for field in fields(CLOUDS[cloud].collector().Request)} <= set(keys)


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
    told = CLOUDS[cloud].identity(CLOUDS[cloud].collector().Request())
    assert "the-id" in told
    assert "hunter2" not in " ".join(told)
