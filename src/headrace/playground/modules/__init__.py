"""What a team has besides projects and issues: each module is a small state machine of its own.

A module is made when somebody first asks for it, as of the team's beginning, with its own dice: a
team of which only issues are asked pays for nothing else, and lives the same life either way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import TYPE_CHECKING, Protocol

from ..rows import Row
from .artifacts.state import Artifacts
from .ci.state import CI
from .code.state import Code
from .delivery.state import Delivery
from .governance.state import Governance
from .people.state import People
from .quality.state import Quality
from .reviews.state import Reviews
from .tracking.state import Tracking
from .wiki.state import Wiki

if TYPE_CHECKING:
    from ..team import Team

Key = tuple[int | str, ...]


class Module(Protocol):
    """State, one random act of it, and the rows a perfect reader would have."""

    def step(self, now_ms: int) -> str:
        """One random act. Returns it in one line."""
        ...

    def tables(self) -> Mapping[str, Callable[[], dict[Key, Row]]]:
        """Table names to their rows now, as the API's lists serve them, by the stream's key.

        Of all living projects, hidden ones included.
        """
        ...


MODULES: Mapping[str, Callable[[Team, Random], Module]] = {
    "tracking": Tracking,
    "people": People,
    "code": Code,
    "reviews": Reviews,
    "ci": CI,
    "artifacts": Artifacts,
    "governance": Governance,
    "wiki": Wiki,
    "quality": Quality,
    "delivery": Delivery,
}
