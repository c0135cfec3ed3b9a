"""Rows that cannot be loaded: told by line and reason, counted, and too many of them refuse the file."""

import gzip

import pytest

from finops.errors import InputError

GOOD = [{"ResourceId": f"i-{number}"} for number in range(400)]


WRONG = [
    ({"BilledCost": "1,5"}, "BilledCost", "BilledCost is not a number that fits: '1,5'"),
    ({"ListUnitPrice": "n/a"}, "ListUnitPrice", "ListUnitPrice is not a number that fits: 'n/a'"),
    ({"BilledCost": "1" * 21}, "BilledCost", f"BilledCost is not a number that fits: '{'1' * 21}'"),
    (
        {"ChargePeriodStart": "9/2/2023"},
        "ChargePeriodStart",
        "ChargePeriodStart is not an instant: '9/2/2023'",
    ),
    ({"BillingPeriodEnd": "epoch"}, "BillingPeriodEnd", "BillingPeriodEnd is not an instant: 'epoch'"),
    ({"ChargePeriodEnd": "infinity"}, "ChargePeriodEnd", "ChargePeriodEnd is not an instant: 'infinity'"),
    ({"BilledCost": ""}, "BilledCost", "BilledCost is empty"),
    ({"EffectiveCost": "NULL"}, "EffectiveCost", "EffectiveCost is empty"),
    ({"BillingCurrency": ""}, "BillingCurrency", "BillingCurrency is empty"),
    ({"BillingAccountId": ""}, "BillingAccountId", "BillingAccountId is empty"),
    ({"BillingPeriodStart": ""}, "BillingPeriodStart", "BillingPeriodStart is empty"),
    ({"ChargePeriodStart": ""}, "ChargePeriodStart", "ChargePeriodStart is empty"),
    ({"ChargePeriodEnd": ""}, "ChargePeriodEnd", "ChargePeriodEnd is empty"),
    ({"ChargeCategory": ""}, "ChargeCategory", "ChargeCategory is empty"),
    ({"ChargePeriodEnd": "2026-10-04"}, "ChargePeriodEnd", "ChargePeriodEnd is before ChargePeriodStart"),
    (
        {"ChargeCategory": "Refund"},
        "ChargeCategory",
        "ChargeCategory is not Usage, Purchase, Tax, Credit or Adjustment: 'Refund'",
    ),
]


