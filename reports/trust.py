"""Whether the numbers of a report can be trusted, for every rendering: what the data tests of its night say, which
months the providers restated, and which days they may still change."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from finops.model import AuditReport
from finops.night_model import DataTest, Night
from reports import amounts
from reports.language import in_brackets, joint, mark, t, tn
from reports.plain import in_english, one_line

TITLE = mark("Can these numbers be trusted?")
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
        return Trust(t("No test looked at the data."), [], "", bills) if bills else None
    counts: Counter[str] = Counter(one.status for one in tests)
    failed = sorted(
        (one for one in tests if one.status == "failed"),
        key=lambda one: (one.severity, one.test, one.subject),
    )
    doubts = [_doubt(one) for one in failed]
    return Trust(_answer(failed, counts), doubts, _unjudged(tests, counts), bills)


def _answer(failed: Sequence[DataTest], counts: Counter[str]) -> str:
    grave = sum(one.severity == "error" for one in failed)
    warned, passed = len(failed) - grave, amounts.number(counts["passed"])
    if grave and warned:
        return tn(
            "Not all of them: {n} check of the data failed, {warned} warned, {passed} passed.",
            "Not all of them: {n} checks of the data failed, {warned} warned, {passed} passed.",
            grave,
            warned=amounts.number(warned),
            passed=passed,
        )
    if grave:
        return tn(
            "Not all of them: {n} check of the data failed, {passed} passed.",
            "Not all of them: {n} checks of the data failed, {passed} passed.",
            grave,
            passed=passed,
        )
    if failed:
        return tn(
            "With care: {n} check of the data warned, {passed} passed.",
            "With care: {n} checks of the data warned, {passed} passed.",
            warned,
            passed=passed,
        )
    return tn(
        "{n} check of the data passed and none failed.",
        "{n} checks of the data passed and none failed.",
        counts["passed"],
    )


def _doubt(one: DataTest) -> Doubt:
    since = t("since {day}", day=amounts.day(one.since)) if one.since else ""
    return Doubt(one.severity == "error", one.test, one_line(one.subject), in_english(one.message), since)


def _unjudged(tests: Sequence[DataTest], counts: Counter[str]) -> str:
    if not counts["not_evaluated"]:
        return ""
    by_test = Counter(one.test for one in tests if one.status == "not_evaluated")
    told = joint(", ").join(
        test + in_brackets(amounts.number(number)) for test, number in sorted(by_test.items())
    )
    return tn(
        "{n} check had too little to judge by: {checks}.",
        "{n} checks had too little to judge by: {checks}.",
        counts["not_evaluated"],
        checks=told,
    )


def _bills(night: Night) -> Iterator[str]:
    yield from (in_english(one.message) for one in night.restatements[:_RESTATED])
    more = len(night.restatements) - _RESTATED
    if more > 0:
        yield tn(
            "{n} more month of bills changed; finops status tells it.",
            "{n} more months of bills changed; finops status tells them.",
            more,
        )
    if night.provisional:
        bills = joint(", ").join(_unsettled(night))
        yield t("The last days of bills are provisional and may still change: {bills}.", bills=bills)


def _unsettled(night: Night) -> Iterator[str]:
    for one in night.provisional[:_UNSETTLED]:
        yield t(
            "of {cloud} {account} from {day} on",
            cloud=one_line(one.provider),
            account=one_line(one.billing_account),
            day=amounts.day(one.since),
        )
    rest = len(night.provisional) - _UNSETTLED
    if rest > 0:
        yield tn("of {n} more bill", "of {n} more bills", rest)
