"""Alibaba Cloud OSS: two signed GET requests (ListObjectsV2, GetObject)."""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit
from xml.etree import ElementTree

import requests

from collectors.alibaba.credentials import Key, find_key, find_region
from collectors.alibaba.oss_signing import Asked, encoded, version_1, version_4
from collectors.alibaba.oss_xml import explain, name_of, parsed
from collectors.bills.objects import Stored
from collectors.bills.stores.calling import Refused, answered, call, chunks, get_signed
from collectors.bills.stores.reading import Body, StoreError
from collectors.endpoints import endpoint_of, is_loopback
from finops.errors import CredentialsError, IncompleteError, InputError

PAGE = 1000  # the most a page may hold
DEFAULT_REGION = "cn-hangzhou"
_REGION = re.compile(r"^oss-(?P<region>[a-z]{2}[a-z0-9-]*?)(?:-internal)?\.aliyuncs\.com$")
_CREDENTIALS = {
    "InvalidAccessKeyId", "InvalidAccessKeyIdSecret", "SignatureDoesNotMatch", "SecurityTokenExpired",
    "InvalidSecurityToken", "RequestTimeTooSkewed", "AccessKeyDisabled", "InvalidAccessKeyId.NotFound",
}  # fmt: skip
# Answers about the key itself, whatever the signature.
_ABOUT_KEY = _CREDENTIALS - {"SignatureDoesNotMatch"}


@dataclass(slots=True)
class _Way:
    """Where a bucket is asked, and how the questions are signed; found out by the first one."""

    endpoint: str
    region: str
    version: int = 4


class Bucket:
    """Reads from one bucket."""

    def __init__(self, key: Key, endpoint: str, region: str, name: str) -> None:
        self.key, self.name = key, name
        self.way = _Way(endpoint, region)
        self._found = False

    @property
    def place(self) -> str:
        return f"oss://{self.name}/"

    def objects(self, prefix: str, *, most: int | None = None) -> Iterator[Stored]:
        """The objects whose keys begin so, in the order of their keys."""
        parameters = {
            "list-type": "2",
            "max-keys": str(most or PAGE),
            "encoding-type": "url",
            "prefix": prefix,
        }
        parameters = {name: value for name, value in parameters.items() if value}
        seen: set[str] = set()
        while True:
            found, token = self._page(parameters)
            yield from found
            if not token:
                return
            if token in seen:
                raise StoreError("failed", f"Listing {self.place} got the same page again and again.")
            seen.add(token)
            parameters["continuation-token"] = token

    @contextmanager
    def open(self, stored: Stored) -> Iterator[Body]:
        """The object, if it still is the one that was listed."""
        try:
            with answered(
                lambda: self._get(stored.path, {}, {"If-Match": f'"{stored.etag}"'}), explain
            ) as answer:
                told = answer.headers.get("Content-MD5")
                yield Body(chunks(answer), base64.b64decode(told) if told else None)
        except Refused as refused:
            if refused.status == 412 or refused.code == "NoSuchKey":
                raise IncompleteError(
                    f"{self.place}{stored.path} was replaced while it was read: try again when it is complete."
                ) from refused
            raise self._told("oss:GetObject", refused) from refused

    def _page(self, parameters: dict[str, str]) -> tuple[list[Stored], str | None]:
        try:
            page: tuple[list[Stored], str | None] = self._asked(parameters)
        except Refused as refused:
            if refused.code == "NoSuchBucket":
                raise InputError(f"There is no bucket {self.name} in OSS: check the address.") from refused
            raise self._told("oss:ListObjects", refused) from refused
        self._found = True
        return page

    def _asked(self, parameters: dict[str, str]) -> Any:
        """One page. The first time, the way to ask is changed as long as the bucket says that it is wrong."""
        first: Refused | None = None
        while True:
            try:
                return call(lambda: self._get("", parameters, {}), explain, f"Listing {self.place}", listed)
            except Refused as refused:
                if self._found or not self.change(refused):
                    raise (first if first and refused.code == "SignatureDoesNotMatch" else refused) from None
                first = first or refused

    def change(self, refused: Refused) -> bool:
        """Whether the bucket may be asked in another way: at the endpoint it names, or with the older signature."""
        host = refused.endpoint.rpartition("//")[2]
        match = _REGION.match(host)
        if match and host != urlsplit(self.way.endpoint).hostname and not self._is_local():
            self.way = _Way(f"https://{host}", match["region"])
            return True
        if self.way.version == 4 and refused.status in (400, 403) and refused.code not in _ABOUT_KEY:
            self.way.version = 1
            return True
        return False

    def _is_local(self) -> bool:
        return is_loopback(urlsplit(self.way.endpoint).hostname or "")

    def signed(self, asked: Asked) -> dict[str, str]:
        """The headers of a request, in the way that is known so far."""
        now = datetime.now(UTC)
        if self.way.version == 4:
            return version_4(asked, self.key, self.way.region, now)
        return version_1(asked, self.key, now)

    def _get(self, path: str, parameters: dict[str, str], headers: dict[str, str]) -> requests.Response:
        signed = self.signed(Asked(self.name, path, parameters, headers))
        query = f"?{encoded(parameters)}" if parameters else ""
        return get_signed(f"{self.base()}/{quote(path, safe='')}{query}", signed)

    def base(self) -> str:
        """What stands before the key of an object."""
        parts = urlsplit(self.way.endpoint)
        if self._is_local():  # where no name can be put before an address
            return f"{self.way.endpoint}/{self.name}"
        return f"{parts.scheme}://{self.name}.{parts.netloc}"

    def _told(self, action: str, refused: Refused) -> Exception:
        if refused.code in _CREDENTIALS:
            return CredentialsError(
                f"Alibaba Cloud refused the credentials for {self.place} ({refused.code})."
            )
        if refused.status == 403:
            return StoreError("denied", f"{action} is denied for {self.place} {refused.told}.")
        return StoreError("failed", f"{action} failed for {self.place} {refused.told}.")


