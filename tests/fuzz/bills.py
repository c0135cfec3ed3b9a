"""Good bills, small and of every format, that the mutators spoil. What is random in them comes from one `Random`."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
_SAMPLE_ROWS = 25
# Rows that describe themselves in ways a CSV has to quote, a spreadsheet would run and JSON would escape.
DESCRIPTIONS = (
    "$0.096 per hour", "a, b; c|d\te", 'he said "no"', "two\nlines", "=1+2", "Zürich 北京 🙂", "it's \\ back",
    "{'a': 1}", "  blanks  ", "'", "NaN", "[]",
)  # fmt: skip


@dataclass
class Table:
    """A bill before it is written: `family` is focus, cur or gcp; values are text, None, or what JSON has."""

    family: str
    header: list[str]
    rows: list[list[Any]] = field(default_factory=list)

    def at(self, name: str) -> int | None:
        """The column of that name, whatever its case."""
        return next((i for i, each in enumerate(self.header) if each.lower() == name.lower()), None)


def _amount(rng: Random) -> str:
    """Amounts as bills have them: short, long, tiny in scientific notation, negative, nothing."""
    return rng.choice(
        [
            f"{rng.randrange(10**6) / 100:.2f}",
            f"{rng.randrange(10**12)}.{rng.randrange(10**18):018d}",
            f"0.{rng.randrange(10**10):010d}",
            f"-{rng.randrange(10**4)}.{rng.randrange(10**6)}",
            f"{rng.randrange(1, 10**5)}e-{rng.randrange(1, 12)}",
            "0",
            f"{rng.randrange(10**4)}.{rng.randrange(10**22):022d}",
        ]
    )


# --- FOCUS ------------------------------------------------------------------------------------------------

_FOCUS = {
    "BillingAccountId": "000000000042", "BillingAccountName": "Payer", "BillingCurrency": "USD",
    "BillingPeriodEnd": "2026-11-01T00:00:00Z", "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "ChargeCategory": "Usage", "ChargeClass": "", "ChargeDescription": "", "ChargeFrequency": "Usage-Based",
    "ChargePeriodEnd": "2026-10-05T01:00:00Z", "ChargePeriodStart": "2026-10-05T00:00:00Z",
    "BilledCost": "", "EffectiveCost": "", "ListCost": "", "ContractedCost": "", "ConsumedQuantity": "1",
    "ConsumedUnit": "Hours", "ListUnitPrice": "0.1", "PricingQuantity": "1.5", "PricingUnit": "Hours",
    "PublisherName": "AWS", "RegionId": "eu-west-1", "ResourceId": "i-1", "ResourceName": "web",
    "ServiceCategory": "Compute", "ServiceName": "EC2", "SkuId": "007", "SubAccountId": "000000000007",
    "Tags": '{"team": "a"}', "x_Odd": "kept",
}  # fmt: skip
_FOCUS_ADDED = {
    "1.0": {"ProviderName": "AWS"},
    "1.1": {"ProviderName": "Microsoft", "SkuMeter": "Meter", "CommitmentDiscountQuantity": ""},
    "1.2": {"ProviderName": "Oracle", "SkuMeter": "Meter", "InvoiceId": "0001", "PricingCurrency": "EUR"},
    "1.3": {"ProviderName": "AWS", "ServiceProviderName": "AWS", "HostProviderName": "AWS"},
    "1.4": {
        "ServiceProviderName": "Google Cloud",
        "HostProviderName": "Google Cloud",
        "InvoiceDetailId": "9",
    },
}


def focus(rng: Random, version: str) -> Table:
    """A FOCUS bill of a version, with its columns in any order."""
    row = {**_FOCUS, **_FOCUS_ADDED[version]}
    header = list(row)
    rng.shuffle(header)
    table = Table("focus", header)
    for number in range(rng.randrange(3, 14)):
        cost = _amount(rng)
        each = row | {
            "BilledCost": cost, "EffectiveCost": cost, "ListCost": _amount(rng), "ContractedCost": cost,
            "ChargeCategory": rng.choice(["Usage", "Usage", "Purchase", "Tax", "Credit", "Adjustment"]),
            "BillingCurrency": rng.choice(["USD", "USD", "EUR"]), "ResourceId": f"i-{number}",
            "ChargeDescription": rng.choice(DESCRIPTIONS),
        }  # fmt: skip
        table.rows.append([each[name] for name in header])
    return table


# --- AWS CUR ----------------------------------------------------------------------------------------------

_CUR = {
    "identity/LineItemId": "x", "bill/PayerAccountId": "000000000042", "bill/BillType": "Anniversary",
    "bill/BillingPeriodStartDate": "2026-10-01T00:00:00Z", "bill/BillingPeriodEndDate": "2026-11-01T00:00:00Z",
    "lineItem/UsageAccountId": "000000000007", "lineItem/LineItemType": "Usage", "lineItem/ProductCode": "AmazonEC2",
    "lineItem/UsageType": "EU-BoxUsage:m5.large", "lineItem/Operation": "RunInstances",
    "lineItem/CurrencyCode": "USD", "lineItem/UsageStartDate": "2026-10-05T00:00:00Z",
    "lineItem/UsageEndDate": "2026-10-05T01:00:00Z", "lineItem/UsageAmount": "1.0000000000",
    "lineItem/UnblendedCost": "", "lineItem/NetUnblendedCost": "", "lineItem/ResourceId": "i-1",
    "lineItem/LineItemDescription": "", "pricing/publicOnDemandCost": "0.1070000000", "pricing/unit": "Hrs",
    "reservation/ReservationARN": "", "reservation/EffectiveCost": "",
    "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod": "", "reservation/UnusedRecurringFee": "",
    "savingsPlan/SavingsPlanARN": "", "savingsPlan/SavingsPlanEffectiveCost": "",
    "savingsPlan/TotalCommitmentToDate": "", "savingsPlan/UsedCommitment": "",
}  # fmt: skip
_CUR1_ONLY = {
    "product/ProductName": "Amazon Elastic Compute Cloud", "product/regionCode": "eu-west-1",
    "resourceTags/aws:createdBy": "", "resourceTags/user:team": 'a "team", b', "costCategory/Unit": "Shop",
}  # fmt: skip
_CUR2_ONLY = {
    "product": '{"product_name": "Amazon EC2"}', "resource_tags": '{"user_team": "a"}', "cost_category": "{}",
    "discount": "{}", "bill_payer_account_name": "Payer",
}  # fmt: skip
# What a row of each type has beside its cost.
_CUR_KINDS: dict[str, dict[str, str]] = {
    "Usage": {},
    "Tax": {},
    "Credit": {},
    "DiscountedUsage": {"reservation/ReservationARN": "arn:ri", "reservation/EffectiveCost": "0.05"},
    "RIFee": {
        "reservation/ReservationARN": "arn:ri", "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod": "0.5",
        "reservation/UnusedRecurringFee": "0.25",
    },
    "SavingsPlanCoveredUsage": {
        "savingsPlan/SavingsPlanARN": "arn:sp", "savingsPlan/SavingsPlanEffectiveCost": "0.06",
    },
    "SavingsPlanRecurringFee": {
        "savingsPlan/SavingsPlanARN": "arn:sp", "savingsPlan/TotalCommitmentToDate": "0.1",
        "savingsPlan/UsedCommitment": "0.06",
    },
}  # fmt: skip


def _cur_rows(rng: Random, row: dict[str, str]) -> Table:
    table = Table("cur", list(row))
    for number in range(rng.randrange(3, 12)):
        kind = rng.choice(list(_CUR_KINDS))
        each = row | _CUR_KINDS[kind]
        each |= {
            "lineItem/LineItemType": kind, "lineItem/UnblendedCost": _amount(rng),
            "lineItem/NetUnblendedCost": rng.choice(["", _amount(rng)]), "lineItem/ResourceId": f"i-{number}",
            "lineItem/LineItemDescription": rng.choice(DESCRIPTIONS),
        }  # fmt: skip
        table.rows.append([each[name] for name in table.header])
    return table


def cur1(rng: Random) -> Table:
    """A legacy Cost and Usage Report."""
    return _cur_rows(rng, _CUR | _CUR1_ONLY)


def cur2(rng: Random) -> Table:
    """CUR 2.0: the same columns in snake_case, and maps."""
    table = _cur_rows(rng, _CUR | _CUR2_ONLY)
    table.header = [_snake(name) for name in table.header]
    return table


def _snake(name: str) -> str:
    section, _, rest = name.partition("/")
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in rest)
    section = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in section)
    return section if not rest else f"{section}_{words.lstrip('_')}"


# --- Google -----------------------------------------------------------------------------------------------

_GCP: dict[str, Any] = {
    "billing_account_id": "01AAAA-000000-BBBBBB", "service": {"id": "6F81", "description": "Compute Engine"},
    "sku": {"id": "2E27", "description": ""}, "usage_start_time": "2026-10-05 00:00:00 UTC",
    "usage_end_time": "2026-10-05 01:00:00 UTC",
    "project": {"id": "shop", "number": "0123456789", "labels": [{"key": "unit", "value": "retail"}]},
    "labels": [{"key": "team", "value": 'a "quoted"'}], "system_labels": [],
    "location": {"location": "us-central1", "country": "US", "region": "us-central1", "zone": "us-central1-a"},
    "resource": {"name": "projects/1/instances/web", "global_name": "//compute/projects/1/instances/77"},
    "price": {"effective_price": "0.03", "unit": "hour", "pricing_unit_quantity": "1", "list_price": "0.04"},
    "cost": 0.3, "currency": "USD",
    "usage": {"amount": 14400.0, "unit": "seconds", "amount_in_pricing_units": 4.0, "pricing_unit": "hour"},
    "credits": [], "invoice": {"month": "202610"}, "cost_type": "regular", "cost_at_list": "0.4",
}  # fmt: skip


def gcp(rng: Random) -> Table:
    """Google's detailed export, nested."""
    table = Table("gcp", list(_GCP))
    for number in range(rng.randrange(3, 12)):
        amounts = [round(-rng.random(), rng.randrange(1, 12)) for _ in range(rng.randrange(3))]
        each = _GCP | {
            "cost": rng.choice([round(rng.random() * 10**6, 6), rng.randrange(1000) / 100, 1e-7, 0.1, 12]),
            "credits": [
                {"id": f"c{i}", "name": "SUD", "type": "PROMOTION", "amount": a}
                for i, a in enumerate(amounts)
            ],
            "sku": {"id": f"S{number}", "description": rng.choice(DESCRIPTIONS)},
            "cost_type": rng.choice(["regular", "regular", "tax", "adjustment", "rounding_error"]),
        }
        table.rows.append([each[name] for name in table.header])
    return table


