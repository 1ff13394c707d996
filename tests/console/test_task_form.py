"""The form of a task loses nothing: settings that are shown and sent back are the same."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.datastructures import FormMultiDict

from headrace.coding.streams import CATALOGUE
from headrace.errors import Refused
from headrace.web.console.task_form import of_settings, posted, settings_of

_NAMES = st.lists(st.sampled_from([one.name for one in CATALOGUE]), min_size=1, unique=True)
_STREAMS = st.just([]) | _NAMES | st.lists(st.sampled_from(["issue*", "*", "ci_*"]), min_size=1)
SETTINGS = st.fixed_dictionaries({}, optional={
    "streams": _STREAMS,
    "write": st.sampled_from(["history", "changes"]),
    "deletes": st.just("hard"),
    "rejects": st.just("stop"),
    "start": st.sampled_from(["snapshot", "now", "2026-01-01T08:00"]),
    "new_streams": st.just(False),
    "agent": st.sampled_from(["local", "agent-2"]),
})  # fmt: skip


def sent(fields: dict[str, Any]) -> FormMultiDict:
    """What a browser sends of a form with these fields."""
    pairs = [(name, value) for name, value in fields.items() if isinstance(value, str)]
    pairs += [("streams", name) for name in fields["streams"]]
    pairs += [("new_streams", "on")] if fields["new_streams"] else []
    return FormMultiDict(parse_qsl(urlencode(pairs), keep_blank_values=True))


@given(SETTINGS)
def test_settings_come_back_as_they_were(settings: dict[str, Any]) -> None:
    wanted = {key: value for key, value in settings.items() if value != []}
    assert settings_of(posted(sent(of_settings(settings)))) == wanted


@pytest.mark.parametrize(
    ("start", "shown"),
    [("2026-01-01T00:00:00Z", "2026-01-01T08:00"), ("2026-01-01", "2026-01-01T00:00")],
)
def test_a_time_is_shown_as_codings(start: str, shown: str) -> None:
    fields = of_settings({"start": start})
    assert (fields["begin"], fields["since"]) == ("since", shown)


@pytest.mark.parametrize(
    "wrong",
    [{"which": "some"}, {"begin": "since"}, {"write": "nothing"}, {"filters": "x"},
     {"which": "patterns", "patterns": "isue*"}, {"agent": "x" * 201}, {"filters": "a.b=\0"},
     {"begin": "since", "since": "2999-01-01T00:00"}],
)  # fmt: skip
def test_what_cannot_be_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(Refused):
        settings_of(of_settings({}) | wrong)
