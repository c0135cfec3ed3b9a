"""What is wrong with a rule file is told all at once, each at its line and column, with what to write instead."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rules.engine.catalogue import built_in_folder, rule_files
from rules.engine.checking import NEED_TABLES
from rules.engine.linting import Linter, Told, slug

GOOD = """/*---
id: big-volume
title: A volume that is big
class: oversized
action: delete
resource: volume
parameters:
  min_gib: {default: 100, unit: GiB, doc: "bigger than that"}
  min_days: {default: 7, unit: days, doc: "older than that"}
needs: [volumes, instances]
effort: low
risk: low
sources: [{title: "A document", url: "https://example.com/"}]
traps:
  young: "A volume of today may grow into its size."
remediation:
  aws: "aws ec2 delete-volume --volume-id {resource_id}"
doc: |
  Finds volumes that are bigger than a limit. It is an example that the tests break in many ways.
---*/
-- The clock is not asked: now() is $as_of.
WITH big AS (
    SELECT v.cloud, v.account_id, v.region, v.volume_id, v.size_gib, v.created_at, i.state
    FROM volumes AS v
    LEFT JOIN instances AS i ON i.cloud = v.cloud AND i.instance_id = v.instance_id
)
SELECT
    cloud,
    account_id,
    region,
    volume_id AS resource_id,
    CASE WHEN size_gib IS NULL THEN 'not_evaluated'
        WHEN size_gib > $min_gib AND created_at < $min_days_cutoff THEN 'finding'
        ELSE 'ok' END AS verdict,
    'It has ' || amount(size_gib) || ' GiB (limit ' || amount($min_gib) || ').' AS reason,
    'all' AS components,
    size_gib AS current_size_gib,
    state AS extra
FROM big
"""
CASES = """defaults:
  volumes: {cloud: aws, account_id: "1", region: r, created_at: 2026-01-01, state: attached}
cases:
  - name: a finding
    volumes: [{volume_id: v, size_gib: 200}]
    expect: [{verdict: finding}]
  - name: fine
    trap: young
    volumes: [{volume_id: v, size_gib: 10}]
    expect: [{verdict: ok}]
  - name: unknown
    volumes: [{volume_id: v}]
    expect: [{verdict: not_evaluated}]
