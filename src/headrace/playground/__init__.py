"""A CODING look-alike with a living team, for the demo, the tests and the simulation.

`Team` is a seeded state machine, `Playground` answers CODING's HTTP surface for it without a
socket, `serve` puts it on a loopback port.
"""

from __future__ import annotations

from .api import Playground
from .server import Server, serve
from .settings import Settings
from .team import Team
from .tokens import DEFAULT_TOKEN

__all__ = ["DEFAULT_TOKEN", "Playground", "Server", "Settings", "Team", "serve"]
