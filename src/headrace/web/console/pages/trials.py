"""How far a test, or other work that a person watches, has come."""

from __future__ import annotations

from typing import Annotated

from litestar import Response
from litestar.params import PathParameter

from headrace.control.people import Role
from headrace.web.console.trials import show_trial
from headrace.web.console.verbs import TheTrials, TheView, shown

Key = Annotated[str, PathParameter(max_length=40)]


@shown("/trials/{key:str}", needs=Role.OPERATOR, part=True)
def trial(key: Key, view: TheView, trials: TheTrials) -> Response[str]:
    """What was found so far."""
    return show_trial(view, trials.look(view.by, key))


HANDLERS = (trial,)
