"""The version of a warehouse file: checked whenever it is opened, raised step by step by a writer."""

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import duckdb

from finops import __version__
from finops.errors import WarehouseError
from finops.schema_comments import comment_statements, schema_sql


def _step(name: str) -> str:
    """A step that is too long for a line, from the folder steps/."""
    return files("finops").joinpath("warehouse", "steps", f"{name}.sql").read_text(encoding="utf-8")


# Steps from each version to the next: {2: "ALTER TABLE …", …}. A step never changes once released;
# schema.sql always holds the newest version, for files that are made new.
STEPS: Mapping[int, str] = {
    2: "CREATE TABLE collections (cloud VARCHAR NOT NULL, request VARCHAR NOT NULL, account_id VARCHAR NOT NULL, "
    "region VARCHAR NOT NULL, run_id VARCHAR NOT NULL)",
    3: "CREATE TABLE bill_deliveries (source VARCHAR NOT NULL, export VARCHAR NOT NULL, delivered_at TIMESTAMP, "
    "loaded_at TIMESTAMP NOT NULL, run_id VARCHAR NOT NULL); "
    "CREATE TABLE bill_objects (object VARCHAR NOT NULL, etag VARCHAR NOT NULL, size_bytes BIGINT NOT NULL, "
    "source VARCHAR NOT NULL, fingerprint VARCHAR, run_id VARCHAR NOT NULL)",
    4: "ALTER TABLE traffic ADD COLUMN kind VARCHAR; ALTER TABLE bill_partitions ALTER list_cost DROP NOT NULL",
    5: "ALTER TABLE volumes ADD COLUMN purchase_model VARCHAR; ALTER TABLE volumes ADD COLUMN expires_at TIMESTAMP; "
    "ALTER TABLE volumes ADD COLUMN auto_renew BOOLEAN; ALTER TABLE public_ips ADD COLUMN purchase_model VARCHAR; "
    "ALTER TABLE public_ips ADD COLUMN expires_at TIMESTAMP; ALTER TABLE public_ips ADD COLUMN auto_renew BOOLEAN",
    6: "ALTER TABLE instances ADD COLUMN gpu_count INTEGER; ALTER TABLE instances ADD COLUMN gpu_model VARCHAR; "
    "ALTER TABLE instances ADD COLUMN local_disk_gib DOUBLE; ALTER TABLE volumes ADD COLUMN device_name VARCHAR; "
    "ALTER TABLE prices ADD COLUMN tier_start DECIMAL(38, 18); "
    # Google's months in FOCUS began by California's clock, and would not be found again when they are restated.
    "UPDATE charges SET BillingPeriodStart = date_trunc('month', BillingPeriodStart) "
    "WHERE x_Cloud = 'gcp' AND day(BillingPeriodStart) = 1 AND hour(BillingPeriodStart) BETWEEN 1 AND 12; "
    "UPDATE bill_partitions SET billing_period_start = date_trunc('month', billing_period_start) "
    "WHERE provider = 'Google Cloud' AND day(billing_period_start) = 1 AND hour(billing_period_start) BETWEEN 1 AND 12",
    # One line or more a subject: exemptions; prices of commitments.
    7: "ALTER TABLE findings ADD COLUMN exemption JSON; DROP TABLE IF EXISTS exemptions; "
    "CREATE TABLE exemptions (run_id VARCHAR NOT NULL, rule VARCHAR NOT NULL, selector VARCHAR NOT NULL, "
    "owner VARCHAR NOT NULL, reason VARCHAR NOT NULL, expires_at TIMESTAMP, source VARCHAR NOT NULL, "
    "state VARCHAR NOT NULL, note VARCHAR, findings INTEGER NOT NULL); "
    # What types always carry, for rightsizing.
    "ALTER TABLE instance_types ADD COLUMN baseline_vcpu DOUBLE; "
    "ALTER TABLE instance_types ADD COLUMN network_gbps DOUBLE; "
    "ALTER TABLE instance_types ADD COLUMN disk_throughput_mib DOUBLE; "
    "ALTER TABLE instance_types ADD COLUMN disk_iops DOUBLE; "
    # What commitments cost.
    "ALTER TABLE prices ADD COLUMN term_months INTEGER; ALTER TABLE prices ADD COLUMN payment VARCHAR; "
    "ALTER TABLE prices ADD COLUMN upfront DECIMAL(38, 18); " + _step("7_history"),
    # The life of findings.
    8: _step("8_catalogue"),
    9: _step("9_nightly"),
    10: "ALTER TABLE findings ADD COLUMN overlap JSON",
    11: "ALTER TABLE decisions ADD COLUMN due DATE",
}
CURRENT = max(STEPS, default=1)


def version_of(con: duckdb.DuckDBPyConnection) -> int | None:
    """The newest migration applied to this file; None for a file that is not one of ours."""
    ours = con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'warehouse_version' AND schema_name = 'main'"
    ).fetchone()
    if not ours or not ours[0]:
        return None
    row = con.execute("SELECT max(version) FROM warehouse_version").fetchone()
    return int(row[0]) if row and row[0] is not None else None


def check_version(con: duckdb.DuckDBPyConnection, path: Path, current: int = CURRENT) -> None:
    """Raises WarehouseError unless a reader of this version can use the file."""
    version = version_of(con)
    if version is None:
        raise WarehouseError(f"{path} is a DuckDB file but not a finops warehouse: name another with --db.")
    if version > current:
        raise WarehouseError(
            f"{path} was written by a newer finops (schema {version}, this one knows {current}): "
            "upgrade finops-analyzer."
        )
    if version < current:
        raise WarehouseError(
            f"{path} has schema {version} and this finops reads {current}: any command that writes, such as "
            "finops ingest, migrates it."
        )


def create(con: duckdb.DuckDBPyConnection, at: datetime) -> None:
    """Makes an empty warehouse of the current version, comments included."""
    con.begin()
    con.execute(schema_sql())
    con.execute(";".join(comment_statements()))
    _stamp(con, CURRENT, at)
    con.execute("INSERT INTO publication VALUES ('')")
    con.commit()


def migrate(
    con: duckdb.DuckDBPyConnection, path: Path, at: datetime, steps: Mapping[int, str] = STEPS
) -> None:
    """Applies every missing step, each in a transaction of its own.

    Raises WarehouseError when the file is not ours or newer than this tool.
    """
    version = version_of(con)
    current = max(steps, default=1)
    if version is None or version > current:
        check_version(con, path, current)
        return
    for step in range(version + 1, current + 1):
        con.begin()
        con.execute(steps[step])
        _stamp(con, step, at)
        con.commit()
    if version < current and steps is STEPS:  # all of schema.sql is there now, and may be commented
        con.execute(";".join(comment_statements()))


def _stamp(con: duckdb.DuckDBPyConnection, version: int, at: datetime) -> None:
    con.execute("INSERT INTO warehouse_version VALUES (?, ?, ?)", [version, at, __version__])
