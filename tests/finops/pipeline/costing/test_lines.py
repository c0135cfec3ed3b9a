"""What was spent, line by line."""

import json
from decimal import Decimal

import pytest

from finops.errors import InvariantError, UsageError
from finops.pipeline.costing import parse, queries

KEYS = ["team", "a.b", " lead", "trail ", "q'uote", 'dq"uote', "sl/ash", "til~de", "$.x", "$", "*", "bra{0}ce", "back\\slash", "ünï", "0", "%s"]  # fmt: skip


def test_every_charge_is_in_one_line_and_the_lines_are_the_total(bill):
    bill.charge("2026-10", "10.005")
    bill.charge("2026-10", "20.004", ServiceName="Storage")
    bill.charge("2026-10", "-3.001", ServiceName=None, ChargeCategory="Credit")
    usd = bill.usd()
    assert [(line.keys["service"], line.cost) for line in usd.lines] == [
        ("Storage", Decimal("20.00")),
        ("Compute", Decimal("10.01")),
        (None, Decimal("-3.00")),
    ]
    assert usd.totals.cost == Decimal("27.01") == sum(line.cost for line in usd.lines)
    assert usd.totals.charges == 3


def test_what_has_no_tag_is_a_line_of_its_own_and_an_empty_tag_another(bill):
    for cost, tags in (
        ("1", None),
        ("2", {"env": "x"}),
        ("4", {"team": ""}),
        ("8", {"team": None}),
        ("16", {"team": "a"}),
    ):
        bill.charge("2026-10", cost, Tags=tags)
    lines = bill.lines("tag:team")
    assert {key: line.cost for key, line in lines.items()} == {None: 3, "": 12, "a": 16}


@pytest.mark.parametrize("key", KEYS)
def test_a_tag_is_found_whatever_characters_its_key_has(bill, key):
    bill.charge("2026-10", "1", Tags={other: f"of {other}" for other in KEYS})
    bill.charge("2026-10", "2", Tags={other: "x" for other in KEYS if other != key})
    assert {k: line.cost for k, line in bill.lines(f"tag:{key}").items()} == {f"of {key}": 1, None: 2}


@pytest.mark.parametrize("text", ["{not json", "[1, 2]", '"team"', "", "null", "{}"])
def test_tags_that_cannot_be_read_are_no_tags(bill, text):
    bill.charge("2026-10", "5", Tags=text)
    assert bill.lines("tag:team")[None].cost == 5


def test_a_key_is_found_as_aws_writes_it_in_its_exports(bill):
    bill.charge("2026-10", "1", Tags={"user_team": "a"})
    bill.charge("2026-10", "2", Tags={"user:team": "a"})
    bill.charge("2026-10", "4", Tags={"team": "a", "user_team": "b"})
    assert bill.lines("tag:team")["a"].cost == 7


def test_values_that_are_no_text_are_told_as_they_are(bill):
    bill.charge("2026-10", "1", Tags={"team": True})
    bill.charge("2026-10", "2", Tags={"team": 7})
    bill.charge("2026-10", "4", Tags={"team": ["a"]})
    assert set(bill.lines("tag:team")) == {"true", "7", '["a"]'}


def test_a_tag_that_no_charge_has_is_told_with_those_there_are(bill):
    bill.charge("2026-10", "1", Tags={"Team": "a", "env": "b"})
    (note,) = [note for note in bill.ask("tag:team").notes if "tag" in note]
    assert note == "No charge has the tag team: the most used are Team, env."


def test_several_dimensions_make_one_line_for_each_combination(bill):
    bill.charge("2026-10", "1", Tags={"team": "a"})
    bill.charge("2026-10", "2", Tags={"team": "a"}, RegionId=None)
    bill.charge("2026-10", "4", Tags={"team": "b"}, x_AccountId="0008")
    keys = [line.keys for line in bill.usd("account,region,tag:team").lines]
    assert keys == [
        {"account": "0008", "region": "eu-west-1", "tag:team": "b"},
        {"account": "000000000007", "region": None, "tag:team": "a"},
        {"account": "000000000007", "region": "eu-west-1", "tag:team": "a"},
    ]


def test_currencies_are_never_added(bill):
    bill.charge("2026-10", "1")
    bill.charge("2026-10", "7", BillingCurrency="CNY")
    found = bill.ask()
    assert {currency: costs.totals.cost for currency, costs in found.currencies.items()} == {
        "CNY": 7,
        "USD": 1,
    }


def test_beyond_top_lines_are_summed_and_the_total_stays(bill):
    for place in range(10):
        bill.charge("2026-10", f"{place}", ServiceName=f"s{place}")
    usd = bill.usd(top=3)
    assert [(line.keys.get("service"), line.others, line.cost) for line in usd.lines] == [
        ("s9", 0, 9),
        ("s8", 0, 8),
        ("s7", 0, 7),
        (None, 7, 21),
    ]
    assert usd.totals == bill.usd().totals


def test_a_line_that_is_gone_is_not_hidden_among_the_others(bill):
    bill.charge("2026-09", "1000", ServiceName="Gone")
    for place in range(10):
        bill.charge("2026-10", "5", ServiceName=f"s{place}")
    lines = bill.lines(top=2)
    assert (lines["Gone"].cost, lines["Gone"].status, lines["Gone"].previous) == (0, "gone", 1000)
    assert lines["others"].others == 9


