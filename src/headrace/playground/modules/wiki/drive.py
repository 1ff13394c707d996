"""The file drive: no Action lists it, so nothing of it is a table, but its events are told."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ...rows import Row

if TYPE_CHECKING:
    from ...project import Project
    from ...team import Team

FILES_MAX = 12
NAMES = {
    "FILE_CREATED": "文件新建",
    "FILE_UPDATED": "文件更新",
    "FILE_RENAMED": "文件重命名",
    "FILE_SHARE_UPDATED": "文件更改分享状态",
    "FILE_MOVED": "文件 / 文件夹移动",
    "FILE_COPIED": "文件 / 文件夹复制",
    "FILE_MOVED_TO_RECYCLE_BIN": "文件 / 文件夹移入回收站",
    "FILE_RESTORED_FROM_RECYCLE_BIN": "文件 / 文件夹从回收站恢复",
    "FILE_DELETED": "文件 / 文件夹彻底删除",
}
_ALONE = ("FILE_UPDATED", "FILE_RENAMED", "FILE_SHARE_UPDATED")
_IN_LISTS = ("FILE_MOVED", "FILE_COPIED", "FILE_MOVED_TO_RECYCLE_BIN")


class File(Struct, frozen=True):
    """A file of the drive. `binned`: it lies in the recycle bin."""

    id: int
    name: str
    folder_id: int
    binned: bool = False


class Drive:
    """The files of all projects; each step does one thing with one of them."""

    def __init__(self, team: Team, rng: Random) -> None:
        self._team = team
        self._rng = rng
        self._files: dict[int, dict[int, File]] = {}
        self._last_id = 9000

    def step(self, project: Project) -> str:
        """One act in one project. Returns it in one line."""
        files = self._files.setdefault(project.id, {})
        if len(files) < 2:
            return self._make(project, "FILE_CREATED")
        file = self._rng.choice(list(files.values()))
        if file.binned:
            code = self._rng.choice(("FILE_RESTORED_FROM_RECYCLE_BIN", "FILE_DELETED"))
            files.pop(file.id)
            if code != "FILE_DELETED":
                files[file.id] = replace(file, binned=False)
        else:
            code = self._rng.choice((*_ALONE, *_IN_LISTS, "FILE_CREATED"))
            if code in ("FILE_COPIED", "FILE_CREATED"):
                return self._make(project, code)
            files[file.id] = self._changed(file, code)
        self._tell(project, code, file)
        return f"{code} of {file.name} in {project.info.name}"

    def _make(self, project: Project, code: str) -> str:
        files = self._files.setdefault(project.id, {})
        if len(files) >= FILES_MAX:
            files.pop(next(iter(files)))
        self._last_id += 1
        file = File(self._last_id, f"demo-{self._last_id}.txt", project.id * 10)
        files[file.id] = file
        self._tell(project, code, file)
        return f"{file.name} was put into {project.info.name}"

    def _changed(self, file: File, code: str) -> File:
        if code == "FILE_RENAMED":
            return replace(file, name=f"renamed-{file.id}.txt")
        if code == "FILE_MOVED":
            return replace(file, folder_id=file.folder_id + 1)
        return replace(file, binned=code == "FILE_MOVED_TO_RECYCLE_BIN")

    def _tell(self, project: Project, code: str, file: File) -> None:
        self._team.tell(project, code, lambda: _told(self._team, project, code, file))


def _told(team: Team, project: Project, code: str, file: File) -> Row:
    """One file by itself for what is done to a file, a list for what is done to a selection."""
    folder = f"folder-{file.folder_id}"
    shown = {
        "name": file.name,
        "url": f"{team.site}/p/{project.info.name}/files/{file.id}",
        "id": file.id,
        "folder_id": file.folder_id,
    }
    content: Row = {"to_folder_id": file.folder_id, "to_folder_name": folder, "count": 1}
    if code in (*_ALONE, "FILE_CREATED"):
        full = {"full_path": f"/{folder}/{file.name}", "folder_name": folder}
        content |= {"done": True, "file": shown | full}
    else:
        content["files"] = [shown | {"is_renamed": False}]
    return {"eventName": NAMES[code], "content": content}
