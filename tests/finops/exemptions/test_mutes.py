"""finops.mutes.toml: what it may hold, and one sentence for everything else."""

from datetime import date
from pathlib import Path

import pytest

from finops.config import load_settings
from finops.errors import ConfigError
from finops.exemptions import load_mutes

KNOWN = {"idle-instance", "low-io-volume"}
ENTRY = """
[[mute]]
rule = "idle-instance"
resource = "i-1"
owner = "Data team"
reason = "the migration needs it"
expires = 2026-12-31
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "finops.mutes.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_entries_are_read_in_their_order_with_where_they_stand(tmp_path: Path) -> None:
    more = ENTRY.replace('resource = "i-1"', 'account = "012345678901"\ntag = "env=lab=2"').replace(
        "idle-instance", "all"
    )
    first, second = load_mutes(write(tmp_path, ENTRY + more), KNOWN)
    assert (first.selector, first.expires, first.source) == (
        "resource=i-1",
        date(2026, 12, 31),
        "finops.mutes.toml, entry 1",
    )
    assert (second.selector, second.source) == (
        "account=012345678901, tag=env=lab=2",
        "finops.mutes.toml, entry 2",
    )


def test_without_a_file_or_in_an_empty_one_nothing_is_exempt(tmp_path: Path) -> None:
    assert load_mutes(None, KNOWN) == load_mutes(write(tmp_path, "# nothing yet\n"), KNOWN) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("idle-instance", "idle-instances", r"entry 1 \(line 2\): rule idle-instances does not exist; did you mean idle-instance\?"),
        ("idle-instance", "no-such", "finops rules list"),
        ("owner", "ownr", "there is no field ownr; did you mean owner"),
        ("owner", "source", "there is no field source"),
        ('owner = "Data team"', "", "it has no owner"),
        ('"Data team"', '"  "', "owner: String should have at least 1 character"),
        ("expires = 2026-12-31", "", "it has no expires"),
        ("2026-12-31", '"soon"', "expires must be a day"),
        ("2026-12-31", "true", "expires must be a day"),
        ('resource = "i-1"', "", "it selects nothing"),
        ('resource = "i-1"', "everything = true\nregion = 'r'", "exclude each other"),
        ('"idle-instance"\nresource = "i-1"', '"all"\neverything = true', "every finding would be exempt"),
        ('resource = "i-1"', 'tag = "team"', '"key=value"'),
        ('resource = "i-1"', 'cloud = "azure"', "cloud: Input should be 'aws', 'alibaba' or 'gcp'"),
        ("[[mute]]", "[mute]", "begin each entry with"),
        ("[[mute]]", "[[mutes]]", "there is no key mutes"),
        ('reason = "the', "reason = the", "is not TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_file_entry_and_field(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    text = ENTRY.replace(old, new)
    assert text != ENTRY
    with pytest.raises(ConfigError, match=says) as told:
        load_mutes(write(tmp_path, text), KNOWN)
    assert "finops.mutes.toml" in str(told.value)
    assert len(str(told.value).splitlines()) == 1 or "TOML" in says


def test_an_entry_that_is_there_twice_names_the_other_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"entry 2 \(line 9\): rule and selector are those of entry 1"):
        load_mutes(write(tmp_path, ENTRY + ENTRY.replace("Data team", "Somebody else")), KNOWN)


def test_what_is_no_list_of_tables_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="entry 1: it is no table"):
        load_mutes(write(tmp_path, "mute = [1]"), KNOWN)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "finops.mutes.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_mutes(path, KNOWN)
    with pytest.raises(ConfigError, match="There is no file of exemptions"):
        load_mutes(tmp_path / "no.toml", KNOWN)


def test_the_file_beside_the_configuration_is_used_unless_another_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"HOME": str(tmp_path / "home")}
    folder = tmp_path / "etc"
    folder.mkdir()
    config = folder / "finops.toml"
    config.write_text("currency = 'EUR'")
    assert load_settings(config, environ=environ).mutes is None
    beside = write(folder, ENTRY)
    assert load_settings(config, environ=environ).mutes == beside
    assert load_settings(environ=environ).mutes is None, "it lies beside a file that is not in use"
    here = write(tmp_path, ENTRY)
    found = load_settings(environ=environ).mutes
    assert found is not None
    assert found.resolve() == here
    config.write_text("mutes = 'other.toml'")
    assert load_settings(config, environ=environ).mutes == Path("other.toml")
    assert load_settings(config, environ={**environ, "FINOPS_MUTES": "7.toml"}).mutes == Path("7.toml")
