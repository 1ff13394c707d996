"""PostgreSQL over a network that cuts, beside other sessions, and while the server dies."""

from __future__ import annotations

import datetime
import ipaddress
import itertools
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.destinations.test_kill import WRITE
from tests.servers.postgres import (
    LONGEST_SECONDS,
    PostgresServer,
    running_postgres,
    unprivileged,
)
from tests.servers.postgres import postgres as postgres
from tests.servers.proxy import holding, proxy_to

from headrace.core.ports import Batch, Checkpoint
from headrace.destinations.postgres import PostgresDestination
from headrace.destinations.urls import open_destination
from headrace.errors import Fenced, Refused, Unavailable
from headrace.testing.destination_contract import ITEMS, LABELS, TASK, label, put, rows_of, start

COMMIT = holding(b"COMMIT\0")


_numbers = itertools.count(1)


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    """A schema of its own for each test."""
    return f"{postgres.url()}?schema=server_{next(_numbers)}"


def until(ready: Callable[[], bool]) -> None:
    """Ask a server again until it is."""
    last = time.monotonic() + LONGEST_SECONDS
    while not ready():
        assert time.monotonic() < last


def ids(destination: PostgresDestination) -> list[int]:
    return sorted(row["id"] for row in rows_of(destination, ITEMS))


def schema(url: str) -> str:
    return url.partition("?schema=")[2]


# --- a network that cuts


@pytest.mark.parametrize("arrived", [True, False])
def test_a_commit_without_an_answer_is_repeated_and_counts_once(
    postgres: PostgresServer, url: str, arrived: bool
) -> None:
    """Invariant 5: nobody can tell whether the server had it, and nobody has to."""
    with proxy_to(postgres.port) as proxy:
        through = url.replace(f":{postgres.port}/", f":{proxy.port}/") + "&sslmode=disable"
        with closing(PostgresDestination(through)) as one, closing(PostgresDestination(url)) as two:
            start(one, ITEMS, LABELS)
            one.write([put(1), label((1, "a", 1))], Checkpoint(TASK, 1, {"items": 1}))
            at = Checkpoint(TASK, 1, {"items": 2})
            trap = proxy.drop_answer(COMMIT) if arrived else proxy.cut_before(COMMIT)
            with pytest.raises(Unavailable):
                one.write([put(2), Batch(LABELS, owners=put(1).rows)], at)
            assert trap.sprung
            assert ids(two) == ([1, 2] if arrived else [1])
            one.write([put(2), Batch(LABELS, owners=put(1).rows)], at)
            assert (ids(two), rows_of(two, LABELS)) == ([1, 2], [])
            assert two.claim(TASK) == Checkpoint(TASK, 2, {"items": 2})


@pytest.mark.parametrize("rows", [2, 500])
def test_a_connection_cut_in_the_middle_leaves_nothing(
    postgres: PostgresServer, url: str, rows: int
) -> None:
    with proxy_to(postgres.port) as proxy:
        through = url.replace(f":{postgres.port}/", f":{proxy.port}/") + "&sslmode=disable"
        with closing(PostgresDestination(through)) as one:
            start(one, ITEMS)
            trap = proxy.cut_before(holding(b"item 1"))
            with pytest.raises(Unavailable):
                one.write([put(*range(rows))], Checkpoint(TASK, 1, {"items": 1}))
            assert trap.sprung
            proxy.down()
            with pytest.raises(Unavailable):
                one.claim(TASK)
            proxy.up()
            assert one.claim(TASK) == Checkpoint(TASK, 2, {})
            assert ids(one) == []


def test_a_connection_that_ended_meanwhile_is_made_anew(postgres: PostgresServer, url: str) -> None:
    with closing(PostgresDestination(url)) as one:
        start(one, ITEMS)
        with psycopg.connect(postgres.url(), autocommit=True) as other:
            gone = other.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE application_name = 'headrace' AND query LIKE '%COMMIT%'"
            )
            assert (True,) in gone.fetchall()
        one.write([put(1)], Checkpoint(TASK, 1, {"items": 1}))
        assert ids(one) == [1]


# --- other sessions


