"""Who is asking, which projects there are, and which regions."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from collectors.calls import Budget, CallError
from collectors.conduct import ODD_SHAPES
from collectors.gcp.api import Api
from collectors.gcp.client import NOT_THERE, Client, Session
from collectors.gcp.credentials import Credentials, has_file
from collectors.gcp.services import READ_ONLY, address_of
from collectors.scopes import Refused
from finops.errors import CredentialsError, UsageError

SEARCH_PROJECTS = Api(
    "cloudresourcemanager", "v3/projects:search", "resourcemanager.projects.get", items="projects", size="pageSize",
    probe={"pageSize": 1},
)  # fmt: skip
SEARCH_FOLDERS = Api(
    "cloudresourcemanager", "v3/folders:search", "resourcemanager.folders.get", items="folders", size="pageSize",
    probe={"pageSize": 1},
)  # fmt: skip
LIST_PROJECTS = Api(
    "cloudresourcemanager",
    "v3/projects",
    "resourcemanager.projects.list",
    items="projects",
    size="pageSize",
    page=300,
)
LIST_FOLDERS = Api(
    "cloudresourcemanager",
    "v3/folders",
    "resourcemanager.folders.list",
    items="folders",
    size="pageSize",
    page=300,
)
PROJECTS_BILLED = Api(
    "cloudbilling", "v1/billingAccounts/{account}/projects", "billing.resourceAssociations.list",
    items="projectBillingInfo", size="pageSize",
)  # fmt: skip
LIST_REGIONS = Api(
    "compute", "compute/v1/projects/{project}/regions", "compute.regions.list", probe={"maxResults": 1}
)

_PATIENCE = 40.0  # seconds that failed attempts at the first calls may take
_WHOLE = "all projects"  # the account that a list of projects is told under
_GIVEN_UP = ("denied", "skipped")


@dataclass(frozen=True, slots=True)
class Request:
    """Whom to ask for what. Empty means: the usual credentials, the projects they can see, every region.

    Projects of an organisation, of folders (with all below them) and of a billing account add up. `endpoint` is asked
    for every service.
    """

    projects: tuple[str, ...] = ()
    organization: str | None = None
    folders: tuple[str, ...] = ()
    billing_account: str | None = None
    regions: tuple[str, ...] = ()
    endpoint: str | None = None


@dataclass(slots=True)
class Found:
    """The projects to look at, the regions that were asked for (empty: all), what could not be had.

    `numbers` are those of projects, where these were told.
    """

    sessions: list[Session] = field(default_factory=list)
    regions: tuple[str, ...] = ()
    refused: list[Refused] = field(default_factory=list)
    callers: set[str] = field(default_factory=set)
    numbers: dict[str, str] = field(default_factory=dict)


def discover(request: Request) -> Found:
    """Lists the projects that were asked for.

    Raises UsageError for a region that does not exist or where no project is named or can be seen, CredentialsError
    when the credentials are refused, or may not list what was asked for.
    """
    local = address_of("compute", request.endpoint)[1]
    credentials = Credentials(anonymous=local and not has_file())
    credentials.of(READ_ONLY)
    found = Found()
    lists = _Lists(Client(Session(credentials, "", endpoint=request.endpoint), "", Budget(_PATIENCE)), found)
    names = lists.projects(request)
    if not names:
        hint = "No project can be seen: name one with --project."
        if found.refused:
            raise CredentialsError(f"{found.refused[0].error} {hint}")
        raise UsageError(hint)
    named = {*request.projects, _own_project()}
    found.sessions = [
        Session(credentials, one, names[one], request.endpoint, found.numbers.get(one), one in named)
        for one in sorted(names)
    ]
    found.regions = _regions(found.sessions, request.regions)
    return found


def _own_project() -> str:
    return os.environ.get("GOOGLE_CLOUD_PROJECT", "").strip()


# --- projects ---------------------------------------------------------------------------------------------


class _Lists:
    """Lists of projects, asked without a project; what cannot be had is a word in `found`."""

    def __init__(self, client: Client, found: Found) -> None:
        self._client, self._found = client, found

    def projects(self, request: Request) -> dict[str, str | None]:
        """Ids of the projects that were asked for, with their display names where these are known."""
        names: dict[str, str | None] = dict.fromkeys(request.projects)
        parents = [_named("organizations", request.organization)] if request.organization else []
        parents += [_named("folders", one) for one in request.folders]
        if parents:
            names.update(self._told(lambda: self._below(parents)))
        if request.billing_account:
            account = request.billing_account.removeprefix("billingAccounts/")
            names.update(self._told(lambda: self._billed(account)))
        if names or parents or request.billing_account:
            return names
        if own := _own_project():
            return {own: None}
        names.update(self._told(lambda: dict(_named_in(self._living(self._client.all(SEARCH_PROJECTS))))))
        if not names and self._client.session.credentials.project:
            names[self._client.session.credentials.project] = None
        return names

    def _told(self, find: Callable[[], Mapping[str, str | None]]) -> Mapping[str, str | None]:
        try:
            return find()
        except CallError as error:
            status = "denied" if error.status in _GIVEN_UP else error.status
            self._refuse(status, str(error))
        except ODD_SHAPES as error:
            told = f"{type(error).__name__}: {error}"
            self._refuse(
                "failed", f"The projects are listed in a shape that this version does not know ({told})."
            )
        return {}

    def _living(self, some: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Those that are not being deleted; their numbers are noted, by which services speak of projects."""
        for one in some:
            if one.get("state", "ACTIVE") == "ACTIVE":
                if "projectId" in one and one.get("name"):
                    self._found.numbers[str(one["projectId"])] = str(one["name"]).rpartition("/")[2]
                yield one

    def _refuse(self, status: str, sentence: str) -> None:
        self._found.refused.append(Refused(_WHOLE, "accounts", status, sentence))

    def _billed(self, account: str) -> dict[str, str | None]:
        """Projects that a billing account pays for."""
        told = self._client.all(PROJECTS_BILLED, account=account)
        return {str(one["projectId"]): None for one in told if one.get("billingEnabled")}

    def _below(self, parents: Sequence[str]) -> dict[str, str | None]:
        """Projects anywhere below the parents: two lists tell of all that can be seen, whatever the depth.

        Folders that may not be seen are left out of their list, and nothing tells what is below them: where that
        matters, and where projects may not be searched, each folder is asked for what is in it.
        """
        projects = self._searched(SEARCH_PROJECTS)
        if projects is None:
            return self._walked(parents)
        told = self._searched(SEARCH_FOLDERS) or []
        folders = {str(one["name"]): str(one.get("parent")) for one in told}
        projects = list(self._living(projects))
        above = {str(one["projectId"]): list(_above(str(one.get("parent")), folders)) for one in projects}
        wanted = set(parents)
        names = dict(_named_in(one for one in projects if wanted & set(above[str(one["projectId"])])))
        hidden = [parent for parent in parents if parent not in folders]
        astray = any(
            project not in names and chain and chain[-1].startswith("folders/")
            for project, chain in above.items()
        )
        return {**names, **self._walked(hidden)} if hidden and (astray or not names) else names

    def _searched(self, api: Api) -> list[dict[str, Any]] | None:
        """All of a kind that can be seen; None where that may not be asked, or the service does not know how."""
        try:
            return self._client.all(api)
        except CallError as error:
            if error.status not in _GIVEN_UP and error.code not in NOT_THERE:
                raise
            return None

    def _walked(self, parents: Sequence[str]) -> dict[str, str | None]:
        """Projects below the parents, folder by folder; what one of them does not tell is a word in `found`."""
        todo, seen, names = list(parents), set(parents), dict[str, str | None]()
        while todo:
            parent = todo.pop()
            names.update(self._told(partial(self._inside, LIST_PROJECTS, parent)))
            below = self._told(partial(self._inside, LIST_FOLDERS, parent))
            todo += [one for one in below if one not in seen]
            seen.update(below)
        return names

    def _inside(self, api: Api, parent: str) -> dict[str, str | None]:
        """Projects, or folders, directly in a parent."""
        told = self._living(self._client.all(api, parent=parent))
        return dict(_named_in(told)) if api is LIST_PROJECTS else {str(one["name"]): None for one in told}


