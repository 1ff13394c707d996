"""What a page is made with: who looks at it, in which language and colours, and the templates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie
from markupsafe import Markup

from headrace.app.serving.platform import Platform
from headrace.control.alerts import INFORMATIVE
from headrace.control.people import Person, Role
from headrace.errors import NotSignedIn
from headrace.web.api.access import Front
from headrace.web.console import assets, formats, language

LANGUAGE_COOKIE, THEME_COOKIE = "headrace_language", "headrace_theme"
THEMES = ("auto", "light", "dark")
YEAR_SECONDS = 31_536_000
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
HEADERS = {"content-security-policy": _POLICY, "referrer-policy": "same-origin"}
_TEMPLATES = Path(__file__).parent / "templates"

_Request = Request[Any, Any, Any]


@cache
def _environment(tongue: str) -> Environment:
    """The templates in a language. Whatever is put into one is text, never markup."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.add_extension("jinja2.ext.do")
    texts: Any = made
    texts.install_gettext_translations(language.texts(tongue), newstyle=True)
    made.globals.update(
        icon=lambda name: Markup(assets.icon(name)),  # noqa: S704 - our own files
        asset=assets.address, languages=language.LANGUAGES, themes=THEMES, Role=Role,
    )  # fmt: skip
    made.filters.update(formats.filters(tongue))
    return made


@dataclass(frozen=True, slots=True)
class View:
    """One request, seen from the console. `person` is None while nobody is signed in."""

    request: _Request
    front: Front
    person: Person | None
    language: str
    theme: str

    @property
    def platform(self) -> Platform:
        """What is shown."""
        return self.front.platform

    @property
    def by(self) -> Person:
        """Who does something. Raises `NotSignedIn` for nobody."""
        if self.person is None:
            raise NotSignedIn("Nobody is signed in.", advice="Sign in.")
        return self.person

    @property
    def quick(self) -> bool:
        """Whether htmx asks, for a part of a page."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def base_url(self) -> str:
        """Where browsers find this server."""
        return self.front.public_url or str(self.request.base_url).rstrip("/")

    def text(self, message: str, **values: object) -> str:
        """A text in this language. Its placeholders are `%(name)s`."""
        found = language.texts(self.language).gettext(message)
        return found % values if values else found

    def render(self, template: str, **context: Any) -> str:
        """A template as text, with everything that all of them may use."""
        return _environment(self.language).get_template(template).render(
            view=self, person=self.person, language=self.language, theme=self.theme,
            may=self._may, path=self.request.url.path, alerts_open=self._alerts_open, **context,
        )  # fmt: skip

    def page(self, template: str, *, status: int = 200, **context: Any) -> Response[str]:
        """A whole page, or a part of one where the template is one."""
        return answer(self.render(template, **context), status=status)

    def go(self, path: str) -> Response[str]:
        """On to another page of ours; also when htmx asked."""
        if self.quick:
            return answer("", headers={"hx-redirect": path})
        return answer("", status=303, headers={"location": path})

    def said(self, text: str, html: str = "") -> Response[str]:
        """A word over the page that something was done; `html` goes where htmx puts answers."""
        told = json.dumps({"headrace:said": {"value": text}})
        return answer(html, headers={"hx-trigger": told})

    def _alerts_open(self) -> int:
        return sum(1 for one in self.platform.alerts.open() if one.kind not in INFORMATIVE)

    def _may(self, role: str) -> bool:
        return self.person is not None and self.person.role.covers(Role(role))


def answer(
    html: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    cookies: list[Cookie] | None = None,
) -> Response[str]:
    """HTML with the headers that every page has."""
    return Response(
        html, status_code=status, media_type=MediaType.HTML,
        headers={**HEADERS, **(headers or {})}, cookies=cookies or [],
    )  # fmt: skip


def view_of(request: _Request, front: Front) -> View:
    """The view of a request."""
    cookies = request.cookies
    theme = cookies.get(THEME_COOKIE, "")
    tongue = language.chosen(
        cookies.get(LANGUAGE_COOKIE, ""), request.headers.get("accept-language", "")
    )
    person = request.scope.get("user")
    return View(request, front, person, tongue, theme if theme in THEMES else THEMES[0])


def own_path(path: str) -> str:
    """A path to go to after signing in, if it is one of this site; else the first page."""
    if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable():
        return quote(path, safe="/?=&%-_.~:,+")
    return "/"
