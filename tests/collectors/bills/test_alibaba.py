"""Alibaba Cloud's bill details: Chinese headers, the API's names and the upgraded bill's, in CNY and USD, UTC+8."""

import csv
import io
import json
import random
import zipfile
from collections import defaultdict
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.bills.mapping import macros
from finops.errors import InputError

# The header of the billable items that a Chinese subscription delivers, as its users' tools list it.
CHINESE = (
    "账期,财务单元,账号ID,账号,Owner账号,产品Code,产品,产品明细Code,产品明细,消费类型,消费时间,账单开始时间,账单结束时间,服务时长,"
    "订单号/账单号,账单类型,计费方式,实例ID,实例昵称,资源组,实例标签,实例配置,实例规格,公网IP,私网IP,地域,可用区,计费项,单价,单价单位,"
    "用量,用量单位,资源包抵扣,原价,优惠金额,优惠券抵扣,应付金额,现金支付,代金券抵扣,储值卡支付金额,欠费金额"
)
ITEM = {
    "账期": "2026-10", "财务单元": "零售", "账号ID": "0012345678901234", "账号": "pay@shop", "Owner账号": "web@shop",
    "产品Code": "ecs", "产品": "云服务器 ECS", "产品明细Code": "ecs", "产品明细": "云服务器ECS-按量付费", "消费类型": "后付费",
    "消费时间": "2026-10-05 09:00:00", "账单开始时间": "2026-10-05 08:00:00", "账单结束时间": "2026-10-05 09:00:00",
    "服务时长": "3600", "订单号/账单号": "2026100500000001", "账单类型": "云资源按量计费", "计费方式": "其它",
    "实例ID": "i-bp1", "实例昵称": "web", "资源组": "默认", "实例标签": "key:env value:prod; key:team value:pay",
    "实例配置": "CPU:2;内存:8G", "实例规格": "ecs.g7.large", "公网IP": "", "私网IP": "10.0.0.1", "地域": "华东1（杭州）",
    "可用区": "cn-hangzhou-k", "计费项": "云服务器配置", "单价": "0.52325", "单价单位": "元/小时", "用量": "3600",
    "用量单位": "秒", "资源包抵扣": "0", "原价": "0.52325", "优惠金额": "0.07325", "优惠券抵扣": "0.05", "应付金额": "0.4",
    "现金支付": "0.3", "代金券抵扣": "0.1", "储值卡支付金额": "0", "欠费金额": "0",
}  # fmt: skip
# What DescribeInstanceBill answers for a billable item and a day, with the cycle of the answer.
ANSWER = {
    "BillingCycle": "2026-10", "BillAccountID": "0099", "BillAccountName": "pay@intl", "OwnerID": "0007",
    "BillingDate": "2026-10-05", "InstanceID": "d-t4n1", "NickName": "data", "ProductCode": "yundisk",
    "ProductName": "Elastic Block Storage", "ProductDetail": "Block Storage", "CommodityCode": "yundisk", "Region":
    "Singapore", "Zone": "ap-southeast-1a", "SubscriptionType": "PayAsYouGo", "Item": "PayAsYouGoBill", "BillingItem":
    "Data disk", "BillingItemCode": "disk", "ListPrice": "0.0002", "ListPriceUnit": "USD/GB", "Usage": "960",
    "UsageUnit": "GB", "PretaxGrossAmount": "0.192", "InvoiceDiscount": "0.02", "DeductedByCoupons": "0",
    "PretaxAmount": "0.172", "Currency": "USD", "Tag": "env:dev;team:pay", "ResourceGroup": "default",
}  # fmt: skip
GROUPED = {
    "IdentityDetails/ResourcePurchaseAccountId": "0099", "IdentityDetails/ResourceOwnerAccountId": "0007",
    "BillingDetails/BillingMonth": "202610", "BillingDetails/BillingDate": "20261005",
    "BillingDetails/LineItemType": "Pay-as-you-go Fee", "ProductDetails/ProductCode": "oss", "ProductDetails/ProductName":
    "Object Storage Service", "ProductDetails/BillingItemCode": "Storage", "ResourceDetails/InstanceId":
    "cn-shanghai;standard", "ResourceDetails/RegionCode": "cn-shanghai", "ResourceDetails/ResourceTag": "",
    "UsageDetails/Usage": "12", "UsageDetails/UsageUnit": "GB", "FeeDetails/GrossAmount": "0.12",
    "DiscountDetails/DiscountAmount": "0.02", "PayableDetails/TaxExclusivePayableAmount": "0.1",
    "PricingDetails/Currency": "USD",
}  # fmt: skip


