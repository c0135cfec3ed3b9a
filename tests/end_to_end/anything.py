"""Rows at random that a rollup may meet: NULL and NaN, gaps, times within a day, texts at the edges of patterns."""

import math
import random
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from finops.meters import patterns

AS_OF = datetime(2026, 11, 1)
CLOUDS = ("aws", "alibaba", "gcp")
_METRICS = (
    "cpu_utilization", "memory_utilization", "network_in_bytes_per_second", "network_out_bytes_per_second",
    "disk_read_ops_per_second", "disk_write_ops_per_second",
)  # fmt: skip
# What a bill may write before and after the words that a pattern looks for.
_EDGES = ("", "", "", " ", "\n", "\r\n", "\u2028", "云", "x", "X", "-", ":", "9", ".", "é", "\u212a")
Rows = list[dict[str, Any]]


def anything(seed: int) -> dict[str, Rows]:
    """Tables of a small estate that no cloud would send."""
    draw = random.Random(seed)
    return {
        "instances": [_machine(number, draw) for number in range(30)],
        "instance_types": [
            {"cloud": cloud, "instance_type": f"t{size}", "vcpu": size, "memory_gib": 2.0 * size}
            for cloud in CLOUDS
            for size in (1, 2, 4)
        ],
        "metrics": [row for number in range(30) for row in _measured(number, draw)],
        "prices": [_price(draw) for _ in range(200)],
        "traffic": [_flow(draw) for _ in range(80)],
        "charges": [_charge(draw) for _ in range(900)],
    }


def _place(number: int) -> dict[str, str]:
    return {"cloud": CLOUDS[number % 3], "account_id": f"{number % 4}", "region": "r"}


def _machine(number: int, draw: random.Random) -> dict[str, Any]:
    told = {"instance_id": f"i-{number}", "state": "running", "instance_type": f"t{draw.choice((1, 2, 4))}"}
    more = {
        "platform": draw.choice(("linux", "windows", "other", None)),
        "purchase_model": draw.choice(("on_demand", "spot")),
    }
    return {**_place(number), **told, **more}


def _measured(number: int, draw: random.Random) -> Rows:
    rows = []
    for metric in draw.sample(_METRICS, 3):
        for back in range(1, draw.choice((2, 20, 100))):
            rows.append(_bucket(number, metric, AS_OF - timedelta(days=back), 86400, draw))
    for back in range(1, draw.choice((2, 200, 360))):
        rows.append(_bucket(number, "cpu_utilization", AS_OF - timedelta(hours=back), 3600, draw))
    return [row for row in rows if draw.random() < 0.95]


def _bucket(number: int, metric: str, start: datetime, seconds: int, draw: random.Random) -> dict[str, Any]:
    values = {
        name: draw.choice((draw.random(), draw.random(), 0.0, 0.5, None, 1e-9))
        for name in ("avg", "p95", "max")
    }
    if draw.random() < 0.002:
        values["max"] = math.nan
    key = {"resource_id": f"i-{number}", "metric": metric, "bucket_start": start, "bucket_seconds": seconds}
    return {**_place(number), **key, **values}


def _price(draw: random.Random) -> dict[str, Any]:
    return {
        "cloud": draw.choice(CLOUDS), "region": "r", "zone": draw.choice((None, "a", "b")),
        "sku": f"t{draw.choice((1, 2, 4))}", "purchase_model": draw.choice(("on_demand", "spot")), "unit": "hour",
        "platform": draw.choice((None, "linux", "windows")), "tier_start": draw.choice((None, 0, 100)),
        "price": Decimal(draw.randrange(1, 10**6)) / 10**6, "currency": draw.choice(("USD", "USD", "CNY")),
        "as_of": AS_OF - timedelta(minutes=draw.randrange(-1000, 200_000)), "source": "test",
    }  # fmt: skip


