"""Takes the console's styles, scripts and icons from npm into the package, before it is built.

What is taken stands in `package.json`; nothing of Node is needed when Headrace runs.
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
MODULES = ROOT / "node_modules"
CONSOLE = ROOT / "src/headrace/web/console"
VENDOR = CONSOLE / "vendor"
LOCK = ROOT / "package-lock.json"
STAMP = VENDOR / "built-from.txt"
FILES = {
    "tabler.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.js": "@tabler/core/dist/js/tabler.min.js",
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "sse.js": "htmx-ext-sse/dist/sse.min.js",
    "echarts.js": "echarts/dist/echarts.common.min.js",
}
ICONS = MODULES / "@tabler/icons/icons/outline"


class ConsoleAssets(BuildHookInterface):  # type: ignore[type-arg]
    """Hatch calls it for wheels and for editable installs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Bring them, unless those of this lock file are there."""
        if not _is_fresh():
            _install()
            _take()
        build_data["artifacts"].append("src/headrace/web/console/vendor/*")


def _is_fresh() -> bool:
    return STAMP.exists() and STAMP.read_bytes() == _stamp()


def _stamp() -> bytes:
    """What is taken depends on the lock file and on which icons are wanted."""
    return LOCK.read_bytes() + "\n".join(_icons()).encode()


def _install() -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("Headrace's console is built with npm: install Node.js 18 or later.")
    subprocess.run([npm, "ci", "--silent"], cwd=ROOT, check=True)  # noqa: S603


def _take() -> None:
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for name, source in FILES.items():
        data = (MODULES / source).read_bytes().replace(b"//# sourceMappingURL=", b"// ")
        (VENDOR / name).write_bytes(data)
        (VENDOR / f"{name}.gz").write_bytes(gzip.compress(data, 9, mtime=0))
    for icon in _icons():
        shutil.copy(ICONS / f"{icon}.svg", VENDOR / f"icon-{icon}.svg")
    STAMP.write_bytes(_stamp())


def _icons() -> list[str]:
    """The icons that templates may use, a name a line."""
    return (CONSOLE / "icons.txt").read_text().split()