def bill(desk, *rows, name="bill.csv", like=ITEM, lacking=(), mark=""):
    full = [
        {key: value for key, value in {**like, **row}.items() if key not in lacking} for row in rows or [{}]
    ]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(full[0]))
    writer.writeheader()
    writer.writerows(full)
    return desk.file(name, mark + out.getvalue())


def test_the_chinese_header_says_who_where_what_and_when(desk):
    assert ",".join(ITEM) == CHINESE
    file = desk.ingest(bill(desk, mark="\ufeff")).files[0]
    assert (file.format, file.rows, file.rejected) == ("alibaba-items", 1, 0)
    assert desk.one(
        "SELECT x_Cloud, BillingAccountId, SubAccountId, BillingCurrency, ServiceName, ServiceCategory, RegionId, RegionName, "
        "AvailabilityZone, ResourceId, ResourceName, ChargeCategory, ChargeFrequency, PricingCategory, ConsumedQuantity, "
        "ConsumedUnit, PricingQuantity, PricingUnit, ListUnitPrice FROM charges"
    ) == (
        "alibaba", "0012345678901234", "web@shop", "CNY", "云服务器 ECS", "Compute", "cn-hangzhou", "华东1（杭州）",
        "cn-hangzhou-k", "i-bp1", "web", "Usage", "Usage-Based", "Standard", 3600, "Seconds", 1, "Hours",
        Decimal("0.52325"),
    )  # fmt: skip
    assert times(desk) == ["2026-10-01 00:00", "2026-11-01 00:00", "2026-10-05 00:00", "2026-10-05 01:00"]
    assert json.loads(desk.one("SELECT Tags FROM charges")) == {"env": "prod", "team": "pay"}
    assert json.loads(desk.one("SELECT SkuPriceDetails FROM charges"))["InstanceSpec"] == "ecs.g7.large"


def times(desk):
    columns = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
    return [f"{value:%Y-%m-%d %H:%M}" for value in desk.one(f"SELECT {', '.join(columns)} FROM charges")]


def test_discounts_and_coupons_lower_the_bill_and_ways_to_pay_it_do_not(desk):
    desk.ingest(bill(desk))
    assert desk.one("SELECT ListCost, ContractedCost, BilledCost, EffectiveCost, x_Cost FROM charges") == (
        Decimal("0.52325"), Decimal("0.45"), Decimal("0.4"), Decimal("0.4"), Decimal("0.4"),
    )  # fmt: skip


def test_what_no_line_reads_is_kept(desk):
    desk.ingest(bill(desk))
    other = json.loads(desk.one("SELECT x_Other FROM charges"))
    assert {key: other[key] for key in ("财务单元", "订单号/账单号", "代金券抵扣", "优惠券抵扣", "私网IP")} == {
        "财务单元": "零售", "订单号/账单号": "2026100500000001", "代金券抵扣": "0.1", "优惠券抵扣": "0.05", "私网IP": "10.0.0.1",
    }  # fmt: skip


def test_the_apis_names_are_read_from_csv_and_from_json(desk):
    file = desk.ingest(bill(desk, like=ANSWER)).files[0]
    assert (file.format, file.rejected) == ("alibaba-items-daily", 0)
    text = "SELECT * EXCLUDE (x_Source) FROM charges"
    before = desk.one(text)
    assert desk.one(
        "SELECT BillingAccountId, SubAccountId, BillingCurrency, ServiceSubcategory, RegionId, ResourceId, BilledCost, "
        "ListCost, ContractedCost, SkuMeter, PricingUnit FROM charges"
    ) == (
        "0099", "0007", "USD", "Block Storage", "ap-southeast-1", "d-t4n1", Decimal("0.172"), Decimal("0.192"),
        Decimal("0.172"), "disk", "GB",
    )  # fmt: skip
    assert times(desk)[2:] == ["2026-10-04 16:00", "2026-10-05 16:00"]
    desk.ingest(desk.file("answer.json", json.dumps([ANSWER])), replace=True)
    assert desk.one(text) == before


