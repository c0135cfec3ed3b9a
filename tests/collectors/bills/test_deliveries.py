"""Folders with manifests: the newest delivery of each export and period, all of it, once."""

import gzip
import json
import os
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.bills.manifests import understand
from collectors.bills.objects import Stored
from finops.errors import InputError
from tests.collectors.bills.exports import azure, data_export, lay, report

FIRST = "2026-11-01T04:55:57.458Z-f1598ee5-a9e3-4950-9c03-61b9834cfc52"
SECOND = "2026-11-02T04:55:57.458Z-0a98ee5f-a9e3-4950-9c03-61b9834cfc53"


def part(desk, *costs: str, account: str = "000000000042", month: str = "2026-10") -> bytes:
    """A part of a bill, a row per cost."""
    rows = [
        {
            "BilledCost": cost,
            "ResourceId": f"i-{number}",
            "BillingAccountId": account,
            "BillingPeriodStart": f"{month}-01T00:00:00Z",
        }
        for number, cost in enumerate(costs)
    ]
    return gzip.compress(desk.text(rows).encode(), mtime=0)


def statuses(result: Any) -> list[str]:
    return [file.status for file in result.files]


def total(desk) -> Decimal:
    return desk.one("SELECT sum(BilledCost) FROM charges")


def sources(desk) -> list[str]:
    return [
        source.removeprefix(f"{desk.folder}/")
        for (source,) in desk.ask("SELECT DISTINCT source FROM bill_partitions ORDER BY ALL")
    ]


# --- AWS Data Exports -------------------------------------------------------------------------------------


def test_the_files_that_the_manifest_names_are_one_delivery_and_others_stay_out(desk):
    lay(desk.folder / "x", data_export({"a-1.csv.gz": part(desk, "1"), "a-2.csv.gz": part(desk, "2")}))
    lay(desk.folder / "x", {"bills/acme/data/BILLING_PERIOD=2026-10/left-behind.csv.gz": part(desk, "1000")})
    result = desk.ingest(desk.folder / "x")
    assert (statuses(result), total(desk)) == (["loaded", "loaded"], 3)
    data = "x/bills/acme/data/BILLING_PERIOD=2026-10"
    assert sources(desk) == [f"{data}/a-1.csv.gz", f"{data}/a-2.csv.gz"]
    assert desk.one("SELECT export, delivered_at FROM bill_deliveries") == (
        "s3://bucket-of-acme/bills/acme/data/BILLING_PERIOD=2026-10/",
        None,
    )


def test_the_same_folder_again_changes_nothing(desk):
    lay(desk.folder / "x", data_export({"a-1.csv.gz": part(desk, "1"), "a-2.csv.gz": part(desk, "2")}))
    desk.ingest(desk.folder / "x")
    before = [*desk.state(), desk.ask("FROM bill_deliveries")]
    assert statuses(desk.ingest(desk.folder / "x")) == ["unchanged", "unchanged"]
    assert [*desk.state(), desk.ask("FROM bill_deliveries")] == before


def test_a_period_that_is_delivered_anew_takes_the_place_of_the_old_whatever_its_files_are_called(desk):
    lay(desk.folder / "x", data_export({"a-1.csv.gz": part(desk, "1"), "a-2.csv.gz": part(desk, "2")}))
    desk.ingest(desk.folder / "x")
    shutil.rmtree(desk.folder / "x")
    lay(desk.folder / "x", data_export({"b-1.csv.gz": part(desk, "1", "0.5")}))
    assert statuses(desk.ingest(desk.folder / "x")) == ["replaced"]
    assert (total(desk), len(sources(desk))) == (Decimal("1.5"), 1)


