"""What people who edit a workbook, and the command that brings it back, go by: the names of a sheet, of its columns and
of what they may write.

A workbook of any language comes back, whatever language is spoken then, and so does a CSV file that a spreadsheet saved of
it, in which nothing but words is left. So these words are never forgotten: EVER has all that the catalogues ever had for
them, and a test holds the catalogues against it.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from finops.instants import iso
from reports import words
from reports.csv import neutral
from reports.language import LOCALES, Locale, mark, speaking, t
from reports.plain import one_line, shortened

SHEET = mark("Findings")
ID, STATUS, OWNER, DUE, COMMENT, DECIDED = (
    mark("Id"),
    mark("Status"),
    mark("Owner"),
    mark("Due"),
    mark("Comment"),
    mark("Decided"),
)
COLUMNS = {"id": ID, "status": STATUS, "owner": OWNER, "due": DUE, "comment": COMMENT, "decided": DECIDED}
STATUSES = ("agreed", "done", "rejected")  # as they are stored, and in English
STATUS_WORDS = words.DECISIONS
# Every word that a catalogue ever had for these, by its English. Add, and take nothing away.
EVER: dict[Locale, Mapping[str, tuple[str, ...]]] = {
    "de": {
        "Findings": ("Befunde",),
        "Id": ("ID",),
        "Status": ("Status",),
        "Owner": ("Zuständig",),
        "Due": ("Fällig am",),
        "Comment": ("Kommentar",),
        "Decided": ("Entschieden am",),
        "agreed": ("vereinbart",),
        "done": ("erledigt",),
        "rejected": ("abgelehnt",),
    },
    "zh": {
        "Findings": ("优化项",),
        "Id": ("编号",),
        "Status": ("状态",),
        "Owner": ("负责人",),
        "Due": ("截止日期",),
        "Comment": ("备注",),
        "Decided": ("决定时间",),
        "agreed": ("已同意",),
        "done": ("已完成",),
        "rejected": ("已拒绝",),
    },
}
LONGEST = 8_000  # characters of a cell, of the 32,767 that a spreadsheet takes
_PSEUDONYM = re.compile(r"(?:finding|owner|name|tag|comment|reason)-[0-9a-f]{10}")


def spellings(english: str) -> list[str]:
    """What a word was and is called in every language, the English first."""
    found = [english]
    for locale in LOCALES:
        found += EVER.get(locale, {}).get(english, ())
        with speaking(locale):
            found.append(t(english))
    return list(dict.fromkeys(found))


def meanings(english: Mapping[str, str]) -> dict[str, str]:
    """What the spellings of words mean, in lower case; `english` has the word for each meaning.

    English means what it says; of the rest what could mean two things means nothing.
    """
    found: defaultdict[str, set[str]] = defaultdict(set)
    for meaning, word in english.items():
        for spelling in spellings(word):
            found[spelling.casefold()].add(meaning)
    told = {spelling: next(iter(them)) for spelling, them in found.items() if len(them) == 1}
    return told | {word.casefold(): meaning for meaning, word in english.items()}


def sheets() -> list[str]:
    """What the sheet is called in every language."""
    return spellings(SHEET)


def columns() -> dict[str, str]:
    """Which column a header means, in whatever language; headers in lower case."""
    return meanings(COLUMNS)


def statuses() -> dict[str, str]:
    """Which status a word means, in whatever language; words in lower case."""
    return meanings({one: one for one in STATUSES})


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