@pytest.mark.parametrize("name", ["bill.csv.gz", "bill.zip"])
def test_packed_files_are_read(desk, name):
    if name.endswith("zip"):
        path = desk.folder / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.write(bill(desk), "1_BillingItemDetail_202610_1.csv")
            packed.write(bill(desk, {"实例ID": "i-bp2"}), "1_BillingItemDetail_202610_2.csv")
    else:
        path = bill(desk, {}, {"实例ID": "i-bp2"}, name=name)
    desk.ingest(path)
    assert desk.ask("SELECT ResourceId, BilledCost FROM charges ORDER BY ALL") == [
        ("i-bp1", Decimal("0.4")), ("i-bp2", Decimal("0.4")),
    ]  # fmt: skip


def test_labels_of_the_console_with_blanks_between_the_words_are_the_same_names(desk):
    spaced = {
        "Billing Cycle": "2026-10", "Account ID": "0099", "Product Code": "ecs", "Subscription Type": "PayAsYouGo",
        "Item": "PayAsYouGoBill", "Instance ID": "i-1", "Pretax Gross Amount": "2", "Invoice Discount": "0.5",
        "Pretax Amount": "1.5", "Currency": "USD", "Spn ID": "spn-1", "Spn Discount Amount": "0.25",
    }  # fmt: skip
    file = desk.ingest(bill(desk, like=spaced)).files[0]
    assert file.format == "alibaba-instances-monthly"
    assert desk.one(
        "SELECT BillingAccountId, ResourceId, BilledCost, CommitmentDiscountId, CommitmentDiscountCategory, "
        "CommitmentDiscountQuantity, PricingCategory FROM charges"
    ) == ("0099", "i-1", Decimal("1.5"), "spn-1", "Spend", Decimal("0.25"), "Committed")
    assert times(desk)[2:] == ["2026-09-30 16:00", "2026-10-31 16:00"]


def test_the_upgraded_bills_grouped_names_are_read(desk):
    file = desk.ingest(bill(desk, like=GROUPED)).files[0]
    assert (file.format, file.rejected) == ("alibaba-items-daily", 0)
    assert desk.one(
        "SELECT BillingAccountId, SubAccountId, RegionId, ResourceId, ServiceSubcategory, BilledCost, ListCost, ChargeCategory, "
        "x_Other::JSON ->> 'DiscountDetails/DiscountAmount' FROM charges"
    ) == (
        "0099", "0007", "cn-shanghai", "cn-shanghai;standard", "Object Storage", Decimal("0.1"), Decimal("0.12"), "Usage",
        "0.02",
    )  # fmt: skip
    assert times(desk) == ["2026-10-01 00:00", "2026-11-01 00:00", "2026-10-04 16:00", "2026-10-05 16:00"]


def test_full_width_letters_in_a_header_are_plain_ones(desk):
    assert (
        desk.ingest(bill(desk, like={("账号ＩＤ" if k == "账号ID" else k): v for k, v in ITEM.items()}))
        .files[0]
        .rows
        == 1
    )
    assert desk.one("SELECT BillingAccountId FROM charges") == "0012345678901234"


# --- time -------------------------------------------------------------------------------------------------


def test_the_first_hour_of_a_month_in_china_belongs_to_that_month_and_is_still_the_last_one_in_utc(desk):
    first = {"账期": "2026-11", "账单开始时间": "2026-11-01 00:00:00", "账单结束时间": "2026-11-01 01:00:00"}
    desk.ingest(bill(desk, first))
    assert times(desk) == ["2026-11-01 00:00", "2026-12-01 00:00", "2026-10-31 16:00", "2026-10-31 17:00"]


def test_a_time_that_names_its_zone_means_it(desk):
    desk.ingest(
        bill(desk, {"账单开始时间": "2026-10-05T00:00:00Z", "账单结束时间": "2026-10-05 09:00:00+08:00"})
    )
    assert times(desk)[2:] == ["2026-10-05 00:00", "2026-10-05 01:00"]


def test_a_purchase_without_times_is_of_the_day_it_was_paid_on(desk):
    order = {
        "账单类型": "预付费订单",
        "消费类型": "预付费",
        "账单开始时间": "",
        "账单结束时间": "",
        "应付金额": "1200",
    }
    desk.ingest(bill(desk, order))
    assert times(desk)[2:] == ["2026-10-05 01:00", "2026-10-05 16:00"]


