"""`apply` and `export`: the same file twice changes nothing; what is exported can be applied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.serving.conftest import ADMIN

from headrace.app.serving.files import Files
from headrace.app.serving.platform import Platform
from headrace.errors import Refused

TEXT = """
[connections.acme]
team = "acme"
token = "${TOKEN_OF_ACME}"
projects = ["shop", "支付 \\"x\\""]
poll_interval = "30s"

[destinations.warehouse]
url = "postgresql://headrace:${DB_PASSWORD}@db/coding"

[tasks.nightly]
source = "acme"
destination = "warehouse"
streams = ["issue*"]

[tasks."in a file"]
source = "acme"
destination = "duckdb:///acme.duckdb"
write = "history"
"""


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    monkeypatch.setenv("TOKEN_OF_ACME", "0123456789abcdef0123456789abcdef01234567")
    monkeypatch.setenv("DB_PASSWORD", "hunter2@/:#")
    with Platform(tmp_path / "data") as one:
        yield one


def files(platform: Platform) -> Files:
    return Files(platform.connections, platform.tasks)


def written(folder: Path, text: str) -> Path:
    path = folder / "headrace.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_file_is_applied_once_and_found_equal_then(platform: Platform, tmp_path: Path) -> None:
    path = written(tmp_path, TEXT)
    done = files(platform).apply(ADMIN, path)
    assert done.made == [
        "connection acme", "connection warehouse", "task nightly",
        "connection in a file destination", "task in a file",
    ]  # fmt: skip
    again = files(platform).apply(ADMIN, path)
    assert (again.made, again.changed) == ([], [])
    assert sorted(again.equal) == sorted(done.made)
    warehouse = platform.connections.named("warehouse")
    assert warehouse is not None and "hunter2" not in repr(warehouse.as_dict())
    whole = platform.connections.whole(warehouse.id)
    assert platform.kinds.url(whole) == "postgresql://headrace:hunter2%40%2F%3A%23@db/coding"


def test_what_changed_in_the_file_changes_there(platform: Platform, tmp_path: Path) -> None:
    files(platform).apply(ADMIN, written(tmp_path, TEXT))
    changed = TEXT.replace('poll_interval = "30s"\n', "").replace('["issue*"]', '["projects"]')
    done = files(platform).apply(ADMIN, written(tmp_path, changed))
    assert done.changed == ["connection acme", "task nightly"]
    acme, nightly = platform.connections.named("acme"), platform.tasks.named("nightly")
    assert acme is not None and "poll_interval" not in acme.values
    assert nightly is not None and nightly.settings == {"streams": ["projects"]}


def test_an_export_can_be_applied_elsewhere(platform: Platform, tmp_path: Path) -> None:
    files(platform).apply(ADMIN, written(tmp_path, TEXT))
    text = files(platform).export()
    assert "hunter2" not in text and "0123456789abcdef" not in text
    text = text.replace("# token = ... (secret)", 'token = "${TOKEN_OF_ACME}"')
    with Platform(tmp_path / "other") as other:
        files(other).apply(ADMIN, written(tmp_path, text))
        assert files(other).export() == files(platform).export().replace(
            "# password = ... (secret)\n", ""
        )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[connections", "no TOML"),
        ("[nonsense.a]\nb = 1", "nothing reads"),
        ("[tasks]\nb = 1", "no table"),
        ("[tasks.a]\nsource = 'x'\ndestination = 'y'", "source of the task a, x"),
        ("[connections.a]\nteam = 'x'\ntoken = '${NOT_THERE}'", "NOT_THERE"),
        ("[connections.a]\nteam = 'x'\ntoken = 'y'\npoll_intervall = '1s'", "poll_interval"),
        ("[destinations.a]\nurl = 'nonsense://x'", "names no destination"),
    ],
)
def test_a_wrong_file_says_where(platform: Platform, tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Refused, match=said) as caught:
        files(platform).apply(ADMIN, written(tmp_path, text))
    assert caught.value.advice


def test_an_active_task_is_not_changed(platform: Platform, tmp_path: Path) -> None:
    files(platform).apply(ADMIN, written(tmp_path, TEXT))
    nightly = platform.tasks.named("nightly")
    assert nightly is not None
    platform.tasks.start(ADMIN, nightly.id)
    assert "task nightly" in files(platform).apply(ADMIN, written(tmp_path, TEXT)).equal
    with pytest.raises(Refused, match="waiting"):
        files(platform).apply(ADMIN, written(tmp_path, TEXT.replace("issue*", "projects")))