@pytest.mark.parametrize("name", ["bill.csv", "bill.csv.gz"])
def test_bad_rows_are_told_by_line_and_reason_and_the_others_are_loaded(desk, name):
    mixed = [row for number, (wrong, _, _) in enumerate(WRONG) for row in (GOOD[number], wrong)]
    result = desk.ingest(desk.csv(name, *mixed, *GOOD[len(WRONG) :]), max_rejected=0.1).files[0]
    assert (result.rows, result.rejected, sum(result.reasons.values())) == (400, 16, 16)
    assert result.warnings == ("16 of 416 rows could not be loaded; rejected_rows lists them.",)
    assert desk.ask("SELECT source, line, field, reason, run_id FROM rejected_rows ORDER BY line") == [
        (str(desk.folder / name), 3 + 2 * number, field, reason, "run1")
        for number, (_, field, reason) in enumerate(WRONG)
    ]
    assert desk.one("SELECT count(*), sum(BilledCost) FROM charges") == (400, result.sums["USD"].billed)
    assert result.sums["USD"].billed == 600


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (lambda line: line.rsplit(",", 3)[0], "the row has too few columns"),
        (lambda line: line.replace("Compute", "Com,pute"), "the row has too many columns"),
        (lambda line: line.replace("Compute", '"Com"pute'), "the row has a quote where none can be"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_row_of_the_wrong_shape_is_told_by_its_line(desk, broken, reason, end):
    lines = (
        desk.text([{"ResourceId": "two\nlines"}, *GOOD]).replace("\n1.5", f"{end}1.5").rstrip("\n").split(end)
    )
    lines.insert(150, broken(lines[149]))
    lines.insert(10, "")
    path = desk.file("shape.csv", end.join(lines) + end)
    result = desk.ingest(path).files[0]
    assert (result.rows, result.rejected, dict(result.reasons)) == (401, 1, {reason: 1})
    before = end.join(lines[:151]) + end
    assert desk.ask("SELECT line, field, reason FROM rejected_rows") == [
        (before.count("\n") + 1, None, reason)
    ]


def test_bad_rows_of_every_kind_among_rows_of_several_lines_have_the_right_lines(desk):
    rows = [
        {"Tags": f'{{"n": "{number}\n\n"}}'} if number % 7 == 0 else GOOD[number] for number in range(400)
    ]
    wrong = {50: {"BilledCost": "x"}, 51: {"ChargeCategory": "y"}, 301: {"ChargePeriodEnd": ""}}
    text = desk.text([{**row, **wrong.get(number, {})} for number, row in enumerate(rows)])
    lines = text.split("\n")
    between = next(number for number in range(120, 200) if lines[number - 1].endswith('}"'))
    lines.insert(between, "too,few")
    text = "\n".join(lines)
    marks = ("x,1.25", ",y,", "too,few", "05T00:00:00Z,,Usage")
    expected = [text[: text.index(mark)].count("\n") + 1 for mark in marks]
    path = desk.file("lines.csv", text)
    desk.ingest(path, max_rejected=0.05)
    assert [line for (line,) in desk.ask("SELECT line FROM rejected_rows ORDER BY line")] == expected


def test_bad_rows_of_parquet_are_told_by_row_number(desk):
    columns = ", ".join(
        f"CASE WHEN i = 250 AND '{name}' = 'BilledCost' THEN 'x' ELSE '{value}' END AS {name}"
        for name, value in {**GOOD[0], **_row(desk)}.items()
    )
    desk.ingest(desk.parquet("bad.parquet", f"SELECT {columns} FROM range(1, 401) AS t(i)"))
    assert desk.ask("SELECT line, reason FROM rejected_rows") == [
        (250, "BilledCost is not a number that fits: 'x'")
    ]


def _row(desk) -> dict[str, str]:
    header, row = desk.text([{"Tags": None}]).splitlines()
    return dict(zip(header.split(","), row.split(","), strict=True))


def test_reasons_are_counted_and_only_the_first_fault_of_a_row_counts(desk):
    wrong = [{"BilledCost": "x", "ListCost": "y"}, {"BilledCost": "z"}, {"ChargeCategory": "w"}]
    result = desk.ingest(desk.csv("many.csv", *GOOD, *wrong)).files[0]
    assert dict(result.reasons) == {
        "BilledCost is not a number that fits": 2,
        "ChargeCategory is not Usage, Purchase, Tax, Credit or Adjustment": 1,
    }
    assert desk.one("SELECT count(*) FROM rejected_rows") == 3


def test_more_bad_rows_than_allowed_refuse_the_file_with_the_first_line_and_reason(desk):
    path = desk.csv("bad.csv", *GOOD[:90], {"BilledCost": "x"}, *GOOD[90:98], {"BilledCost": "y"})
    before = desk.state()
    with pytest.raises(InputError, match=r"2 of 100 rows .* than the 1% allowed \(line 92: .* 'x'\)"):
        desk.ingest(path)
    assert desk.state() == before
    assert desk.ingest(path, max_rejected=0.02).rejected == 2


def test_a_file_of_bad_rows_only_is_refused_whatever_is_allowed(desk):
    with pytest.raises(
        InputError, match=r"2 of 2 rows that cannot be loaded, all of them \(line 2: .*\): export it again\.$"
    ):
        desk.ingest(desk.csv("all.csv", {"BilledCost": "x"}, {"BilledCost": "x"}), max_rejected=1)


def test_rejected_rows_go_when_the_file_is_mended(desk):
    path = desk.csv("mended.csv", *GOOD, {"BilledCost": "x"})
    desk.ingest(path)
    assert desk.one("SELECT status, error FROM coverage") == (
        "partial",
        "1 rows of its bills could not be read; see rejected_rows.",
    )
    desk.csv("mended.csv", *GOOD, {})
    assert desk.ingest(path).files[0].status == "replaced"
    assert desk.one("SELECT count(*) FROM rejected_rows") == 0
    assert desk.one("SELECT status, rows FROM coverage") == ("complete", 401)


def test_a_bad_row_does_not_take_another_month_of_the_file_with_it(desk):
    path = desk.csv("latest.csv", *GOOD, {"BillingPeriodStart": "2026-09-01"})
    desk.ingest(path)
    desk.csv("latest.csv", *GOOD, {"BillingPeriodStart": "2026-09-01", "BilledCost": "x"})
    desk.ingest(path)
    assert desk.one("SELECT count(*) FROM charges WHERE BillingPeriodStart = '2026-09-01'") == 1


def test_more_rows_of_the_wrong_shape_than_are_listed_are_still_counted(desk, monkeypatch):
    monkeypatch.setattr("collectors.bills.rejects.MAX_LISTED", 2)
    text = desk.text([*GOOD, {"BilledCost": "x"}]) + "1,2\n3,4\n5,6\n"
    result = desk.ingest(desk.file("many.csv", text), max_rejected=0.1).files[0]
    assert (result.rejected, dict(result.reasons)) == (
        4,
        {"the row has too few columns": 3, "BilledCost is not a number that fits": 1},
    )
    assert desk.ask("SELECT line, reason FROM rejected_rows") == [
        (403, "the row has too few columns"),
        (404, "the row has too few columns"),
        (None, "2 more rows are not listed"),
    ]


def test_what_a_bad_row_says_cannot_break_the_line_or_the_terminal(desk):
    with pytest.raises(InputError, match=r"'a b \[31mc'"):
        desk.ingest(desk.csv("hostile.csv", {"BilledCost": "a\nb\x1b[31mc"}))


def test_spelling_of_enumerations_is_set_right(desk):
    desk.ingest(
        desk.csv(
            "case.csv",
            {
                "ChargeCategory": "usage",
                "ChargeFrequency": "Usage-based",
                "PricingCategory": "STANDARD",
                "ChargeClass": "correction",
                "CommitmentDiscountStatus": "Odd",
            },
        )
    )
    assert desk.one(
        "SELECT ChargeCategory, ChargeFrequency, PricingCategory, ChargeClass, CommitmentDiscountStatus FROM charges"
    ) == ("Usage", "Usage-Based", "Standard", "Correction", "Odd")


def test_several_gzip_members_in_a_row_are_one_file(desk):
    header, row = desk.text([{}]).splitlines()
    path = desk.folder / "members.csv.gz"
    path.write_bytes(gzip.compress(f"{header}\n{row}\n".encode()) + gzip.compress(f"{row}\n".encode()))
    assert desk.ingest(path).rows == 2


def test_more_bad_rows_than_are_listed_are_still_counted(desk, monkeypatch):
    monkeypatch.setattr("collectors.bills.rejects.MAX_LISTED", 2)
    result = desk.ingest(desk.csv("many.csv", *GOOD, *[{"BilledCost": "x"}] * 4)).files[0]
    assert (result.rejected, dict(result.reasons)) == (4, {"BilledCost is not a number that fits": 4})
    assert [reason for (reason,) in desk.ask("SELECT reason FROM rejected_rows")] == [
        *["BilledCost is not a number that fits: 'x'"] * 2,
        "2 more rows are not listed",
    ]
    assert desk.one("SELECT error FROM coverage").startswith("4 rows of its bills") is False