UNREADABLE = [
    ({"账单开始时间": "yesterday"}, "UsageStartTime is not an instant: 'yesterday'"),
    ({"账期": "2026-13"}, "账期 is not a month: '2026-13'"),
    ({"账期": "", "币种": "CNY"}, "BillingPeriodStart is empty"),
    ({"应付金额": "much"}, "PretaxAmount is not a number that fits: 'much'"),
    ({"应付金额": ""}, "BilledCost is empty"),
    ({"优惠金额": "1,5"}, "InvoiceDiscount is not a number that fits: '1,5'"),
    ({"账号ID": "", "账号": ""}, "BillingAccountId is empty"),
    ({"账单类型": "赠送"}, "ChargeCategory is not Usage, Purchase, Tax, Credit or Adjustment: '赠送'"),
    ({"单价单位": "美元/小时"}, "BillingCurrency is empty"),
    ({"账单结束时间": "2026-10-05 07:00:00"}, "ChargePeriodEnd is before ChargePeriodStart"),
]


def test_a_row_that_cannot_be_read_is_rejected_with_its_line_and_reason(desk):
    like = {**ITEM, "币种": ""}
    path = bill(desk, {}, *(change for change, _ in UNREADABLE), {}, like=like)
    result = desk.ingest(path, max_rejected=0.9).files[0]
    assert (result.rows, result.rejected) == (2, len(UNREADABLE))
    assert desk.ask("SELECT line, reason FROM rejected_rows ORDER BY line") == [
        (line, reason) for line, (_, reason) in enumerate(UNREADABLE, 3)
    ]


# --- what a row is ----------------------------------------------------------------------------------------


TYPES = [
    ("SubscriptionOrder", "Subscription", "Purchase", None),
    ("PayAsYouGoBill", "PayAsYouGo", "Usage", None),
    ("Refund", "PayAsYouGo", "Adjustment", "Correction"),
    ("Adjustment", "PayAsYouGo", "Adjustment", "Correction"),
    ("预付费订单", "预付费", "Purchase", None),
    ("后付费账单", "后付费", "Usage", None),
    ("云资源按量计费", "后付费", "Usage", None),
    ("退款", "预付费", "Adjustment", "Correction"),
    ("调账", "后付费", "Adjustment", "Correction"),
    ("消费", "预付费", "Purchase", None),
    ("消费", "后付费", "Usage", None),
    ("", "Subscription", "Purchase", None),
    ("Subscription Upfront Fee", "", "Purchase", None),
    ("Subscription Pay-as-you-go Fee", "", "Purchase", None),
    ("Subscription Refund Fee", "", "Adjustment", "Correction"),
    ("Subscription Coverage Fee", "", "Usage", None),
    ("Rounding Adjustment", "", "Adjustment", None),
]


def test_bill_types_in_either_language_are_focuss_categories(desk):
    rows = [
        {"Item": item, "SubscriptionType": subscription, "InstanceID": f"{number:02}"}
        for number, (item, subscription, *_) in enumerate(TYPES)
    ]
    desk.ingest(bill(desk, *rows, like=ANSWER))
    found = desk.ask("SELECT ChargeCategory, ChargeClass FROM charges ORDER BY ResourceId")
    assert list(zip(TYPES, found, strict=True)) == [(each, each[2:]) for each in TYPES]


def test_a_subscription_costs_what_was_paid_on_the_day_it_was_paid(desk):
    year = {
        "账单类型": "预付费订单",
        "消费类型": "预付费",
        "应付金额": "1200",
        "账单结束时间": "2027-10-05 08:00:00",
    }
    back = {
        "账单类型": "退款",
        "消费类型": "预付费",
        "应付金额": "-300.5",
        "原价": "-400",
        "优惠金额": "-99.5",
    }
    desk.ingest(bill(desk, year, back))
    assert desk.ask(
        "SELECT ChargeCategory, ChargeFrequency, BilledCost, EffectiveCost, x_Cost, year(ChargePeriodEnd) FROM charges ORDER BY 3"
    ) == [
        ("Adjustment", "One-Time", Decimal("-300.5"), Decimal("-300.5"), Decimal("-300.5"), 2026),
        ("Purchase", "One-Time", Decimal(1200), Decimal(1200), Decimal(1200), 2027),
    ]


def test_usage_that_a_resource_package_pays_for_is_committed_and_costs_nothing(desk):
    desk.ingest(bill(desk, {"资源包抵扣": "3600", "应付金额": "0", "优惠金额": "0", "优惠券抵扣": "0"}))
    category, billed, other = desk.one("SELECT PricingCategory, BilledCost, x_Other FROM charges")
    assert (category, billed) == ("Committed", 0)
    assert json.loads(other)["资源包抵扣"] == "3600"


