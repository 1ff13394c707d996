"""Destinations by URL."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import pytest

from headrace.destinations.duckdb import DuckDbDestination
from headrace.destinations.memory import MemoryDestination
from headrace.destinations.sqlite import SqliteDestination
from headrace.destinations.urls import KINDS, open_destination
from headrace.errors import Refused


@pytest.mark.parametrize(
    ("url", "kind", "file"),
    [
        ("duckdb:///copy.duckdb", DuckDbDestination, "copy.duckdb"),
        ("duckdb:////{here}/copy.duckdb", DuckDbDestination, "copy.duckdb"),
        ("DuckDB:///my%20copy.db", DuckDbDestination, "my copy.db"),
        ("sqlite:///copy.db", SqliteDestination, "copy.db"),
        ("sqlite:////{here}/100%25.db", SqliteDestination, "100%.db"),
        ("sqlite:///名字.db", SqliteDestination, "名字.db"),
    ],
)
def test_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, kind: type, file: str
) -> None:
    monkeypatch.chdir(tmp_path)
    destination = open_destination(url.replace("{here}", str(tmp_path).lstrip("/")))
    with closing(destination):
        assert isinstance(destination, kind)
        assert (tmp_path / file).is_file()


@pytest.mark.parametrize("url", ["memory:", "memory://", "MEMORY:"])
def test_memory(url: str) -> None:
    with closing(open_destination(url)) as destination:
        assert isinstance(destination, MemoryDestination)


@pytest.mark.parametrize(
    ("url", "nearest"),
    [
        ("duckdbb:///x.db", "duckdb:"),
        ("ducdb:///x.db", "duckdb:"),
        ("sqlite3:///x.db", "sqlite:"),
        ("mem:", "memory:"),
        ("oracle://scott:tiger@db/x", ""),
        ("hunter2", ""),
        ("", ""),
        ("x.db", ""),
    ],
)
def test_unknown_kinds_name_the_known_and_the_nearest(url: str, nearest: str) -> None:
    with pytest.raises(Refused) as caught:
        open_destination(url)
    assert all(f"{scheme}:" in str(caught.value) for scheme in KINDS)
    if nearest:
        assert f"Did you mean {nearest}?" in str(caught.value)
    else:
        assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "duckdb://user:hunter2@host/x.db",
        "duckdb:///x.db?password=hunter2",
        "duckdb:///x.db#hunter2",
        "sqlite://hunter2/x.db",
        "duckdb:hunter2",
        "duckdb:/hunter2",
        "duckdb:///",
        "duckdb:////",
        "duckdb:///%00hunter2",
        "duckdb:///%ffhunter2",
        "duckdb://[hunter2/x",
        "memory://hunter2",
        "user:hunter2@duckdb:///x.db",
        "postgres:hunter2",
        "postgresql://user:hunter2@host:port/db?hunter2",
        "hunter2",
    ],
)
def test_no_secret_of_a_url_reaches_an_error(url: str) -> None:
    """Invariant 11."""
    with pytest.raises(Refused) as caught:
        open_destination(url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.advice


def test_a_package_of_others_adds_a_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By an entry point, as an installed package would."""
    code = """
from headrace.destinations.memory import MemoryDestination

class Own(MemoryDestination):
    pass

def open_own(url):
    assert url == "own://somewhere/else"
    return Own()
"""
    (tmp_path / "own_package.py").write_text(code, "utf-8")
    info = tmp_path / "own_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[headrace.destinations]\nown = own_package:open_own\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with closing(open_destination("own://somewhere/else")) as destination:
        assert type(destination).__name__ == "Own"
    with pytest.raises(Refused, match="own:"):
        open_destination("ownn://x")


@pytest.mark.parametrize(
    ("url", "package"),
    [
        ("postgresql://h/d", "psycopg"), ("mysql://u@h/d", "pymysql"), ("delta:///x", "deltalake"),
        ("dlt+duckdb:///x", "dlt"),
    ],
)  # fmt: skip
def test_a_missing_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, url: str, package: str
) -> None:
    for name in [n for n in sys.modules if n.startswith("headrace.destinations.")]:
        if package in ("psycopg", "pymysql", "deltalake", "dlt") and name.split(".")[2] in (
            "postgres", "mysql", "delta", "dlt",
        ):  # fmt: skip
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(Refused, match="not installed") as caught:
        open_destination(url)
    assert "pip install" in caught.value.advice
