"""The layer in front of moto: logs each call, injects faults, asks IAM, answers what moto cannot."""

import json
import re
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.http import HTTP_STATUS_CODES

from tests.servers.aws import faults, state
from tests.servers.aws.iam import Gate
from tests.servers.aws.wire import Call, NoEndpointError, RefusalError, refusal, rendered, understand

PROXY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"

READS = ("Describe", "List", "Get", "BatchGet", "Head", "Assume", "GET", "HEAD")

# An operation that we answer ourselves: the call in, Python values or the finished body out.
Answer = Callable[[Call], dict[str, Any] | bytes]


@dataclass
class Reply:
    """What goes back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def line(self) -> str:
        return f"{self.status} {HTTP_STATUS_CODES.get(self.status, '')}"


class Front:
    """Everything between the socket and moto."""

    def __init__(
        self, own: dict[tuple[str, str], Answer], control: Callable[["Front", dict[str, Any]], Reply]
    ) -> None:
        self.own = own
        self.control = control
        self.gate = Gate()
        self.trouble = faults.Trouble()
        self.log: list[dict[str, Any]] = []
        self.changed = False  # whether somebody wrote since the estate was built
        self.moto = DomainDispatcherApplication(create_backend_app)

    def answer(self, environ: dict[str, Any]) -> Reply:
        """One request; raises ConnectionError when the connection was broken on purpose."""
        if environ.get("PATH_INFO", "").startswith("/_control/"):
            return self.control(self, environ)
        call = understand(environ)
        if call.key == state.BUILDER_KEY:  # the estate builds itself, unseen
            return self.from_moto(environ)
        entry = self.opened(call)
        state.answering(entry)
        try:
            reply = self.troubled(call, environ, entry)
            entry.update(status=reply.status, bytes=len(reply.body))
            if reply.status < 400 and not call.operation.startswith(READS):
                self.changed = True
        except Exception as error:
            if isinstance(error, ConnectionError):
                raise
            entry["outcome"] = "a bug of the local AWS"
            traceback.print_exc()
            reply = broken({"kind": "http500", "message": repr(error)}, call)
        finally:
            entry["seconds"] = round(time.monotonic() - entry.pop("since"), 6)
            state.answering(None)
        return reply

    def opened(self, call: Call) -> dict[str, Any]:
        """A new entry of the log."""
        entry: dict[str, Any] = {
            "service": call.service, "operation": call.operation, "region": call.region, "account": call.account,
            "key": call.key, "status": 0, "outcome": "open", "queries": 0, "datapoints": 0, "items": 0,
            "started": time.time(), "since": time.monotonic(), "bytes": 0, "asked": told(call.fields),
        }  # fmt: skip
        self.log.append(entry)
        return entry

    def troubled(self, call: Call, environ: dict[str, Any], entry: dict[str, Any]) -> Reply:
        """The answer, after whatever was arranged to go wrong."""
        fault = self.trouble.strike(call)
        kind = fault["kind"] if fault else None
        delay = self.trouble.delay(call) + (float(fault.get("seconds", 1)) if fault and kind == "slow" else 0)
        time.sleep(delay)
        if fault and kind in ("reset", "hang"):
            entry["outcome"] = kind
            if kind == "hang":
                time.sleep(float(fault.get("seconds", 30)))
            raise faults.cut(environ)
        try:
            if fault and kind not in ("slow", "truncate", "short"):
                entry["outcome"] = kind
                return broken(fault, call)
            if self.trouble.exhausted(call):
                raise refusal("throttle", call)
            reply = self.allowed(call, environ)
            entry["outcome"] = "ok" if reply.status < 400 else error_code(reply)
        except NotImplementedError as missing:
            entry["outcome"] = "not implemented by the local AWS"
            status, headers, body = rendered(RefusalError("NotImplemented", str(missing), 501), call)
            reply = Reply(status, list(headers.items()), body)
        except NoEndpointError as missing:
            entry["outcome"] = "no such endpoint"
            raise faults.cut(environ) from missing
        except RefusalError as refused:
            entry["outcome"] = refused.code
            status, headers, body = rendered(refused, call)
            reply = Reply(status, list(headers.items()), body)
        if kind == "truncate":
            entry["outcome"] = kind
            raise faults.truncated(environ, reply.line, reply.headers, reply.body)
        if kind == "short":
            entry["outcome"] = kind
            reply.body = reply.body[: len(reply.body) // 2]
        return reply

    def allowed(self, call: Call, environ: dict[str, Any]) -> Reply:
        """The answer of whoever is in charge, if the caller may have it."""
        if call.region in state.DISABLED_REGIONS:
            raise refusal("disabled", call)
        self.gate.check(call, environ)
        own = self.own.get((call.service, call.operation))
        if own is None or call.protocol == "query":  # clients of older protocols come to us through moto
            return self.from_moto(environ)
        answer = own(call)
        content = answer if isinstance(answer, bytes) else as_json(answer)
        version = "1.0" if call.service == "cloudwatch" else "1.1"
        return Reply(200, [("Content-Type", f"application/x-amz-json-{version}")], content)

    def from_moto(self, environ: dict[str, Any]) -> Reply:
        """What moto says."""
        started: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Callable[[bytes], None]:
            started[:] = [status, headers]
            return lambda data: None

        body = b"".join(self.moto(environ, start))
        return Reply(int(started[0].split()[0]), started[1], body)


def told(fields: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a call as its log entry keeps them; of metric queries only what tells them apart."""
    kept = dict(fields)
    for query in kept.pop("MetricDataQueries", None) or []:
        stat = query.get("MetricStat", {})
        metric = stat.get("Metric", {})
        named = [[each.get("Name"), each.get("Value")] for each in metric.get("Dimensions", [])]
        text = [
            metric.get("Namespace"),
            metric.get("MetricName"),
            named,
            stat.get("Period"),
            stat.get("Stat"),
        ]
        kept.setdefault("Queries", []).append(text)
    return kept


def as_json(answer: dict[str, Any]) -> bytes:

    return json.dumps(answer).encode()


def broken(fault: dict[str, Any], call: Call) -> Reply:
    """The answer of a fault that answers."""
    kind = fault["kind"]
    if kind == "http502html":
        return Reply(502, [("Content-Type", "text/html")], PROXY_PAGE)
    if kind == "http503empty":
        return Reply(503, [], b"")
    if kind == "error":
        refused = RefusalError(
            fault["code"], fault.get("message", "on purpose"), int(fault.get("status", 400))
        )
    else:
        refused = refusal({"http500": "internal"}.get(kind, kind), call, fault.get("message"))
        refused.code, refused.status = (
            fault.get("code", refused.code),
            int(fault.get("status", refused.status)),
        )
    status, headers, body = rendered(refused, call)
    return Reply(status, list(headers.items()), body)


def error_code(reply: Reply) -> str:
    """The code inside an error of moto's."""

    for name, value in reply.headers:
        if name.lower() in ("x-amzn-errortype", "x-amzn-query-error"):
            return value.split(";")[0]
    found = re.search(rb"<Code>([^<]+)</Code>|\"__type\": ?\"([^\"]+)\"", reply.body)
    return (
        next((group.decode() for group in found.groups() if group), "error")
        if found
        else f"HTTP {reply.status}"
    )
