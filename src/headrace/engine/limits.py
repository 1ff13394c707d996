"""Settings of the engine, all with a limit (Invariant 12)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Intervals in seconds, sizes in rows.

    `overlap_seconds`: how far a delta pass reaches back behind its mark, for rows that CODING shows
    late. `sweep_seconds`: how often children are read again although their parent did not change.
    `skew_seconds`: allowed for when CODING does not tell its own time. `vanish_rows` and
    `vanish_share`: more missing rows than both are held back until a second census.
    """

    poll_seconds: float = 60.0
    census_seconds: float = 3600.0
    sweep_seconds: float = 7 * 86_400.0
    overlap_seconds: int = 300
    skew_seconds: int = 3600
    walks_max: int = 3
    vanish_rows: int = 50
    vanish_share: float = 0.2
    apply_rows_max: int = 5000
    hooks_quiet_seconds: float = 600.0
    log_days: float = 3.0
    log_bytes_max: int = 2 * 1024**3
    tombstone_days: float = 30.0
