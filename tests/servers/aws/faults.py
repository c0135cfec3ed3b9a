"""What goes wrong on purpose: injected faults, token buckets, latency."""

import random
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from tests.servers.aws.wire import Call

KINDS = frozenset(
    [
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
    ]
)
_MATCHED = ("service", "operation", "region", "account")


@dataclass
class Rule:
    """One injected fault and how often it strikes."""

    content: dict[str, Any]
    seen: int = 0
    chance: random.Random = field(default_factory=random.Random)

    def strikes(self, call: Call) -> bool:
        if any(self.content.get(name, getattr(call, name)) != getattr(call, name) for name in _MATCHED):
            return False
        self.seen += 1
        if "first" in self.content:
            return self.seen <= int(self.content["first"])
        if "every" in self.content:
            return self.seen % int(self.content["every"]) == 0
        return self.chance.random() < float(self.content.get("rate", 1))


@dataclass
class Bucket:
    """Tokens of one account, region and operation."""

    tokens: float
    full: float
    per_second: float
    filled: float

    def take(self) -> bool:
        now = time.monotonic()
        self.tokens = min(self.full, self.tokens + (now - self.filled) * self.per_second)
        self.filled = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Trouble:
    """All of it, switchable while the server runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        self.rules: list[Rule] = []
        self.latency: dict[str, float] = {}
        self._limits: list[dict[str, Any]] = []
        self._buckets: dict[tuple[str, ...], Bucket] = {}

    def set_rules(self, rules: list[dict[str, Any]]) -> None:
        for rule in rules:
            if rule.get("kind") not in KINDS:
                raise ValueError(f"no such kind of fault: {rule.get('kind')}")
            unknown = set(rule) - {
                "kind",
                "first",
                "every",
                "rate",
                "seed",
                "seconds",
                "code",
                "status",
                "message",
                *_MATCHED,
            }
            if unknown:
                raise ValueError(f"no such key in a fault: {', '.join(sorted(unknown))}")
        self.rules = [Rule(rule, chance=random.Random(rule.get("seed", 0))) for rule in rules]

    def set_limits(self, rules: list[dict[str, Any]]) -> None:
        with self._lock:
            self._limits, self._buckets = rules, {}

    def strike(self, call: Call) -> dict[str, Any] | None:
        """The first fault that hits this call. Every rule that matches counts the call."""
        with self._lock:
            struck = [rule.content for rule in self.rules if rule.strikes(call)]
        return struck[0] if struck else None

    def exhausted(self, call: Call) -> bool:
        """Whether a token bucket has nothing left for this call."""
        with self._lock:
            for limit in self._limits:
                if any(limit.get(name, getattr(call, name)) != getattr(call, name) for name in _MATCHED):
                    continue
                key = (call.account, call.region, call.service, call.operation)
                if key not in self._buckets:
                    tokens = float(limit["tokens"])
                    self._buckets[key] = Bucket(tokens, tokens, float(limit["per_second"]), time.monotonic())
                return not self._buckets[key].take()
        return False

    def delay(self, call: Call) -> float:
        """Added seconds: by operation, else by service, else for all."""
        for name in (f"{call.service}:{call.operation}", call.operation, call.service, "*"):
            if name in self.latency:
                return self.latency[name]
        return 0.0


def cut(environ: dict[str, Any]) -> ConnectionError:
    """Break the connection so that the client sees a reset; raise what is returned."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    return ConnectionAbortedError("cut on purpose")


def truncated(
    environ: dict[str, Any], status: str, headers: list[tuple[str, str]], body: bytes
) -> ConnectionError:
    """Announce the whole body, send half of it, close in good order; raise what is returned."""
    connection: socket.socket = environ["werkzeug.socket"]
    kept = [pair for pair in headers if pair[0].lower() not in ("content-length", "connection")]
    head = "".join(f"{name}: {value}\r\n" for name, value in [*kept, ("Content-Length", str(len(body)))])
    connection.sendall(f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + body[: len(body) // 2])
    connection.shutdown(socket.SHUT_WR)
    time.sleep(0.05)
    connection.close()
    return ConnectionAbortedError("truncated on purpose")
