"""OSS as one account sees it: signed GET requests.

OSS is not of the kind of API that the SDK's core speaks: addresses are per bucket, answers are XML.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree

import requests

from collectors.alibaba.answers import Answer
from collectors.alibaba.api import Api
from collectors.alibaba.client import Session
from collectors.alibaba.credentials import Key
from collectors.alibaba.oss_signing import Asked, encoded, version_1, version_4
from collectors.alibaba.oss_xml import explain, parsed
from collectors.alibaba.products import DIRECTLY, address_of
from collectors.bills.stores.calling import Refused, call, get_signed
from collectors.bills.stores.reading import StoreError
from collectors.calls import METER, CallError
from finops.errors import CredentialsError

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