@pytest.mark.parametrize("renewed", [True, False])
def test_of_executions_that_are_kept_the_newest_counts_and_the_others_are_not_read(desk, renewed):
    for execution, cost in ((FIRST, "1"), (SECOND, "2")):
        tree = data_export({"a.csv.gz": part(desk, cost)}, execution=execution, renewed=renewed)
        lay(desk.folder / "x", tree)
    (desk.folder / "x/bills/acme/data/BILLING_PERIOD=2026-10" / FIRST / "a.csv.gz").write_bytes(b"no bill")
    desk.ingest(desk.folder / "x")
    assert total(desk) == 2
    assert sources(desk) == [f"x/bills/acme/data/BILLING_PERIOD=2026-10/{SECOND}/a.csv.gz"]


def test_a_manifest_of_the_period_that_was_not_renewed_gives_way_to_that_of_a_newer_execution(desk):
    lay(desk.folder / "x", data_export({"a.csv.gz": part(desk, "1")}, execution=FIRST))
    lay(desk.folder / "x", data_export({"a.csv.gz": part(desk, "2")}, execution=SECOND, renewed=False))
    desk.ingest(desk.folder / "x")
    assert total(desk) == 2


def test_an_older_delivery_of_the_same_folder_does_not_win_over_a_newer_one(desk):
    lay(desk.folder / "x", data_export({"a.csv.gz": part(desk, "2")}, execution=SECOND))
    desk.ingest(desk.folder / "x")
    before = desk.state()
    shutil.rmtree(desk.folder / "x")
    lay(desk.folder / "x", data_export({"a.csv.gz": part(desk, "1")}, execution=FIRST))
    (result,) = desk.ingest(desk.folder / "x").files
    assert result.status == "unchanged"
    assert "A newer delivery of this export (2026-11-02 04:55:57 UTC" in result.notes[0]
    assert desk.state() == before
    assert statuses(desk.ingest(desk.folder / "x", replace=True)) == ["replaced"]
    assert total(desk) == 1


@pytest.mark.parametrize("newer_first", [True, False])
def test_of_copies_of_an_export_in_two_folders_the_newer_one_counts_whichever_comes_first(desk, newer_first):
    lay(desk.folder / "monday", data_export({"a.csv.gz": part(desk, "1")}, execution=FIRST))
    lay(desk.folder / "tuesday", data_export({"a.csv.gz": part(desk, "2")}, execution=SECOND))
    for name in ("tuesday", "monday") if newer_first else ("monday", "tuesday"):
        desk.ingest(desk.folder / name)
    assert total(desk) == 2
    assert sources(desk) == [f"tuesday/bills/acme/data/BILLING_PERIOD=2026-10/{SECOND}/a.csv.gz"]


@pytest.mark.parametrize("athena", [True, False])
def test_copies_of_an_export_below_one_folder_are_one_delivery_the_newest(desk, athena):
    for day, name in ((2, "tuesday"), (1, "monday")):
        execution = FIRST if day == 1 else SECOND
        lay(desk.folder / "x" / name, data_export({"a.csv.gz": part(desk, str(day))}, execution=execution))
        tree = report({"b.csv.gz": part(desk, str(10 * day), account="7")}, athena=athena)
        tree = {
            path: content.replace(b"3f3f1a1c-7e0e", f"2026110{day}T010203Z".encode())
            for path, content in tree.items()
        }
        lay(desk.folder / "x" / name, tree)
    assert statuses(desk.ingest(desk.folder / "x")) == ["loaded", "loaded"]
    assert total(desk) == 22


def test_a_copy_of_what_is_loaded_changes_nothing(desk):
    for name in ("here", "there"):
        lay(desk.folder / name, data_export({"a-1.csv.gz": part(desk, "1"), "a-2.csv.gz": part(desk, "2")}))
    desk.ingest(desk.folder / "here")
    before = desk.state()
    result = desk.ingest(desk.folder / "there")
    assert (statuses(result), desk.state()) == (["unchanged", "unchanged"], before)
    assert "The same content was loaded from" in result.files[0].notes[0]


