"""Who is asking, which accounts can be entered, and which regions each has enabled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import boto3
import botocore.session
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigNotFound,
    ConfigParseError,
    NoCredentialsError,
    ProfileNotFound,
)

from collectors.aws.client import Api, Client, Session, another, no_credentials
from collectors.calls import Budget, CallError
from collectors.scopes import Refused
from finops.errors import CredentialsError, UnreachableError, UsageError

GET_CALLER_IDENTITY = Api("sts", "get_caller_identity")  # needs no permission
LIST_ACCOUNTS = Api("organizations", "list_accounts", "organizations:ListAccounts", probe={"MaxResults": 1})
ASSUME_ROLE = Api("sts", "assume_role", "sts:AssumeRole")
DESCRIBE_REGIONS = Api("ec2", "describe_regions", "ec2:DescribeRegions", probe={})

HOME = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
_ROLE_SESSION = "finops"
_PATIENCE = 40.0  # seconds that failed attempts at the first calls may take


@dataclass(frozen=True, slots=True)
class Request:
    """Whom to ask for what. Empty means: the usual credentials, their own account, every enabled region."""

    profiles: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    role: str | None = None
    external_id: str | None = None
    regions: tuple[str, ...] = ()


@dataclass(slots=True)
class Found:
    """The accounts that can be entered, with their regions, and what could not be had.

    `callers` are the accounts that the credentials themselves belong to.
    """

    places: list[tuple[Session, str]] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    callers: set[str] = field(default_factory=set)


def discover(request: Request) -> Found:
    """Enters every account that was asked for and lists its enabled regions.

    Raises UsageError for a profile, account or region that does not exist, CredentialsError when no account can be
    entered.
    """
    found = Found()
    for profile in request.profiles or (None,):
        own = _session(profile)
        found.callers.add(own.account)
        for session in _accounts(own, request, found):
            if session.account not in {known.account for known in found.sessions}:
                found.sessions.append(session)
    missing = set(request.accounts) - {session.account for session in found.sessions}
    missing -= {refused.account for refused in found.refused}
    if missing:
        have = ", ".join(session.account for session in found.sessions) or "none"
        raise UsageError(
            f"The account {min(missing)} cannot be entered with these credentials, which reach {have}: name a role "
            "that exists in it with --role, or its profile with --profile."
        )
    if not found.sessions:
        raise CredentialsError(found.refused[0].error if found.refused else "No account could be entered.")
    for session in found.sessions:
        found.places += [(session, region) for region in _regions(session, request.regions, found)]
    return found


def home(session: Session) -> str:
    """The region of services that have one place for the whole partition."""
    return HOME.get(session.partition, "us-east-1")


# --- accounts ---------------------------------------------------------------------------------------------


def _session(profile: str | None) -> Session:
    """The account that the credentials of a profile (or the usual ones) belong to."""
    try:
        boto = boto3.Session(profile_name=profile)
        credentials = boto.get_credentials()
    except ProfileNotFound as error:
        have = ", ".join(sorted(botocore.session.Session().available_profiles)) or "no profile at all"
        raise UsageError(
            f"There is no AWS profile {profile or error}: ~/.aws/config and ~/.aws/credentials have {have}."
        ) from error
    except (ConfigParseError, ConfigNotFound) as error:
        raise UsageError(f"The AWS configuration cannot be read: {error}.") from error
    except BotoCoreError as error:
        raise CredentialsError(f"The AWS credentials cannot be used: {error}.") from error
    if credentials is None:
        raise no_credentials(NoCredentialsError())
    session = Session(boto, "")
    region = boto.region_name or "us-east-1"
    try:
        identity = Client(session, region, Budget(_PATIENCE)).get(GET_CALLER_IDENTITY)
    except CallError as error:
        if error.status == "denied":  # what a wrong secret is answered with
            raise CredentialsError(f"AWS refused the credentials{_of(profile)} ({error.code}).") from error
        raise UnreachableError(f"Whose credentials these are could not be asked: {error}") from error
    return Session(boto, str(identity["Account"]), str(identity["Arn"]))


def _accounts(own: Session, request: Request, found: Found) -> Iterator[Session]:
    """The own account, or those the role is assumed in."""
    if request.role is None:
        if not request.accounts or own.account in request.accounts:
            yield own
        return
    for account, name in _wanted_accounts(own, request, found):
        arn = _role_arn(own, account, request.role)
        if account == own.account and not request.role.startswith("arn:"):
            yield own
            continue
        entered = _enter(own, account, arn, request.external_id, found)
        if entered:
            entered.name = name
            yield entered


def _wanted_accounts(own: Session, request: Request, found: Found) -> list[tuple[str, str | None]]:
    role = request.role or ""
    if role.startswith("arn:"):
        parts = role.split(":")
        if len(parts) < 6 or not parts[4].isdigit() or not parts[5].startswith("role/"):
            raise UsageError(
                f"--role {role} is not a role: write its name, or arn:aws:iam::ACCOUNT:role/NAME."
            )
        return [(parts[4], None)]
    if request.accounts:
        return [(account, None) for account in request.accounts]
    try:
        pages = list(own.client(own.boto.region_name or home(own)).pages(LIST_ACCOUNTS))
    except CallError as error:
        found.refused.append(Refused(own.account, "accounts", error.status, str(error)))
        return [(own.account, None)]
    return [
        (str(account["Id"]), account.get("Name"))
        for page in pages
        for account in page.get("Accounts", ())
        if (account.get("State") or account.get("Status") or "ACTIVE") == "ACTIVE"
    ]


def _role_arn(own: Session, account: str, role: str) -> str:
    return role if role.startswith("arn:") else f"arn:{own.partition}:iam::{account}:role/{role}"


def _enter(own: Session, account: str, arn: str, external_id: str | None, found: Found) -> Session | None:
    """The account through the role; None, and a word in `found`, when it may not be assumed."""
    extra: dict[str, Any] = {"RoleSessionName": _ROLE_SESSION}
    if external_id:
        extra["ExternalId"] = external_id
    source, region = own.boto._session, own.boto.region_name or home(own)

    def make(service: str, **arguments: Any) -> Any:
        """A client as botocore's own session makes it, so that it honours every endpoint setting."""
        return source.create_client(service, region_name=region, **arguments)

    fetcher = AssumeRoleCredentialFetcher(make, source.get_credentials(), arn, extra_args=extra)
    credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
    try:
        credentials.get_frozen_credentials()
    except (ClientError, BotoCoreError) as error:
        answer = error.response.get("Error", {}) if isinstance(error, ClientError) else {}
        code = answer.get("Code") or type(error).__name__
        external = ", and the external id" if external_id else ""
        sentence = (
            f"The role {arn} could not be assumed by {own.arn} ({code}): check that it exists, that its trust "
            f"policy names the caller{external}, and that {ASSUME_ROLE.action} is allowed."
        )
        found.refused.append(Refused(account, "accounts", "denied" if answer else "failed", sentence))
        return None
    core = another(own.boto, credentials)
    return Session(boto3.Session(botocore_session=core), account, arn.replace(":iam:", ":sts:"))


