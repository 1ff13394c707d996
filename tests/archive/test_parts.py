"""Names, links, harmless HTML, the journal: the small parts, with hostile input."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.archive.clean import clean
from headrace.archive.durable import Stored, is_whole, write_whole
from headrace.archive.journal import JOURNAL, Begun, Journal
from headrace.archive.links import Link, files_in, pictures_in
from headrace.archive.names import NAME_BYTES_MAX, safe_name, shown
from headrace.errors import Refused

ANYTHING = st.text(st.characters(), max_size=400)  # lone surrogates and control characters too

# --- names ---------------------------------------------------------------------------------------


@given(ANYTHING)
def test_any_text_becomes_one_plain_name(text: str) -> None:
    name = safe_name(text)
    assert 0 < len(name.encode()) <= NAME_BYTES_MAX
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f]', name)
    assert name == name.strip() and not name.startswith((".", "-", "~")) and not name.endswith(".")
    assert Path("folder", name).parent == Path("folder")
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("report.pdf", "report.pdf"), ("文件 名.pdf", "文件 名.pdf"), ("..", "_"), ("", "_"),
        ("../../etc/passwd", "_._.._etc_passwd"), ("con", "_con"), ("CON.tar.gz", "_CON.tar.gz"),
        ("Com1 .txt", "_Com1 .txt"), ("console", "console"), ("a\u202egpj.exe", "a_gpj.exe"),
        ("e\u0301", "\u00e9"), ("a. . ", "a"),
    ],
)  # fmt: skip
def test_names(text: str, name: str) -> None:
    assert safe_name(text) == name


def test_a_long_name_keeps_its_suffix() -> None:
    name = safe_name("文" * 200 + ".png")
    assert name.endswith("文.png")
    assert len(name.encode()) <= NAME_BYTES_MAX


@given(ANYTHING)
def test_what_is_shown_is_one_printable_line(text: str) -> None:
    line = shown(text)
    assert line.isprintable() and len(line) <= 301


# --- links ---------------------------------------------------------------------------------------

HOST = "acme.coding.net"


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("![a](/api/project/3/files/7/imagePreview)", [(7, 3)]),
        ("/api/project/3/files/7/download /api/project/3/files/7/download", [(7, 3)]),
        ('<img src="https://acme.coding.net/api/project/3/files/8/imagePreview?x=1">', [(8, 3)]),
        ("https://ACME.coding.net/api/project/3/files/8/download", [(8, 3)]),
        ("https://evil.example/api/project/3/files/8/download", []),
        ("https://acme.coding.net.evil.example/api/project/3/files/8/download", []),
        ("/api/project/3/files/8/delete /api/project/x/files/8/download", []),
        ("/api/project/3/files/" + "9" * 30 + "/download", []),
    ],
)
def test_links(text: str, links: list[tuple[int, int]]) -> None:
    assert [(link.file_id, link.project) for link in files_in(text, HOST)] == links


def test_pictures_keep_their_order() -> None:
    km = "/api/km/v1/spaces/page/1/blocks/b/external/imagePreview"
    own = "/api/project/3/files/7/download"
    text = f"![](https://x.example/a.png) ![]({km}?a=1) <IMG alt=x src='{own}'>"
    assert pictures_in(text, HOST) == [None, Link(km), Link(own, 7, 3)]


@pytest.mark.parametrize("unit", ["![", "<img ", "<img src=", "http://a", "/api/km/", "![a]("])
def test_a_hostile_text_takes_no_long_time(unit: str) -> None:
    """A backtracking search would take minutes here."""
    text = unit * 100_000
    assert files_in(text, HOST) == []
    pictures_in(text, HOST)


# --- HTML ----------------------------------------------------------------------------------------


class Strict(HTMLParser):
    """Fails for a tag or an attribute that could do anything."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"a", "b", "code", "h1", "img", "p", "pre", "table", "td", "tr"}, tag
        for name, value in attrs:
            assert name in {"href", "src", "alt", "title", "colspan"}, name
            if name in ("href", "src"):
                assert re.match(r"https?://|mailto:|#", (value or "").strip()), value


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>", "<SCRIPT SRC=//x></SCRIPT>", "<img src=x onerror=alert(1)>",
        "<a href='java\tscript:alert(1)'>x</a>", "<a href=' javascript:alert(1)'>x</a>",
        "<a href=data:text/html,x>x</a>", "<a href=//evil.example>x</a>", "<a href='http://[x'>x",
        "<iframe src=x>", "<style>*{}</style>", "<svg><script>alert(1)</script></svg>",
        "<math><mtext><img src=x onerror=y>", "<form action=x><input><button>", "<base href=x>",
        "<meta http-equiv=refresh content='0;url=x'>", "<!--<script>--><script>x</script>",
        "<b style='x' class=y id=z onclick=w>t</b>", "<p><b></p><script", "<!DOCTYPE x><?php x?>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        "<textarea><script>x</script>", "<plaintext>x", "<![CDATA[<script>x</script>]]>",
    ],
)  # fmt: skip
def test_html_is_harmless(html: str) -> None:
    Strict().feed(clean(html))


