"""Who is asked: organisations, roles, profiles and regions, and what is told when one of them cannot be had."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from collectors.aws.accounts import Found, Request, discover
from collectors.aws.permissions import policy
from finops.errors import CredentialsError, UsageError
from tests.collectors.aws.live import as_environment, collect, rows
from tests.servers.aws.cloud import ACCOUNT, Cloud

REGION = "us-east-1"
ROLE = "finops-reader"
FIRST, WITHOUT_ROLE, SECOND, SUSPENDED = ("222222222222", "333333333333", "444444444444", "555555555555")


@pytest.fixture(scope="module")
def organization() -> Iterator[Cloud]:
    """A management account, two members with a role for us, one without, one that is closed."""
    with Cloud.shared() as cloud:
        cloud.estate(n=4, regions=(REGION,))
        cloud.organization(deny=(WITHOUT_ROLE,), small=3)
        guard(cloud)
        yield cloud


@pytest.fixture
def cloud(organization: Cloud) -> Iterator[Cloud]:
    organization.reset_calls()
    yield organization
    organization.faults([])
    organization.stop_enforcing_iam()


def guard(cloud: Cloud) -> None:
    """A role in the second member that wants an external id."""
    environment = entered(cloud, SECOND)
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Condition": {"StringEquals": {"sts:ExternalId": "s3cret"}},
    }
    cloud.client("iam", env=environment).create_role(
        RoleName="guarded",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )


def entered(cloud: Cloud, account: str) -> dict[str, str]:
    """The environment of somebody who has assumed the role there."""
    arn = f"arn:aws:iam::{account}:role/{ROLE}"
    answer = cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    return cloud.env_of(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])


def machines(cloud: Cloud, account: str) -> list[str]:
    """The ids of a member's machines."""
    answer = cloud.client("ec2", env=entered(cloud, account)).describe_instances()
    return [one["InstanceId"] for each in answer["Reservations"] for one in each["Instances"]]


def found(environment: Mapping[str, str], **request: Any) -> Found:
    """What is discovered in this environment; one region unless told."""
    with as_environment(environment):
        return discover(Request(**{"regions": (REGION,), **request}))


def accounts(found: Found) -> list[str]:
    return [session.account for session in found.sessions]


def only(*actions: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}],
    }


# --- an organisation --------------------------------------------------------------------------------------


def test_every_active_account_is_entered_and_one_without_the_role_is_told(cloud: Cloud) -> None:
    answer = found(cloud.env, role=ROLE)
    assert accounts(answer) == [ACCOUNT, FIRST, SECOND]
    assert [(session.account, region) for session, region in answer.places] == [
        (account, REGION) for account in (ACCOUNT, FIRST, SECOND)
    ]
    (refused,) = answer.refused
    assert (refused.account, refused.dataset, refused.status) == (WITHOUT_ROLE, "accounts", "denied")
    assert f"arn:aws:iam::{WITHOUT_ROLE}:role/{ROLE}" in refused.error
    assert "AccessDenied" in refused.error
    assert "sts:AssumeRole" in refused.error


def test_accounts_that_are_entered_have_their_names(cloud: Cloud) -> None:
    names = {session.account: session.name for session in found(cloud.env, role=ROLE).sessions}
    assert (names[FIRST], names[SECOND]) == ("team-0", "team-2")


def test_a_suspended_account_is_not_asked(cloud: Cloud) -> None:
    answer = found(cloud.env, role=ROLE)
    assert SUSPENDED not in {one.account for one in answer.refused} | set(accounts(answer))
    # Three members: the own account needs no role, the closed one has nobody to ask.
    assert cloud.count("AssumeRole") == 3


def test_an_organisation_is_collected_but_for_the_account_that_was_refused(
    cloud: Cloud, tmp_path: Path
) -> None:
    db = tmp_path / "w.duckdb"
    cloud.enforce_iam()
    done = collect(db, cloud.env, REGION, only=("volumes",), role=ROLE)
    assert done.problem is not None
    assert done.problem.exit_code == 3
    assert WITHOUT_ROLE in str(done.problem)
    assert rows(db, "SELECT account_id, region, dataset, status FROM coverage WHERE cloud = 'aws' ORDER BY 1, 3") == [
        (ACCOUNT, REGION, "volumes", "complete"),
        (FIRST, REGION, "volumes", "complete"),
        (WITHOUT_ROLE, "global", "accounts", "denied"),
        (SECOND, REGION, "volumes", "complete"),
    ]  # fmt: skip
    assert rows(db, "SELECT DISTINCT account_id FROM volumes ORDER BY 1") == [(ACCOUNT,), (FIRST,), (SECOND,)]
    ((error,),) = rows(db, "SELECT error FROM coverage WHERE dataset = 'accounts'")
    assert f"role/{ROLE}" in error
    assert WITHOUT_ROLE in error


