"""Golden scenarios: one crash at every single place, and the copy is exact each time."""

from __future__ import annotations

import os

import pytest

from headrace.testing.golden import SCENARIOS, crash_everywhere

EVERY = 1 if os.environ.get("HEADRACE_CI") else 25


def test_there_are_enough_of_them() -> None:
    assert len(SCENARIOS) >= 20


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_crash_anywhere_leaves_an_exact_copy(name: str) -> None:
    assert crash_everywhere(name, step=EVERY) > 50
