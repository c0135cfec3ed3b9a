"""The tables around the findings, one module for each subject; each is None where it has nothing to say."""

from reports.html.sections.accepted import accepted_table, lapsed_table
from reports.html.sections.accounts import cost_table
from reports.html.sections.carbon import footprint_table
from reports.html.sections.changes import changed_tables
from reports.html.sections.commitments import expiry_table, use_table
from reports.html.sections.control import alarm_table, doubt_table, outlook_tables
from reports.html.sections.invoices import tied_tables
from reports.html.sections.provenance import command, provenance, provenance_tables
from reports.html.sections.spending import spend_tables, unallocated, unit_table
from reports.html.sections.table import Table
from reports.html.sections.unseen import coverage_table, gap_table, unread_lines

__all__ = [
    "Table",
    "accepted_table",
    "alarm_table",
    "changed_tables",
    "command",
    "cost_table",
    "coverage_table",
    "doubt_table",
    "expiry_table",
    "footprint_table",
    "gap_table",
    "lapsed_table",
    "outlook_tables",
    "provenance",
    "provenance_tables",
    "spend_tables",
    "tied_tables",
    "unallocated",
    "unit_table",
    "unread_lines",
    "use_table",
]
