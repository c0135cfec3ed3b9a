"""What fuzzing found: each once, as the file that showed it."""

import json

import duckdb
import pytest

from finops.errors import InputError


def refused(desk, path, said: str) -> None:
    before = desk.state()
    with pytest.raises(InputError, match=said) as raised:
        desk.ingest(path, max_rejected=1)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 400
    assert desk.state() == before


def cur(desk, **more: str):
    from tests.collectors.bills.test_cur1 import ROW

    row = {**ROW, **more}
    header, line = (
        ",".join(f'"{each.replace(chr(34), chr(34) * 2)}"' for each in part) for part in (row, row.values())
    )
    return desk.file("cur.csv", f"{header}\n{line}\n")


def test_tags_that_differ_by_case_only_keep_their_own_keys(desk):
    names = {f"resourceTags/user:{key}": key for key in ("Name", "name", "NAME")}
    desk.ingest(cur(desk, **names))
    tags = json.loads(desk.one("SELECT Tags FROM charges"))
    assert {key: tags[key] for key in names.values()} == {"Name": "Name", "name": "name", "NAME": "NAME"}


def test_columns_that_differ_by_case_and_are_of_no_meaning_are_kept_under_their_names(desk):
    header, row = desk.text([{}]).splitlines()
    desk.ingest(desk.file("case.csv", f"{header},x_Team,X_TEAM,x_Team 1\n{row},a,b,c\n"))
    assert json.loads(desk.one("SELECT x_Other FROM charges")) == {
        "x_Team": "a",
        "X_TEAM": "b",
        "x_Team 1": "c",
    }


@pytest.mark.parametrize(
    ("again", "said"), [("x_Team", "x_team more than once"), ("BILLEDCOST", "billedcost more than")]
)
def test_a_column_that_comes_twice_exactly_or_counts_is_refused(desk, again, said):
    header, row = desk.text([{}]).splitlines()
    refused(desk, desk.file("case.csv", f"{header},x_Team,{again}\n{row},a,b\n"), said)


@pytest.mark.parametrize(
    "name", ["row_of_file", "fault", "number", "raw_BilledCost", "x_Other", "part", "bill", "a.b", 'a"b']
)
def test_a_column_with_a_name_that_is_used_inside_is_a_column_like_others(desk, name):
    header, row = desk.text([{}]).splitlines()
    written = name.replace('"', '""')
    desk.ingest(desk.file("names.csv", f'{header},"{written}"\n{row},kept\n'))
    assert json.loads(desk.one("SELECT x_Other FROM charges"))[name] == "kept"


def test_what_a_file_begins_with_is_told_short_and_on_one_line(desk):
    refused(desk, desk.file("odd.csv", "a\x1b[31m\x07b," + "x" * 5000 + ",c\n1,2,3\n"), "no bill in a format")


def test_a_carriage_return_alone_behind_the_header_is_told(desk):
    text = desk.text([{}] * 3)
    refused(desk, desk.file("ends.csv", text.replace("\n", "\r", 1)), "ends its lines in different ways")


def test_a_carriage_return_alone_in_a_row_is_told_with_its_line(desk):
    lines = desk.text([{"Tags": ""}] * 4).splitlines()
    lines[3] = lines[3].replace("Compute", "Com\rpute")
    refused(
        desk,
        desk.file("bare.csv", "\n".join(lines) + "\n"),
        "carriage return outside of quotes|different ways|apart",
    )


def test_a_second_byte_order_mark_is_no_part_of_the_first_name(desk):
    text = desk.text([{"BilledCost": "1.5"}])
    desk.ingest(desk.file("marks.csv", "\ufeff\ufeff" + text))
    assert desk.one("SELECT x_Other FROM charges") is None


def test_rows_that_cannot_be_told_apart_are_refused_not_guessed(desk):
    lines = desk.text([{"Tags": '{"a": "b", "c": "d"}'}] * 8).splitlines()
    lines[3] = lines[3][: lines[3].rindex('""')] + '\n0,""c"": ""d"",' + lines[3]
    refused(desk, desk.file("apart.csv", "\n".join(lines) + "\n"), "rows cannot be told apart")


def test_a_fee_whose_unused_part_cannot_be_told_is_rejected_whole_not_by_half(desk):
    fee = {"lineItem/LineItemType": "SavingsPlanRecurringFee", "savingsPlan/SavingsPlanARN": "arn:sp"}
    refused(desk, cur(desk, **fee), "EffectiveCost is empty")


# --- JSON -------------------------------------------------------------------------------------------------


def records(desk, *lines: str):
    return desk.file("bill.json", "".join(f"{line}\n" for line in lines))


@pytest.mark.parametrize("broken", ['{"cost": }', '{"cost": 1', '{"cost": "\\ud800"}', "{'cost': 1}"])
def test_json_that_is_broken_is_told_by_its_line(desk, broken):
    refused(
        desk, records(desk, '{"cost": 1}', "", broken, '{"cost": 2}'), r"no JSON that can be read \(line 3\)"
    )


@pytest.mark.parametrize("line", ["42", '"text"', "[]", "true"])
def test_json_that_is_no_record_is_told(desk, line):
    refused(desk, records(desk, '{"cost": 1}', line), "JSON in it that is no record")


def test_json_with_a_byte_order_mark_is_told(desk):
    refused(desk, desk.file("bom.json", '\ufeff{"cost": 1}\n'), "byte order mark")


def test_a_key_in_two_cases_is_refused_because_one_of_them_would_be_lost(desk):
    from tests.collectors.bills.test_gcp import row

    refused(
        desk,
        records(desk, json.dumps(row()), json.dumps(row(COST=7))),
        "the field COST in upper and in lower case",
    )


def test_a_record_in_two_cases_is_refused_too(desk):
    from tests.collectors.bills.test_gcp import row

    other = {("SKU" if key == "sku" else key): value for key, value in row().items()}
    refused(
        desk, records(desk, json.dumps(row()), json.dumps(other)), "the field SKU in upper and in lower case"
    )


def test_a_key_that_comes_twice_is_refused_with_its_line(desk):
    from tests.collectors.bills.test_gcp import row

    twice = json.dumps(row())[:-1] + ', "cost": 9}'
    refused(desk, records(desk, json.dumps(row()), twice), r"the same key twice \(line 2\)")


# --- Parquet ----------------------------------------------------------------------------------------------


def test_a_column_that_comes_twice_in_parquet_is_refused(desk):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    header, row = desk.text([{"Tags": None}]).splitlines()
    names = [*header.split(","), "BilledCost"]
    values = [*row.split(","), "7"]
    path = desk.folder / "twice.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array([value]) for value in values], names=names), path)
    with duckdb.connect() as con:
        assert con.execute(f"SELECT count(*) FROM '{path}'").fetchone() == (1,)
    refused(desk, path, "the column BilledCost more than once")
