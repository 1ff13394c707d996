"""What the mirror says there is: projects, files of issues, files that texts link to, depots.

The names of streams and fields are the catalogue's; rows carry the ids of their parents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headrace.archive.links import Link, files_in, pictures_in
from headrace.core.ports import Mirror
from headrace.core.record import Body

_COMMENT_TEXTS = ("RawContent", "Content")
_WIKI_TEXTS = ("Content", "Html")


@dataclass(frozen=True, slots=True)
class Project:
    """A project by the name that Actions want, and its title."""

    id: int
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class WantedFile:
    """A file to be fetched. `file_id` 0: it can be found as a picture of an issue only, or not.

    `project` is where it is kept, `of` what it belongs to ("issue 12", "wiki 3"); `issue` and
    `picture` tell which picture of how many of an issue's description; `size` None: unknown.
    """

    kind: str
    key: str
    project: int
    of: str
    name: str
    file_id: int = 0
    size: int | None = None
    issue: int = 0
    picture: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class WantedDepot:
    """A depot, and the commit that each of its branches names."""

    id: int
    project: int
    name: str
    url: str
    vcs: str
    default_branch: str
    heads: Mapping[str, str]

    @property
    def key(self) -> str:
        """Unique in the team."""
        return str(self.id)


@dataclass(frozen=True, slots=True)
class WikiPage:
    """A wiki page. `text` is what its author wrote, `html` CODING's rendering; None: not known."""

    project: int
    number: int
    parent: int
    title: str
    text: str | None
    html: str | None


def projects_of(mirror: Mirror) -> dict[int, Project]:
    """The projects by id, in the order of their ids."""
    found = [_project(body) for body in _bodies(mirror, "projects")]
    return {project.id: project for project in sorted(found, key=lambda p: p.id)}


def _project(body: Body) -> Project:
    name = str(body.get("Name") or "")
    return Project(int(body["Id"]), name, str(body.get("DisplayName") or name))


def attachments_of(mirror: Mirror) -> Iterator[WantedFile]:
    """The files that hang on issues."""
    for body in _bodies(mirror, "issue_details"):
        project, code = _number(body, "ProjectId"), _number(body, "IssueCode")
        for file in _objects(body.get("Files")):
            number, size = _number(file, "FileId"), file.get("Size")
            yield WantedFile(
                "attachments", f"{project}/{number}", project, f"issue {code}",
                str(file.get("Name") or number), number,
                size if isinstance(size, int) and size > 0 else None,
            )  # fmt: skip


def linked_files_of(mirror: Mirror, host: str) -> Iterator[WantedFile]:
    """The files that the texts of issues, comments and wiki pages link to; some more than once.

    `host` is the team's own: links to other hosts stay links.
    """
    for project, of, link in _links(mirror, host):
        kept = link.project or project
        key = f"{kept}/{link.file_id}" if link.file_id else f"{kept} {link.path}"
        name = str(link.file_id) if link.file_id else link.path.rpartition("/")[2]
        yield WantedFile("linked_files", key, kept, of, name, link.file_id)
    for body in _bodies(mirror, "issue_comments"):
        project, code = _number(body, "ProjectId"), _number(body, "IssueCode")
        for number in _integers(body.get("FileId")):
            of = f"issue {code}"
            yield WantedFile(
                "linked_files", f"{project}/{number}", project, of, str(number), number
            )
    yield from _pictures(mirror, host)


def _links(mirror: Mirror, host: str) -> Iterator[tuple[int, str, Link]]:
    for body in _bodies(mirror, "issues"):
        for link in files_in(str(body.get("Description") or ""), host):
            if link.file_id:  # the others are found by the issue
                yield _number(body, "ProjectId"), f"issue {body.get('Code')}", link
    for body in _bodies(mirror, "issue_comments"):
        for link in files_in(_texts(body, _COMMENT_TEXTS), host):
            yield _number(body, "ProjectId"), f"issue {body.get('IssueCode')}", link
    for stream in ("wiki_pages", "wiki_contents"):
        for body in _bodies(mirror, stream):
            for link in files_in(_texts(body, _WIKI_TEXTS), host):
                yield _number(body, "ProjectId"), f"wiki {body.get('Iid')}", link


def _pictures(mirror: Mirror, host: str) -> Iterator[WantedFile]:
    """Files of descriptions whose address has no id: CODING gives the pictures in their order."""
    for body in _bodies(mirror, "issues"):
        text = str(body.get("Description") or "")
        project, code = _number(body, "ProjectId"), _number(body, "Code")
        for link in files_in(text, host):
            if not link.file_id:
                pictures = pictures_in(text, host)
                place = pictures.index(link) if link in pictures else -1
                yield WantedFile(
                    "linked_files", f"{project} {link.path}", project, f"issue {code}",
                    f"issue {code} picture {place + 1}", issue=code,
                    picture=(place, len(pictures)),
                )  # fmt: skip


def depots_of(mirror: Mirror) -> Iterator[WantedDepot]:
    """The depots with the heads of their branches."""
    heads: dict[int, dict[str, str]] = {}
    for body in _bodies(mirror, "branches"):
        sha = str(body.get("Sha") or "")
        heads.setdefault(_number(body, "DepotId"), {})[str(body.get("BranchName"))] = sha
    for body in _bodies(mirror, "depots"):
        number = _number(body, "Id")
        kinds = {str(body.get("VcsType") or "git"), str(body.get("RepoType") or "git")}
        yield WantedDepot(
            number, _number(body, "ProjectId"), str(body.get("Name") or number),
            str(body.get("HttpsUrl") or ""), "git" if kinds == {"git"} else max(kinds - {"git"}),
            str(body.get("DefaultBranch") or ""), heads.get(number, {}),
        )  # fmt: skip


def wiki_pages_of(mirror: Mirror) -> Iterator[WikiPage]:
    """The wiki pages, with their texts where the mirror has them in full."""
    for filed in mirror.records("wiki_pages"):
        body = filed.record.value()
        detail = mirror.get("wiki_contents", filed.record.key)
        told = detail.record.value() if detail and not detail.deleted else {}
        text, html = told.get("Content"), told.get("Html")
        yield WikiPage(
            _number(body, "ProjectId"), _number(body, "Iid"), _number(body, "ParentIid"),
            str(body.get("Title") or ""), text if isinstance(text, str) else None,
            html if isinstance(html, str) else None,
        )  # fmt: skip


def _bodies(mirror: Mirror, stream: str) -> Iterator[Body]:
    return (filed.record.value() for filed in mirror.records(stream))


def _texts(body: Body, names: tuple[str, ...]) -> str:
    return "\n".join(str(body.get(name) or "") for name in names)


def _number(body: Body, name: str) -> int:
    value = body.get(name)
    return value if isinstance(value, int) else 0


def _objects(value: Any) -> list[Body]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _integers(value: Any) -> list[int]:
    return [item for item in value if isinstance(item, int)] if isinstance(value, list) else []
