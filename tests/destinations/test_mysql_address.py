"""URLs of MySQL destinations: what they say, and what no error repeats of them."""

from __future__ import annotations

import sys

import pytest

from headrace.destinations.mysql.address import Address, parse_url
from headrace.destinations.urls import open_destination
from headrace.errors import Refused


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mysql://clerk:x@db.example/shop", Address("db.example", 3306, "clerk", "shop", "x")),
        ("mariadb://clerk@db:3307/shop", Address("db", 3307, "clerk", "shop")),
        ("mysql://a%40b:%2F%23%E5%AF%86@[::1]/a%20b", Address("::1", 3306, "a@b", "a b", "/#密")),
        ("mysql://clerk:p:w@q@db/shop", Address("db", 3306, "clerk", "shop", "p:w@q")),
        (
            "mysql://clerk@db/shop?ssl-mode=VERIFY_CA&ssl_ca=/etc/ca%20x.pem",
            Address(
                "db", 3306, "clerk", "shop",
                options={"ssl_mode": "verify_ca", "ssl_ca": "/etc/ca x.pem"},
            ),
        ),
        (
            "mysql://clerk@/shop?socket=/run/mysqld.sock",
            Address("localhost", 3306, "clerk", "shop", options={"socket": "/run/mysqld.sock"}),
        ),
    ],
)  # fmt: skip
def test_what_a_url_says(url: str, address: Address) -> None:
    assert parse_url(url) == address


def test_an_address_is_told_without_its_password() -> None:
    address = parse_url("mysql://clerk:hunter2@db.example/shop")
    assert str(address) == "the database shop at db.example:3306"
    assert "hunter2" not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        "mysql:",
        "mysql:///shop",
        "mysql://db/shop",
        "mysql://:hunter2@db/shop",
        "mysql://clerk:hunter2@db",
        "mysql://clerk:hunter2@db/",
        "mysql://clerk:hunter2@/shop",
        "mysql://clerk:hunter2@db/shop/more",
        "mysql://clerk:hunter2@db/shop#hunter2",
        "mysql://clerk:hunter2/x@db/shop",
        "mysql://clerk:hunter2?x@db/shop",
        "mysql://clerk:hunter2#x@db/shop",
        "mysql://clerk:1#hunter2@db/shop",
        "mysql://clerk:hunter2@db:port/shop",
        "mysql://clerk:hunter2@db:99999/shop",
        "mysql://clerk:hunter2@[db/shop",
        "mysql://clerk:hunter2%00@db/shop",
        "mysql://clerk:hunter2%FF@db/shop",
        "mysql://clerk@db/shop?ssl_ca=",
        "mysql://clerk@db/shop?hunter2",
        "mysql://clerk@db/shop?ssl_mode=hunter2",
        "mysql://clerk@db/shop?ssl_ca=/hunter2/nowhere.pem",
        "mysql://clerk@db/shop?password=hunter2",
    ],
)
@pytest.mark.parametrize("scheme", ["mysql", "mariadb"])
def test_no_secret_of_a_url_reaches_an_error(scheme: str, url: str) -> None:
    """Invariant 11."""
    with pytest.raises(Refused) as caught:
        open_destination(url.replace("mysql", scheme, 1))
    assert "hunter2" not in str(caught.value) and caught.value.advice


def test_an_unknown_option_names_the_nearest() -> None:
    with pytest.raises(Refused, match=r"sslmode.*Did you mean ssl_mode\?"):
        parse_url("mysql://clerk@db/shop?sslmode=required")


def test_without_the_driver_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "headrace.destinations.mysql", raising=False)
    monkeypatch.setitem(sys.modules, "pymysql", None)
    with pytest.raises(Refused, match=r'pip install "headrace\[mysql\]"'):
        open_destination("mysql://clerk:hunter2@db/shop")
