"""The wiki: a tree of pages and their contents, copied while people write."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as changed

from headrace.coding.streams.wiki import WIKI
from headrace.playground.modules.wiki.actions import ACTIONS
from headrace.playground.modules.wiki.rows import Page
from headrace.playground.modules.wiki.state import Wiki

from .holding import (
    SHOP,
    Story,
    assert_documented,
    example_rows,
    leftovers,
    live_and_copy,
    needs_document,
)

NAMES = [stream.name for stream in WIKI]
each = pytest.mark.parametrize("stream", WIKI, ids=lambda stream: stream.name)


class Shelf(Story):
    """A world of which only the wiki of the shop is looked at."""

    def __init__(self, **wishes: Any) -> None:
        super().__init__(*NAMES, **wishes)
        self.wiki = self.team.module(Wiki)
        self.shop = self.team.projects[SHOP]

    def page(self, iid: int = 1) -> Page:
        return self.wiki.pages(self.shop)[iid]

    def put(self, page: Page, code: str = "WIKI_UPDATED") -> None:
        self.wiki._put(self.shop, page, code)

    def edit(self, iid: int, words: str) -> None:
        page, now_ms = self.page(iid), self.world.clock.now_ms()
        self.put(changed(page, versions=(*page.versions, words), updated_ms=now_ms))


def test_both_are_copied_while_the_team_lives() -> None:
    live_and_copy(NAMES, unchanged=set(), acts=180)


def test_each_action_has_its_stream() -> None:
    assert_documented(WIKI, ACTIONS)


@needs_document
@each
def test_the_official_examples_are_rows(stream: Any) -> None:
    assert len(list(example_rows(stream))) == {"wiki_pages": 2, "wiki_contents": 1}[stream.name]


@needs_document
@each
def test_every_documented_field_has_its_column(stream: Any) -> None:
    assert leftovers(stream) == []


def test_pages_below_others_are_rows_of_their_own() -> None:
    story = Shelf()
    for iid in (2, 3, 4):
        story.put(changed(story.page(iid), parent_iid=iid - 1))
    story.finish()
    rows = story.rows("wiki_pages")
    assert [rows[(SHOP, iid)]["parent_iid"] for iid in (1, 2, 3, 4)] == [None, 1, 2, 3]
    assert "Children" not in str(story.bodies("wiki_pages"))


def test_a_page_thrown_away_goes_with_all_below_it() -> None:
    story = Shelf()
    story.put(changed(story.page(2), parent_iid=1))
    story.put(changed(story.page(3), parent_iid=2))
    story.finish()
    story.wiki._throw_away(story.shop, story.page(1), story.world.clock.now_ms())
    story.finish()
    for table in NAMES:
        gone = {(SHOP, iid) for iid in (1, 2, 3)}
        assert not gone & set(story.rows(table)), table
        assert (SHOP, 4) in story.rows(table)


def test_only_the_content_that_changed_is_read_again() -> None:
    story = Shelf()
    del story.asked["DescribeWiki"]
    story.edit(2, "# Two\n\nwritten anew")
    story.poll()
    asked = [{"ProjectName": "shop", "Iid": 2, "VersionId": -1}]
    assert story.asked["DescribeWiki"] == asked
    row = story.rows("wiki_contents")[(SHOP, 2)]
    assert row["html"] == "<p># Two</p><p>written anew</p>"
    assert (row["current_version"], row["last_version"]) == (2, 2)


def test_what_a_page_takes_from_the_one_above_is_found_by_the_sweep() -> None:
    story = Shelf()
    story.put(changed(story.page(2), parent_iid=1))
    story.poll()
    story.put(changed(story.page(1), visible_range="HIDDEN"))
    story.poll()
    assert story.rows("wiki_contents")[(SHOP, 2)]["parent_visible_range"] == "INHERIT"
    story.finish()
    assert story.rows("wiki_contents")[(SHOP, 2)]["parent_visible_range"] == "HIDDEN"


def test_a_page_edited_while_the_sweep_is_under_way_is_read_once() -> None:
    """Else the sweep follows what changes, and where something always does, no other begins."""
    story = Shelf()
    story.world.clock.advance(100_001_000)
    story.world.worker.turn()
    assert story.world.mirror.cursor("wiki_contents", f"[{SHOP}]").swept
    del story.asked["DescribeWiki"]
    story.edit(3, "# Three\n\nwritten anew")
    story.world.clock.advance(100_000_000)  # the pages are read before the sweep goes on
    for _ in range(3):
        story.world.worker.turn()
    assert [asked["Iid"] for asked in story.asked["DescribeWiki"]] == [3]
    assert not story.world.mirror.cursor("wiki_contents", f"[{SHOP}]").swept


def test_sharing_shows_without_a_new_time() -> None:
    story = Shelf()
    before = story.rows("wiki_pages")[(SHOP, 1)]
    story.put(changed(story.page(1), shared=True))
    story.poll()
    assert story.rows("wiki_pages")[(SHOP, 1)] == before | {"is_shared": True}


def test_an_event_has_the_tree_read_again() -> None:
    story = Shelf(increments="webhook")
    post = story.world.post
    assert post is not None
    post._loss = 0.0
    asked = story.calls("DescribeWikiList")
    story.poll()
    assert story.calls("DescribeWikiList") == asked
    story.edit(3, "told by an event")
    story.poll()
    assert story.calls("DescribeWikiList") > asked
    assert story.rows("wiki_contents")[(SHOP, 3)]["content"] == "told by an event"


def test_events_name_no_page() -> None:
    story = Shelf(increments="hybrid")
    story.edit(1, "x")
    (told,) = [event for event in story.team.take_events() if event.code == "WIKI_UPDATED"]
    assert set(told.body["content"]) == {"title", "url", "parentName", "parentUrl", "shareUrl"}
    assert told.body["eventName"] == "文档更新"


def test_a_project_made_later_has_an_empty_wiki_at_first() -> None:
    story = Shelf()
    project_id = story.team.create_project("later", now_ms=story.world.clock.now_ms())
    story.census()
    assert story.world.worker.report.failures == {}
    story.wiki._write(story.team.projects[project_id], story.world.clock.now_ms())
    story.finish()
    assert (project_id, 1) in story.rows("wiki_contents")


def test_pages_are_kept_while_the_wiki_is_withdrawn() -> None:
    story = Shelf()
    kept = story.rows("wiki_contents")
    playground = story.world.playground
    withdrawn = {"DescribeWikiList", "DescribeWiki"}
    playground.settings = replace(playground.settings, withdrawn=withdrawn)
    story.wiki._pages.clear()
    story.census()
    story.census()
    assert story.rows("wiki_contents") == kept != {}
    assert ("wiki_pages", f"[{SHOP}]") in story.world.worker.report.hidden


def test_who_asks_leaves_no_trace_in_contents() -> None:
    story = Shelf()
    (first, *_) = story.bodies("wiki_contents")
    assert not {"CanRead", "CanMaintain", "Creator", "Editor"} & set(first)
