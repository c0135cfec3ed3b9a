"""Requests of the REST kind: a path, headers that are signed with version 1 of that kind of signature.

Source: Alibaba Cloud, "ROA-style API: request syntax and signature" (HMAC-SHA1 over method, Accept, MD5, type, date, the
x-acs-headers and the resource).
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.servers.alibaba.state import WORLD, Identity
from tests.servers.alibaba.wire import PRODUCTS, SKEW, Call, RefusalError, check_token

# What a path is called, by version.
PATHS: tuple[tuple[str, str, str], ...] = (
    ("2015-12-15", r"/api/v1/clusters", "DescribeClustersV1"),
    ("2023-03-30", r"/2023-03-30/functions", "ListFunctions"),
    ("2023-03-30", r"/2023-03-30/provision-configs", "ListProvisionConfigs"),
    ("2021-07-01", r"/api/v2/services", "ListServices"),
    ("2022-01-01", r"/api/v2/instances", "ListInstances"),
    ("2015-12-15", r"/clusters/(?P<ClusterId>[^/]+)/nodepools", "DescribeClusterNodePools"),
)


def is_meant(headers: Message) -> bool:
    return str(headers.get("Authorization", "")).startswith("acs ")


def understood(method: str, path: str, query: str, headers: Message) -> tuple[Call, Callable[[Call], None]]:
    """The call, and how to find out who sent it."""
    version = str(headers.get("x-acs-version", ""))
    params = dict(parse_qsl(query, keep_blank_values=True))
    action = "Unknown"
    for known, pattern, name in PATHS:
        found = re.fullmatch(pattern, path)
        if known == version and found:
            action = name
            params |= {key: unquote(value) for key, value in found.groupdict().items()}
    key = str(headers["Authorization"]).removeprefix("acs ").partition(":")[0]
    region = str(headers.get("x-acs-region-id", "")) or params.get("region_id", "")
    params |= {"AccessKeyId": key, "Format": "JSON"}
    call = Call(PRODUCTS.get(version, "unknown"), version, action, params, method, region=region, rest=True)
    return call, lambda call: sign_in(call, path, query, headers)


def sign_in(call: Call, path: str, query: str, headers: Message) -> None:
    who = WORLD.identities.get(call.params["AccessKeyId"])
    if who is None:
        raise RefusalError(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
    sent = parsedate_to_datetime(str(headers["Date"]))
    if abs(datetime.now(UTC) - sent) > SKEW:
        raise RefusalError(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
    if not hmac.compare_digest(
        signature(call.method, path, query, headers, who), str(headers["Authorization"]).partition(":")[2]
    ):
        raise RefusalError(
            400, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation."
        )
    check_token(who, headers.get("x-acs-security-token"))
    call.identity = who


def signature(method: str, path: str, query: str, headers: Message, who: Identity) -> str:
    own: dict[str, Any] = {name.lower(): value for name, value in headers.items()}
    lines = [method, *(own.get(name, "") for name in ("accept", "content-md5", "content-type", "date"))]
    lines += [f"{name}:{own[name]}" for name in sorted(own) if name.startswith("x-acs-")]
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    resource = path + ("?" + "&".join(f"{name}={value}" for name, value in pairs) if pairs else "")
    text = "\n".join([*lines, resource])
    return base64.b64encode(hmac.digest(who.secret.encode(), text.encode(), hashlib.sha1)).decode()
