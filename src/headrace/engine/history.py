"""Commits and their branches: a graph of which CODING lists what hangs below one branch.

A commit names its parents, so a branch is known exactly when every ancestor of its newest commit
is on file; pages behind that point are never asked for, whatever branch they were first seen on.
Only a thorough pass, which reads all branches to their end, can tell that no branch holds a commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from headrace.core.ports import Cursor, Mirror
from headrace.core.record import Body, Key, Origin, Reject, Seen, Sighting, make_key
from headrace.core.stream import Ancestry, Scope, Stream, at_path
from headrace.engine.newest import OPEN_MAX, newest_first
from headrace.engine.reading import Desk, Outcome, gone
from headrace.engine.walk import Sent
from headrace.errors import NotFound, Unavailable

ROWS_MAX = 20_000  # of one branch, that are held in memory until it is read

Graph = Mapping[str, Sequence[str]]
"""Commits to their parents."""


@dataclass(slots=True)
class _Reading:
    """One pass over a place, as far as it has come. `known`: the commits all of whose ancestors
    are read; in a thorough pass, which begins with none, those that it has seen itself. `listed`:
    when the list of branches on file began; `tips`: the newest commits of the branches read;
    `filed`: the commits that were on file; `doubted`: those that were shown with other parents."""

    stream: Stream
    place: Scope
    rule: Ancestry
    origin: Origin
    known: dict[str, Sequence[str]]
    outcome: Outcome
    listed: int
    filed: Graph
    tips: set[str] = field(default_factory=set)
    doubted: dict[str, Sequence[str]] = field(default_factory=dict)

    def doubts(self, bodies: Iterable[Body]) -> bool:
        """Whether a commit has other parents than on file, and had not when it was read before.

        A commit never changes: one of the two answers is bad, and a second look tells which.
        """
        shown = {str(body.get(self.rule.node)): parents_of(self.rule, body) for body in bodies}
        odd = {node: above for node, above in shown.items() if self.filed.get(node, above) != above}
        new = any(self.doubted.get(node) != above for node, above in odd.items())
        self.doubted.update(odd)
        return new


@dataclass(slots=True)
class _Lane:
    """What the pages of one branch have shown."""

    graph: dict[str, Sequence[str]] = field(default_factory=dict)
    wanted: set[str] = field(default_factory=set)
    tip: str = ""
    total: int = 0
    rejected: int = 0
    seen: list[Seen] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


class History:
    """Runs the passes of HISTORY streams. A place is a depot."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def run(self, stream: Stream, place: Scope, origin: Origin, outcome: Outcome) -> None:
        """Read what the branches brought; no call is made while no branch changed.

        A census is thorough where no branch seems to hold some commits, and at every sweep.
        """
        mirror, rule = self._desk.mirror, rule_of(stream)
        cursor = mirror.cursor(stream.name, place.key)
        listed = mirror.cursor(rule.heads, place.key).complete_stamp
        head, thorough = mirror.head(), self._is_thorough(cursor, listed, origin)
        if not thorough and not mirror.changed(rule.heads, place.key, cursor.followed, 1):
            self._finish(stream, place, cursor, origin, outcome)
            return
        began = self._desk.stamps.next()
        filed = graph_of(mirror, stream.name, rule, place.key)
        known = {} if thorough else dict(whole(filed))
        reading = _Reading(stream, place, rule, origin, known, outcome, listed, filed)
        branches = [branch.record.value() for branch in mirror.records(rule.heads, place.key)]
        for branch in branches:
            self._read(reading, branch)
        heads = {head_of(rule, branch) for branch in branches}
        if not heads <= reading.known.keys():  # a branch has moved meanwhile; its stream will tell
            self._finish(stream, place, cursor, origin, outcome)
            return
        moved = msgspec.structs.replace(cursor, followed=head)
        if thorough:
            self._settle(reading, moved, began)
            return
        lost = sorted(reading.known.keys() - closure(reading.known, heads | reading.tips))
        outcome.unsettled = len(lost)
        keys = tuple(make_key((*place.stamped.values(), node)) for node in lost)
        self._finish(stream, place, _noted(moved, keys, listed), origin, outcome)

    def _is_thorough(self, cursor: Cursor, listed: int, origin: Origin) -> bool:
        since_ms = self._desk.clock.now_ms() - cursor.swept
        due = since_ms >= self._desk.limits.sweep_seconds * 1000
        due = due or (bool(cursor.open) and listed > cursor.listed)
        return origin is Origin.CENSUS and cursor.snapshot_done and due

    # --- reading a branch --------------------------------------------------------------------

    def _read(self, reading: _Reading, branch: Body) -> None:
        """Bring a branch's commits on file, unless they are."""
        if head_of(reading.rule, branch) in reading.known:
            return
        values = {name: at_path(branch, path) for name, path in reading.rule.lane.items()}
        there = replace(reading.place, values={**reading.place.values, **values})
        for _ in range(self._desk.limits.walks_max):
            try:
                lane = self._read_lane(reading, there)
            except NotFound:  # the branch has just gone; its stream will tell
                return
            if lane is None:
                continue
            graph = {**reading.known, **lane.graph}
            if not lane.wanted and len(closure(graph, [lane.tip])) + lane.rejected >= lane.total:
                self._commit(reading, lane)
                reading.known.update(lane.graph)
                reading.tips.add(lane.tip)
                return
        action = reading.stream.listing.action
        raise Unavailable(f"{action} kept answering fewer commits than it counts.")

    def _read_lane(self, reading: _Reading, there: Scope) -> _Lane | None:
        """What a branch's pages show; None where it is to be read once more."""
        lane = _Lane()
        for sent in self._pages(reading, there):
            lane.total = max(lane.total, sent.listed.total or 0)
            rows = self._desk.rows(
                reading.stream, there, sent.listed.rows, sent.stamp, reading.origin
            )
            bodies = [seen.record.value() for seen in rows.seen]
            if reading.doubts(bodies):
                return None
            lane.seen += rows.seen
            lane.rejects += rows.rejects
            lane.rejected += len(rows.rejects)
            for body in bodies:
                _note(reading, lane, body)
            if not lane.wanted and lane.tip:
                break
            if len(lane.seen) > ROWS_MAX:
                self._commit(reading, lane)
        return lane

    def _pages(self, reading: _Reading, there: Scope) -> Iterator[Sent]:
        """Newest first; all pages side by side where more is unknown than known."""
        pages = newest_first(self._desk, reading.stream, there)
        first = next(pages)
        yield first
        if (first.listed.total or 0) > 2 * len(reading.known) + len(first.listed.rows):
            pages = iter(self._desk.walk(reading.stream, there))
        yield from pages

    def _commit(self, reading: _Reading, lane: _Lane) -> None:
        self._desk.commit(
            reading.stream, reading.place.key, reading.outcome, lane.seen, lane.rejects
        )
        lane.seen, lane.rejects = [], []

    # --- the end of a pass -------------------------------------------------------------------

    def _settle(self, reading: _Reading, cursor: Cursor, began: int) -> None:
        """After a thorough pass: what it did not show goes, if a pass before it found it lost.

        Each of the two by a list of branches of its own, younger than the last sight of the commit:
        a branch that moved since its list was read, or while it was read, holds what no list shows.
        """
        stream, place, outcome, desk = reading.stream, reading.place, reading.outcome, self._desk
        suspects = desk.mirror.unseen(stream.name, place.key, reading.listed)
        before = {*cursor.open, *desk.mirror.unseen(stream.name, place.key, cursor.complete_stamp)}
        is_listed_anew = reading.listed > cursor.listed
        lost = [key for key in suspects if key in before] if is_listed_anew else []
        if desk.is_mass(stream, len(suspects)) and not desk.has_waited(cursor.held_at):
            outcome.held, lost = len(suspects), []
        sightings = gone(stream, lost, desk.stamps.next(), "no branch holds it any more")
        rest = tuple(key for key in suspects if key not in set(lost))
        outcome.unsettled = len(rest) - outcome.held
        now_ms = desk.clock.now_ms()
        settled = msgspec.structs.replace(
            cursor, swept=now_ms, complete_stamp=began, open=rest[:OPEN_MAX],
            listed=reading.listed, held=outcome.held, held_at=now_ms if outcome.held else 0,
        )  # fmt: skip
        self._finish(stream, place, settled, reading.origin, outcome, sightings)

    def _finish(
        self,
        stream: Stream,
        place: Scope,
        cursor: Cursor,
        origin: Origin,
        outcome: Outcome,
        sightings: Sequence[Sighting] = (),
    ) -> None:
        now_ms = self._desk.clock.now_ms()
        is_first = not cursor.snapshot_done
        done = msgspec.structs.replace(
            cursor, snapshot_done=True, polled_at=now_ms, state="", reason="",
            census_at=now_ms if is_first or origin is Origin.CENSUS else cursor.census_at,
            swept=now_ms if is_first else cursor.swept,
        )  # fmt: skip
        self._desk.commit(stream, place.key, outcome, sightings, cursor=done)


