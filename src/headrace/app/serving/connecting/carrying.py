"""One connection as a file, without its secrets, and taken in again as a new one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from headrace.app.serving.files import load_text, section_of
from headrace.app.serving.kinds import CODING
from headrace.app.serving.platform import Platform
from headrace.control.connections import Connection, ConnectionRole
from headrace.control.people import Person
from headrace.errors import Refused

_SECTIONS = {ConnectionRole.SOURCE: "connections", ConnectionRole.DESTINATION: "destinations"}


def export(platform: Platform, connection_id: int, kind: str = "toml") -> str:
    """The connection as `[connections.NAME]` (or destinations) of a file, or as JSON alike."""
    one = platform.connections.get(connection_id)
    section = _SECTIONS[one.role]
    if kind == "toml":
        return section_of(section, one)
    return json.dumps({section: {one.name: dict(one.values)}}, ensure_ascii=False, indent=2) + "\n"


def take_in(
    platform: Platform, by: Person, text: str, *, name: str = "", secrets: Mapping[str, str]
) -> Connection:
    """Save the one connection of a file as a new one, under `name` if that is given, with these
    secrets. Raises `Conflict` where the name is taken, `Refused` for a file that holds none or
    several."""
    document = _read(text)
    found = [
        (role, given, values)
        for role, section in _SECTIONS.items()
        for given, values in document.get(section, {}).items()
    ]
    if len(found) != 1:
        raise Refused(
            f"The file holds {len(found)} connections.",
            advice="Give a file of one; /import takes many.",
        )
    role, given, values = found[0]
    whole = {**values, **secrets}
    url = str(whole.get("url", ""))
    kind = CODING if role is ConnectionRole.SOURCE else url.partition(":")[0].lower()
    return platform.connections.save(by, name or given, role, kind, whole)


def _read(text: str) -> Mapping[str, Any]:
    if not text.lstrip().startswith("{"):
        return load_text(text, "The file")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused("The file is no JSON.", advice="Mend it.") from None
    for section, named in document.items():
        if not isinstance(named, dict) or not all(isinstance(v, dict) for v in named.values()):
            raise Refused(f"The file: {section} is no table of tables.", advice="Mend it.")
    return dict(document)
