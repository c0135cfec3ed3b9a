"""The same again, a new content, another file of the same bill: never counted twice, never lost."""

from datetime import datetime
from decimal import Decimal

import pytest

from finops.errors import InputError

ROWS = [{"ResourceId": f"i-{number}", "BilledCost": f"{number + 1}.01"} for number in range(10)]
MORE = [{"ResourceId": f"j-{number}", "BilledCost": f"{number + 1}.02"} for number in range(10)]
TOTAL = sum(Decimal(row["BilledCost"]) for row in ROWS)
TOTAL_MORE = sum(Decimal(row["BilledCost"]) for row in MORE)


def total(desk) -> Decimal:
    return desk.one("SELECT sum(BilledCost) FROM charges")


def test_the_same_file_again_changes_nothing(desk):
    path = desk.csv("bill.csv", *ROWS)
    desk.ingest(path)
    before = desk.state()
    result = desk.ingest(path).files[0]
    assert (result.status, result.rows, result.notes) == ("unchanged", 0, ())
    assert desk.state() == before


@pytest.mark.parametrize("replace", [False, True])
def test_the_same_content_under_another_name_changes_nothing(desk, replace):
    first = desk.csv("bill.csv", *ROWS)
    desk.ingest(first)
    before = desk.state()
    result = desk.ingest(desk.csv("copy.csv", *ROWS), replace=replace).files[0]
    assert (result.status, result.notes) == ("unchanged", (f"The same content was loaded from {first}.",))
    assert desk.state() == before


def test_the_same_content_twice_in_one_call_loads_once(desk):
    result = desk.ingest(desk.csv("a.csv", *ROWS), desk.csv("b.csv", *ROWS))
    assert [file.status for file in result.files] == ["loaded", "unchanged"]
    assert (result.rows, total(desk)) == (10, TOTAL)


def test_the_same_path_given_relatively_is_the_same_source(desk, monkeypatch):
    path = desk.csv("bill.csv", *ROWS)
    desk.ingest(path)
    desk.csv("bill.csv", *ROWS, {"BilledCost": "100"})
    monkeypatch.chdir(desk.folder)
    assert desk.ingest("bill.csv").files[0].status == "replaced"
    assert total(desk) == TOTAL + 100


def test_a_new_content_of_the_same_path_takes_the_place_of_the_old(desk):
    path = desk.csv("bill.csv", *ROWS)
    desk.ingest(path)
    desk.csv("bill.csv", *ROWS[:5], *MORE)
    result = desk.ingest(path).files[0]
    assert result.status == "replaced"
    assert desk.one("SELECT count(*), sum(BilledCost) FROM charges") == (
        15,
        sum(Decimal(row["BilledCost"]) for row in ROWS[:5]) + TOTAL_MORE,
    )
    assert desk.one("SELECT count(*), sum(rows) FROM bill_partitions") == (1, 15)
    assert desk.one("SELECT count(*) FROM data_tests WHERE test = 'charges-equal-source'") == 1


def test_going_back_to_the_first_content_brings_it_back(desk):
    path = desk.csv("bill.csv", *ROWS)
    desk.ingest(path)
    desk.csv("bill.csv", *MORE)
    desk.ingest(path)
    desk.csv("bill.csv", *ROWS)
    assert desk.ingest(path).files[0].status == "replaced"
    assert total(desk) == TOTAL


def test_an_account_that_left_the_bill_leaves_the_warehouse(desk):
    path = desk.csv("bill.csv", *ROWS, {"SubAccountId": "gone", "BillingAccountId": "other"})
    desk.ingest(path)
    assert desk.one("SELECT count(*) FROM coverage") == 2
    desk.csv("bill.csv", *ROWS)
    desk.ingest(path)
    assert desk.ask("SELECT account_id, rows FROM coverage") == [("000000000007", 10)]
    assert desk.ask("SELECT billing_account_id FROM bill_partitions") == [("000000000042",)]


