"""Where CODING is: the base URL, built from a team's name or checked as the user gave it."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from headrace.errors import Refused

_TEAM = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_URL = re.compile(r"[!-~]{1,500}")  # visible ASCII: no space, no control character, no full-width
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?")


def base_url(team: str | None = None, url: str | None = None) -> str:
    """The address requests go to, without a slash at its end. Exactly one argument is given.

    `team` becomes `https://{team}.coding.net`. `url` is for a private deployment or the
    playground; plain http is refused for coding.net itself.
    Raises `Refused` with what to do. A refused text is not repeated: it may hold a password.
    """
    if (team is None) == (url is None):
        raise Refused(
            "CODING's address needs either a team or a URL.", advice="Give exactly one of them."
        )
    return _team_url(team) if team is not None else _checked_url(url or "")


def _team_url(team: str) -> str:
    if not _TEAM.fullmatch(team):
        raise Refused(
            "This is not a team name: only a-z, 0-9 and dashes inside, 63 characters at most.",
            advice="Give the part of your team's address before .coding.net, such as demo-team.",
        )
    return f"https://{team}.coding.net"


def _checked_url(url: str) -> str:
    if not _URL.fullmatch(url) or "\\" in url:
        raise _refused("holds characters that no address has")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused("is malformed") from None
    _check_parts(url, parts, port)
    host = parts.hostname or ""
    if parts.scheme == "http" and (host == "coding.net" or host.endswith(".coding.net")):
        raise _refused("would send the token unencrypted", "Write https:// before coding.net.")
    shown = f"[{host}]" if ":" in host else host
    path = parts.path.rstrip("/").removesuffix("/open-api")
    return f"{parts.scheme}://{shown}{'' if port is None else f':{port}'}{path}"


def _check_parts(url: str, parts: SplitResult, port: int | None) -> None:
    if parts.scheme not in ("http", "https"):
        raise _refused("does not begin with https:// or http://")
    if "@" in parts.netloc:
        raise _refused("holds a user or password", "Leave them off: the token is set elsewhere.")
    if "?" in url or "#" in url:
        raise _refused("has a query or a fragment", "Leave off everything from ? or #.")
    if port == 0 or parts.netloc.endswith(":") or not _is_host(parts.hostname or ""):
        raise _refused("has no valid host and port")
    if not _PATH.fullmatch(parts.path):
        raise _refused("has a path that cannot be right")


def _is_host(host: str) -> bool:
    if ":" in host:
        try:
            return ipaddress.IPv6Address(host).scope_id is None
        except ValueError:
            return False
    labels = host.split(".")
    plain = all(_LABEL.fullmatch(label) and not label.startswith("xn--") for label in labels)
    return plain and len(host) <= 253


def _refused(reason: str, advice: str = "") -> Refused:
    return Refused(
        f"The URL {reason}.",
        advice=advice
        or "Give an address such as https://coding.example.com or http://127.0.0.1:8080.",
    )
