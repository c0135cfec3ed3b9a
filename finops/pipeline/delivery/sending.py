"""A message and its files to one target, again while it fails."""

from collections.abc import Sequence
from pathlib import Path
from time import sleep
from typing import NoReturn

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from finops.masking import masked
from finops.nightly_settings import Target
from finops.pipeline.delivery.message import Message

_FIRST_PAUSE, _LONGEST_PAUSE = 2, 60  # seconds between two attempts


class UndeliveredError(Exception):
    """An attempt that failed; another one may do."""


class GivenUpError(Exception):
    """It failed as often as it may. `attempts` says how often."""

    def __init__(self, why: str, attempts: int) -> None:
        super().__init__(why)
        self.attempts = attempts


def send(target: Target, message: Message, files: Sequence[Path], day: str) -> tuple[str, int]:
    """Sends to a target and returns what went there, in words, and the number of attempts.

    `day` is what {date} in the address of a folder or bucket stands for. Raises GivenUpError after the last attempt
    and UsageError for what no further attempt would change; neither tells an address that is a secret.
    """
    attempts = 0

    def once() -> str:
        nonlocal attempts
        attempts += 1
        if target.kind == "secret":
            from finops.pipeline.delivery.apprising import tell

            return tell(target, message, files)
        from finops.pipeline.delivery.places import put

        return put(target, message, files, day)

    told = Retrying(
        retry=retry_if_exception_type(UndeliveredError),
        stop=stop_after_attempt(target.retries + 1),
        wait=wait_exponential(multiplier=_FIRST_PAUSE, max=_LONGEST_PAUSE) + wait_random(0, 1),
        sleep=sleep,
        retry_error_callback=_give_up,
    )(once)
    return told, attempts


def _give_up(state: RetryCallState) -> NoReturn:
    error = state.outcome.exception() if state.outcome else None
    raise GivenUpError(masked(str(error)), state.attempt_number) from None
