"""What Alibaba's services answer: content, or why there is none, in whichever way each of them says so.

An answer with status 200 may hold an error, an error may be a page of HTML, and codes of the same meaning differ from
product to product. Source: the error pages of ECS, VPC, SLB, CloudMonitor, BSS, STS; facts in docs/alibaba.md.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from collectors.alibaba.api import Api
from collectors.alibaba.products import OPTIONAL, SOME_REGIONS
from finops.instants import in_utc

_CREDENTIALS = (
    "InvalidAccessKeyId", "InvalidAccessKeySecret", "SignatureDoesNotMatch", "IncompleteSignature",
    "MissingSecurityToken", "InvalidSecurityToken", "MissingAccessKeyId", "Forbidden.AccessKeyDisabled",
    "InvalidAccessKeyIdSecret", "InactiveAccessKey", "SDK.InvalidCredential", "SecurityTokenExpired",
    "AccessKeyDisabled",
)  # fmt: skip
_EXPIRED = ("InvalidSecurityToken.Expired", "SecurityTokenExpired", "InvalidSecurityToken.HasExpired")
_CLOCK = ("InvalidTimeStamp", "RequestTimeTooSkewed")
_DENIED = (
    "Forbidden", "NoPermission", "NotAuthorized", "AccessForbidden", "AccessDenied", "Unauthorized",
    "UnauthorizedOperation",
    "OperationDenied.NoPermission", "ImplicitDeny", "ExplicitDeny", "401", "403",
)  # fmt: skip
_THROTTLED = (
    "Throttling",
    "TooManyRequests",
    "RequestLimitExceeded",
    "FlowControl",
    "ExceedFlowLimit",
    "429",
)
# A product that nobody has opened, or that a region does not have: there is nothing of it.
_ABSENT = (
    "ServiceNotOpen", "NotOpen", "InvalidRegionId", "RegionNotSupported", "UnsupportedRegion", "InvalidRegion",
    "OperationUnsupported", "UserNotEnable", "ResourceDirectoryNotInUse", "OssServiceNotOpen", "UserDisable.NotOpen",
    "NoSuchService",
)  # fmt: skip
_QUOTA = ("LimitExceeded", "QuotaExceeded", "402")
_AGAIN = (
    "ServiceUnavailable", "InternalError", "UnknownError", "SystemError", "SignatureNonceUsed", "InternalServerError",
    "ServiceUnavailableTemporary", "OperationConflict", "SYSTEM.ERROR", "InternalFailure",
)  # fmt: skip
_UNOPENED = re.compile(r"NotOpen|NotActivated")
# Of an error with status 200: what another attempt does not change. Whatever else stands there may be passing.
_LASTING = re.compile(
    r"^4\d\d|Invalid|Illegal|Missing|Param|Not_?Found|Not_?Exist|NotApplicable|Not_?Support|Unsupported",
    re.IGNORECASE,
)
# Parameters of a request, in what is said of it.
_ECHO = re.compile(r"AccessKeyId|Signature(Nonce|=|%3D)|SecurityToken(=|%3D)")
NO_HOST = "NoSuchHost"
NO_SERVICE = "NoSuchService"  # what answers in its place is something else
_BODY = "ServerResponseBody: "  # with which the SDK begins what it could not read
_UNKNOWN_NAME = re.compile(r"name resolution|getaddrinfo|not known|nodename|NameResolution", re.IGNORECASE)
_HALVES = re.compile(rb"\\u[dD][89a-fA-F]")  # of characters that are written as two escapes
_GOOD = ("200", "Success", "success", "SUCCESS", "OK", "")
# What is answered to an operation, or a version of the interface, that is not there.
UNKNOWN_CALL = ("InvalidAction", "InvalidVersion", "InvalidApi", "UnsupportedOperation", NO_HOST)


@dataclass(frozen=True, slots=True)
class Answer:
    """One attempt's outcome: `content`, or kind, status, code and message of what came instead.

    Kinds: throttled and broken are tried again; expired is, with a new key; credentials, clock, denied, absent (the
    product is not there), quota, failed are final.
    """

    content: dict[str, Any] | None = None
    kind: str = ""
    status: int | None = None
    code: str = ""
    message: str = ""

    @classmethod
    def of(cls, body: bytes, product: str) -> Self:
        """An answer with status 200, which CloudMonitor and billing use for errors too; gateways of others may."""
        try:
            # Amounts of money stay as they are written.
            content = json.loads(body, parse_float=str) if product == "bss" else json.loads(body)
        except (ValueError, RecursionError):
            return cls(kind="broken", status=200, code="Unreadable", message="an answer that cannot be read")
        if _HALVES.search(body):
            content = _whole(content)
        if not isinstance(content, dict):
            return cls(kind="broken", status=200, code="Unreadable", message="an answer that is no object")
        code = str(content.get("Code") if content.get("Code") is not None else "")
        if code not in _GOOD or content.get("Success") is False:
            message = str(content.get("Message") or "")
            word = _first_word(message)
            # Prices say in the message what is wrong, whatever the code.
            return cls.refused(200, word if code in _GOOD or word.startswith("PRICE.") else code, message)
        return cls(content)

    @classmethod
    def refused(cls, status: int | None, code: str, message: str) -> Self:
        """An error that the service sent."""
        return cls(None, _kind(status, code), status, code, message)

    @classmethod
    def of_rest(cls, status: int | None, code: str, message: str) -> Self:
        """An error of a service of the REST kind, whose names begin with small letters, which the SDK does not read.

        What is no JSON at all, though the request is at fault, is not from such a service: it is not there.
        """
        if not message.startswith(_BODY):
            return cls.refused(status, code, message)
        try:
            told = json.loads(message.removeprefix(_BODY))
        except ValueError:
            absent = status is not None and 400 <= status < 500
            return cls.refused(status, NO_SERVICE if absent else code, message)
        if not isinstance(told, dict):
            return cls.refused(status, code, message)
        return cls.refused(
            status,
            str(told.get("code") or told.get("errorCode") or status),
            str(told.get("message") or told.get("errorMessage") or ""),
        )

    @classmethod
    def lost(cls, code: str, message: str) -> Self:
        """No answer, or none that can be read."""
        kind = "credentials" if code.startswith(_CREDENTIALS) else "broken"
        return cls(None, kind, None, NO_HOST if _UNKNOWN_NAME.search(message) else code, message)


class Again(Exception):  # noqa: N818 - an answer, and whether it is an error is known after the last attempt
    """An attempt that another one may do better than."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.code)
        self.answer = answer


