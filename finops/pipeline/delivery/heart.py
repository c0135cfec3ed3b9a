"""A URL that hears when a night starts, ends and fails, as Healthchecks, Uptime Kuma and others offer it."""

import threading
from collections.abc import Callable, Sequence
from time import monotonic, sleep

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from finops import __version__
from finops.config import Settings
from finops.errors import FinopsError
from finops.masking import masked
from finops.pipeline.nightly.journal import Entry
from finops.pipeline.nightly.night import NightDone
from finops.secrets import resolve

_TRIES = 3
_TIMEOUT = 10  # seconds, to connect and for an answer
_AT_THE_END = 5  # seconds that telling of a signal may take in all: the night has to be over in 20


class _DeafError(Exception):
    """It did not answer, or not with yes; says so without the address."""


class Heart:
    """Tells that URL. That it cannot be reached is said, never with its address, and changes nothing."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._settings, self._say = settings.heartbeat, say

    def start(self) -> None:
        """A night begins."""
        if self._settings.start:
            self._beat("/start", "", _TRIES)

    def fail(self, why: str, night: NightDone) -> None:
        """It was stopped. Whoever stopped it is waiting: this takes a few seconds at most."""
        if self._settings.url is None:
            return
        lines = [*self._lines(night.entries), why]
        thread = threading.Thread(target=self._beat, args=("/fail", "\n".join(lines), 1), daemon=True)
        began = monotonic()
        thread.start()
        thread.join(_AT_THE_END)
        if thread.is_alive():
            self._say(f"The heartbeat URL did not answer in {round(monotonic() - began)} seconds.")

    def end(self, night: NightDone) -> None:
        """It is over, well or not; the exit code stands behind the address where it is not 0."""
        problem = night.problem
        lines = [*self._lines(night.entries), *([str(problem)] if problem else [])]
        self._beat(f"/{problem.exit_code}" if problem else "", "\n".join(lines), _TRIES)

    def _lines(self, entries: Sequence[Entry]) -> list[str]:
        told = [
            f"{one.step}{f' {one.part}' if one.part else ''}: {one.status}. {one.message or ''}".rstrip()
            for one in entries
        ]
        return told[-self._settings.log_lines :] if self._settings.log_lines else []

    def _beat(self, way: str, body: str, tries: int) -> None:
        if self._settings.url is None:
            return
        try:
            url = resolve(self._settings.url, setting="heartbeat.url").get_secret_value().rstrip("/")
            Retrying(
                retry=retry_if_exception_type(_DeafError),
                stop=stop_after_attempt(tries),
                wait=wait_exponential(multiplier=0.5, max=4),
                sleep=sleep,
                reraise=True,
            )(_post, _below(url, way), masked(body), _TIMEOUT if tries > 1 else _AT_THE_END - 1)
        except (_DeafError, FinopsError) as error:
            self._say(f"The heartbeat was not heard: {error}")


def _below(url: str, way: str) -> str:
    """The address of one kind of beat; parameters stay behind it."""
    place, mark, parameters = url.partition("?")
    return f"{place.rstrip('/')}{way}{mark}{parameters}"


def _post(url: str, body: str, timeout: float) -> None:
    try:
        answer = requests.post(
            url,
            data=body.encode(errors="replace"),
            timeout=timeout,
            allow_redirects=False,  # it would become a GET without the lines, or tell them to another host
            headers={"User-Agent": f"finops/{__version__}", "Content-Type": "text/plain; charset=utf-8"},
        )
    except (requests.RequestException, ValueError) as error:  # its words hold the address
        raise _DeafError(f"heartbeat.url did not answer ({type(error).__name__}).") from None
    if not 200 <= answer.status_code < 300:
        raise _DeafError(f"heartbeat.url answered with status {answer.status_code}.")
