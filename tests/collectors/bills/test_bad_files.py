"""Files that cannot be loaded: one plain sentence with the file's name, and the warehouse as it was."""

import contextlib
import gzip
import os
import zipfile
from pathlib import Path

import duckdb
import pytest

from collectors.bills import inspect
from finops.errors import InputError


def refused(desk, path: Path, said: str, *, inspect_sees_it: bool = True, **options) -> None:
    """The file is refused with `said`, nothing changes, and the message is one sentence in our words."""
    before = desk.state()
    with pytest.raises(InputError, match=said) as raised:
        desk.ingest(path, **options)
    message = str(raised.value)
    assert path.name in message
    assert "\n" not in message
    assert len(message) < 400
    assert desk.state() == before
    if inspect_sees_it:
        with pytest.raises(InputError, match=said):
            inspect(path)


@pytest.mark.parametrize("name", ["empty.csv", "empty.csv.gz", "empty.parquet"])
def test_empty_file(desk, name):
    refused(desk, desk.file(name, b""), "is empty")


def test_file_of_no_bytes_at_all(desk):
    path = desk.folder / "zero.csv.gz"
    path.touch()
    refused(desk, path, "is empty")


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\n\n\n"])
def test_header_without_rows(desk, ending):
    text = desk.text([{}]).splitlines()[0] + ending
    refused(desk, desk.file("header.csv", text), "has a header and no rows")


def test_parquet_without_rows(desk):
    columns = ", ".join(f"'1' AS {name}" for name in desk.text([{}]).splitlines()[0].split(","))
    refused(desk, desk.parquet("none.parquet", f"SELECT {columns} LIMIT 0"), "has columns and no rows")


@pytest.mark.parametrize("name", ["noise.csv", "noise.csv.gz", "noise"])
def test_binary_rubbish(desk, name):
    refused(desk, desk.file(name, bytes(range(256)) * 40), "is neither text nor Parquet")


def test_binary_rubbish_called_parquet(desk):
    refused(desk, desk.file("noise.parquet", bytes(range(256)) * 40), "is not a Parquet file")


def test_spreadsheet(desk):
    path = desk.folder / "bill.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    refused(desk, path, "is a zip archive or a spreadsheet")


def test_text_that_is_no_bill(desk):
    refused(desk, desk.file("names.csv", "name,age\nAda,36\n"), r"is no bill .* begins with name, age")


def test_a_file_that_is_no_bill_is_told_with_the_formats_there_are(desk):
    text = "identity/LineItemId,bill/PayerAccountId,lineItem/UnblendedCost\nx,1,2\n"
    formats = r"Alibaba Cloud bill details, AWS CUR \(legacy\), AWS CUR 2.0, .*FOCUS 1.0 to 1.4.* or Google Cloud billing export"
    refused(desk, desk.file("cur.csv", text), rf"is no bill in a format this version reads \({formats}\)")


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        (["EffectiveCost"], r"lacks the column that FOCUS 1.0 to 1.4 needs \(EffectiveCost\)"),
        (["ListCost", "ServiceName"], r"lacks columns .* \(ServiceName, ListCost\)"),
        (["ProviderName"], r"\(ProviderName or ServiceProviderName\)"),
    ],
)
def test_missing_columns_are_named(desk, left_out, said):
    refused(desk, desk.csv("partial.csv", dict.fromkeys(left_out)), said)


def test_parquet_with_missing_columns(desk):
    refused(desk, desk.parquet("partial.parquet", "SELECT 1 AS BilledCost, 'x' AS Name"), "is no bill")


def test_column_that_comes_twice(desk):
    text = desk.text([{}]).replace("ListUnitPrice", "billedcost", 1)
    refused(desk, desk.file("twice.csv", text), "has the column billedcost more than once")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_utf16(desk, encoding):
    refused(desk, desk.file("wide.csv", desk.text([{}]).encode(encoding)), "UTF-16|neither text nor Parquet")


def test_latin1_in_the_first_rows(desk):
    text = desk.text([{"ServiceName": "Café"}]).encode("latin-1")
    refused(desk, desk.file("latin.csv", text), "is not written in UTF-8")


@pytest.mark.parametrize("name", ["latin.csv", "latin.csv.gz"])
def test_latin1_far_behind_in_a_column_the_sums_do_not_read(desk, name):
    rows = [{"ResourceId": "a\nb"}, *({"ResourceId": f"i-{n}"} for n in range(4000)), {"Tags": "Café"}]
    path = desk.file(name, desk.text(rows).encode("latin-1"))
    refused(desk, path, r"is not written in UTF-8 \(line 4004\)", inspect_sees_it=False)


def test_empty_line_before_the_header(desk):
    refused(desk, desk.file("late.csv", "\r\n" + desk.text([{}])), "begins with an empty line")


def test_old_mac_line_ends(desk):
    refused(desk, desk.csv("mac.csv", {}, {}, end="\r"), "carriage returns only")


@pytest.mark.parametrize("ends", [("\r\n", "\n"), ("\n", "\r\n")])
def test_line_ends_of_two_kinds_load_whole_or_are_refused(desk, ends):
    lines = desk.text([{"Tags": None}] * 9).splitlines()
    text = "".join(line + ends[number in (4, 5)] for number, line in enumerate(lines))
    path = desk.file("mixed.csv", text)
    with contextlib.suppress(InputError):
        assert desk.ingest(path).rows == 9
    assert desk.one("SELECT count(*) FROM charges") in (0, 9)


def test_line_ends_of_two_kinds_that_join_two_rows(desk):
    lines = desk.text([{}] * 400).splitlines()
    text = "\r\n".join(lines[:200]) + "\n" + "\r\n".join(lines[200:]) + "\r\n"
    refused(desk, desk.file("mixed.csv", text), "over several lines|in different ways", inspect_sees_it=False)


