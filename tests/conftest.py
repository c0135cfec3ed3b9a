"""What all tests share: new warehouses are copies of an empty one, save where making one is what is tested."""

import gc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from finops import logs, masking
from tests.effort import THOROUGH
from tests.shelf import copies_for_new, empty_file

# Thousands of tests and the modules of three clouds stay to the end: looking through them again and again for what may
# go takes longer than some of the tests.
gc.disable()
# What is drawn by chance is drawn alike every time, so that a change is judged and not the dice; make test-all draws anew.
settings.register_profile("alike", derandomize=not THOROUGH)
settings.load_profile("alike")
_MAKE_THEIRS = Path(__file__).parent / "finops" / "warehouse"
# Tests that try the same for every permission, fault, moment or cloud, and take long: `make test` runs one in sixteen of
# each of these sets, the same ones every time, and `make test-all` all of them.
_SETS = (
    "tests/end_to_end/test_alibaba_mistakes.py::",
    "tests/end_to_end/test_aws_mistakes.py::",
    "tests/end_to_end/test_gcp_mistakes.py::",
    "tests/end_to_end/test_ingest_stores.py::",
    "tests/end_to_end/test_bad_input.py::",
    "tests/collectors/alibaba/test_faults.py::",
    "tests/collectors/alibaba/test_permissions.py::",
    "tests/collectors/aws/test_permissions.py::",
    "tests/collectors/gcp/test_permissions.py::",
    "tests/collectors/alibaba/test_billing.py::",
    "tests/collectors/alibaba/test_freshness.py::",
    "tests/collectors/aws/test_billing.py::",
    "tests/collectors/aws/test_cost_explorer.py::",
    "tests/collectors/bills/test_cur2.py::",
    "tests/collectors/bills/test_stores.py::",
    "tests/collectors/gcp/test_billing_live.py::",
    "tests/finops/test_subscriptions.py::",
    "tests/finops/cli/test_live.py::",
    "tests/rules/test_sizing.py::",
    "tests/collectors/bills/test_gcp.py::",
    "tests/finops/engines/test_translate.py::",
    "tests/finops/pipeline/test_exporting.py::",
    "tests/finops/pipeline/test_alibaba_estate.py::",
    "tests/finops/warehouse/test_writing.py::",
    "tests/finops/commitments/test_options.py::",
    "tests/collectors/gcp/test_faults.py::",
    "tests/collectors/bills/test_deliveries.py::",
    "tests/collectors/bills/test_parquet.py::",
    "tests/collectors/bills/test_repeats.py::",
    "tests/collectors/bills/test_alibaba.py::",
    "tests/collectors/bills/test_properties.py::",
    "tests/collectors/alibaba/test_metrics.py::",
    "tests/collectors/alibaba/test_prices.py::",
    "tests/collectors/aws/test_accounts.py::",
    "tests/collectors/aws/test_client.py::",
    "tests/collectors/aws/test_freshness.py::",
    "tests/collectors/gcp/test_billing.py::",
    "tests/finops/lake/test_lake.py::",
    "tests/finops/history/test_realised.py::",
    "tests/finops/pipeline/delivery/test_delivering.py::",
    "tests/finops/pipeline/test_collecting.py::",
    "tests/finops/pipeline/test_rates_after_usage.py::",
    "tests/finops/test_savings_gcp.py::",
    "tests/finops/warehouse/test_effective_prices.py::",
    "tests/finops/keeping/test_backups.py::",
    "tests/finops/keeping/test_pruning.py::",
    "tests/finops/pipeline/test_scheduling.py::",
    "tests/fuzz/test_fuzz.py::",
    "tests/reports/test_accessible.py::test_enlarged",
    "tests/reports/xlsx/test_recalculated.py::",
    "tests/servers/test_aws_server.py::",
    "tests/servers/test_gcp_bill.py::",
)
# Pages in a browser, each state of which others show in part.
_SIXTHS = (
    "tests/reports/test_browser.py::",
    "tests/reports/test_table.py::",
    "tests/reports/test_language_browser.py::",
)
# Estates of their own for a test or two, of which other files show the like: only make test-all has time for them.
_DEAR = (
    "tests/end_to_end/test_rerun.py::",
    "tests/end_to_end/test_gcp_projects.py::",
    "tests/end_to_end/test_aws_bill.py::",
    "tests/end_to_end/test_alibaba_accounts.py::",
    "tests/end_to_end/test_exemptions.py::",
    "tests/end_to_end/test_gcp_bill.py::",
    "tests/end_to_end/test_history.py::",
    "tests/end_to_end/test_nights.py::",
    "tests/end_to_end/test_several_clouds.py::",
    "tests/end_to_end/test_gcp_role.py::",
    "tests/end_to_end/test_kill_collect.py::",
    "tests/collectors/alibaba/test_calls.py::test_both_collections",
    "tests/collectors/aws/test_faults.py::",
)
# Whole commands on the sample estate and what takes a second or more each: a third of them every time.
_THIRDS = (
    "tests/end_to_end/test_demo.py::",
    "tests/end_to_end/test_costs.py::",
    "tests/end_to_end/test_export.py::",
    "tests/end_to_end/test_lake_options.py::",
    "tests/end_to_end/test_refused_bills.py::",
    "tests/reports/test_accessible.py::",
    "tests/reports/test_facets.py::",
    "tests/reports/test_pdf.py::",
    "tests/reports/test_totals.py::",
    "tests/reports/xlsx/test_languages.py::",
    "tests/rules/test_cases.py::TestACaseFile::test_overrides",
    "tests/collectors/sample/test_sample.py::",
    "tests/finops/test_netting.py::",
    "tests/reports/test_mail.py::",
    "tests/finops/test_renetting.py::",
    "tests/finops/pipeline/delivery/test_editions.py::",
    "tests/finops/pipeline/test_night_files.py::",
    "tests/finops/pipeline/test_nightly.py::",
    "tests/finops/pipeline/test_restating.py::",
    "tests/finops/history/test_life.py::",
    "tests/finops/pipeline/watching/test_alarms.py::",
    "tests/finops/test_savings_catalogue.py::",
    "tests/finops/warehouse/test_loading.py::",
    "tests/collectors/bills/test_focus_exports.py::",
    "tests/collectors/bills/test_fuzzed.py::",
    "tests/collectors/bills/test_rejects.py::",
    "tests/collectors/gcp/test_collecting.py::",
    "tests/reports/xlsx/test_workbook.py::",
    "tests/reports/test_html.py::",
    "tests/reports/test_page_language.py::",
    "tests/reports/test_audience.py::",
    "tests/rules/test_scaffold.py::",
    "tests/servers/",
    "tests/finops/cli/",
    "tests/finops/history/",
    "tests/finops/pipeline/",
    "tests/collectors/aws/",
    "tests/collectors/bills/",
    "tests/collectors/flow_logs/",
    "tests/collectors/gcp/",
)
# Hundreds of tests each of which plans queries for a tenth of a second or more.
_HALVES = (
    "tests/collectors/alibaba/",
    "tests/finops/test_savings.py::",
    "tests/finops/commitments/",
)
# The share of each set; what is in several is in the set that is named most exactly.
_SHARES = {
    start: share for share, sets in {16: _SETS, 6: _SIXTHS, 3: _THIRDS, 2: _HALVES}.items() for start in sets
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole commands first: a file of them that began last would keep one processor busy and the others waiting."""
    items.sort(key=lambda item: "end_to_end" not in item.path.parts)
    for item in items:
        if item.nodeid.startswith(_DEAR):
            item.add_marker(pytest.mark.thorough)
    seen: Counter[str] = Counter()
    starts = sorted(_SHARES, key=len, reverse=True)
    for item in items:
        start = next((one for one in starts if item.nodeid.startswith(one)), None)
        if start:
            if seen[start] % _SHARES[start]:
                item.add_marker(pytest.mark.thorough)
            seen[start] += 1


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="module", autouse=True)
def _new_warehouses(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.path.is_relative_to(_MAKE_THEIRS):
        yield
    else:
        with copies_for_new(empty_file()):
            yield


@pytest.fixture(autouse=True)
def _lines_for_people() -> Iterator[None]:
    """A command run in this process says how the lines of its process are written: not those of the next test's."""
    yield
    logs.write_as("text")


@pytest.fixture(autouse=True)
def _secrets_of_one_test() -> Iterator[None]:
    """A secret that a test resolved is masked in what that test says, not where the next one has the same number."""
    yield
    masking._known.clear()
    masking._pattern = None
