"""finops.toml: where it is read from, what overrides what, and what is wrong with it."""

import traceback
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from finops.config import Settings, load_settings
from finops.errors import ConfigError
from finops.nightly_settings import NightlySettings, Target
from reports.audience import AUDIENCES
from reports.language import LOCALES
from reports.redaction import RedactionLevel


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_without_a_file_there_are_defaults(here: Path) -> None:
    settings = load_settings(environ={"HOME": str(here)})
    assert (settings.db, settings.currency, settings.memory_limit) == (Path("finops.duckdb"), None, "2GB")


def test_a_named_file_comes_before_the_variable_the_folder_and_the_home(here: Path) -> None:
    named = write(here / "named.toml", "currency = 'EUR'")
    variable = write(here / "variable.toml", "currency = 'GBP'")
    home = write(here / "home" / ".config" / "finops" / "finops.toml", "currency = 'JPY'")
    environ = {"HOME": str(here / "home")}
    assert load_settings(environ=environ).currency == "JPY"
    assert home.exists()
    write(here / "finops.toml", "currency = 'CHF'")
    assert load_settings(environ=environ).currency == "CHF"
    assert load_settings(environ={**environ, "FINOPS_CONFIG": str(variable)}).currency == "GBP"
    assert load_settings(named, environ={**environ, "FINOPS_CONFIG": str(variable)}).currency == "EUR"


def test_xdg_config_home_comes_before_the_home(here: Path) -> None:
    write(here / "xdg" / "finops" / "finops.toml", "currency = 'EUR'")
    assert load_settings(environ={"HOME": str(here), "XDG_CONFIG_HOME": str(here / "xdg")}).currency == "EUR"


def test_a_profile_overlays_the_base_key_by_key(here: Path) -> None:
    write(
        here / "finops.toml",
        "currency = 'EUR'\n[rules.a]\nx = 1\ny = 2\n[profile.prod]\ndb = '/p.duckdb'\n[profile.prod.rules.a]\ny = 3\n",
    )
    settings = load_settings(profile="prod", environ={"HOME": str(here)})
    assert (settings.currency, settings.db, settings.rules) == (
        "EUR",
        Path("/p.duckdb"),
        {"a": {"x": 1, "y": 3}},
    )
    assert load_settings(environ={"HOME": str(here), "FINOPS_PROFILE": "prod"}).db == Path("/p.duckdb")


def test_a_profile_that_does_not_exist_is_named(here: Path) -> None:
    write(here / "finops.toml", "[profile.prod]\ncurrency = 'EUR'\n")
    with pytest.raises(ConfigError, match=r"no profile dev in finops\.toml; it has prod"):
        load_settings(profile="dev", environ={"HOME": str(here)})


def test_variables_come_last_and_reach_into_tables(here: Path) -> None:
    write(here / "finops.toml", "db = 'a.duckdb'\n[rules.idle-instance]\nmin_days = 14\n")
    settings = load_settings(
        environ={
            "HOME": str(here),
            "FINOPS_DB": "b.duckdb",
            "FINOPS_THREADS": "2",
            "FINOPS_RULES__IDLE_INSTANCE__CPU_PEAK_MAX": "0.03",
            "FINOPS_SOMEBODY_ELSES": "x",
        }
    )
    assert (settings.db, settings.threads) == (Path("b.duckdb"), 2)
    assert settings.rules == {"idle-instance": {"min_days": 14, "cpu_peak_max": 0.03}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = ", "not TOML"),
        ("curency = 'USD'", "no setting curency; did you mean currency?"),
        ("nonsense_that_resembles_nothing = 1", "known are"),
        ("threads = 0", "threads"),
        ("memory_limit = 'much'", "memory_limit"),
        ("max_rejected = 2", "max_rejected"),
        ("[alibaba]\nregoins = []", "no setting alibaba.regoins; did you mean regions?"),
        ("[alibaba]\nsite = 'europe'", "alibaba.site: Input should be 'china' or 'international'"),
        ("[alibaba]\naccounts = ['prod']", "alibaba.accounts.0"),
        ("[alibaba]\nbill_days = 0", "alibaba.bill_days"),
        ("[alibaba]\nendpoint = 'http://10.0.0.1'", "alibaba.endpoint is plain http (http://10.0.0.1)"),
        ("[gcp]\nproject = []", "no setting gcp.project; did you mean projects?"),
        (
            "[gcp]\nprojects = ['My Project']",
            "gcp.projects.0 is no id of a project (My Project): write the id",
        ),
        ("[gcp]\nprojects = [123456789012]", "gcp.projects.0 is no id of a project (123456789012)"),
        ("[gcp]\norganization = 'example.com'", "gcp.organization"),
        ("[gcp]\norganization = true", "gcp.organization"),
        ("[gcp]\nfolders = ['teams']", "gcp.folders.0"),
        ("[gcp]\nbilling_export = 'gs://b/p'", "gcp.billing_export is no table in BigQuery (gs://b/p)"),
        ("[gcp]\nendpoint = 'http://10.0.0.1'", "gcp.endpoint is plain http (http://10.0.0.1)"),
        ("[[rates]]\nfrom = 'CNY'\nto = 'USD'\nrate = -1\ndate = 2026-01-01", "rates.0.rate"),
    ],
)
def test_what_is_wrong_is_named_with_the_file(here: Path, text: str, words: str) -> None:
    path = write(here / "finops.toml", text)
    with pytest.raises(ConfigError) as error:
        load_settings(environ={"HOME": str(here)})
    assert words in str(error.value)
    assert path.name in str(error.value)


