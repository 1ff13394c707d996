"""Messages over real HTTP and SMTP: signed, encrypted, tried again, told once."""

from __future__ import annotations

import datetime
import email
import email.policy
import hashlib
import hmac
import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from headrace.app.sealing import Seal
from headrace.app.serving.watching.notifying import MESSAGE_ID, SIGNATURE, Message, Notifier, send
from headrace.control.alerts import SETTLED_MS, Alerts, Cause
from headrace.control.audit import Audit
from headrace.control.channels import Channels
from headrace.control.people import Person, Role
from headrace.control.store import ControlStore
from headrace.control.vault import Vault
from headrace.errors import Refused, Unavailable
from headrace.testing.clock import VirtualClock

ADMIN = Person(1, "admin-1", Role.ADMIN)
SECRET = "0123456789abcdef"
NOW_MS = 1_795_000_000_000
MESSAGE = Message.test(NOW_MS)
LAG = Cause("lag", "task:1", {"name": "nightly", "seconds": 400})


@contextmanager
def running(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# --- a webhook -----------------------------------------------------------------------------------


class Hook(HTTPServer):
    """Keeps what comes; answers with `status`."""

    status = 204
    came: list[tuple[dict[str, str], bytes]]

    @property
    def settings(self) -> dict[str, str]:
        return {"url": f"http://127.0.0.1:{self.server_port}/alerts", "secret": SECRET}


class HookHandler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def hook() -> Iterator[Hook]:
    server = Hook(("127.0.0.1", 0), HookHandler)
    server.came = []
    with running(server):
        yield server


def test_a_webhook_is_signed_over_time_and_body(hook: Hook) -> None:
    send("webhook", hook.settings, MESSAGE)
    [(headers, body)] = hook.came
    signed = f"{NOW_MS // 1000}.".encode() + body
    wanted = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers[SIGNATURE] == f"t={NOW_MS // 1000},v1={wanted}"
    assert headers[MESSAGE_ID] == MESSAGE.id
    document = json.loads(body)
    assert (document["event"], document["id"]) == ("test", MESSAGE.id)
    assert document["text"] == {"zh": MESSAGE.text.zh, "en": MESSAGE.text.en}
    assert SECRET.encode() not in body


@pytest.mark.parametrize(
    ("status", "error"),
    [(302, Refused), (404, Refused), (429, Unavailable), (500, Unavailable)],
)
def test_an_answer_that_is_no_yes_is_an_error(
    hook: Hook, status: int, error: type[Exception]
) -> None:
    hook.status = status
    with pytest.raises(error, match=str(status)):
        send("webhook", hook.settings, MESSAGE)
    assert len(hook.came) == 1


# --- e-mail --------------------------------------------------------------------------------------


class Post(socketserver.ThreadingTCPServer):
    """A small SMTP server: STARTTLS where it has a certificate, AUTH PLAIN, one mail a session."""

    daemon_threads = True
    tls: ssl.SSLContext | None = None
    users: dict[str, str]
    refuses = False
    mails: list[tuple[list[str], bytes, bool]]

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "host": "localhost", "port": self.server_address[1], "from": "headrace@example.org",
            "to": ["member-17@example.org", "member-18@example.org"],
            "security": "starttls" if self.tls else "none",
        }  # fmt: skip


class PostHandler(socketserver.BaseRequestHandler):
    server: Post

    def handle(self) -> None:
        self.file = self.request.makefile("rb")
        self.secure, to = False, []
        self.say("220 post")
        while line := self.file.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            if verb.upper() == "EHLO":
                more = ["STARTTLS"] if self.server.tls and not self.secure else []
                words = ["post", *more, "AUTH PLAIN"]
                for word in words[:-1]:
                    self.say(f"250-{word}")
                self.say(f"250 {words[-1]}")
            elif verb.upper() == "STARTTLS":
                self.say("220 go on")
                self.encrypt()
            elif verb.upper() == "AUTH":
                self.say("235 welcome" if self.knows(rest) else "535 no")
            elif verb.upper() == "RCPT":
                to.append(rest)
                self.say("550 nobody" if self.server.refuses else "250 ok")
            elif verb.upper() == "DATA":
                self.say("354 go on")
                lines = list(iter(self.file.readline, b".\r\n"))
                self.server.mails.append((to, b"".join(lines), self.secure))
                self.say("250 ok")
            elif verb.upper() == "QUIT":
                self.say("221 bye")
                break
            else:
                self.say("250 ok")
        self.file.close()

    def say(self, line: str) -> None:
        self.request.sendall(f"{line}\r\n".encode())

    def encrypt(self) -> None:
        assert self.server.tls is not None
        self.file.close()
        try:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        except (ssl.SSLError, OSError):
            self.file = open("/dev/null", "rb")  # noqa: PTH123, SIM115
            return
        self.file = self.request.makefile("rb")
        self.secure = True

    def knows(self, rest: str) -> bool:
        import base64

        _, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
        return self.server.users.get(user) == password

    def finish(self) -> None:
        self.request.close()


