"""Who may do what: users with a role, their sessions and API tokens.

Passwords are kept as argon2id hashes; of session cookies and tokens only SHA-256 digests are kept,
so that a copy of the store lets nobody in.
"""

from __future__ import annotations

import enum
import hashlib
import secrets
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from headrace.control import tables
from headrace.control.audit import Audit
from headrace.control.refusals import Conflict, Forbidden, Missing
from headrace.control.store import ControlStore
from headrace.core.clock import Clock
from headrace.errors import Refused

if TYPE_CHECKING:
    from argon2 import PasswordHasher

PASSWORD_MIN, PASSWORD_MAX = 12, 1024
SESSION_MS, IDLE_MS = 30 * 86_400_000, 7 * 86_400_000
SETUP_MS = 24 * 3_600_000
_SEEN_MS = 60_000  # when somebody was last seen is noted this often
TOKEN_PREFIX = "hr_"  # noqa: S105 - so that scanners of leaked secrets can know one


class Role(enum.StrEnum):
    """A viewer looks, an operator runs and changes things, an admin manages people as well."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def covers(self, needed: Role) -> bool:
        """Whether this role may do what `needed` may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Person:
    """Who speaks: a user, with the role that counts now (that of the token, if one was used)."""

    id: int
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class User:
    """A user as people see it. `created_at` in ms UTC."""

    id: int
    name: str
    role: Role
    disabled: bool
    created_at: int


@dataclass(frozen=True, slots=True)
class Token:
    """An API token as people see it: never its value. Times in ms UTC."""

    id: int
    name: str
    user: str
    role: Role
    created_at: int
    used_at: int | None
    ends_at: int | None


