from finops.finance_model import Finance
from reports.html import facets, netting, rows
from tests.reports import sample
from tests.reports.build import finding, report


def test_a_team_is_named_by_the_tag_that_the_report_tells_with_the_prefixes_of_bills() -> None:
    given = report([finding(1, "1.00", tags={"user:squad": "blue", "team": "red"})])
    assert facets.team(given.findings[0], facets.team_tag(given)) == "red"
    assert facets.team(given.findings[0], "squad") == "blue"
    assert facets.team(given.findings[0], "other") == facets.UNTAGGED


def test_only_what_differs_can_be_filtered_by() -> None:
    given = report([finding(1, "1.00"), finding(2, "1.00", tags={}, risk="high")])
    assert [(one.key, one.boxes) for one in facets.facets(given)] == [("team", False), ("risk", True)]
    assert [text for _, text in facets.facets(given)[0].options] == ["shop", "No team's tag"]
    assert facets.facets(report()) == []


def test_levels_come_in_their_order() -> None:
    given = report([finding(n, "1.00", risk=risk) for n, risk in enumerate(("medium", "high", "low"))])
    assert [value for value, _ in facets.facets(given)[0].options] == ["low", "medium", "high"]


def test_what_undoes_a_step_is_apart_from_the_step() -> None:
    commands = [
        "do",
        "# kept: the disk",
        "# undo: back",
        "# undo, in time: again",
        "# cannot be undone: gone.",
    ]
    found = rows.rows(report([finding(1, "1.00", remediation=commands)]))[0]
    assert found["commands"] == ["do", "# kept: the disk"]
    assert found["undo"] == ["back", "In time: again", "It cannot be undone: gone."]


def test_a_step_that_tells_no_way_back_is_told_of_by_its_kind() -> None:
    assert rows.rows(report([finding(1, "1.00", action="release")]))[0]["undo"] == [
        "No, it goes back to the provider."
    ]


def test_a_report_that_does_not_tell_how_findings_meet_is_not_netted_anew() -> None:
    assert not netting.can_be_netted_anew(sample.three_clouds())
    assert netting.can_be_netted_anew(report([finding(1, "1.00")]))
    assert netting.can_be_netted_anew(report([finding(1, None, action="buy")]))
    assert not netting.can_be_netted_anew(report([finding(1, "2.00", net_monthly_savings="1.00")]))


def test_the_tag_of_teams_is_that_of_the_spending() -> None:
    spend = {"by": "team", "tag": "squad", "currency": "USD", "month": "2026-10", "previous_month": None}
    told = Finance.model_validate(
        {
            "month": "2026-10",
            "previous_month": None,
            "spend": [{**spend, "cost": None, "previous": None, "lines": []}],
        }
    )
    assert facets.team_tag(report().model_copy(update={"finance": told})) == "squad"
