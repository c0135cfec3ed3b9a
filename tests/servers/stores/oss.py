"""A local Alibaba OSS: ListObjectsV2, GetObject and PutObject, signatures of version 1 and 4 verified as the service does.

Sources: https://help.aliyun.com/en/oss/developer-reference/listobjectsv2, …/getobject.
"""

import base64
import hashlib
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

from tests.servers.stores import oss_signature
from tests.servers.stores.bench import Handler
from tests.servers.stores.oss_signature import Asked, SignatureError

Answer = tuple[int, dict[str, str], bytes]
XML = {"Content-Type": "application/xml"}


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
        wrong = self.verify(bucket, key, query)
        if wrong:
            return wrong
        if self.command not in ("GET", "PUT") or (self.command == "PUT" and not key):
            return error(
                405, "MethodNotAllowed", "The specified method is not allowed against this resource."
            )
        if bucket in self.denied:
            return error(
                403, "AccessDenied", "You have no right to access this object because of bucket acl."
            )
        if bucket not in self.bench.buckets:
            return error(404, "NoSuchBucket", "The specified bucket does not exist.")
        if self.command == "PUT":
            return self.put(bucket, key)
        return self.get(bucket, key) if key else self.list(bucket, asked)

    def verify(self, bucket: str, key: str, query: str) -> Answer | None:
        """An answer to a request that is not signed as it must be."""
        asked = Asked(self.command, bucket, key, query, self.headers)
        try:
            oss_signature.verify(asked, self.keys, self.tokens, self.versions, self.skew)
        except SignatureError as wrong:
            return error(wrong.status, wrong.code, wrong.message)
        if asked.region not in (None, self.region):
            return error(400, "InvalidArgument", "Invalid signing region in Authorization header.")
        return None

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

    def put(self, bucket: str, key: str) -> Answer:
        told = self.headers.get("Content-MD5")
        if told and base64.b64decode(told) != hashlib.md5(self.content).digest():
            return error(
                400, "InvalidDigest", "The Content-MD5 you specified did not match what we received."
            )
        self.bench.put(bucket, key, self.content, kind=self.headers.get("Content-Type", ""))
        return 200, {"ETag": self.etag(bucket, key)}, b""

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
