"""Fuzzed bills, a few of the thousands that `make fuzz` tries: a sentence and nothing changed, or every row told."""

from pathlib import Path

import pytest

from tests.fuzz.running import case, desk

SEED, FILES, PARTS = 7, 30, 2


@pytest.mark.parametrize("part", range(PARTS))
def test_every_fuzzed_file_is_refused_in_a_sentence_or_loaded_to_the_last_row(
    tmp_path: Path, part: int
) -> None:
    with desk(tmp_path) as warehouse:
        outcomes = [warehouse.run(case(SEED, number)) for number in range(part, FILES, PARTS)]
    assert not [f"{each.title}: {each.why}" for each in outcomes if each.outcome == "WRONG"]
    judged = [each for each in outcomes if each.outcome in ("loaded", "refused")]
    assert len(judged) > len(outcomes) * 0.8
    assert len({each.outcome for each in judged}) == 2


def test_the_oracle_sees_what_is_wrong(tmp_path: Path) -> None:
    """A row that is lost, one that is changed, and a warehouse that was touched are all noticed."""
    wrongs = {
        "lost": "DELETE FROM charges WHERE rowid = (SELECT max(rowid) FROM charges)",
        "changed": "UPDATE charges SET BilledCost = BilledCost + 0.000000000000000001 WHERE x_Source LIKE '%bill%'",
        "resident": "UPDATE charges SET BilledCost = BilledCost + 1 WHERE x_Source NOT LIKE '%bill%'",
    }
    number = next(n for n in range(1000) if [m.name for m in case(SEED, n).mutators] == ["crlf"])
    for damage in wrongs.values():
        with desk(tmp_path) as warehouse:
            load = warehouse.load

            def spoiled(path: Path, load=load, damage=damage, warehouse=warehouse, **options):
                result = load(path, **options)
                warehouse.con.execute(damage)
                return result

            warehouse.load = spoiled
            assert warehouse.run(case(SEED, number)).outcome == "WRONG"
