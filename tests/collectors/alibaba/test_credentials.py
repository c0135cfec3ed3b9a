"""Credentials as Alibaba's own tools find them: the environment, both profile files, the machine; what is told of bad ones."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors.alibaba.credentials import Key, Source, find_key, find_region, find_source
from finops.errors import CredentialsError, UsageError
from tests.collectors.alibaba.live import as_environment

ROLE = "acs:ram::222:role/reader"
KEYS = {"access_key_id": "LTAIprofile", "access_key_secret": "profile-secret"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Nobody's settings, and a home that is empty."""
    with as_environment({"HOME": str(tmp_path)}):
        yield tmp_path


def of_environment(prefix: str, **names: str) -> dict[str, str]:
    return {f"{prefix}{name.upper()}": value for name, value in names.items()}


def cli(home: Path, *profiles: dict[str, Any], current: str = "default") -> Path:
    """The configuration file of the command line."""
    path = home / ".aliyun" / "config.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"current": current, "profiles": list(profiles), "meta_path": ""}))
    return path


def sdk(home: Path, text: str) -> Path:
    """The credentials file of the SDKs."""
    path = home / ".alibabacloud" / "credentials"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


# --- environment ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["ALIBABA_CLOUD_", "ALIBABACLOUD_", "ALIYUN_"])
@pytest.mark.parametrize("token", [None, "CAIS=="])
def test_a_key_of_the_environment_is_found_under_each_of_its_names(prefix: str, token: str | None) -> None:
    told = of_environment(prefix, access_key_id=" LTAIenv ", access_key_secret="env-secret\n")
    told |= of_environment(prefix, security_token=token) if token else {}
    with as_environment({**told, "HOME": os.environ["HOME"]}):
        assert find_source() == Source(Key("LTAIenv", "env-secret", token))
        assert find_key() == Key("LTAIenv", "env-secret", token)


def test_of_several_names_the_first_wins_and_takes_no_token_of_another() -> None:
    told = {
        **of_environment("ALIYUN_", access_key_id="old", access_key_secret="old", security_token="old"),
        **of_environment("ALIBABA_CLOUD_", access_key_id="new", access_key_secret="new"),
    }
    with as_environment(told):
        assert find_source().key == Key("new", "new")


@pytest.mark.parametrize("prefix", ["ALIBABA_CLOUD_", "ALIBABACLOUD_", "ALIYUN_"])
@pytest.mark.parametrize(("given", "lacking"), [("ID", "SECRET"), ("SECRET", "ID")])
def test_half_of_a_key_is_told_with_the_other_half(prefix: str, given: str, lacking: str) -> None:
    with (
        as_environment({f"{prefix}ACCESS_KEY_{given}": "half-of-it"}),
        pytest.raises(
            CredentialsError,
            match=f"{prefix}ACCESS_KEY_{given} is set and {prefix}ACCESS_KEY_{lacking} is not: set both",
        ) as error,
    ):
        find_source()
    assert "half-of-it" not in str(error.value)


def test_a_role_of_the_environment_is_assumed_with_its_key() -> None:
    told = of_environment(
        "ALIBABA_CLOUD_",
        access_key_id="LTAI",
        access_key_secret="s",
        role_arn=ROLE,
        role_session_name="audit",
        role_external_id="x-1",
    )
    with as_environment(told):
        assert find_source() == Source(Key("LTAI", "s"), ROLE, "audit", "x-1")
        with pytest.raises(CredentialsError, match="are a role, which object storage is not read with"):
            find_key()


def test_a_pod_s_token_assumes_its_role_and_a_key_is_before_it(tmp_path: Path) -> None:
    told = of_environment(
        "ALIBABA_CLOUD_",
        role_arn=ROLE,
        oidc_provider_arn="acs:ram::222:oidc-provider/ack",
        oidc_token_file="/token",
    )
    with as_environment(told):
        found = find_source()
    assert (found.key, found.role_arn, found.oidc_token_file) == (None, ROLE, "/token")
    assert found.oidc_provider_arn == "acs:ram::222:oidc-provider/ack"
    with as_environment({**told, **of_environment("ALIYUN_", access_key_id="a", access_key_secret="b")}):
        assert find_source().key == Key("a", "b")


@pytest.mark.parametrize(("told", "role"), [("", ""), ("  ", ""), ("reader", "reader")])
def test_the_machine_s_role_is_asked_where_it_is_named_and_nothing_else_is_there(
    told: str, role: str, home: Path
) -> None:
    with as_environment({"ALIBABA_CLOUD_ECS_METADATA": told, "HOME": str(home)}):
        assert find_source() == Source(ecs_role=role)
        cli(home, {"name": "default", "mode": "AK", **KEYS})
        assert find_source().key is not None


