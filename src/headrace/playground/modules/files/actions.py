"""The Action that tells where a file can be had for the next minutes."""

from __future__ import annotations

from ...actions.action import Action, Call, Parameter
from ...envelope import ApiError
from ...rows import Row
from .store import File


def _address(call: Call) -> Row:
    project, files = call.project(), call.team.files
    number, code = call.parameters["FileId"], call.parameters.get("IssueCode", 0)
    file = files.find(number) if number else None
    issue = project.issues.get(code)
    if (number and (file is None or file.project_id != project.id)) or (code and issue is None):
        raise ApiError("ResourceNotFound", "File not found")
    if not number and not code:
        raise ApiError("InvalidParameter", "FileId must be given")

    def addresses(found: list[File]) -> list[str]:
        return [files.address(one, call.now_ms) for one in found]

    return {
        "Url": files.address(file, call.now_ms) if file else "",
        "AttachmentFileUrl": addresses(files.of_issue(project.id, issue)) if issue else [],
        "DescriptionImageUrl": addresses(list(files.pictures_of(project.id, code))),
        "CommentImageUrl": [],
    }


ACTIONS = (
    Action(
        name="DescribeIssueFileUrl",
        handler=_address,
        scope="collaboration:issue:ro",
        parameters=(
            Parameter("ProjectName", required=True),
            Parameter("FileId", "integer", required=True),
            Parameter("IssueCode", "integer"),
            Parameter("QueryComment", "boolean"),
        ),
    ),
)
