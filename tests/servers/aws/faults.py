"""What goes wrong on purpose in the local AWS."""

from typing import Any

from tests.servers import trouble

KINDS = (
    "throttle",
    "error",
    "http500",
    "http502html",
    "http503empty",
    "denied",
    "expired",
    "disabled",
    "reset",
    "hang",
    "truncate",
    "short",
    "slow",
)
NAMES = ("service", "operation", "region", "account")


class Trouble(trouble.Trouble):
    """The faults, token buckets and delays of the local AWS."""

    def __init__(self) -> None:
        super().__init__(KINDS, NAMES)


def cut(environ: dict[str, Any]) -> ConnectionError:
    return trouble.cut(environ["werkzeug.socket"])


def truncated(
    environ: dict[str, Any], status: str, headers: list[tuple[str, str]], body: bytes
) -> ConnectionError:
    return trouble.truncated(environ["werkzeug.socket"], status, headers, body)
