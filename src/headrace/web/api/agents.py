"""Agents: who runs tasks."""

from __future__ import annotations

from headrace.control.agents import AgentRow
from headrace.web.api.verbs import The, look


@look("/agents")
def agents(platform: The) -> list[AgentRow]:
    """All, by name."""
    return platform.agents.all()


HANDLERS = (agents,)
