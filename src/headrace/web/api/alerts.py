"""Alerts: what a person should know about, and from when on."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar.params import JSONBody

from headrace.control.alert_words import WORDS
from headrace.control.alerts import Thresholds
from headrace.errors import Refused
from headrace.web.api.verbs import (
    ID_MAX,
    BeforeId,
    Body,
    By,
    Limit,
    SearchText,
    Text,
    The,
    look,
    replace,
)

_Count = Annotated[int, msgspec.Meta(ge=1, le=ID_MAX)]


class NewThresholds(Body):
    """All of them. Times in ms; `muted`: kinds of alerts that are never raised."""

    lag_ms: _Count
    lag_for_ms: Annotated[int, msgspec.Meta(ge=0, le=ID_MAX)]
    tries: _Count
    grant_days: Annotated[int, msgspec.Meta(ge=0, le=3650)]
    disk_free_percent: Annotated[int, msgspec.Meta(ge=0, le=100)]
    muted: list[Text]

    def checked(self) -> Thresholds:
        """As they are kept. Raises `Refused` for a kind that there is not."""
        for kind in self.muted:
            if kind not in WORDS:
                raise Refused(
                    "muted: there is no such kind of alert.", advice=f"Known: {', '.join(WORDS)}."
                )
        muted = tuple(sorted(set(self.muted)))
        return Thresholds(**{**msgspec.structs.asdict(self), "muted": muted})


@look("/alerts")
def alerts(
    platform: The, subject: SearchText = "", before_id: BeforeId = 0, limit: Limit = 100
) -> list[dict[str, Any]]:
    """Open or not, the newest first; `before_id`, the last number of a page, leads to the next."""
    found = platform.alerts.all(subject=subject, before_id=before_id, limit=limit)
    return [one.as_dict() for one in found]


@look("/alerts/open")
def standing(platform: The) -> list[dict[str, Any]]:
    """Those that stand, the newest first."""
    return [one.as_dict() for one in platform.alerts.open()]


@look("/alerts/thresholds")
def thresholds(platform: The) -> Thresholds:
    """Those in force."""
    return platform.alerts.thresholds()


@replace("/alerts/thresholds")
def set_thresholds(data: JSONBody[NewThresholds], by: By, platform: The) -> Thresholds:
    """Use these from the next look on."""
    platform.set_thresholds(by, data.checked())
    return platform.alerts.thresholds()


HANDLERS = (alerts, standing, thresholds, set_thresholds)
