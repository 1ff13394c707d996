"""What `ssl_mode` promises, held against a MariaDB with a certificate."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.servers.mariadb import Database, MariaDbServer
from tests.servers.mariadb import database as database
from tests.servers.mariadb import mariadb as mariadb

from headrace.destinations.mysql import MySqlDestination
from headrace.destinations.mysql import connecting as mysql_connect
from headrace.destinations.mysql.address import parse_url
from headrace.errors import Refused


@pytest.fixture
def certified(database: Database, tmp_path: Path) -> Iterator[tuple[Database, Path]]:
    """The server with a certificate for 127.0.0.1, and the file of who signed it."""
    server = database.server
    key, certificate = self_signed("127.0.0.1")
    files = {"key": key, "certificate": certificate}
    for name, content in files.items():
        (server.folder / name).write_bytes(content)
        (server.folder / name).chmod(0o644)
    (tmp_path / "ca.pem").write_bytes(certificate)
    server.more = tuple(
        f"--ssl-{option}={server.folder / name}"
        for option, name in (("key", "key"), ("cert", "certificate"))
    )
    restart(server)
    try:
        yield database, tmp_path / "ca.pem"
    finally:
        server.more = ()
        restart(server)


def restart(server: MariaDbServer) -> None:
    server.stop()
    server.start()


def self_signed(address: str) -> tuple[bytes, bytes]:
    """A key and a certificate for an IP address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), False
        )
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    return (
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain),
        certificate.public_bytes(pem),
    )


def test_what_ssl_mode_promises(certified: tuple[Database, Path], tmp_path: Path) -> None:
    database, ca = certified
    plain, folder = database.url.partition("?")[0], database.server.folder
    other = tmp_path / "other.pem"
    other.write_bytes(self_signed("127.0.0.1")[1])
    ciphers = {
        options: ciphered(f"{plain}?{options}")
        for options in (
            "ssl-mode=disabled",
            "",
            "ssl-mode=required",
            f"ssl-ca={ca}",
            f"ssl-mode=verify_identity&ssl-ca={ca}",
        )
    }
    assert [bool(cipher) for cipher in ciphers.values()] == [False, True, True, True, True]
    elsewhere = plain.replace("127.0.0.1", "localhost")
    for refused in (
        f"{plain}?ssl-ca={other}",
        f"{plain}?ssl-ca={other}&ssl-cert={folder / 'certificate'}&ssl-key={folder / 'key'}",
        f"{plain}?ssl-mode=verify_ca",
        f"{elsewhere}?ssl-mode=verify_identity&ssl-ca={ca}",
    ):
        with pytest.raises(Refused, match="certificate"):
            MySqlDestination(refused)


def ciphered(url: str) -> str:
    """The cipher of a connection to that URL; "" for none."""
    with closing(mysql_connect.connect(parse_url(url), 1)) as connection:
        ((_, cipher),) = mysql_connect.send(connection, "SHOW STATUS LIKE 'Ssl_cipher'")
    return str(cipher)
