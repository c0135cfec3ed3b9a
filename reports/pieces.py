"""Sentences in pieces, so that a rendering may set amounts in bold.

Languages order the parts of a sentence differently, so a sentence is one message with {placeholders}. It is looked up
as a whole and then cut at them: what stands for a placeholder is a piece with a tone, the words around it have none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from string import Formatter

from reports.language import between, t
from reports.plain import English, one_line, shortened


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sentence. `tone` is over, under, saving, strong or nothing; `full` the amount that is shortened."""

    text: str
    tone: str = ""
    full: str = ""

    @property
    def is_words(self) -> bool:
        """Whether nothing sets it apart from the words beside it."""
        return not self.tone and not isinstance(self.text, English)


Value = str | Piece | Sequence[Piece]


def kept(*names: str) -> dict[str, str]:
    """Values for `t` and `tn` that leave these placeholders as they are, for `pieces` to fill."""
    return {name: f"{{{name}}}" for name in names}


def literal(text: str) -> str:
    """A value for `t` and `tn` beside one that is kept: braces in it are no placeholder."""
    return text.replace("{", "{{").replace("}", "}}")


def pieces(template: str, **values: Value) -> list[Piece]:
    """A told message, whose {placeholders} are not filled yet, cut at them; a value may be pieces itself."""
    found: list[Piece] = []
    for words, name, _, _ in Formatter().parse(template):
        found += [Piece(words)] if words else []
        found += _value(values[name]) if name else []
    return _merged(found)


def _value(value: Value) -> list[Piece]:
    if isinstance(value, str):
        return [Piece(value)]
    return [value] if isinstance(value, Piece) else [*value]


def _merged(found: Iterable[Piece]) -> list[Piece]:
    """Words beside each other as one piece."""
    merged: list[Piece] = []
    for is_words, group in groupby((one for one in found if one.text), lambda one: one.is_words):
        beside = [*group]
        merged += [Piece(plain(beside))] if is_words else beside
    return merged


def plain(found: Iterable[Piece]) -> str:
    """The text alone."""
    return "".join(one.text for one in found)


def joined(found: Sequence[Sequence[Piece]]) -> list[Piece]:
    """'a', 'a and b', 'a and b and c'."""
    told = [*found[0]] if found else []
    for one in found[1:]:
        told = pieces(t("{first} and {last}"), first=told, last=one)
    return told


def flowing(sentences: Iterable[Sequence[Piece]]) -> list[Piece]:
    """Sentences one after the other; empty ones are left out."""
    told: list[Piece] = []
    for sentence in sentences:
        told += [Piece(between())] if told and sentence else []
        told += sentence
    return _merged(told)


def on_one_line(found: Iterable[Piece]) -> list[Piece]:
    """The pieces as `one_line` shows them, with the blanks that part them."""
    return [replace(one, text=type(one.text)(_flat(one.text))) for one in found]


def _flat(text: str) -> str:
    if text.isprintable():
        return text
    return f"{' ' * text.startswith(' ')}{one_line(text)}{' ' * text.endswith(' ')}"


def cut(found: Sequence[Piece], limit: int) -> list[Piece]:
    """At most so many characters of it, the cut shown."""
    whole = plain(found)
    left = shortened(whole, limit)
    if left == whole:
        return [*found]
    left, told = left.removesuffix("…"), []
    for one in found:
        part = type(one.text)(one.text[: len(left)])
        left = left[len(part) :]
        told += [replace(one, text=part)] if part else []
    return [*told, Piece("…")]
