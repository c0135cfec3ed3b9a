"""finops export focus, as its user runs it."""

import json
from pathlib import Path

import duckdb
import pytest

from tests.end_to_end.command import finops
from tests.finops.pipeline.test_exporting import ROW, bill

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with finops.duckdb: two months, two clouds, and a total of Cost Explorer."""
    folder = tmp_path_factory.mktemp("export")
    september = {"BillingPeriodStart": "2026-09-01", "BillingPeriodEnd": "2026-10-01", "BilledCost": "0.1"}
    google = {"ProviderName": "Google Cloud", "InvoiceIssuerName": "Google", "ListUnitPrice": ""}
    bill(folder, [september, {}, google])
    assert finops("ingest", "bill.csv", cwd=folder).code == 0
    with duckdb.connect(str(folder / "finops.duckdb")) as con:
        con.execute(
            "INSERT INTO charges SELECT * REPLACE ('total' AS x_CostBasis, 'USD' AS BillingCurrency) FROM charges LIMIT 1"
        )
    return folder


def test_one_line_per_month_and_what_to_know_apart(place: Path) -> None:
    done = finops("export", "focus", "-o", "out", cwd=place)
    assert done.code == 0
    assert done.out.splitlines() == [
        "2026-09: 1 row; USD billed 0.10, effective 1.25",
        "2026-10: 2 rows; USD billed 3.00, effective 2.50",
    ]
    assert "Left out: 1 row of Cost Explorer totals" in done.err
    assert "left empty: ListUnitPrice (1 row)" in done.err
    told = json.loads((place / "out" / "_manifest.json").read_text())
    assert told["left_out"] == {"cost_explorer_totals": 1}
    assert sum(month["rows"] for month in told["months"]) == 3


def test_quiet_says_nothing(place: Path) -> None:
    done = finops("export", "focus", "-o", "quiet", "-q", cwd=place)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert (place / "quiet" / "BILLING_PERIOD=2026-09" / "focus-0.parquet").exists()


def test_a_month_and_a_cloud_narrow_it_down(place: Path) -> None:
    done = finops("export", "focus", "-o", "narrow", "--month", "2026-10", "--cloud", "gcp", cwd=place)
    assert done.out.splitlines() == ["2026-10: 1 row; USD billed 1.50, effective 1.25"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--focus-version", "1.3"], "finops: FOCUS 1.3 cannot be written: --focus-version is 1.0, 1.1 or 1.2."),
        (["--month", "October"], "finops: --month October is no month: write it as 2026-10."),
        (["--month", "2026-08"], "finops: --month 2026-08: there are no charges of it; there are 2026-09, 2026-10."),
        (["--cloud", "azure"], "finops: --cloud azure: there are no charges of it; there are aws, gcp."),
        (["--month", "2026-09", "--cloud", "gcp"], "finops: There are no charges of these clouds in these months"),
        (["-o", "finops.duckdb"], "is a file: name a folder with -o."),
        (["-o", "."], "holds files that finops export did not write: name another folder with -o."),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_one_sentence(place: Path, options: list[str], sentence: str) -> None:
    options = options if "-o" in options else [*options, "-o", "never"]
    done = finops("export", "focus", *options, "-q", cwd=place)
    assert done.code == 2
    assert sentence in done.sentence
    assert done.out == ""
    assert not (place / "never").exists()


def test_a_warehouse_without_charges_is_one_sentence(tmp_path: Path) -> None:
    assert finops("export", "focus", "-o", "out", cwd=tmp_path).sentence.startswith(
        "finops: There is no warehouse at"
    )
    bill(tmp_path, [ROW])
    assert finops("ingest", "bill.csv", cwd=tmp_path).code == 0
    with duckdb.connect(str(tmp_path / "finops.duckdb")) as con:
        con.execute("UPDATE charges SET x_CostBasis = 'total'")
    totals = finops("export", "focus", "-o", "out", cwd=tmp_path)
    assert "only totals from Cost Explorer, which are no bill" in totals.sentence
    with duckdb.connect(str(tmp_path / "finops.duckdb")) as con:
        con.execute("DELETE FROM charges")
    empty = finops("export", "focus", "-o", "out", cwd=tmp_path)
    assert (empty.code, empty.out) == (2, "")
    assert "There are no charges in" in empty.sentence
    assert not (tmp_path / "out").exists()
