from __future__ import annotations

import pytest

from headrace.playground import Team
from headrace.playground.truth import TABLES

from .conftest import NOW_MS

SHOP = 101


def lived(seed: int, steps: int = 400) -> tuple[Team, list[str]]:
    team = Team(seed, 2, 40, NOW_MS)
    team.listening = True
    return team, [team.step(NOW_MS + 700 * n) for n in range(steps)]


def test_the_same_seed_gives_the_same_rows_acts_and_events() -> None:
    (one, acts), (other, same_acts) = lived(3), lived(3)
    assert acts == same_acts
    assert one.take_events() == other.take_events()
    for table in TABLES:
        assert one.rows(table) == other.rows(table)


def test_listening_does_not_change_what_happens() -> None:
    loud, acts = lived(4)
    quiet = Team(4, 2, 40, NOW_MS)
    assert [quiet.step(NOW_MS + 700 * n) for n in range(400)] == acts
    assert quiet.rows("issues") == loud.rows("issues")
    assert quiet.take_events() == []


def test_another_seed_gives_another_team() -> None:
    assert lived(1)[0].rows("issues") != lived(2)[0].rows("issues")


def test_issues_are_spread_over_the_projects_and_the_year_before(team: Team) -> None:
    rows = team.rows("issues")
    assert len(rows) == 60
    assert {project_id for project_id, _ in rows} == {101, 102}
    assert (101, 1) in rows and (102, 1) in rows  # the same codes in both
    times = [row["CreatedAt"] for (project, _), row in rows.items() if project == SHOP]
    assert times == sorted(times)
    assert NOW_MS - 366 * 86_400_000 < times[0] < times[-1] <= NOW_MS


def test_names_of_projects(team: Team) -> None:
    assert [row["Name"] for row in team.rows("projects").values()] == ["shop", "project-2"]


def test_updated_at_is_in_whole_seconds_and_never_goes_back() -> None:
    team = Team(5, 2, 40, NOW_MS)
    before = {key: row["UpdatedAt"] for key, row in team.rows("issues").items()}
    for n in range(300):
        team.step(NOW_MS - 10_000 * n)  # even when the clock itself goes back
        for key, row in team.rows("issues").items():
            assert row["UpdatedAt"] % 1000 == 0
            assert row["UpdatedAt"] >= before.get(key, 0) // 1000 * 1000
            before[key] = row["UpdatedAt"]


def test_an_issue_changed_without_touch_keeps_its_time(team: Team) -> None:
    old = team.rows("issues")[SHOP, 3]
    team.update_issue(SHOP, 3, now_ms=NOW_MS + 5000, touch=False, name="Quiet")
    new = team.rows("issues")[SHOP, 3]
    assert new["Name"] == "Quiet"
    assert new["UpdatedAt"] == old["UpdatedAt"]
    team.update_issue(SHOP, 3, now_ms=NOW_MS + 5000, name="Loud")
    assert team.rows("issues")[SHOP, 3]["UpdatedAt"] == (NOW_MS + 5000) // 1000 * 1000


def test_completing_an_issue_sets_its_date_and_reopening_clears_it(team: Team) -> None:
    code = team.create_issue(SHOP, now_ms=NOW_MS)
    assert team.rows("issues")[SHOP, code]["CompletedAt"] == 0
    team.update_issue(SHOP, code, now_ms=NOW_MS + 1000, status_id=37)
    assert team.rows("issues")[SHOP, code]["CompletedAt"] == (NOW_MS + 1000) // 1000 * 1000
    team.update_issue(SHOP, code, now_ms=NOW_MS + 2000, status_id=31)
    assert team.rows("issues")[SHOP, code]["CompletedAt"] == 0


def test_sub_tasks_go_with_their_parent_and_others_lose_it(team: Team) -> None:
    parent = team.create_issue(SHOP, now_ms=NOW_MS, kind="EPIC")
    part = team.create_issue(SHOP, now_ms=NOW_MS, kind="SUB_TASK", parent_code=parent)
    child = team.create_issue(SHOP, now_ms=NOW_MS, kind="REQUIREMENT", parent_code=parent)
    assert team.rows("issues")[SHOP, child]["ParentType"] == "EPIC"
    team.delete_issue(SHOP, parent, now_ms=NOW_MS + 9000)
    rows = team.rows("issues")
    assert (SHOP, parent) not in rows and (SHOP, part) not in rows
    assert rows[SHOP, child]["ParentCode"] == 0
    assert rows[SHOP, child]["UpdatedAt"] == NOW_MS // 1000 * 1000


def test_codes_are_never_used_again(team: Team) -> None:
    code = team.create_issue(SHOP, now_ms=NOW_MS)
    team.delete_issue(SHOP, code, now_ms=NOW_MS)
    assert team.create_issue(SHOP, now_ms=NOW_MS) == code + 1
    sprint = team.create_iteration(SHOP, now_ms=NOW_MS)
    team.delete_iteration(SHOP, sprint, now_ms=NOW_MS)
    assert team.create_iteration(SHOP, now_ms=NOW_MS) == sprint + 1


