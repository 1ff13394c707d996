"""The streams of the issue tracker beside issues and iterations, parents first, by their value."""

from __future__ import annotations

from headrace.coding.streams.issue_details import ISSUE_DETAILS
from headrace.coding.streams.issue_links import (
    ISSUE_BLOCKS,
    ISSUE_DEPOTS,
    ISSUE_REFERENCES,
    ISSUE_TEST_CASES,
    ISSUE_WORK_ITEMS,
    REQUIREMENT_DEFECTS,
)
from headrace.coding.streams.issue_logs import (
    ISSUE_ACTIVITY_LOGS,
    ISSUE_CUSTOM_FIELD_CHANGES,
    ISSUE_STATUS_CHANGES,
)
from headrace.coding.streams.issue_options import (
    CONFIG_TEMPLATES,
    DEFECT_TYPES,
    ISSUE_FILTERS,
    ISSUE_MODULES,
    TEAM_ISSUE_TYPES,
)
from headrace.coding.streams.issue_parts import ISSUE_COMMENTS
from headrace.coding.streams.issue_work_logs import ISSUE_WORK_LOGS
from headrace.coding.streams.release import RELEASE_ISSUES, RELEASES
from headrace.core.stream import Stream

TRACKING: tuple[Stream, ...] = (
    ISSUE_COMMENTS,
    ISSUE_WORK_LOGS,
    ISSUE_STATUS_CHANGES,
    RELEASES,
    RELEASE_ISSUES,
    ISSUE_DETAILS,
    TEAM_ISSUE_TYPES,
    ISSUE_MODULES,
    DEFECT_TYPES,
    ISSUE_ACTIVITY_LOGS,
    ISSUE_CUSTOM_FIELD_CHANGES,
    ISSUE_BLOCKS,
    REQUIREMENT_DEFECTS,
    ISSUE_TEST_CASES,
    ISSUE_DEPOTS,
    ISSUE_REFERENCES,
    ISSUE_WORK_ITEMS,
    ISSUE_FILTERS,
    CONFIG_TEMPLATES,
)