@pytest.mark.parametrize(
    ("told", "level"),
    [
        ("true", "all"), ("false", "none"), ("'none'", "none"), ("'ids'", "ids"), ("'names'", "names"), ("'all'", "all"),
        ("1", "all"), ("0", "none"), ("'True'", "all"),
    ],
)  # fmt: skip
def test_what_is_hidden_is_a_level_or_yes_or_no(here: Path, told: str, level: str) -> None:
    write(
        here / "finops.toml",
        f"[nightly]\nredact = {told}\n[[deliver]]\nname = 'a'\nto = 'out'\nredact = {told}",
    )
    settings = load_settings(environ={"HOME": str(here)})
    assert (settings.nightly.redact, settings.deliver[0].redact) == (level, level)
    environ = {"HOME": str(here / "nowhere"), "FINOPS_NIGHTLY__REDACT": told.strip("'")}
    (here / "finops.toml").unlink()
    assert load_settings(environ=environ).nightly.redact == level


@pytest.mark.parametrize(
    "text",
    ["[nightly]\nredact = 'some'", "[nightly]\nredact = 2", "[nightly]\nredact = ['ids']",
     "[nightly]\naudience = 'sales'", "locale = 'fr'"],
)  # fmt: skip
def test_a_level_a_reader_or_a_language_that_there_is_not_is_refused(here: Path, text: str) -> None:
    write(here / "finops.toml", text)
    with pytest.raises(ConfigError, match=r"finops\.toml:\d: (nightly\.)?(redact|audience|locale): "):
        load_settings(environ={"HOME": str(here)})


def test_settings_know_the_levels_readers_and_languages_that_reports_know() -> None:
    def choices(model: type[BaseModel], field: str) -> set[str]:
        found = model.model_json_schema()["properties"][field]
        return {one for part in (found, *found.get("anyOf", ())) for one in part.get("enum", ())}

    for model in (NightlySettings, Target):
        assert choices(model, "redact") == set(get_args(RedactionLevel))
        assert choices(model, "audience") == set(AUDIENCES)
    assert choices(Settings, "locale") == choices(Target, "locale") == set(LOCALES)


def test_an_editor_lets_yes_and_no_stand_where_a_level_may() -> None:
    for model in (NightlySettings, Target):
        told = model.model_json_schema()["properties"]["redact"]
        assert {one.get("type") for one in told["anyOf"]} == {"boolean", "string"}


def test_the_variable_of_the_redaction_key_is_the_key_and_the_file_says_where_it_is(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FINOPS_REDACTION_KEY", "hunter2")
    settings = load_settings()
    assert settings.redaction() == "hunter2"
    assert "hunter2" not in repr(settings)
    monkeypatch.delenv("FINOPS_REDACTION_KEY")
    write(here / "finops.toml", "redaction_key = 'file:key'")
    write(here / "key", "hunter3\n")
    assert load_settings().redaction() == "hunter3"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("redaction_key = 'hunter2'", "redaction_key must say where the secret is, not what it is: env:NAME"),
        ("[heartbeat]\nurl = 'https://hc.example/hunter2'", "heartbeat.url must say where the secret is"),
        (
            "[[deliver]]\nname = 'a'\nto = 'mailto://u:hunter2@h'",
            "deliver.0.to holds an address with its credentials",
        ),
        ("[[deliver]]\nname = 'a'\nto = 'mailto:hunter2@h'", "put it into a variable and write env:NAME"),
        ("[[deliver]]\nname = 'a'\nto = 's3://id:hunter2@bucket/x'", "deliver.0.to is no bucket"),
        ("[[deliver]]\nname = 'a'\nto = 'out'\nhunter = 'hunter2'", "there is no setting deliver.0.hunter"),
        ("[[deliver]]\nname = 'a'\nto = 'out'\nwhen = 'hunter2'", "deliver.0.when"),
    ],
)
def test_a_secret_in_the_file_is_refused_without_being_shown(here: Path, text: str, key: str) -> None:
    write(here / "finops.toml", text)
    with pytest.raises(ConfigError) as error:
        load_settings(environ={"HOME": str(here)})
    assert key in str(error.value)
    shown = "".join(traceback.format_exception(error.value))
    assert "hunter2" not in shown.replace(text, "")