def test_unset_values_are_written_in_codings_way(team: Team) -> None:
    code = team.create_issue(SHOP, now_ms=NOW_MS)
    issue = team.rows("issues")[SHOP, code]
    assert (issue["DueDate"], issue["StartDate"], issue["AssigneeId"]) == (0, 0, 0)
    assert issue["Iteration"] == {"Code": 0, "Name": "", "Status": "", "Id": 0}
    sprint = team.create_iteration(SHOP, now_ms=NOW_MS)
    iteration = team.rows("iterations")[SHOP, sprint]
    assert (iteration["StartAt"], iteration["EndAt"]) == (-28_800_000, -28_800_000)


def test_labels_become_labels_of_the_project(team: Team) -> None:
    team.set_labels(SHOP, 2, ["brand new", "支付"], now_ms=NOW_MS)
    labels = team.rows("issues")[SHOP, 2]["Labels"]
    assert [label["Name"] for label in labels] == ["brand new", "支付"]
    assert len({label["Id"] for label in labels}) == 2


def test_iterations_count_their_issues_without_a_new_time(team: Team) -> None:
    sprint = team.create_iteration(SHOP, now_ms=NOW_MS)
    for status_id in (31, 37, 37):
        code = team.create_issue(SHOP, now_ms=NOW_MS, iteration_code=sprint, status_id=status_id)
    row = team.rows("iterations")[SHOP, sprint]
    assert (row["WaitProcessCount"], row["CompletedCount"]) == (1, 2)
    assert row["CompletedPercent"] == 66.67
    team.delete_issue(SHOP, code, now_ms=NOW_MS + 5000)
    again = team.rows("iterations")[SHOP, sprint]
    assert again["CompletedPercent"] == 50.0
    assert again["UpdatedAt"] == row["UpdatedAt"]


def test_a_renamed_iteration_shows_in_its_issues_and_a_deleted_one_leaves_them(team: Team) -> None:
    sprint = team.create_iteration(SHOP, now_ms=NOW_MS)
    code = team.create_issue(SHOP, now_ms=NOW_MS, iteration_code=sprint)
    team.update_iteration(SHOP, sprint, now_ms=NOW_MS, name="Renamed")
    assert team.rows("issues")[SHOP, code]["Iteration"]["Name"] == "Renamed"
    team.delete_iteration(SHOP, sprint, now_ms=NOW_MS)
    assert team.rows("issues")[SHOP, code]["IterationId"] == 0


def test_projects_come_change_and_go(team: Team) -> None:
    made = team.create_project("outlet", now_ms=NOW_MS, display_name="Outlet 特卖")
    team.rename_project(made, now_ms=NOW_MS + 2000, name="sale")
    team.archive_project(made, now_ms=NOW_MS + 3000)
    row = team.rows("projects")[(made,)]
    assert (row["Name"], row["DisplayName"], row["Archived"]) == ("sale", "Outlet 特卖", True)
    assert row["UpdatedAt"] == (NOW_MS + 3000) // 1000 * 1000
    team.delete_project(made, now_ms=NOW_MS)
    assert (made,) not in team.rows("projects")
    assert team.create_project("outlet", now_ms=NOW_MS) != made


def test_hidden_projects_stay_in_the_truth(team: Team) -> None:
    before = team.rows("issues")
    team.hide_project(102, True)
    assert team.rows("issues") == before


def test_a_new_field_belongs_to_the_types_named(team: Team) -> None:
    made = team.add_field(SHOP, "Zone", "SELECT_SINGLE", now_ms=NOW_MS, kinds=["DEFECT"])
    rows = team.rows("issue_fields")
    assert (SHOP, "DEFECT", made) in rows
    assert (SHOP, "EPIC", made) not in rows and (102, "DEFECT", made) not in rows


def test_every_component_type_has_a_custom_field(team: Team) -> None:
    custom = {
        row["IssueField"]["ComponentType"]
        for row in team.rows("issue_fields").values()
        if row["IssueField"]["Type"] == "CUSTOM"
    }
    choices = ("MEMBER_SINGLE", "MEMBER_MULTI", "ITERATION_SINGLE", "ITERATION_MULTI")
    texts = ("SINGLE_LINE", "MULTI_LINE", "DATE", "DATETIME", "DECIMAL", "INTEGER")
    wanted = {f"SELECT_{name}" for name in ("SINGLE", "MULTI", *choices)}
    assert custom == wanted | {f"TEXT_{name}" for name in texts}


@pytest.mark.parametrize(("projects", "issues"), [(1, 0), (3, 2), (1, 1)])
def test_the_smallest_teams_live(projects: int, issues: int) -> None:
    team = Team(1, projects, issues, NOW_MS)
    for n in range(100):
        assert team.step(NOW_MS + n)


def test_a_team_without_projects_does_nothing() -> None:
    assert Team(1, 0, 0, NOW_MS).step(NOW_MS) == "nobody is at work"


def test_a_long_life_stays_bounded() -> None:
    team = Team(2, 1, 20, NOW_MS)
    for n in range(5000):
        team.step(NOW_MS + n * 1000)
    assert 0 < len(team.rows("issues")) <= 90
    assert len(team.rows("iterations")) <= 40
