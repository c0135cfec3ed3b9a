"""The bill: days of UTC+8 asked when they may have changed, cycles loaded once and exactly, checked against their totals."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from collectors.alibaba.billing import Bill, BillResult, collect_bill
from collectors.alibaba.client import Session
from collectors.calls import CallError
from finops.errors import InputError
from finops.warehouse import Writer
from tests.collectors.alibaba.calling import hurry, session_of
from tests.collectors.alibaba.canned import ACCOUNT
from tests.collectors.alibaba.live import AT, collect, coverage, rows
from tests.servers.alibaba.asking import ask
from tests.servers.alibaba.cloud import AS_OF, Cloud
from tests.shelf import empty_warehouse

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
BEIJING = timedelta(hours=8)
OCTOBER_IS_FINAL = datetime(2026, 11, 4, 4)  # noon of the fourth in Beijing
FIELDS = ("BilledCost", "EffectiveCost", "ListCost")


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture
def cloud(process: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """Nothing there and nothing billed."""
    hurry(monkeypatch)
    process.fresh()
    process.clock(AS_OF)
    return process


class Desk:
    """A warehouse, the folder of the bill beside it, and the account in the local cloud."""

    def __init__(self, folder: Path, cloud: Cloud, con: duckdb.DuckDBPyConnection) -> None:
        self.folder, self.cloud, self.con = folder, cloud, con
        self.session: Session = session_of(cloud)
        self.said: list[str] = []

    def collect(self, at: datetime = AT, days: int = 40) -> BillResult:
        """The bill as it can be had at an instant; afterwards `calls` is what that took."""
        self.cloud.clock(f"{at:%Y-%m-%dT%H:%M:%SZ}")
        self.cloud.reset_calls()
        self.said.clear()
        bill = Bill(at - timedelta(days=days), self.folder)
        return collect_bill(Writer(self.con, "run", at), self.session, bill, at=at, say=self.said.append)

    @property
    def days(self) -> list[str]:
        """Days that the last collection has asked for, in order, pages counted once."""
        asked = [call["params"]["BillingDate"] for call in self.cloud.calls("DescribeInstanceBill")]
        return list(dict.fromkeys(asked))

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.con.execute(sql, list(values)).fetchall()

    def costs(self) -> dict[str, Decimal]:
        """Cost by resource."""
        return dict(self.rows("SELECT ResourceId, sum(BilledCost) FROM charges GROUP BY ALL"))


@pytest.fixture
def desk(tmp_path: Path, cloud: Cloud) -> Iterator[Desk]:
    with empty_warehouse() as con:
        yield Desk(tmp_path / "bills", cloud, con)


def item(resource: str, amount: float, **more: Any) -> dict[str, Any]:
    """A line that costs this."""
    usual = {
        "InstanceID": resource,
        "BillingItemCode": "instance_type",
        "PretaxGrossAmount": amount,
        "Region": "华东1（杭州）",
    }
    return usual | more


def days_of(first: str, last: str) -> list[str]:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [f"{begin + timedelta(days=number):%Y-%m-%d}" for number in range((end - begin).days + 1)]


# --- what is asked, and what it becomes -------------------------------------------------------------------


def test_every_day_of_both_cycles_is_asked_once_by_item_and_in_the_largest_pages(desk: Desk) -> None:
    desk.cloud.bill("2026-11-12", [item(f"i-{number}", 1.0) for number in range(301)])
    result = desk.collect()
    assert desk.days == days_of("2026-10-01", "2026-11-20")
    calls = desk.cloud.calls("DescribeInstanceBill")
    pages = Counter(call["params"]["BillingDate"] for call in calls)
    assert pages.pop("2026-11-12") == 2
    assert set(pages.values()) == {1}
    for call in calls:
        asked = call["params"]
        assert asked["BillingCycle"] == asked["BillingDate"][:7], (
            "another month's day would silently be a month"
        )
        assert (asked["Granularity"], asked["IsBillingItem"], asked["MaxResults"]) == ("DAILY", "true", "300")
    assert desk.cloud.count("QueryAccountBill") == 1, "the cycle that is finished"
    assert (result.loaded, result.unchanged, result.failed) == (("2026-11",), ("2026-10",), ())
    assert len(desk.costs()) == 301
    assert result.calls == desk.cloud.count()


def test_an_item_is_a_charge_with_its_day_of_utc_8_in_utc(desk: Desk) -> None:
    more = {
        "InvoiceDiscount": 0.25,
        "DeductedByCoupons": 0.05,
        "Usage": "24",
        "UsageUnit": "小时",
        "NickName": "<b>web</b>",
    }
    desk.cloud.bill("2026-11-01", [item("i-1", 1.5, Tag="key:env value:prod; key:team value:pay", **more)])
    desk.collect()
    columns = "ChargePeriodStart, ChargePeriodEnd, BillingPeriodStart, BillingCurrency, BilledCost, EffectiveCost, ListCost, ContractedCost"
    assert desk.rows(f"SELECT {columns} FROM charges") == [
        (
            datetime(2026, 10, 31, 16), datetime(2026, 11, 1, 16), datetime(2026, 11, 1), "CNY",
            Decimal("1.2"), Decimal("1.2"), Decimal("1.5"), Decimal("1.25"),
        )
    ]  # fmt: skip
    columns = "x_Cloud, x_AccountId, BillingAccountId, RegionId, ResourceId, ResourceName, x_ServiceCode, SkuMeter, ChargeCategory, Tags"
    ((*told, tags),) = desk.rows(f"SELECT {columns} FROM charges")
    assert told == [
        "alibaba",
        ACCOUNT,
        ACCOUNT,
        "cn-hangzhou",
        "i-1",
        "<b>web</b>",
        "ecs",
        "instance_type",
        "Usage",
    ]
    assert dict(duckdb.sql("SELECT unnest(json_keys(?)), 1", params=[tags]).fetchall()) == {
        "env": 1,
        "team": 1,
    }


AMOUNTS = [0.1, 0.2, 0.000001, 1e-06, 123456789.123456, 33.333333, -12.34, 0.0, 2, 0.7 + 0.1]


def test_sums_are_exact_to_the_last_digit_and_refunds_are_their_own_rows(desk: Desk) -> None:
    exact = [Decimal(str(amount)).quantize(Decimal("0.000001")) for amount in AMOUNTS]
    desk.cloud.bill("2026-11-02", [item(f"i-{number}", amount) for number, amount in enumerate(AMOUNTS)])
    refund = item("i-back", -5.0, Item="Refund", SubscriptionType="Subscription")
    order = item("i-year", 3000.0, Item="SubscriptionOrder", SubscriptionType="Subscription")
    desk.cloud.bill("2026-11-03", [refund, order])
    desk.collect()
    assert [desk.costs()[f"i-{number}"] for number in range(len(AMOUNTS))] == exact
    assert desk.rows("SELECT sum(BilledCost) FROM charges") == [(sum(exact) + 2995,)]
    kinds = dict(
        desk.rows("SELECT ResourceId, ChargeCategory FROM charges WHERE ResourceId IN ('i-back', 'i-year')")
    )
    assert kinds == {"i-back": "Adjustment", "i-year": "Purchase"}


def test_items_that_are_alike_are_not_one(desk: Desk) -> None:
    desk.cloud.bill("2026-11-02", [item("rm-1", 1.5), item("rm-1", 1.5), item("rm-1", 3.0)])
    desk.collect()
    assert desk.costs() == {"rm-1": Decimal(6)}
    assert desk.rows("SELECT count(*) FROM charges") == [(3,)]


def test_two_currencies_are_kept_apart(desk: Desk) -> None:
    desk.cloud.bill("2026-11-02", [item("i-1", 1.5), item("i-2", 2.5, Currency="USD")])
    desk.collect()
    assert desk.rows("SELECT BillingCurrency, sum(BilledCost) FROM charges GROUP BY 1 ORDER BY 1") == [
        ("CNY", Decimal("1.5")), ("USD", Decimal("2.5")),
    ]  # fmt: skip


def test_an_account_without_any_item_is_no_problem(desk: Desk) -> None:
    result = desk.collect()
    assert (result.rows, result.failed) == (0, ())
    assert desk.rows("SELECT count(*) FROM charges") == [(0,)]


# --- cycles -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "last"),
    [
        (datetime(2026, 10, 31, 15, 59), "2026-10-31"),
        (datetime(2026, 10, 31, 16), "2026-11-01"),
        (datetime(2026, 12, 31, 16), "2027-01-01"),
    ],
)
def test_a_cycle_begins_at_midnight_in_beijing(at: datetime, last: str, desk: Desk) -> None:
    desk.collect(at, days=3)
    assert desk.days[-1] == last
    assert desk.days == days_of(f"{at + BEIJING - 3 * _DAY:%Y-%m}-01", last)


def test_no_more_cycles_are_asked_than_there_are(desk: Desk) -> None:
    desk.collect(days=900)
    assert desk.days[0] == "2025-06-01"
    assert len({day[:7] for day in desk.days}) == 18


# --- what is asked again ----------------------------------------------------------------------------------


def test_at_once_again_only_days_that_may_have_changed_are_asked_and_nothing_is_loaded_twice(
    desk: Desk,
) -> None:
    for day in ("2026-10-15", "2026-11-12", "2026-11-19"):
        desk.cloud.bill(day, [item("i-1", 1.0)])
    desk.collect()
    before = desk.rows("FROM charges ORDER BY ALL")
    result = desk.collect()
    assert desk.days == days_of("2026-11-17", "2026-11-20")
    assert (result.loaded, result.rows) == ((), 0)
    assert desk.rows("FROM charges ORDER BY ALL") == before
    assert desk.costs() == {"i-1": Decimal(3)}


@pytest.mark.parametrize(
    ("asked", "again", "days"),
    [
        # A day settles three days after its end, in UTC+8: the 16th at 16:00 UTC of the 19th.
        (datetime(2026, 11, 19, 15, 59), datetime(2026, 11, 19, 15, 59), days_of("2026-11-16", "2026-11-19")),
        (datetime(2026, 11, 19, 16), datetime(2026, 11, 19, 16), days_of("2026-11-17", "2026-11-20")),
        (datetime(2026, 11, 15), datetime(2026, 11, 20), days_of("2026-11-12", "2026-11-20")),
        (datetime(2026, 11, 20), datetime(2026, 11, 21), days_of("2026-11-17", "2026-11-21")),
    ],
)
def test_a_day_is_asked_again_until_it_was_asked_when_it_had_settled(
    asked: datetime, again: datetime, days: list[str], desk: Desk
) -> None:
    desk.collect(asked, days=10)
    desk.collect(again, days=10)
    assert desk.days == days


def test_a_cycle_is_asked_whole_once_it_is_final_and_then_never_again(desk: Desk) -> None:
    october = days_of("2026-10-01", "2026-10-31")
    desk.collect(OCTOBER_IS_FINAL - timedelta(minutes=1), days=5)
    desk.collect(OCTOBER_IS_FINAL - timedelta(seconds=1), days=5)
    assert desk.days == days_of("2026-11-01", "2026-11-04"), "31 October has settled, and is not final"
    assert desk.cloud.count("QueryAccountBill") == 0
    desk.collect(OCTOBER_IS_FINAL, days=5)
    assert desk.days == [*october, *days_of("2026-11-01", "2026-11-04")]
    assert desk.cloud.count("QueryAccountBill") == 1
    desk.collect(OCTOBER_IS_FINAL + _HOUR, days=5)
    assert desk.days == days_of("2026-11-01", "2026-11-04")


def test_what_is_restated_within_three_days_is_replaced(desk: Desk) -> None:
    desk.cloud.bill("2026-11-18", [item("i-1", 1.0)])
    desk.collect()
    desk.cloud.bill("2026-11-18", [item("i-1", -0.25, Item="Adjustment"), item("i-2", 7.0)])
    result = desk.collect(AT + _HOUR)
    assert result.loaded == ("2026-11",)
    assert desk.costs() == {"i-1": Decimal("0.75"), "i-2": Decimal(7)}


def test_a_bill_that_grows_for_nights_and_is_restated_later_ends_exact_and_only_what_may_have_changed_is_asked(
    desk: Desk,
) -> None:
    """The 28th comes over three nights and is restated a month later, when its cycle had been final for weeks."""
    october = days_of("2026-10-01", "2026-10-31")
    nights = (  # at noon of a day (UTC), what has come by then, and which days of October are asked
        ("2026-10-28", 45.0, days_of("2026-10-01", "2026-10-28")),
        ("2026-10-29", 45.0, days_of("2026-10-25", "2026-10-29")),
        ("2026-10-30", 10.0, days_of("2026-10-26", "2026-10-30")),
        ("2026-11-05", 0.0, october),
        ("2026-11-06", 0.0, []),
        ("2026-11-30", -2.8, october),
        ("2026-12-01", 0.0, []),
    )
    for day, more, asked in nights:
        if more:
            desk.cloud.bill("2026-10-28", [item("i-1", more)])
        desk.collect(datetime.fromisoformat(f"{day}T12:00:00"))
        assert [each for each in desk.days if each.startswith("2026-10")] == asked, day
    assert desk.costs() == {"i-1": Decimal("97.2")}
    told = desk.rows("SELECT day, billed_cost::DOUBLE FROM bill_days ORDER BY told_at")
    assert told == [(datetime(2026, 10, 27), cost) for cost in (45.0, 90.0, 100.0, 97.2)]


# --- the total of a finished cycle ------------------------------------------------------------------------


def checked(desk: Desk) -> dict[str, str]:
    """Subject to status of the check against totals."""
    return dict(desk.rows("SELECT subject, status FROM data_tests WHERE test = 'charges-equal-account-bill'"))


SUBJECT = f"bss://{ACCOUNT}/2026-10/2026-10.parquet"


def test_a_finished_cycle_that_is_its_total_passes(desk: Desk) -> None:
    desk.cloud.bill("2026-10-15", [item("i-1", 10.0), item("i-2", 0.333333)])
    result = desk.collect()
    assert result.failed == ()
    assert checked(desk) == {SUBJECT: "passed"}


def total_of(amount: str) -> dict[str, Any]:
    """What QueryAccountBill shall answer."""
    items = [{"ProductCode": "ecs", "Currency": "CNY", "PretaxAmount": amount}]
    return {
        "Code": "Success",
        "Success": True,
        "Data": {"Items": {"Item": items}, "TotalCount": 1, "PageNum": 1, "PageSize": 300},
    }


@pytest.mark.parametrize(
    ("total", "passes", "told"),
    [
        ("10.00", True, False),
        ("9.995", True, False),
        ("9.95", False, False),
        ("10.2", False, True),
        ("0", False, True),
    ],
)
def test_a_total_may_be_rounded_and_anything_else_is_tested_and_told(
    total: str, passes: bool, told: bool, desk: Desk
) -> None:
    desk.cloud.bill("2026-10-15", [item("i-1", 10.0)])
    desk.cloud.faults([{"kind": "body", "action": "QueryAccountBill", "body": total_of(total)}])
    result = desk.collect()
    assert checked(desk) == {SUBJECT: "passed" if passes else "failed"}
    assert desk.costs() == {"i-1": Decimal(10)}, "the days are loaded all the same"
    assert bool(result.failed) is told
    if told:
        assert "10.0 CNY" in result.failed[0][1]
        assert f"{total} CNY" in result.failed[0][1]


def test_a_finished_cycle_that_is_restated_is_read_again_once(desk: Desk) -> None:
    desk.cloud.bill("2026-10-15", [item("i-1", 10.0)])
    desk.collect()
    desk.cloud.bill("2026-10-15", [item("i-1", -4.0, Item="Adjustment")])
    result = desk.collect(AT + _HOUR)
    assert desk.days[:31] == days_of("2026-10-01", "2026-10-31")
    assert any("2026-10 was restated" in words for words in desk.said)
    assert (result.loaded, result.failed) == (("2026-10",), ())
    assert desk.costs() == {"i-1": Decimal(6)}
    assert checked(desk) == {SUBJECT: "passed"}
    desk.collect(AT + 2 * _HOUR)
    assert not [day for day in desk.days if day < "2026-11"]


def test_a_total_that_never_agrees_does_not_have_all_days_read_every_night(desk: Desk) -> None:
    desk.cloud.bill("2026-10-15", [item("i-1", 10.0)])
    desk.cloud.faults([{"kind": "body", "action": "QueryAccountBill", "body": total_of("20")}])
    desk.collect()
    result = desk.collect(AT + _HOUR)
    assert not [day for day in desk.days if day < "2026-11"]
    assert [month for month, _ in result.failed] == ["2026-10"], "it is told all the same"


def test_a_total_that_may_not_be_read_takes_nothing_away(desk: Desk) -> None:
    desk.cloud.bill("2026-10-15", [item("i-1", 10.0)])
    desk.cloud.deny("bss:DescribeBillList")
    result = desk.collect()
    assert desk.costs() == {"i-1": Decimal(10)}
    assert [month for month, _ in result.failed] == ["2026-10"]
    assert "bss:DescribeBillList is denied" in result.failed[0][1]


# --- what goes wrong --------------------------------------------------------------------------------------


def test_what_is_denied_keeps_the_last_rows(desk: Desk) -> None:
    desk.cloud.bill("2026-11-18", [item("i-1", 1.0)])
    desk.collect()
    desk.cloud.deny("bssapi:DescribeInstanceBill")
    with pytest.raises(CallError, match="bssapi:DescribeInstanceBill is denied") as raised:
        desk.collect(AT + 30 * _DAY)
    assert raised.value.status == "denied"
    assert desk.costs() == {"i-1": Decimal(1)}


def test_a_fetch_that_breaks_off_goes_on_where_it_was(desk: Desk) -> None:
    for day in days_of("2026-11-01", "2026-11-19"):
        desk.cloud.bill(day, [item("i-1", 1.0)])
    failing = {"kind": "error", "code": "InvalidParameter", "action": "DescribeInstanceBill", "every": 12}
    desk.cloud.faults([failing])
    with pytest.raises(CallError):
        desk.collect(days=10)
    assert desk.costs() == {}, "half a cycle is none"
    first = desk.days
    desk.cloud.faults([])
    desk.collect(days=10)
    assert desk.days == days_of(first[-1], "2026-11-20")
    assert desk.costs() == {"i-1": Decimal(19)}


def test_one_cycle_that_fails_leaves_the_others_alone(desk: Desk) -> None:
    desk.cloud.bill("2026-10-15", [item("i-1", 10.0)])
    desk.cloud.bill("2026-11-15", [item("i-1", 1.0)])
    desk.cloud.faults(
        [{"kind": "error", "code": "InvalidParameter", "action": "DescribeInstanceBill", "first": 1}]
    )
    result = desk.collect()
    assert (result.loaded, [month for month, _ in result.failed]) == (("2026-11",), ["2026-10"])
    assert desk.costs() == {"i-1": Decimal(1)}


ODD = [
    {"Items": [item("i-1", 1.0) | {"PretaxAmount": "cheap", "Currency": "CNY"}], "AccountID": ACCOUNT},
    {"Items": ["i-1"], "AccountID": ACCOUNT},
    {"Items": {"Item": 7}},
    {"Lines": []},
    "none",
]


@pytest.mark.parametrize("data", ODD)
def test_a_bill_of_another_shape_is_one_sentence(data: Any, desk: Desk) -> None:
    body = {"Code": "Success", "Success": True, "Data": data}
    desk.cloud.faults([{"kind": "body", "action": "DescribeInstanceBill", "body": body}])
    with pytest.raises(
        InputError, match=f"bill of account {ACCOUNT} for 2026-1. has a shape that this version does not know"
    ):
        desk.collect()


@pytest.mark.parametrize(
    "data",
    [{"Items": [], "TotalCount": 0}, {"Items": None, "TotalCount": 0}, {"Items": {}, "TotalCount": "0"}],
)
def test_a_day_without_items_is_told_in_several_ways(data: Any, desk: Desk) -> None:
    body = {"Code": "Success", "Success": True, "Data": data}
    desk.cloud.faults([{"kind": "body", "action": "DescribeInstanceBill", "body": body}])
    assert desk.collect().failed == ()


def test_a_list_of_days_that_broke_is_made_anew(desk: Desk) -> None:
    desk.cloud.bill("2026-11-12", [item("i-1", 1.0)])
    desk.collect()
    (listed,) = desk.folder.rglob("2026-11/days.json")
    listed.write_text(listed.read_text()[:40])
    result = desk.collect()
    assert desk.days == days_of("2026-11-01", "2026-11-20")
    assert (result.loaded, desk.costs()) == ((), {"i-1": Decimal(1)})


def test_a_file_that_broke_is_told_with_what_to_do(desk: Desk) -> None:
    for day in ("2026-11-12", "2026-11-19"):
        desk.cloud.bill(day, [item("i-1", 1.0)])
    desk.collect()
    (kept,) = desk.folder.rglob("2026-11-12.parquet")
    kept.write_bytes(b"PAR1 and nothing else")
    result = desk.collect(AT + _HOUR)
    ((month, sentence),) = result.failed
    assert month == "2026-11"
    assert "remove that folder" in sentence
    assert desk.costs() == {"i-1": Decimal(2)}


def test_a_day_s_file_that_is_gone_is_asked_for_again(desk: Desk) -> None:
    desk.cloud.bill("2026-11-12", [item("i-1", 1.0)])
    desk.collect()
    (kept,) = desk.folder.rglob("2026-11-12.parquet")
    kept.unlink()
    desk.collect()
    assert desk.days == ["2026-11-12", *days_of("2026-11-17", "2026-11-20")]
    assert desk.costs() == {"i-1": Decimal(1)}


def test_hostile_words_are_kept_and_numbers_as_ids_are_text(desk: Desk) -> None:
    name = "=cmd|' /C calc'!A0\r\n<script>\"'; DROP TABLE charges; --"
    desk.cloud.bill(
        "2026-11-12", [item("0042", 1.0, NickName=name, OwnerID="0000000000000042", Unknown={"a": [1]})]
    )
    desk.collect()
    assert desk.rows("SELECT ResourceId, ResourceName, SubAccountId FROM charges") == [
        ("0042", name, "0000000000000042")
    ]


# --- sites, and who pays for whom -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("site", "currency", "name"),
    [("china", "CNY", "云服务器ECS"), ("international", "USD", "Elastic Compute Service")],
)
def test_both_sites_are_billed_in_their_own_words_and_currency(
    site: str, currency: str, name: str, desk: Desk
) -> None:
    desk.cloud.site(site)
    region = {"china": "华东1（杭州）", "international": "China (Hangzhou)"}[site]
    desk.cloud.bill("2026-11-12", [item("i-1", 1.5, Region=region)])
    desk.collect()
    assert desk.rows(
        "SELECT BillingCurrency, BilledCost, RegionId, x_ServiceCode, ServiceName FROM charges"
    ) == [(currency, Decimal("1.5"), "cn-hangzhou", "ecs", name)]
    wrong = [call for call in desk.cloud.calls() if call["outcome"] == "NotApplicable"]
    assert len(wrong) == (site == "international"), "the site is found out once"
    desk.collect()
    assert not [call for call in desk.cloud.calls() if call["outcome"] == "NotApplicable"]


def items_of(cloud: Cloud, day: str) -> list[dict[str, Any]]:
    """A day's items as the service tells them."""
    asked = {
        "BillingCycle": day[:7],
        "Granularity": "DAILY",
        "BillingDate": day,
        "IsBillingItem": "true",
        "MaxResults": 300,
    }
    answers = [ask(cloud, "bss", "DescribeInstanceBill", **asked)]
    while token := answers[-1]["Data"].get("NextToken"):
        answers.append(ask(cloud, "bss", "DescribeInstanceBill", NextToken=token, **asked))
    return [one for answer in answers for one in answer["Data"]["Items"]]


