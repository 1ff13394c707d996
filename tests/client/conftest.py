"""The same site as the API's tests have."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.web.api_site import API, Client, admin, behind, site, world

from headrace.client import HeadraceClient

__all__ = ["admin", "behind", "site", "world"]


@pytest.fixture(scope="module")
def client(admin: Client) -> Iterator[HeadraceClient]:
    token = admin.post(f"{API}/tokens", {"name": "client", "role": "admin"})["token"]
    with HeadraceClient(admin.url, token) as one:
        yield one
