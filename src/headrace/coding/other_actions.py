"""The reading Actions that have no stream of their own, each with the reason.

Together with those that the streams call, these are all of the official document's.
"""

from __future__ import annotations

from collections.abc import Mapping

# Shows rows of these streams again: one of them, some of them, or the same in another shape.
_ANOTHER_VIEW = {
    "artifact_files": "ArtifactVersionFileList",
    "artifact_versions": "ArtifactVersionList",
    "branches": "GitBranch GitBranchList ProjectDepotBranches GitRef",
    "cd_deploy_times": "CdDeployTimeByApplications",
    "cd_deploy_trends": "CdDeployCountByApplications CdDeployCountByProject"
    " CdDeployTrendByApplications",
    "cd_pipeline_configs": "CdPipelineConfig",
    "commit_files": "GitCommitFilePathList",
    "commit_notes": "GitCommitNote",
    "commits": "GitCommitInfo GitCommitInfos CommitsBetweenCommitAndCommit ProjectDepotCommits",
    "depots": "DepotByNameInfo DepotDefaultBranch GitDepot MyDepots TeamDepotInfoList",
    "deploy_keys": "GitProjectDeployKeys",
    "branch_protections": "BranchProtection",
    "issue_blocks": "BlockIssueList",
    "issue_test_cases": "RequirementTestCaseList",
    "issue_work_items": "WorkItemSalvage",
    "issue_work_logs": "IssueWorkLogList",
    "issues": "IssueList IssueByStatusUpdate SubIssueList TeamIssues UserHandoverIssues"
    " WorkbenchIssueList",
    "merge_request_notes": "SingeMergeRequestNotes",
    "merge_requests": "DepotMergeRequests MergeReqInfo MergeRequestReviewers SelfMergeRequests",
    "policies": "AvailablePoliciesOnResource",
    "project_announcements": "ProjectAnnouncement",
    "projects": "OneProject ProjectByName ProjectLabels ProjectsByFeature UserProjects",
    "protected_branches": "ProtectedBranch",
    "protected_tags": "GitProtectedTagsByRule",
    "release_issues": "IssueReleaseList",
    "resource_grants": "GrantUsersOnResource UsersOnResourceAndGrantObject",
    "resource_references": "ResourceReferencesCited",
    "service_hooks": "ServiceHook",
    "tags": "GitTag ProjectDepotTags",
    "team_members": "TeamMember TeamMemberByEmail",
}
_OTHERS = {
    "worked out from commits and branches": "CommitRefs GitBranchesBySha GitRefsBySha"
    " GitTagsByBranch GitTagsBySha GitContributors GitMergeRequestsBySha",
    "worked out from ci_builds": "CodingCIBuildMetrics CodingCIBuildStatistics",
    "source text: read the repository with git (headrace archive)": "GitBlameInfo GitBlob"
    " GitBlobRaw GitFile GitFileContent GitFileStat GitFiles GitTree CodeSearch"
    " DifferentBetween2Commits DifferentBetweenTwoCommits GitMergeRequestDiffDetail"
    " MergeRequestFileDiff",
    "a calculation on two references": "CanMerge GitMergeBase",
    "holds secrets": "AgentSecret CdCloudAccounts CodingCIBuildEnvs ProjectCredentials",
    "log text, large, may hold secrets": "CodingCIBuildLog CodingCIBuildLogRaw"
    " CodingCIBuildStepLog",
    "an address that ends soon": "ArtifactFileDownloadUrl IssueFileUrl",
    "asks for an execution that no Action lists": "CdPipeline CdTask HostServerInstance",
    "about who asks, not about the team": "CodingCurrentUser PersonalExternalDepots SshKey",
    "helps with writing": "ImportJobStatus IssueAttachmentPreSignedUrl PreSignUploadUrl"
    " UpdateJobStatus",
    "no data of the team": "Events Pinyin",
}


def _reasons() -> Mapping[str, str]:
    told = {f"shows {stream} again": names for stream, names in _ANOTHER_VIEW.items()} | _OTHERS
    return {f"Describe{name}": why for why, names in told.items() for name in names.split()}


OTHER_ACTIONS: Mapping[str, str] = _reasons()
"""Action to why no stream is made of it."""
