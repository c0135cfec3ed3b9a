"""Signatures of Alibaba OSS for requests: version 4, and version 1 for endpoints that know no other.

Source: Alibaba Cloud, OSS developer guide, "Include a signature in the Authorization header" (V4, V1).
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote

from collectors.alibaba.credentials import Key

# Parameters that the resource of a version 1 signature has with it; of those that are sent here.
_SIGNED_IN_V1 = {"bucketInfo", "continuation-token", "lifecycle", "location", "stat", "uploads"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: bucket ("" for the service), key of an object (not encoded), parameters, headers beside those of the
    signature (Content-Type and Content-MD5 are signed, others than these and x-oss-… are not)."""

    bucket: str
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    method: str = "GET"


def encoded(parameters: Mapping[str, str]) -> str:
    """The query string, sorted, as it is sent and signed."""
    pairs = sorted((quote(name, safe=""), quote(value, safe="")) for name, value in parameters.items())
    return "&".join(f"{name}={value}" if value else name for name, value in pairs)


def version_4(asked: Asked, key: Key, region: str, at: datetime) -> dict[str, str]:
    """The headers of a request, `at` in UTC."""
    instant, day = f"{at:%Y%m%dT%H%M%SZ}", f"{at:%Y%m%d}"
    headers = {**asked.headers, "x-oss-date": instant, "x-oss-content-sha256": "UNSIGNED-PAYLOAD"}
    if key.token:
        headers["x-oss-security-token"] = key.token
    scope = f"{day}/{region}/oss/aliyun_v4_request"
    resource = quote(_resource(asked), safe="/")
    canonical = "\n".join(
        (
            asked.method,
            resource,
            encoded(asked.parameters),
            _signed_headers(headers, ("content-type", "content-md5")),
            "",
            headers["x-oss-content-sha256"],
        )
    )
    to_sign = "\n".join(("OSS4-HMAC-SHA256", instant, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    secret = f"aliyun_v4{key.secret}".encode()
    for part in (day, region, "oss", "aliyun_v4_request"):
        secret = hmac.digest(secret, part.encode(), hashlib.sha256)
    signature = hmac.new(secret, to_sign.encode(), hashlib.sha256).hexdigest()
    return {
        **headers,
        "Date": format_datetime(at, usegmt=True),
        "Authorization": f"OSS4-HMAC-SHA256 Credential={key.id}/{scope},Signature={signature}",
    }


def version_1(asked: Asked, key: Key, at: datetime) -> dict[str, str]:
    """The headers of a request, `at` in UTC."""
    headers = {**asked.headers, "Date": format_datetime(at, usegmt=True)}
    if key.token:
        headers["x-oss-security-token"] = key.token
    signed = {name: value for name, value in asked.parameters.items() if name in _SIGNED_IN_V1}
    query = "&".join(f"{name}={value}" if value else name for name, value in sorted(signed.items()))
    resource = f"{_resource(asked)}{f'?{query}' if query else ''}"
    names = _lower(headers)
    head = (asked.method, names.get("content-md5", ""), names.get("content-type", ""), headers["Date"])
    to_sign = "\n".join((*head, f"{_signed_headers(headers)}{resource}"))
    signature = hmac.digest(key.secret.encode(), to_sign.encode(), hashlib.sha1)
    return {**headers, "Authorization": f"OSS {key.id}:{base64.b64encode(signature).decode()}"}


def _resource(asked: Asked) -> str:
    """A key in a bucket, a bucket, or the service itself."""
    return f"/{asked.bucket}/{asked.path}" if asked.bucket else "/"


def _signed_headers(headers: Mapping[str, str], also: tuple[str, ...] = ()) -> str:
    names = _lower(headers)
    return "".join(
        f"{name}:{names[name]}\n" for name in sorted(names) if name.startswith("x-oss-") or name in also
    )


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
