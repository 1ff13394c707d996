"""Deliveries that never arrived, read from CODING's own delivery log (DescribeServiceHookLogs).

How long CODING keeps its log, and in which order it lists it, is not documented: it is taken as
newest first, as its page shows it, and read until it is older than what is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from headrace.coding.client import Client
from headrace.coding.hook_secrets import HookSecrets, kept_headers
from headrace.coding.hooks import DELIVERY_HEADER, PING, event_of
from headrace.core.ports import Delivery
from headrace.core.record import Body, encode_body

_PAGE_SIZE, _PAGES_MAX = 100, 100
_ID_CHARS_MAX = 128


def missed(
    client: Client,
    *,
    project_id: int,
    hook_id: str,
    since_ms: int,
    now_ms: int,
    secrets: HookSecrets,
) -> Iterator[Delivery]:
    """Deliveries of a hook sent since a moment (ms UTC), newest first, ready for the inbox.

    All are yielded, arrived or not: the inbox tells by their ids. Test events are left out. A row
    without a usable body becomes a body that names the project only, so that it is read again.
    Raises `NotPermitted` without the scope, `NotFound` for a hook that is gone, `Unavailable`.
    """
    for number in range(1, _PAGES_MAX + 1):
        params = {
            "ProjectId": project_id, "Id": hook_id, "TargetType": "PROJECT",
            "PageNumber": number, "PageSize": _PAGE_SIZE,
        }  # fmt: skip
        answer = client.call(
            "DescribeServiceHookLogs", params,
            expects="Data.Log", many=True, total="Data.TotalCount",
        )  # fmt: skip
        rows = [row for row in answer.at("Data.Log") or [] if isinstance(row, dict)]
        recent = [row for row in rows if _sent_ms(row) >= since_ms]
        for row in recent:
            delivery = _delivery(row, project_id, now_ms, secrets)
            if delivery is not None:
                yield delivery
        if len(rows) < _PAGE_SIZE or not recent:
            return


def _sent_ms(row: Body) -> int:
    """When it was sent; a row that does not say is taken as sent now."""
    for name in ("SendAt", "CreatedAt"):
        text = str(row.get(name, ""))
        if text.isascii() and text.isdigit() and int(text[:15]) > 0:
            return int(text[:15])
    return 2**62


def _delivery(row: Body, project_id: int, now_ms: int, secrets: HookSecrets) -> Delivery | None:
    headers = _headers(row.get("RequestHeaders"))
    known = headers.get(DELIVERY_HEADER) or row.get("Id")
    if not isinstance(known, str | int) or isinstance(known, bool) or not str(known).strip():
        return None
    told = row.get("Event")
    event = event_of(headers, {"event": told} if isinstance(told, str) else None)
    if event == PING:
        return None
    content = row.get("RequestContent")
    body = content.encode(errors="replace") if isinstance(content, str) and content else b""
    if not body:
        body = encode_body({"event": event, "project": {"id": project_id}})
    return Delivery(
        id=str(known).strip()[:_ID_CHARS_MAX],
        event=event,
        received_at=now_ms,
        headers={"content-type": "application/json"} | kept_headers(headers),
        body=secrets.masked(body),
    )


def _headers(written: Any) -> dict[str, str]:
    """Headers as the log writes them: lines, a JSON object's text, or an object."""
    if isinstance(written, dict):
        return {str(name).lower(): str(value) for name, value in written.items()}
    if not isinstance(written, str):
        return {}
    pairs = (line.strip(' ",{}').partition(":") for line in written.splitlines())
    return {name.strip(' "').lower(): value.strip(' "') for name, _, value in pairs if value}
