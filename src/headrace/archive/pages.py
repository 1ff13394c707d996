"""The pages of the folder: plain HTML without scripts, to be opened from a disk in any browser."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from posixpath import relpath
from urllib.parse import quote

from headrace.archive.contents import Project
from headrace.archive.manifest import KINDS, MANIFEST, Item, Manifest, Missing
from headrace.core.stream import Title

INDEX = "index.html"
_MISSING_SHOWN = 1000
_HEAD = """<!doctype html>
<html lang="zh"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
style-src 'unsafe-inline'; img-src 'self' file: data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body{{font:16px/1.6 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}}
table{{border-collapse:collapse}}td,th{{padding:.2em .8em;border-bottom:1px solid #ccc;\
text-align:left;vertical-align:top}}td.n{{text-align:right}}img{{max-width:100%}}\
pre{{white-space:pre-wrap}}</style></head><body>
"""
_TITLES = {
    "tables": Title("数据表的行", "Rows of tables"),
    "attachments": Title("事项附件", "Files of issues"),
    "linked_files": Title("正文链接的文件", "Files that texts link to"),
    "wiki_pages": Title("Wiki 页面", "Wiki pages"),
    "depots": Title("代码仓库", "Depots"),
    "branch_heads": Title("分支的最新提交", "Heads of branches"),
}


def document(title: str, body: Iterable[str], *, up: str = "") -> bytes:
    """A whole page. `title` is escaped here, `body` must be already."""
    back = [f'<p><a href="{up}">↑</a></p>'] if up else []
    parts = [_HEAD.format(title=escape(title)), *back, *body, "</body></html>\n"]
    return "\n".join(parts).encode(errors="replace")


def title_of(kind: str) -> str:
    """A kind's name in both languages."""
    return f"{_TITLES[kind].zh} {_TITLES[kind].en}"


def index_page(
    team: str, made: str, manifest: Manifest, folders: Mapping[int, str],
    projects: Mapping[int, Project], titles: Mapping[str, Title],
) -> bytes:  # fmt: skip
    """The first page: what there is, the projects, the tables, and what is missing."""
    state = "完整 Complete" if manifest.complete else "不完整 Not complete"
    return document(f"{team} archive", [
        f"<h1>{escape(team)}</h1>",
        f'<p><strong>{state}</strong>, {escape(made)}. <a href="{MANIFEST}">{MANIFEST}</a></p>',
        *_table(("", "外存 mirror", "存档 archive", "字节 bytes"), (
            (title_of(kind), *_figures(t.mirror, t.archive, t.bytes))
            for kind in KINDS for t in [manifest.tallies[kind]]
        )),
        "<h2>项目 Projects</h2>",
        *_table(("", "", *map(title_of, _LISTED)), (
            (_link(f"{folders[project.id]}/{INDEX}", project.name), escape(project.title),
             *_figures(*_counted(manifest, project.id)))
            for project in projects.values() if project.id in folders
        )),
        "<h2>数据表 Tables</h2>",
        *_table(("", "", "行 rows", "字节 bytes"), (
            (_link(item.files[0].path, item.key), _told(titles, item.key),
             *_figures(item.count, item.files[0].bytes))
            for item in manifest.of_kind("tables")
        )),
        *_missing(manifest.missing),
    ])  # fmt: skip


_LISTED = ("depots", "wiki_pages", "attachments", "linked_files")


def project_page(folder: str, project: Project, manifest: Manifest) -> bytes:
    """A project's page: its depots, wiki pages and files, and what of it is missing."""
    body = [f"<h1>{escape(project.title)}</h1>", f"<p>{escape(project.name)}</p>"]
    own = manifest.by_project.get(project.id, ())
    for kind in _LISTED:
        items = [item for item in own if item.kind == kind]
        body += [f"<h2>{title_of(kind)}: {len(items):,}</h2>", *_table((), _rows(folder, items))]
    body += _missing([m for m in manifest.missing if m.project == project.id])
    return document(project.title, body, up="../../index.html")


def _rows(folder: str, items: Sequence[Item]) -> Iterator[tuple[str, ...]]:
    for item in items:
        shown, *others = reversed(item.files)
        links = [_link(relpath(shown.path, folder), item.name)]
        links += [_link(relpath(f.path, folder), f.path.rpartition(".")[2]) for f in others]
        yield escape(item.of), " ".join(links), *_figures(sum(f.bytes for f in item.files))


def _missing(missing: Sequence[Missing]) -> list[str]:
    if not missing:
        return []
    return [
        f"<h2>缺少 Missing: {len(missing):,}</h2>",
        *_table((), (
            (title_of(m.kind), escape(m.name), escape(m.reason)) for m in missing[:_MISSING_SHOWN]
        )),
        *([f"<p>… {MANIFEST}</p>"] if len(missing) > _MISSING_SHOWN else []),
    ]  # fmt: skip


def _counted(manifest: Manifest, project: int) -> list[int]:
    kinds = [item.kind for item in manifest.by_project.get(project, ())]
    return [kinds.count(kind) for kind in _LISTED]


def _told(titles: Mapping[str, Title], stream: str) -> str:
    title = titles.get(stream)
    return escape(f"{title.zh} {title.en}") if title else ""


def _link(path: str, text: str) -> str:
    return f'<a href="{quote(path)}">{escape(text)}</a>'


def _figures(*numbers: int) -> tuple[str, ...]:
    return tuple(f"{number:,}" for number in numbers)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Cells are HTML already; those of digits stand to the right."""
    yield "<table>"
    if headings:
        yield f"<tr>{''.join(f'<th>{heading}</th>' for heading in headings)}</tr>"
    for row in rows:
        yield f"<tr>{''.join(map(_cell, row))}</tr>"
    yield "</table>"


def _cell(content: str) -> str:
    mark = ' class="n"' if content[:1].isdigit() else ""
    return f"<td{mark}>{content}</td>"
