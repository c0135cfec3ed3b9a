"""The FOCUS export: every row conforms, every sum is the warehouse's, nothing is lost, and the folder is whole or not there."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from collectors.bills.mapping import macros
from finops.config import Settings
from finops.errors import BusyError, InvariantError, UsageError
from finops.pipeline import exporting, focus_columns
from finops.pipeline.exporting import Asked, export_focus
from finops.pipeline.folders import whole_folder
from finops.pipeline.loading import ingest_files
from tests.conformance.data_sets import AT, DATA_SETS, DataSet, export

ROOT = Path(__file__).parents[3]
ROW = {
    "BilledCost": "1.5", "EffectiveCost": "1.25", "ListCost": "2", "ContractedCost": "1.5", "BillingCurrency": "USD",
    "BillingAccountId": "000000000042", "SubAccountId": "000000000007", "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "BillingPeriodEnd": "2026-11-01T00:00:00Z", "ChargePeriodStart": "2026-10-05T00:00:00Z",
    "ChargePeriodEnd": "2026-10-05T01:00:00Z", "ChargeCategory": "Usage", "ServiceName": "Amazon Elastic Compute Cloud",
    "ServiceCategory": "Compute", "ProviderName": "AWS", "InvoiceIssuerName": "Amazon Web Services, Inc.",
    "ConsumedQuantity": "1", "ConsumedUnit": "Hours", "PricingQuantity": "1", "PricingUnit": "Hours", "SkuId": "S1",
    "SkuPriceId": "S1.P1", "ListUnitPrice": "2", "ContractedUnitPrice": "1.5", "ChargeDescription": "an hour",
}  # fmt: skip
COMMITMENT = {"CommitmentDiscountId": "sp-1", "CommitmentDiscountCategory": "Spend",
              "CommitmentDiscountType": "Savings Plan", "CommitmentDiscountQuantity": "0.5",
              "CommitmentDiscountUnit": "USD"}  # fmt: skip
AWKWARD: list[dict[str, str]] = [
    {},
    {"BillingCurrency": "CNY", "BilledCost": "-0.000000000000000001", "ListCost": "", "ContractedCost": ""},
    {"ListCost": "", "ContractedCost": "", "PricingQuantity": "3"},
    {"ChargeCategory": "Tax", "PricingCategory": "Standard", "ServiceName": "Tax", "ServiceCategory": "Taxes"},
    {"ChargeCategory": "Credit", "ContractedUnitPrice": "-3", "ChargeFrequency": "sometimes"},
    {"ChargeCategory": "Purchase", "ChargeFrequency": "Usage-Based", "EffectiveCost": "0"},
    {"ChargeCategory": "Adjustment", "ChargeClass": "Correction", **COMMITMENT},
    {"ChargeClass": "Refund", "ConsumedQuantity": "-3", "PricingQuantity": "-3", "BilledCost": "-1.5"},
    {**COMMITMENT, "CommitmentDiscountStatus": "Unused", "BilledCost": "0"},
    {**COMMITMENT, "CommitmentDiscountStatus": "Used", "BilledCost": "0", "ContractedCost": ""},
    {"CommitmentDiscountStatus": "Used", "CommitmentDiscountType": "of nothing", "CapacityReservationStatus": "Used"},
    {"ServiceCategory": "Storage", "ServiceSubcategory": "Block Storage", "PricingUnit": "GB-Mo"},
    {"ServiceName": "Zeta", "ServiceCategory": "Storage", "ServiceSubcategory": "Virtual Machines"},
    {"ServiceName": "", "ServiceCategory": "", "ChargeDescription": "", "SkuId": "", "RegionName": "us-phoenix-1"},
    {"RegionName": "Somewhere else", "ResourceType": "bucket", "ResourceName": "no id"},
    {"ResourceId": "arn:aws:ec2:us-east-1:000000000007:volume/vol-1", "RegionId": "us-east-1"},
    {"InvoiceIssuerName": "A reseller", "BilledCost": "0", "PublisherName": "Somebody"},
    {"ProviderName": "", "InvoiceIssuerName": ""},
    {"Tags": '["a", "list"]', "SkuPriceDetails": '{"CoreCount": 4, "tenancy": "Shared", "x_a": {"b": [1.10]}}'},
    {"Tags": '{"team": "größe", " org": null}', "SkuPriceDetails": "no JSON"},
    {"BillingPeriodStart": "2026-09-01", "BillingPeriodEnd": "", "ChargePeriodStart": "2026-09-30",
     "ChargePeriodEnd": "2026-10-01", "PricingCurrency": "EUR", "PricingCurrencyEffectiveCost": "1"},
]  # fmt: skip
CATEGORIES = (
    "'AI and Machine Learning', 'Analytics', 'Business Applications', 'Compute', 'Databases', 'Developer Tools', "
    "'Multicloud', 'Identity', 'Integration', 'Internet of Things', 'Management and Governance', 'Media', 'Migration', "
    "'Mobile', 'Networking', 'Security', 'Storage', 'Web', 'Other'"
)
NOT_NULL = (
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingAccountType", "BillingCurrency", "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd",
    "ChargePeriodStart", "ContractedCost", "EffectiveCost", "InvoiceId", "InvoiceIssuerName", "ListCost",
    "PricingCurrency", "ProviderName", "PublisherName", "ServiceCategory", "ServiceName", "ServiceSubcategory",
)  # fmt: skip
# What no row of an export may be, by FOCUS 1.2; the official validator looks at these per table, or not at all.
FORBIDDEN = {
    **{f"{name} null": f"{name} IS NULL" for name in NOT_NULL},
    "ChargeCategory": "ChargeCategory NOT IN ('Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment')",
    "ChargeClass": "ChargeClass <> 'Correction'",
    "ChargeFrequency": "ChargeFrequency NOT IN ('One-Time', 'Recurring', 'Usage-Based')",
    "purchase by usage": "ChargeCategory = 'Purchase' AND ChargeFrequency = 'Usage-Based'",
    "PricingCategory": "PricingCategory NOT IN ('Standard', 'Dynamic', 'Committed', 'Other')",
    "CommitmentDiscountCategory": "CommitmentDiscountCategory NOT IN ('Spend', 'Usage')",
    "statuses": "CommitmentDiscountStatus NOT IN ('Used', 'Unused') OR CapacityReservationStatus NOT IN ('Used', 'Unused')",
    "ServiceCategory": f"ServiceCategory NOT IN ({CATEGORIES})",
    "charge period": "ChargePeriodEnd < ChargePeriodStart",
    "billing period": "BillingPeriodEnd <= BillingPeriodStart OR day(BillingPeriodStart AT TIME ZONE 'UTC') <> 1",
    "negative price": "least(ListUnitPrice, ContractedUnitPrice, PricingCurrencyListUnitPrice) < 0",
    "priced tax": "ChargeCategory = 'Tax' AND coalesce(SkuId, SkuPriceId, SkuMeter, SkuPriceDetails, PricingCategory, "
                  "PricingUnit, CAST(coalesce(ListUnitPrice, ContractedUnitPrice, PricingQuantity) AS VARCHAR)) IS NOT NULL",
    "usage or purchase unpriced": "ChargeCategory IN ('Usage', 'Purchase') AND PricingCategory IS NULL",
    "consumed": "(ChargeCategory <> 'Usage' OR CommitmentDiscountStatus = 'Unused') AND ConsumedQuantity IS NOT NULL",
    "consumed unit": "(ConsumedQuantity IS NULL) <> (ConsumedUnit IS NULL)",
    "pricing unit": "(PricingQuantity IS NULL) <> (PricingUnit IS NULL)",
    "commitment unit": "CommitmentDiscountQuantity IS NULL AND CommitmentDiscountUnit IS NOT NULL",
    "no commitment": "CommitmentDiscountId IS NULL AND coalesce(CommitmentDiscountCategory, CommitmentDiscountName, "
                     "CommitmentDiscountStatus, CommitmentDiscountType, CommitmentDiscountUnit) IS NOT NULL",
    "commitment of a correction": "ChargeClass = 'Correction' AND CommitmentDiscountQuantity IS NOT NULL",
    "region": "(RegionId IS NULL) <> (RegionName IS NULL)",
    "resource type": "(ResourceId IS NULL) <> (ResourceType IS NULL)",
    "resource name": "ResourceId IS NULL AND ResourceName IS NOT NULL",
    "sub account": "(SubAccountId IS NULL) <> (SubAccountName IS NULL) OR (SubAccountId IS NULL) <> (SubAccountType IS NULL)",
    "meter without SKU": "SkuId IS NULL AND SkuMeter IS NOT NULL",
    "details without price": "SkuPriceId IS NULL AND SkuPriceDetails IS NOT NULL",
    "third party that is billed": "ProviderName <> InvoiceIssuerName AND BilledCost <> 0",
    "same currency, other amounts": "PricingCurrency = BillingCurrency AND PricingCurrencyEffectiveCost IS NULL",
    "JSON": "NOT json_valid(Tags) OR json_type(Tags) <> 'OBJECT' OR json_type(SkuPriceDetails) <> 'OBJECT'",
    "empty text": "least(BillingAccountName, ServiceName, ProviderName, ResourceId, SkuId) = ''",
    "unit format": "concat_ws('|', PricingUnit, ConsumedUnit, CommitmentDiscountUnit) "
                   "SIMILAR TO '.*( [0-9]|--|/[a-z]|Mo\\b|Hrs|-[A-Z][a-z]+-).*'",
}  # fmt: skip


def bill(folder: Path, rows: list[dict[str, str]], name: str = "bill.csv") -> Path:
    columns = list(dict.fromkeys([*ROW, *(column for row in rows for column in row)]))
    with open(folder / name, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows({**ROW, **row} for row in rows)
    return folder / name


def warehouse(folder: Path, *rows: dict[str, str]) -> Path:
    db = folder / "w.duckdb"
    ingest_files(db, [str(bill(folder, list(rows) or AWKWARD))], Settings(), at=AT)
    return db


def written(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection with the files of an export as the view `focus`."""
    con = duckdb.connect(config={"threads": 2})
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f"CREATE VIEW focus AS FROM read_parquet('{folder}/*/*.parquet', hive_partitioning = false)")
    return con