def test_no_credentials_at_all_are_told_with_the_ways_to_give_some() -> None:
    with pytest.raises(CredentialsError, match=r"ALIBABA_CLOUD_ACCESS_KEY_ID.*--profile.*aliyun configure"):
        find_source()


# --- profiles of the command line -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "source"),
    [
        ({"mode": "AK", **KEYS}, Source(Key("LTAIprofile", "profile-secret"))),
        (KEYS, Source(Key("LTAIprofile", "profile-secret"))),
        ({"mode": "AK", **KEYS, "sts_token": "left over"}, Source(Key("LTAIprofile", "profile-secret"))),
        ({"mode": "StsToken", **KEYS, "sts_token": "CAIS"}, Source(Key("LTAIprofile", "profile-secret", "CAIS"))),
        (
            {"mode": "RamRoleArn", **KEYS, "ram_role_arn": ROLE, "ram_session_name": "me", "external_id": "x"},
            Source(Key("LTAIprofile", "profile-secret"), ROLE, "me", "x"),
        ),
        ({"mode": "EcsRamRole", "ram_role_name": "reader"}, Source(ecs_role="reader")),
        ({"mode": "EcsRamRole"}, Source(ecs_role="")),
        (
            {"mode": "OIDC", "ram_role_arn": ROLE, "oidc_provider_arn": "p", "oidc_token_file": "/t"},
            Source(role_arn=ROLE, oidc_provider_arn="p", oidc_token_file="/t"),
        ),
    ],
    ids=lambda it: it.get("mode", "no mode") if isinstance(it, dict) else "",
)  # fmt: skip
def test_each_mode_of_the_command_line_s_profiles_is_understood(
    profile: dict[str, Any], source: Source, home: Path
) -> None:
    cli(home, {"name": "default", "region_id": "eu-central-1", **profile})
    found = find_source()
    assert found == Source(
        **{**{name: getattr(source, name) for name in Source.__slots__}, "region": "eu-central-1"}
    )
    assert find_region() == "eu-central-1"


def test_a_chained_profile_takes_the_key_of_the_one_it_names(home: Path) -> None:
    chain = {"mode": "ChainableRamRoleArn", "ram_role_arn": ROLE, "source_profile": "main"}
    cli(home, {"name": "work", **chain}, {"name": "main", "mode": "AK", **KEYS})
    assert find_source("work") == Source(Key("LTAIprofile", "profile-secret"), ROLE)


@pytest.mark.parametrize("source", ["work", "nobody", "role", "other", ""])
def test_a_chain_without_a_key_at_its_end_is_told(source: str, home: Path) -> None:
    chain = {"mode": "ChainableRamRoleArn", "ram_role_arn": ROLE, "source_profile": source}
    other = {"mode": "ChainableRamRoleArn", "ram_role_arn": ROLE, "source_profile": "work"}
    role = {"mode": "RamRoleArn", **KEYS, "ram_role_arn": ROLE}
    cli(home, {"name": "work", **chain}, {"name": "other", **other}, {"name": "role", **role})
    with pytest.raises(CredentialsError, match=r"profile (work|other) .* of the mode ChainableRamRoleArn"):
        find_source("work")


@pytest.mark.parametrize("mode", ["CloudSSO", "External", "CredentialsURI", "RsaKeyPair", "Nonsense"])
def test_a_mode_that_cannot_be_used_is_told_with_those_that_can(mode: str, home: Path) -> None:
    cli(home, {"name": "default", "mode": mode})
    with pytest.raises(CredentialsError, match=f"mode {mode}, which cannot be used here: use AK, StsToken"):
        find_source()


@pytest.mark.parametrize("lacking", ["access_key_id", "access_key_secret"])
@pytest.mark.parametrize("mode", ["AK", "StsToken", "RamRoleArn"])
def test_a_profile_without_a_whole_key_is_told(mode: str, lacking: str, home: Path) -> None:
    cli(home, {"name": "default", "mode": mode, "ram_role_arn": ROLE, **KEYS, lacking: ""})
    with pytest.raises(CredentialsError, match="profile default has no access key") as error:
        find_source()
    assert "profile-secret" not in str(error.value)


def test_the_current_profile_is_used_unless_another_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def key(name: str) -> dict[str, str]:
        return {"name": name, "mode": "AK", "access_key_id": name, "access_key_secret": "s"}

    cli(home, key("default"), key("work"), key("play"), current="work")
    assert find_source().key == Key("work", "s")
    monkeypatch.setenv("ALIBABA_CLOUD_PROFILE", "play")
    assert find_source().key == Key("play", "s")
    assert find_source("default").key == Key("default", "s")


def test_a_named_profile_counts_more_than_the_environment_s_key_and_that_more_than_the_current_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli(home, {"name": "default", "mode": "AK", **KEYS})
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAIenv")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s")
    assert find_source().key == Key("LTAIenv", "s")
    assert find_source("default").key == Key("LTAIprofile", "profile-secret")


