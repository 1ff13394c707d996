"""Alerts: what a person should know about, and from when on."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar.params import JSONBody

from headrace.control.alert_words import WORDS
from headrace.control.alerts import Thresholds
from headrace.errors import Refused
from headrace.web.api.answers import all_shown, shown
from headrace.web.api.pages import After, Limit, newest, whole
from headrace.web.api.verbs import (
    ID_MAX,
    Body,
    By,
    SearchText,
    Text,
    The,
    look,
    replace,
)
from headrace.wire.page import Page
from headrace.wire.watching import Alert
from headrace.wire.watching import Thresholds as ThresholdsShown

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
    platform: The,
    subject: SearchText = "",
    kind: SearchText = "",
    after: After = "",
    limit: Limit = 100,
) -> Page[Alert]:
    """Open or not, the newest first."""

    def found(before_id: int, count: int) -> list[Alert]:
        rows = platform.alerts.all(subject=subject, kind=kind, before_id=before_id, limit=count)
        return all_shown(Alert, (one.as_dict() for one in rows))

    return newest(found, after=after, limit=limit)


@look("/alerts/open")
def standing(platform: The) -> Page[Alert]:
    """Those that stand, the newest first."""
    return whole(all_shown(Alert, (one.as_dict() for one in platform.alerts.open())))


@look("/alerts/thresholds")
def thresholds(platform: The) -> ThresholdsShown:
    """Those in force."""
    return shown(ThresholdsShown, platform.alerts.thresholds())


@replace("/alerts/thresholds")
def set_thresholds(data: JSONBody[NewThresholds], by: By, platform: The) -> ThresholdsShown:
    """Use these from the next look on."""
    platform.alerts.set_thresholds(by, data.checked())
    return shown(ThresholdsShown, platform.alerts.thresholds())


HANDLERS = (alerts, standing, thresholds, set_thresholds)
