"""A heartbeat URL hears of a night's start and end; that it is deaf is said without its address, and changes nothing."""

import socket
import time
from collections.abc import Iterator

import pytest

from finops.config import Settings
from finops.errors import IncompleteError
from finops.pipeline.delivery import heart
from finops.pipeline.delivery.heart import Heart
from finops.pipeline.nightly import NightDone
from tests.finops.pipeline.delivery.nights import DONE, failed
from tests.servers.listeners import Ear, listener

UUID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heart, "sleep", lambda _: None)


@pytest.fixture
def ear() -> Iterator[Ear]:
    with listener() as open_:
        yield open_


def made(monkeypatch: pytest.MonkeyPatch, port: int, **over: object) -> tuple[Heart, list[str]]:
    monkeypatch.setenv("BEAT", f"http://127.0.0.1:{port}/ping/{UUID}")
    said: list[str] = []
    return Heart(Settings.model_validate({"heartbeat": {"url": "env:BEAT", **over}}), said.append), said


def test_a_night_that_goes_well_beats_at_its_start_and_with_its_last_lines_at_its_end(
    monkeypatch: pytest.MonkeyPatch, ear: Ear
) -> None:
    beat, said = made(monkeypatch, ear.port, log_lines=2)
    beat.start()
    beat.end(NightDone("0a1b2c3d", list(DONE)))
    assert [(way, path) for way, path, _ in ear.heard] == [
        ("POST", f"/ping/{UUID}/start"),
        ("POST", f"/ping/{UUID}"),
    ]
    assert ear.heard[1][2].splitlines() == ["audit: done.", "report: done."]
    assert said == []


def test_a_night_that_is_incomplete_ends_with_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, ear: Ear
) -> None:
    beat, _ = made(monkeypatch, ear.port, start=False)
    beat.start()
    night = NightDone(
        "0a1b2c3d", [failed("collect", "aws", "AWS said no.")], [IncompleteError("AWS said no.")]
    )
    beat.end(night)
    ((_, path, body),) = ear.heard
    assert path == f"/ping/{UUID}/3"
    assert body == "collect aws: failed. AWS said no.\nAWS said no."


def test_a_night_that_is_stopped_says_fail_once(monkeypatch: pytest.MonkeyPatch, ear: Ear) -> None:
    ear.status = 500
    beat, said = made(monkeypatch, ear.port)
    beat.fail("stopped", NightDone("0a1b2c3d"))
    assert [(path, body) for _, path, body in ear.heard] == [(f"/ping/{UUID}/fail", "stopped")]
    assert said == ["The heartbeat was not heard: heartbeat.url answered with status 500."]


def test_a_url_that_fails_is_tried_three_times_and_a_night_goes_on(
    monkeypatch: pytest.MonkeyPatch, ear: Ear
) -> None:
    ear.answers = [503, 503]
    beat, said = made(monkeypatch, ear.port)
    beat.start()
    assert (len(ear.heard), said) == (3, [])
    ear.status = 404
    beat.start()
    assert len(ear.heard) == 6
    assert said == ["The heartbeat was not heard: heartbeat.url answered with status 404."]


def test_a_night_that_is_stopped_does_not_wait_for_a_deaf_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heart, "_AT_THE_END", 1.2)
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes calls and never answers
        beat, said = made(monkeypatch, deaf.getsockname()[1])
        began = time.monotonic()
        beat.fail("stopped", NightDone("0a1b2c3d"))
        assert time.monotonic() - began < 2
    assert len(said) == 1
    assert UUID not in said[0]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/0f1e2d3c", "no address 0f1e2d3c", "http://[0f1e2d3c"])
def test_a_url_that_cannot_be_reached_is_said_without_it(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    beat, said = made(monkeypatch, 1)
    monkeypatch.setenv("BEAT", url)
    beat.start()
    assert len(said) == 1
    assert said[0].startswith("The heartbeat was not heard: heartbeat.url did not answer")
    assert "0f1e2d3c" not in said[0]


def test_a_variable_that_is_not_set_is_named_and_no_url_is_no_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    beat, said = made(monkeypatch, 1)
    monkeypatch.delenv("BEAT")
    beat.start()
    assert said == ["The heartbeat was not heard: heartbeat.url: the variable BEAT is not set."]
    silent = Heart(Settings(), said.append)
    silent.start()
    silent.fail("stopped", NightDone("0a1b2c3d"))
    silent.end(NightDone("0a1b2c3d"))
    assert len(said) == 1


def test_a_url_that_sends_elsewhere_was_not_told(monkeypatch: pytest.MonkeyPatch, ear: Ear) -> None:
    ear.status = 301
    beat, said = made(monkeypatch, ear.port)
    beat.end(NightDone("0a1b2c3d"))
    assert said == ["The heartbeat was not heard: heartbeat.url answered with status 301."]


def test_parameters_of_the_url_stay_behind_what_it_is_told(monkeypatch: pytest.MonkeyPatch, ear: Ear) -> None:
    beat, _ = made(monkeypatch, ear.port)
    monkeypatch.setenv("BEAT", f"http://127.0.0.1:{ear.port}/ping/{UUID}?create=1")
    beat.start()
    assert ear.heard[0][1] == f"/ping/{UUID}/start?create=1"


def test_a_line_that_is_no_text_is_told_all_the_same(monkeypatch: pytest.MonkeyPatch, ear: Ear) -> None:
    beat, said = made(monkeypatch, ear.port)
    beat.end(NightDone("0a1b2c3d", [failed("ingest", "a\udcff", "no")]))
    assert ear.heard[0][2] == "ingest a?: failed. no"
    assert said == []
