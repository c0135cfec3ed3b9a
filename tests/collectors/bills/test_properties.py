"""Properties of what turns text into numbers, instants, tags and names, for any text there is."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.bills.layout import fields_of, literal, quoted
from collectors.bills.mapping import macros, mappings, snake
from tests.collectors.bills.conftest import ROW

# Text as a file in UTF-8 can hold it; NUL is refused before anything is read.
ANY = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
NUMBERLIKE = st.text("0123456789+-.eE_ ,infaNx\t", max_size=30)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(macros())
        yield con


@pytest.fixture(scope="module")
def each(con) -> Callable[[str, list[str]], list[Any]]:
    """A macro over many texts at once: a query per text would take most of the time."""

    def run(macro: str, texts: list[str]) -> list[Any]:
        rows = con.execute(f"SELECT list_transform(?::VARCHAR[], lambda x: {macro}(x))", [texts]).fetchall()
        return rows[0][0]

    return run


def exact(text: str) -> Decimal | None:
    """The number in 18 decimals, None where Python sees none or more than 20 digits before the point."""
    try:
        with localcontext() as context:
            context.prec = 3000
            value = Decimal(text.strip()).quantize(Decimal("1e-18"), rounding=ROUND_HALF_UP)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value) < 10**20 else None


@given(st.lists(NUMBERLIKE, min_size=50, max_size=200))
@settings(max_examples=60, deadline=None)
def test_money_of_any_text_is_pythons_number_or_none(each, texts):
    for text, got in zip(texts, each("money", texts), strict=True):
        assert got is None or got == exact(text), text


@given(
    st.lists(
        st.tuples(st.decimals(allow_nan=False, allow_infinity=False), st.sampled_from("fe")), min_size=20
    )
)
@settings(max_examples=40, deadline=None)
def test_money_of_any_decimal_that_fits_is_never_none(each, numbers):
    # With an exponent DuckDB cuts what is beyond 38 digits, instead of rounding it.
    fitting = [one for one in numbers if one[1] == "f" or len(one[0].as_tuple().digits) <= 38]
    texts = [f"{value:{kind}}" for value, kind in fitting if abs(value.adjusted()) < 200]
    assert each("money", texts) == [exact(text) for text in texts]


@pytest.mark.parametrize(
    "text", ["169987941042519028047.8e0", "1.69987941042519028047e+20", "-1e20", "1E20", "0E0.", "5E1."]
)
def test_a_number_with_an_exponent_that_is_too_large_or_none_is_null(each, text):
    assert each("money", [text]) == [None]


OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.lists(st.tuples(st.datetimes(datetime(1990, 1, 3), datetime(2199, 12, 30)), OFFSETS), min_size=20))
@settings(max_examples=40, deadline=None)
def test_an_instant_with_an_offset_is_that_instant_in_utc(each, pairs):
    instants = [at.replace(tzinfo=zone) for at, zone in pairs]
    for written in (lambda at: at.isoformat(), lambda at: at.isoformat(" ", "microseconds")):
        got = each("instant", [written(at) for at in instants])
        assert got == [at.astimezone(UTC).replace(tzinfo=None) for at in instants]


@given(st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2199, 12, 31)), min_size=20))
@settings(max_examples=20, deadline=None)
def test_an_instant_without_a_zone_is_utc_whatever_its_precision(each, instants):
    days = [at.replace(hour=0, minute=0, second=0, microsecond=0) for at in instants]
    minutes = [at.replace(second=0, microsecond=0) for at in instants]
    assert each("instant", [f"{at:%Y-%m-%d}" for at in days]) == days
    assert each("instant", [at.isoformat(" ", "minutes") for at in minutes]) == minutes
    assert each("instant", [f"{at.isoformat()}Z" for at in instants]) == instants


@given(st.lists(st.text("0123456789-/:.TZ+ apm", max_size=22), min_size=50, max_size=200))
@settings(max_examples=40, deadline=None)
def test_an_instant_of_any_text_is_none_or_what_python_reads_there(each, texts):
    for text, got in zip(texts, each("instant", texts), strict=True):
        try:
            python = datetime.fromisoformat(text.strip())
        except ValueError:
            continue
        utc = python.astimezone(UTC).replace(tzinfo=None) if python.tzinfo else python
        assert got in (None, utc), text


TAGS = st.dictionaries(ANY, ANY, max_size=5)


@given(st.lists(TAGS, min_size=10, max_size=40), st.sampled_from([None, 1]))
@settings(max_examples=40, deadline=None)
def test_tags_lose_the_prefix_of_their_keys_and_nothing_else(each, maps, indent):
    got = each("cur_tags", [json.dumps(tags, indent=indent, ensure_ascii=False) for tags in maps])
    for tags, text in zip(maps, got, strict=True):
        pairs = [
            (key[5:] if key.startswith(("user_", "user:")) else key, value) for key, value in tags.items()
        ]
        assert json.loads(text, object_pairs_hook=list) == pairs if pairs else json.loads(text) == {}


AMOUNTS = st.decimals(-(10**6), 10**6, places=9)


@given(st.lists(st.lists(st.tuples(ANY, AMOUNTS), max_size=4), min_size=10, max_size=40))
@settings(max_examples=30, deadline=None)
def test_credits_are_the_sum_of_their_amounts_whatever_they_are_called(each, lists):
    texts = [json.dumps([{"name": name, "amount": str(amount)} for name, amount in some]) for some in lists]
    assert each("gcp_credit", texts) == [sum((amount for _, amount in some), Decimal(0)) for some in lists]


@given(st.lists(ANY, min_size=20, max_size=60))
@settings(max_examples=30, deadline=None)
def test_credits_of_any_text_are_a_sum_or_none_and_never_an_error(each, texts):
    for text, got in zip(texts, each("gcp_credit", texts), strict=True):
        assert got is None or text == "[]" or text.startswith("[")


@given(ANY)
@settings(max_examples=300, deadline=None)
def test_snake_case_of_any_name_is_snake_case_and_stays_so(name):
    made = snake(name)
    assert snake(made) == made
    assert not set(made) - set("abcdefghijklmnopqrstuvwxyz0123456789_")


@given(st.lists(ANY.filter(str.strip), min_size=1, max_size=5, unique_by=str.lower), st.data())
@settings(max_examples=60, deadline=None)
def test_tags_of_columns_keep_any_key_and_any_value(con, keys, data):
    legacy = next(mapping for mapping in mappings() if mapping.gathered)
    names = [f"resourceTags/user:{key}" for key in keys]
    values = [data.draw(ANY.filter(bool)) for _ in keys]
    field = next(
        each for each in fields_of([(name, "VARCHAR") for name in names], legacy) if each.kind == "JSON"
    )
    select = ", ".join(f"{literal(v)} AS {quoted(n)}" for n, v in zip(names, values, strict=True))
    text = con.execute(f"SELECT {field.sql} FROM (SELECT {select})").fetchall()[0][0]
    assert json.loads(text) == {f"user:{key}": value for key, value in zip(keys, values, strict=True)}


@given(
    rows=st.lists(st.tuples(ANY, ANY, ANY), min_size=1, max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_in_a_csv_file_arrives_as_it_is(desk, rows, delimiter, end, quoting):
    names = ("ChargeDescription", "ResourceName", "x_Own")
    if any("\r" in text for row in rows for text in row):
        quoting = csv.QUOTE_ALL  # Python's writer leaves a carriage return bare where it does not end lines
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerow([*ROW, *names])
    for row in rows:
        writer.writerow([*ROW.values(), *row])
    desk.con.execute("DELETE FROM charges; DELETE FROM bill_partitions")
    result = desk.ingest(desk.file("any.csv", out.getvalue())).files[0]
    assert (result.rows, result.rejected) == (len(rows), 0)
    held = desk.ask("SELECT ChargeDescription, ResourceName, x_Other FROM charges")
    got = [(a, b, json.loads(c)["x_Own"] if c else None) for a, b, c in held]
    expected = [tuple(None if text in ("", "NULL") else text for text in row) for row in rows]
    assert sorted(got, key=repr) == sorted(expected, key=repr)
