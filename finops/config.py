"""finops.toml: what can be set, where it is read from, and how variables and profiles override it.

Order, the later wins: defaults, the file, its `[profile.NAME]`, variables. The file is --config, else
$FINOPS_CONFIG, else finops.toml here, else $XDG_CONFIG_HOME/finops/finops.toml. A variable is FINOPS_ and the
key in capitals, with two underscores between levels: FINOPS_MEMORY_LIMIT=4GB,
FINOPS_RULES__IDLE_INSTANCE__CPU_PEAK_MAX=0.03.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from finops.endpoints import checked_endpoint
from finops.errors import ConfigError
from finops.nightly_settings import (
    AnomalySettings,
    BackupSettings,
    Budget,
    HeartbeatSettings,
    NightlySettings,
    RetentionSettings,
    Target,
    TestSettings,
)
from finops.secrets import Reference, resolve
from finops.warehouse.connections import Limits

# Variables that are not keys of the file: where things are, and what the collectors read themselves.
_NOT_KEYS = {
    "FINOPS_CONFIG",
    "FINOPS_PROFILE",
    "FINOPS_DEBUG",
}
# Variables that set an endpoint under a name of their own, after all others.
_ENDPOINTS = {
    "FINOPS_ALIBABA_ENDPOINT": ["alibaba", "endpoint"],
    "FINOPS_GCP_ENDPOINT": ["gcp", "endpoint"],
}

MUTES = "finops.mutes.toml"

# Settings that are text whatever they look like.
_TEXTS = {
    "db", "mutes", "currency", "lake", "spark_remote", "memory_limit", "spill_limit", "redaction_key",
    "role", "external_id", "billing_export", "endpoint", "site", "organization", "billing_account",
}  # fmt: skip

_Size = Annotated[str, Field(pattern=r"^\d+(\.\d+)?\s*([KMGT]i?B)$")]


class Rate(BaseModel):
    """A dated exchange rate the user gave: one unit of `base` is `rate` units of `quote`."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    base: str = Field(alias="from", pattern=r"^[A-Z]{3}$")
    quote: str = Field(alias="to", pattern=r"^[A-Z]{3}$")
    rate: Decimal = Field(gt=0)
    day: date = Field(alias="date")
    source: str = ""


class AwsSettings(BaseModel):
    """What to collect from AWS; each key is an option of finops collect aws."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    profiles: list[str] = []
    accounts: list[Annotated[str, Field(pattern=r"^\d{12}$")]] = []
    role: str | None = None
    external_id: str | None = None
    regions: list[str] = []
    billing_export: Annotated[str, Field(pattern=r"^s3://[^/]+")] | None = None
    cost_explorer: bool = False
    flow_logs: bool = False


def _endpoint(text: str) -> str:
    try:
        return checked_endpoint(text)
    except ValueError as error:
        raise _in_words(str(error)) from None


def _in_words(words: str) -> PydanticCustomError:
    """An error that ends a sentence which begins with the key."""
    return PydanticCustomError("words", "{words}", {"words": words})


def _table(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9.:-]*\.[A-Za-z0-9_]+\.[\w-]+", text):
        raise _in_words(
            f"is no table in BigQuery ({text}): write PROJECT.DATASET.TABLE; exported files are read with finops ingest"
        )
    return text


def _project(text: str) -> str:
    if not re.fullmatch(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]*", text):
        raise _in_words(f"is no id of a project ({text}): write the id, not the name or the number")
    return text


class AlibabaSettings(BaseModel):
    """What to collect from Alibaba Cloud; each key but `bill_days` is an option of finops collect alibaba."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    profiles: list[str] = []
    accounts: list[Annotated[str, Field(pattern=r"^\d+$")]] = []
    role: str | None = None
    external_id: str | None = None
    regions: list[str] = []
    endpoint: Annotated[str, AfterValidator(_endpoint)] | None = None
    site: Literal["china", "international"] | None = None
    bill_days: int = Field(default=40, ge=1, le=540)  # the API answers for 18 months


