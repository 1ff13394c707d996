"""What a delivery hints at: every known body, odd bodies, and no body that raises."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.coding.fakes import FIRST

from headrace.coding.hook_secrets import HookSecrets, kept_headers, signature_of
from headrace.coding.hooks import (
    PING,
    UNKNOWN,
    document_of,
    event_of,
    hints_of,
    project_of,
    why_no_hint,
)
from headrace.coding.streams import find
from headrace.core.ports import Delivery, Hint
from headrace.errors import Refused

DEFAULT_BODIES = Path(__file__).parents[2].parent / "shared" / "coding" / "hooks"
BODIES = Path(os.environ.get("HEADRACE_HOOKS", DEFAULT_BODIES))

PROJECT = 2001
ISSUE = Hint("issues", PROJECT, f"[{PROJECT},101]")
COMMENTED = Hint("issues", PROJECT, f"[{PROJECT},102]")
ITERATION = Hint("iterations", PROJECT, f"[{PROJECT},12]")
MEMBERS = Hint("project_members", PROJECT, None)


def delivery(document: Any, event: str = "", **headers: str) -> Delivery:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Delivery("d-1", event, 0, headers, body)


def hints(document: Any, event: str = "", **headers: str) -> tuple[Hint, ...]:
    return hints_of(delivery(document, event, **headers), FIRST)


# --- the bodies ----------------------------------------------------------------------------------


def bodies() -> Iterator[Path]:
    if not BODIES.is_dir():
        pytest.skip(f"there are no bodies in {BODIES}; name their folder by HEADRACE_HOOKS")
    yield from (p for p in sorted(BODIES.glob("*.json")) if p.name != "index.json")


def expected(event: str) -> set[Hint]:
    if event == "ISSUE_COMMENT_CREATED":
        return {COMMENTED}
    if event.startswith("ISSUE_"):
        return {ISSUE}
    if event == "ITERATION_PLANNED":
        return {ITERATION, Hint("issues", PROJECT, None)}
    if event.startswith("ITERATION_"):
        return {ITERATION}
    return {MEMBERS} if event.startswith("MEMBER_") else set()


def test_every_known_body_hints_at_what_it_should() -> None:
    seen = 0
    for path in bodies():
        document = json.loads(path.read_bytes())
        assert event_of({}, document) == path.stem
        one = delivery(document)
        assert set(hints_of(one, FIRST)) == expected(path.stem), path.stem
        assert bool(why_no_hint(one, FIRST)) is not bool(expected(path.stem))
        assert project_of(document) in (PROJECT, None)
        seen += 1
    assert seen >= 55


def test_known_bodies_hint_alike_with_texts_for_numbers() -> None:
    for path in bodies():
        body = path.read_text("utf-8")
        texts = json.loads(body, parse_int=str)
        floats = json.loads(body, parse_int=float)
        assert set(hints(texts)) == set(hints(floats)) == expected(path.stem)


def test_the_copy_of_an_issue_is_read_where_the_first_is_missing() -> None:
    for path in bodies():
        document = json.loads(path.read_bytes())
        if document.pop("issue", None):
            assert set(hints(document)) == {ISSUE}


def test_legacy_bodies() -> None:
    next(bodies())
    for name, header, event in (
        ("v1_ping", "ping", PING),
        ("v2_ping", "", PING),
        ("v2_push", "push", "GIT_PUSHED"),
    ):
        document = json.loads((BODIES / "legacy" / f"{name}.json").read_bytes())
        assert event_of({"x-coding-event": header}, document) == event
        assert hints(document, **{"x-coding-event": header}) == ()


# --- odd ones ------------------------------------------------------------------------------------


def test_a_body_that_does_not_name_its_record_hints_at_the_project() -> None:
    whole = Hint("issues", 7, None)
    for code in (0, -3, 1.5, "x", "", True, None, 2**70, [1], {"id": 1}):
        issue = {"project_id": 7, "code": code}
        assert hints({"event": "ISSUE_UPDATED", "issue": issue}) == (whole,)
    assert hints({"event": "ISSUE_UPDATED", "project": {"id": "7"}}) == (whole,)


def test_a_body_that_names_no_project_hints_at_all() -> None:
    assert hints({"event": "MEMBER_CREATED"}) == (Hint("project_members", None, None),)
    assert hints({}, "member") == (Hint("project_members", None, None),)


def test_an_issue_names_its_project_itself() -> None:
    document = {"event": "ISSUE_CREATED", "issue": {"project_id": "7", "code": "0041"}}
    assert hints(document) == (Hint("issues", 7, "[7,41]"),)


def test_reasons() -> None:
    issues = find(["issues"])
    assert why_no_hint(delivery({"event": "PING"}), issues) == "a test event"
    assert "GIT_PUSHED" in why_no_hint(delivery({"event": "GIT_PUSHED"}), issues)
    assert "no JSON" in why_no_hint(delivery(b"hello", "ISSUE_UPDATED"), issues)
    assert "no JSON object" in why_no_hint(delivery(b"[]", "ISSUE_UPDATED"), issues)
    assert why_no_hint(delivery({"event": "ISSUE_UPDATED"}), issues) == ""


def test_the_event_of_the_signed_body_wins() -> None:
    headers = {"x-coding-service-hook-event": "GIT_PUSHED", "x-coding-event": "ping"}
    assert event_of(headers, {"event": " ISSUE_CREATED "}) == "ISSUE_CREATED"
    assert event_of(headers, {"event": 5}) == "GIT_PUSHED"
    assert event_of({}, {"event": "x" * 999}) == "x" * 64
    assert event_of({}, None) == UNKNOWN
    assert hints({"event": "MEMBER_CREATED"}, UNKNOWN) != ()


def test_a_form_is_read_by_its_payload() -> None:
    as_form = "application/x-www-form-urlencoded; charset=utf-8"
    assert document_of(b'payload={"a":%201}&x=1', as_form) == {"a": 1}
    assert document_of(b"x=1", as_form) is None
    assert document_of(b"&".join([b"payload=1"] * 50), as_form) is None


def test_a_project_that_reads_otherwise_than_on_file() -> None:
    told = {"id": PROJECT, "name": "demo", "display_name": "Demo", "description": ""}
    one = delivery({"event": "MEMBER_CREATED", "project": told})
    filed: dict[str, Any] = {"Name": "demo", "DisplayName": "Demo", "Description": ""}
    wanted = Hint("projects", PROJECT, f"[{PROJECT}]")

    def found(row: dict[str, Any] | None, streams: str = "*") -> bool:
        return wanted in hints_of(one, find([streams]), on_file=lambda _stream, _key: row)

    assert not found(filed)
    assert not found(None)
    assert found(filed | {"Name": "before"})
    assert found(filed | {"DisplayName": "Before"})
    assert not found(filed | {"Name": "before"}, "project_members")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["event", "issue", "project", "id", "code", "project_id", "iteration"])
            | st.text(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
events = st.sampled_from(["", "ISSUE_UPDATED", "ITERATION_PLANNED", "MEMBER_CREATED", "PING", "x"])


@given(document=json_values, event=events)
def test_no_json_raises(document: Any, event: str) -> None:
    one = delivery(document, event)
    found = hints_of(one, FIRST, on_file=lambda _stream, _key: {"Name": "x"})
    if not found:
        assert why_no_hint(one, FIRST)
    for hint in found:
        assert hint.project_id is None or 0 < hint.project_id < 2**63
        assert hint.key is None or isinstance(json.loads(hint.key), list)


@given(body=st.binary(max_size=60), form=st.booleans(), event=events)
def test_no_bytes_raise(body: bytes, form: bool, event: str) -> None:
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    one = Delivery("d", event, 0, {"content-type": kind}, body)
    assert bool(hints_of(one, FIRST)) is not bool(why_no_hint(one, FIRST))


@pytest.mark.parametrize("body", [b"[" * 500_000, b"[" * 99_999 + b"]" * 99_999, b"1" * 9999])
def test_no_monster_raises(body: bytes) -> None:
    assert hints_of(delivery(body), FIRST) == ()


# --- secrets -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        ("short", ("token-of-today",), "", ""),
        ("has/slash/in/its/middle", ("token-of-today",), "", ""),
        ("url-secret-0123456789", (), "", ""),
        ("url-secret-0123456789", ("a" * 8, "b" * 8, "c" * 8), "", ""),
        ("url-secret-0123456789", ('quo"te-inside',), "", ""),
        ("url-secret-0123456789", ("token-of-today",), "carol", ""),
        ("url-secret-0123456789", ("token-of-today",), "ca:rol", "password"),
    ],
)
def test_unsafe_secrets_are_refused_and_not_repeated(given: tuple[Any, ...]) -> None:
    with pytest.raises(Refused) as refused:
        HookSecrets(*given)
    assert given[0] not in str(refused.value)


def test_secrets_stay_out_of_the_repr() -> None:
    secrets = HookSecrets("url-secret-0123456789", ("token-of-today",), "carol", "password")
    assert "secret-0" not in repr(secrets) and "today" not in repr(secrets)
    assert "password='" not in repr(secrets)


def test_the_signature_is_the_documented_one() -> None:
    body = b"The quick brown fox jumps over the lazy dog"
    assert signature_of("key", body) == "sha1=de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9"


def test_few_headers_are_kept() -> None:
    many = {f"x-coding-{number}": "v" * 9999 for number in range(99)}
    kept = kept_headers(many | {"authorization": "a", "cookie": "c", "user-agent": "u"})
    assert len(kept) == 20
    assert all(len(value) <= 500 for value in kept.values())
    assert not {"authorization", "cookie"} & set(kept)
