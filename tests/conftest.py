"""For all tests: their time zones, and the canary when it is asked for."""

from __future__ import annotations

import pytest
from tests import canary, zones
from tests.zones import pytest_report_header

__all__ = ["pytest_report_header"]


@pytest.hookimpl(trylast=True)  # the seed that orders the tests is drawn by then
def pytest_configure(config: pytest.Config) -> None:
    """Both look whether there is something to do."""
    zones.choose(config)
    canary.pytest_configure(config)
