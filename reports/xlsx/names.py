"""What people who edit a workbook, and the command that brings it back, go by: the names of a sheet and its columns."""

import re
from datetime import datetime
from functools import lru_cache

from finops.instants import iso
from reports.csv import neutral
from reports.plain import one_line, shortened

SHEET = "Findings"
ID, STATUS, OWNER, COMMENT, DECIDED = "Id", "Status", "Owner", "Comment", "Decided"
STATUSES = ("agreed", "done", "rejected")
LONGEST = 8_000  # characters of a cell, of the 32,767 that a spreadsheet takes
_PSEUDONYM = re.compile(r"(?:finding|owner|name|tag|comment|reason)-[0-9a-f]{10}")


@lru_cache(maxsize=4096)  # most columns say few things many times
def shown(text: str) -> str:
    """A text as a cell shows it: on one line, without what moves or hides it, nothing that could run as a formula.

    The cell is text and would not run; its copy in a CSV file that a spreadsheet saves of it would.
    """
    return neutral(shortened(one_line(text), LONGEST))


def decided(at: datetime | None) -> str:
    """When a decision was made, as the column says it; empty where there is none."""
    return iso(at.replace(microsecond=0)) if at else ""


def is_pseudonym(text: str) -> bool:
    """Whether a redacted report put this in place of an id or a name."""
    return _PSEUDONYM.fullmatch(text) is not None
