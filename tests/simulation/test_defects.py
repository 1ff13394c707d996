"""Planted defects: the simulation catches each, or it would prove nothing."""

from __future__ import annotations

import os

import pytest

from headrace.testing.defects import DEFECTS, SEEDS_MAX, catch

QUICK = ("deletes forgotten", "unlisted means deleted", "update time decides", "no fencing")
PLANTED = DEFECTS if os.environ.get("HEADRACE_CI") else QUICK


def test_there_are_enough_of_them() -> None:
    assert len(DEFECTS) >= 25


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_defect_is_caught(name: str) -> None:
    _, seed, how = catch(name)
    assert 0 < seed <= SEEDS_MAX, f"{name}: {how}"
