"""The composition root: the only room that names concrete adapters.

Edges (`cli`, the Python API) call what stands here, and nothing below it.
"""

from __future__ import annotations

from headrace.app.place import mirror_path, open_client
from headrace.app.result import Note, Result
from headrace.app.session import Session, unnamed_task
from headrace.app.system import SystemClock, ThreadWorkers

__all__ = [
    "Note",
    "Result",
    "Session",
    "SystemClock",
    "ThreadWorkers",
    "mirror_path",
    "open_client",
    "unnamed_task",
]
