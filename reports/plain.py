"""Text that came from a cloud, made harmless for whoever reads it.

A resource may be named anything: terminal escapes, line breaks, U+202E that turns the reading direction.
Renderings for people pass every such text through `one_line`; JSON and CSV keep the original.
"""

import unicodedata

_JOINERS = "\u200c\u200d"  # emoji families and several scripts need them; alone they move nothing


class English(str):
    """A text that came with the model, in English whatever the rendering speaks: HTML marks it so."""

    __slots__ = ()


def in_english(text: str | None) -> English:
    """What a rule, a collector or a test of the data wrote, on one line."""
    return English(one_line(text or ""))


def one_line(text: str) -> str:
    """The text on one line, with every control and direction character shown as ⟨U+XXXX⟩."""
    if text.isprintable():
        return text
    return " ".join("".join(map(_visible, text)).split())


def _visible(char: str) -> str:
    if char.isprintable() or char in _JOINERS:
        return char
    if char.isspace():
        return " "
    return f"⟨U+{ord(char):04X}⟩"


def shortened(text: str, limit: int) -> str:
    """The text cut to at most `limit` characters, the cut shown; never between a letter and its accent."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    while kept and unicodedata.combining(text[len(kept)]):
        kept = kept[:-1]
    return kept + "…"
