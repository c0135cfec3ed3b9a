"""A local Alibaba OSS: ListObjectsV2 and GetObject, signatures of version 1 and 4 verified as the service does.

Sources: https://help.aliyun.com/en/oss/developer-reference/listobjectsv2, …/getobject, …/include-signatures-in-the-
authorization-header, …/recommend-to-use-signature-version-4. The verification is written from these, not from the client.
"""

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

from tests.servers.stores.bench import Handler

Answer = tuple[int, dict[str, str], bytes]
XML = {"Content-Type": "application/xml"}
V4 = re.compile(
    r"^OSS4-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/oss/aliyun_v4_request,"
    r"(?:AdditionalHeaders=(?P<more>[^,]*),)?Signature=(?P<signature>[0-9a-f]{64})$"
)
V1 = re.compile(r"^OSS (?P<id>[^:]+):(?P<signature>[A-Za-z0-9+/]{27}=)$")
SUBRESOURCES = {"acl", "location", "continuation-token", "security-token", "stat", "bucketInfo", "versionId"}


class Oss(Handler):
    """`keys` are secrets by access key id, `tokens` what temporary ones must come with."""

    keys: dict[str, str] = {"LTAI-test": "secret-of-test"}  # noqa: RUF012
    tokens: dict[str, str] = {}  # noqa: RUF012
    region = "cn-hangzhou"
    versions: tuple[int, ...] = (1, 4)
    denied: tuple[str, ...] = ()
    skew = timedelta(minutes=15)

    def respond(self) -> Answer:
        path, _, query = self.path.partition("?")
        bucket, _, key = unquote(path.lstrip("/")).partition("/")
        pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
        asked = {unquote(name): unquote(value) for name, value in pairs}
        wrong = self.verify(bucket, key, query, asked)
        if wrong:
            return wrong
        if self.command != "GET":
            return error(
                405, "MethodNotAllowed", "The specified method is not allowed against this resource."
            )
        if bucket in self.denied:
            return error(
                403, "AccessDenied", "You have no right to access this object because of bucket acl."
            )
        if bucket not in self.bench.buckets:
            return error(404, "NoSuchBucket", "The specified bucket does not exist.")
        return self.get(bucket, key) if key else self.list(bucket, asked)

    # --- signatures ---------------------------------------------------------------------------------------

    def verify(self, bucket: str, key: str, query: str, asked: dict[str, str]) -> Answer | None:
        given = self.headers.get("Authorization", "")
        four, one = V4.match(given), V1.match(given)
        if not four and not one:
            return error(403, "AccessDenied", "Anonymous access is forbidden for this operation.")
        identity = (four or one)["id"]
        if identity not in self.keys:
            return error(
                403, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records."
            )
        if self.headers.get("x-oss-security-token") != self.tokens.get(identity):
            return error(403, "SecurityTokenExpired", "The security token you provided has expired.")
        version = 4 if four else 1
        if version not in self.versions:
            return error(
                400, "InvalidArgument", "The authorization mechanism you have provided is not supported."
            )
        if four and four["region"] != self.region:
            return error(400, "InvalidArgument", "Invalid signing region in Authorization header.")
        if abs(datetime.now(UTC) - self.dated(version)) > self.skew:
            return error(
                403, "RequestTimeTooSkewed", "The difference between the request time and now is too large."
            )
        right = (
            self.signed_4(four, bucket, key, query) if four else self.signed_1(bucket, key, asked, identity)
        )
        if not hmac.compare_digest(right, (four or one)["signature"]):
            return error(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.")
        return None

    def dated(self, version: int) -> datetime:
        if version == 4:
            return datetime.strptime(self.headers["x-oss-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return parsedate_to_datetime(self.headers["Date"])

    def oss_headers(self) -> list[tuple[str, str]]:
        return sorted(
            (n.lower(), v.strip()) for n, v in self.headers.items() if n.lower().startswith("x-oss-")
        )

    def signed_4(self, given: re.Match[str], bucket: str, key: str, query: str) -> str:
        signed = self.oss_headers() + [
            (name, self.headers[name].strip())
            for name in ("content-type", "content-md5")
            if name in self.headers
        ]
        canonical = (
            f"{self.command}\n{quote(f'/{bucket}/{key}', safe='/')}\n"
            + "&".join(
                sorted(pair.rstrip("=") if pair.endswith("=") else pair for pair in query.split("&") if pair)
            )
            + "\n"
            + "".join(f"{name}:{value}\n" for name, value in sorted(signed))
            + f"\n{given['more'] or ''}\n{self.headers['x-oss-content-sha256']}"
        )
        scope = f"{given['day']}/{given['region']}/oss/aliyun_v4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"OSS4-HMAC-SHA256\n{self.headers['x-oss-date']}\n{scope}\n{digest}"
        key_bytes = ("aliyun_v4" + self.keys[given["id"]]).encode()
        for part in scope.split("/"):
            key_bytes = hmac.new(key_bytes, part.encode(), hashlib.sha256).digest()
        return hmac.new(key_bytes, text.encode(), hashlib.sha256).hexdigest()

    def signed_1(self, bucket: str, key: str, asked: dict[str, str], identity: str) -> str:
        subs = "&".join(f"{n}={v}" if v else n for n, v in sorted(asked.items()) if n in SUBRESOURCES)
        text = "\n".join(
            (
                self.command,
                self.headers.get("Content-MD5", ""),
                self.headers.get("Content-Type", ""),
                self.headers["Date"],
                "".join(f"{name}:{value}\n" for name, value in self.oss_headers())
                + f"/{bucket}/{key}"
                + (f"?{subs}" if subs else ""),
            )
        )
        return base64.b64encode(
            hmac.new(self.keys[identity].encode(), text.encode(), hashlib.sha1).digest()
        ).decode()

    # --- answers ------------------------------------------------------------------------------------------

    def list(self, bucket: str, asked: dict[str, str]) -> Answer:
        if asked.get("list-type") != "2":
            return error(400, "InvalidArgument", "this server speaks ListObjectsV2 only")
        most = int(asked.get("max-keys", "100"))
        if not 1 <= most <= 1000:
            return error(400, "InvalidArgument", "max-keys should be between 1 and 1000")
        token = asked.get("continuation-token", "")
        after = base64.b64decode(token).decode() if token else ""
        names = self.bench.keys(bucket, asked.get("prefix", ""), after)
        most = min(most, self.bench.page)
        url = asked.get("encoding-type") == "url"
        shown = (lambda text: quote(text, safe="/")) if url else escape
        contents = "".join(self.contents(bucket, name, shown(name)) for name in names[:most])
        following = ""
        if names[most:]:
            token = base64.b64encode(names[most - 1].encode()).decode()
            following = f"<NextContinuationToken>{escape(token)}</NextContinuationToken>"
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://doc.oss-cn-hangzhou.aliyuncs.com">'
            f"<Name>{bucket}</Name><Prefix>{shown(asked.get('prefix', ''))}</Prefix><MaxKeys>{most}</MaxKeys>"
            f"{'<EncodingType>url</EncodingType>' if url else ''}"
            f"<IsTruncated>{'true' if names[most:] else 'false'}</IsTruncated>{contents}{following}"
            f"<KeyCount>{len(names[:most])}</KeyCount></ListBucketResult>"
        )
        if self.bench.after_list:
            self.bench.after_list()
        return 200, dict(XML), body.encode()

    def contents(self, bucket: str, name: str, shown: str) -> str:
        thing = self.bench.buckets[bucket][name]
        return (
            f"<Contents><Key>{shown}</Key><LastModified>{thing.modified:%Y-%m-%dT%H:%M:%S}.000Z</LastModified>"
            f"<ETag>{escape(self.etag(bucket, name))}</ETag><Type>{'Multipart' if thing.composed else 'Normal'}</Type>"
            f"<Size>{len(thing.content)}</Size><StorageClass>Standard</StorageClass></Contents>"
        )

    def etag(self, bucket: str, name: str) -> str:
        thing = self.bench.buckets[bucket][name]
        digest = hashlib.md5(thing.content).hexdigest().upper()
        return f'"{digest}-2"' if thing.composed else f'"{digest}"'

    def get(self, bucket: str, key: str) -> Answer:
        thing = self.bench.buckets[bucket].get(key)
        if thing is None:
            return error(404, "NoSuchKey", "The specified key does not exist.")
        if self.headers.get("If-Match", self.etag(bucket, key)) != self.etag(bucket, key):
            return error(
                412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold."
            )
        headers = {"Content-Type": "application/octet-stream", "ETag": self.etag(bucket, key)}
        if not thing.composed:
            headers["Content-MD5"] = base64.b64encode(hashlib.md5(thing.content).digest()).decode()
        return 200, headers, thing.content

    def broken(self, status: int) -> Answer:
        return error(status, "ServiceUnavailable", HTTPStatus(status).phrase)


def error(status: int, code: str, message: str, endpoint: str = "") -> Answer:
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n  <Code>{code}</Code>\n  <Message>{escape(message)}</Message>\n'
        "  <RequestId>5C3D9175B6FC201293AD****</RequestId>\n  <HostId>bucket.oss-cn-hangzhou.aliyuncs.com</HostId>\n"
        + (f"  <Endpoint>{endpoint}</Endpoint>\n" if endpoint else "")
        + "  <EC>0003-00000001</EC>\n</Error>\n"
    )
    return status, dict(XML), body.encode()
