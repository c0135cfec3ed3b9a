"""The page of reports.html as PDF: tagged, with an outline, its first page the first screen."""

from finops.model import AuditReport
from reports import chromium, html


def render(report: AuditReport) -> bytes:
    """The file. Raises UsageError, with how to get one, where no browser is installed."""
    return chromium.printed(html.render(report))
