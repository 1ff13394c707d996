"""HTML that others wrote, made harmless: known tags only, no scripts, styles, forms or frames."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit

_TAGS = frozenset((
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del",
    "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5",
    "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small",
    "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
    "tt", "u", "ul", "var",
))  # fmt: skip
_EMPTY = frozenset(("br", "col", "hr", "img"))
_SILENT = frozenset((
    "iframe", "math", "noembed", "noframes", "noscript", "object", "script", "style", "svg",
    "template", "textarea", "title", "xmp",
))  # fmt: skip
_PLAIN = frozenset(("alt", "align", "colspan", "rowspan", "start", "title"))
_ADDRESSES = {"a": "href", "img": "src"}
_DEPTH_MAX = 256

Resolve = Callable[[str], str | None]


def clean(html: str, resolve: Resolve = lambda _address: None) -> str:
    """The same text with what is harmless of its shape. Every tag that is opened is closed.

    `resolve` may name another place for an address, such as a file beside the page.
    """
    cleaner = _Cleaner(resolve)
    cleaner.feed(html)
    cleaner.close()
    return cleaner.result()


class _Cleaner(HTMLParser):
    def __init__(self, resolve: Resolve) -> None:
        super().__init__(convert_charrefs=True)
        self._resolve = resolve
        self._made: list[str] = []
        self._open: list[str] = []
        self._silent: list[str] = []

    def result(self) -> str:
        """What was made, all tags closed."""
        return "".join([*self._made, *(f"</{tag}>" for tag in reversed(self._open))])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        if self._silent or tag not in _TAGS or len(self._open) >= _DEPTH_MAX:
            return
        kept = "".join(self._attribute(tag, name, value or "") for name, value in attrs)
        self._made.append(f"<{tag}{kept}>")
        if tag not in _EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag in self._silent:
                del self._silent[self._silent.index(tag) :]
        elif tag in self._open:
            while (closed := self._open.pop()) != tag:
                self._made.append(f"</{closed}>")
            self._made.append(f"</{tag}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SILENT:
            self.handle_starttag(tag, attrs)
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._made.append(escape(data))

    def _attribute(self, tag: str, name: str, value: str) -> str:
        if name == _ADDRESSES.get(tag):
            place = self._resolve(value) or (value if _harmless(value) else "")
            return f' {name}="{escape(place)}"' if place else ""
        return f' {name}="{escape(value)}"' if name in _PLAIN else ""


def _harmless(address: str) -> bool:
    """Whether an address leads to a web page or to a place in this one."""
    if any(not char.isprintable() for char in address):
        return False
    if address.startswith("#"):
        return True
    try:
        return urlsplit(address.strip()).scheme in ("http", "https", "mailto")
    except ValueError:
        return False
