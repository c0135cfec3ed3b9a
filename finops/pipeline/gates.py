"""Gates: conditions a user sets with --fail-on, so that a pipeline can stop on them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from finops.errors import UsageError
from finops.model import AuditReport

_GATE = re.compile(r"^\s*(savings|findings)\s*>\s*(\d+(?:\.\d+)?)\s*$")


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition: `new`, or a figure that is above a limit."""

    text: str
    figure: str
    limit: Decimal = Decimal(0)

    def met(self, report: AuditReport) -> bool:
        """Whether the report meets it; an amount that is unknown does not."""
        if self.figure == "new":
            return any(finding.status == "new" for finding in report.findings)
        if self.figure == "findings":
            return report.totals.findings > self.limit
        saved = report.totals.net_monthly_savings
        return saved is not None and saved > self.limit


def parse_gates(texts: Sequence[str]) -> list[Gate]:
    """The gates of a command line.

    Raises UsageError for one that is not understood.
    """
    return [_parse(text) for text in texts]


def _parse(text: str) -> Gate:
    if text.strip() == "new":
        return Gate(text, "new")
    match = _GATE.match(text)
    if not match:
        raise UsageError(f"--fail-on '{text}' is not a gate; write new, 'savings>1000' or 'findings>0'.")
    return Gate(text, match[1], Decimal(match[2]))
