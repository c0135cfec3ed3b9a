"""Between the socket and the products: logs each call, verifies, injects faults, dispatches."""

import json
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.servers import trouble
from tests.servers.alibaba import iam, oss, sls
from tests.servers.alibaba.regions import CLOSED, REGIONS
from tests.servers.alibaba.state import WORLD
from tests.servers.alibaba.wire import NOBODY, PRODUCTS, Call, RefusalError, authenticate, refused, written

KINDS = (
    "throttle", "error", "http500", "http502html", "http503empty", "denied", "expired", "inner", "reset", "hang",
    "truncate", "short", "slow", "body",
)  # fmt: skip
NAMES = ("product", "action", "region", "account")
PROXY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
# Products whose operations belong to a region; the others answer for the whole account.
REGIONAL = ("ecs", "vpc", "slb", "alb", "nlb", "rds", "kvstore", "polardb", "ess", "cms")
UNSIGNED = ("AssumeRoleWithOIDC",)
NOT_LOGGED = ("AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce", "SignatureType",
              "SecurityToken", "Timestamp", "Format", "Version", "Action", "OIDCToken")  # fmt: skip

Answer = Callable[[Call], dict[str, Any]]
# What goes back: status, content type, body.
Reply = tuple[int, str, bytes]


@dataclass
class BrokenError(Exception):
    """The connection shall break: at once, or after half of this reply."""

    reply: Reply | None = None


