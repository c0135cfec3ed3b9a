"""Whether there is a Chromium for the tests. In CI a missing one is a failure, elsewhere a skip that says so."""

import os

import pytest

from reports.chromium import browser

CHROMIUM = browser()
IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")


def needed() -> None:
    """Ends the test or module that needs a browser where there is none."""
    if CHROMIUM is not None:
        return
    told = "NOTHING OF THIS WAS TESTED: no Chromium is installed. `make browser` installs one on Debian and Ubuntu."
    if IN_CI:
        pytest.fail(f"{told} CI is set, where that is a failure.", pytrace=False)
    pytest.skip(told, allow_module_level=True)
