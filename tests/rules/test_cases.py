"""Every case of every rule, and the promises that case files make together."""

import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import duckdb
import pytest
import yaml

from finops.errors import RuleError
from finops.model import Action, Level
from rules.engine import running
from rules.engine.cases import Outcome, case_file, empty_warehouse, run_cases
from rules.engine.catalogue import Rule, built_in_folder, load, rule_files
from rules.engine.checking import COMPONENTS
from rules.engine.header import read_yaml

FILES = {path.stem: path for path in rule_files(built_in_folder())}


@cache
def rule(name: str) -> Rule:
    return load(FILES[name])


@cache
def book(name: str) -> dict[str, Any]:
    path = Path(__file__).parents[1] / "cases" / f"{name}.yaml"
    return dict(read_yaml(path.read_text(encoding="utf-8"))) if path.is_file() else {"cases": []}


@cache
def outcomes(name: str) -> dict[str, Outcome]:
    path = case_file(rule(name))
    return {outcome.name: outcome for outcome in run_cases(rule(name), path, warehouse())} if path else {}


@cache
def warehouse() -> duckdb.DuckDBPyConnection:
    """An empty one for all cases of a process, which all leave it empty: making it takes longer than a case."""
    return empty_warehouse()


def cases() -> Iterator[Any]:
    for name in sorted(FILES):
        for case in book(name)["cases"]:
            yield pytest.param(name, case["name"], id=f"{name}: {case['name']}")


@pytest.mark.parametrize(("name", "case"), list(cases()))
def test_a_case_comes_out_as_expected(name: str, case: str) -> None:
    assert outcomes(name)[case].difference is None


@pytest.mark.parametrize("name", sorted(FILES))
class TestACaseFile:
    def test_exists_and_names_each_case_once(self, name: str) -> None:
        names = [case["name"] for case in book(name)["cases"]]
        assert names, f"tests/cases/{name}.yaml is missing"
        assert len(names) == len(set(names))
        assert len(outcomes(name)) == len(names)

    def test_has_a_finding_on_every_cloud_that_has_the_thing(self, name: str) -> None:
        """The clouds are those the header has commands for."""
        clouds = {row["cloud"] for row in said(name) if row["verdict"] == "finding"}
        assert clouds == set(rule(name).header.remediation)

    def test_has_every_verdict(self, name: str) -> None:
        assert {row["verdict"] for row in said(name)} == {"finding", "ok", "not_evaluated"}

    def test_has_the_same_id_in_two_accounts_with_two_answers(self, name: str) -> None:
        answers = [
            {(row["account_id"], row["verdict"], row["reason"]) for row in outcome.said}
            for outcome in outcomes(name).values()
            if len({row["account_id"] for row in outcome.said}) == 2
            and len({row["resource_id"] for row in outcome.said}) == 1
        ]
        assert any(len({answer[1:] for answer in found}) == 2 for found in answers)

    def test_overrides_every_parameter_with_an_effect(self, name: str, tmp_path: Path) -> None:
        for parameter in rule(name).header.parameters:
            using = [case for case in book(name)["cases"] if parameter in overridden(case)]
            assert using, f"no case sets {parameter}"
            assert any(fails_without(name, case, tmp_path) for case in using), f"{parameter} decides nothing"


def said(name: str) -> Iterator[Any]:
    return (row for outcome in outcomes(name).values() for row in outcome.said)


def overridden(case: dict[str, Any]) -> set[str]:
    parameters = case.get("parameters", {})
    nested = (values for kind in ("cloud", "account", "tag") for values in parameters.get(kind, {}).values())
    return {*parameters, *(name for values in nested for name in values)}


def fails_without(name: str, case: dict[str, Any], folder: Path) -> bool:
    """Whether a case with the default parameters comes out differently."""
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump({**book(name), "cases": [{**case, "parameters": {}}]}, sort_keys=False))
    (outcome,) = run_cases(rule(name), path, warehouse())
    return outcome.difference is not None


# --- what rules say, over every row of every case


def every_row() -> Iterator[tuple[Rule, dict[str, Any]]]:
    for name in sorted(FILES):
        for outcome in outcomes(name).values():
            for row in outcome.said:
                yield rule(name), {"case": outcome.name, **row}


def test_every_sentence_is_finished() -> None:
    for of, row in every_row():
        reason = row["reason"]
        assert re.fullmatch(r"[A-Z][^\n]*[^.\s]\.", reason), (of.id, reason)
        assert not re.search(r"  |\.\.| [.,;:)]|\( |None|NULL|\bnan\b|\binf\b|\d[eE][-+]\d", reason), (
            of.id,
            reason,
        )
        assert not re.search(r"\b1 (days|hours|volumes|public addresses)\b", reason), (of.id, reason)


def test_the_sentence_of_a_finding_has_the_value_and_the_limit() -> None:
    for of, row in every_row():
        if row["verdict"] == "finding" and "still paid for" not in row["reason"]:
            assert re.search(r"\(limits? ?[^)]*\d|\(limit: what it has now\)", row["reason"]), (
                of.id,
                row["reason"],
            )
            assert re.search(r"\d", row["reason"].partition("(limit")[0]) or "not known" in row["reason"]


def test_a_confidence_that_is_not_high_has_its_reason() -> None:
    for of, row in every_row():
        if row["verdict"] == "finding":
            assert row["confidence"] in get_args(Level)
            told = row["confidence_reason"]
            assert (told is None) == (row["confidence"] == "high"), (of.id, row["case"])
            assert told is None or (told[0].islower() and not told.endswith(".")), (of.id, told)


