"""Numbers for readers: money, shares, emissions, dates. One spelling each and language, the same in every rendering.

Nothing here depends on the locale of the machine, so the same report has the same bytes everywhere. English has the
spelling of this house (20 Nov 2026, $452.0k); other languages write as Unicode's CLDR says they do.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from functools import cache

from finops.money import CENT, SYMBOLS, cents, shown
from reports.language import Locale, punctuated, spoken, t

UNKNOWN = "–"
_TONNES_FROM = 10_000  # kilograms
_SHORT_FROM = 100_000  # units of money, in tiles and sentences
_MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_MONTH_ALONE: dict[Locale, str] = {"de": "LLLL", "zh": "LLL"}  # as CLDR's patterns name them
_UNITS = re.compile(r"[^\W\d_]+")  # Mio. and currencies that are letters
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def money(amount: Decimal | None, currency: str | None) -> str:
    """The amount to the cent; more than nothing but no more than half a cent reads <$0.01."""
    if amount is not None and 0 < abs(amount) <= CENT / 2:
        return "<" + _spelled(CENT, currency)
    return _spelled(amount, currency)


def _spelled(amount: Decimal | None, currency: str | None) -> str:
    """The amount to the cent, as the language writes it: $1,234.50, 1.234,50 $."""
    if spoken() == "en" or amount is None:
        return shown(amount, currency)
    return _with_symbol(amount, f"{abs(cents(amount)):,.2f}", currency)


def _with_symbol(amount: Decimal, digits: str, currency: str | None) -> str:
    """The digits of an amount with its sign and its currency, where the language puts them."""
    before, after = _around(spoken(), currency) if currency else ("", "")
    return f"{'−' if amount < 0 else ''}{before}{punctuated(digits)}{after}"


def around(currency: str) -> tuple[str, str]:
    """What stands before and behind an amount of money: '$' and nothing, nothing and ' $'."""
    if spoken() == "en":
        return SYMBOLS.get(currency, f"{currency} "), ""
    return _around(spoken(), currency)


@cache
def _around(locale: Locale, currency: str) -> tuple[str, str]:
    """What stands before and behind an amount of money."""
    from babel.numbers import format_currency, format_decimal

    zero = format_decimal(0, format="0.00", locale=locale)
    told = format_currency(0, currency, locale=locale, currency_digits=False)
    # What a bill calls its currency may hold digits itself: the amount is where the language puts it.
    before, _, after = told.partition(zero) if told.startswith(zero) else told.rpartition(zero)
    return before, after


def rounded(amount: Decimal, currency: str | None) -> str:
    """The amount for a sentence: whole units from 100 on, cents below."""
    if abs(amount) < 100:
        return money(amount, currency)
    whole = amount.quantize(Decimal(1), ROUND_HALF_EVEN)
    if spoken() == "en":
        return shown(whole, currency).removesuffix(".00")
    return _with_symbol(whole, f"{abs(whole):,}", currency)


def short(amount: Decimal, currency: str | None) -> str:
    """The amount for a tile or a sentence: $452.0k or $1.25M from 100,000 on, whole units below, cents below 100."""
    size = abs(amount)
    if size < _SHORT_FROM:
        return rounded(amount, currency)
    if spoken() != "en":
        return _compact(amount, currency)
    unit, places, letter = (1000, "0.1", "k") if size < 999_950 else (1_000_000, "0.01", "M")
    return (
        shown((amount / unit).quantize(Decimal(places), ROUND_HALF_EVEN), currency).rstrip("0").rstrip(".")
        + letter
    )


def _compact(amount: Decimal, currency: str | None) -> str:
    """As the language shortens large numbers: 1,25 Mio. $ or US$45.2万; whole units where it does not."""
    from babel.numbers import format_compact_decimal

    places = 1 if abs(amount) < 999_950 else 2
    digits: str = format_compact_decimal(abs(amount), locale=spoken(), fraction_digits=places)
    if digits.replace(".", "").replace(",", "").isdigit():
        return rounded(amount, currency)
    before, after = _around(spoken(), currency) if currency else ("", "")
    return f"{'−' if amount < 0 else ''}{before}{digits}{after}"


def unit_price(amount: float) -> str:
    """What one unit costs, which may be far below a cent: four digits, from 100 on to the cent."""
    return punctuated(f"{amount:,.2f}") if abs(amount) >= 100 else digits(amount, 4)


def digits(value: float, most: int) -> str:
    """A number with so many digits that mean something, never as a power of ten: 0.000061."""
    return punctuated(f"{Decimal(f'{value:.{most}g}'):,f}")


def short_range(low: Decimal, high: Decimal, currency: str | None) -> str:
    """An interval for a tile, '$441k–$466k'."""
    ends = short(low, currency), short(high, currency)
    return ends[0] if ends[0] == ends[1] else "–".join(_with_one_sign(*ends, currency))


def _with_one_sign(low: str, high: str, currency: str | None) -> tuple[str, str]:
    """Both ends of an interval, what stands behind both of them only once: 980,10 and 1.190,00 $.

    Ends shortened differently keep it, or 980.000 would be millions beside 1,25 Mio.
    """
    after = around(currency)[1] if currency else ""
    alike = _UNITS.findall(low) == _UNITS.findall(high)
    return low.removesuffix(after) if alike else low, high


def signed(amount: Decimal | None, currency: str | None) -> str:
    """A change with its direction as a sign that needs no colour: '▲ +$900.00', '▼ −$12.10', '= $0.00'."""
    if amount is None:
        return UNKNOWN
    return f"{direction(amount)} {'+' if amount > 0 else ''}{money(amount, currency)}"


def direction(change: Decimal | float) -> str:
    """▲ for more, ▼ for less."""
    return "▲" if change > 0 else "▼" if change < 0 else "="


def change_share(now: Decimal, before: Decimal) -> str:
    """By how much something grew or shrank, in per cent of before and without a sign; a dash where nothing was."""
    if before <= 0:
        return UNKNOWN
    percent = (abs(now - before) / before * 100).quantize(Decimal("0.1"), ROUND_HALF_EVEN)
    return _percent(f"{percent:,f}".removesuffix(".0"))


def money_range(low: Decimal | None, high: Decimal | None, currency: str | None) -> str:
    """The interval of an amount; a dash where either end is unknown."""
    if low is None or high is None:
        return UNKNOWN
    if low == high:
        return money(low, currency)
    ends = _with_one_sign(money(low, currency), money(high, currency), currency)
    return t("{low} to {high}", low=ends[0], high=ends[1])


def money_span(low: Decimal | None, high: Decimal | None, currency: str | None) -> str:
    """The same without a word between, for cells and lines in brackets: '$441.00–$466.10'."""
    if low is None or high is None or low == high:
        return money_range(low, high, currency)
    return "–".join(_with_one_sign(money(low, currency), money(high, currency), currency))


def share(ratio: float | None) -> str:
    """A ratio of 0–1 as per cent, rounded down: 100% means all of it."""
    if ratio is None:
        return UNKNOWN
    percent = (Decimal(str(ratio)) * 100).quantize(Decimal("0.1"), ROUND_DOWN)
    if ratio > 0 and percent == 0:
        return "<" + _percent("0.1")
    sign = "−" if percent < 0 else ""
    return sign + _percent(f"{abs(percent):f}".removesuffix(".0"))


def _percent(digits: str) -> str:
    return punctuated(digits) + ("\N{NO-BREAK SPACE}%" if spoken() == "de" else "%")


def carbon(kilograms: float | None, *, tonnes: bool | None = None) -> str:
    """Kilograms, or tonnes where it is much; `tonnes` sets the unit of numbers that stand side by side."""
    if kilograms is None:
        return UNKNOWN
    size, sign = abs(kilograms), "−" if kilograms < 0 else ""
    if size == 0:
        return "0 kg"
    if size < 0.005:
        return f"{sign}<{punctuated('0.01')} kg"
    if size < 1:
        return f"{sign}{punctuated(f'{size:.2f}')} kg"
    in_tonnes = size >= _TONNES_FROM if tonnes is None else tonnes
    if in_tonnes and size < 5:
        return f"{sign}<{punctuated('0.01')} t"
    return sign + punctuated(f"{size / 1000:,.2f} t" if in_tonnes else f"{size:,.1f} kg")


def carbon_range(low: float | None, high: float | None) -> str:
    """The interval of emissions; a dash where either end is unknown."""
    ends = carbon_ends(low, high)
    return ends[0] if len(ends) == 1 else t("{low} to {high}", low=ends[0], high=ends[1])


def carbon_span(low: float | None, high: float | None) -> str:
    """The same without a word between: '4.50 t–14.00 t'."""
    return "–".join(carbon_ends(low, high))


def carbon_short_range(low: float, high: float) -> str:
    """The interval for a tile, '300.0–500.0 kg': the unit once, where both ends have the same."""
    *first, last = carbon_ends(low, high)
    same = [
        one.rpartition(" ")[0] if one.rpartition(" ")[2] == last.rpartition(" ")[2] else one for one in first
    ]
    return "–".join([*same, last])


def carbon_ends(low: float | None, high: float | None) -> list[str]:
    """The ends of an interval in one unit; one text where they are the same, or either is unknown."""
    if low is None or high is None:
        return [UNKNOWN]
    if low == high:
        return [carbon(low)]
    tonnes = max(abs(low), abs(high)) >= _TONNES_FROM
    return [carbon(end, tonnes=tonnes) for end in (low, high)]


def number(value: int | float | Decimal, places: int = 0) -> str:
    """A number with its thousands apart: 2,310."""
    return punctuated(f"{value:,.{places}f}" if places else f"{value:,}")


def joined(parts: Sequence[str]) -> str:
    """'a', 'a and b', 'a and b and c'."""
    told = "".join(parts[:1])
    for part in parts[1:]:
        told = t("{first} and {last}", first=told, last=part)
    return told


def day(at: date) -> str:
    """20 Nov 2026."""
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}" if spoken() == "en" else _dated(at, "yMMMd")


def iso_day(at: date) -> str:
    """2026-11-20, where room or habit asks for it, in English; elsewhere as `day` tells it."""
    return at.isoformat() if spoken() == "en" else day(at)


def iso_month(key: str) -> str:
    """'2026-11' as it is in English; elsewhere as `month` tells it."""
    return key if spoken() == "en" else month(key)


def _dated(at: date, skeleton: str) -> str:
    from babel.dates import format_skeleton

    text: str = format_skeleton(skeleton, at, locale=spoken())
    return text


def day_format() -> str:
    """How a spreadsheet writes a day without its year on an axis: names of months only in English."""
    if spoken() == "en":
        return "d mmm"
    from babel import Locale as Known

    pattern: str = Known.parse(spoken()).datetime_skeletons["Md"].pattern
    return pattern.lower()


def month(key: str, year_of: date | None = None) -> str:
    """'2026-11' as 'November 2026', or only 'November' in the year of `year_of`."""
    year, number = int(key[:4]), int(key[5:7])
    alone = bool(year_of and year_of.year == year)
    if spoken() != "en":
        return _month_of(date(year, number, 1), alone)
    name = _MONTH_NAMES[number - 1]
    return name if alone else f"{name} {year}"


def _month_of(at: date, alone: bool) -> str:
    from babel.dates import format_date

    text: str = format_date(at, _MONTH_ALONE[spoken()], locale=spoken()) if alone else _dated(at, "yMMMM")
    return text


def weekdays() -> tuple[str, ...]:
    """The days as a calendar heads its columns, from Monday on."""
    if spoken() == "en":
        return _WEEKDAYS
    from babel.dates import get_day_names

    names = get_day_names("abbreviated", "stand-alone", locale=spoken())
    return tuple(names[number] for number in range(7))


def last_day(end: datetime | None) -> str:
    """The last day before an instant: what ends at midnight holds through the day before."""
    if end is None:
        return t("no end")
    return day(end - timedelta(microseconds=1))


def clock(at: datetime) -> str:
    """20 Nov 2026 02:14 UTC."""
    return f"{day(at)} {at:%H:%M} UTC"


def period(start: datetime | None, end: datetime | None) -> str:
    """A window from its first to its last day (`end` itself is outside); a dash where either is unknown."""
    if not start or not end:
        return UNKNOWN
    return t("{start} to {end}", start=day(start), end=day(end - timedelta(microseconds=1)))
