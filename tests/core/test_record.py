"""Bodies, digests and keys: equal content has equal bytes, and no byte of it is invented."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.record import Record, decode_json, digest_of, encode_body, make_key

json_values: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
bodies = st.dictionaries(st.text(), json_values, max_size=6)


@given(bodies)
def test_bodies_survive(body: dict[str, Any]) -> None:
    assert decode_json(encode_body(body)) == body


@given(bodies, st.randoms())
def test_order_of_fields_does_not_matter(body: dict[str, Any], dice: Any) -> None:
    items = list(body.items())
    dice.shuffle(items)
    assert encode_body(dict(items)) == encode_body(body)
    assert digest_of(encode_body(dict(items))) == digest_of(encode_body(body))


@given(bodies, bodies)
def test_other_content_has_another_digest(a: dict[str, Any], b: dict[str, Any]) -> None:
    same = encode_body(a) == encode_body(b)
    assert (digest_of(encode_body(a)) == digest_of(encode_body(b))) is same


@given(bodies)
def test_every_spelling_of_json_reads_alike(body: dict[str, Any]) -> None:
    loose = json.dumps(body, ensure_ascii=True, indent=1).encode()
    assert decode_json(loose) == body


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (r'"\ud800"', "�"),
        (r'"a\udfffb"', "a�b"),
        ("\"raw \ud800\"", "raw �"),
        (r'"\ud83d\ude00"', "😀"),
        (r'["\ud800", "\ud83d\ude00", "中文"]', ["�", "😀", "中文"]),
        (r'{"\ud800": {"b": "\udc00"}}', {"�": {"b": "�"}}),
        (r'{"a": "\ud800", "n": 123456789012345678901234567890}',
         {"a": "�", "n": 123456789012345678901234567890}),
        (r'{"a": "\ud800", "f": 0.1, "t": true, "z": null}',
         {"a": "�", "f": 0.1, "t": True, "z": None}),
    ],
)  # fmt: skip
def test_lone_surrogates_become_replacement_characters(text: str, wanted: Any) -> None:
    """And nothing else changes; what comes out can be encoded again."""
    found = decode_json(text.encode("utf-8", "surrogatepass"))
    assert found == wanted
    assert decode_json(encode_body({"found": found})) == {"found": wanted}


@pytest.mark.parametrize(
    "text",
    [
        *("NaN", "Infinity", "-Infinity", '{"a":NaN}'),
        *("", "{", "[1,]", "nul", "'a'", "1 2", "<p>"),
    ],
)
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any kind of ValueError is promised
        decode_json(text.encode())


@pytest.mark.parametrize("data", [b"\xff", b'"\xff"', b'{"a":"\xc0\x80"}'])
def test_bytes_that_are_not_utf8_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        decode_json(data)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert decode_json(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


@pytest.mark.parametrize(
    "number", [2**53 + 1, 2**63, 2**64 - 1, 2**64, -(2**63) - 1, 10**30, -(10**40)]
)
def test_huge_integers_stay_exact(number: int) -> None:
    assert decode_json(f'{{"n":{number}}}'.encode()) == {"n": number}
    assert decode_json(encode_body({"n": number})) == {"n": number}


def test_keys_are_canonical() -> None:
    assert make_key((2001, 41)) == "[2001,41]"
    assert make_key((1, "中 文", 'a"b')) == '[1,"中 文","a\\"b"]'
    assert make_key(()) == "[]"
    assert make_key((1, "2")) != make_key((1, 2)) != make_key((12,))


def test_a_record_decodes_its_body() -> None:
    body = encode_body({"b": 1, "a": [None]})
    assert body == b'{"a":[null],"b":1}'
    assert Record("s", "[1]", "[]", None, digest_of(body), body).value() == {"a": [None], "b": 1}
    assert len(digest_of(body)) == 16
