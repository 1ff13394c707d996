"""Figures for machines: the text of `GET /metrics` (Prometheus), and what this process uses.

Names and meanings are in docs/reference/metrics.md; figures of tasks and sources are those of the
monitor, up to 10 s old, and their counters go on after a restart.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from headrace.control.agents import Agents
from headrace.control.alerts import Alerts
from headrace.control.connections import ConnectionRole, Connections
from headrace.control.monitor import Figures, Monitor
from headrace.control.tasks import Tasks

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_RECORDS = ("read", "inserted", "updated", "deleted", "unchanged", "rejected")
_WINDOW_SECONDS = 5.0

Sample = tuple[str, Mapping[str, str], float]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: its name, kind (counter or gauge), what it says, and its labels."""

    name: str
    kind: str
    says: str
    labels: tuple[str, ...] = ()


FAMILIES = (
    Family("headrace_info", "gauge", "1, with the release.", ("release",)),
    Family("headrace_task_state", "gauge", "1 for the state a task is in.", ("task", "state")),
    Family("headrace_task_records_total", "counter", "Records a task carried over.",
           ("task", "stream", "what")),
    Family("headrace_task_lag_changes", "gauge", "Offsets a task's stream is behind its mirror.",
           ("task", "stream")),
    Family("headrace_task_lag_seconds", "gauge",
           "Age of the oldest change that a task's stream has not carried over.",
           ("task", "stream")),
    Family("headrace_source_records_total", "counter", "Records read from CODING, and what became"
           " of them in the mirror.", ("connection", "stream", "what")),
    Family("headrace_source_calls_total", "counter", "Requests sent to CODING.", ("connection",)),
    Family("headrace_source_throttled_seconds_total", "counter", "Pauses that CODING asked for.",
           ("connection",)),
    Family("headrace_agent_up", "gauge", "Whether an agent gives signs of life.", ("agent",)),
    Family("headrace_agent_cpu_cores", "gauge", "Processor cores an agent uses.", ("agent",)),
    Family("headrace_agent_memory_bytes", "gauge", "Memory an agent uses.", ("agent",)),
    Family("headrace_agent_tasks", "gauge", "Tasks an agent runs.", ("agent",)),
    Family("headrace_alerts_open", "gauge", "Open alerts.", ("kind",)),
    Family("headrace_disk_free_bytes", "gauge", "Room left on the disk of the data folder."),
)  # fmt: skip


class Metrics:
    """Gathers and renders."""

    def __init__(
        self, monitor: Monitor, tasks: Tasks, connections: Connections, agents: Agents,
        alerts: Alerts, data: Path, release: str,
    ) -> None:  # fmt: skip
        self._monitor = monitor
        self._tasks = tasks
        self._connections = connections
        self._agents = agents
        self._alerts = alerts
        self._data = data
        self._release = release

    def text(self) -> str:
        """Everything, in the text format of Prometheus."""
        return render(self.samples())

    def samples(self) -> Iterator[Sample]:
        """Name, labels and value of all there is."""
        yield "headrace_info", {"release": self._release}, 1
        ever = self._monitor.all_ever()
        for row in self._tasks.all():
            yield "headrace_task_state", {"task": row.name, "state": row.state}, 1
            yield from _of_task(row.name, ever.get(f"task:{row.id}", {}))
        for one in self._connections.all():
            if one.role is ConnectionRole.SOURCE:
                yield from _of_source(one.name, ever.get(f"connection:{one.id}", {}))
        for agent in self._agents.all():
            name = {"agent": agent.name}
            yield "headrace_agent_up", name, not agent.away
            yield "headrace_agent_cpu_cores", name, agent.cpu / 1000
            yield "headrace_agent_memory_bytes", name, agent.memory_mb * 1024**2
            yield "headrace_agent_tasks", name, agent.tasks
        for kind, count in sorted(Counter(alert.kind for alert in self._alerts.open()).items()):
            yield "headrace_alerts_open", {"kind": kind}, count
        yield "headrace_disk_free_bytes", {}, shutil.disk_usage(self._data).free


def _of_task(name: str, streams: Mapping[str, Figures]) -> Iterator[Sample]:
    for stream, figures in sorted(streams.items()):
        labels = {"task": name, "stream": stream}
        for what in _RECORDS:
            yield "headrace_task_records_total", {**labels, "what": what}, getattr(figures, what)
        yield "headrace_task_lag_changes", labels, figures.lag
        yield "headrace_task_lag_seconds", labels, figures.lag_ms / 1000


def _of_source(name: str, streams: Mapping[str, Figures]) -> Iterator[Sample]:
    for stream, figures in sorted(streams.items()):
        labels = {"connection": name, "stream": stream}
        for what in _RECORDS if stream else ():
            yield "headrace_source_records_total", {**labels, "what": what}, getattr(figures, what)
    whole = streams.get("", Figures())
    yield "headrace_source_calls_total", {"connection": name}, whole.calls
    labels = {"connection": name}
    yield "headrace_source_throttled_seconds_total", labels, whole.throttled_ms / 1000


def render(samples: Iterable[Sample]) -> str:
    """The text of these samples, family by family."""
    lines: dict[str, list[str]] = {family.name: [] for family in FAMILIES}
    for name, labels, value in samples:
        inner = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        number = float(value)
        shown = int(number) if number.is_integer() else number
        lines[name].append(f"{name}{{{inner}}} {shown}" if inner else f"{name} {shown}")
    text = []
    for family in FAMILIES:
        head = [f"# HELP {family.name} {family.says}", f"# TYPE {family.name} {family.kind}"]
        text += [*head, *lines[family.name]]
    return "\n".join(text) + "\n"


def _escaped(text: str) -> str:
    return str(text).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


class Usage:
    """What this process uses: CPU in per mille of a core over the last 5 s, memory in MB."""

    def __init__(self) -> None:
        self._at, self._used = time.monotonic(), time.process_time()
        self._cpu = 0

    def cpu(self) -> int:
        """Per mille of one core; more than 1,000 on several."""
        at, used = time.monotonic(), time.process_time()
        if at - self._at >= _WINDOW_SECONDS:
            self._cpu = round((used - self._used) * 1000 / (at - self._at))
            self._at, self._used = at, used
        return self._cpu

    @staticmethod
    def memory_mb() -> int:
        """Memory in use now; where the system does not say, the most it ever was."""
        try:
            pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        except (OSError, ValueError, IndexError):
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            return most // (1024**2 if sys.platform == "darwin" else 1024)
        return pages * os.sysconf("SC_PAGE_SIZE") // 1024**2
