"""The tables around the findings: who spends, units, invoices, commitments, changes, provenance."""

import re
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest

from finops.finance_model import Finance
from reports import html
from reports.html import sections
from tests.reports import finance_sample, rich_sample, sample
from tests.reports.build import finding, report

ANCHORS = ("why", "who", "where", "saved", "commitments", "footprint", "provenance")


def given(**over: Any) -> Any:
    finance = finance_sample.finance().model_copy(update=over)
    return report([finding(1, "10.00"), finding(2, "5.00")]).model_copy(update={"finance": finance})


def amount(shown: str) -> Decimal:
    return Decimal(re.sub(r"[^\d.-]", "", shown.replace("−", "-")))


def test_who_spends_comes_by_team_first_and_each_table_adds_up() -> None:
    tables = sections.spend_tables(given())
    assert [table.header[0] for table in tables] == ["Team", "Account", "Service", "Region"]
    for table in tables:
        for column in (1, 3, 4):
            assert sum(amount(row[column]) for row in table.rows) == amount(table.foot[0][column])
    assert tables[0].rows[1] == (
        "Not allocated", "$5,000.00", "45.4%", "$4,100.00", "▲ +$900.00", "▲ 22%", "$120.00",
    )  # fmt: skip
    assert "Net saving a month" not in tables[2].header


def test_the_share_nobody_answers_for_is_said_in_a_sentence() -> None:
    assert [*sections.unallocated(given())] == [
        "$5,000.00 (45.4%) of the cost has no tag “team”: no team answers for it."
    ]
    spend = finance_sample.finance().spend[2]
    whole = spend.model_copy(update={"lines": spend.lines[:1]})
    assert [*sections.unallocated(given(spend=[whole]))] == ["All of the cost in USD has the tag “team”."]


def test_what_is_new_this_month_has_no_per_cent_and_what_is_unknown_is_a_dash() -> None:
    spend = finance_sample.finance().spend[0]
    fresh = spend.lines[0].model_copy(update={"previous": Decimal("0.00"), "change": Decimal("9000.00")})
    unknown = spend.lines[1].model_copy(update={"cost": None, "previous": None, "change": None})
    others = spend.lines[2].model_copy(update={"key": None, "others": 12})
    table = sections.spend_tables(
        given(spend=[spend.model_copy(update={"lines": [fresh, unknown, others]})])
    )[0]
    assert table.rows[0][3:] == ("$0.00", "▲ +$9,000.00", "new")
    assert table.rows[1][1:] == ("–", "–", "–", "–", "–")
    assert table.rows[2][0] == "12 others"


def test_a_rate_far_below_one_is_written_without_powers_of_ten() -> None:
    told = finance_sample.finance().provenance
    assert told
    rate = told.rates[0].model_copy(update={"currency": "IDR", "rate": 0.000061})
    tables = sections.provenance_tables(given(provenance=told.model_copy(update={"rates": [rate]})))
    assert tables[-1].rows[0][:2] == ("1 IDR", "0.000061 USD")


def test_what_cannot_be_compared_is_in_no_change_of_a_line_nor_of_the_total() -> None:
    spend = finance_sample.finance().spend[0]
    new = spend.lines[0].model_copy(update={"cost": Decimal("14000.00")})
    whole = {"lines": [new, *spend.lines[1:]], "cost": Decimal("16000.00"), "compared": "same days"}
    table = sections.spend_tables(given(spend=[spend.model_copy(update=whole)]))[0]
    assert table.header[3] == "In October 2026 (same days)"
    assert table.rows[0][1:] == ("$14,000.00", "87.5%", "$8,000.00", "▲ +$1,000.00", "▲ 12.5%")
    assert table.foot[0][3:] == ("$10,000.00", "▲ +$1,000.00", "▲ 10%")


def test_units_name_what_they_count_and_the_month_before() -> None:
    table = sections.unit_table(given())
    assert table
    assert table.rows == [
        ("orders", "November 2026", "550,000", "$11,000.00", "0.02 USD per order", "0.021 USD", "▼ 4.8%")
    ]
    first = finance_sample.finance().unit_costs[0].model_copy(update={"previous_per_unit": None})
    table = sections.unit_table(given(unit_costs=[first]))
    assert table
    assert table.rows[0][5:] == ("–", "–")