class People:
    """Manages users and tells who a cookie or token belongs to."""

    def __init__(self, store: ControlStore, clock: Clock, audit: Audit) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit

    # --- the first user ------------------------------------------------------------------------

    def needs_setup(self) -> bool:
        """Whether there is nobody yet."""
        with self._store.reading() as db:
            return db.scalar(sa.select(sa.func.count()).select_from(tables.user)) == 0

    def make_setup_code(self) -> str:
        """A code that makes the first admin, once, within a day. One made before ends."""
        code = secrets.token_urlsafe(24)
        value = {"digest": _digest(code), "ends_at": self._clock.now_ms() + SETUP_MS}
        with self._store.transaction() as db:
            db.execute(sa.delete(tables.setting).where(tables.setting.c.name == "setup"))
            db.execute(sa.insert(tables.setting).values(name="setup", value=value))
        return code

    def set_up(self, code: str, name: str, password: str) -> Person:
        """Make the first admin. Raises `Refused` for a code that is not, or no longer, good."""
        with self._store.reading() as db:
            self._check_code(db, code)  # before the hash, which is dear: strangers come here, too
        hashed = _hash(name, password)
        with self._store.transaction() as db:
            self._check_code(db, code)
            db.execute(sa.delete(tables.setting).where(tables.setting.c.name == "setup"))
            person = self._insert(db, name, Role.ADMIN, hashed)
            self._audit.note(db, name, "user.set_up", name, None, {"role": Role.ADMIN})
        return person

    def _check_code(self, db: sa.Connection, code: str) -> None:
        where = tables.setting.c.name == "setup"
        known = db.scalar(sa.select(tables.setting.c.value).where(where))
        known = known or {"digest": "", "ends_at": 0}
        good = secrets.compare_digest(known["digest"], _digest(code))
        if not good or known["ends_at"] < self._clock.now_ms():
            raise Refused(
                "This set-up link is not good any more.",
                advice="Start `headrace serve` again: it prints a new one.",
            )

    # --- users ---------------------------------------------------------------------------------

    def users(self) -> list[User]:
        """All, by name."""
        with self._store.reading() as db:
            rows = db.execute(sa.select(tables.user).order_by(tables.user.c.name)).mappings()
            return [_user(row) for row in rows]

    def add(self, by: Person, name: str, password: str, role: Role) -> User:
        """A new user. Raises `Refused` for a name that is taken or a password that is too short."""
        hashed = _hash(name, password)
        with self._store.transaction() as db:
            person = self._insert(db, name, role, hashed)
            self._audit.note(db, by.name, "user.add", name, None, {"role": role})
            row = db.execute(_user_by(person.id)).mappings().one()
            return _user(row)

    def change(
        self,
        by: Person,
        user_id: int,
        *,
        role: Role | None = None,
        disabled: bool | None = None,
        password: str | None = None,
    ) -> User:
        """Change what is given. A new password, or being disabled, ends the user's sessions.

        Raises `Refused` for a user that is not there, and when no admin would be left.
        """
        with self._store.transaction() as db:
            row = db.execute(_user_by(user_id)).mappings().one_or_none()
            if row is None:
                raise Missing("There is no such user.", advice="Load the list again.")
            values: dict[str, Any] = {}
            if role is not None:
                values["role"] = str(role)
            if disabled is not None:
                values["disabled"] = disabled
            if password is not None:
                values["password"] = _hash(row["name"], password)
            if values:
                db.execute(
                    sa.update(tables.user).where(tables.user.c.id == user_id).values(**values)
                )
            self._keep_an_admin(db)
            if password is not None or disabled:
                own = tables.session.c.user_id == user_id
                db.execute(sa.delete(tables.session).where(own))
            shown = {name: value for name, value in values.items() if name != "password"}
            before = {name: row[name] for name in shown}
            if password is not None:
                shown["password"] = "changed"  # noqa: S105 - not the password
            self._audit.note(db, by.name, "user.change", row["name"], before, shown)
            return _user(db.execute(_user_by(user_id)).mappings().one())

    def remove(self, by: Person, user_id: int) -> None:
        """Remove a user with all sessions and tokens. Raises `Refused` for the last admin."""
        with self._store.transaction() as db:
            row = db.execute(_user_by(user_id)).mappings().one_or_none()
            if row is None:
                return
            db.execute(sa.delete(tables.user).where(tables.user.c.id == user_id))
            self._keep_an_admin(db)
            self._audit.note(db, by.name, "user.remove", row["name"], {"role": row["role"]}, None)

    # --- sessions ------------------------------------------------------------------------------

    def sign_in(self, name: str, password: str) -> str:
        """The value for a session's cookie. Raises `Refused`, the same for every reason."""
        with self._store.reading() as db:
            where = tables.user.c.name == name
            row = db.execute(sa.select(tables.user).where(where)).mappings().one_or_none()
        known = row["password"] if row is not None else _nobody()
        if not _matches(known, password) or row is None or row["disabled"]:
            raise Refused(
                "Name or password is wrong.", advice="Try again, or ask an admin for a new one."
            )
        return self.open_session(row["id"])

    def open_session(self, user_id: int) -> str:
        """The value for a cookie of a new session."""
        value, now_ms = secrets.token_urlsafe(32), self._clock.now_ms()
        with self._store.transaction() as db:
            db.execute(sa.delete(tables.session).where(tables.session.c.ends_at < now_ms))
            db.execute(
                sa.insert(tables.session).values(
                    digest=_digest(value), user_id=user_id, created_at=now_ms, seen_at=now_ms,
                    ends_at=now_ms + SESSION_MS,
                )
            )  # fmt: skip
        return value

    def sign_out(self, value: str) -> None:
        """End a session."""
        with self._store.transaction() as db:
            db.execute(sa.delete(tables.session).where(tables.session.c.digest == _digest(value)))

    def of_session(self, value: str) -> Person | None:
        """Whose session it is; None for one that ended, idled for a week, or never was."""
        now_ms, session = self._clock.now_ms(), tables.session
        with self._store.reading() as db:
            query = (
                sa.select(tables.user, session.c.seen_at)
                .join(session, session.c.user_id == tables.user.c.id)
                .where(
                    session.c.digest == _digest(value), session.c.ends_at >= now_ms,
                    session.c.seen_at >= now_ms - IDLE_MS, ~tables.user.c.disabled,
                )
            )  # fmt: skip
            row = db.execute(query).mappings().one_or_none()
        if row is None:
            return None
        if now_ms - row["seen_at"] > _SEEN_MS:
            seen = sa.update(session).where(session.c.digest == _digest(value))
            with self._store.transaction() as db:
                db.execute(seen.values(seen_at=now_ms))
        return Person(row["id"], row["name"], Role(row["role"]))

    # --- tokens --------------------------------------------------------------------------------

    def make_token(self, by: Person, name: str, role: Role, *, days: int | None) -> str:
        """A token's value, shown once. Raises `Refused` for more than the person may."""
        if not by.role.covers(role):
            raise Forbidden(
                f"A {by.role} cannot make a token that is {role}.", advice="Choose less."
            )
        value, now_ms = TOKEN_PREFIX + secrets.token_urlsafe(32), self._clock.now_ms()
        ends_at = now_ms + days * 86_400_000 if days else None
        with self._store.transaction() as db:
            try:
                db.execute(
                    sa.insert(tables.token).values(
                        name=name, digest=_digest(value), user_id=by.id, role=str(role),
                        created_at=now_ms, used_at=None, ends_at=ends_at,
                    )
                )  # fmt: skip
            except sa.exc.IntegrityError:
                raise Conflict(
                    f"There is a token {name} already.", advice="Choose another name."
                ) from None
            self._audit.note(db, by.name, "token.make", name, None, {"role": role, "days": days})
        return value

    def tokens(self, of: Person | None = None) -> list[Token]:
        """All tokens, or one person's."""
        query = sa.select(tables.token, tables.user.c.name.label("user")).join(tables.user)
        if of is not None:
            query = query.where(tables.token.c.user_id == of.id)
        with self._store.reading() as db:
            return [_token(row) for row in db.execute(query.order_by(tables.token.c.id)).mappings()]

    def revoke(self, by: Person, token_id: int) -> None:
        """End a token: one's own, or any for an admin. Raises `Refused` for another's."""
        with self._store.transaction() as db:
            where = tables.token.c.id == token_id
            row = db.execute(sa.select(tables.token).where(where)).mappings().one_or_none()
            if row is None:
                return
            if row["user_id"] != by.id and by.role is not Role.ADMIN:
                raise Forbidden("This token is another user's.", advice="Ask an admin.")
            db.execute(sa.delete(tables.token).where(where))
            self._audit.note(db, by.name, "token.revoke", row["name"], {"role": row["role"]}, None)

    def of_token(self, value: str) -> Person | None:
        """Whose token it is, with the lesser of both roles; None for one that is no good."""
        now_ms, token = self._clock.now_ms(), tables.token
        with self._store.reading() as db:
            query = (
                sa.select(
                    tables.user, token.c.id.label("token_id"), token.c.role.label("token_role"),
                    token.c.ends_at, token.c.used_at,
                )
                .join(token, token.c.user_id == tables.user.c.id)
                .where(token.c.digest == _digest(value), ~tables.user.c.disabled)
            )  # fmt: skip
            row = db.execute(query).mappings().one_or_none()
        if row is None or (row["ends_at"] is not None and row["ends_at"] < now_ms):
            return None
        if now_ms - (row["used_at"] or 0) > _SEEN_MS:
            used = sa.update(token).where(token.c.id == row["token_id"])
            with self._store.transaction() as db:
                db.execute(used.values(used_at=now_ms))
        role, given = Role(row["role"]), Role(row["token_role"])
        return Person(row["id"], row["name"], given if role.covers(given) else role)

    def _insert(self, db: sa.Connection, name: str, role: Role, hashed: str) -> Person:
        try:
            made = db.execute(
                sa.insert(tables.user).values(
                    name=name, role=str(role), password=hashed, disabled=False,
                    created_at=self._clock.now_ms(),
                )
            )  # fmt: skip
        except sa.exc.IntegrityError:
            raise Conflict(f"There is a user {name} already.", advice="Choose another.") from None
        key = made.inserted_primary_key
        assert key is not None
        return Person(key[0], name, role)

    def _keep_an_admin(self, db: sa.Connection) -> None:
        user = tables.user
        admins = sa.select(sa.func.count()).where(user.c.role == "admin", ~user.c.disabled)
        if not db.scalar(admins):
            raise Conflict("No admin would be left.", advice="Make another user an admin first.")


