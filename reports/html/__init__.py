"""The audit as one HTML file that needs no network: `render(report)`."""

from finops.model import AuditReport
from reports.audience import Audience


def render(report: AuditReport, audience: Audience = "finance") -> str:
    """The whole page as text."""
    # Mail and chat use the words of the first screen only; plotly, and what it brings, is slow to import.
    from reports.html.page import render as page

    return page(report, audience)


__all__ = ["render"]
