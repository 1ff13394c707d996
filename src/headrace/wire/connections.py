"""Connections: sources and destinations, and what testing one found."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from headrace.wire.authorizing import Authorization
from headrace.wire.problem import Problem

ConnectionRole = Literal["source", "destination"]
Outcome = Literal["ok", "warn", "failed", "skipped"]


class CheckItem(msgspec.Struct, kw_only=True, frozen=True):
    """One item of a test, titled in both languages, and what to do where it is not `ok`."""

    name: str
    zh: str
    en: str
    ok: Outcome
    detail: str
    advice: str


class CheckResult(msgspec.Struct, kw_only=True, frozen=True):
    """A test that is through."""

    ok: bool
    items: list[CheckItem]


class LastCheck(CheckResult, kw_only=True, frozen=True):
    """The last test. `at` in ms UTC."""

    at: int


class CheckLine(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A line of a test that goes on: an item, at the end the result, or where it broke off."""

    item: CheckItem | None = None
    result: CheckResult | None = None
    error: Problem | None = None


class Connection(msgspec.Struct, kw_only=True, frozen=True):
    """A saved connection. A secret among its `values` shows only that it is there. `tasks`: the
    names of those that use it. Times in ms UTC."""

    id: int
    name: str
    role: ConnectionRole
    type: str
    values: dict[str, Any]
    version: int
    created_at: int
    updated_at: int
    tasks: list[str]


class ConnectionDetail(Connection, kw_only=True, frozen=True):
    """One, with what its last test found and, where it uses OAuth, how its authorization stands."""

    check: LastCheck | None
    authorization: Authorization | None
