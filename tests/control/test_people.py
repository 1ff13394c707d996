"""Users, sessions, tokens: who is let in, and what is kept of their secrets."""

from __future__ import annotations

import pytest
from tests.control.conftest import Desk

from headrace.control.people import IDLE_MS, SESSION_MS, SETUP_MS, Person, Role
from headrace.errors import Refused

PASSWORD = "correct horse battery"


@pytest.fixture
def admin(desk: Desk) -> Person:
    return desk.people.set_up(desk.people.make_setup_code(), "admin-1", PASSWORD)


def test_the_first_admin_comes_by_a_code_that_works_once(desk: Desk) -> None:
    assert desk.people.needs_setup()
    code = desk.people.make_setup_code()
    with pytest.raises(Refused, match="not good"):
        desk.people.set_up(code + "x", "admin-1", PASSWORD)
    desk.people.set_up(code, "admin-1", PASSWORD)
    assert not desk.people.needs_setup()
    with pytest.raises(Refused, match="not good"):
        desk.people.set_up(code, "admin-2", PASSWORD)


def test_a_code_ends_with_the_next_and_after_a_day(desk: Desk) -> None:
    first, second = desk.people.make_setup_code(), desk.people.make_setup_code()
    with pytest.raises(Refused):
        desk.people.set_up(first, "admin-1", PASSWORD)
    desk.clock.advance(SETUP_MS + 1)
    with pytest.raises(Refused):
        desk.people.set_up(second, "admin-1", PASSWORD)


@pytest.mark.parametrize("password", ["", "short", "x" * 2000])
def test_passwords_have_a_length(desk: Desk, admin: Person, password: str) -> None:
    with pytest.raises(Refused, match="12 to 1024"):
        desk.people.add(admin, "viewer-1", password, Role.VIEWER)


@pytest.mark.parametrize("name", ["", " padded ", "x" * 101])
def test_names_are_plain(desk: Desk, admin: Person, name: str) -> None:
    with pytest.raises(Refused, match="name"):
        desk.people.add(admin, name, PASSWORD, Role.VIEWER)


def test_a_name_is_taken_once(desk: Desk, admin: Person) -> None:
    with pytest.raises(Refused, match="admin-1 already"):
        desk.people.add(admin, "admin-1", PASSWORD, Role.VIEWER)


def test_signing_in_and_out(desk: Desk, admin: Person) -> None:
    cookie = desk.people.sign_in("admin-1", PASSWORD)
    assert desk.people.of_session(cookie) == admin
    desk.people.sign_out(cookie)
    assert desk.people.of_session(cookie) is None


@pytest.mark.parametrize(
    ("name", "password"), [("admin-1", "wrong password"), ("nobody", PASSWORD)]
)
def test_a_wrong_name_and_a_wrong_password_sound_alike(
    desk: Desk, admin: Person, name: str, password: str
) -> None:
    with pytest.raises(Refused, match="Name or password is wrong"):
        desk.people.sign_in(name, password)


def test_a_session_ends_by_idling_and_by_age(desk: Desk, admin: Person) -> None:
    cookie = desk.people.sign_in("admin-1", PASSWORD)
    for _ in range(SESSION_MS // (IDLE_MS // 2)):
        assert desk.people.of_session(cookie)
        desk.clock.advance(IDLE_MS // 2)
    desk.clock.advance(IDLE_MS // 2)
    assert desk.people.of_session(cookie) is None
    idle = desk.people.sign_in("admin-1", PASSWORD)
    desk.clock.advance(IDLE_MS + 1)
    assert desk.people.of_session(idle) is None


@pytest.mark.parametrize("change", [{"disabled": True}, {"password": "another horse battery"}])
def test_sessions_end_with_a_new_password_or_the_user(
    desk: Desk, admin: Person, change: dict[str, object]
) -> None:
    made = desk.people.add(admin, "operator-1", PASSWORD, Role.OPERATOR)
    cookie = desk.people.sign_in("operator-1", PASSWORD)
    desk.people.change(admin, made.id, **change)  # type: ignore[arg-type]
    assert desk.people.of_session(cookie) is None


def test_an_admin_is_always_left(desk: Desk, admin: Person) -> None:
    for change in ({"role": Role.VIEWER}, {"disabled": True}):
        with pytest.raises(Refused, match="No admin"):
            desk.people.change(admin, admin.id, **change)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="No admin"):
        desk.people.remove(admin, admin.id)
    assert [user.role for user in desk.people.users()] == [Role.ADMIN]


def test_a_token_may_at_most_what_its_user_may(desk: Desk, admin: Person) -> None:
    made = desk.people.add(admin, "operator-1", PASSWORD, Role.OPERATOR)
    operator = Person(made.id, made.name, made.role)
    with pytest.raises(Refused, match="cannot make"):
        desk.people.make_token(operator, "too much", Role.ADMIN, days=None)
    value = desk.people.make_token(operator, "job", Role.OPERATOR, days=30)
    assert value.startswith("hr_")
    assert desk.people.of_token(value) == operator
    desk.people.change(admin, made.id, role=Role.VIEWER)
    assert desk.people.of_token(value) == Person(made.id, "operator-1", Role.VIEWER)
    desk.clock.advance(30 * 86_400_000 + 1)
    assert desk.people.of_token(value) is None


def test_a_token_is_revoked_by_its_user_or_an_admin(desk: Desk, admin: Person) -> None:
    made = desk.people.add(admin, "viewer-1", PASSWORD, Role.VIEWER)
    viewer = Person(made.id, made.name, made.role)
    desk.people.make_token(admin, "own", Role.ADMIN, days=None)
    value = desk.people.make_token(viewer, "job", Role.VIEWER, days=None)
    with pytest.raises(Refused, match="another user"):
        desk.people.revoke(viewer, desk.people.tokens(admin)[0].id)
    desk.people.revoke(admin, desk.people.tokens(viewer)[0].id)
    assert desk.people.of_token(value) is None


def test_nothing_that_lets_in_is_kept(desk: Desk, admin: Person) -> None:
    """A copy of the store opens nothing (Invariant 11)."""
    secrets = [
        PASSWORD, desk.people.sign_in("admin-1", PASSWORD), desk.people.make_setup_code(),
        desk.people.make_token(admin, "job", Role.ADMIN, days=None),
    ]  # fmt: skip
    with desk.store.transaction() as db:
        from headrace.control.tables import metadata

        kept = repr([db.execute(table.select()).all() for table in metadata.sorted_tables])
    assert [secret for secret in secrets if secret in kept] == []


def test_changes_are_in_the_audit_trail(desk: Desk, admin: Person) -> None:
    made = desk.people.add(admin, "viewer-1", PASSWORD, Role.VIEWER)
    desk.people.change(admin, made.id, role=Role.OPERATOR, password="another horse battery")
    entries = desk.audit.entries()
    assert [entry.action for entry in entries] == ["user.change", "user.add", "user.set_up"]
    assert entries[0].before == {"role": "viewer", "password": None}
    assert entries[0].after == {"role": "operator", "password": "changed"}
    assert len(desk.audit.entries(before_id=entries[0].id, limit=1)) == 1
