"""What a detail Action's answer has to lose to equal the list row of the same record."""

from __future__ import annotations

from headrace.core.record import Body


def in_whole_seconds(detail: Body) -> Body:
    """The same fields, with times of creation and update in whole seconds, as lists show them.

    In the official examples DescribeIterationList has 1599027192000 where DescribeIteration has
    1599027192347, and DescribeCodingProjects and DescribeOneProject differ alike.
    """
    row = dict(detail)
    for name in ("CreatedAt", "UpdatedAt"):
        if isinstance(row.get(name), int):
            row[name] -= row[name] % 1000
    return row
