"""Random acts on what guards a depot. No event tells of any of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...rows import AVATAR, Row

if TYPE_CHECKING:
    from .acts import Scene

PATTERNS = ("*.zip", "secrets/*", "*.class", "build/*")
LIMITS = ("", "5", "100")
FILE_RULES_MAX, KEYS_MAX, RULES_MAX = 5, 4, 4


def act(scene: Scene) -> str:
    """One act."""
    return scene.rng.choice(ACTS)(scene)


def _protect(scene: Scene) -> str:
    """A branch is protected once in its life at most."""
    name, guards = scene.branch(), scene.depot.guards
    if name in guards.branches:
        return _change_branch(scene)
    if not guards.use("branch", name):
        return _set_push(scene)
    guards.branches[name] = {
        "DenyForcePush": True,
        "ForceSquash": False,
        "Name": name,
        "StatusCheck": False,
    }
    guards.branch_members[name] = {}
    return f"{name} protected {scene.place}"


def _change_branch(scene: Scene) -> str:
    name, guards, rng = scene.branch(), scene.depot.guards, scene.rng
    if name not in guards.branches:
        return _protect(scene)
    if rng.random() < 0.3:
        guards.forget_branch(name)
        return f"{name} no longer protected {scene.place}"
    field = rng.choice(("DenyForcePush", "ForceSquash", "StatusCheck"))
    row = guards.branches[name]
    guards.branches[name] = {**row, field: not row[field]}
    return f"the protection of {name} changed {scene.place}"


def _admit(scene: Scene) -> str:
    """Somebody may push to a protected branch, or no longer: then never again."""
    guards, rng = scene.depot.guards, scene.rng
    if not guards.branches:
        return _protect(scene)
    name = rng.choice(tuple(guards.branches))
    members = guards.branch_members[name]
    member = scene.code.team.members[scene.person()]
    key = member.global_key
    if key in members and rng.random() < 0.4:
        del members[key]
    elif key in members or guards.use("member", name, key):
        members[key] = {
            "GlobalKey": key,
            "HasPushAccess": rng.random() < 0.5,
            "HasUpdateAccess": rng.random() < 0.5,
            "Name": member.name,
        }
    return f"who may push to {name} changed {scene.place}"


def _rule(scene: Scene) -> str:
    depot, rng = scene.depot, scene.rng
    rules = depot.guards.rules
    if rules and (len(rules) >= RULES_MAX or rng.random() < 0.6):
        number = rng.choice(tuple(rules))
        if rng.random() < 0.3:
            depot.guards.drop_rule(number)
            return f"a branch rule removed {scene.place}"
        rules[number] = {**rules[number], "RequiredGrantCount": rng.randrange(4)}
        return f"a branch rule changed {scene.place}"
    number = depot.guards.number(depot.id)
    rules[number] = {
        "AutoAddReviewer": rng.random() < 0.5,
        "BranchProtectionId": number,
        "DenyForcePush": True,
        "ForceSquash": False,
        "RequiredCodeOwnerGrant": False,
        "RequiredDiscussionResolved": rng.random() < 0.5,
        "RequiredGrantCount": 1,
        "RequiredStatusCheck": False,
        "Rule": rng.choice(("release-*", "feature-1*", "ma*")),
        "SrcMustMergedTo": "",
    }
    depot.guards.rule_members[number] = {}
    return f"a branch rule made {scene.place}"


def _administer(scene: Scene) -> str:
    guards, rng = scene.depot.guards, scene.rng
    if not guards.rules:
        return _rule(scene)
    number = rng.choice(tuple(guards.rules))
    members = guards.rule_members[number]
    member = scene.code.team.members[scene.person()]
    key = member.global_key
    if key in members and rng.random() < 0.4:
        del members[key]
    elif key in members or guards.use("administrator", number, key):
        allowed = rng.random() < 0.5
        members[key] = {"AllowPush": allowed, "GlobalKey": key, "Name": member.name}
    return f"the administrators of a branch rule changed {scene.place}"


def _protect_tag(scene: Scene) -> str:
    depot = scene.depot
    if depot.guards.tags and scene.rng.random() < 0.4:
        depot.guards.tags.discard(min(depot.guards.tags))
    elif depot.tags:
        name = scene.rng.choice(tuple(depot.tags))
        if depot.guards.use("tag", name):
            depot.guards.tags.add(name)
    return f"the protected tags changed {scene.place}"


def _set_push(scene: Scene) -> str:
    rng = scene.rng
    scene.depot.guards.push = {
        "CheckCommitAuthor": rng.random() < 0.5,
        "CommitMessageMustMatchRegex": rng.choice(("", "^demo: ")),
        "DenyForcePush": rng.random() < 0.5,
        "PushDenyFile": rng.choice(("", "*.zip\n*.jar")),
        "PushFileSize": rng.choice(LIMITS),
    }
    return f"the push settings changed {scene.place}"


def _file_rule(scene: Scene) -> str:
    depot, rng = scene.depot, scene.rng
    rules = depot.guards.file_rules
    if rules and (len(rules) >= FILE_RULES_MAX or rng.random() < 0.6):
        number = rng.choice(tuple(rules))
        if rng.random() < 0.4:
            del rules[number]
            return f"a file rule removed {scene.place}"
        privileges = [_privilege(scene) for _ in range(rng.randrange(3))]
        rules[number] = {**rules[number], "Privileges": privileges}
        return f"a file rule changed {scene.place}"
    number = depot.guards.number(depot.id)
    rules[number] = {
        "FilePushRuleId": number,
        "IsDenyForAllUser": rng.random() < 0.5,
        "Pattern": rng.choice(PATTERNS),
        "Privileges": [_privilege(scene)],
    }
    return f"a file rule made {scene.place}"


def _privilege(scene: Scene) -> Row:
    member = scene.code.team.members[scene.person()]
    picture = AVATAR.format(member.id)
    return {
        "IsDeny": scene.rng.random() < 0.5,
        "IsRole": False,
        "IsUser": True,
        "Role": {"Name": "", "RoleId": 0},
        "User": {"Avatar": picture, "GlobalKey": member.global_key, "Name": member.name},
    }


def _key(scene: Scene) -> str:
    depot, rng = scene.depot, scene.rng
    keys = depot.guards.keys
    if keys and (len(keys) >= KEYS_MAX or rng.random() < 0.5):
        number = rng.choice(tuple(keys))
        if rng.random() < 0.5:
            del keys[number]
            return f"a deploy key removed {scene.place}"
        keys[number] = {**keys[number], "HasExpired": True}
        return f"a deploy key expired {scene.place}"
    number = depot.guards.number(depot.id)
    keys[number] = {
        "AllowWrite": rng.random() < 0.5,
        "CreatedAt": scene.now_ms // 1000 * 1000,
        "DepotId": depot.id,
        "ExpirationDate": rng.choice(("", "2027-01-31")),
        "FingerPrint": ":".join(f"{rng.randrange(256):02x}" for _ in range(16)),
        "HasExpired": False,
        "KeyId": number,
        "OwnerName": scene.code.team.members[scene.person()].name,
        "Title": f"Deploy key {number}",
    }
    return f"a deploy key added {scene.place}"


FIRST: tuple[Callable[[Scene], str], ...] = (
    _protect, _admit, _rule, _administer, _protect_tag, _set_push, _file_rule, _key,
)  # fmt: skip
ACTS: tuple[Callable[[Scene], str], ...] = (*FIRST, _change_branch)
