"""Answers that come line by line (NDJSON), while the work goes on in a thread of its own.

The thread goes on when the reader leaves: what it finds is kept. It is a daemon, so that a slow
other side does not hold up the end of the process.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import msgspec
from litestar.response import Stream

from headrace.app.serving.platform import check_item, check_result
from headrace.coding.checks import Check
from headrace.errors import HeadraceError, Unavailable
from headrace.web.api.answers import shown
from headrace.web.api.errors import noted_bug
from headrace.wire.connections import CheckItem, CheckLine, CheckResult
from headrace.wire.problem import problem_of

CHECKS_MAX = 8
Line = TypeVar("Line", bound=msgspec.Struct)  # a kind that has a field `error`
_END = None
_LOOK_SECONDS = 0.05
_slots = threading.BoundedSemaphore(CHECKS_MAX)


def check_lines(items: Iterator[Check]) -> Stream:
    """`{"item": ...}` for each, then `{"result": ...}`, or `{"error": ...}` where it broke off.

    Raises `Unavailable` while too many others run.
    """
    return lines(_checked(items), CheckLine)


def lines(documents: Iterator[Line], kind: type[Line]) -> Stream:
    """A line for each; one with `error`, where it broke off. Raises as `check_lines`."""
    if not _slots.acquire(blocking=False):
        raise Unavailable("Too many tests run already.", advice="Wait for one to end.")
    found: SimpleQueue[Line | None] = SimpleQueue()
    work = partial(_work, documents, kind, found)
    threading.Thread(target=work, name="headrace-check", daemon=True).start()
    return Stream(_sent(found), media_type="application/x-ndjson")


def _checked(items: Iterator[Check]) -> Iterator[CheckLine]:
    found: list[Check] = []
    for item in items:
        found.append(item)
        yield CheckLine(item=shown(CheckItem, check_item(item)))
    yield CheckLine(result=shown(CheckResult, check_result(found)))


def _work(
    documents: Iterator[Line], kind: Callable[..., Line], found: SimpleQueue[Line | None]
) -> None:
    try:
        for document in documents:
            found.put(document)
    except HeadraceError as error:
        found.put(kind(error=problem_of(error)))
    except Exception as error:  # noqa: BLE001 - the reader is told, whatever it is
        found.put(kind(error=noted_bug(error, "a check")))
    finally:
        _slots.release()
        found.put(_END)


async def _sent(found: SimpleQueue[Any]) -> AsyncIterator[bytes]:
    while True:
        try:
            document = found.get_nowait()
        except Empty:
            await asyncio.sleep(_LOOK_SECONDS)
            continue
        if document is _END:
            return
        yield msgspec.json.encode(document) + b"\n"
