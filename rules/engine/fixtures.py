"""What the cases of a rule leave out: a verdict that no case shows, a trap that no case sets."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rules.engine.cases import read_book
from rules.engine.header import Header

VERDICTS = ("finding", "ok", "not_evaluated")


def gaps(header: Header, path: Path) -> Iterator[str]:
    """What the case file of a rule lacks, each in a few words.

    Raises RuleError when the file is not a list of cases.
    """
    cases = [case for case in read_book(path)["cases"] if isinstance(case, Mapping)]
    shown = {row.get("verdict") for case in cases for row in _expected(case)}
    for verdict in VERDICTS:
        if verdict not in shown:
            yield f"no case expects the verdict {verdict}"
    set_ = [case["trap"] for case in cases if "trap" in case]
    for trap in header.traps:
        if trap not in set_:
            yield f"no case has trap: {trap}"
    for trap in set_:
        if trap not in header.traps:
            yield f"a case has trap: {trap}, which the header does not name"
    names = [case.get("name") for case in cases]
    for name in sorted({str(name) for name in names if names.count(name) > 1}):
        yield f"two cases are called {name!r}"


def _expected(case: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows = case.get("expect")
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
