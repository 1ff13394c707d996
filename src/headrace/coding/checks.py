"""The connection test, item by item: each says what was found and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from headrace.coding.client import Client
from headrace.coding.envelope import Answer, BadRequest
from headrace.coding.source import CodingSource
from headrace.coding.streams import CATALOGUE
from headrace.coding.streams.team import PROJECTS
from headrace.core.clock import Clock
from headrace.core.ports import Ask
from headrace.core.record import Body, Record
from headrace.core.stream import (
    TEAM_SCOPE,
    Ancestry,
    Scope,
    Stream,
    Title,
    at_path,
    child_scopes,
    to_record,
)
from headrace.errors import (
    BadToken,
    HeadraceError,
    NotFound,
    NotPermitted,
    Refused,
    Throttled,
    Unavailable,
    Withdrawn,
)

Outcome = Literal["ok", "warn", "failed", "skipped"]
Blame = Literal["", "user", "unavailable"]
CLOCK_DIFFERENCE_SECONDS_MAX = 60
_PROJECTS_SHOWN_MAX = 5

_ADDRESS = Title("地址可达", "Address reachable")
_TOKEN = Title("令牌有效", "Token valid")
_USER = Title("当前用户", "Who am I")
_TEAM = Title("团队", "Team")
_PROJECTS = Title("可见项目", "Visible projects")
_RATE = Title("请求频率", "Request rate")
_CLOCK = Title("时钟偏差", "Clock difference")


@dataclass(frozen=True, slots=True)
class Check:
    """One item of the test. `name` is for machines; `advice` says what to do, if anything.

    `blame` of a failure: "user" when a person has to mend something, "unavailable" when CODING
    could not be asked now and trying again may help. `rows`: the total that CODING gave in the
    place that was looked at; None where it gives none.
    """

    name: str
    title: Title
    ok: Outcome
    detail: str = ""
    advice: str = ""
    blame: Blame = ""
    rows: int | None = None


def run_checks(
    client: Client,
    clock: Clock,
    *,
    streams: Sequence[Stream] = CATALOGUE,
    projects: Sequence[str] = (),
    first: Sequence[Check] = (),
) -> Iterator[Check]:
    """Test a connection. `projects` are names the user chose; none means all that are visible.
    `first` was checked before: CODING is asked only if nothing of it failed.

    Raises no HeadraceError: every failure is a check. Items that an earlier failure makes
    impossible are skipped with the reason. Parents of the streams are checked too.
    """
    test = _Test(client, clock, _with_parents(streams), projects)
    yield from first
    blocked = next((check for check in first if check.ok == "failed"), None)
    if blocked is None:
        yield from test.run()
    else:
        yield from test.skipped(f"not tried: {blocked.title.en} failed")


class _Test:
    """The state of one test: what was read so far, for the items that build on it."""

    def __init__(
        self, client: Client, clock: Clock, streams: Sequence[Stream], projects: Sequence[str]
    ) -> None:
        self._client = client
        self._source = CodingSource(client)
        self._clock = clock
        self._streams = streams
        self._projects = projects
        self._samples: dict[str, tuple[Scope, Record]] = {}
        self._difference_ms: int | None = None

    def run(self) -> Iterator[Check]:
        try:
            answer = self._client.call("DescribeCodingCurrentUser", {}, expects="User", urgent=True)
            error = None
        except HeadraceError as failure:
            answer, error = None, failure
        checks = _greeting(answer, error)
        yield from checks
        blocked = next((check for check in checks if check.ok == "failed"), None)
        if blocked is not None:
            yield from self._all_skipped(f"not tried: {blocked.title.en} failed")
            return
        if answer is not None:
            self._note_time(answer.server_ms)
        yield self._team()
        yield from self._chosen() if self._projects else self._visible()
        for stream in self._streams:
            if stream is not PROJECTS:
                yield self._stream(stream)
        yield self._rate()
        yield self._clock_difference()

    def skipped(self, reason: str) -> Iterator[Check]:
        for name, title in (("address", _ADDRESS), ("token", _TOKEN), ("user", _USER)):
            yield Check(name, title, "skipped", reason)
        yield from self._all_skipped(reason)

    def _all_skipped(self, reason: str) -> Iterator[Check]:
        for name, title in (("team", _TEAM), ("projects", _PROJECTS)):
            yield Check(name, title, "skipped", reason)
        for stream in self._streams:
            if stream is not PROJECTS:
                yield Check(f"stream:{stream.name}", stream.title, "skipped", reason)
        for name, title in (("rate", _RATE), ("clock", _CLOCK)):
            yield Check(name, title, "skipped", reason)

    def _team(self) -> Check:
        try:
            answer = self._client.call("DescribeTeam", {}, expects="Data", urgent=True)
        except HeadraceError as error:
            advice = "Only the team's name is missing; scope team:profile:ro shows it."
            return Check("team", _TEAM, "warn", error.message, advice)
        detail = f"{answer.at('Data.Name')} ({answer.at('Data.TeamHost')})"
        return Check("team", _TEAM, "ok", detail)

    def _chosen(self) -> Iterator[Check]:
        for name in self._projects:
            title = Title(f"项目 {name}", f"Project {name}")
            try:
                answer = self._client.call(
                    "DescribeProjectByName", {"ProjectName": name}, expects="Project", urgent=True
                )
            except NotFound as error:
                yield self._unknown(name, title, error)
                continue
            except HeadraceError as error:
                yield _failed(f"project:{name}", title, error, PROJECTS)
                continue
            self._note_time(answer.server_ms)
            self._sample(PROJECTS, TEAM_SCOPE, [answer.at("Project")])
            yield Check(f"project:{name}", title, "ok", str(answer.at("Project.DisplayName")))

    def _unknown(self, name: str, title: Title, error: NotFound) -> Check:
        """A project that CODING does not know by that name; the nearest name, if it tells."""
        try:
            page = self._source.list_page(PROJECTS, TEAM_SCOPE, Ask(1, PROJECTS.listing.size))
        except HeadraceError:
            names = []
        else:
            names = [str(row.get("Name")) for row in page.rows if isinstance(row, dict)]
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        detail = f"CODING knows no project of that name. {error.message}"
        advice = "Projects go by their name in addresses, not by the name shown to people."
        advice = f"Did you mean {near[0]}?" if near else advice
        return Check(f"project:{name}", title, "failed", detail, advice, "user")

    def _visible(self) -> Iterator[Check]:
        try:
            page = self._source.list_page(PROJECTS, TEAM_SCOPE, Ask(1, PROJECTS.listing.size))
        except HeadraceError as error:
            yield _failed("projects", _PROJECTS, error, PROJECTS)
            return
        self._note_time(page.server_ms)
        self._sample(PROJECTS, TEAM_SCOPE, page.rows)
        names = [str(row.get("Name")) for row in page.rows if isinstance(row, dict)]
        if not names:
            advice = "Add the token's owner to a project, or add the scope project:profile:ro."
            yield Check("projects", _PROJECTS, "warn", "no project is visible", advice)
            return
        more = ", ..." if len(names) > _PROJECTS_SHOWN_MAX else ""
        detail = f"{page.total}: {', '.join(names[:_PROJECTS_SHOWN_MAX])}{more}"
        yield Check("projects", _PROJECTS, "ok", detail, rows=page.total)

    def _stream(self, stream: Stream) -> Check:
        name = f"stream:{stream.name}"
        if stream.is_derived:
            return Check(name, stream.title, "ok", "worked out from other tables")
        scope = self._scope_of(stream)
        if scope is None:
            assert stream.parent is not None
            reason = f"there is no record of {stream.parent.stream} to look in"
            return Check(name, stream.title, "skipped", reason)
        try:
            page = self._source.list_page(stream, scope, Ask(1, 1))
        except HeadraceError as error:
            return _failed(name, stream.title, error, stream)
        self._note_time(page.server_ms)
        self._sample(stream, scope, page.rows)
        where = scope.values.get("ProjectName")
        count = "readable" if page.total is None else f"readable, {page.total} records"
        detail = f"{count} in {where}" if where else count
        return Check(name, stream.title, "ok", detail, rows=page.total)

    def _scope_of(self, stream: Stream) -> Scope | None:
        if stream.parent is None:
            return TEAM_SCOPE
        if not stream.parent.stream:
            return next(child_scopes(stream, TEAM_SCOPE, {}, ""), None)
        found = self._samples.get(stream.parent.stream)
        if found is None:
            return None
        opened = next(child_scopes(stream, found[0], found[1].value(), found[1].key), None)
        return opened if stream.ancestry is None else self._lane_of(stream.ancestry, opened)

    def _lane_of(self, rule: Ancestry, depot: Scope | None) -> Scope | None:
        """The depot's scope with the branch that a request for commits has to name."""
        found = self._samples.get(rule.heads)
        if depot is None or found is None:
            return None
        lane = {name: at_path(found[1].value(), path) for name, path in rule.lane.items()}
        return replace(depot, values={**depot.values, **lane})

    def _sample(self, stream: Stream, scope: Scope, rows: Sequence[object]) -> None:
        """Keep the first usable record of a stream: the place to look for its children."""
        for row in rows:
            record = to_record(stream, scope, row)
            if isinstance(record, Record) and not _is_archived(record.value()):
                self._samples.setdefault(stream.name, (scope, record))
                return

    def _note_time(self, server_ms: int | None) -> None:
        if server_ms is not None and self._difference_ms is None:
            self._difference_ms = self._clock.now_ms() - server_ms

    def _rate(self) -> Check:
        rates = self._client.pacer.rates()
        slowed = [f"{a} {now:g} of {most:g}/s" for a, (now, most) in rates.items() if now < most]
        sent = f"{self._client.calls} requests sent"
        if slowed:
            advice = "Use one token for one Headrace only, or poll less often."
            return Check("rate", _RATE, "warn", f"{sent}; slowed: {', '.join(slowed)}", advice)
        allowed = ", ".join(f"{action} {most:g}/s" for action, (_, most) in rates.items())
        return Check("rate", _RATE, "ok", f"{sent}, none refused; our limits: {allowed}")

    def _clock_difference(self) -> Check:
        if self._difference_ms is None:
            return Check("clock", _CLOCK, "skipped", "CODING did not say its time")
        seconds = round(self._difference_ms / 1000)
        detail = f"{abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} CODING"
        if abs(seconds) > CLOCK_DIFFERENCE_SECONDS_MAX:
            return Check("clock", _CLOCK, "warn", detail, "Set this machine's clock by NTP.")
        return Check("clock", _CLOCK, "ok", detail)


