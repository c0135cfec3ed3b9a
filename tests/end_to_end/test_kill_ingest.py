"""kill -9 while a bill takes the place of an earlier one: the old state or the new one, never half."""

import random
import signal
import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic

import pytest

from collectors.bills import ingest
from finops.warehouse import reading, writing
from tests.effort import THOROUGH

ROOT = Path(__file__).parents[2]
GENERATOR = ROOT / "tests" / "benchmarks" / "focus_rows.py"
AT = datetime(2026, 11, 20)
ROWS = 50_000
KILLS = 8 if THOROUGH else 4
DRIVER = f"""
from datetime import datetime
from pathlib import Path
import sys
from collectors.bills import ingest
from finops.warehouse import writing
print("begin", flush=True)
with writing(Path(sys.argv[1]), "ingest", at={AT!r}.replace(tzinfo=None)) as writer:
    ingest(writer, [sys.argv[2]], at=writer.started_at)
""".replace("datetime.datetime", "datetime")

Held = tuple[int, Decimal, int, int]


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Two contents of one bill, of different length."""
    folder = tmp_path_factory.mktemp("contents")
    made = []
    for seed, rows in enumerate([ROWS, ROWS + 7]):
        path = folder / f"{seed}.parquet"
        subprocess.run(
            [sys.executable, GENERATOR, path, "--rows", str(rows), "--seed", str(seed)], check=True
        )
        made.append(path.read_bytes())
    return made


def held(warehouse: Path) -> Held:
    with reading(warehouse) as con:
        row = con.execute(
            "SELECT count(*), sum(BilledCost), (SELECT sum(rows) FROM bill_partitions), "
            "(SELECT sum(rows) FROM coverage WHERE dataset = 'charges') FROM charges"
        ).fetchone()
    assert row is not None
    return row


def load(warehouse: Path, bill: Path) -> Held:
    with writing(warehouse, "ingest", at=AT) as writer:
        ingest(writer, [bill], at=AT)
    return held(warehouse)


def start(warehouse: Path, bill: Path) -> subprocess.Popen[str]:
    """A run that has got past its imports, so that a moment drawn at random falls into its work."""
    run = subprocess.Popen(
        [sys.executable, "-c", DRIVER, warehouse, bill], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "begin\n"
    return run


@pytest.mark.slow
def test_a_run_killed_at_any_moment_leaves_the_old_state_or_the_new_and_the_next_one_completes(
    tmp_path: Path, contents: list[bytes]
) -> None:
    warehouse, bill = tmp_path / "finops.duckdb", tmp_path / "bill.parquet"
    states, seconds = [], 0.0
    for content in contents:
        bill.write_bytes(content)
        began = monotonic()
        states.append(load(warehouse, bill))
        seconds = monotonic() - began
    assert states[0] != states[1]
    assert [state[0] for state in states] == [state[2] for state in states] == [state[3] for state in states]

    moments, killed, before = random.Random(7), 0, 1
    for number in range(KILLS):
        bill.write_bytes(contents[1 - before])
        with start(warehouse, bill) as run:
            try:
                run.wait(moments.uniform(0, seconds))
            except subprocess.TimeoutExpired:
                run.send_signal(signal.SIGKILL)
        killed += run.returncode == -signal.SIGKILL
        left = held(warehouse)
        assert left in states
        before = states.index(left)
        if number % 4 == 3:  # else the next run is killed too, over what this one left
            bill.write_bytes(contents[1 - before])
            assert load(warehouse, bill) == states[1 - before]
            before = 1 - before
    assert killed >= KILLS / 2
