"""Whatever a user gets wrong is one sentence and the documented exit code, and nothing stored is lost."""

import gzip
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from finops.errors import UsageError
from tests.end_to_end.command import finops

pytestmark = pytest.mark.slow
HEADER = (
    "BilledCost,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargeCategory,ChargePeriodStart,"
    "ChargePeriodEnd,EffectiveCost,ListCost,ProviderName,ServiceName"
)
ROW = "1.5,001,USD,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,Usage,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,1.5,2,AWS,EC2"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a warehouse that holds one good bill."""
    path = tmp_path_factory.mktemp("bad")
    (path / "good.csv").write_text(f"{HEADER}\n{ROW}\n")
    assert finops("ingest", "good.csv", cwd=path).code == 0
    return path


def kept(folder: Path) -> bool:
    return finops("sql", "SELECT count(*) FROM charges", cwd=folder).out.split() == ["count_star()", "1"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", "empty"),
        ("header.csv", HEADER.encode() + b"\n", "header"),
        ("columns.csv", b"a,b\n1,2\n", "columns.csv"),
        ("types.csv", f"{HEADER}\n{ROW.replace('1.5', 'much')}\n".encode(), "types.csv"),
        ("cut.csv", f"{HEADER}\n{ROW}\n{ROW[:40]}".encode(), "cut"),
        ("cut.csv.gz", gzip.compress(f"{HEADER}\n{ROW}\n".encode() * 500)[:-40], "cut.csv.gz"),
        ("rubbish.csv", bytes(range(256)) * 20, "rubbish.csv"),
        ("rubbish.parquet", b"PAR1 but not really PAR1", "rubbish.parquet"),
        ("utf16.csv", f"{HEADER}\n{ROW}\n".encode("utf-16"), "utf16.csv"),
    ],
)
def test_a_bill_that_cannot_be_read_is_refused(folder: Path, name: str, content: bytes, words: str) -> None:
    (folder / name).write_bytes(content)
    done = finops("ingest", "--quiet", name, cwd=folder)
    assert done.code == 2, done.err
    assert words in done.sentence
    assert done.out == ""
    assert kept(folder)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ingest", "nowhere.csv"], "nowhere.csv"),
        (["ingest", "ftp://bucket/key"], "ftp://"),
        (["audit", "--cloud", "azure"], "azure"),
        (["audit", "--rule", "no-such-rule"], "no-such-rule"),
        (["audit", "--tag", "novalue"], "key=value"),
        (["audit", "--min-savings", "lots"], "lots"),
        (["audit", "--as-of", "yesterday"], "yesterday"),
        (["audit", "--max-age", "old"], "old"),
        (["audit", "--fail-on", "panic"], "panic"),
        (["audit", "--db", "none.duckdb"], "none.duckdb"),
        (["audit", "--config", "none.toml"], "none.toml"),
        (["report", "-o", "out", "--format", "docx"], "docx"),
        (["explain", "x"], "audit"),
        (["sql", "SELECT nonsense FROM nowhere"], "nowhere"),
        (["sql", "DELETE FROM charges"], "failed"),
        (["sql", "SELECT * FROM read_csv('/etc/passwd')"], "failed"),
        (["rules", "show", "no-such-rule"], "no-such-rule"),
        (["rules", "check", "no-such-folder"], "no-such-folder"),
        (["ingest", "good.csv", "--wait", "long"], "long"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_bad_option_is_a_sentence_that_names_it(folder: Path, arguments: list[str], words: str) -> None:
    done = finops(*arguments, cwd=folder)
    assert done.code == UsageError.exit_code, done.err
    assert words in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


def test_an_unknown_option_is_usage(folder: Path) -> None:
    assert finops("audit", "--sideways", cwd=folder).code == 2
    assert finops("sideways", cwd=folder).code == 2
    assert kept(folder), "none of the slips above changed what is stored"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not toml", "not TOML"),
        ("curency = 'USD'\n", "did you mean currency"),
        ("memory_limit = 'lots'\n", "memory_limit"),
        ("[rules.idle-instance]\nno_such = 1\n", "no_such"),
        ("[rules.idle-instance]\nmin_days = 'many'\n", "min_days"),
        ("rule_folders = ['nowhere']\n", "nowhere"),
    ],
)
def test_a_bad_configuration_names_file_and_key(folder: Path, text: str, words: str) -> None:
    (folder / "bad.toml").write_text(text)
    done = finops("audit", "--config", "bad.toml", cwd=folder)
    assert (done.code, words in done.sentence) == (2, True), done.err


def test_a_broken_rule_in_a_folder_of_the_user_is_named(folder: Path) -> None:
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "mine.sql").write_text("DROP TABLE charges")
    (folder / "own.toml").write_text("rule_folders = ['rules']\n")
    done = finops("audit", "--config", "own.toml", cwd=folder)
    assert (done.code, "mine.sql" in done.sentence) == (2, True), done.err
    done = finops("rules", "check", "rules", cwd=folder)
    assert done.code == 2
    assert "mine.sql" in done.err


def test_a_rule_of_the_user_is_run_like_ours(folder: Path) -> None:
    text = finops("rules", "show", "cross-zone-traffic", cwd=folder).out
    (folder / "own").mkdir(exist_ok=True)
    (folder / "own" / "my-traffic.sql").write_text(text.replace("id: cross-zone-traffic", "id: my-traffic"))
    (folder / "mine.toml").write_text("rule_folders = ['own']\n")
    assert finops("rules", "check", "own", cwd=folder).out.split() == ["ok", "my-traffic"]
    assert "my-traffic" in finops("rules", "list", "--config", "mine.toml", cwd=folder).out
    done = finops("audit", "--config", "mine.toml", "--rule", "my-traffic", "-f", "json", cwd=folder)
    assert done.code == 0, done.err


@pytest.mark.parametrize("command", [["audit"], ["ingest", "good.csv"], ["status"], ["report", "-o", "out"]])
def test_a_damaged_warehouse_is_a_sentence_and_stays_as_it_is(folder: Path, command: list[str]) -> None:
    (folder / "damaged.duckdb").write_bytes(b"damaged" * 5000)
    done = finops(
        *command, "--db", "damaged.duckdb", "--quiet" if command[0] != "status" else "--debug", cwd=folder
    )
    assert done.code == 2
    assert "not a readable DuckDB warehouse" in done.err
    assert (folder / "damaged.duckdb").read_bytes() == b"damaged" * 5000


def test_a_warehouse_that_another_run_writes_is_busy_and_still_readable(folder: Path) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time, datetime, pathlib\nfrom finops.warehouse import writing\n"
            "with writing(pathlib.Path('finops.duckdb'), 'nightly', at=datetime.datetime(2026, 11, 1)):\n"
            "    print('ready', flush=True)\n    time.sleep(60)",
        ],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout
        assert holder.stdout.readline().strip() == "ready"
        done = finops("ingest", "good.csv", "--quiet", cwd=folder)
        assert done.code == 75
        assert f"process {holder.pid}" in done.sentence
        assert kept(folder)
        audit = finops("audit", "-f", "json", cwd=folder)
        assert audit.code == 0
        assert "shown but not stored" in audit.err
        assert audit.json["schema_version"] == 1
    finally:
        holder.kill()
        holder.communicate()
    started = time.monotonic()
    assert finops("ingest", "good.csv", "--wait", "30s", cwd=folder).code == 0
    assert time.monotonic() - started < 30


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_is_a_sentence(folder: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    for command in (["report", "-o", tmp_path / "out"], ["demo", "-o", tmp_path / "out"]):
        done = finops(*command, cwd=folder)
        assert (done.code, "cannot be written" in done.err) == (2, True)


def test_a_report_into_a_file_of_that_name_is_a_sentence(folder: Path) -> None:
    assert finops("audit", "-f", "json", cwd=folder).code == 0
    done = finops("report", "-o", "good.csv", cwd=folder)
    assert (done.code, "good.csv" in done.sentence) == (2, True)


@pytest.mark.parametrize(
    ("name", "code", "word"), [("SIGTERM", 143, "Terminated"), ("SIGINT", 130, "Interrupted")]
)
def test_a_signal_in_the_middle_of_a_query_is_told_and_nothing_is_lost(
    folder: Path, name: str, code: int, word: str
) -> None:
    script = (
        "import os, signal, threading\nfrom finops.cli.main import run\nimport finops.pipeline.audit as a\n"
        "def slow(con, *_, **__):\n"
        f"    threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.{name})).start()\n"
        "    con.execute('SELECT sum(hash(range)) FROM range(100000000000)').fetchall()\n"
        "a.audit = slow\nraise SystemExit(run(['audit']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == code, done.stderr
    assert word in done.stderr
    assert "bug" not in done.stderr
    assert kept(folder)


def test_a_bug_ends_with_seventy_a_log_and_no_traceback(folder: Path) -> None:
    code = (
        "from finops.cli.main import run\nimport finops.pipeline.audit as a\n"
        "def broken(*_, **__): raise KeyError('x')\na.audit = broken\nraise SystemExit(run(['audit']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 70
    assert "Traceback" not in done.stderr
    log = Path(next(word for word in done.stderr.split() if "finops-crash" in word))
    assert "KeyError" in log.read_text()
    log.unlink()
