"""The tag that exempts a resource: `finops:ignore=idle-instance;until=2026-12-31`, and spellings for labels.

Google's labels allow lower-case letters, digits, - and _ only, and some services of AWS refuse a semicolon:
`finops-ignore=idle-instance__until-2026-12-31` says the same everywhere. Several rules are separated by a comma
or one _ (ids of rules have none): `idle-instance_oversized-instance__until-2026-12-31`.
"""

import re
from dataclasses import dataclass
from datetime import date

TAG_KEYS = ("finops:ignore", "finops-ignore", "finops_ignore")
ALL = "all"
_LONGEST = 512  # characters; no cloud allows more in a tag
_PARTS = re.compile(r";|__")
_NAMES = re.compile(r"[,_+/\s]+")
_UNTIL = re.compile(r"until[=:_-](\d{4}-\d{2}-\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a tag asks for: `rules` are ids, or `all`; `until` is the last day. `trouble` says why it cannot be read."""

    rules: frozenset[str] = frozenset()
    until: date | None = None
    trouble: str | None = None

    def means(self, rule: str) -> bool:
        """Whether it is about a rule; one that cannot be read might be about any."""
        return self.trouble is not None or ALL in self.rules or rule in self.rules


def read_tag(value: str) -> Wish:
    """What the value of such a tag asks for. It never raises: a value is whatever somebody wrote."""
    if len(value) > _LONGEST:
        return Wish(trouble="is too long to be read")
    names, *rest = (part.strip() for part in _PARTS.split(value.strip().lower()))
    rules = frozenset(filter(None, _NAMES.split(names)))
    if not rules:
        return Wish(trouble="names no rule")
    ends = [part for part in rest if part]
    if not ends:
        return Wish(rules)
    match = _UNTIL.fullmatch(ends[0]) if len(ends) == 1 else None
    if match is None:
        return Wish(trouble="cannot be read")
    try:
        return Wish(rules, date.fromisoformat(match[1]))
    except ValueError:
        return Wish(trouble="ends on a day that does not exist")