def _user_by(user_id: int) -> sa.Select[Any]:
    return sa.select(tables.user).where(tables.user.c.id == user_id)


def _user(row: sa.RowMapping) -> User:
    return User(row["id"], row["name"], Role(row["role"]), row["disabled"], row["created_at"])


def _token(row: sa.RowMapping) -> Token:
    return Token(
        row["id"], row["name"], row["user"], Role(row["role"]), row["created_at"], row["used_at"],
        row["ends_at"],
    )  # fmt: skip


def _digest(value: str) -> str:
    """Of a random value of 256 bits: a fast hash is enough."""
    return hashlib.sha256(value.encode()).hexdigest()


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobody() -> str:
    """A hash that no password has, so that an unknown name takes as long as a wrong password."""
    return _hasher().hash(secrets.token_urlsafe(32))


def _hash(name: str, password: str) -> str:
    if not name.strip() or len(name) > tables.NAME_MAX or name != name.strip():
        raise Refused(
            "A user needs a name.",
            advice=f"At most {tables.NAME_MAX} characters, none blank around.",
        )
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise Refused(
            f"A password needs {PASSWORD_MIN} to {PASSWORD_MAX} characters.",
            advice="A few words in a row are easy to remember.",
        )
    return _hasher().hash(password)


def _matches(hashed: str, password: str) -> bool:
    from argon2.exceptions import VerificationError

    try:
        return _hasher().verify(hashed, password[: PASSWORD_MAX + 1])
    except VerificationError:
        return False