def _of(profile: str | None) -> str:
    return f" of the profile {profile}" if profile else ""


# --- regions ----------------------------------------------------------------------------------------------


def _regions(session: Session, wanted: Sequence[str], found: Found) -> list[str]:
    """The regions to look at: those asked for, or all that the account has enabled.

    Where they cannot be listed, those that every account has stand in.
    """
    known = session.boto.get_available_regions("ec2", partition_name=session.partition)
    asked = session.boto.region_name or home(session)
    try:
        answer = Client(session, asked, Budget(_PATIENCE)).get(DESCRIBE_REGIONS, AllRegions=True)
    except CallError as error:
        found.refused.append(Refused(session.account, "regions", error.status, str(error)))
        enabled = known if wanted else _by_default(known)  # one that is named may well be enabled
    else:
        told = {str(region["RegionName"]): region.get("OptInStatus") for region in answer["Regions"]}
        known, enabled = list(told), [name for name, status in told.items() if status != "not-opted-in"]
    for region in wanted:
        if region not in known:
            raise UsageError(
                f"There is no AWS region {region}: regions are named like {', '.join(enabled[:3])}."
            )
        if region not in enabled:
            raise UsageError(
                f"The region {region} is not enabled in account {session.account}: enable it first."
            )
    return sorted(set(wanted or enabled))


def _by_default(known: Sequence[str]) -> list[str]:
    """Regions launched before March 2019 need no opt-in. Source: AWS account guide, regions."""
    opt_in = ("af-", "ap-east", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6",
              "ap-southeast-7", "ca-west", "eu-central-2", "eu-south", "il-", "me-", "mx-")  # fmt: skip
    return [name for name in known if not name.startswith(opt_in)]