def test_the_endpoint_of_alibaba_has_a_variable_of_its_own_that_wins(here: Path) -> None:
    write(here / "finops.toml", "[alibaba]\nendpoint = 'https://file.example'\nrole = 'reader'\n")
    environ = {"HOME": str(here), "FINOPS_ALIBABA__ENDPOINT": "https://scheme.example"}
    assert load_settings(environ=environ).alibaba.endpoint == "https://scheme.example"
    environ["FINOPS_ALIBABA_ENDPOINT"] = "http://127.0.0.1:8900/"
    settings = load_settings(environ=environ)
    assert (settings.alibaba.endpoint, settings.alibaba.role) == ("http://127.0.0.1:8900", "reader")


def test_an_endpoint_that_is_none_is_told_with_the_variable_and_not_with_the_file(here: Path) -> None:
    write(here / "finops.toml", "[alibaba]\nrole = 'reader'\n")
    environ = {"HOME": str(here), "FINOPS_ALIBABA_ENDPOINT": "http://ecs.aliyuncs.com"}
    with pytest.raises(
        ConfigError, match=r"^FINOPS_ALIBABA_ENDPOINT is plain http \(http://ecs\.aliyuncs\.com\)"
    ):
        load_settings(environ=environ)


def test_variables_reach_into_the_section_of_a_cloud_and_text_that_looks_like_a_number_stays_text(
    here: Path,
) -> None:
    settings = load_settings(
        environ={
            "HOME": str(here),
            "FINOPS_ALIBABA__REGIONS": '["cn-hangzhou"]',
            "FINOPS_ALIBABA__EXTERNAL_ID": "1e5",
            "FINOPS_ALIBABA__SITE": "china",
            "FINOPS_ALIBABA__BILL_DAYS": "70",
        }
    ).alibaba
    assert (settings.regions, settings.external_id) == (["cn-hangzhou"], "1e5")
    assert (settings.site, settings.bill_days) == ("china", 70)


@pytest.mark.parametrize("number", ["123", "'123'", "'organizations/123'"])
def test_a_number_that_names_something_is_text_with_quotes_or_without(here: Path, number: str) -> None:
    write(here / "finops.toml", f"[gcp]\norganization = {number}\nfolders = [7, 'folders/8']\n")
    settings = load_settings(environ={"HOME": str(here)}).gcp
    assert (settings.organization, settings.folders) == (number.strip("'"), ["7", "folders/8"])


def test_variables_of_google_cloud_keep_what_is_text_as_it_is(here: Path) -> None:
    settings = load_settings(
        environ={
            "HOME": str(here),
            "FINOPS_GCP__ORGANIZATION": "0123",
            "FINOPS_GCP__FOLDERS": "[7]",
            "FINOPS_GCP__PROJECTS": '["team-a", "example.com:team-b"]',
            "FINOPS_GCP__BILLING_EXPORT": "team-a.billing.gcp_billing_export_resource_v1_0A",
            "FINOPS_GCP__BILL_DAYS": "70",
        }
    ).gcp
    assert (settings.organization, settings.folders) == ("0123", ["7"])
    assert settings.projects == ["team-a", "example.com:team-b"]
    assert (settings.billing_export, settings.bill_days) == (
        "team-a.billing.gcp_billing_export_resource_v1_0A",
        70,
    )


def test_the_endpoint_of_google_cloud_has_a_variable_of_its_own_that_wins(here: Path) -> None:
    write(here / "finops.toml", "[gcp]\nendpoint = 'https://file.example'\nprojects = ['team-a']\n")
    environ = {"HOME": str(here), "FINOPS_GCP_ENDPOINT": "http://127.0.0.1:8900/"}
    settings = load_settings(environ=environ).gcp
    assert (settings.endpoint, settings.projects) == ("http://127.0.0.1:8900", ["team-a"])
    assert load_settings(environ={"HOME": str(here)}).gcp.endpoint == "https://file.example"
    with pytest.raises(ConfigError, match=r"^FINOPS_GCP_ENDPOINT is plain http \(http://10\.0\.0\.1\)"):
        load_settings(environ={"HOME": str(here), "FINOPS_GCP_ENDPOINT": "http://10.0.0.1"})
