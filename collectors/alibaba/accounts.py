"""Who is asking, which accounts can be entered, and which regions there are."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import requests

from collectors.alibaba.answers import unwrapped
from collectors.alibaba.client import Api, Client, Keys, Session, Site
from collectors.alibaba.credentials import Key, Source, find_source
from collectors.alibaba.products import CLOSED, DIRECTLY, NUMBERS, SITES, address_of
from collectors.calls import Budget, CallError
from collectors.scopes import Refused
from finops.errors import CredentialsError, UsageError

GET_CALLER_IDENTITY = Api("sts", "GetCallerIdentity")  # needs no permission
ASSUME_ROLE = Api("sts", "AssumeRole", "sts:AssumeRole")
DESCRIBE_REGIONS = Api("ecs", "DescribeRegions", items="Regions.Region")  # needs no permission
LIST_ACCOUNTS = Api(
    "resourcedirectory",
    "ListAccounts",
    "resourcemanager:ListAccounts",
    items="Accounts.Account",
    paging=NUMBERS,
    probe={"PageNumber": 1, "PageSize": 1},
)
# The same by the older interface of the resource directory.
LIST_ACCOUNTS_BEFORE = Api(
    "resourcemanager",
    "ListAccounts",
    "resourcemanager:ListAccounts",
    items="Accounts.Account",
    paging=NUMBERS,
)

HOME = "cn-hangzhou"  # where the API is asked that has one place for all regions
_ROLE_SESSION = "finops"
_ROLE_SECONDS = 3600  # the longest that a role allows which nobody has changed
_RENEW_BEFORE = 300.0  # seconds
_PATIENCE = 40.0  # seconds that failed attempts at the first calls may take
_METADATA = "http://100.100.100.200/latest/"  # of an ECS instance, reached from itself only
_METADATA_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Request:
    """Whom to ask for what. Empty means: the usual credentials, their own account, every region.

    `endpoint` is asked for every product, `site` is where the account is billed (china, international).
    """

    profiles: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    role: str | None = None
    external_id: str | None = None
    regions: tuple[str, ...] = ()
    endpoint: str | None = None
    site: str | None = None


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
    """Enters every account that was asked for and lists its regions.

    Raises UsageError for a profile, account, region or site that does not exist, CredentialsError when no account
    can be entered.
    """
    if request.site and request.site not in SITES:
        raise UsageError(f"There is no site {request.site}: there are {' and '.join(SITES)}.")
    found = Found()
    for profile in request.profiles or (None,):
        own, region = _session(profile, request)
        found.callers.add(own.account)
        for session in _accounts(own, region, request, found):
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


# --- accounts ---------------------------------------------------------------------------------------------


def _session(profile: str | None, request: Request) -> tuple[Session, str]:
    """The account that the credentials of a profile (or the usual ones) belong to, and the region to ask first."""
    source = find_source(profile)
    region = source.region or HOME
    keys = _keys(source, request, region)
    site = Site(request.site, certain=True) if request.site else Site()
    session = Session(keys, "", endpoint=request.endpoint, site=site)
    try:
        identity = Client(session, region, Budget(_PATIENCE)).get(GET_CALLER_IDENTITY)
    except CallError as error:
        if error.status == "denied":
            raise CredentialsError(
                f"Alibaba Cloud refused the credentials{_of(profile)} ({error.code})."
            ) from error
        raise CredentialsError(f"Whose credentials these are could not be asked: {error}") from error
    arn = str(identity.get("Arn") or "")
    return Session(keys, str(identity["AccountId"]), arn, endpoint=request.endpoint, site=site), region


def _keys(source: Source, request: Request, region: str) -> Keys:
    """How the key of a source is had, now and when it ends."""
    if source.oidc_token_file and source.role_arn:
        return OidcKeys(source, request.endpoint, region)
    if source.ecs_role is not None:
        return MachineKeys(source.ecs_role)
    if source.key is None:
        raise CredentialsError("The Alibaba Cloud credentials name a role and no key to assume it with.")
    own = Keys(source.key)
    if not source.role_arn:
        return own
    caller = Session(own, "", endpoint=request.endpoint)
    keys = RoleKeys(caller.client(region), source.role_arn, source.session_name, source.external_id)
    try:
        keys.key()
    except CallError as error:
        raise CredentialsError(
            f"The role {source.role_arn} could not be assumed ({error.code}): check its trust policy and "
            f"that {ASSUME_ROLE.action} is allowed."
        ) from error
    return keys


def _accounts(own: Session, region: str, request: Request, found: Found) -> Iterator[Session]:
    """The own account, or those the role is assumed in."""
    if request.role is None:
        if not request.accounts or own.account in request.accounts:
            yield own
        return
    for account, name in _wanted_accounts(own, region, request, found):
        if account == own.account and not request.role.startswith("acs:"):
            yield own
            continue
        arn = request.role if request.role.startswith("acs:") else f"acs:ram::{account}:role/{request.role}"
        entered = _enter(own, region, account, arn, request, found)
        if entered:
            entered.name = name
            yield entered


def _wanted_accounts(
    own: Session, region: str, request: Request, found: Found
) -> list[tuple[str, str | None]]:
    role = request.role or ""
    if role.startswith("acs:"):
        parts = role.split(":")
        if len(parts) < 5 or not parts[3].isdigit() or not parts[4].startswith("role/"):
            raise UsageError(f"--role {role} is not a role: write its name, or acs:ram::ACCOUNT:role/NAME.")
        return [(parts[3], None)]
    if request.accounts:
        return [(account, None) for account in request.accounts]
    try:
        members = own.client(region).all_of_first(LIST_ACCOUNTS, LIST_ACCOUNTS_BEFORE)
    except CallError as error:
        found.refused.append(
            Refused(own.account, "accounts", "denied" if error.status == "denied" else "failed", str(error))
        )
        return [(own.account, None)]
    listed = [
        (str(one["AccountId"]), one.get("DisplayName"))
        for one in members
        if "Fail" not in str(one.get("Status") or "") and one.get("Status") not in _NOT_MEMBERS
    ]
    # The management account is not a member of its own directory everywhere.
    return listed if own.account in {account for account, _ in listed} else [(own.account, None), *listed]


_NOT_MEMBERS = ("Removed", "Deleted", "CreateCancelled", "CreateVerifying", "PromoteVerifying")


def _enter(
    own: Session, region: str, account: str, arn: str, request: Request, found: Found
) -> Session | None:
    """The account through the role; None, and a word in `found`, when it may not be assumed."""
    keys = RoleKeys(own.client(region), arn, _ROLE_SESSION, request.external_id)
    try:
        keys.key()
    except (CallError, CredentialsError) as error:
        code = getattr(error, "code", type(error).__name__)
        external = ", and the external id" if request.external_id else ""
        sentence = (
            f"The role {arn} could not be assumed by {own.arn} ({code}): check that it exists, that its trust "
            f"policy names the caller{external}, and that {ASSUME_ROLE.action} is allowed."
        )
        status = (
            "denied"
            if getattr(error, "status", "denied") == "denied" or code.startswith("EntityNotExist")
            else "failed"
        )
        found.refused.append(Refused(account, "accounts", status, sentence))
        return None
    return Session(keys, account, arn, endpoint=request.endpoint, site=own.site)


def _of(profile: str | None) -> str:
    return f" of the profile {profile}" if profile else ""


# --- keys that end ----------------------------------------------------------------------------------------


class _Renewing(Keys):
    """Keys that end, got anew a few minutes before. One thread gets them, the others wait."""

    def __init__(self) -> None:
        self._now: Key | None = None
        self._ends = 0.0
        self._lock = threading.Lock()

    def key(self) -> Key:
        with self._lock:
            if self._now is None or time.time() > self._ends - _RENEW_BEFORE:
                self._now, self._ends = self._get()
            return self._now

    def renew(self) -> bool:
        with self._lock:
            self._ends = 0.0
        return True

    def _get(self) -> tuple[Key, float]:
        raise NotImplementedError


class RoleKeys(_Renewing):
    """Keys of a role that another account's session assumes."""

    def __init__(self, caller: Client, arn: str, session_name: str, external_id: str | None) -> None:
        super().__init__()
        self._caller, self._arn = caller, arn
        self._session_name, self._external_id = session_name, external_id

    def _get(self) -> tuple[Key, float]:
        answer = self._caller.get(
            ASSUME_ROLE,
            RoleArn=self._arn,
            RoleSessionName=self._session_name,
            DurationSeconds=_ROLE_SECONDS,
            ExternalId=self._external_id,
        )
        return _temporary(answer["Credentials"])