def test_a_copy_with_another_content_of_which_nothing_tells_the_age_is_refused(desk):
    lay(desk.folder / "here", data_export({"a.csv.gz": part(desk, "1")}))
    lay(desk.folder / "there", data_export({"a.csv.gz": part(desk, "2")}))
    desk.ingest(desk.folder / "here")
    before = desk.state()
    with pytest.raises(InputError, match="nothing tells which is newer: pass --replace"):
        desk.ingest(desk.folder / "there")
    assert desk.state() == before
    desk.ingest(desk.folder / "there", replace=True)
    assert total(desk) == 2


def test_several_exports_and_periods_below_one_folder_are_deliveries_each(desk):
    lay(desk.folder / "x", data_export({"a.csv.gz": part(desk, "1")}))
    lay(desk.folder / "x", data_export({"a.csv.gz": part(desk, "2", month="2026-09")}, month="2026-09"))
    lay(desk.folder / "x", data_export({"a.csv.gz": part(desk, "4", account="7")}, root="bills/other"))
    lay(desk.folder / "x", {"by-itself.csv.gz": part(desk, "8", account="8")})
    assert statuses(desk.ingest(desk.folder / "x")) == ["loaded"] * 4
    assert (total(desk), desk.one("SELECT count(*) FROM bill_deliveries")) == (15, 3)


@pytest.mark.parametrize("inside", ["data/BILLING_PERIOD=2026-10", "metadata/BILLING_PERIOD=2026-10"])
def test_the_folder_of_a_period_is_that_period_with_the_manifest_beside_it(desk, inside):
    for execution, cost in ((FIRST, "1"), (SECOND, "2")):
        lay(desk.folder, data_export({"a.csv.gz": part(desk, cost)}, execution=execution))
    lay(desk.folder, data_export({"a.csv.gz": part(desk, "9", month="2026-09")}, month="2026-09"))
    desk.ingest(desk.folder / "bills/acme" / inside)
    assert total(desk) == 2


def test_a_manifest_that_names_a_missing_file_is_told_and_nothing_changes(desk):
    lay(desk.folder / "x", data_export({"a.csv.gz": part(desk, "2", month="2026-09")}, month="2026-09"))
    tree = data_export({"a-1.csv.gz": part(desk, "1"), "a-2.csv.gz": part(desk, "1")})
    del tree["bills/acme/data/BILLING_PERIOD=2026-10/a-2.csv.gz"]
    lay(desk.folder / "x", tree)
    before = desk.state()
    with pytest.raises(InputError, match=r"names s3://.*/a-2\.csv\.gz, which is not there: download all"):
        desk.ingest(desk.folder / "x")
    assert desk.state() == before


def test_a_delivery_with_a_file_that_cannot_be_trusted_leaves_the_one_before_it(desk):
    lay(desk.folder / "x", data_export({"a-1.csv.gz": part(desk, "1"), "a-2.csv.gz": part(desk, "2")}))
    desk.ingest(desk.folder / "x")
    before = desk.state()
    lay(desk.folder / "x", data_export({"a-1.csv.gz": part(desk, "3"), "a-2.csv.gz": part(desk, "4")[:-9]}))
    with pytest.raises(InputError, match=r"a-2\.csv\.gz is cut short"):
        desk.ingest(desk.folder / "x")
    assert desk.state() == before


# --- files that are known one by one ----------------------------------------------------------------------


def test_files_given_one_by_one_are_the_delivery_that_the_folder_brings_later(desk):
    tree = data_export({"a-1.csv.gz": part(desk, "1"), "a-2.csv.gz": part(desk, "2")})
    lay(desk.folder / "x", tree)
    for path in (desk.folder / "x").rglob("*.csv.gz"):
        desk.ingest(path)
    before = desk.state()
    assert statuses(desk.ingest(desk.folder / "x")) == ["unchanged", "unchanged"]
    assert desk.state() == before
    lay(desk.folder / "x", data_export({"b.csv.gz": part(desk, "9")}))
    desk.ingest(desk.folder / "x")
    assert (total(desk), len(sources(desk))) == (9, 1)


