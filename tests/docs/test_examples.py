"""What README and docs show is true: their examples run, page by page, against a playground.

One thing is put in: the playground's address for the team `acme` of the examples.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from headrace.app import SystemClock
from headrace.cli import run
from headrace.playground import DEFAULT_TOKEN, Playground, Server, Team, serve

from .blocks import PLAIN, RUNNABLE, Block, blocks_of, commands_of, missing_line, pages

pytestmark = pytest.mark.long

ALL = [block for page in pages() for block in blocks_of(page)]
STORIES = {
    block.page: [b for b in ALL if b.page == block.page and b.runs] for block in ALL if block.runs
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The team of all examples; it stands still."""
    clock = SystemClock()
    playground = Playground(Team(1, 2, 60, clock.now_ms()), clock)
    with serve(playground, deliver_hooks=False) as one:
        yield one


class Story:
    """The blocks of one page, run one after another in one empty folder."""

    def __init__(self, url: str, printed: Callable[[], str]) -> None:
        self._url = url
        self._printed = printed
        self._names: dict[str, Any] = {"__name__": "example"}

    def tell(self, block: Block) -> None:
        getattr(self, f"_{block.language}")(block)

    def _console(self, block: Block) -> None:
        *before, last = commands_of(block)
        for command, expected in before:
            self._command(block, command, expected, 0)
        self._command(block, *last, int(block.settings.get("exit", 0)))

    def _command(self, block: Block, line: str, expected: list[str], wanted: int) -> None:
        words = shlex.split(self._pointed(line))
        if words[0] == "export":
            assert words[1].startswith("CODING_TOKEN="), block.place
            return
        assert words[0] == "headrace", f"{block.place}: only headrace can be run here: {line}"
        self._printed()
        code = run(words[1:])
        printed = self._printed()
        assert code == wanted, f"{block.place}: {line}\n{printed}"
        missing = missing_line(printed, expected)
        assert missing is None, f"{block.place}: {line}\nnot printed: {missing}\n{printed}"

    def _python(self, block: Block) -> None:
        code = compile(self._pointed(block.text), block.place, "exec")
        exec(code, self._names)

    def _toml(self, block: Block) -> None:
        from headrace.config.file import load

        path = Path("headrace.toml")
        path.write_text(self._pointed(block.text), "utf-8")
        loaded = load(path)
        for name in loaded.tasks:
            assert loaded.connection(loaded.task(name).source).url == self._url

    def _sql(self, block: Block) -> None:
        with closing(duckdb.connect(block.settings["run"], read_only=True)) as connection:
            for statement in duckdb.extract_statements(block.text):
                rows = connection.sql(statement.query).to_arrow_table()  # fetchall wants pytz
                assert rows.num_rows, f"{block.place}: no rows"

    def _pointed(self, text: str) -> str:
        """The text with the playground in the place of the team."""
        for said, meant in (
            ("--team acme", f"--url {self._url}"),
            ('team="acme"', f'url="{self._url}"'),
            ('team = "acme"', f'url = "{self._url}"'),
            ("https://coding.example.com", self._url),
        ):
            text = text.replace(said, meant)
        return text


@pytest.mark.parametrize("page", STORIES)
def test_examples_run(
    page: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CODING_TOKEN", DEFAULT_TOKEN)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")

    def printed() -> str:
        captured = capsys.readouterr()
        return captured.out + captured.err

    story = Story(server.url, printed)
    for block in STORIES[page]:
        story.tell(block)


@pytest.mark.parametrize("block", ALL, ids=lambda block: block.place)
def test_every_block_is_run_or_says_why_not(block: Block) -> None:
    """A block is never left out in silence."""
    if block.language in PLAIN:
        assert not block.settings, f"{block.place}: a {block.language} block cannot be run"
        return
    assert block.language in RUNNABLE, f"{block.place}: unknown language {block.language!r}"
    assert block.runs != bool(block.settings.get("not-run")), (
        f'{block.place}: mark the block `run`, or `not-run="why"`'
    )


def test_the_entrance_pages_run() -> None:
    assert {"README.md", "README.zh-CN.md"} <= set(STORIES)


def test_a_line_that_is_not_printed_is_found() -> None:
    printed = "one two\nthree\nfour 4 s\n"
    assert missing_line(printed, ["one  two", "...", "four ... s"]) is None
    assert missing_line(printed, ["three", "one two"]) == "one two"
    assert missing_line(printed, ["five"]) == "five"