def test_components_are_known_and_actions_are_the_models() -> None:
    for of, row in every_row():
        assert set(row["components"].split(",")) <= set(COMPONENTS)
        assert row.get("action", of.header.action) in get_args(Action)


def test_a_finding_proposes_something_and_its_commands_can_be_filled_in() -> None:
    seen = set()
    for of, row in every_row():
        if row["verdict"] != "finding":
            continue
        assert any(value is not None for name, value in row.items() if name.startswith("proposed_")), of.id
        known = {name for name, value in row.items() if value is not None} | {"zone", "resource_name"}
        action = row.get("action") or of.header.action
        case = row.get("remediation_case")
        for line in running.facts(of, action, case).remediation.get(row["cloud"], ()):
            fields = {name for _, name, _, _ in string.Formatter().parse(line) if name}
            # An undo that lacks a value is left out; what is to be done never may be.
            assert fields <= known or line.startswith("# undo"), (of.id, row["case"], line)
            seen.add((of.id, row["cloud"], case or action))
    assert {key[:2] for key in seen} == {
        (name, cloud) for name in FILES for cloud in rule(name).header.remediation
    }
    special = {(name, case) for name in FILES for case in rule(name).header.cases()}
    assert special <= {(name, case) for name, _, case in seen}


class TestTheRunner:
    @pytest.fixture
    def run(self, tmp_path: Path) -> Any:
        def run(case: str) -> str | None:
            path = tmp_path / "unattached-volume.yaml"
            path.write_text(
                "as_of: 2026-11-01\ndefaults:\n  volumes: {cloud: aws, account_id: a, region: r, state: unattached}\n"
                f"cases:\n  - {{name: x, {case}}}\n"
            )
            (outcome,) = run_cases(rule("unattached-volume"), path)
            return outcome.difference

        return run

    def test_tells_what_came_instead(self, run: Any) -> None:
        difference = run(
            "volumes: [{volume_id: v, detached_at: 2026-10-31}], expect: [{resource_id: v, verdict: finding}]"
        )
        assert difference == (
            "expected {'resource_id': 'v', 'verdict': 'finding'}, got {'resource_id': 'v', 'verdict': 'ok', "
            "'reason': 'It has been attached to nothing for 1 day (limit 14).'}"
        )

    def test_tells_when_nothing_was_said(self, run: Any) -> None:
        assert run("expect: [{resource_id: v}]") == "expected {'resource_id': 'v'}, got no row for it"

    def test_does_not_take_a_misspelt_column_for_one_without_a_value(self, run: Any) -> None:
        volumes = "volumes: [{volume_id: v, detached_at: 2026-09-01}]"
        assert run(f"{volumes}, expect: [{{confidence_reason: null}}]") is None
        assert "'confidence_reson': None" in str(run(f"{volumes}, expect: [{{confidence_reson: null}}]"))

    def test_notices_a_row_that_nobody_expected(self, run: Any) -> None:
        difference = run("volumes: [{volume_id: v, detached_at: 2026-10-31}], expect: []")
        assert difference is not None
        assert difference.startswith("not expected: {'resource_id': 'v', 'verdict': 'ok'")

    def test_notices_a_second_row_like_the_expected_one(self, run: Any) -> None:
        volumes = "[{volume_id: v, detached_at: 2026-10-31}, {volume_id: w, detached_at: 2026-10-31}]"
        assert run(f"volumes: {volumes}, expect: [{{verdict: ok}}]") == "2 rows instead of 1"

    @pytest.mark.parametrize(
        ("case", "words"),
        [
            ("volume: [{}]", "unattached-volume.yaml: there is no table volume."),
            (
                "volumes: [{volume: v}]",
                'unattached-volume.yaml: main.volumes: Binder Error: Table "volumes" does not',
            ),
            ("volumes: [{volume_id: v, size_gib: big}]", "Could not convert string 'big'"),
            ("cost: [{}]", "the rule unattached-volume does not read cost."),
            ("volumes: [", "unattached-volume.yaml: the cases are not YAML"),
        ],
    )
    def test_refuses_what_is_no_case(self, run: Any, case: str, words: str) -> None:
        with pytest.raises(RuleError) as caught:
            run(case)
        assert words in str(caught.value)

    def test_refuses_a_file_without_cases(self, tmp_path: Path) -> None:
        path = tmp_path / "x.yaml"
        path.write_text("cases: []")
        with pytest.raises(RuleError, match=r"^x\.yaml: a case file needs a list under cases\.$"):
            next(run_cases(rule("unattached-volume"), path))

    def test_leaves_a_warehouse_that_others_use_as_it_was_where_a_case_is_refused(
        self, tmp_path: Path
    ) -> None:
        of, con = rule("unattached-volume"), empty_warehouse()
        path = tmp_path / "x.yaml"
        volume = "{cloud: aws, account_id: a, region: r, volume_id: v, state: unattached}"
        path.write_text(f"cases: [{{name: x, volumes: [{volume}], cost: [{{}}], expect: []}}]")
        with pytest.raises(RuleError, match="does not read cost"):
            next(run_cases(of, path, con))
        assert con.execute("FROM volumes").fetchall() == []
        assert next(run_cases(of, case_file(of) or path, con)).difference is None
