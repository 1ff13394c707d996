"""The Service URL of a source (服务 URL): made, shown with the steps, set up for a person, and the
light that turns green; and the person's way to CODING's consent (授权)."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.response import Stream

from headrace.app.serving import views
from headrace.app.serving.hooks import hook_setting, service_urls
from headrace.control.people import Role
from headrace.web.api.verbs import Id
from headrace.web.console.live import live
from headrace.web.console.trials import show_trial
from headrace.web.console.verbs import TheTrials, TheView, done, shown
from headrace.web.console.view import View

_AT = "/connections/{connection_id:int}"


def hooks_of(view: View, connection_id: int) -> dict[str, Any]:
    """How the hooks stand: with the URL for those who may have it."""
    if view.person is not None and view.person.role.covers(Role.OPERATOR):
        return service_urls.show(view.platform, connection_id)
    return {**service_urls.status(view.platform, connection_id), "url": None, "steps": None}


@done(f"{_AT}/authorize")
def authorize(connection_id: Id, view: TheView) -> Response[str]:
    """On to CODING's page of consent."""
    return view.go(view.platform.authorizing.begin(view.by, connection_id)["url"])


@done(f"{_AT}/service-url")
def generate(connection_id: Id, view: TheView) -> Response[str]:
    """Make it; the signing token is shown this once."""
    return _part(view, connection_id, service_urls.generate(view.platform, view.by, connection_id))


@done(f"{_AT}/service-url/rotate")
def rotate(connection_id: Id, view: TheView) -> Response[str]:
    """Make another; that of before goes on for a day."""
    return _part(view, connection_id, service_urls.rotate(view.platform, view.by, connection_id))


@done(f"{_AT}/service-url/retire")
def retire(connection_id: Id, view: TheView) -> Response[str]:
    """End that of before now."""
    return _part(view, connection_id, service_urls.retire(view.platform, view.by, connection_id))


@done(f"{_AT}/hooks/set-up")
def set_up(connection_id: Id, view: TheView, trials: TheTrials) -> Response[str]:
    """Have the hook made, mended and tested in every chosen project."""
    work = hook_setting.set_up(view.platform, view.by, connection_id)
    return show_trial(view, trials.start(view.by, "hooks", work))


@done(f"{_AT}/hooks/ping")
def ping(connection_id: Id, view: TheView, trials: TheTrials) -> Response[str]:
    """Have CODING send its test event."""
    work = hook_setting.ping(view.platform, view.by, connection_id)
    return show_trial(view, trials.start(view.by, "hooks", work))


@done(f"{_AT}/hooks/remove")
def remove(connection_id: Id, view: TheView, trials: TheTrials) -> Response[str]:
    """Have our hooks, and no others, deleted in CODING."""
    work = hook_setting.remove(view.platform, view.by, connection_id)
    return show_trial(view, trials.start(view.by, "hooks", work))


@done(f"{_AT}/model/reload")
def reload(connection_id: Id, view: TheView) -> Response[str]:
    """Load the model (模型加载) at the next look, which is soon."""
    views.source(view.platform, connection_id)
    view.platform.reload(connection_id)
    return view.page("connections/model.html", saved={"id": connection_id}, asked=True,
                     model=view.platform.models.get(connection_id))  # fmt: skip


@shown(f"/live{_AT}", part=True)
def now(connection_id: Id, view: TheView) -> Stream:
    """The light, and how the model stands."""
    views.source(view.platform, connection_id)

    def parts() -> dict[str, str]:
        saved = {"id": connection_id}
        status = service_urls.status(view.platform, connection_id)
        return {
            "light": view.render("connections/light.html", hooks=status),
            "model": view.render("connections/model.html", saved=saved, asked=False,
                                 model=view.platform.models.get(connection_id)),
        }  # fmt: skip

    return live(view, parts)


def _part(view: View, connection_id: int, hooks: dict[str, Any]) -> Response[str]:
    saved = {"id": connection_id}
    return view.page("connections/service_url.html", saved=saved, hooks=hooks, alone=True)


HANDLERS = (authorize, generate, rotate, retire, set_up, ping, remove, reload, now)
