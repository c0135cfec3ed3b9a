"""The export in S3: found at any level, each period as last delivered, nothing downloaded or loaded twice."""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.config import Config
from botocore.exceptions import IncompleteReadError
from moto.server import ThreadedMotoServer

from collectors.aws.billing import GET_OBJECT, BillResult, collect_bill
from collectors.aws.client import Api, Session
from collectors.bills.mapping import mappings
from collectors.bills.stores.reading import ATTEMPTS
from collectors.calls import CallError
from finops.errors import IncompleteError, InputError
from finops.warehouse import Writer
from tests.shelf import empty_warehouse

AT = datetime(2026, 11, 20)
SINCE = datetime(2026, 8, 22)
BUCKET = "bills-of-acme"
EXECUTION = "2026-11-{day:02}T04:55:57.458Z-f1598ee5-a9e3-4950-9c03-61b9834cfc52"


# --- files as AWS delivers them ---------------------------------------------------------------------------


def focus(*costs: str, month: int = 10) -> bytes:
    """FOCUS 1.2 as Parquet, one row per cost."""
    rows = [
        {
            "BilledCost": float(cost),
            "EffectiveCost": float(cost),
            "ListCost": float(cost),
            "ContractedCost": float(cost),
            "BillingCurrency": "USD",
            "BillingAccountId": "000000000042",
            "BillingAccountType": "Payer",
            "SubAccountId": "000000000007",
            "BillingPeriodStart": datetime(2026, month, 1),
            "BillingPeriodEnd": datetime(2026, month + 1, 1),
            "ChargePeriodStart": datetime(2026, month, 5),
            "ChargePeriodEnd": datetime(2026, month, 6),
            "ChargeCategory": "Usage",
            "ServiceName": "Amazon Elastic Compute Cloud",
            "ProviderName": "AWS",
            "ResourceId": f"i-{number}",
            "Tags": [("team", "a")],
        }
        for number, cost in enumerate(costs)
    ]
    kinds = {name: kind_of(value) for name, value in (rows or [{"BilledCost": 0.0}])[0].items()}
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, pa.schema(list(kinds.items()))), out)
    return out.getvalue()


def kind_of(value: Any) -> pa.DataType:
    if isinstance(value, list):
        return pa.map_(pa.string(), pa.string())
    return pa.timestamp("ms") if isinstance(value, datetime) else pa.array([value]).type


def cur(*costs: str, month: int = 10) -> bytes:
    """CUR 2.0 as gzipped CSV with the columns it must have, one row per cost."""
    needs = next(mapping.needs for mapping in mappings() if mapping.name == "AWS CUR 2.0")
    values = {
        "bill_payer_account_id": "000000000042",
        "bill_billing_period_start_date": f"2026-{month:02}-01T00:00:00.000Z",
        "line_item_usage_account_id": "000000000007",
        "line_item_line_item_type": "Usage",
        "line_item_product_code": "AmazonEC2",
        "line_item_usage_type": "BoxUsage:m5.large",
        "line_item_currency_code": "USD",
        "line_item_usage_start_date": f"2026-{month:02}-05T00:00:00.000Z",
        "line_item_usage_end_date": f"2026-{month:02}-06T00:00:00.000Z",
        "product": '{"product_name":"Amazon Elastic Compute Cloud"}',
    }
    out = io.StringIO()
    writer = csv.DictWriter(out, [choice[0] for choice in needs])
    writer.writeheader()
    writer.writerows({**values, "line_item_unblended_cost": cost} for cost in costs)
    return gzip.compress(out.getvalue().encode())


