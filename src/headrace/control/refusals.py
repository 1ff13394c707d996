"""Refusals to be told apart: what is missing, what clashes, what is not yours."""

from __future__ import annotations

from headrace.errors import Refused


class Missing(Refused):
    """There is nothing of that name or number."""


class Conflict(Refused):
    """It clashes with what is there: a name that is taken, a later version, a use, a state."""


class Forbidden(Refused):
    """This person's role does not cover it."""
