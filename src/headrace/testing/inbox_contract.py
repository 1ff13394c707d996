"""The contract every hook inbox keeps, as a pytest class to subclass.

    class TestMyInbox(InboxContract):
        @pytest.fixture
        def inbox(self, tmp_path):
            return lambda: MyInbox(tmp_path / "my.db")

The fixture gives a factory: its first call opens fresh storage, every further one opens the same
storage again, also while others are still open. The suite closes what it opened. Needs pytest and
hypothesis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.ports import Delivery, Inbox
from headrace.errors import Bug
from headrace.testing.destination_contract import PROPERTY

Opened = Callable[[], Inbox]

MIB = 1 << 20
DAY_MS = 86_400_000
START_MS = 1_795_000_000_000
ODD_TEXTS = (
    "",
    " ",
    "'; DROP TABLE delivery; --",
    "%s",
    "?",
    "\\",
    "中文",
    "😀",
    "\u202e",
    "\uffff",
)


def delivery(number: int, *, event: str = "ISSUE_CREATED", at: int = START_MS) -> Delivery:
    """A delivery like CODING's, told by its number."""
    headers = {"content-type": "application/json", "x-coding-event": event}
    return Delivery(f"delivery-{number}", event, at, headers, b'{"n":%d}' % number)


def deliveries(*numbers: int) -> list[Delivery]:
    """Several of them."""
    return [delivery(number) for number in numbers]


def numbers(found: Sequence[Delivery]) -> list[int]:
    """Which ones these are."""
    return [int(one.id.removeprefix("delivery-")) for one in found]


