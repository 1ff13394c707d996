"""The Actions this playground knows, each declared as one value."""

from __future__ import annotations

from . import hooking, issues, iterations, projects, setup, team
from .action import Action

ALL: dict[str, Action] = {
    action.name: action
    for module in (team, projects, iterations, setup, issues, hooking)
    for action in module.ACTIONS
}
