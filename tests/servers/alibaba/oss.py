"""Object Storage Service, path style: the list of buckets, and what a bucket says about itself."""

from datetime import datetime
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape

from tests.servers.alibaba import iam
from tests.servers.alibaba.state import WORLD, Item
from tests.servers.alibaba.wire import NOBODY, Call, RefusalError, check_token
from tests.servers.stores import oss_signature
from tests.servers.stores.oss_signature import Asked, SignatureError

XML = "application/xml"
OPERATIONS = {
    "bucketInfo": "GetBucketInfo",
    "stat": "GetBucketStat",
    "lifecycle": "GetBucketLifecycle",
    "uploads": "ListMultipartUploads",
    "tagging": "GetBucketTags",
}


def understood(method: str, path: str, query: str, headers: Message) -> tuple[Call, Any]:
    """The call, and how to find out who sent it."""
    bucket, _, key = unquote(path.lstrip("/")).partition("/")
    params = dict(parse_qsl(query, keep_blank_values=True))
    wanted = [operation for name, operation in OPERATIONS.items() if name in params]
    action = (
        "ListBuckets"
        if not bucket
        else wanted[0]
        if wanted and not key
        else "GetObject"
        if key
        else "ListObjects"
    )
    asked = Asked(method, bucket, key, query, headers)
    identity = WORLD.identities.get(asked.given["id"], NOBODY) if asked.given else NOBODY
    call = Call("oss", "", action, {**params, "bucket": bucket}, method, identity)
    found = find(call)
    call.region = found["_region"] if found else asked.region or ""
    return call, lambda call: verified(call, asked)


def find(call: Call) -> Item | None:
    """Names are unique over all accounts."""
    for account in WORLD.accounts.values():
        if call.params["bucket"] in account.of("bucket", ""):
            return account.of("bucket", "")[call.params["bucket"]]
    return None


def verified(call: Call, asked: Asked) -> None:
    """Signature, temporary key, region of version 4."""
    keys = {each.key: each.secret for each in WORLD.identities.values()}
    tokens = {each.key: each.token for each in WORLD.identities.values() if each.token}
    try:
        key = oss_signature.verify(asked, keys, tokens)
    except SignatureError as wrong:
        raise RefusalError(wrong.status, wrong.code, wrong.message) from None
    who = WORLD.identities[key]
    try:
        check_token(who, who.token)
    except RefusalError as wrong:
        raise RefusalError(403, "SecurityTokenExpired", wrong.message) from None
    call.identity = who
    found = find(call)
    if asked.region and found and found["_region"] != asked.region:
        raise RefusalError(400, "InvalidArgument", "Invalid signing region in Authorization header.")


def answer(call: Call) -> tuple[int, str, bytes]:
    """One request whose sender is known."""
    iam.authorize(call)
    if call.method != "GET":
        raise RefusalError(
            405, "MethodNotAllowed", "The specified method is not allowed against this resource."
        )
    if call.action == "ListBuckets":
        return 200, XML, list_buckets(call).encode()
    found = find(call)
    if found is None:
        raise RefusalError(404, "NoSuchBucket", "The specified bucket does not exist.")
    if found["_owner"] != call.account:
        raise RefusalError(
            403, "AccessDenied", "You have no right to access this object because of bucket acl."
        )
    if call.action == "ListMultipartUploads":
        return 200, XML, list_uploads(call, found).encode()
    writer = {
        "GetBucketInfo": bucket_info,
        "GetBucketStat": bucket_stat,
        "GetBucketLifecycle": bucket_lifecycle,
    }.get(call.action)
    if writer is None:
        raise RefusalError(501, "NotImplemented", f"the local OSS does not know {call.action}")
    return 200, XML, writer(found).encode()


def refused(error: RefusalError) -> tuple[int, str, bytes]:
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n  <Code>{error.code}</Code>\n  <Message>{escape(error.message)}</Message>\n'
        "  <RequestId>5C3D9175B6FC201293AD4890</RequestId>\n  <HostId>oss-cn-hangzhou.aliyuncs.com</HostId>\n  <EC>0003-00000001</EC>\n</Error>\n"
    )
    return error.status, XML, body.encode()


def document(name: str, content: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}>\n{content}\n</{name}>\n'


