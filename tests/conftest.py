"""For all tests: their time zones, and the canary when it is asked for."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings
from tests import canary, zones
from tests.zones import pytest_report_header

__all__ = ["pytest_report_header"]

settings.register_profile("plain", max_examples=30)
if not os.environ.get("HEADRACE_CI"):
    settings.load_profile("plain")


@pytest.hookimpl(trylast=True)  # the seed that orders the tests is drawn by then
def pytest_configure(config: pytest.Config) -> None:
    """Both look whether there is something to do."""
    zones.choose(config)
    canary.pytest_configure(config)
