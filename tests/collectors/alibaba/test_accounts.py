"""Who is asked: directories, roles, profiles and regions, and what is told when one of them cannot be had."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from collectors.alibaba import client
from collectors.alibaba.accounts import Found, Request, discover
from collectors.alibaba.permissions import policy
from collectors.alibaba.products import KNOWN
from finops.errors import CredentialsError, UsageError
from tests.collectors.alibaba.live import as_environment, collect, rows
from tests.servers.alibaba.cloud import ACCOUNT, Cloud

REGION = "cn-hangzhou"
ROLE = "finops-reader"
FIRST, WITHOUT_ROLE, THIRD, REMOVED = (number * 16 for number in "2345")


@pytest.fixture(scope="module")
def directory() -> Iterator[Cloud]:
    """A management account, two members with a role for us, one without, one that is gone."""
    with Cloud.shared() as cloud:
        cloud.estate(n=4, regions=(REGION,))
        cloud.organize(deny=(WITHOUT_ROLE,), small=3)
        cloud.role("guarded", THIRD, external_id="s3cret")
        yield cloud


@pytest.fixture
def cloud(directory: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    monkeypatch.setattr(client, "_LONGEST_WAIT", 0.01)
    directory.reset_calls()
    yield directory
    directory.faults([])


def found(environment: Mapping[str, str], **request: Any) -> Found:
    """What is discovered in this environment; one region unless told."""
    with as_environment(environment):
        return discover(Request(**{"regions": (REGION,), **request}))


def accounts(found: Found) -> list[str]:
    return [session.account for session in found.sessions]


def only(*actions: str) -> dict[str, Any]:
    return {"Version": "1", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}


def odd(body: Any, action: str) -> list[dict[str, Any]]:
    return [{"kind": "body", "body": body, "action": action}]


# --- a resource directory ---------------------------------------------------------------------------------


def test_every_member_is_entered_and_one_without_the_role_is_told(cloud: Cloud) -> None:
    answer = found(cloud.env, role=ROLE)
    assert accounts(answer) == [ACCOUNT, FIRST, THIRD]
    assert [(session.account, region) for session, region in answer.places] == [
        (account, REGION) for account in (ACCOUNT, FIRST, THIRD)
    ]
    (refused,) = answer.refused
    assert (refused.account, refused.dataset, refused.status) == (WITHOUT_ROLE, "accounts", "denied")
    assert f"acs:ram::{WITHOUT_ROLE}:role/{ROLE}" in refused.error
    assert "EntityNotExist.Role" in refused.error
    assert "sts:AssumeRole" in refused.error


def test_members_that_are_entered_have_their_names(cloud: Cloud) -> None:
    names = {session.account: session.name for session in found(cloud.env, role=ROLE).sessions}
    assert (names[FIRST], names[THIRD]) == ("team-1", "队伍三")


def test_a_member_that_was_removed_is_not_asked(cloud: Cloud) -> None:
    answer = found(cloud.env, role=ROLE)
    assert REMOVED not in {one.account for one in answer.refused} | set(accounts(answer))
    # Three members: the own account needs no role, the removed one has nobody to ask.
    assert cloud.count("AssumeRole") == 3


@pytest.mark.parametrize("code", ["InvalidAction.NotFound", "InvalidVersion", "InvalidApi.NotFound"])
def test_where_the_directory_s_newer_interface_is_not_there_the_older_one_is_asked(
    code: str, cloud: Cloud
) -> None:
    cloud.faults([{"kind": "error", "code": code, "status": 404, "product": "resourcedirectory"}])
    assert accounts(found(cloud.env, role=ROLE)) == [ACCOUNT, FIRST, THIRD]
    asked = [call["product"] for call in cloud.calls("ListAccounts")]
    assert asked == ["resourcedirectory", "resourcemanager"]


def test_a_directory_is_collected_but_for_the_member_that_was_refused(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    done = collect(db, cloud.env, REGION, only=("volumes",), role=ROLE)
    assert done.problem is not None
    assert done.problem.exit_code == 3
    assert WITHOUT_ROLE in str(done.problem)
    assert rows(db, "SELECT account_id, region, dataset, status FROM coverage WHERE cloud = 'alibaba' ORDER BY 1, 3") == [
        (ACCOUNT, REGION, "volumes", "complete"),
        (FIRST, REGION, "volumes", "complete"),
        (WITHOUT_ROLE, "global", "accounts", "denied"),
        (THIRD, REGION, "volumes", "complete"),
    ]  # fmt: skip
    assert rows(db, "SELECT DISTINCT account_id FROM volumes ORDER BY 1") == [(ACCOUNT,), (FIRST,), (THIRD,)]


def test_an_account_that_can_be_entered_again_is_told_no_more(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    cloud.faults([{"kind": "denied", "action": "AssumeRole"}])
    refused = "SELECT account_id FROM coverage WHERE dataset = 'accounts' ORDER BY 1"
    collect(db, cloud.env, REGION, only=("volumes",), role=ROLE)
    assert rows(db, refused) == [(FIRST,), (WITHOUT_ROLE,), (THIRD,)]
    cloud.faults([])
    collect(db, cloud.env, REGION, only=("volumes",), role=ROLE)
    assert rows(db, refused) == [(WITHOUT_ROLE,)]


def test_accounts_that_are_named_are_entered_without_listing_any(cloud: Cloud) -> None:
    answer = found(cloud.env, role=ROLE, accounts=(THIRD, FIRST))
    assert accounts(answer) == [THIRD, FIRST]
    assert answer.refused == []
    assert cloud.count("ListAccounts") == 0


def test_one_named_account_that_refuses_does_not_stop_another(cloud: Cloud) -> None:
    answer = found(cloud.env, role=ROLE, accounts=(WITHOUT_ROLE, FIRST))
    assert accounts(answer) == [FIRST]
    assert [one.account for one in answer.refused] == [WITHOUT_ROLE]


def test_a_role_as_an_arn_is_that_account_s_and_no_other(cloud: Cloud) -> None:
    assert accounts(found(cloud.env, role=f"acs:ram::{FIRST}:role/{ROLE}")) == [FIRST]
    assert cloud.count("ListAccounts") == 0


@pytest.mark.parametrize(
    "role",
    [
        f"acs:ram::{FIRST}:user/somebody",
        "acs:ram::team-1:role/finops-reader",
        f"acs:ram::{FIRST}",
        "acs:",
    ],
)
def test_an_arn_of_something_else_is_told_with_an_example(role: str, cloud: Cloud) -> None:
    with pytest.raises(UsageError, match="is not a role: write its name, or acs:ram::ACCOUNT:role/NAME"):
        found(cloud.env, role=role)


def test_an_external_id_opens_the_role_that_wants_it(cloud: Cloud) -> None:
    answer = found(cloud.env, role="guarded", accounts=(THIRD,), external_id="s3cret")
    assert accounts(answer) == [THIRD]


@pytest.mark.parametrize("external_id", [None, "wrong"])
def test_without_its_external_id_a_role_is_refused(external_id: str | None, cloud: Cloud) -> None:
    with pytest.raises(CredentialsError, match="role/guarded could not be assumed") as error:
        found(cloud.env, role="guarded", accounts=(THIRD,), external_id=external_id)
    assert ("and the external id" in str(error.value)) is (external_id is not None)
    assert "wrong" not in str(error.value)


def test_when_every_role_is_refused_the_credentials_are(cloud: Cloud) -> None:
    with pytest.raises(CredentialsError, match=f"acs:ram::{FIRST}:role/no-such-role could not be assumed"):
        found(cloud.env, role="no-such-role", accounts=(FIRST, THIRD))


def test_who_may_not_list_accounts_gets_the_own_one_and_is_told(cloud: Cloud) -> None:
    answer = found(cloud.user(only("sts:AssumeRole")), role=ROLE)
    assert accounts(answer) == [ACCOUNT]
    (refused,) = answer.refused
    assert (refused.account, refused.dataset, refused.status) == (ACCOUNT, "accounts", "denied")
    assert "resourcemanager:ListAccounts is denied" in refused.error


def test_who_has_the_printed_policy_enters_every_account(cloud: Cloud) -> None:
    mine = policy(Request(role=ROLE))
    for statement in mine["Statement"]:
        if statement["Resource"] == f"acs:ram::*:role/{ROLE}":
            statement["Resource"] = "*"  # the local cloud does not look at resources
    assert accounts(found(cloud.user(mine), role=ROLE)) == [ACCOUNT, FIRST, THIRD]


def test_who_may_assume_no_role_is_told_of_each_account(cloud: Cloud) -> None:
    answer = found(cloud.user(only("resourcemanager:ListAccounts")), role=ROLE)
    assert accounts(answer) == [ACCOUNT]
    assert [one.account for one in answer.refused] == [FIRST, WITHOUT_ROLE, THIRD]


def test_who_has_no_directory_gets_the_own_account_and_is_told(cloud: Cloud) -> None:
    code = "EntityNotExists.ResourceDirectory"
    cloud.faults([{"kind": "error", "action": "ListAccounts", "code": code, "status": 404}])
    answer = found(cloud.env, role=ROLE)
    assert accounts(answer) == [ACCOUNT]
    assert [(one.dataset, one.status) for one in answer.refused] == [("accounts", "failed")]
    assert code in answer.refused[0].error


def test_an_account_that_answers_with_an_error_is_told_and_the_rest_goes_on(cloud: Cloud) -> None:
    cloud.faults([{"kind": "error", "action": "AssumeRole", "code": "InvalidParameter.Odd", "first": 1}])
    answer = found(cloud.env, role=ROLE, accounts=(FIRST, THIRD))
    assert accounts(answer) == [THIRD]
    assert (answer.refused[0].status, answer.refused[0].account) == ("failed", FIRST)
    assert "InvalidParameter.Odd" in answer.refused[0].error


@pytest.mark.parametrize(
    "body", [{}, {"Credentials": None}, {"Credentials": {"AccessKeyId": "x"}}, {"Credentials": "soon"}]
)
def test_an_answer_without_a_key_is_told_and_the_rest_goes_on(body: dict[str, Any], cloud: Cloud) -> None:
    cloud.faults([{**odd(body, "AssumeRole")[0], "first": 1}])
    answer = found(cloud.env, role=ROLE, accounts=(FIRST, THIRD))
    assert accounts(answer) == [THIRD]
    assert f"acs:ram::{FIRST}:role/{ROLE}" in answer.refused[0].error


@pytest.mark.parametrize(
    "body", [{"Accounts": "many"}, {"Accounts": {"Account": [{"Name": "x"}]}}, {"Odd": 1}]
)
def test_a_list_of_accounts_of_another_shape_is_told_and_the_own_one_entered(
    body: dict[str, Any], cloud: Cloud
) -> None:
    cloud.faults(odd(body, "ListAccounts"))
    answer = found(cloud.env, role=ROLE)
    assert accounts(answer) == [ACCOUNT]
    assert [(one.dataset, one.status) for one in answer.refused] == [("accounts", "failed")]
    assert "shape that this version does not know" in answer.refused[0].error


def test_an_account_the_credentials_do_not_reach_is_told_with_those_they_do(cloud: Cloud) -> None:
    with pytest.raises(UsageError, match=f"account {FIRST} cannot be entered .* which reach none") as error:
        found(cloud.env, accounts=(FIRST,))
    assert "--role" in str(error.value)
    with pytest.raises(UsageError, match=f"account {FIRST} cannot be entered .* which reach {ACCOUNT}"):
        found(cloud.env, accounts=(FIRST, ACCOUNT))


# --- profiles ---------------------------------------------------------------------------------------------


@pytest.fixture
def profiles(cloud: Cloud, tmp_path: Path) -> dict[str, str]:
    """The environment of somebody with four profiles: one account by two of them, a member, a role in another."""
    member, again = cloud.user(only("ecs:*"), FIRST), cloud.user(only("sts:AssumeRole"))
    told = [
        {"name": "main", "mode": "AK", "region_id": "cn-beijing", **keys(cloud.env)},
        {"name": "again", "mode": "AK", **keys(again)},
        {"name": "team-1", "mode": "AK", **keys(member)},
        {
            "name": "team-3",
            "mode": "RamRoleArn",
            "ram_role_arn": f"acs:ram::{THIRD}:role/{ROLE}",
            **keys(again),
        },
        {
            "name": "refused",
            "mode": "RamRoleArn",
            "ram_role_arn": f"acs:ram::{THIRD}:role/none",
            **keys(again),
        },
    ]
    (tmp_path / "config.json").write_text(json.dumps({"current": "main", "profiles": told}))
    return {
        "FINOPS_ALIBABA_ENDPOINT": cloud.endpoint,
        "HOME": str(tmp_path),
        "ALIBABA_CLOUD_CONFIG_FILE": str(tmp_path / "config.json"),
    }


def keys(env: Mapping[str, str]) -> dict[str, str]:
    return {name: env[f"ALIBABA_CLOUD_{name.upper()}"] for name in ("access_key_id", "access_key_secret")}


def test_several_profiles_are_several_accounts(profiles: dict[str, str]) -> None:
    answer = found(profiles, profiles=("main", "team-1", "team-3"))
    assert accounts(answer) == [ACCOUNT, FIRST, THIRD]
    assert answer.refused == []


def test_two_profiles_of_one_account_are_collected_once(profiles: dict[str, str]) -> None:
    answer = found(profiles, profiles=("main", "again", "team-1", "team-1"))
    assert accounts(answer) == [ACCOUNT, FIRST]
    assert len(answer.places) == 2


def test_of_several_profiles_only_the_named_accounts_are_collected(profiles: dict[str, str]) -> None:
    assert accounts(found(profiles, profiles=("main", "team-1"), accounts=(FIRST,))) == [FIRST]


def test_a_profile_counts_more_than_keys_in_the_environment(cloud: Cloud, profiles: dict[str, str]) -> None:
    assert accounts(found({**cloud.env, **profiles}, profiles=("team-1",))) == [FIRST]


def test_the_region_of_a_profile_is_asked_who_somebody_is(cloud: Cloud, profiles: dict[str, str]) -> None:
    found(profiles)
    assert cloud.calls("GetCallerIdentity")[0]["region"] == "cn-beijing"


def test_a_profile_whose_role_refuses_is_told(profiles: dict[str, str]) -> None:
    sentence = rf"The role acs:ram::{THIRD}:role/none could not be assumed \(EntityNotExist.Role\)"
    with pytest.raises(CredentialsError, match=sentence):
        found(profiles, profiles=("refused",))


# --- regions ----------------------------------------------------------------------------------------------


def regions(found: Found) -> list[str]:
    return [region for _, region in found.places]


def test_without_a_choice_every_region_but_the_closed_ones_is_collected(cloud: Cloud) -> None:
    answer = regions(found(cloud.env, regions=()))
    assert len(answer) == len(set(answer)) == 28
    assert answer == sorted(answer)
    assert not {"ap-south-1", "ap-southeast-2"} & set(answer)


def test_chosen_regions_are_collected_once_and_no_others(cloud: Cloud) -> None:
    chosen = ("eu-west-1", "cn-beijing", "eu-west-1")
    assert regions(found(cloud.env, regions=chosen)) == ["cn-beijing", "eu-west-1"]


@pytest.mark.parametrize("region", ["cn-nowhere", "cn-hangzhou-b", ""])
def test_a_region_that_does_not_exist_is_told(region: str, cloud: Cloud) -> None:
    with pytest.raises(UsageError, match=f"no Alibaba Cloud region {region}: regions are named like cn-"):
        found(cloud.env, regions=(REGION, region))


@pytest.mark.parametrize("chosen", [(), ("cn-beijing",)])
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "denied"},
        {"kind": "body", "body": {"Regions": "all"}},
        {"kind": "body", "body": {"Regions": {"Region": []}}},
    ],
)
def test_who_cannot_list_regions_gets_those_that_were_named_or_that_everybody_knows_and_is_told(
    fault: dict[str, Any], chosen: tuple[str, ...], cloud: Cloud
) -> None:
    cloud.faults([{**fault, "action": "DescribeRegions"}])
    answer = found(cloud.env, regions=chosen)
    assert regions(answer) == list(chosen or KNOWN)
    (refused,) = answer.refused
    assert (refused.account, refused.dataset) == (ACCOUNT, "regions")
    assert refused.status == ("denied" if fault["kind"] == "denied" else "failed")


def test_a_region_that_is_closed_is_collected_only_when_it_is_named_and_has_nothing(
    cloud: Cloud, tmp_path: Path
) -> None:
    done = collect(tmp_path / "w.duckdb", cloud.env, "ap-south-1", only=("volumes",))
    assert [status for scope, status in done.statuses.items() if scope.region == "ap-south-1"] == ["skipped"]
    assert not done.errors
    (told,) = rows(tmp_path / "w.duckdb", "SELECT error FROM coverage WHERE region = 'ap-south-1'")
    assert "is not offered" in told[0]


def test_flow_logs_that_are_asked_for_are_told_to_be_read_from_files(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    assert not collect(db, cloud.env, "cn-hangzhou", only=("traffic",)).errors
    ((account, region, status, error),) = rows(db, "SELECT account_id, region, status, error FROM coverage")
    assert (account, region, status) == (ACCOUNT, "global", "skipped")
    assert "load the files with finops ingest" in error


# --- credentials ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "secret", "code"),
    [(None, "not-the-secret", "SignatureDoesNotMatch"), ("LTAInobody", "x", "InvalidAccessKeyId.NotFound")],
)
def test_a_wrong_key_is_told_without_it(key: str | None, secret: str, code: str, cloud: Cloud) -> None:
    env = cloud.env_of(key or cloud.env["ALIBABA_CLOUD_ACCESS_KEY_ID"], secret)
    with pytest.raises(CredentialsError, match=code) as error:
        found(env)
    assert secret not in str(error.value).split()
    assert "sign" not in str(error.value)


@pytest.mark.parametrize("body", [{}, {"AccountId": None}, {"AccountId": ""}])
def test_an_answer_that_does_not_say_whose_credentials_these_are_is_told(
    body: dict[str, Any], cloud: Cloud
) -> None:
    cloud.faults(odd(body, "GetCallerIdentity"))
    with pytest.raises(CredentialsError, match="Whose credentials these are could not be asked"):
        found(cloud.env)


def test_a_collection_with_expired_credentials_writes_nothing(cloud: Cloud, tmp_path: Path) -> None:
    cloud.faults([{"kind": "expired"}])
    db = tmp_path / "w.duckdb"
    with pytest.raises(CredentialsError, match="InvalidSecurityToken"):
        collect(db, cloud.env, REGION)
    assert not db.exists()