def test_files_of_a_delivery_given_by_themselves_afterwards_change_nothing(desk):
    lay(desk.folder / "x", data_export({"a-1.csv.gz": part(desk, "1"), "a-2.csv.gz": part(desk, "2")}))
    desk.ingest(desk.folder / "x")
    before = desk.state()
    for path in sorted((desk.folder / "x").rglob("*.csv.gz")):
        assert statuses(desk.ingest(path)) == ["unchanged"]
    assert desk.state() == before


def test_a_delivery_of_what_was_loaded_from_other_paths_is_refused_or_takes_their_place(desk):
    lay(desk.folder, {"download.csv.gz": part(desk, "1", "2")})
    desk.ingest(desk.folder / "download.csv.gz")
    before = desk.state()
    lay(desk.folder / "x", data_export({"a.csv.gz": part(desk, "1", "2", "3")}))
    with pytest.raises(InputError, match=r"brings a bill that is loaded from .*download\.csv\.gz"):
        desk.ingest(desk.folder / "x")
    assert desk.state() == before
    desk.ingest(desk.folder / "x", replace=True)
    assert (total(desk), len(sources(desk))) == (6, 1)


def test_exports_of_one_bill_below_one_folder_are_not_counted_twice(desk):
    lay(desk.folder / "x", data_export({"a.csv.gz": part(desk, "1", "2")}, root="focus-1-0"))
    lay(desk.folder / "x", data_export({"a.csv.gz": part(desk, "1", "2", "3")}, root="focus-1-2"))
    for replace in (False, True):
        with pytest.raises(InputError, match=r"both given now, .* of the same bill: give only one"):
            desk.ingest(desk.folder / "x", replace=replace)


# --- AWS's legacy report ----------------------------------------------------------------------------------


def test_a_report_that_keeps_versions_brings_the_assembly_of_its_manifest(desk):
    lay(desk.folder / "x", report({"acme-1.csv.gz": part(desk, "1")}, assembly="20261101T010203Z"))
    lay(desk.folder / "x", report({"acme-1.csv.gz": part(desk, "2")}, assembly="20261102T010203Z"))
    desk.ingest(desk.folder / "x")
    assert total(desk) == 2
    assert sources(desk) == ["x/cur/acme/20261001-20261101/20261102T010203Z/acme-1.csv.gz"]
    assert desk.one("SELECT source, export, delivered_at::VARCHAR FROM bill_deliveries") == (
        f"{desk.folder}/x/cur/acme/20261001-20261101/",
        "s3://bucket-of-acme/cur/acme/20261001-20261101/",
        "2026-11-02 01:02:03",
    )


def test_an_older_assembly_given_later_does_not_win(desk):
    lay(desk.folder / "new", report({"acme-1.csv.gz": part(desk, "2")}, assembly="20261102T010203Z"))
    lay(desk.folder / "old", report({"acme-1.csv.gz": part(desk, "1")}, assembly="20261101T010203Z"))
    desk.ingest(desk.folder / "new")
    desk.ingest(desk.folder / "old")
    assert total(desk) == 2


def test_without_the_manifest_of_the_period_the_newest_copy_counts(desk):
    for number, assembly in enumerate(("3f3f1a1c-7e0e", "11111111-7e0e")):  # which say nothing of their age
        tree = report({"acme-1.csv.gz": part(desk, str(number + 1))}, assembly=assembly, renewed=False)
        lay(desk.folder / "x", tree)
        for name in tree:
            os.utime(desk.folder / "x" / name, (1_790_000_000 + number, 1_790_000_000 + number))
    desk.ingest(desk.folder / "x")
    assert total(desk) == 2


def test_a_report_that_is_overwritten_brings_its_files(desk):
    lay(
        desk.folder / "x",
        report({"acme-00001.csv.gz": part(desk, "1"), "acme-00002.csv.gz": part(desk, "2")}),
    )
    assert statuses(desk.ingest(desk.folder / "x")) == ["loaded", "loaded"]


