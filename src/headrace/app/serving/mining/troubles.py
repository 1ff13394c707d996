"""What keeps a source's mining from being read, as its tasks show it while they wait."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from headrace.app.serving.agent import mining_key, pinned_agent
from headrace.app.serving.platform import Platform
from headrace.app.serving.tasks.task_settings import chosen_streams
from headrace.control.connections import Connection
from headrace.control.minings import MiningRow
from headrace.control.states import ACTIVE, State
from headrace.control.tasks import TaskRow
from headrace.errors import Refused

Trouble = dict[str, Any]


class Troubles:
    """Looks once, then answers for any number of tasks and minings."""

    def __init__(self, platform: Platform) -> None:
        self.rows = platform.minings.all()
        self._agent = platform.agent
        self._there = {one.name for one in platform.agents.all() if not one.away}

    def of_task(self, row: TaskRow, source: Connection) -> Trouble | None:
        """What an active task waits for, besides its own destination; None where it is nothing."""
        if row.state not in ACTIVE:
            return None
        agent = pinned_agent(row, source)
        if row.state is State.WAITING and agent and agent not in self._there:
            return self._away(agent)
        key = mining_key(row, source)
        found = self.of_mining(key, source)
        reader = str(source.values.get("agent", ""))
        if found is None and row.pinned and reader not in ("", row.pinned):
            return _said(
                f"It is pinned to the agent {row.pinned}, and its source is read by {reader}.",
                "Pin both to the same agent.",
            )
        return found

    def unread(self, row: TaskRow, source: Connection) -> list[Trouble]:
        """The streams of an active task that are not read because a person stopped them."""
        key = mining_key(row, source)
        if row.state not in ACTIVE or key not in self.rows:
            return []
        with suppress(Refused):
            names = {stream.name for stream in chosen_streams(row, source)}
            return [
                {"kind": "unread", "stream": name, "message": f"The mining of {name} is stopped.",
                 "advice": "Resume it there: it catches up with all that happened."}
                for name in self.rows[key].stopped_streams
                if name in names
            ]  # fmt: skip
        return []

    def of_mining(self, key: str, source: Connection) -> Trouble | None:
        """Why it does not read, or cannot; None while it does, or nobody needs it."""
        row = self.rows.get(key, MiningRow(key, source.id))
        if row.stopped_by:
            return _said(f"The mining of {source.name} was stopped by {row.stopped_by}.",
                         "Resume it: it catches up with all that happened.")  # fmt: skip
        agent = str(source.values.get("agent", ""))
        if agent and agent not in self._there:
            return self._away(agent)
        failed, living = self._agent.failed.get(key), self._agent.minings.get(key)
        if failed is None or (living is not None and living.ready.is_set() and living.running):
            return None
        error = failed.error
        return _said(error.message, error.advice, times=failed.times, again_at=failed.again_at)

    def _away(self, agent: str) -> Trouble:
        return _said(
            f"It waits for the agent {agent}, which is away.",
            "Start that agent, or take the pin off the task and its source.",
        )


def _said(message: str, advice: str, *, times: int = 0, again_at: int = 0) -> Trouble:
    return {"message": message, "advice": advice, "times": times, "again_at": again_at}
