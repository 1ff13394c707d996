"""The team and the user behind the token."""

from __future__ import annotations

from ..rows import AVATAR, Row
from ..rows import team as team_row
from .action import Action, Call


def _current_user(call: Call) -> Row:
    member = call.team.members[call.token.member_id]
    return {
        "User": {
            "Id": member.id,
            "Status": member.status,
            "Email": f"{member.name}@example.com",
            "GlobalKey": member.global_key,
            "Avatar": AVATAR.format(member.id),
            "Gravatar": "",
            "Name": member.name,
            "NamePinYin": member.name,
            "Phone": "",
            "PhoneValidation": 0,
            "EmailValidation": 1,
            "PhoneRegionCode": "+86",
            "Region": "cn",
            "TeamId": call.team.id,
            "WeComId": "",
        }
    }


def _team(call: Call) -> Row:
    return {"Data": team_row(call.team)}


ACTIONS = (
    Action(
        name="DescribeCodingCurrentUser",
        handler=_current_user,
        scope="user:profile:ro",
        team_wide=True,
    ),
    Action(name="DescribeTeam", handler=_team, scope="team:profile:ro", team_wide=True),
)