@pytest.fixture
def post() -> Iterator[Post]:
    server = Post(("127.0.0.1", 0), PostHandler)
    server.mails, server.users = [], {"member-17": "hunter2"}
    with running(server):
        yield server


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(17)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "post.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )  # fmt: skip
    return path


@pytest.mark.parametrize(("language", "word"), [("zh", "测试"), ("en", "Test")])
def test_a_mail_is_plain_text_in_its_language(post: Post, language: str, word: str) -> None:
    send("email", {**post.settings, "language": language}, MESSAGE)
    [(to, content, secure)] = post.mails
    assert len(to) == 2 and not secure
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert word in mail["Subject"] and mail.get_content_type() == "text/plain"
    assert getattr(MESSAGE.text, language) in mail.get_content()
    assert mail["To"] == "member-17@example.org, member-18@example.org"


def test_a_mail_goes_encrypted_and_signed_in(
    post: Post, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    post.tls.load_cert_chain(certificate)
    settings = {**post.settings, "user": "member-17", "password": "hunter2"}
    with pytest.raises(Unavailable, match="localhost"):
        send("email", settings, MESSAGE)  # nobody vouches for its certificate
    assert post.mails == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    send("email", settings, MESSAGE)
    assert [secure for *_, secure in post.mails] == [True]
    with pytest.raises(Refused, match="user or password") as caught:
        send("email", {**settings, "password": "wrong one"}, MESSAGE)
    assert "wrong one" not in str(caught.value)


def test_a_mail_is_never_sent_in_the_clear_where_encryption_is_wanted(post: Post) -> None:
    with pytest.raises(Refused, match="lacks"):
        send("email", {**post.settings, "security": "starttls"}, MESSAGE)
    assert post.mails == []


def test_refused_recipients_and_an_absent_server_are_told_apart(post: Post) -> None:
    post.refuses = True
    with pytest.raises(Refused, match="recipient"):
        send("email", post.settings, MESSAGE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable, match="cannot be used"):
            send("email", {**post.settings, "port": free.getsockname()[1]}, MESSAGE)


# --- the notifier --------------------------------------------------------------------------------


def test_alerts_are_told_once_and_failures_are_tried_again(hook: Hook, tmp_path: Path) -> None:
    clock = VirtualClock(NOW_MS)
    with closing(ControlStore(tmp_path / "control.db")) as store:
        audit = Audit(store, clock)
        alerts = Alerts(store, clock, audit)
        channels = Channels(store, clock, audit, Vault([Seal(b"k" * 32)]))
        saved = channels.save(ADMIN, "ops", "webhook", hook.settings)
        notifier = Notifier(alerts, channels)
        alerts.update([LAG])
        hook.status = 500
        notifier.look()
        last = channels.get(saved.id).last
        assert last is not None and not last["ok"] and "500" in last["error"]
        hook.status = 204
        notifier.look()
        assert len(hook.came) == 1  # it is given some time
        again = Notifier(alerts, channels)
        for _ in range(2):
            again.look()
        assert len(hook.came) == 2
        last = channels.get(saved.id).last
        assert last is not None and last["ok"]
        clock.advance(SETTLED_MS)
        alerts.update([])
        for _ in range(2):
            again.look()
        assert [json.loads(body)["event"] for _, body in hook.came] == [
            "raised", "raised", "cleared",
        ]  # fmt: skip
        ids = [headers[MESSAGE_ID] for headers, _ in hook.came]
        assert ids[0] == ids[1] != ids[2]


def test_a_thread_of_its_own_tells_and_a_test_button_tells_now(hook: Hook, tmp_path: Path) -> None:
    clock = VirtualClock(NOW_MS)
    with closing(ControlStore(tmp_path / "control.db")) as store:
        audit = Audit(store, clock)
        alerts = Alerts(store, clock, audit)
        channels = Channels(store, clock, audit, Vault([Seal(b"k" * 32)]))
        saved = channels.save(ADMIN, "ops", "webhook", hook.settings)
        off = channels.save(ADMIN, "off", "webhook", hook.settings)
        channels.change(ADMIN, off.id, {}, enabled=False)
        notifier = Notifier(alerts, channels)
        notifier.start()
        with closing(notifier):
            alerts.update([LAG])
            notifier.wake()
            ends = threading.Event()
            for _ in range(500):
                if alerts.to_tell(saved.id) == []:
                    break
                ends.wait(0.02)
            notifier.test(off.id)
        events = [json.loads(body)["event"] for _, body in hook.came]
        assert events == ["raised", "test"]
        assert len(alerts.to_tell(off.id)) == 1
