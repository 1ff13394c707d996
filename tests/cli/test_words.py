"""The catalogue of sentences: complete in both languages, nothing missing, nothing idle."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import headrace.cli.words
from headrace.cli.run import COMMANDS
from headrace.cli.words import WORDS

from .conftest import Headrace

SOURCES = "\n".join(
    path.read_text("utf-8")
    for path in Path(headrace.cli.words.__file__).parent.glob("*.py")
    if not path.name.endswith("words.py")
)
LITERAL = set(re.findall(r'say\(\s*[\'"]([a-z_.]+)[\'"]', SOURCES))
PREFIXES = tuple(re.findall(r'say\(\s*f[\'"]([a-z_]+\.)\{', SOURCES))


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("key", WORDS)
def test_both_languages_say_the_same(key: str) -> None:
    both = WORDS[key]
    assert both.en.strip() and both.zh.strip()
    assert places(both.en) == places(both.zh)
    if "{" not in both.zh:
        assert re.search(r"[\u4e00-\u9fff]", both.zh), "not Chinese"
    assert not re.search(r"[\u4e00-\u9fff]", both.en), "not English"


def test_every_sentence_that_is_used_exists() -> None:
    assert set(WORDS) >= LITERAL


def test_no_sentence_is_idle() -> None:
    idle = {key for key in set(WORDS) - LITERAL if not key.startswith(PREFIXES)}
    assert idle == set()


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(headrace: Headrace, command: str, lang: str) -> None:
    ran = headrace(command, "--help", "--lang", lang)
    assert ran.code == 0
    assert WORDS[f"help.{command}.short"]
    assert bool(re.search(r"[\u4e00-\u9fff]", ran.out)) is (lang == "zh")


@pytest.mark.parametrize(
    ("variables", "chinese"),
    [
        ({"LANG": "zh_CN.UTF-8"}, True),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, False),
        ({"LANG": "en_US.UTF-8"}, False),
        ({}, False),
    ],
)
def test_language_of_the_environment(
    headrace: Headrace,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    chinese: bool,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert ("命令" in headrace("--help").out) is chinese