def flat(nested: Table) -> Table:
    """The same with a column per field and lists as JSON text, as CSV has it."""
    columns: dict[str, list[Any]] = {}
    for number, name in enumerate(nested.header):
        values = [row[number] for row in nested.rows]
        if isinstance(values[0], dict):
            for key in values[0]:
                columns[f"{name}_{key}"] = [_as_text(value[key]) for value in values]
        else:
            columns[name] = [_as_text(value) for value in values]
    return Table("gcp", list(columns), [list(row) for row in zip(*columns.values(), strict=True)])


def _as_text(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list) else str(value)


# --- real ones --------------------------------------------------------------------------------------------

_REAL = {
    "focus/focus/focus_sample_1000.csv": "focus", "focus/focus/synthetic_aws_1_3_rows100.csv": "focus",
    "focus/focus/synthetic_azure_1_2_rows100.csv": "focus", "focus/focus/synthetic_gcp_1_2_rows100.csv": "focus",
    "aws/billing/focus_1_0_aws_rows.csv": "focus", "focus/generated/nise_aws_cur.csv": "cur",
    "focus/generated/nise_gcp_detailed.csv": "gcp", "focus/native/gcp_detailed_export_synth_google.csv": "gcp",
}  # fmt: skip


def _real(path: Path, family: str) -> Table:
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(io.StringIO(file.read(1 << 21)))
        header = next(reader)
        return Table(family, header, [row for row, _ in zip(reader, range(_SAMPLE_ROWS), strict=False)])


def _any_slice(path: Path, family: str, rng: Random) -> Table:
    table = _real(path, family)
    begin = rng.randrange(len(table.rows) // 2)
    return Table(family, table.header, table.rows[begin : begin + rng.randrange(3, 14)])


def bases() -> dict[str, Callable[[Random], Table]]:
    """Every good bill by its name; the real ones only where they are."""
    made: dict[str, Callable[[Random], Table]] = {
        f"focus-{version}": lambda rng, version=version: focus(rng, version)  # type: ignore[misc]
        for version in _FOCUS_ADDED
    }
    made |= {"cur-1": cur1, "cur-2": cur2, "gcp": gcp, "gcp-flat": lambda rng: flat(gcp(rng))}
    for name, family in _REAL.items():
        path = SAMPLES / name
        if path.is_file():
            made[path.stem] = lambda rng, path=path, family=family: _any_slice(path, family, rng)  # type: ignore[misc]
    return made