class Shop:
    """A bucket as it lies on a disk, and the deliveries that AWS makes into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir()
        self.clock = 0

    def put(self, key: str, content: bytes) -> None:
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def deliver(
        self,
        files: dict[str, bytes],
        month: str = "2026-10",
        root: str = "reports/acme/",
        execution: str = "",
        manifest: bool = True,
    ) -> None:
        """One delivery; with an execution into a folder of its own, without in place of what was there."""
        data = f"{root}data/BILLING_PERIOD={month}/"
        for old in [] if execution else list((self.folder / data).glob("*")):
            old.unlink()
        keys = [f"{data}{execution + '/' if execution else ''}{name}" for name in files]
        for key, content in zip(keys, files.values(), strict=True):
            self.put(key, content)
        if manifest:
            listed = [f"s3://{BUCKET}/{key}" for key in keys]
            name = root.rstrip("/").rpartition("/")[2] or "export"
            text = json.dumps({"executionId": execution, "dataFiles": listed}).encode()
            self.put(f"{root}metadata/BILLING_PERIOD={month}/{name}-Manifest.json", text)
            if execution:
                self.put(f"{root}metadata/BILLING_PERIOD={month}/{execution}/{name}-Manifest.json", text)


class Disk:
    """A client that reads a Shop instead of S3, and can be made to fail."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.got: list[str] = []
        self.cut = 0
        self.error: CallError | None = None

    def pages(self, api: Api, **parameters: Any) -> Iterator[dict[str, Any]]:
        if self.error and self.error.code != "AccessDenied-get":
            raise self.error
        prefix, delimiter = parameters["Prefix"], parameters.get("Delimiter")
        paths = sorted(path for path in self.shop.folder.rglob("*") if path.is_file())
        keys = {path.relative_to(self.shop.folder).as_posix(): path for path in paths}
        inside = {key: path for key, path in keys.items() if key.startswith(prefix)}
        if delimiter:
            below = {key[len(prefix) :].partition("/") for key in inside}
            folders = sorted({f"{prefix}{head}/" for head, slash, _ in below if slash})
            yield {"CommonPrefixes": [{"Prefix": folder} for folder in folders]}
            return
        for key, path in inside.items():  # a page each
            yield {"Contents": [listed(key, path)]}

    def get(self, api: Api, **parameters: Any) -> dict[str, Any]:
        assert api is GET_OBJECT
        key = parameters["Key"]
        if self.error:
            raise self.error
        content = (self.shop.folder / key).read_bytes()
        if not key.endswith(".json"):
            self.got.append(key.rpartition("/")[2])
        broken = self.cut > 0 and not key.endswith(".json")
        self.cut -= broken
        return {"ContentLength": len(content), "Body": Body(content, broken)}


