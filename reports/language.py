"""In which language people are told: words by gettext, numbers and dates by Unicode's CLDR.

A rendering made within `speaking("de")` is German. Everything it says goes through `t` (or `tn`, where a number decides
between one and many, or `tc`, where a word means two things), its amounts and dates
through `reports.amounts`. English is the language of the source, so its words need no catalogue; the others are in
`reports/locale/*.po`, which `python -m reports.locale` brings up to date.

English in every language: JSON and CSV, which programs read; ids and names of the clouds; and the sentences that rules
and collectors store with what they found (reasons, gaps, errors), which are data by the time they are told.
"""

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from typing import Any, get_args

from finops.readership import Locale as Locale

LOCALES: tuple[Locale, ...] = get_args(Locale)
# What a document says of itself: Chinese here is written in simplified characters.
TAGS: dict[Locale, str] = {"en": "en", "de": "de", "zh": "zh-Hans"}

_CHINESE_MARKS = {", ": "、", "; ": "；", ": ": "："}

_spoken: ContextVar[Locale] = ContextVar("locale", default="en")


@contextmanager
def speaking(locale: Locale) -> Iterator[None]:
    """All that is rendered within is in this language."""
    token = _spoken.set(locale)
    try:
        yield
    finally:
        _spoken.reset(token)


def spoken() -> Locale:
    """The language of what is being rendered."""
    return _spoken.get()


def t(message: str, **values: object) -> str:
    """The message in the language of the rendering, its {placeholders} filled; without values braces stay."""
    words = _words(_spoken.get())
    told = (
        words.pgettext(message.context, message) if isinstance(message, InContext) else words.gettext(message)
    )
    return told.format(**values) if values else told


def tc(context: str, message: str, **values: object) -> str:
    """The message as `t` tells it, where the same English means something else in another context."""
    return t(InContext(context, message), **values)


def tn(one: str, many: str, n: int, **values: object) -> str:
    """The form of the message for so many; {n} stands for the number, written as the language writes it."""
    told = _words(_spoken.get()).ngettext(one, many, n)
    return told.format(n=punctuated(f"{n:,}"), **values)


def mark(message: str) -> str:
    """The message as it is: for constants, whose words are looked up by `t` when they are used."""
    return message


def markc(context: str, message: str) -> "InContext":
    """The same for a message that means something else in another context; `t` knows which one is meant."""
    return InContext(context, message)


class InContext(str):
    """A message of a context. As a text it is its English."""

    __slots__ = ("context",)
    context: str

    def __new__(cls, context: str, message: str) -> "InContext":
        made = super().__new__(cls, message)
        made.context = context
        return made


class Worded(Mapping[str, str]):
    """Constant words by key, each marked by `mark`, and told in the language of whoever asks."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = dict(words)

    def __getitem__(self, key: str) -> str:
        return t(self._words[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)


def punctuated(number: str) -> str:
    """A number as Python writes it, such as 1,234.5, with the separators of the language."""
    if _spoken.get() == "en":
        return number
    return number.translate(_separators(_spoken.get()))


def begun(message: str) -> str:
    """The message at the beginning of a line. Only for messages: a name would not be the same with a capital."""
    return message[:1].upper() + message[1:]


def within(message: str) -> str:
    """The message within a sentence: English goes on in small letters, German nouns keep their capitals."""
    return message[:1].lower() + message[1:] if _spoken.get() == "en" else message


def between() -> str:
    """What stands between two sentences: nothing in Chinese, whose full stop brings its own space."""
    return "" if _spoken.get() == "zh" else " "


def joint(mark: str) -> str:
    """A mark between parts of a text, ', ' or '; ' or ': ', as the language writes it: Chinese has marks of its own."""
    return _CHINESE_MARKS[mark] if _spoken.get() == "zh" else mark


def in_brackets(text: str) -> str:
    """A text in brackets, behind what it explains."""
    return f"（{text}）" if _spoken.get() == "zh" else f" ({text})"


def flowing(sentences: Iterable[str]) -> str:
    """Sentences one after the other; empty ones are left out."""
    return between().join(filter(None, sentences))


def for_script() -> dict[str, list[str]]:
    """What the page's scripts say, by their English: the forms for one and many, or the only form. Empty in English."""
    return _of_scripts(_spoken.get())


@cache
def _separators(locale: Locale) -> dict[int, str]:
    from babel.numbers import get_decimal_symbol, get_group_symbol

    return {ord(","): get_group_symbol(locale), ord("."): get_decimal_symbol(locale)}


@cache
def _words(locale: Locale) -> NullTranslations:
    if locale == "en":
        return NullTranslations()
    from babel.messages.mofile import write_mo

    compiled = io.BytesIO()
    write_mo(compiled, _catalogue(locale))
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def _of_scripts(locale: Locale) -> dict[str, list[str]]:
    if locale == "en":
        return {}
    told: dict[str, list[str]] = {}
    for message in _catalogue(locale):
        if any(path.endswith(".js") for path, _ in message.locations):
            forms = message.string if isinstance(message.string, tuple | list) else [message.string]
            told[message.id[0] if isinstance(message.id, tuple | list) else message.id] = list(forms)
    return told


@cache
def _catalogue(locale: Locale) -> Any:
    from babel.messages.pofile import read_po

    with files("reports.locale").joinpath(f"{locale}.po").open("rb") as file:
        return read_po(file, locale=locale)
