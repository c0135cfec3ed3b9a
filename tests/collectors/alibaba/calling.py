"""Calls of one client against the local Alibaba Cloud, without a collection around them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from aliyunsdkcore.http.http_response import HttpResponse

from collectors.alibaba import client as module
from collectors.alibaba.client import Session
from collectors.alibaba.credentials import Key, Keys
from collectors.pace import Pace
from tests.servers.alibaba.cloud import ACCOUNT, Cloud

REGION = "cn-hangzhou"
WHERE = f"in account {ACCOUNT}, region {REGION}"


def key_of(env: Mapping[str, str]) -> Key:
    """The key that an environment of the local cloud has."""
    names = ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN")
    found = [env.get(f"ALIBABA_CLOUD_{name}") for name in names]
    assert found[0] is not None
    assert found[1] is not None
    return Key(found[0], found[1], found[2])


def session_of(cloud: Cloud, env: Mapping[str, str] | None = None) -> Session:
    """A session at the local cloud, as its administrator unless told."""
    return Session(Keys(key_of(env or cloud.env)), ACCOUNT, endpoint=cloud.endpoint)


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow one another at once, and nobody waits for a turn."""
    monkeypatch.setattr(module, "_LONGEST_WAIT", 0.01)
    monkeypatch.setattr(Pace, "wait", lambda self: None)


@contextmanager
def overheard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """Host and address of every request that the SDK sends, parameters and signature included."""
    heard: list[tuple[str, str]] = []
    send = HttpResponse.get_response_object

    def listening(self: HttpResponse) -> Any:
        heard.append((self.get_host(), self.get_url()))
        return send(self)

    with monkeypatch.context() as patch:
        patch.setattr(HttpResponse, "get_response_object", listening)
        yield heard
