"""Work that a person watches, as a part of a page that asks for itself again until it is done."""

from __future__ import annotations

from litestar import Response

from headrace.app.serving.platform import check_item
from headrace.app.serving.trials import Trial
from headrace.web.console.view import View

TEMPLATES = {
    "check": "trials/check.html", "hooks": "trials/hooks.html",
    "precheck": "tasks/precheck.html", "verify": "tasks/verify.html",
}  # fmt: skip
_CHECKS = ("check", "precheck")


def show_trial(view: View, trial: Trial) -> Response[str]:
    """How far it is."""
    done = trial.done  # before its items: what comes between the two is not missed
    found = list(trial.items)
    shown = [check_item(one) for one in found] if trial.kind in _CHECKS else found
    return view.page(TEMPLATES[trial.kind], trial=trial, done=done, shown=shown)
