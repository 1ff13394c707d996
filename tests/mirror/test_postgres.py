"""The PostgreSQL twin against the same contracts, and what only a server can do."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from tests.servers.postgres import PostgresServer, running_postgres
from tests.servers.postgres import postgres as postgres

from headrace.app.mirrors import Place, compact, info, verify
from headrace.errors import Bug, Refused, Unavailable
from headrace.mirror.postgres import PostgresInbox, PostgresMirror, schema_name
from headrace.mirror.soundness import examine
from headrace.mirror.urls import open_inbox, open_mirror, place_of
from headrace.testing import inbox_contract, mirror_contract
from headrace.testing.inbox_contract import InboxContract, deliveries, numbers
from headrace.testing.mirror_contract import START_MS, MirrorContract, everything, gone, page, seen

_numbers = itertools.count(1)


@pytest.fixture
def name() -> str:
    """A mirror of its own for each test."""
    return f"team-{next(_numbers)}"


def sql(postgres: PostgresServer, statement: str) -> None:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(statement.encode())


class TestMirror(MirrorContract):
    @pytest.fixture
    def mirror(self, postgres: PostgresServer, name: str) -> mirror_contract.Opened:
        return lambda: PostgresMirror(postgres.url(), name, now_ms=START_MS)


class TestInbox(InboxContract):
    @pytest.fixture
    def inbox(self, postgres: PostgresServer, name: str) -> inbox_contract.Opened:
        return lambda: PostgresInbox(postgres.url(), name)


def test_mirror_and_inbox_side_by_side(postgres: PostgresServer, name: str) -> None:
    with closing(open_inbox(postgres.url(), name)) as inbox:
        inbox.put(deliveries(1))
        with closing(open_mirror(postgres.url(), name, START_MS)) as mirror:
            mirror.commit(page(seen(1)))
            inbox.put(deliveries(2))
        assert numbers(inbox.waiting(9)) == [1, 2]


def test_how_many_came_over_time(postgres: PostgresServer, name: str) -> None:
    with closing(PostgresInbox(postgres.url(), name)) as inbox:
        at = [one.received_at for one in deliveries(1, 2, 3)]
        span = 60_000
        inbox.put(deliveries(1, 2, 3))
        inbox.settle(["delivery-2"], state="dead", reason="why")
        found = inbox.came(0, span)
        assert sum(count for _, _, count in found) == 3
        assert {(start, state) for start, state, _ in found} == {
            (at[0] // span * span, "waiting"), (at[1] // span * span, "dead"),
            (at[2] // span * span, "waiting"),
        }  # fmt: skip
        assert inbox.came(max(at) + 1, span) == []
        inbox.prune(before_ms=max(at) + 1)
        assert {state for _, state, _ in inbox.came(0, span)} == {"waiting"}


def test_one_process_a_mirror(postgres: PostgresServer, name: str) -> None:
    with closing(open_mirror(postgres.url(), name, START_MS)) as one:
        with pytest.raises(Refused, match=f"in use by another process .schema {schema_name(name)}"):
            open_mirror(postgres.url(), name, START_MS)
        with closing(open_mirror(postgres.url(), name, 0, lock=False)) as looking:
            one.commit(page(seen(1)))
            assert looking.count("issues") == 1
        open_mirror(postgres.url(), f"{name}-other", START_MS).close()
    open_mirror(postgres.url(), name, START_MS).close()


def test_a_killed_holder_lets_go(postgres: PostgresServer, name: str) -> None:
    """And the one who was cut off is refused, for another one has the mirror now."""
    with closing(open_mirror(postgres.url(), name, START_MS)) as one:
        one.commit(page(seen(1)))
        cut_connections(postgres)
        with pytest.raises(Unavailable):
            one.commit(page(seen(2)))
        with closing(open_mirror(postgres.url(), name, START_MS)) as other:
            with pytest.raises(Refused, match="in use"):
                one.commit(page(seen(2)))
            assert other.count("issues") == 1


def test_a_holder_that_is_about_to_end_is_waited_for(postgres: PostgresServer, name: str) -> None:
    """The server gives a lock back a moment after its holder closed: whoever came at once to go on
    was told that another process has the mirror."""
    one = open_mirror(postgres.url(), name, START_MS)
    one.commit(page(seen(1)))
    ending = threading.Timer(0.3, one.close)
    ending.start()
    with closing(open_mirror(postgres.url(), name, START_MS)) as other:
        assert other.count("issues") == 1
    ending.join()


def test_a_lost_connection_is_made_again(postgres: PostgresServer, name: str) -> None:
    with closing(open_mirror(postgres.url(), name, START_MS)) as one:
        one.commit(page(seen(1)))
        before = everything(one)
        cut_connections(postgres)
        with pytest.raises(Unavailable):
            one.commit(page(seen(2)))
        assert everything(one) == before
        assert one.commit(page(seen(2))).inserted == 1
        with pytest.raises(Refused, match="in use"):
            open_mirror(postgres.url(), name, START_MS)


def test_a_connection_lost_in_the_middle_of_a_page(postgres: PostgresServer, name: str) -> None:
    class Cutting(list[object]):
        def __iter__(self) -> Iterator[object]:
            cut_connections(postgres)
            return iter(())

    with closing(open_mirror(postgres.url(), name, START_MS)) as one:
        with pytest.raises(Unavailable):
            one.commit(page(seen(1), rejects=Cutting()))
        assert one.count("issues") == 0 and one.log(0, 9) == []
        assert one.commit(page(seen(1))).inserted == 1


def cut_connections(postgres: PostgresServer) -> None:
    sql(
        postgres,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'headrace'",
    )


def test_a_server_that_loses_power_and_returns(postgres: PostgresServer) -> None:
    with running_postgres() as server:
        url = server.url()
        with closing(open_mirror(url, "x", START_MS)) as one, closing(open_inbox(url, "x")) as box:
            one.commit(page(*(seen(n) for n in range(600))))
            box.put(deliveries(1))
            server.stop()
            for _ in range(2):
                with pytest.raises(Unavailable, match="PostgreSQL could not"):
                    one.commit(page(gone(1, at=2)))
                with pytest.raises(Unavailable):
                    box.put(deliveries(2))
            server.start()
            one.commit(page(gone(1, at=2)))
            assert box.put(deliveries(1, 2)) == 1
            assert (one.count("issues"), examine(one).problems) == (599, [])


def test_maintenance(postgres: PostgresServer, name: str) -> None:
    place = Place(postgres.url(), name)
    with pytest.raises(Refused, match="no schema headrace_team"):
        info(place)
    with closing(open_mirror(place.store, place.name, START_MS)) as one:
        one.commit(page(*(seen(n, "x" * 900) for n in range(600))))
        one.commit(page(gone(7, at=2), *(seen(n, "y" * 900, at=2) for n in range(600) if n != 7)))
        with pytest.raises(Refused, match="in use"):
            compact(place)
        assert [(h.records, h.tombstones, h.log.changes) for h in info(place).streams] == [
            (599, 1, 1200)
        ]
    assert verify(place).sound and verify(place).changes == 1200
    done = compact(place)
    assert done.changes_dropped == 1200 and done.bytes_after < done.bytes_before
    sql(postgres, f"UPDATE {schema_name(name)}.body SET body = '' WHERE id = 1")
    assert verify(place).problems == ("issues [0]: the body does not fit its digest",)


def test_prune_by_size(postgres: PostgresServer, name: str) -> None:
    with closing(open_mirror(postgres.url(), name, START_MS)) as one:
        for n in range(10):
            one.commit(page(seen(1, "x" * 9000, at=n, n=n)))
        assert one.prune(before_ms=0, tombstones_before_ms=0, log_bytes_max=54_300) == 7


def test_a_text_with_a_nul_is_kept_as_well_as_can_be(postgres: PostgresServer, name: str) -> None:
    with closing(open_inbox(postgres.url(), name)) as inbox:
        inbox.put(deliveries(1))
        inbox.settle(["delivery-1"], state="dead", reason="a\0b")
        found = inbox.get("delivery-1")
        assert found is not None and found.reason == "a\ufffdb"
        assert inbox.get("delivery-1\0") is None


def test_what_is_refused(postgres: PostgresServer, name: str) -> None:
    url = postgres.url()
    for wrong, said in (
        (postgres.url("nowhere"), "does not exist"),
        (url.replace("headrace@", "nobody-here@"), "does not exist"),
        ("postgresql://[::", "address"),
        ("mysql://u@h/d", "cannot be stored in mysql"),
    ):
        with pytest.raises(Refused, match=said) as caught:
            open_mirror(wrong, name, START_MS)
        assert caught.value.advice
    sql(
        postgres,
        f"CREATE SCHEMA {schema_name(name)}; CREATE TABLE {schema_name(name)}.note (n int)",
    )
    with pytest.raises(Refused, match="another program"):
        open_mirror(url, name, START_MS)


def test_a_newer_format_is_refused(postgres: PostgresServer, name: str) -> None:
    open_mirror(postgres.url(), name, START_MS).close()
    sql(postgres, f"UPDATE {schema_name(name)}.meta SET value = '2' WHERE name = 'format'")
    with pytest.raises(Refused, match="format 2"):
        open_mirror(postgres.url(), name, START_MS)


def test_no_password_in_what_is_said(postgres: PostgresServer, name: str) -> None:
    """Invariant 11."""
    secret = "hunter2-hunter2"
    for url in (
        f"postgresql://headrace:{secret}@127.0.0.1:1/postgres",
        f"postgresql://headrace:{secret}@127.0.0.1:{postgres.port}/nowhere",
        f"postgresql://headrace:{secret}@127.0.0.1:port/x",
        f"postgresql://headrace:{secret}@127.0.0.1:1/x?nonsense={secret}",
    ):
        with pytest.raises((Refused, Unavailable)) as caught:
            open_mirror(url, name, START_MS)
        assert secret not in str(caught.value) and secret not in place_of(url, name)


def test_closed_is_closed(postgres: PostgresServer, name: str) -> None:
    one = open_mirror(postgres.url(), name, START_MS)
    one.close()
    one.close()
    with pytest.raises(Bug):
        one.head()


def test_schema_names_differ_as_names_do() -> None:
    names = ["acme-1a2b3c4d", "acme_1a2b3c4d", "Acme-1a2b3c4d", "名字-1", "", "x" * 80, "x" * 81]
    schemas = [schema_name(name) for name in names]
    assert schemas[0] == "headrace_acme_1a2b3c4d"
    assert len(set(schemas)) == len(names)
    assert all(len(schema) <= 63 and schema.isascii() for schema in schemas)


def test_stores_by_address(tmp_path: Path) -> None:
    with closing(open_mirror(str(tmp_path), "acme", START_MS)) as one:
        one.commit(page(seen(1)))
        with pytest.raises(Refused, match="in use"):
            open_mirror(tmp_path, "acme", START_MS)
    assert (tmp_path / "acme.mirror").is_file()
    assert place_of(tmp_path, "acme") == str(tmp_path / "acme.mirror")
