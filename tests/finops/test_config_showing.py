"""finops config: every value with where it is from, every mistake at once, a schema that takes what the tool takes."""

import importlib
import json
import os
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from finops import logs
from finops.config import Settings, in_force
from finops.config_layers import Layer, merged
from finops.config_showing import schema, values_of

FILE = """\
currency = "EUR"
spark_remote = "sc://host:15002/;token=s3cr3t-1"
[rules.idle-instance.account."0123"]
min_days = 21
[[rates]]
from = "CNY"
to = "EUR"
rate = 0.13
date = 2026-11-01
[nightly]
clouds = ["aws", "gcp"]
bills = ["https://user:s3cr3t-2@example.com/bill.csv"]
[[deliver]]
name = "ops"
to = "env:OPS"
[profile.dev]
db = "dev.duckdb"
nightly.clouds = ["demo"]
[[profile.dev.deliver]]
name = "shelf"
to = "out"
[profile.test.nightly]
clouds = []
copy_of = "prod.duckdb"
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FINOPS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "finops.toml").write_text(FILE)
    return tmp_path


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def told(*arguments: str) -> tuple[int, str, str]:
        logs.write_as("text")  # as every command begins; a night in this process may have said otherwise
        code = importlib.import_module("finops.cli.main")._guarded(list(arguments), False)
        return code, *capsys.readouterr()

    return told


def origins(profile: str | None = None) -> dict[str, tuple[Any, str]]:
    return {one.key: (one.value, one.origin) for one in values_of(in_force(profile=profile))}


def test_each_value_has_the_place_that_it_is_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINOPS_CURRENCY", "USD")
    monkeypatch.setenv("FINOPS_REDACTION_KEY", "s3cr3t-3")
    monkeypatch.setenv("FINOPS_GCP_ENDPOINT", "http://127.0.0.1:1")
    found = origins()
    assert found["currency"] == ("USD", "FINOPS_CURRENCY")
    assert found["redaction_key"] == ("env:FINOPS_REDACTION_KEY", "FINOPS_REDACTION_KEY")
    assert found["gcp.endpoint"] == ("http://127.0.0.1:1", "FINOPS_GCP_ENDPOINT")
    assert found["threads"] == (None, "default")
    assert found["nightly.clouds"] == (["aws", "gcp"], "finops.toml:11")
    assert found["rules.idle-instance.account.0123.min_days"] == (21, "finops.toml:4")
    assert found["rates[0].from"] == ("CNY", "finops.toml:5")
    assert found["deliver[0].to"] == ("env:OPS", "finops.toml:13")
    assert found["deliver[0].retries"] == (3, "default")


def test_a_profile_changes_its_keys_and_replaces_lists_of_tables_as_a_whole() -> None:
    found = origins("dev")
    assert found["db"] == ("dev.duckdb", "finops.toml:17 [profile.dev]")
    assert found["nightly.clouds"] == (["demo"], "finops.toml:18 [profile.dev]")
    assert found["nightly.bills"][1] == "finops.toml:12"
    assert found["deliver[0].name"] == ("shelf", "finops.toml:19 [profile.dev]")
    assert "deliver[1].name" not in found


def test_environments_are_profiles_of_one_file() -> None:
    dev, test, prod = in_force(profile="dev"), in_force(profile="test"), in_force()
    assert (dev.settings.nightly.clouds, dev.settings.nightly.copy_of) == (["demo"], None)
    assert (test.settings.nightly.clouds, test.settings.nightly.copy_of) == ([], Path("prod.duckdb"))
    assert prod.settings.nightly.clouds == ["aws", "gcp"]


def test_the_mutes_beside_the_file_say_where_they_are_from(here: Path) -> None:
    (here / "finops.mutes.toml").write_text("")
    assert origins()["mutes"] == ("finops.mutes.toml", "beside the file")


@pytest.mark.parametrize("form", ["table", "json"])
def test_no_credential_is_shown(
    monkeypatch: pytest.MonkeyPatch, told: Callable[..., tuple[int, str, str]], form: str
) -> None:
    monkeypatch.setenv("FINOPS_REDACTION_KEY", "s3cr3t-3")
    monkeypatch.setenv("OPS", "mailto://u:s3cr3t-4@h")
    code, text, _ = told("config", "show", "--origin", "--format", form)
    assert code == 0
    assert "s3cr3t" not in text
    assert "env:OPS" in text
    if form == "json":
        assert {"key": "currency", "value": "EUR", "origin": "finops.toml:1"} in json.loads(text)


def test_all_mistakes_are_told_at_once_with_their_lines(
    here: Path, told: Callable[..., tuple[int, str, str]]
) -> None:
    (here / "bad.toml").write_text(
        'curency = "USD"\nthreads = 0\n[[deliver]]\nname = "a"\nto = "mailto://u:s3cr3t@h"\nwen = "always"\n'
        '[profile.prod]\ncurrency = "usd"\n'
    )
    code, text, error = told("config", "validate", "bad.toml")
    assert code == 2
    assert text.splitlines() == [
        "bad.toml:2: threads: Input should be greater than or equal to 1.",
        "bad.toml:3: deliver.0.to holds an address with its credentials, which is a secret: put it into a variable and "
        "write env:NAME, or file:PATH, cmd:COMMAND, keyring:SERVICE/USER.",
        "bad.toml:3: there is no setting deliver.0.wen; did you mean when?",
        "bad.toml:1: there is no setting curency; did you mean currency?",
        "bad.toml:8 [profile.prod]: currency: String should match pattern '^[A-Z]{3}$'.",
    ]
    assert error == "finops: bad.toml has 5 mistakes.\n"


def test_what_is_well_formed_and_cannot_be_is_told_too(
    here: Path, told: Callable[..., tuple[int, str, str]]
) -> None:
    (here / "bad.toml").write_text(
        'rule_folders = ["no-rules"]\ntest_folders = ["bad.toml"]\nmutes = "no-mutes.toml"\n[rules.idle-instanc]\nx = 1\n'
        '[nightly]\ncopy_of = "no.duckdb"\nfail_on = ["saving>1"]\n[[deliver]]\nname = "a"\nto = "bad.toml/out"\n'
    )
    _, text, _ = told("config", "validate", "bad.toml")
    assert [line.removeprefix("bad.toml: ") for line in text.splitlines()] == [
        "rule_folders names no-rules, which is no folder.",
        "test_folders names bad.toml, which is no folder.",
        "mutes names no-mutes.toml, which is no file.",
        "nightly.copy_of names no.duckdb, which is no warehouse.",
        "deliver.a.to names bad.toml/out, but bad.toml is no folder.",
        "nightly.fail_on: --fail-on 'saving>1' is not a gate; write new, 'savings>1000' or 'findings>0'.",
        "rules.idle-instanc sets something of a rule that there is not; finops rules list names them.",
    ]


def test_a_pdf_that_no_browser_can_print_is_told_before_the_night(
    here: Path, monkeypatch: pytest.MonkeyPatch, told: Callable[..., tuple[int, str, str]]
) -> None:
    monkeypatch.setenv("FINOPS_CHROMIUM", "/no/such/browser")
    (here / "bad.toml").write_text(
        '[nightly]\nformats = ["html", "pdf"]\n[[deliver]]\nname = "a"\nto = "out"\nattach = ["pdf"]\n'
        '[[deliver]]\nname = "b"\nto = "out"\nattach = ["mail"]\n'
    )
    code, text, _ = told("config", "validate", "bad.toml")
    why = "FINOPS_CHROMIUM names /no/such/browser, which is no program that can be run."
    assert code == 2
    assert [line.partition(": ")[2] for line in text.splitlines()] == [
        f"nightly.formats: {why}",
        f"deliver.a.attach: {why}",
    ]


def test_a_variable_that_is_wrong_is_named(
    here: Path, monkeypatch: pytest.MonkeyPatch, told: Callable[..., tuple[int, str, str]]
) -> None:
    (here / "finops.toml").write_text("")
    assert told("config", "validate")[:2] == (0, "finops.toml is right.\n")
    monkeypatch.setenv("FINOPS_THREADS", "0")
    assert told("config", "validate")[1].startswith("FINOPS_THREADS: threads: ")
    (here / "finops.toml").unlink()
    monkeypatch.delenv("FINOPS_THREADS")
    assert "everything is at its default" in told("config", "validate")[1]


@pytest.mark.parametrize("page", ["configuration", "delivery", "nightly"])
def test_every_example_in_the_pages_is_right_in_each_of_its_profiles(page: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / f"{page}.md").read_text()
    blocks = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        shown = block.replace("…", "x").replace("BUCKET", "bucket")
        shown = shown.replace("PROJECT.DATASET.TABLE", "project.dataset.table").replace(
            "https://x", "https://x.example"
        )
        values = tomllib.loads(shown)
        for profile in [{}, *values.pop("profile", {}).values()]:
            layers = [Layer("page", values), Layer("profile", profile)]
            assert Settings.model_validate(merged(layers))


def test_the_schema_knows_every_key_and_profiles() -> None:
    found = schema()
    assert set(found["properties"]) - {"profile"} == {
        one.key.split(".")[0].split("[")[0] for one in values_of(in_force())
    }
    target = found["$defs"]["Target"]
    assert target["required"] == ["name", "to"]
    assert target["properties"]["when"]["enum"] == ["always", "news", "trouble"]
    assert found["$defs"]["Profile"]["properties"]["deliver"] == found["properties"]["deliver"]
    assert all(ref.split("/")[-1] in found["$defs"] for ref in _references(found))


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [node[name] for name in ("$ref",) if name in node] + [
            ref for value in node.values() for ref in _references(value)
        ]
    return [ref for value in node for ref in _references(value)] if isinstance(node, list) else []


def test_a_variable_that_holds_a_secret_is_no_setting_whatever_it_is_called(
    here: Path, told: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "finops.toml").write_text(
        '[heartbeat]\nurl = "env:FINOPS_HEARTBEAT"\n[[profile.dev.deliver]]\nname = "a"\nto = "env:FINOPS_DELIVER"\n'
    )
    monkeypatch.setenv("FINOPS_HEARTBEAT", "https://hc.example/s3cr3t-3")
    monkeypatch.setenv("FINOPS_DELIVER", "json://hc.example/s3cr3t-4")
    monkeypatch.setenv("FINOPS_PROFILE", "dev")
    code, shown, errors = told("config", "show", "--origin")
    assert (code, "s3cr3t" in shown + errors) == (0, False)
    assert "env:FINOPS_HEARTBEAT" in shown
    assert told("config", "validate")[0] == 0
    monkeypatch.delenv("FINOPS_PROFILE")
    assert told("config", "show")[0] == 0
    monkeypatch.setenv("FINOPS_BACKUP", "x")  # nobody refers to it
    assert told("config", "validate")[0] == 2