class Body(io.BytesIO):
    """A stream that breaks off half way when it is told to."""

    def __init__(self, content: bytes, broken: bool) -> None:
        super().__init__(content[: len(content) // 2] if broken else content)
        self.broken = broken

    def read(self, size: int | None = -1) -> bytes:
        chunk = super().read(size)
        if self.broken and not chunk:
            raise IncompleteReadError(actual_bytes=1, expected_bytes=2)
        return chunk


def listed(key: str, path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    modified = datetime.fromtimestamp(path.stat().st_mtime_ns / 1e9, UTC)
    return {"Key": key, "ETag": f'"{hash(content):x}"', "Size": len(content), "LastModified": modified}


class Desk:
    def __init__(self, folder: Path, con: duckdb.DuckDBPyConnection) -> None:
        self.cache = folder / "cache"
        self.con = con
        self.shop = Shop(folder / "shop")
        self.disk = Disk(self.shop)
        self.session: Any = SimpleNamespace(partition="aws", client=lambda region: self.disk)
        self.said: list[str] = []

    def collect(self, url: str = f"s3://{BUCKET}", since: datetime = SINCE, **options: Any) -> BillResult:
        self.disk.got.clear()
        self.said.clear()
        return collect_bill(
            Writer(self.con, "run", AT),
            self.session,
            url,
            at=AT,
            since=since,
            folder=self.cache,
            say=self.said.append,
            **options,
        )

    def total(self) -> Any:
        return self.con.execute("SELECT sum(BilledCost) FROM charges").fetchall()[0][0]

    def state(self) -> list[Any]:
        tables = ("charges", "bill_partitions", "rejected_rows", "data_tests", "coverage")
        return [self.con.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in tables]

    def cached(self) -> list[str]:
        return sorted(path.name for path in self.cache.rglob("*") if path.is_file())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with empty_warehouse() as con:
        yield Desk(tmp_path, con)


# --- what is delivered ------------------------------------------------------------------------------------


def test_focus_in_parquet_arrives_as_the_manifest_names_it(desk):
    desk.shop.deliver(
        {"acme-00001.snappy.parquet": focus("1.5", "2.25"), "acme-00002.snappy.parquet": focus("7")}
    )
    desk.shop.put("reports/acme/data/BILLING_PERIOD=2026-10/left-behind.parquet", focus("1000"))
    result = desk.collect()
    assert (result.rows, result.loaded, result.unchanged, result.failed) == (3, ("2026-10",), (), ())
    assert result.export == f"s3://{BUCKET}/reports/acme/"
    assert [file.format for file in result.files] == ["focus-1.2", "focus-1.2"]
    assert (desk.total(), desk.said) == (Decimal("10.75"), [])
    assert desk.con.execute("SELECT DISTINCT source FROM bill_partitions ORDER BY ALL").fetchall() == [
        (f"s3://{BUCKET}/reports/acme/data/BILLING_PERIOD=2026-10/acme-0000{n}.snappy.parquet",)
        for n in (1, 2)
    ]


def test_cur_2_in_gzipped_csv_arrives(desk):
    desk.shop.deliver({"acme-00001.csv.gz": cur("1.5", "2.25")})
    result = desk.collect()
    assert (result.files[0].format, result.rows, desk.total()) == ("cur-2.0", 2, Decimal("3.75"))


def test_of_deliveries_that_are_kept_the_one_that_the_manifest_names_counts(desk):
    for day, cost in ((1, "1"), (2, "2")):
        desk.shop.deliver({"acme-00001.csv.gz": cur(cost)}, execution=EXECUTION.format(day=day))
    desk.collect()
    assert desk.total() == 2
    desk.shop.deliver({"acme-00001.csv.gz": cur("3")}, execution=EXECUTION.format(day=3))
    assert desk.collect().loaded == ("2026-10",)
    assert desk.total() == 3


def test_every_billing_period_in_the_window_arrives_and_no_older_one(desk):
    for month in (7, 8, 9, 10):
        desk.shop.deliver({f"acme-{month}.parquet": focus(str(month), month=month)}, f"2026-{month:02}")
    result = desk.collect()
    assert result.loaded == result.periods == ("2026-08", "2026-09", "2026-10")
    assert sorted(desk.disk.got) == ["acme-10.parquet", "acme-8.parquet", "acme-9.parquet"]
    assert desk.total() == 27


def test_a_window_without_periods_is_told(desk):
    desk.shop.deliver({"a.parquet": focus("1")})
    result = desk.collect(since=datetime(2026, 12, 1))
    assert (result.periods, desk.said) == (
        (),
        [f"s3://{BUCKET}/reports/acme/ has no billing period since 2026-12."],
    )


def test_a_period_that_has_no_charges_yet_is_told_and_is_no_failure(desk):
    desk.shop.deliver({"a.parquet": focus("1")})
    desk.shop.deliver({"b.csv.gz": cur()}, "2026-11")
    result = desk.collect()
    assert (result.loaded, result.failed) == (("2026-10",), ())
    assert desk.said == ["The billing period 2026-11 has no charges yet."]


# --- again ------------------------------------------------------------------------------------------------


def test_nothing_new_is_neither_downloaded_nor_loaded(desk):
    desk.shop.deliver({"a-1.parquet": focus("1", "2"), "a-2.parquet": focus("3")})
    desk.collect()
    before = desk.state()
    result = desk.collect()
    assert (desk.disk.got, result.downloaded, result.unchanged, result.loaded) == ([], 0, ("2026-10",), ())
    assert [file.status for file in result.files] == ["unchanged", "unchanged"]
    assert desk.state() == before


def test_a_period_that_is_delivered_anew_with_fewer_files_leaves_nothing_behind(desk):
    desk.shop.deliver({"a-1.parquet": focus("1", "2"), "a-2.parquet": focus("3"), "a-3.parquet": focus("4")})
    desk.collect()
    assert desk.total() == 10
    desk.shop.deliver({"b-1.parquet": focus("5", "0.5")})
    result = desk.collect()
    assert (desk.total(), result.loaded, result.files[0].status) == (Decimal("5.5"), ("2026-10",), "replaced")
    assert desk.con.execute("SELECT count(*), sum(rows) FROM bill_partitions").fetchall() == [(1, 2)]
    assert len(desk.cached()) == 1


def test_only_files_that_changed_are_downloaded(desk):
    desk.shop.deliver({"a-1.parquet": focus("1", "2"), "a-2.parquet": focus("3")})
    desk.collect()
    desk.shop.deliver({"a-1.parquet": focus("1", "2"), "a-2.parquet": focus("4")})
    desk.collect()
    assert (desk.disk.got, desk.total()) == (["a-2.parquet"], 7)


def test_a_bill_that_grows_for_nights_and_is_restated_later_ends_exact_and_only_what_changed_is_downloaded(
    desk,
):
    """Each night AWS writes all files of a month anew; some of them are the bytes of the night before."""
    first, second = "acme-00001.parquet", "acme-00002.parquet"
    nights = (  # what is delivered, and which files of it are new
        ({"2026-10": {first: focus("10", "0.1"), second: focus("4.5")}}, [first, second], "14.6"),
        ({"2026-10": {first: focus("10", "0.1"), second: focus("9")}}, [second], "19.1"),
        ({"2026-10": {first: focus("10", "0.1"), second: focus("10")}, "2026-11": {first: focus("1", month=11)}}, [second, first], "21.1"),
        ({"2026-10": {first: focus("10", "0.1"), second: focus("10")}, "2026-11": {first: focus("2", month=11)}}, [first], "22.1"),
        ({"2026-10": {first: focus("9.72", "0.1"), second: focus("10")}, "2026-11": {first: focus("2", month=11)}}, [first], "21.82"),
        ({"2026-10": {first: focus("9.72", "0.1"), second: focus("10")}, "2026-11": {first: focus("2", month=11)}}, [], "21.82"),
    )  # fmt: skip
    for delivered, new, total in nights:
        for month, files in delivered.items():
            desk.shop.deliver(files, month)
        desk.collect()
        assert (sorted(desk.disk.got), desk.total()) == (sorted(new), Decimal(total))


def test_a_cache_that_was_removed_is_filled_again_and_changes_nothing(desk):
    import shutil

    desk.shop.deliver({"a-1.parquet": focus("1")})
    desk.collect()
    before = desk.state()
    shutil.rmtree(desk.cache)
    assert desk.collect().unchanged == ("2026-10",)
    assert (desk.disk.got, desk.state()) == (["a-1.parquet"], before)


def test_an_export_that_changes_its_format_is_replaced_not_added(desk):
    desk.shop.deliver({"a-1.parquet": focus("1")})
    desk.collect()
    desk.shop.deliver({"a-1.csv.gz": cur("2")})
    desk.collect()
    assert desk.total() == 2


def test_another_export_of_the_same_account_is_refused_or_takes_its_place(desk):
    desk.shop.deliver({"a.parquet": focus("1")}, root="focus/")
    desk.shop.deliver({"b.csv.gz": cur("2")}, root="cur/")
    desk.collect(f"s3://{BUCKET}/focus")
    with pytest.raises(InputError, match="in different formats; pass --replace"):
        desk.collect(f"s3://{BUCKET}/cur")
    assert desk.total() == 1
    desk.collect(f"s3://{BUCKET}/cur", replace=True)
    assert desk.total() == 2


# --- where it lies ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["", "/", "/reports", "/reports/", "/reports/acme", "/reports/acme/", "/reports/acme/data",
             "/reports/acme/data/BILLING_PERIOD=2026-10/", "/reports/acme/metadata/"],
)  # fmt: skip
def test_the_address_may_be_of_any_level(desk, path):
    desk.shop.deliver({"a.parquet": focus("1")})
    assert desk.collect(f"s3://{BUCKET}{path}").loaded == ("2026-10",)


def test_an_export_may_lie_at_the_root_of_its_bucket(desk):
    desk.shop.deliver({"a.parquet": focus("1")}, root="")
    assert desk.collect().export == f"s3://{BUCKET}/"


def test_several_exports_are_named_and_none_is_taken(desk):
    for root in ("reports/acme/", "reports/beta/"):
        desk.shop.deliver({"a.parquet": focus("1")}, root=root)
    with pytest.raises(
        InputError, match=rf"2 exports: name one of s3://{BUCKET}/reports/acme/, s3://{BUCKET}/r"
    ):
        desk.collect()
    assert desk.collect(f"s3://{BUCKET}/reports/acme").loaded == ("2026-10",)


def test_a_name_that_only_begins_like_a_folder_is_not_that_folder(desk):
    desk.shop.deliver({"a.parquet": focus("1")})
    with pytest.raises(InputError, match="holds no Data Export"):
        desk.collect(f"s3://{BUCKET}/rep")


def test_a_bucket_without_an_export_is_told(desk):
    desk.shop.put("cur/20261001-20261101/cur-00001.csv.gz", b"x")
    desk.shop.put("data/other.csv", b"x")
    with pytest.raises(InputError, match=f"s3://{BUCKET} holds no Data Export"):
        desk.collect()


def test_a_bucket_of_very_many_folders_asks_for_more_of_the_address(desk, monkeypatch):
    monkeypatch.setattr("collectors.aws.billing.FOLDERS", 5)
    for number in range(9):
        desk.shop.put(f"{number}/x.csv", b"x")
    with pytest.raises(InputError, match="more than 5 folders: name the prefix"):
        desk.collect()


@pytest.mark.parametrize(
    "url", ["bills", "https://s3.amazonaws.com/b", "s3://", "s3://A_B/x", "s3://a..b", "s3:/b/x"]
)
def test_an_address_that_is_none_is_refused_without_a_call(desk, url):
    desk.disk.error = CallError("failed", "Called", "no call was to be made")
    with pytest.raises(InputError, match="is no address in S3"):
        desk.collect(url)


# --- what goes wrong --------------------------------------------------------------------------------------


def test_a_period_without_a_manifest_is_taken_from_the_listing_and_told(desk):
    desk.shop.deliver({"a-1.parquet": focus("1"), "a-2.parquet": focus("2")}, manifest=False)
    desk.shop.put("reports/acme/data/BILLING_PERIOD=2026-10/readme.txt", b"x")
    assert desk.collect().loaded == ("2026-10",)
    assert desk.total() == 3
    assert "2026-10 has no manifest that can be read: its files are taken from the listing" in desk.said[0]


def test_without_a_manifest_the_delivery_that_was_written_last_counts(desk):
    for day, cost in ((1, "1"), (2, "2")):
        desk.shop.deliver({"a.csv.gz": cur(cost)}, execution=EXECUTION.format(day=day), manifest=False)
    desk.collect()
    assert desk.total() == 2


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"dataFiles": 7}', b'{"dataFiles": []}', b"{}"])
def test_a_manifest_that_cannot_be_read_counts_as_none(desk, text):
    desk.shop.deliver({"a.parquet": focus("1")})
    desk.shop.put("reports/acme/metadata/BILLING_PERIOD=2026-10/acme-Manifest.json", text)
    assert desk.collect().loaded == ("2026-10",)
    assert "no manifest that can be read" in desk.said[0]