def test_a_path_that_each_month_overwrites_keeps_the_months_it_no_longer_speaks_of(desk):
    path = desk.csv("latest.csv", *ROWS)
    desk.ingest(path)
    november = {
        "BillingPeriodStart": "2026-11-01",
        "ChargePeriodStart": "2026-11-02",
        "ChargePeriodEnd": "2026-11-03",
    }
    desk.csv("latest.csv", *({**row, **november} for row in MORE))
    result = desk.ingest(path).files[0]
    assert result.status == "loaded"
    assert "2026-10 is kept" in result.notes[0]
    assert (total(desk), result.sums["USD"].billed) == (TOTAL + TOTAL_MORE, TOTAL_MORE)
    assert desk.one("SELECT count(DISTINCT fingerprint) FROM bill_partitions") == 2
    before = desk.state()
    assert desk.ingest(path).files[0].status == "unchanged"
    assert desk.state() == before


def test_a_path_that_goes_back_to_an_earlier_content_is_loaded_again(desk):
    september = {"BillingPeriodStart": "2026-09-01", "BilledCost": "1000"}
    path = desk.csv("bill.csv", *ROWS, september)
    desk.ingest(path, at=datetime(2026, 11, 1))
    desk.csv("bill.csv", *MORE)
    desk.ingest(path, at=datetime(2026, 11, 2))
    assert total(desk) == TOTAL_MORE + 1000
    desk.csv("bill.csv", *ROWS, september)
    assert desk.ingest(path, at=datetime(2026, 11, 3)).files[0].status == "replaced"
    assert total(desk) == TOTAL + 1000


def test_another_file_with_the_same_rows_is_refused(desk):
    first = desk.csv("bill.csv", *ROWS)
    desk.ingest(first)
    before = desk.state()
    second = desk.csv("again.csv", *ROWS[:8], {"BilledCost": "7"})
    with pytest.raises(InputError, match="both hold 8 identical rows; pass --replace") as raised:
        desk.ingest(second)
    assert str(first) in str(raised.value)
    assert str(second) in str(raised.value)
    assert desk.state() == before


def test_the_same_bill_in_another_format_is_recognised(desk):
    desk.ingest(desk.csv("bill.csv", *ROWS))
    copy = desk.parquet(
        "bill.parquet",
        f"SELECT *, 'x' AS InvoiceId FROM read_csv('{desk.folder}/bill.csv', all_varchar = true)",
    )
    with pytest.raises(InputError, match="both hold 10 identical rows"):
        desk.ingest(copy)


def test_a_restated_bill_in_another_file_is_recognised_by_what_a_restatement_leaves_alone(desk):
    desk.ingest(desk.csv("first.csv", *ROWS))
    restated = [
        {**row, "EffectiveCost": "0.9", "Tags": '{"team": "b"}', "SubAccountName": "New"} for row in ROWS
    ]
    with pytest.raises(InputError, match="both hold 10 identical rows"):
        desk.ingest(desk.csv("second.csv", *restated))


def test_replace_lets_the_new_file_take_the_place_of_the_old_one(desk):
    first = desk.csv("first.csv", *ROWS, {"BilledCost": "x"})
    desk.ingest(first, max_rejected=0.2)
    result = desk.ingest(desk.csv("second.csv", *ROWS[:6], {"BilledCost": "7"}), replace=True).files[0]
    assert result.status == "replaced"
    assert result.notes == (f"It takes the place of {first}, which held the same bill.",)
    assert total(desk) == sum(Decimal(row["BilledCost"]) for row in ROWS[:6]) + 7
    for table, column in [
        ("bill_partitions", "source"),
        ("rejected_rows", "source"),
        ("data_tests", "subject"),
    ]:
        assert desk.one(f"SELECT count(*) FROM {table} WHERE {column} = ?", str(first)) == 0
    assert desk.one("SELECT rows, status FROM coverage") == (7, "complete")


def test_replace_leaves_the_other_partitions_of_the_old_file(desk):
    september = {"BillingPeriodStart": "2026-09-01", "BilledCost": "1000"}
    desk.ingest(desk.csv("first.csv", *ROWS, september))
    desk.ingest(desk.csv("second.csv", *ROWS, {"BilledCost": "7"}), replace=True)
    assert total(desk) == TOTAL + 1007
    assert desk.ask("SELECT billing_period_start::DATE::VARCHAR, rows FROM bill_partitions ORDER BY 1") == [
        ("2026-09-01", 1),
        ("2026-10-01", 11),
    ]


