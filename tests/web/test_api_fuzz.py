"""schemathesis against a real server: whatever is sent, no answer is a 5xx of ours, each is as
described, and nobody without a token gets data. The same requests in each run; many more in CI."""

from __future__ import annotations

import os
from itertools import count
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from tests.cli.conftest import World
from tests.serving.conftest import Site as Behind
from tests.web.api_site import API, PROBLEM, Client, destination, source
from tests.web.documented import description
from tests.web.test_api_access import NOBODY, TABLE

from headrace.control.people import Person, Role

pytestmark = pytest.mark.long

CI = bool(os.environ.get("HEADRACE_CI"))
_LARGEST = 2**31  # numbers that are valid
_THERE = 3  # so many things of each kind there are, with the numbers from 1 on
_ELSEWHERE = "/connections/(check|projects)$"  # they would knock at any address that is made up
_numbers = count()


def bounded(examples: int, *phases: Phase) -> settings:
    return settings(
        max_examples=examples, deadline=None, derandomize=True, database=None,
        phases=(Phase.generate, *phases), suppress_health_check=list(HealthCheck),
    )  # fmt: skip


_SHUT = {
    (method, API + path.replace(":int}", "}").replace(":str}", "}"))
    for (method, path), who in TABLE.items()
    if who != NOBODY
}
# What is valid by itself may still clash with what is there; that the team is away is no fault.
_LEFT_OUT = [positive_data_acceptance, not_a_server_error]
_TOO_LONG = "/import"  # its text is too long from a million characters on: what is made is shorter

schema = schemathesis.openapi.from_dict(description())
schema.config.generation.update(allow_extra_parameters=False)  # unknown ones are ignored


@schema.hook
def map_path_parameters(_context: Any, path_parameters: Any) -> Any:
    """Numbers mostly mean something that is there."""
    return {
        name: 1 + value % _THERE if type(value) is int and 0 <= value < _LARGEST else value
        for name, value in (path_parameters or {}).items()
    }


@pytest.fixture(scope="module")
def full(admin: Client, behind: Behind, world: World) -> str:
    """Where the server is; there is something of everything."""
    for number in range(_THERE):
        team = admin.post(f"{API}/connections", {**source(world), "name": f"team {number}"})
        copy = admin.post(f"{API}/connections", destination(f"copy-{number}"))
        given = {"name": f"task {number}", "source_id": team["id"], "destination_id": copy["id"]}
        admin.post(f"{API}/tasks", given)
        hook = {"url": "http://127.0.0.1:1/", "secret": "x" * 16}
        body = {"name": f"channel {number}", "type": "webhook", "settings": hook}
        admin.post(f"{API}/channels", body)
    return admin.url


@pytest.fixture
def token(behind: Behind) -> str:
    """A new one for each route: one of them ends tokens."""
    first, name = Person(1, "admin-1", Role.ADMIN), f"fuzz-{next(_numbers)}"
    return behind.platform.people.make_token(first, name, Role.ADMIN, days=1)


@schema.exclude(path_regex=_ELSEWHERE).parametrize()
@bounded(100, Phase.explicit) if CI else bounded(5)
def test_an_admin_breaks_nothing(case: schemathesis.Case, full: str, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    left_out = list(_LEFT_OUT)
    if _TOO_LONG in case.operation.path:
        left_out.append(negative_data_rejection)
    answer = case.call_and_validate(base_url=full, headers=headers, excluded_checks=left_out)
    assert answer.status_code < 500 or answer.status_code == 503, answer.text


@schema.parametrize()
@bounded(50 if CI else 2)
def test_a_stranger_gets_nothing(case: schemathesis.Case, full: str) -> None:
    answer = case.call(base_url=full)
    if (case.method, case.operation.path) in _SHUT:
        assert answer.status_code in (401, 403, 404, 405), answer.text
        assert set(answer.json()) == PROBLEM
    assert answer.status_code < 500
