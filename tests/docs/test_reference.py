"""The generated reference is up to date and complete, and its queries can be run."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from docs.generate import query_for
from docs.reference_words import CODES, SETTINGS

import headrace
from docs import generate
from headrace.app import SystemClock
from headrace.cli.run import COMMANDS
from headrace.coding.streams import CATALOGUE
from headrace.config.keys import SECTIONS
from headrace.core.stream import Stream
from headrace.playground import DEFAULT_TOKEN, Playground, Team, serve

from .blocks import ROOT, pages

_LINK = re.compile(r"\]\(([^)\s]+)\)")


def test_it_is_up_to_date() -> None:
    assert generate.outdated() == [], "run `make docs` and commit what it writes"


def test_every_setting_has_its_line() -> None:
    assert {s: set(keys) for s, keys in SECTIONS.items()} == {
        s: set(lines) for s, lines in SETTINGS.items()
    }
    assert all(en and zh for lines in SETTINGS.values() for en, zh in lines.values())


def test_every_command_error_and_stream_has_its_place() -> None:
    made = generate.pages()
    assert all(f"## headrace {name}\n" in made["commands.md"] for name in COMMANDS)
    for kind in generate.error_classes():
        assert f"`{kind.__name__}`" in made["errors.md"]
        assert kind.__doc__, kind
    for stream in CATALOGUE:
        assert f"({stream.name}.md)" in made["streams/README.md"]
        page = made[f"streams/{stream.name}.md"]
        names = [c.name for c in stream.schema.columns]
        names += [c.name for child in stream.schema.children for c in child.columns]
        assert all(f"| `{name}` |" in page for name in names)
    assert all(f"## headrace.{name}\n" in made["python.md"] for name in headrace.__all__)


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_both_readmes_count_the_streams_and_name_every_exit_code(readme: str) -> None:
    text = (ROOT / readme).read_text("utf-8")
    assert f"| {len(CATALOGUE)} " in text
    for code in CODES:
        assert f"| {code} |" in text, code


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small team in a DuckDB file."""
    folder = tmp_path_factory.mktemp("queries")
    clock = SystemClock()
    playground = Playground(Team(1, 1, 15, clock.now_ms()), clock)
    with serve(playground, deliver_hooks=False) as server:
        team = headrace.connect(url=server.url, token=DEFAULT_TOKEN, state=folder)
        team.sync(f"duckdb:///{folder}/copy.duckdb", streams=["*"])
    return folder / "copy.duckdb"


@pytest.mark.long
@pytest.mark.parametrize("stream", CATALOGUE, ids=lambda stream: stream.name)
def test_every_stream_has_a_query_that_finds_something(stream: Stream, copy: Path) -> None:
    with closing(duckdb.connect(str(copy), read_only=True)) as connection:
        found = connection.sql(query_for(stream)).to_arrow_table().num_rows
        there = f"SELECT 1 FROM {stream.name} WHERE _deleted_at IS NULL"
        living = connection.sql(there).to_arrow_table().num_rows
        assert bool(found) == bool(living)


@pytest.mark.parametrize("page", [p.relative_to(ROOT).as_posix() for p in pages()])
def test_no_link_is_broken(page: str) -> None:
    path = ROOT / page
    for target in _LINK.findall(path.read_text("utf-8")):
        name, _, anchor = target.partition("#")
        if name.startswith(("https://", "http://")):
            continue
        found = (path.parent / name).resolve() if name else path
        assert found.exists(), f"{page} links to {target}"
        if anchor and found.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", found.read_text("utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", h).lower().replace(" ", "-") for h in headings}
            assert anchor in slugs, f"{page} links to {target}"
