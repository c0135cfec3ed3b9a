from decimal import Decimal

import pytest

from reports import amounts
from reports.language import LOCALES, Locale, speaking
from reports.plain import one_line, shortened


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (None, "–"),
        (Decimal("0.00"), "$0.00"),
        (Decimal("0.004"), "<$0.01"),
        (Decimal("0.005"), "<$0.01"),
        (Decimal("-0.005"), "<$0.01"),
        (Decimal("1234567.895"), "$1,234,567.90"),
        (Decimal("-12.5"), "−$12.50"),
    ],
)
def test_money_is_shown_to_the_cent_and_never_as_zero_when_unknown_or_tiny(
    amount: Decimal | None, shown: str
) -> None:
    assert amounts.money(amount, "USD") == shown


@pytest.mark.parametrize(
    ("amount", "shown"), [("99.99", "$99.99"), ("100.50", "$100"), ("47538.94", "$47,539")]
)
def test_a_sentence_rounds_from_a_hundred_on(amount: str, shown: str) -> None:
    assert amounts.rounded(Decimal(amount), "USD") == shown


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [
        (None, "–"),
        (0.0, "0%"),
        (0.0001, "<0.1%"),
        (0.29, "29%"),
        (0.9999, "99.9%"),
        (1.0, "100%"),
        (-0.05, "−5%"),
        (-0.0004, "0%"),
    ],
)
def test_a_share_is_a_hundred_per_cent_only_when_it_is_all(ratio: float | None, shown: str) -> None:
    assert amounts.share(ratio) == shown


@pytest.mark.parametrize(
    ("kilograms", "shown"),
    [
        (None, "–"),
        (0.0, "0 kg"),
        (0.001, "<0.01 kg"),
        (0.3, "0.30 kg"),
        (61.4, "61.4 kg"),
        (14000.0, "14.00 t"),
    ],
)
def test_emissions_keep_digits_that_mean_something(kilograms: float | None, shown: str) -> None:
    assert amounts.carbon(kilograms) == shown


def test_both_ends_of_an_interval_are_in_one_unit() -> None:
    assert amounts.carbon_range(4500.0, 14000.0) == "4.50 t to 14.00 t"
    assert amounts.carbon_range(None, 14000.0) == "–"
    assert amounts.carbon_range(4.0, 14000.0) == "<0.01 t to 14.00 t"


@pytest.mark.parametrize(
    ("price", "shown"),
    [(12345.678, "12,345.68"), (1e6, "1,000,000.00"), (3.3e-7, "0.00000033"), (0.021, "0.021")],
)
def test_the_price_of_a_unit_has_no_powers_of_ten(price: float, shown: str) -> None:
    assert amounts.unit_price(price) == shown


def test_an_interval_in_brackets_has_no_word_between_its_ends() -> None:
    assert amounts.carbon_span(4500.0, 14000.0) == "4.50 t–14.00 t"
    assert amounts.carbon_span(4500.0, None) == "–"
    assert amounts.money_span(Decimal(1), Decimal("2.5"), "USD") == "$1.00–$2.50"
    assert amounts.money_span(Decimal(1), Decimal(1), "USD") == "$1.00"
    with speaking("de"):
        assert amounts.money_span(Decimal(1), Decimal(1000), "USD") == "1,00–1.000,00\xa0$"


@pytest.mark.parametrize(
    ("locale", "first", "last", "dollars"),
    [("en", "Mon", "Sun", ("$", "")), ("de", "Mo", "So", ("", "\xa0$")), ("zh", "周一", "周日", ("US$", ""))],
)
def test_days_are_named_from_monday_on_and_money_has_its_sign_where_the_language_puts_it(
    locale: Locale, first: str, last: str, dollars: tuple[str, str]
) -> None:
    with speaking(locale):
        days = amounts.weekdays()
        assert (days[0], days[-1], len(days)) == (first, last, 7)
        assert amounts.around("USD") == dollars
        assert amounts.money(Decimal(1), "USD").strip("1.,0") == "".join(dollars)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("web-prod-1", "web-prod-1"),
        ("two\nlines\tand", "two lines and"),
        ("abc\u202egnp.exe", "abc⟨U+202E⟩gnp.exe"),
        ("\x1b[31mred", "⟨U+001B⟩[31mred"),
        ("a\u200bb", "a⟨U+200B⟩b"),
        ("训练 👩\u200d💻", "训练 👩\u200d💻"),
    ],
)
def test_what_moves_a_cursor_or_turns_the_direction_becomes_visible(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_a_cut_text_says_so_and_keeps_letters_whole() -> None:
    assert shortened("abcdef", 4) == "abc…"
    assert shortened("abe\u0301def", 4) == "ab…"


@pytest.mark.parametrize("currency", ["0,00", "0.00", "{x}", "¤", "a0,00b"])
def test_a_currency_of_any_name_stands_whole_beside_its_amount(currency: str) -> None:
    for locale in LOCALES:
        with speaking(locale):
            told = amounts.money(Decimal("12.5"), currency)
            assert currency in told
            assert ("12,50" if locale == "de" else "12.50") in told
