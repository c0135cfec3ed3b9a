"""What stands in the workbook: the numbers of the report, real tables and formulas, and nothing that runs."""

import re
from datetime import date
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest

from finops.model import AuditReport, Decided
from reports import summary
from reports.redaction import redact
from reports.xlsx import render
from tests.reports import finance_sample, sample
from tests.reports.build import at, cost, finding, report
from tests.reports.xlsx.opened import SAMPLES, opened, parts, rendered, rows

SHEETS = [
    "Read me", "Summary", "Decisions", "Findings", "Accepted", "Teams", "Accounts", "Services", "Regions", "Costs",
    "Months", "Days", "Coverage", "Not evaluated", "Inputs",
]  # fmt: skip
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def total(lines: list[dict[str, Any]], column: str, currency: str) -> Decimal:
    amounts = [line[column] for line in lines if line["Currency"] == currency and line[column] is not None]
    return sum((Decimal(str(one)).quantize(Decimal("0.01")) for one in amounts), Decimal("0.00"))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_report_is_a_workbook_with_the_same_sheets_and_the_same_bytes_twice(name: str) -> None:
    content = rendered(name)
    assert content == render(SAMPLES[name])
    for part, text in parts(content).items():
        if part.endswith((".xml", ".rels", ".vml")):
            ElementTree.fromstring(text)
    book = opened(content)
    assert book.sheetnames == SHEETS
    assert not any(sheet.merged_cells.ranges for sheet in book)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sheet_comes_to_the_totals_of_the_report(name: str) -> None:
    told, book = SAMPLES[name], opened(rendered(name))
    found = {line["Currency"]: line for line in rows(book, "Totals")} if told.totals_by_currency else {}
    assert list(found) == list(told.totals_by_currency)
    for code, one in told.totals_by_currency.items():
        line = found[code]
        assert line["Spent"] == (None if one.monthly_cost is None else float(one.monthly_cost))
        assert (line["Gross saving"], line["Net saving"]) == (
            float(one.gross_monthly_savings),
            float(one.net_monthly_savings),
        )
        assert line["Overlap"] == float(one.gross_monthly_savings - one.net_monthly_savings)
        assert (line["Low"], line["High"]) == tuple(
            None if end is None else float(end) for end in (one.net_low, one.net_high)
        )
        assert line["Accepted waste"] == float(one.accepted_monthly_waste)
        net = one.net_monthly_savings
        assert total(rows(book, "Findings"), "Net saving", code) == net
        assert total(rows(book, "Findings"), "Gross saving", code) == one.gross_monthly_savings
        for table in ("Decisions", "Teams", "Accounts", "Regions", "Kinds", "Confidence"):
            if net:
                assert total(rows(book, table), "Net saving", code) == net, table
        assert total(rows(book, "Costs"), "Cost", code) == (one.monthly_cost or 0)
        assert total(rows(book, "Accepted"), "Waste a month", code) == one.accepted_monthly_waste
    assert len(rows(book, "Findings")) == told.totals.findings
    assert len(rows(book, "NotEvaluated")) == told.totals.not_evaluated


def test_what_finance_reads_beside_the_savings_is_there_to_the_cent() -> None:
    told, book = SAMPLES["with_finance"].finance, opened(rendered("with_finance"))
    assert told
    days = rows(book, "Days")
    assert total(days, "Cost", "USD") == sum(one.cost for one in told.trends[0].days)
    assert total(days, "Expected", "USD") == sum(one.expected for one in told.trends[0].ahead)
    assert total(rows(book, "Months"), "Cost", "USD") == total(days, "Cost", "USD")
    assert [line["Note"] for line in rows(book, "Months")] == [
        None,
        None,
        "from 1 Nov 2026 to 19 Nov 2026 only",
    ]
    steps = rows(book, "Bridge_USD")
    assert steps[-1] == {"Step": "Cost of 2026-11", "Amount": 11000.0}
    assert sum(Decimal(str(one["Amount"])) for one in steps[:-1]) == told.bridges[0].cost
    for table, spend in zip(("Services", "Accounts", "Teams", "Regions"), told.spend, strict=True):
        assert total(rows(book, table), "Cost", "USD") == spend.cost
        assert total(rows(book, table), "Change", "USD") == (spend.cost or 0) - (spend.previous or 0)
    assert {line["Step"]: line["In 730 hours"] for line in rows(book, "Way")}["On the bill"] == 1010.4
    assert rows(book, "Commitments")[0]["Utilisation"] == pytest.approx(0.96)
    assert rows(book, "Invoices")[0]["Residual"] == 0


def test_without_a_bill_the_sheets_of_spending_say_so_and_are_empty() -> None:
    book = opened(rendered("three_clouds"))
    for name in ("Services", "Months", "Days"):
        assert book[name]["A1"].value.endswith("no bill is loaded. finops ingest FILE loads one.")
        assert rows(book, name) == []
    assert {line["Cost"] for line in rows(book, "Teams")} == {None}
    assert {line["Note"] for line in rows(book, "Teams")} == {"no bill is loaded"}