class Front:
    """Answers requests."""

    def __init__(self, answers: dict[tuple[str, str], Answer]) -> None:
        self.answers = answers
        self.trouble = trouble.Trouble(KINDS, NAMES)
        self.log: list[dict[str, Any]] = []

    def answer(self, call: Call, signed: Callable[[Call], Any]) -> Reply:
        """One request; `signed` says who sent it and raises RefusalError."""
        entry = self.opened(call)
        started = time.monotonic()
        try:
            status, kind, body = self.troubled(call, signed, entry)
            entry.update(
                status=status, bytes=len(body), items=call.items, region=call.region, account=call.account
            )
            return status, kind, body
        except Exception as error:
            if isinstance(error, BrokenError):
                raise
            entry["outcome"] = "a bug of the local Alibaba Cloud"
            traceback.print_exc()
            return refused(call, RefusalError(500, "InternalError", repr(error)))
        finally:
            entry["seconds"] = round(time.monotonic() - started, 6)

    def opened(self, call: Call) -> dict[str, Any]:
        """A new entry of the log."""
        entry: dict[str, Any] = {
            "product": call.product, "action": call.action, "region": call.region, "account": call.account,
            "key": call.params.get("AccessKeyId", ""), "status": 0, "outcome": "open", "items": 0, "bytes": 0,
            "params": {name: value for name, value in call.params.items() if name not in NOT_LOGGED}, "started": time.time(),
        }  # fmt: skip
        self.log.append(entry)
        return entry

    def troubled(self, call: Call, signed: Callable[[Call], Any], entry: dict[str, Any]) -> Reply:
        """The answer, after whatever was arranged to go wrong."""
        if call.identity is NOBODY:  # so that faults can go by account before the signature is looked at
            call.identity = WORLD.identities.get(call.params.get("AccessKeyId", ""), NOBODY)
        fault = self.trouble.strike(call)
        kind = fault["kind"] if fault else ""
        time.sleep(
            self.trouble.delay(call) + (float(fault.get("seconds", 1)) if fault and kind == "slow" else 0)
        )
        if fault and kind in ("reset", "hang"):
            entry["outcome"] = kind
            time.sleep(float(fault.get("seconds", 30)) if kind == "hang" else 0)
            raise BrokenError
        if fault and kind not in ("slow", "truncate", "short"):
            entry["outcome"] = kind
            return broken(fault, call)
        reply = self.regular(call, signed, entry)
        if kind in ("truncate", "short"):
            entry["outcome"] = kind
            if kind == "truncate":
                raise BrokenError(reply)
            return reply[0], reply[1], reply[2][: len(reply[2]) // 2]
        return reply

    def regular(self, call: Call, signed: Callable[[Call], Any], entry: dict[str, Any]) -> Reply:
        """What the product says."""
        try:
            signed(call)
            if self.trouble.exhausted(call):
                raise throttled(call)
            reply = self.said(call)
            entry["outcome"] = call.notes.get("outcome", "ok")
        except RefusalError as error:
            entry["outcome"] = error.code
            reply = no(call, error)
        return reply

    def said(self, call: Call) -> Reply:
        if call.product in ("oss", "sls"):
            return (oss if call.product == "oss" else sls).answer(call)
        return written(call, self.dispatched(call))

    def dispatched(self, call: Call) -> dict[str, Any]:
        answer = self.answers.get((call.version, call.action))
        if answer is None:
            sentence = "Specified api is not found, please check your url and method."
            raise RefusalError(404, "InvalidAction.NotFound", sentence)
        if call.action not in UNSIGNED:
            iam.authorize(call)
        check_region(call)
        return answer(call)


def sign_in(call: Call) -> None:
    """Who sent an RPC request."""
    if call.version not in PRODUCTS:
        raise RefusalError(404, "InvalidVersion", "Specified parameter Version is not valid.")
    if call.action not in UNSIGNED:
        call.identity = authenticate(call)


def check_region(call: Call) -> None:
    """Regional operations need a region that exists and is open; the list of regions is told anywhere."""
    if call.product not in REGIONAL or call.action == "DescribeRegions":
        return
    if call.product == "cms":  # whose endpoint tells the region where the parameter does not
        call.region = call.region or "cn-hangzhou"
    elif call.action not in (
        "DescribeInstanceTypes",
        "DescribeDiskMonitorData",
        "DescribeInstanceMonitorData",
    ):
        call.required("RegionId")
    if call.region and (call.region not in REGIONS or call.region in CLOSED):
        raise RefusalError(404, "InvalidRegionId.NotFound", "The specified RegionId does not exist.")


def throttled(call: Call, fault: dict[str, Any] | None = None) -> RefusalError:
    code, status = ("QpsLimitExceeded", 503) if call.product == "oss" else ("Throttling.User", 400)
    wish = fault or {}
    sentence = wish.get("message", "Request was denied due to user flow control.")
    return RefusalError(int(wish.get("status", status)), wish.get("code", code), sentence)


def broken(fault: dict[str, Any], call: Call) -> Reply:
    """The answer of a fault that answers."""
    kind = fault["kind"]
    if kind == "http502html":
        return 502, "text/html", PROXY_PAGE
    if kind == "http503empty":
        return 503, "text/plain", b""
    if kind == "body":
        content = fault["body"]
        text = content if isinstance(content, str) else json.dumps(content)
        return int(fault.get("status", 200)), "application/json;charset=utf-8", text.encode()
    if kind == "inner":
        code = fault.get("code", "500" if call.product == "cms" else "InternalError")
        content = {
            "Code": code,
            "Success": False,
            "Message": fault.get("message", "The request processing has failed due to some unknown error."),
        }
        return (
            200,
            "application/json;charset=utf-8",
            json.dumps({"RequestId": "on-purpose", **content}).encode(),
        )
    if kind == "throttle":
        error = throttled(call, fault)
    elif kind == "denied":
        error = iam.denial(call)
    elif kind == "expired":
        error = RefusalError(403, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
    else:
        standard = ("InternalError", 500) if kind == "http500" else (fault.get("code", "UnknownError"), 400)
        sentence = fault.get("message", "The request processing has failed due to some unknown error.")
        error = RefusalError(int(fault.get("status", standard[1])), fault.get("code", standard[0]), sentence)
    return no(call, error)


def no(call: Call, error: RefusalError) -> Reply:
    """An error, as the product of the call writes it."""
    if call.product in ("oss", "sls"):
        return (oss if call.product == "oss" else sls).refused(error)
    return refused(call, error)