def test_every_account_s_machines_have_a_list_price_in_a_region_they_share(
    cloud: Cloud, tmp_path: Path
) -> None:
    for account, kind in ((FIRST, "t2.large"), (SECOND, "c4.large")):  # families that no other account has
        (machine, *_) = machines(cloud, account)
        cloud.move("retype", machine, account=account, type=kind)
    db = tmp_path / "w.duckdb"
    collect(
        db, cloud.env, REGION, only=("instances", "instance_types", "prices"), role=ROLE,
        accounts=(ACCOUNT, FIRST, SECOND),
    )  # fmt: skip
    unpriced = rows(
        db,
        """
        SELECT DISTINCT account_id, instance_type FROM instances AS i
        WHERE platform = 'linux' AND NOT EXISTS (FROM prices AS p WHERE p.sku = i.instance_type)
        """,
    )
    assert rows(db, "SELECT count(DISTINCT account_id) FROM instances") == [(3,)]
    assert unpriced == []


def test_accounts_that_are_named_are_entered_without_listing_any(cloud: Cloud) -> None:
    answer = found(cloud.env, role=ROLE, accounts=(SECOND, FIRST))
    assert accounts(answer) == [SECOND, FIRST]
    assert answer.refused == []
    assert cloud.count("ListAccounts") == 0


def test_one_named_account_that_refuses_does_not_stop_another(cloud: Cloud) -> None:
    answer = found(cloud.env, role=ROLE, accounts=(WITHOUT_ROLE, FIRST))
    assert accounts(answer) == [FIRST]
    assert [one.account for one in answer.refused] == [WITHOUT_ROLE]


def test_a_role_as_an_arn_is_that_account_s_and_no_other(cloud: Cloud) -> None:
    answer = found(cloud.env, role=f"arn:aws:iam::{FIRST}:role/{ROLE}")
    assert accounts(answer) == [FIRST]
    assert answer.sessions[0].partition == "aws"
    assert cloud.count("ListAccounts") == 0


@pytest.mark.parametrize(
    "role",
    [
        "arn:aws:iam::222222222222:user/somebody",
        "arn:aws:iam::team-0:role/finops-reader",
        "arn:aws:iam::222222222222",
        "arn:",
    ],
)
def test_an_arn_of_something_else_is_told_with_an_example(role: str, cloud: Cloud) -> None:
    with pytest.raises(UsageError, match="is not a role: write its name, or arn:aws:iam::ACCOUNT:role/NAME"):
        found(cloud.env, role=role)


def test_an_external_id_opens_the_role_that_wants_it(cloud: Cloud) -> None:
    answer = found(cloud.env, role="guarded", accounts=(SECOND,), external_id="s3cret")
    assert accounts(answer) == [SECOND]


@pytest.mark.parametrize("external_id", [None, "wrong"])
def test_without_its_external_id_a_role_is_refused(external_id: str | None, cloud: Cloud) -> None:
    with pytest.raises(CredentialsError, match="role/guarded could not be assumed") as error:
        found(cloud.env, role="guarded", accounts=(SECOND,), external_id=external_id)
    assert ("and the external id" in str(error.value)) is (external_id is not None)
    assert "wrong" not in str(error.value)


def test_when_every_role_is_refused_the_credentials_are(cloud: Cloud) -> None:
    with pytest.raises(
        CredentialsError, match=f"arn:aws:iam::{FIRST}:role/no-such-role could not be assumed"
    ):
        found(cloud.env, role="no-such-role", accounts=(FIRST, SECOND))


def test_who_may_not_list_accounts_gets_the_own_one_and_is_told(cloud: Cloud) -> None:
    environment = cloud.enforce_iam(only("sts:AssumeRole", "ec2:DescribeRegions"))
    answer = found(environment, role=ROLE)
    assert accounts(answer) == [ACCOUNT]
    (refused,) = answer.refused
    assert (refused.account, refused.dataset, refused.status) == (ACCOUNT, "accounts", "denied")
    assert "organizations:ListAccounts is denied" in refused.error


