"""CODING as the engine sees it: pages of a stream's listing, and single records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from headrace.coding.client import Client
from headrace.coding.envelope import Answer
from headrace.coding.paging import page_params, size_in_force
from headrace.coding.parameters import sent
from headrace.coding.refine import without_volatile
from headrace.core.ports import Ask, Listed
from headrace.core.record import Body, Key, decode_json
from headrace.core.stream import Lookup, Paging, Scope, Stream
from headrace.errors import Bug, NotFound, NotPermitted, Unavailable

Refine = Callable[[Stream, Body], Body]


class CodingSource:
    """Implements `core.ports.Source` with a `Client`. Thread-safe.

    `refine` trims each row before anybody else sees it; by default only what is never kept goes.
    """

    def __init__(self, client: Client, refine: Refine = without_volatile) -> None:
        self._client = client
        self._refine = refine

    @property
    def calls(self) -> int:
        """API requests sent so far, retries included."""
        return self._client.calls

    def list_page(self, stream: Stream, scope: Scope, ask: Ask) -> Listed:
        """One page of the stream's listing. A window is sent only where the stream has one."""
        if stream.listing.paging is Paging.EACH:
            return self._each(stream, scope, ask)
        return self._page(stream, ask, _params(stream, scope, ask))

    def _each(self, stream: Stream, scope: Scope, ask: Ask) -> Listed:
        """The request for one item of the list that is sent; its next page is the next item.

        Raises `Unavailable` where the parent's record does not say what to ask for.
        """
        params = _params(stream, scope, ask)
        items = params[stream.listing.number]
        place = int(ask.token or 0)
        if not isinstance(items, list):
            raise Unavailable(f"{stream.listing.action}: what to ask for is not known.")
        if place >= len(items):
            return Listed((), None, ask.size)
        params[stream.listing.number] = items[place]
        listed = self._page(stream, ask, params)
        return replace(listed, next_token=str(place + 1) if place + 1 < len(items) else "")

    def _page(self, stream: Stream, ask: Ask, params: Body) -> Listed:
        listing = stream.listing
        answer = self._client.call(
            listing.action, params, expects=listing.rows, many=None if listing.unfold else True,
            total=listing.total,
        )  # fmt: skip
        return self._listed(stream, ask, answer)

    def look_up(self, stream: Stream, scope: Scope, key: Key) -> Body:
        """One record by its lookup Action, in the shape the stream's projection gives it.

        Raises `NotFound` only while the project still goes by the name that was sent: a renamed
        project is `Unavailable` (until projects are read again), a hidden one `NotPermitted`.
        """
        lookup = _lookup_of(stream)
        wanted = dict(zip(stream.key, decode_json(key.encode()), strict=True))
        params = {
            **sent(stream, lookup.sends, scope),
            **{param: wanted[name] for param, name in lookup.key_params.items()},
        }
        try:
            answer = self._client.call(lookup.action, params, expects=lookup.row, urgent=True)
        except NotFound:
            self._confirm_project(lookup, scope)
            raise
        row: Body = answer.at(lookup.row)
        for name in lookup.key_params.values():
            if name in row and str(row[name]) != str(wanted[name]):
                raise Unavailable(f"{lookup.action}: CODING answered with another record.")
        return self._refine(stream, lookup.project(row) if lookup.project else row)

    def _listed(self, stream: Stream, ask: Ask, answer: Answer) -> Listed:
        listing = stream.listing
        found = answer.at(listing.rows)
        unfolded = listing.unfold(found) if listing.unfold and found is not None else found or ()
        rows = [self._refined(stream, row) for row in unfolded]
        total = answer.at(listing.total) if listing.total else None
        total = total if isinstance(total, int) and total >= 0 else None
        above = listing.rows.rpartition(".")[0]
        if listing.paging is Paging.NONE:
            return Listed(rows, len(rows), max(len(rows), 1), answer.server_ms)
        if listing.paging is Paging.TOKEN:
            token = answer.at(f"{above}.ContinuationToken" if above else "ContinuationToken")
            return Listed(rows, None, ask.size, answer.server_ms, str(token or ""))
        echoed = answer.at(f"{above}.PageSize" if above else "PageSize")
        size = size_in_force(ask, echoed=echoed, rows=len(rows), total=total)
        return Listed(rows, total, size, answer.server_ms)

    def _refined(self, stream: Stream, row: Any) -> Any:
        return self._refine(stream, row) if isinstance(row, dict) else row

    def _confirm_project(self, lookup: Lookup, scope: Scope) -> None:
        """A record is missing only if its project can be seen, by the name that was sent."""
        if scope.values.get("ProjectId") is None:
            return
        params = {"ProjectId": scope.values["ProjectId"]}
        try:
            answer = self._client.call("DescribeOneProject", params, expects="Project", urgent=True)
        except (NotFound, NotPermitted) as error:
            raise NotPermitted(f"The project is out of this token's sight. {error}") from None
        renamed = answer.at("Project.Name") != scope.values.get("ProjectName")
        if "ProjectName" in lookup.sends and renamed:
            raise Unavailable(f"{lookup.action}: the project has been renamed.")


def _params(stream: Stream, scope: Scope, ask: Ask) -> Body:
    listing = stream.listing
    windowed = ask.window is not None and stream.window is not None
    selection = stream.window(*ask.window) if windowed else stream.whole  # type: ignore[misc]
    return _nested({
        **listing.params,
        **sent(stream, listing.sends, scope),
        **selection,
        **page_params(listing, ask),
    })  # fmt: skip


def _nested(params: Body) -> Body:
    """`{"Filter.Name": ""}` as `{"Filter": {"Name": ""}}`."""
    made: Body = {}
    for path, value in params.items():
        outer, _, inner = path.rpartition(".")
        (made.setdefault(outer, {}) if outer else made)[inner] = value
    return made


def _lookup_of(stream: Stream) -> Lookup:
    if stream.lookup is None:
        raise Bug(f"The stream {stream.name} has no Action for a single record.")
    return stream.lookup