def test_two_first_claims_get_different_epochs(url: str) -> None:
    with closing(PostgresDestination(url)) as one, closing(PostgresDestination(url)) as two:
        for number in range(20):
            epochs: list[int] = []
            both = threading.Barrier(2)

            def claim(destination: PostgresDestination, task: str = f"{TASK} {number}") -> None:
                both.wait()  # noqa: B023 (the threads end within this turn)
                epochs.append(destination.claim(task).epoch)  # noqa: B023

            threads = [threading.Thread(target=claim, args=(d,)) for d in (one, two)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(epochs) == [1, 2]


def test_a_claim_waits_for_a_write_and_knows_what_it_wrote(url: str) -> None:
    """Also of a stream that the checkpoint did not name before."""
    with closing(PostgresDestination(url)) as late, closing(PostgresDestination(url)) as later:
        start(late, ITEMS)
        claimed: list[Checkpoint] = []
        thread = threading.Thread(target=lambda: claimed.append(later.claim(TASK)))

        def batches() -> Iterator[Batch]:
            yield put(1)
            thread.start()
            thread.join(0.2)
            assert not claimed

        late.write(batches(), Checkpoint(TASK, 1, {"items": 7}))
        thread.join()
        assert claimed == [Checkpoint(TASK, 2, {"items": 7})]
        with pytest.raises(Fenced):
            late.write([put(2)], Checkpoint(TASK, 1, {"items": 8}))


def test_a_lock_is_waited_for_shortly(postgres: PostgresServer, url: str) -> None:
    with closing(PostgresDestination(url, lock_seconds=0.05)) as one:
        start(one, ITEMS)
        at = Checkpoint(TASK, 1, {"items": 1})
        with psycopg.connect(postgres.url()) as person:
            person.execute(f"LOCK TABLE {schema(url)}.items".encode())
            with pytest.raises(Unavailable, match="lock timeout"):
                one.write([put(1)], at)
        one.write([put(1)], at)
        assert ids(one) == [1]


def test_a_deadlock_is_unavailable(postgres: PostgresServer, url: str) -> None:
    impatient = "&options=-c%20deadlock_timeout%3D10ms"
    with closing(PostgresDestination(url + impatient)) as one:
        start(one, ITEMS, LABELS)
        one.write([put(1), label((1, "a"))], Checkpoint(TASK, 1, {"items": 1}))
        with psycopg.connect(postgres.url()) as person:
            person.execute(
                f"SET search_path = {schema(url)}; SET deadlock_timeout = '1min'".encode()
            )
            person.execute("UPDATE item_labels SET n = 7")
            other = threading.Thread(target=person.execute, args=("UPDATE items SET name = 'x'",))

            def batches() -> Iterator[Batch]:
                yield put(1)
                other.start()
                until(lambda: waiting(postgres))
                yield label((1, "a"))

            with pytest.raises(Unavailable, match="deadlock detected"):
                one.write(batches(), Checkpoint(TASK, 1, {"items": 2}))
            other.join()
            person.rollback()
        one.write([put(1, 2)], Checkpoint(TASK, 1, {"items": 2}))
        assert ids(one) == [1, 2]


def waiting(postgres: PostgresServer) -> bool:
    """Whether a session waits for another one's row."""
    with psycopg.connect(postgres.url()) as looking:
        rows = looking.execute(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'transactionid'"
        ).fetchall()
    return bool(rows)


def test_the_default_isolation_of_a_server_changes_nothing(url: str) -> None:
    strict = url + "&options=-c%20default_transaction_isolation%3Dserializable"
    with closing(PostgresDestination(strict)) as one, closing(PostgresDestination(strict)) as two:
        start(one, ITEMS)
        late = one.claim("another")
        two.claim("another")
        with pytest.raises(Fenced):
            one.write([], late)
        one.write([put(1)], Checkpoint(TASK, 1, {"items": 1}))


def test_readers_share_a_session_and_leave_none_behind(postgres: PostgresServer, url: str) -> None:
    named = url + "&application_name=readers"
    with closing(PostgresDestination(named)) as one:
        start(one, ITEMS)
        one.write([put(1)], Checkpoint(TASK, 1, {"items": 1}))
        for _ in range(5):
            assert ids(one) == [1]
            assert len(next(one.read(ITEMS))) == 1  # and no more of it
        assert sessions(postgres, "readers") == 2
        both = one.read(ITEMS), one.read(ITEMS)
        assert [len(next(reading)) for reading in both] == [1, 1]
        assert sessions(postgres, "readers") == 3
    del both
    until(lambda: sessions(postgres, "readers") == 0)


def sessions(postgres: PostgresServer, name: str) -> int:
    with psycopg.connect(postgres.url()) as looking:
        rows = looking.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [name]
        ).fetchall()
    return int(rows[0][0])