def test_who_has_the_printed_policy_enters_every_account(cloud: Cloud) -> None:
    answer = found(cloud.enforce_iam(policy(Request(role=ROLE))), role=ROLE)
    assert accounts(answer) == [ACCOUNT, FIRST, SECOND]


def test_who_may_assume_no_role_is_told_of_each_account(cloud: Cloud) -> None:
    environment = cloud.enforce_iam(only("organizations:ListAccounts", "ec2:DescribeRegions"))
    answer = found(environment, role=ROLE)
    assert accounts(answer) == [ACCOUNT]
    assert [one.account for one in answer.refused] == [FIRST, WITHOUT_ROLE, SECOND]


def test_an_account_that_answers_with_nonsense_is_told_and_the_rest_goes_on(cloud: Cloud) -> None:
    cloud.faults(
        [{"kind": "error", "operation": "AssumeRole", "code": "RegionDisabledException", "first": 1}]
    )
    answer = found(cloud.env, role=ROLE, accounts=(FIRST, SECOND))
    assert accounts(answer) == [SECOND]
    assert "RegionDisabledException" in answer.refused[0].error


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
    member = entered(cloud, FIRST)
    told = {
        "main": "aws_access_key_id = AKIAADMINADMINADMIN0\naws_secret_access_key = admin-secret",
        "again": "aws_access_key_id = AKIAOTHEROTHEROTHER0\naws_secret_access_key = other-secret",
        "team-0": f"aws_access_key_id = {member['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {member['AWS_SECRET_ACCESS_KEY']}\n"
        f"aws_session_token = {member['AWS_SESSION_TOKEN']}",
    }
    (tmp_path / "credentials").write_text("".join(f"[{name}]\n{text}\n" for name, text in told.items()))
    (tmp_path / "config").write_text(
        "[profile main]\nregion = eu-west-1\n"
        f"[profile team-2]\nrole_arn = arn:aws:iam::{SECOND}:role/{ROLE}\nsource_profile = main\n"
        "[profile nobody]\nregion = eu-west-1\n"
    )
    files = {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }
    keyless = {name: value for name, value in cloud.env.items() if "KEY" not in name}
    return {**keyless, **files}


def test_several_profiles_are_several_accounts(profiles: dict[str, str]) -> None:
    answer = found(profiles, profiles=("main", "team-0", "team-2"))
    assert accounts(answer) == [ACCOUNT, FIRST, SECOND]
    assert answer.refused == []


def test_two_profiles_of_one_account_are_collected_once(profiles: dict[str, str]) -> None:
    answer = found(profiles, profiles=("main", "again", "team-0", "team-0"))
    assert accounts(answer) == [ACCOUNT, FIRST]
    assert len(answer.places) == 2


def test_of_several_profiles_only_the_named_accounts_are_collected(profiles: dict[str, str]) -> None:
    assert accounts(found(profiles, profiles=("main", "team-0"), accounts=(FIRST,))) == [FIRST]


def test_a_profile_of_the_environment_is_used_without_naming_it(profiles: dict[str, str]) -> None:
    assert accounts(found({**profiles, "AWS_PROFILE": "team-2"})) == [SECOND]


def test_a_profile_counts_more_than_keys_in_the_environment(cloud: Cloud, profiles: dict[str, str]) -> None:
    assert accounts(found({**cloud.env, **profiles}, profiles=("team-0",))) == [FIRST]


def test_a_profile_that_does_not_exist_is_told_with_those_that_do(profiles: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"no AWS profile typo: .* have again, main, nobody, team-0, team-2"):
        found(profiles, profiles=("main", "typo"))


def test_a_profile_that_does_not_exist_where_there_are_none_is_told(cloud: Cloud) -> None:
    with pytest.raises(UsageError, match="have no profile at all"):
        found(cloud.env, profiles=("typo",))
    with pytest.raises(UsageError, match="There is no AWS profile"):
        found({**cloud.env, "AWS_PROFILE": "typo"})


def test_a_profile_without_credentials_is_told(profiles: dict[str, str]) -> None:
    with pytest.raises(CredentialsError, match="No AWS credentials were found"):
        found(profiles, profiles=("nobody",))


def test_a_configuration_that_cannot_be_read_is_told(profiles: dict[str, str]) -> None:
    Path(profiles["AWS_CONFIG_FILE"]).write_text("[profile main\nregion")
    with pytest.raises(UsageError, match="The AWS configuration cannot be read"):
        found(profiles, profiles=("main",))


# --- regions ----------------------------------------------------------------------------------------------


