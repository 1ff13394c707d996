"""Service Hooks of sources over the API: Service URLs, our hooks in CODING, deliveries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from headrace.client.speaking import Query, Speaker
from headrace.client.work import whole
from headrace.wire.hooks import (
    Delivery,
    DeliveryDetail,
    DeliveryState,
    HookLine,
    HookOverview,
    Replayed,
    ServiceUrl,
    SourceHooks,
)


class HooksClient:
    """What CODING tells, and how it is told to."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    def all(self) -> list[SourceHooks]:
        """How those of every source stand, by name."""
        return list(self._speaker.items("/hooks", SourceHooks))

    def get(self, connection_id: int) -> HookOverview:
        """How those of one source stand, without secrets."""
        return self._speaker.get(f"{_at(connection_id)}/hooks", HookOverview)

    def service_url(self, connection_id: int) -> ServiceUrl:
        """The URL to copy, if there is one, and the steps in CODING."""
        return self._speaker.get(f"{_at(connection_id)}/service-url", ServiceUrl)

    def generate(self, connection_id: int) -> ServiceUrl:
        """Make it, if there is none. The signing token is told once, by the call that makes it."""
        return self._speaker.do("POST", f"{_at(connection_id)}/service-url", ServiceUrl)

    def rotate(self, connection_id: int) -> ServiceUrl:
        """Make another URL and signing token; those of before go on for a day."""
        return self._speaker.do("POST", f"{_at(connection_id)}/service-url/rotate", ServiceUrl)

    def retire(self, connection_id: int) -> ServiceUrl:
        """End the URL and signing token of before now."""
        return self._speaker.do("DELETE", f"{_at(connection_id)}/service-url/old", ServiceUrl)

    def set_up(self, connection_id: int) -> Iterator[HookLine]:
        """Make, mend and test our hook in every chosen project; the result is the last line."""
        return self._work(connection_id, "set-up")

    def inspect(self, connection_id: int) -> Iterator[HookLine]:
        """What is wrong with our hook in every chosen project; the result is the last line."""
        return self._work(connection_id, "inspect")

    def ping(self, connection_id: int) -> Iterator[HookLine]:
        """Have CODING send its test event by every hook of ours; the result is the last line."""
        return self._work(connection_id, "ping")

    def remove(self, connection_id: int) -> Iterator[HookLine]:
        """Delete our hooks, and no others; the result is the last line."""
        return self._work(connection_id, "remove")

    def deliveries(
        self, connection_id: int, *, state: DeliveryState | None = None, event: str = "",
        text: str = "",
    ) -> Iterator[Delivery]:  # fmt: skip
        """What came, the newest first: all, or of one state or event, or with this text in it."""
        query: Query = {"state": state, "event": event, "text": text}
        return self._speaker.items(f"{_at(connection_id)}/deliveries", Delivery, query)

    def delivery(self, connection_id: int, delivery_id: str) -> DeliveryDetail:
        """One in full, its secrets masked. Raises `Missing`."""
        where = f"{_at(connection_id)}/deliveries/{quote(delivery_id, safe='')}"
        return self._speaker.get(where, DeliveryDetail)

    def replay(self, connection_id: int, ids: Sequence[str]) -> Replayed:
        """Have them read again; all or none."""
        where, body = f"{_at(connection_id)}/deliveries/replay", {"ids": list(ids)}
        return self._speaker.do("POST", where, Replayed, body)

    def replay_dead(self, connection_id: int) -> Replayed:
        """Have the dead ones read again, the newest first, up to 1,000 at a time."""
        return self._speaker.do("POST", f"{_at(connection_id)}/deliveries/replay-dead", Replayed)

    def _work(self, connection_id: int, what: str) -> Iterator[HookLine]:
        lines = self._speaker.lines("POST", f"{_at(connection_id)}/hooks/{what}", HookLine)
        return whole(lines)


def _at(connection_id: int) -> str:
    return f"/connections/{connection_id}"