def test_invoices_add_up_to_what_is_invoiced_and_the_steps_to_the_bill() -> None:
    steps, invoices = sections.tied_tables(given())
    assert sum(amount(row[1]) for row in steps.rows) == amount(steps.foot[0][1]) == Decimal("16500.00")
    assert steps.foot[1] == ("Difference from the total that came with the bill", "$0.00")
    assert invoices.foot[-1][4] == "$16,500.00"


def test_a_bill_without_a_total_says_that_nothing_could_be_compared() -> None:
    tied = finance_sample.finance().tie_out[0].model_copy(update={"difference": None, "invoices": []})
    (steps,) = sections.tied_tables(given(tie_out=[tied]))
    assert steps.foot[1] == ("The bill came without a total to compare with", "–")
    apart = tied.model_copy(update={"difference": Decimal("330.00")})
    (steps,) = sections.tied_tables(given(tie_out=[apart]))
    assert steps.foot[1][1] == "$330.00 (2%)"


def test_commitments_come_by_the_day_they_end() -> None:
    expiry = finance_sample.finance().expiries[0]
    sooner = expiry.model_copy(update={"ends_on": expiry.ends_on.replace(day=1), "renews": None})
    table = sections.expiry_table(given(expiries=[expiry, sooner]))
    assert table
    assert [row[0] for row in table.rows] == ["1 Dec 2026", "31 Dec 2026"]
    assert [row[1] for row in table.rows] == ["11", "41"]
    assert [row[5] for row in table.rows] == ["–", "Ends: decide before"]


def test_what_changed_since_the_audit_before_is_counted_and_the_largest_are_named() -> None:
    before = finance_sample.finance().changes
    assert before
    changes = before.model_copy(
        update={"new": ["f00000000001"], "changed": ["gone-since"], "not_compared": 3}
    )
    counts, named = sections.changed_tables(given(changes=changes))
    assert [row[1] for row in counts.rows] == ["1", "0", "1", "2", "3"]
    assert counts.foot[0] == ("Net saving a month in USD: $900.00 → $880.00", "▼ −$20.00")
    assert [row[1:3] for row in named.rows] == [("new", "data-1")]


def test_the_report_says_how_to_make_it_again_and_from_what() -> None:
    made = given()
    assert sections.command(made) == "finops audit --as-of 2026-11-20T00:00:00Z --format json"
    told = dict(sections.provenance(made))
    assert told["Rules"] == "39 rules, fingerprint 8be1c0d2aa01"
    assert told["Changed limits"] == "idle-instance.min_days = 21"
    assert told["Limited to"] == "nothing: everything was looked at"
    sources, rates = sections.provenance_tables(made)
    assert sources.rows == [("aws 123456789012", "20 Nov 2026 00:00 UTC", "17 Nov 2026", "0")]
    assert rates.rows == [("1 EUR", "1.08 USD", "18 Nov 2026", "ECB")]


@pytest.mark.parametrize("finance", [None, Finance(month=None, previous_month=None)])
def test_sections_that_have_nothing_to_say_are_left_out_of_page_and_contents(finance: Finance | None) -> None:
    page = html.render(report([finding(1, "10.00")]).model_copy(update={"finance": finance}))
    for anchor in set(ANCHORS) - {"where"}:
        assert f'id="{anchor}"' not in page
        assert f'href="#{anchor}"' not in page


def test_every_section_and_every_link_into_the_page_is_there_once() -> None:
    page = re.sub(r"(?s)<template.*</template>", "", html.render(rich_sample.rich(sample.three_clouds())))
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(ANCHORS) <= set(ids)
    links = set(re.findall(r'href="#([^"]+)"', page))
    assert not re.findall(r"<th[^>]*></th>", page)
    hidden = {"f-"}  # where a finding is counted in no other, its jump is hidden
    assert {link for link in links if not link.startswith("f?")} - hidden <= set(ids)


def test_hostile_texts_of_bills_settings_and_people_add_nothing_to_the_page() -> None:
    page = html.render(rich_sample.hostile())
    tags: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, _: tags.append(tag)  # type: ignore[method-assign]
    parser.feed(page)
    assert {"img", "b"}.isdisjoint(tags)
    assert {char for char in page if not char.isprintable()} == {"\n"}
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") > 20


def test_commitments_that_cannot_be_drawn_are_a_table() -> None:
    use = finance_sample.finance().commitments[0].model_copy(update={"coverage": None, "utilisation": None})
    page = html.render(given(commitments=[use]))
    assert "What was paid, and what commitments did" in page
    assert "What was paid, and what commitments did" not in html.render(given())
