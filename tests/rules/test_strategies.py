"""The ten classic strategies name rules that there are, and the catalogue has every id once."""

import pytest

from rules.engine.catalogue import built_in_folder, rule_files
from rules.engine.strategies import CATALOGUE, STRATEGIES, Strategy

OURS = {path.stem for path in rule_files(built_in_folder())}


def test_there_are_ten_strategies_of_different_names() -> None:
    assert len({strategy.name for strategy in STRATEGIES}) == 10


def test_the_catalogue_has_every_id_once_and_a_rule_for_it() -> None:
    assert len(set(CATALOGUE)) == len(CATALOGUE) == 30
    assert set(CATALOGUE) <= OURS


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda one: one.name)
def test_a_strategy_is_served_by_rules_that_there_are(strategy: Strategy) -> None:
    assert strategy.rules
    assert set(strategy.rules) <= OURS