def test_a_manifest_that_names_a_missing_file_changes_nothing(desk):
    desk.shop.deliver({"a-1.parquet": focus("1"), "a-2.parquet": focus("2")})
    desk.collect()
    before = desk.state()
    desk.shop.deliver({"b-1.parquet": focus("3"), "b-2.parquet": focus("4")})
    (desk.shop.folder / "reports/acme/data/BILLING_PERIOD=2026-10/b-2.parquet").unlink()
    with pytest.raises(
        IncompleteError, match=rf"names s3://{BUCKET}/reports.*b-2\.parquet, which is not there"
    ):
        desk.collect()
    assert (desk.state(), desk.disk.got) == (before, [])


def test_a_period_that_fails_does_not_keep_the_others_out(desk):
    desk.shop.deliver({"a.parquet": focus("1")})
    desk.shop.deliver({"b.parquet": b"no parquet"}, "2026-11")
    result = desk.collect()
    assert (result.loaded, desk.total()) == (("2026-10",), 1)
    ((month, reason),) = result.failed
    assert month == "2026-11"
    assert "is not a Parquet file" in reason


def test_a_delivery_that_cannot_be_trusted_leaves_the_one_before_it(desk):
    desk.shop.deliver({"a-1.csv.gz": cur("1"), "a-2.csv.gz": cur("2")})
    desk.collect()
    before = desk.state()
    desk.shop.deliver({"a-1.csv.gz": cur("3"), "a-2.csv.gz": cur("x")})
    with pytest.raises(InputError, match="line_item_unblended_cost is not a number that fits"):
        desk.collect()
    assert desk.state() == before


