"""Settings: what this server is, and all connections and tasks as a file, out and in."""

from __future__ import annotations

import shlex

from litestar import Response

from headrace.app.serving.about import about
from headrace.control.people import Role
from headrace.web.console.pages.audit import differences
from headrace.web.console.verbs import TheForm, TheView, done, shown


@shown("/settings", needs=Role.OPERATOR, twin="/server")
def page(view: TheView) -> Response[str]:
    """What it is."""
    found = about(view.platform, view.front.public_url)
    return view.page(
        "settings/page.html", section="settings", twin="/server", server=found,
        command=_rotating(found["data"], found["store"]["type"]),
    )  # fmt: skip


@done("/settings/import/rehearsal")
def rehearse(view: TheView, form: TheForm) -> Response[str]:
    """What a file would change, with a button that has it done."""
    assert view.person is not None
    found = view.platform.rehearsal.of(view.person, str(form.get("toml", "")))
    steps = [
        {**one, "changes": list(differences(one["before"], one["after"]))} for one in found.steps
    ]
    return view.page("settings/rehearsed.html", rehearsed=found, steps=steps)


@done("/settings/import")
def apply(view: TheView, form: TheForm) -> Response[str]:
    """Make and change what a file says."""
    assert view.person is not None
    applied = view.platform.files.apply_text(view.person, str(form.get("toml", "")))
    return view.page("settings/applied.html", applied=applied)


def _rotating(data: str, store: str) -> str:
    """The command that changes the key."""
    command = f"headrace rotate-key --data {shlex.quote(data)}"
    return command if store == "sqlite" else f"{command} --store postgresql://..."


HANDLERS = (page, rehearse, apply)
