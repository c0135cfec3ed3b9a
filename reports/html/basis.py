"""What a number on the page means and where it comes from, in the order a controller asks."""

from finops.model import AuditReport
from reports import amounts
from reports.language import Worded, in_brackets, joint, mark, t
from reports.plain import one_line

_NAMES = Worded(
    {
        "USD": mark("US dollars"),
        "EUR": mark("euros"),
        "CNY": mark("Chinese yuan"),
        "GBP": mark("pounds sterling"),
        "JPY": mark("Japanese yen"),
    }
)


def basis(report: AuditReport) -> list[str]:
    """Currency, kind of cost, month, period, when and by which run."""
    currencies = list(report.totals_by_currency) or [report.currency or ""]
    return [
        part
        for part in [
            joint(", ").join(
                f"{_NAMES[c]}{in_brackets(c)}" if c in _NAMES else one_line(c) for c in currencies
            ),
            t("effective cost before tax and credits"),
            t("months of 730 hours"),
            _window(report),
            t("as of {time}", time=amounts.clock(report.as_of)),
            _made_by(report),
        ]
        if part
    ]


def _window(report: AuditReport) -> str:
    windows = {(c.window_start, c.window_end) for c in report.costs if c.window_start and c.window_end}
    if len(windows) == 1:
        return t("bills of {period}", period=amounts.period(*windows.pop()))
    return t("bills of the windows given for each account below") if windows else ""


def _made_by(report: AuditReport) -> str:
    if not report.run_id:
        return f"finops {report.tool_version}"
    return t("run {run}, finops {version}", run=one_line(report.run_id), version=report.tool_version)
