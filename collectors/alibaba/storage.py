"""OSS: the buckets of an account with what they hold and whether anything ever leaves them, by signed GET requests.

OSS is not of the kind of API that the SDK's core speaks: addresses are per bucket, answers are XML.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import requests

from collectors.alibaba.answers import Answer, utc
from collectors.alibaba.api import Api
from collectors.alibaba.client import Session
from collectors.alibaba.credentials import Key
from collectors.alibaba.oss_signing import Asked, encoded, version_1, version_4
from collectors.alibaba.oss_xml import explain, name_of, named, parsed, text
from collectors.alibaba.products import DIRECTLY, address_of
from collectors.bills.stores.calling import Refused, call, get_signed
from collectors.bills.stores.reading import StoreError
from collectors.calls import METER, CallError
from collectors.conduct import Crew, Rows
from collectors.regions import Problems, ask_telling, beside, bring
from collectors.rows import Raw, number, place
from finops.errors import CredentialsError
from finops.warehouse import Scope

LIST_BUCKETS = Api("oss", "ListBuckets", "oss:ListBuckets", page=1000)
GET_STAT = Api("oss", "GetBucketStat", "oss:GetBucketStat")
GET_LIFECYCLE = Api("oss", "GetBucketLifecycle", "oss:GetBucketLifecycle")

_DENIED = 403


@dataclass(slots=True)
class Oss:
    """OSS as one account sees it. The newer signature is tried first; where it is not understood, the older one."""

    session: Session
    home: str
    version: int = 4

    def get(self, api: Api, region: str, bucket: str = "", **parameters: str) -> ElementTree.Element:
        """One answer. Raises CallError, or CredentialsError for the key itself."""
        try:
            return self._asked(api, region, bucket, parameters)
        except Refused as refused:
            if self.version != 4 or refused.status not in (400, 401, _DENIED):
                raise self._told(api, region, bucket, refused) from refused
            first = refused
        self.version = 1
        try:
            return self._asked(api, region, bucket, parameters)
        except Refused:
            self.version = 4
            raise self._told(api, region, bucket, first) from first

    def _asked(
        self, api: Api, region: str, bucket: str, parameters: Mapping[str, str]
    ) -> ElementTree.Element:
        what = f"{api.action} {self._where(region, bucket)}"
        try:
            return self._called(region, bucket, parameters, what)
        except StoreError as error:
            raise CallError("failed", "Store", str(error)) from error

    def _called(
        self, region: str, bucket: str, parameters: Mapping[str, str], what: str
    ) -> ElementTree.Element:
        """With another key where the first has expired on the way."""
        key = self.session.keys.key()
        try:
            found: ElementTree.Element = call(
                lambda: self._send(region, bucket, parameters, key), explain, what, parsed
            )
        except Refused as refused:
            kind = Answer.refused(refused.status, refused.code, "").kind
            if kind != "expired" or not self.session.keys.renew(key):
                raise
            key = self.session.keys.key()
            found = call(lambda: self._send(region, bucket, parameters, key), explain, what, parsed)
        return found

    def _send(self, region: str, bucket: str, parameters: Mapping[str, str], key: Key) -> requests.Response:
        METER.sent += 1
        now = datetime.now(UTC)
        asked = Asked(bucket, "", dict(parameters), {})
        signed = version_4(asked, key, region, now) if self.version == 4 else version_1(asked, key, now)
        address, local = address_of("oss", region, self.session.endpoint)
        parts = urlsplit(address)
        base = (
            f"{address}/{bucket}"
            if local
            else f"{parts.scheme}://{bucket + '.' if bucket else ''}{parts.netloc}"
        )
        query = f"?{encoded(dict(parameters))}" if parameters else ""
        slash = "" if local and not bucket else "/"
        return get_signed(f"{base}{slash}{query}", signed, proxies=DIRECTLY if local else None)

    def _where(self, region: str, bucket: str) -> str:
        of = f"of the bucket {bucket} " if bucket else ""
        return f"{of}in account {self.session.account}, region {region}"

    def _told(self, api: Api, region: str, bucket: str, refused: Refused) -> Exception:
        kind = Answer.refused(refused.status, refused.code, "").kind
        if kind in ("credentials", "expired") and refused.code != "SignatureDoesNotMatch":
            return CredentialsError(f"Alibaba Cloud refused the credentials for OSS ({refused.code}).")
        where = self._where(region, bucket)
        if kind == "denied" or refused.status == _DENIED:
            hint = "finops permissions alibaba prints the policy that allows it"
            return CallError(
                "denied", refused.code, f"{api.action} is denied {where} ({refused.code}); {hint}."
            )
        status = "skipped" if kind == "absent" else "failed"
        return CallError(status, refused.code, f"{api.action} failed {where} {refused.told}.")


# --- buckets ----------------------------------------------------------------------------------------------


def collect_buckets(scope: Scope, crew: Crew, oss: Oss) -> None:
    """The buckets of a region. The list is of the whole account, so one region asks for all of them."""
    with crew.sharing(("buckets", scope.account_id)) as listed:
        if not listed:
            listed.append(crew.get(f"buckets of account {scope.account_id}", get_buckets, oss))
    every = listed[0].result()
    if every.error is not None:
        crew.missed(scope, every.error, every.calls)
        return
    mine = [dict(one) for one in every.value or () if one["region"] == scope.region]
    asked = ask_telling(scope, crew, get_details, oss, mine)
    bring(crew, asked, lambda raw: transform_buckets(raw, scope))


def get_buckets(oss: Oss) -> Raw:
    """All buckets of the account, whatever their region: name, region, class, creation."""
    found: Raw = []
    parameters = {"max-keys": str(LIST_BUCKETS.page)}
    while True:
        page = oss.get(LIST_BUCKETS, oss.home, **parameters)
        if name_of(page) != "ListAllMyBucketsResult":
            raise ValueError(f"{page.tag[:40]} is no list of buckets")
        found += [
            {
                "name": text(one, "Name"),
                "region": text(one, "Location").removeprefix("oss-"),
                "class": text(one, "StorageClass") or None,
                "created": text(one, "CreationDate"),
            }
            for one in named(page, "Bucket")
        ]
        marker = text(page, "NextMarker")
        if text(page, "IsTruncated") != "true" or not marker or parameters.get("marker") == marker:
            return found
        parameters["marker"] = marker


def get_details(oss: Oss, buckets: Raw, problems: Problems) -> Raw:
    """What each bucket of a region holds, and its lifecycle rules."""
    asked: dict[str, Callable[[dict[str, Any]], Any]] = {
        "stat": lambda one: oss.get(GET_STAT, one["region"], one["name"], stat=""),
        "lifecycle": lambda one: _lifecycle(oss, one),
    }
    refused: set[str] = set()
    for one in buckets:
        for name, ask in asked.items():
            one[name] = None
            if name not in refused:
                before = len(problems)
                one[name] = beside(problems, lambda ask=ask, one=one: ask(one))  # type: ignore[misc]
                if len(problems) > before and "denied" in problems[-1]:
                    refused.add(name)  # for one bucket, so for the others: a policy is about the call
    return buckets


def _lifecycle(oss: Oss, bucket: Mapping[str, Any]) -> list[ElementTree.Element]:
    """Rules that are in force; none where there never were any."""
    try:
        answer = oss.get(GET_LIFECYCLE, bucket["region"], bucket["name"], lifecycle="")
    except CallError as error:
        if error.code == "NoSuchLifecycle":
            return []
        raise
    return [rule for rule in named(answer, "Rule") if text(rule, "Status") == "Enabled"]


def transform_buckets(raw: Raw, scope: Scope) -> Rows:
    """Rows of buckets."""
    return {
        "buckets": [
            {
                **place(scope),
                "bucket_id": one["name"],
                "storage_class": one["class"],
                "stored_bytes": number(text(one["stat"], "Storage")) if one["stat"] is not None else None,
                "objects": _whole(one["stat"]),
                "has_lifecycle": None if one["lifecycle"] is None else any(map(_moves, one["lifecycle"])),
                "aborts_uploads": None if one["lifecycle"] is None else any(map(_aborts, one["lifecycle"])),
                "created_at": utc(one["created"]),
            }
            for one in raw
        ]
    }


def _whole(stat: ElementTree.Element | None) -> int | None:
    found = number(text(stat, "ObjectCount")) if stat is not None else None
    return None if found is None else int(found)


def _moves(rule: ElementTree.Element) -> bool:
    """Whether a rule moves or deletes objects."""
    kinds = ("Expiration", "Transition", "NoncurrentVersionExpiration", "NoncurrentVersionTransition")
    return any(named(rule, kind) for kind in kinds)


def _aborts(rule: ElementTree.Element) -> bool:
    return bool(named(rule, "AbortMultipartUpload"))