def ask(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return con.execute(sql).fetchall()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module", params=[*DATA_SETS, None], ids=lambda one: one.name if one else "awkward")
def exported(request: pytest.FixtureRequest, shared: Path) -> tuple[Path, Path]:
    """A warehouse and its export: every shared sample, the built-in estate, and a bill of awkward rows."""
    one: DataSet | None = request.param
    if one is None:
        db = warehouse(shared)
        return db, export_focus(db, shared / "out", Settings(), Asked()).folder
    if reason := one.absent():
        pytest.skip(reason)
    db, done = export(one, shared)
    return db, done.folder


def test_no_row_is_what_focus_forbids(exported: tuple[Path, Path]) -> None:
    con = written(exported[1])
    broken = {
        name: ask(con, f"SELECT count(*) FROM focus WHERE {sql}")[0][0] for name, sql in FORBIDDEN.items()
    }
    assert {name: rows for name, rows in broken.items() if rows} == {}


def test_a_service_has_one_category_and_a_subcategory_of_it(exported: tuple[Path, Path]) -> None:
    con = written(exported[1])
    per_service = (
        "SELECT ServiceName, count(DISTINCT (ServiceCategory, ServiceSubcategory)) FROM focus GROUP BY ALL"
    )
    assert {pairs for _, pairs in ask(con, per_service)} == {1}
    con.execute(
        "CREATE TABLE charges (ServiceName VARCHAR, ServiceCategory VARCHAR, ServiceSubcategory VARCHAR)"
    )
    con.execute(focus_columns.preparation())
    pairs = set(ask(con, "FROM focus_categories"))
    assert len(pairs) == 82
    assert set(ask(con, "SELECT DISTINCT ServiceCategory, ServiceSubcategory FROM focus")) <= pairs


def test_the_four_costs_add_up_to_the_warehouse(exported: tuple[Path, Path]) -> None:
    db, folder = exported
    con = written(folder)
    con.execute(f"ATTACH '{db}' AS w (READ_ONLY)")
    clouds = "SELECT DISTINCT x_Cloud FROM focus"
    sums = "BillingCurrency, count(*), sum(BilledCost), sum(EffectiveCost)"
    for name in ("ListCost", "ContractedCost"):
        sums += f", sum({name}) FILTER (NOT coalesce(contains(x_Filled, '{name}'), false))"
    ours = ask(
        con, f"SELECT strftime(BillingPeriodStart, '%Y-%m'), {sums} FROM focus GROUP BY ALL ORDER BY ALL"
    )
    theirs = f"(SELECT *, NULL AS x_Filled FROM w.charges WHERE x_Cloud IN ({clouds}))"
    assert ours == ask(
        con, f"SELECT strftime(BillingPeriodStart, '%Y-%m'), {sums} FROM {theirs} GROUP BY ALL ORDER BY ALL"
    )


def test_what_the_bill_said_can_be_read_back_from_every_row(exported: tuple[Path, Path]) -> None:
    db, folder = exported
    con = written(folder)
    con.execute(f"ATTACH '{db}' AS w (READ_ONLY)")
    kept = {name for name, *_ in ask(con, "DESCRIBE focus")}
    back = []
    for column in focus_columns.columns():
        name = column.name
        if not name.startswith("x_"):
            told = f"coalesce(x_{name}, {name})" if f"x_{name}" in kept else name
            told = (
                f"make_timestamp(epoch_us({told}))" if name.endswith(("PeriodStart", "PeriodEnd")) else told
            )
            empty = f"coalesce(list_contains(string_split(x_Filled, ', '), '{name}'), false)"
            back.append(f"CASE WHEN NOT {empty} THEN {told} END AS {name}")
    names = ", ".join(column.name for column in focus_columns.columns() if not column.name.startswith("x_"))
    bill_says = f"SELECT {names} FROM w.charges WHERE x_Cloud IN (SELECT DISTINCT x_Cloud FROM focus)"
    assert ask(con, f"SELECT {', '.join(back)} FROM focus EXCEPT ALL {bill_says}") == []


@pytest.mark.parametrize("version", focus_columns.VERSIONS)
def test_a_version_has_exactly_its_columns_in_focus_types(version: str, tmp_path: Path) -> None:
    path = ROOT.parent / "shared" / "facts" / "focus_columns.csv"
    if not path.exists():
        pytest.skip("the list of FOCUS columns is not on this machine")
    with open(path, newline="") as file:
        told = {
            row["column"]: row["data_type"] for row in csv.DictReader(file) if row["version"] == f"v{version}"
        }
    kinds = {
        "String": "VARCHAR",
        "JSON": "VARCHAR",
        "Decimal": "DECIMAL(38,18)",
        "Date/Time": "TIMESTAMP WITH TIME ZONE",
    }
    done = export_focus(warehouse(tmp_path), tmp_path / "out", Settings(), Asked(version))
    found = {
        name: kind
        for name, kind, *_ in ask(written(done.folder), "DESCRIBE focus")
        if not name.startswith("x_")
    }
    assert found == {name: kinds[kind] for name, kind in told.items()}
    assert len(found) == {"1.0": 43, "1.1": 50, "1.2": 57}[version]


def test_columns_of_other_versions_and_of_the_provider_come_along(tmp_path: Path) -> None:
    db = warehouse(tmp_path, {"ServiceProviderName": "AWS", "HostProviderName": "Host", "x_Discounts": "d"})
    con = written(export_focus(db, tmp_path / "out", Settings(), Asked()).folder)
    assert ask(con, "SELECT x_HostProviderName, x_Other, x_CostBasis FROM focus") == [
        ("Host", '{"x_Discounts":"d"}', "effective")
    ]
    names = {name for name, *_ in ask(con, "DESCRIBE focus")}
    assert not names & {"x_Source", "x_AccountId", "x_ResourceKey"}  # a path of this machine, and repetitions


def test_leading_zeros_and_the_smallest_amount_survive(tmp_path: Path) -> None:
    con = written(export_focus(warehouse(tmp_path), tmp_path / "out", Settings(), Asked()).folder)
    assert ask(con, "SELECT DISTINCT BillingAccountId, SubAccountId FROM focus") == [
        ("000000000042", "000000000007")
    ]
    assert ask(con, "SELECT BilledCost::VARCHAR FROM focus WHERE BillingCurrency = 'CNY'") == [
        ("-0.000000000000000001",)
    ]


def test_missing_costs_are_price_times_quantity_else_what_focus_prescribes(tmp_path: Path) -> None:
    rows: list[dict[str, str]] = [
        {"ListCost": "", "ContractedCost": "", "PricingQuantity": "3", "SkuId": "both prices"},
        {"ListCost": "", "ContractedCost": "", "ListUnitPrice": "", "ContractedUnitPrice": "", "SkuId": "no price"},
        {"ContractedCost": "", "ContractedUnitPrice": "", "SkuId": "committed", **COMMITMENT,
         "CommitmentDiscountStatus": "Used", "BilledCost": "0"},
    ]  # fmt: skip
    con = written(export_focus(warehouse(tmp_path, *rows), tmp_path / "out", Settings(), Asked()).folder)
    found = {
        sku: (float(of_list), float(contracted))
        for sku, of_list, contracted in ask(con, "SELECT SkuId, ListCost, ContractedCost FROM focus")
    }
    assert found == {"both prices": (6, 4.5), "no price": (1.5, 1.5), "committed": (2, 2)}
    assert ask(con, "SELECT count(*) FROM focus WHERE ListUnitPrice IS NULL") == [(1,)]  # no price is made up


@pytest.mark.parametrize(
    ("told", "unit"),
    [
        ("Hrs", "Hours"), ("GB-Mo", "GB-Months"), ("GB/Month", "GB/Month"), ("1 GB/Month", "GB/Month"),
        ("GB Hours", "GB-Hours"), ("GiB/Second-Months", "GiB per Second-Months"), ("10K", "10000 Units"),
        ("Lambda-GB-Seconds", "Lambda GB-Seconds"), ("gibibyte-month", "GiB-Months"), ("1/Month", "Units/Month"),
        ("10000 Requests", "10000 Requests"), ("Requests/3 Months", "Requests/3 Months"), ("1 Hour", "Hours"),
        ("OCPU Per Hour", "OCPU/Hour"), ("API Requests", "API Requests"), ("%", "Units"), ("元/GB", "GB"),
    ],
)  # fmt: skip
def test_units_are_in_focus_format(told: str, unit: str) -> None:
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE charges (ServiceName VARCHAR, ServiceCategory VARCHAR, ServiceSubcategory VARCHAR)"
        )
        con.execute(macros())
        con.execute(focus_columns.preparation())
        assert con.execute("SELECT unit(?)", [told]).fetchone() == (unit,)


