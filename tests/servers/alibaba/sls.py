"""Simple Log Service: projects as hosts, REST with a signature of its own, errors with names of their own.

Source: Simple Log Service developer reference, "Request signatures", ListProject, ListLogStores, GetLogStore.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.servers.alibaba import iam
from tests.servers.alibaba.pages import shown
from tests.servers.alibaba.state import WORLD
from tests.servers.alibaba.wire import SKEW, Call, RefusalError, check_token

JSON = "application/json"


def is_meant(headers: Message) -> bool:
    return str(headers.get("Authorization", "")).startswith("LOG ")


def understood(method: str, path: str, query: str, headers: Message) -> tuple[Call, Callable[[Call], None]]:
    """The project is the first part of the host, where there is more than the service's own."""
    host = str(headers.get("Host", "")).partition(":")[0]
    project = "" if host.replace(".", "").isdigit() else host.partition(".")[0]
    path = unquote(path)
    store = path.removeprefix("/logstores/") if path.startswith("/logstores/") else ""
    action = "ListProject" if not project else "GetLogStore" if store else "ListLogStores"
    params = dict(parse_qsl(query, keep_blank_values=True)) | {"project": project, "logstore": store}
    params["AccessKeyId"] = str(headers["Authorization"]).removeprefix("LOG ").partition(":")[0]
    call = Call("sls", "", action, params, method)
    found = WORLD.identities.get(params["AccessKeyId"])
    for region, item in WORLD.account(found.account).every("log_project") if found else ():
        if item["projectName"] == project:
            call.region = region
    return call, lambda call: sign_in(call, path, query, headers)


def sign_in(call: Call, path: str, query: str, headers: Message) -> None:
    who = WORLD.identities.get(call.params["AccessKeyId"])
    if who is None:
        raise RefusalError(401, "Unauthorized", "AccessKeyId not found")
    if abs(datetime.now(UTC) - parsedate_to_datetime(str(headers["Date"]))) > SKEW:
        raise RefusalError(400, "RequestTimeExpired", "request time is not in the allowed range")
    own = {name.lower(): value for name, value in headers.items()}
    named = "".join(f"{name}:{own[name]}\n" for name in sorted(own) if name.startswith(("x-log-", "x-acs-")))
    pairs = "&".join(f"{name}={value}" for name, value in sorted(parse_qsl(query, keep_blank_values=True)))
    text = f"{call.method}\n\n\n{headers['Date']}\n{named}{path}{f'?{pairs}' if pairs else ''}"
    right = base64.b64encode(hmac.digest(who.secret.encode(), text.encode(), hashlib.sha1)).decode()
    if not hmac.compare_digest(right, str(headers["Authorization"]).partition(":")[2]):
        raise RefusalError(401, "SignatureNotMatch", "signature does not match")
    check_token(who, headers.get("x-acs-security-token"))
    call.identity = who


def answer(call: Call) -> tuple[int, str, bytes]:
    iam.authorize(call)
    content = _OPERATIONS[call.action](call)
    return 200, JSON, json.dumps(content).encode()


def refused(error: RefusalError) -> tuple[int, str, bytes]:
    content = {"errorCode": error.code, "errorMessage": error.message}
    return error.status, JSON, json.dumps(content).encode()


def paged(call: Call, name: str, found: list[Any]) -> dict[str, Any]:
    size, offset = call.number("size", 100, 0, 500), call.number("offset", 0, 0, 10**9)
    page = found[offset : offset + size]
    call.items = len(page)
    return {"count": len(page), "total": len(found), name: page}


def list_projects(call: Call) -> dict[str, Any]:
    """Those of every region: a local cloud has one address for all of them."""
    return paged(call, "projects", [shown(one) for _, one in call.owner.every("log_project")])


def stores(call: Call) -> list[Any]:
    for _, item in call.owner.every("log_project"):
        if item["projectName"] == call.params["project"]:
            return list(item["_stores"])
    raise RefusalError(404, "ProjectNotExist", f"The Project does not exist : {call.params['project']}")


def list_logstores(call: Call) -> dict[str, Any]:
    return paged(call, "logstores", [one["logstoreName"] for one in stores(call)])


def get_logstore(call: Call) -> dict[str, Any]:
    for one in stores(call):
        if one["logstoreName"] == call.params["logstore"]:
            call.items = 1
            return dict(one)
    raise RefusalError(404, "LogStoreNotExist", f"logstore {call.params['logstore']} does not exist")


_OPERATIONS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "ListProject": list_projects,
    "ListLogStores": list_logstores,
    "GetLogStore": get_logstore,
}
