"""Faults: what networks, CODING and destinations do to us, drawn per request from seeded dice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from headrace.core.clock import Clock
from headrace.core.ports import Batch, Checkpoint, Destination
from headrace.core.schema import Columns, Table
from headrace.core.transport import Request, Response
from headrace.errors import Unavailable

Body = dict[str, Any]
_TRUTHFUL_MS = 60_000
_REPEATED = "repeated page"
_PLACE = frozenset({"PageNumber", "Offset", "Conditions"})


class FaultyTransport:
    """Passes requests on and spoils some of the answers.

    `rate` is the share of requests with a fault, of one of the `kinds`. `late_ms`: how late CODING
    may list an update. Answers that lie without showing it (rows or
    pages missing) are never given twice in a row to the same question, nor twice within a minute
    by the same Action: what no reader could tell from the truth is beyond the promise.
    """

    def __init__(
        self,
        answer: Callable[[Request], Response],
        *,
        dice: Random,
        rate: float,
        clock: Clock,
        late_ms: int,
        kinds: Sequence[str],
        during: Callable[[], None],
    ) -> None:
        self.late_ms = late_ms
        self.kinds = kinds
        self._answer = answer
        self._dice = dice
        self._clock = clock
        self.during = during
        self._lied: set[bytes] = set()
        self._lied_at: dict[str, int] = {}
        self._last: dict[bytes, Response] = {}
        self.rate = rate
        self.seen: Counter[str] = Counter()

    def send(self, request: Request) -> Response:
        """Let the team live a little, then answer, perhaps badly."""
        self.during()
        if self._dice.random() >= self.rate:
            return self._honest(request)
        kind = self._dice.choice(self.kinds)
        if kind not in LIES:
            self.seen[kind] += 1
            return self._broken(kind, request)
        if not self._may_lie(request):
            return self._honest(request)
        self.seen[kind] += 1
        return self._spoiled(kind, request)

    def _may_lie(self, request: Request) -> bool:
        action, now_ms = _question(request).get("Action", ""), self._clock.now_ms()
        if request.body in self._lied or now_ms < self._lied_at.get(action, 0) + _TRUTHFUL_MS:
            return False
        self._lied.add(request.body)
        self._lied_at[action] = now_ms
        return True

    def _honest(self, request: Request) -> Response:
        self._lied.discard(request.body)
        response = self._answer(request)
        if _REPEATED in self.kinds:
            self._last[_listing(request)] = response
        return response

    def _broken(self, kind: str, request: Request) -> Response:
        """Faults that show: no answer, or none that can be read."""
        if kind == "refused":
            raise Unavailable("The connection was refused.")
        response = self._answer(request)
        if kind == "half-open":
            raise Unavailable("No answer within 20 s.", retry_after_seconds=20)
        if kind == "truncated":
            return Response(200, response.headers, response.body[: len(response.body) // 2])
        return _BROKEN[kind]

    def _spoiled(self, kind: str, request: Request) -> Response:
        """Faults that lie: an answer that reads well and is wrong."""
        response = self._answer(request)
        if kind == _REPEATED and _question(request).keys() & _PLACE:
            return self._last.get(_listing(request), response)
        body = json.loads(response.body)
        if kind == "late rows":
            self._hide_late_rows(body)
            return Response(200, response.headers, json.dumps(body).encode())
        spoil = _SPOIL.get(kind, _doubled)
        for holder, name, rows in _lists(body.get("Response", {})):
            spoil(holder, name, rows, self._dice)
        return Response(200, response.headers, json.dumps(body).encode())

    def _hide_late_rows(self, body: Body) -> None:
        """Issues updated a moment ago are not listed yet, each by chance, and not counted."""
        after_ms = self._clock.now_ms() - self.late_ms
        for holder, name, rows in _lists(body.get("Response", {})):
            shown = [
                row
                for row in rows
                if not (isinstance(row, dict) and {"IssueStatusId", "UpdatedAt"} <= row.keys())
                or row["UpdatedAt"] < after_ms
                or self._dice.random() < 0.5
            ]
            holder[name] = shown
            _set_total(holder, _total(holder) - len(rows) + len(shown))


def _question(request: Request) -> Body:
    question: Body = msgspec.json.decode(request.body or b"{}")
    return question


def _listing(request: Request) -> bytes:
    """What is listed, whichever page and window of it."""
    asked = {k: v for k, v in _question(request).items() if k not in _PLACE}
    return msgspec.json.encode(asked)


def _lists(answer: Body) -> Iterator[tuple[Body, str, list[Any]]]:
    """The lists of an answer with the object that holds them and its total."""
    for holder in (answer, answer.get("Data")):
        if isinstance(holder, dict):
            for name, value in list(holder.items()):
                if isinstance(value, list):
                    yield holder, name, value


def _short(holder: Body, name: str, rows: list[Any], dice: Random) -> None:
    holder[name] = rows[: dice.randrange(len(rows) + 1)]


def _empty(holder: Body, name: str, rows: list[Any], dice: Random) -> None:
    holder[name] = []
    if dice.random() < 0.5:
        _set_total(holder, 0)


def _doubled(holder: Body, name: str, rows: list[Any], dice: Random) -> None:
    holder[name] = [*rows, *rows[: dice.randrange(len(rows) + 1)]]


def _wrong_total(holder: Body, name: str, rows: list[Any], dice: Random) -> None:
    _set_total(holder, max(0, _total(holder) + dice.choice((-3, -1, 1, 4))))


def _changed_types(holder: Body, name: str, rows: list[Any], dice: Random) -> None:
    for row in rows:
        if isinstance(row, dict) and dice.random() < 0.5:
            field = dice.choice(sorted(row))
            row[field] = dice.choice((str(row[field]), None, 1.5, {"Odd": row[field]}))


def _no_key(holder: Body, name: str, rows: list[Any], dice: Random) -> None:
    if rows and isinstance(rows[0], dict):
        rows[0].pop("Code", None)
        rows[0].pop("Id", None)


def _total(holder: Body) -> int:
    return int(holder.get("TotalCount") or holder.get("TotalRow") or 0)


def _set_total(holder: Body, total: int) -> None:
    for name in ("TotalCount", "TotalRow"):
        if name in holder:
            holder[name] = total


_SPOIL: Mapping[str, Callable[[Body, str, list[Any], Random], None]] = {
    "short page": _short,
    "empty page": _empty,
    "doubled rows": _doubled,
    "wrong total": _wrong_total,
    "changed types": _changed_types,
    "rows without key": _no_key,
}
LIES = tuple(sorted({*_SPOIL, _REPEATED, "late rows"}))
"""Answers that read well and are wrong."""


def _error(code: str) -> Response:
    answer = {"Response": {"Error": {"Code": code, "Message": "simulated"}, "RequestId": "r"}}
    return Response(200, {}, json.dumps(answer).encode())


_BROKEN: Mapping[str, Response] = {
    "throttled": _error("RequestLimitExceeded"),
    "internal": _error("InternalError"),
    "5xx": Response(503, {"retry-after": "2"}, b"busy"),
    "html": Response(200, {"content-type": "text/html"}, b"<html>maintenance</html>"),
    "empty body": Response(200, {}, b""),
}
KINDS = (*LIES, *_BROKEN, "refused", "half-open", "truncated")


class FaultyDestination:
    """Refuses writes, or loses the answer to a commit that went through."""

    def __init__(self, inner: Destination, *, dice: Random, rate: float, clock: Clock) -> None:
        self._inner = inner
        self._dice = dice
        self._clock = clock
        self.lossy = inner.lossy
        self.rate = rate
        self.seen: Counter[str] = Counter()

    def claim(self, task: str) -> Checkpoint:
        """As the inner one."""
        return self._inner.claim(task)

    def prepare(self, task: str, tables: Sequence[Table]) -> None:
        """As the inner one."""
        self._inner.prepare(task, tables)

    def write(self, batches: Iterable[Batch], checkpoint: Checkpoint) -> None:
        """Refused, cut in the middle, done without an answer, or done."""
        dice = self._dice.random()
        if dice >= self.rate:
            self._inner.write(batches, checkpoint)
        elif dice < self.rate / 3:
            self._fail("refused")
        elif dice < self.rate * 2 / 3:
            self._inner.write(self._cut(batches), checkpoint)
        else:
            self._inner.write(batches, checkpoint)
            self._fail("answer lost")

    def _cut(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        for batch in batches:
            yield batch
            if self._dice.random() < 0.5:
                self._fail("connection lost")

    def _fail(self, kind: str) -> None:
        self.seen[f"destination {kind}"] += 1
        raise Unavailable(f"The destination: {kind}.")

    def read(self, table: Table) -> Iterator[Columns]:
        """As the inner one."""
        return self._inner.read(table)

    def close(self) -> None:
        """As the inner one."""
        self._inner.close()
