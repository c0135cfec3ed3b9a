"""Mutators of JSON records and of Parquet's types."""

import json
from contextlib import suppress
from random import Random
from typing import Any

import pyarrow as pa

from tests.fuzz.mutators import mutator
from tests.fuzz.writing import Draft


def _lines(draft: Draft) -> list[bytes]:
    return draft.data.splitlines(keepends=True) or [b"{}\n"]


@mutator("bytes", "json")
def line_that_is_no_record(draft: Draft, rng: Random) -> None:
    lines = _lines(draft)
    odd = rng.choice(
        [b"42", b"null", b'"text"', b"[]", b"[1, 2]", b"{}", b"true", b"{", b"}", b"NaN", b"[{}]"]
    )
    lines.insert(rng.randrange(len(lines) + 1), odd + b"\n")
    draft.data = b"".join(lines)


@mutator("bytes", "json")
def line_cut(draft: Draft, rng: Random) -> None:
    lines = _lines(draft)
    number = rng.randrange(len(lines))
    lines[number] = lines[number][: rng.randrange(len(lines[number]))] + b"\n"
    draft.data = b"".join(lines)


@mutator("bytes", "json")
def commas_between_the_records(draft: Draft, rng: Random) -> None:
    draft.data = b",\n".join(line.strip() for line in _lines(draft))


@mutator("bytes", "json", expects="loads")
def one_array(draft: Draft, rng: Random) -> None:
    with suppress(ValueError):
        records = [json.loads(line) for line in _lines(draft)]
        draft.data = json.dumps(records, indent=rng.choice([None, 2])).encode()


@mutator("bytes", "json")
def array_with_a_comma_too_many(draft: Draft, rng: Random) -> None:
    draft.data = (
        b"[" + b",".join(line.strip() for line in _lines(draft)) + rng.choice([b",]", b"", b"]]", b"] x"])
    )


@mutator("bytes", "json", expects="loads")
def one_after_another(draft: Draft, rng: Random) -> None:
    with suppress(ValueError):
        draft.data = b"\n".join(json.dumps(json.loads(line), indent=1).encode() for line in _lines(draft))


@mutator("bytes", "json")
def no_line_ends(draft: Draft, rng: Random) -> None:
    draft.data = draft.data.replace(b"\n", b"")


def _changed(draft: Draft, rng: Random, change: Any) -> None:
    lines = _lines(draft)
    number = rng.randrange(len(lines))
    try:
        record = json.loads(lines[number])
    except ValueError:
        return
    if isinstance(record, dict) and record:
        lines[number] = json.dumps(change(record, rng.choice(list(record)))).encode() + b"\n"
    draft.data = b"".join(lines)


@mutator("bytes", "json")
def field_of_another_type(draft: Draft, rng: Random) -> None:
    odd = rng.choice(
        [None, 1, 1.5, True, "x", [], {}, [1], ["a"], {"a": 1}, [{"a": 1}], [[1]], [None], 10**30, "1e400"]
    )
    _changed(draft, rng, lambda record, key: record | {key: odd})


@mutator("bytes", "json")
def field_missing(draft: Draft, rng: Random) -> None:
    _changed(draft, rng, lambda record, key: {k: v for k, v in record.items() if k != key})


@mutator("bytes", "json")
def field_in_another_case(draft: Draft, rng: Random) -> None:
    change = rng.choice([str.upper, str.title])
    _changed(draft, rng, lambda record, key: {change(k) if k == key else k: v for k, v in record.items()})


@mutator("bytes", "json")
def both_cases_of_a_field(draft: Draft, rng: Random) -> None:
    _changed(draft, rng, lambda record, key: record | {key.upper(): "7"})


@mutator("bytes", "json")
def key_twice(draft: Draft, rng: Random) -> None:
    key = rng.choice([b'"cost": 9', b'"cost": "x"', b'"currency": "EUR"', b'"credits": []'])
    draft.data = draft.data.replace(b"}\n", b", " + key + b"}\n", 1)


