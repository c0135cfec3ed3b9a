"""Command lines of remediation with the values of a finding, which come from a cloud and may be anything."""

import shlex
import string
from collections.abc import Iterable, Mapping
from typing import Any


def filled(lines: Iterable[str], values: Mapping[str, Any]) -> list[str]:
    """The lines with values quoted for a shell, each on one line; a line that lacks a value is left out.

    A value that does not print, or that a command would take for an option, is in no command: then there is one
    comment that says so and no command at all, as a part of a procedure is worse than none.
    """
    known = {name: str(value) for name, value in values.items() if value is not None}
    usable = [line for line in lines if _fields(line) <= set(known)]
    named = {name for line in usable if not line.startswith("#") for name in _fields(line)}
    hostile = sorted(name for name in named if not _harmless(known[name]))
    if hostile:
        told = hostile[0].replace("_", " ")
        return [f"# no command is written: the {told} holds characters that a command line must not have"]
    quoted = {name: shlex.quote(_printed(value)) for name, value in known.items()}
    return [line.format_map(quoted) for line in usable]


def _harmless(value: str) -> bool:
    return value.isprintable() and not value.startswith("-")


def _printed(value: str) -> str:
    """Comments are one line, whatever is in them."""
    return "".join(char if char.isprintable() else "?" for char in value)


def _fields(line: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(line) if name}
