"""The tables around the findings, one module for each subject; each is None where it has nothing to say."""

from reports.html.sections.accepted import accepted_table, lapsed_table
from reports.html.sections.accounts import cost_table
from reports.html.sections.carbon import footprint_table
from reports.html.sections.control import control_tables, doubt_table
from reports.html.sections.table import Table
from reports.html.sections.unseen import coverage_table, gap_table, unread_lines

__all__ = [
    "Table",
    "accepted_table",
    "control_tables",
    "cost_table",
    "coverage_table",
    "doubt_table",
    "footprint_table",
    "gap_table",
    "lapsed_table",
    "unread_lines",
]
