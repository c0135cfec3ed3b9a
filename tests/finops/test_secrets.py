"""Secrets are had where a reference says, at the moment of use, and are *** in whatever is written afterwards."""

import base64
import html
import json
import os
import sys
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from finops import masking
from finops.errors import ConfigError, FinopsError, UsageError
from finops.masking import masked, remember
from finops.secrets import is_reference, resolve


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests resolved does not matter here, nor this to others."""
    monkeypatch.setattr(masking, "_known", set())
    monkeypatch.setattr(masking, "_pattern", None)


def test_each_kind_of_reference_finds_its_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "of the environment")
    (tmp_path / "named").write_text("of a file\nand no more\n")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "smtp").write_text("of systemd")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "secrets"))
    command = f"cmd:{sys.executable} -c 'print(\"of a vault\")'"
    for reference, value in (
        ("env:A_SECRET", "of the environment"),
        (f"file:{tmp_path}/named", "of a file"),
        ("file:smtp", "of systemd"),
        (command, "of a vault"),
    ):
        found = resolve(reference, setting="x")
        assert found.get_secret_value() == value
        assert value not in f"{found} {found!r}"


def test_a_command_is_run_without_a_shell(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    assert resolve(f"cmd:echo a; touch {mark}", setting="x").get_secret_value() == f"a; touch {mark}"
    assert not mark.exists()


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("hunter2", "holds no reference to a secret: write env:NAME"),
        ("env:NOT_SET_ANYWHERE", "the variable NOT_SET_ANYWHERE is not set"),
        ("env:EMPTY", "env:EMPTY is empty"),
        ("file:/no/such/file", "/no/such/file cannot be read (No such file or directory)"),
        ("cmd:/no/such/program x", "/no/such/program could not be run (FileNotFoundError)"),
        ("cmd:false", "false ended with 1; run it by hand to see why"),
        ("cmd:echo 'a", "the command cannot be read (No closing quotation)"),
        ("cmd: ", "names no command"),
        ("keyring:a/b", "needs the package keyring"),
    ],
)
def test_a_secret_that_cannot_be_had_is_told_with_the_setting(
    monkeypatch: pytest.MonkeyPatch, reference: str, words: str
) -> None:
    monkeypatch.setenv("EMPTY", " ")
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError) as error:
        resolve(reference, setting="heartbeat.url")
    assert words in str(error.value)
    assert str(error.value).startswith("heartbeat.url")
    assert "hunter2" not in str(error.value)


def test_a_command_is_run_once_in_a_run_but_for_one_that_fails(tmp_path: Path) -> None:
    count, words = tmp_path / "count", "printf x >> count; test $(wc -c < count) -gt 1 && echo s3cret"
    command = f"cmd:sh -c 'cd {tmp_path} && {words}'"
    with pytest.raises(ConfigError):
        resolve(command, setting="s")
    for _ in range(3):
        assert resolve(command, setting="s").get_secret_value() == "s3cret"
    assert count.read_text() == "xx"


def test_what_a_failing_command_says_is_not_told(tmp_path: Path) -> None:
    script = tmp_path / "vault.py"
    script.write_text("import sys\nprint('hunter2')\nsys.exit('hunter2 is expired')\n")
    with pytest.raises(ConfigError) as error:
        resolve(f"cmd:{sys.executable} {script}", setting="x")
    assert "hunter2" not in str(error.value)


def test_a_windows_path_or_a_folder_is_no_reference() -> None:
    assert [is_reference(text) for text in ("env:A", "out", "C:\\reports", "mailto://a", "env:")] == [
        True, False, False, False, False,
    ]  # fmt: skip


SECRET = 'p/a s+s"w\\ö-rd'


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        repr(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        json.dumps(SECRET)[1:-1],
        html.escape(SECRET),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_secret_is_masked_however_it_is_written(written: str) -> None:
    remember(SECRET)
    assert masked(f"before {written} after") == "before *** after"


@pytest.mark.parametrize("user", ["u", "us", "use", "user"])
def test_a_password_inside_the_base64_of_a_header_is_masked_but_for_letters_it_shares(user: str) -> None:
    remember(SECRET)
    header = base64.b64encode(f"{user}:{SECRET}:".encode()).decode()
    left = masked(header)
    assert "***" in left
    assert len(left.replace("***", "")) <= len(header) - len(base64.b64encode(SECRET.encode())) + 8


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        (
            "mailto://robot:corr3ct%20h0rse@smtp.example.com?to=ops@example.com",
            ["corr3ct%20h0rse", "corr3ct h0rse"],
        ),
        (
            "slack://T0AAAAAAA/B0BBBBBBB/abcdefghijklmnopqrstuvwx/#ops",
            ["B0BBBBBBB", "abcdefghijklmnopqrstuvwx"],
        ),
        ("jsons://hooks.example.com/services/t0ken-1?key=t0ken-2", ["t0ken-1", "t0ken-2"]),
        ("https://hc.example.com/ping/0f1e2d3c-4b5a", ["0f1e2d3c-4b5a"]),
    ],
)
def test_the_parts_of_an_address_that_open_something_are_masked_and_what_helps_is_not(
    address: str, parts: list[str]
) -> None:
    remember(address)
    for part in (address, *parts):
        assert part not in masked(f"failed for {part} at once")
    plain = "smtp.example.com refused: hooks.example.com/services, hc.example.com, to ops@example.com"
    assert masked(plain) == plain


def test_a_secret_of_several_lines_is_masked_line_by_line() -> None:
    remember("--first-l1ne--\n  second-l1ne\nend")
    assert masked("refused: second-l1ne, after --first-l1ne-- and end") == "refused: ***, after *** and end"


def test_a_variable_that_is_no_text_is_a_secret_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "A_SECRET", os.fsdecode(b"ab\xffcdefgh"))
    assert resolve("env:A_SECRET", setting="x").get_secret_value() == "ab\udcffcdefgh"
    assert masked("ab\udcffcdefgh") == "***"


def test_a_home_that_nobody_has_is_told_with_the_setting() -> None:
    with pytest.raises(ConfigError, match=r"heartbeat.url: ~nobody-has-it/x cannot be read"):
        resolve("file:~nobody-has-it/x", setting="heartbeat.url")


def test_what_is_too_short_to_be_a_secret_masks_nothing() -> None:
    remember("abc")
    assert masked("abc") == "abc"


def test_an_error_never_tells_a_secret_that_was_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "hunter2-hunter2")
    resolve("env:A_SECRET", setting="x")
    for kind in (FinopsError, UsageError):
        assert str(kind("The server said: hunter2-hunter2 is wrong.")) == "The server said: *** is wrong."
