"""Stores of logs of one region (SLS): projects, their Logstores and how long these keep what is written.

SLS is not of the kind of API that the SDK's core speaks: projects are hosts, and requests are signed in a way of
their own.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from urllib3.exceptions import HTTPError

from collectors.alibaba.answers import NO_SERVICE, Answer
from collectors.alibaba.api import Api
from collectors.alibaba.client import Session
from collectors.alibaba.credentials import Key
from collectors.alibaba.log_signing import signed
from collectors.alibaba.products import DIRECTLY, address_of
from collectors.bills.stores.calling import Refused, call, get_signed
from collectors.bills.stores.reading import BrokenOffError, StoreError
from collectors.calls import METER, CallError
from collectors.conduct import Rows
from collectors.hours import EPOCH
from collectors.regions import Problems
from collectors.rows import Raw, place
from finops.errors import CredentialsError
from finops.warehouse import Scope

LIST_PROJECTS = Api("sls", "ListProject", "log:ListProject", page=500)
LIST_LOGSTORES = Api("sls", "ListLogStores", "log:ListLogStores", page=500)
GET_LOGSTORE = Api("sls", "GetLogStore", "log:GetLogStore")

FOR_EVER = 3650  # days that stand for no end
_DENIED = (401, 403)
_BUSY = ("ReadQuotaExceed", "ShardReadQuotaExceed")  # with status 403: asked too often just now


@dataclass(frozen=True, slots=True)
class Sls:
    """SLS as one account sees it in one region."""

    session: Session
    region: str

    def get(self, api: Api, path: str, project: str = "", **parameters: Any) -> dict[str, Any]:
        """One answer. Raises CallError, or CredentialsError for the key itself."""
        where = f"in account {self.session.account}, region {self.region}"
        try:
            return self._called(path, project, parameters, f"{api.action} {where}")
        except StoreError as error:
            raise CallError("failed", "Store", str(error)) from error
        except Refused as refused:
            raise self._told(api, where, refused) from refused

    def pages(self, api: Api, path: str, items: str, project: str = "") -> Iterator[Any]:
        """What is on all pages of a list."""
        offset = 0
        while True:
            page = self.get(api, path, project, offset=offset, size=api.page)
            found = page.get(items) or []
            yield from found
            offset += len(found)
            if not found or offset >= int(page.get("total") or 0):
                return

    def _called(self, path: str, project: str, parameters: Mapping[str, Any], what: str) -> dict[str, Any]:
        """With another key where the first has expired on the way."""
        key = self.session.keys.key()
        try:
            found: dict[str, Any] = call(
                lambda: self._send(path, project, parameters, key), _explain, what, _parsed
            )
        except Refused as refused:
            if Answer.refused(
                refused.status, refused.code, ""
            ).kind != "expired" or not self.session.keys.renew(key):
                raise
            key = self.session.keys.key()
            found = call(lambda: self._send(path, project, parameters, key), _explain, what, _parsed)
        return found

    def _send(self, path: str, project: str, parameters: Mapping[str, Any], key: Key) -> requests.Response:
        METER.sent += 1
        address, local = address_of("sls", self.region, self.session.endpoint)
        parts = urlsplit(address)
        host = f"{project}.{parts.netloc}" if project else parts.netloc
        headers = signed(path, parameters, key, datetime.now(UTC))
        query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in sorted(parameters.items()))
        base = f"{parts.scheme}://{parts.netloc if local else host}"
        return get_signed(
            f"{base}{quote(path)}{f'?{query}' if query else ''}",
            {**headers, "Host": host},
            proxies=DIRECTLY if local else None,
        )

    def _told(self, api: Api, where: str, refused: Refused) -> Exception:
        kind = Answer.refused(refused.status, refused.code, "").kind
        if kind in ("credentials", "expired"):
            return CredentialsError(f"Alibaba Cloud refused the credentials for SLS ({refused.code}).")
        if kind == "absent":
            return CallError(
                "skipped", refused.code, f"{api.operation} is not offered {where} ({refused.code})."
            )
        if kind == "denied" or refused.status in _DENIED:
            hint = "finops permissions alibaba prints the policy that allows it"
            return CallError(
                "denied", refused.code, f"{api.action} is denied {where} ({refused.code}); {hint}."
            )
        return CallError("failed", refused.code, f"{api.action} failed {where} {refused.told}.")


def _parsed(content: bytes) -> dict[str, Any]:
    told = json.loads(content)
    if not isinstance(told, dict):
        raise ValueError("an answer that is no object")
    return told


def _explain(answer: requests.Response) -> Refused:
    """What an error says. What is no JSON is not from SLS: it is not there."""
    try:
        content = answer.raw.read(1 << 16, decode_content=True)
    except (HTTPError, OSError) as error:
        raise BrokenOffError(f"an error that broke off ({type(error).__name__})") from error
    try:
        told = _parsed(content)
    except ValueError:
        return Refused(answer.status_code, NO_SERVICE, "")
    code = told.get("errorCode") or told.get("Code") or answer.status_code
    if code in _BUSY or Answer.refused(answer.status_code, str(code), "").kind == "throttled":
        raise BrokenOffError(f"throttled ({code})")
    return Refused(answer.status_code, str(code), str(told.get("errorMessage") or ""))


# --- Logstores --------------------------------------------------------------------------------------------


def get_logstores(sls: Sls, problems: Problems) -> Raw:
    """Logstores of all projects of the region, with `project`. One whose details cannot be had has its name only."""
    found: Raw = []
    refused: set[str] = set()
    for project in sls.pages(LIST_PROJECTS, "/", "projects"):
        name = str(project["projectName"])
        if project.get("region") in (None, "", sls.region):
            found += _of_project(sls, name, refused, problems)
    return found


def _of_project(sls: Sls, project: str, refused: set[str], problems: Problems) -> Raw:
    found: Raw = []
    try:
        if LIST_LOGSTORES.operation in refused:
            return []
        names = list(sls.pages(LIST_LOGSTORES, "/logstores", "logstores", project))
    except CallError as error:
        _note(LIST_LOGSTORES, error, refused, problems)
        return []
    for name in names:
        one: dict[str, Any] = {"logstoreName": name}
        if GET_LOGSTORE.operation not in refused:
            try:
                one |= sls.get(GET_LOGSTORE, f"/logstores/{name}", project)
            except CallError as error:
                _note(GET_LOGSTORE, error, refused, problems)
        found.append({**one, "project": project})
    return found


def _note(api: Api, error: CallError, refused: set[str], problems: Problems) -> None:
    """A refusal holds for the next project too; what was deleted meanwhile is nothing that is missing."""
    if error.code in ("ProjectNotExist", "LogStoreNotExist"):
        return
    problems.append(str(error))
    if error.status in ("denied", "skipped"):
        refused.add(api.operation)


def transform_logstores(raw: Raw, scope: Scope) -> Rows:
    """Rows of log_groups. Of what is stored SLS tells nothing here."""
    rows = {f"{one['project']}/{one['logstoreName']}": one for one in raw}
    return {
        "log_groups": [
            {
                **place(scope),
                "log_group_id": identity,
                "name": identity,
                "retention_days": _days(one.get("ttl")),
                "unlimited": None if one.get("ttl") is None else int(one["ttl"]) >= FOR_EVER,
                "storage_class": one.get("mode") or None,
                "created_at": EPOCH + timedelta(seconds=int(one["createTime"]))
                if one.get("createTime")
                else None,
            }
            for identity, one in rows.items()
        ]
    }


def _days(ttl: Any) -> int | None:
    return None if ttl is None or int(ttl) >= FOR_EVER else int(ttl)
