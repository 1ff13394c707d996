"""Every text that people see has its Chinese, and nothing stands in the catalogue for nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest
from docs.speech import alerts, missing, msgid, superfluous, used

from headrace.speech import translate
from headrace.speech.catalogue import WORDS, Message, catalogue, messages
from headrace.speech.templates import Template, template

pytestmark = pytest.mark.long

ALL = [one for one in messages("zh") if one.file != WORDS]
_TOLD_SHORTER = "The hooks of {} have gone quiet: {}"  # its Chinese says the reason itself


@pytest.fixture(scope="module")
def said() -> Mapping[str, set[str]]:
    """What the code says."""
    return used()


def test_the_reading_of_the_code_finds_what_is_there(said: Mapping[str, set[str]]) -> None:
    """One of each way in which a text comes to be said."""
    assert {
        "There is a connection {} already.",  # an f-string
        "Load it again; nothing of yours was saved.",  # an advice
        "{} s ahead of CODING", "{} s behind CODING",  # a choice within a text
        "readable, {} records in {}",  # put together from local names
        "does not begin with https:// or http://",  # given to a function that raises
        "Look at the task again: it has moved on.",  # the default of a table
        "Stop it first.",  # in a table
        "It is not stopped.",  # returned by a function
        "no usable key ({})",  # a reason that is kept
        "write a number and a unit, such as 30s, 5m or 1h",  # a ValueError's
        "The mining of {} is stopped.",  # in a document
        "Task {} is {} s behind.",  # an alert, in the log
    } <= set(said)  # fmt: skip


def test_none_is_missing() -> None:
    assert sorted(missing()) == []


def test_none_is_there_for_nothing() -> None:
    assert superfluous() == []


def test_each_is_there_once() -> None:
    assert [text for text, times in Counter(one.english for one in ALL).items() if times > 1] == []


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.english)
def test_it_has_the_same_holes_and_says_what_it_should(one: Message) -> None:
    english, chinese = template(one.english), template(one.translated)
    holes = Counter(hole.index for hole in chinese.holes)
    if one.english != _TOLD_SHORTER:
        assert holes == Counter(range(len(english.holes)))
    values = _values(english, chinese)
    expected = [catalogue("zh").words.get(value, value) for value in values]
    assert translate(english.filled(values), "zh") == chinese.filled(expected)


def _values(english: Template, chinese: Template) -> list[str]:
    """Something for each hole: names, but a known word where one is wanted."""
    words = {hole.index for hole in chinese.holes if hole.word}
    return ["running" if at in words else f"demo-{at}" for at in range(len(english.holes))]


def test_alerts_say_in_the_log_what_they_say_elsewhere() -> None:
    told = {one.english: one.translated for one in ALL}
    for english, chinese in alerts().items():
        assert template(told[msgid(english)]) == template(chinese), english
