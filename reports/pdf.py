"""The page of reports.html as PDF: tagged, with an outline, its first page the first screen."""

from finops.model import AuditReport
from reports import chromium, html
from reports.audience import Audience


def render(report: AuditReport, audience: Audience = "finance") -> bytes:
    """The file. Raises UsageError, with how to get one, where no browser is installed."""
    return chromium.printed(html.render(report, audience))
