"""Bytes that a bill meters become rows of `traffic`, and go with the charges they came from."""

import json
from decimal import Decimal

import pytest

GIB = 1024**3
NAT = "arn:aws:ec2:us-east-1:000000000007:natgateway/nat-1"


def transfer(meter, operation, quantity, cost="0.01", **more):
    return {
        "x_UsageType": meter, "x_Operation": operation, "ConsumedQuantity": quantity, "ConsumedUnit": "GB",
        "EffectiveCost": cost, "BilledCost": cost, "RegionId": "us-east-1", "AvailabilityZone": "us-east-1a",
        "ChargeDescription": meter, "PricingUnit": "", "ServiceCategory": "Compute", "SkuPriceDetails": "", **more,
    }  # fmt: skip


def told(desk):
    return desk.ask(
        "SELECT kind, path, source_resource, destination_resource, destination_region, bytes / 1073741824 "
        "FROM traffic WHERE source = 'bill' ORDER BY ALL"
    )


def test_both_ends_of_a_transfer_between_zones_are_told_apart(desk):
    desk.ingest(
        desk.csv(
            "bill.csv",
            transfer("DataTransfer-Regional-Bytes", "InterZone-Out", "3", ResourceId="i-a"),
            transfer("USE2-DataTransfer-Regional-Bytes", "InterZone-In", "3", ResourceId="i-b"),
        )
    )
    assert told(desk) == [
        ("cross_zone", "private", "i-a", None, "us-east-1", 3),
        ("cross_zone", "private", None, "i-b", "us-east-1", 3),
    ]


@pytest.mark.parametrize(
    ("meter", "operation", "kind", "path"),
    [
        ("DataTransfer-Regional-Bytes", "PublicIP-Out", "public_ip", "public"),
        ("EU-DataTransfer-Out-Bytes", "RunInstances", "internet", "public"),
        ("USE1-EUW1-AWS-Out-Bytes", "RunInstances", "inter_region", "private"),
        ("NatGateway-Bytes", "NatGateway", "nat", "nat"),
    ],
)
def test_every_kind_of_traffic_is_recognised_on_aws(desk, meter, operation, kind, path):
    desk.ingest(desk.csv("bill.csv", transfer(meter, operation, "2.5")))
    assert [(row[0], row[1], row[5]) for row in told(desk)] == [(kind, path, 2.5)]


@pytest.mark.parametrize(
    ("meter", "operation"),
    [
        ("BoxUsage:m5.large", "RunInstances"),
        ("NatGateway-Hours", "NatGateway"),
        ("EUW1-USE1-AWS-In-Bytes", "RunInstances"),
        ("DataTransfer-In-Bytes", "RunInstances"),
    ],
)
def test_what_meters_no_bytes_that_cost_anything_is_no_traffic(desk, meter, operation):
    desk.ingest(desk.csv("bill.csv", transfer(meter, operation, "2.5")))
    assert told(desk) == []


def test_bytes_that_aws_meters_a_second_time_at_no_price_are_counted_once(desk):
    desk.ingest(
        desk.csv(
            "bill.csv",
            transfer("DataTransfer-Regional-Bytes", "InterZone-Out", "3"),
            transfer("DataTransfer-xAZ-Out-Bytes", "InterZone-Out", "3", cost="0"),
        )
    )
    assert [row[5] for row in told(desk)] == [3]


