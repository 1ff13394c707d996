"""One project: its records, and the indexes that keep listing fast.

`put` and `drop` are the only ways an issue changes, so the sort orders, the counters of the
iterations and the memory of earlier versions cannot drift from the issues.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, deque
from collections.abc import Mapping, Sequence

from .records import Field, Issue, IssueType, Iteration, Label, ProjectInfo, Status

EARLIER_VERSIONS_MAX = 10_000


class Project:
    def __init__(
        self,
        info: ProjectInfo,
        *,
        types: tuple[IssueType, ...],
        statuses: Mapping[int, Status],
        fields: Mapping[str, tuple[Field, ...]],
        labels: Mapping[int, Label],
    ) -> None:
        self.info = info
        self.hidden = False
        self.types = types
        self.statuses = statuses
        self.fields = dict(fields)
        self.labels = dict(labels)
        self.roles: dict[int, str] = {}
        self.iterations: dict[int, Iteration] = {}
        self.issues: dict[int, Issue] = {}
        self.last_code = 0
        self.last_iteration_code = 0
        self.version = 0
        self.rows: dict[int, bytes] = {}
        self.selections: dict[tuple[object, ...], tuple[int, Sequence[int]]] = {}
        self._codes: list[int] | None = None
        self._by_update: list[tuple[int, int]] | None = None
        self._counts: dict[int, Counter[str]] | None = None
        self._earlier: deque[tuple[int, int, Issue | None]] = deque(maxlen=EARLIER_VERSIONS_MAX)

    @property
    def id(self) -> int:
        return self.info.id

    def type_of(self, issue: Issue) -> IssueType:
        return next(found for found in self.types if found.id == issue.type_id)

    def custom_fields(self, kind: str) -> list[Field]:
        """The fields of an issue type that the team has made."""
        return [field for field in self.fields[kind] if field.is_custom]

    def put(self, issue: Issue, *, now_ms: int, remember_ms: int = 0) -> None:
        """Store a new or changed issue. Earlier versions are kept for `remember_ms`."""
        old = self.issues.get(issue.code)
        self._remember(issue.code, old, now_ms, remember_ms)
        self._unlink(old)
        self.issues[issue.code] = issue
        self._link(issue, is_new=old is None)
        self._forget_row(issue.code)

    def drop(self, code: int, *, now_ms: int, remember_ms: int = 0) -> None:
        """Delete an issue."""
        old = self.issues.pop(code)
        self._remember(code, old, now_ms, remember_ms)
        self._unlink(old)
        if self._codes is not None:
            del self._codes[bisect_left(self._codes, code)]
        self._forget_row(code)

    def put_iteration(self, iteration: Iteration) -> None:
        """Store an iteration. Rows of its issues carry its name and status: they are re-made."""
        self.iterations[iteration.code] = iteration
        self.version += 1
        for code in [n for n in self.rows if self.issues[n].iteration_code == iteration.code]:
            del self.rows[code]

    def forget_rows(self) -> None:
        self.version += 1
        self.rows.clear()

    def codes(self) -> list[int]:
        """All issue codes, ascending. Not to be changed by the caller."""
        if self._codes is None:
            self._codes = sorted(self.issues)
        return self._codes

    def by_update(self) -> list[tuple[int, int]]:
        """(UpdatedAt, code) of all issues, ascending. Not to be changed by the caller."""
        if self._by_update is None:
            self._by_update = sorted((i.updated_at, i.code) for i in self.issues.values())
        return self._by_update

    def counts(self, iteration_code: int) -> Counter[str]:
        """How many issues of an iteration stand in each status type."""
        if self._counts is None:
            self._counts = {}
            for issue in self.issues.values():
                self._count(issue, 1)
        return self._counts.get(iteration_code) or Counter()

    def visible(self, horizon_ms: int) -> dict[int, Issue]:
        """The issues as they were at `horizon_ms`, as far as earlier versions are remembered."""
        issues = dict(self.issues)
        for changed_ms, code, old in reversed(self._earlier):
            if changed_ms <= horizon_ms:
                break
            if old is None:
                issues.pop(code, None)
            else:
                issues[code] = old
        return issues

    def _remember(self, code: int, old: Issue | None, now_ms: int, remember_ms: int) -> None:
        if not remember_ms:
            return
        while self._earlier and self._earlier[0][0] < now_ms - remember_ms:
            self._earlier.popleft()
        self._earlier.append((now_ms, code, old))

    def _forget_row(self, code: int) -> None:
        self.version += 1
        self.rows.pop(code, None)

    def _link(self, issue: Issue, *, is_new: bool) -> None:
        if self._by_update is not None:
            insort(self._by_update, (issue.updated_at, issue.code))
        if self._counts is not None:
            self._count(issue, 1)
        if is_new and self._codes is not None:
            insort(self._codes, issue.code)

    def _unlink(self, issue: Issue | None) -> None:
        if issue is None:
            return
        if self._by_update is not None:
            place = bisect_left(self._by_update, (issue.updated_at, issue.code))
            del self._by_update[place]
        if self._counts is not None:
            self._count(issue, -1)

    def _count(self, issue: Issue, by: int) -> None:
        if issue.iteration_code and self._counts is not None:
            counts = self._counts.setdefault(issue.iteration_code, Counter())
            counts[self.statuses[issue.status_id].type] += by
