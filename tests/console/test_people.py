"""People, tokens and one's own account."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.console.conftest import Console, Opened
from tests.serving.conftest import ADMIN
from tests.web.api_site import PASSWORD, Client

from headrace.control.people import Role, User
from headrace.errors import Refused

NEW = "a quite different phrase"
OWN = {"sec-fetch-site": "same-origin"}


def named(console: Console, name: str) -> User:
    return next(one for one in console.behind.platform.people.users() if one.name == name)


def confirmed(page: Page, name: str, button: str) -> None:
    """The question names whom it is about; yes."""
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(name)
    dialog.get_by_role("button", name=button).click()


def test_a_user_is_added_promoted_disabled_and_deleted(console: Console, open_page: Opened) -> None:
    people, name = console.behind.platform.people, "member-17 <i>"
    page = open_page("/people")
    page.get_by_role("link", name="New user").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Operator").check()
    page.get_by_role("button", name="Save").click()
    row = page.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("Operator")
    assert people.sign_in(name, PASSWORD)

    row.get_by_role("link", name=f"Edit {name}").click()
    page.get_by_label("Viewer").check()
    page.get_by_role("button", name="Save the role").click()
    expect(row).to_contain_text("Viewer")
    row.get_by_role("link", name=f"Edit {name}").click()
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Set the password").click()
    confirmed(page, name, "Set the password")
    expect(row).to_be_visible()
    assert people.sign_in(name, NEW)

    row.get_by_role("link", name=f"Edit {name}").click()
    page.get_by_role("button", name="Disable").click()
    confirmed(page, name, "Disable")
    expect(page.get_by_role("button", name="Enable")).to_be_visible()
    with pytest.raises(Refused):
        people.sign_in(name, NEW)
    page.get_by_role("button", name="Delete").click()
    confirmed(page, name, "Delete")
    expect(page.get_by_role("heading", level=1)).to_have_text("People and tokens")
    expect(row).to_have_count(0)
    assert name not in [one.name for one in people.users()]


def test_the_last_admin_is_kept_and_it_says_why(console: Console, open_page: Opened) -> None:
    own = named(console, "admin-1").id
    page = open_page(f"/people/{own}")
    expect(page.get_by_text("This is the only admin")).to_be_visible()
    for name in ("Save the role", "Disable", "Delete"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_disabled()
    answer = page.request.post(f"/people/{own}/role", form={"role": "viewer"}, headers=OWN)
    assert answer.status == 409
    assert "No admin would be left." in answer.text()
    other = console.behind.platform.people.add(ADMIN, "admin-2", PASSWORD, Role.ADMIN)
    page.reload()
    expect(page.get_by_role("button", name="Delete", exact=True)).to_be_enabled()
    console.behind.platform.people.remove(ADMIN, other.id)


def test_a_name_that_is_taken_keeps_the_form(open_page: Opened) -> None:
    page = open_page("/people/new")
    page.get_by_label("Name").fill("viewer-1")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a user viewer-1 already.")
    expect(page.get_by_label("Password")).to_have_value(PASSWORD)


def test_one_makes_a_token_uses_it_and_revokes_it(console: Console, open_page: Opened) -> None:
    console.behind.platform.people.make_token(ADMIN, "of-the-admin", Role.VIEWER, days=1)
    page = open_page("/people", role="operator")
    expect(page.get_by_text("of-the-admin")).to_have_count(0)
    expect(page.get_by_role("link", name="New user")).to_have_count(0)
    roles = page.get_by_label("Role").locator("option")
    expect(roles).to_have_text(["Viewer", "Operator"])
    page.get_by_label("Name").fill("ci-17")
    page.get_by_label("Role").select_option("operator")
    page.get_by_role("button", name="Make a token").click()
    value = page.get_by_label("The new token").input_value()
    client = Client(console.url, token=value)
    assert client.get("/api/v1/session")["role"] == "operator"
    page.reload()
    expect(page.get_by_label("The new token")).to_have_count(0)
    row = page.get_by_role("row").filter(has_text="ci-17")
    expect(row).to_contain_text("in 90 days")
    row.get_by_role("button", name="Revoke").click()
    confirmed(page, "ci-17", "Revoke")
    expect(row).to_have_count(0)
    assert client.ask("GET", "/api/v1/session").status == 401


def test_admins_see_the_tokens_of_all(console: Console, open_page: Opened) -> None:
    viewer = named(console, "viewer-1")
    by = type(ADMIN)(viewer.id, viewer.name, viewer.role)
    console.behind.platform.people.make_token(by, "of-the-viewer", Role.VIEWER, days=None)
    page = open_page("/people")
    row = page.get_by_role("row").filter(has_text="of-the-viewer")
    expect(row).to_contain_text("viewer-1")
    expect(row).to_contain_text("until revoked")
    page.goto("/account")
    expect(page.get_by_text("of-the-viewer")).to_have_count(0)


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_only_admins_manage_people(console: Console, open_page: Opened, role: str) -> None:
    page = open_page("/people/new", role=role)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"A {role} may not do this.")
    own = named(console, f"{role}-1").id
    for path, form in (("role", {"role": "admin"}), ("delete", {}), ("disabled", {})):
        answer = page.request.post(f"/people/{own}/{path}", form=form, headers=OWN)
        assert answer.status == 403
    assert named(console, f"{role}-1").role == role


def test_one_changes_ones_password(console: Console, open_page: Opened) -> None:
    people = console.behind.platform.people
    other = people.sign_in("viewer-1", PASSWORD)
    page = open_page("/account", role="viewer")
    password = page.locator("#password-form")

    def asked(old: str, new: str, again: str) -> None:
        password.get_by_label("Present password").fill(old)
        password.get_by_label("New password", exact=True).fill(new)
        password.get_by_label("New password, once more").fill(again)
        password.get_by_role("button", name="Change the password").click()

    asked(PASSWORD, NEW, NEW + "!")
    expect(password.get_by_role("alert")).to_contain_text("two different ways")
    asked("not the password", NEW, NEW)
    expect(password.get_by_role("alert")).to_contain_text("The present password is wrong.")
    assert people.of_session(other) is not None
    asked(PASSWORD, NEW, NEW)
    expect(page.get_by_text("Your password is changed")).to_be_visible()
    assert people.of_session(other) is None
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("My account")
    assert people.sign_in("viewer-1", NEW)
    people.change(ADMIN, named(console, "viewer-1").id, password=PASSWORD)