@pytest.mark.parametrize("name", ["cut.csv", "cut.csv.gz"])
@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_csv_cut_in_the_middle_of_a_row(desk, name, keep):
    line = desk.text([{}]).splitlines()[1]
    text = desk.text([{}, {}]) + line[: int(len(line) * keep * 0.8)]
    refused(desk, desk.file(name, text), "ends in the middle of a row", inspect_sees_it=False, max_rejected=1)


@pytest.mark.parametrize("end", ["", "\n"])
def test_csv_cut_inside_a_quote(desk, end):
    text = desk.text([{}] * 300)
    text = text[: text.rindex("team")] + end
    refused(desk, desk.file("cut.csv", text), "ends in the middle of a row", inspect_sees_it=False)


def test_quote_left_open_and_closed_some_lines_later(desk):
    lines = desk.text([{"Tags": ""}] * 300).splitlines()
    lines[100] = lines[100].replace("Compute", '"Compute')
    lines[105] = lines[105].replace("i-1", '"i-1"')
    path = desk.file("open.csv", "\n".join(lines) + "\n")
    refused(desk, path, "from line 101 over several lines", inspect_sees_it=False)


def test_quote_never_closed(desk):
    lines = desk.text([{"Tags": ""}] * 300).splitlines()
    lines[100] = lines[100].replace("Compute", '"Compute')
    refused(
        desk,
        desk.file("open.csv", "\n".join(lines) + "\n"),
        "ends in the middle of a row",
        inspect_sees_it=False,
    )


def big(desk) -> bytes:
    return gzip.compress(desk.text([{"ResourceId": f"i-{n * n}"} for n in range(5000)]).encode())


@pytest.mark.parametrize("keep", [0.5, 0.99])
def test_gzip_cut_short(desk, keep):
    data = big(desk)
    path = desk.folder / "cut.csv.gz"
    path.write_bytes(data[: int(len(data) * keep)])
    refused(desk, path, "is cut short", inspect_sees_it=False)


@pytest.mark.parametrize("at", [0.3, 0.6, 0.9])
def test_gzip_with_a_flipped_bit_which_duckdb_alone_would_take(desk, at):
    data = bytearray(big(desk))
    data[int(len(data) * at)] ^= 0x10
    path = desk.folder / "flipped.csv.gz"
    path.write_bytes(data)
    refused(desk, path, "is damaged|is cut short", inspect_sees_it=False)


def test_gzip_header_only(desk):
    path = desk.folder / "cut.csv.gz"
    path.write_bytes(big(desk)[:8])
    refused(desk, path, "is cut short or damaged")


@pytest.mark.parametrize("keep", [4, 100, -1, -200])
def test_parquet_cut_short(desk, keep):
    columns = ", ".join(f"'1' AS {name}" for name in desk.text([{}]).splitlines()[0].split(","))
    path = desk.parquet("cut.parquet", f"SELECT {columns} FROM range(1000)")
    path.write_bytes(path.read_bytes()[:keep])
    refused(desk, path, "is cut short or damaged")


def test_file_that_may_not_be_read(desk, monkeypatch):
    path = desk.csv("secret.csv")
    real = open

    def denied(file, *args, **options):
        if file == path:
            raise PermissionError(13, "Permission denied", str(file))
        return real(file, *args, **options)

    monkeypatch.setattr("builtins.open", denied)
    refused(desk, path, "cannot be opened: Permission denied")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_file_without_read_permission(desk):
    path = desk.csv("secret.csv")
    path.chmod(0)
    refused(desk, path, "cannot be opened: Permission denied")


def test_directory_given_to_inspect(desk):
    with pytest.raises(InputError, match="cannot be opened: Is a directory"):
        inspect(desk.folder)


def test_file_that_changes_while_it_is_read(desk, monkeypatch):
    path = desk.csv("growing.csv")
    from collectors.bills import loading

    real = loading.read_through

    def read_and_touch(bill):
        content = real(bill)
        os.utime(path, (1, 1))
        return content

    monkeypatch.setattr(loading, "read_through", read_and_touch)
    refused(desk, path, "was changed while it was read", inspect_sees_it=False)


def test_amounts_too_large_to_add_up(desk):
    rows = [{"BilledCost": "9" * 20}] * 3
    refused(desk, desk.csv("huge.csv", *rows), "amounts too large to add up", inspect_sees_it=False)


def test_earlier_files_of_the_call_stay_when_a_later_one_is_refused(desk):
    good = desk.csv("a.csv")
    bad = desk.file("b.csv", "name\nAda\n")
    with pytest.raises(InputError, match="is no bill"):
        desk.ingest(good, bad)
    assert desk.one("SELECT count(*) FROM charges") == 1


def test_errors_about_the_warehouse_pass_as_they_are(desk):
    path = desk.csv("a.csv")
    desk.con.execute("DROP TABLE rejected_rows")
    with pytest.raises(duckdb.CatalogException):
        desk.ingest(path)


@pytest.mark.parametrize("ending", ["csv", "csv.gz"])
def test_a_line_of_a_million_values_is_refused_before_it_takes_all_memory(desk, ending):
    text = desk.text([{}, {}])
    before = desk.state()
    refused(
        desk,
        desk.file(f"broken.{ending}", text + "x" + "," * 1_000_000 + "\n" + text),
        "far more values than",
        inspect_sees_it=False,
    )
    assert desk.state() == before


def test_a_long_value_and_many_short_lines_are_no_such_line(desk):
    rows = [{"ChargeDescription": "a, " * 5_000}, *({} for _ in range(20_000))]
    assert desk.ingest(desk.csv("long.csv", *rows)).files[0].rows == 20_001
