"""Brings back what people wrote into a workbook: status, owner, due date and comment of findings."""

from finops.pipeline.returning.edits import Edit, read_edits
from finops.pipeline.returning.merging import Change, Plan, plan, told

__all__ = ["Change", "Edit", "Plan", "plan", "read_edits", "told"]
