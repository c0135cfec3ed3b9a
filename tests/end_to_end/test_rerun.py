"""The same inputs give the same bytes, and a past audit can be made again from what it was made from."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.command import finops

RULE = """/*---
id: my-own-rule
title: Machines that we look at
class: unused
action: stop
resource: instance
needs: [instances]
effort: low
risk: low
sources: [{title: "Our own handbook", url: "https://example.org/handbook"}]
doc: |
  Tells of each running machine of the sandbox, to try out rules of our own in a test.
---*/
SELECT cloud, account_id, region, instance_id AS resource_id,
    CASE WHEN name LIKE 'sandbox%' THEN 'finding' ELSE 'ok' END AS verdict, 'It is in the sandbox.' AS reason, 'compute' AS components
FROM instances
"""
MUTES = """[[mute]]
rule = "unattached-volume"
cloud = "aws"
owner = "storage team"
reason = "kept for the auditors"
expires = 2027-06-30
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo estate with a rule, thresholds, rates and exemptions of its own, audited twice and once with filters."""
    home = tmp_path_factory.mktemp("rerun")
    (home / "rules").mkdir()
    (home / "rules" / "my-own-rule.sql").write_text(RULE)
    (home / "finops.mutes.toml").write_text(MUTES)
    (home / "finops.toml").write_text(
        'db = "out/demo.duckdb"\nrule_folders = ["rules"]\ncurrency = "USD"\n'
        '[[rates]]\nfrom = "CNY"\nto = "USD"\nrate = 0.14\ndate = 2026-11-01\n'
        "[rules.idle-instance]\ncpu_peak_max = 0.04\n"
    )
    assert finops("demo", "-o", "out", cwd=home).code == 0
    for name, more in {
        "first": (),
        "second": (),
        "narrow": ("--cloud", "aws", "--min-savings", "60"),
    }.items():
        found = finops("audit", *more, "--format", "json", "-o", f"{name}.json", cwd=home)
        assert found.code == 3, found.err  # the demo has a region that was denied
    return home


def runs(home: Path) -> list[str]:
    """The audits of the command, oldest first; the demo's own is not among them."""
    found = finops(
        "sql",
        "SELECT run_id FROM runs WHERE command = 'audit' ORDER BY started_at, rowid",
        "-f",
        "json",
        cwd=home,
    )
    return [row["run_id"] for row in json.loads(found.out)][1:]


def test_two_audits_of_the_same_data_are_the_same_bytes(home: Path) -> None:
    first = (home / "first.json").read_bytes()
    assert first == (home / "second.json").read_bytes()
    told = json.loads(first)
    assert any(finding["rule"] == "my-own-rule" for finding in told["findings"])
    assert any(finding["status"] == "exempt" for finding in told["findings"])


def test_a_past_audit_is_made_again_from_its_inputs_whatever_the_data_and_settings_are_now(
    home: Path, tmp_path: Path
) -> None:
    first, _, narrow = runs(home)
    changed = (
        "DELETE FROM instances; UPDATE prices SET price = price * 2; DELETE FROM charges; DELETE FROM metrics"
    )
    _change(home / "out" / "demo.duckdb", changed)
    (home / "finops.toml").write_text('db = "out/demo.duckdb"\n')
    (home / "rules" / "my-own-rule.sql").unlink()
    for run, name in ((first, "first"), (narrow, "narrow")):
        again = finops("audit", "--rerun", run, "--format", "json", "-o", str(tmp_path / name), cwd=home)
        assert again.code == 0, again.err
        assert (tmp_path / name).read_bytes() == (home / f"{name}.json").read_bytes()


def _change(warehouse: Path, sql: str) -> None:
    import duckdb

    with duckdb.connect(str(warehouse)) as con:
        con.execute(sql)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("--rerun", "nosuchrun"), "The inputs of the audit nosuchrun are not kept (kept are "),
        (("--rerun", ""), "The inputs of the audit  are not kept (kept are "),
        (("--rerun", "x", "--cloud", "aws"), "--rerun repeats an audit as it was: leave out cloud."),
    ],
)
def test_a_rerun_that_cannot_be_is_refused_in_a_sentence(
    given: tuple[str, ...], sentence: str, home: Path
) -> None:
    refused = finops("audit", *given, cwd=home)
    assert (refused.code, refused.out) == (2, "")
    assert sentence in refused.err


def test_inputs_that_were_changed_are_not_taken_for_what_they_were(home: Path) -> None:
    tables = home / "out" / "demo.duckdb.audits" / "tables"
    for path in tables.glob("*.parquet"):
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    refused = finops("audit", "--rerun", runs(home)[0], cwd=home)
    assert refused.code == 2
    assert "is not what the audit was made from: it was changed since." in refused.err
