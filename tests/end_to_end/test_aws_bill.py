"""`finops audit aws --billing-export`: live inventory and the bill of the same account, joined and priced by the bill."""

import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.end_to_end.command import Done, finops
from tests.servers.aws.cloud import ACCOUNT, AS_OF, Cloud, Truth

pytestmark = pytest.mark.slow

REGION = "us-east-1"
HOURLY = Decimal("0.0731")  # a discounted price that no list has
DAYS = 19  # of November, up to the instant of the audit


def charge(identity: str, day: datetime, cost: Decimal, usage: str, description: str) -> dict[str, Any]:
    return {
        "ProviderName": "AWS",
        "BillingAccountId": "000000000042",
        "SubAccountId": ACCOUNT,
        "BillingCurrency": "USD",
        "BillingPeriodStart": datetime(2026, 11, 1),
        "BillingPeriodEnd": datetime(2026, 12, 1),
        "ChargePeriodStart": day,
        "ChargePeriodEnd": day + timedelta(days=1),
        "ChargeCategory": "Usage",
        "ChargeDescription": description,
        "ServiceName": "Amazon Elastic Compute Cloud",
        "ServiceCategory": "Compute",
        "ServiceSubcategory": "Virtual Machines",
        "RegionId": REGION,
        "ResourceId": f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{identity}",
        "SkuMeter": usage,
        "InvoiceId": "1",
        "BilledCost": cost,
        "EffectiveCost": cost,
        "ListCost": cost * 2,
        "ContractedCost": cost,
    }


def bill(truth: Truth) -> bytes:
    """A FOCUS 1.2 bill of every idle machine, by the day."""
    rows = [
        charge(
            identity,
            datetime(2026, 11, 1) + timedelta(days=day),
            HOURLY * 24,
            "BoxUsage:m5.large",
            "per hour",
        )
        for identity in sorted(truth.ids("idle"))
        for day in range(DAYS)
    ]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def audited(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> tuple[Truth, Done, Path]:
    truth = cloud.estate(n=30, regions=(REGION,))
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="bills")
    data = "focus/acme/data/BILLING_PERIOD=2026-11/acme-00001.snappy.parquet"
    manifest = json.dumps({"executionId": "1", "dataFiles": [f"s3://bills/{data}"]})
    s3.put_object(Bucket="bills", Key=data, Body=bill(truth))
    s3.put_object(
        Bucket="bills",
        Key="focus/acme/metadata/BILLING_PERIOD=2026-11/acme-Manifest.json",
        Body=manifest.encode(),
    )
    folder = tmp_path_factory.mktemp("billed")
    done = finops(
        "audit", "aws", "--region", REGION, "--as-of", AS_OF, "--format", "json",
        "--billing-export", "s3://bills/focus/acme", cwd=folder, env=cloud.env,
    )  # fmt: skip
    return truth, done, folder


def test_idle_machines_are_priced_by_the_bill(audited: tuple[Truth, Done, Path]) -> None:
    truth, done, _ = audited
    assert done.code == 0, done.err
    idle = {one["resource_id"]: one for one in done.json["findings"] if one["rule"] == "idle-instance"}
    assert set(idle) == truth.ids("idle")
    for one in idle.values():
        assert "billed_cost" in one["evidence"]
        compute = [piece for piece in one["evidence"]["cost_pieces"] if piece["component"] == "compute"]
        assert compute[0]["monthly_cost"] == pytest.approx(float(HOURLY * 730), rel=1e-6)


def test_savings_stay_below_what_the_account_costs(audited: tuple[Truth, Done, Path]) -> None:
    _, done, _ = audited
    totals = done.json["totals"]
    assert 0 < totals["net_monthly_savings"] <= totals["monthly_cost"]


def test_a_second_audit_asks_nothing_and_downloads_nothing(
    audited: tuple[Truth, Done, Path], cloud: Cloud
) -> None:
    _, _, folder = audited
    cloud.reset_calls()
    again = finops(
        "audit", "aws", "--region", REGION, "--as-of", AS_OF, "--format", "json",
        "--billing-export", "s3://bills/focus/acme", cwd=folder, env=cloud.env,
    )  # fmt: skip
    assert again.code == 0
    assert cloud.count() == 0


def test_the_printed_policy_reads_the_bill_and_no_other_bucket(
    audited: tuple[Truth, Done, Path], cloud: Cloud, tmp_path: Path
) -> None:
    printed = finops("permissions", "aws", "--billing-export", "s3://bills/focus/acme", cwd=tmp_path)
    env = cloud.enforce_iam(printed.json)
    where = ("collect", "aws", "--region", REGION, "--as-of", AS_OF, "--only", "charges", "--billing-export")
    done = finops(*where, "s3://bills/focus/acme", cwd=tmp_path, env=env)
    other = finops(*where, "s3://secrets/x", cwd=tmp_path, env=env)
    cloud.stop_enforcing_iam()
    assert done.code == 0, done.err
    assert f"{DAYS * len(audited[0].ids('idle'))} rows" in done.out
    assert other.code in (2, 3)