def _noted(cursor: Cursor, lost: Sequence[Key], listed: int) -> Cursor:
    """With the commits that seem lost; while some wait to be confirmed, none is added to them."""
    wanting = set(lost)
    if still := tuple(key for key in cursor.open if key in wanting):
        return msgspec.structs.replace(cursor, open=still)
    return msgspec.structs.replace(cursor, open=tuple(lost[:OPEN_MAX]), listed=listed)


def _note(reading: _Reading, lane: _Lane, body: Body) -> None:
    node, above = str(body.get(reading.rule.node)), parents_of(reading.rule, body)
    lane.tip = lane.tip or node
    lane.graph[node] = above
    lane.wanted.discard(node)
    lane.wanted.update(n for n in above if n not in lane.graph and n not in reading.known)


class Derivation:
    """Works out which commits a branch holds, from what is on file."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._last: tuple[object, Graph] = ((), {})

    def rows(self, stream: Stream, scope: Scope) -> Iterator[Body]:
        """A row for every commit of the branch that opens `scope`.

        Raises `Unavailable` while its commits are not read yet.
        """
        rule = rule_of(stream)
        assert stream.parent is not None
        branch = self._mirror.get(stream.parent.stream, scope.parent_key)
        if branch is None:
            return iter(())
        graph = self._graph(rule, branch.record.scope)
        head = head_of(rule, branch.record.value())
        if head not in graph:
            raise Unavailable(f"The commits of {scope.key} are still to be read.")
        held = closure(graph, [head])
        return ({rule.node: node} for node in graph if node in held)

    def _graph(self, rule: Ancestry, depot: str) -> Graph:
        """As it is on file now; the branches of one depot are mostly asked for together."""
        place = (depot, self._mirror.head())
        if self._last[0] != place:
            self._last = (place, whole(graph_of(self._mirror, rule.commits, rule, depot)))
        return self._last[1]


def graph_of(mirror: Mirror, commits: str, rule: Ancestry, scope: str) -> Graph:
    """The commits on file of one depot, each with its parents."""
    bodies = (filed.record.value() for filed in mirror.records(commits, scope))
    return {str(body.get(rule.node)): parents_of(rule, body) for body in bodies}


def whole(graph: Graph) -> Graph:
    """The part of a graph whose commits have all their ancestors in it."""
    broken = [node for node, above in graph.items() if any(n not in graph for n in above)]
    if not broken:
        return graph
    below: dict[str, list[str]] = {}
    for node, above in graph.items():
        for parent in above:
            below.setdefault(parent, []).append(node)
    without = closure({node: below.get(node, ()) for node in graph}, broken)
    return {node: above for node, above in graph.items() if node not in without}


def closure(graph: Graph, nodes: Iterable[str]) -> set[str]:
    """These commits and all their ancestors, as far as they are in the graph."""
    found: set[str] = set()
    ahead = list(nodes)
    while ahead:
        node = ahead.pop()
        if node in graph and node not in found:
            found.add(node)
            ahead.extend(graph[node])
    return found


def rule_of(stream: Stream) -> Ancestry:
    """How the stream's commits hang together."""
    assert stream.ancestry is not None
    return stream.ancestry


def head_of(rule: Ancestry, branch: Body) -> str:
    """The newest commit of a branch; "" for none."""
    return str(at_path(branch, rule.head) or "")


def parents_of(rule: Ancestry, body: Body) -> Sequence[str]:
    """The parents of a commit. What is no list names a commit that is nowhere: not to be known."""
    value = body.get(rule.parents)
    if value is None:
        return ()
    return tuple(str(node) for node in value if node) if isinstance(value, list) else ("?",)
