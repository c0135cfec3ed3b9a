"""Credentials as Google's own tools find them, and connections that use them.

A service account's or a user's file, workload identity, the metadata server of a machine of Google's: `google.auth`
knows them all. On this machine, where a server of tests or a proxy listens, nobody has to have any.
"""

import os
import threading
from pathlib import Path
from typing import Any

import google.auth
import requests
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.auth.transport.requests import AuthorizedSession, Request

from collectors.calls import METER
from collectors.conduct import ODD_SHAPES
from finops.errors import CredentialsError


class Credentials:
    """Whoever asks: credentials by scope, found when they are needed, and the connections of each thread."""

    def __init__(self, *, anonymous: bool = False) -> None:
        self.anonymous = anonymous
        self._found: dict[str, Any] = {}
        self._project: str | None = None
        self._lock, self._signing = threading.Lock(), threading.Lock()
        self._local = threading.local()

    def of(self, scope: str) -> Any:
        """Credentials for a scope. Raises CredentialsError where there are none."""
        with self._lock:
            if scope not in self._found:
                self._found[scope] = self._find(scope)
            return self._found[scope]

    @property
    def project(self) -> str | None:
        """The project that the credentials themselves name, once they were asked for."""
        return self._project

    def sign_in(self, scope: str) -> None:
        """Gets a token where there is none that is good: one thread asks for it, the others wait for the same."""
        found = self.of(scope)
        if not found.valid:
            with self._signing:
                if not found.valid:
                    found.refresh(Request())

    def http(self, scope: str, *, local: bool, counted: bool = False) -> requests.Session:
        """The calling thread's connections for a scope; `counted` when they keep the meter themselves."""
        known: dict[tuple[str, bool], requests.Session] = self._local.__dict__.setdefault("sessions", {})
        if (scope, counted) not in known:
            kind: Any = Counting if counted else AuthorizedSession
            known[scope, counted] = kind(self.of(scope))
            known[scope, counted].trust_env = not local  # no proxy leads to this machine
        return known[scope, counted]

    def _find(self, scope: str) -> Any:
        if self.anonymous:
            return AnonymousCredentials()  # type: ignore[no-untyped-call]
        found, project = default(scope)
        self._project = project
        return found


class Counting(AuthorizedSession):
    """Connections that keep the meter: for a library of Google's that makes more than one request at a time."""

    def request(self, *arguments: Any, **options: Any) -> requests.Response:
        """As AuthorizedSession's."""
        METER.sent += 1
        response: requests.Response = super().request(*arguments, **options)  # type: ignore[no-untyped-call]
        return response


def default(scope: str) -> tuple[Any, str | None]:
    """The usual credentials with their project. Raises CredentialsError where there are none."""
    try:
        return google.auth.default(scopes=[scope])
    except (GoogleAuthError, OSError, *ODD_SHAPES) as error:
        named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
        if isinstance(error, DefaultCredentialsError) and not named and not has_file():
            raise CredentialsError(
                "No Google credentials were found: set GOOGLE_APPLICATION_CREDENTIALS, or log in with gcloud auth "
                "application-default login."
            ) from error
        where = f" that GOOGLE_APPLICATION_CREDENTIALS names ({named})" if named else ""
        told = " ".join(str(error).split())[:300].rstrip(".")
        if not isinstance(error, GoogleAuthError | OSError | ValueError):
            told = f"that is no file of credentials ({type(error).__name__}: {told})"
        raise CredentialsError(f"The Google credentials{where} cannot be used: {told}.") from error


def has_file() -> bool:
    """Whether a file of credentials is there: a machine of Google's need not be asked on loopback."""
    if os.environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
        return True
    folder = os.environ.get("CLOUDSDK_CONFIG") or Path.home() / ".config" / "gcloud"
    return Path(folder, "application_default_credentials.json").is_file()
