"""Defects that are known of tools of this kind, and the tests of ours that fail if we had them.

Each was found by reading the source of a published tool. What concerns resources that no rule judges yet is not here.
"""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# Defect → tests: a function of a module, or a case of a rule.
GUARDED = {
    "a ratio is compared with a limit in per cent": ["collectors/aws/test_metrics.py::test_percent_become_ratios_with_the_number_of_samples", "collectors/gcp/test_metrics.py::test_memory_is_a_ratio_of_what_is_used"],
    "metrics are joined on names that repeat": ["rules/test_rollups.py::test_usage_keeps_places_and_metrics_apart", "cases/idle-instance.yaml::measurements of the same id in another account, region or cloud are not its own"],
    "the latest point stands for the whole window": ["collectors/alibaba/test_metrics.py::test_the_newest_window_is_asked_first_and_the_older_ones_for_those_that_are_missing", "cases/idle-instance.yaml::quiet but for the quarter end, 32 days ago, is work"],
    "the same limit means the mean in one cloud and the maximum in another": ["cases/idle-instance.yaml::aws, quiet over 95 days, is a finding with high confidence", "cases/idle-instance.yaml::alibaba, quiet, is a finding", "cases/idle-instance.yaml::gcp, quiet, is a finding", "rules/test_rollups.py::test_usage_of_a_whole_window"],
    "reads and writes that are equal are counted once": ["rules/test_rollups.py::test_activity_adds_the_two_sides_and_trusts_the_lesser"],
    "averages over a quarter of an hour hide a peak": ["cases/idle-instance.yaml::fifteen minutes a day at 95 % average out to 1.4 % and are work all the same"],
    "what is not measured is idle": ["cases/idle-instance.yaml::no data at all", "cases/idle-instance.yaml::no network data"],
    "bytes are divided by the wrong number of seconds": ["collectors/aws/test_metrics.py::test_a_sum_over_five_minute_samples_is_a_rate_per_second", "collectors/aws/test_metrics.py::test_a_sum_over_one_minute_samples_is_a_rate_per_second"],
    "a failed call drops resources without a word": ["collectors/aws/test_faults.py::test_in_a_storm_every_scope_is_whole_or_told", "collectors/alibaba/test_faults.py::test_in_a_storm_every_scope_is_whole_or_told", "collectors/gcp/test_faults.py::test_in_a_storm_every_scope_is_whole_or_told"],
    "memory is shrunk without memory data": ["cases/oversized-instance.yaml::memory unknown is never shrunk"],
    "a billed cost is compared with a list price": ["finops/test_savings.py::test_a_resize_keeps_the_discount_of_the_bill"],
    "the effective price is never used, as an error is swallowed": ["finops/test_savings.py::test_a_billed_machine_costs_what_the_bill_says"],
    "prices are constants of one region": ["finops/test_savings.py::test_what_nobody_prices_is_not_known_and_not_zero"],
    "spot saves the same share everywhere": ["finops/test_savings.py::test_spot_saves_by_the_history_of_its_zone"],
    "shares of one machine add up to more than it costs": ["finops/test_savings.py::test_shares_that_add_up_to_more_than_a_machine_costs_are_counted_once"],
    "commitments are sized on usage that is about to go": ["finops/pipeline/test_rates_after_usage.py::test_a_commitment_is_sized_on_what_is_left_when_the_idle_machine_is_gone"],
    "a covered machine saves its whole cost": ["finops/pipeline/test_rates_after_usage.py::test_removing_what_a_commitment_covers_saves_nothing_and_says_so_with_the_number"],
    "a stopped machine saves what it would cost if it ran": ["finops/test_savings.py::test_stopped_hours_cost_nothing_where_they_do_not"],
    "what was realised is never less than nothing": ["finops/history/test_realised.py::test_a_resize_that_made_things_dearer_is_a_loss_and_is_kept"],
    "what was not measured is taken to be as estimated": ["finops/history/test_realised.py::test_an_action_that_changed_no_cost_saved_nothing_whatever_was_promised", "finops/history/test_realised.py::test_without_a_bill_nothing_is_known"],
    "a falling load passes for a saving": ["finops/history/test_realised.py::test_what_its_kind_would_have_cost_more_or_less_meanwhile_is_told_apart"],
    "days without a bill are days without cost": ["finops/history/test_realised.py::test_days_that_the_bill_does_not_cover_are_no_days_at_no_cost"],
    "unknown hardware emits nothing": ["finops/test_carbon.py::test_what_is_not_known_gives_a_reason_and_never_zero"],
}  # fmt: skip


@pytest.mark.parametrize("defect", GUARDED)
def test_a_known_defect_has_a_test_of_ours(defect: str) -> None:
    for guard in GUARDED[defect]:
        file, _, name = guard.partition("::")
        text = (TESTS / file).read_text(encoding="utf-8")
        if file.endswith(".py"):
            assert re.search(rf"^def {re.escape(name)}\(", text, re.MULTILINE), guard
        else:
            assert f"- name: {name}\n" in text, guard