class GcpSettings(BaseModel):
    """What to collect from Google Cloud; each key but `bill_days` is an option of finops collect gcp.

    Numbers of organisations and folders may be written with quotes or without.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    projects: list[Annotated[str, AfterValidator(_project)]] = []
    organization: Annotated[str, Field(pattern=r"^(organizations/)?\d+$")] | None = None
    folders: list[Annotated[str, Field(pattern=r"^(folders/)?\d+$")]] = []
    billing_account: Annotated[str, Field(pattern=r"^(billingAccounts/)?[0-9A-Za-z-]+$")] | None = None
    regions: list[str] = []
    endpoint: Annotated[str, AfterValidator(_endpoint)] | None = None
    billing_export: Annotated[str, AfterValidator(_table)] | None = None
    flow_logs: Annotated[str, AfterValidator(_table)] | None = None
    bill_days: int = Field(default=40, ge=1)


class Settings(BaseModel):
    """Everything that can be set."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    db: Path = Path("finops.duckdb")
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    rates: list[Rate] = []
    rule_folders: list[Path] = []
    mutes: Path | None = None  # None: finops.mutes.toml beside this file, where there is one
    rules: dict[str, dict[str, Any]] = {}
    memory_limit: _Size = "2GB"
    spill_limit: _Size = "50GB"
    threads: int | None = Field(default=None, ge=1, le=1024)
    keep_audits: int = Field(default=30, ge=0, le=10_000)
    max_rejected: float = Field(default=0.01, ge=0, le=1)
    lake: Annotated[str, Field(min_length=1)] | None = None  # kept up to date by collect and ingest
    spark_remote: Annotated[str, Field(pattern=r"^sc://")] | None = None
    redaction_key: Reference | None = None
    aws: AwsSettings = AwsSettings()
    alibaba: AlibabaSettings = AlibabaSettings()
    gcp: GcpSettings = GcpSettings()
    nightly: NightlySettings = NightlySettings()
    deliver: list[Target] = []
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    budgets: list[Budget] = []
    anomalies: AnomalySettings = AnomalySettings()
    test_folders: list[Path] = []  # your own data tests
    tests: dict[str, TestSettings] = {}
    backup: BackupSettings = BackupSettings()
    retention: RetentionSettings = RetentionSettings()

    def limits(self) -> Limits:
        """What DuckDB may take."""
        return Limits(self.memory_limit, self.spill_limit, self.threads)

    def redaction(self) -> str:
        """The key by which --redact replaces the same by the same; "" for none.

        Raises ConfigError as resolve() does.
        """
        return (
            resolve(self.redaction_key, setting="redaction_key").get_secret_value()
            if self.redaction_key
            else ""
        )


def load_settings(
    config: Path | None = None, profile: str | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """The settings in force.

    Raises ConfigError in one sentence that names the file or variable and the key.
    """
    environ = os.environ if environ is None else environ
    path = _find(config, environ)
    values = _read(path) if path else {}
    profiles = values.pop("profile", {})
    name = profile or environ.get("FINOPS_PROFILE")
    if name:
        if not isinstance(profiles, dict) or not all(isinstance(one, dict) for one in profiles.values()):
            raise ConfigError(f"{path}: profile must hold tables, as in [profile.prod].")
        if name not in profiles:
            known = ", ".join(profiles) or "none"
            raise ConfigError(f"There is no profile {name} in {path or 'finops.toml'}; it has {known}.")
        values = _overlaid(values, profiles[name])
    values = _overlaid(values, _from_environment(environ))
    return _with_mutes(_validated(values, path), path)


def _with_mutes(settings: Settings, path: Path | None) -> Settings:
    """The settings with the exemptions that lie beside the file, unless it names others."""
    beside = (path.parent if path else Path()) / MUTES
    return (
        settings.model_copy(update={"mutes": beside}) if not settings.mutes and _is_file(beside) else settings
    )


def _find(config: Path | None, environ: Mapping[str, str]) -> Path | None:
    named = config or (Path(environ["FINOPS_CONFIG"]) if environ.get("FINOPS_CONFIG") else None)
    if named:
        if not _is_file(named):
            raise ConfigError(f"There is no configuration file {named}.")
        return named
    home = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "~")).expanduser() / ".config")
    candidates = (Path("finops.toml"), home / "finops" / "finops.toml")
    return next((path for path in candidates if _is_file(path)), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError as error:
        raise ConfigError(f"{path} may not be read by this user: check its permissions.") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from error


def _overlaid(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        nested = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[key] = _overlaid(below, value) if nested and isinstance(below, Mapping) else value
    return merged


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in sorted(environ):
        if not name.startswith("FINOPS_") or name in _NOT_KEYS or not environ[name]:
            continue
        first, *rest = name.removeprefix("FINOPS_").lower().split("__")
        if first not in Settings.model_fields:
            continue  # other programs may use the prefix too
        path = [first, *rest]
        if first in ("rules", "tests") and rest:
            path[1] = path[1].replace("_", "-")
        # The variable of this key is the secret itself; as a reference it is never shown.
        text = f"env:{name}" if path == ["redaction_key"] else environ[name]
        plain = path[-1] in _TEXTS and first not in ("rules", "tests")
        _set(values, path, text if plain else _parsed(text), name)
    for name, path in _ENDPOINTS.items():
        if environ.get(name, "").strip():
            try:
                _set(values, path, checked_endpoint(environ[name]), name)
            except ValueError as error:
                raise ConfigError(f"{name} {error}.") from None
    return values


def _set(values: dict[str, Any], path: list[str], value: Any, name: str) -> None:
    for key in path[:-1]:
        values = values.setdefault(key, {})
        if not isinstance(values, dict):
            raise ConfigError(f"The variable {name} reaches into a setting that has no parts.")
    values[path[-1]] = value


def _parsed(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _validated(values: Mapping[str, Any], path: Path | None) -> Settings:
    where = str(path) if path else "The settings from FINOPS_ variables"
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = _keys_beside(first["loc"])
            close = difflib.get_close_matches(str(first["loc"][-1]), known, n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; known are {', '.join(known)}."
            raise ConfigError(f"{where}: there is no setting {key}{hint}") from error
        if first["type"] == "words":
            raise ConfigError(f"{where}: {key} {first['msg']}.") from error
        raise ConfigError(f"{where}: {key}: {first['msg']}.") from error


def _keys_beside(location: tuple[int | str, ...]) -> list[str]:
    """The keys there are in the section that a key stands in."""
    model: type[BaseModel] = Settings
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        inner = field.annotation if field else None
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            model = inner
    return list(model.model_fields)
