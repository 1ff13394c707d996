"""The fenced blocks of README and docs, and how each says whether it is run.

    ```console run                      every line after `$ ` is run, the others are looked for
    ```console run exit=2               ... and the last command ends with this code
    ```console not-run="why"            not run, and why
    ```python run                       run, all blocks of a page one after another
    ```toml run                         becomes headrace.toml of the page's folder
    ```sql run=acme.duckdb              each statement is run on that file

In expected lines `...` stands for anything; a line of `...` alone for any lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUNNABLE = ("console", "python", "toml", "sql")
PLAIN = ("text",)
_FENCE = re.compile(r"^ *```(.*)$")
_SETTING = re.compile(r'([a-z-]+)(?:=(?:"([^"]+)"|(\S+)))?')


@dataclass(frozen=True)
class Block:
    """One fenced block: where it stands, its language, its settings and its lines."""

    page: str
    line: int
    language: str
    settings: dict[str, str]
    lines: list[str] = field(repr=False)

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    @property
    def runs(self) -> bool:
        return "run" in self.settings


def pages() -> list[Path]:
    """Every page written by hand; the generated reference has none to run."""
    found = [ROOT / "README.md", ROOT / "README.zh-CN.md", ROOT / "CONTRIBUTING.md"]
    found += sorted((ROOT / "docs").rglob("*.md"))
    return [page for page in found if "reference" not in page.relative_to(ROOT).parts]


def blocks_of(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order. Fails for one that is not closed."""
    name = page.relative_to(ROOT).as_posix()
    opened: Block | None = None
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if opened is None and fence:
            language, _, rest = fence[1].strip().partition(" ")
            opened = Block(name, number, language, _settings(rest), [])
        elif fence and opened is not None:
            yield opened
            opened = None
        elif opened is not None:
            opened.lines.append(line)
    assert opened is None, f"{name}: a block is not closed"


def _settings(text: str) -> dict[str, str]:
    return {name: quoted or bare for name, quoted, bare in _SETTING.findall(text)}


def commands_of(block: Block) -> list[tuple[str, list[str]]]:
    """Each command of a console block with the lines it should print."""
    commands: list[tuple[str, list[str]]] = []
    for line in block.lines:
        if line.startswith("$ "):
            commands.append((line[2:], []))
        else:
            assert commands, f"{block.place}: begins with output"
            commands[-1][1].append(line)
    return commands


def missing_line(printed: str, expected: list[str]) -> str | None:
    """The first expected line that is not in the output, in order; None when all are."""
    left = iter(printed.splitlines())
    for wanted in expected:
        pattern = re.escape(" ".join(wanted.split())).replace(r"\.\.\.", ".*")
        if wanted.strip() in ("", "..."):
            continue
        if not any(re.fullmatch(pattern, " ".join(line.split())) for line in left):
            return wanted
    return None
