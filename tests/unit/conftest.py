"""What several rooms' tests share."""

import pytest


@pytest.fixture
def little(monkeypatch):
    """The budget for tests of what is done, not of what is learned."""
    monkeypatch.setenv("AEUTILS_BUDGET", "look")