def connect(name: str) -> Bucket:
    """The bucket, as the credentials of the environment or of the command line see it."""
    region = find_region() or DEFAULT_REGION
    endpoint, _ = endpoint_of(
        {
            "ALIBABA_CLOUD_ENDPOINT_OSS": "OSS",
            "FINOPS_ALIBABA_ENDPOINT": "every product of Alibaba Cloud",
            "ALIBABA_CLOUD_OSS_ENDPOINT": "OSS, as other tools call it",
        },
        f"https://oss-{region}.aliyuncs.com",
    )
    match = _REGION.match(urlsplit(endpoint).hostname or "")
    return Bucket(find_key(), endpoint, match["region"] if match else region, name)


def listed(content: bytes) -> tuple[list[Stored], str | None]:
    """The objects of a page of ListObjectsV2, and how to go on. Raises ValueError for what is none."""
    root = parsed(content)
    if name_of(root) != "ListBucketResult":
        raise ValueError(f"{name_of(root)[:40]} is no list of objects")
    plain = unquote if _own(root, "EncodingType") == "url" else str
    found = [
        Stored(
            plain(_own(each, "Key")),
            int(_own(each, "Size")),
            datetime.fromisoformat(_own(each, "LastModified")).astimezone(UTC).replace(tzinfo=None),
            _own(each, "ETag").strip('"'),
        )
        for each in root
        if name_of(each) == "Contents"
    ]
    if _own(root, "IsTruncated") != "true":
        return found, None
    token = plain(_own(root, "NextContinuationToken"))
    if not token:
        raise ValueError("a page that is not the last one does not say how to go on")
    return found, token


def _own(element: ElementTree.Element, name: str) -> str:
    """The text of a direct child."""
    return next((each.text or "" for each in element if name_of(each) == name), "")
