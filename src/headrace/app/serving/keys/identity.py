"""What a server's agent is called: `local`, or a name of its own where servers share a store."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path

from headrace.app.private_files import create_private, read_private
from headrace.errors import Refused

NAME_FILE = "agent.name"
LOCAL = "local"
_HOST_MAX, _NAME_MAX = 60, 100


def agent_name(data: Path, store: str) -> str:
    """The same at each start. With a shared `store` it is made once, of the host's name and chance,
    and kept in the data folder: containers get a new host name each time.

    Raises `Refused` for a file that holds no name.
    """
    if not store:
        return LOCAL
    path = data / NAME_FILE
    content = read_private(path)
    if content is None:
        host = socket.gethostname().partition(".")[0][:_HOST_MAX] or "agent"
        create_private(path, f"{host}-{secrets.token_hex(3)}\n".encode())
        content = read_private(path) or b""
    name = content.decode(errors="replace").strip()
    if not name or len(name) > _NAME_MAX or not name.isprintable():
        raise Refused(f"{path} holds no name.", advice="Write one line into it, or remove it.")
    return name
