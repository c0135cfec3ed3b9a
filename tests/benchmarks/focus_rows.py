"""Writes a made-up FOCUS 1.2 bill: 57 FOCUS columns and 4 of AWS, the same bytes' worth of data on every run.

    python tests/benchmarks/focus_rows.py --rows 1000000 [--amounts double] [--maps] OUT.parquet|OUT.csv|OUT.csv.gz

Everything is drawn from hashes of the row number, so two runs with one DuckDB version agree. Money has up to 11
decimals and is DOUBLE in Parquet, as AWS writes it, or DECIMAL or text; with --maps tags are maps, as AWS writes them
too. Every row has a description of its own, which no real bill has: it is what compresses worst.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import duckdb

AMOUNTS = {"double": "DOUBLE", "decimal": "DECIMAL(38, 12)", "text": "VARCHAR"}

_BASE = """
SELECT i,
       hash(i * 3 + {seed}) % 100 AS kind,
       (hash(i * 5 + {seed}) % 900000000000)::DECIMAL(12, 0) * 0.00000000001 AS price,
       (1 + hash(i * 7 + {seed}) % 24)::DECIMAL(4, 0) AS quantity,
       (hash(i * 11 + {seed}) % 20)::INTEGER AS account,
       (hash(i * 13 + {seed}) % 12)::INTEGER AS service,
       (hash(i * 17 + {seed}) % 720)::INTEGER AS hour,
       (hash(i * 19 + {seed}) % ({rows} // 100 + 10))::BIGINT AS resource
FROM range({rows}) AS numbers(i)
"""

_ROW = """
SELECT CASE WHEN kind < 70 THEN 'us-east-1' || chr(97 + account % 3) END AS AvailabilityZone,
       CASE WHEN kind < 2 THEN -price ELSE price * quantity END AS BilledCost,
       '000000000042' AS BillingAccountId,
       'Example payer' AS BillingAccountName,
       'Payer' AS BillingAccountType,
       'USD' AS BillingCurrency,
       TIMESTAMP '2026-11-01' AS BillingPeriodEnd,
       TIMESTAMP '2026-10-01' AS BillingPeriodStart,
       NULL::VARCHAR AS CapacityReservationId,
       NULL::VARCHAR AS CapacityReservationStatus,
       CASE WHEN kind < 2 THEN 'Credit' WHEN kind < 4 THEN 'Tax' ELSE 'Usage' END AS ChargeCategory,
       NULL::VARCHAR AS ChargeClass,
       '$' || price || ' per unit, of service number ' || service AS ChargeDescription,
       'Usage-Based' AS ChargeFrequency,
       TIMESTAMP '2026-10-01' + to_hours(hour + 1) AS ChargePeriodEnd,
       TIMESTAMP '2026-10-01' + to_hours(hour) AS ChargePeriodStart,
       CASE WHEN kind > 90 THEN 'Spend' END AS CommitmentDiscountCategory,
       CASE WHEN kind > 90 THEN 'arn:aws:savingsplans::000000000042:savingsplan/' || account END
           AS CommitmentDiscountId,
       NULL::VARCHAR AS CommitmentDiscountName,
       CASE WHEN kind > 90 THEN price * quantity END AS CommitmentDiscountQuantity,
       CASE WHEN kind > 90 THEN 'Used' END AS CommitmentDiscountStatus,
       CASE WHEN kind > 90 THEN 'Compute Savings Plan' END AS CommitmentDiscountType,
       CASE WHEN kind > 90 THEN 'USD' END AS CommitmentDiscountUnit,
       quantity AS ConsumedQuantity,
       'Hours' AS ConsumedUnit,
       price * quantity AS ContractedCost,
       price AS ContractedUnitPrice,
       CASE WHEN kind < 2 THEN -price WHEN kind > 90 THEN price * quantity * 0.7 ELSE price * quantity END
           AS EffectiveCost,
       'INV-' || account AS InvoiceId,
       'Amazon Web Services, Inc.' AS InvoiceIssuerName,
       price * quantity AS ListCost,
       price AS ListUnitPrice,
       CASE WHEN kind > 90 THEN 'Committed' ELSE 'Standard' END AS PricingCategory,
       'USD' AS PricingCurrency,
       price AS PricingCurrencyContractedUnitPrice,
       price * quantity AS PricingCurrencyEffectiveCost,
       price AS PricingCurrencyListUnitPrice,
       quantity AS PricingQuantity,
       'Hours' AS PricingUnit,
       'AWS' AS ProviderName,
       'AWS' AS PublisherName,
       'us-east-1' AS RegionId,
       'US East (N. Virginia)' AS RegionName,
       CASE WHEN kind < 80 THEN 'arn:aws:ec2:us-east-1:' || lpad(account::VARCHAR, 12, '0') || ':instance/i-'
           || lpad(format('{{:x}}', resource), 17, '0') END AS ResourceId,
       NULL::VARCHAR AS ResourceName,
       'instance' AS ResourceType,
       'Compute' AS ServiceCategory,
       'Amazon service number ' || service AS ServiceName,
       'Virtual Machines' AS ServiceSubcategory,
       'SKU' || lpad(format('{{:X}}', hash(resource % 997) % 4294967296), 13, 'A') AS SkuId,
       'USE1-BoxUsage:m5.' || (ARRAY['large', 'xlarge', '2xlarge', '4xlarge'])[1 + service % 4] AS SkuMeter,
       json_object('InstanceType', 'm5.large', 'CoreCount', 2, 'Term', service)::VARCHAR AS SkuPriceDetails,
       'SKU' || lpad(format('{{:X}}', hash(resource % 997) % 4294967296), 13, 'A') || '.JRTCKXETXF' AS SkuPriceId,
       lpad(account::VARCHAR, 12, '0') AS SubAccountId,
       'account ' || account AS SubAccountName,
       'Linked' AS SubAccountType,
       json_object('team', 'team-' || resource % 40, 'env', 'prod', 'owner', 'o' || resource % 300)::VARCHAR AS Tags,
       json_object('discount', 'none')::VARCHAR AS x_Discounts,
       'RunInstances' AS x_Operation,
       'AmazonEC2' AS x_ServiceCode,
       'USE1-BoxUsage:m5.large' AS x_UsageType
FROM base
"""


def write(path: Path, rows: int, seed: int = 0, amounts: str = "double", *, maps: bool = False) -> None:
    """Writes `rows` charges to `path`; the ending of the name says in which format.

    `amounts` (a key of AMOUNTS) and `maps` are for Parquet; CSV has text anyway.
    """
    select = f"WITH base AS ({_BASE}) {_ROW}".format(rows=rows, seed=seed)
    if path.name.endswith(".parquet"):
        select = f"SELECT * REPLACE ({', '.join(_types(amounts, maps=maps))}) FROM ({select})"
        options = "FORMAT parquet, COMPRESSION zstd"
    else:
        options = f"FORMAT csv, HEADER, COMPRESSION {'gzip' if path.suffix == '.gz' else 'none'}"
    with duckdb.connect(config={"threads": 2}) as con:
        con.execute(f"COPY ({select}) TO '{path}' ({options})")


def _types(amounts: str, *, maps: bool) -> Iterator[str]:
    money = ["BilledCost", "CommitmentDiscountQuantity", "ConsumedQuantity", "ContractedCost"]
    money += ["ContractedUnitPrice", "EffectiveCost", "ListCost", "ListUnitPrice", "PricingQuantity"]
    money += [f"PricingCurrency{name}" for name in ("ContractedUnitPrice", "EffectiveCost", "ListUnitPrice")]
    yield from (f"{name}::{AMOUNTS[amounts]} AS {name}" for name in money)
    if maps:
        names = ("SkuPriceDetails", "Tags", "x_Discounts")
        yield from (f"{name}::JSON::MAP(VARCHAR, VARCHAR) AS {name}" for name in names)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--amounts", choices=AMOUNTS, default="double")
    parser.add_argument("--maps", action="store_true")
    given = parser.parse_args()
    write(given.path, given.rows, given.seed, given.amounts, maps=given.maps)
