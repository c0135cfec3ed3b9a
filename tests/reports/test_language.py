"""Words by catalogues, numbers and dates by CLDR, sentences whose parts stand where the language wants them."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal

import pytest
from babel.messages.catalog import Catalog

from reports import amounts, language, words
from reports.html.headline import headline
from reports.language import Locale, Worded, begun, flowing, speaking, spoken, t, tn, within
from reports.mail import subject
from reports.pieces import Piece, cut, joined, kept, on_one_line, pieces, plain
from reports.plain import English
from tests.reports import rich_sample, sample
from tests.reports.build import finding

Telling = Mapping[str | tuple[str, str], str | tuple[str, ...]]
COLOURS = Worded({"red": "red", "blue": "blue"})


@pytest.fixture
def catalogue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Locale, Telling], None]]:
    """Lets a test say what is in the catalogue of a language."""

    def given(locale: Locale, told: Telling) -> None:
        made = Catalog(locale=locale)
        for message, translation in told.items():
            made.add(message, translation)
        monkeypatch.setattr(language, "_catalogue", lambda _: made)
        language._words.cache_clear()

    yield given
    language._words.cache_clear()


# --- words ------------------------------------------------------------------------------------------------


def test_within_a_language_its_words_are_told_and_after_it_those_of_before(
    catalogue: Callable[[Locale, Telling], None],
) -> None:
    catalogue("de", {"spent": "ausgegeben"})
    with speaking("de"):
        assert (spoken(), t("spent")) == ("de", "ausgegeben")
        with speaking("en"):
            assert t("spent") == "spent"
        assert t("spent") == "ausgegeben"
    assert (spoken(), t("spent")) == ("en", "spent")


def test_a_message_without_a_translation_is_english(catalogue: Callable[[Locale, Telling], None]) -> None:
    catalogue("de", {"spent": ""})
    with speaking("de"):
        assert t("spent") == "spent"
        assert t("{n} of it", n=1) == "1 of it"


def test_placeholders_are_filled_in_the_order_of_the_language_and_values_are_never_templates(
    catalogue: Callable[[Locale, Telling], None],
) -> None:
    catalogue("zh", {"{done} of {all}": "{all}中的{done}"})
    with speaking("zh"):
        assert t("{done} of {all}", done="{all}", all="3") == "3中的{all}"
        assert t("{done} of {all}") == "{all}中的{done}"


def test_a_number_chooses_its_form_and_is_written_as_the_language_writes_it(
    catalogue: Callable[[Locale, Telling], None],
) -> None:
    forms = ("{n} finding of {cloud}", "{n} findings of {cloud}")
    assert tn(*forms, 1, cloud="aws") == "1 finding of aws"
    assert tn(*forms, 0, cloud="aws") == "0 findings of aws"
    assert tn(*forms, 2310, cloud="aws") == "2,310 findings of aws"
    catalogue("de", {forms: ("{n} Fund bei {cloud}", "{n} Funde bei {cloud}")})
    with speaking("de"):
        assert tn(*forms, 1, cloud="aws") == "1 Fund bei aws"
        assert tn(*forms, 2310, cloud="aws") == "2.310 Funde bei aws"
    catalogue("zh", {forms: ("{cloud} 的 {n} 项发现",)})
    with speaking("zh"):
        assert tn(*forms, 1, cloud="aws") == "aws 的 1 项发现"
        assert tn(*forms, 2310, cloud="aws") == "aws 的 2,310 项发现"


def test_constants_are_told_when_they_are_asked_for_and_keep_their_keys(
    catalogue: Callable[[Locale, Telling], None],
) -> None:
    catalogue("de", {"red": "rot", "blue": "blau"})
    assert dict(COLOURS) == {"red": "red", "blue": "blue"}
    with speaking("de"):
        assert dict(COLOURS) == {"red": "rot", "blue": "blau"}
        assert COLOURS.get("green") is None
        assert "red" in COLOURS
        assert "rot" not in COLOURS


def test_english_goes_on_small_within_a_sentence_and_german_keeps_its_nouns() -> None:
    assert within("Disks attached to nothing") == "disks attached to nothing"
    assert begun("delete disk") == "Delete disk"
    with speaking("de"):
        assert within("Datenträger ohne Server") == "Datenträger ohne Server"


@pytest.mark.parametrize(("locale", "told"), [("en", "One. Two."), ("de", "One. Two."), ("zh", "One.Two.")])
def test_between_two_sentences_is_a_blank_where_the_language_has_one(locale: Locale, told: str) -> None:
    with speaking(locale):
        assert flowing(["One.", "", "Two."]) == told


# --- numbers and dates ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "currency", "german", "chinese"),
    [
        (None, "USD", "–", "–"),
        ("0", "USD", "0,00\xa0$", "US$0.00"),
        ("0.004", "USD", "<0,01\xa0$", "<US$0.01"),
        ("1234567.895", "EUR", "1.234.567,90\xa0€", "€1,234,567.90"),
        ("-12.5", "USD", "−12,50\xa0$", "−US$12.50"),
        ("1234.5", "CNY", "1.234,50\xa0CN¥", "¥1,234.50"),
        ("1234.5", "JPY", "1.234,50\xa0¥", "JP¥1,234.50"),
        ("1234.5", None, "1.234,50", "1,234.50"),
    ],
)
def test_money_is_to_the_cent_with_its_sign_where_the_language_puts_it(
    amount: str | None, currency: str | None, german: str, chinese: str
) -> None:
    given = None if amount is None else Decimal(amount)
    with speaking("de"):
        assert amounts.money(given, currency) == german
    with speaking("zh"):
        assert amounts.money(given, currency) == chinese


@pytest.mark.parametrize(
    ("amount", "english", "german", "chinese"),
    [
        ("99.99", "$99.99", "99,99\xa0$", "US$99.99"),
        ("47538.94", "$47,539", "47.539\xa0$", "US$47,539"),
        ("99999", "$99,999", "99.999\xa0$", "US$99,999"),
        ("452000", "$452k", "452.000\xa0$", "US$45.2万"),
        ("-1250000", "−$1.25M", "−1,25\xa0Mio.\xa0$", "−US$125万"),
        ("1250000000", "$1,250M", "1,25\xa0Mrd.\xa0$", "US$12.5亿"),
    ],
)
def test_large_amounts_are_short_as_the_language_shortens_them(
    amount: str, english: str, german: str, chinese: str
) -> None:
    told = []
    for locale in language.LOCALES:
        with speaking(locale):
            told.append(amounts.short(Decimal(amount), "USD"))
    assert told == [english, german, chinese]


def test_shares_changes_and_emissions_have_the_separators_of_the_language() -> None:
    with speaking("de"):
        assert [amounts.share(one) for one in (None, 0.0001, 0.725, 1.0)] == [
            "–", "<0,1\xa0%", "72,5\xa0%", "100\xa0%",
        ]  # fmt: skip
        assert amounts.change_share(Decimal(1125), Decimal(1000)) == "12,5\xa0%"
        assert amounts.signed(Decimal(900), "USD") == "▲ +900,00\xa0$"
        assert amounts.signed(Decimal("-12.1"), "USD") == "▼ −12,10\xa0$"
        assert [amounts.carbon(one) for one in (0.0, 0.001, 1234.5, -14000.0)] == [
            "0 kg", "<0,01 kg", "1.234,5 kg", "−14,00 t",
        ]  # fmt: skip
        assert (amounts.number(2310), amounts.number(1234.5, 1)) == ("2.310", "1.234,5")
    with speaking("zh"):
        assert amounts.share(0.725) == "72.5%"
        assert amounts.change_share(Decimal(1125), Decimal(1000)) == "12.5%"
        assert amounts.signed(Decimal("-12.1"), "CNY") == "▼ −¥12.10"
        assert amounts.carbon(-14000.0) == "−14.00 t"
        assert amounts.number(2310) == "2,310"


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (300.0, 1500.0, "300,0–1.500,0 kg"),
        (4500.0, 14000.0, "4,50–14,00 t"),
        (0.0, 15000.0, "0 kg–15,00 t"),
        (7.0, 7.0, "7,0 kg"),
    ],
)
def test_an_interval_of_emissions_has_its_unit_once(low: float, high: float, told: str) -> None:
    with speaking("de"):
        assert amounts.carbon_short_range(low, high) == told


def test_intervals_of_money_have_both_ends_in_the_language(
    catalogue: Callable[[Locale, Telling], None],
) -> None:
    catalogue("de", {"{low} to {high}": "{low} bis {high}"})
    with speaking("de"):
        assert amounts.money_range(Decimal(1), Decimal(1000), "USD") == "1,00 bis 1.000,00\xa0$"
        assert (
            amounts.short_range(Decimal(441000), Decimal(1466000), "USD") == "441.000\xa0$–1,47\xa0Mio.\xa0$"
        )
        assert amounts.carbon_range(4500.0, 14000.0) == "4,50 t bis 14,00 t"
        assert amounts.money_range(None, Decimal(1), "USD") == "–"


def test_dates_and_months_are_those_of_the_language(catalogue: Callable[[Locale, Telling], None]) -> None:
    in_march = date(2026, 3, 5)
    catalogue("de", {"{start} to {end}": "{start} bis {end}", "no end": "kein Ende"})
    with speaking("de"):
        assert amounts.day(in_march) == "5. März 2026"
        assert amounts.month("2026-03") == "März 2026"
        assert amounts.month("2026-03", in_march) == "März"
        assert amounts.month("2025-03", in_march) == "März 2025"
        assert amounts.clock(datetime(2026, 11, 20, 2, 14)) == "20. Nov. 2026 02:14 UTC"
        assert amounts.period(datetime(2026, 3, 1), datetime(2026, 4, 1)) == "1. März 2026 bis 31. März 2026"
        assert amounts.last_day(None) == "kein Ende"
    with speaking("zh"):
        assert amounts.day(in_march) == "2026年3月5日"
        assert amounts.month("2026-03") == "2026年3月"
        assert amounts.month("2026-03", in_march) == "3月"
        assert amounts.clock(datetime(2026, 11, 20, 2, 14)) == "2026年11月20日 02:14 UTC"


# --- sentences --------------------------------------------------------------------------------------------


def test_a_sentence_is_cut_at_its_placeholders_wherever_they_stand() -> None:
    amount = Piece("$5", "strong", "$5.00")
    told = pieces(
        "{month} is heading for {amount}, {rest}.", month="May", amount=amount, rest=[Piece("on budget")]
    )
    assert told == [Piece("May is heading for "), amount, Piece(", on budget.")]
    assert pieces("{amount}为{month}的预计", month="5月", amount=amount) == [amount, Piece("为5月的预计")]
    assert plain(pieces("no placeholder")) == "no placeholder"


def test_a_value_with_braces_is_no_placeholder() -> None:
    assert plain(pieces("{a}{b}", a="{b}", b="x")) == "{b}x"


def test_the_number_of_a_sentence_is_told_and_its_pieces_are_left_to_be_filled() -> None:
    template = tn("One saves {amounts}", "{n} save {amounts}", 3, **kept("amounts"))
    both = joined([[Piece("$1", "saving")], [Piece("€2", "saving")], [Piece("£3", "saving")]])
    assert pieces(template, amounts=both) == [
        Piece("3 save "), Piece("$1", "saving"), Piece(" and "), Piece("€2", "saving"), Piece(" and "),
        Piece("£3", "saving"),
    ]  # fmt: skip


def test_words_of_the_model_stay_a_piece_of_their_own() -> None:
    told = pieces("why: {reason}", reason=English("no data."))
    assert [(one.text, isinstance(one.text, English)) for one in told] == [
        ("why: ", False),
        ("no data.", True),
    ]
    short = cut(told, 8)
    assert [(one.text, isinstance(one.text, English)) for one in short] == [
        ("why: ", False), ("no", True), ("…", False),
    ]  # fmt: skip
    assert len(plain(short)) == 8
    assert cut(told, 13) == told


def test_pieces_on_one_line_keep_the_blanks_that_part_them() -> None:
    told = on_one_line([Piece("a\nb: "), Piece(English(" x\u202ey"))])
    assert plain(told) == "a b:  x⟨U+202E⟩y"
    assert isinstance(told[1].text, English)


def test_the_headline_follows_the_order_of_the_language_and_the_saving_stays_marked(
    catalogue: Callable[[Locale, Telling], None],
) -> None:
    sentence = (
        "Of {total} spent a month, {saving} ({share}) can be saved in {n} step",
        "Of {total} spent a month, {saving} ({share}) can be saved in {n} steps",
    )
    catalogue(
        "zh",
        {
            sentence: ("{n} 个步骤每月可节省 {saving}，占支出 {total} 的 {share}",),
            "{sentence}, {amount} of it with high confidence.": "{sentence}，其中 {amount} 把握很大。",
            "For {number} of them the amount is not known.": "其中 {number} 个金额未知。",
        },
    )
    with speaking("zh"):
        told = words.headline(sample.three_clouds())
    assert told.before == "13 个步骤每月可节省 "
    assert told.saving == "US$3,463"
    assert told.after == "，占支出 US$47,539 的 7.2%，其中 US$1,970 把握很大。"
    with speaking("zh"):
        assert told.text.endswith("把握很大。其中 1 个金额未知。")


def test_the_sentence_of_the_month_is_whole_in_another_language(
    catalogue: Callable[[Locale, Telling], None],
) -> None:
    catalogue(
        "de",
        {
            "{month} is heading for {amount}": "Für den {month} zeichnen sich {amount} ab",
            "▲ {amount} ({share}) over budget": "▲ {amount} ({share}) über dem Budget",
            "It is {amount} more than the same days of {before}": "Das sind {amount} mehr als bis zum gleichen Tag im {before}",
            "mostly because of what is new": "vor allem wegen Neuem",
            "most of it in {name}": "das meiste davon bei {name}",
            "{sentence}, {cause}, and {place}": "{sentence}, {cause} und {place}",
            (
                "The decision below saves {amounts} a month",
                "The {n} decisions below save {amounts} a month",
            ): (
                "Die Entscheidung unten spart {amounts} im Monat",
                "Die {n} Entscheidungen unten sparen {amounts} im Monat",
            ),
            "{sentence}, enough for a month like this to stay within budget": "{sentence}, genug für das Budget",
        },
    )
    with speaking("de"):
        told = headline(rich_sample.rich())
        first = subject(rich_sample.rich())
    assert plain(told) == (
        "Für den November zeichnen sich 17.820\xa0$ ab, ▲ 1.320\xa0$ (8\xa0%) über dem Budget. Das sind 1.000\xa0$ mehr "
        "als bis zum gleichen Tag im Oktober, vor allem wegen Neuem und das meiste davon bei Amazon EC2. Die 7 "
        "Entscheidungen unten sparen 3.455\xa0$ im Monat, genug für das Budget."
    )
    assert [(one.text, one.tone) for one in told if one.tone] == [
        ("17.820\xa0$", "strong"),
        ("▲ 1.320\xa0$ (8\xa0%) über dem Budget", "over"),
        ("3.455\xa0$", "saving"),
    ]
    assert "Für den November zeichnen sich 17.820 $ ab, ▲ 1.320 $ (8 %) über dem Budget; " in first


def test_an_action_begins_with_a_capital_of_ours_and_never_changes_a_name(
    catalogue: Callable[[Locale, Telling], None],
) -> None:
    smaller = finding(1, "1.00", action="resize", current={"type": "m5.large"}, proposed={"type": "m5.small"})
    assert words.action(smaller, begins=True) == "Resize m5.large → m5.small"
    catalogue("de", {"resize {change}": "{change}: kleiner"})
    with speaking("de"):
        assert words.action(smaller, begins=True) == "m5.large → m5.small: kleiner"


def test_values_have_their_unit_and_the_separators_of_the_language(
    catalogue: Callable[[Locale, Telling], None],
) -> None:
    catalogue("de", {"{value} hours": "{value} Stunden", "yes": "ja"})
    with speaking("de"):
        assert words.value("seen_hours", 1234.5) == "1.234,5 Stunden"
        assert words.value("size_gib", 2310) == "2.310 GiB"
        assert words.value("price", Decimal("0.0880")) == "0,0880"
        assert words.value("seen", True) == "ja"
        assert words.value("instance_type", "m5.large") == "m5.large"