@mutator("bytes", "json")
def number_of_another_kind(draft: Draft, rng: Random) -> None:
    odd = rng.choice(
        [
            b"1e400",
            b"NaN",
            b"Infinity",
            b"-0",
            b"01",
            b"1.",
            b".5",
            b"+1",
            b"1" * 60,
            b"0." + b"1" * 60,
            b"1E5",
            b"'1'",
            b"0x1",
        ]
    )
    places = draft.data.split(b'"cost": ')
    number = rng.randrange(1, len(places)) if len(places) > 1 else 0
    rest = places[number].split(b",", 1)
    if number and len(rest) == 2:
        places[number] = odd + b"," + rest[1]
    draft.data = b'"cost": '.join(places)


@mutator("bytes", "json")
def deep(draft: Draft, rng: Random) -> None:
    depth = rng.choice([20, 500, 5000])
    odd = b'{"deep": ' + rng.choice([b'{"a":' * depth + b"1" + b"}" * depth, b"[" * depth + b"]" * depth])
    draft.data = draft.data.replace(b"{", odd + b", ", 1)


# --- parquet ----------------------------------------------------------------------------------------------

TYPES: tuple[pa.DataType, ...] = (
    pa.decimal128(38, 18), pa.decimal128(38, 30), pa.decimal128(18, 2), pa.decimal128(5, 0), pa.decimal256(60, 20),
    pa.float32(), pa.float64(), pa.int8(), pa.int64(), pa.uint64(), pa.bool_(), pa.binary(), pa.large_binary(),
    pa.large_string(), pa.string_view(), pa.date32(), pa.time64("us"), pa.timestamp("s"), pa.timestamp("us"), pa.timestamp("ns"),
    pa.timestamp("ms", tz="UTC"), pa.timestamp("us", tz="Asia/Tokyo"), pa.timestamp("ns", tz="UTC"), pa.null(),
    pa.dictionary(pa.int32(), pa.string()), pa.duration("s"),
)  # fmt: skip


@mutator("table", "parquet")
def column_of_another_type(draft: Draft, rng: Random) -> None:
    for name in rng.sample(draft.table.header, min(3, len(draft.table.header))):
        draft.types[name] = rng.choice(TYPES)


@mutator("table", "parquet")
def amounts_as_numbers(draft: Draft, rng: Random) -> None:
    kind = rng.choice([pa.float64(), pa.decimal128(38, 18), pa.float32()])
    names = [name for name in draft.table.header if "cost" in name.lower() and "category" not in name.lower()]
    draft.types |= dict.fromkeys(names, kind)


@mutator("table", "parquet")
def instants_as_such(draft: Draft, rng: Random) -> None:
    kind = rng.choice([pa.timestamp(unit, tz="UTC") for unit in ("s", "ms", "us", "ns")])
    names = [
        name
        for name in draft.table.header
        if any(w in name.lower() for w in ("date", "periodst", "perioden"))
    ]
    draft.types |= dict.fromkeys(names, kind)


@mutator("table", "parquet")
def column_of_records(draft: Draft, rng: Random) -> None:
    column = rng.randrange(len(draft.table.header))
    made: list[Any] = rng.choice(
        [[{"a": "1"}], [["1", None]], [{"a": {"b": ["c"]}}], [[{"key": "k", "value": "v"}]], [[]]]
    )
    for row in draft.table.rows:
        row[column] = made[0]


@mutator("table", "parquet")
def column_of_maps(draft: Draft, rng: Random) -> None:
    name = rng.choice([each for each in draft.table.header if "ags" in each] or draft.table.header)
    draft.types[name] = pa.map_(pa.string(), pa.string())
    column = draft.table.header.index(name)
    for row in draft.table.rows:
        row[column] = rng.choice([[("user_team", 'a "b"'), ("x", None)], [], None])
