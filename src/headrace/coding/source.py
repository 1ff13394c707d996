"""CODING as the engine sees it: pages of a stream's listing, and single records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from headrace.coding.client import Client
from headrace.coding.envelope import Answer
from headrace.coding.paging import page_params, size_in_force
from headrace.core.ports import Ask, Listed
from headrace.core.record import Body, Key, decode_json
from headrace.core.stream import Lookup, Paging, Scope, Stream
from headrace.errors import Bug, NotFound, NotPermitted, Unavailable

_WHOLE_MAX = 2**53  # up to here a float holds every whole number


class CodingSource:
    """Implements `core.ports.Source` with a `Client`. Thread-safe."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def calls(self) -> int:
        """API requests sent so far, retries included."""
        return self._client.calls

    def list_page(self, stream: Stream, scope: Scope, ask: Ask) -> Listed:
        """One page of the stream's listing. A window is sent only where the stream has one."""
        listing = stream.listing
        windowed = ask.window is not None and stream.window is not None
        selection = stream.window(*ask.window) if windowed else stream.whole  # type: ignore[misc]
        params = {
            **listing.params,
            **_sent(listing.sends, scope),
            **selection,
            **page_params(listing.paging, ask),
        }
        answer = self._client.call(
            listing.action, params, expects=listing.rows, many=True, total=listing.total
        )
        return _listed(stream, ask, answer)

    def look_up(self, stream: Stream, scope: Scope, key: Key) -> Body:
        """One record by its lookup Action, in the shape the stream's projection gives it.

        Raises `NotFound` only while the project still goes by the name that was sent: a renamed
        project is `Unavailable` (until projects are read again), a hidden one `NotPermitted`.
        """
        lookup = _lookup_of(stream)
        wanted = dict(zip(stream.key, decode_json(key.encode()), strict=True))
        params = {
            **_sent(lookup.sends, scope),
            **{param: wanted[name] for param, name in lookup.key_params.items()},
        }
        try:
            answer = self._client.call(lookup.action, params, expects=lookup.row, urgent=True)
        except NotFound:
            self._confirm_project(lookup, scope)
            raise
        row: Body = _plain_numbers(answer.at(lookup.row))
        for name in lookup.key_params.values():
            if str(row.get(name)) != str(wanted[name]):
                raise Unavailable(f"{lookup.action}: CODING answered with another record.")
        return lookup.project(row) if lookup.project else row

    def _confirm_project(self, lookup: Lookup, scope: Scope) -> None:
        """A record missing under a project's name is missing only if the project is that one."""
        if "ProjectName" not in lookup.sends or scope.values.get("ProjectId") is None:
            return
        params = {"ProjectId": scope.values["ProjectId"]}
        try:
            answer = self._client.call("DescribeOneProject", params, expects="Project", urgent=True)
        except (NotFound, NotPermitted) as error:
            raise NotPermitted(f"The project is out of this token's sight. {error}") from None
        if answer.at("Project.Name") != scope.values.get("ProjectName"):
            raise Unavailable(f"{lookup.action}: the project has been renamed.")


def _lookup_of(stream: Stream) -> Lookup:
    if stream.lookup is None:
        raise Bug(f"The stream {stream.name} has no Action for a single record.")
    return stream.lookup


def _sent(names: Iterable[str], scope: Scope) -> Body:
    return {name: scope.values[name] for name in names}


def _listed(stream: Stream, ask: Ask, answer: Answer) -> Listed:
    listing = stream.listing
    rows = [_plain_numbers(row) for row in answer.at(listing.rows) or ()]
    total = answer.at(listing.total) if listing.total else None
    total = total if isinstance(total, int) and total >= 0 else None
    if listing.paging is Paging.NONE:
        return Listed(rows, len(rows), max(len(rows), 1), answer.server_ms)
    echoed = answer.at(".".join([*listing.rows.split(".")[:-1], "PageSize"]))
    size = size_in_force(ask, echoed=echoed, rows=len(rows), total=total)
    return Listed(rows, total, size, answer.server_ms)


def _plain_numbers(value: Any) -> Any:
    """Write 8.0 as 8: list and detail spell the same hours differently, content is what counts."""
    if isinstance(value, dict):
        return {name: _plain_numbers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain_numbers(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE_MAX:
        return int(value)
    return value
