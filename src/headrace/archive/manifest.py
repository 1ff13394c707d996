"""The manifest: what the mirror counts, what is in the folder, what is missing and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from headrace.archive.durable import Stored

MANIFEST = "manifest.json"
FORMAT = "headrace-archive-1"
KINDS = ("tables", "attachments", "linked_files", "wiki_pages", "depots", "branch_heads")


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing in the folder. `key` is unique in its kind; `of`: the issue or page it belongs to;
    `count`: how many rows a table or heads a depot has."""

    kind: str
    key: str
    name: str
    files: tuple[Stored, ...]
    project: int = 0
    of: str = ""
    count: int = 0


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not in the folder, and why."""

    kind: str
    key: str
    name: str
    reason: str
    project: int = 0


class Tally(msgspec.Struct):
    """Of one kind: how many the mirror counts, how many are in the folder, and their bytes."""

    mirror: int = 0
    archive: int = 0
    bytes: int = 0


class Manifest:
    """Gathers items and what is missing. Not for several threads at once."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.missing: list[Missing] = []
        self.by_project: dict[int, list[Item]] = {}
        self.tallies: dict[str, Tally] = {kind: Tally() for kind in KINDS}

    def expect(self, kind: str, count: int) -> None:
        """The mirror counts so many more."""
        self.tallies[kind].mirror += count

    def add(self, item: Item, count: int = 1) -> None:
        """It is in the folder; `count`: for how many of its kind it stands."""
        self.items.append(item)
        self.by_project.setdefault(item.project, []).append(item)
        tally = self.tallies[item.kind]
        tally.archive += count
        tally.bytes += sum(stored.bytes for stored in item.files)

    def miss(self, missing: Missing) -> None:
        """It is not in the folder."""
        self.missing.append(missing)

    @property
    def complete(self) -> bool:
        """Nothing is missing, and the counts agree."""
        return not self.missing and all(t.mirror == t.archive for t in self.tallies.values())

    def of_kind(self, kind: str) -> Sequence[Item]:
        """The items of one kind, in the order in which they were added."""
        return [item for item in self.items if item.kind == kind]

    def document(self, head: Mapping[str, Any]) -> bytes:
        """The manifest as JSON."""
        document = {
            "format": FORMAT,
            **head,
            "complete": self.complete,
            "kinds": self.tallies,
            "items": self.items,
            "missing": self.missing,
        }
        return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"
