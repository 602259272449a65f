"""What several rooms' tests share."""

import pytest


@pytest.fixture(scope="module")
def little():
    """A budget for tests of what is done, not of what is learned: three thousand images at most."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AEUTILS_BUDGET", "look")
        yield
