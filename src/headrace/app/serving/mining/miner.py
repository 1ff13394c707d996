"""Which minings run: started when the first task needs one, ended when none does.

What a person changes (values of the connection, what is stopped) takes effect at the next look: the
mining ends between two pages and starts anew, with all that it has read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from headrace.app.keeping import Keeping
from headrace.app.serving.kinds import ConnectionKinds
from headrace.app.serving.mining.holding import Holding
from headrace.app.serving.mining.mining import Mining, Order
from headrace.app.serving.mining.mining_values import FROM_NOW, kind_of, mining_values
from headrace.control.connections import Connection, Connections
from headrace.control.minings import MiningRow, Minings
from headrace.core.clock import Clock
from headrace.core.retry import RetryPolicy
from headrace.errors import HeadraceError, Refused
from headrace.mirror.urls import place_of

_AGAIN = RetryPolicy(attempts=2**31, first_seconds=5.0, cap_seconds=300.0)


@dataclass(frozen=True, slots=True)
class Failed:
    """A mining that ended by an error, and when it is tried again; at once, where the connection
    was changed since its `version`."""

    error: HeadraceError
    times: int
    again_at: int
    version: int


class Wanted(NamedTuple):
    """What tasks need of a source, by the names of the streams."""

    source: Connection
    streams: frozenset[str]


class Miner:
    """Holds the minings of an agent. `minings` run now, by key; `failed` wait for the next try."""

    def __init__(
        self, agent: str, data: Path, connections: Connections, minings: Minings,
        kinds: ConnectionKinds, clock: Clock,
    ) -> None:  # fmt: skip
        self.minings: dict[str, Mining] = {}
        self.failed: dict[str, Failed] = {}
        self._agent = agent
        self._data = data
        self._connections = connections
        self._kept = minings
        self._kinds = kinds
        self._clock = clock
        self._noted: dict[str, Holding] = {}

    def hold(self, wanted: Mapping[str, Wanted]) -> None:
        """Start what is wanted and not stopped, end the rest, note what mirrors hold."""
        rows = self._kept.all()
        for key, mining in list(self.minings.items()):
            row, need = rows.get(key, MiningRow(key, 0)), wanted.get(key)
            if mining.running:
                if need is None or not self._fits(mining, need, row):
                    mining.stop()
                continue
            self._note_holding(key, mining)
            self._note_ended(key, mining)
        for key in [key for key in self.failed if key not in wanted or _stopped(rows, key)]:
            del self.failed[key]
        for key, need in wanted.items():
            if key not in self.minings and not _stopped(rows, key) and self._is_due(key, need):
                self._start(key, need)
        self.note_holdings()

    def note_holdings(self) -> None:
        """Keep what the mirrors hold, for when nothing reads them."""
        for key, mining in self.minings.items():
            self._note_holding(key, mining)

    def _fits(self, mining: Mining, need: Wanted, row: MiningRow) -> bool:
        """Whether it goes on as it is."""
        order = mining.order
        if row.stopped_by or frozenset(row.stopped_streams) != order.keeping.without:
            return False
        if not need.streams <= set(order.streams):
            return False
        if order.version != need.source.version:
            if dict(order.values) != dict(self._connections.whole(need.source.id)):
                return False
            mining.order = replace(order, version=need.source.version)
        return True

    def _is_due(self, key: str, need: Wanted) -> bool:
        failed = self.failed.get(key)
        if failed is None or failed.version != need.source.version:
            return True
        return failed.again_at <= self._clock.now_ms()

    def _start(self, key: str, need: Wanted) -> None:
        try:
            order = self._order(key, need)
        except Refused as error:
            self._note_failed(key, error, need.source.version)
            return
        mining = Mining(order)
        self.minings[key] = mining
        mining.start()

    def _order(self, key: str, need: Wanted) -> Order:
        source, whole = need.source, self._connections.whole(need.source.id)
        settings, values = self._kinds.settings_of(source, whole), mining_values(whole)
        state = self._data / "mirrors" / key
        row = self._kept.started(key, source.id, self._agent, from_now=values.start == FROM_NOW)
        store, name = values.place(key, state, settings)
        keeping = Keeping(
            store,
            name,
            values.log_days,
            values.since_ms(row.from_now_at),
            frozenset(row.stopped_streams),
        )
        return Order(
            source.id, source.version, whole, settings, keeping, sorted(need.streams), state,
            self._data,
        )  # fmt: skip

    def _note_ended(self, key: str, mining: Mining) -> None:
        del self.minings[key]
        if mining.error is None:
            self.failed.pop(key, None)
        else:
            self._note_failed(key, mining.error, mining.order.version)

    def _note_failed(self, key: str, error: HeadraceError, version: int) -> None:
        times = self.failed[key].times + 1 if key in self.failed else 1
        wait = _AGAIN.wait_seconds(times, asked=None, spread=0.5) or 0.0
        again_at = self._clock.now_ms() + int(wait * 1000)
        self.failed[key] = Failed(error, times, again_at, version)

    def _note_holding(self, key: str, mining: Mining) -> None:
        held = mining.holding
        if held is not None and held is not self._noted.get(key):
            store, place = kind_of(mining.place[0]), place_of(*mining.place)
            self._kept.note(key, {**held.as_dict(), "store": store, "place": place})
            self._noted[key] = held


def _stopped(rows: Mapping[str, MiningRow], key: str) -> bool:
    return key in rows and bool(rows[key].stopped_by)
