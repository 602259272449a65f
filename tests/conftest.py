"""The browser, for the tests that need one."""

import os

import pytest

from tests import browser


@pytest.fixture(scope="session")
def chromium():
    """A running Chromium. Where there is none, tests are skipped, or fail if AEUTILS_REQUIRE_BROWSER is 1."""
    if browser.CHROMIUM is None:
        reason = "no Chromium on this machine"
        pytest.fail(reason) if os.environ.get("AEUTILS_REQUIRE_BROWSER") == "1" else pytest.skip(reason)
    with browser.chromium() as running:
        yield running
