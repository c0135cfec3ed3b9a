"""What people read as text has no word that a catalogue could not translate: in brackets only data are left."""

import re
from collections.abc import Callable, Iterator

import pytest

from finops.model import AuditReport
from reports import summary, terminal
from reports.language import t
from reports.plain import one_line
from tests.reports import untranslated
from tests.reports.untranslated import bracketed, of_chat, of_mail, of_markdown, of_page, of_terminal, of_text

RENDERINGS = (of_markdown, of_chat, of_terminal, of_mail)
_WORD = re.compile(r"[^\W\d_]{3,}")


def data_of(report: AuditReport) -> Iterator[str]:
    """What came with the report: names, ids, and sentences of rules, tests and collectors."""
    for one in report.findings:
        yield from (
            one.id,
            one.id[: terminal.HANDLE],
            one.rule,
            one.resource_id,
            one.resource_name or "",
            one.reason,
        )
        yield from (one.cloud, one.account, one.region, *one.tags.values())
    for scope in report.coverage:
        yield from (scope.cloud, scope.account, scope.region, scope.dataset, scope.error or "")
    for gap in summary.gaps(report):
        yield from (gap.rule, gap.reason)
    assert report.night
    for told in (*report.night.anomalies, *report.night.budgets):
        yield told.message
    yield from report.totals_by_currency


def left_of(lines: list[str], report: AuditReport) -> list[str]:
    """The lines without the data, as far as words are left in them."""
    data = sorted({one_line(one) for one in data_of(report) if one}, key=len, reverse=True)
    found = []
    for line in lines:
        for one in data:
            line = line.replace(one, "")
        found += [line] if _WORD.search(line) else []
    return found


@pytest.mark.parametrize("rendering", RENDERINGS)
def test_nothing_but_data_is_left_of_a_text_whose_messages_are_taken_out(
    rendering: Callable[[AuditReport], list[str]],
) -> None:
    given = untranslated.sample()
    with bracketed():
        assert left_of(rendering(given), given) == []


def test_a_word_that_no_catalogue_can_translate_is_found_and_a_name_is_none() -> None:
    given = untranslated.sample()
    with bracketed():
        lines = of_text(
            f"{t('saved by {name}', name='web-prod-1')} web-prod-1 forgotten\n{t('told')}: web-prod-1"
        )
    assert left_of(lines, given) == [" forgotten"]


def test_a_sentence_with_markup_in_it_is_one_message_and_what_is_marked_as_data_is_left_out() -> None:
    page = "<p>⟦It costs <strong>$5</strong> a month⟧</p><p>⟦told⟧ <b>forgotten</b></p><p><bdi>web</bdi></p>"
    assert of_page(page + '<p lang="en">Not enough data.</p><th aria-label="Named">⟦x⟧</th>') == [
        "forgotten",
        "Named",
    ]


def test_what_programs_read_is_english_in_every_language() -> None:
    given = untranslated.sample()
    english = terminal.render_tsv(given)
    with bracketed():
        assert terminal.render_tsv(given) == english