@given(
    ANYTHING, st.lists(st.sampled_from(["<b>", "</b>", "<script>", "<a href='", "'>", "<!--", "&"]))
)
def test_any_html_is_harmless_and_stays_so(text: str, tags: list[str]) -> None:
    made = clean(text.join(tags) + text)
    Strict().feed(made)
    assert clean(made) == made


def test_html_keeps_its_shape() -> None:
    html = '<h1>T</h1><table><tr><td colspan="2">a &amp; b<a href="https://x.example">l</a></table>'
    assert clean(html) == (
        '<h1>T</h1><table><tr><td colspan="2">a &amp; b<a href="https://x.example">l</a>'
        "</td></tr></table>"
    )
    assert clean('<img src="/1.png">', {"/1.png": "../a.png"}.get) == '<img src="../a.png">'


# --- the journal ---------------------------------------------------------------------------------


def test_the_journal_remembers(tmp_path: Path) -> None:
    stored = Stored("a", 1, "x")
    journal = Journal(tmp_path, "team")
    journal.note("one", Begun("e", 5))
    journal.finish("two", stored)
    journal.finish("two", stored)
    journal.close()
    assert len((tmp_path / JOURNAL).read_bytes().splitlines()) == 3
    again = Journal(tmp_path, "team")
    assert (again.begun("one"), again.begun("three")) == (Begun("e", 5), Begun())
    assert (again.done("two"), again.done("one")) == (stored, None)
    again.close()


def test_a_torn_line_is_dropped_at_every_byte(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "team")
    journal.finish("one", Stored("a", 1, "x"))
    whole = (tmp_path / JOURNAL).read_bytes()
    journal.finish("two", Stored("b", 2, "y"))
    journal.close()
    content = (tmp_path / JOURNAL).read_bytes()
    for size in range(len(whole), len(content)):
        (tmp_path / JOURNAL).write_bytes(content[:size])
        again = Journal(tmp_path, "team")
        assert (again.done("one"), again.done("two")) == (Stored("a", 1, "x"), None)
        again.finish("three", Stored("c", 3, "z"))
        again.close()
        last = Journal(tmp_path, "team")
        assert last.done("three") == Stored("c", 3, "z")
        last.close()


def test_a_crash_before_the_first_line(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_bytes(b'{"team":"te')
    Journal(tmp_path, "team").close()
    Journal(tmp_path, "team").close()
    with pytest.raises(Refused, match="another team"):
        Journal(tmp_path, "other")


def test_a_damaged_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_bytes(b"what?\n")
    with pytest.raises(Refused, match="damaged"):
        Journal(tmp_path, "team")


def test_a_file_is_whole_or_not(tmp_path: Path) -> None:
    stored = write_whole(tmp_path, "a/b.txt", [b"one ", b"two"])
    assert is_whole(tmp_path, stored)
    for content in (b"one two!", b"one tw0"):
        (tmp_path / "a/b.txt").write_bytes(content)
        assert not is_whole(tmp_path, stored)
    (tmp_path / "a/b.txt").unlink()
    assert not is_whole(tmp_path, stored)
