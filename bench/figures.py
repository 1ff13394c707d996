"""Figures: several runs of one thing, and how they are shown and kept."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RESULTS = Path("bench-results")
_PACKAGES = ("headrace", "duckdb", "pyarrow", "msgspec", "urllib3", "uvicorn", "dlt")


@dataclass(frozen=True)
class Figure:
    """One measured thing: the values of its runs, or why there are none."""

    name: str
    unit: str
    values: Sequence[float] = ()
    skipped: str = ""

    def cells(self) -> list[str]:
        """Name, then minimum, median and maximum."""
        if self.skipped:
            return [self.name, self.skipped, "", ""]
        shown = (min(self.values), statistics.median(self.values), max(self.values))
        return [self.name, *(f"{value:,.{_digits(value)}f} {self.unit}" for value in shown)]


@dataclass
class Chapter:
    """The figures of one benchmark, and what a reader has to know about them."""

    name: str
    title: str
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def show(self) -> str:
        """A table for people."""
        rows = [[self.title, "min", "median", "max"], *(f.cells() for f in self.figures)]
        widths = [max(len(row[i]) for row in rows if row[-1] or i == 0) for i in range(4)]
        lines = []
        for row in rows:
            if row[-1]:
                figures = "  ".join(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))
                lines.append(f"{row[0].ljust(widths[0])}  {figures}")
            else:
                lines.append(f"{row[0].ljust(widths[0])}  {row[1]}")
        lines.insert(1, "-" * len(lines[0]))
        return "\n".join([*lines, *self.notes])

    def keep(self) -> None:
        """Write `bench-results/NAME.json`."""
        RESULTS.mkdir(exist_ok=True)
        document: dict[str, Any] = {
            "name": self.name,
            "title": self.title,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "notes": self.notes,
            "figures": [
                {"name": f.name, "unit": f.unit, "values": list(f.values), "skipped": f.skipped}
                for f in self.figures
            ],
        }
        text = json.dumps(document, indent=1, ensure_ascii=False)
        (RESULTS / f"{self.name}.json").write_text(f"{text}\n", "utf-8")


def machine() -> Mapping[str, Any]:
    """What the figures depend on: cores and versions."""
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
    }


def load() -> str:
    """The load average of the last minute: who else uses the machine."""
    return f"{os.getloadavg()[0]:.1f}"


def timed(work: Callable[[], object], *, times: int, unit_ms: bool = True) -> list[float]:
    """How long each run took, in ms or s."""
    values = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        values.append((time.perf_counter() - began) * (1000 if unit_ms else 1))
    return values


def _digits(value: float) -> int:
    return 0 if value >= 100 or value == int(value) else 1 if value >= 10 else 2


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
