"""Every answer CODING or something before it may give, and the error it becomes."""

from __future__ import annotations

import json
import traceback

import pytest
from tests.coding.fakes import SECRET, failed, make_client, ok

from headrace.coding.envelope import BadRequest
from headrace.core.retry import RetryPolicy
from headrace.core.transport import Response
from headrace.errors import (
    BadToken,
    HeadraceError,
    NotFound,
    NotPermitted,
    Throttled,
    Unavailable,
    Withdrawn,
)

ONCE = RetryPolicy(attempts=1)


def error_of(reply: Response, **expected: object) -> HeadraceError:
    client, _, _ = make_client([reply], retry=ONCE)
    with pytest.raises(HeadraceError) as caught:
        client.call("DescribeX", {}, **({"expects": "Data"} | expected))  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AuthFailure", BadToken),
        ("AuthFailure.SignatureFailure", BadToken),
        ("UnauthorizedOperation", NotPermitted),
        ("OperationDenied", Withdrawn),
        ("UnsupportedOperation", Withdrawn),
        ("ResourcesSoldOut", Withdrawn),
        ("DryRunOperation", Withdrawn),
        ("ResourceNotFound", NotFound),
        ("RequestLimitExceeded", Throttled),
        ("LimitExceeded", Throttled),
        ("InternalError", Unavailable),
        ("FailedOperation", Unavailable),
        ("ResourceUnavailable", Unavailable),
        ("ResourceInUse", Unavailable),
        ("ResourceInsufficient", Unavailable),
        ("InvalidParameter", BadRequest),
        ("InvalidParameterValue", BadRequest),
        ("InvalidParameterValue.EmailNotFoundAccount", BadRequest),
        ("MissingParameter", BadRequest),
        ("UnknownParameter", BadRequest),
        ("SomethingNew", Unavailable),
        ("", Unavailable),
    ],
)
def test_each_code(code: str, kind: type[HeadraceError]) -> None:
    error = error_of(failed(code, "it says no"))
    assert type(error) is kind
    for part in ("DescribeX", code, "it says no", "req-1"):
        assert part in str(error)


def test_a_code_counts_whatever_the_status_is() -> None:
    assert type(error_of(failed("ResourceNotFound", status=404))) is NotFound
    assert type(error_of(failed("UnauthorizedOperation", status=403))) is NotPermitted


def test_an_unknown_user_is_a_bad_token_under_any_code() -> None:
    reply = failed("InvalidParameter", "User not found, authorization invalid")
    assert type(error_of(reply)) is BadToken


@pytest.mark.parametrize("error", ["text", ["x"], 5, {"Code": None, "Message": None}, {}])
def test_an_odd_error_is_still_an_error(error: object) -> None:
    assert type(error_of(ok(Error=error, Data={}))) is Unavailable


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, Unavailable), (302, Unavailable), (307, Unavailable), (400, Unavailable),
        (401, BadToken), (403, NotPermitted), (404, Unavailable), (405, Unavailable),
        (413, Unavailable), (429, Throttled), (500, Unavailable), (502, Unavailable),
        (503, Unavailable), (504, Unavailable), (201, Unavailable), (204, Unavailable),
    ],
)  # fmt: skip
def test_each_status_without_an_envelope(status: int, kind: type[HeadraceError]) -> None:
    error = error_of(Response(status, {"location": "https://evil.example.com"}, b"<html>"))
    assert type(error) is kind
    assert f"HTTP {status}" in str(error)


def test_no_status_but_200_is_a_success() -> None:
    assert type(error_of(ok(status=500, Data={}))) is Unavailable
    assert type(error_of(ok(status=302, Data={}))) is Unavailable
    assert type(error_of(ok(status=404, Data={}))) is Unavailable


