"""What the local clouds have in common, as tests and benchmarks see them: a process that serves, and what it is told.

Each speaks real HTTP and has a way of its own to be told what there is and what goes wrong (`/_control/…`).
"""

import atexit
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

ROOT = Path(__file__).resolve().parents[2]
# Nothing between us and this machine, whatever proxies the environment names.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _kept_compiled() -> dict[str, str]:
    """This environment, save that modules stay compiled: each process that starts would compile them anew."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Classes:
    """What an estate really is, by class: the right answers, known before anybody asks."""

    classes: dict[str, list[dict[str, Any]]]

    def ids(self, *classes: str) -> set[str]:
        """The ids of the resources in these classes."""
        return {resource["id"] for name in classes for resource in self.classes.get(name, [])}

    def regions_of(self, name: str) -> dict[str, str]:
        """Resource id to region."""
        return {resource["id"]: resource["region"] for resource in self.classes.get(name, [])}


class Facade:
    """A local cloud in a process of its own; `SERVER` is the module that serves, `TITLE` the cloud's name.

    `OPERATION` is what a call in its log names its operation.
    """

    SERVER: ClassVar[str]
    TITLE: ClassVar[str]
    OPERATION: ClassVar[str] = "operation"
    VARIABLES: ClassVar[Mapping[str, str]] = {}
    _shared: ClassVar[dict[type, Any]] = {}

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    @classmethod
    @contextmanager
    def shared(cls) -> Iterator[Self]:
        """The one that all tests of this process share, as if just started: starting takes longer than most tests."""
        if cls not in cls._shared:
            cloud = cls._shared[cls] = cls().start()
            atexit.register(cloud.stop)
        cls._shared[cls].fresh()
        yield cls._shared[cls]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Start the process and wait until it serves."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", self.SERVER],
            cwd=ROOT,
            env={**_kept_compiled(), "PYTHONPATH": str(ROOT), **self.VARIABLES},
            stdin=subprocess.PIPE,  # the server ends when this closes: no orphan outlives a killed test run
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("port "):
            raise RuntimeError(f"the local {self.TITLE} did not start: {line!r}")
        self.port = int(line.split()[1])
        return self

    def stop(self) -> None:
        """End the process; safe to call twice."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        process.wait(10)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fresh(self) -> None:
        """Empty: no resources, series, users, calls, faults, latency, limits; the clock runs."""
        self._post("fresh", {})

    def clock(self, as_of: str | None) -> None:
        """Set the instant that what the cloud tells of goes by; None: the real clock."""
        self._post("clock", {"as_of": as_of})

    # What was asked

    def calls(self, operation: str | None = None) -> list[dict[str, Any]]:
        """Every request in order of arrival, retries included (control requests excluded)."""
        calls: list[dict[str, Any]] = self._post("calls", {})
        return [call for call in calls if operation in (None, call[self.OPERATION])]

    def count(self, operation: str | None = None) -> int:
        return len(self.calls(operation))

    def reset_calls(self) -> None:
        self._post("reset-calls", {})

    # What goes wrong

    def faults(self, rules: Sequence[dict[str, Any]]) -> None:
        """Replace the injected faults; an empty list ends them. Each cloud tells its kinds."""
        self._post("faults", {"rules": list(rules)})

    def latency(self, seconds: dict[str, float]) -> None:
        """Added time per call: {"*": 0.1, "ecs": 0.3, "DescribeMetricList": 1.0}; the most exact name wins; {} ends it."""
        self._post("latency", {"seconds": seconds})

    def buckets(self, rules: Sequence[dict[str, Any]]) -> None:
        """Token buckets, throttled when empty, each with "tokens" and "per_second". Off by default."""
        self._post("buckets", {"rules": list(rules)})

    def _post(self, path: str, content: dict[str, Any], timeout: float = 60) -> Any:
        request = urllib.request.Request(
            f"{self.endpoint}/_control/{path}",
            json.dumps(content).encode(),
            {"Content-Type": "application/json"},
            method="POST",
        )
        try:
            with _OPENER.open(request, timeout=timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise RuntimeError(error.read().decode()) from None
