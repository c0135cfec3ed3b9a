"""finops rules: what is printed where, and which exit code comes with it."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def finops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command in an empty folder, in this process; the exit code, stdout and stderr."""
    main = importlib.import_module("finops.cli.main")
    monkeypatch.chdir(tmp_path)

    def finops(*arguments: str) -> tuple[int, str, str]:
        code = main._guarded(list(arguments), False)
        said = capsys.readouterr()
        return code, said.out, said.err

    return finops


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_rule_from_new_to_green_to_red_and_what_is_said_on_the_way(finops: Any) -> None:
    code, said, steps = finops("rules", "new", "idle-queue", "--resource", "function", "--cloud", "aws")
    assert (code, said.split()) == (0, ["my-rules/idle-queue.sql", "my-rules/idle-queue.yaml"])
    assert "finops rules check my-rules" in steps
    assert 'rule_folders = ["my-rules"]' in steps
    assert finops("rules", "check", "my-rules") == (0, "ok      idle-queue\n", "")
    assert finops("rules", "test", "my-rules") == (0, "7 passed, 0 failed\n", "")

    cases = Path("my-rules/idle-queue.yaml")
    edit(cases, "reason: It belongs to team-a.", "reason: It belongs to team-b., colour: red")
    code, said, err = finops("rules", "test", "my-rules")
    assert code == 2
    assert err == "finops: 1 case failed.\n"
    line = cases.read_text().splitlines().index("  - name: somebody owns it") + 1
    assert said.splitlines() == [
        f"failed  idle-queue: somebody owns it (my-rules/idle-queue.yaml:{line})",
        "r-1\treason\tIt belongs to team-b.\tIt belongs to team-a.",
        "r-1\tcolour\tred\tno such column",
        "6 passed, 1 failed",
    ]


def test_missing_and_surplus_rows_are_told_as_such(finops: Any) -> None:
    finops("rules", "new", "idle-queue")
    edit(
        Path("my-rules/idle-queue.yaml"),
        "expect: [{resource_id: r-1, verdict: not_evaluated}]",
        "expect: [{resource_id: r-2}]",
    )
    code, said, _ = finops("rules", "test", "my-rules/idle-queue.sql")
    assert code == 2
    assert "r-2\t\tresource_id: r-2\tno such row\n" in said
    assert "\t\tno row\tverdict: not_evaluated, reason: Since when it is there is not known" in said


def test_a_mistake_is_told_with_its_place_and_ends_in_2(finops: Any) -> None:
    finops("rules", "new", "idle-queue")
    path = Path("my-rules/idle-queue.sql")
    edit(path, "r.created_at > $min_days_cutoff", "r.created_at > $min_days_cutof")
    code, said, err = finops("rules", "check", "my-rules")
    line = next(i for i, text in enumerate(path.read_text().splitlines(), 1) if "_cutof " in text)
    assert (code, said) == (2, "")
    assert (
        f"my-rules/idle-queue.sql:{line}:29: error: $min_days_cutof is not a declared parameter (did you mean min_days_cutoff?)"
        in err
    )
    assert err.endswith("finops: 1 rule file is broken.\n")
    code, said, _ = finops("rules", "check", "my-rules", "--format", "json")
    assert code == 2
    (told,) = json.loads(said)
    assert told == {
        "file": "my-rules/idle-queue.sql", "line": line, "column": 29, "severity": "error",
        "message": "$min_days_cutof is not a declared parameter", "suggestion": "did you mean min_days_cutoff?",
    }  # fmt: skip


def test_a_rule_without_cases_is_fine_with_a_note_and_not_when_strict(finops: Any) -> None:
    finops("rules", "new", "idle-queue")
    Path("my-rules/idle-queue.yaml").unlink()
    code, said, err = finops("rules", "check", "my-rules")
    assert (code, said) == (0, "ok      idle-queue\n")
    assert "my-rules/idle-queue.sql:3:1: note: it has no cases (write idle-queue.yaml beside it" in err
    assert finops("rules", "check", "my-rules", "--strict")[0] == 2


def test_a_rule_is_tested_by_its_id(finops: Any) -> None:
    finops("rules", "new", "idle-queue")
    Path("finops.toml").write_text('rule_folders = ["my-rules"]\n')
    assert finops("rules", "test", "idle-queue")[:2] == (0, "9 passed, 0 failed\n")
    code, _, err = finops("rules", "test", "no-such-rule")
    assert (code, err) == (
        2,
        "finops: There is no rule file or folder no-such-rule, and no rule of that id.\n",
    )


def test_a_difference_on_a_terminal_is_a_table(finops: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    finops("rules", "new", "idle-queue")
    edit(Path("my-rules/idle-queue.yaml"), "for 1 day (limit 30)", "for 2 days")
    monkeypatch.setattr("finops.cli.rules.on_terminal", lambda: True)
    _, said, _ = finops("rules", "test", "my-rules")
    assert "│ r-1 │ reason │ for 2 days │ It has been there for 1 day (limit" in " ".join(
        said.split()
    ).replace("  ", " ")


def test_a_broken_rule_or_fixture_does_not_keep_the_others_from_being_tested(finops: Any) -> None:
    for name in ("a-rule", "b-rule", "c-rule"):
        finops("rules", "new", name)
    edit(Path("my-rules/a-rule.sql"), "r.created_at IS NULL THEN 'not", "r.created IS NULL THEN 'not")
    Path("my-rules/b-rule.yaml").write_text("cases: []")
    code, said, err = finops("rules", "test", "my-rules")
    assert (code, said) == (2, "9 passed, 0 failed, 2 broken\n")
    assert "broken  a-rule.sql: there is no column r.created" in err
    assert "broken  b-rule.yaml: a case file needs a list under cases." in err
    assert err.endswith("finops: 2 rules are broken: see finops rules check.\n")