class OidcKeys(_Renewing):
    """Keys of a role that a token of an identity provider assumes, as in a Kubernetes pod."""

    def __init__(self, source: Source, endpoint: str | None, region: str) -> None:
        super().__init__()
        self._source = source
        self._address, self._local = address_of("sts", region, endpoint)

    def _get(self) -> tuple[Key, float]:
        source = self._source
        try:
            token = Path(str(source.oidc_token_file)).read_text(encoding="utf-8").strip()
            answer = requests.post(
                f"{self._address}/",
                params={"Action": "AssumeRoleWithOIDC", "Version": "2015-04-01", "Format": "JSON",
                        "Timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"},
                data={"RoleArn": source.role_arn, "OIDCProviderArn": source.oidc_provider_arn, "OIDCToken": token,
                      "RoleSessionName": source.session_name, "DurationSeconds": str(_ROLE_SECONDS)},
                timeout=(5, 30),
                proxies=dict(DIRECTLY) if self._local else None,
            )  # fmt: skip
            return _temporary(answer.json()["Credentials"])
        except OSError as error:
            raise CredentialsError(
                f"The token of ALIBABA_CLOUD_OIDC_TOKEN_FILE could not be exchanged for a key: {type(error).__name__}."
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise CredentialsError(
                f"Alibaba Cloud did not give a key of {source.role_arn} for the token of "
                f"ALIBABA_CLOUD_OIDC_TOKEN_FILE (status {answer.status_code})."
            ) from error


class MachineKeys(_Renewing):
    """Keys of the RAM role of the ECS instance that this runs on."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self._role = role

    def _get(self) -> tuple[Key, float]:
        base = f"{_METADATA}meta-data/ram/security-credentials/"
        try:
            token = requests.put(
                f"{_METADATA}api/token",
                headers={"X-aliyun-ecs-metadata-token-ttl-seconds": "300"},
                timeout=_METADATA_SECONDS,
            )
            headers = {"X-aliyun-ecs-metadata-token": token.text} if token.ok else {}
            role = self._role or requests.get(base, headers=headers, timeout=_METADATA_SECONDS).text.strip()
            answer = requests.get(base + role, headers=headers, timeout=_METADATA_SECONDS)
            return _temporary(json.loads(answer.text))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CredentialsError(
                "The RAM role of this machine could not be asked for a key: it is no ECS instance, or has no role."
            ) from error


def _temporary(told: dict[str, str]) -> tuple[Key, float]:
    ends = datetime.fromisoformat(told["Expiration"]).timestamp()
    return Key(told["AccessKeyId"], told["AccessKeySecret"], told["SecurityToken"]), ends


# --- regions ----------------------------------------------------------------------------------------------


def _regions(session: Session, wanted: Sequence[str], found: Found) -> list[str]:
    """The regions to look at: those asked for, or all that there are.

    Where they cannot be listed, those that were asked for stand in.
    """
    try:
        answer = Client(session, HOME, Budget(_PATIENCE)).get(DESCRIBE_REGIONS, AcceptLanguage="en-US")
    except CallError as error:
        found.refused.append(Refused(session.account, "regions", error.status, str(error)))
        return sorted(set(wanted))
    known = [str(one["RegionId"]) for one in unwrapped(answer, DESCRIBE_REGIONS.items)]
    for region in wanted:
        if region not in known:
            raise UsageError(
                f"There is no Alibaba Cloud region {region}: regions are named like {', '.join(known[:3])}."
            )
    return sorted(set(wanted or known).difference(() if wanted else CLOSED))
