"""The canary sings: a suite that lets a secret out fails, and says where."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
SECRET = "sw0rdfish-sw0rdfish-sw0rdfish"
KEEPS = f"""
import base64, logging
from headrace.app.sealing import Seal
from headrace.control.vault import Vault

SECRET = {SECRET!r}


def test_keeps(tmp_path):
    Vault([Seal(b"k" * 32)]).seal({{"token": SECRET}}, "row")
    logging.getLogger("headrace.x").debug("used a token")
    (tmp_path / "headrace.toml").write_text(f"token = {{SECRET}}")  # a person wrote it
"""
LEAKS = """

def test_logs():
    logging.getLogger("headrace.x").debug("used %s", SECRET)


def test_prints(capsys):
    print(SECRET)
    capsys.readouterr()


def test_prints_unread():
    print(SECRET)


def test_writes(tmp_path):
    (tmp_path / "notes.db").write_bytes(b"\\0" + SECRET.encode() + b"\\0")


def test_writes_encoded(tmp_path):
    (tmp_path / "notes.txt").write_bytes(base64.b64encode(SECRET.encode()))
"""


def ran(folder: Path, text: str, workers: int = 0) -> subprocess.CompletedProcess[str]:
    suite = folder / "test_suite.py"
    suite.write_text(text)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.canary", "-p", "no:randomly",
         "-p", "no:cacheprovider", "--rootdir", str(folder), "--basetemp", str(folder / "kept"),
         "-n", str(workers), str(suite)],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "HEADRACE_CANARY": "1", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


@pytest.mark.parametrize("workers", [0, 2])
def test_secrets_that_get_out_fail_the_suite(tmp_path: Path, workers: int) -> None:
    """Whichever worker learned it, and whichever let it out."""
    done = ran(tmp_path, KEEPS + LEAKS, workers)
    assert done.returncode == 1, done.stdout
    _, said, found = done.stdout.partition("canary: 5 secrets out of place")
    assert said, done.stdout
    for where in ("log: DEBUG headrace.x", "printed: ", "stdout call: ", "notes.db", "notes.txt"):
        assert where in found
    assert found.count("sealed in test_suite.py::test_keeps") == 5
    assert SECRET not in found


def test_a_suite_that_keeps_them_passes(tmp_path: Path) -> None:
    done = ran(tmp_path, KEEPS)
    assert done.returncode == 0, done.stdout
    assert "canary: 0 secrets out of place" in done.stdout
