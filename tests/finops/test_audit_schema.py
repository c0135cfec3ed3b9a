"""The published JSON Schema and what finops writes and reads."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from finops.errors import UsageError
from finops.model import AuditReport, Decided
from finops.pipeline.reporting import read_report
from tests.reports import sample
from tests.reports.build import AS_OF, finding, report
from tests.reports.finance_sample import with_finance

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "audit.schema.json").read_text(encoding="utf-8"))
# Keys that others read since version 1 was published: none may go.
FINDING = [
    "id",
    "rule",
    "class",
    "cloud",
    "account",
    "region",
    "zone",
    "resource_type",
    "resource_id",
    "resource_name",
    "tags",
    "reason",
    "action",
    "current",
    "proposed",
    "monthly_cost",
    "monthly_savings",
    "net_monthly_savings",
    "savings_low",
    "savings_high",
    "currency",
    "price_basis",
    "conflict_group",
    "superseded_by",
    "confidence",
    "confidence_reasons",
    "effort",
    "risk",
    "co2e",
    "evidence",
    "remediation",
    "status",
    "first_seen",
    "sources",
]
TOP = [
    "schema_version",
    "tool_version",
    "as_of",
    "currency",
    "totals",
    "totals_by_currency",
    "findings",
    "not_evaluated",
    "coverage",
]


def spending() -> AuditReport:
    return with_finance(sample.three_clouds())


@pytest.mark.parametrize(
    "make", [sample.empty, sample.partial, sample.two_currencies, sample.hostile, spending]
)
def test_what_is_written_is_what_the_schema_says(make: Callable[[], AuditReport]) -> None:
    jsonschema.validate(json.loads(make().to_json()), SCHEMA)


def test_the_schema_refuses_an_amount_in_words() -> None:
    told = json.loads(sample.three_clouds().to_json())
    told["totals"]["monthly_cost"] = "a lot"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, SCHEMA)


def test_the_schema_lets_a_later_finops_say_more() -> None:
    told = json.loads(sample.three_clouds().to_json())
    told["totals"]["more"] = told["findings"][0]["more"] = 1
    jsonschema.validate(told, SCHEMA)


def test_no_key_of_version_1_is_gone() -> None:
    assert set(FINDING) <= set(SCHEMA["$defs"]["Finding"]["properties"])
    assert set(TOP) <= set(SCHEMA["properties"])


@pytest.mark.parametrize(
    "make", [sample.empty, sample.partial, sample.two_currencies, sample.hostile, spending]
)
def test_a_report_read_back_from_its_json_is_the_same_to_the_byte(
    make: Callable[[], AuditReport], tmp_path: Path
) -> None:
    path = tmp_path / "run.json"
    path.write_text(make().to_json(), encoding="utf-8")
    assert read_report(path).to_json() == make().to_json()


def test_an_audit_of_a_version_without_due_dates_is_read_and_one_with_them_says_them_again(
    tmp_path: Path,
) -> None:
    said = Decided(decision="agreed", owner="Ann", due=date(2026, 12, 1), comment=None, decided_at=AS_OF)
    told = json.loads(report([finding(1, "1.00", decision=said)]).to_json())
    jsonschema.validate(told, SCHEMA)
    assert told["findings"][0]["decision"]["due"] == "2026-12-01"
    path = tmp_path / "run.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    assert read_report(path).findings[0].decision == said
    del told["findings"][0]["decision"]["due"]
    path.write_text(json.dumps(told), encoding="utf-8")
    assert read_report(path).findings[0].decision == said.model_copy(update={"due": None})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is no JSON"),
        ("[]", "is not the JSON of an audit: it has no schema_version"),
        ('{"schema_version": 2}', "has schema version 2 and this finops reads 1"),
        ('{"schema_version": 1, "as_of": "today"}', "is not the JSON of an audit: as_of: "),
        (f'{{"schema_version": 1, "x": {"[" * 100_000}', "it is nested too deeply"),
        ('{"schema_version": 1, "x": NaN}', "NaN is no number that a report has"),
        ('{"schema_version": 1, "x": 1e300}', "1e300 is no number that a report has"),
        (f'{{"schema_version": 1, "x": {"9" * 5000}}}', "is no number that a report has"),
    ],
)
def test_a_file_that_is_no_audit_is_refused_in_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as told:
        read_report(path)
    assert str(path) in str(told.value)
    assert sentence in str(told.value)


@pytest.mark.parametrize(
    "change", [{"resource_name": "\ud800"}, {"evidence": {"x": "\ud800"}}, {"first_seen": "early"}]
)
def test_a_file_that_could_not_be_written_again_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    told = json.loads(sample.three_clouds().to_json())
    early = change.get("first_seen") == "early"
    told["findings"][0] |= {"first_seen": "0001-01-01T00:00:00+14:00"} if early else change
    (tmp_path / "run.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(UsageError, match="is not the JSON of an audit"):
        read_report(tmp_path / "run.json")


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    bad: dict[str, Any] = {"gone.json": None, "binary.json": b"\xff\xfe\x00"}
    for name, content in bad.items():
        if content:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(UsageError, match=f"{name} cannot be read"):
            read_report(tmp_path / name)
