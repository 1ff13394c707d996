"""Work that a person watches: it goes on in a thread, item by item, and is looked at by its key."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from headrace.control.people import Person
from headrace.control.refusals import Missing
from headrace.errors import HeadraceError, Unavailable

RUNNING_MAX, KEPT_MAX = 8, 100
_END = {"message": "Something is wrong in Headrace.", "advice": "The server's log tells where."}


@dataclass(slots=True)
class Trial:
    """What was found so far. `error` is why it broke off, if it did."""

    key: str
    kind: str
    person_id: int
    items: list[Any] = field(default_factory=list)
    error: dict[str, str] | None = None
    done: bool = False


class Trials:
    """Runs at most 8 at once and remembers the newest 100; usable from any thread."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Trial] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, by: Person, kind: str, items: Iterator[Any]) -> Trial:
        """Begin. The thread is a daemon: a slow other side does not hold up the process's end.

        Raises `Unavailable` while too many others run.
        """
        trial = Trial(secrets.token_urlsafe(16), kind, by.id)
        with self._lock:
            if sum(1 for one in self._known.values() if not one.done) >= RUNNING_MAX:
                raise Unavailable("Too many tests run already.", advice="Wait for one to end.")
            self._known[trial.key] = trial
            while len(self._known) > KEPT_MAX:
                self._known.popitem(last=False)
        work = threading.Thread(target=_work, args=(trial, items), daemon=True)
        work.start()
        return trial

    def look(self, by: Person, key: str) -> Trial:
        """How far it is. Raises `Missing` for one of somebody else, too."""
        with self._lock:
            trial = self._known.get(key)
        if trial is None or trial.person_id != by.id:
            raise Missing("This test is not known any more.", advice="Start it again.")
        return trial


def _work(trial: Trial, items: Iterator[Any]) -> None:
    try:
        for item in items:
            trial.items.append(item)
    except HeadraceError as error:
        trial.error = {"message": error.message, "advice": error.advice}
    except Exception:
        trial.error = dict(_END)
        raise
    finally:
        trial.done = True
