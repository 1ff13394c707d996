"""Actions about artifacts."""

from __future__ import annotations

import re
from typing import Any

from ...actions.action import PROJECT_ID, Action, Call, Parameter
from ...envelope import ApiError
from ...paging import Paging, Style
from ...rows import Row
from . import rows
from .records import Repository, Version
from .state import Artifacts, Place

_VERSION = ("ProjectId", "Repository", "Package", "PackageVersion")


def _page(**wishes: Any) -> Paging:
    return Paging(style=Style.NUMBERED, rows="InstanceSet", default=10, required=False, **wishes)


def _repositories(call: Call) -> Row:
    kind = call.parameters.get("Type")
    found = call.module(Artifacts).repositories(call.project())
    found = [one for one in found if kind in (None, one.kind)]
    return call.page(found, lambda one: rows.repository_row(call.team, one))


def _repository(call: Call) -> Repository:
    wanted = call.parameters["Repository"]
    for one in call.module(Artifacts).repositories(call.project()):
        if one.name == wanted:
            return one
    raise ApiError("ResourceNotFound", "Repository not found")


def _packages(call: Call) -> Row:
    module = call.module(Artifacts)
    start = call.parameters.get("PackagePrefix", "")
    found = [p for p in module.packages(_repository(call).id) if p.name.startswith(start)]
    return call.page(found, lambda one: rows.package_row(one, module.versions(one.id)))


def _team_artifacts(call: Call) -> Row:
    """Of the projects in sight; a project that is named but not in sight adds nothing."""
    rule = (call.parameters.get("Rule") or [{}])[0]
    names = rule.get("ProjectName", ())
    places = [
        place
        for project in call.visible_projects()
        if not names or project.info.name in names
        for place in call.module(Artifacts).places(project)
        if _fits(rule, place)
    ]
    places.sort(key=lambda place: (-place[3].pushed_ms, -place[3].id))
    return call.page(places, lambda place: rows.version_row(*place))


def _fits(rule: Row, place: Place) -> bool:
    _, repository, package, version = place
    return (
        repository.kind in (rule.get("ArtifactType") or (repository.kind,))
        and repository.name in (rule.get("Repository") or (repository.name,))
        and _matches(rule.get("Package"), package.name)
        and _matches(rule.get("PackageVersion"), version.name)
    )


def _matches(wishes: list[Row] | None, name: str) -> bool:
    return not wishes or any(
        re.search(wish["Value"], name) if wish["Algorithm"] == "REGEX" else wish["Value"] == name
        for wish in wishes
    )


def _version(call: Call) -> Version:
    asked = call.parameters
    if not all(name in asked for name in _VERSION):
        raise ApiError("MissingParameter", f"Name {', '.join(_VERSION)}")
    repository = _repository(call)
    for _, held_in, package, version in call.module(Artifacts).places(call.project()):
        named = (package.name, version.name) == (asked["Package"], asked["PackageVersion"])
        if held_in.id == repository.id and named:
            return version
    raise ApiError("ResourceNotFound", "Version not found")


def _properties(call: Call) -> Row:
    return {"InstanceSet": rows.property_rows(_version(call))}


def _checksums(call: Call) -> Row:
    return {"InstanceSet": rows.checksum_rows(_version(call))}


def _files(call: Call) -> Row:
    """`Project` names the project; `Artifacts` narrows to versions of packages."""
    asked = call.parameters
    project = call.team.project_named(asked["Project"])
    if project is None:
        raise ApiError("ResourceNotFound", "Project not found")
    if not call.sees(project):
        raise ApiError("UnauthorizedOperation", "No permission for this project")
    wanted = {(a.get("PackageName"), a.get("VersionName")) for a in asked.get("Artifacts", ())}
    module = call.module(Artifacts)
    if asked["Repository"] not in {one.name for one in module.repositories(project)}:
        raise ApiError("ResourceNotFound", "Repository not found")
    found = [
        rows.file_kept(project, repository, package, version, name)
        for _, repository, package, version in module.places(project)
        if repository.name == asked["Repository"]
        and (not wanted or (package.name, version.name) in wanted)
        for name in version.files
    ]
    found.sort(key=lambda row: str(row["Path"]))
    return call.page(found, lambda row: rows.file_row(row, call.now_ms))


def _credits(call: Call) -> Row:
    found = call.module(Artifacts).credits.values()
    return {"InstanceSet": [rows.credit_row(call.team, one) for one in found]}


def _credit(call: Call) -> Row:
    found = call.module(Artifacts).credits.get(call.parameters["ArtifactCreditId"])
    if found is None:
        raise ApiError("ResourceNotFound", "Credit not found")
    return {"ArtifactCredit": rows.credit_row(call.team, found)}


_NAMED = tuple(Parameter(name) for name in _VERSION[1:])
_NAMED_SURELY = tuple(Parameter(name, required=True) for name in _VERSION[1:])
ACTIONS = (
    Action(
        name="DescribeArtifactRepositoryList",
        handler=_repositories,
        scope="artifact:repository:ro",
        parameters=(PROJECT_ID, Parameter("Type", "integer")),
        paging=_page(),
    ),
    Action(
        name="DescribeArtifactPackageList",
        handler=_packages,
        scope="artifact:package:ro",
        parameters=(
            PROJECT_ID,
            Parameter("Repository", required=True),
            Parameter("PackagePrefix"),
        ),
        paging=_page(),
    ),
    Action(
        name="DescribeTeamArtifacts",
        handler=_team_artifacts,
        scope="artifact:version:ro",
        parameters=(Parameter("Rule", "objects"),),
        paging=_page(),
        team_wide=True,
    ),
    # Which of its parameters are required, the document does not say.
    Action(
        name="DescribeArtifactProperties",
        handler=_properties,
        scope="artifact:properties:ro",
        parameters=(Parameter("ProjectId", "integer"), *_NAMED),
    ),
    Action(
        name="DescribeArtifactChecksums",
        handler=_checksums,
        scope="artifact:version:ro",
        parameters=(PROJECT_ID, *_NAMED_SURELY),
    ),
    Action(
        name="DescribeArtifactRepositoryFileList",
        handler=_files,
        scope="artifact:repository:ro",
        parameters=(
            Parameter("Project", required=True),
            Parameter("Repository", required=True),
            Parameter("Artifacts", "objects"),
        ),
        paging=Paging(style=Style.CONTINUED, rows="InstanceSet", default=10, maximum=1000),
    ),
    Action(
        name="DescribeArtifactCreditList",
        handler=_credits,
        scope="artifact:repository:ro",
        team_wide=True,
    ),
    Action(
        name="DescribeArtifactCredit",
        handler=_credit,
        scope="artifact:repository:ro",
        parameters=(Parameter("ArtifactCreditId", "integer", required=True),),
        team_wide=True,
    ),
)
