"""For all tests: the canary, when it is asked for."""

from tests.canary import pytest_configure

__all__ = ["pytest_configure"]
