"""Lines of instance families: what succeeds what.

A family is named by its line (m, c, r), its generation, its processor (i, a, g, or none in old ones) and what it has
beside (d a local disk, n more network, b more bandwidth to disks, z a faster clock). Families that have the same beside
belong to one line, whatever the processor: m5d and m6gd to m-d. Source:
https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
"""

import re
from collections.abc import Iterable

_FAMILY = re.compile(r"(?P<line>[a-z]+?)(?P<generation>\d+)(?P<rest>[a-z]*)(?:-(?P<variant>[a-z0-9]+))?")
_PROCESSORS = "iag"
# Lines whose letters after the number say something else, or that have no successors.
_WITHOUT = ("mac", "u", "p", "trn", "inf", "dl", "vt", "f")
_NEWEST = 9  # generations that a single digit can name


def generation_of(family: str) -> int | None:
    """5 of m5a."""
    number = re.search(r"\d+", family)
    return int(number[0]) if number else None


def line_of(family: str) -> str | None:
    """m of m5, m6i and m7g; m-d of m5d and m6gd; None of what has no line."""
    known = _FAMILY.fullmatch(family)
    if known is None or known["line"] in _WITHOUT:
        return None
    beside = "".join(letter for letter in known["rest"] if letter not in _PROCESSORS)
    return "-".join(part for part in (known["line"], beside, known["variant"]) if part)


def successors(types: Iterable[str]) -> list[str]:
    """Patterns for the same size in families of the same line, of the same generation or a newer one. What they leave
    open is one letter: the processor."""
    found = set()
    for name in types:
        family, _, size = name.partition(".")
        line, generation = line_of(family), generation_of(family)
        if line is None or generation is None or "-" in family or not size:
            continue  # a variant such as flex is followed by nothing that is known
        letters, *beside = line.split("-")
        found |= {f"{letters}{number}?{''.join(beside)}.{size}" for number in range(generation, _NEWEST + 1)}
    return sorted(found)


def follows(name: str, other: str) -> bool:
    """Whether a type is the same size in the same line as another, of its generation or a newer one."""
    (family, _, size), (before, _, size_before) = name.partition("."), other.partition(".")
    line, generation, generation_before = line_of(family), generation_of(family), generation_of(before)
    return (
        size == size_before
        and line is not None
        and line == line_of(before)
        and (generation or 0) >= (generation_before or 0)
    )
