"""Google's export to BigQuery: nested and flat, standard and detailed, with credits in the row they belong to."""

import copy
import csv
import gzip
import json
from collections import defaultdict
from decimal import Decimal

import duckdb
import pytest

from finops.errors import InputError
from finops.warehouse.reference import refresh

ROW = {
    "billing_account_id": "01AAAA-000000-BBBBBB",
    "service": {"id": "6F81-5844-456A", "description": "Compute Engine"},
    "sku": {"id": "2E27-4F75-95CD", "description": "N1 Predefined Instance Core running in Americas"},
    "usage_start_time": "2026-10-05 00:00:00 UTC",
    "usage_end_time": "2026-10-05 01:00:00 UTC",
    "project": {
        "id": "shop", "number": "0123456789", "name": "Shop", "labels": [{"key": "team", "value": "project's"},
        {"key": "unit", "value": "retail"}], "ancestry_numbers": "/1/2/",
    },
    "labels": [{"key": "team", "value": "a \"quoted\""}],
    "system_labels": [{"key": "compute.googleapis.com/cores", "value": "4"}],
    "location": {"location": "us-central1", "country": "US", "region": "us-central1", "zone": "us-central1-a"},
    "resource": {
        "name": "projects/1/instances/web", "global_name":
        "//compute.googleapis.com/projects/1/zones/us-central1-a/instances/77",
    },
    "price": {"effective_price": "0.03", "unit": "hour", "pricing_unit_quantity": "1", "list_price": "0.04"},
    "export_time": "2026-10-05 05:00:00 UTC",
    "cost": 0.3,
    "currency": "USD",
    "currency_conversion_rate": 1.0,
    "usage": {"amount": 14400.0, "unit": "seconds", "amount_in_pricing_units": 4.0, "pricing_unit": "hour"},
    "credits": [
        {"id": "", "full_name": "Sustained use", "type": "SUSTAINED_USAGE_DISCOUNT", "name": "SUD", "amount": -0.1},
        {"id": "cud-7", "full_name": "CUD: cores", "type": "COMMITTED_USAGE_DISCOUNT", "name": "CUD", "amount": -0.05},
    ],
    "invoice": {"month": "202610"},
    "cost_type": "regular",
    "cost_at_list": "0.4",
}  # fmt: skip


def row(**changes):
    return {**copy.deepcopy(ROW), **changes}


def lines(desk, *rows, name="export.json"):
    return desk.file(name, "".join(json.dumps(each) + "\n" for each in rows))


def test_a_row_says_who_where_and_what(desk):
    file = desk.ingest(lines(desk, row())).files[0]
    assert (file.format, file.rows, file.rejected) == ("gcp-detailed", 1, 0)
    assert desk.one(
        "SELECT x_Cloud, SubAccountId, ServiceName, ServiceCategory, RegionId, AvailabilityZone, x_ResourceKey, "
        "ResourceName, ResourceType, ChargeCategory, CommitmentDiscountCategory, CommitmentDiscountId, PricingCategory, "
        "PricingQuantity, PricingUnit, ListUnitPrice FROM charges"
    ) == (
        "gcp", "shop", "Compute Engine", "Compute", "us-central1", "us-central1-a", "77", "web", "instances", "Usage",
        "Usage", "cud-7", "Committed", Decimal(4), "hour", Decimal("0.04"),
    )  # fmt: skip
    assert str(desk.one("SELECT BillingPeriodStart FROM charges")) == "2026-10-01 00:00:00"


def test_credits_are_taken_off_and_kept_with_their_types(desk):
    desk.ingest(lines(desk, row()))
    billed, effective, listed, contracted, other = desk.one(
        "SELECT BilledCost, EffectiveCost, ListCost, ContractedCost, x_Other FROM charges"
    )
    assert (billed, effective) == (Decimal("0.15"), Decimal("0.15"))
    assert (listed, contracted) == (Decimal("0.4"), Decimal("0.3"))
    assert [credit["type"] for credit in json.loads(json.loads(other)["credits"])] == [
        "SUSTAINED_USAGE_DISCOUNT",
        "COMMITTED_USAGE_DISCOUNT",
    ]