def regions(found: Found) -> list[str]:
    return [region for _, region in found.places]


def test_without_a_choice_every_enabled_region_is_collected(cloud: Cloud) -> None:
    answer = regions(found(cloud.env, regions=()))
    assert len(answer) == len(set(answer)) == 18
    assert answer == sorted(answer)
    assert "me-south-1" in answer  # opted in to
    assert not {"af-south-1", "ap-east-1"} & set(answer)


def test_chosen_regions_are_collected_and_no_others(cloud: Cloud) -> None:
    assert regions(found(cloud.env, regions=("us-east-1", "eu-west-1"))) == ["eu-west-1", "us-east-1"]


def test_a_region_that_is_named_twice_is_collected_once(cloud: Cloud) -> None:
    assert regions(found(cloud.env, regions=("eu-west-1", "eu-west-1"))) == ["eu-west-1"]


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("eu-nowhere-1", "There is no AWS region eu-nowhere-1: regions are named like ap-northeast-1"),
        ("us-east-1a", "There is no AWS region us-east-1a"),
        ("", "There is no AWS region"),
        ("af-south-1", f"af-south-1 is not enabled in account {ACCOUNT}: enable it first"),
    ],
)
def test_a_region_that_cannot_be_had_is_told(region: str, said: str, cloud: Cloud) -> None:
    with pytest.raises(UsageError, match=said):
        found(cloud.env, regions=(REGION, region))


def test_who_may_not_list_regions_gets_those_that_every_account_has_and_is_told(cloud: Cloud) -> None:
    answer = found(cloud.enforce_iam(only("ec2:DescribeInstances")), regions=())
    assert len(regions(answer)) == 17
    assert not {"me-south-1", "af-south-1", "ap-east-1", "il-central-1"} & set(regions(answer))
    (refused,) = answer.refused
    assert (refused.account, refused.dataset, refused.status) == (ACCOUNT, "regions", "denied")
    assert "ec2:DescribeRegions is denied" in refused.error


def test_who_may_not_list_regions_can_name_one_that_not_every_account_has(cloud: Cloud) -> None:
    environment = cloud.enforce_iam(only("ec2:DescribeInstances"))
    assert regions(found(environment, regions=("me-south-1",))) == ["me-south-1"]
    with pytest.raises(UsageError, match="There is no AWS region eu-nowhere-1"):
        found(environment, regions=("eu-nowhere-1",))


# --- credentials ------------------------------------------------------------------------------------------


def test_no_credentials_at_all_are_told_with_the_ways_to_give_some(cloud: Cloud) -> None:
    environment = {name: value for name, value in cloud.env.items() if "KEY" not in name}
    with pytest.raises(CredentialsError, match=r"AWS_PROFILE or AWS_ACCESS_KEY_ID.*--profile.*aws sso login"):
        found(environment)


def test_half_of_the_credentials_are_told(cloud: Cloud) -> None:
    environment = {name: value for name, value in cloud.env.items() if "SECRET" not in name}
    with pytest.raises(CredentialsError, match=r"cannot be used: .*AWS_SECRET_ACCESS_KEY"):
        found(environment)


def test_a_wrong_secret_is_told(cloud: Cloud) -> None:
    key = cloud.enforce_iam()["AWS_ACCESS_KEY_ID"]
    with pytest.raises(CredentialsError, match="SignatureDoesNotMatch") as error:
        found(cloud.env_of(key, "not-the-secret"))
    assert "not-the-secret" not in str(error.value)


def test_a_key_nobody_knows_is_told(cloud: Cloud) -> None:
    cloud.enforce_iam()
    with pytest.raises(CredentialsError, match="InvalidClientTokenId"):
        found(cloud.env_of("AKIANOBODYNOBODYNOB0", "x"))


def test_a_token_that_has_expired_is_told(cloud: Cloud) -> None:
    cloud.faults([{"kind": "expired", "operation": "GetCallerIdentity"}])
    with pytest.raises(CredentialsError, match="ExpiredToken"):
        found(cloud.env)


def test_a_collection_with_expired_credentials_writes_nothing(cloud: Cloud, tmp_path: Path) -> None:
    cloud.faults([{"kind": "expired"}])
    db = tmp_path / "w.duckdb"
    with pytest.raises(CredentialsError):
        collect(db, cloud.env, REGION)
    assert not db.exists()


def test_the_files_of_whoever_runs_the_tests_are_not_read(cloud: Cloud) -> None:
    assert cloud.env["AWS_CONFIG_FILE"] == os.devnull
