from __future__ import annotations

import pytest
from tests.coding.fakes import SECRET

from headrace.coding.auth import PersonalToken, ProjectToken, masked, parse_token
from headrace.coding.oauth import Grant, OAuthApp
from headrace.errors import Refused


def test_the_three_kinds_of_header() -> None:
    assert parse_token(f" {SECRET}\n").header() == f"token {SECRET}"
    assert parse_token("user:pass:word").header() == "Basic dXNlcjpwYXNzOndvcmQ="
    assert Grant(SECRET, "r", 0).header == f"Bearer {SECRET}"


def test_the_colon_tells_project_tokens_apart() -> None:
    assert parse_token("abc") == PersonalToken("abc")
    assert parse_token("abc:def") == ProjectToken("abc", "def")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "token abc",
        "Bearer abc",
        "ab\r\nX: y",
        "ａｂｃ",
        "a\x00b",
        ":",
        "a:",
        ":b",
        "x" * 5000,
    ],
)
def test_what_is_no_token_is_refused_unrepeated(text: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_token(text)
    assert caught.value.advice
    assert len(text) < 3 or text not in str(caught.value)


@pytest.mark.parametrize(
    "holder",
    [
        PersonalToken(SECRET),
        ProjectToken(SECRET, SECRET),
        Grant(SECRET, SECRET, 0),
        OAuthApp("https://x", "id", SECRET),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_no_repr_shows_a_secret(holder: object) -> None:
    assert SECRET not in repr(holder) + str(holder)


def test_masking_finds_every_form() -> None:
    header = ProjectToken("user", "pass").header()
    text = f"bad {header} of user:pass, that is pass"
    assert masked(text, header) == "bad Basic *** of ***, that is ***"
    assert masked("x", "token ") == "x"
    assert masked("x !!", "Basic !!") == "x ***"


def test_a_token_cannot_be_renewed() -> None:
    assert not PersonalToken("a").renew("token a")
    assert not ProjectToken("a", "b").renew("Basic x")
