"""Who is asking, which accounts can be entered, and which regions there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from collectors.alibaba.answers import unwrapped
from collectors.alibaba.api import Api
from collectors.alibaba.client import Client, Session, Site
from collectors.alibaba.credentials import Keys, Source, find_source
from collectors.alibaba.products import CLOSED, KNOWN, NUMBERS, SITES
from collectors.alibaba.renewing import ASSUME_ROLE, MachineKeys, OidcKeys, RoleKeys
from collectors.calls import Budget, CallError
from collectors.conduct import ODD_SHAPES
from collectors.scopes import Refused
from finops.errors import CredentialsError, UnreachableError, UsageError

GET_CALLER_IDENTITY = Api("sts", "GetCallerIdentity")  # needs no permission
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
_PATIENCE = 40.0  # seconds that failed attempts at the first calls may take


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
        raise UnreachableError(f"Whose credentials these are could not be asked: {error}") from error
    account, arn = str(identity.get("AccountId") or ""), str(identity.get("Arn") or "")
    if not account:
        raise CredentialsError(
            f"Whose credentials these are could not be asked: {GET_CALLER_IDENTITY.action} was answered without it."
        )
    return Session(keys, account, arn, endpoint=request.endpoint, site=site), region


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
        listed = [
            (str(one["AccountId"]), one.get("DisplayName"))
            for one in own.client(region).all_of_first(LIST_ACCOUNTS, LIST_ACCOUNTS_BEFORE)
            if "Fail" not in str(one.get("Status") or "") and one.get("Status") not in _NOT_MEMBERS
        ]
    except CallError as error:
        status = "denied" if error.status == "denied" else "failed"
        found.refused.append(Refused(own.account, "accounts", status, str(error)))
        return [(own.account, None)]
    except ODD_SHAPES as error:
        found.refused.append(_odd(own, "accounts", error))
        return [(own.account, None)]
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


# --- regions ----------------------------------------------------------------------------------------------


def _regions(session: Session, wanted: Sequence[str], found: Found) -> list[str]:
    """The regions to look at: those asked for, or all that there are.

    Where they cannot be listed, those that were asked for stand in, or those that everybody knows.
    """
    try:
        answer = Client(session, HOME, Budget(_PATIENCE)).get(DESCRIBE_REGIONS, AcceptLanguage="en-US")
    except CallError as error:
        found.refused.append(Refused(session.account, "regions", error.status, str(error)))
        return sorted(set(wanted or KNOWN))
    try:
        known = [str(one["RegionId"]) for one in unwrapped(answer, DESCRIBE_REGIONS.items)]
        if not known:
            raise ValueError("there is none")
    except ODD_SHAPES as error:
        found.refused.append(_odd(session, "regions", error))
        return sorted(set(wanted or KNOWN))
    for region in wanted:
        if region not in known:
            raise UsageError(
                f"There is no Alibaba Cloud region {region}: regions are named like {', '.join(known[:3])}."
            )
    return sorted(set(wanted or known).difference(() if wanted else CLOSED))


def _odd(session: Session, dataset: str, error: Exception) -> Refused:
    """A list that is not built as we know it."""
    sentence = (
        f"The {dataset} of account {session.account} are listed in a shape that this version does not know "
        f"({type(error).__name__}: {error})."
    )
    return Refused(session.account, dataset, "failed", sentence)
