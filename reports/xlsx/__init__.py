"""The audit as a workbook for Excel, LibreOffice and Google Sheets: `render(report)`."""

from reports.xlsx.workbook import render

__all__ = ["render"]
