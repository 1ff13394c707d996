"""Every page against everybody, from one table; the headers of all; no page without its JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.web.api_site import Client, admin, behind, site, stranger, world

from headrace.control.people import Role
from headrace.web.site import Site

__all__ = ["admin", "behind", "site", "stranger", "world"]
NOBODY = "anybody"
NO_ONE = "7777"
KINDS = {"int": NO_ONE, "str": "nothing", "path": "nothing"}


FORMS = ("/new", "/form")  # these ask; the pages they lead to show


def handlers(site: Site) -> Iterator[tuple[str, str, Any]]:
    """Method, path and handler of all that the console has."""
    for route in site._console.routes:
        for handler in route.route_handlers:
            for method in handler.http_methods - {"OPTIONS"}:
                yield method, route.path, handler


def test_everybody_may_what_the_role_says(site: Site, admin: Client) -> None:
    everybody = {NOBODY: Client(admin.url)}
    for role in Role:
        body = {"name": f"page-{role}", "role": str(role)}
        everybody[role] = Client(admin.url, token=admin.post("/api/v1/tokens", body)["token"])
    for method, path, handler in handlers(site):
        needed = handler.opt.get("needs")
        assert needed is not None, f"{method} {path} does not say who may"
        if "/live/" in path:
            continue  # these never end; test_live.py has them
        where = re.sub(r"{\w+:(\w+)}", lambda found: KINDS[found[1]], path)
        for who, client in everybody.items():
            got = client.ask(method, where, b"" if method == "POST" else None,
                             content_type="application/x-www-form-urlencoded")  # fmt: skip
            told = (who, method, path, got.status)
            if needed == NOBODY:
                assert got.status not in (401, 403, 500), told
            elif who == NOBODY:
                assert got.status == 303 and "/sign-in" in got.headers["location"], told
            elif not Role(who).covers(Role(needed)):
                assert got.status == 403, told
            else:
                assert got.status not in (401, 403) and got.status < 500, told


def test_every_page_has_its_headers(site: Site, admin: Client) -> None:
    for where in ("/", "/nothing", "/sign-in", "/static/0/nothing.js"):
        headers = admin.ask("GET", where).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_every_page_has_a_twin_that_is_there(site: Site) -> None:
    """What a page shows comes as JSON as well: each says where, or shows nothing of its own."""
    known = {route.path.removeprefix("/api/v1") for route in site._api.routes}
    without = {
        path
        for method, path, handler in handlers(site)
        if method == "GET" and handler.opt["needs"] != NOBODY
        and not handler.opt.get("twin") and not handler.opt.get("part")
        and "/live/" not in path and not path.endswith(FORMS)
    }  # fmt: skip
    twins = {handler.opt["twin"] for _, _, handler in handlers(site) if handler.opt.get("twin")}
    assert twins <= known
    assert without == set()


def test_no_other_site_makes_a_browser_do_anything(site: Site, admin: Client) -> None:
    for method, path, _ in handlers(site):
        if method == "POST":
            where = re.sub(r"{\w+:(\w+)}", lambda found: KINDS[found[1]], path)
            answer = admin.ask(method, where, b"", sec_fetch_site="cross-site",
                               content_type="application/x-www-form-urlencoded")  # fmt: skip
            assert answer.status == 403, (path, answer.status)


@pytest.mark.parametrize("path", ["/static/../view.py", "/static/x/..%2fview.py", "/static//etc"])
def test_only_the_consoles_own_files_are_served(admin: Client, path: str) -> None:
    assert admin.ask("GET", path).status == 404
