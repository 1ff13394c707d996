"""Language and colours, kept in cookies of the browser."""

from __future__ import annotations

from litestar import Response
from litestar.datastructures import Cookie

from headrace.web.api.access import ANYBODY
from headrace.web.console.language import LANGUAGES
from headrace.web.console.verbs import TheForm, TheView, done
from headrace.web.console.view import (
    LANGUAGE_COOKIE,
    THEME_COOKIE,
    THEMES,
    YEAR_SECONDS,
    answer,
    own_path,
)

_KNOWN = {"language": (LANGUAGE_COOKIE, tuple(LANGUAGES)), "theme": (THEME_COOKIE, THEMES)}


@done("/preferences", needs=ANYBODY)
def preferences(view: TheView, form: TheForm) -> Response[str]:
    """Keep what was chosen, and show the page again."""
    secure = view.front.public_url.startswith("https://")
    cookies = [
        Cookie(name, value=str(form[key]), max_age=YEAR_SECONDS, samesite="lax", secure=secure)
        for key, (name, known) in _KNOWN.items()
        if form.get(key) in known
    ]
    to = {"location": own_path(str(form.get("back", "/")))}
    return answer("", status=303, headers=to, cookies=cookies)


HANDLERS = (preferences,)