@pytest.mark.parametrize(
    "body",
    [
        b"", b"  ", b"<html>login</html>", b"<!doctype html>", b"OK", b"null", b"[]", b"1", b'"x"',
        b"{}", b'{"Response":null}', b'{"Response":[]}', b'{"Response":{"Data":{"Li',
        b'{"Response":{"Data":NaN}}', b"\xff\xfe", b'{"code":0,"data":{}}', b"[" * 5000,
        b'{"Response":{"RequestId":"req-1"}}', b'{"Response":{"Data":null}}',
        b'{"Response":{"Data":[]}}', b'{"Response":{"Data":"x"}}',
    ],
)  # fmt: skip
def test_anything_less_than_the_expected_object_is_no_success(body: bytes) -> None:
    error = error_of(Response(200, {}, body))
    assert type(error) is Unavailable
    assert "DescribeX" in str(error)


@pytest.mark.parametrize(
    "data",
    [
        {}, {"Total": 0}, {"List": None}, {"List": None, "Total": 3}, {"List": None, "Total": None},
        {"List": None, "Total": False, "x": 1} | {"Total": "0"}, {"List": {}, "Total": 0},
        {"List": "", "Total": 0},
    ],
)  # fmt: skip
def test_a_missing_list_is_never_an_empty_one(data: object) -> None:
    error = error_of(ok(Data=data), expects="Data.List", many=True, total="Data.Total")
    assert type(error) is Unavailable
    assert "req-1" in str(error)


def test_a_null_list_is_empty_unless_the_count_says_otherwise() -> None:
    client, _, _ = make_client([ok(Data={"List": None, "Total": 0})])
    answer = client.call("DescribeX", {}, expects="Data.List", many=True, total="Data.Total")
    assert answer.at("Data.List") is None
    client, _, _ = make_client([ok(List=None)])
    assert client.call("DescribeX", {}, expects="List", many=True).at("List") is None
    assert type(error_of(ok(Lost=None), expects="List", many=True)) is Unavailable


def test_an_empty_list_is_a_success() -> None:
    client, _, _ = make_client([ok(List=[], headers={"date": "Tue, 15 Nov 1994 08:12:31 GMT"})])
    answer = client.call("DescribeX", {}, expects="List", many=True)
    assert answer.response == {"RequestId": "req-1", "List": []}
    assert answer.server_ms == 784887151000
    assert answer.request_id == "req-1"


@pytest.mark.parametrize("date", ["", "yesterday", "Tue, 99 Nov 1994 08:12:31 GMT", "0"])
def test_an_odd_date_is_no_time(date: str) -> None:
    client, _, _ = make_client([ok(List=[], headers={"date": date})])
    assert client.call("DescribeX", {}, expects="List", many=True).server_ms is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0), ("0", 0.0), ("Mon, 21 Sep 2026 14:13:30 GMT", 10.0),
        ("Mon, 21 Sep 2020 14:13:30 GMT", 0.0), ("-5", None), ("soon", None), ("1.5", None),
        ("٣", None), ("", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_in_both_forms(text: str, seconds: float | None) -> None:
    error = error_of(Response(429, {"retry-after": text}, b""))
    assert isinstance(error, Throttled)
    assert error.retry_after_seconds == seconds


def test_a_message_is_one_short_line() -> None:
    error = error_of(failed("InvalidParameter", "a\r\nb\x1b[31m" + "x" * 9999))
    assert len(str(error)) < 600
    assert str(error).isprintable()


@pytest.mark.parametrize("status", [200, 401, 403, 429, 500])
def test_the_token_is_in_no_error(status: int) -> None:
    message = f"The token {SECRET} is wrong"
    client, _, _ = make_client([failed("AuthFailure", message, status=status)], retry=ONCE)
    with pytest.raises(HeadraceError) as caught:
        client.call("DescribeX", {}, expects="Data")
    error = caught.value
    shown = f"{error} {error!r} {error.args} {error.message}"
    assert SECRET not in shown + "".join(traceback.format_exception(error))
    assert "The token *** is wrong" in shown


def test_lone_surrogates_do_not_break_an_answer() -> None:
    body = json.dumps({"Response": {"Data": {"Name": "a"}}}).replace('"a"', '"\\ud800"')
    client, _, _ = make_client([Response(200, {}, body.encode())])
    assert client.call("DescribeX", {}, expects="Data").at("Data.Name") == "\ufffd"