@pytest.mark.parametrize("times", [1, ATTEMPTS - 1])
def test_a_download_that_breaks_off_is_tried_again(desk, times):
    desk.shop.deliver({"a.parquet": focus("1.5")})
    desk.disk.cut = times
    assert desk.collect().loaded == ("2026-10",)
    assert (len(desk.disk.got), desk.total()) == (times + 1, Decimal("1.5"))


def test_a_download_that_always_breaks_off_is_given_up_and_keeps_nothing(desk):
    desk.shop.deliver({"a.parquet": focus("1.5")})
    desk.disk.cut = 99
    with pytest.raises(IncompleteError, match=f"broke off {ATTEMPTS} times"):
        desk.collect()
    assert (desk.total(), desk.cached()) == (None, [])


def test_a_file_that_is_replaced_while_it_is_read_is_told(desk):
    desk.shop.deliver({"a.parquet": focus("1.5")}, manifest=False)
    desk.disk.error = CallError("failed", "PreconditionFailed", "changed")
    desk.disk.pages = lambda api, **parameters: Disk(desk.shop).pages(api, **parameters)
    with pytest.raises(IncompleteError, match="was replaced while it was read"):
        desk.collect()


def test_a_bucket_that_does_not_exist_is_told(desk):
    desk.disk.error = CallError("failed", "NoSuchBucket", "s3:ListBucket failed (NoSuchBucket).")
    with pytest.raises(InputError, match=f"There is no bucket {BUCKET}"):
        desk.collect()


