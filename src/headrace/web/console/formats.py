"""How numbers, times and sizes look. Moments are shown in UTC; a script makes them local."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from babel.dates import format_timedelta
from babel.numbers import format_compact_decimal, format_decimal
from markupsafe import Markup, escape

from headrace.speech import translate

_UNITS = ("B", "KB", "MB", "GB", "TB")
NONE = "–"


def filters(language: str) -> Mapping[str, Callable[..., Any]]:
    """The filters of the templates in a language."""
    return {
        "number": lambda value: number(value, language),
        "compact": lambda value: compact(value, language),
        "size": size,
        "moment": moment,
        "duration": lambda seconds: duration(seconds, language),
        "pretty": pretty,
        "said": lambda text: translate(text, language),
    }


def number(value: float | None, language: str) -> str:
    """`12,345`; a dash for None."""
    return NONE if value is None else format_decimal(value, locale=language, format="#,##0.##")


def compact(value: float | None, language: str) -> str:
    """`12K`, `1.2万`: for figures that only have to be grasped."""
    if value is None:
        return NONE
    if abs(value) < 10_000:
        return number(value, language)
    return format_compact_decimal(value, locale=language, fraction_digits=1)


def size(count: float | None) -> str:
    """`1.5 MB` of bytes."""
    if count is None:
        return NONE
    unit = 0
    while count >= 1024 and unit < len(_UNITS) - 1:
        count, unit = count / 1024, unit + 1
    return f"{count:.0f} {_UNITS[unit]}" if unit == 0 else f"{count:.1f} {_UNITS[unit]}"


def moment(ms: int | None) -> Markup:
    """A `<time>` of ms UTC, which the page's script turns into local time and "5 minutes ago"."""
    if not ms:
        return escape(NONE)
    at = datetime.fromtimestamp(ms / 1000, UTC)
    shown = at.strftime("%Y-%m-%d %H:%M:%S UTC")
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), shown)


def duration(seconds: float | None, language: str) -> str:
    """`5 minutes`, `5分钟`."""
    if seconds is None:
        return NONE
    if seconds < 1:
        return "< 1 s"
    span = timedelta(seconds=seconds)
    return format_timedelta(span, locale=language, threshold=1.5, granularity="second")


def pretty(value: Any) -> str:
    """JSON over several lines."""
    return json.dumps(value, ensure_ascii=False, indent=2)
