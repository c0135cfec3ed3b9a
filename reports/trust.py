"""Whether the numbers of a report can be trusted, for every rendering: what the data tests of its night say, which
months the providers restated, and which days they may still change."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from finops.model import AuditReport
from finops.night_model import DataTest, Night
from reports import amounts
from reports.plain import one_line

TITLE = "Can these numbers be trusted?"
_RESTATED = 10  # months that are told, each in a sentence
_UNSETTLED = 5  # bills that are named


@dataclass(frozen=True, slots=True)
class Doubt:
    """A failed test in words. `grave` are those of severity error."""

    grave: bool
    test: str
    subject: str
    message: str
    since: str


@dataclass(frozen=True, slots=True)
class Trust:
    """The answer in a sentence, what failed (errors first), which tests had too little to judge by, and what the bills
    say otherwise than before or may still change, in sentences."""

    answer: str
    doubts: Sequence[Doubt]
    unjudged: str
    bills: Sequence[str]


def trust(report: AuditReport) -> Trust | None:
    """None where no night stands behind the report, or it tested nothing and has nothing to say of bills."""
    if not report.night:
        return None
    tests, bills = report.night.data_tests, [*_bills(report.night)]
    if not tests:
        return Trust("No test looked at the data.", [], "", bills) if bills else None
    counts: Counter[str] = Counter(one.status for one in tests)
    failed = sorted(
        (one for one in tests if one.status == "failed"),
        key=lambda one: (one.severity, one.test, one.subject),
    )
    return Trust(_answer(failed, counts), [_doubt(one) for one in failed], _unjudged(tests, counts), bills)


def _answer(failed: Sequence[DataTest], counts: Counter[str]) -> str:
    grave = sum(one.severity == "error" for one in failed)
    warned, passed = len(failed) - grave, f"{counts['passed']:,} passed"
    if grave:
        more = f", {warned:,} warned" if warned else ""
        return f"Not all of them: {amounts.count(grave, 'check')} of the data failed{more}, {passed}."
    if failed:
        return f"With care: {amounts.count(warned, 'check')} of the data warned, {passed}."
    return f"{amounts.count(counts['passed'], 'check')} of the data passed and none failed."


def _doubt(one: DataTest) -> Doubt:
    since = f"since {amounts.day(one.since)}" if one.since else ""
    return Doubt(one.severity == "error", one.test, one_line(one.subject), one_line(one.message), since)


def _unjudged(tests: Sequence[DataTest], counts: Counter[str]) -> str:
    if not counts["not_evaluated"]:
        return ""
    by_test = Counter(one.test for one in tests if one.status == "not_evaluated")
    told = ", ".join(f"{test} ({number:,})" for test, number in sorted(by_test.items()))
    return f"{amounts.count(counts['not_evaluated'], 'check')} had too little to judge by: {told}."


def _bills(night: Night) -> Iterator[str]:
    yield from (one_line(one.message) for one in night.restatements[:_RESTATED])
    if len(night.restatements) > _RESTATED:
        yield f"{len(night.restatements) - _RESTATED:,} more months of bills changed; finops status tells them."
    if night.provisional:
        named = [
            f"of {one_line(one.provider)} {one_line(one.billing_account)} from {amounts.day(one.since)} on"
            for one in night.provisional[:_UNSETTLED]
        ]
        rest = len(night.provisional) - _UNSETTLED
        more = [f"of {amounts.count(rest, 'more bill')}"] if rest > 0 else []
        yield f"The last days of bills are provisional and may still change: {', '.join([*named, *more])}."
