"""Which languages there are, and which of them somebody wants."""

from __future__ import annotations

LANGUAGES = ("en", "zh")
DEFAULT = "en"
_WISHES_MAX = 20


def preferred(accept: str) -> str:
    """The first language of an `Accept-Language` header that is known; English if none is."""
    wanted = [_weighed(part) for part in accept.split(",")[:_WISHES_MAX]]
    for weight, tag in sorted(wanted, key=lambda one: -one[0]):
        language = tag.partition("-")[0].strip().lower()
        if weight > 0 and language in LANGUAGES:
            return language
    return DEFAULT


def _weighed(part: str) -> tuple[float, str]:
    tag, _, rest = part.strip().partition(";")
    try:
        return float(rest.strip().removeprefix("q=") or 1), tag
    except ValueError:
        return 0.0, tag