def test_effective_prices_of_a_machine_have_its_discounts_in_them_part_by_part(desk):
    def sku(text):
        return {"id": text, "description": text}

    ram, gpu, disk = (
        sku(text)
        for text in ("N1 Predefined Instance Ram running in Americas", "Nvidia Tesla T4 GPU running in Americas", "SSD backed Local Storage")
    )  # fmt: skip
    plain = row(sku=disk, credits=[], cost=0.04, cost_at_list="0.04")
    desk.ingest(
        lines(
            desk,
            row(),
            row(sku=ram, credits=ROW["credits"][:1], cost=0.2, cost_at_list="0.2"),
            row(sku=gpu),
            plain,
        )
    )
    refresh(desk.con)
    told = desk.con.execute(
        "SELECT component, cost, discount_factor, covered_share > 0 FROM effective_prices WHERE resource_id = '77' ORDER BY 1"
    ).fetchall()
    assert told == [
        ("compute", Decimal("0.25"), pytest.approx(0.25 / 0.6), True),
        ("gpu", Decimal("0.15"), pytest.approx(0.375), True),
        ("local_disk", Decimal("0.04"), 1.0, False),
    ]


def test_labels_of_the_charge_win_over_those_of_the_project(desk):
    desk.ingest(lines(desk, row()))
    assert json.loads(desk.one("SELECT Tags FROM charges")) == {"team": 'a "quoted"', "unit": "retail"}


@pytest.mark.parametrize("shape", ["lines", "gzip", "array", "pretty", "parquet", "flat"])
def test_every_shape_of_the_export_gives_the_same_charges(desk, shape):
    rows = [row(), row(credits=[], cost=0.1), row(cost=-0.02, project=None, cost_type="tax", credits=[])]
    expected = desk.ingest(lines(desk, *rows, name="expected.json")).files[0]
    text = "SELECT * EXCLUDE (x_Source, x_Other) FROM charges ORDER BY ALL"
    before = desk.ask(text)
    desk.ingest(written(desk, shape, rows), replace=True)
    assert desk.ask(text) == before
    assert expected.sums["USD"].billed == Decimal("0.23")


def written(desk, shape, rows):
    if shape == "lines":
        return lines(desk, *rows)
    if shape == "gzip":
        return lines(desk, *rows, name="export.json.gz")
    if shape == "array":
        return desk.file("export.json", json.dumps(rows))
    if shape == "pretty":
        return desk.file("export.json", "\n".join(json.dumps(each, indent=2) for each in rows))
    if shape == "parquet":
        return parquet(desk, rows)
    return flat(desk, rows)


def parquet(desk, rows):
    """With the types BigQuery writes: records, repeated records, doubles, timestamps, numerics."""
    source = lines(desk, *rows, name="source.json")
    path = desk.folder / "export.parquet"
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(
            f"COPY (SELECT * REPLACE (CAST(usage_start_time AS TIMESTAMPTZ) AS usage_start_time, "
            f"CAST(usage_end_time AS TIMESTAMPTZ) AS usage_end_time, CAST(cost AS DOUBLE) AS cost) "
            f"FROM read_json('{source}', sample_size = -1, map_inference_threshold = -1)) TO '{path}' (FORMAT parquet)"
        )
    return path


def flat(desk, rows):
    """One column per field, named with underscores, lists as JSON text."""
    flats = []
    for each in rows:
        out = {}
        for key, value in each.items():
            if isinstance(value, dict):
                for name, inner in value.items():
                    out[f"{key}_{name}"] = json.dumps(inner) if isinstance(inner, list) else inner
            else:
                out[key] = json.dumps(value) if isinstance(value, list) else value
        flats.append(out)
    path = desk.folder / "export.csv"
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for each in flats for name in each)))
        writer.writeheader()
        writer.writerows(flats)
    return path


def test_a_field_that_only_a_late_record_has_is_kept(desk):
    rows = [row() for _ in range(30_000)] + [row(brand_new={"thing": "x"})]
    desk.ingest(lines(desk, *rows))
    assert (
        json.loads(desk.one("SELECT x_Other FROM charges WHERE x_Other LIKE '%brand_new%'"))[
            "brand_new.thing"
        ]
        == "x"
    )


def test_an_export_without_resources_is_the_standard_one(desk):
    standard = row()
    del standard["resource"]
    assert desk.ingest(lines(desk, standard)).files[0].format == "gcp-standard"


def test_the_standard_and_the_detailed_export_of_one_month_are_not_added_up(desk):
    standard = row()
    del standard["resource"]
    desk.ingest(lines(desk, row()))
    with pytest.raises(InputError, match="in different formats"):
        desk.ingest(lines(desk, standard, name="standard.json"))


