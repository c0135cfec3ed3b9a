"""Tells people and other programs about a night: mail, chat, webhooks, folders, object stores, a heartbeat."""

from collections.abc import Callable

from finops.config import Settings
from finops.nightly_settings import Target
from finops.pipeline.nightly.night import NightDone
from finops.pipeline.nightly.steps import Context, Done


def deliver_to(context: Context, target: Target) -> Done:
    """Tells one target, unless it was told the same before."""
    return Done("")


class Heart:
    """A URL that hears when a night starts, ends and fails. That it cannot be reached is said and changes nothing."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._settings, self._say = settings, say

    def start(self) -> None: ...

    def fail(self, why: str, night: "NightDone") -> None: ...

    def end(self, night: "NightDone") -> None: ...
