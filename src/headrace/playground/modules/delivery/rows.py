"""Deployment as the API shows it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce

from msgspec import Struct

from ...records import DAY_MS
from ...rows import Row
from ..texts import day_text

DAYS_TOLD = 40


class Application(Struct, frozen=True):
    """An application. `broken`: its configuration is no JSON, as happens to old ones."""

    name: str
    description: str
    user: str
    broken: bool = False

    def configuration(self) -> Row:
        """What `ApplicationJsonContent` says."""
        return {
            "cloudProviders": "kubernetes,hostserver",
            "description": self.description,
            "instancePort": 80,
            "lastModifyNickName": self.user,
            "name": self.name,
            "trafficGuards": [],
            "user": self.user,
        }

    def content(self) -> str:
        """`ApplicationJsonContent` of `DescribeCdApplication`."""
        text = json.dumps(self.configuration())
        return text[:-1] if self.broken else text


class Pipeline(Struct, frozen=True):
    """A deployment pipeline of an application; `wait_seconds` stands for all its stages."""

    id: str
    application: str
    name: str
    wait_seconds: int

    def row(self) -> Row:
        """A row of `DescribeCdPipelineConfigs`."""
        stage = {"type": "wait", "waitTime": self.wait_seconds, "token": "not-a-real-token"}
        content = {"id": self.id, "application": self.application, "stages": [stage]}
        return {"Id": self.id, "Name": self.name, "JsonContent": json.dumps(content)}


class Deployed(Struct, frozen=True):
    """The deployments of an application on one day."""

    succeeded: int = 0
    total: int = 0
    seconds: int = 0

    def and_(self, other: Deployed) -> Deployed:
        """Both together."""
        return Deployed(
            self.succeeded + other.succeeded,
            self.total + other.total,
            self.seconds + other.seconds,
        )

    def day(self, date: str) -> Row:
        """`CdDeployTrend`."""
        return {"Date": date, "SucceedCount": self.succeeded, "TotalCount": self.total}


Days = Mapping[str, Deployed]


def within(days: Days, start: str, end: str) -> Days:
    """The days of a window; its ends are times of the server."""
    return {date: one for date, one in days.items() if start[:10] <= date <= end[:10]}


def together(several: Iterable[Deployed]) -> Deployed:
    """All of them in one."""
    return reduce(Deployed.and_, several, Deployed())


def trend(days: Days, start: str, end: str, now_ms: int) -> Row:
    """`CdDeployTrend` of one application: the last days without a deployment are told, too."""
    dates = {day_text(now_ms - n * DAY_MS): Deployed() for n in range(DAYS_TOLD)}
    told = within({**dates, **days}, start, end)
    whole = together(told.values())
    return {
        "CdDeployTrend": [told[date].day(date) for date in sorted(told)],
        "SuccessCount": whole.succeeded,
        "TotalCount": whole.total,
    }


def time_row(days: Days) -> Row:
    """`CdDeployTime`."""
    whole = together(days.values())
    return {"DeployTime": whole.seconds, "TotalCount": whole.total}


class Machine(Struct, frozen=True):
    """A bastion: the machine through which hosts are reached."""

    id: int
    name: str
    status: str = "SUCCESS"

    def row(self) -> Row:
        """A row of `DescribeCdAgentMachines`."""
        return {"Id": self.id, "Name": self.name, "Status": self.status}


class HostGroup(Struct, frozen=True):
    """A group of hosts."""

    id: int
    name: str
    machine_id: int
    ips: tuple[str, ...]
    port: int = 22

    def row(self, machines: Mapping[int, Machine]) -> Row:
        """A row of `DescribeCdHostServerGroups`."""
        return {
            "Id": self.id,
            "DisplayName": self.name,
            "Account": f"cred-{self.machine_id}-{self.id}",
            "AgentMachine": machines[self.machine_id].row(),
        }

    def detail(self, machines: Mapping[int, Machine]) -> Row:
        """`HostServerGroup` of `DescribeCdHostServerGroup`."""
        return self.row(machines) | {
            "AuthMethod": "PUBLIC_KEY",
            "UserName": "deployer",
            "Port": self.port,
            "Ips": list(self.ips),
            "Labels": [{"Key": "stage", "Value": "demo"}],
        }


def addresses() -> Iterator[str]:
    """Addresses that belong to nobody (RFC 5737)."""
    for number in range(1, 1_000_000):
        yield f"192.0.2.{number % 250 + 1}"
