"""What PostgreSQL's errors mean for a person.

What the server says may hold row values, what libpq says may hold parts of a mistyped URL: only
that is repeated which cannot.
"""

from __future__ import annotations

import re

import psycopg

from headrace.errors import BadRows, Bug, HeadraceError, Refused, TablesChanged, Unavailable

_Codes = frozenset[str]  # SQLSTATEs, or their classes: the first two characters
_TRY_AGAIN: _Codes = frozenset({
    "08", "25", "40", "53", "55", "57", "58", "XX000",
    "23505", "42P06", "42P07",  # two made the same at one moment
})  # fmt: skip
_READ_ONLY: _Codes = frozenset({"25006"})
_RIGHTS: _Codes = frozenset({"28", "3D", "3F", "42501", "42939"})
_DAMAGED: _Codes = frozenset({"F0", "XX001", "XX002"})
_NEEDED: _Codes = frozenset({"2BP01"})
_VALUES: _Codes = frozenset({"22", "23", "27", "44", "54", "P0"})
_ALTERED: _Codes = frozenset({"42703", "42804", "42809", "428C9", "42P01", "42P10"})
_RULES: _Codes = frozenset({"0A", "23", "27", "42", "44", "54", "P0"})
_MISTAKES: _Codes = frozenset({"42601"})
_MEND_WORDS = (  # in the languages our users' servers speak; libpq gives no code here
    "authentication failed", "does not exist", "permission denied", "no password", "pg_hba",
    "not permitted", "SSL was required", "certificate", "invalid",
    "认证失败", "不存在", "权限不够",
)  # fmt: skip
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


def sorted_error(error: Exception, table: str = "") -> HeadraceError:
    """See `Dialect.sorted_error`."""
    code = getattr(error, "sqlstate", None) or ""
    name = type(error).__name__
    if not code:
        return _without_code(error)
    if table and _among(_VALUES, code):
        return BadRows(
            f"PostgreSQL refused a row of table {table} ({name}{_rule(error)}).", table=table,
            advice="Look for a rule (a constraint, an index, a trigger) that somebody added to the"
            " table.",
        )  # fmt: skip
    if _among(_ALTERED, code):
        return TablesChanged(
            f"A table in PostgreSQL is not as Headrace made it ({name}).",
            advice="Start the task again: missing tables and columns are made and filled.",
        )
    if _among(_READ_ONLY, code):
        return Unavailable(
            f"PostgreSQL takes no writes at present: {_first_line(error)} ({code}).",
            advice="Name the server that is written to, not its copy; or has it run out of space?",
        )
    if _among(_TRY_AGAIN, code):
        return _unavailable(f"{_first_line(error)} ({code})")
    return _refused(error, code)


def _among(codes: _Codes, code: str) -> bool:
    return code in codes or code[:2] in codes


def _refused(error: Exception, code: str) -> HeadraceError:
    """A person has to mend something; or, where nothing fits, it is our own mistake."""
    name = type(error).__name__
    if _among(_NEEDED, code):
        return _needed(error)
    if _among(_RIGHTS, code):
        return _rights(_first_line(error), code)
    if _among(_DAMAGED, code):
        return Refused(
            f"The PostgreSQL server is damaged or set up wrongly: {_first_line(error)} ({code}).",
            advice="Ask who runs the server.",
        )
    if _among(_RULES, code) and not _among(_MISTAKES, code):
        return Refused(
            f"PostgreSQL refuses the work on a table ({name}, {code}{_rule(error)}).",
            advice="Look for a rule (a constraint, a trigger) or a setting that somebody added.",
        )
    return Bug(f"PostgreSQL refused a statement ({name}, {code}).")


def _without_code(error: Exception) -> HeadraceError:
    """The connection could not be made, or was lost."""
    said = _first_line(error)
    if not isinstance(error, psycopg.OperationalError):
        return Bug(f"psycopg refused a call ({type(error).__name__}).")
    if any(words in said for words in _MEND_WORDS):
        return _rights(_without_url(said), "")
    return _unavailable(_without_url(said))


def _unavailable(said: str) -> Unavailable:
    return Unavailable(
        f"PostgreSQL could not finish: {said}.",
        advice="If it stays so, look whether the server runs, can be reached and has free space,"
        " and whether another session holds a lock.",
    )


def _rights(said: str, code: str) -> Refused:
    return Refused(
        f"PostgreSQL refuses: {said}{f' ({code})' if code else ''}.",
        advice="Mend the URL, or have somebody GRANT what is missing: CONNECT on the database, and"
        " CREATE and USAGE on a schema, which ?schema=NAME chooses.",
    )


def _needed(error: Exception) -> Refused:
    """A table or column has to go, but something was built upon it."""
    detail = getattr(getattr(error, "diag", None), "message_detail", None) or ""
    what = "; ".join(line.strip() for line in detail.splitlines()[:5])
    return Refused(
        f"PostgreSQL: {_first_line(error)} ({what}).",
        advice="Drop what depends on it, or the whole table with DROP TABLE ... CASCADE, start the"
        " task again, and make it again afterwards.",
    )


def _rule(error: Exception) -> str:
    """The name of the constraint that was broken, if it says so."""
    name = getattr(getattr(error, "diag", None), "constraint_name", None)
    return f": {name}" if name else ""


def _first_line(error: Exception) -> str:
    return str(error).split("\n")[0].strip().rstrip(".")


def _without_url(said: str) -> str:
    """Whatever stands in quotes may come from a URL, unless the server itself says it."""
    before, reached, after = said.partition("FATAL:")
    return after.strip() if reached else _QUOTED.sub("...", before)
