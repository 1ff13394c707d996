"""The Actions this playground knows, each declared as one value."""

from __future__ import annotations

from ..modules.artifacts import actions as artifacts
from ..modules.ci import actions as ci
from ..modules.code import actions as code
from ..modules.delivery import actions as delivery
from ..modules.files import actions as files
from ..modules.governance import actions as governance
from ..modules.people import actions as people
from ..modules.quality import actions as quality
from ..modules.reviews import actions as reviews
from ..modules.tracking import actions as tracking
from ..modules.wiki import actions as wiki
from . import hooking, issues, iterations, projects, setup, team
from .action import Action

ALL: dict[str, Action] = {
    action.name: action
    for module in (
        team,
        projects,
        iterations,
        setup,
        issues,
        hooking,
        tracking,
        files,
        code,
        reviews,
        people,
        ci,
        artifacts,
        governance,
        wiki,
        quality,
        delivery,
    )
    for action in module.ACTIONS
}
