"""Runs the real command in a process of its own."""

import atexit
import functools
import json
import os
import select
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.shelf import empty_file

ROOT = Path(__file__).resolve().parents[2]
# What every cloud has, for tests of how a collection goes on rather than of what it brings: `--only` these.
CORE = (
    "instances,instance_types,volumes,snapshots,public_ips,load_balancers,nat_gateways,scaling_groups,commitments,metrics,"
    "prices,spot_prices,charges"
)
_PATIENCE = 180  # seconds


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """The one line the user is told; fails when there is more, or a traceback."""
        lines = [line for line in self.err.splitlines() if line.strip()]
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err
        return lines[0]


def finops(*arguments: str | Path, cwd: Path, env: dict[str, str] | None = None) -> Done:
    """`finops ARGUMENTS` in the folder `cwd`, without anybody's configuration.

    In a process of its own, forked from one that has loaded everything (warm.py); what an interpreter reads when it
    starts (PYTHON…, LC_…, LANG) takes a fresh one.
    """
    if any(name.startswith(("PYTHON", "LC_", "LANG")) for name in env or {}):
        return cold(*arguments, cwd=cwd, env=env)
    return _warm().run([*map(str, arguments)], cwd, _environment(cwd, env))


def cold(*arguments: str | Path, cwd: Path, env: dict[str, str] | None = None) -> Done:
    """The same in a fresh interpreter, as a user starts it."""
    done = subprocess.run(
        [sys.executable, "-m", "finops", *map(str, arguments)],
        cwd=cwd,
        env=_environment(cwd, env),
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def _environment(cwd: Path, env: dict[str, str] | None) -> dict[str, str]:
    # Compiled modules are kept between the many runs; without them each one compiles everything anew.
    clean = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("FINOPS_", "XDG_")) and key != "PYTHONDONTWRITEBYTECODE"
    }
    return {**clean, "HOME": str(cwd), "PYTHONWARNINGS": "error", **(env or {})}


class _Warm:
    """The process of warm.py, one for each process of tests."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.end_to_end.warm", str(empty_file())],
            cwd=ROOT,
            env=_environment(ROOT, None),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self.end)
        assert self._answer() == "ready"

    def run(self, arguments: list[str], cwd: Path, env: dict[str, str]) -> Done:
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            wish = {"arguments": arguments, "cwd": str(cwd), "env": env, "out": str(out), "err": str(err)}
            self.wish(wish)
            code, _ = self.end_of_it()
            return Done(code, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))

    def wish(self, wish: dict[str, Any]) -> None:
        """Starts a command."""
        print(json.dumps(wish), file=self._process.stdin, flush=True)

    def begun(self) -> int:
        """The process id of one that was told an instant."""
        return int(self._answer())

    def ends_within(self, seconds: float) -> bool:
        """Whether it is over by then."""
        return bool(select.select([self._process.stdout], [], [], seconds)[0])

    def end_of_it(self) -> tuple[int, float]:
        """Its exit code and the seconds of CPU it took, once it is over."""
        code, cpu = self._answer().split()
        return int(code), float(cpu)

    def _answer(self) -> str:
        ready, _, _ = select.select([self._process.stdout], [], [], _PATIENCE)
        if not ready or self._process.stdout is None:
            self._process.kill()
            _warm.cache_clear()
            raise TimeoutError(f"a command that takes more than {_PATIENCE} seconds")
        return self._process.stdout.readline().strip()

    def end(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(10)


@functools.cache
def _warm() -> _Warm:
    return _Warm()
