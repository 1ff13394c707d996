"""Children whose parent seems to have become one that has none."""

from __future__ import annotations

from typing import Any

from tests.engine.bench_world import Bench

from headrace.core.change import Op
from headrace.playground.modules.ci.state import CI


class Builds(Bench):
    """A bench with a build that has finished, so that its stages are on file."""

    def __init__(self) -> None:
        super().__init__("ci_build_stages", issues=6)
        self.turn()
        module = self.team.module(CI)
        plan = module.jobs(self.team.projects[self.project])[0]
        self.build = module.start(plan.id, now_ms=self.now_ms)
        module.finish(self.build.id, now_ms=self.now_ms + 1000)
        self.poll()
        assert self.status() == "SUCCEED"
        assert self.stages()

    def status(self) -> str:
        return next(r["status"] for r in self.rows("ci_builds") if r["id"] == self.build.id)

    def stages(self) -> list[int]:
        rows = self.rows("ci_build_stages")
        return [row["stage_id"] for row in rows if row["build_id"] == self.build.id]

    def show_running(self) -> None:
        """From now on CODING shows the build as it was before it finished."""

        def older(response: dict[str, Any]) -> None:
            builds = response["Data"]["BuildList"] if "Data" in response else [response["Build"]]
            for row in builds:
                row["Status"] = "RUNNING" if row["Id"] == self.build.id else row["Status"]

        for action in ("DescribeCodingCIBuilds", "DescribeCodingCIBuild"):
            self.wire.edit(action, older)

    def show_the_truth(self) -> None:
        for action in ("DescribeCodingCIBuilds", "DescribeCodingCIBuild"):
            self.wire.edit(action, None)


def test_an_old_page_of_the_parents_takes_no_children() -> None:
    """A page from before the end of a build was answered once more: the stages of a finished build
    were deleted, because one that runs has none. Here they wait for a second reading."""
    bench = Builds()
    bench.show_running()
    bench.poll()
    assert bench.status() == "RUNNING"
    assert bench.stages()
    bench.show_the_truth()
    bench.poll().assert_exact()
    assert not [change for change in bench.log("ci_build_stages") if change.op is Op.DELETE]


def test_children_go_when_their_parent_is_shown_without_them_again() -> None:
    """A parent that became another kind, for which there are no children, kept them for ever."""
    bench = Builds()
    bench.show_running()
    bench.poll()
    assert bench.stages()
    bench.poll()
    assert bench.status() == "RUNNING"
    assert not bench.stages()
    bench.show_the_truth()
    bench.poll().poll().assert_exact()
    assert bench.stages()