def test_a_category_is_the_same_whichever_month_is_exported(tmp_path: Path) -> None:
    september = {"BillingPeriodStart": "2026-09-01", "BillingPeriodEnd": "2026-10-01", "ServiceName": "Zeta"}
    rows = [
        september | {"ServiceCategory": "Storage"},
        *[{"ServiceName": "Zeta", "SkuId": str(i)} for i in range(3)],
    ]
    db = warehouse(tmp_path, *rows)
    con = written(export_focus(db, tmp_path / "out", Settings(), Asked(months=("2026-09",))).folder)
    assert ask(con, "SELECT ServiceCategory, x_ServiceCategory FROM focus") == [("Compute", "Storage")]


# --- the folder ---------------------------------------------------------------------------------------------


def test_the_manifest_tells_what_is_there(tmp_path: Path) -> None:
    done = export_focus(warehouse(tmp_path), tmp_path / "out", Settings(), Asked())
    told = json.loads((done.folder / "_manifest.json").read_text())
    assert [month["month"] for month in told["months"]] == ["2026-09", "2026-10"]
    assert sum(month["rows"] for month in told["months"]) == len(AWKWARD)
    files = {name for month in told["months"] for name in month["files"]}
    assert files == {path.relative_to(done.folder).as_posix() for path in done.folder.rglob("*.parquet")}
    assert told["months"][1]["sums"]["CNY"] == {
        "rows": 1, "BilledCost": "-0.000000000000000001", "EffectiveCost": "1.25", "ListCost": "2.00",
        "ContractedCost": "1.50", "ListCost_filled": "2.00", "ContractedCost_filled": "1.50",
    }  # fmt: skip
    assert told["months"][1]["missing"]["SkuId"] == 1
    folders = (
        f"read_parquet('{done.folder}/*/*.parquet', hive_partitioning = true, hive_types_autocast = false)"
    )
    assert set(duckdb.sql(f"SELECT DISTINCT BILLING_PERIOD FROM {folders}").fetchall()) == {
        ("2026-09",),
        ("2026-10",),
    }


