"""Walking a listing: which pages to read, in which order, and when the walk may be called whole.

Rows shift while pages are walked. Reading the last page first makes that harmless: a row that
leaves shifts others towards pages still to be read, a row that comes is at the end, where the walk
looks again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headrace.core.ports import Ask, Listed, Source, Workers
from headrace.core.stamp import Stamps
from headrace.core.stream import Paging, Scope, Strategy, Stream
from headrace.errors import Unavailable

BARE_PAGES_MAX = 10_000
_LOOKS = 2  # at a page that seems to be behind the last
ROUNDS_MAX = 8  # looks at the end of a listing that grows; then it is left for the next pass


@dataclass(frozen=True, slots=True)
class Sent:
    """A page and the stamp of the moment its request was sent."""

    listed: Listed
    stamp: int


class Walk:
    """One walk over a stream's listing in one scope. Iterate it once; then ask `whole`."""

    def __init__(
        self,
        *,
        source: Source,
        stamps: Stamps,
        workers: Workers,
        stream: Stream,
        scope: Scope,
        window: tuple[int, int] | None = None,
    ) -> None:
        self._source = source
        self._stamps = stamps
        self._workers = workers
        self._stream = stream
        self._scope = scope
        self._window = window
        self._size = stream.listing.size
        self._total: int | None = None
        self._owed: int | None = None
        self._settled = False
        self._torn = False
        self._wary = True
        self._last = Listed((), None, 0)
        self.server_ms: int | None = None
        self.pages_total = 1

    def __iter__(self) -> Iterator[Sent]:
        first = self._read(1)
        self.server_ms = first.listed.server_ms
        yield first
        paging = self._stream.listing.paging
        if paging is Paging.NONE:
            self._settled = True
        elif paging in (Paging.TOKEN, Paging.EACH):
            yield from self._by_token(first)
        elif paging in (Paging.BARE, Paging.BARE_OFFSET):
            yield from self._to_the_end(first)
        else:
            yield from self._by_total(first)

    def _by_total(self, first: Sent) -> Iterator[Sent]:
        shown = first.listed
        if self._is_cut_short(shown) or len(shown.rows) > (shown.total or 0):
            again = self._read(1)
            yield again
            shown = _fuller(shown, again.listed)
            self._total = shown.total
        self._last = shown
        is_full = self._fit_size(shown)
        yield from self._rest(is_full or self._must_be_sure(shown))

    @property
    def total(self) -> int | None:
        """The total that CODING gave last."""
        return self._total

    def whole(self, distinct: int) -> bool:
        """Whether a walk that showed `distinct` different keys has shown all there were.

        A short or repeated page leaves fewer keys than the total beside the list, and a total that
        is too small leaves rows behind the last page, where the walk looked. Rows that left while
        it was walked may make up for those of a short page: it is looked at again for itself.
        """
        owed = self._total if self._owed is None else self._owed
        return self._settled and not self._torn and (owed is None or distinct >= owed)

    def _is_cut_short(self, first: Listed) -> bool:
        """Fewer rows than asked although there are more: a cap on the page size, or a bad page."""
        return is_short(1, min(self._size, first.size), len(first.rows), first.total or 0)

    def _must_be_sure(self, first: Listed) -> bool:
        """Whether to look behind a single page although its total says there is no more.

        Of a stream that is polled by its changes, a whole pass is the only one for hours: a total
        that is too small by just what a cap on the page size cut off would hide rows as long.
        """
        is_whole = self._window is None and self._stream.strategy is Strategy.DELTA
        return is_whole and bool(first.rows)

    def _fit_size(self, first: Listed) -> bool:
        """Take over the page size the server really gives. Returns whether page 1 is full."""
        self._size = max(1, min(self._size, first.size))
        if self._is_cut_short(first):
            self._size = max(1, len(first.rows))
        return len(first.rows) >= self._size

    def _rest(self, last_full: bool) -> Iterator[Sent]:
        """The pages after the first, last to first, until the end holds still.

        Where the last page grew behind our back it is read once more, and the walk owes the rows
        counted before that: so a listing in which something always happens can be read, too.
        """
        read_to, counted = 1, self._total
        for _ in range(ROUNDS_MAX):
            top = self._pages()
            probing = top <= read_to
            if probing:
                if not last_full:
                    if (self._total or 0) > (counted or 0):
                        yield self._end_again(read_to)
                    self._settled = True
                    return
                top = read_to + 1
            pages = range(top, read_to if last_full else max(read_to, 2) - 1, -1)
            for page, sent in zip(pages, self._workers.map(self._read, pages), strict=True):
                yield from self._looks(page, sent)
                if page == top:
                    last_full = len(self._last.rows) >= self._size
                    counted = self._last.total
            read_to = top
            if not probing:
                yield from self._looks(1, self._read(1))

    def _looks(self, page: int, sent: Sent) -> Iterator[Sent]:
        """A page, and a second look where it is shorter than its own count, or the one before it,
        says, or seems to answer another question. Short by its own count again, it tears the walk;
        where it seems so again, that is left to the count: some lists give page 1 for every page.
        """
        yield sent
        before, now = self._last, sent.listed
        counted = max(now.total or 0, before.total or 0)
        astray = self._wary and self._seems_astray(now, before)
        if astray or is_short(page, self._size, len(now.rows), counted):
            sent = self._read(page)
            yield sent
            now = sent.listed
            self._wary &= not self._seems_astray(now, before)
            self._torn |= is_short(page, self._size, len(now.rows), now.total or 0)
        self._last = now

    def _seems_astray(self, now: Listed, before: Listed) -> bool:
        """A page that shows the rows of the one before, or, in a window, none of it where the one
        before shows some."""
        if not now.rows:
            return False
        return now.rows == before.rows or (self._is_within(before) and not self._is_within(now))

    def _is_within(self, listed: Listed) -> bool:
        """Whether any row is of the window, as far as the rows tell; always without one."""
        if self._window is None:
            return True
        times = [row.get(name) for row in listed.rows for name in self._stream.version]
        since_ms = self._window[0] - 1000  # CODING's filters know whole seconds
        return any(not isinstance(time, int) or time >= since_ms for time in times)

    def _end_again(self, page: int) -> Sent:
        """The last page up to what is counted now. Rows beyond are left for the next pass: counted
        as seen, they would make up for others that a bad page left out."""
        self._owed = self._total or 0
        *_, sent = self._looks(page, self._read(page))
        rows = sent.listed.rows[: self._owed - (page - 1) * self._size]
        return replace(sent, listed=replace(sent.listed, rows=rows))

    def _to_the_end(self, sent: Sent) -> Iterator[Sent]:
        """Without a total: up to a page with nothing new in two looks, for one may be a bad answer.

        That is an empty page, or one that shows what the page before it does: some lists give
        their last page, or their only one, whatever number is asked for. A row that leaves
        meanwhile shifts another to a page already read: it looks missing, and is there again at
        the next walk. Offsets count rows: a first page that is cut short by a cap on its size sets
        the size of all.
        """
        if not sent.listed.rows:
            sent = self._read(1)
            yield sent
        if self._stream.listing.paging is Paging.BARE_OFFSET and sent.listed.rows:
            self._size = min(self._size, len(sent.listed.rows))
        for page in range(2, BARE_PAGES_MAX):
            found = self._with_more(page, sent.listed.rows) if sent.listed.rows else None
            if found is None:
                self._settled = True
                return
            sent = found
            yield sent

    def _with_more(self, page: int, before: Sequence[Any]) -> Sent | None:
        """A page, if it has rows and others than the one before it."""
        for _ in range(_LOOKS):
            sent = self._read(page)
            if sent.listed.rows and sent.listed.rows != before:
                return sent
        return None

    def _by_token(self, sent: Sent) -> Iterator[Sent]:
        """Each page names the next; the last names none. Raises `Unavailable` for a circle."""
        asked: set[str] = set()
        token, most = "", 0
        for page in range(1, BARE_PAGES_MAX):
            if self._seems_cut(page, sent.listed, most):
                sent = self._read(page, token)
                yield sent
            most = max(most, len(sent.listed.rows))
            token = sent.listed.next_token
            if not token:
                self._settled = True
                return
            if token in asked:
                raise Unavailable(f"{self._stream.listing.action} names the same page twice.")
            asked.add(token)
            sent = self._read(page + 1, token)
            yield sent

    def _seems_cut(self, page: int, listed: Listed, most: int) -> bool:
        """Where no count is given: a page that was named has no rows, or one that names another has
        fewer than one before. Not for pages that are asked for one by one, whatever they hold."""
        if self._stream.listing.paging is Paging.EACH:
            return False
        names_another = bool(listed.next_token)
        if not listed.rows:
            return page > 1 or names_another
        return names_another and len(listed.rows) < most

    def _pages(self) -> int:
        if self._total is None:
            raise Unavailable(
                f"{self._stream.listing.action} answered a page without its total count."
            )
        self.pages_total = max(1, -(-self._total // self._size))
        return self.pages_total

    def _read(self, page: int, token: str = "") -> Sent:
        stamp = self._stamps.next()
        asked = Ask(page, self._size, self._window, token)
        listed = self._source.list_page(self._stream, self._scope, asked)
        if listed.total is not None:
            self._total = listed.total
        return Sent(listed, stamp)


def _fuller(first: Listed, again: Listed) -> Listed:
    """Of two looks at a page the one with more rows, and the higher total: either may be bad, and
    a row that truly went meanwhile only makes the walk look further than it had to."""
    totals = [listed.total for listed in (first, again) if listed.total is not None]
    fuller = max(again, first, key=lambda listed: len(listed.rows))
    return replace(fuller, total=max(totals, default=None))


def is_short(page: int, size: int, rows: int, total: int) -> bool:
    """Whether a page shows fewer rows than a total says."""
    return rows < min(size, total - (page - 1) * size)
