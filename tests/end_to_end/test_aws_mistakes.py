"""What a user can get wrong with AWS: one sentence, the right exit code, nothing stored is lost."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.command import finops
from tests.servers.aws.cloud import ACCOUNT, Cloud

pytestmark = pytest.mark.slow

HERE = ("--region", "us-east-1")


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        cloud.estate(n=12, regions=("us-east-1",))
        yield cloud


@pytest.mark.parametrize("command", [("collect", "aws"), ("audit", "aws"), ("doctor", "aws")])
def test_without_credentials(command: tuple[str, ...], cloud: Cloud, tmp_path: Path) -> None:
    env = {key: value for key, value in cloud.env.items() if "KEY" not in key}
    done = finops(*command, *HERE, cwd=tmp_path, env=env)
    assert done.code == 4
    assert "No AWS credentials were found" in done.sentence
    assert not list(tmp_path.glob("*.duckdb"))


def test_with_a_wrong_secret(cloud: Cloud, tmp_path: Path) -> None:
    env = {**cloud.enforce_iam(), "AWS_SECRET_ACCESS_KEY": "wrong"}
    done = finops("collect", "aws", *HERE, cwd=tmp_path, env=env)
    cloud.stop_enforcing_iam()
    assert done.code == 4
    assert "AWS refused the credentials" in done.sentence


def test_with_an_expired_token(cloud: Cloud, tmp_path: Path) -> None:
    cloud.faults([{"kind": "expired"}])
    done = finops("collect", "aws", *HERE, cwd=tmp_path, env=cloud.env)
    cloud.faults([])
    assert done.code == 4
    assert "expired" in done.sentence


def test_when_the_token_expires_in_the_middle(cloud: Cloud, tmp_path: Path) -> None:
    cloud.faults([{"kind": "expired", "service": "cloudwatch"}])
    done = finops("collect", "aws", *HERE, cwd=tmp_path, env=cloud.env)
    cloud.faults([])
    assert done.code == 3
    assert "metrics denied" in done.out


def test_with_a_profile_that_does_not_exist(cloud: Cloud, tmp_path: Path) -> None:
    done = finops("collect", "aws", "--profile", "nobody", cwd=tmp_path, env=cloud.env)
    assert done.code == 2
    assert "There is no AWS profile nobody" in done.sentence


def test_a_profile_before_the_command_is_one_of_finops_toml(cloud: Cloud, tmp_path: Path) -> None:
    done = finops("--profile", "prod", "collect", "aws", cwd=tmp_path, env=cloud.env)
    assert done.code == 2
    assert "There is no profile prod in finops.toml" in done.sentence


@pytest.mark.parametrize("region", ["nowhere-1", "us-east-1a", "US-EAST-1"])
def test_with_a_region_that_does_not_exist(region: str, cloud: Cloud, tmp_path: Path) -> None:
    done = finops("audit", "aws", "--region", region, cwd=tmp_path, env=cloud.env)
    assert done.code == 2
    assert f"There is no AWS region {region}" in done.sentence


def test_with_a_region_that_is_not_enabled(cloud: Cloud, tmp_path: Path) -> None:
    done = finops("collect", "aws", "--region", "af-south-1", cwd=tmp_path, env=cloud.env)
    assert done.code == 2
    assert f"af-south-1 is not enabled in account {ACCOUNT}" in done.sentence


def test_with_a_role_that_does_not_exist(cloud: Cloud, tmp_path: Path) -> None:
    done = finops(
        "collect", "aws", "--role", "nobody", "--account", "222222222222", *HERE, cwd=tmp_path, env=cloud.env
    )
    assert done.code == 4
    assert "arn:aws:iam::222222222222:role/nobody could not be assumed" in done.sentence


def test_with_an_account_that_the_credentials_do_not_reach(cloud: Cloud, tmp_path: Path) -> None:
    done = finops("collect", "aws", "--account", "999999999999", *HERE, cwd=tmp_path, env=cloud.env)
    assert done.code == 2
    assert "999999999999" in done.sentence


@pytest.mark.parametrize("url", ["s3://no-such-bucket-here/exports", "s3://", "https://bucket/x"])
def test_with_a_bucket_that_is_not_there(url: str, cloud: Cloud, tmp_path: Path) -> None:
    done = finops("collect", "aws", "--billing-export", url, *HERE, cwd=tmp_path, env=cloud.env)
    assert done.code == 2
    assert "bucket" in done.sentence.lower() or "s3://" in done.sentence


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--since", "200d"), "1 to 95 days"),
        (("--since", "soon"), "is not a duration"),
        (("--only", "unicorns"), "there is no such dataset"),
        (("--max-age", "young"), "is not a duration"),
        (("--as-of", "1066-10-14"), "there can be no data of that year"),
    ],
)
def test_with_an_option_that_makes_no_sense(
    options: tuple[str, ...], said: str, cloud: Cloud, tmp_path: Path
) -> None:
    done = finops("collect", "aws", *HERE, *options, cwd=tmp_path, env=cloud.env)
    assert done.code == 2
    assert said in done.sentence


def test_with_a_cloud_that_cannot_be_collected(tmp_path: Path) -> None:
    done = finops("audit", "azure", cwd=tmp_path, env={"AWS_CONFIG_FILE": os.devnull})
    assert done.code == 2
    assert "There is no cloud azure: there are aws, alibaba and gcp" in done.sentence


def test_nothing_stored_is_lost_by_a_mistake(cloud: Cloud, tmp_path: Path) -> None:
    assert finops("collect", "aws", *HERE, cwd=tmp_path, env=cloud.env).code == 0
    before = finops("sql", "SELECT count(*) FROM metrics", cwd=tmp_path).out
    assert finops("collect", "aws", "--region", "nowhere-1", cwd=tmp_path, env=cloud.env).code == 2
    assert finops("sql", "SELECT count(*) FROM metrics", cwd=tmp_path).out == before


def test_no_secret_is_in_the_warehouse_or_in_what_is_said(cloud: Cloud, tmp_path: Path) -> None:
    done = finops("--debug", "collect", "aws", *HERE, cwd=tmp_path, env=cloud.env)
    secret = cloud.env["AWS_SECRET_ACCESS_KEY"]
    assert secret not in done.out + done.err
    assert secret.encode() not in (tmp_path / "finops.duckdb").read_bytes()
