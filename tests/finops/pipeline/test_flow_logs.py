"""Flow logs, an inventory and a bill, audited: which pair pays, how much, and no more than the bill."""

import gzip
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from collectors.bills import ingest
from finops.config import Settings
from finops.model import AuditReport, Finding
from finops.pipeline.audit import audit
from finops.pipeline.loading import ingest_files
from finops.warehouse import Writer, reading
from tests.finops.commitments.estate import AS_OF, PAYER, charge, warehouse

DAYS = 30
GIB = 1 << 30
HEADER = "account-id region vpc-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start action log-status flow-direction pkt-dst-aws-service"


def lines(day: datetime) -> Iterator[str]:
    """A day: 10 GiB from i-1 to i-2, which both record, and 6 GiB from i-1 to S3 by a gateway, which both record."""
    start = int((day - datetime(1970, 1, 1)).total_seconds())
    for card, way in (("eni-1", "egress"), ("eni-2", "ingress")):
        yield f"{PAYER} eu-west-1 vpc-1 {card} 10.0.0.5 10.0.1.9 10.0.0.5 10.0.1.9 {10 * GIB} {start} ACCEPT OK {way} -"
    yield f"{PAYER} eu-west-1 vpc-1 eni-1 10.0.0.5 52.0.0.1 10.0.0.5 52.0.0.1 {6 * GIB} {start} ACCEPT OK egress S3"
    yield f"{PAYER} eu-west-1 vpc-1 eni-n 10.0.0.5 10.0.0.2 10.0.0.5 52.0.0.1 {6 * GIB} {start} ACCEPT OK ingress S3"
    yield f"{PAYER} eu-west-1 vpc-1 eni-n 10.0.0.2 52.0.0.1 10.0.0.2 52.0.0.1 {6 * GIB} {start} ACCEPT OK egress S3"


def flow_log(folder: Path, days: int = DAYS) -> Path:
    text = [HEADER, *(line for back in range(1, days + 1) for line in lines(AS_OF - timedelta(days=back)))]
    path = folder / "flows.log.gz"
    path.write_bytes(gzip.compress("\n".join(text).encode() + b"\n"))
    return path


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """i-1 in zone a and i-2 in zone b, a NAT gateway in zone a, and what a bill charges for each."""
    con = warehouse()
    place = f"'aws', '{PAYER}', 'eu-west-1'"
    con.execute(
        "INSERT INTO instances (cloud, account_id, region, instance_id, zone, state, instance_type, vpc_id, subnet_id) VALUES "
        f"({place}, 'i-1', 'eu-west-1a', 'running', 'm5.large', 'vpc-1', 'subnet-1'), "
        f"({place}, 'i-2', 'eu-west-1b', 'running', 'm5.large', 'vpc-1', 'subnet-2')"
    )
    con.execute(
        "INSERT INTO nat_gateways (cloud, account_id, region, nat_gateway_id, zone, kind, state, vpc_id) VALUES "
        f"({place}, 'nat-1', 'eu-west-1a', 'public', 'active', 'vpc-1')"
    )
    con.execute(
        "INSERT INTO subnets (cloud, account_id, region, subnet_id, vpc_id, private_access, services) VALUES "
        f"({place}, 'subnet-1', 'vpc-1', FALSE, '')"
    )
    for address, card, owner, kind in (
        ("10.0.0.5", "eni-1", "i-1", "instance"),
        ("10.0.1.9", "eni-2", "i-2", "instance"),
        ("10.0.0.2", "eni-n", "nat-1", "nat_gateway"),
    ):
        con.execute(
            "INSERT INTO network_addresses (cloud, account_id, region, vpc_id, address, interface_id, resource_id, "
            f"resource_type, is_public) VALUES ({place}, 'vpc-1', ?, ?, ?, ?, FALSE)",
            [address, card, owner, kind],
        )
    hours = range(24 * 40)
    regional = {"x_UsageType": "EU-DataTransfer-Regional-Bytes", "ConsumedUnit": "GB", "x_Cost": 0.01}
    charge(con, hours, x_ResourceKey="i-1", x_Operation="InterZone-Out", ConsumedQuantity=1, **regional)
    charge(con, hours, x_ResourceKey="i-2", x_Operation="InterZone-In", ConsumedQuantity=1, **regional)
    nat = {"x_ResourceKey": "nat-1", "x_Operation": "NatGateway"}
    charge(con, hours, **nat, x_UsageType="EU-NatGateway-Hours", x_Cost=0.048)
    charge(
        con,
        hours,
        **nat,
        x_UsageType="EU-NatGateway-Bytes",
        ConsumedUnit="GB",
        ConsumedQuantity=0.5,
        x_Cost=0.024,
    )
    yield con
    con.close()


