"""The rates that the official document of 2025-06 states, per Action that Headrace may call.

An Action that is not named here states none. "10000 a second" cannot be meant; we stay far below.
"""

from __future__ import annotations

from collections.abc import Mapping

UNLIMITED_PER_SECOND = 50.0  # stated as 10000 a second
STATED_PER_SECOND = 15.0  # stated as 20 a second

_STATED_AS_20 = (
    "AllProjectsIssueWorkLogList ArtifactChecksums ArtifactFileDownloadUrl ArtifactPackageList "
    "ArtifactProperties ArtifactRepositoryFileList ArtifactRepositoryList BlockedByIssueList "
    "BranchProtection BranchProtectionMembers BranchProtections CdAgentMachines CdApplication "
    "CdApplications CdApplicationsByProject CdDeployCountByProject CdDeployTimeByProject "
    "CdDeployTrendByProject CdHostServerGroup CdHostServerGroups CdPipelineConfigs "
    "CodingCurrentUser CodingProjects DefectTypes DepotFilePushRules DepotPushSetting "
    "DepotSpecDetail DepotSpecs Events GitBranches GitCommitDiff GitCommitInfo GitDepot "
    "GitDepotDeployKeys GitMergeRequestDiffs GitMergeRequestParticipants GitProtectedTags "
    "GitReleaseDetail GitReleases GitTags Issue IssueCommentList IssueFileUrl IssueFilterList "
    "IssueWorkLogList Iteration IterationList MemberSshKey MergeReqCommits MergeRequestLog "
    "NotesByCommits PoliciesOnResourceType Policy ProgramProjects Programs ProjectDepotInfoList "
    "ProjectIssueFieldList ProjectIssueStatusList ProjectIssueTypeList ProjectMemberPrincipals "
    "ProjectMembers ProjectMergeRequests ProjectRoles ProtectedBranch ProtectedBranchMembers "
    "Report ReportList RequirementDefectRelation ServiceHook ServiceHookLogs ServiceHooks "
    "TeamAdminMembers TeamArtifacts TeamIssueTypeList TeamMember TeamMembers Test TestCase "
    "TestCaseList TestCaseSectionList TestDefectList TestList TestRun TestRunList UserGroups "
    "Wiki WikiList "
)
_STATED_AS_10000 = (
    "AllMergeRequestNotes CodingCIBuild CodingCIBuildStage CodingCIBuildStep CodingCIBuilds "
    "CodingCIJob CodingCIJobs ConfigTemplateList DepotByNameInfo GitCommitComments "
    "GitCommitStatus GitCommitsInPage GrantObjectsOnResource IssueCustomFieldLogList "
    "IssueListWithPage IssueModuleList IssueReferenceResources IssueRelatedRepos "
    "IssueRelatedWorkItemList IssueStatusChangeLogList MergeRequest OneProject "
    "PredicatePolicyOnResource ProjectByName ProjectDepots ProtectedBranches RelatedCaseList "
    "Release ReleaseIssueList ReleaseList ResourceScopeListOnPolicy UserProjects UsersByGroupId "
)

RATES_PER_SECOND: Mapping[str, float] = {
    **{f"Describe{name}": STATED_PER_SECOND for name in _STATED_AS_20.split()},
    **{f"Describe{name}": UNLIMITED_PER_SECOND for name in _STATED_AS_10000.split()},
}