def test_a_report_for_athena_is_found_beside_its_manifest(desk):
    tree = report({"acme-00001.csv.gz": part(desk, "1")}, athena=True)
    tree["cur/acme/acme/cost_and_usage_data_status/cost_and_usage_data_status.parquet"] = b"no bill"
    tree["cur/acme/acme/year=2026/month=10/left-behind.csv.gz"] = part(desk, "1000")
    lay(desk.folder / "x", tree)
    desk.ingest(desk.folder / "x")
    assert (total(desk), sources(desk)) == (1, ["x/cur/acme/acme/year=2026/month=10/acme-00001.csv.gz"])


def test_a_report_downloaded_without_the_folders_above_it_is_found(desk):
    tree = report({"acme-1.csv.gz": part(desk, "1")}, assembly="20261101T010203Z", root="a/prefix/acme")
    lay(desk.folder, tree)
    moved = (desk.folder / "a/prefix/acme/20261001-20261101").rename(desk.folder / "20261001-20261101")
    desk.ingest(moved)
    assert total(desk) == 1


def test_a_report_downloaded_into_one_flat_folder_is_found_and_the_next_month_takes_nothing_away(desk):
    for dates, month, cost in (("20260901-20261001", "2026-09", "1"), ("20261001-20261101", "2026-10", "2")):
        tree = report({"acme-1.csv.gz": part(desk, cost, month=month)}, dates=dates)
        flat = {Path(name).name: content for name, content in tree.items()}
        lay(desk.folder / "flat", flat)
        desk.ingest(desk.folder / "flat")
    assert total(desk) == 3


# --- Azure ------------------------------------------------------------------------------------------------


def test_of_the_runs_of_an_azure_export_the_newest_counts(desk):
    lay(desk.folder / "x", azure({"part_0_0001.csv.gz": part(desk, "1")}))
    newer = azure(
        {"part_0_0001.csv.gz": part(desk, "2"), "part_1_0001.csv.gz": part(desk, "3")},
        run="202611020400", submitted="2026-11-02T04:00:03.1Z", guid="00000000-30fc-4ef3-bfc6-71bd1efb8598",
    )  # fmt: skip
    lay(desk.folder / "x", newer)
    assert statuses(desk.ingest(desk.folder / "x")) == ["loaded", "loaded"]
    assert (total(desk), desk.one("SELECT delivered_at::VARCHAR FROM bill_deliveries")) == (
        5,
        "2026-11-02 04:00:03",
    )


def test_an_azure_export_that_overwrites_its_reports_is_found(desk):
    lay(desk.folder / "x", azure({"part_0_0001.csv.gz": part(desk, "1")}, run=""))
    desk.ingest(desk.folder / "x")
    assert sources(desk) == [
        "x/exports/costs/20261001-20261031/af754a8e-30fc-4ef3-bfc6-71bd1efb8598/part_0_0001.csv.gz"
    ]


def test_two_azure_exports_in_one_folder_of_dates_do_not_take_each_others_place(desk):
    for name, account in (("one", "1"), ("two", "2")):
        tree = azure({"part_0_0001.csv.gz": part(desk, account, account=account)}, root=f"x/{name}")
        moved = {
            path.replace(f"x/{name}/20261001-20261031", f"x/20261001-20261031/{name}"): content.replace(
                f"x/{name}/20261001-20261031".encode(), f"x/20261001-20261031/{name}".encode()
            )
            for path, content in tree.items()
        }
        lay(desk.folder, moved)
        desk.ingest(desk.folder / "x")
    assert total(desk) == 3


def test_azure_exports_of_prices_are_no_bills(desk):
    lay(
        desk.folder / "x",
        azure({"part_0_0001.csv": b"meterId,unitPrice\n1,2\n"}, root="exports/prices", kind="PriceSheet"),
    )
    lay(desk.folder / "x", azure({"part_0_0001.csv.gz": part(desk, "1")}))
    desk.ingest(desk.folder / "x")
    assert total(desk) == 1


