"""What is in a lake: its tables, their partitions, and the manifest that names the files."""

import re
from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from finops.errors import EngineError
from finops.schema_comments import Table, tables

MANIFEST = "finops-lake.json"
FORMAT = 1

# Runs, answers and decisions stay with the warehouse, and so does what ships with the tool.
_STAY = frozenset(
    {
        "anomalies", "anomaly_decisions", "audits", "bill_days", "bill_deliveries", "bill_objects", "bill_partitions",
        "collections", "data_tests", "decisions", "deliveries", "emission_factors", "exemptions", "figures",
        "finding_events", "finding_history", "findings", "flow_files", "flow_pairs", "flow_windows", "not_evaluated",
        "publication", "realised_savings", "rejected_rows", "run_steps", "runs", "warehouse_version",
    }
)  # fmt: skip
_PARTITIONED: Mapping[str, Mapping[str, str]] = {
    "charges": {
        "cloud": "x_Cloud",
        "billing_period": "strftime(coalesce(BillingPeriodStart, ChargePeriodStart), '%Y-%m')",
    },
    "metrics": {"cloud": "cloud", "month": "strftime(bucket_start, '%Y-%m')"},
    "traffic": {"cloud": "cloud", "month": "strftime(day, '%Y-%m')"},
}
_BY_CLOUD = {"cloud": "cloud"}
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")


class Part(BaseModel):
    """A partition: its file below the lake's address, how many rows it has, and what tells its content."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    rows: int
    content: str


class Manifest(BaseModel):
    """The files of a lake by table, and the accounts whose data they are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = FORMAT
    tool_version: str
    written_at: str
    accounts: list[tuple[str, str]]
    tables: dict[str, list[Part]]

    @classmethod
    def read(cls, text: str | bytes, address: str) -> Self:
        """Raises EngineError for what is no manifest of a lake that this version reads."""
        try:
            manifest = cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise EngineError(
                f"{address}/{MANIFEST} is no manifest of a lake ({where}: {first['msg']})."
            ) from error
        if manifest.format != FORMAT:
            raise EngineError(
                f"The lake at {address} has format {manifest.format}, and this version of finops reads {FORMAT}."
            )
        return manifest

    def files(self, table: str) -> list[str]:
        return [part.path for part in self.tables.get(table, ())]


def lake_tables() -> list[Table]:
    """The tables that a lake has."""
    return [table for table in tables() if table.name not in _STAY]


def partition_of(table: str) -> Mapping[str, str]:
    """The columns that a table is partitioned by, each with its expression over the table."""
    return _PARTITIONED.get(table, _BY_CLOUD)


def folder_of(table: str, values: Mapping[str, str | None]) -> str:
    """The folder of a partition. What a name of a folder cannot hold is left out: the files have the columns too."""
    levels = [f"{name}={_UNSAFE.sub('_', value or 'none')}" for name, value in values.items()]
    return "/".join([table, *levels])
