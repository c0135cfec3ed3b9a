"""CSV as it is found in the wild: delimiters, quotes, line ends, names."""

from decimal import Decimal

import pytest

from collectors.bills import inspect


@pytest.mark.parametrize(
    ("name", "delimiter", "end"),
    [
        ("bill.csv", ",", "\n"),
        ("bill.csv", ";", "\r\n"),
        ("bill.csv.gz", "\t", "\n"),
        ("bill.csv.gz", ",", "\r\n"),
        ("bill", "|", "\n"),
    ],
)
def test_any_delimiter_line_end_and_packing_loads_the_same(desk, name, delimiter, end):
    tags = '{"a;b|c\t": "x, ""y""\nz"}'
    path = desk.csv(name, {"Tags": tags}, {"BilledCost": "-0.25"}, delimiter=delimiter, end=end)
    desk.ingest(path)
    assert desk.one("SELECT count(*), sum(BilledCost) FROM charges") == (2, Decimal("1.25"))
    assert desk.one("SELECT Tags FROM charges WHERE BilledCost > 0") == tags


def test_utf8_byte_order_mark_is_no_part_of_the_first_column(desk):
    desk.ingest(desk.file("bom.csv", b"\xef\xbb\xbf" + desk.text([{}]).encode()))
    assert desk.one("SELECT BilledCost FROM charges") == Decimal("1.5")


def test_header_in_quotes_in_any_case_and_with_blanks(desk):
    header, row = desk.text([{}]).splitlines()
    header = ",".join(f'" {name.upper()}"' for name in header.split(","))
    desk.ingest(desk.file("quoted.csv", f"{header}\n{row}\n"))
    assert desk.one("SELECT BilledCost, BillingAccountId, Tags FROM charges") == (
        Decimal("1.5"),
        "000000000042",
        '{"team": "a"}',
    )


def test_last_line_may_lack_its_end_and_empty_lines_do_not_count(desk):
    header, row = desk.text([{}]).splitlines()
    desk.ingest(desk.file("blank.csv", f"{header}\n\n{row}\n\n\n{row}"))
    assert desk.one("SELECT count(*) FROM charges") == 2


def test_null_in_words_and_empty_text_are_null(desk):
    desk.ingest(desk.csv("null.csv", {"ResourceId": "NULL", "Tags": "", "ListUnitPrice": "NULL"}))
    assert desk.one("SELECT ResourceId, Tags, ListUnitPrice FROM charges") == (None, None, None)


def test_ids_of_digits_keep_their_leading_zeros(desk):
    desk.ingest(
        desk.csv("ids.csv", {"BillingAccountId": "0042", "SubAccountId": "000000000007", "ResourceId": "007"})
    )
    assert desk.one("SELECT BillingAccountId, SubAccountId, x_AccountId, ResourceId FROM charges") == (
        "0042",
        "000000000007",
        "000000000007",
        "007",
    )


@pytest.mark.parametrize(
    "name", ["bill[1].csv", "bi*ll?.csv", "it's.csv", "mätz 50%.csv", "BILLING_PERIOD=2026-10/x.csv"]
)
def test_names_that_mean_something_to_a_shell_or_to_sql(desk, name):
    desk.csv("bill1.csv", {"BilledCost": "99"})
    result = desk.ingest(desk.csv(name))
    assert result.files[0].sums["USD"].billed == Decimal("1.5")
    assert desk.one("SELECT x_Source, x_Other FROM charges") == (str(desk.folder / name), None)


def test_rows_with_a_delimiter_too_many_at_the_end_are_whole(desk):
    header, row = desk.text([{}]).splitlines()
    desk.ingest(desk.file("trailing.csv", f"{header}\n{row},\n"))
    assert desk.one("SELECT count(*) FROM charges") == 1


def test_column_without_a_name_goes_to_the_others(desk):
    header, row = desk.text([{}]).splitlines()
    desk.ingest(desk.file("nameless.csv", f"{header},\n{row},stray\n"))
    assert desk.one("SELECT x_Other FROM charges") == '{"column 18":"stray"}'


def test_unknown_columns_are_kept_as_json_without_those_that_are_null(desk):
    other = {"Id": "7", "oci_Tag": 'say "hi"', "x_Empty": "", "AllocatedMethodId": "NULL"}
    desk.ingest(desk.csv("other.csv", other, dict.fromkeys(other, "")))
    assert desk.ask("SELECT x_Other FROM charges ORDER BY 1 NULLS LAST") == [
        ('{"Id":"7","oci_Tag":"say \\"hi\\""}',),
        (None,),
    ]


@pytest.mark.parametrize(
    ("extra", "version"),
    [
        ({}, "focus-1.0"),
        ({"SkuMeter": "x"}, "focus-1.1"),
        ({"SubAccountType": "x"}, "focus-1.2"),
        ({"HostProviderName": "x"}, "focus-1.3"),
        ({"InvoiceDetailId": "x", "HostProviderName": "x"}, "focus-1.4"),
        ({"ServiceProviderName": "AWS", "ProviderName": None}, "focus-1.3"),
    ],
)
def test_version_is_guessed_from_the_columns(desk, extra, version):
    path = desk.csv("versions.csv", extra)
    assert inspect(path).format == version
    assert desk.ingest(path).files[0].format == version
    assert desk.one("SELECT format FROM bill_partitions") == version


def test_provider_of_focus_1_4_is_the_service_provider(desk):
    desk.ingest(desk.csv("v14.csv", {"ServiceProviderName": "Google Cloud", "ProviderName": None}))
    assert desk.one("SELECT ProviderName, ServiceProviderName, x_Cloud FROM charges") == (
        "Google Cloud",
        "Google Cloud",
        "gcp",
    )
    assert desk.one("SELECT provider FROM bill_partitions") == "Google Cloud"
