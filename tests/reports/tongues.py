"""Languages for tests, which say the same whatever the catalogues say: some words as given, the rest in brackets."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from gettext import NullTranslations
from unittest.mock import patch

from reports import language
from reports.language import Locale
from reports.xlsx import names
from tests.reports.untranslated import Bracketed

# What people go by who edit a workbook. 'Entschieden' is close to 'Decided' on purpose, and 'done' to nothing.
GERMAN = {
    "Findings": "Befunde", "Id": "Kennung", "Status": "Stand", "Owner": "Zuständig", "Due": "Termin",
    "Comment": "Bemerkung",
    "Decided": "Entschieden am", "agreed": "vereinbart", "done": "erledigt", "rejected": "abgelehnt",
}  # fmt: skip
CHINESE = {
    "Findings": "发现", "Id": "编号", "Status": "状态", "Owner": "负责人", "Due": "期限", "Comment": "备注",
    "Decided": "决定时间",
    "agreed": "已同意", "done": "已完成", "rejected": "已拒绝",
}  # fmt: skip


class Tongue(Bracketed):
    """A language with these words; every other message stands in brackets."""

    def __init__(self, words: Mapping[str, str]) -> None:
        super().__init__()
        self.words = words

    def gettext(self, message: str) -> str:
        return self.words.get(message) or super().gettext(message)


@contextmanager
def tongues(german: Mapping[str, str] = GERMAN, chinese: Mapping[str, str] = CHINESE) -> Iterator[None]:
    """Within, these are the languages, and there were never others. Which is spoken is for `speaking` to say."""
    told: dict[Locale, NullTranslations] = {
        "en": NullTranslations(),
        "de": Tongue(german),
        "zh": Tongue(chinese),
    }
    with patch.object(language, "_words", told.__getitem__), patch.dict(names.EVER, clear=True):
        yield