def _flow(draw: random.Random) -> dict[str, Any]:
    ends = {
        f"{end}_{what}": value
        for end in ("source", "destination")
        for what, value in (
            ("resource", draw.choice((None, "i-1", "i-2", "i-3"))),
            ("zone", draw.choice(("a", "b", None))),
        )
    }
    day = AS_OF - timedelta(days=draw.randrange(0, 100))
    return {
        **_place(draw.randrange(6)), **ends, "destination_region": draw.choice((None, "r", "s")), "day": day,
        "bytes": draw.random() * 1e12, "path": draw.choice(("private", "public")), "source": "flow log",
    }  # fmt: skip


def _charge(draw: random.Random) -> dict[str, Any]:
    line = draw.choice(patterns())
    cloud = draw.choice(CLOUDS) if line["cloud"] == "any" else line["cloud"]
    number = draw.randrange(30)
    start = AS_OF - timedelta(hours=draw.randrange(1, 2400), minutes=draw.choice((0, 0, 7)))
    cost = draw.choice((Decimal(draw.randrange(10**9)) / 10**9, Decimal(0), Decimal("0.1"), None))
    quantity = draw.choice((None, Decimal(1), Decimal(draw.randrange(10**6)) / 10**4))
    return {
        "x_Cloud": cloud, "x_AccountId": f"{number % 4}", "BillingAccountId": draw.choice((None, "0", "payer")),
        "x_ResourceKey": draw.choice((None, f"i-{number}")), "RegionId": "r", "BillingCurrency": draw.choice(("USD", "CNY")),
        "ChargeCategory": draw.choice(("Usage", "Usage", "Usage", "Purchase", "Adjustment", "Tax")),
        "ChargePeriodStart": start, "ChargePeriodEnd": start + draw.choice((1, 1, 24, 24, 720)) * timedelta(hours=1),
        "BillingPeriodStart": draw.choice((None, start.replace(day=1, hour=0, minute=0))),
        "x_ServiceCode": draw.choice((None, _near(line["service"], draw))), "ServiceName": _near(line["service"], draw),
        "x_UsageType": draw.choice((None, _near(line["meter"], draw), "EU-BoxUsage:t2", "BoxUsage:t4\n")),
        "x_Operation": draw.choice((None, _near(line["operation"], draw), "RunInstances")),
        "ChargeDescription": draw.choice((None, _near(line["description"], draw), "N2 Instance Core running in r", "Inter Zone Egress")),
        "ServiceCategory": line["category"] or None, "ServiceSubcategory": line["subcategory"] or None,
        "ConsumedQuantity": quantity, "ConsumedUnit": draw.choice((None, "Hrs", "GB", "seconds", "byte-seconds", "小时")),
        "PricingQuantity": quantity, "PricingUnit": draw.choice((None, "Hours", "gibibyte hour")),
        "CommitmentDiscountId": draw.choice((None, None, None, "arn:aws:x/sp-1", "sp-2\n")),
        "CommitmentDiscountStatus": draw.choice((None, None, "Used", "Unused")),
        "CommitmentDiscountType": draw.choice((None, "Savings Plan")), "ListCost": draw.choice((None, Decimal(0), Decimal("0.3"))),
        "x_Cost": cost, "x_CostBasis": draw.choice(("effective", "effective", "billed", "total")), "x_Source": "test",
        "SkuPriceDetails": draw.choice((None, "{", '{"InstanceSpec": "t2"}', '{"InstanceSpec": null}', '{"a": {"b": 1}}')),
        "x_Other": draw.choice(_OTHER),
    }  # fmt: skip


_OTHER = (
    None,
    "{}",
    '{"ServicePeriod": "3", "ServicePeriodUnit": "Month", "SubscriptionType": "Subscription"}',
    '{"服务时长": "1", "时长单位": "年", "消费类型": "预付费"}',
    '{"ServicePeriod": "", "SubscriptionType": "PayAsYouGo"}',
    '{"ServicePeriod": 2.50, "SubscriptionType": "SUBSCRIPTION x"}',
)


def _near(pattern: str, draw: random.Random) -> str:
    """A text that the pattern may find or just miss."""
    words = re.findall(r"[^\\^$|()\[\]?+*.{}]{3,}", pattern) or ["anything"]
    word = draw.choice(words)
    word = draw.choice((word, word, word.lower(), word.upper()))
    return f"{draw.choice(_EDGES)}{word}{draw.choice(_EDGES)}"
