"""A warehouse in memory in which days pass: inventory, bills and audits of the words of a test."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import duckdb

from finops.history.life import life, past
from finops.history.observing import Audited, Observed, observe
from finops.history.realised import realise
from finops.model import Finding, NotEvaluated
from finops.pipeline.record import record
from finops.schema_comments import schema_sql
from finops.warehouse import Writer
from finops.warehouse.reference import bill_ends_sql
from tests.reports import build

START = datetime(2026, 9, 1)
HERE = {"cloud": "aws", "account_id": "1", "region": "r"}
RULES = ("idle-instance", "oversized-instance", "unattached-volume", "unused-public-ip", "stopped-instance")


def day(number: float) -> datetime:
    """Midnight of a day of the test, 0 being the first."""
    return START + timedelta(days=number)


class World:
    """Puts rows into tables and audits them; audits find what they are told to."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self._runs = 0

    def put(self, table: str, **row: Any) -> None:
        names = ", ".join(row)
        self.con.execute(
            f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", [*row.values()]
        )

    def machine(self, resource: str = "i-1", **more: Any) -> None:
        row = {**HERE, "instance_id": resource, "state": "running", "instance_type": "m5.xlarge"}
        self.put("instances", **{**row, "purchase_model": "on_demand", **more})

    def collect(
        self, at: float, *datasets: str, status: str = "complete", region: str = "r", **where: Any
    ) -> None:
        """A collection that came that far; one that failed leaves the instant of the rows as it was."""
        place = {**HERE, "region": region, **where}
        for dataset in datasets or ("instances", "volumes", "public_ips"):
            key = [place["cloud"], place["account_id"], region, dataset]
            before = self.con.execute(
                "DELETE FROM coverage WHERE (cloud, account_id, region, dataset) = (?, ?, ?, ?) RETURNING collected_at",
                key,
            ).fetchone()
            good = status in ("complete", "partial")
            then = day(at) if good else before and before[0]
            self.con.execute(
                "INSERT INTO coverage VALUES (?, ?, ?, ?, ?, NULL, 0, 0, ?, ?, '')",
                [*key, status, then, day(at)],
            )

    def bill(
        self,
        name: str | None,
        per_day: float | str,
        first: float,
        last: float,
        meter: str = "BoxUsage:m5.xlarge",
        hours: float = 24,
        **more: Any,
    ) -> None:
        """Charges for `name` from a day up to (not on) another, each over so many hours."""
        step = hours / 24
        row = {
            "x_Cloud": "aws", "x_AccountId": "1", "BillingAccountId": "payer", "RegionId": "r", "x_ResourceKey": name,
            "x_UsageType": meter, "x_ServiceCode": "AmazonEC2", "x_CostBasis": "effective", "x_Source": "test",
            "ChargeCategory": "Usage", "BillingCurrency": "USD", **more,
        }  # fmt: skip
        names = ", ".join(row)
        self.con.execute(
            f"INSERT INTO charges ({names}, x_Cost, ChargePeriodStart, ChargePeriodEnd) "
            f"SELECT {', '.join('?' * len(row))}, CAST(? AS DECIMAL(38, 18)), ? + to_hours(CAST(i * ? AS BIGINT)), "
            "? + to_hours(CAST((i + 1) * ? AS BIGINT)) FROM range(CAST(? AS BIGINT)) AS r (i)",
            [
                *row.values(), str(float(per_day) * step), day(first), hours, day(first), hours,
                round((last - first) / step),
            ],
        )  # fmt: skip

    def family(self, **types: str) -> None:
        """What families these types are of."""
        for name, of in types.items():
            self.put("instance_types", cloud="aws", instance_type=name.replace("_", "."), family=of)

    def realised(self, finding: Finding) -> dict[str, Any]:
        cursor = self.con.execute("SELECT * FROM realised_savings WHERE finding_id = ?", [finding.id])
        row = cursor.fetchone()
        assert row, "nothing is known of what it saved"
        return dict(zip([column[0] for column in cursor.description or []], row, strict=True))

    def audit(
        self,
        at: float,
        *findings: Finding,
        blind: Iterable[NotEvaluated] = (),
        whole: bool = True,
        rules: Iterable[str] = RULES,
        limits: dict[str, list[Any]] | None = None,
        ahead: bool = False,
    ) -> dict[str, str]:
        """Keeps an audit of that day with these findings; the statuses that it says, by id."""
        self._runs += 1
        run = f"run{self._runs:03}"
        known = past(self.con, day(at))
        told = [_alive(one, known, day(at)) for one in findings]
        report = build.report(told, not_evaluated=list(blind)).model_copy(
            update={"run_id": run, "as_of": day(at)}
        )
        observed = Observed()
        observe(self.con, report, Audited(whole, limits or {}, tuple(rules), ahead), observed)
        observed.realised = realise(self.con, day(at), observed)
        self.con.execute(
            "INSERT INTO runs (run_id, command, started_at, status, tool) VALUES (?, 'audit', ?, 'running', '')",
            [run, day(at)],
        )
        writer = Writer(self.con, run, day(at))
        record(writer, report, observed)
        self.con.execute(
            "UPDATE runs SET status = 'done', as_of = ?, result = ? WHERE run_id = ?",
            [writer.as_of, writer.result, run],
        )
        return {one.id: one.status for one in told}

    def state(self, finding: Finding) -> tuple[str, str | None]:
        """Status and resolution in the history."""
        row = self.con.execute(
            "SELECT status, resolution FROM finding_history WHERE id = ?", [finding.id]
        ).fetchone()
        assert row, "the history does not know it"
        return row[0], row[1]

    def all(self, sql: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql).fetchall()


def idle(name: str = "i-1", saving: str | None = "100.00", **over: Any) -> Finding:
    """A finding about a machine; its cost is that of its processor."""
    number = int(name.rpartition("-")[2])
    fields = {
        "rule": "idle-instance",
        "resource_type": "instance",
        "resource_id": name,
        "resource_name": f"machine {name}",
        "account": "1",
        "region": "r",
        "action": "terminate",
        "status": "new",
        "first_seen": START,
        "evidence": {"cost_pieces": [{"resource_id": name, "component": "compute"}]},
    }
    return build.finding(number, saving, **{**fields, **over})


def blind(rule: str = "idle-instance", region: str | None = "r", resource: str | None = None) -> NotEvaluated:
    return build.unjudged("It could not be read.", rule, account="1", region=region, resource_id=resource)


def _alive(one: Finding, known: Any, at: datetime) -> Finding:
    first, status = life(one.id, known, at)
    return one.model_copy(
        update={"first_seen": first, "status": "exempt" if one.status == "exempt" else status}
    )


def fresh() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": 1})
    con.execute(schema_sql())
    con.execute(bill_ends_sql())
    return con


def loaded(text: str | None) -> Any:
    return None if text is None else json.loads(text)
