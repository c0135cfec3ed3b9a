"""Google Cloud Storage: google-auth's session and the JSON API, two calls of it (list, get)."""

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import google.auth
import requests
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, TransportError
from google.auth.transport.requests import AuthorizedSession

from collectors.bills.objects import Stored
from collectors.bills.stores.calling import TIMEOUT, Refused, answered, call, chunks
from collectors.bills.stores.reading import Body, BrokenOffError, StoreError
from collectors.endpoints import endpoint_of
from finops import __version__
from finops.errors import CredentialsError, IncompleteError, InputError

SCOPE = "https://www.googleapis.com/auth/devstorage.read_only"
PAGE = 1000  # the most a page may hold
_FIELDS = "nextPageToken,items(name,size,generation,updated,md5Hash)"
_HEADERS = {
    "Accept-Encoding": "gzip",
    "User-Agent": f"finops/{__version__}",
}  # gzip: as stored, not unpacked by Google


class Bucket:
    """Reads from one bucket."""

    def __init__(self, session: requests.Session, endpoint: str, name: str) -> None:
        self.session, self.endpoint, self.name = session, endpoint, name
        self._md5: dict[str, bytes] = {}

    @property
    def place(self) -> str:
        return f"gs://{self.name}/"

    def objects(self, prefix: str, *, most: int | None = None) -> Iterator[Stored]:
        """The objects whose keys begin so, in the order of their keys."""
        parameters = {"prefix": prefix, "maxResults": str(most or PAGE), "fields": _FIELDS}
        seen: set[str] = set()
        while True:
            page = self._page(parameters)
            for item in page.get("items", []):
                yield self._stored(item)
            token = page.get("nextPageToken")
            if not token:
                return
            if token in seen:
                raise StoreError("failed", f"Listing {self.place} got the same page again and again.")
            seen.add(token)
            parameters["pageToken"] = token

    @contextmanager
    def open(self, stored: Stored) -> Iterator[Body]:
        """The object, if it still is the one that was listed."""
        parameters = {"alt": "media", "generation": stored.etag}
        try:
            with answered(
                lambda: self._get(f"/{quote(stored.path, safe='')}", parameters), explain
            ) as answer:
                yield Body(chunks(answer), self._md5.get(stored.path))
        except Refused as refused:
            if refused.status in (404, 412):
                raise IncompleteError(
                    f"{self.place}{stored.path} was replaced while it was read: try again when it is complete."
                ) from refused
            raise self._told("storage.objects.get", refused) from refused

    def _page(self, parameters: dict[str, str]) -> dict[str, Any]:
        def understand(content: bytes) -> dict[str, Any]:
            import json

            page = json.loads(content)
            for item in page.get("items", []):
                _ = item["name"], int(item["size"]), item["generation"], _instant(item["updated"])
            return dict(page)

        try:
            page: dict[str, Any] = call(
                lambda: self._get("", parameters), explain, f"Listing {self.place}", understand
            )
        except Refused as refused:
            if refused.status == 404:
                raise InputError(
                    f"There is no bucket {self.name} in Google Cloud Storage: check the address."
                ) from refused
            raise self._told("storage.objects.list", refused) from refused
        return page

    def _stored(self, item: dict[str, Any]) -> Stored:
        if item.get("md5Hash"):  # which an object that was composed of others does not have
            self._md5[item["name"]] = base64.b64decode(item["md5Hash"])
        return Stored(item["name"], int(item["size"]), _instant(item["updated"]), str(item["generation"]))

    def _get(self, path: str, parameters: dict[str, str]) -> requests.Response:
        url = f"{self.endpoint}/storage/v1/b/{quote(self.name, safe='')}/o{path}"
        try:
            return self.session.get(
                url, params=parameters, headers=_HEADERS, stream=True, timeout=TIMEOUT, allow_redirects=False
            )
        except TransportError as error:
            raise BrokenOffError(f"no answer ({' '.join(str(error).split())[:200]})") from error
        except GoogleAuthError as error:
            raise _no_credentials(error) from error

    def _told(self, permission: str, refused: Refused) -> Exception:
        if refused.status == 401:
            return CredentialsError(f"Google refused the credentials for {self.place} {refused.told}.")
        if refused.status == 403:
            return StoreError("denied", f"{permission} is denied for {self.place} {refused.told}.")
        return StoreError("failed", f"{permission} failed for {self.place} {refused.told}.")


def connect(name: str, scope: str = SCOPE) -> Bucket:
    """The bucket, as the default credentials see it; on this machine without credentials anonymously."""
    endpoint, local = endpoint_of(
        {"FINOPS_GCP_ENDPOINT": "every API of Google"}, "https://storage.googleapis.com"
    )
    if local and not _has_credentials():
        return Bucket(requests.Session(), endpoint, name)
    try:
        credentials, _ = google.auth.default(scopes=[scope])
    except DefaultCredentialsError as error:
        raise CredentialsError(
            "No Google credentials were found: set GOOGLE_APPLICATION_CREDENTIALS, or log in with gcloud auth "
            "application-default login."
        ) from error
    except GoogleAuthError as error:
        raise _no_credentials(error) from error
    session: requests.Session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
    return Bucket(session, endpoint, name)


def explain(answer: requests.Response) -> Refused:
    """What an error of the API says."""
    try:
        error = answer.json()["error"]
        reason = (error.get("errors") or [{}])[0].get("reason") or error.get("status") or answer.status_code
        return Refused(answer.status_code, str(reason), str(error.get("message", "")))
    except (ValueError, KeyError, TypeError, AttributeError, requests.exceptions.RequestException):
        return Refused(answer.status_code, str(answer.status_code), "")


def _has_credentials() -> bool:
    """Whether a file of credentials is there: a machine of Google's need not be asked on loopback."""
    if os.environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
        return True
    folder = os.environ.get("CLOUDSDK_CONFIG") or Path.home() / ".config" / "gcloud"
    return Path(folder, "application_default_credentials.json").is_file()


def _no_credentials(error: Exception) -> CredentialsError:
    return CredentialsError(
        f"The Google credentials cannot be used: {' '.join(str(error).split())[:300].rstrip('.')}."
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
