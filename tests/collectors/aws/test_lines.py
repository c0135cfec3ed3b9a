"""What succeeds what among instance families."""

import re

import pytest

from collectors.aws.lines import follows, line_of, successors


@pytest.mark.parametrize(
    ("families", "line"),
    [
        ("m4 m5 m5a m6i m6a m6g m7i m8g", "m"), ("m5d m5ad m6id m6gd m8gd", "m-d"), ("c5n c6in c6gn c7gn", "c-n"),
        ("t2 t3 t3a t4g", "t"), ("m7i-flex m8i-flex", "m-flex"), ("r5b r8gb", "r-b"), ("m6idn", "m-dn"), ("i3 i4i i4g", "i"),
        ("x2iezn", "x-ezn"), ("g4dn", "g-dn"), ("g5 g5g g6", "g"),
    ],
)  # fmt: skip
def test_families_with_the_same_beside_are_of_one_line_whatever_their_processor(
    families: str, line: str
) -> None:
    assert {line_of(family) for family in families.split()} == {line}


@pytest.mark.parametrize("family", ["mac2-m2", "u-6tb1", "u7i-12tb", "p4d", "trn1", "inf2", "vt1", "", "odd"])
def test_a_family_that_nothing_succeeds_has_no_line(family: str) -> None:
    assert line_of(family) is None


def test_patterns_stand_for_the_same_size_of_the_line_from_its_generation_on() -> None:
    assert successors(["m5.large", "m5a.large"]) == [f"m{number}?.large" for number in range(5, 10)]
    assert successors(["r6gd.xlarge"])[0] == "r6?d.xlarge"
    assert successors(["mac2.metal", "m7i-flex.large", "m5"]) == []


def test_what_a_pattern_finds_follows_what_it_was_made_for() -> None:
    known = [
        "m5.large",
        "m5a.large",
        "m5d.large",
        "m6g.large",
        "m6gd.large",
        "m6i.xlarge",
        "m4.large",
        "r6i.large",
    ]
    patterns = [re.compile(each.replace(".", r"\.").replace("?", ".?")) for each in successors(["m5.large"])]
    found = {name for name in known if any(pattern.fullmatch(name) for pattern in patterns)}
    follow = {name for name in known if follows(name, "m5.large")}
    assert follow == {"m5.large", "m5a.large", "m6g.large"}
    assert found == follow | {
        "m5d.large"
    }  # whose letter may as well be a processor's: known, and not of the line