@pytest.mark.parametrize(
    ("description", "kind"),
    [
        ("Network Inter Zone Data Transfer Out", "cross_zone"),
        ("Network Inter Zone Egress", "cross_zone"),
        ("Network Inter Region Data Transfer Out from Americas to EMEA", "inter_region"),
        ("Network Internet Data Transfer Out from Americas to China", "internet"),
        ("Network Internet Standard Tier Data Transfer Out from Americas", "internet"),
        ("Network Google Data Transfer Out from Americas to EMEA", "internet"),
        ("Networking Cloud Nat Data Processing", "nat"),
    ],
)
def test_google_is_told_by_the_words_of_its_sku(desk, description, kind):
    row = {
        "ProviderName": "Google Cloud", "ChargeDescription": description, "ConsumedQuantity": str(2 * GIB),
        "ConsumedUnit": "bytes", "RegionId": "us-central1", "ResourceId": "//compute.googleapis.com/projects/p/zones/z/instances/7",
    }  # fmt: skip
    desk.ingest(desk.csv("bill.csv", row))
    ((found, _, sender, *_, gib),) = told(desk)
    assert (found, sender, gib) == (kind, "7", 2)


def test_the_region_that_receives_is_told_where_the_bill_names_it(desk):
    details = json.dumps({"to_region_code": "eu-west-1"})
    desk.ingest(desk.csv("bill.csv", transfer("USE1-EUW1-AWS-Out-Bytes", "", "1", SkuPriceDetails=details)))
    assert told(desk)[0][4] == "eu-west-1"


def test_bytes_of_a_day_are_added_up_and_of_two_days_are_not(desk):
    hours = [
        transfer(
            "NatGateway-Bytes", "NatGateway", "1", ResourceId=NAT,
            ChargePeriodStart=f"2026-10-0{day}T{hour:02}:00:00Z", ChargePeriodEnd=f"2026-10-0{day}T{hour + 1:02}:00:00Z",
        )
        for day in (5, 6)
        for hour in (0, 1, 2)
    ]  # fmt: skip
    desk.ingest(desk.csv("bill.csv", *hours))
    assert desk.ask(
        "SELECT CAST(day AS VARCHAR), bytes / 1073741824, source_resource FROM traffic ORDER BY ALL"
    ) == [
        ("2026-10-05 00:00:00", 3, "nat-1"),
        ("2026-10-06 00:00:00", 3, "nat-1"),
    ]


def test_a_bill_that_is_restated_takes_its_traffic_with_it(desk):
    desk.ingest(desk.csv("bill.csv", transfer("NatGateway-Bytes", "NatGateway", "5")))
    desk.ingest(desk.csv("bill.csv", transfer("NatGateway-Bytes", "NatGateway", "2")))
    assert [row[5] for row in told(desk)] == [2]
    desk.ingest(desk.csv("bill.csv", transfer("BoxUsage:m5.large", "RunInstances", "2")))
    assert told(desk) == []


def test_flow_logs_and_the_traffic_of_other_accounts_stay(desk):
    desk.con.execute(
        "INSERT INTO traffic BY NAME SELECT 'aws' AS cloud, '000000000007' AS account_id, 'r' AS region, "
        "TIMESTAMP '2026-10-05' AS day, 1 AS bytes, 'private' AS path, 'flow log' AS source"
    )
    desk.ingest(desk.csv("a.csv", transfer("NatGateway-Bytes", "NatGateway", "5")))
    desk.ingest(
        desk.csv("b.csv", transfer("NatGateway-Bytes", "NatGateway", "7", SubAccountId="000000000008"))
    )
    desk.ingest(desk.csv("a.csv", transfer("NatGateway-Bytes", "NatGateway", "6")))
    assert desk.ask("SELECT account_id, source, bytes FROM traffic ORDER BY ALL") == [
        ("000000000007", "bill", 6 * GIB),
        ("000000000007", "flow log", 1),
        ("000000000008", "bill", 7 * GIB),
    ]


def test_the_samples_traffic_between_zones_is_that_of_its_lines(desk, focus_sample):
    desk.ingest(focus_sample)
    lines = desk.one(
        "SELECT sum(ConsumedQuantity) FROM charges WHERE ChargeDescription LIKE '%regional data transfer - in/out%'"
    )
    bytes_ = desk.one("SELECT sum(bytes) FROM traffic WHERE kind = 'cross_zone'")
    assert lines > 0
    assert Decimal(bytes_) / GIB == pytest.approx(lines, rel=Decimal("1e-9"))
