"""Fetching a file over a line that breaks, from servers that are odd or hostile."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

import pytest

from headrace.app import SystemClock
from headrace.archive import download
from headrace.archive.contents import WantedFile
from headrace.archive.download import Downloader
from headrace.archive.journal import JOURNAL, Begun, Journal
from headrace.coding.http import HttpTransport
from headrace.core.retry import RetryPolicy
from headrace.core.transport import Request, Streamed
from headrace.errors import NotFound, NotPermitted, Refused, Stopped, Unavailable

CONTENT = Random(1).randbytes(300_000)
WANTED = WantedFile("attachments", "101/7", 101, "issue 1", "data.bin", 7)


@dataclass
class Odd:
    """How the server behaves. `cut`: bytes after which it hangs up, for each request in turn."""

    content: bytes = CONTENT
    etag: str = '"one"'
    ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    lie: int = 0
    asked: list[str] = field(default_factory=list)
    sent: int = 0


class Handler(BaseHTTPRequestHandler):
    server: OddServer

    def do_GET(self) -> None:
        odd = self.server.odd
        odd.asked.append(self.headers.get("Range", ""))
        status = odd.statuses.pop(0) if odd.statuses else 200
        body, start = odd.content, 0
        if odd.ranges and odd.asked[-1]:
            start = int(odd.asked[-1].removeprefix("bytes=").removesuffix("-"))
            status = 206 if status == 200 else status
        self.send_response(status)
        self.send_header("ETag", odd.etag)
        self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", str(len(body) - start + odd.lie))
        if status == 206:
            end = len(body) - 1
            self.send_header("Content-Range", f"bytes {start}-{end}/{len(body)}")
        self.end_headers()
        part = body[start : start + (odd.cuts.pop(0) if odd.cuts else len(body))]
        self.wfile.write(part)
        self.wfile.flush()
        odd.sent += len(part)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""


class OddServer(ThreadingHTTPServer):
    daemon_threads = False
    odd: Odd


@dataclass
class Place:
    """A downloader, the server it talks to, and the address that CODING gives."""

    odd: Odd
    url: str
    downloader: Downloader
    clock: SystemClock
    given: list[str] = field(default_factory=list)

    def of_file(self, project: str, file_id: int) -> str:
        assert (project, file_id) == ("shop", 7)
        return self.given.pop(0) if self.given else f"{self.url}/7.bin?sign=x"

    def of_pictures(self, project: str, issue_code: int) -> list[str]:
        return [f"{self.url}/1.png", f"{self.url}/2.png"]

    def fetch(self, wanted: WantedFile = WANTED) -> bytes:
        stored = self.downloader.fetch(wanted, "shop", "files/7-data.bin")
        content = (self.downloader.root / stored.path).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (stored.bytes, stored.sha256)
        assert self.left() == {JOURNAL, stored.path}
        return content

    def left(self) -> set[str]:
        """The files that are in the folder now."""
        root = self.downloader.root
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}

    def reopened(self) -> Place:
        """As a later run finds it."""
        self.downloader.journal.close()
        self.clock = SystemClock()
        journal = Journal(self.downloader.root, "team")
        self.downloader = replace(self.downloader, journal=journal, clock=self.clock)
        return self


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    odd = Odd()
    with served(odd) as url, HttpTransport(private=True) as transport:
        clock, journal = SystemClock(), Journal(tmp_path / "kept", "team")
        retry = RetryPolicy(attempts=3, first_seconds=0.01)
        made = Place(odd, url, None, clock)  # type: ignore[arg-type]
        made.downloader = Downloader(
            tmp_path / "kept", journal, made, transport, clock, plain_http=True, retry=retry
        )
        yield made
        made.downloader.journal.close()


@contextmanager
def served(odd: Odd) -> Iterator[str]:
    server = OddServer(("127.0.0.1", 0), Handler)
    server.odd = odd
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# --- resuming ------------------------------------------------------------------------------------


def test_what_broke_off_is_resumed(place: Place) -> None:
    place.odd.cuts = [100_000, 50_000]
    assert place.fetch() == CONTENT
    assert place.odd.asked == ["", "bytes=100000-", "bytes=150000-"]
    assert place.odd.sent == len(CONTENT)


def test_a_later_run_resumes(place: Place) -> None:
    place.odd.cuts = [100_000, 0, 0]
    with pytest.raises(Unavailable, match="broke off"):
        place.fetch()
    assert place.left() == {JOURNAL, "files/7-data.bin.part"}
    later = place.reopened()
    assert later.fetch() == CONTENT
    assert later.odd.asked[-1] == "bytes=100000-"


class Stopping(SystemClock):
    """Stops when it is asked for the third time."""

    asked = 0

    def sleep(self, seconds: float) -> None:
        self.asked += 1
        if self.asked == 3:
            self.stop()
        super().sleep(seconds)


def test_a_stop_loses_nothing(place: Place) -> None:
    place.downloader = replace(place.downloader, clock=Stopping())
    with pytest.raises(Stopped):
        place.fetch()
    have = (place.downloader.root / "files/7-data.bin.part").stat().st_size
    assert 0 < have < len(CONTENT)
    later = place.reopened()
    assert later.fetch() == CONTENT
    assert later.odd.asked == ["", f"bytes={have}-"]


def test_bytes_that_no_note_vouches_for_are_not_used(place: Place) -> None:
    """After a crash the file may be longer than what was brought to the disk."""
    part = place.downloader.root / "files/7-data.bin.part"
    part.parent.mkdir()
    part.write_bytes(CONTENT[:1000] + bytes(5000))
    place.downloader.journal.note("attachments 101/7", Begun('"one"', 1000))
    assert place.fetch() == CONTENT
    assert place.odd.asked == ["bytes=1000-"]


def test_a_part_that_is_shorter_than_its_note_is_not_used(place: Place) -> None:
    part = place.downloader.root / "files/7-data.bin.part"
    part.parent.mkdir()
    part.write_bytes(CONTENT[:500])
    place.downloader.journal.note("attachments 101/7", Begun('"one"', 1000))
    assert place.fetch() == CONTENT
    assert place.odd.asked == [""]


def test_progress_is_noted_on_the_way(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_NOTE_BYTES", 50_000)
    assert place.fetch() == CONTENT
    notes = (place.downloader.root / JOURNAL).read_text().count('"begun"')
    assert notes >= 3


@pytest.mark.parametrize("broken", ["no ranges", "other content", "no etag"])
def test_what_cannot_be_joined_is_fetched_anew(place: Place, broken: str) -> None:
    if broken == "no etag":
        place.odd.etag = ""
    place.odd.cuts = [100_000, 0, 0]
    with pytest.raises(Unavailable):
        place.fetch()
    if broken == "no ranges":
        place.odd.ranges = False
    elif broken == "other content":
        place.odd.etag, place.odd.content = '"two"', CONTENT[::-1]
    assert place.reopened().fetch() == place.odd.content


# --- what is refused -----------------------------------------------------------------------------


def refused(place: Place, kind: type[Exception], match: str, wanted: WantedFile = WANTED) -> None:
    with pytest.raises(kind, match=match):
        place.fetch(wanted)
    assert place.left() <= {JOURNAL}


def test_a_size_that_is_not_the_lists(place: Place) -> None:
    refused(
        place, Refused, r"300,000 bytes; CODING's list says 299,999", replace(WANTED, size=299_999)
    )


def test_more_than_a_file_may_have(place: Place) -> None:
    place.downloader = replace(place.downloader, bytes_max=299_999)
    refused(place, Refused, "more than the 299,999 bytes that a file may have. Raise --file-size")
    refused(place, Refused, "299,999", replace(WANTED, size=300_000))
    assert len(place.odd.asked) == 1  # the second is known before


def test_a_redirect_is_not_followed(place: Place) -> None:
    place.odd.statuses = [302]
    refused(place, NotPermitted, "HTTP 302")
    assert len(place.odd.asked) == 1


def test_what_the_server_refuses(place: Place) -> None:
    place.odd.statuses = [403]
    refused(place, NotPermitted, "HTTP 403")
    place.odd.statuses = [404]
    refused(place, NotFound, "HTTP 404")
    place.odd.statuses = [500, 503, 429]
    refused(place, Unavailable, "HTTP 429")
    assert len(place.odd.asked) == 5


def test_a_server_that_recovers(place: Place) -> None:
    place.odd.statuses = [500, 503]
    assert place.fetch() == CONTENT


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd", "ftp://127.0.0.1/x", "//127.0.0.1/x", "http://user:pass@127.0.0.1/",
        "http://127.0.0.1/a\r\nHost: x", "http://127.0.0.1/\u6587", "http://", "",
    ],
)  # fmt: skip
def test_addresses_that_are_none(place: Place, address: str) -> None:
    place.given = [address]
    refused(place, Refused, "no usable address")
    assert place.odd.asked == []


def test_plain_addresses_are_for_plain_connections(place: Place) -> None:
    """The official document shows http addresses: the same is asked for by https."""
    sent: list[str] = []

    class Recording:
        @contextmanager
        def stream(self, request: Request) -> Iterator[Streamed]:
            sent.append(request.url)
            yield Streamed(200, {}, iter((b"content",)))

    place.downloader = replace(place.downloader, plain_http=False, downloads=Recording())
    assert place.fetch() == b"content"
    assert sent == [f"https{place.url.removeprefix('http')}/7.bin?sign=x"]


def test_a_public_connection_is_not_led_into_our_own_network(place: Place) -> None:
    with HttpTransport(private=False) as transport:
        place.downloader = replace(place.downloader, downloads=transport)
        refused(place, Refused, "private address")
    assert place.odd.asked == []


# --- pictures ------------------------------------------------------------------------------------


def test_pictures_are_found_by_their_place(place: Place) -> None:
    found = replace(WANTED, kind="linked_files", file_id=0, issue=3, picture=(1, 2))
    stored = place.downloader.fetch(found, "shop", "linked/picture 2")
    assert stored.path == "linked/picture 2.png"
    for picture, said in (((0, 3), "2 addresses for 3 pictures"), ((-1, 2), "no Action")):
        with pytest.raises(NotFound, match=said):
            place.downloader.fetch(replace(found, picture=picture), "shop", "linked/picture")
