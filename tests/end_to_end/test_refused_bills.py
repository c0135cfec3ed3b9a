"""A bill that is refused: exit 2, one line, and the warehouse byte for byte as it was."""

import gzip
import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from tests.end_to_end.command import finops

pytestmark = pytest.mark.slow
HEADER = (
    "BilledCost,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargeCategory,ChargePeriodStart,"
    "ChargePeriodEnd,EffectiveCost,ListCost,ProviderName,ServiceName"
)
ROW = "1.5,001,USD,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,Usage,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,1.5,2,AWS,EC2"
GOOD = f"{HEADER}\n{ROW}\n"


def zipped(text: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("bill.csv", text)
    return out.getvalue()


REFUSED = {
    "cut.csv": GOOD.encode() + ROW[:60].encode(),
    "cut.csv.gz": gzip.compress(GOOD.encode() * 500)[:-40],
    "flipped.csv.gz": bytes(b ^ (0x10 if i == 60 else 0) for i, b in enumerate(gzip.compress(GOOD.encode()))),
    "cut.parquet": b"PAR1 and nothing more",
    "cut.zip": zipped(GOOD)[:-30],
    "wide.csv": GOOD.encode("utf-16"),
    "odd.csv": GOOD.replace("EC2", "Café").encode("cp1252"),
    "amounts.csv": GOOD.replace("1.5,001", '"1,234.50",001').encode(),
    "huge.csv": GOOD.replace("1.5,001", "1e308,001").encode(),
    "dates.csv": GOOD.replace("2026-10-01T00:00:00Z", "10/01/2026").encode(),
    "twice.csv": GOOD.replace("ServiceName", "billedcost").encode(),
    "lacking.csv": GOOD.replace("ListCost", "List").encode(),
    "broken.json": json.dumps({"cost": 1}).encode()[:-1],
    "page.csv": b"<!DOCTYPE html>\n<html></html>\n",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a warehouse that holds one good bill."""
    path = tmp_path_factory.mktemp("refused")
    (path / "good.csv").write_text(GOOD)
    assert finops("ingest", "good.csv", cwd=path).code == 0
    return path


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / "finops.duckdb").read_bytes()).hexdigest()


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_bill_leaves_the_warehouse_to_the_byte(folder: Path, name: str) -> None:
    (folder / name).write_bytes(REFUSED[name])
    before = digest(folder)
    done = finops("ingest", "--quiet", name, cwd=folder)
    assert done.code == 2, done.err
    assert name in done.sentence
    assert done.out == ""
    assert digest(folder) == before
    assert sorted(path.name for path in folder.iterdir() if path.suffix == ".work") == []


def test_a_good_bill_before_a_refused_one_stays_loaded(folder: Path) -> None:
    (folder / "other.csv").write_text(GOOD.replace(",001,", ",002,"))
    (folder / "amount.csv").write_text(GOOD.replace("1.5,001", "much,003"))
    before = digest(folder)
    done = finops("ingest", "--quiet", "other.csv", "amount.csv", cwd=folder)
    assert (done.code, "amount.csv" in done.sentence) == (2, True)
    assert digest(folder) != before
    answer = finops("sql", "SELECT string_agg(BillingAccountId, ' ' ORDER BY 1) FROM charges", cwd=folder)
    assert answer.out.split()[-2:] == ["001", "002"]
    assert "failed" in finops("sql", "SELECT status FROM runs", cwd=folder).out
