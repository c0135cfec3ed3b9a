"""One English word that means two things is two messages; days, intervals and marks as other languages write them."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from reports import amounts, control, decisions, nightly, terminal
from reports.language import LOCALES, Locale, Worded, mark, markc, speaking, t, tc
from reports.locale import gathering
from tests.reports import untranslated
from tests.reports.build import finding, report
from tests.reports.test_control import month, odd
from tests.reports.test_control import told as night_of

END = "end of an interval"


def test_a_word_of_two_contexts_is_told_as_what_is_meant() -> None:
    words = Worded({"level": mark("Low"), "end": markc(END, "Low")})
    assert [words["level"], words["end"], t(markc(END, "Low")), tc(END, "Low")] == ["Low"] * 4
    with speaking("de"):
        assert (words["level"], words["end"], tc(END, "Low")) == ("Niedrig", "Unterer Wert", "Unterer Wert")
    with speaking("zh"):
        assert (t("Coverage"), tc("of commitments", "Coverage")) == ("采集覆盖", "覆盖率")


def test_a_message_that_no_context_has_is_told_in_english_and_filled() -> None:
    with speaking("de"):
        assert tc("nowhere", "Low {n}", n=2) == "Low 2"


def test_a_message_in_a_context_is_its_english_wherever_the_code_goes_by_it() -> None:
    assert markc(END, "Low") == "Low"
    assert ["Day", markc(END, "Low")].index("Low") == 1


def test_contexts_are_gathered_apart_from_the_message_without_one() -> None:
    found = [(one.context, one.id) for one in gathering.gathered() if one.id in ("Low", "Coverage")]
    assert sorted(found, key=str) == sorted(
        [(None, "Low"), (END, "Low"), (None, "Coverage"), ("of commitments", "Coverage")], key=str
    )


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.py", 'tc("end", "Low {n}", n=1)\nmarkc("end", "High")\n'),
        ("a.j2", '{{ tc("end", "Low {n}", n=1) }}{{ markc("end", "High") }}'),
        ("a.js", 'tc("end", "Low {n}", { n: 1 }); markc("end", "High");'),
    ],
)
def test_contexts_are_found_in_python_templates_and_scripts(
    path: str, source: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / path).write_text(source)
    monkeypatch.setattr(gathering, "_REPORTS", tmp_path)
    assert [(one.context, one.id) for one in gathering.gathered() if one.id] == [
        ("end", "Low {n}"),
        ("end", "High"),
    ]


# --- days within sentences --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "days", "through"),
    [
        ("en", "2026-11-10 to 2026-11-17", "2026-11-17"),
        ("de", "10. Nov. 2026 bis 17. Nov. 2026", "17. Nov. 2026"),
        ("zh", "2026年11月10日 至 2026年11月17日", "2026年11月17日"),
    ],
)
def test_days_of_an_anomaly_and_of_a_forecast_are_told_as_the_language_tells_days(
    locale: Locale, days: str, through: str
) -> None:
    with speaking(locale):
        found = control.control(night_of(anomalies=[odd()], forecasts=[month()]))
        assert found
        assert (found.alarms[0].days, found.months[0].through) == (days, through)
        unsettled = control.months_told([month(settled_until=None)])
    assert unsettled[0].through == amounts.UNKNOWN


@pytest.mark.parametrize(
    ("locale", "day"), [("en", "2026-12-01"), ("de", "1. Dez. 2026"), ("zh", "2026年12月1日")]
)
def test_an_exemption_ends_on_a_day_of_the_language(locale: Locale, day: str) -> None:
    with speaking(locale):
        assert day in nightly.ending("idle", "*", "Legal", datetime(2026, 12, 1, 12))


def test_months_and_days_of_a_workbook_are_iso_in_english_only() -> None:
    told = {}
    for locale in LOCALES:
        with speaking(locale):
            told[locale] = (
                amounts.iso_day(date(2026, 3, 5)),
                amounts.iso_month("2026-03"),
                amounts.day_format(),
            )
    assert told == {
        "en": ("2026-03-05", "2026-03", "d mmm"),
        "de": ("5. März 2026", "März 2026", "d.m."),
        "zh": ("2026年3月5日", "2026年3月", "m/d"),
    }


# --- what the language puts between and behind ------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "currency", "told"),
    [
        ("980.1", "1190", "USD", "980,10–1.190,00\xa0$"),
        ("-5", "1190", "CHF", "−5,00–1.190,00\xa0CHF"),
        ("0.001", "5", "USD", "<0,01–5,00\xa0$"),
        ("980.1", "1190", None, "980,10–1.190,00"),
    ],
)
def test_a_german_interval_has_its_currency_once(
    low: str, high: str, currency: str | None, told: str
) -> None:
    with speaking("de"):
        assert amounts.money_span(Decimal(low), Decimal(high), currency) == told
        assert amounts.money_range(Decimal(low), Decimal(high), currency) == told.replace("–", " bis ")
        assert amounts.money_span(Decimal(low), None, currency) == amounts.UNKNOWN


def test_ends_that_are_shortened_alike_have_their_currency_once_and_others_twice() -> None:
    low, high = Decimal(1_180_000), Decimal(1_250_000)
    with speaking("de"):
        assert amounts.short_range(low, high, "USD") == "1,18\xa0Mio.–1,25\xa0Mio.\xa0$"
        assert amounts.short_range(low / 2, high, "USD") == "590.000\xa0$–1,25\xa0Mio.\xa0$"
        assert amounts.short_range(low, low, "USD") == "1,18\xa0Mio.\xa0$"


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_intervals_keep_the_sign_of_both_ends_where_it_stands_before(locale: Locale) -> None:
    dollar = "$" if locale == "en" else "US$"
    with speaking(locale):
        assert amounts.money_span(Decimal(1), Decimal(2), "USD") == f"{dollar}1.00–{dollar}2.00"
        assert amounts.short_range(Decimal(1), Decimal(2), "USD") == f"{dollar}1.00–{dollar}2.00"


def test_a_chinese_terminal_has_chinese_marks_between_our_words() -> None:
    given = untranslated.sample()
    with speaking("zh"):
        told = terminal.render(given, width=200)
    assert given.night
    assert f"（{given.night.anomalies[0].id}）" in told
    assert f"({given.night.anomalies[0].id})" in terminal.render(given, width=200)


@pytest.mark.parametrize(("more", "told"), [(1, "team-a und 1 weiterer"), (2, "team-a und 2 weitere")])
def test_how_many_more_there_are_has_its_german_plural(more: int, told: str) -> None:
    owners = ["team-a", "team-a", *(f"team-{number}" for number in range(more))]
    given = [finding(number, "10", tags={"team": one}) for number, one in enumerate(owners)]
    with speaking("de"):
        assert [one.owner for one in decisions.decisions(report(given))] == [told]