def judged(con: duckdb.DuckDBPyConnection, path: Path) -> AuditReport:
    ingest(Writer(con, "run", AS_OF), [path], at=AS_OF)
    return audit(con, Settings(), run_id="r", as_of=AS_OF)


def of(report: AuditReport, rule: str) -> dict[str, Finding]:
    return {finding.resource_id: finding for finding in report.findings if finding.rule == rule}


def test_pairs_are_named_and_money_is_that_of_the_bill(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    report = judged(con, flow_log(tmp_path))
    pairs = of(report, "cross-zone-traffic")
    sender, receiver = pairs["i-1"], pairs["i-2"]
    assert (
        sender.reason
        == "The bill holds 730 GiB a month between zones (limit 0), the largest part with i-2 in eu-west-1b."
    )
    assert sender.evidence["largest_pairs"] == "i-2 in eu-west-1b 304 GiB"
    assert receiver.evidence["largest_pairs"] == "i-1 in eu-west-1a 304 GiB"
    assert (sender.net_monthly_savings, receiver.net_monthly_savings) == (Decimal("7.30"), Decimal("7.30"))
    assert (sender.confidence, sender.price_basis) == ("medium", "billed")
    assert set(pairs) == {"i-1", "i-2"}  # the gateway is in the zone of its machine


def test_what_an_endpoint_carries_free_is_a_share_of_the_gateways_own_bytes(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    found = of(judged(con, flow_log(tmp_path)), "nat-endpoint-traffic")["nat-1"]
    assert found.reason == (
        "Through it 183 GiB a month go to s3 and others that have a free way (limit 10), of 365 GiB that it is charged for."
    )
    assert found.net_monthly_savings == Decimal(
        "8.76"
    )  # half of 17.52 for bytes, and nothing of 35.04 for hours
    assert found.proposed["share"] == 0.5


def test_flow_logs_of_three_days_name_the_pairs_of_the_bill_at_their_daily_rate(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    report = judged(con, flow_log(tmp_path, days=3))
    assert of(report, "cross-zone-traffic")["i-1"].evidence["largest_pairs"] == "i-2 in eu-west-1b 304 GiB"
    assert [
        one.reason for one in report.not_evaluated if one.rule == "nat-endpoint-traffic" and one.resource_id
    ] == ["Flow logs have it for 3 days (needed: 7)."]


def test_hundreds_of_files_are_told_together(tmp_path: Path) -> None:
    folder = tmp_path / "flows"
    folder.mkdir()
    for number in range(21):
        (folder / f"{number:02}.log").write_text(
            f"{HEADER}\n{next(lines(AS_OF - timedelta(days=number + 1)))}\n"
        )
    db = tmp_path / "w.duckdb"
    told = ingest_files(db, [str(folder)], Settings(), at=AS_OF)
    assert told.text == "21 flow log files: loaded 21 records of 21, 0 unchanged"
    assert ingest_files(db, [str(folder)], Settings(), at=AS_OF).text.endswith(
        "loaded 0 records of 0, 21 unchanged"
    )
    with reading(db) as con:
        assert con.execute("SELECT count(*), sum(bytes) FROM traffic").fetchall() == [(21, 21 * 10.0 * GIB)]
