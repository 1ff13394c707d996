"""Every text of the console has its Chinese, and one Chinese."""

from __future__ import annotations

import re

import pytest
from docs.words import first, missing, translated, used

from headrace.web.console.language import chosen

_HOLE = re.compile(r"%\(\w+\)[sd]|%[sd]")


def test_none_is_missing() -> None:
    assert [first(use.text) for use in missing()] == []


def test_none_is_there_for_nothing() -> None:
    wanted = {first(use.text) for use in used()}
    assert sorted(set(translated()) - wanted) == []


def test_one_text_has_one_translation_with_the_same_holes() -> None:
    for text, meant in translated().items():
        assert len(meant) == 1, (text, meant)
        [chinese] = meant
        assert sorted(_HOLE.findall(text)) == sorted(_HOLE.findall(chinese)), text


@pytest.mark.parametrize(
    ("cookie", "accept", "language"),
    [
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("", "de, en;q=0.5, zh;q=0.9", "zh"),
        ("", "fr", "en"), ("", "", "en"), ("en", "zh", "en"), ("xx", "zh-TW", "zh"),
        ("", "zh;q=nonsense, en", "en"),
    ],
)  # fmt: skip
def test_which_language(cookie: str, accept: str, language: str) -> None:
    assert chosen(cookie, accept) == language
