"""The catalogues hold what the sources say: every message, translated, with its placeholders and its forms."""

import string
from typing import Any

import pytest

from reports.locale.gathering import LANGUAGES, gathered, missing, path_of, read, written

FORMS = {"de": 2, "zh": 1}


def key(message: Any) -> tuple[Any, ...]:
    """By what gettext finds it."""
    return (message.context, message.id if isinstance(message.id, str) else tuple(message.id))


def forms(text: Any) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
class TestACatalogue:
    def test_has_every_message_of_the_sources_and_no_other(self, language: str) -> None:
        there, said = ({key(one) for one in book if one.id} for book in (read(language), gathered()))
        assert said - there == set()
        assert there - said == set()

    def test_leaves_nothing_untranslated(self, language: str) -> None:
        assert missing(read(language)) == []

    def test_keeps_the_placeholders_of_each_message(self, language: str) -> None:
        wrong = {
            key(one): text
            for one in read(language)
            if one.id
            for text in forms(one.string)
            # A number may be left to its noun in one of the forms: "one finding".
            if fields(text) | {"n"} != fields(forms(one.id)[-1]) | {"n"}
        }
        assert wrong == {}

    def test_has_as_many_forms_as_the_language(self, language: str) -> None:
        counted = [one for one in read(language) if not isinstance(one.id, str)]
        assert counted
        assert {len(forms(one.string)) for one in counted} == {FORMS[language]}

    def test_is_written_as_the_program_writes_it(self, language: str) -> None:
        book = read(language)
        book.update(gathered(), no_fuzzy_matching=True)
        book.obsolete.clear()
        assert path_of(language).read_bytes() == written(book)
