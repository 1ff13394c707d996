"""A living team tells of everything whose event has a known body."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from headrace.playground import Team
from headrace.playground.modules import MODULES

from .conftest import NOW_MS

DEFAULT = Path(__file__).resolve().parents[2].parent / "shared" / "coding" / "hooks"
BODIES = Path(os.environ.get("HEADRACE_HOOKS", DEFAULT))
# The look-alike's pages do not come back, for a key that was deleted stays so.
NEVER = {"WIKI_RESTORED_FROM_RECYCLE_BIN"}
COMMON = {"event", "eventName", "action", "sender", "project", "team", "hook", "hook_id"}


def lived() -> dict[str, dict[str, Any]]:
    """The last body of each event that two thousand acts told."""
    team = Team(3, 2, 30, NOW_MS)
    for kind in MODULES.values():
        team.module(kind)  # type: ignore[type-var]
    team.listening = True
    bodies = {}
    for n in range(6000):
        team.step(NOW_MS + 1000 * n)
        bodies |= {event.code: event.body for event in team.take_events()}
    return bodies


def test_every_known_event_is_told_in_its_form() -> None:
    if not BODIES.is_dir():
        pytest.skip(f"there are no bodies in {BODIES}; name their folder by HEADRACE_HOOKS")
    known = {p.stem: json.loads(p.read_bytes()) for p in BODIES.glob("*.json")}
    del known["index"]
    told = lived()
    assert set(known) - set(told) == NEVER
    for code, body in told.items():
        if code in known:
            assert set(known[code]) - COMMON <= set(body) | {"defect"}, code
