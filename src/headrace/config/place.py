"""Where things stand in a configuration file: for errors that name the line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from headrace.config.keys import near
from headrace.errors import Refused


class Place:
    """Where things stand in the file, for errors."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self._lines = text.splitlines()

    def table(self, section: tuple[str, ...], given: Any) -> Mapping[str, Any]:
        """`given`, which must be a table."""
        if not isinstance(given, dict):
            name = ".".join(section)
            raise self.refused(section, f"{name} is not a table", f"Write [{name}.NAME] and keys.")
        return given

    def check_keys(
        self, section: tuple[str, ...], table: Mapping[str, Any], known: Sequence[str]
    ) -> None:
        """Refuse the first key that nothing reads."""
        for key in table:
            if key not in known:
                meant = near(key, known).removeprefix("; ")
                advice = meant or f"known are: {', '.join(known)}"
                raise self.refused((*section, key), f"nothing reads the key {key!r}", advice)

    def refused(self, at: tuple[str, ...], what: str, advice: str) -> Refused:
        """The error for a key or section."""
        line = self._line_of(at)
        where = f", line {line}" if line else ""
        section = f"[{'.'.join(at[:-1])}] " if len(at) > 1 else ""
        advice = advice[:1].upper() + advice[1:]
        return Refused(
            f"{self.path}{where}: {section}{what}.",
            advice=advice if advice.endswith(("?", ".")) else f"{advice}.",
        )

    def _line_of(self, at: tuple[str, ...]) -> int | None:
        """The line of a key in its section, or of the section itself; None where not found."""
        section: tuple[str, ...] = ()
        for number, line in enumerate(self._lines, 1):
            words = line.strip()
            if words.startswith("["):
                section = tuple(
                    p.strip(" \"'") for p in words.strip("[] ").split("]")[0].split(".")
                )
                if section[: len(at)] == at:
                    return number
            elif section == at[:-1] and words.split("=")[0].strip(" \"'") == at[-1]:
                return number
        return None
