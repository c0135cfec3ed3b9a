"""finops.toml: what can be set, where it is read from, and how variables and profiles override it.

Order, the later wins: defaults, the file, its `[profile.NAME]`, variables. The file is --config, else
$FINOPS_CONFIG, else finops.toml here, else $XDG_CONFIG_HOME/finops/finops.toml. A variable is FINOPS_ and the
key in capitals, with two underscores between levels: FINOPS_MEMORY_LIMIT=4GB,
FINOPS_RULES__IDLE_INSTANCE__CPU_PEAK_MAX=0.03.
"""

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from finops.config_layers import Key, Layer, Origin, find, is_file, merged, of_file, of_variables, origin_in
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
    UnitDriver,
)
from finops.readership import Locale
from finops.secrets import Reference, resolve
from finops.warehouse.connections import Limits

MUTES = "finops.mutes.toml"

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


_Named = TypeVar("_Named", Target, Budget, UnitDriver)


def _named_once(things: list[_Named]) -> list[_Named]:
    names = [one.name for one in things]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise _in_words(f"has the name {twice} twice: give each a name of its own")
    return things


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
    locale: Locale = "en"  # of what people read: reports, mails, tables
    lake: Annotated[str, Field(min_length=1)] | None = None  # kept up to date by collect and ingest
    spark_remote: Annotated[str, Field(pattern=r"^sc://")] | None = None
    redaction_key: Reference | None = None
    aws: AwsSettings = AwsSettings()
    alibaba: AlibabaSettings = AlibabaSettings()
    gcp: GcpSettings = GcpSettings()
    nightly: NightlySettings = NightlySettings()
    deliver: Annotated[list[Target], AfterValidator(_named_once)] = []
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    budgets: Annotated[list[Budget], AfterValidator(_named_once)] = []
    units: Annotated[list[UnitDriver], AfterValidator(_named_once)] = []
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


@dataclass(frozen=True, slots=True)
class InForce:
    """The settings in force, the file they are read from, and where each key has its value from."""

    settings: Settings
    path: Path | None
    origin: Origin


def load_settings(
    config: Path | None = None, profile: str | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """The settings in force.

    Raises ConfigError in one sentence that names the file or variable and the key.
    """
    return in_force(config, profile, environ).settings


def in_force(
    config: Path | None = None, profile: str | None = None, environ: Mapping[str, str] | None = None
) -> InForce:
    """The settings in force with their origins. Raises ConfigError as load_settings() does."""
    environ = os.environ if environ is None else environ
    path, layers = _layers(config, profile, environ)
    values = merged(layers)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError(mistakes_in(error, layers)[0]) from error
    beside = (path.parent if path else Path()) / MUTES
    if settings.mutes or not is_file(beside):
        return InForce(settings, path, origin_in(layers))
    found = Layer("beside the file", {"mutes": str(beside)})
    return InForce(settings.model_copy(update={"mutes": beside}), path, origin_in([found, *layers]))


def _layers(
    config: Path | None, profile: str | None, environ: Mapping[str, str]
) -> tuple[Path | None, list[Layer]]:
    """The file that is read and the layers that count, the strongest last."""
    path = find(config, environ)
    base, profiles = of_file(path) if path else (Layer("default", {}), {})
    layers = [base]
    name = profile or environ.get("FINOPS_PROFILE")
    if name:
        if name not in profiles:
            known = ", ".join(profiles) or "none"
            raise ConfigError(f"There is no profile {name} in {path or 'finops.toml'}; it has {known}.")
        layers.append(profiles[name])
    return path, [*layers, of_variables(environ, Settings.model_fields, [base, *profiles.values()])]


def mistakes_in(error: ValidationError, layers: Sequence[Layer]) -> list[str]:
    """Every mistake as a sentence that names the file or variable and the key, and never shows the value."""
    origin = origin_in(layers, "The settings")
    return [_mistake(one["type"], one["loc"], one["msg"], origin) for one in error.errors()]


def _mistake(kind: str, location: tuple[int | str, ...], words: str, origin: Origin) -> str:
    key = ".".join(str(part) for part in location)
    where = origin(_key(location))
    if kind == "extra_forbidden":
        known = _keys_beside(location)
        close = difflib.get_close_matches(str(location[-1]), known, n=1)
        hint = f"; did you mean {close[0]}?" if close else f"; known are {', '.join(known)}."
        return f"{where}: there is no setting {key}{hint}"
    return f"{where}: {key} {words}." if kind == "words" else f"{where}: {key}: {words}."


def _key(location: tuple[int | str, ...]) -> Key:
    """The part of a location that a layer knows: up to the list that it is in."""
    numbers = [at for at, part in enumerate(location) if isinstance(part, int)]
    return tuple(str(part) for part in location[: numbers[0] if numbers else None])


def _keys_beside(location: tuple[int | str, ...]) -> list[str]:
    """The keys there are in the section that a key stands in."""
    model: type[BaseModel] = Settings
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        inner = field.annotation if field else None
        if get_origin(inner) is list:
            inner = get_args(inner)[0]
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            model = inner
    return list(model.model_fields)