def test_parts_of_one_bill_load_beside_each_other(desk):
    result = desk.ingest(desk.csv("part-1.csv", *ROWS), desk.csv("part-2.csv", *MORE))
    assert [file.status for file in result.files] == ["loaded", "loaded"]
    assert "another part of a bill of which" in result.files[1].notes[0]
    assert total(desk) == TOTAL + TOTAL_MORE
    assert desk.one("SELECT rows FROM coverage") == 20


def test_parts_stay_beside_each_other_with_replace_too(desk):
    desk.ingest(desk.csv("old-1.csv", *ROWS), desk.csv("old-2.csv", *MORE))
    mixed = [*ROWS[:5], *MORE[:5]], [*ROWS[5:], *MORE[5:]]
    desk.ingest(*(desk.csv(f"new-{n}.csv", *rows) for n, rows in enumerate(mixed)), replace=True)
    assert total(desk) == TOTAL + TOTAL_MORE
    assert desk.one("SELECT count(*) FROM bill_partitions") == 2


@pytest.mark.parametrize("replace", [False, True])
def test_two_files_of_one_call_with_the_same_rows_are_refused(desk, replace):
    first, second = desk.csv("a.csv", *ROWS), desk.csv("b.csv", *ROWS, *MORE)
    with pytest.raises(InputError, match="both given now, hold 10 identical rows of the same bill"):
        desk.ingest(first, second, replace=replace)
    assert total(desk) == TOTAL


def test_rows_alike_by_chance_are_no_proof_and_are_told(desk):
    many = [{"ResourceId": f"k-{number}"} for number in range(300)]
    desk.ingest(desk.csv("part-1.csv", *many, ROWS[0]))
    result = desk.ingest(
        desk.csv("part-2.csv", *({**row, "BilledCost": "3", "RegionId": "r"} for row in many), ROWS[0])
    ).files[0]
    assert "1 rows are alike by chance" in result.notes[0]
    assert desk.one("SELECT count(*) FROM charges") == 602


@pytest.mark.parametrize("excerpt_first", [True, False])
def test_an_excerpt_of_a_bill_is_recognised_whichever_comes_first(desk, excerpt_first):
    many = [{"ResourceId": f"k-{number}"} for number in range(600)]
    september = [
        {**row, "BillingPeriodStart": "2026-09-01", "ResourceId": f"s-{n}"} for n, row in enumerate(many)
    ]
    whole = desk.csv("whole.csv", *many)
    excerpt = desk.csv("excerpt.csv", *many[:3], *september)
    first, second = (excerpt, whole) if excerpt_first else (whole, excerpt)
    desk.ingest(first)
    with pytest.raises(InputError, match="both hold 3 identical rows"):
        desk.ingest(second)


def test_rows_without_a_cost_are_no_proof(desk):
    free = [{**row, "BilledCost": "0", "EffectiveCost": "0"} for row in ROWS]
    desk.ingest(desk.csv("part-1.csv", *free, {"BilledCost": "8"}))
    desk.ingest(desk.csv("part-2.csv", *free, {"BilledCost": "9"}))
    assert total(desk) == 17


def test_a_sample_of_the_rows_is_compared_when_there_are_very_many(desk, monkeypatch):
    monkeypatch.setattr("collectors.bills.overlaps._ROWS_TO_COMPARE", 100)
    many = [{"ResourceId": f"k-{number}", "BilledCost": f"{number}.5"} for number in range(500)]
    desk.ingest(desk.csv("first.csv", *many))
    with pytest.raises(InputError, match=r"both hold \d+ identical rows") as raised:
        desk.ingest(desk.csv("second.csv", *many, {"BilledCost": "7"}))
    told = int(str(raised.value).split("both hold ")[1].split()[0])
    assert 300 < told < 700


def test_another_account_month_or_provider_is_another_bill(desk):
    desk.ingest(desk.csv("a.csv", *ROWS))
    for number, other in enumerate(
        [{"BillingAccountId": "43"}, {"BillingPeriodStart": "2026-09-01"}, {"ProviderName": "Microsoft"}]
    ):
        result = desk.ingest(desk.csv(f"b{number}.csv", *({**row, **other} for row in ROWS))).files[0]
        assert (result.status, result.notes) == ("loaded", ())
    assert desk.one("SELECT count(*) FROM bill_partitions") == 4


