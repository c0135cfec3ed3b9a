"""What a tag asks for: every spelling in the table, and no value that breaks anything."""

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from finops.exemptions import Wish, read_tag

DAY = date(2026, 12, 31)


@pytest.mark.parametrize(
    ("value", "rules", "until"),
    [
        ("idle-instance;until=2026-12-31", {"idle-instance"}, DAY),
        ("idle-instance__until-2026-12-31", {"idle-instance"}, DAY),
        ("idle-instance_low-io-volume__until-2026-12-31", {"idle-instance", "low-io-volume"}, DAY),
        ("idle-instance__until_2026-12-31", {"idle-instance"}, DAY),
        ("idle-instance, low-io-volume ; until=2026-12-31;", {"idle-instance", "low-io-volume"}, DAY),
        ("ALL;UNTIL=2026-12-31", {"all"}, DAY),
        ("all", {"all"}, None),
        ("idle-instance;", {"idle-instance"}, None),
    ],
)
def test_a_value_that_is_written_as_documented_is_read(
    value: str, rules: set[str], until: date | None
) -> None:
    assert read_tag(value) == Wish(frozenset(rules), until)


@pytest.mark.parametrize(
    ("value", "trouble"),
    [
        ("", "names no rule"),
        (" ; until=2026-12-31", "names no rule"),
        ("all;until=2026-02-30", "ends on a day that does not exist"),
        ("all;until=soon", "cannot be read"),
        ("all;until=20261231", "cannot be read"),
        ("all;until=２０２６-12-31", "cannot be read"),
        ("all;until=2026-12-31;until=2027-12-31", "cannot be read"),
        ("all__until-2026-12-31__owner-me", "cannot be read"),
        ("a" * 600, "is too long to be read"),
    ],
)
def test_a_value_that_is_not_is_told_and_read_as_nothing(value: str, trouble: str) -> None:
    assert read_tag(value) == Wish(trouble=trouble)


def test_a_tag_that_cannot_be_read_might_have_been_about_any_rule() -> None:
    assert read_tag("all;until=soon").means("idle-instance")
    assert not read_tag("low-io-volume").means("idle-instance")


HOSTILE = st.text() | st.lists(
    st.sampled_from(
        [
            "all",
            "until",
            "__",
            ";",
            "=",
            "-",
            "2026-12-31",
            "9999-12-31",
            "idle-instance",
            "\0",
            "🦝",
            "\u202e",
        ]
    )
).map("".join)


@given(HOSTILE)
@example("all;until=9999-12-31")
@example("all;until=0000-00-00")
@example("_" * 500)
def test_whatever_a_value_is_it_is_read_or_told(value: str) -> None:
    wish = read_tag(value)
    assert bool(wish.trouble) != bool(wish.rules)
    assert wish.until is None or wish.rules
    assert all(rule and not set(rule) & set(" ,;_") for rule in wish.rules)


@given(
    rules=st.sets(st.sampled_from(["idle-instance", "low-io-volume", "all", "my-own-rule2"]), min_size=1),
    until=st.dates(date(2000, 1, 1)),
    safe=st.booleans(),
)
def test_what_is_written_is_what_is_read(rules: set[str], until: date, safe: bool) -> None:
    value = f"{'_'.join(rules)}__until-{until}" if safe else f"{','.join(rules)};until={until}"
    assert read_tag(value) == Wish(frozenset(rules), until)
    if safe and len(value) <= 63:
        assert not set(value) - set("abcdefghijklmnopqrstuvwxyz0123456789_-"), "a label of Google's"
