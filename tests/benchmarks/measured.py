"""Runs a command and measures it: CPU and wall seconds, peak memory.

The command is a child of a process that does nothing else: Linux counts what a parent holds when it starts a child
towards the child's peak.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """What a command took."""

    code: int
    cpu: float  # seconds of all its threads, system time included
    wall: float  # seconds
    rss: float  # MiB at the peak


def measure(command: Sequence[str | Path], cwd: Path, env: Mapping[str, str]) -> Run:
    """Runs the command in the folder, its output into `out` and `err` there."""
    # Nobody's own configuration; compiled modules are kept, as everywhere but in a test run.
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "FINOPS_", "XDG_", "PYTHON"))
    }
    told = subprocess.run(
        [sys.executable, __file__, *map(str, command)],
        cwd=cwd, env={**clean, "HOME": str(cwd), **env}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return Run(**json.loads(told.stdout))


def main() -> None:
    """The process in between."""
    began = time.monotonic()
    with Path("out").open("w") as out, Path("err").open("w") as err:
        child = subprocess.Popen(sys.argv[1:], stdout=out, stderr=err)
        _, status, used = os.wait4(child.pid, 0)
    wall = time.monotonic() - began
    rss = used.ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    code = os.waitstatus_to_exitcode(status)
    print(json.dumps({"code": code, "cpu": used.ru_utime + used.ru_stime, "wall": wall, "rss": rss}))


if __name__ == "__main__":
    main()
