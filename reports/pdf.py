"""The page of reports.html as PDF: tagged, with an outline, its first page the first screen."""

from finops.model import AuditReport
from reports import chromium, html
from reports.audience import Audience


def render(report: AuditReport, audience: Audience = "finance") -> bytes:
    """The file. Raises UsageError where no browser is installed, or no font for Chinese, with how to get one."""
    chromium.required()  # before a large page is made for nothing
    return chromium.printed(html.render(report, audience))