def list_buckets(call: Call) -> str:
    """All buckets of the account in every region, in pages of max-keys by marker."""
    most = call.number("max-keys", 100, 1, 1000)
    prefix, marker = call.params.get("prefix", ""), call.params.get("marker", "")
    names = sorted(name for name in call.owner.of("bucket", "") if name.startswith(prefix) and name > marker)
    page = names[:most]
    call.items = len(page)
    cut = ""
    if names[most:] or marker or prefix or "max-keys" in call.params:
        ending = f"<NextMarker>{page[-1]}</NextMarker>" if names[most:] else ""
        cut = (
            f"<Prefix>{escape(prefix)}</Prefix><Marker>{escape(marker)}</Marker><MaxKeys>{most}</MaxKeys>"
            f"<IsTruncated>{'true' if names[most:] else 'false'}</IsTruncated>{ending}"
        )
    listed = "".join(f"<Bucket>{brief(call.owner.of('bucket', '')[name])}</Bucket>" for name in page)
    owner = f"<Owner><ID>{call.account}</ID><DisplayName>{call.account}</DisplayName></Owner>"
    return document("ListAllMyBucketsResult", f"{cut}{owner}<Buckets>{listed}</Buckets>")


def brief(bucket: Item) -> str:
    region, created = bucket["_region"], bucket["CreationDate"]
    assert isinstance(created, datetime)
    return (
        f"<Name>{bucket['Name']}</Name><CreationDate>{created:%Y-%m-%dT%H:%M:%S}.000Z</CreationDate><Location>oss-{region}</Location>"
        f"<ExtranetEndpoint>oss-{region}.aliyuncs.com</ExtranetEndpoint><IntranetEndpoint>oss-{region}-internal.aliyuncs.com</IntranetEndpoint>"
        f"<Region>{region}</Region><StorageClass>{bucket['StorageClass']}</StorageClass><Comment></Comment>"
    )


def bucket_info(bucket: Item) -> str:
    more = (
        f"<Versioning>{bucket['Versioning']}</Versioning>" if bucket.get("Versioning") else ""
    ) + "<DataRedundancyType>LRS</DataRedundancyType><AccessMonitor>Disabled</AccessMonitor>"
    owner = f"<Owner><DisplayName>{bucket['_owner']}</DisplayName><ID>{bucket['_owner']}</ID></Owner>"
    acl = "<AccessControlList><Grant>private</Grant></AccessControlList>"
    return document("BucketInfo", f"<Bucket>{brief(bucket)}{more}{owner}{acl}</Bucket>")


def list_uploads(call: Call, bucket: Item) -> str:
    """Uploads that were begun, by key, in pages of max-uploads."""
    most, marker = call.number("max-uploads", 1000, 1, 1000), call.params.get("key-marker", "")
    every = sorted(one for one in bucket.get("_uploads", ()) if one[0] > marker)
    page = every[:most]
    call.items = len(page)
    listed = "".join(
        f"<Upload><Key>{escape(key)}</Key><UploadId>0004B9894A22E5B1888A1E29F8236E2D</UploadId><StorageClass>Standard</StorageClass>"
        f"<Initiated>{begun}</Initiated></Upload>"
        for key, begun in page
    )
    cut = every[most:]
    ending = (
        f"<NextKeyMarker>{escape(page[-1][0])}</NextKeyMarker>" if cut else "<NextKeyMarker></NextKeyMarker>"
    )
    return document(
        "ListMultipartUploadsResult",
        f"<Bucket>{bucket['Name']}</Bucket><KeyMarker>{escape(marker)}</KeyMarker>{ending}<MaxUploads>{most}</MaxUploads>"
        f"<IsTruncated>{'true' if cut else 'false'}</IsTruncated>{listed}",
    )


def bucket_stat(bucket: Item) -> str:
    """Bytes and objects, by class: InfrequentAccess here is what the bucket calls IA."""
    return document(
        "BucketStat", "".join(f"<{name}>{value}</{name}>" for name, value in bucket["_stat"].items())
    )


def bucket_lifecycle(bucket: Item) -> str:
    if not bucket["_lifecycle"]:
        raise RefusalError(404, "NoSuchLifecycle", "No Row found in Lifecycle Table.")
    return document("LifecycleConfiguration", bucket["_lifecycle"])
