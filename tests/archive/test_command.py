"""`headrace archive` as a user runs it, against a look-alike on a real port."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from msgspec.structs import replace as changed

from headrace.archive.run import PARTS
from headrace.cli import archive as cli
from headrace.mirror.files import connect
from headrace.mirror.sqlite import SqliteMirror
from headrace.playground.modules.code.state import Code
from headrace.playground.modules.wiki.state import Wiki

from .conftest import Archive, Headrace, World, needs_git, shop_of

pytestmark = [needs_git, pytest.mark.long]
ASKED = "DescribeIssueFileUrl"


def mirror_of(folder: Path) -> SqliteMirror:
    (path,) = (folder / ".headrace").glob("*.mirror")
    return SqliteMirror(connect(path), now_ms=0)


def attach(world: World, name: str, content: bytes) -> str:
    """Hang a file on the shop's first issue. Returns the item's key."""
    shop = shop_of(world)
    number = world.team.files.attach(shop.id, shop.codes()[0], name, content, now_ms=world.now_ms())
    return f"{shop.id}/{number}"


# --- all of it -----------------------------------------------------------------------------------


def test_a_whole_team(archive: Archive, world: World, tmp_path: Path) -> None:
    key = attach(world, "notes.txt", b"plainly artificial")
    ran = archive("--stream", "iterations", "--stream", "tags", code=0)
    assert "Complete" in ran.out
    manifest = archive.manifest
    assert manifest["complete"] is True
    assert manifest["missing"] == []
    for kind, tally in manifest["kinds"].items():
        assert tally["mirror"] == tally["archive"], kind
        assert tally["mirror"] > 0 or kind == "linked_files", kind
    assert archive.file("attachments", key).read_bytes() == b"plainly artificial"
    _check_sums(archive)
    _check_tables(archive, tmp_path)
    _check_pages(archive.folder)


def _check_sums(archive: Archive) -> None:
    for item in archive.manifest["items"]:
        for stored in item["files"]:
            path = archive.folder / stored["path"]
            if path.is_file():
                content = path.read_bytes()
                assert len(content) == stored["bytes"]
                assert hashlib.sha256(content).hexdigest() == stored["sha256"]
            else:
                assert item["kind"] == "depots"


def _check_tables(archive: Archive, folder: Path) -> None:
    """The tables hold the mirror's records, all of them and no others."""
    mirror = mirror_of(folder)
    tables = archive.items("tables")
    for stream in mirror.counts():
        lines = archive.file("tables", stream).read_bytes().splitlines()
        assert lines == [filed.record.body for filed in mirror.records(stream)]
        assert tables[stream].get("count", 0) == len(lines)
    mirror.close()


