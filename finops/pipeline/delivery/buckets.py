"""One object into Alibaba OSS or Google Cloud Storage, signed as the collectors sign what they read."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import requests

from finops import __version__
from finops.errors import CredentialsError, FinopsError, UsageError
from finops.pipeline.delivery.sending import UndeliveredError

_WRITE = "https://www.googleapis.com/auth/devstorage.read_write"

Put = Callable[[str, bytes, str], None]


def oss(bucket: str, prefix: str) -> Put:
    """Writes to a bucket of OSS. Raises CredentialsError without credentials."""
    from collectors.alibaba.oss_signing import Asked
    from collectors.alibaba.oss_xml import explain
    from collectors.bills.stores import oss as reading
    from collectors.bills.stores.calling import Refused, send_signed

    desk = reading.connect(bucket)

    def put(name: str, content: bytes, kind: str) -> None:
        sum_ = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        key, headers = prefix + name, {"Content-Type": kind, "Content-MD5": sum_}

        def send() -> requests.Response:
            signed = desk.signed(Asked(bucket, key, {}, headers, "PUT"))
            return send_signed("PUT", f"{desk.base()}/{quote(key, safe='')}", signed, content=content)

        while True:
            try:
                _answered(send, explain, f"oss://{bucket}")
            except Refused as refused:
                if desk.change(refused):  # another endpoint, or the older signature
                    continue
                raise _told(refused, f"oss://{bucket}", "oss:PutObject") from refused
            return

    return put


def gcs(bucket: str, prefix: str) -> Put:
    """Writes to a bucket of Google Cloud Storage. Raises CredentialsError without credentials."""
    from google.auth.exceptions import GoogleAuthError, TransportError

    from collectors.bills.stores import gcs as reading
    from collectors.bills.stores.calling import TIMEOUT, Refused

    desk = reading.connect(bucket, _WRITE)
    url = f"{desk.endpoint}/upload/storage/v1/b/{quote(bucket, safe='')}/o"

    def put(name: str, content: bytes, kind: str) -> None:
        def send() -> requests.Response:
            return desk.session.post(
                url,
                params={"uploadType": "media", "name": prefix + name},
                data=content,
                headers={"Content-Type": kind, "User-Agent": f"finops/{__version__}"},
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            )

        try:
            _answered(send, reading.explain, f"gs://{bucket}")
        except Refused as refused:
            raise _told(refused, f"gs://{bucket}", "storage.objects.create") from refused
        except TransportError as error:
            raise UndeliveredError(f"gs://{bucket} did not answer ({type(error).__name__})") from error
        except GoogleAuthError as error:
            raise CredentialsError(
                f"The Google credentials for gs://{bucket} cannot be used ({error})."
            ) from error

    return put


def _answered(send: Callable[[], requests.Response], explain: Any, place: str) -> None:
    """Sends once. Raises Refused for a no, UndeliveredError where another attempt may help."""
    from collectors.bills.stores.calling import answered
    from collectors.bills.stores.reading import BrokenOffError

    try:
        with answered(send, explain):
            pass
    except BrokenOffError as error:
        raise UndeliveredError(f"{place} is at fault: {error}") from error


def _told(refused: Any, place: str, permission: str) -> FinopsError:
    if refused.status == 401 or "AccessKeyId" in refused.code or "Signature" in refused.code:
        return CredentialsError(f"The credentials for {place} were refused {refused.told}.")
    if refused.status == 403:
        return UsageError(f"{permission} is denied for {place} {refused.told}.")
    return UsageError(f"{place} does not take the files {refused.told}.")
