"""How a depot is guarded: protected branches and tags, push rules, deploy keys. Rows, by key."""

from __future__ import annotations

from fnmatch import fnmatchcase

from ...rows import Row


class Guards:
    """The settings of one depot. What names a person or a branch is never set twice for the same.

    `branches`, `branch_members`: protected branches and who may push, by name. `rules`,
    `rule_members`: protection rules and their administrators, by id. `tags`: protected tags.
    """

    def __init__(self) -> None:
        self.branches: dict[str, Row] = {}
        self.branch_members: dict[str, dict[str, Row]] = {}
        self.rules: dict[int, Row] = {}
        self.rule_members: dict[int, dict[str, Row]] = {}
        self.tags: set[str] = set()
        self.file_rules: dict[int, Row] = {}
        self.keys: dict[int, Row] = {}
        self.push: Row = {
            "CheckCommitAuthor": False,
            "CommitMessageMustMatchRegex": "",
            "DenyForcePush": False,
            "PushDenyFile": "",
            "PushFileSize": "",
        }
        self.used: set[tuple[int | str, ...]] = set()
        self._numbered = 0

    def is_protected(self, branch: str) -> bool:
        """Whether the branch is protected by itself or by a rule."""
        return branch in self.branches or any(
            fnmatchcase(branch, rule["Rule"]) for rule in self.rules.values()
        )

    def forget_branch(self, name: str) -> None:
        """Drop what was set for a branch that is gone."""
        self.branches.pop(name, None)
        self.branch_members.pop(name, None)

    def drop_rule(self, number: int) -> None:
        """Drop a rule and its administrators."""
        del self.rules[number]
        self.rule_members.pop(number, None)

    def use(self, *name: int | str) -> bool:
        """Whether this name is used for the first time; from now on it is used."""
        is_new = name not in self.used
        self.used.add(name)
        return is_new

    def number(self, depot_id: int) -> int:
        """An id for a rule or a key, unique in the team."""
        self._numbered += 1
        return depot_id * 1000 + self._numbered
