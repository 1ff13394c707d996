"""Styles, scripts and icons: read once, served compressed, and kept by browsers for ever.

Their addresses hold a digest of their contents, so that a new release is seen at once.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from headrace.errors import Refused

_HERE = Path(__file__).parent
_TYPES = {
    ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as browsers get it. `packed`: the same, compressed by gzip."""

    media_type: str
    data: bytes
    packed: bytes
    digest: str


@cache
def assets() -> Mapping[str, Asset]:
    """All, by name. Raises `Refused` where the package was built without those from npm."""
    vendor = _HERE / "vendor"
    if not (vendor / "tabler.css").exists():
        raise Refused(
            "The console's styles and scripts are not in this installation.",
            advice="With Node.js 18 or later at hand, install Headrace again.",
        )
    files = [*vendor.glob("*.css"), *vendor.glob("*.js"), *(_HERE / "static").iterdir()]
    return {file.name: _read(file) for file in files}


def _read(file: Path) -> Asset:
    data = file.read_bytes()
    packed = file.with_name(f"{file.name}.gz")
    return Asset(
        _TYPES[file.suffix], data,
        packed.read_bytes() if packed.exists() else gzip.compress(data, 9, mtime=0),
        hashlib.sha256(data).hexdigest()[:16],
    )  # fmt: skip


def address(name: str) -> str:
    """Where a page finds an asset."""
    return f"/static/{assets()[name].digest}/{name}"


@cache
def icon(name: str) -> str:
    """An icon as SVG to stand in a page; decoration, so screen readers pass it by.

    Those there are stand in `icons.txt`.
    """
    text = (_HERE / "vendor" / f"icon-{name}.svg").read_text(encoding="utf-8")
    begin = text.index("<svg")
    return '<svg aria-hidden="true" focusable="false"' + text[begin + 4 :].strip()
