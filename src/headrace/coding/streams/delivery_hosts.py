"""Streams of where deployments go: groups of hosts and the machines they are reached through.

Infrastructure data: addresses, ports and login names. Off by default.
"""

from __future__ import annotations

from headrace.coding.streams.columns import integer, nested, reference, text, word
from headrace.coding.streams.people import alone
from headrace.core.schema import Schema
from headrace.core.stream import Listing, Paging, Parent, Stream, Title

_SCOPES = ("cd:host-server:ro",)
_SIZE = 500  # the stated maximum
_STATUS_ZH = "堡垒机状态，如 SUCCESS"

CD_HOST_SERVER_GROUPS = Stream(
    name="cd_host_server_groups",
    title=Title("主机组", "Groups of hosts"),
    key=("Id",),
    schema=Schema(
        key=("id",),
        columns=(
            integer("id", "Id", "主机组 ID", "id of the group"),
            text("display_name", "DisplayName", "主机组名称", "name"),
            text("account", "Account", "主机组云账号", "cloud account of the group"),
            reference("agent_machine_id", "AgentMachine.Id", "堡垒机 ID", "id of its bastion"),
            word("agent_machine_name", "AgentMachine.Name", "堡垒机名称", "name of its bastion"),
            word("agent_machine_status", "AgentMachine.Status", _STATUS_ZH, "e.g. SUCCESS"),
        ),
    ),
    listing=Listing(
        action="DescribeCdHostServerGroups",
        rows="Data.HostServerGroups",
        total="Data.TotalRow",
        paging=Paging.NUMBER,
        size=_SIZE,
    ),
    scopes=_SCOPES,
    slow=True,
    optional=True,
)

CD_HOST_SERVER_GROUP_DETAILS = Stream(
    name="cd_host_server_group_details",
    title=Title("主机组详情", "Hosts of a group"),
    key=("GroupId",),
    schema=Schema(
        key=("group_id",),
        columns=(
            integer("group_id", "GroupId", "主机组 ID", "id of the group"),
            text("auth_method", "AuthMethod", "SSH 认证方式，如 PUBLIC_KEY", "how SSH logs in"),
            text("user_name", "UserName", "SSH 用户名", "name SSH logs in with"),
            integer("port", "Port", "SSH 端口", "port of SSH"),
            nested("ips", "Ips", "实例 IP 列表", "addresses of the hosts"),
            nested("labels", "Labels", "标签：Key 与 Value", "labels: Key and Value"),
        ),
        ignored=frozenset(("Id", "DisplayName", "Account", "AgentMachine")),  # as in the list
    ),
    listing=Listing(
        action="DescribeCdHostServerGroup",
        rows="Data.HostServerGroup",
        sends={"Id": "GroupId"},
        unfold=alone,
    ),
    parent=Parent(stream="cd_host_server_groups", values={"GroupId": "Id"}, key=("GroupId",)),
    scopes=_SCOPES,
    slow=True,
    optional=True,
)

CD_AGENT_MACHINES = Stream(
    name="cd_agent_machines",
    title=Title("堡垒机", "Bastion machines"),
    key=("Id",),
    schema=Schema(
        key=("id",),
        columns=(
            integer("id", "Id", "堡垒机 ID", "id of the machine"),
            text("name", "Name", "堡垒机名称", "name"),
            text("status", "Status", _STATUS_ZH, "e.g. SUCCESS"),
        ),
    ),
    listing=Listing(
        action="DescribeCdAgentMachines",
        rows="Data.AgentMachines",
        total="Data.TotalRow",
        paging=Paging.NUMBER,
        size=_SIZE,
    ),
    scopes=_SCOPES,
    slow=True,
    optional=True,
)

HOSTS: tuple[Stream, ...] = (CD_HOST_SERVER_GROUPS, CD_HOST_SERVER_GROUP_DETAILS, CD_AGENT_MACHINES)
