"""Depots, branches, commits and how depots are guarded: small worlds, facts, the document."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from headrace.coding.streams import find
from headrace.coding.streams.code import CODE
from headrace.coding.streams.code_depot import path_of
from headrace.core.record import Reject, make_key
from headrace.core.stream import Scope, Strategy, Stream, to_record
from headrace.core.transport import Request, Response
from headrace.engine import history
from headrace.engine.history import closure, whole
from headrace.errors import Unavailable
from headrace.playground.actions import ALL
from headrace.playground.modules.code.actions import ACTIONS
from headrace.playground.modules.code.depot import Depot
from headrace.playground.modules.code.elsewhere import TYPES
from headrace.playground.modules.code.state import Code
from headrace.testing.invariants import check_equal, living_rows, source_rows, storage_of
from headrace.testing.run import Run

from ..playground.test_contract import operations, validator
from .holding import calm, interval_ms, needs_document

SHOP = 101
NAMES = [s.name for s in CODE if "merge_request" not in s.name and s.name != "depot_releases"]
READ = [s for s in CODE if s.name in NAMES and s.name != "commit_branches"]
GRAPH = ("branches", "commits", "commit_branches")


class Story:
    """A world that is read by turns, each a minute after the last. All lists have small pages."""

    def __init__(self, *streams: str, seed: int = 3, **wishes: Any) -> None:
        plan = calm(*streams, **{"census_seconds": 3600.0, **wishes})
        self.run = Run(seed, plan)
        self.world = self.run.world
        self.team = self.world.team
        self.code = self.team.module(Code)
        self.shop = self.team.projects[SHOP]
        self.depot: Depot = next(d for p, d in self.code.git_places() if p is self.shop)
        sizes = {name: plan.page_size for name, action in ALL.items() if action.paging}
        server = self.world.playground
        server.settings = replace(server.settings, page_size_max=sizes)
        self.poll(4)

    @property
    def now_ms(self) -> int:
        return self.world.clock.now_ms()

    def poll(self, turns: int = 1) -> None:
        for _ in range(turns):
            self.run.turn()
            self.world.clock.advance(interval_ms(self.world.streams))

    def settle(self) -> None:
        """Past the thorough passes; the copy is then exact."""
        self.run.finish()
        check_equal(self.world)

    def keys(self, stream: str) -> set[tuple[Any, ...]]:
        return {tuple(json.loads(f.record.key)) for f in self.world.mirror.records(stream)}

    def shas(self) -> set[str]:
        """The commits of the depot that are on file."""
        return {key[1] for key in self.keys("commits") if key[0] == self.depot.id}

    def calls(self, action: str) -> int:
        return self.world.playground.calls[action]

    def pages(self) -> int:
        """Pages of commits asked for so far."""
        return self.calls("DescribeGitCommitsInPage")

    def grow(self, name: str = "master", count: int = 1) -> None:
        self.code.grow(self.shop, self.depot, name, now_ms=self.now_ms, count=count)

    def branch(self, name: str, sha: str = "", count: int = 0) -> None:
        """A new branch at a commit (the head of master) with commits of its own."""
        sha = sha or self.head("master")
        self.code.push(self.shop, self.depot, name, sha, now_ms=self.now_ms)
        if count:
            self.grow(name, count)

    def force(self, name: str, sha: str) -> None:
        self.code.push(self.shop, self.depot, name, sha, now_ms=self.now_ms)

    def drop(self, name: str) -> None:
        self.code.delete_branch(self.shop, self.depot, name, now_ms=self.now_ms)

    def head(self, name: str) -> str:
        return self.depot.branches[name].sha

    def own(self, name: str) -> set[str]:
        """The commits that only this branch holds."""
        others = {c.sha for n in self.depot.branches if n != name for c in self.depot.log(n)}
        return {c.sha for c in self.depot.log(name)} - others

    def serve(self, change: Callable[[Request, Response], Response]) -> Callable[[], None]:
        """Let answers be changed on their way. Returns what ends it."""
        return self._between(lambda request, true: change(request, true(request)))

    def before_commits(self, act: Callable[[], None]) -> Callable[[], None]:
        """Let something happen once, just before a page of commits is asked for."""
        done: list[bool] = []

        def send(request: Request, true: Callable[[Request], Response]) -> Response:
            if asked_of(request)["Action"] == "DescribeGitCommitsInPage" and not done:
                done.append(True)
                act()
            return true(request)

        return self._between(send)

    def _between(
        self, send: Callable[[Request, Callable[[Request], Response]], Response]
    ) -> Callable[[], None]:
        server, true = self.world.playground, self.world.playground.send
        server.send = lambda request: send(request, true)  # type: ignore[method-assign]

        def end() -> None:
            server.send = true  # type: ignore[method-assign]

        return end


def asked_of(request: Request) -> dict[str, Any]:
    asked: dict[str, Any] = json.loads(request.body or b"{}")
    return asked


# --- every stream ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lived() -> Story:
    """All streams at once, through a snapshot and a long day."""
    story = Story(*NAMES)
    for _ in range(5):
        story.world.live(60)
        story.poll(2)
    story.settle()
    return story


@pytest.mark.parametrize("name", NAMES)
def test_a_day_is_copied_exactly(lived: Story, name: str) -> None:
    (stream,) = find([name])
    for table, wanted in source_rows(lived.world, stream).items():
        assert living_rows(storage_of(lived.world), table) == wanted
        assert wanted
        names = [n for n, _ in table.columns if n not in ("_deleted_at", "_changed_at", "_offset")]
        assert {row[names.index("_extra")] for row in wanted.values()} == {None}


def test_a_day_brought_every_kind_of_change(lived: Story) -> None:
    counts = lived.world.mirror.counts()
    assert all(counts[name].inserted for name in NAMES)
    removed = [name for name in NAMES if counts[name].deleted]
    assert {"branches", "commits", "commit_branches", "commit_files", "tags"} <= set(removed)
    assert counts["depots"].updated
    assert not counts["commits"].updated  # a commit never changes


def test_no_source_text_is_kept(lived: Story) -> None:
    kept = b"".join(f.record.body for f in lived.world.mirror.records("commit_files"))
    assert b"src/part-" in kept
    assert b"print(" not in kept
    assert b"diff --git" not in kept


@pytest.mark.parametrize("increments", ["hybrid", "webhook"])
def test_hooks_bring_the_same_rows(increments: str) -> None:
    story = Story(*GRAPH, "tags", increments=increments)
    for _ in range(4):
        story.world.live(20)
        story.poll(2)
    story.settle()


def test_a_push_is_read_when_its_hook_comes() -> None:
    story = Story("commits", increments="webhook", census_seconds=100_000.0)
    story.world.live(0)
    story.grow(count=2)
    story.poll(2)  # the post is not always quick
    assert story.head("master") in story.shas()


# --- commits: what is asked for --------------------------------------------------------------


def test_nothing_is_asked_while_no_branch_moved() -> None:
    story = Story(*GRAPH)
    pages = story.pages()
    story.poll(3)
    assert story.pages() == pages


def test_a_push_costs_one_page_of_its_branch() -> None:
    story = Story("commits")
    pages = story.pages()
    story.grow(count=2)
    story.poll()
    assert story.pages() == pages + 1
    assert story.head("master") in story.shas()


def test_a_new_name_for_a_known_commit_costs_nothing() -> None:
    story = Story(*GRAPH)
    pages = story.pages()
    story.branch("again")
    story.poll()
    assert story.pages() == pages
    held = {key for key in story.keys("commit_branches") if key[1] == "again"}
    assert held == {(story.depot.id, "again", c.sha) for c in story.depot.log("master")}


def test_a_merge_brings_the_ancestors_on_both_sides() -> None:
    story = Story("commits", page_size=2)
    story.branch("side", count=5)
    sha = story.head("side")
    side = {c.sha for c in story.depot.log("side")}
    story.code.merge(story.shop, story.depot, "master", sha, now_ms=story.now_ms)
    story.drop("side")
    story.poll()
    assert len(story.depot.log("master")[0].parents) == 2
    assert side <= story.shas()


def test_a_new_depot_is_read_last_page_first_and_whole() -> None:
    """As a walk does, whose pages are asked for side by side."""
    story = Story("commits", page_size=2)
    new = story.code.create_depot(story.shop, now_ms=story.now_ms)
    story.code.grow(story.shop, new, "main", now_ms=story.now_ms, count=17)
    pages: list[int] = []

    def note(request: Request, response: Response) -> Response:
        asked = asked_of(request)
        if asked["Action"] == "DescribeGitCommitsInPage" and asked["DepotId"] == new.id:
            pages.append(asked["PageNumber"])
        return response

    end = story.serve(note)
    story.poll()
    end()
    assert {c.sha for c in new.log("main")} <= {key[1] for key in story.keys("commits")}
    assert pages[-8:] == [9, 8, 7, 6, 5, 4, 3, 2]


def test_a_depot_of_svn_is_listed_and_asked_for_nothing_else() -> None:
    story = Story(*NAMES)
    old = story.code.create_depot(story.shop, now_ms=story.now_ms, vcs="svn")
    story.poll(2)
    story.settle()
    assert (old.id,) in story.keys("depots")
    assert not [place for place in story.world.worker.report.hidden if str(old.id) in place[1]]
    assert not story.world.worker.report.failures


# --- commits: what nobody holds any more -----------------------------------------------------


def test_what_a_forced_push_threw_away_goes_when_all_branches_were_read_to_their_ends() -> None:
    story = Story(*GRAPH)
    story.branch("side", count=3)
    story.poll()
    lost = story.own("side")
    assert lost <= story.shas()
    story.force("side", story.head("master"))
    story.poll(3)
    assert lost <= story.shas()  # until the next census
    assert not {key for key in story.keys("commit_branches") if key[2] in lost}
    story.world.clock.advance(3_601_000)
    story.poll()
    assert not lost & story.shas()
    story.settle()


@pytest.mark.parametrize("streams", [("branches", "commits"), GRAPH])
def test_one_run_is_enough_for_what_a_forced_push_threw_away(streams: tuple[str, ...]) -> None:
    """`sync --once`: the list of branches is read again, then the commits are confirmed."""
    story = Story(*streams)
    story.branch("side", count=3)
    story.branch("short", count=1)
    story.world.worker.once()
    lost = story.own("side") | story.own("short")
    assert lost <= story.shas()
    story.force("side", story.head("master"))
    story.drop("short")
    story.world.worker.once()
    assert not lost & story.shas()
    check_equal(story.world)


def test_commits_that_a_thorough_pass_misses_for_once_stay() -> None:
    """The list of branches came without the one that holds them now."""
    story = Story("branches", "commits")
    story.branch("side", count=3)
    story.poll()
    held = story.own("side")
    story.branch("refuge", story.head("side"))
    story.force("side", story.head("master"))

    def without(request: Request, response: Response) -> Response:
        if asked_of(request)["Action"] != "DescribeGitBranches":
            return response
        body = json.loads(response.body)
        branches = body["Response"]["Branches"]
        left = [branch for branch in branches if branch["BranchName"] != "refuge"]
        body["Response"]["Branches"] = left
        body["Response"]["TotalCount"] = len(left)
        return replace(response, body=json.dumps(body).encode())

    story.world.playground.settings = replace(story.world.playground.settings, page_size_max={})
    end = story.serve(without)
    story.world.clock.advance(3_601_000)
    story.run.turn()
    end()
    assert held <= story.shas()
    story.settle()
    assert story.world.mirror.counts()["commits"].deleted == 0


def test_too_many_at_once_are_held_for_another_census() -> None:
    story = Story("commits", vanish_rows=3)
    story.branch("side", count=60)
    story.poll()
    lost = story.own("side")
    story.force("side", story.head("master"))
    story.poll()
    for expected in (lost, set()):
        story.world.clock.advance(3_601_000)
        story.run.turn()
        assert lost & story.shas() == expected
        held = story.world.worker.report.held.get(("commits", make_key((story.depot.id,))), 0)
        assert held == len(expected)


def test_a_run_to_the_end_drops_them_at_once() -> None:
    story = Story("commits")
    story.branch("side", count=3)
    story.poll()
    lost = story.own("side")
    story.drop("side")
    story.world.clock.advance(61_000)
    for _ in range(2):  # the first one only misses the branch
        story.world.worker.once()
    assert not lost & story.shas()


def test_a_branch_that_was_merged_takes_nothing_with_it() -> None:
    story = Story("commits")
    story.branch("side", count=2)
    story.code.merge(story.shop, story.depot, "master", story.head("side"), now_ms=story.now_ms)
    story.poll()
    known, pages = story.shas(), story.pages()
    story.drop("side")
    story.poll(3)
    assert story.pages() == pages
    story.settle()
    assert story.shas() == known


def test_a_branch_that_moves_between_two_requests_costs_no_commit() -> None:
    """The list of branches is older than the pages of commits."""
    story = Story("branches", "commits")
    story.branch("side", count=2)
    story.poll()
    story.grow("side")
    refuge = story.own("side")

    def move() -> None:
        story.branch("refuge", story.head("side"))
        story.force("side", story.head("master"))
        story.grow("side", 2)

    end = story.before_commits(move)
    story.poll()
    end()
    for _ in range(4):
        assert refuge - {story.head("refuge")} <= story.shas()
        story.world.clock.advance(3_601_000)
        story.poll()
    assert story.world.mirror.counts()["commits"].deleted == 0
    story.settle()


def test_commits_above_the_listed_head_of_their_branch_are_not_taken_for_lost() -> None:
    """They are seen before the list of branches shows them; then a census comes that needs not
    read the branch, because another one holds its listed head."""
    story = Story("branches", "commits")
    story.branch("side", count=2)
    story.poll()
    story.grow("side")
    listed = story.head("side")
    end = story.before_commits(lambda: story.grow("side"))
    story.run.turn()
    end()
    newest = story.head("side")
    assert newest != listed and newest in story.shas()
    refused = story.serve(_without_branches)  # what is on file of the branches stays as it is
    story.code.merge(story.shop, story.depot, "master", listed, now_ms=story.now_ms)
    for _ in range(3):
        story.world.clock.advance(3_601_000)
        story.run.turn()
        assert newest in story.shas()
    refused()
    story.settle()
    assert story.world.mirror.counts()["commits"].deleted == 0


def _without_branches(request: Request, response: Response) -> Response:
    if asked_of(request)["Action"] != "DescribeGitBranches":
        return response
    return replace(response, status=503, body=b"")


def test_a_branch_that_moves_away_and_back_is_read_all_the_same() -> None:
    """The list of branches shows no change, but its commits were never seen."""
    story = Story("branches", "commits")
    story.branch("side", count=2)
    story.poll()
    story.grow("side", 2)
    head = story.head("side")
    end = story.before_commits(lambda: story.force("side", story.head("master")))
    story.run.turn()
    end()
    assert head not in story.shas()
    story.force("side", head)
    story.world.clock.advance(61_000)
    story.poll()
    assert head in story.shas()
    story.settle()


def test_a_branch_that_is_gone_when_its_commits_are_asked_for_hides_nothing() -> None:
    story = Story("branches", "commits")
    story.branch("side", count=2)
    story.grow()
    end = story.before_commits(lambda: story.drop("side"))
    story.poll()
    end()
    assert story.head("master") in story.shas()
    assert not story.world.worker.report.hidden
    story.settle()


# --- commits: answers that are wrong ---------------------------------------------------------


def lying(change: Callable[[list[dict[str, Any]]], None], page: int = 1) -> Any:
    """Spoil one page of commits, once."""
    told: list[int] = []

    def spoil(request: Request, response: Response) -> Response:
        asked = asked_of(request)
        if asked["Action"] != "DescribeGitCommitsInPage" or asked["PageNumber"] != page or told:
            return response
        body = json.loads(response.body)
        commits = body["Response"]["Data"]["Commits"]
        if len(commits) < 2:
            return response
        told.append(page)
        change(commits)
        return replace(response, body=json.dumps(body).encode())

    return spoil


def _no_parents(commits: list[dict[str, Any]]) -> None:
    commits[0]["Parents"] = []


def _odd_parents(commits: list[dict[str, Any]]) -> None:
    commits[0]["Parents"] = "none"


def _without_the_last(commits: list[dict[str, Any]]) -> None:
    commits.pop()


def _without_any(commits: list[dict[str, Any]]) -> None:
    commits.clear()


@pytest.mark.parametrize("lie", [_no_parents, _odd_parents, _without_the_last, _without_any])
def test_fewer_commits_than_counted_are_read_again(lie: Any) -> None:
    story = Story(*GRAPH)
    story.grow(count=5)
    end = story.serve(lying(lie))
    story.poll(2)
    end()
    held = {c.sha for c in story.depot.log("master")}
    assert held <= story.shas()
    pairs = {key[2] for key in story.keys("commit_branches") if key[1] == "master"}
    assert held <= pairs
    assert story.world.mirror.counts()["commit_branches"].deleted == 0
    story.settle()


def _wide(story: Story) -> str:
    """A commit whose ancestors master reaches without it, too; "old" is a branch at it."""
    base = story.head("master")
    story.grow()
    node = story.head("master")
    story.branch("old", node)
    story.branch("side", base, count=1)
    story.code.merge(story.shop, story.depot, "master", story.head("side"), now_ms=story.now_ms)
    return node


def _orphaned(node: str, looks: range) -> Callable[[Request, Response], Response]:
    """At these looks at a commit it is shown as if it had no parents."""
    asked = count(1)

    def spoil(request: Request, response: Response) -> Response:
        body = json.loads(response.body)
        found = [
            commit
            for commit in body["Response"].get("Data", {}).get("Commits", ())
            if commit["Sha"] == node
        ]
        if not found or next(asked) not in looks:
            return response
        found[0]["Parents"] = None
        return replace(response, body=json.dumps(body).encode())

    return spoil


@pytest.mark.parametrize("look", range(1, 8))
def test_a_commit_that_loses_its_parents_for_once_keeps_them(look: int) -> None:
    """Its list counts as many commits as are known: those above it are reached by other ways."""
    story = Story(*GRAPH)
    node = _wide(story)
    story.poll(2)
    held = {key for key in story.keys("commit_branches") if key[1] == "old"}
    end = story.serve(_orphaned(node, range(look, look + 1)))
    story.settle()
    end()
    assert {key for key in story.keys("commit_branches") if key[1] == "old"} == held
    assert story.world.mirror.counts()["commit_branches"].deleted == 0


def test_a_commit_that_is_shown_otherwise_twice_is_believed() -> None:
    """What is on file may be the bad answer: it is not kept for ever."""
    story = Story(*GRAPH)
    node = _wide(story)
    end = story.serve(_orphaned(node, range(1, 100)))
    story.poll(2)
    end()
    filed = story.world.mirror.get("commits", make_key((story.depot.id, node)))
    assert filed is not None and filed.record.value()["Parents"] is None
    story.settle()


def test_a_branch_that_names_no_commit_for_once_loses_none() -> None:
    story = Story(*GRAPH)
    told: list[bool] = []

    def forget(request: Request, response: Response) -> Response:
        if asked_of(request)["Action"] != "DescribeGitBranches" or len(told) > 1:
            return response
        told.append(True)
        body = json.loads(response.body)
        for branch in body["Response"]["Branches"]:
            branch["Sha"] = None
        return replace(response, body=json.dumps(body).encode())

    end = story.serve(forget)
    story.poll(2)
    end()
    assert told
    story.settle()
    counts = story.world.mirror.counts()
    assert counts["commits"].deleted == counts["commit_branches"].deleted == 0


def test_a_row_that_was_spoilt_is_mended_by_the_sweep() -> None:
    story = Story("commits")

    def rename(commits: list[dict[str, Any]]) -> None:
        commits[0]["AuthorName"] = "somebody else"

    story.grow(count=2)
    end = story.serve(lying(rename))
    story.poll()
    end()
    filed = story.world.mirror.get("commits", make_key((story.depot.id, story.head("master"))))
    assert filed is not None and filed.record.value()["AuthorName"] == "somebody else"
    story.settle()


def test_a_long_branch_is_committed_in_parts_and_read_on_after_a_break(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(history, "ROWS_MAX", 3)
    story = Story("commits", page_size=2)
    new = story.code.create_depot(story.shop, now_ms=story.now_ms)
    story.code.grow(story.shop, new, "main", now_ms=story.now_ms, count=13)

    def cut(request: Request, response: Response) -> Response:
        if asked_of(request).get("PageNumber") == 3:
            raise Unavailable("The connection was reset.")
        return response

    end = story.serve(cut)
    story.poll()
    end()
    wanted = {(new.id, c.sha) for c in new.log("main")}
    assert 0 < len(wanted & story.keys("commits")) < len(wanted)
    story.world.clock.advance(300_000)
    story.poll()
    assert wanted <= story.keys("commits")


def test_a_commit_is_known_when_all_its_ancestors_are() -> None:
    graph = {"a": [], "b": ["a"], "c": ["b", "x"], "d": ["c"], "e": ["b"]}
    assert whole(graph) == {"a": [], "b": ["a"], "e": ["b"]}
    full = {**graph, "x": []}
    assert whole(full) == full
    assert closure(full, ["d"]) == {"a", "b", "c", "d", "x"}
    assert closure(full, ["nowhere"]) == set()


# --- depots that change or go ----------------------------------------------------------------


def test_a_depot_takes_all_it_held_with_it() -> None:
    story = Story(*NAMES)
    story.settle()
    gone = story.depot.id
    below = [n for n in NAMES if n not in ("depots", "external_depots") and "spec" not in n]
    assert all(any(key[0] == gone for key in story.keys(name)) for name in below)
    story.code.delete_depot(story.depot)
    story.settle()
    for name in below:
        assert not [key for key in story.keys(name) if key[0] == gone], name


def test_a_renamed_depot_or_project_is_read_on_by_its_new_path() -> None:
    story = Story("commit_comments", "depot_push_settings", "protected_branches")
    story.code.rename_depot(story.depot)
    story.team.rename_project(SHOP, now_ms=story.now_ms, name="market")
    story.depot.guards.push = {**story.depot.guards.push, "PushFileSize": "7"}
    story.settle()
    assert not story.world.worker.report.hidden


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("https://e.coding.net/demo-team/shop/depot-1.git", "demo-team/shop/depot-1"),
        ("http://git.example.com/below/demo-team/shop/a.b.git", "demo-team/shop/a.b"),
        ("", ""),
        (None, None),
    ],
)
def test_the_path_of_a_depot_is_in_its_address(address: str | None, path: str | None) -> None:
    assert path_of({"HttpsUrl": address}) == path


# --- what may not be read --------------------------------------------------------------------


@pytest.mark.parametrize("code", ["OperationDenied", "UnauthorizedOperation", "InvalidParameter"])
def test_where_code_may_not_be_read_its_rows_stay(code: str) -> None:
    story = Story(*NAMES, census_seconds=180.0)
    known = {name: story.keys(name) for name in NAMES}
    settings = story.world.playground.settings
    refused = dict.fromkeys((action.name for action in ACTIONS), code)
    story.world.playground.settings = replace(settings, failing=refused)
    story.drop(next(name for name in story.depot.branches if name != "master"))
    story.poll(8)
    assert {name: story.keys(name) for name in NAMES} == known
    report = story.world.worker.report
    assert {"depots", "branches"} <= {name for name, _ in (*report.hidden, *report.failures)}
    story.world.playground.settings = settings
    story.world.clock.advance(600_000)  # what failed waits longer each time
    story.settle()


def test_a_hidden_project_keeps_its_rows() -> None:
    story = Story(*NAMES, census_seconds=180.0)
    known = {name: story.keys(name) for name in NAMES}
    story.team.hide_project(SHOP)
    story.poll(8)
    assert {name: story.keys(name) for name in NAMES} == known
    story.team.hide_project(SHOP, False)
    story.settle()


# --- the official document -------------------------------------------------------------------


def requests_of(story: Story, action: str) -> Iterator[dict[str, Any]]:
    """Requests that together show every kind of row of an Action."""
    if action == "DescribeDepotSpecs":
        yield {}
    if action == "DescribeDepotSpecDetail":
        yield from ({"DepotSpecName": name} for name in story.code.elsewhere.specs())
    for project in story.team.projects.values():
        if action == "DescribeProjectDepotInfoList":
            yield {"ProjectId": project.id}
            yield from (
                {"ProjectId": project.id, "PageNumber": n, "PageSize": "1"} for n in ("1", "99")
            )
        if action == "DescribeProjectDepots":
            yield from ({"ProjectId": project.id, "DepotType": kind} for kind in TYPES)
    for project, depot in story.code.git_places():
        by_id = {"DepotId": depot.id}
        by_path = {"DepotPath": f"demo-team/{project.info.name}/{depot.name}"}
        yield from _of_depot(action, depot, by_id, by_path)


def _of_depot(
    action: str, depot: Depot, by_id: dict[str, Any], by_path: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    shas = [commit.sha for commit in depot.held()]
    pages = [{"PageNumber": n, "PageSize": 2} for n in (1, 2, 99)]
    several: dict[str, list[dict[str, Any]]] = {
        "DescribeGitBranches": [by_id, *({**by_id, **page} for page in pages)],
        "DescribeGitTags": [by_id, {**by_id, "Page": 1, "PageSize": 1}],
        "DescribeGitCommitsInPage": [{**by_path, **page} for page in pages],
        "DescribeGitCommitDiff": [{**by_id, "Sha": sha} for sha in shas],
        "DescribeGitCommitStatus": [{**by_id, "CommitSha": sha} for sha in shas],
        "DescribeGitCommitComments": [{**by_path, "Sha": sha, **pages[0]} for sha in shas],
        "DescribeNotesByCommits": [
            {**by_id, "Commits": shas, "NoteRef": "refs/notes/commits"},
            {**by_id, "Commits": shas, "NoteRef": "refs/notes/others"},
        ],
        "DescribeProtectedBranches": [{**by_id, **by_path}],
        "DescribeProtectedBranchMembers": [
            {**by_id, "BranchName": name} for name in depot.guards.branches
        ],
        "DescribeBranchProtectionMembers": [
            {**by_id, "BranchProtectionId": number} for number in depot.guards.rules
        ],
        "DescribeDepotPushSetting": [by_path],
        "DescribeDepotFilePushRules": [by_path],
    }
    by_id_alone = [by_id, {"DepotId": 0, **by_path}]
    elsewhere = ("Spec", "ProjectDepot")
    if not any(word in action for word in elsewhere):
        yield from several.get(action, by_id_alone)


@needs_document
@pytest.mark.parametrize("action", [action.name for action in ACTIONS])
def test_answers_are_as_the_document_says(lived: Story, action: str) -> None:
    requests = list(requests_of(lived, action))
    assert requests
    for request in requests:
        answer = lived.world.source._client.call(action, request, expects="RequestId", many=None)
        problems = validator(action).iter_errors({"Response": answer.response})
        assert [f"{p.json_path}: {p.message[:200]}" for p in problems] == []


@needs_document
@pytest.mark.parametrize("stream", READ, ids=lambda stream: stream.name)
def test_official_examples_become_rows(stream: Stream) -> None:
    examples = operations()[stream.listing.action]["x-tcapi-examples"]
    found = [row for example in examples for row in rows_of(stream, example["output"])]
    assert found
    scope = Scope("[]", {}, dict.fromkeys(stream.parent.key if stream.parent else (), 7))
    rejected = [r for r in found if isinstance(to_record(stream, scope, r), Reject)]
    assert rejected == []


def rows_of(stream: Stream, output: str) -> list[Any]:
    """The rows in an official example of the stream's listing; one has a tab within a text."""
    found = json.loads(output, strict=False)["Response"]
    for name in stream.listing.rows.split("."):
        found = found[name]
    return list(stream.listing.unfold(found) if stream.listing.unfold else found)


def test_only_commits_are_read_as_a_history() -> None:
    assert [s.name for s in CODE if s.strategy is Strategy.HISTORY] == ["commits"]
    assert [s.name for s in CODE if s.is_derived] == ["commit_branches"]