def _named_in(projects: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str | None]]:
    return ((str(one["projectId"]), one.get("displayName")) for one in projects)


def _above(parent: str, folders: Mapping[str, str]) -> Iterator[str]:
    """A parent and all above it."""
    seen: set[str] = set()
    while parent and parent not in seen:
        yield parent
        seen.add(parent)
        parent = folders.get(parent, "")


def _named(kind: str, text: str) -> str:
    """organizations/123 of 123."""
    number = text.removeprefix(f"{kind}/")
    if not number.isdigit():
        raise UsageError(f"--{kind[:-1]} {text} is none of the {kind}: write its number.")
    return f"{kind}/{number}"


# --- regions ----------------------------------------------------------------------------------------------


def _regions(sessions: Sequence[Session], wanted: Sequence[str]) -> tuple[str, ...]:
    """The regions that were asked for, checked against those of the first project that tells them."""
    if not wanted:
        return ()
    for session in sessions:
        try:
            known = {
                str(one["name"])
                for one in Client(session, session.account, Budget(_PATIENCE)).all(LIST_REGIONS)
            }
        except (CallError, *ODD_SHAPES):
            continue  # what a project does not tell, its own scopes tell
        for region in wanted:
            if region not in known:
                first = ", ".join(sorted(known)[:3])
                raise UsageError(f"There is no Google Cloud region {region}: regions are named like {first}.")
        break
    return tuple(sorted(set(wanted)))