def test_a_bucket_that_may_not_be_listed_is_told_as_denied(desk):
    desk.disk.error = CallError("denied", "AccessDenied", "s3:ListBucket is denied (AccessDenied).")
    with pytest.raises(CallError, match="s3:ListBucket is denied") as raised:
        desk.collect()
    assert raised.value.status == "denied"


def test_files_that_may_not_be_read_are_told_as_denied(desk):
    desk.shop.deliver({"a.parquet": focus("1.5")})
    desk.disk.error = CallError("denied", "AccessDenied-get", "s3:GetObject is denied (AccessDenied).")
    with pytest.raises(CallError, match="s3:GetObject is denied"):
        desk.collect()


# --- over the wire ----------------------------------------------------------------------------------------


@pytest.fixture
def s3(monkeypatch) -> Iterator[Any]:
    """A client of a local S3 that speaks the real protocol; the environment leads everybody there."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
    client.create_bucket(Bucket=BUCKET)
    yield client
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for each in page.get("Contents", []):
            client.delete_object(Bucket=BUCKET, Key=each["Key"])
    client.delete_bucket(Bucket=BUCKET)  # a server in this process leaves what it has to the next one
    server.stop()


def upload(s3: Any, shop: Shop) -> None:
    for path in sorted(shop.folder.rglob("*")):
        if path.is_file():
            s3.put_object(Bucket=BUCKET, Key=path.relative_to(shop.folder).as_posix(), Body=path.read_bytes())


def test_an_export_arrives_over_http_and_nothing_new_stays_away(desk, s3):
    desk.session = Session(boto3.Session(), "000000000042")
    desk.shop.deliver({"acme-00001.csv.gz": cur("1.5", "2")}, execution=EXECUTION.format(day=1))
    desk.shop.deliver({"acme-00001.parquet": focus("4", month=9)}, "2026-09", root="other/acme/")
    upload(s3, desk.shop)
    result = desk.collect(f"s3://{BUCKET}/reports")
    assert (result.loaded, result.rows, desk.total(), desk.said) == (("2026-10",), 2, Decimal("3.5"), [])
    assert result.calls > 0
    assert result.downloaded == len(cur("1.5", "2"))
    again = desk.collect(f"s3://{BUCKET}/reports")
    assert (again.unchanged, again.downloaded) == (("2026-10",), 0)
    assert again.calls < result.calls
    desk.shop.deliver({"acme-00001.csv.gz": cur("9")}, execution=EXECUTION.format(day=2))
    upload(s3, desk.shop)
    assert desk.collect(f"s3://{BUCKET}/reports").loaded == ("2026-10",)
    assert desk.total() == 9


def test_what_s3_itself_says_is_told_in_a_sentence(desk, s3):
    desk.session = Session(boto3.Session(), "000000000042")
    with pytest.raises(InputError, match="There is no bucket no-such-bucket-of-acme"):
        desk.collect("s3://no-such-bucket-of-acme/x")
    with pytest.raises(InputError, match="holds no Data Export"):
        desk.collect()