def test_what_is_not_known_is_empty_with_a_word_why_and_never_nothing() -> None:
    book = opened(rendered("three_clouds"))
    line = next(one for one in rows(book, "Findings") if one["Id"] == "f0000000000d")
    assert [
        line[name] for name in ("Net saving", "Gross saving", "Low", "High", "Cost now", "CO2e saved kg")
    ] == [None] * 6
    assert line["Not known"] == (
        "saving: no price or bill is loaded; CO2e: the hardware of this service is not published"
    )
    account = next(one for one in rows(book, "Costs") if one["Account"] == "gcp shop-dev-4711")
    assert (account["Cost"], account["Known from"], account["Note"]) == (
        None,
        "no known price",
        "no billing export found",
    )


def test_an_audit_that_knows_no_cost_says_not_known_and_no_share() -> None:
    book = opened(render(report([finding(1, "10.00")], [cost("1", None)])))
    line = rows(book, "Totals")[0]
    assert (line["Spent"], line["Share"], line["Net saving"]) == (None, None, 10.0)


def test_what_is_accepted_stands_apart_with_who_and_why() -> None:
    book = opened(rendered("three_clouds"))
    assert [(one["Resource"], one["Who accepted it"], one["Reason"], one["Until"]) for one in rows(book, "Accepted")] == [
        ("legal-hold", "Legal", "kept for the auditors", "31 Dec 2026")
    ]  # fmt: skip
    assert not any(one["Resource"] == "legal-hold" for one in rows(book, "Findings"))


@pytest.mark.parametrize("name", ["hostile", "with_finance_and_hostile"])
def test_no_text_of_a_cloud_runs_or_links_or_moves(name: str) -> None:
    content = rendered(name)
    assert not any("hyperlink" in part.lower() for part in parts(content))
    for sheet in opened(content, values=False):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.hyperlink is None
                if cell.data_type == "f":
                    assert not any(text[:12] in cell.value for text in sample.HOSTILE), cell.value
                elif isinstance(cell.value, str):
                    assert not cell.value.startswith(STARTS), (sheet.title, cell.coordinate, cell.value)
                    assert cell.value.isprintable(), (sheet.title, cell.coordinate, cell.value)


def test_formulas_hold_no_text_of_a_report_and_call_nothing_outside() -> None:
    allowed = {
        "SUBTOTAL",
        "SUMIFS",
        "SUMPRODUCT",
        "EXACT",
        "IF",
        "ROWS",
        "ROUND",
        "COUNT",
        "SUM",
        "AGGREGATE",
        "ROUNDDOWN",
    }
    for name in SAMPLES:
        for sheet in opened(rendered(name), values=False):
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        called = set(re.findall(r"([A-Z.]+)\(", cell.value.replace("_xlfn.", "")))
                        assert called <= allowed, cell.value


def test_tables_have_notes_frozen_headers_filters_and_formats_with_the_currency() -> None:
    book = opened(rendered("two_currencies"))
    for name, table in (
        ("Findings", "Findings"),
        ("Decisions", "Decisions"),
        ("Costs", "Costs"),
        ("Coverage", "Coverage"),
    ):
        sheet = book[name]
        area = sheet.tables[table]
        assert area.autoFilter is not None
        assert sheet.freeze_panes.endswith("3")
        header = sheet[area.ref][0]
        assert all(cell.comment and cell.comment.text for cell in header)
    formats = {(line[4].value, line[3].number_format) for line in book["Findings"].iter_rows(min_row=3)}
    assert formats == {("USD", '"$"#,##0.00;-"$"#,##0.00'), ("CNY", '"CN¥"#,##0.00;-"CN¥"#,##0.00')}


def test_charts_say_in_words_what_they_show() -> None:
    drawings = [
        text.decode()
        for name, text in parts(rendered("with_finance")).items()
        if name.startswith("xl/drawings/drawing")
    ]
    told = [one for text in drawings for one in re.findall(r'descr="([^"]+)"', text)]
    assert len(told) == sum(text.count("<c:chart ") for text in drawings) == 5
    assert any(one.startswith("A line: what each day cost, from $560.75 on 1 Sep 2026 to $") for one in told)
    assert any("Servers that do nothing $842.60" in one for one in told)


def test_savings_have_bars_where_there_is_one_currency() -> None:
    def bars(name: str) -> bool:
        return bool(opened(rendered(name))["Findings"].conditional_formatting)

    assert bars("three_clouds")
    assert not bars("two_currencies")


def test_what_people_decided_stands_in_their_columns_and_what_they_may_write_is_offered() -> None:
    said = Decided(
        decision="agreed", owner="Ann", due=date(2026, 12, 1), comment="=after\nthe release",
        decided_at=at(2026, 11, 19, 8),
    )  # fmt: skip
    book = opened(render(report([finding(1, "10.00", decision=said), finding(2, "5.00")])))
    first, second = rows(book, "Findings")
    columns = ("Status", "Owner", "Due", "Comment", "Decided")
    assert [first[name] for name in columns] == [
        "agreed", "Ann", at(2026, 12, 1), "'=after the release", "2026-11-19T08:00:00Z",
    ]  # fmt: skip
    assert [second[name] for name in columns] == [None] * 5
    heads = [cell.value for cell in book["Findings"][2]]
    assert heads[heads.index("Owner") + 1] == "Due"
    dates = [book["Findings"].cell(row, heads.index("Due") + 1).number_format for row in (3, 4)]
    assert dates == ["yyyy-mm-dd"] * 2, "an empty one, too, so that what is typed is shown as a day"
    rule = book["Findings"].data_validations.dataValidation[0]
    assert (rule.formula1, str(rule.sqref)) == ('"agreed,done,rejected"', "F3:F4")