def test_negative_rows_and_several_currencies_add_up_apart(desk):
    rows = [
        {"BilledCost": "10", "EffectiveCost": "9", "ListCost": "11"},
        {"BilledCost": "-2.5", "EffectiveCost": "-2.5", "ListCost": "", "ChargeCategory": "Credit"},
        {"BilledCost": "7", "EffectiveCost": "7", "BillingCurrency": "EUR", "ContractedCost": ""},
    ]
    result = desk.ingest(desk.csv("mixed.csv", *rows)).files[0]
    usd, eur = result.sums["USD"], result.sums["EUR"]
    assert (usd.billed, usd.effective, usd.list, usd.contracted) == (Decimal("7.5"), Decimal("6.5"), 11, 3)
    assert (eur.billed, eur.contracted) == (7, None)
    assert desk.one("SELECT currency, billed_cost, list_cost FROM bill_partitions") == (
        None,
        Decimal("14.5"),
        13,
    )


def test_partition_says_where_it_came_from(desk):
    path = desk.csv("bill.csv", *ROWS)
    result = desk.ingest(path).files[0]
    row = desk.one(
        "SELECT source, format, provider, billing_account_id, billing_period_start, length(fingerprint), currency, "
        "rows, billed_cost, loaded_at, run_id FROM bill_partitions"
    )
    october = datetime(2026, 10, 1)
    assert row == (
        str(path), "focus-1.0", "AWS", "000000000042", october, 64, "USD", 10, TOTAL, datetime(2026, 11, 20), "run1"
    )  # fmt: skip
    assert (result.periods, result.accounts, result.path) == ((october,), ("000000000007",), path)


def test_a_sum_that_does_not_come_out_takes_everything_back(desk, monkeypatch):
    from collectors.bills import loading
    from finops.errors import InvariantError

    real = loading._insert

    def forgetful(load):
        rows = real(load)
        load.writer.con.execute(
            "UPDATE charges SET ListCost = ListCost + 0.000000000000000001 WHERE ResourceId = 'i-3'"
        )
        return rows

    path = desk.csv("bill.csv", *ROWS)
    before = desk.state()
    monkeypatch.setattr(loading, "_insert", forgetful)
    with pytest.raises(InvariantError, match="do not add up"):
        desk.ingest(path)
    assert desk.state() == before


def test_the_equality_of_sums_is_a_data_test_that_passed(desk):
    path = desk.csv("bill.csv", *ROWS)
    desk.ingest(path)
    assert desk.ask(
        "SELECT subject, severity, status, run_id FROM data_tests WHERE test = 'charges-equal-source'"
    ) == [(str(path), "error", "passed", "run1")]


# --- the same bill in another format, and deliveries ------------------------------------------------------


def test_a_bill_that_comes_in_another_format_is_the_same_bill_whatever_its_rows(desk):
    first = desk.csv("focus.csv", *ROWS)
    desk.ingest(first)
    desk.con.execute("UPDATE bill_partitions SET format = 'cur-2.0'")
    with pytest.raises(
        InputError, match="the same account and billing period in different formats; pass --replace"
    ):
        desk.ingest(desk.csv("other.csv", *MORE))
    desk.ingest(desk.csv("other.csv", *MORE), replace=True)
    assert total(desk) == TOTAL_MORE


def delivered(desk, *files, **options):
    from collectors.bills import Delivery, ingest_delivery
    from finops.warehouse import Writer

    desk.runs += 1
    delivery = Delivery(
        "s3://bucket/export/data/BILLING_PERIOD=2026-10/", {path.name: path for path in files}
    )
    at = datetime(2026, 11, 20)
    return ingest_delivery(Writer(desk.con, f"run{desk.runs}", at), delivery, at=at, **options).files


def test_a_delivery_takes_the_place_of_the_one_before_it_with_other_names_and_fewer_files(desk):
    delivered(desk, desk.csv("a-1.csv", *ROWS), desk.csv("a-2.csv", *MORE))
    assert total(desk) == TOTAL + TOTAL_MORE
    (result,) = delivered(desk, desk.csv("b-1.csv", *ROWS[:3], {"SubAccountId": "new"}))
    assert result.status == "replaced"
    assert total(desk) == sum(Decimal(row["BilledCost"]) for row in ROWS[:3]) + Decimal("1.5")
    source = "s3://bucket/export/data/BILLING_PERIOD=2026-10/b-1.csv"
    for table, column in [("bill_partitions", "source"), ("charges", "x_Source"), ("data_tests", "subject")]:
        assert desk.ask(f"SELECT DISTINCT {column} FROM {table}") == [(source,)]
    assert desk.ask("SELECT account_id, rows FROM coverage ORDER BY ALL") == [("000000000007", 3), ("new", 1)]


