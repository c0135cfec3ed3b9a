"""Money to the cent, instants in UTC."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops.errors import UsageError
from finops.instants import as_day, iso, parse_duration, parse_instant
from finops.money import CENT, cents, shown


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=12))
def test_rounding_to_the_cent_is_off_by_at_most_half_a_cent(amount: Decimal) -> None:
    rounded = cents(amount)
    assert abs(rounded - amount) <= CENT / 2
    assert rounded == rounded.quantize(CENT)


def test_halves_go_to_the_even_cent_and_there_is_no_minus_zero() -> None:
    assert [str(cents(Decimal(text))) for text in ("0.005", "0.015", "-0.001", "2.675")] == [
        "0.00",
        "0.02",
        "0.00",
        "2.68",
    ]


def test_an_unknown_amount_is_a_dash_and_never_zero() -> None:
    assert shown(None, "USD") == "–"
    assert shown(Decimal("-1234.5"), "USD") == "−$1,234.50"
    assert shown(Decimal("1"), "SEK") == "SEK 1.00"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-20", datetime(2026, 11, 20)),
        ("2026-11-20T08:00:00Z", datetime(2026, 11, 20, 8)),
        ("2026-11-20T08:00:00+02:00", datetime(2026, 11, 20, 6)),
        ("2026-11-20 08:00", datetime(2026, 11, 20, 8)),
    ],
)
def test_an_instant_is_read_as_utc(text: str, at: datetime) -> None:
    assert parse_instant(text) == at


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)))
def test_an_instant_survives_being_written_and_read(at: datetime) -> None:
    assert parse_instant(iso(at)) == at.replace(microsecond=0)


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", ""])
def test_what_is_no_instant_is_a_sentence(text: str) -> None:
    with pytest.raises(UsageError, match="is not an instant"):
        parse_instant(text)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-01", date(2026, 12, 1)), ("1900-01-01", date(1900, 1, 1)), ("9999-12-31", date(9999, 12, 31)),
        ("2026-02-30", None), ("20261201", None), ("2026-W49-2", None), ("2026-12-01T00:00", None), ("01.12.2026", None),
        ("٢٠٢٦-12-01", None), (" 2026-12-01", None), ("2026-12-01\n", None), ("1899-12-31", None), ("", None),
    ],
)  # fmt: skip
def test_a_day_is_written_in_one_way(text: str, day: date | None) -> None:
    assert as_day(text) == day


def test_durations_have_a_unit() -> None:
    assert parse_duration("24h") == timedelta(hours=24)
    assert parse_duration("2w") == timedelta(days=14)
    with pytest.raises(UsageError, match="write it like"):
        parse_duration("24")