def test_currencies_without_a_rate_ask_for_one_and_with_one_add_up() -> None:
    plain = sample.two_currencies().model_copy(update={"currency": "USD"})
    book = opened(render(plain))
    assert "needs every rate on the sheet Inputs" in [
        cell.value for row in book["Summary"].iter_rows() for cell in row
    ]
    finance = finance_sample.finance()
    assert finance.provenance
    rate = finance.provenance.rates[0].model_copy(update={"currency": "CNY", "rate": 0.14})
    known = finance.model_copy(update={"provenance": finance.provenance.model_copy(update={"rates": [rate]})})
    book = opened(render(plain.model_copy(update={"finance": known})))
    assert 490.96 in [cell.value for row in book["Summary"].iter_rows() for cell in row]


def test_names_that_a_criterion_would_misread_are_compared_as_they_are() -> None:
    teams = ["shop", "Shop", "*", ">5", "May 5", "", "=x", "data", "?", "007", "7"]
    told = report([finding(n, f"{n + 1}.00", tags={"team": team}) for n, team in enumerate(teams)])
    lines = {line["Team"]: line["Net saving"] for line in rows(opened(render(told)), "Teams")}
    assert lines == {
        "shop": 1.0, "Shop": 2.0, "*": 3.0, ">5": 4.0, "May 5": 5.0, "Not allocated": 6.0, "'=x": 7.0, "data": 8.0, "?": 9.0,
        "007": 10.0, "7": 11.0,
    }  # fmt: skip
    formulas = {
        line["Team"]: line["Net saving"] for line in rows(opened(render(told), values=False), "Teams")
    }
    assert {team for team, text in formulas.items() if text.startswith("=SUMIFS")} == {
        "data",
        "Not allocated",
    }


def test_a_team_of_the_bill_has_no_savings_of_one_that_is_spelled_otherwise() -> None:
    finance = finance_sample.finance()
    team = finance.spend[2]
    lines = [team.lines[0], team.lines[0].model_copy(update={"key": "SHOP"}), team.lines[1]]
    told = report([finding(1, "5.00")]).model_copy(
        update={"finance": finance.model_copy(update={"spend": [team.model_copy(update={"lines": lines})]})}
    )
    formulas = {
        line["Team"]: line["Net saving"] for line in rows(opened(render(told), values=False), "Teams")
    }
    assert formulas["shop"].startswith("=SUMIFS")
    assert "EXACT" in formulas["SHOP"]


def test_a_team_is_known_by_the_tag_as_bills_write_it_too() -> None:
    told = report([finding(1, "5.00", tags={"user:team": "shop"})]).model_copy(
        update={"finance": finance_sample.finance()}
    )
    lines = {line["Team"]: line["Net saving"] for line in rows(opened(render(told)), "Teams")}
    assert lines == {"shop": 5.0, "Not allocated": 0.0}


def test_what_cannot_be_compared_is_in_no_change_and_noted() -> None:
    finance = finance_sample.finance()
    spend = finance.spend[0]
    new = spend.lines[0].model_copy(update={"cost": Decimal("14000.00")})
    spends = [spend.model_copy(update={"lines": [new, *spend.lines[1:]]})]
    told = report().model_copy(update={"finance": finance.model_copy(update={"spend": spends})})
    line = rows(opened(render(told)), "Services")[0]
    assert (line["Cost"], line["Before"], line["Change"]) == (14000.0, 8000.0, 1000.0)
    assert line["Note"] == "$5,000.00 cannot be compared"
    formula = rows(opened(render(told), values=False), "Services")[0]["Change"]
    assert formula == 1000.0


def test_a_redacted_workbook_holds_nothing_of_what_was_replaced() -> None:
    said = Decided(
        decision="done", owner="Herr Meier", comment="for the lawsuit", decided_at=at(2026, 11, 19)
    )
    plain = sample.secret()
    plain = plain.model_copy(
        update={"findings": [plain.findings[0].model_copy(update={"decision": said}), *plain.findings[1:]]}
    )
    content = parts(render(redact(plain, "all", key=b"k")))
    text = "\n".join(part.decode() for part in content.values())
    for secret in (*sample.SECRETS, *sample.DECIDED, "Herr Meier", "for the lawsuit"):
        assert secret not in text


def test_a_large_report_is_written_whole() -> None:
    told: AuditReport = sample.large(400)
    lines = rows(opened(render(told)), "Findings")
    assert [line["Id"] for line in lines] == [one.id for one in summary.pending(told)]