# --- folders of billing periods ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "folder", ["BILLING_PERIOD=2026-10", "billing_period=2026-10-01", "year=2026/month=10"]
)
def test_a_folder_of_a_period_is_a_delivery_also_without_a_manifest(desk, folder):
    lay(
        desk.folder / "x",
        {f"{folder}/a-1.csv.gz": part(desk, "1"), f"{folder}/sub=1/a-2.csv.gz": part(desk, "2")},
    )
    desk.ingest(desk.folder / "x")
    assert total(desk) == 3
    shutil.rmtree(desk.folder / "x")
    lay(desk.folder / "x", {f"{folder}/b.csv.gz": part(desk, "5")})
    assert statuses(desk.ingest(desk.folder / "x")) == ["replaced"]
    assert total(desk) == 5


def test_executions_without_a_manifest_bring_the_newest(desk):
    for execution, cost in ((SECOND, "2"), (FIRST, "1")):
        lay(desk.folder / "x", {f"BILLING_PERIOD=2026-10/{execution}/a.csv.gz": part(desk, cost)})
    desk.ingest(desk.folder / "x")
    assert total(desk) == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"null", b"\xff", b'{"dataFiles": []}', b'{"dataFiles": [1]}', b'{"reportKeys": "x"}',
     b'{"blobs": [{}], "runInfo": {}}', b'{"reportKeys": ["x"], "billingPeriod": 5}', b'{"dataFiles": null}'],
)  # fmt: skip
def test_a_manifest_that_cannot_be_read_leaves_the_folder_as_it_is(desk, content):
    folder = "bills/acme/data/BILLING_PERIOD=2026-10"
    manifest = "bills/acme/metadata/BILLING_PERIOD=2026-10/acme-Manifest.json"
    lay(
        desk.folder / "x",
        {f"{folder}/a.csv.gz": part(desk, "1"), manifest: content, "manifest.json": content},
    )
    desk.ingest(desk.folder / "x")
    assert total(desk) == 1


def test_a_manifest_that_leads_out_of_its_folder_leads_nowhere(desk):
    lay(desk.folder, {"secret.csv.gz": part(desk, "666")})
    text = json.dumps({"dataFiles": ["s3://b/../../secret.csv.gz", "/etc/passwd"]}).encode()
    lay(
        desk.folder / "x",
        {"metadata/BILLING_PERIOD=2026-10/acme-Manifest.json": text, "a.csv.gz": part(desk, "1")},
    )
    with pytest.raises(InputError, match="which is not there"):
        desk.ingest(desk.folder / "x")


@pytest.mark.parametrize("depth", [10, 200_000])
def test_a_manifest_of_very_deep_nesting_is_none(depth):
    stored = Stored("x/metadata/BILLING_PERIOD=2026-10/a-Manifest.json", 1)
    assert understand(stored, b"[" * depth + b"]" * depth) is None


TEXTS = st.sampled_from(
    ["", "x", "s3://b/data/BILLING_PERIOD=2026-10/a.csv", "20261001-20261101", "../..", "\0"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["blobName", "start", "end", "type", "exportName", "submittedTime", "startDate"]),
            inner,
        )
    ),
    max_leaves=6,
)
NAMES = [
    "dataFiles",
    "executionId",
    "reportKeys",
    "billingPeriod",
    "assemblyId",
    "bucket",
    "blobs",
    "runInfo",
    "exportConfig",
]