def test_the_same_delivery_again_changes_nothing(desk):
    files = desk.csv("a-1.csv", *ROWS), desk.csv("a-2.csv", *MORE)
    delivered(desk, *files)
    before = desk.state()
    assert [file.status for file in delivered(desk, *files)] == ["unchanged", "unchanged"]
    assert desk.state() == before


def test_files_of_one_delivery_are_parts_however_alike_their_rows(desk):
    delivered(desk, desk.csv("a-1.csv", *ROWS), desk.csv("a-2.csv", *ROWS, *MORE))
    assert total(desk) == 2 * TOTAL + TOTAL_MORE


def test_a_delivery_whose_second_file_is_broken_leaves_the_one_before_it(desk):
    delivered(desk, desk.csv("a-1.csv", *ROWS), desk.csv("a-2.csv", *MORE))
    before = desk.state()
    with pytest.raises(InputError, match="cannot be loaded"):
        delivered(
            desk,
            desk.csv("b-1.csv", *ROWS),
            desk.csv("b-2.csv", *({**row, "BilledCost": "x"} for row in MORE)),
        )
    assert desk.state() == before


def test_a_bad_row_in_one_file_of_a_delivery_is_told_and_the_rest_loaded(desk):
    bad = {"BilledCost": "x", "SubAccountId": "bad"}
    files = (
        desk.csv("a-1.csv", *ROWS),
        desk.csv("a-2.csv", *MORE, bad),
        desk.csv("a-3.csv", {"BilledCost": "7"}),
    )
    results = delivered(desk, *files, max_rejected=0.1)
    assert [(file.rows, file.rejected) for file in results] == [(10, 0), (10, 1), (1, 0)]
    assert total(desk) == TOTAL + TOTAL_MORE + 7
    assert desk.ask("SELECT source, line FROM rejected_rows") == [
        ("s3://bucket/export/data/BILLING_PERIOD=2026-10/a-2.csv", 12)
    ]


def test_a_delivery_that_another_file_holds_already_is_refused_or_takes_its_place(desk):
    desk.ingest(desk.csv("local.csv", *ROWS))
    with pytest.raises(InputError, match="both hold 10 identical rows; pass --replace"):
        delivered(desk, desk.csv("a-1.csv", *ROWS, *MORE))
    delivered(desk, desk.csv("a-1.csv", *ROWS, *MORE), replace=True)
    assert total(desk) == TOTAL + TOTAL_MORE


def restated(desk, name, factor, count=40, **more):
    rows = [
        {
            "ResourceId": f"i-{number}",
            "BilledCost": str(number * factor + 1),
            "ListCost": str(number * factor + 2),
            **more,
        }
        for number in range(1, count + 1)
    ]
    return desk.csv(name, *rows)


def test_a_bill_that_comes_again_at_other_costs_under_another_name_is_not_added_up(desk):
    desk.ingest(restated(desk, "preliminary.csv", 1))
    before = desk.state()
    with pytest.raises(InputError, match=r"same resources and times, 40 of them at other costs.*--replace"):
        desk.ingest(restated(desk, "final.csv", 2))
    assert desk.state() == before
    result = desk.ingest(desk.folder / "final.csv", replace=True).files[0]
    assert result.status == "replaced"
    assert desk.one("SELECT count(*), sum(BilledCost) FROM charges") == (40, Decimal(2 * 820 + 40))


def test_another_part_of_a_bill_with_other_hours_or_other_resources_is_loaded_beside_it(desk):
    desk.ingest(restated(desk, "a.csv", 1))
    desk.ingest(
        restated(
            desk, "b.csv", 2, ChargePeriodStart="2026-10-06T00:00:00Z", ChargePeriodEnd="2026-10-06T01:00:00Z"
        )
    )
    desk.ingest(restated(desk, "c.csv", 3, SkuMeter="another"))
    assert desk.one("SELECT count(*) FROM charges") == 120
