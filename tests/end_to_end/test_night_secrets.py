"""A night in which everybody who is told fails and says back what they were sent: no secret is written anywhere."""

import base64
import importlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import duckdb
import pytest

from finops import masking
from finops.pipeline import tidying
from finops.pipeline.delivery import heart, sending
from finops.warehouse import writing
from tests.finops.pipeline.delivery.nights import AT
from tests.servers.listeners import Ear, Post, listener, post_office

# Each unlike anything else that a night writes, with letters that addresses quote.
SECRETS = {
    "hook": "wh00k+t0ken/of&env",
    "basic": "b4sic pässw0rd",
    "smtp": "smtp-p4ss=w0rd!",
    "beat": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    "redaction": "r3daction-key-of-variable",
}
FILE = """\
db = "w.duckdb"
[nightly]
formats = ["html", "json", "csv", "markdown"]
redact = true
[heartbeat]
url = "env:BEAT"
[[deliver]]
name = "hook"
to = "env:HOOK"
when = "always"
retries = 1
[[deliver]]
name = "mail"
to = "file:secrets/mail"
when = "always"
retries = 1
[[deliver]]
name = "basic"
to = "cmd:{python} secrets/vault.py"
when = "always"
retries = 0
[[deliver]]
name = "broken"
to = "env:BROKEN"
when = "always"
[[deliver]]
name = "shelf"
to = "out"
when = "always"
"""


@pytest.fixture
def servers() -> Iterator[tuple[Ear, Post]]:
    with listener() as ear, post_office() as post:
        ear.status, post.users = 500, {"robot": "another"}
        yield ear, post


@pytest.fixture
def here(tmp_path: Path, servers: tuple[Ear, Post], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration whose secrets are of every kind, each outside of `tmp_path`/work."""
    ear, post = servers
    work, kept = tmp_path / "work", tmp_path / "work" / "secrets"
    kept.mkdir(parents=True)
    monkeypatch.chdir(work)
    monkeypatch.setattr(tempfile, "tempdir", str(work))  # where crash logs go
    monkeypatch.setattr(masking, "_known", set())
    monkeypatch.setattr(masking, "_pattern", None)
    for module in (sending, heart):
        monkeypatch.setattr(module, "sleep", lambda _: None)
    quoted = {name: quote(secret, safe="") for name, secret in SECRETS.items()}
    monkeypatch.setenv("HOOK", f"json://127.0.0.1:{ear.port}/services/{quoted['hook']}")
    monkeypatch.setenv("BEAT", f"http://127.0.0.1:{ear.port}/ping/{SECRETS['beat']}")
    monkeypatch.setenv("BROKEN", f"nosuchscheme://{quoted['hook']}")
    monkeypatch.setenv("FINOPS_REDACTION_KEY", SECRETS["redaction"])
    (kept / "mail").write_text(
        f"mailto://robot:{quoted['smtp']}@127.0.0.1:{post.port}?from=a@example.com&to=b@example.com&mode=insecure"
    )
    basic = f"json://robot:{quoted['basic']}@127.0.0.1:{ear.port}/x"
    (kept / "vault.py").write_text(f"print({basic!r})")
    (work / "finops.toml").write_text(FILE.replace("{python}", sys.executable))
    with writing(work / "w.duckdb", "test", at=AT):
        pass
    return work


def bug(*_: Any) -> None:
    """What no code of ours does: a secret in an exception."""
    raise RuntimeError(f"connection to {SECRETS['smtp']} and {quote(SECRETS['hook'], safe='')} is lost")


def test_no_secret_is_in_any_log_report_table_or_error(
    here: Path,
    servers: tuple[Ear, Post],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ear, post = servers
    main = importlib.import_module("finops.cli.main")
    monkeypatch.setattr(tidying, "tidy", bug)
    written = []
    for arguments in (
        ["nightly", "--log-format", "text"],
        ["retry", "--log-format", "json"],
        ["nightly", "--dry-run"],
        ["deliver", "--dry-run"],
        ["deliver", "--test", "hook"],
        ["config", "show", "--origin"],
        ["config", "validate"],
        ["status"],
    ):
        main._guarded(arguments, True)
        written += capsys.readouterr()
    try:
        bug()
    except RuntimeError as error:
        main._bug(error, True)
    written += capsys.readouterr()

    told = "\n".join(written)
    assert told.count("could not be told") >= 6  # the targets did fail, and it was said
    assert "connection to ***" in told
    assert "The heartbeat was not heard" in told
    assert sum(SECRETS["beat"] in path for _, path, _ in ear.heard) == 12
    assert post.sessions == 4
    crashes = list(here.glob("finops-crash-*.log"))
    assert "connection to ***" in crashes[0].read_text()
    for name, text in {"what was printed": told, **_files(here), **_tables(here / "w.duckdb")}.items():
        for form in _forms():
            assert form not in text, f"{form} is in {name}"


def _forms() -> set[str]:
    """Every secret as it is, quoted for an address, and in base64 as a header has it."""
    found = set()
    for secret in SECRETS.values():
        found |= {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)}
        found |= {base64.b64encode(text.encode()).decode() for text in (secret, f"robot:{secret}")}
    return found


def _files(folder: Path) -> dict[str, str]:
    """The text of every file but those that hold the secrets."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.parent.name != "secrets")
    return {str(path): path.read_bytes().decode(errors="replace") for path in paths}


def _tables(db: Path) -> dict[str, str]:
    with duckdb.connect(str(db), read_only=True) as con:
        names = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        found = {name: str(con.execute(f'FROM "{name}"').fetchall()) for name in names}
    assert "hook" in found["deliveries"]
    return found