def test_words_where_a_price_or_a_quantity_is_expected_do_not_cost_the_row(desk):
    desk.ingest(bill(desk, {"单价": "阶梯价", "用量": "-"}))
    price, used, other = desk.one("SELECT ListUnitPrice, ConsumedQuantity, x_Other FROM charges")
    assert (price, used) == (None, None)
    assert (json.loads(other)["单价"], json.loads(other)["用量"]) == ("阶梯价", "-")


def test_a_system_disk_is_storage_under_the_id_of_its_instance(desk):
    desk.ingest(
        bill(desk, {"ProductCode": "ecs", "InstanceID": "i-1", "BillingItemCode": "systemdisk"}, like=ANSWER)
    )
    assert desk.one("SELECT x_ResourceKey, SkuMeter, ServiceSubcategory, ServiceCategory FROM charges") == (
        "i-1", "systemdisk", "Block Storage", "Storage",
    )  # fmt: skip


REGIONS = [
    ("华北 2（北京）", "", "cn-beijing"), ("华北2(北京)", "", "cn-beijing"), ("China (Hong Kong)", "", "cn-hongkong"),
    ("US (Silicon Valley)", "", "us-west-1"), ("eu-central-1", "", "eu-central-1"),
    ("Atlantis", "ap-southeast-5a", "ap-southeast-5"), ("未知", "cn-wuhan-lr-a", "cn-wuhan-lr"),
    ("Atlantis", "", None), ("", "", None),
]  # fmt: skip


def test_a_regions_name_becomes_its_id_where_it_is_known(desk):
    rows = [
        {"地域": name, "可用区": zone, "实例ID": f"{number:02}"}
        for number, (name, zone, _) in enumerate(REGIONS)
    ]
    desk.ingest(bill(desk, *rows))
    found = desk.ask("SELECT RegionId, RegionName FROM charges ORDER BY ResourceId")
    assert found == [(expected, name or None) for name, _, expected in REGIONS]


def test_no_region_has_two_ids_for_a_name(desk):
    desk.con.execute(macros())
    assert not desk.ask("SELECT name FROM alibaba_regions GROUP BY name HAVING count(*) > 1")
    assert not desk.ask("SELECT name FROM alibaba_regions WHERE name <> alibaba_region_name(name)")


def test_without_an_owners_id_the_owners_name_tells_accounts_apart(desk):
    desk.ingest(bill(desk, {}, {"Owner账号": "pay@shop"}, {"Owner账号": ""}))
    assert desk.ask("SELECT SubAccountId, count(*) FROM charges GROUP BY ALL ORDER BY ALL") == [
        ("0012345678901234", 2), ("web@shop", 1),
    ]  # fmt: skip


# --- which bill it is -------------------------------------------------------------------------------------


def test_a_file_in_english_without_a_currency_is_refused(desk):
    with pytest.raises(
        InputError, match=r"lacks the column that Alibaba Cloud bill details needs \(Currency"
    ):
        desk.ingest(bill(desk, like=ANSWER, lacking=["Currency"]))
    assert not desk.ask("FROM charges")


def test_a_chinese_header_with_a_currency_means_that_currency(desk):
    desk.ingest(bill(desk, {"币种": "USD"}, {"币种": "人民币"}))
    assert desk.ask("SELECT BillingCurrency FROM charges ORDER BY ALL") == [("CNY",), ("USD",)]


@pytest.mark.parametrize(
    "lacking",
    [["计费项"], ["账单开始时间"], ["计费项", "账单开始时间"]],
    ids=["instances", "items of a month", "instances of a month"],
)
def test_two_shapes_of_one_bill_are_never_added_up(desk, lacking):
    desk.ingest(bill(desk))
    with pytest.raises(InputError, match="in different formats"):
        desk.ingest(bill(desk, name="other.csv", lacking=lacking))


