"""The states of a task, and what each event makes of them: one pure table.

new ── start ──► waiting ── assigned ──► running ── finished ──► done
                   ▲ │                    │  │ └── failed ──► retrying ── due ──► waiting
                   │ └──── stop ────┐     │  └─ refused ────► error
                 start              ▼   stop
                   └────────── stopped ◄── drained ── stopping
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from headrace.control.refusals import Conflict


class State(enum.StrEnum):
    """Where a task is. `waiting`: for an agent; `retrying`: for its next try after a failure."""

    NEW = "new"
    WAITING = "waiting"
    RUNNING = "running"
    RETRYING = "retrying"
    STOPPING = "stopping"
    STOPPED = "stopped"
    ERROR = "error"
    DONE = "done"


class Event(enum.StrEnum):
    """What happens to a task. `lost`: its agent went away; `due`: the wait for a retry is over;
    `reset`: it begins anew; `backfill`: some tables are filled again, without a change of state."""

    START = "start"
    ASSIGNED = "assigned"
    FAILED = "failed"
    REFUSED = "refused"
    DUE = "due"
    FINISHED = "finished"
    LOST = "lost"
    STOP = "stop"
    DRAINED = "drained"
    RESET = "reset"
    BACKFILL = "backfill"


_S, _E = State, Event
TRANSITIONS: Mapping[tuple[State, Event], State] = {
    (_S.NEW, _E.START): _S.WAITING,
    (_S.NEW, _E.RESET): _S.NEW,
    (_S.WAITING, _E.ASSIGNED): _S.RUNNING,
    (_S.WAITING, _E.STOP): _S.STOPPED,
    (_S.WAITING, _E.REFUSED): _S.ERROR,
    (_S.RUNNING, _E.FAILED): _S.RETRYING,
    (_S.RUNNING, _E.REFUSED): _S.ERROR,
    (_S.RUNNING, _E.FINISHED): _S.DONE,
    (_S.RUNNING, _E.LOST): _S.WAITING,
    (_S.RUNNING, _E.STOP): _S.STOPPING,
    (_S.RETRYING, _E.DUE): _S.WAITING,
    (_S.RETRYING, _E.START): _S.WAITING,
    (_S.RETRYING, _E.STOP): _S.STOPPED,
    (_S.RETRYING, _E.LOST): _S.WAITING,
    (_S.STOPPING, _E.DRAINED): _S.STOPPED,
    (_S.STOPPING, _E.LOST): _S.STOPPED,
    (_S.STOPPING, _E.FAILED): _S.STOPPED,
    (_S.STOPPING, _E.REFUSED): _S.STOPPED,
    (_S.STOPPING, _E.FINISHED): _S.DONE,
    (_S.STOPPED, _E.START): _S.WAITING,
    (_S.STOPPED, _E.RESET): _S.NEW,
    (_S.ERROR, _E.START): _S.WAITING,
    (_S.ERROR, _E.STOP): _S.STOPPED,
    (_S.ERROR, _E.RESET): _S.NEW,
    (_S.DONE, _E.START): _S.WAITING,
    (_S.DONE, _E.RESET): _S.NEW,
    **{
        (state, _E.BACKFILL): state
        for state in (_S.WAITING, _S.RUNNING, _S.RETRYING, _S.STOPPED, _S.ERROR, _S.DONE)
    },
}
ACTIVE = frozenset({State.WAITING, State.RUNNING, State.RETRYING, State.STOPPING})
_ADVICE = {
    Event.START: "It runs already, or is about to stop: wait until it has stopped.",
    Event.STOP: "It does not run.",
    Event.RESET: "Stop it first.",
    Event.BACKFILL: "A new task is filled when it starts; one that is stopping, once it stopped.",
}


def after(state: State, event: Event) -> State:
    """The state that follows. Raises `Refused` where the event means nothing in this state."""
    found = TRANSITIONS.get((state, event))
    if found is None:
        raise Conflict(
            f"A task that is {state} cannot take the event {event}.",
            advice=_ADVICE.get(event, "Look at the task again: it has moved on."),
        )
    return found
