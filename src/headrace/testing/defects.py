"""Planted defects: mistakes that the simulation must catch, or it proves nothing.

`python -m headrace.testing.defects` plants them one by one and lists which seed caught which.
Each is a small wrong version of a piece of the product, put in place for the run of some seeds.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec

from headrace.coding import paging
from headrace.coding.oauth import MemoryGrantStore
from headrace.core import compare as comparing
from headrace.core.change import Change, Op
from headrace.core.ports import Batch, Checkpoint, Delivery, Page
from headrace.core.record import Gone, OnFile, Origin, Seen, digest_of, encode_body
from headrace.destinations import memory
from headrace.engine import reading
from headrace.engine.absence import Absence, Finding
from headrace.engine.apply import Apply, Batches
from headrace.engine.capture import Capture
from headrace.engine.hooks import HookReader
from headrace.engine.modes import TableWriter
from headrace.engine.reading import Desk, gone
from headrace.engine.walk import Sent, Walk
from headrace.errors import NotPermitted
from headrace.mirror import page_writer
from headrace.mirror.inbox import SqliteInbox
from headrace.mirror.sqlite import SqliteMirror
from headrace.testing.defects_reading import READING_DEFECTS
from headrace.testing.post import Post
from headrace.testing.run import run_seed

SEEDS_MAX = 1000
Patch = tuple[Any, str, Any]


def _checkpoint_before_data() -> Patch:
    def write(self: Any, batches: Batches, offsets: dict[str, int]) -> None:
        rows = list(batches())
        point = Checkpoint(self._task.name, self._epoch, offsets)
        self._destination.write((), point)
        self._offsets.update(offsets)
        self._destination.write(rows, point)

    return Apply, "_write", write


def _offset_before_write() -> Patch:
    def write(self: Any, batches: Batches, offsets: dict[str, int]) -> None:
        rows = list(batches())
        self._offsets.update(offsets)
        self._destination.write(rows, Checkpoint(self._task.name, self._epoch, offsets))

    return Apply, "_write", write


def _offset_jumps_to_head() -> Patch:
    true = Apply._write

    def write(self: Any, batches: Batches, offsets: dict[str, int]) -> None:
        true(self, batches, dict.fromkeys(offsets, self._mirror.head()))

    return Apply, "_write", write


def _fallen_behind_unnoticed() -> Patch:
    return Apply, "_refill_the_fallen", lambda _self: None


def _refill_without_emptying() -> Patch:
    true = TableWriter.fill

    def fill(self: Any, filed: Sequence[OnFile], **wishes: Any) -> Iterator[Batch]:
        return (replace(batch, truncate=False) for batch in true(self, filed, **wishes))

    return TableWriter, "fill", fill


def _first_change_of_a_key_wins() -> Patch:
    def changes(self: Any, changes: Sequence[Change]) -> Iterator[Batch]:
        first = {change.key: change for change in reversed(changes)}
        return iter(list(self._current(list(first.values()))))

    return TableWriter, "changes", changes


def _deletes_forgotten() -> Patch:
    true = TableWriter._current

    def current(self: Any, changes: Sequence[Change]) -> Iterator[Batch]:
        return true(self, [change for change in changes if change.after is not None])

    return TableWriter, "_current", current


def _child_set_merged() -> Patch:
    true = TableWriter._put

    def put(self: Any, rows: Any, *, new: bool) -> Iterator[Batch]:
        return (replace(batch, owners=type(batch.rows)()) for batch in true(self, rows, new=new))

    return TableWriter, "_put", put


def _no_fencing() -> Patch:
    return memory, "check_epoch", lambda wanted, on_file: None


def _epoch_not_raised() -> Patch:
    return memory.MemoryDestination, "claim", lambda self, task: self._on_file(task)


def _mark_is_a_day_late() -> Patch:
    true = Capture._new_mark

    def mark(self: Any, cursor: Any, run: Any, walk: Any) -> int:
        day = 86_400_000
        return (true(self, cursor, run, walk) // day + 1) * day

    return Capture, "_new_mark", mark


def _mark_is_the_newest_seen() -> Patch:
    def mark(self: Any, cursor: Any, run: Any, walk: Any) -> int:
        seen: int = run.newest and self._clock.now_ms()
        return max(int(cursor.mark), seen)

    return Capture, "_new_mark", mark


def _no_overlap_and_greater_than() -> Patch:
    true = Desk.walk

    def walk(self: Any, stream: Any, scope: Any, window: Any = None, workers: Any = None) -> Walk:
        behind = self.limits.overlap_seconds * 1000 + 1000
        return true(self, stream, scope, window and (window[0] + behind, window[1]), workers)

    return Desk, "walk", walk


def _forward_paging() -> Patch:
    def rest(self: Any, last_full: bool) -> Iterator[Any]:
        for page in range(2, self._pages() + 1):
            yield self._read(page)
        self._settled = True

    return Walk, "_rest", rest


def _short_page_is_the_end() -> Patch:
    class Hasty(Walk):
        def whole(self, distinct: int) -> bool:
            return True

        def _looks(self, page: int, sent: Sent) -> Iterator[Sent]:
            self._last = sent.listed
            yield sent

    return reading, "Walk", Hasty


def _window_ends_at_the_mark() -> Patch:
    true = Desk.walk

    def walk(self: Any, stream: Any, scope: Any, window: Any = None, workers: Any = None) -> Walk:
        mark = self.mirror.cursor(stream.name, scope.key).mark
        return true(self, stream, scope, window and (window[0], mark or window[1]), workers)

    return Desk, "walk", walk


def _offset_off_by_one_page() -> Patch:
    from headrace.coding import source

    true = paging.page_params

    def params(style: Any, ask: Any) -> Any:
        found = dict(true(style, ask))
        if "PageNumber" in found and ask.page > 2:
            found["PageNumber"] = ask.page + 1
        return found

    return source, "page_params", params


def _unchanged_rows_look_unseen() -> Patch:
    true = page_writer.PageWriter._flush

    def flush(self: Any) -> None:
        self._seen.clear()
        true(self)

    return page_writer.PageWriter, "_flush", flush


def _unlisted_means_deleted() -> Patch:
    def look(self: Any, stream: Any, scope: Any, *, began: int, cursor: Any) -> Finding:
        keys = self._mirror.unseen(stream.name, scope.key, began)
        stamp = self._stamps.next()
        return Finding([Gone(stream.name, k, stamp, Origin.CENSUS, "unlisted") for k in keys])

    return Absence, "look", look


def _missed_once_means_deleted() -> Patch:
    true = Capture._missing

    def missing(self: Any, run: Any, scope: Any, began: int, cursor: Any) -> Finding:
        finding = true(self, run, scope, began, cursor)
        if finding.waiting:
            keys = self._mirror.unseen(run.stream.name, scope.key, began)
            missed = gone(run.stream, keys, self._desk.stamps.next(), "missed")
            self._commit(run, missed, (), None)
        return finding

    return Capture, "_missing", missing


def _hidden_means_deleted() -> Patch:
    true = Absence.ask

    def ask(self: Any, stream: Any, scope: Any, key: str, origin: Origin) -> Any:
        try:
            return true(self, stream, scope, key, origin)
        except NotPermitted:
            return (Gone(stream.name, key, self._stamps.next(), origin, "hidden"),)

    return Absence, "ask", ask


def _deletes_never_noticed() -> Patch:
    return Absence, "look", lambda self, stream, scope, *, began, cursor: Finding()


def _no_tombstone() -> Patch:
    true = comparing.compare

    def compare(on_file: OnFile | None, sighting: Any) -> Any:
        dead = on_file is not None and on_file.deleted
        return true(None if dead else on_file, sighting)

    return page_writer, "compare", compare


def _older_version_wins() -> Patch:
    def living(filed: Any, sighting: Seen) -> Any:
        if sighting.record.digest == filed.digest:
            return comparing.Nothing.UNCHANGED
        return comparing.Verdict(Op.UPDATE, sighting.record)

    return comparing, "_compare_living", living


def _update_time_decides() -> Patch:
    true = comparing._compare_living

    def living(filed: Any, sighting: Seen) -> Any:
        if filed.version is not None and filed.version == sighting.record.version:
            return comparing.Nothing.UNCHANGED
        return true(filed, sighting)

    return comparing, "_compare_living", living


def _not_one_transaction() -> Patch:
    @contextmanager
    def loose(self: Any) -> Iterator[None]:
        yield

    return SqliteMirror, "_transaction", loose


def _unchanged_counted_as_updated() -> Patch:
    true = page_writer.PageWriter.write

    def write(self: Any) -> Any:
        counts = true(self)
        counts.updated += counts.unchanged
        return counts

    return page_writer.PageWriter, "write", write


def _cursor_before_rows() -> Patch:
    true = Capture._delta

    def delta(self: Any, stream: Any, scope: Any, outcome: Any) -> None:
        from headrace.engine.capture import Kind, _Pass

        cursor = self._mirror.cursor(stream.name, scope.key)
        moved = replace_mark(cursor, self._clock.now_ms())
        self._commit(_Pass(stream, scope.key, Kind.POLL, outcome), (), (), moved)
        true(self, stream, scope, outcome)

    return Capture, "_delta", delta


def _repeats_told_in_memory_only() -> Patch:
    true = SqliteInbox.put

    def put(self: Any, deliveries: Sequence[Delivery]) -> int:
        known = self.__dict__.setdefault("known", set())
        new = sum(delivery.id not in known for delivery in deliveries)
        known.update(delivery.id for delivery in deliveries)
        true(self, deliveries)
        return new

    return SqliteInbox, "put", put


def _answered_before_stored() -> Patch:
    true = Post._hand_over

    def hand_over(self: Any, posted: Any, inbox: Any) -> None:
        self.acknowledged.add(posted.id)
        true(self, posted, inbox)

    return Post, "_hand_over", hand_over


def _hook_applied_from_its_body() -> Patch:
    true = HookReader._read

    def read(self: Any, waiting: Sequence[Delivery], note: Any) -> dict[str, str]:
        for delivery in waiting:
            issue = json.loads(delivery.body).get("issue") or {}
            key = f"[{issue.get('project_id')},{issue.get('code')}]"
            filed = self._mirror.get("issues", key)
            if filed is None or filed.deleted or "updated_at" not in issue:
                continue
            told = {"Name": issue["title"], "UpdatedAt": issue["updated_at"]}
            body = encode_body({**filed.record.value(), **told})
            record = msgspec.structs.replace(
                filed.record, body=body, digest=digest_of(body), version=issue["updated_at"]
            )
            seen = Seen(record, self._capture.stamp(), Origin.HOOK)
            self._mirror.commit(Page("issues", record.scope, self._clock.now_ms(), (seen,)))
        return true(self, [], note)

    return HookReader, "_read", read


def _refresh_token_not_stored() -> Patch:
    def save(self: Any, grant: Any) -> None:
        self._grant = replace(grant, refresh_token=self._grant.refresh_token)

    return MemoryGrantStore, "save", save


def _new_grant_not_stored() -> Patch:
    return MemoryGrantStore, "save", lambda self, grant: None


def replace_mark(cursor: Any, mark: int) -> Any:
    """A cursor with another mark, never a lower one."""
    return msgspec.structs.replace(cursor, mark=max(cursor.mark, mark // 1000 * 1000))


DEFECTS: Mapping[str, Callable[[], Patch]] = {
    make.__name__.strip("_").replace("_", " "): make
    for make in (
        _checkpoint_before_data, _offset_before_write, _offset_jumps_to_head,
        _fallen_behind_unnoticed, _refill_without_emptying, _first_change_of_a_key_wins,
        _deletes_forgotten, _child_set_merged, _no_fencing, _epoch_not_raised,
        _mark_is_a_day_late, _mark_is_the_newest_seen,
        _no_overlap_and_greater_than, _forward_paging, _short_page_is_the_end,
        _window_ends_at_the_mark, _offset_off_by_one_page, _unchanged_rows_look_unseen,
        _unlisted_means_deleted, _missed_once_means_deleted, _hidden_means_deleted,
        _deletes_never_noticed, _no_tombstone, _older_version_wins, _update_time_decides,
        _not_one_transaction, _unchanged_counted_as_updated, _cursor_before_rows,
        _repeats_told_in_memory_only, _answered_before_stored, _hook_applied_from_its_body,
        _refresh_token_not_stored, _new_grant_not_stored,
        *READING_DEFECTS,
    )
}  # fmt: skip


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The named defect is in place inside the block."""
    owner, attribute, wrong = DEFECTS[name]()
    true = getattr(owner, attribute)
    setattr(owner, attribute, wrong)
    try:
        yield
    finally:
        setattr(owner, attribute, true)


def catch(name: str, seeds_max: int = SEEDS_MAX) -> tuple[str, int, str]:
    """The first seed that catches the defect, and how; seed 0 if none does."""
    with planted(name):
        for seed in range(1, seeds_max + 1):
            failures = run_seed(seed).failures
            if failures:
                return name, seed, failures[seed].strip().splitlines()[-1]
    return name, 0, "not caught"


def main() -> int:
    """The command: which seed caught which defect."""
    parser = argparse.ArgumentParser(prog="python -m headrace.testing.defects")
    parser.add_argument("names", nargs="*", help="defects; all by default")
    parser.add_argument("--seeds", type=int, default=SEEDS_MAX)
    options = parser.parse_args()
    names = options.names or list(DEFECTS)
    missed = 0
    with ProcessPoolExecutor(2) as pool:
        for name, seed, how in pool.map(catch, names, [options.seeds] * len(names)):
            missed += seed == 0
            sys.stdout.write(f"{name:32} seed {seed or '-':>4}  {how[:110]}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(names) - missed} of {len(names)} planted defects caught\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