class InboxContract:
    """See the module."""

    @pytest.fixture
    def inbox(self) -> Opened:
        """To override: the factory."""
        raise NotImplementedError

    @pytest.fixture
    def opened(self, inbox: Opened) -> Iterator[Opened]:
        """The factory, with closing seen to."""
        with ExitStack() as stack:

            def open_one() -> Inbox:
                return stack.enter_context(closing(inbox()))

            yield open_one

    # --- put

    def test_what_was_put_comes_back_as_it_was(self, opened: Opened) -> None:
        one = opened()
        assert one.put(deliveries(1, 2)) == 2
        assert one.get("delivery-1") == delivery(1)
        assert one.waiting(10) == deliveries(1, 2)
        assert one.get("delivery-3") is None

    def test_it_outlives_closing(self, opened: Opened) -> None:
        """Invariant 1."""
        with closing(opened()) as one:
            one.put(deliveries(1))
            one.settle(["delivery-1"], state="dead", reason="no such issue")
            one.put(deliveries(2))
        again = opened()
        assert numbers(again.waiting(10)) == [2]
        found = again.get("delivery-1")
        assert found is not None and (found.state, found.reason) == ("dead", "no such issue")

    def test_another_connection_sees_it_at_once(self, opened: Opened) -> None:
        one, other = opened(), opened()
        one.put(deliveries(1))
        assert numbers(other.waiting(10)) == [1]
        other.settle(["delivery-1"], state="done")
        assert one.waiting(10) == []

    def test_nothing_is_put(self, opened: Opened) -> None:
        one = opened()
        assert one.put([]) == 0
        one.settle([], state="done")
        assert one.counts() == {"waiting": 0, "done": 0, "dead": 0}

    def test_a_failing_put_stores_nothing(self, opened: Opened) -> None:
        one = opened()

        class Torn(list[Delivery]):
            def __iter__(self) -> Iterator[Delivery]:
                yield from deliveries(1, 2)
                raise OSError("torn")

        with pytest.raises(OSError, match="torn"):
            one.put(Torn())
        assert one.waiting(10) == []
        assert one.put(deliveries(1)) == 1

    @pytest.mark.parametrize("state", ["waiting", "done", "dead"])
    def test_a_repeat_changes_nothing(self, opened: Opened, state: str) -> None:
        one = opened()
        one.put([delivery(1), delivery(1, event="ANOTHER")])
        one.settle(["delivery-1"], state=state)
        before = one.get("delivery-1")
        assert before is not None and before.event == "ISSUE_CREATED"
        assert one.put([delivery(1, event="ANOTHER"), delivery(2)]) == 1
        assert one.get("delivery-1") == before

    def test_a_repeat_is_told_after_reopening(self, opened: Opened) -> None:
        with closing(opened()) as one:
            one.put(deliveries(1))
        assert opened().put(deliveries(1)) == 0

    def test_bodies_of_any_bytes_and_sizes(self, opened: Opened) -> None:
        one = opened()
        bodies = [b"", b"\0\xff\xfe" * 9, b"x" * MIB, "中文😀".encode()]
        put = [Delivery(str(n), "X", START_MS, {}, body) for n, body in enumerate(bodies)]
        assert one.put(put) == len(bodies)
        assert [found.body for found in one.waiting(10)] == bodies
        assert [type(found.body) for found in one.waiting(10)] == [bytes] * len(bodies)

    def test_odd_texts_stay_as_they_are(self, opened: Opened) -> None:
        one = opened()
        put = [
            Delivery(f"id {text}", text, START_MS, {text: text, "k": '"'}, b"")
            for text in ODD_TEXTS
        ]
        assert one.put(put) == len(ODD_TEXTS)
        assert one.waiting(100) == put
        one.settle(["id %s"], state="dead", reason="'; --\n中文")
        found = one.get("id %s")
        assert found is not None and found.reason == "'; --\n中文"

    def test_an_event_of_our_own_future_is_kept(self, opened: Opened) -> None:
        one = opened()
        one.put([delivery(1, event="NEVER_HEARD_OF")])
        assert numbers(one.list(event="NEVER_HEARD_OF")) == [1]

    # --- order

    def test_arrival_counts_not_the_clock(self, opened: Opened) -> None:
        one = opened()
        one.put([delivery(1, at=START_MS + 5), delivery(2, at=START_MS)])
        one.put([delivery(3, at=START_MS - 5)])
        assert numbers(one.waiting(10)) == [1, 2, 3]
        assert numbers(one.list()) == [3, 2, 1]

    def test_limits(self, opened: Opened) -> None:
        one = opened()
        one.put(deliveries(*range(150)))
        assert numbers(one.waiting(2)) == [0, 1]
        assert numbers(one.list(limit=2)) == [149, 148]
        assert len(one.list()) == 100
        assert one.waiting(0) == []

    def test_order_survives_pruning(self, opened: Opened) -> None:
        one = opened()
        one.put([delivery(1), delivery(2), delivery(3, at=START_MS - 60 * DAY_MS)])
        one.settle(["delivery-3"], state="done")
        one.prune(before_ms=START_MS - DAY_MS)
        one.prune(before_ms=START_MS - DAY_MS)
        one.put(deliveries(4))
        assert numbers(one.waiting(10)) == [1, 2, 4]

    # --- settle, list, counts

    def test_settled_ones_wait_no_more(self, opened: Opened) -> None:
        one = opened()
        one.put(deliveries(1, 2, 3, 4))
        one.settle(["delivery-1", "delivery-3"], state="done")
        one.settle(["delivery-2", "never seen"], state="dead", reason="why")
        assert numbers(one.waiting(10)) == [4]
        assert one.counts() == {"waiting": 1, "done": 2, "dead": 1}
        assert numbers(one.list(state="done")) == [3, 1]
        assert [found.reason for found in one.list(state="dead")] == ["why"]

    def test_a_replay_waits_again_in_its_old_place(self, opened: Opened) -> None:
        one = opened()
        one.put(deliveries(1, 2))
        one.settle(["delivery-1"], state="dead", reason="why")
        one.settle(["delivery-1"], state="waiting")
        assert one.waiting(10) == deliveries(1, 2)

    def test_no_other_state_can_be_set(self, opened: Opened) -> None:
        one = opened()
        one.put(deliveries(1))
        with pytest.raises(Bug):
            one.settle(["delivery-1"], state="dropped")
        assert numbers(one.waiting(10)) == [1]

    def test_list_by_state_and_event(self, opened: Opened) -> None:
        one = opened()
        one.put([delivery(n, event="ODD" if n % 2 else "EVEN") for n in range(6)])
        one.settle(["delivery-0", "delivery-1"], state="done")
        assert numbers(one.list(event="ODD")) == [5, 3, 1]
        assert numbers(one.list(state="waiting", event="EVEN")) == [4, 2]
        assert numbers(one.list(state="done", event="EVEN", limit=1)) == [0]
        assert one.list(state="nonsense") == []

    def test_list_goes_on_before_a_delivery(self, opened: Opened) -> None:
        one = opened()
        one.put([delivery(n, event="ODD" if n % 2 else "EVEN") for n in range(6)])
        assert numbers(one.list(before="delivery-4", limit=2)) == [3, 2]
        assert numbers(one.list(before="delivery-4", event="ODD")) == [3, 1]
        assert one.list(before="delivery-0") == one.list(before="never seen") == []
        one.settle(["delivery-4"], state="done")
        one.prune(before_ms=START_MS + 1)
        assert numbers(one.list(before="delivery-4", limit=1)) == [3]

    # --- prune

    def test_prune_drops_old_settled_ones_only(self, opened: Opened) -> None:
        one = opened()
        old = [delivery(n, at=START_MS - 1) for n in (1, 2, 3)]
        one.put([*old, delivery(4)])
        one.settle(["delivery-1", "delivery-4"], state="done")
        one.settle(["delivery-2"], state="dead", reason="why")
        assert one.prune(before_ms=START_MS) == 2
        assert one.prune(before_ms=START_MS) == 0
        assert numbers(one.list()) == [4, 3]
        assert one.get("delivery-1") is None
        assert one.counts() == {"waiting": 1, "done": 1, "dead": 0}

    def test_a_pruned_id_is_still_told(self, opened: Opened) -> None:
        """For 27 more days; and no replay brings it back without its body."""
        one = opened()
        one.put(deliveries(1))
        one.settle(["delivery-1"], state="done")
        one.prune(before_ms=START_MS + 1)
        one.prune(before_ms=START_MS + 27 * DAY_MS)
        assert one.put(deliveries(1)) == 0
        one.settle(["delivery-1"], state="waiting")
        assert one.waiting(10) == []
        one.prune(before_ms=START_MS + 27 * DAY_MS + 1)
        assert one.put(deliveries(1)) == 1

    def test_prune_of_many(self, opened: Opened) -> None:
        one = opened()
        one.put(deliveries(*range(2500)))
        one.settle([f"delivery-{n}" for n in range(2400)], state="done")
        assert one.prune(before_ms=START_MS + 1) == 2400
        assert one.counts() == {"waiting": 100, "done": 0, "dead": 0}

    # --- any sequence

    @PROPERTY
    @given(data=st.data())
    def test_any_sequence_against_a_plain_model(self, inbox: Opened, data: st.DataObject) -> None:
        with closing(inbox()) as one:
            model = {found.id: found.state for found in one.list(limit=10_000)}
            for _ in range(data.draw(st.integers(1, 6))):
                drawn = data.draw(st.lists(st.integers(0, 12), max_size=5))
                ids = [f"delivery-{n}" for n in drawn]
                if data.draw(st.booleans()):
                    new = {i for i in ids if i not in model}
                    assert one.put(deliveries(*drawn)) == len(new)
                    model.update(dict.fromkeys(new, "waiting"))
                else:
                    state = data.draw(st.sampled_from(["waiting", "done", "dead"]))
                    one.settle(ids, state=state)
                    model.update({i: state for i in ids if i in model})
                assert {found.id: found.state for found in one.list(limit=10_000)} == model
                waiting = {i for i, state in model.items() if state == "waiting"}
                assert {found.id for found in one.waiting(10_000)} == waiting