def test_the_file_may_be_elsewhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cli(home, {"name": "default", "mode": "AK", **KEYS}).rename(home / "elsewhere.json")
    monkeypatch.setenv("ALIBABA_CLOUD_CONFIG_FILE", str(path))
    assert find_source().key == Key("LTAIprofile", "profile-secret")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"profiles": [{"mode": "AK"}]}', '{"profiles": "all"}', '{"profiles": [1]}', "\x00"]
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_named(text: str, home: Path) -> None:
    path = cli(home)
    path.write_text(text)
    with pytest.raises(
        CredentialsError, match=r"config\.json cannot be read as a profile file of the Alibaba com"
    ):
        find_source()


# --- profiles of the SDKs ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("type = access_key\naccess_key_id = a\naccess_key_secret = b%s", Source(Key("a", "b%s"))),
        ("access_key_id = a\naccess_key_secret = b", Source(Key("a", "b"))),
        ("type = sts\naccess_key_id = a\naccess_key_secret = b\nsecurity_token = t", Source(Key("a", "b", "t"))),
        (
            f"type = ram_role_arn\naccess_key_id = a\naccess_key_secret = b\nrole_arn = {ROLE}\nrole_session_name = me",
            Source(Key("a", "b"), ROLE, "me"),
        ),
        ("type = ecs_ram_role\nrole_name = reader", Source(ecs_role="reader")),
        ("type = ecs_ram_role\nregion_id = eu-west-1", Source(ecs_role="", region="eu-west-1")),
    ],
)  # fmt: skip
def test_each_type_of_the_sdks_profiles_is_understood(text: str, source: Source, home: Path) -> None:
    sdk(home, f"[default]\n{text}\n")
    assert find_source() == source


def test_the_command_line_s_profile_is_before_the_sdks_of_the_same_name(home: Path) -> None:
    sdk(
        home,
        "[default]\naccess_key_id = a\naccess_key_secret = b\n[only]\naccess_key_id = c\naccess_key_secret = d\n",
    )
    cli(home, {"name": "default", "mode": "AK", **KEYS})
    assert find_source().key == Key("LTAIprofile", "profile-secret")
    assert find_source("only").key == Key("c", "d")


@pytest.mark.parametrize("kind", ["rsa_key_pair", "bearer", "oidc_role_arn", "Nonsense"])
def test_a_type_that_cannot_be_used_is_told_with_those_that_can(kind: str, home: Path) -> None:
    sdk(home, f"[default]\ntype = {kind}\n")
    with pytest.raises(
        CredentialsError, match=f"type {kind}, which cannot be used here: use access_key, sts"
    ):
        find_source()


@pytest.mark.parametrize(
    "text", ["access_key_id = a", "[default\nx = y", "[default]\nnonsense", "[a]\n[a]\n"]
)
def test_an_ini_file_that_cannot_be_read_is_named(text: str, home: Path) -> None:
    sdk(home, text)
    with pytest.raises(
        CredentialsError, match="credentials cannot be read as a profile file of the Alibaba SDKs"
    ):
        find_source()


# --- profiles that are not there --------------------------------------------------------------------------


def test_an_unknown_profile_is_told_with_those_there_are(home: Path) -> None:
    cli(home, {"name": "work", **KEYS})
    sdk(home, "[play]\naccess_key_id = a\naccess_key_secret = b\n")
    with pytest.raises(UsageError, match=r"no profile typo of Alibaba Cloud: .* there are play, work"):
        find_source("typo")


def test_an_unknown_profile_of_the_environment_is_told_with_its_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_PROFILE", "typo")
    with pytest.raises(
        CredentialsError, match=r"no profile typo .* there are none.* Check ALIBABA_CLOUD_PROFILE"
    ):
        find_source()


@pytest.mark.parametrize(
    "variable", ["ALIBABA_CLOUD_REGION_ID", "ALIBABA_CLOUD_REGION", "ALIBABACLOUD_REGION_ID", "ALIYUN_REGION_ID"]
)  # fmt: skip
def test_the_region_of_the_environment_is_before_the_profile_s(
    variable: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli(home, {"name": "default", "region_id": "eu-central-1", **KEYS})
    monkeypatch.setenv(variable, "cn-beijing")
    assert find_region() == "cn-beijing"


def test_without_any_credentials_there_is_no_region() -> None:
    assert find_region() is None


def test_secrets_are_not_shown_where_a_source_is(home: Path) -> None:
    cli(home, {"name": "default", "mode": "StsToken", **KEYS, "sts_token": "CAISsecret"})
    shown = repr(find_source())
    assert "profile-secret" not in shown
    assert "CAISsecret" not in shown
