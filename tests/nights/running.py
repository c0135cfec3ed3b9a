"""Runs commands at instants of a simulation, and kills them."""

import json
import os
import signal
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.end_to_end.command import Done, _environment, _Warm, _warm

PATIENCE = 60  # seconds until a step begins


@dataclass(frozen=True)
class Kill:
    """Ends a night by a signal, so long (seconds) after a step of it has begun."""

    number: signal.Signals
    step: str
    after: float


class Machine:
    """The machine on which the nights run: a folder, an environment, a clock that is told."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder, self.env = folder, env
        self.cpu = 0.0  # seconds that all commands took

    def finops(self, *arguments: str, at: datetime, kill: Kill | None = None) -> Done:
        """`finops ARGUMENTS` at an instant, killed where that is wanted and the moment comes."""
        out, err = self.folder / "out", self.folder / "err"
        warm = _warm()
        warm.wish(
            {
                "arguments": list(arguments),
                "cwd": str(self.folder),
                "env": _environment(self.folder, self.env),
                "out": str(out),
                "err": str(err),
                "now": at.isoformat(),
            }
        )
        pid = warm.begun()
        if kill and self._comes(warm, kill, at):
            os.kill(pid, kill.number)
        code, cpu = warm.end_of_it()
        self.cpu += cpu
        return Done(code, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))

    def _comes(self, warm: _Warm, kill: Kill, at: datetime) -> bool:
        """Waits until the journal says that the step has begun in a night that began at `at` or later, then a while;
        False when the night was over before."""
        until = time.monotonic() + PATIENCE
        while not self._began(kill.step, at):
            if warm.ends_within(0.02) or time.monotonic() > until:
                return False
        return not warm.ends_within(kill.after)

    def _began(self, step: str, at: datetime) -> bool:
        journal = self.folder / "finops.duckdb.nightly.jsonl"
        if not journal.exists():
            return False
        told = [json.loads(line) for line in journal.read_text().splitlines() if line.endswith("}")]
        mine = told and datetime.fromisoformat(told[0]["started_at"]) >= at
        return bool(mine) and any(one.get("step") == step for one in told[1:])
