"""Ids that a spreadsheet took for numbers are found again where that is certain."""

from pathlib import Path

import pytest

from finops.errors import UsageError
from finops.model import Finding
from finops.pipeline.returning import plan, read_edits
from tests.finops.history.world import World
from tests.reports.build import finding

DIGITS, POWER, ZEROS = "1234567890123456", "12345678901234e5", "0000012345678901"
OTHER = "abcdef0123456789"


def known(world: World, *ids: str) -> None:
    found: list[Finding] = [
        finding(number, "10.00", resource_id=f"i-{number}").model_copy(update={"id": one})
        for number, one in enumerate(ids)
    ]
    for one in found:
        world.machine(one.resource_id)
    world.collect(0)
    world.audit(0, *found)


def meant(world: World, tmp_path: Path, *ids: str) -> list[str]:
    path = tmp_path / "mine.csv"
    path.write_text("Id;Status\n" + "".join(f"{one};done\n" for one in ids))
    return [one.finding_id for one in plan(world.con, read_edits(path)).changes]


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("1.23457E+15", DIGITS),  # as Excel saves a CSV file
        ("1,23457E+15", DIGITS),  # as it does where the comma is decimal
        ("1.23456789012346E+15", DIGITS),  # as LibreOffice does
        ("1234567890123450", DIGITS),  # as Excel keeps it in a workbook: 15 digits
        ("1.23E+15", DIGITS),
        ("1.23456789012340E+18", POWER),
        ("1234567890123399936", POWER),  # as a float in a workbook is read
        ("12345678901", ZEROS),
        ("1.23457E+10", ZEROS),
    ],
)
def test_a_number_that_only_one_finding_can_have_become_is_that_finding(
    world: World, tmp_path: Path, written: str, wanted: str
) -> None:
    known(world, DIGITS, POWER, ZEROS, OTHER)
    assert meant(world, tmp_path, written, OTHER) == [wanted, OTHER]


def test_what_is_whole_is_taken_as_it_is(world: World, tmp_path: Path) -> None:
    known(world, DIGITS, POWER)
    assert meant(world, tmp_path, POWER, DIGITS) == [POWER, DIGITS]


@pytest.mark.parametrize(
    ("ids", "written"),
    [
        ([DIGITS, "1234569999999999"], ["1.23457E+15"]),  # either of two
        ([DIGITS], ["1.2E+15"]),  # too few digits to tell
        ([DIGITS], ["1.23458E+15"]),  # another one
        ([DIGITS], ["1.23457E+15", DIGITS]),  # that line is there already
        ([DIGITS], ["1.23457E+15", "1234567890123450"]),  # twice
        (["12345678901e5678"], ["1.23457E+678"]),  # no number of a spreadsheet
    ],
)
def test_a_number_that_may_be_another_finding_is_refused(
    world: World, tmp_path: Path, ids: list[str], written: list[str]
) -> None:
    known(world, *ids, OTHER)
    with pytest.raises(UsageError, match="line 2: a spreadsheet took the id for a number and left '1"):
        meant(world, tmp_path, *written, OTHER)
