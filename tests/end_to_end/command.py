"""Runs the real command in a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


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
    """`finops ARGUMENTS` in the folder `cwd`, without anybody's configuration."""
    # Compiled modules are kept between the many runs; without them each one compiles everything anew.
    clean = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("FINOPS_", "XDG_")) and key != "PYTHONDONTWRITEBYTECODE"
    }
    done = subprocess.run(
        [sys.executable, "-m", "finops", *map(str, arguments)],
        cwd=cwd,
        env={**clean, "HOME": str(cwd), "PYTHONWARNINGS": "error", **(env or {})},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)