@pytest.mark.parametrize(
    "broken", ['[{"amount": "much"}]', "no list", '[{"name": "CUD"}]', '[{"amount": -1}, {}]']
)
def test_a_row_whose_credits_cannot_be_read_is_rejected_not_taken_without_them(desk, broken):
    path = flat(desk, [row() for _ in range(3)])
    path.write_text(
        path.read_text().replace(json.dumps(ROW["credits"]).replace('"', '""'), broken.replace('"', '""'), 1)
    )
    result = desk.ingest(path, max_rejected=0.5).files[0]
    assert (result.rows, result.rejected) == (2, 1)


def test_a_consumption_model_with_a_commitment_is_one(desk):
    model = {"id": "7754-699E-0EBF", "description": "CUD: 3 Year General Compute"}
    desk.ingest(
        lines(desk, row(credits=[], consumption_model=model, cost=0.2, cost_at_effective_price_default="0.3"))
    )
    assert desk.one(
        "SELECT CommitmentDiscountId, CommitmentDiscountCategory, EffectiveCost, ContractedCost FROM charges"
    ) == ("7754-699E-0EBF", "Spend", Decimal("0.2"), Decimal("0.3"))


def test_the_invoices_month_decides_not_the_clock(desk):
    late = row(usage_start_time="2026-11-01 03:00:00 UTC", usage_end_time="2026-11-01 04:00:00 UTC")
    desk.ingest(lines(desk, late))
    start, end, charged = desk.one(
        "SELECT BillingPeriodStart, BillingPeriodEnd, ChargePeriodStart FROM charges"
    )
    assert (str(start), str(end), str(charged)) == (
        "2026-10-01 00:00:00", "2026-11-01 00:00:00", "2026-11-01 03:00:00",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"), [('{"cost": 1', "no JSON that can be read"), ('{"a": 1}\n', "no bill in a format")]
)
def test_json_that_is_no_bill_is_refused_in_a_sentence(desk, text, said):
    with pytest.raises(InputError, match=said):
        desk.ingest(desk.file("x.json", text))
    assert not desk.ask("FROM charges")


def test_json_that_is_cut_short_is_refused_and_nothing_changes(desk):
    text = "".join(json.dumps(row()) + "\n" for _ in range(50))
    with pytest.raises(InputError, match="no JSON that can be read"):
        desk.ingest(desk.file("cut.json", text[:-40]))
    (desk.folder / "cut.json.gz").write_bytes(gzip.compress(text.encode())[:-20])
    with pytest.raises(InputError):
        desk.ingest(desk.folder / "cut.json.gz")
    assert not desk.ask("FROM charges")


@pytest.mark.parametrize(
    "name",
    [
        "generated/nise_gcp_detailed.csv", "generated/nise_gcp_standard.csv",
        "native/gcp_detailed_export_synth_google.csv",
    ],
)  # fmt: skip
def test_the_samples_add_up_per_project_currency_month_and_service(desk, samples, name):
    path = samples / "focus" / name
    sums = defaultdict(Decimal)
    with open(path, newline="") as file:
        for each in csv.DictReader(file):
            get = lambda field, each=each: each.get(field.replace(".", "_")) or each.get(field)  # noqa: E731
            key = (
                get("project.id") or None,
                get("currency"),
                get("invoice.month"),
                get("service.description"),
            )
            sums[key] += Decimal(each["cost"]) + sum(
                (Decimal(str(credit["amount"])) for credit in json.loads(each["credits"])), Decimal(0)
            )
    result = desk.ingest(path).files[0]
    assert result.rejected == 0
    rows = desk.ask(
        "SELECT SubAccountId, BillingCurrency, strftime(BillingPeriodStart, '%Y%m'), ServiceName, sum(BilledCost) "
        "FROM charges GROUP BY ALL"
    )
    assert {tuple(key): round(total, 12) for *key, total in rows} == {
        key: round(total, 12) for key, total in sums.items()
    }


def test_json_whose_records_all_lack_credits_has_none_and_says_so(desk):
    plain = row(cost="0.3")
    del plain["credits"]
    file = desk.ingest(lines(desk, plain)).files[0]
    assert desk.one("SELECT BilledCost FROM charges") == Decimal("0.3")
    assert file.notes == ("No record has credits: if the query left them out, they are not counted.",)


