"""Keys that met, and keys that changed, in the copies of others."""

from __future__ import annotations

from tests.engine.bench_world import Bench


def test_two_projects_with_the_same_issue_code() -> None:
    """Issue 7 of one project overwrote issue 7 of another, because the code alone was the key."""
    bench = Bench(projects=3, issues=12)
    bench.turn().assert_exact()
    first, second, third = bench.team.projects
    for project in (first, second, third):
        bench.update(1, project, name=f"of {project}")
    bench.poll().assert_exact()
    assert {bench.row(1, p)["name"] for p in bench.team.projects} == {
        f"of {p}" for p in (first, second, third)
    }
    bench.delete(1, second)
    bench.settle().assert_exact()
    assert bench.row(1, first)["_deleted_at"] is None
    assert bench.row(1, second)["_deleted_at"] is not None


def test_person_in_two_projects() -> None:
    """A member of two projects had one row, with the role of whichever came last."""
    bench = Bench("project_members", projects=2)
    for project, role in zip(bench.team.projects, ("ProjectAdmin", "ProjectGuest"), strict=True):
        bench.team.add_member(project, 2, now_ms=bench.now_ms, role=role)
    bench.turn().assert_exact()
    assert len([row for row in bench.rows("project_members") if row["id"] == 2]) == 2
    roles = {r["role_type"] for r in bench.rows("project_member_roles") if r["id"] == 2}
    assert len(roles) == 2


def test_renamed_project_keeps_its_rows() -> None:
    """A renamed project was a new one with new rows beside the old, which were never deleted."""
    bench = Bench("issues", "iterations", projects=2, issues=12)
    bench.turn()
    bench.team.rename_project(bench.project, now_ms=bench.now_ms, name="quite-another")
    bench.update(1, name="after the rename")
    bench.poll()
    bench.settle().assert_exact()
    assert bench.counts("issues").deleted == 0
    assert bench.counts("issues").inserted == 12
    assert bench.row(1)["name"] == "after the rename"
    assert not bench.worker.report.hidden


def test_two_projects_swap_their_names() -> None:
    """Requests by name read one project into the other's rows."""
    bench = Bench(projects=2, issues=12)
    bench.turn()
    first, second = bench.team.projects.values()
    names = first.info.name, second.info.name
    bench.team.rename_project(first.id, now_ms=bench.now_ms, name="between")
    bench.team.rename_project(second.id, now_ms=bench.now_ms, name=names[0])
    bench.team.rename_project(first.id, now_ms=bench.now_ms, name=names[1])
    bench.poll()
    bench.settle().assert_exact()


def test_renamed_in_the_middle_of_a_pass() -> None:
    """A rename between two pages made the rest "not found", and it was deleted."""
    bench = Bench(issues=12, page=3)
    bench.turn()
    bench.wire.before(
        "DescribeIssueListWithPage", 2,
        lambda: bench.team.rename_project(bench.project, now_ms=bench.now_ms, name="elsewhere"),
    )  # fmt: skip
    bench.census()
    assert len(bench.codes()) == 12
    bench.settle().assert_exact()
    assert bench.counts("issues").deleted == 0


def test_issue_that_changes_its_type() -> None:
    """Readers that listed by type kept a defect that had become a requirement under both."""
    bench = Bench(issues=6)
    bench.turn()
    project = bench.team.projects[bench.project]
    parents = {issue.parent_code for issue in project.issues.values()}
    code = next(
        i.code for i in project.issues.values() if i.kind == "MISSION" and i.code not in parents
    )
    kind = next(t for t in project.types if t.kind == "DEFECT")
    bench.update(code, kind="DEFECT", type_id=kind.id)
    bench.poll()
    assert bench.row(code)["type"] == "DEFECT"
    bench.census().assert_exact()
    assert len(bench.codes()) == 6
