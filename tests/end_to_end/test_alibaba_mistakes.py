"""What a user can get wrong with Alibaba Cloud: one sentence, the right exit code, nothing stored is lost."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.command import finops
from tests.servers.alibaba.cloud import Cloud

pytestmark = pytest.mark.slow

HERE = ("--region", "cn-hangzhou")

# The bill of the current month only: the interface of bills may be asked eight times a second.
SHORT = {"FINOPS_ALIBABA__BILL_DAYS": "5"}
KEYS = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET")


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        cloud.estate(n=12, regions=("cn-hangzhou",))
        yield cloud


def without_keys(cloud: Cloud) -> dict[str, str]:
    return {name: value for name, value in cloud.env.items() if name not in KEYS}


@pytest.mark.parametrize("command", [("collect", "alibaba"), ("audit", "alibaba"), ("doctor", "alibaba")])
def test_without_credentials(command: tuple[str, ...], cloud: Cloud, tmp_path: Path) -> None:
    done = finops(*command, *HERE, cwd=tmp_path, env=without_keys(cloud))
    assert done.code == 4
    assert "No Alibaba Cloud credentials were found" in done.sentence
    assert not list(tmp_path.glob("*.duckdb"))


def test_with_a_key_and_no_secret(cloud: Cloud, tmp_path: Path) -> None:
    env = {**without_keys(cloud), KEYS[0]: "LTAI5t"}
    done = finops("collect", "alibaba", *HERE, cwd=tmp_path, env=env)
    assert done.code == 4
    assert f"{KEYS[0]} is set and {KEYS[1]} is not" in done.sentence


def test_with_a_wrong_secret(cloud: Cloud, tmp_path: Path) -> None:
    done = finops("collect", "alibaba", *HERE, cwd=tmp_path, env={**cloud.env, KEYS[1]: "wrong-secret"})
    assert done.code == 4
    assert "Alibaba Cloud refused the credentials" in done.sentence
    assert "wrong-secret" not in done.out + done.err


def test_with_a_key_that_does_not_exist(cloud: Cloud, tmp_path: Path) -> None:
    done = finops("collect", "alibaba", *HERE, cwd=tmp_path, env={**cloud.env, KEYS[0]: "LTAI5tNobody"})
    assert done.code == 4
    assert "Alibaba Cloud refused the credentials" in done.sentence


def test_with_the_other_names_of_the_variables(cloud: Cloud, tmp_path: Path) -> None:
    env = without_keys(cloud)
    env["ALIYUN_ACCESS_KEY_ID"], env["ALIYUN_ACCESS_KEY_SECRET"] = (cloud.env[name] for name in KEYS)
    done = finops("collect", "alibaba", *HERE, "--only", "instances", cwd=tmp_path, env=env)
    assert done.code == 0, done.err


def test_with_a_profile_of_the_command_line_and_the_endpoint_as_an_option(
    cloud: Cloud, tmp_path: Path
) -> None:
    file = tmp_path / ".aliyun" / "config.json"
    file.parent.mkdir()
    profile = {"name": "prod", "mode": "AK", "region_id": "cn-hangzhou"}
    profile |= {"access_key_id": cloud.env[KEYS[0]], "access_key_secret": cloud.env[KEYS[1]]}
    file.write_text(json.dumps({"current": "other", "profiles": [profile]}))
    done = finops(
        "collect", "alibaba", "--profile", "prod", "--endpoint", cloud.endpoint, *HERE, "--only", "instances",
        cwd=tmp_path, env={},
    )  # fmt: skip
    assert done.code == 0, done.err


def test_with_a_profile_that_does_not_exist(cloud: Cloud, tmp_path: Path) -> None:
    done = finops("collect", "alibaba", "--profile", "nobody", cwd=tmp_path, env=cloud.env)
    assert done.code == 2
    assert "There is no profile nobody of Alibaba Cloud" in done.sentence


def test_with_a_profile_file_that_is_broken(cloud: Cloud, tmp_path: Path) -> None:
    file = tmp_path / ".aliyun" / "config.json"
    file.parent.mkdir()
    file.write_text("{")
    done = finops("collect", "alibaba", *HERE, cwd=tmp_path, env=without_keys(cloud))
    assert done.code == 4
    assert "config.json cannot be read" in done.sentence


@pytest.mark.parametrize("region", ["nowhere-1", "cn-hangzhou-h", "CN-HANGZHOU", "us-east-2"])
def test_with_a_region_that_does_not_exist(region: str, cloud: Cloud, tmp_path: Path) -> None:
    done = finops("audit", "alibaba", "--region", region, cwd=tmp_path, env=cloud.env)
    assert done.code == 2
    assert f"There is no Alibaba Cloud region {region}" in done.sentence


def test_with_a_role_that_does_not_exist(cloud: Cloud, tmp_path: Path) -> None:
    done = finops(
        "collect", "alibaba", "--role", "nobody", "--account", "2222222222222222", *HERE,
        cwd=tmp_path, env=cloud.env,
    )  # fmt: skip
    assert done.code == 4
    assert "acs:ram::2222222222222222:role/nobody could not be assumed" in done.sentence


def test_with_an_account_that_the_credentials_do_not_reach(cloud: Cloud, tmp_path: Path) -> None:
    done = finops(
        "collect", "alibaba", "--account", "9999999999999999", *HERE, cwd=tmp_path, env={**cloud.env, **SHORT}
    )
    assert done.code == 2
    assert "9999999999999999" in done.sentence


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--since", "200d"), "1 to 91 days"),
        (("--only", "unicorns"), "there is no such dataset"),
        (("--endpoint", "http://ecs.aliyuncs.com"), "--endpoint is plain http"),
        (("--as-of", "1066-10-14"), "there can be no data of that year"),
    ],
)
def test_with_an_option_that_makes_no_sense(
    options: tuple[str, ...], said: str, cloud: Cloud, tmp_path: Path
) -> None:
    done = finops("collect", "alibaba", *HERE, *options, cwd=tmp_path, env=cloud.env)
    assert done.code == 2
    assert said in done.sentence


def test_with_a_site_that_does_not_exist(tmp_path: Path) -> None:
    done = finops("collect", "alibaba", "--site", "europe", cwd=tmp_path, env={})
    assert done.code == 2
    assert "china" in done.err
    assert "international" in done.err


def test_with_an_endpoint_in_clear_in_the_environment(tmp_path: Path) -> None:
    env = {"FINOPS_ALIBABA_ENDPOINT": "http://ecs.aliyuncs.com"}
    done = finops("collect", "alibaba", cwd=tmp_path, env=env)
    assert done.code == 2
    assert "is plain http (http://ecs.aliyuncs.com), which is for this machine only" in done.sentence


def test_with_nobody_listening_at_the_endpoint(cloud: Cloud, tmp_path: Path) -> None:
    env = {**cloud.env, "FINOPS_ALIBABA_ENDPOINT": "http://127.0.0.1:9"}
    done = finops("collect", "alibaba", *HERE, cwd=tmp_path, env=env)
    assert done.code == 3  # missing; nobody refused the credentials
    assert "could not be asked" in done.sentence


def test_an_action_that_is_denied_is_named_and_the_rest_is_stored(cloud: Cloud, tmp_path: Path) -> None:
    cloud.deny("ecs:DescribeDisks")
    done = finops("collect", "alibaba", *HERE, cwd=tmp_path, env={**cloud.env, **SHORT})
    doctor = finops("doctor", "alibaba", *HERE, cwd=tmp_path, env={**cloud.env, **SHORT})
    cloud.deny()
    assert done.code == 3
    assert "ecs:DescribeDisks" in done.err
    assert "volumes denied" in done.out
    assert doctor.code == 3
    assert "ecs:DescribeDisks" in doctor.err
    held = finops("sql", "SELECT count(*) AS n FROM instances", "--format", "json", cwd=tmp_path).json
    assert held == [{"n": 12}]


def test_the_doctor_finds_nothing_wrong_and_says_what_a_run_takes(cloud: Cloud, tmp_path: Path) -> None:
    done = finops("doctor", "alibaba", *HERE, cwd=tmp_path, env={**cloud.env, **SHORT})
    assert done.code == 0, done.err
    assert "(1,000,000 of metrics are free in a month)" in done.out
    assert not list(tmp_path.glob("*.duckdb"))


def test_the_policy_reads_only(cloud: Cloud, tmp_path: Path) -> None:
    done = finops("permissions", "alibaba", cwd=tmp_path, env=without_keys(cloud))
    assert done.code == 0, done.err
    actions = [action for statement in done.json["Statement"] for action in statement["Action"]]
    assert "ecs:DescribeInstances" in actions
    assert not [
        name
        for name in actions
        if not name.partition(":")[2].startswith(("Describe", "Query", "Get", "List"))
    ]


def test_nothing_stored_is_lost_by_a_mistake(cloud: Cloud, tmp_path: Path) -> None:
    assert finops("collect", "alibaba", *HERE, cwd=tmp_path, env={**cloud.env, **SHORT}).code == 0
    before = finops("sql", "SELECT count(*) FROM metrics", cwd=tmp_path).out
    assert finops("collect", "alibaba", "--region", "nowhere-1", cwd=tmp_path, env=cloud.env).code == 2
    assert finops("sql", "SELECT count(*) FROM metrics", cwd=tmp_path).out == before


def test_no_secret_is_in_the_warehouse_or_in_what_is_said(cloud: Cloud, tmp_path: Path) -> None:
    done = finops("--debug", "collect", "alibaba", *HERE, cwd=tmp_path, env={**cloud.env, **SHORT})
    secret, key = cloud.env[KEYS[1]], cloud.env[KEYS[0]]
    held = (tmp_path / "finops.duckdb").read_bytes()
    assert secret not in done.out + done.err
    assert secret.encode() not in held
    assert key.encode() not in held
