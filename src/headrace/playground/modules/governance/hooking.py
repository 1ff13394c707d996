"""Service Hooks as people of the team keep them: robots that tell a chat group.

Whoever listens for deliveries makes hooks of their own; these here deliver nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from ...hook_codes import CODES
from ...hook_rows import hook_row, log_row
from ...hooks import Hook
from ...rows import Row

if TYPE_CHECKING:
    from ...team import Team

Key = tuple[int | str, ...]
ROBOTS_MAX = 5
SECRET_OF_HOOK = ("ActionProperties",)
SECRET_OF_LOG = ("RequestContent", "RequestHeaders", "ResponseHeaders")


class HookLife:
    """Acts and rows. Where nobody delivers hooks (a team alone), there are none."""

    def __init__(self, team: Team, rng: Random) -> None:
        self._team = team
        self._rng = rng

    def _all(self) -> Iterator[Hook]:
        hooks = self._team.hooks.hooks.values() if self._team.hooks else ()
        return (hook for hook in hooks if hook.project_id in self._team.projects)

    def tables(self) -> Mapping[str, Callable[[], dict[Key, Row]]]:
        """See `modules.Module`. Secrets are left out, as readers have to."""
        return {"service_hooks": self._hook_rows, "service_hook_logs": self._log_rows}

    def _hook_rows(self) -> dict[Key, Row]:
        return {
            (hook.project_id, hook.id): _without(hook_row(self._team, hook), SECRET_OF_HOOK)
            for hook in self._all()
        }

    def _log_rows(self) -> dict[Key, Row]:
        hooks = self._team.hooks
        return {
            (log.delivery.id,): _without(log_row(log), SECRET_OF_LOG)
            for hook in self._all()
            for log in (hooks.logs(hook.id) if hooks else ())
        }

    def acts(self, now_ms: int) -> Iterator[Callable[[], str]]:
        """What may happen to the robots now."""
        robots = [hook for hook in self._all() if hook.service == "WeCom"]
        if self._team.hooks is not None and self._team.projects and len(robots) < ROBOTS_MAX:
            yield partial(self._make, now_ms)
        if robots:
            chosen = self._rng.choice(robots)
            name = f"chat robot {self._rng.randrange(99)}"
            yield partial(self._change, replace(chosen, name=name), now_ms)
            yield partial(self._change, replace(chosen, enabled=not chosen.enabled), now_ms)
            yield partial(self._remove, chosen, now_ms)

    def _make(self, now_ms: int) -> str:
        hooks = self._team.hooks
        assert hooks is not None
        address = {"service_url": "https://robot.example.com/send?key=demo", "msg_type": "markdown"}
        made = Hook(
            id="", project_id=self._rng.choice(list(self._team.projects)), name="chat robot",
            service="WeCom", action="wecom_group_chat_robot", events=tuple(CODES[:3]),
            properties=address, filters={"type": "MISSION"}, enabled=True,
            creator_id=self._team.owner_id, created_ms=now_ms, updated_ms=now_ms,
        )  # fmt: skip
        hooks.create(made, now_ms)
        return f"a chat robot listens to project {made.project_id}"

    def _change(self, hook: Hook, now_ms: int) -> str:
        assert self._team.hooks is not None
        self._team.hooks.change(hook, now_ms)
        return f"{hook.name} is {'on' if hook.enabled else 'off'}"

    def _remove(self, hook: Hook, now_ms: int) -> str:
        assert self._team.hooks is not None
        self._team.hooks.delete(hook.id, now_ms)
        return f"{hook.name} was removed"


def _without(row: Row, names: tuple[str, ...]) -> Row:
    return {name: value for name, value in row.items() if name not in names}
