"""The list of sections at the top of the page: only those that are there."""

from finops.model import AuditReport
from reports import control as controlling
from reports import summary
from reports import trust as trusting
from reports.html.charts import Chart
from reports.html.sections import footprint_table


def contents(report: AuditReport, drawn: list[Chart]) -> list[tuple[str, str]]:
    """Anchor and title, in the order of the page."""
    charted = {one.section for one in drawn}
    there = [
        ("control", controlling.TITLE, controlling.control(report)),
        ("where", "Where the saving is", "where" in charted),
        ("todo", "What to do", True),
        ("accepted", "Accepted", summary.accepted(report) or summary.lapsed(report)),
        ("costs", "Costs per account", True),
        ("footprint", "Carbon", footprint_table(report)),
        ("trust", trusting.TITLE, trusting.trust(report)),
        ("unseen", "What was not looked at", True),
        ("method", "How these numbers are made", True),
    ]
    return [(anchor, title) for anchor, title, shown in there if shown]
