"""Agents: who runs tasks."""

from __future__ import annotations

from headrace.app.serving import agent_views
from headrace.web.api.answers import all_shown
from headrace.web.api.pages import After, Limit, listed
from headrace.web.api.verbs import The, look
from headrace.wire.page import Page
from headrace.wire.watching import Agent


@look("/agents")
def agents(platform: The, after: After = "", limit: Limit = 100) -> Page[Agent]:
    """All, by name."""
    found = all_shown(Agent, agent_views.agents(platform))
    return listed(found, lambda one: one.name, after=after, limit=limit)


HANDLERS = (agents,)
