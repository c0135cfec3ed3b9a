"""Which threshold holds for which resource: everywhere, per cloud, per account, per tag, the narrower one winning."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest

from finops.errors import ConfigError
from rules.engine import rollups, running
from rules.engine.catalogue import Rule
from rules.engine.thresholds import Thresholds, thresholds, values_for

AS_OF = datetime(2026, 11, 1)
Verdicts = Callable[..., dict[str, str]]


@pytest.fixture
def verdicts(con: duckdb.DuckDBPyConnection, rules: dict[str, Rule], insert: Callable[..., None]) -> Verdicts:
    """Three volumes, detached 20 days ago, and what the rule says of them under some settings."""
    for cloud, account, volume in (("aws", "1", "a"), ("aws", "2", "b"), ("gcp", "2", "c")):
        insert(
            "volumes",
            {"cloud": cloud, "account_id": account, "region": "r", "volume_id": volume, "state": "unattached", "detached_at": AS_OF - timedelta(days=20)},
        )  # fmt: skip
    for volume, value in (("a", "prod"), ("c", "prod")):
        account, cloud = ("1", "aws") if volume == "a" else ("2", "gcp")
        insert(
            "tags",
            {"cloud": cloud, "account_id": account, "region": "r", "resource_type": "volume", "resource_id": volume, "key": "env", "value": value},
        )  # fmt: skip
    rollups.build(con, AS_OF)

    def verdicts(**settings: Any) -> dict[str, str]:
        rule = rules["unattached-volume"]
        running.run(con, [rule], AS_OF, {rule.id: settings})
        return dict(con.execute("SELECT resource_id, verdict FROM said ORDER BY ALL").fetchall())

    return verdicts


ALL = {"a": "finding", "b": "finding", "c": "finding"}
NONE = {"a": "ok", "b": "ok", "c": "ok"}


def test_the_default_holds_for_all(verdicts: Verdicts) -> None:
    assert verdicts() == ALL


def test_a_setting_of_the_rule_holds_for_all(verdicts: Verdicts) -> None:
    assert verdicts(min_days=30) == NONE


@pytest.mark.parametrize("days", [20, 20.0, 19.5])
def test_a_number_may_have_a_fraction(verdicts: Verdicts, days: float) -> None:
    assert verdicts(min_days=days) == ALL


def test_a_cloud_has_its_own(verdicts: Verdicts) -> None:
    assert verdicts(cloud={"gcp": {"min_days": 30}}) == {**ALL, "c": "ok"}


def test_an_account_has_its_own_in_every_cloud(verdicts: Verdicts) -> None:
    assert verdicts(account={"2": {"min_days": 30}}) == {"a": "finding", "b": "ok", "c": "ok"}


def test_a_tag_has_its_own(verdicts: Verdicts) -> None:
    assert verdicts(tag={"env=prod": {"min_days": 30}}) == {"a": "ok", "b": "finding", "c": "ok"}


def test_a_tag_of_another_value_or_key_does_not(verdicts: Verdicts) -> None:
    assert verdicts(tag={"env=dev": {"min_days": 30}, "stage=prod": {"min_days": 30}}) == ALL


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        # account over cloud, tag over account, whatever the order they are written in
        ({"cloud": {"gcp": {"min_days": 30}}, "account": {"2": {"min_days": 10}}}, ALL),
        ({"account": {"2": {"min_days": 10}}, "cloud": {"gcp": {"min_days": 30}}}, ALL),
        ({"min_days": 30, "account": {"2": {"min_days": 10}}, "tag": {"env=prod": {"min_days": 40}}}, {**NONE, "b": "finding"}),
        ({"min_days": 30, "cloud": {"aws": {"min_days": 10}}, "tag": {"env=prod": {"min_days": 40}}}, {**NONE, "b": "finding"}),
        ({"min_days": 30, "cloud": {"gcp": {"min_days": 5}}, "tag": {"env=prod": {"min_days": 6}}}, {"a": "finding", "b": "ok", "c": "finding"}),
        # every combination at once: a is under tag, b under account, c under cloud, account and tag
        ({"cloud": {"gcp": {"min_days": 5}}, "account": {"2": {"min_days": 30}}, "tag": {"env=prod": {"min_days": 10}}}, {**ALL, "b": "ok"}),
    ],
)  # fmt: skip
def test_the_narrower_one_wins(
    verdicts: Verdicts, settings: dict[str, Any], expected: dict[str, str]
) -> None:
    assert verdicts(**settings) == expected


def test_values_are_overlaid_one_by_one(rules: dict[str, Rule]) -> None:
    rule = rules["idle-instance"]
    values = values_for(rule, [{"cpu_peak_max": 0.1, "min_days": 5}, {"cpu_peak_max": 0.2}], AS_OF)
    assert values["cpu_peak_max"] == 0.2
    assert values["min_days"] == 5
    assert values["min_days_cutoff"] == AS_OF - timedelta(days=5)
    assert values["memory_peak_max"] == 0.5
    assert set(values) == set(rule.parameters_used)


def test_one_row_for_every_resource_however_many_overrides(
    con: duckdb.DuckDBPyConnection, verdicts: Verdicts
) -> None:
    verdicts(
        cloud={"aws": {"min_days": 1}},
        account={"1": {"min_days": 2}, "2": {"min_days": 3}},
        tag={"env=prod": {"min_days": 4}},
    )
    reasons = con.execute(
        "SELECT resource_id, regexp_extract(reason, 'limit (\\d+)', 1) FROM said ORDER BY ALL"
    ).fetchall()
    assert reasons == [("a", "4"), ("b", "3"), ("c", "4")]


def test_a_hostile_selector_is_a_value_and_no_sql(verdicts: Verdicts) -> None:
    assert verdicts(tag={"env='; DROP TABLE volumes; --": {"min_days": 30}}) == ALL
    assert verdicts(account={"' OR '1'='1": {"min_days": 30}}) == ALL


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"min_day": 3}, "rules.unattached-volume: min_day is not a parameter of the rule; it has min_days."),
        ({"min_days": "3"}, "rules.unattached-volume.min_days = '3' is not a number."),
        ({"min_days": True}, "rules.unattached-volume.min_days = True is not a number."),
        ({"min_days": None}, "rules.unattached-volume.min_days = None is not a number."),
        ({"min_days": [3]}, "rules.unattached-volume.min_days = [3] is not a number."),
        ({"min_days": float("nan")}, "rules.unattached-volume.min_days = nan is not a number."),
        ({"min_days": float("inf")}, "rules.unattached-volume.min_days = inf is not a number."),
        ({"min_days": -1}, "rules.unattached-volume.min_days = -1 is below zero."),
        ({"cloud": {"aws": {"min_day": 3}}}, "rules.unattached-volume.cloud.aws: min_day is not a parameter of the rule; it has min_days."),
        ({"account": {"1": {"min_days": "x"}}}, "rules.unattached-volume.account.1.min_days = 'x' is not a number."),
        ({"cloud": "aws"}, "rules.unattached-volume.cloud must be a table of selectors."),
        ({"cloud": {"aws": 3}}, "rules.unattached-volume.cloud.aws must be a table of values."),
        ({"tag": {"prod": {"min_days": 3}}}, "rules.unattached-volume.tag: write the selector as key=value, not 'prod'."),
        ({"enabled": "no"}, "rules.unattached-volume.enabled = 'no' is not true or false."),
        ({"regions": {"r": {"min_days": 3}}}, "rules.unattached-volume: regions is not a parameter of the rule; it has min_days."),
    ],
)  # fmt: skip
def test_what_cannot_be_set_is_told_with_its_key(
    rules: dict[str, Rule], settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        thresholds(rules["unattached-volume"], settings)
    assert str(caught.value) == sentence


def test_words_and_switches_are_checked_too(written: Callable[[str, str], Rule]) -> None:
    rule = written("spelled", WORDS_AND_SWITCHES)
    assert thresholds(rule, {"word": "prod", "switch": False}).base == {"word": "prod", "switch": False}
    for settings, sentence in (
        ({"word": 3}, "rules.spelled.word = 3 is not text."),
        ({"switch": "no"}, "rules.spelled.switch = 'no' is not true or false."),
    ):
        with pytest.raises(ConfigError) as caught:
            thresholds(rule, settings)
        assert str(caught.value) == sentence


WORDS_AND_SWITCHES = """/*---
id: spelled
title: A rule with a word and a switch
class: unused
action: delete
resource: volume
parameters:
  word: {default: dev, unit: word, doc: "only these"}
  switch: {default: true, unit: switch, doc: "or none of them"}
needs: [volumes]
effort: low
risk: low
sources: [{title: "A document", url: "https://example.com/"}]
doc: |
  It shows that a threshold need not be a number, although it nearly always is.
---*/
SELECT cloud, account_id, region, volume_id AS resource_id, 'ok' AS verdict, 'It is ' || $word || '.' AS reason, 'all' AS components
FROM volumes
WHERE $switch
"""


def test_nothing_set_is_the_default(rules: dict[str, Rule]) -> None:
    assert thresholds(rules["unattached-volume"], {}) == Thresholds(True, {}, ())
