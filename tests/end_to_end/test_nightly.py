"""The real command at night: on the sample estate, twice, beside another, and stopped in the middle."""

import json
import os
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest

SETTINGS = """
[nightly]
clouds = ["aws"]
[profile.dev.nightly]
clouds = ["demo"]
[profile.dev.backup]
folder = "backups"
[[profile.dev.deliver]]
name = "finance"
to = "told"
attach = ["html"]
"""
PATIENCE = 20  # seconds that a night may take to end when it is told to


def started(folder: Path, *words: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "FINOPS_PROFILE": "dev", "NO_COLOR": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "finops", *words],
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finops(folder: Path, *words: str) -> tuple[int, str, str]:
    process = started(folder, *words)
    told, errors = process.communicate(timeout=120)
    return process.returncode, told, errors


def estate(folder: Path) -> Path:
    folder.joinpath("finops.toml").write_text(SETTINGS)
    return folder


def wait_for_step(folder: Path, step: str) -> None:
    """Until the journal says that a step is under way."""
    journal = folder / "finops.duckdb.nightly.jsonl"
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if journal.exists() and f'"step": "{step}"' in journal.read_text():
            return
        time.sleep(0.05)
    raise AssertionError(f"the night never came to {step}")


def contents(folder: Path) -> dict[str, str]:
    files = [path for name in ("finops-reports", "told") for path in (folder / name).rglob("*")]
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.is_file()
    }


@pytest.mark.slow
def test_a_night_is_done_beside_which_another_is_busy_and_after_which_the_same_changes_nothing(
    tmp_path: Path,
) -> None:
    folder = estate(tmp_path)
    first = started(folder, "nightly", "--format", "json")
    wait_for_step(folder, "collect")
    code, _, errors = finops(folder, "nightly")
    assert code == 75
    assert f"(finops nightly, process {first.pid} on " in errors
    told, errors = first.communicate(timeout=120)
    assert first.returncode == 3, errors  # one scope of the estate is denied
    steps = {one["step"]: one for one in json.loads(told)["steps"]}
    assert {one["status"] for one in steps.values()} == {"done"}
    report = json.loads((folder / "finops-reports" / "finops-report.json").read_text())
    assert [one["step"] for one in report["night"]["steps"]][:3] == ["open", "collect", "test"]
    assert any(name.startswith("told/") for name in contents(folder))
    before = contents(folder)
    code, _, errors = finops(folder, "nightly")
    assert code == 3, errors
    assert contents(folder) == before
    assert len([*(folder / "backups").glob("finops-*")]) == 1  # of a day one stays


@pytest.mark.slow
@pytest.mark.thorough
def test_a_night_that_is_terminated_ends_soon_and_is_continued_by_retry(tmp_path: Path) -> None:
    folder = estate(tmp_path)
    night = started(folder, "nightly")
    wait_for_step(folder, "audit")
    began = time.monotonic()
    night.send_signal(signal.SIGTERM)
    _, errors = night.communicate(timeout=60)
    assert time.monotonic() - began < PATIENCE
    assert night.returncode == 143, errors
    code, told, _ = finops(folder, "status", "--format", "json")
    steps = {one["step"]: one["status"] for one in json.loads(told)["night"]}
    assert code == 0
    assert steps == {"open": "done", "collect": "done", "test": "done", "audit": "aborted"}
    code, told, errors = finops(folder, "retry", "--format", "json")
    assert code == 3, errors
    done = [one["step"] for one in json.loads(told)["steps"]]
    assert done[:3] == ["open", "audit", "detect"]
    assert (folder / "finops-reports" / "finops-report.html").exists()
    code, told, _ = finops(
        folder, "sql", "SELECT command, status FROM runs WHERE command IN ('nightly', 'retry')"
    )
    assert told.splitlines()[1:] == ["nightly\taborted", "retry\tdone"]