@given(st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_whatever_is_in_a_manifest_it_is_understood_or_none(text):
    found = understand(Stored("x/20261001-20261101/a-Manifest.json", 1), json.dumps(text).encode())
    assert found is None or all(isinstance(key, str) for key in found.keys)


def test_instants_in_the_folders_above_say_nothing_of_the_delivery(desk):
    lay(desk.folder / "backup-20261120T010203Z", data_export({"a.csv.gz": part(desk, "1")}))
    desk.ingest(desk.folder / "backup-20261120T010203Z")
    assert desk.one("SELECT delivered_at FROM bill_deliveries") is None


def test_a_delivery_that_changes_while_it_is_read_is_told_and_the_one_before_it_stays(desk, monkeypatch):
    from collectors.bills import loading

    lay(desk.folder / "x", data_export({"a-1.csv.gz": part(desk, "1")}))
    desk.ingest(desk.folder / "x")
    before = desk.state()
    lay(desk.folder / "x", data_export({"a-1.csv.gz": part(desk, "2"), "a-2.csv.gz": part(desk, "3")}))
    real = loading._load_part

    def load_part(load, **options):
        os.utime(load.bill.path, (1, 1))
        return real(load, **options)

    monkeypatch.setattr(loading, "_load_part", load_part)
    with pytest.raises(InputError, match=r"a-1\.csv\.gz was changed while it was read"):
        desk.ingest(desk.folder / "x")
    assert desk.state() == before


def test_json_beside_bills_is_left_alone_unless_it_is_one(desk):
    lay(desk.folder / "x", {"settings.json": b'{"a": 1}', "a.csv.gz": part(desk, "1")})
    assert statuses(desk.ingest(desk.folder / "x")) == ["loaded"]


# --- numbered and daily files -------------------------------------------------------------------------------


def test_numbered_files_of_bigquery_replace_those_of_the_export_before_however_many_there_are(desk):
    lay(desk.folder / "x", {f"bill-00000000000{n}.csv.gz": part(desk, *("1" * (n + 1))) for n in range(3)})
    desk.ingest(desk.folder / "x")
    assert total(desk) == 6
    assert statuses(desk.ingest(desk.folder / "x")) == ["unchanged"] * 3
    (desk.folder / "x/bill-000000000002.csv.gz").unlink()
    lay(desk.folder / "x", {f"bill-00000000000{n}.csv.gz": part(desk, "2", "3") for n in range(2)})
    assert statuses(desk.ingest(desk.folder / "x")) == ["replaced", "replaced"]
    assert total(desk) == 10


def test_numbered_files_of_two_exports_are_two_deliveries(desk):
    lay(desk.folder / "x", {"a-000000000000.csv.gz": part(desk, "1")})
    lay(desk.folder / "x", {"a-more-000000000000.csv.gz": part(desk, "5", account="000000000043")})
    desk.ingest(desk.folder / "x")
    lay(desk.folder / "x", {"a-000000000000.csv.gz": part(desk, "2")})
    desk.ingest(desk.folder / "x")
    assert total(desk) == 7


def tencent(desk, *days: str) -> dict[str, bytes]:
    """The file of each day holds a row per day of the month until then."""
    return {
        f"FOCUS-bill_details-100000000001-{day}.CSV": gzip.decompress(part(desk, *("1" * int(day[-2:])), month=f"{day[:4]}-{day[4:6]}"))
        for day in days
    }  # fmt: skip


def test_of_files_that_grow_from_day_to_day_the_last_one_of_the_month_counts(desk):
    lay(desk.folder / "x", tencent(desk, "20260930", "20261016", "20261017"))
    desk.ingest(desk.folder / "x")
    assert total(desk) == 30 + 17
    lay(desk.folder / "x", tencent(desk, "20261018"))
    desk.ingest(desk.folder / "x")
    assert total(desk) == 30 + 18


def test_an_earlier_day_given_later_does_not_win(desk):
    lay(desk.folder / "x", tencent(desk, "20261018"))
    desk.ingest(desk.folder / "x")
    (desk.folder / "x/FOCUS-bill_details-100000000001-20261018.CSV").unlink()
    lay(desk.folder / "x", tencent(desk, "20261012"))
    desk.ingest(desk.folder / "x")
    assert total(desk) == 18