class Links(HTMLParser):
    """Every address in a page; scripts, frames and handlers fail."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "iframe", "object", "embed", "form", "link", "base")
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            if name in ("href", "src"):
                self.found.append(value or "")


def _check_pages(folder: Path) -> None:
    """From the index everything is reached, and every local link leads to something."""
    seen: set[Path] = set()
    ahead = [folder / "index.html"]
    while ahead:
        page = ahead.pop().resolve()
        if page in seen:
            continue
        seen.add(page)
        assert page.exists(), page
        assert page.is_relative_to(folder.resolve())
        if page.suffix == ".html" and "issues" not in page.parts:
            local = [link for link in Links(page).found if not urlsplit(link).scheme]
            ahead += [page.parent / unquote(link) for link in local if not link.startswith("#")]
    kinds = {path.suffix for path in seen}
    assert {".html", ".md", ".jsonl", ".json", ".git"} <= kinds


def test_a_second_run_fetches_nothing_again(archive: Archive, world: World) -> None:
    attach(world, "notes.txt", b"plainly artificial")
    archive(code=0)
    calls = world.playground.calls[ASKED]
    assert calls == 1
    archive("--no-read", code=0)
    assert world.playground.calls[ASKED] == calls
    assert [url for url in archive.fetched if "/files/" in url] == []


def test_a_damaged_file_is_fetched_again(archive: Archive, world: World) -> None:
    key = attach(world, "notes.txt", b"plainly artificial")
    archive(code=0)
    archive.file("attachments", key).write_bytes(b"plainly Artificial")
    archive("--no-read", code=0)
    assert archive.file("attachments", key).read_bytes() == b"plainly artificial"
    assert len([url for url in archive.fetched if "/files/" in url]) == 1


def test_what_is_gone_at_codings_side_stays_in_the_folder(archive: Archive, world: World) -> None:
    key, shop = attach(world, "notes.txt", b"plainly artificial"), shop_of(world)
    archive(code=0)
    kept = [archive.folder / f["path"] for i in archive.manifest["items"] for f in i["files"]]
    world.team.delete_issue(shop.id, shop.codes()[0], now_ms=world.now_ms())
    world.team.rename_project(shop.id, name="renamed", now_ms=world.now_ms())
    archive(code=0)
    assert key not in archive.items("attachments")
    assert all(path.exists() for path in kept)
    assert len(list((archive.folder / "projects").iterdir())) == len(world.team.projects)


# --- what is missing -----------------------------------------------------------------------------


def test_what_is_missing_is_said(archive: Archive, world: World) -> None:
    attach(world, "small.txt", b"small")
    key = attach(world, "large.bin", bytes(5000))
    ran = archive("--file-size-max", "4K", code=3)
    assert "Not complete: 1 are missing" in ran.out
    assert "large.bin: It has more than the 4,096 bytes" in ran.out
    assert list(archive.missing()) == [key]
    document = archive("--file-size-max", "4K", "--json", code=3).document
    assert document["complete"] is False
    assert document["missing_total"] == 1
    assert document["kinds"]["attachments"] == {"mirror": 2, "archive": 1, "bytes": 5}
    assert archive("--no-read", "--lang", "zh", code=0).out.count("已完整存档") == 1
    assert archive.missing() == {}


def test_a_module_that_is_refused_is_missing(archive: Archive, world: World) -> None:
    """An archive without code must not call itself complete because the token may not see any."""
    playground = world.playground
    playground.settings = replace(
        playground.settings, withdrawn={"DescribeProjectDepotInfoList", "DescribeWiki"}
    )
    archive(code=3)
    reasons = archive.missing("tables")
    assert {key.split()[0] for key in reasons} == {"depots", "wiki_contents"}
    assert all("OperationDenied" in reason for reason in reasons.values())
    assert set(archive.missing("wiki_pages").values()) == {"The mirror has no text of this page."}


def test_what_is_left_out_is_not_missed(archive: Archive, world: World) -> None:
    attach(world, "notes.txt", b"plainly artificial")
    playground = world.playground
    playground.settings = replace(
        playground.settings, withdrawn={"DescribeProjectDepotInfoList", "DescribeWikiList"}
    )
    archive("--without", "wiki", "--without", "depots", code=0)
    kinds = archive.manifest["kinds"]
    assert [kinds[name]["mirror"] for name in ("attachments", "wiki_pages", "depots")] == [1, 0, 0]
    archive("--without", "files", code=3)
    assert archive.manifest["kinds"]["attachments"]["mirror"] == 0
    assert {key.split()[0] for key in archive.missing()} == {"depots", "wiki_pages"}


def test_a_line_that_is_down_is_not_tried_for_ever(archive: Archive, world: World) -> None:
    for number in range(30):
        attach(world, f"{number}.txt", b"plainly artificial")
    playground = world.playground
    playground.settings = replace(playground.settings, failing={ASKED: "InternalError"})
    archive("--attempts", "1", "--parallel", "1", code=3)
    reasons = list(archive.missing("attachments").values())
    assert len(reasons) == 30
    tried = [reason for reason in reasons if "InternalError" in reason]
    assert playground.calls[ASKED] == len(tried)
    assert len(tried) == 20
    assert reasons[-1].startswith("Not tried: the 20 before it could not be had")


def test_the_parts_that_can_be_left_out() -> None:
    assert cli._PARTS == PARTS


def test_svn_depots_are_missing(archive: Archive, world: World) -> None:
    code, shop = world.team.module(Code), shop_of(world)
    depot = next(iter(code.depots(shop).values()))
    depot.vcs = "svn"
    archive(code=3)
    assert archive.missing() == {str(depot.id): "It is a svn depot, which git cannot clone."}


def test_a_branch_that_moved_is_missing_until_it_is_read(archive: Archive, world: World) -> None:
    archive(code=0)
    code, shop = world.team.module(Code), shop_of(world)
    depot = next(iter(code.depots(shop).values()))
    head, before = depot.log("master")[:2]
    depot.move("master", before.sha, now_ms=world.now_ms())
    for name in [n for n in depot.branches if head in depot.log(n)]:
        depot.remove(name, now_ms=world.now_ms())
    depot.tags.clear()
    archive.folder = archive.folder.parent / "fresh"
    archive("--no-read", code=3)
    reasons = archive.missing("branch_heads")
    assert reasons[f"{depot.id} master"].startswith(f"The clone has no commit {head.sha}")
    archive(code=0)


def test_a_token_without_the_scope_for_code(
    archive: Archive, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive(code=0)
    scopes = {"user:profile:ro", "project:profile:ro", "collaboration:issue:ro"}
    token = world.playground.issue_token(scopes=scopes)
    monkeypatch.setenv("CODING_TOKEN", token)
    archive("--no-read", code=3)
    reasons = archive.missing("depots").values()
    assert len(reasons) == len(archive.missing()) > 0
    assert all("error: 403 The token may lack the scope for code." in why for why in reasons)


@pytest.mark.parametrize("version", ["", "git version 2.31.9", "git version 1.99", "what?"])
def test_no_git_that_will_do(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str
) -> None:
    """An older one would not see our configuration, so it would ask somebody for a password."""
    if version:
        old = tmp_path / "git"
        old.write_text(f"#!/bin/sh\necho {version}\n")
        old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    archive(code=3)
    reasons = set(archive.missing().values())
    assert reasons == {"There is no git 2.32 or later. Install it and run again."}


# --- hostile names -------------------------------------------------------------------------------


HOSTILE = (
    "../../../../etc/cron.d/x", "..\\..\\x.exe", "/etc/passwd", "CON.png", "a\0b.txt", ".bashrc",
    "<script>alert(1)</script>.html", "\u202egpj.exe", "x" * 300 + ".png", "-rf", " ",
    "文件 名.pdf",
)  # fmt: skip


def test_hostile_names_stay_names(archive: Archive, world: World, tmp_path: Path) -> None:
    keys = [attach(world, name, f"file {n}".encode()) for n, name in enumerate(HOSTILE)]
    shop, wiki = shop_of(world), world.team.module(Wiki)
    evil = '"><img src=x onerror=alert(1)>/../../../x'
    world.team.rename_project(shop.id, display_name=evil, now_ms=world.now_ms())
    page = next(iter(wiki.pages(shop).values()))
    text = "<script>alert(1)</script><a href='javascript:alert(1)'>a</a><b onclick=x>bold</b>"
    wiki.pages(shop)[page.iid] = changed(page, title=evil, versions=(text,))
    archive(code=0)
    for number, key in enumerate(keys):
        path = archive.file("attachments", key)
        assert path.read_bytes() == f"file {number}".encode()
        assert path.resolve().is_relative_to((archive.folder / "projects").resolve())
    _check_pages(archive.folder)
    index = (archive.folder / "index.html").read_text()
    assert "<img" not in index and "&lt;img src=x" in index
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"kept", ".headrace"}


# --- files that texts link to ---------------------------------------------------------------------


def test_files_that_texts_link_to(archive: Archive, world: World) -> None:
    shop, wiki, files = shop_of(world), world.team.module(Wiki), world.team.files
    shot = files.attach(
        shop.id, shop.codes()[0], "50% #1?.png", b"a picture", now_ms=world.now_ms()
    )
    plan = files.put(shop.id, "plan.pdf", b"a plan")
    base = f"/api/project/{shop.id}/files"
    page = next(iter(wiki.pages(shop).values()))
    told = f"![shot]({base}/{shot}/imagePreview) [there]({world.server.url}{base}/{plan}/download)"
    html_link = f'<img src="{base}/{shot}/imagePreview"> {told}'
    wiki.pages(shop)[page.iid] = changed(page, title="linked", versions=(html_link,))
    code = shop.codes()[1]
    km = "/api/km/v1/spaces/page/7/blocks/loo46/external/imagePreview?module=collaboration"
    files.show(shop.id, code, "inside.png", b"inside")
    lost = f"{base}/999/download and https://elsewhere.example.com{base}/1/download"
    world.team.update_issue(
        shop.id, code, description=f"![image.png]({km}) {lost}", now_ms=world.now_ms()
    )
    archive(code=3)
    linked = archive.items("linked_files")
    contents = {archive.file("linked_files", key).read_bytes() for key in linked}
    assert contents == {b"a plan", b"inside"}
    assert archive.file("linked_files", f"{shop.id}/{plan}").suffix == ".pdf"
    assert archive.file("attachments", f"{shop.id}/{shot}").name.endswith("50% #1_.png")
    (reason,) = archive.missing().values()
    assert list(archive.missing()) == [f"{shop.id}/999"]
    assert "ResourceNotFound" in reason
    html = next(archive.folder.glob(f"projects/*/wiki/{page.iid}-linked.html"))
    (local,) = [link for link in Links(html).found if link.endswith(".png")]
    assert (html.parent / unquote(urlsplit(local).path)).read_bytes() == b"a picture"


# --- the folder, the token ------------------------------------------------------------------------


def test_a_folder_with_something_else_is_left_alone(archive: Archive) -> None:
    archive.folder.mkdir()
    (archive.folder / "mine.txt").write_text("mine")
    ran = archive(code=2)
    assert "is not empty and holds no archive" in ran.err
    assert [path.name for path in archive.folder.iterdir()] == ["mine.txt"]


def test_a_folder_of_other_projects_is_left_alone(archive: Archive) -> None:
    archive("--project", "shop", code=0)
    before = archive.manifest
    ran = archive(code=2)
    assert "another team" in ran.err
    assert archive.manifest == before


def test_a_folder_that_cannot_be_written(archive: Archive) -> None:
    archive(code=0)
    tables = archive.folder / "tables"
    tables.rename(archive.folder / "elsewhere")
    tables.write_text("a file in the way")
    ran = archive("--no-read", code=3)
    assert f"{archive.folder} cannot be written: File exists." in ran.err
    tables.unlink()
    archive("--no-read", code=0)


def test_a_wrong_token_leaves_nothing_behind(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODING_TOKEN", "wrong-token-1")
    archive(code=2)
    assert not archive.folder.exists()


@pytest.mark.parametrize("kind", ["personal", "project"])
def test_the_token_is_nowhere(
    archive: Archive, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    project_id = shop_of(world).id if kind == "project" else None
    token = world.playground.issue_token(kind, project_id=project_id)
    playground = world.playground
    playground.settings = replace(playground.settings, project_tokens_see_team=True)
    monkeypatch.setenv("CODING_TOKEN", token)
    ran = archive("-v", "--project", "shop", code=0)
    owner = f"{world.team.user(1)['GlobalKey']}:{token}"
    pairs = [base64.b64encode(text.encode()).decode() for text in (token, owner)]
    secrets = [token, token.rpartition(":")[2], *pairs, "sign="]
    said = ran.out + ran.err
    for path in tmp_path.rglob("*"):
        if path.is_file():
            said += path.read_bytes().decode(errors="replace")
    assert [secret for secret in secrets if secret in said] == []


def test_by_name(headrace: Headrace, world: World, tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_text(
        f'[connections.acme]\nurl = "{world.server.url}"\nprojects = ["shop"]\n'
        '[tasks.copy]\nsource = "acme"\ndestination = "sqlite:///copy.db"\n'
        'streams = ["projects"]\n'
    )
    assert headrace("sync", "copy", "--once").code == 0
    ran = headrace("archive", "copy", "--to", "kept", "--stream", "projects", "--json")
    assert ran.code == 0, ran.out
    assert len(list((tmp_path / ".headrace").glob("*.mirror"))) == 1
    assert headrace("archive", "acme", "--to", "kept", "--no-read").code == 3  # all streams now


def test_a_clone_of_the_clone(archive: Archive, world: World, tmp_path: Path) -> None:
    archive(code=0)
    code, shop = world.team.module(Code), shop_of(world)
    depot = next(iter(code.depots(shop).values()))
    source = archive.file("depots", str(depot.id))
    subprocess.run(["git", "clone", "-q", source, tmp_path / "work"], check=True)
    log = subprocess.run(
        ["git", "-C", tmp_path / "work", "log", "--format=%H"], check=True, capture_output=True,
        text=True,
    ).stdout.split()  # fmt: skip
    assert set(log) == {commit.sha for commit in depot.log(depot.default_branch)}
    assert json.loads((archive.folder / "manifest.json").read_bytes())["complete"]
