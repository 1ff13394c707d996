"""How this playground behaves where the documents leave a choice, or where a test wants less."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One value decides all; replace it whole: `playground.settings = replace(...)`.

    rate_limits: count requests per token and Action at all. rates: requests per second that
    replace the stated ones. throttle_wait_ms: how long a throttled caller is told to wait;
    requests within it are refused. retry_after: tell it in a `Retry-After` header.
    page_size_max: page sizes that replace the stated maxima. cap_page_size: a larger page is cut
    to the maximum and echoed so; off: it is a LimitExceeded error.
    offset_counts_pages: `DescribeIterationList.Offset` counts pages instead of rows.
    day_only_filter: UPDATED_AT and CREATED_AT conditions ignore the time of day.
    withdrawn: Actions of withdrawn modules, which answer OperationDenied.
    failing: Actions that answer this error code, whatever is asked.
    visibility_lag_ms: a changed issue is seen by lists and details only so much later.
    auto_approve: the OAuth page approves by itself. rotate_refresh: a refresh gives a new
    refresh token and ends the old one.
    project_tokens_see_team: project tokens may use Actions that are not about one project.
    """

    rate_limits: bool = True
    rates: Mapping[str, int] = field(default_factory=dict)
    throttle_wait_ms: int = 1000
    retry_after: bool = True
    page_size_max: Mapping[str, int] = field(default_factory=dict)
    cap_page_size: bool = True
    offset_counts_pages: bool = False
    day_only_filter: bool = False
    withdrawn: frozenset[str] | set[str] = frozenset()
    failing: Mapping[str, str] = field(default_factory=dict)
    visibility_lag_ms: int = 0
    auto_approve: bool = False
    rotate_refresh: bool = True
    project_tokens_see_team: bool = False
