"""The first page: what runs, what needs somebody, how much comes in."""

from __future__ import annotations

from litestar import Response
from litestar.response import Stream

from headrace.app.serving.overview import overview
from headrace.web.console.live import live
from headrace.web.console.verbs import TheView, shown


@shown("/", twin="/overview")
def page(view: TheView) -> Response[str]:
    """All of it."""
    return view.page("overview/page.html", section="overview", twin="/overview",
                     now=overview(view.platform))  # fmt: skip


@shown("/live/overview")
def now(view: TheView) -> Stream:
    """What changes on it."""

    def parts() -> dict[str, str]:
        return {"overview": view.render("overview/now.html", now=overview(view.platform))}

    return live(view, parts)


HANDLERS = (page, now)
