"""`finops ingest` on exports in folders and archives: the newest delivery, once, whatever way it is given."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.collectors.bills.exports import data_export, lay, report
from tests.end_to_end.command import finops

pytestmark = pytest.mark.slow

HEADER = (
    "BilledCost,EffectiveCost,ListCost,BillingCurrency,BillingAccountId,BillingPeriodStart,ChargePeriodStart,"
    "ChargePeriodEnd,ChargeCategory,ServiceName,ProviderName,ResourceId\n"
)
EXECUTION = "2026-11-0{day}T04:55:57.458Z-f1598ee5-a9e3-4950-9c03-61b9834cfc52"


def bill(*costs: str, month: str = "2026-10") -> bytes:
    rows = (
        f"{cost},{cost},{cost},USD,000000000042,{month}-01,{month}-05,{month}-06,Usage,Compute,AWS,i-{number}\n"
        for number, cost in enumerate(costs)
    )
    return (HEADER + "".join(rows)).encode()


def total(folder: Path) -> str:
    done = finops(
        "sql", "SELECT sum(BilledCost)::VARCHAR AS total FROM charges", "--format", "json", cwd=folder
    )
    assert done.code == 0, done.err
    return f"{float(done.json[0]['total']):g}"


def test_an_export_in_a_folder_is_loaded_once_and_a_new_delivery_takes_its_place(tmp_path: Path) -> None:
    lay(
        tmp_path / "x",
        data_export({"a-1.csv": bill("1"), "a-2.csv": bill("2")}, execution=EXECUTION.format(day=1)),
    )
    first = finops("ingest", "x", cwd=tmp_path)
    assert (first.code, first.out.count(": loaded 1 rows"), total(tmp_path)) == (0, 2, "3")
    again = finops("ingest", "x", cwd=tmp_path)
    assert (again.code, again.out.count(": unchanged, this content is in the warehouse already")) == (0, 2)
    lay(tmp_path / "x", data_export({"a-1.csv": bill("4")}, execution=EXECUTION.format(day=3)))
    newer = finops("ingest", "x", cwd=tmp_path)
    assert (newer.code, newer.out.count(": replaced 1 rows"), total(tmp_path)) == (0, 1, "4")
    lay(tmp_path / "old", data_export({"a-1.csv": bill("5")}, execution=EXECUTION.format(day=2)))
    older = finops("ingest", "old", cwd=tmp_path)
    assert older.code == 0
    assert "A newer delivery of this export (2026-11-03 04:55:57 UTC" in older.out
    assert total(tmp_path) == "4"


def test_an_archive_of_a_report_is_loaded_and_its_restatement_takes_its_place(tmp_path: Path) -> None:
    for day, cost in ((1, "1"), (2, "2")):
        tree = report({"acme-1.csv": bill(cost)}, assembly=f"2026110{day}T010203Z")
        with zipfile.ZipFile(tmp_path / f"{day}.zip", "w") as archive:
            for name, content in tree.items():
                archive.writestr(name, content)
        done = finops("ingest", f"{day}.zip", cwd=tmp_path)
        assert done.code == 0, done.err
        assert f"{day}.zip/cur/acme/20261001-20261101/2026110{day}T010203Z/acme-1.csv: " in done.out
    assert total(tmp_path) == "2"


@pytest.mark.parametrize("what", ["missing", "damaged", "bad member"])
def test_what_cannot_be_trusted_is_one_sentence_and_leaves_the_warehouse_as_it_was(
    tmp_path: Path, what: str
) -> None:
    (tmp_path / "good.csv").write_bytes(bill("1"))
    assert finops("ingest", "good.csv", cwd=tmp_path).code == 0
    before = (tmp_path / "finops.duckdb").read_bytes()
    bad = tmp_path / "bad"
    if what == "missing":
        tree = data_export({"a.csv": bill("1", month="2026-09")}, month="2026-09")
        lay(bad, {name: content for name, content in tree.items() if name.endswith(".json")})
    else:
        with zipfile.ZipFile(bad, "w") as archive:
            archive.writestr("a.csv", bill("1", month="2026-09"))
            archive.writestr("b.csv", "name,age\n" + "x,1\n" * 99)
        if what == "damaged":
            bad.write_bytes(bad.read_bytes()[:-30])
    done = finops("ingest", "bad", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert str(bad) in done.sentence
    assert (tmp_path / "finops.duckdb").read_bytes() == before


def test_a_manifest_is_no_bill_when_it_is_named_itself(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"dataFiles": ["s3://x/y"]}))
    done = finops("ingest", "manifest.json", cwd=tmp_path)
    assert done.code == 2
    assert "manifest.json" in done.sentence