def test_a_pricing_unit_of_very_many_or_of_a_part_is_divided_by(desk):
    def price(quantity):
        return {
            "effective_price": "0.03",
            "unit": "request",
            "pricing_unit_quantity": quantity,
            "list_price": "3",
        }

    desk.ingest(lines(desk, row(price=price("1000000000000")), row(price=price("0.5"), cost="1")))
    listed = desk.ask("SELECT ListUnitPrice FROM charges ORDER BY 1")
    assert listed == [(Decimal("0.000000000003"),), (Decimal(6),)]


def test_lists_that_bigquery_wraps_are_lists(desk):
    lines(desk, row(), row(cost=2, credits=[]), name="plain.json")
    lists = ("credits", "labels", "system_labels")
    wrapped = ", ".join(f"{{'list': [{{'element': x}} for x in {name}]}} AS {name}" for name in lists)
    wrapped += ", {'id': project.id, 'labels': {'list': [{'element': x} for x in project.labels]}} AS project"
    path = desk.parquet(
        "wrapped.parquet", f"SELECT * REPLACE ({wrapped}) FROM read_json('{desk.folder}/plain.json')"
    )
    assert desk.ingest(path).files[0].rows == 2
    billed = desk.ask("SELECT BilledCost, CommitmentDiscountId FROM charges ORDER BY 1")
    assert billed == [(Decimal("0.15"), "cud-7"), (Decimal(2), None)]
    tags = desk.one("SELECT DISTINCT Tags FROM charges")
    assert json.loads(tags) == {"team": 'a "quoted"', "unit": "retail"}


def test_charges_alike_but_for_labels_in_the_numbered_files_of_one_export_are_not_the_same_bill(desk):
    first, second = (row(labels=[{"key": "pod", "value": pod}]) for pod in "ab")
    for each in (first, second):
        del each["resource"]
    names = [f"bill-{number:012}.json" for number in range(2)]
    desk.ingest(lines(desk, first, name=names[0]), lines(desk, second, name=names[1]))
    assert desk.one("SELECT sum(BilledCost) FROM charges") == Decimal("0.30")


def test_files_whose_names_differ_by_a_date_are_not_taken_for_parts(desk):
    files = [lines(desk, row(), row(cost=number), name=f"bill-20261101040{number}.json") for number in (1, 2)]
    with pytest.raises(InputError, match="both given now"):
        desk.ingest(*files)


@pytest.mark.parametrize(
    ("labels", "tags"),
    [
        (
            [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}],
            {"a": "1", "unit": "retail", "team": "project's"},
        ),
        ([{"key": "a", "value": None}], {"unit": "retail", "team": "project's"}),
        ([], {"unit": "retail", "team": "project's"}),
    ],
)
def test_labels_that_come_twice_or_are_empty_do_not_take_the_others_with_them(desk, labels, tags):
    desk.ingest(lines(desk, row(labels=labels)))
    assert json.loads(desk.one("SELECT Tags FROM charges")) == tags


def test_labels_that_cannot_be_read_are_kept_as_they_are(desk):
    path = flat(desk, [row(project=None)])
    python = "[{'key': 'a', 'value': \"it's\"}]"
    text = json.dumps(ROW["labels"]).replace('"', '""')
    assert text in path.read_text()
    path.write_text(path.read_text().replace(text, python.replace('"', '""')))
    desk.ingest(path)
    assert json.loads(desk.one("SELECT Tags FROM charges")) == {"labels": python}


def test_the_fee_of_a_commitment_is_no_machines_price(desk):
    fee = {"id": "1", "description": "Commitment v1: Cpu in Americas for 1 Year"}
    desk.ingest(lines(desk, row(sku=fee, credits=[], resource=None)))
    assert desk.one("SELECT PricingCategory FROM charges") == "Committed"


def test_json_that_is_nested_a_hundred_thousand_deep_is_refused_in_a_sentence(desk):
    text = '{"cost": ' + "[" * 100_000 + "]" * 100_000 + "}\n"
    with pytest.raises(InputError, match=r"deep\.json"):
        desk.ingest(desk.file("deep.json", text))
    assert not desk.ask("FROM charges")


def test_a_numbered_field_that_only_a_late_record_has_is_no_field_in_two_cases(desk):
    rows = [row(note="x") for _ in range(3_000)] + [row(note="x", note_1="y")]
    assert desk.ingest(lines(desk, *rows)).files[0].rows == 3_001
