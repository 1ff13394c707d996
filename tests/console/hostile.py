"""A look-alike team all of whose texts are attacks on the pages that show them."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from typing import Any

from tests.cli.conftest import WatchedPlayground

from headrace.core.transport import Request, Response

_TAGS = ("img", "svg", "video", "iframe", "body", "details", "input", "marquee", "object", "audio")
_EVENTS = ("onerror", "onload", "onfocus", "ontoggle", "onstart", "onmouseover")
PAYLOADS: tuple[str, ...] = (
    *(f"<{tag} src=x {event}=alert({n})>" for n, (tag, event) in enumerate(
        (tag, event) for tag in _TAGS for event in _EVENTS
    )),
    "<script>alert(1)</script>", "</script><script>alert(2)</script>", "<SCRIPT SRC=//e.example>",
    "'\"><script>alert(3)</script>", "\"onmouseover=\"alert(4)", "' onfocus='alert(5)' autofocus='",
    "javascript:alert(6)", "JaVaScRiPt:alert(7)", "data:text/html,<script>alert(8)</script>",
    "<a href=javascript:alert(9)>x</a>", "<math><mi xlink:href=javascript:alert(10)>",
    "<style>*{display:none}</style>", "<link rel=stylesheet href=//e.example/x.css>",
    "<base href=//e.example/>", "<meta http-equiv=refresh content='0;url=//e.example'>",
    "<form action=//e.example><button>x</button></form>", "<!--", "-->", "]]>", "<![CDATA[x]]>",
    "{{ 7 * 7 }}", "{% raw %}", "${7*7}", "#{7*7}", "<%= 7*7 %>",
    "{{constructor.constructor('x')()}}",
    "&lt;b&gt;already&lt;/b&gt;", "&amp;amp;", "&#60;script&#62;",
    "%3Cscript%3Ealert(11)%3C/script%3E",
    "\\u003cscript\\u003e", "\\\"};alert(12);//", "';alert(13)//", "`${alert(14)}`",
    "<div hx-get=/sign-out hx-trigger=load>", "<div hx-on:load=alert(15)>", "<p data-chart=lines>",
    "<dialog open data-open>", "<p sse-connect=//e.example>", "<b data-ask=x hx-post=/x>",
    "\u202etxet desrever", "zero\u200bwidth", "ＦＵＬＬ＜ｓｃｒｉｐｔ＞", "é\u0301\u0301\u0301",
    "🏴‍☠️👩‍👩‍👧", "𝕊𝕔𝕣𝕚𝕡𝕥",
    "line one\nline two", "tab\there", "  spaces around  ", "very" + "long" * 60,
)  # fmt: skip
assert len(PAYLOADS) >= 100
# Where CODING gives back what people wrote.
WRITTEN = frozenset((
    "Name", "DisplayName", "Description", "Title", "Content", "Goal", "Remark", "Message",
    "IterationName", "IssueTypeName", "IssueStatusName", "CommitMessage", "ShortMessage", "Body",
    "ProjectDisplayName", "TeamName", "DepotName", "BranchName", "Nickname", "Position",
))  # fmt: skip


def attack(text: str) -> str:
    """The same payload for the same text, and the text behind it."""
    return PAYLOADS[zlib.crc32(text.encode()) % len(PAYLOADS)] + "|" + text


class HostilePlayground(WatchedPlayground):
    """Turns every text that people wrote into an attack, and understands it when it is asked by it.

    `shown` are the attacks that have been handed out.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.shown: set[str] = set()

    def send(self, request: Request) -> Response:
        body = json.loads(request.body) if request.body.startswith(b"{") else None
        if body is not None:
            request = replace(request, body=json.dumps(self._meant(body)).encode())
        response = super().send(request)
        if not response.body.startswith(b"{"):
            return response
        document = self._turned(json.loads(response.body), "")
        return replace(response, body=json.dumps(document).encode())

    def _turned(self, value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: self._turned(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [self._turned(one, key) for one in value]
        if key in WRITTEN and isinstance(value, str) and value:
            turned = attack(value)
            self.shown.add(turned)
            return turned
        return value

    def _meant(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._meant(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._meant(one) for one in value]
        return value.rpartition("|")[2] if isinstance(value, str) and value in self.shown else value
