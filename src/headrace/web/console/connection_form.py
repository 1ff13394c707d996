"""The form of a connection: from its values to what the fields show, and back.

A field that is empty takes its value away; a secret that was not touched comes back hidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from litestar.datastructures import FormMultiDict

Fields = dict[str, Any]
TEXTS = (
    "poll_interval", "census_interval", "sweep_interval", "personal", "public_url", "agent",
    "schema_reload_at", "mining_start", "redirect_uri",
)  # fmt: skip
LISTS = (
    "iterations", "issue_types", "start", "mask", "leave_out", "mining_streams",
    "mining_leave_out", "scopes",
)  # fmt: skip
DATABASES = ("postgresql", "mysql")
PORTS = {"postgresql": 5432, "mysql": 3306}


def of_source(values: Mapping[str, Any]) -> Fields:
    """What the fields show of a source's values."""
    fields: Fields = {name: values.get(name, "") for name in TEXTS}
    fields |= {name: "\n".join(values.get(name, ())) for name in LISTS}
    return fields | {
        "place": "url" if "url" in values else "team",
        "team": values.get("team", ""), "url": values.get("url", ""),
        "auth": "oauth" if "client_id" in values else "token",
        "token": values.get("token", ""), "client_id": values.get("client_id", ""),
        "client_secret": values.get("client_secret", ""),
        "projects": list(values.get("projects", ())),
        "increments": values.get("increments", "polling"),
        "shared_mining": values.get("shared_mining", True),
        "mining_store": values.get("mining_store", ""),
        "log_days": values.get("log_days", ""), "attempts": values.get("attempts", ""),
    }  # fmt: skip


def posted_source(form: FormMultiDict) -> Fields:
    """What the fields of a source's form had in them."""
    fields: Fields = {name: _text(form, name) for name in (*TEXTS, *LISTS)}
    names = ("place", "team", "url", "auth", "token", "client_id", "client_secret", "increments",
             "mining_store", "log_days", "attempts")  # fmt: skip
    fields |= {name: _text(form, name) for name in names}
    projects = [str(one) for one in form.getall("projects", [])]
    return fields | {"projects": projects, "shared_mining": "shared_mining" in form}


def source_values(fields: Fields) -> dict[str, Any]:
    """The values that a source's fields stand for; None for one to take away."""
    values: dict[str, Any] = {name: fields[name] or None for name in TEXTS}
    values |= {name: _lines(fields[name]) or None for name in LISTS}
    at_url, oauth = fields["place"] == "url", fields["auth"] == "oauth"
    return values | {
        "team": None if at_url else _team(fields["team"]) or None,
        "url": (fields["url"] or None) if at_url else None,
        "token": None if oauth else fields["token"] or None,
        "client_id": (fields["client_id"] or None) if oauth else None,
        "client_secret": (fields["client_secret"] or None) if oauth else None,
        "redirect_uri": (fields["redirect_uri"] or None) if oauth else None,
        "scopes": (_lines(fields["scopes"]) or None) if oauth else None,
        "projects": fields["projects"] or None,
        "increments": fields["increments"] or "polling",
        "shared_mining": fields["shared_mining"],
        "mining_store": fields["mining_store"] or None,
        "log_days": _number(fields["log_days"]), "attempts": _number(fields["attempts"]),
    }  # fmt: skip


def of_destination(kind: str, values: Mapping[str, Any]) -> Fields:
    """What the fields show of a destination's values."""
    url = str(values.get("url", ""))
    fields: Fields = {"url": url, "password": values.get("password", "")}
    if kind not in DATABASES:
        return fields
    parts = urlsplit(url)
    account, _, host = parts.netloc.rpartition("@")
    return fields | {
        "host": parts.hostname or "" if host else "", "port": parts.port or PORTS[kind],
        "database": unquote(parts.path.strip("/")), "user": unquote(account.partition(":")[0]),
        "options": parts.query,
    }  # fmt: skip


def posted_destination(kind: str, form: FormMultiDict) -> Fields:
    """What the fields of a destination's form had in them."""
    names: Sequence[str] = ("url", "password")
    if kind in DATABASES:
        names = ("host", "port", "database", "user", "password", "options")
    return {name: _text(form, name) for name in names}


def destination_values(kind: str, fields: Fields) -> dict[str, Any]:
    """The values that a destination's fields stand for; None for one to take away."""
    if kind not in DATABASES:
        values: dict[str, Any] = {"url": fields["url"]}
        return values | ({"password": fields["password"]} if fields["password"] else {})
    host = fields["host"]
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    port = f":{fields['port']}" if fields["port"] else ""
    user = f"{quote(fields['user'], safe='')}@" if fields["user"] else ""
    options = f"?{fields['options']}" if fields["options"] else ""
    url = f"{kind}://{user}{host}{port}/{quote(fields['database'], safe='')}{options}"
    return {"url": url, "password": fields["password"] or None}


def _team(text: str) -> str:
    """`acme` of what people paste: `https://acme.coding.net/`, `acme.coding.net`."""
    host = text.strip().removeprefix("https://").removeprefix("http://").partition("/")[0]
    return host.removesuffix(".coding.net")


def _text(form: FormMultiDict, name: str) -> str:
    return str(form.get(name, "")).strip()


def _lines(text: str) -> list[str]:
    parts = text.replace("，", "\n").replace(",", "\n").splitlines()
    return [part.strip() for part in parts if part.strip()]


def _number(text: Any) -> Any:
    """A number; what is none stays as it is, for the check to name it."""
    if text in ("", None):
        return None
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text
