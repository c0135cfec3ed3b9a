"""What goes wrong on purpose, whatever the cloud: rules that strike calls, token buckets, latency, broken connections."""

import random
import socket
import struct
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

HOW_OFTEN = ("first", "every", "rate", "seed")
DETAILS = ("kind", "seconds", "code", "status", "message", "body")


@dataclass
class Rule:
    """One injected fault and how often it strikes."""

    content: dict[str, Any]
    seen: int = 0
    chance: random.Random = field(default_factory=random.Random)

    def counts(self) -> bool:
        """Whether it strikes this time; call once for each call that it concerns."""
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
    """All of it, switchable while the server runs.

    `names` are the attributes of a call that rules go by; the first two are the service and its operation.
    """

    def __init__(self, kinds: Collection[str], names: Sequence[str]) -> None:
        self._lock = threading.Lock()
        self._kinds, self._names = frozenset(kinds), tuple(names)
        self.clear()

    def clear(self) -> None:
        self.rules: list[Rule] = []
        self.latency: dict[str, float] = {}
        self._limits: list[dict[str, Any]] = []
        self._buckets: dict[tuple[str, ...], Bucket] = {}

    def set_rules(self, rules: list[dict[str, Any]]) -> None:
        for rule in rules:
            if rule.get("kind") not in self._kinds:
                raise ValueError(f"no such kind of fault: {rule.get('kind')}")
            unknown = set(rule) - {*HOW_OFTEN, *DETAILS, *self._names}
            if unknown:
                raise ValueError(f"no such key in a fault: {', '.join(sorted(unknown))}")
        # Each rule throws dice of its own, or the rarer would only ever strike together with the others.
        self.rules = [
            Rule(rule, chance=random.Random(rule.get("seed", number))) for number, rule in enumerate(rules)
        ]

    def set_limits(self, rules: list[dict[str, Any]]) -> None:
        with self._lock:
            self._limits, self._buckets = rules, {}

    def concerns(self, rule: dict[str, Any], call: Any) -> bool:
        return all(rule.get(name, getattr(call, name)) == getattr(call, name) for name in self._names)

    def strike(self, call: Any) -> dict[str, Any] | None:
        """The first fault that hits this call. Every rule that matches counts the call."""
        with self._lock:
            struck = [r.content for r in self.rules if self.concerns(r.content, call) and r.counts()]
        return struck[0] if struck else None

    def exhausted(self, call: Any) -> bool:
        """Whether a token bucket has nothing left for this call."""
        with self._lock:
            for limit in self._limits:
                if not self.concerns(limit, call):
                    continue
                key = tuple(getattr(call, name) for name in self._names)
                if key not in self._buckets:
                    tokens = float(limit["tokens"])
                    self._buckets[key] = Bucket(tokens, tokens, float(limit["per_second"]), time.monotonic())
                return not self._buckets[key].take()
        return False

    def delay(self, call: Any) -> float:
        """Added seconds: by operation, else by service, else for all."""
        service, operation = (getattr(call, name) for name in self._names[:2])
        for name in (f"{service}:{operation}", operation, service, "*"):
            if name in self.latency:
                return self.latency[name]
        return 0.0


def cut(connection: socket.socket) -> ConnectionError:
    """Break the connection so that the client sees a reset; raise what is returned."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    return ConnectionAbortedError("cut on purpose")


def truncated(
    connection: socket.socket, status: str, headers: Sequence[tuple[str, str]], body: bytes
) -> ConnectionError:
    """Announce the whole body, send half of it, close in good order; raise what is returned."""
    kept = [pair for pair in headers if pair[0].lower() not in ("content-length", "connection")]
    head = "".join(f"{name}: {value}\r\n" for name, value in [*kept, ("Content-Length", str(len(body)))])
    connection.sendall(f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + body[: len(body) // 2])
    connection.shutdown(socket.SHUT_WR)
    time.sleep(0.05)
    connection.close()
    return ConnectionAbortedError("truncated on purpose")
