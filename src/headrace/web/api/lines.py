"""Answers that come line by line (NDJSON), while the work goes on in a thread of its own.

The thread goes on when the reader leaves: what it finds is kept. It is a daemon, so that a slow
other side does not hold up the end of the process.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from queue import Empty, SimpleQueue
from typing import Any

import msgspec
from litestar.response import Stream

from headrace.app.serving.platform import check_item, check_result
from headrace.coding.checks import Check
from headrace.errors import HeadraceError, Unavailable
from headrace.web.api.errors import document_of, noted_bug

CHECKS_MAX = 8
_END = None
_LOOK_SECONDS = 0.05
_slots = threading.BoundedSemaphore(CHECKS_MAX)


def check_lines(items: Iterator[Check]) -> Stream:
    """`{"item": ...}` for each, then `{"result": ...}`, or `{"error": ...}` where it broke off.

    Raises `Unavailable` while too many others run.
    """
    if not _slots.acquire(blocking=False):
        raise Unavailable("Too many tests run already.", advice="Wait for one to end.")
    found: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
    threading.Thread(target=_work, args=(items, found), name="headrace-check", daemon=True).start()
    return Stream(_sent(found), media_type="application/x-ndjson")


def _documents(items: Iterator[Check]) -> Iterator[dict[str, Any]]:
    found: list[Check] = []
    try:
        for item in items:
            found.append(item)
            yield {"item": check_item(item)}
    except HeadraceError as error:
        yield {"error": document_of(error)}
    except Exception as error:  # noqa: BLE001 - the reader is told, whatever it is
        yield {"error": noted_bug(error, "a check")}
    else:
        yield {"result": check_result(found)}


def _work(items: Iterator[Check], found: SimpleQueue[dict[str, Any] | None]) -> None:
    try:
        for document in _documents(items):
            found.put(document)
    finally:
        _slots.release()
        found.put(_END)


async def _sent(found: SimpleQueue[dict[str, Any] | None]) -> AsyncIterator[bytes]:
    while True:
        try:
            document = found.get_nowait()
        except Empty:
            await asyncio.sleep(_LOOK_SECONDS)
            continue
        if document is _END:
            return
        yield msgspec.json.encode(document) + b"\n"
