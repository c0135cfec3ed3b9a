"""Credentials that are not there, or are no good: told in a sentence that never shows a secret."""

import json
from pathlib import Path
from typing import Any

import pytest
from google.oauth2 import service_account

from collectors.gcp.catalogue import _connected
from collectors.gcp.client import Session
from collectors.gcp.credentials import Credentials, default
from collectors.gcp.services import READ_ONLY
from finops.errors import CredentialsError
from tests.finops.stub_collectors import nobody


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home where nobody has logged in, on no machine of Google's."""
    nobody(monkeypatch, tmp_path)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    return tmp_path


def refused() -> str:
    with pytest.raises(CredentialsError) as error:
        default(READ_ONLY)
    return str(error.value)


def test_without_any_the_ways_to_have_some_are_told() -> None:
    assert refused().startswith(
        "No Google credentials were found: set GOOGLE_APPLICATION_CREDENTIALS, or log in"
    )


SERVICE = {
    "type": "service_account",
    "client_email": "a@b",
    "token_uri": "https://x",
    "private_key": "hunter2",
}


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        "\x00\xff",
        json.dumps({"type": "authorized_user", "client_secret": "hunter2"}),
        json.dumps({"type": "external_account", "audience": "x"}),
        json.dumps({"type": "impersonated_service_account"}),
        json.dumps({"type": "hunter"}),
        json.dumps({"type": "service_account"}),
        json.dumps(SERVICE),
    ],
)
def test_a_file_that_is_no_good_is_named_without_its_secrets(
    content: str, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    path = home / "key.json"
    path.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    told = refused()
    assert told.startswith(
        f"The Google credentials that GOOGLE_APPLICATION_CREDENTIALS names ({path}) cannot be"
    )
    assert "hunter2" not in told


@pytest.mark.parametrize("name", ["nowhere.json", ""])
def test_a_file_that_is_not_there_or_none_is_named(
    name: str, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(home / name))
    assert str(home / name) in refused()


def test_a_login_that_is_no_good_is_told_as_such(home: Path) -> None:
    path = home / ".config" / "gcloud" / "application_default_credentials.json"
    path.parent.mkdir(parents=True)
    broken: Any = {"type": "authorized_user"}
    path.write_text(json.dumps(broken))
    assert refused().startswith("The Google credentials cannot be used: ")


class Known(Credentials):
    """Somebody whose credentials are there already."""

    def __init__(self, found: Any) -> None:
        super().__init__()
        self.found = found

    def of(self, scope: str) -> Any:
        return self.found


def test_the_catalogue_is_asked_with_the_token_that_everything_else_is_asked_with() -> None:
    own = service_account.Credentials(None, "a@b", "https://x/token", scopes=[READ_ONLY])  # type: ignore[no-untyped-call]
    with _connected(Session(Known(own), "team-a", endpoint="http://127.0.0.1:1")) as cloud:
        transport: Any = cloud.transport
        assert (
            transport._session.credentials is own
        )  # and no copy that signs a token for Google's own address
        assert transport.host == "http://127.0.0.1:1"
