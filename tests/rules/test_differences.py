"""Rows that are not as expected are paired with the row they are most like, whatever their order."""

from typing import Any

from rules.engine.differences import Cell, Difference, differences


def row(resource: str, verdict: str = "ok", **more: Any) -> dict[str, Any]:
    return {
        "cloud": "aws",
        "account_id": "1",
        "region": "r",
        "resource_id": resource,
        "verdict": verdict,
        "reason": "It is so.",
        **more,
    }


def test_the_same_rows_in_another_order_do_not_differ() -> None:
    assert differences([{"resource_id": "b"}, {"resource_id": "a"}], [row("a"), row("b")]) == []


def test_only_columns_that_differ_are_told() -> None:
    (found,) = differences([{"resource_id": "a", "verdict": "finding", "reason": "is so"}], [row("a")])
    assert found.kind == "differs"
    assert found.cells == (Cell("verdict", "finding", "ok"),)


def test_a_column_that_no_rule_returns_is_told_from_one_without_a_value() -> None:
    (found,) = differences([{"resource_id": "a", "why": None}], [row("a")])
    assert found.cells == (Cell("why", None, None, there=False),)
    assert differences([{"resource_id": "a", "why": None}], [row("a", why=None)]) == []


def test_a_row_of_another_resource_is_missing_and_surplus_and_not_a_difference() -> None:
    found = differences([{"resource_id": "a"}], [row("b")])
    assert found == [Difference("missing", {"resource_id": "a"}), Difference("surplus", row("b"))]


def test_of_the_same_id_in_two_accounts_the_right_one_is_compared() -> None:
    expected = [
        {"account_id": "2", "resource_id": "a", "verdict": "finding"},
        {"resource_id": "a", "verdict": "ok"},
    ]
    (found,) = differences(expected, [row("a"), {**row("a"), "account_id": "2"}])
    assert (found.label, found.cells) == ("2/a", (Cell("verdict", "finding", "ok"),))


def test_a_second_row_like_an_expected_one_is_surplus() -> None:
    assert [one.kind for one in differences([{"verdict": "ok"}], [row("a"), row("b")])] == ["surplus"]


def test_numbers_are_equal_to_nine_digits_and_nothing_is_no_number() -> None:
    assert differences([{"cost": 0.3}], [{"cost": 0.1 + 0.2}]) == []
    assert len(differences([{"cost": 0.3}], [{"cost": None}])) == 1
