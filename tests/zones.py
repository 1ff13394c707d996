"""Tests run in time zones that are seldom theirs: another one each worker, others each run.

`TZ=Pacific/Kiritimati make test` has one for all.
"""

from __future__ import annotations

import os
import time

import pytest

ZONES = ("UTC", "Asia/Shanghai", "America/St_Johns", "Pacific/Kiritimati")


def choose(config: pytest.Config) -> None:
    """Take the zone on, for this process and all that its tests start."""
    is_worker = hasattr(config, "workerinput")
    if os.environ.get("TZ") or (not is_worker and _workers(config)):
        return
    number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw")) if is_worker else 0
    os.environ["TZ"] = _zone(config, number)
    time.tzset()


def pytest_report_header(config: pytest.Config) -> str:
    """Which worker has which."""
    if zone := os.environ.get("TZ"):
        return f"time zone: {zone}"
    zones = (_zone(config, number) for number in range(_workers(config)))
    return f"time zones of the workers: {', '.join(zones)}"


def _workers(config: pytest.Config) -> int:
    return int(getattr(config.option, "numprocesses", None) or 0)


def _zone(config: pytest.Config, worker: int) -> str:
    """By the seed that orders the tests too, so that a run can be repeated."""
    seed = getattr(config.option, "randomly_seed", 0)
    return ZONES[(worker + seed) % len(ZONES)]
