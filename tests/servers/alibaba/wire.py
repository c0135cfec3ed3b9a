"""The wire: a request understood, its signature verified, and answers written as the gateway writes them.

Signature of version 1: https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism
"""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote
from xml.sax.saxutils import escape

from tests.servers.alibaba.state import WORLD, Account, Identity

SKEW = timedelta(minutes=15)
PRODUCTS = {
    "2014-05-26": "ecs", "2016-04-28": "vpc", "2014-05-15": "slb", "2020-06-16": "alb", "2022-04-30": "nlb",
    "2014-08-15": "rds", "2015-01-01": "kvstore", "2017-08-01": "polardb", "2015-12-15": "cs", "2018-12-01": "cr", "2023-03-30": "fc",
    "2021-07-01": "eas", "2022-01-01": "dsw", "2014-08-28": "ess", "2022-02-22": "ess", "2019-01-01": "cms", "2017-12-14": "bss",
    "2015-04-01": "sts", "2022-04-19": "resourcedirectory", "2020-03-31": "resourcemanager",
}  # fmt: skip
NOBODY = Identity("", "", "")


class RefusalError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.more = status, code, message, more


@dataclass
class Call:
    """One request, understood."""

    product: str
    version: str
    action: str
    params: dict[str, str]
    method: str = "POST"
    identity: Identity = NOBODY
    region: str = ""
    items: int = 0  # how many the answer holds, for the log
    notes: dict[str, Any] = field(default_factory=dict)
    rest: bool = False  # whether errors begin with small letters

    @property
    def account(self) -> str:
        return self.identity.account

    @property
    def owner(self) -> Account:
        return WORLD.account(self.identity.account)

    @property
    def where(self) -> tuple[str, str]:
        return self.account, self.region

    @property
    def json(self) -> bool:
        return self.params.get("Format", "XML").upper() == "JSON"

    def required(self, name: str) -> str:
        """A parameter that must be there."""
        value = self.params.get(name, "")
        if not value:
            sentence = (
                f'The input parameter "{name}" that is mandatory for processing this request is not supplied.'
            )
            raise RefusalError(400, "MissingParameter", sentence)
        return value

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number within its limits, or the default."""
        text = self.params.get(name, "")
        if not text:
            return default
        if not text.lstrip("-").isdigit() or not low <= int(text) <= high:
            raise invalid(name, f"it must be a whole number from {low} to {high}")
        return int(text)

    def choice(self, name: str, allowed: tuple[str, ...], default: str = "") -> str:
        text = self.params.get(name, default)
        if text and text not in allowed:
            raise invalid(name)
        return text

    def flag(self, name: str) -> bool:
        text = self.params.get(name, "false")
        if text not in ("true", "false", "True", "False"):
            raise invalid(name)
        return text.lower() == "true"

    def repeated(self, name: str, most: int) -> list[str]:
        """`Name.1`, `Name.2`, …"""
        found = [(key, value) for key, value in self.params.items() if key.startswith(f"{name}.")]
        numbered = sorted(
            (int(key[len(name) + 1 :]), value) for key, value in found if key[len(name) + 1 :].isdigit()
        )
        if len(numbered) > most:
            raise invalid(name, f"there may be at most {most} of them")
        return [value for _, value in numbered]

    def listed(self, name: str, most: int = 100) -> list[str] | None:
        """A JSON list in one parameter; None: not given."""
        text = self.params.get(name, "")
        if not text:
            return None
        try:
            values = json.loads(text)
        except ValueError:
            raise malformed(name) from None
        if not isinstance(values, list):
            raise malformed(name)
        if len(values) > most:
            raise invalid(name, f"there may be at most {most} of them")
        return [str(value) for value in values]


def invalid(name: str, why: str = "it is not valid") -> RefusalError:
    return RefusalError(
        400, f"InvalidParameter.{name}", f'The specified parameter "{name}" is refused: {why}.'
    )


def malformed(name: str) -> RefusalError:
    return RefusalError(
        400, f"Invalid{name}.Malformed", f'The specified parameter "{name}" is not a valid JSON array.'
    )


def parameters(query: str, body: bytes, form: bool) -> dict[str, str]:
    """All parameters, of the address and of the form."""
    found = dict(parse_qsl(query, keep_blank_values=True))
    return found | (dict(parse_qsl(body.decode(), keep_blank_values=True)) if form else {})


def authenticate(call: Call) -> Identity:
    """Who calls; raises RefusalError in the order in which the gateway looks."""
    for name in (
        "AccessKeyId",
        "Signature",
        "SignatureMethod",
        "SignatureVersion",
        "SignatureNonce",
        "Timestamp",
    ):
        if not call.params.get(name):
            raise RefusalError(400, f"Missing{name}", f"{name} is mandatory for this action.")
    who = WORLD.identities.get(call.params["AccessKeyId"])
    if who is None:
        raise RefusalError(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
    if call.params["SignatureMethod"] != "HMAC-SHA1" or call.params["SignatureVersion"] != "1.0":
        raise RefusalError(400, "InvalidParameter", "The signature's method or version is not supported.")
    check_time(call.params["Timestamp"])
    text = string_to_sign(call.method, call.params)
    right = hmac.new(f"{who.secret}&".encode(), text.encode(), hashlib.sha1).digest()
    if not hmac.compare_digest(base64.b64encode(right).decode(), call.params["Signature"]):
        sentence = f"Specified signature is not matched with our calculation. server string to sign is:{text}"
        raise RefusalError(400, "SignatureDoesNotMatch", sentence)
    check_token(who, call.params.get("SecurityToken"))
    use_up(call.params["SignatureNonce"])
    return who


def check_time(text: str) -> None:
    try:
        given = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        sentence = "Specified time stamp or date value is not well formatted."
        raise RefusalError(400, "InvalidTimeStamp.Format", sentence) from None
    if abs(datetime.now(UTC) - given) > SKEW:
        sentence = "Specified time stamp or date value is expired."
        raise RefusalError(400, "InvalidTimeStamp.Expired", sentence)


def check_token(who: Identity, token: str | None) -> None:
    """Temporary keys come with their token, others without."""
    if token != who.token:
        if who.token is None:
            raise RefusalError(
                400,
                "InvalidSecurityToken.MismatchWithAccessKey",
                "Specified SecurityToken mismatch with the AccessKey.",
            )
        if not token:
            raise RefusalError(400, "MissingSecurityToken", "SecurityToken is mandatory for this action.")
        raise RefusalError(403, "InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
    if who.expires and datetime.now(UTC) > who.expires:
        raise RefusalError(403, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")


def use_up(nonce: str) -> None:
    with WORLD.lock:
        if nonce in WORLD.nonces:
            raise RefusalError(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
        WORLD.nonces.add(nonce)


def encoded(text: str) -> str:
    """RFC 3986: only letters, digits and -_.~ stay."""
    return quote(text, safe="-_.~")


def string_to_sign(method: str, params: Mapping[str, str]) -> str:
    pairs = sorted((name, value) for name, value in params.items() if name != "Signature")
    canonical = "&".join(f"{encoded(name)}={encoded(value)}" for name, value in pairs)
    return f"{method}&%2F&{encoded(canonical)}"


# Answers


def written(call: Call, content: dict[str, Any]) -> tuple[int, str, bytes]:
    """Status, content type and body of an answer."""
    whole = {"request_id" if call.rest else "RequestId": request_id(), **content}
    if call.json:
        return 200, "application/json;charset=utf-8", as_json(whole)
    name = f"{call.action}Response"
    return 200, "text/xml;charset=utf-8", f"<?xml version='1.0' encoding='UTF-8'?>{xml(name, whole)}".encode()


def as_json(content: dict[str, Any]) -> bytes:
    """UTF-8; half characters, which are none, as escapes."""
    try:
        return json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(content).encode()


def refused(call: Call, error: RefusalError) -> tuple[int, str, bytes]:
    """Status, content type and body of an error."""
    number = request_id()
    if call.rest:
        small = {"code": error.code, "message": error.message, "requestId": number, "status": error.status}
        return error.status, "application/json;charset=utf-8", as_json(small)
    recommend = (
        f"https://api.aliyun.com/troubleshoot?q={error.code}&product={call.product}&requestId={number}"
    )
    content = {
        "RequestId": number, "HostId": f"{call.product}.aliyuncs.com", "Code": error.code, "Message": error.message,
        "Recommend": recommend, **error.more,
    }  # fmt: skip
    if call.json:
        return (
            error.status,
            "application/json;charset=utf-8",
            as_json(content),
        )
    body = f"<?xml version='1.0' encoding='UTF-8'?>{xml('Error', content)}"
    return error.status, "text/xml;charset=utf-8", body.encode()


def xml(name: str, value: Any) -> str:
    """Elements of the same name for the items of a list."""
    if isinstance(value, dict):
        return f"<{name}>{''.join(xml(key, each) for key, each in value.items())}</{name}>"
    if isinstance(value, list):
        return "".join(xml(name, each) for each in value)
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{name}>{escape(text)}</{name}>"


def request_id() -> str:
    return str(uuid.uuid4()).upper()
