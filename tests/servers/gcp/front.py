"""Between the socket and the APIs: logs each call, says who it is, injects faults, dispatches."""

import fnmatch
import json
import re
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.servers import trouble
from tests.servers.gcp import auth
from tests.servers.gcp.fields import masked, parsed
from tests.servers.gcp.state import WORLD
from tests.servers.gcp.wire import Call, RefusalError, forbidden, info, missing, switched_off, too_many

KINDS = (
    "ratelimit", "error", "http500", "http503", "http502html", "http503empty", "denied", "disabled", "expired", "reset", "hang",
    "truncate", "short", "slow", "body",
)  # fmt: skip
NAMES = ("service", "action", "project")
PROXY_PAGE = (
    b"<!DOCTYPE html><html lang=en><title>Error 502 (Server Error)!!1</title><p><b>502.</b> <ins>That\xe2\x80\x99s an error.</ins>"
    b"<p>The server encountered a temporary error and could not complete your request.<p>Please try again in 30 seconds."
)
JSON = "application/json; charset=UTF-8"

Answer = Callable[[Call], "dict[str, Any] | bytes"]
# What goes back: status, content type, body.
Reply = tuple[int, str, bytes]


@dataclass(frozen=True)
class Route:
    """One method of one API. `permission` is what IAM wants on the project; empty: the answer sees to it."""

    method: str
    pattern: str  # {name} is one part of the path
    service: str
    action: str
    permission: str
    answer: Answer

    def compiled(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/:]+(?::[^/:]+)*?)", self.pattern) + r"\Z")


@dataclass
class BrokenError(Exception):
    """The connection shall break: at once, or after half of this reply."""

    reply: Reply | None = None