def _greeting(answer: Answer | None, error: HeadraceError | None) -> list[Check]:
    """Address, token and user, all from the first call."""
    reached = Check("address", _ADDRESS, "ok", "CODING answers")
    valid = Check("token", _TOKEN, "ok", "CODING accepts it")
    if answer is not None:
        who = f"{answer.at('User.Name')} ({answer.at('User.GlobalKey')})"
        return [reached, valid, Check("user", _USER, "ok", who)]
    assert error is not None
    if isinstance(error, BadToken):
        bad = Check("token", _TOKEN, "failed", error.message, error.advice, "user")
        return [reached, bad, Check("user", _USER, "skipped", "not tried: Token valid failed")]
    if isinstance(error, NotPermitted | NotFound | BadRequest | Throttled):
        advice = "A project token need not show a user; others need the scope user:profile:ro."
        return [reached, valid, Check("user", _USER, "warn", error.message, advice)]
    reason = "not tried: Address reachable failed"
    return [
        Check("address", _ADDRESS, "failed", error.message, error.advice, _blame(error)),
        Check("token", _TOKEN, "skipped", reason),
        Check("user", _USER, "skipped", reason),
    ]


def _failed(name: str, title: Title, error: HeadraceError, stream: Stream) -> Check:
    advice = error.advice
    if isinstance(error, Withdrawn):
        advice = "All else is copied; whether the team has this module is asked again every day."
        return Check(name, title, "warn", error.message, advice)
    if isinstance(error, Refused):
        advice = f"Reading it needs the scope {' and '.join(stream.scopes)}."
    elif isinstance(error, Unavailable):
        advice = error.advice or "Try again later."
    return Check(name, title, "failed", error.message, advice, _blame(error))


def _blame(error: HeadraceError) -> Blame:
    return "user" if isinstance(error, Refused) else "unavailable"


def _is_archived(row: Body) -> bool:
    return row.get("Archived") is True


def _with_parents(streams: Sequence[Stream]) -> tuple[Stream, ...]:
    wanted = {stream.name for stream in streams}
    for stream in reversed(CATALOGUE):
        if stream.name in wanted:
            wanted.update(stream.leans_on)
    return tuple(stream for stream in CATALOGUE if stream.name in wanted)
