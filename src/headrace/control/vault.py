"""Secrets of the control store: sealed for the row that holds them, opened only to be used.

AES-256-GCM with the row's name as associated data, so that a sealed text moved to another row does
not open. A vault may hold the key before the present one, until every row was sealed anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Protocol

from headrace.errors import Refused


class Seal(Protocol):
    """Seals and opens bytes for one purpose each. `open` raises `ValueError`."""

    def seal(self, plain: bytes, purpose: bytes) -> bytes: ...
    def open(self, sealed: bytes, purpose: bytes) -> bytes: ...


class Vault:
    """Seals with the first key; opens with any."""

    def __init__(self, seals: Sequence[Seal]) -> None:
        self._seals = seals

    def seal(self, secrets: Mapping[str, str], row: str) -> bytes | None:
        """Names and values, for one row; None where there are none."""
        if not secrets:
            return None
        return self._seals[0].seal(json.dumps(dict(secrets)).encode(), _purpose(row))

    def open(self, sealed: bytes | None, row: str) -> dict[str, str]:
        """What was sealed for that row. Raises `Refused` with another key."""
        if sealed is None:
            return {}
        for seal in self._seals:
            try:
                found: dict[str, str] = json.loads(seal.open(sealed, _purpose(row)))
            except ValueError:
                continue
            return found
        raise Refused(
            f"The secrets of {row} do not open with this key.",
            advice="Start with the key they were sealed with, or enter them again.",
        )


def _purpose(row: str) -> bytes:
    return f"headrace control {row}".encode()
