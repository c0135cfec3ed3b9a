"""A desk for one test: writes small flow logs, loads them into a warehouse in memory beside an inventory."""

import gzip
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from collectors.bills import IngestResult, ingest
from finops.warehouse import Writer
from tests.shelf import empty_warehouse

AT = datetime(2026, 11, 1)
START = 1790812800  # 2026-10-01 in seconds
DEFAULT = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
ACCOUNT = "000000000007"


class Desk:
    def __init__(self, folder: Path, con: duckdb.DuckDBPyConnection) -> None:
        self.folder, self.con, self.runs = folder, con, 0

    def file(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    def aws(self, name: str, *records: dict[str, Any], header: str = DEFAULT) -> Path:
        """Records as what differs from one that was accepted on the first of October."""
        usual = {"version": 2, "account-id": ACCOUNT, "srcport": 443, "dstport": 5000, "protocol": 6, "packets": 1,
                 "start": START, "action": "ACCEPT", "log-status": "OK"}  # fmt: skip
        lines = []
        for record in records:
            whole = {**usual, **record}
            whole.setdefault("end", START + 60)
            lines.append(" ".join(str(whole.get(field, "-")) for field in header.split()))
        return self.file(name, "\n".join([header, *lines]) + "\n")

    def entries(self, name: str, *entries: dict[str, Any]) -> Path:
        return self.file(name, "".join(json.dumps(entry) + "\n" for entry in entries))

    def ingest(self, *paths: Path, **options: Any) -> IngestResult:
        self.runs += 1
        return ingest(Writer(self.con, f"run-{self.runs}", AT), paths, at=AT, **options)

    def insert(self, table: str, *rows: dict[str, Any]) -> None:
        for row in rows:
            marks = ", ".join("?" * len(row))
            self.con.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", [*row.values()])

    def machine(self, name: str, address: str, zone: str, **more: Any) -> None:
        row = {
            "cloud": "aws",
            "account_id": ACCOUNT,
            "region": "eu-west-1",
            "instance_id": name,
            "state": "running",
        }
        self.insert("instances", {**row, "zone": zone, "private_ip": address, **more})

    def address(self, address: str, resource: str, **more: Any) -> None:
        row = {"cloud": "aws", "account_id": ACCOUNT, "region": "eu-west-1", "is_public": False}
        self.insert("network_addresses", {**row, "address": address, "resource_id": resource, **more})

    def traffic(self, *columns: str) -> list[tuple[Any, ...]]:
        names = ", ".join(columns or ("source_address", "destination_address", "bytes"))
        return self.con.execute(
            f"SELECT {names} FROM traffic WHERE source = 'flow log' ORDER BY ALL"
        ).fetchall()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with empty_warehouse() as con:
        yield Desk(tmp_path, con)
