"""The sections of finops.toml that an unattended night reads."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from finops.readership import Audience, Locale, RedactionLevel
from finops.secrets import Reference, is_reference

_Duration = Annotated[str, Field(pattern=r"^\d+\s*[smhdw]$")]
_Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]


_BUCKET = re.compile(r"^(s3|oss|gs)://[a-z0-9][a-z0-9._-]+[a-z0-9](/[^@]*)?$")
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+:")  # of two letters or more: C: is a disk


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _no_secret(to: str) -> str:
    """An address that may stand in a file: a reference, a bucket, a folder. It is never shown where it is refused."""
    if is_reference(to) or _BUCKET.match(to):
        return to
    if to.partition(":")[0] in ("s3", "oss", "gs"):
        raise PydanticCustomError("words", "is no bucket: write s3://BUCKET/PREFIX, and no credentials")
    if _SCHEME.match(to):
        raise PydanticCustomError(
            "words",
            "holds an address with its credentials, which is a secret: put it into a variable and write env:NAME, or "
            "file:PATH, cmd:COMMAND, keyring:SERVICE/USER",
        )
    return to


_YES_NO = {"true": "all", "1": "all", "false": "none", "0": "none"}


def _level(told: Any) -> Any:
    """true hides all, as --redact alone does, and false nothing; what is neither is a level, or refused as none."""
    return _YES_NO.get(str(told).lower(), told) if isinstance(told, bool | int | str) else told


# What is hidden from readers: of a whole night, or of one target.
_Redact = Annotated[RedactionLevel, BeforeValidator(_level, json_schema_input_type=bool | RedactionLevel)]
_Format = Literal["html", "csv", "json", "markdown", "xlsx", "pdf", "mail", "chat"]


class NightlySettings(_Section):
    """What a night does: which clouds it collects, which bills it loads, where it writes its report.

    `clouds` may hold `demo`: the built-in estate. `copy_of` is another warehouse that is copied first, for an
    environment that tests on real data; nothing is collected then. `max_age` is how young data must be not to be
    collected again. `redact` is what reports and messages hide, `audience` for whom HTML and PDF are put in order.
    """

    clouds: list[Literal["aws", "alibaba", "gcp", "demo"]] = []
    bills: list[str] = []
    copy_of: Path | None = None
    max_age: _Duration = "20h"
    wait: _Duration = "0s"
    folder: Path = Path("finops-reports")
    formats: list[_Format] = ["html", "json", "csv"]
    redact: _Redact = "none"
    audience: Audience = "finance"
    fail_on: list[str] = []


class Target(_Section):
    """Somebody who is told. `to` is a reference to an address as apprise writes it (mailto://, slack://, msteams://,
    json://, …), or, being no secret, a folder or s3://BUCKET/PREFIX, oss://BUCKET/PREFIX, gs://BUCKET/PREFIX.

    `when`: after every night; only when something changed or needs attention; only when something failed. `attach` is
    what goes with it; where it is not set, a mail has the HTML report, a folder or bucket every format of the night,
    and a chat nothing. {date} in the address of a folder or bucket is the day.

    It gets the night's report, or one of its own: `redact` hides more than the night does, `audience` and `locale`
    stand in place of the night's.
    """

    name: _Word
    to: Annotated[str, Field(min_length=1), AfterValidator(_no_secret)]
    when: Literal["always", "news", "trouble"] = "news"
    attach: list[_Format] | None = None
    redact: _Redact = "none"
    audience: Audience | None = None
    locale: Locale | None = None
    retries: int = Field(default=3, ge=0, le=10)

    @property
    def kind(self) -> Literal["secret", "bucket", "folder"]:
        """What `to` is: a reference to an address, a bucket, a folder."""
        if is_reference(self.to):
            return "secret"
        return "bucket" if "://" in self.to else "folder"


class HeartbeatSettings(_Section):
    """A URL that is told when a night starts, ends or fails (Healthchecks and the like): it is a secret."""

    url: Reference | None = None
    start: bool = True
    log_lines: int = Field(default=10, ge=0, le=200)


class Budget(_Section):
    """What may be spent in a month, by everybody or by what these select (all of them must match)."""

    name: str = Field(min_length=1)
    amount: Decimal = Field(gt=0)
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    cloud: Literal["aws", "alibaba", "gcp"] | None = None
    account: str | None = None
    service: str | None = None
    tag: Annotated[str, Field(pattern=r"^[^=]+=.*$")] | None = None
    warn_at: float = Field(default=0.8, gt=0, le=1)


class UnitDriver(_Section):
    """What the business counts, month by month, and which cost stands beside it: all, or what these select together."""

    name: str = Field(min_length=1)
    unit: str = Field(min_length=1)  # of one: order, active user
    months: dict[Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")], Annotated[float, Field(gt=0)]]
    cloud: Literal["aws", "alibaba", "gcp"] | None = None
    account: str | None = None
    service: str | None = None
    tag: Annotated[str, Field(pattern=r"^[^=]+=.*$")] | None = None


class AnomalySettings(_Section):
    """When a cost has left its limits. Money floors are in the currency of the bill, a day."""

    enabled: bool = True
    team_tag: str = "team"
    money_floor: float = Field(default=25.0, ge=0)
    share_floor: float = Field(default=0.08, ge=0)
    sigmas: float = Field(default=5.0, gt=0)
    ewma_lambda: float = Field(default=0.2, gt=0, le=1)
    ewma_limit: float = Field(default=5.0, gt=0)
    explains: float = Field(default=0.7, gt=0, le=1)


class TestSettings(_Section):
    """Over a data test: not at all, another severity, other values of its parameters."""

    __test__ = False  # for pytest, to which the name says something else

    enabled: bool = True
    severity: Literal["warn", "error"] | None = None
    parameters: dict[str, Any] = {}


class BackupSettings(_Section):
    """Where the nightly Parquet export of the warehouse goes, and how many of them stay."""

    folder: Path | None = None
    daily: int = Field(default=7, ge=1)
    weekly: int = Field(default=5, ge=0)
    monthly: int = Field(default=13, ge=0)


class RetentionSettings(_Section):
    """How long rows stay. The history of findings, decisions and realised savings stays for ever."""

    charges_months: int = Field(default=25, ge=2)
    metrics_days: int = Field(default=100, ge=95)
    findings_runs: int = Field(default=90, ge=1)  # audits with all their findings
    figures_days: int = Field(default=400, ge=60)
    runs_days: int = Field(default=400, ge=30)
    flow_days: int = Field(default=100, ge=30)