@pytest.mark.parametrize(
    ("filters", "cost"),
    [
        ({"clouds": ("gcp",)}, 2),
        ({"accounts": ("0008",)}, 4),
        ({"regions": ("us-east-1", "eu-west-1")}, 31),
        ({"services": ("Storage",)}, 8),
        ({"tags": (("team", "a"),)}, 16),
        ({"tags": (("team", "a"), ("team", ""))}, 31),
        ({"tags": (("team", ""),)}, 15),
        ({"clouds": ("aws",), "services": ("Compute",), "tags": (("team", ""),)}, 5),
    ],
)
def test_a_filter_leaves_what_it_names(bill, filters, cost):
    bill.charge("2026-10", "1")
    bill.charge("2026-10", "2", x_Cloud="gcp")
    bill.charge("2026-10", "4", x_AccountId="0008")
    bill.charge("2026-10", "8", ServiceName="Storage")
    bill.charge("2026-10", "16", Tags={"team": "a"})
    assert bill.usd(**filters).totals.cost == cost


def test_a_filter_that_leaves_nothing_is_an_answer_without_lines(bill):
    bill.charge("2026-10", "1")
    found = bill.ask(regions=("mars-1",))
    assert (found.currencies, found.notes) == ({}, ["No charge of 2026-10 is left by the filters."])


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({"clouds": ("gpc",)}, "of cloud gpc; there are aws"),
        ({"accounts": ("1",)}, "of account 1; there are 000000000007"),
    ],
)
def test_a_cloud_or_account_without_any_charge_is_refused(bill, filters, words):
    bill.charge("2026-10", "1")
    with pytest.raises(UsageError, match=words):
        bill.ask(**filters)


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("servce", "Did you mean service"),
        ("cheese", "there are cloud, service"),
        ("tag:", "needs the key"),
        ("service,service", "twice"),
        ("", "cannot be split by ''"),
    ],
)
def test_a_dimension_that_does_not_exist_is_refused_with_those_that_do(by, words):
    with pytest.raises(UsageError, match=words):
        parse(by)


def test_dimensions_have_other_names_too():
    assert [one.name for one in parse("provider, meter,charge_category,TAG:a,,b")] == [
        "cloud",
        "usage-type",
        "charge",
        "tag:a,b",
    ]


@pytest.mark.parametrize("by", list(parse.__globals__["DIMENSIONS"]))
def test_every_dimension_can_be_asked_for(bill, by):
    bill.charge("2026-09", "1")
    bill.charge("2026-10", "2")
    assert bill.usd(by).totals.change == 1


def test_accounts_and_resources_have_their_newest_name(bill):
    bill.charge("2026-10", "1", SubAccountName="new", x_ResourceKey="i-1", ResourceName="web")
    bill.charge("2026-09", "1", SubAccountName="old", x_ResourceKey="i-1")
    (line,) = bill.usd("account,resource").lines
    assert line.names == {"account": "new", "resource": "web"}


def test_the_metric_that_is_asked_for_sorts_and_both_costs_are_shown(bill):
    bill.charge("2026-10", "10", x_Cost=Decimal(2), ListCost=Decimal(1))
    bill.charge("2026-10", "5", x_Cost=Decimal(4), ServiceName="Storage")
    assert [line.keys["service"] for line in bill.usd().lines] == ["Storage", "Compute"]
    assert [line.keys["service"] for line in bill.usd(metric="billed").lines] == ["Compute", "Storage"]
    found = bill.ask(metric="list")
    lines = {line.keys["service"]: line for line in found.currencies["USD"].lines}
    assert (lines["Compute"].cost, lines["Compute"].billed, lines["Compute"].effective) == (1, 10, 2)
    assert lines["Storage"].cost is None
    assert "1 of 2 charges have no ListCost and count for nothing in it." in found.notes


def test_a_charge_that_no_line_holds_stops_the_answer(bill, monkeypatch):
    bill.charge("2026-10", "1")
    bill.charge("2026-10", "1", ServiceName="Storage")
    honest = queries.lines
    monkeypatch.setattr(queries, "lines", lambda *given: honest(*given)[1:])
    with pytest.raises(InvariantError, match="the bill has 2"):
        bill.ask()


def test_sums_keep_the_digits_that_python_drops_by_default(bill):
    bill.charge("2026-10", "12345678901234567.004999999999999999")
    bill.charge("2026-10", "0.000000000000000001", ServiceName="Storage")
    assert bill.usd().totals.cost == Decimal("12345678901234567.00")  # a half, to the even cent
    bill.charge("2026-10", "0.000000000000000001", ServiceName="Storage")
    assert bill.usd().totals.cost == Decimal("12345678901234567.01")


def test_the_answer_is_json_that_holds_the_same(bill):
    bill.charge("2026-10", "1.25")
    told = json.loads(bill.ask().to_json())
    assert (told["schema_version"], told["month"], told["previous_month"]) == (1, "2026-10", None)
    line = told["currencies"]["USD"]["lines"][0]
    assert (line["cost"], line["previous"], line["change"], line["effects"]) == (1.25, None, None, None)