def _kind(status: int | None, code: str) -> str:
    if _UNOPENED.search(code):
        return "absent"
    for kind, codes in (
        ("throttled", _THROTTLED),
        ("expired", _EXPIRED),
        ("clock", _CLOCK),
        ("credentials", _CREDENTIALS),
        ("absent", _ABSENT),
        ("quota", _QUOTA),
        ("denied", _DENIED),
        ("broken", _AGAIN),
    ):
        if code.startswith(codes):
            return kind
    if status == 429:
        return "throttled"
    if status in (401, 403):
        return "denied"
    if (status is not None and status >= 500) or code.startswith("5"):
        return "broken"
    return "broken" if status == 200 and not _LASTING.search(code) else "failed"


def said(message: str) -> str:
    """What a service says of an error, in one line and without what it repeats of the request, which holds keys."""
    line = " ".join(message.split())
    if line.startswith(("<", "ServerResponseBody")) or _ECHO.search(line):
        return ""
    return line[:300].rstrip(".")


def within(page: Mapping[str, Any], way: str) -> Any:
    """What an answer holds at the end of a way such as Data.NextToken; None where it does not go on."""
    node: Any = page
    for name in way.split("."):
        node = node.get(name) if isinstance(node, Mapping) else None
    return node


def unwrapped(page: Mapping[str, Any], way: Sequence[str]) -> list[dict[str, Any]]:
    """The list at the end of a way such as Instances.Instance.

    A list may stand at any step of it, and a wrapper without anything in it is an empty one. Raises KeyError when a
    step is missing although the answer does not count nothing, TypeError for what is no list of objects.
    """
    node: Any = page
    for place, name in enumerate(way):
        if isinstance(node, list) or node == "":
            break
        if not isinstance(node, Mapping):
            raise TypeError(f"{'.'.join(way[:place])} is {type(node).__name__}, not an object")
        if node.get(name) is None:
            if (place and not node) or _counts_nothing(page, way[0]):
                return []
            raise KeyError(".".join(way[: place + 1]))
        node = node[name]
    if node in ({}, ""):
        return []
    if not isinstance(node, list) or not all(isinstance(one, dict) for one in node):
        raise TypeError(f"{'.'.join(way)} is {type(node).__name__}, not a list of objects")
    return node


def _counts_nothing(page: Mapping[str, Any], first: str) -> bool:
    """Whether an answer says itself that there is nothing, which some say instead of an empty list."""
    inner = page.get(first)
    counts = [
        holder.get(name)
        for holder in (page, inner if isinstance(inner, Mapping) else {})
        for name in ("TotalCount", "TotalRecordCount")
    ]
    return any(str(count) == "0" for count in counts if count is not None)


def _whole(node: Any) -> Any:
    """The same without halves of characters, which JSON can hold and no file can: a replacement stands for them."""
    if isinstance(node, str):
        return node.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(node, dict):
        return {_whole(name): _whole(one) for name, one in node.items()}
    return [_whole(one) for one in node] if isinstance(node, list) else node


def _first_word(message: str) -> str:
    found = re.match(r"[A-Za-z]+(?:[._][A-Za-z_]+)+", message)
    return found[0] if found else "Unsuccessful"


def is_not_there(api: Api, code: str) -> bool:
    """Whether a product or an operation that need not be everywhere is not in this place."""
    if code == NO_HOST:
        return api.product in SOME_REGIONS
    return (api.optional or api.product in OPTIONAL) and code.startswith(UNKNOWN_CALL)


# --- instants ---------------------------------------------------------------------------------------------

_NEVER = 2099  # the year in which what has no end is said to end


def utc(at: Any) -> datetime | None:
    """An instant as it is written, with or without seconds; None for none."""
    return in_utc(datetime.fromisoformat(str(at))) if at else None


def ends(at: Any) -> datetime | None:
    """When something ends that may never."""
    told = utc(at)
    return None if told is None or told.year >= _NEVER else told
