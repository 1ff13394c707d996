"""The `Response` envelope: answers and errors, both inside HTTP 200 as clients expect them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from headrace.core.transport import Response

JSON_HEADERS = {"content-type": "application/json;charset=utf-8"}


class ApiError(Exception):
    """An answer with `Error`. `code` is one of the documented codes."""

    def __init__(
        self, code: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def answer(fields: Mapping[str, Any], request_id: str) -> Response:
    body = msgspec.json.encode({"Response": {**fields, "RequestId": request_id}})
    return Response(200, JSON_HEADERS, body)


def failure(error: ApiError, request_id: str) -> Response:
    fields = {"Error": {"Code": error.code, "Message": error.message}}
    return Response(200, JSON_HEADERS | error.headers, answer(fields, request_id).body)
