"""The catalogue: one frozen value for every table Headrace can keep."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from fnmatch import fnmatchcase

from headrace.coding.streams.artifact_parts import ARTIFACTS
from headrace.coding.streams.ci_build_parts import CI
from headrace.coding.streams.code import CODE
from headrace.coding.streams.delivery import DELIVERY
from headrace.coding.streams.governance import GOVERNANCE
from headrace.coding.streams.issue import ISSUES
from headrace.coding.streams.issue_setup import ISSUE_FIELDS, ISSUE_STATUSES, ISSUE_TYPES
from headrace.coding.streams.iteration import ITERATIONS
from headrace.coding.streams.people import PEOPLE
from headrace.coding.streams.project import PROJECT_MEMBERS
from headrace.coding.streams.quality import QUALITY
from headrace.coding.streams.resource_references import RESOURCE_REFERENCES
from headrace.coding.streams.team import PROJECTS
from headrace.coding.streams.tracking import TRACKING
from headrace.coding.streams.wiki import WIKI
from headrace.core.stream import Stream
from headrace.errors import Refused

# A parent always stands before its children.
CATALOGUE: tuple[Stream, ...] = (
    PROJECTS,
    PROJECT_MEMBERS,
    ITERATIONS,
    ISSUE_TYPES,
    ISSUE_FIELDS,
    ISSUE_STATUSES,
    ISSUES,
    *TRACKING,
    *CODE,
    RESOURCE_REFERENCES,
    *PEOPLE,
    *CI,
    *ARTIFACTS,
    *GOVERNANCE,
    *WIKI,
    *QUALITY,
    *DELIVERY,
    # more groups: each a tuple, in the order of their value
)


DEFAULTS: tuple[Stream, ...] = tuple(stream for stream in CATALOGUE if not stream.optional)
"""What a task copies that names no streams."""


def find(names: Iterable[str]) -> tuple[Stream, ...]:
    """The streams of these names or patterns (`issue*`, `*`), each once, in catalogue order.

    Parents are not added. Raises `Refused`, naming the nearest, for one that matches nothing.
    """
    patterns = tuple(names)
    for pattern in patterns:
        if not any(fnmatchcase(stream.name, pattern) for stream in CATALOGUE):
            raise _unknown(pattern)
    return tuple(s for s in CATALOGUE if any(fnmatchcase(s.name, p) for p in patterns))


def _unknown(pattern: str) -> Refused:
    known = [stream.name for stream in CATALOGUE]
    near = difflib.get_close_matches(pattern, known, n=1, cutoff=0.5)
    advice = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."
    return Refused(f"There is no stream {pattern!r}.", advice=advice)
