"""Fuzzes the reading of bills: python -m tests.fuzz --files 5000 --seed 1, then a table of what became of them.

The files are dealt to processes of their own, so that a crash or a hang is a finding and not the end.
"""

import argparse
import multiprocessing as mp
import queue
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from tests.fuzz.running import Outcome, case, work

_SECONDS_ALLOWED = 60
_OUTCOMES = ("loaded", "refused", "unjudged", "WRONG")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first file")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="write the files that went wrong into this folder")
    given = parser.parse_args()
    began = time.monotonic()
    numbers = range(given.first, given.first + given.files)
    outcomes = _run(given.seed, numbers, given.processes)
    _print(outcomes, time.monotonic() - began)
    wrong = [each for each in outcomes if each.outcome == "WRONG"]
    for each in wrong:
        print(f"WRONG {each.title}\n      {each.why}")
        if given.keep:
            given.keep.mkdir(parents=True, exist_ok=True)
            made = case(given.seed, each.number)
            (given.keep / f"{each.number}-{made.name}").write_bytes(made.data)
    return 1 if wrong else 0


def _run(seed: int, numbers: range, processes: int) -> list[Outcome]:
    context = mp.get_context("spawn")
    outcomes: list[Outcome] = []
    waiting = [list(numbers[i::processes]) for i in range(processes)]
    workers = [_Worker(context, seed, part) for part in waiting]
    while workers:
        for worker in list(workers):
            outcomes += worker.gather()
            if worker.done:
                workers.remove(worker)
        time.sleep(0.05)
        if sys.stderr.isatty():
            print(f"\r{len(outcomes):,} of {len(numbers):,}", end="", file=sys.stderr)
    return sorted(outcomes, key=lambda each: each.number)


class _Worker:
    """A process that works through some files; begun anew behind one that it does not survive."""

    def __init__(self, context: Any, seed: int, numbers: list[int]) -> None:
        self._context, self._seed, self._numbers = context, seed, numbers
        self._start()

    @property
    def done(self) -> bool:
        return not self._numbers

    def gather(self) -> list[Outcome]:
        found: list[Outcome] = []
        dead = not self._process.is_alive()
        while True:
            try:
                found.append(self._queue.get(timeout=0.5 if dead else 0.01))
            except queue.Empty:
                break
            self._numbers.remove(found[-1].number)
            self._heard = time.monotonic()
        late = time.monotonic() - self._heard > _SECONDS_ALLOWED
        if self._numbers and (dead or late) and not found:
            found.append(self._given_up("takes too long" if late else "ends the process"))
        if not self._numbers:
            self._process.join(5)
        return found

    def _given_up(self, why: str) -> Outcome:
        self._process.kill()
        self._process.join()
        number = self._numbers.pop(0)
        made = case(self._seed, number)
        if self._numbers:
            self._start()
        return Outcome(
            number, tuple(m.name for m in made.mutators), "WRONG", why, _SECONDS_ALLOWED, made.title
        )

    def _start(self) -> None:
        self._queue = self._context.Queue()
        self._heard = time.monotonic() + 30  # imports
        self._process = self._context.Process(
            target=work, args=(self._seed, list(self._numbers), self._queue), daemon=True
        )
        self._process.start()


def _print(outcomes: list[Outcome], seconds: float) -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for each in outcomes:
        for name in each.mutators:
            counts[name][each.outcome] += 1
    print(f"{'mutator':<34}" + "".join(f"{name:>10}" for name in _OUTCOMES))
    for name in sorted(counts):
        print(f"{name:<34}" + "".join(f"{counts[name][outcome]:>10,}" for outcome in _OUTCOMES))
    total = Counter(each.outcome for each in outcomes)
    print(f"{'all files':<34}" + "".join(f"{total[outcome]:>10,}" for outcome in _OUTCOMES))
    slowest = max(outcomes, key=lambda each: each.seconds)
    peak = max(each.memory_mb for each in outcomes)
    print(
        f"{len(outcomes):,} files in {seconds:.0f} s; slowest {slowest.seconds:.2f} s ({slowest.title}); peak memory {peak:,.0f} MB"
    )


if __name__ == "__main__":
    sys.exit(main())
