import csv
import io
import json
from datetime import date

import pytest

from finops.model import AuditReport, Decided
from reports import csv as csv_report
from tests.reports import sample
from tests.reports.build import at, finding, report


def read(given: AuditReport) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_report.render(given), newline="")))


def test_columns_are_the_keys_of_the_json_in_their_order_but_what_only_programs_need() -> None:
    findings = json.loads(sample.three_clouds().to_json())["findings"]
    exempt = next(one for one in findings if one["exemption"])
    flat = {key: [f"{key}_{name}" for name in exempt[key]] for key in ("co2e", "exemption")}
    flat["decision"] = [
        "decision",
        "decision_owner",
        "decision_due",
        "decision_comment",
        "decision_decided_at",
    ]
    assert csv_report.columns() == [
        name for key in exempt for name in flat.get(key, [key]) if key != "overlap"
    ]


def test_who_exempted_what_is_in_columns_of_its_own() -> None:
    exempt, *_ = (record for record in read(sample.three_clouds()) if record["status"] == "exempt")
    columns = ("owner", "reason", "expires_at", "monthly_waste")
    assert [exempt[f"exemption_{name}"] for name in columns] == [
        "Legal",
        "kept for the auditors",
        "2027-01-01T00:00:00Z",
        "150.0",
    ]
    assert {r["exemption_owner"] for r in read(sample.three_clouds()) if r["status"] != "exempt"} == {""}


def test_who_decided_what_is_in_columns_of_its_own() -> None:
    said = Decided(
        decision="done", owner="Ann", due=date(2026, 12, 1), comment="=late", decided_at=at(2026, 11, 19)
    )
    record = read(report([finding(1, "1.00", decision=said)]))[0]
    names = ("decision", "decision_owner", "decision_due", "decision_comment", "decision_decided_at")
    assert [record[name] for name in names] == ["done", "Ann", "2026-12-01", "'=late", "2026-11-19T00:00:00Z"]
    assert [name for name in record if name.startswith("decision")] == list(names)


def test_every_finding_is_one_record_whatever_it_is_called() -> None:
    records = read(sample.hostile())
    assert [r["resource_name"].removeprefix("'") for r in records] == list(sample.HOSTILE)


@pytest.mark.parametrize("start", list("=+-@\t\r\0"))
def test_a_text_that_would_run_as_a_formula_gets_an_apostrophe(start: str) -> None:
    record = read(report([finding(1, "1.00", resource_name=f"{start}cmd()")]))[0]
    assert record["resource_name"] == f"'{start}cmd()"


def test_a_negative_number_stays_a_number() -> None:
    assert read(report([finding(1, "-12.30")]))[0]["net_monthly_savings"] == "-12.30"


def test_the_unknown_is_an_empty_cell_and_not_zero() -> None:
    record = read(report([finding(1, None)]))[0]
    assert record["net_monthly_savings"] == record["monthly_cost"] == ""


def test_nested_values_are_compact_json() -> None:
    record = read(report([finding(1, "1.00")]))[0]
    assert record["tags"] == '{"team":"shop"}'
    assert json.loads(record["evidence"])["prices"] == {"gp3_gib_month": 0.088}


def test_a_file_begins_with_the_byte_order_mark_and_ends_lines_with_crlf() -> None:
    text = csv_report.render(sample.three_clouds(), bom=True)
    assert text.startswith("\ufeffid,")
    assert text.count("\r\n") == text.count("\n") == 16
    assert "\ufeff" not in csv_report.render(sample.three_clouds())


def test_without_findings_the_header_remains() -> None:
    assert csv_report.render(sample.empty()) == ",".join(csv_report.columns()) + "\r\n"