"""
Look = Callable[..., list[Told]]


@pytest.fixture(scope="module")
def linter() -> Linter:
    return Linter()


@pytest.fixture
def look(tmp_path: Path, linter: Linter) -> Look:
    def look(text: str, name: str = "big-volume", cases: str | None = CASES) -> list[Told]:
        path = tmp_path / f"{name}.sql"
        path.write_text(text, encoding="utf-8")
        if cases is not None:
            path.with_suffix(".yaml").write_text(cases, encoding="utf-8")
        return linter.look(path)

    return look


def where(text: str, part: str) -> tuple[int, int]:
    """Line and column of a part of the text, which is there once."""
    assert text.count(part) == 1, part
    before = text[: text.index(part)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def test_a_sound_rule_with_its_cases_has_no_mistake(look: Look) -> None:
    assert look(GOOD) == []


# What is written in place of what, where the mistake is told (a part of the broken text), and what is said and hinted.
MISTAKES = {
    "a misspelt column": ("v.size_gib", "v.size_gb AS size_gib", "v.size_gb", "there is no column v.size_gb", "did you mean size_gib?"),
    "a column of another table": ("i.state", "i.size_gib AS state", "i.size_gib", "there is no column i.size_gib", "write v.size_gib"),
    "a misspelt table": ("JOIN instances", "JOIN instance", "instance AS i", "the table instance is read", "did you mean instances?"),
    "a table that is not declared": ("[volumes, instances]", "[volumes]", "instances AS i", "the table instances is read but not declared under needs", "add instances to needs"),
    "the metrics themselves": ("JOIN instances", "JOIN metrics", "metrics AS i", "the table metrics is read", f"read what is made of it: {', '.join(NEED_TABLES['metrics'])}"),
    "a misspelt parameter": ("amount($min_gib)", "amount($min_gb)", "$min_gb", "$min_gb is not a declared parameter", "did you mean min_gib?"),
    "a parameter that nothing reads": ("created_at < $min_days_cutoff", "created_at < $as_of", "min_days", "the parameter min_days is declared but never used", "write it as $min_days in the SQL, or take it out"),
    "the clock": ("< $min_days_cutoff", "< $min_days_cutoff AND created_at < now()", "now() THEN", "the function now is not in the subset", "write $as_of, the instant of the audit"),
    "the clock under another name": ("< $min_days_cutoff", "< $min_days_cutoff AND created_at < current_date", "current_date", "the function current_date is not in the subset", "write $as_of, the instant of the audit"),
    "a quantile": ("state AS extra", "median(state) AS extra", "median(", "the function median is not in the subset", "read avg, p95 or peak of the rollup usage: quantiles are made once, there"),
    "a misspelt macro": ("amount(size_gib)", "amout(size_gib)", "amout(", "the function amout is not in the subset", "did you mean amount?"),
    "LIMIT": ("FROM big", "FROM big\nLIMIT 3", "LIMIT 3", "LIMIT (a rule tells of every resource)", None),
    "no branch for what is not known": ("CASE WHEN size_gib IS NULL THEN 'not_evaluated'\n        WHEN", "CASE WHEN", "verdict,", "no branch of verdict says 'not_evaluated'", "add a branch for what the data do not tell: WHEN … IS NULL THEN 'not_evaluated'"),
    "a verdict that is none": ("ELSE 'ok'", "WHEN size_gib < 0 THEN 'fine' ELSE 'ok'", "'fine'", "verdict says 'fine', which nobody knows", "known are finding, ok, not_evaluated"),
    "a component that is none": ("'all' AS", "'storge,iops' AS", "'storge,iops'", "components says 'storge', which nobody knows", "did you mean storage?"),
    "a column that is not returned": ("AS components", "AS parts", "state AS extra", "the query must return the column components", "end the last SELECT with … AS components"),
    "a field of the header that is none": ("class: oversized", "clas: oversized", "clas: oversized", "there is no field clas", "did you mean class?"),
    "a class that is none": ("class: oversized", "class: oversised", "class: oversised", "class: 'oversised' is none of", "did you mean oversized?"),
    "a metric that is none": ("instances]", 'instances, "metrics:cpu_utilisation"]', '"metrics:cpu_utilisation"', "there is no metric cpu_utilisation", "did you mean cpu_utilization?"),
    "a placeholder that is none": ("{resource_id}", "{resource}", "{resource}", "remediation: {resource} is not known", "did you mean resource_id?"),
    "a placeholder in quotes": ("--volume-id {resource_id}", "--volume-id '{resource_id}'", "{resource_id}", "{resource_id} stands in quotes", "end the quotes before it"),
    "a placeholder that nothing fills": ("{resource_id}", "{resource_id} {current_size}", "{current_size}", "{current_size} is not a column that the query returns", "did you mean current_size_gib?"),
    "no sources": ('sources: [{title: "A document", url: "https://example.com/"}]\n', "", "id: big-volume", "sources is missing", "name where its thresholds come from: - {title: …, url: https://…}"),
    "no unit": ("unit: GiB, ", "", "min_gib: {", "parameters.min_gib.unit is missing", None),
    "an id of somebody else": ("id: big-volume", "id: Big_Volume", "id: Big_Volume", "id: 'Big_Volume' is not an id", "write big-volume"),
    "a file of another name": ("id: big-volume", "id: large-volume", "id: large-volume", "the id is large-volume; name the file large-volume.sql", "write id: big-volume"),
    "types that do not go together": ("size_gib > $min_gib", "size_gib > state", "WITH big AS", "the rule failed: ", None),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_at_its_place_with_what_to_write_instead(name: str, look: Look) -> None:
    old, new, part, said, hint = MISTAKES[name]
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    found = [one for one in look(text) if said in one.message]
    assert found, [str(one) for one in look(text)]
    assert found[0].suggestion == hint
    if name != "types that do not go together":  # of which the database tells the line only, if that
        first = text[: text.index(part)]
        assert (found[0].line, found[0].column) == (first.count("\n") + 1, len(first) - first.rfind("\n"))


def test_every_mistake_of_a_file_is_told_in_its_order(look: Look) -> None:
    text = (
        GOOD.replace("class: oversized", "class: big")
        .replace("v.size_gib", "v.size_gb AS size_gib")
        .replace("amount($min_gib)", "amount($min_gb)")
        .replace("FROM big", "FROM big WHERE created_at < now()")
    )
    told = look(text)
    assert [one.line for one in told] == sorted(one.line for one in told)
    words = ("class: 'big'", "v.size_gb", "$min_gb", "the function now")
    assert len(told) == len(words)
    assert all(word in one.message for word, one in zip(words, told, strict=True))


def test_a_place_in_a_comment_is_no_place_of_a_mistake(look: Look) -> None:
    text = GOOD.replace("FROM big", "FROM big WHERE created_at < now()")
    (told,) = look(text)
    assert told.line == text.count("\n")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("SELECT 1", 1, "a rule file begins with a header"),
        ("/*---\nid: x\n", 1, "the header is not closed"),
        (GOOD.replace("title: A volume", "title: [A volume"), 4, "the header is not YAML"),
        (GOOD.replace("FROM big", "FROM WHERE"), 39, "the SQL does not parse"),
        (GOOD + ";\nDROP TABLE volumes", 21, "a rule is one SELECT, this file holds 2 statements"),
        ("/*---\n- a list\n---*/\nSELECT 1", 2, "the header must be a list of keys and values"),
    ],
)
def test_a_file_that_cannot_be_read_further_tells_where_it_stops(
    look: Look, text: str, line: int, said: str
) -> None:
    told = look(text)[0]
    assert said in told.message
    assert told.line == line


def test_a_rule_without_cases_gets_a_note(look: Look) -> None:
    (told,) = look(GOOD, cases=None)
    assert (told.severity, told.message) == ("note", "it has no cases")
    assert "big-volume.yaml" in str(told.suggestion)


def test_a_fixture_that_leaves_something_out_gets_notes(look: Look) -> None:
    cases = CASES.replace("trap: young", "trap: old").replace("verdict: not_evaluated", "resource_id: v")
    said = [one.message for one in look(GOOD, cases=cases)]
    assert said == [
        "big-volume.yaml: no case expects the verdict not_evaluated",
        "big-volume.yaml: no case has trap: young",
        "big-volume.yaml: a case has trap: old, which the header does not name",
    ]
    assert {one.severity for one in look(GOOD, cases=cases)} == {"note"}


def test_cases_that_are_no_cases_are_told(look: Look) -> None:
    (told,) = look(GOOD, cases="cases: []")
    assert told.message == "big-volume.yaml: a case file needs a list under cases"


def test_the_id_of_a_rule_of_ours_is_taken(look: Look) -> None:
    (told,) = look(GOOD.replace("id: big-volume", "id: idle-instance"), name="idle-instance")
    assert told.message == "the rule idle-instance exists already, among ours"


def test_a_file_that_is_no_text_is_told(tmp_path: Path, linter: Linter) -> None:
    path = tmp_path / "x.sql"
    path.write_bytes(b"\xff\xfe\x00")
    (told,) = linter.look(path)
    assert "cannot be read as text" in told.message


def test_our_own_rules_have_no_mistake(linter: Linter) -> None:
    told = [str(one) for path in rule_files(built_in_folder()) for one in linter.look(path)]
    assert told == []


@pytest.mark.parametrize(
    "told", ["null", "[null]", "{aws: null}", "{aws: {delete: null}}", "{aws: 3}", "text"]
)
def test_remediation_of_any_shape_is_told_and_never_a_crash(look: Look, told: str) -> None:
    text = GOOD.replace(
        'remediation:\n  aws: "aws ec2 delete-volume --volume-id {resource_id}"', f"remediation: {told}"
    )
    assert text != GOOD
    assert any(one.message.startswith("remediation") for one in look(text))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Idle Queue", "idle-queue"),
        ("idleQueue", "idle-queue"),
        ("2-old", "old"),
        ("x__y", "x-y"),
        ("ü", "my-rule"),
    ],
)
def test_an_id_is_made_of_what_was_given(text: str, wanted: str) -> None:
    assert slug(text) == wanted