def test_without_psycopg_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "headrace.destinations.postgres", None)
    with pytest.raises(Refused, match=r"headrace\[postgres\]"):
        open_destination("postgresql://member-17@127.0.0.1/x")


# --- a server of its own


@pytest.fixture(scope="module")
def own(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """A server to kill and to set up. (Where there is no PostgreSQL, the other fixture skips.)"""
    with running_postgres() as server:
        yield server


def test_a_server_that_loses_power_in_the_middle_of_a_write(own: PostgresServer) -> None:
    with closing(PostgresDestination(own.url())) as one:
        start(one, ITEMS)
        one.write([put(1)], Checkpoint(TASK, 1, {"items": 1}))
        at = Checkpoint(TASK, 1, {"items": 2})

        def batches() -> Iterator[Batch]:
            yield put(*range(1000, 2000))
            own.stop()
            yield put(*range(2000, 3000))

        with pytest.raises(Unavailable):
            one.write(batches(), at)
        with pytest.raises(Unavailable):
            one.claim(TASK)
        own.start()
        assert ids(one) == [1]
        one.write([put(2)], at)
        assert ids(one) == [1, 2]
        assert one.claim(TASK) == Checkpoint(TASK, 2, {"items": 2})


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("inside", [True, False])
def test_killed_around_the_commit(url: str, inside: bool) -> None:
    """The agent this time: see `test_kill`."""
    script = WRITE.format(module="postgres", kind="PostgresDestination", rows=10, inside=inside)
    done = subprocess.run([sys.executable, "-c", script, url], check=False, timeout=60)
    assert done.returncode == -9
    with closing(PostgresDestination(url)) as one:
        assert one.claim(TASK).offsets == {"items": 50 if inside else 99}
        assert len(rows_of(one, ITEMS)) == (50 if inside else 8000)
        assert len(rows_of(one, LABELS)) == (1 if inside else 11)


@pytest.fixture(scope="module")
def guarded(own: PostgresServer) -> PostgresServer:
    """With a role that needs a password, and TLS."""
    data = own.folder / "data"
    hba = data / "pg_hba.conf"
    hba.write_text("host all member-17 127.0.0.1/32 scram-sha-256\n" + hba.read_text())
    make_certificate(data / "server.crt", data / "server.key")
    with psycopg.connect(own.url(), autocommit=True) as db:
        db.execute("CREATE ROLE \"member-17\" LOGIN PASSWORD 'hunter2@/?'")
        db.execute('CREATE SCHEMA open AUTHORIZATION "member-17"')
        db.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        db.execute("ALTER SYSTEM SET ssl = on")
        db.execute("SELECT pg_reload_conf()")
        until(lambda: db.execute("SHOW ssl").fetchone() == ("on",))
    return own


def make_certificate(certificate: Path, key: Path) -> None:
    """Self-signed, for 127.0.0.1."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    start_of_day = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start_of_day)
        .not_valid_after(start_of_day + datetime.timedelta(days=3))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    key.chmod(0o600)
    if os.geteuid() == 0:
        for path in (certificate, key):
            os.chown(path, unprivileged().pw_uid, unprivileged().pw_gid)


def member(server: PostgresServer, more: str = "?schema=open", password: str = "") -> str:
    return f"postgresql://member-17{password}@127.0.0.1:{server.port}/postgres{more}"


@pytest.mark.parametrize("way", ["url", "environment", "file"])
def test_a_password_comes_as_libpq_takes_it(
    guarded: PostgresServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str
) -> None:
    if way == "environment":
        monkeypatch.setenv("PGPASSWORD", "hunter2@/?")
    if way == "file":
        (tmp_path / "pgpass").write_text("*:*:*:member-17:hunter2@/?\n")
        (tmp_path / "pgpass").chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    url = member(guarded, password=":hunter2%40%2F%3F" if way == "url" else "")
    with closing(open_destination(url)) as one:
        one.claim(way)


def test_tls_as_libpq_does_it(guarded: PostgresServer, tmp_path: Path) -> None:
    shutil.copy(guarded.folder / "data" / "server.crt", tmp_path / "right.crt")
    make_certificate(tmp_path / "wrong.crt", tmp_path / "wrong.key")
    for file in ("right", "wrong"):
        (tmp_path / f"{file}.crt").chmod(0o644)
    strict = "?sslmode=verify-full&schema=open&sslrootcert="
    right = member(guarded, f"{strict}{tmp_path}/right.crt", ":hunter2%40%2F%3F")
    with closing(PostgresDestination(right)) as one:
        assert one.claim("tls").epoch == 1
    for other in ("wrong", "missing"):
        with pytest.raises(Refused, match="certificate"):
            PostgresDestination(member(guarded, f"{strict}{tmp_path}/{other}.crt", ":hunter2"))


@pytest.mark.parametrize(
    ("more", "password", "said"),
    [
        ("", ":hunter3", "password authentication failed"),
        ("", "", "no password"),
        ("x", ":hunter2%40%2F%3F", 'database "postgresx" does not exist'),
        ("", ":hunter2%40%2F%3F", "permission denied for schema public"),
        ("?schema=new", ":hunter2%40%2F%3F", "permission denied for database"),
        ("?schema=", ":hunter2", "1 to 63 bytes"),
        ("?schema=%00", ":hunter2", "1 to 63 bytes"),
        (f"?schema={'x' * 64}", ":hunter2", "1 to 63 bytes"),
        ("?hunter2=1", ":hunter2", "cannot be read"),
        ("?sslmode=hunter2", ":hunter2", "sslmode"),
        ("?options=-c%20search_path%3D", ":hunter2%40%2F%3F", "no schema to write to"),
    ],
)
def test_what_a_person_has_to_mend_is_refused(
    guarded: PostgresServer, more: str, password: str, said: str
) -> None:
    with pytest.raises(Refused, match=said) as caught:
        PostgresDestination(member(guarded, more, password))
    assert caught.value.advice
    assert "hunter" not in str(caught.value)
    assert "hunter" not in repr(caught.value.__cause__)


def test_a_server_that_takes_no_writes_is_unavailable(url: str) -> None:
    with pytest.raises(Unavailable, match="takes no writes"):
        PostgresDestination(url + "&options=-c%20default_transaction_read_only%3Don")


def test_a_database_in_another_encoding_is_refused(guarded: PostgresServer) -> None:
    with pytest.raises(Refused, match="LATIN1"):
        PostgresDestination(guarded.url("latin"))


@pytest.mark.parametrize("password", ["hun@ter2", "hun/ter2", "hun?ter2", "hun#ter2", "hun%ter2"])
def test_no_part_of_a_password_reaches_an_error(guarded: PostgresServer, password: str) -> None:
    """Invariant 11: also where it is not escaped, and libpq takes parts of it for the host."""
    with pytest.raises((Refused, Unavailable)) as caught:
        PostgresDestination(f"postgresql://member-17:{password}@127.0.0.1:{guarded.port}/x")
    shown = f"{caught.value} {caught.value.__cause__!r}"
    assert "hun" not in shown
    assert "ter2" not in shown


def test_the_schema_is_taken_out_wherever_it_stands(guarded: PostgresServer) -> None:
    for more in ("?schema=a&application_name=me", "?application_name=me&schema=a"):
        url = f"postgres://headrace@127.0.0.1:{guarded.port}/postgres{more}"
        with closing(PostgresDestination(url)) as one:
            one.claim(TASK)
            with psycopg.connect(guarded.url()) as looking:
                named = looking.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'me'"
                ).fetchone()
                assert named == (1,)
                assert looking.execute("SELECT count(*) FROM a._headrace_checkpoint").fetchone()
