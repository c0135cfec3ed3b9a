"""The contract of our own rules: one test walks the registry and names each rule with everything it lacks.

What every rule must have, ours or a user's, `finops rules check` says; what is asked of ours beyond that is here, and
what their sentences look like in test_cases.py, which has every row that a rule says.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from rules.engine import rollups, running
from rules.engine.catalogue import Rule, built_in_folder, load, rule_files
from rules.engine.fixtures import gaps

AS_OF = datetime(2026, 11, 1)
FILES = {path.stem: path for path in rule_files(built_in_folder())}
CLOUDS = ("aws", "alibaba", "gcp")
# Command lines that take something away, and those that keep a copy of it or say what is kept.
DESTROYS = re.compile(
    r"(?<=\s)(?:(?:batch-)?(?:terminate|delete|release|deregister|purge)(?:-[a-z-]+)?|rm|(?:Delete|Release|Purge)[A-Z]\w+)(?=\s|$)"
)
KEEPS = re.compile(
    r"snapshot|image|backup|export|\bcopy\b|Snapshot|Image|Backup|Export|Copy|^# kept: \w.{10}", re.MULTILINE
)
UNDOES = re.compile(r"^# (?:undo\b[^:]*: \S|cannot be undone: [^.]{10,}.*\.$)", re.MULTILINE)


@pytest.fixture(scope="module")
def nothing() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty warehouse with its rollups."""
    from finops.schema_comments import schema_sql

    con = duckdb.connect(config={"threads": 1})
    con.execute(schema_sql())
    rollups.build(con, AS_OF)
    yield con
    con.close()


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_rule_keeps_the_contract(name: str, nothing: duckdb.DuckDBPyConnection) -> None:
    rule = load(FILES[name])
    lacks = [
        *documentation(rule),
        *remediation(rule),
        *fixture(rule),
        *on_nothing(rule, nothing),
    ]
    assert not lacks, f"{name}: " + "; ".join(lacks)


def documentation(rule: Rule) -> Iterator[str]:
    doc = rule.header.doc
    if not re.search(r"\bwrong\b", doc):
        yield "doc does not say when it is wrong"
    if not re.match(r"[A-Z]", doc) or not doc.rstrip().endswith("."):
        yield "doc is not made of finished sentences"
    if not rule.header.traps:
        yield "traps are missing: name what looks like a finding and is none"
    for trap, sentence in rule.header.traps.items():
        if not re.fullmatch(r"[A-Z].*\.", sentence):
            yield f"the trap {trap} is not told in a finished sentence"


def remediation(rule: Rule) -> Iterator[str]:
    for cloud in CLOUDS:
        if (cloud in rule.header.remediation) == (cloud in rule.header.not_on):
            yield f"{cloud} needs either remediation or its sentence under not_on"
    for cloud, told in rule.header.remediation.items():
        for case in told if isinstance(told, dict) else [None]:
            lines = rule.header.remediation_lines(cloud, case=case)
            yield from (f"remediation {cloud} {case or ''} {problem}" for problem in commands(lines))


def commands(lines: list[str]) -> Iterator[str]:
    """What a list of command lines lacks."""
    before: list[str] = []
    if not UNDOES.search("\n".join(lines)):
        yield "ends in neither '# undo: …' nor '# cannot be undone: ….'"
    for line in lines:
        if not line.startswith("#") and DESTROYS.search(line) and not KEEPS.search("\n".join(before)):
            yield f"destroys without a copy before it or a line '# kept: …': {line}"
        before += [line] if not line.startswith("#") or line.startswith("# kept") else []


def fixture(rule: Rule) -> Iterator[str]:
    path = Path(__file__).parents[1] / "cases" / f"{rule.id}.yaml"
    yield from gaps(rule.header, path) if path.is_file() else [f"tests/cases/{path.name} is missing"]


def on_nothing(rule: Rule, con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    said = running.run(con, [rule], AS_OF)
    if said.counts[rule.id]:
        yield f"it says something about an empty warehouse: {said.counts[rule.id]}"


# --- the contract itself notices what is broken


BROKEN: dict[str, tuple[Callable[[list[str]], Iterator[str]], list[str], str]] = {
    "nothing undoes it": (commands, ["aws ec2 stop-instances"], "'# undo: …'"),
    "an undo that says nothing": (commands, ["aws ec2 stop-instances", "# undo:"], "'# undo: …'"),
    "no word why not": (commands, ["aws ec2 buy", "# cannot be undone: no."], "'# undo: …'"),
    "nothing kept": (commands, ["aws ec2 delete-volume", "# undo: aws x"], "destroys without a copy"),
    "kept too late": (
        commands,
        ["aws ec2 delete-volume", "aws ec2 create-snapshot", "# undo: aws x"],
        "destroys without a copy",
    ),
    "an undo is no copy": (
        commands,
        ["# undo: aws ec2 create-volume --size 1", "aliyun ecs DeleteDisk"],
        "destroys without a copy",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_a_command_list_lacks_is_told(name: str) -> None:
    look, lines, words = BROKEN[name]
    assert any(words in problem for problem in look(lines))


def test_a_whole_command_list_lacks_nothing() -> None:
    kept = ["# kept: nothing but the right to it", "aws ec2 release-address", "# undo, at once: aws x"]
    assert not list(commands(kept))
    assert not list(commands(["aws ec2 create-snapshot", "aws ec2 delete-volume", "# undo: aws x"]))
    assert not list(commands(["aws buy", "# cannot be undone: it runs for its whole term."]))
