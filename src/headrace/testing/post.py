"""The way of hook deliveries: lost, doubled, late, out of order, forged."""

from __future__ import annotations

import json
from random import Random

from headrace.core.ports import Delivery, Inbox
from headrace.core.transport import Response
from headrace.playground.api import Playground
from headrace.playground.hook_codes import CODES
from headrace.playground.hooks import Delivery as Posted
from headrace.playground.hooks import Hook

_TAKEN = Response(200)


class Post:
    """Carries deliveries from the look-alike's hooks to an inbox, as badly as its dice say.

    `acknowledged` holds the ids that were answered 2xx: they must be in the inbox for ever after
    (Invariant 1).
    """

    def __init__(self, playground: Playground, dice: Random) -> None:
        self._playground = playground
        self._dice = dice
        self._bag: list[Posted] = []
        self._loss = dice.choice((0.0, 0.1, 0.5))
        self.acknowledged: set[str] = set()
        for project_id in playground.team.projects:
            playground.hooks.create(_hook(project_id), playground.clock.now_ms())

    def deliver(self, inbox: Inbox) -> None:
        """Carry what is due, or some of it; may crash within the inbox, then it was not taken."""
        self._bag.extend(self._playground.deliver_due())
        self._dice.shuffle(self._bag)
        while self._bag and self._dice.random() < 0.9:
            posted = self._bag.pop()
            if self._dice.random() < self._loss:
                self._playground.delivered(posted.id, None)
                continue
            if self._dice.random() < 0.15:
                self._bag.append(posted)  # once more, later
            self._hand_over(posted, inbox)
        if self._dice.random() < 0.1:
            inbox.put([self._forged()])

    def deliver_all(self, inbox: Inbox) -> None:
        """Carry all that is due; nothing is under way afterwards."""
        self.deliver(inbox)
        while self._bag:
            self.deliver(inbox)

    def _hand_over(self, posted: Posted, inbox: Inbox) -> None:
        headers = {name.lower(): value for name, value in posted.request.headers.items()}
        now_ms = self._playground.clock.now_ms()
        new = inbox.put([Delivery(posted.id, posted.event, now_ms, headers, posted.request.body)])
        assert not (new and posted.id in self.acknowledged), "a repeated delivery passed for new"
        self.acknowledged.add(posted.id)
        self._playground.delivered(posted.id, _TAKEN)

    def _forged(self) -> Delivery:
        """What somebody made up who knows the signing token: it may cost calls, never rows."""
        body = {
            "event": "ISSUE_DELETED",
            "issue": {"project_id": 101, "code": self._dice.randrange(30), "title": "forged"},
            "project": {"id": self._dice.choice((101, 999))},
        }
        ident = f"forged-{self._dice.random()}"
        now_ms = self._playground.clock.now_ms()
        return Delivery(ident, "ISSUE_DELETED", now_ms, {}, json.dumps(body).encode())


def _hook(project_id: int) -> Hook:
    return Hook(
        id="", project_id=project_id, name="copy", service="WebHook", action="webhook_http_post",
        events=tuple(CODES), properties={"service_url": "http://127.0.0.1/hooks/s"},
        filters={}, enabled=True, creator_id=1, created_ms=0, updated_ms=0,
    )  # fmt: skip
