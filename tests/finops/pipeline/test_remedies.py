"""Remediation is written for the findings that count, and for those that were asked for."""

from typing import Any

import pytest

from finops.errors import UsageError
from finops.model import Exemption
from finops.pipeline.remedies import chosen
from tests.reports.build import finding, report

KEPT = Exemption(owner="ann", reason="kept", expires_at=None, source="mutes.toml")
REPORT = report(
    [
        finding(1, "50.00", id="aa01", rule="commitment-coverage", action="buy"),
        finding(2, "40.00", id="aa02", rule="idle-instance", cloud="gcp"),
        finding(3, "30.00", id="bb03", rule="oversized-instance", superseded_by="aa02"),
        finding(4, "20.00", id="bb04", rule="unattached-volume", status="exempt", exemption=KEPT),
        finding(5, None, id="bb05", rule="unattached-volume"),
    ]
)


def ids(**asked: Any) -> list[str]:
    return [one.id for one in chosen(REPORT, **asked)]


def test_what_counts_comes_by_saving_and_what_binds_for_a_term_last() -> None:
    assert ids() == ["aa02", "bb05", "aa01"]


def test_only_what_was_asked_for_is_chosen() -> None:
    assert ids(rules=["unattached-volume"]) == ["bb05"]
    assert ids(clouds=["gcp"]) == ["aa02"]
    assert ids(ids=["aa02", "bb05"]) == ["aa02", "bb05"]
    assert ids(ids=["bb05"], clouds=["gcp"]) == []


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"clouds": ["azure"]}, "There is no cloud 'azure'; there are aws, alibaba, gcp."),
        ({"rules": ["unatached-volume"]}, "no finding of the rule unatached-volume; did you mean unattached-volume?"),
        ({"ids": ["bb04"]}, "The finding bb04 is exempt"),
        ({"ids": ["bb03"]}, "The finding bb03 does not count, as aa02 saves more"),
        ({"ids": ["aa"]}, "2 findings begin with aa"),
        ({"ids": ["zz"]}, "The last audit has no finding zz"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_told(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        chosen(REPORT, **asked)
    assert words in str(caught.value)
