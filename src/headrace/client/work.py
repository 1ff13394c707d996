"""Work that is told line by line: a test, a verification, hooks that are set up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

from headrace.errors import Unavailable
from headrace.wire.problem import Problem, raised


class Told(Protocol):
    """A line: something that is known now, at the end the result, or where it broke off."""

    @property
    def result(self) -> Any: ...

    @property
    def error(self) -> Problem | None: ...


Line = TypeVar("Line", bound=Told)


def whole(lines: Iterator[Line]) -> Iterator[Line]:
    """The lines, that of the result last. Raises what broke it off."""
    ended = False
    for line in lines:
        if line.error is not None:
            raise raised(line.error)
        ended = ended or line.result is not None
        yield line
    if not ended:
        raise Unavailable("The work broke off.", advice="Run it again.")
