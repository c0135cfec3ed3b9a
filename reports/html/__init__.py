"""The audit as one HTML file that needs no network: `render(report)`."""

from finops.model import AuditReport


def render(report: AuditReport) -> str:
    """The whole page as text."""
    # Mail and chat use the words of the first screen only; plotly, and what it brings, is slow to import.
    from reports.html.page import render as page

    return page(report)


__all__ = ["render"]