def test_bills_in_both_currencies_add_up_per_account_currency_month_and_product(desk):
    dice = random.Random(7)
    rows = {"CNY": [_chinese(dice) for _ in range(3000)], "USD": [_english(dice) for _ in range(2000)]}
    desk.ingest(bill(desk, *rows["CNY"], name="cn.csv"))
    desk.ingest(bill(desk, *rows["USD"], name="intl.csv.gz", like=ANSWER))
    expected = defaultdict(lambda: [Decimal(0)] * 4)
    names = {"CNY": ("账号ID", "账期", "产品Code", "原价", "优惠金额", "应付金额")}
    names["USD"] = (
        "BillAccountID",
        "BillingCycle",
        "ProductCode",
        "PretaxGrossAmount",
        "InvoiceDiscount",
        "PretaxAmount",
    )
    for currency, each in ((currency, row) for currency, group in rows.items() for row in group):
        account, month, product, gross, discount, pretax = (each[name] for name in names[currency])
        amounts = Decimal(pretax), Decimal(pretax), Decimal(gross), Decimal(gross) - Decimal(discount)
        key = (account, currency, month, product)
        expected[key] = [a + b for a, b in zip(expected[key], amounts, strict=True)]
    found = desk.ask(
        "SELECT BillingAccountId, BillingCurrency, strftime(BillingPeriodStart, '%Y-%m'), x_ServiceCode, "
        "sum(BilledCost), sum(EffectiveCost), sum(ListCost), sum(ContractedCost) FROM charges GROUP BY ALL"
    )
    assert {tuple(key): sums for *key, a, b, c, d in found if (sums := [a, b, c, d])} == dict(expected)
    assert len(expected) == 48


def _chinese(dice):
    gross = Decimal(dice.randint(-50_000, 900_000)).scaleb(-dice.randint(2, 9))
    discount = (gross * dice.randint(0, 3) / 10).quantize(Decimal("1e-9"))
    start = datetime(2026, dice.choice((10, 11)), dice.randint(1, 28), dice.randint(0, 23))
    return {
        "账号ID": dice.choice(("0000000000000001", "1000000000000002")), "账期": f"{start:%Y-%m}",
        "产品Code": dice.choice(("ecs", "oss", "rds", "cdt", "yundisk", "slb")), "原价": str(gross), "优惠金额": str(discount),
        "应付金额": str(gross - discount), "账单类型": "退款" if gross < 0 else "后付费账单",
        "账单开始时间": f"{start}", "账单结束时间": f"{start + timedelta(hours=1)}", "订单号/账单号": str(dice.random()),
    }  # fmt: skip


def _english(dice):
    gross = Decimal(dice.randint(-50_000, 900_000)).scaleb(-dice.randint(2, 9))
    discount = (gross / 4).quantize(Decimal("1e-9"))
    day = datetime(2026, dice.choice((10, 11)), dice.randint(1, 28))
    return {
        "BillAccountID": dice.choice(("0000000000000003", "1000000000000004")), "BillingCycle": f"{day:%Y-%m}",
        "ProductCode": dice.choice(("ecs", "oss", "rds", "cdt", "yundisk", "slb")), "PretaxGrossAmount": f"{gross:f}",
        "InvoiceDiscount": f"{discount:f}", "PretaxAmount": f"{gross - discount:f}", "BillingDate": f"{day:%Y-%m-%d}",
        "Item": "Refund" if gross < 0 else "PayAsYouGoBill",
    }  # fmt: skip


# --- anything that can be written ---------------------------------------------------------------------------

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
calmly = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def macro(desk):
    """Calls one of the macros with a text."""
    desk.con.execute(macros())
    return lambda name, text: desk.one(f"SELECT {name}(?)", text)


@calmly
@given(
    st.one_of(
        WORDS, st.lists(WORDS, max_size=4).map(";".join), st.lists(WORDS, max_size=4).map("; key:".join)
    )
)
def test_whatever_a_tag_holds_becomes_a_json_object_or_nothing(macro, tag):
    found = macro("alibaba_tags", tag)
    assert found is None or isinstance(json.loads(found), dict)


PLAIN = st.text(
    st.characters(categories=["L", "N"], include_characters="-_./ \"'\\{}"), min_size=1, max_size=12
).map(str.strip)


@calmly
@given(st.dictionaries(PLAIN.filter(bool), PLAIN, min_size=1, max_size=4), st.booleans())
def test_tags_of_either_spelling_come_back_as_they_were_given(macro, tags, worded):
    if worded:
        tag = "; ".join(f"key:{key} value:{value}" for key, value in tags.items())
    else:
        tag = ";".join(f"{key}:{value}" for key, value in tags.items())
    if not tag.startswith("{") and tag != "-":
        assert json.loads(macro("alibaba_tags", tag)) == tags


@calmly
@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda when: when.replace(microsecond=0)))
def test_every_time_in_china_is_eight_hours_earlier_in_utc(macro, when):
    utc = when.replace(tzinfo=timezone(timedelta(hours=8))).astimezone(UTC).replace(tzinfo=None)
    assert macro("beijing", str(when)) == utc