@pytest.fixture
def estate(process: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A payer and three members, one of which has no role for us; the payer's bill has all of them."""
    hurry(monkeypatch)
    process.estate(n=5, regions=("cn-hangzhou",))
    process.organize(small=2, pays=True)
    process.reset_calls()
    return process


def test_a_bill_is_in_the_warehouse_item_by_item_whoever_owns_it(estate: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    done = collect(db, estate.env, "cn-hangzhou", only=("charges",))
    assert done.errors == {}
    asked = estate.calls("DescribeInstanceBill")
    assert {call["account"] for call in asked} == {ACCOUNT}, "who pays has the items of the others"
    for day in ("2026-10-31", "2026-11-11", "2026-11-19"):
        told = Counter(
            (
                one["InstanceID"],
                one["BillingItemCode"] or one["BillingItem"] or None,
                one["OwnerID"],
                Decimal(str(one["PretaxAmount"])),
            )
            for one in items_of(estate, day)
        )
        query = (
            "SELECT ResourceId, SkuMeter, x_AccountId, BilledCost FROM charges WHERE ChargePeriodStart = ?"
        )
        assert Counter(rows(db, query, datetime.fromisoformat(day) - BEIJING)) == told
    ((count, distinct),) = rows(db, "SELECT count(*), count(DISTINCT x_AccountId) FROM charges")
    assert (count > 500, distinct) == (True, 4)
    assert rows(db, "SELECT DISTINCT BillingAccountId FROM charges") == [(ACCOUNT,)]
    assert rows(db, "SELECT DISTINCT status FROM data_tests WHERE test = 'charges-equal-account-bill'") == [
        ("passed",)
    ]
    held = coverage(db)
    assert {status for (_, dataset), (status, _, _) in held.items() if dataset == "charges"} == {"complete"}


def test_a_bill_that_is_denied_is_a_row_of_coverage_and_the_last_rows_stay(
    estate: Cloud, tmp_path: Path
) -> None:
    db = tmp_path / "w.duckdb"
    collect(db, estate.env, "cn-hangzhou", only=("charges", "snapshots"))
    before = rows(db, "SELECT count(*), sum(BilledCost) FROM charges")
    estate.deny("bssapi:DescribeInstanceBill")
    done = collect(db, estate.env, "cn-hangzhou", only=("charges", "snapshots"), at=AT + _DAY)
    assert done.problem is not None
    query = "SELECT status, error FROM coverage WHERE dataset = 'charges' AND account_id = ?"
    ((status, error),) = rows(db, query, ACCOUNT)
    assert status == "partial", "October is there whole"
    assert "bssapi:DescribeInstanceBill is denied" in error
    assert rows(db, "SELECT count(*), sum(BilledCost) FROM charges") == before
    assert coverage(db)["cn-hangzhou", "snapshots"][0] == "complete"
    estate.deny()
    done = collect(db, estate.env, "cn-hangzhou", only=("charges",), at=AT + _DAY)
    assert (done.problem, rows(db, query, ACCOUNT)) == (None, [("complete", None)])


def test_a_bill_that_was_never_allowed_is_denied_wherever_it_is_told_with_its_calls(
    estate: Cloud, tmp_path: Path
) -> None:
    db = tmp_path / "w.duckdb"
    estate.deny("bssapi:DescribeInstanceBill")
    done = collect(db, estate.env, "cn-hangzhou", only=("charges", "snapshots"))
    (told,) = [status for scope, status in done.statuses.items() if scope.dataset == "charges"]
    query = "SELECT status, calls > 0 FROM coverage WHERE dataset = 'charges' AND account_id = ?"
    assert (told, rows(db, query, ACCOUNT)) == ("denied", [("denied", True)])
