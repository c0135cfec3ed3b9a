"""The sections of finops.toml that an unattended night reads."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from finops.secrets import Reference

_Duration = Annotated[str, Field(pattern=r"^\d+\s*[smhdw]$")]
_Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NightlySettings(_Section):
    """What a night does: which clouds it collects, which bills it loads, where it writes its report.

    `clouds` may hold `demo`: the built-in estate. `copy_of` is another warehouse that is copied first, for an
    environment that tests on real data; nothing is collected then. `max_age` is how young data must be not to be
    collected again.
    """

    clouds: list[Literal["aws", "alibaba", "gcp", "demo"]] = []
    bills: list[str] = []
    copy_of: Path | None = None
    max_age: _Duration = "20h"
    wait: _Duration = "0s"
    folder: Path = Path("finops-reports")
    formats: list[Literal["html", "csv", "json", "markdown"]] = ["html", "json", "csv"]
    redact: bool = False
    fail_on: list[str] = []


class Target(_Section):
    """Somebody who is told. `to` is a reference to an address as apprise writes it (mailto://, slack://, msteams://,
    json://, …), or, being no secret, a folder or s3://BUCKET/PREFIX, oss://BUCKET/PREFIX, gs://BUCKET/PREFIX.

    `when`: after every night; only when something changed or needs attention; only when something failed.
    """

    name: _Word
    to: str = Field(min_length=1)
    when: Literal["always", "news", "trouble"] = "news"
    attach: list[Literal["html", "csv", "json", "markdown"]] = []
    redact: bool = False
    retries: int = Field(default=3, ge=0, le=10)


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