class Front:
    """Answers requests."""

    def __init__(self, routes: list[Route]) -> None:
        self.routes = [(route, route.compiled()) for route in routes]
        self.trouble = trouble.Trouble(KINDS, NAMES)
        self.log: list[dict[str, Any]] = []

    def route(self, method: str, path: str) -> tuple[Route | None, dict[str, str]]:
        for route, pattern in self.routes:
            if route.method == method:
                match = pattern.match(path)
                if match:
                    return route, match.groupdict()
        return None, {}

    def answer(self, call: Call, route: Route | None) -> Reply:
        """One request."""
        entry: dict[str, Any] = {
            "service": call.service, "action": call.action, "project": call.project, "method": call.method, "path": call.path,
            "params": dict(call.params), "names": dict(call.names), "caller": "", "status": 0, "outcome": "open", "items": 0, "bytes": 0,
            "agent": call.headers.get("user-agent", ""), "started": time.time(),
        }  # fmt: skip
        self.log.append(entry)
        started = time.monotonic()
        try:
            status, kind, body = self.troubled(call, route, entry)
            entry.update(
                status=status, bytes=len(body), items=call.items, caller=call.caller, project=call.project
            )
            return status, kind, body
        except Exception as error:
            if isinstance(error, BrokenError):
                raise
            entry["outcome"] = "a bug of the local Google Cloud"
            traceback.print_exc()
            return 500, JSON, RefusalError(500, repr(error)).body(call.service)
        finally:
            entry["seconds"] = round(time.monotonic() - started, 6)

    def troubled(self, call: Call, route: Route | None, entry: dict[str, Any]) -> Reply:
        """The answer, after whatever was arranged to go wrong."""
        fault = self.trouble.strike(call)
        kind = fault["kind"] if fault else ""
        slow = float(fault.get("seconds", 1)) if fault and kind == "slow" else 0
        time.sleep(self.trouble.delay(call) + slow)
        if fault and kind in ("reset", "hang"):
            entry["outcome"] = kind
            time.sleep(float(fault.get("seconds", 30)) if kind == "hang" else 0)
            raise BrokenError
        if fault and kind not in ("slow", "truncate", "short"):
            entry["outcome"] = kind
            return broken(fault, call)
        reply = self.regular(call, route, entry)
        if kind in ("truncate", "short"):
            entry["outcome"] = kind
            if kind == "truncate":
                raise BrokenError(reply)
            return reply[0], reply[1], reply[2][: len(reply[2]) // 2]
        return reply

    def regular(self, call: Call, route: Route | None, entry: dict[str, Any]) -> Reply:
        """What the API says."""
        try:
            content = self.dispatched(call, route)
            entry["outcome"] = "ok"
        except RefusalError as error:
            entry["outcome"] = error.told
            return error.status, JSON, error.body(call.service)
        if isinstance(content, bytes):
            return 200, JSON, content
        return 200, JSON, json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()

    def dispatched(self, call: Call, route: Route | None) -> dict[str, Any] | bytes:
        if route is None:
            raise RefusalError(404, f"Requested entity was not found: {call.method} {call.path}")
        if call.service != "oauth":
            auth.identify(call)
        if self.trouble.exhausted(call):
            raise too_many(call)
        check_project(call)
        check_switched_on(call)
        if route.permission:
            authorize(call, route.permission)
        content = route.answer(call)
        wanted = call.params.get("fields")
        if wanted and not isinstance(content, bytes):
            try:
                return dict(masked(content, parsed(wanted)))
            except ValueError:
                raise RefusalError(400, f"Invalid field selection {wanted}", "invalidParameter") from None
        return content


def check_project(call: Call) -> None:
    """A project that is asked by the path exists and is not about to go."""
    if "project" not in call.names or call.service == "cloudresourcemanager":
        return
    found = WORLD.project(call.names["project"])
    if found is None:
        raise missing(call, f"projects/{call.names['project']}")
    if found.state != "ACTIVE" and call.service != "cloudbilling":
        raise RefusalError(403, f"Permission denied on resource project {found.id}.", details=[
            info("CONSUMER_INVALID", "googleapis.com", consumer=f"projects/{found.id}", service=f"{call.service}.googleapis.com")])  # fmt: skip


def check_switched_on(call: Call) -> None:
    """Whether the API is enabled in the project that is asked, or in whose name one asks."""
    asked = call.project or call.headers.get("x-goog-user-project", "")
    for service, project in WORLD.disabled:
        if service == call.service and fnmatch.fnmatchcase(asked, project):
            found = WORLD.project(asked)
            raise switched_off(call, found.number if found else "764086051850")


def authorize(call: Call, permission: str, place: str = "") -> None:
    """IAM: what is refused to everybody, then what this caller has."""
    call.permission = permission
    if not permitted(call, permission, place or call.project):
        raise forbidden(call)


def permitted(call: Call, permission: str, place: str) -> bool:
    """`place` is a project's id, or another resource's name."""
    for rule in WORLD.denied:
        if fnmatch.fnmatchcase(permission, rule["permission"]) and fnmatch.fnmatchcase(
            place, rule.get("project", "*")
        ):
            return False
    granted = WORLD.callers.get(call.caller, {}).get("permissions")
    return granted is None or any(
        fnmatch.fnmatchcase(permission, each["permission"])
        and fnmatch.fnmatchcase(place, each.get("project", "*"))
        for each in granted
    )


def broken(fault: dict[str, Any], call: Call) -> Reply:
    """The answer of a fault that answers."""
    kind = fault["kind"]
    if kind == "http502html":
        return 502, "text/html; charset=UTF-8", PROXY_PAGE
    if kind == "http503empty":
        return 503, "text/plain", b""
    if kind == "body":
        content = fault["body"]
        text = content if isinstance(content, str) else json.dumps(content)
        return int(fault.get("status", 200)), JSON, text.encode()
    error = refusal(kind, fault, call)
    return error.status, JSON, error.body(call.service)


def refusal(kind: str, fault: dict[str, Any], call: Call) -> RefusalError:
    if kind == "ratelimit":
        return too_many(call)
    if kind == "denied":
        route_permission = call.permission or fault.get("code", "")
        return forbidden(call, route_permission)
    if kind == "disabled":
        found = WORLD.project(call.project)
        return switched_off(call, found.number if found else "764086051850")
    if kind == "expired":
        return auth.unauthenticated(call, "ACCESS_TOKEN_EXPIRED")
    if kind == "http500":
        return RefusalError(500, fault.get("message", "Internal error encountered."))
    if kind == "http503":
        return RefusalError(503, fault.get("message", "The service is currently unavailable."))
    sentence = fault.get("message", "Internal error encountered.")
    return RefusalError(int(fault.get("status", 500)), sentence, fault.get("code", ""))
