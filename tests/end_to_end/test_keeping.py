"""The warehouse kept by the real commands: backed up, restored, checked, pruned, compacted; and units that are printed."""

import re
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from finops.warehouse import writing
from tests.end_to_end.command import Done, finops

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a folder's 100%")
    with writing(folder / "w.duckdb", "test", at=datetime(2026, 11, 1)) as writer:
        writer.con.execute("INSERT INTO figures VALUES ('r', TIMESTAMP '2020-01-01', 'rows', 's', 1)")
    return folder


def run(folder: Path, *arguments: str) -> Done:
    return finops("--db", "w.duckdb", *arguments, cwd=folder)


def test_a_warehouse_goes_into_a_backup_and_comes_back(folder: Path) -> None:
    done = run(folder, "db", "backup", "-o", "backups")
    assert done.code == 0, done.err
    made = Path(done.out.strip())
    assert re.fullmatch(r"finops-\d{8}T\d{6}Z", made.name)
    assert run(folder, "db", "backup", "-o", "backups").out == done.out
    refused = run(folder, "db", "restore", str(made))
    assert (refused.code, "pass --force" in refused.sentence) == (2, True)
    assert run(folder, "db", "prune", "--dry-run").out == "1 figures would be removed by retention.\n"
    assert run(folder, "db", "prune").out == "1 figures were removed by retention.\n"
    restored = run(folder, "db", "restore", str(made), "--force")
    assert "The file before is" in restored.out
    assert run(folder, "db", "prune", "--dry-run").out == "1 figures would be removed by retention.\n"
    checked = run(folder, "db", "check")
    assert checked.code == 0
    assert "figures\t1" in checked.out
    assert "is sound" in checked.err
    assert re.search(r"[\d,]+ bytes before, [\d,]+ after", run(folder, "db", "vacuum").out)


def test_without_a_folder_a_backup_asks_for_one(folder: Path) -> None:
    refused = run(folder, "db", "backup")
    assert (refused.code, "Name a folder with -o" in refused.sentence) == (2, True)


def test_every_unit_is_printed_with_absolute_paths(folder: Path) -> None:
    (folder / "finops.toml").write_text('[profile.prod.nightly]\nclouds = ["aws"]\n')
    cron = run(folder, "--profile", "prod", "schedule", "cron", "--at", "23:59").out.splitlines()[-1]
    assert cron.startswith("59 23 * * * cd '")
    assert str(folder).replace("'", "'\"'\"'").replace("%", "''\\%") in cron
    assert "'--profile' 'prod' 'nightly'" in cron
    assert run(folder, "schedule", "systemd", "-o", "units").code == 0
    assert sorted(path.name for path in (folder / "units").iterdir()) == ["finops.service", "finops.timer"]
    told = yaml.safe_load(run(folder, "--profile", "prod", "schedule", "github").out)
    assert told["jobs"]["nightly"]["env"]["FINOPS_CONFIG"] == "finops.toml"
    assert "image: me/finops:1\n" in run(folder, "schedule", "kubernetes", "--image", "me/finops:1").out