def test_the_same_warehouse_gives_the_same_bytes(tmp_path: Path) -> None:
    db = warehouse(tmp_path)
    first, second = (export_focus(db, tmp_path / name, Settings(), Asked()).folder for name in ("one", "two"))
    for path in sorted(first.rglob("*.*")):
        assert path.read_bytes() == (second / path.relative_to(first)).read_bytes()


def test_an_export_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    db, out = warehouse(tmp_path), tmp_path / "out"
    export_focus(db, out, Settings(), Asked("1.0"))
    export_focus(db, out, Settings(), Asked("1.2"))
    assert json.loads((out / "_manifest.json").read_text())["focus_version"] == "1.2"
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_one_month_does_not_take_the_place_of_all(tmp_path: Path) -> None:
    db, out = warehouse(tmp_path), tmp_path / "out"
    export_focus(db, out, Settings(), Asked())
    with pytest.raises(UsageError, match="other months or clouds"):
        export_focus(db, out, Settings(), Asked(months=("2026-10",)))
    assert len(list(out.rglob("*.parquet"))) == 2
    export_focus(db, tmp_path / "october", Settings(), Asked(months=("2026-10",)))
    export_focus(db, tmp_path / "october", Settings(), Asked(months=("2026-10",)))


@pytest.mark.parametrize(
    ("name", "content"),
    [("notes.txt", "mine"), ("_manifest.json", '{"months": []}'), ("_manifest.json", "no JSON")],
)
def test_a_folder_of_somebody_else_is_refused_and_left_alone(tmp_path: Path, name: str, content: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_text(content)
    with pytest.raises(UsageError, match="did not write"):
        export_focus(warehouse(tmp_path), out, Settings(), Asked())
    assert [path.read_text() for path in out.iterdir()] == [content]


def test_a_file_that_somebody_put_into_an_export_is_not_deleted(tmp_path: Path) -> None:
    db, out = warehouse(tmp_path), tmp_path / "out"
    export_focus(db, out, Settings(), Asked())
    (out / "BILLING_PERIOD=2026-10" / "mine.csv").write_text("a")
    with pytest.raises(UsageError, match=r"holds BILLING_PERIOD=2026-10/mine\.csv"):
        export_focus(db, out, Settings(), Asked())
    assert (out / "BILLING_PERIOD=2026-10" / "mine.csv").read_text() == "a"


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a file"):
        export_focus(warehouse(tmp_path), tmp_path / "bill.csv", Settings(), Asked())


def test_sums_that_differ_are_a_bug_and_nothing_is_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db, out = warehouse(tmp_path), tmp_path / "out"
    export_focus(db, out, Settings(), Asked())
    before = {path: path.read_bytes() for path in out.rglob("*.*")}
    right = focus_columns.select

    def wrong(*asked: Any) -> str:
        return (
            f"SELECT * REPLACE (EffectiveCost + 0.000000000000000001 AS EffectiveCost) FROM ({right(*asked)})"
        )

    monkeypatch.setattr(exporting.focus_columns, "select", wrong)
    with pytest.raises(InvariantError, match="does not add up"):
        export_focus(db, out, Settings(), Asked())
    assert {path: path.read_bytes() for path in out.rglob("*.*")} == before
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_a_killed_export_leaves_the_one_before_and_the_next_one_works(tmp_path: Path) -> None:
    db, out = warehouse(tmp_path), tmp_path / "out"
    export_focus(db, out, Settings(), Asked())
    before = {path: path.read_bytes() for path in out.rglob("*.*")}
    script = (
        "import sys, time; from pathlib import Path; from finops.pipeline.folders import whole_folder\n"
        "with whole_folder(Path(sys.argv[1])) as partial:\n"
        "    (partial / 'half').write_text('half'); print('ready', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(out)], stdout=subprocess.PIPE, cwd=ROOT
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == b"ready\n"
        with pytest.raises(BusyError, match="Another run"):
            export_focus(db, out, Settings(), Asked())
        os.kill(child.pid, signal.SIGKILL)
    assert {path: path.read_bytes() for path in out.rglob("*.*")} == before
    export_focus(db, out, Settings(), Asked())
    assert {path: path.read_bytes() for path in out.rglob("*.*")} == before
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_a_folder_that_was_lost_between_two_renames_comes_back(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (tmp_path / ".out.previous").mkdir()
    (tmp_path / ".out.previous" / "a").write_text("a")
    with pytest.raises(ZeroDivisionError), whole_folder(out):
        raise ZeroDivisionError
    assert (out / "a").read_text() == "a"


# --- the docs -----------------------------------------------------------------------------------------------


def test_the_docs_tell_every_line() -> None:
    page = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
    for column in focus_columns.columns():
        if column.name.startswith("x_"):
            assert column.doc == "the bill's value, where the export has another"
            assert f"`{column.name}`" in page
        else:
            assert f"| `{column.name}` | {column.doc} |" in page


def test_every_line_of_the_file_is_read() -> None:
    text = (ROOT / "finops" / "pipeline" / "focus_export.sql").read_text(encoding="utf-8")
    lines = text.partition("\nSELECT\n")[2].strip().splitlines()
    assert lines.pop() == "FROM bill"
    assert len(lines) == len(focus_columns.columns())
    names = [column.name for column in focus_columns.columns()]
    assert len(names) == len(set(names))
