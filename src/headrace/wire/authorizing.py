"""Authorization of a source by OAuth."""

from __future__ import annotations

from typing import Literal

import msgspec


class Registration(msgspec.Struct, kw_only=True, frozen=True):
    """What an app of CODING is to be registered with."""

    redirect_uri: str


class Consent(msgspec.Struct, kw_only=True, frozen=True):
    """Where to send the person's browser: good for one answer until `ends_at` (ms UTC)."""

    url: str
    redirect_uri: str
    ends_at: int
    scopes: list[str]


class Failure(msgspec.Struct, kw_only=True, frozen=True):
    """Why the last attempt failed. `at` in ms UTC."""

    reason: Literal["denied", "refused", "unavailable"]
    message: str
    advice: str
    at: int


class Authorization(msgspec.Struct, kw_only=True, frozen=True):
    """How it stands. `ends_at` (ms UTC): when a person has to consent again; `missing`: scopes that
    are needed and were not granted; `message` and `advice` where it is `unusable`."""

    state: Literal["missing", "authorized", "ends_soon", "ended", "unusable"]
    needs_consent: bool
    ends_at: int | None
    scopes: list[str]
    missing: list[str]
    message: str
    advice: str
    redirect_uri: str
    failure: Failure | None
