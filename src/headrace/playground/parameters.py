"""Checking a request body against an Action's parameters, strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from .actions.action import Action, Parameter
from .envelope import ApiError

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def decode(body: bytes) -> dict[str, Any]:
    """The JSON object of a request; an empty body is an empty object. ApiError InvalidParameter."""
    try:
        decoded = msgspec.json.decode(body or b"{}")
    except msgspec.DecodeError as error:
        raise ApiError("InvalidParameter", "The request body is not JSON") from error
    if not isinstance(decoded, dict):
        raise ApiError("InvalidParameter", "The request body is not a JSON object")
    return decoded


def checked(action: Action, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters, without nulls.

    ApiError UnknownParameter, MissingParameter or InvalidParameterValue, naming the parameter.
    """
    values: dict[str, Any] = {}
    for name, value in given.items():
        if value is None:
            continue
        parameter = action.known.get(name)
        if parameter is None:
            raise ApiError("UnknownParameter", f"The parameter {name} is not known")
        values[name] = _value(parameter, value)
    for name in action.required:
        if name not in values:
            raise ApiError("MissingParameter", f"The parameter {name} is missing")
    return values


def _value(parameter: Parameter, value: Any) -> Any:
    kind = parameter.type
    if kind == "objects":
        value = value if isinstance(value, list) else [value]
        fits = all(isinstance(item, dict) for item in value)
    elif kind in ("integers", "strings"):
        fits = isinstance(value, list) and all(_fits(kind[:-1], item) for item in value)
    else:
        fits = _fits(kind, value)
    if not fits:
        raise ApiError("InvalidParameterValue", f"The parameter {parameter.name} is no {kind}")
    if parameter.choices:
        told = value if isinstance(value, list) else [value]
        if not all(one in parameter.choices for one in told):
            raise ApiError("InvalidParameterValue", f"{parameter.name} has a value unknown here")
    return value


def _fits(kind: str, value: Any) -> bool:
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "date":
        return isinstance(value, str) and bool(_DATE.fullmatch(value))
    return isinstance(value, str)
