"""The data tests of some stages, from the published warehouse to the results in it."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from finops.config import Settings
from finops.errors import UsageError
from finops.night_model import DataTest
from finops.pipeline.testing.catalogue import Chosen, chosen
from finops.pipeline.testing.figures import note_collection, note_seconds
from finops.pipeline.testing.header import Stage
from finops.pipeline.testing.keeping import keep
from finops.pipeline.testing.running import BROKEN, judge, refused
from finops.warehouse import Writer, reading, writing
from rules.engine.mistakes import did_you_mean

COLLECTED: tuple[Stage, ...] = ("bill", "collect")
MADE: tuple[Stage, ...] = ("audit", "pipeline")
_RANK = {"failed": 0, "not_evaluated": 1, "passed": 2}


@dataclass(frozen=True, slots=True)
class Ran:
    """Results, the ids of the tests that were to run, and of all there are."""

    results: list[DataTest]
    ran: tuple[str, ...]
    known: tuple[str, ...]


def run_tests(
    db: Path,
    settings: Settings,
    stages: Collection[Stage],
    *,
    as_of: datetime,
    clock: datetime,
    run_started: datetime,
    command: str,
    night: str,
    wait_seconds: float = 0,
) -> list[DataTest]:
    """Runs the enabled data tests of these stages for a night on the warehouse at `db`, and keeps their results in it.

    The tests only read what is published. The figures of what the night did so far are kept after them, since they
    compare it with earlier nights. A file that is broken is a failed test. Raises ConfigError for settings of a
    test that there is none of.
    """
    broken: dict[str, str] = {}
    tests = chosen(settings, broken)
    wanted = [one for one in tests if one.test.header.stage in stages]
    ran = _judged(db, settings, tests, wanted, as_of, run_started)
    if "collect" in stages:
        ran = _with_broken(ran, broken)

    def figures(writer: Writer) -> None:
        if "collect" in stages:
            note_collection(writer.con, night, at=as_of)
        note_seconds(writer.con, night, at=as_of)

    return keep_results(db, settings, ran, command=command, at=clock, wait_seconds=wait_seconds, also=figures)


def _with_broken(ran: Ran, broken: Mapping[str, str]) -> Ran:
    """Files that are no data tests, as failed ones: what they test is not known, and the others ran all the same."""
    results = [refused(Path(path), sentence) for path, sentence in broken.items()]
    ids = tuple(one.test for one in results)
    return Ran(results + ran.results, (*ran.ran, *ids, BROKEN), (*ran.known, *ids, BROKEN))


def results_of(
    db: Path, settings: Settings, ids: Collection[str], *, as_of: datetime, clock: datetime
) -> Ran:
    """Runs the data tests of these ids, or all of them, without keeping anything.

    Raises UsageError for an id that there is none of.
    """
    tests = chosen(settings)
    known = [one.test.id for one in tests]
    for name in ids:
        if name not in known:
            hint = did_you_mean(name, known) or "finops tests list names them all."
            raise UsageError(f"There is no data test {name}; {hint}")
    wanted = [one for one in tests if not ids or one.test.id in ids]
    return _judged(db, settings, tests, wanted, as_of, clock)


def _judged(
    db: Path,
    settings: Settings,
    tests: Sequence[Chosen],
    wanted: Sequence[Chosen],
    as_of: datetime,
    run_started: datetime,
) -> Ran:
    with reading(db, settings.limits()) as con:
        results = judge(con, wanted, as_of=as_of, run_started=run_started)
    results.sort(key=lambda one: (_RANK[one.status], one.severity, one.test, one.subject))
    return Ran(results, tuple(one.test.id for one in wanted), tuple(one.test.id for one in tests))


def keep_results(
    db: Path,
    settings: Settings,
    ran: Ran,
    *,
    command: str,
    at: datetime,
    wait_seconds: float = 0,
    also: Callable[[Writer], None] | None = None,
) -> list[DataTest]:
    """Keeps results, and returns them with the instant each failed one fails since.

    `also` is done by the same writer. Raises BusyError when another run writes for longer than `wait_seconds`.
    """
    with writing(db, command, at=at, wait_seconds=wait_seconds, limits=settings.limits()) as writer:
        kept = keep(writer, ran.results, ran=ran.ran, known=ran.known, at=at)
        if also:
            also(writer)
    return kept


def told_in_short(results: Sequence[DataTest]) -> str:
    """Numbers of results by verdict, and the gravest failure in words."""
    counts = Counter(one.status for one in results)
    told = (
        f"{counts['passed']:,} passed, {counts['failed']:,} failed, "
        f"{counts['not_evaluated']:,} could not be judged."
    )
    failed = sorted((one for one in results if one.status == "failed"), key=lambda one: one.severity)
    return f"{told} {failed[0].test} of {failed[0].subject}: {failed[0].message}" if failed else told
