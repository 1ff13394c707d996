"""The streams of code: depots and all that hangs on them, merge requests, releases."""

from __future__ import annotations

from headrace.coding.streams.code_commits import (
    COMMIT_BRANCHES,
    COMMIT_COMMENTS,
    COMMIT_FILES,
    COMMIT_NOTES,
    COMMIT_STATUSES,
    COMMITS,
)
from headrace.coding.streams.code_depot import BRANCHES, DEPOTS, TAGS
from headrace.coding.streams.code_guards import (
    BRANCH_PROTECTION_MEMBERS,
    BRANCH_PROTECTIONS,
    DEPLOY_KEYS,
    DEPOT_FILE_PUSH_RULES,
    DEPOT_PUSH_SETTINGS,
    PROTECTED_BRANCH_MEMBERS,
    PROTECTED_BRANCHES,
    PROTECTED_TAGS,
)
from headrace.coding.streams.code_release import DEPOT_RELEASES
from headrace.coding.streams.code_setup import DEPOT_SPEC_DETAILS, DEPOT_SPECS, EXTERNAL_DEPOTS
from headrace.coding.streams.merge_request import MERGE_REQUESTS
from headrace.coding.streams.merge_request_parts import MERGE_REQUEST_PARTS
from headrace.core.stream import Stream

CODE: tuple[Stream, ...] = (
    DEPOTS,
    MERGE_REQUESTS,
    BRANCHES,
    COMMITS,
    *MERGE_REQUEST_PARTS,
    DEPOT_RELEASES,
    TAGS,
    COMMIT_BRANCHES,
    COMMIT_FILES,
    COMMIT_STATUSES,
    COMMIT_COMMENTS,
    COMMIT_NOTES,
    PROTECTED_BRANCHES,
    PROTECTED_BRANCH_MEMBERS,
    BRANCH_PROTECTIONS,
    BRANCH_PROTECTION_MEMBERS,
    PROTECTED_TAGS,
    DEPOT_PUSH_SETTINGS,
    DEPOT_FILE_PUSH_RULES,
    DEPOT_SPECS,
    DEPOT_SPEC_DETAILS,
    EXTERNAL_DEPOTS,
    DEPLOY_KEYS,
)
