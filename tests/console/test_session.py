"""Signing in, being signed out, the first admin; languages and colours."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.console.conftest import Console, Opened
from tests.web.api_site import PASSWORD

from headrace.app.serving.platform import Platform
from headrace.web.site import Site


def test_one_signs_in_and_is_where_one_wanted_to_be(console: Console, open_page: Opened) -> None:
    page = open_page("/?x=1", role=None)
    expect(page).to_have_url(f"{console.url}/sign-in?next=/%3Fx%3D1")
    page.get_by_label("Name").fill("admin-1")
    page.get_by_label("Password").fill("wrong password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("admin-1")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{console.url}/?x=1")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    page.get_by_role("button", name="Sign out").first.click()
    expect(page).to_have_url(f"{console.url}/sign-in")


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_one_is_never_sent_elsewhere(console: Console, open_page: Opened, target: str) -> None:
    page = open_page(f"/sign-in?next={target}", role=None)
    page.get_by_label("Name").fill("admin-1")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{console.url}/")


def test_the_language_is_the_browsers_until_another_is_chosen(open_page: Opened) -> None:
    page = open_page("/", language="zh")
    expect(page.get_by_role("heading", level=1)).to_have_text("概览")
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    page.get_by_role("button", name="English").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def test_colours_follow_the_system_until_others_are_chosen(open_page: Opened) -> None:
    page = open_page("/", theme="dark")
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    page.get_by_role("button", name="Change the colours").first.click()
    page.get_by_role("button", name="Change the colours").first.click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_the_first_admin(browser: Browser, tmp_path: Path) -> None:
    with Platform(tmp_path) as platform:
        code = platform.people.make_setup_code()
        with Site(platform, listen="127.0.0.1:0") as site:
            window = browser.new_context(base_url=f"http://127.0.0.1:{site.port}", locale="en-US")
            page = window.new_page()
            page.goto("/")
            expect(page.get_by_role("heading", name="Nobody is here yet")).to_be_visible()
            page.goto(f"/setup#{code}")
            page.get_by_label("Name").fill("admin-1")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Begin").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
            assert code not in page.url
            page.goto("/setup")
            expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
            window.close()


def test_a_page_that_is_not_there(open_page: Opened) -> None:
    page = open_page("/no/such/page")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page.")
    page.get_by_role("link", name="To the overview").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
