"""Refusals to be told apart: what is missing, clashes, is not yours, or is out of date."""

from __future__ import annotations

import sqlalchemy as sa

from headrace.errors import Conflict, Forbidden, Missing, Stale

__all__ = ["Conflict", "Forbidden", "Missing", "Stale", "check_version"]


def check_version(row: sa.RowMapping, version: int | None) -> None:
    """Raises `Stale` where a row is not of this version any more; None is any."""
    if version not in (None, row["version"]):
        raise Stale(
            f"{row['name']} was changed by somebody else meanwhile.",
            advice="Load it again; nothing of yours was saved.",
        )
