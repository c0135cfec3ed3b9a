"""The signatures of Alibaba's object store, versions 1 and 4, verified as the service does.

Sources: https://help.aliyun.com/en/oss/developer-reference/include-signatures-in-the-authorization-header,
…/recommend-to-use-signature-version-4. Written from these, not from any client.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote

V4 = re.compile(
    r"^OSS4-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/oss/aliyun_v4_request,"
    r"(?:AdditionalHeaders=(?P<more>[^,]*),)?Signature=(?P<signature>[0-9a-f]{64})$"
)
V1 = re.compile(r"^OSS (?P<id>[^:]+):(?P<signature>[A-Za-z0-9+/]{27}=)$")
# Of the query only these are signed by version 1.
SUBRESOURCES = {
    "acl", "location", "continuation-token", "security-token", "stat", "uploads", "bucketInfo", "versionId", "lifecycle", "tagging", "logging",
}  # fmt: skip


class SignatureError(Exception):
    """Why a request is refused: status, code, sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True)
class Asked:
    """What of a request its signature is about."""

    method: str
    bucket: str
    key: str
    query: str
    headers: Message

    @property
    def resource(self) -> str:
        return f"/{self.bucket}/{self.key}" if self.bucket else "/"

    @property
    def given(self) -> re.Match[str] | None:
        """The Authorization header, if it is one of either version."""
        text = self.headers.get("Authorization", "")
        return V4.match(text) or V1.match(text)

    @property
    def version(self) -> int:
        return 4 if self.given and self.given.re is V4 else 1

    @property
    def region(self) -> str | None:
        """The region that version 4 was signed for."""
        return self.given["region"] if self.given and self.version == 4 else None

    def oss_headers(self) -> list[tuple[str, str]]:
        return sorted(
            (n.lower(), v.strip()) for n, v in self.headers.items() if n.lower().startswith("x-oss-")
        )

    def dated(self) -> datetime:
        if self.version == 4:
            return datetime.strptime(self.headers["x-oss-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return parsedate_to_datetime(self.headers["x-oss-date"] or self.headers["Date"])


def verify(
    asked: Asked,
    secrets: Mapping[str, str],
    tokens: Mapping[str, str],
    versions: Collection[int] = (1, 4),
    skew: timedelta = timedelta(minutes=15),
) -> str:
    """The access key id of a well signed request; raises SignatureError. The region is for the caller to judge."""
    given = asked.given
    if given is None:
        raise SignatureError(403, "AccessDenied", "Anonymous access is forbidden for this operation.")
    identity = given["id"]
    if identity not in secrets:
        sentence = "The OSS Access Key Id you provided does not exist in our records."
        raise SignatureError(403, "InvalidAccessKeyId", sentence)
    if asked.headers.get("x-oss-security-token") != tokens.get(identity):
        raise SignatureError(403, "SecurityTokenExpired", "The security token you provided has expired.")
    if asked.version not in versions:
        sentence = "The authorization mechanism you have provided is not supported."
        raise SignatureError(400, "InvalidArgument", sentence)
    if abs(datetime.now(UTC) - asked.dated()) > skew:
        sentence = "The difference between the request time and now is too large."
        raise SignatureError(403, "RequestTimeTooSkewed", sentence)
    right = signed_4(asked, secrets[identity]) if asked.version == 4 else signed_1(asked, secrets[identity])
    if not hmac.compare_digest(right, given["signature"]):
        sentence = "The request signature we calculated does not match."
        raise SignatureError(403, "SignatureDoesNotMatch", sentence)
    return identity


def signed_4(asked: Asked, secret: str) -> str:
    """The right signature of version 4."""
    given = asked.given
    assert given is not None
    signed = asked.oss_headers() + [
        (name, asked.headers[name].strip())
        for name in ("content-type", "content-md5")
        if name in asked.headers
    ]
    pairs = [pair.rstrip("=") if pair.endswith("=") else pair for pair in asked.query.split("&") if pair]
    canonical = (
        f"{asked.method}\n{quote(asked.resource, safe='/')}\n"
        + "&".join(sorted(pairs))
        + "\n"
        + "".join(f"{name}:{value}\n" for name, value in sorted(signed))
        + f"\n{given['more'] or ''}\n{asked.headers['x-oss-content-sha256']}"
    )
    scope = f"{given['day']}/{given['region']}/oss/aliyun_v4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"OSS4-HMAC-SHA256\n{asked.headers['x-oss-date']}\n{scope}\n{digest}"
    key = ("aliyun_v4" + secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def signed_1(asked: Asked, secret: str) -> str:
    """The right signature of version 1."""
    pairs = [pair.partition("=")[::2] for pair in asked.query.split("&") if pair]
    named = sorted((unquote(name), unquote(value)) for name, value in pairs)
    subs = "&".join(f"{n}={v}" if v else n for n, v in named if n in SUBRESOURCES)
    text = "\n".join(
        (
            asked.method,
            asked.headers.get("Content-MD5", ""),
            asked.headers.get("Content-Type", ""),
            asked.headers["x-oss-date"] or asked.headers["Date"],
            "".join(f"{name}:{value}\n" for name, value in asked.oss_headers())
            + asked.resource
            + (f"?{subs}" if subs else ""),
        )
    )
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()
