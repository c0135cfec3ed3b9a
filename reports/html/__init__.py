"""The audit as one HTML file that needs no network: `render(report)`."""

from reports.html.page import render

__all__ = ["render"]
