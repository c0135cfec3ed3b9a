"""Regular expressions of DuckDB (RE2) as Java has them."""

from finops.errors import EngineError

# A boundary is one of ASCII words in RE2; Java's own sees words in every script.
_BOUNDARY = r"(?:(?<=\w)(?!\w)|(?<!\w)(?=\w))"
_SPACE = r"\t\n\f\r "
_LINES_END_WITH_LINE_FEED = "(?d)"
_ANY_CASE = "(?i)"  # in both of letters of any script, which Java has to be told


def java(pattern: str) -> str:
    """The pattern that finds in Java what `pattern` finds in RE2.

    Raises EngineError for what has no sure counterpart.
    """
    if "(?" in pattern.replace("(?:", "").replace(_ANY_CASE, ""):
        raise EngineError(f"The pattern {pattern} has flags that other engines may read otherwise.")
    return _LINES_END_WITH_LINE_FEED + "".join(_told(pattern)).replace(_ANY_CASE, "(?iu)")


def _told(pattern: str) -> list[str]:
    parts: list[str] = []
    inside, at = False, 0
    while at < len(pattern):
        one = pattern[at : at + 2] if pattern[at] == "\\" else pattern[at]
        first = pattern[at - 1 : at] == "[" or pattern[at - 2 : at] == "[^"
        parts.append(_in_class(one) if inside else _outside(one))
        if one == "[":
            inside = True
        elif one == "]" and inside and not first:
            inside = False
        at += len(one)
    return parts


def _outside(one: str) -> str:
    # $ is the very end: in Java it would be before a last line feed as well.
    return {"\\b": _BOUNDARY, "\\s": f"[{_SPACE}]", "$": r"\z"}.get(one, one)


def _in_class(one: str) -> str:
    # Java knows classes in classes, and their intersection.
    return {"[": r"\[", "&": r"\&", "\\s": _SPACE}.get(one, one)
