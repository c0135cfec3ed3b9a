"""What a number on the page means and where it comes from, in the order a controller asks."""

from finops.model import AuditReport
from reports import amounts
from reports.plain import one_line

_NAMES = {
    "USD": "US dollars",
    "EUR": "euros",
    "CNY": "Chinese yuan",
    "GBP": "pounds sterling",
    "JPY": "Japanese yen",
}


def basis(report: AuditReport) -> list[str]:
    """Currency, kind of cost, month, period, when and by which run."""
    currencies = list(report.totals_by_currency) or [report.currency or ""]
    return [
        part
        for part in [
            ", ".join(f"{_NAMES[c]} ({c})" if c in _NAMES else one_line(c) for c in currencies),
            "effective cost before tax and credits",
            "months of 730 hours",
            _window(report),
            f"as of {amounts.clock(report.as_of)}",
            (f"run {one_line(report.run_id)}, " if report.run_id else "") + f"finops {report.tool_version}",
        ]
        if part
    ]


def _window(report: AuditReport) -> str:
    windows = {(c.window_start, c.window_end) for c in report.costs if c.window_start and c.window_end}
    if len(windows) == 1:
        return f"bills of {amounts.period(*windows.pop())}"
    return "bills of the windows given for each account below" if windows else ""
