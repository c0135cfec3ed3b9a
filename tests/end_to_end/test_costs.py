"""`finops costs`, the real command: on the demo's bills of two months and on bills nobody here wrote."""

import csv
import io
import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from tests.end_to_end.command import finops

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "focus" / "focus"
HEADER = (
    "BilledCost,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargeCategory,ChargePeriodStart,"
    "ChargePeriodEnd,EffectiveCost,ListCost,ProviderName,ServiceName,RegionId,SkuId,PricingQuantity,PricingUnit,Tags,InvoiceId"
)
pytestmark = pytest.mark.slow


def row(month, cost, service="EC2", quantity="10", currency="USD", category="Usage", tags="", provider="AWS"):
    start, end = f"2026-{month:02d}-01T00:00:00Z", f"2026-{month + 1:02d}-01T00:00:00Z"
    day = f"2026-{month:02d}-28T00:00:00Z"
    text = '"' + tags.replace('"', '""') + '"'
    unit = "Hours" if quantity else ""
    return (
        f"{cost},{'001' if currency == 'USD' else '002'},{currency},{start},{end},{category},{day},{end if month != 9 else day[:8] + '29T00:00:00Z'},{cost},"
        f"{cost},{provider},{service},eu-west-1,{service}-sku,{quantity},{unit},{text},INV-{month}"
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two months of a bill in two currencies, with tax, a credit and a hostile tag."""
    path = tmp_path_factory.mktemp("costs")
    rows = [
        row(8, "100"),
        row(8, "19", "Tax", "", category="Tax"),
        row(9, "180", quantity="15", tags='{"team": "=cmd()", "a.b": "x"}'),
        row(9, "34.2", "Tax", "", category="Tax"),
        row(9, "-20.005", "Credit", "", category="Credit"),
        row(9, "70", "ECS", currency="CNY", provider="Alibaba Cloud"),
    ]
    (path / "bill.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    done = finops("ingest", "bill.csv", cwd=path)
    assert done.code == 0, done.err
    return path


def test_json_tells_cost_change_effects_and_invoices(folder):
    found = finops("costs", "--format", "json", cwd=folder).json
    assert (found["month"], found["previous_month"], list(found["currencies"])) == (
        "2026-09",
        "2026-08",
        ["CNY", "USD"],
    )
    usd = found["currencies"]["USD"]
    assert usd["totals"]["billed"] == 194.2  # 194.195, half to even
    assert usd["totals"]["change"] == 75.2
    assert usd["totals"]["effects"] == {
        "price": 30.0,
        "quantity": 50.0,
        "new": 0.0,
        "gone": 0.0,
        "other": -4.8,
    }
    assert usd["tie_out"]["invoices"][0]["total"] == 194.2
    assert usd["tie_out"]["loaded_residual"] == 0
    assert any("Alibaba" in note or "alibaba" in note for note in found["notes"])


def test_a_pipe_gets_every_line_as_tab_separated_values(folder):
    lines = finops("costs", "--by", "service,tag:team", cwd=folder).out.splitlines()
    assert lines[0].split("\t")[:7] == [
        "month",
        "previous_month",
        "currency",
        "metric",
        "service",
        "tag:team",
        "lines",
    ]
    assert len(lines) == 1 + 5  # EC2 twice: once gone, once tagged
    assert any("\t(no team)\t" in line for line in lines)


def test_csv_is_safe_to_open_and_adds_up(folder):
    done = finops("costs", "--by", "tag:team", "--format", "csv", cwd=folder)
    rows = [one for one in csv.DictReader(io.StringIO(done.out)) if one["currency"] == "USD"]
    assert {one["tag:team"] for one in rows} == {"'=cmd()", "(no team)"}
    assert sum(Decimal(one["billed"]) for one in rows) == Decimal("194.20")


def test_a_file_gets_the_table_a_person_reads_without_colour(folder):
    done = finops("costs", "-o", "costs.txt", cwd=folder)
    assert (done.code, done.out) == (0, "")
    text = (folder / "costs.txt").read_text()
    assert text.startswith("Costs of September 2026 by service, against August 2026\n")
    assert "\x1b" not in text


def test_markdown_is_printed(folder):
    assert "| **Total** |" in finops("costs", "--format", "markdown", "--cloud", "aws", cwd=folder).out


def test_a_part_is_told_to_be_one(folder):
    found = finops("costs", "--tag", "team==cmd()", "--format", "json", cwd=folder).json
    assert found["filters"] == {"tag": ["team==cmd()"]}
    assert found["currencies"]["USD"]["totals"]["cost"] == 180
    assert found["currencies"]["USD"]["tie_out"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--by", "colour"], "there are cloud, service, account"),
        (["--month", "october"], "2026-10"),
        (["--month", "2026-01"], "there are 2026-08 and 2026-09"),
        (["--against", "2026-09"], "itself"),
        (["--cloud", "mars"], "there are alibaba, aws"),
        (["--account", "999"], "001"),
        (["--tag", "novalue"], "key=value"),
        (["--top", "3", "--all"], "exclude"),
        (["--db", "none.duckdb"], "none.duckdb"),
        (["-o", "nowhere/costs.txt"], "nowhere"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(folder, arguments, words):
    done = finops("costs", *arguments, cwd=folder)
    assert (done.code, done.out) == (2, "")
    assert words in done.sentence


def test_a_warehouse_without_a_bill_is_one_sentence(tmp_path):
    (tmp_path / "empty.csv").write_text(HEADER + "\n")
    assert finops("costs", cwd=tmp_path).code == 2
    assert "There is no warehouse" in finops("costs", cwd=tmp_path).sentence


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not beside this checkout")
def test_real_bills_are_told_to_the_cent_per_provider_and_service(tmp_path):
    name = SAMPLES / "focus_sample_1000.csv"
    assert finops("ingest", name, cwd=tmp_path).code == 0
    expected: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    with open(name, encoding="utf-8-sig", newline="") as file:
        for one in csv.DictReader(file):
            expected[one["BillingPeriodStart"][:7], one["ProviderName"], one["ServiceName"]] += Decimal(
                one["BilledCost"]
            )
    clouds = {"aws": "AWS", "azure": "Microsoft", "oracle": "Oracle"}
    for month in {key[0] for key in expected}:
        done = finops(
            "costs",
            "--by",
            "cloud,service",
            "--metric",
            "billed",
            "--month",
            month,
            "-f",
            "json",
            cwd=tmp_path,
        )
        usd = done.json["currencies"]["USD"]
        mine = {key[1:]: total for key, total in expected.items() if key[0] == month}
        got = {
            (clouds[line["keys"]["cloud"]], line["keys"]["service"]): line["billed"] for line in usd["lines"]
        }
        assert got.keys() == mine.keys()
        assert all(abs(Decimal(str(got[key])) - mine[key]) < Decimal("0.01") for key in mine)
        assert usd["totals"]["billed"] == float(round(sum(mine.values()), 2))


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not beside this checkout")
def test_commitments_taxes_and_credits_of_three_providers_tie_out(tmp_path):
    names = [SAMPLES / f"synthetic_{cloud}_1_2_rows100.csv" for cloud in ("aws", "azure", "gcp")]
    assert finops("ingest", *names, cwd=tmp_path).code == 0
    found = json.loads(finops("costs", "--by", "charge", "-f", "json", cwd=tmp_path).out)
    usd = found["currencies"]["USD"]
    tie = usd["tie_out"]
    assert {line["keys"]["charge"] for line in usd["lines"]} == {"Usage", "Purchase", "Tax"}
    assert round(tie["invoiced"] + tie["not_invoiced"] + tie["residual"], 2) == tie["billed"] == 5119.51
    assert tie["loaded_residual"] == 0
