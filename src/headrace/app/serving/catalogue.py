"""The streams there are, as plain data: what each is, its tables and their columns."""

from __future__ import annotations

from typing import Any

from headrace.coding.streams import CATALOGUE
from headrace.coding.streams.artifact_parts import ARTIFACTS
from headrace.coding.streams.ci_build_parts import CI
from headrace.coding.streams.code import CODE
from headrace.coding.streams.delivery import DELIVERY
from headrace.coding.streams.governance import GOVERNANCE
from headrace.coding.streams.people import PEOPLE
from headrace.coding.streams.project import PROJECT_MEMBERS
from headrace.coding.streams.quality import QUALITY
from headrace.coding.streams.resource_references import RESOURCE_REFERENCES
from headrace.coding.streams.team import PROJECTS
from headrace.coding.streams.wiki import WIKI
from headrace.core.schema import Child, Column
from headrace.core.stream import Stream, Title
from headrace.errors import Missing

_PLACED = (
    (Title("项目与成员", "Projects and people"), (PROJECTS, PROJECT_MEMBERS, *PEOPLE)),
    (Title("代码", "Code"), (*CODE, RESOURCE_REFERENCES)),
    (Title("持续集成", "Builds"), CI),
    (Title("制品", "Artifacts"), ARTIFACTS),
    (Title("文档", "Wiki"), WIKI),
    (Title("测试管理", "Tests"), QUALITY),
    (Title("持续部署", "Deployments"), DELIVERY),
    (Title("权限与设置", "Rights and settings"), GOVERNANCE),
)
_TRACKING = Title("项目协同", "Issues and iterations")
_GROUPS = {one.name: title for title, placed in _PLACED for one in placed}


def streams() -> list[dict[str, Any]]:
    """All, a parent before its children."""
    return [stream(one) for one in CATALOGUE]


def named(name: str) -> dict[str, Any]:
    """One by its name. Raises `Missing`."""
    for one in CATALOGUE:
        if one.name == name:
            return stream(one)
    raise Missing(f"There is no stream {name!r}.", advice="See the list of streams.")


def group_of(name: str) -> Title:
    """What a stream is about: issues and iterations, unless another module of CODING has it."""
    return _GROUPS.get(name, _TRACKING)


def stream(one: Stream) -> dict[str, Any]:
    """One, with the columns of its table and of its child tables."""
    group = group_of(one.name)
    return {
        "name": one.name,
        "title": {"zh": one.title.zh, "en": one.title.en},
        "group": {"zh": group.zh, "en": group.en},
        "strategy": one.strategy.value,
        "action": "" if one.is_derived else one.listing.action,
        "optional": one.optional,
        "parents": list(one.leans_on),
        "key": list(one.schema.key),
        "scopes": list(one.scopes),
        "hooks": list(dict.fromkeys(event for rule in one.hooks for event in rule.events)),
        "columns": [_column(column) for column in one.schema.columns],
        "children": [_child(child) for child in one.schema.children],
    }


def _child(child: Child) -> dict[str, Any]:
    columns = [_column(column) for column in child.columns]
    title = {"zh": child.zh, "en": child.en}
    return {"name": child.name, "title": title, "key": list(child.key), "columns": columns}


def _column(column: Column) -> dict[str, Any]:
    meaning = {"zh": column.zh, "en": column.en}
    return {"name": column.name, "type": column.type.value, "meaning": meaning}
