"""Remediation written out for review, in the language of the tool that a team works with; nothing is ever executed."""

from reports.remediation.custodian import render as custodian
from reports.remediation.shell import render as shell
from reports.remediation.terraform import render as terraform

__all__ = ["FORMATS", "custodian", "shell", "terraform"]

FORMATS = {"shell": shell, "terraform": terraform, "custodian": custodian}
