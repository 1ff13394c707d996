"""Wiki pages as files: what the author wrote, as it is, and a page to read it by."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path

from headrace.archive.clean import clean
from headrace.archive.contents import WikiPage
from headrace.archive.durable import Stored, write_whole
from headrace.archive.names import safe_name
from headrace.archive.pages import document
from headrace.errors import NotFound

_SHAPED_CHARS_MAX = 2_000_000


def write_page(
    root: Path, folder: str, page: WikiPage, resolve: Callable[[str], str | None]
) -> tuple[Stored, ...]:
    """Write a page as `.md` and `.html`. `resolve` finds the archived file of an address.

    Raises `NotFound` where the mirror has no text of it.
    """
    if page.text is None and page.html is None:
        raise NotFound("The mirror has no text of this page.")
    name = f"{folder}/{page.number}-{safe_name(page.title)}"
    text = page.text or ""
    html = page.html or ""
    shaped = 0 < len(html) <= _SHAPED_CHARS_MAX
    body = clean(html, resolve) if shaped else f"<pre>{escape(text or html)}</pre>"
    inside: Iterable[str] = (f"<h1>{escape(page.title)}</h1>", body)
    return (
        write_whole(root, f"{name}.md", [text.encode(errors="replace")]),
        write_whole(root, f"{name}.html", [document(page.title, inside, up="../index.html")]),
    )
