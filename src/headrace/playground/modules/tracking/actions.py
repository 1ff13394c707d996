"""All Actions of the tracking module."""

from __future__ import annotations

from .issue_actions import OF_ISSUES
from .project_actions import OF_PROJECTS

ACTIONS = (*OF_ISSUES, *OF_PROJECTS)
