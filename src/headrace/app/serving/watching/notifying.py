"""Tells people of alerts: signed webhooks and e-mail, behind one function, `send`.

A message counts as told once the other side took it; until then it is tried again, later and
later. So it may come twice, with the same id, but is not lost.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import smtplib
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from headrace.app.system import SystemClock
from headrace.coding.http import HttpTransport
from headrace.control.alerts import Alert, Alerts, What
from headrace.control.channels import EMAIL, WEBHOOK, Channel, Channels
from headrace.core.retry import RetryPolicy
from headrace.core.stream import Title
from headrace.core.transport import Request
from headrace.errors import HeadraceError, Refused, Stopped, Unavailable

SIGNATURE = "Headrace-Signature"  # t=<seconds UTC>,v1=<hex of HMAC-SHA256(secret, "<t>.<body>")>
MESSAGE_ID = "Headrace-Message"
TIMEOUT_SECONDS = 20.0
AGAIN = RetryPolicy(attempts=2**31, first_seconds=10.0, cap_seconds=900.0)
_LOOK_SECONDS = 10.0
_ANSWER_BYTES_MAX = 64 * 1024
_EVENTS: Mapping[str, Title] = {
    "raised": Title("告警", "Alert"),
    "cleared": Title("恢复", "All clear"),
    "test": Title("测试", "Test"),
}


@dataclass(frozen=True, slots=True)
class Message:
    """What is told. `event`: raised, cleared or test; `at`, `raised_at` in ms UTC."""

    id: str
    event: str
    kind: str
    subject: str
    text: Title
    advice: Title
    at: int
    raised_at: int

    @classmethod
    def of(cls, alert: Alert, what: What, now_ms: int) -> Message:
        """That of an alert. The same alert, told once more after a day, has another id."""
        again = alert.seen_at - alert.raised_at
        name = f"alert-{alert.id}-{what}" + (f"-{again // 86_400_000}" if what == "raised" else "")
        return cls(name, what, alert.kind, alert.subject, alert.text, alert.advice, now_ms,
                   alert.raised_at)  # fmt: skip

    @classmethod
    def test(cls, now_ms: int) -> Message:
        """One that a person asked for, to see that it arrives."""
        text = Title("这是一条测试消息，告警会发到这里。",
                     "This is a test: alerts will be told here.")  # fmt: skip
        return cls(f"test-{now_ms}", "test", "test", "server", text,
                   Title("无需处理。", "There is nothing to do."), now_ms, now_ms)  # fmt: skip


def send(kind: str, settings: Mapping[str, Any], message: Message) -> None:
    """Send one message by a channel of this type, with its secrets. Raises `Refused` for what a
    person has to mend, `Unavailable` for what may go by itself."""
    (_post if kind == WEBHOOK else _mail)(settings, message)


def signature(secret: str, seconds: int, body: bytes) -> str:
    """The value of the signature's header."""
    signed = hmac.new(secret.encode(), b"%d.%s" % (seconds, body), hashlib.sha256)
    return f"t={seconds},v1={signed.hexdigest()}"


def _post(settings: Mapping[str, Any], message: Message) -> None:
    document = {
        "id": message.id, "event": message.event, "kind": message.kind,
        "subject": message.subject, "at": message.at, "raised_at": message.raised_at,
        "text": {"zh": message.text.zh, "en": message.text.en},
        "advice": {"zh": message.advice.zh, "en": message.advice.en},
    }  # fmt: skip
    body = json.dumps(document, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8", MESSAGE_ID: message.id,
        SIGNATURE: signature(str(settings["secret"]), message.at // 1000, body),
    }  # fmt: skip
    with HttpTransport(
        private=True, read_seconds=TIMEOUT_SECONDS, total_seconds=TIMEOUT_SECONDS,
        body_bytes_max=_ANSWER_BYTES_MAX,
    ) as transport:  # fmt: skip
        answer = transport.send(Request("POST", str(settings["url"]), headers, body))
    if answer.status in (408, 429) or answer.status >= 500:
        raise Unavailable(f"The webhook answered {answer.status}.", advice="It is tried again.")
    if not 200 <= answer.status < 300:
        raise Refused(
            f"The webhook answered {answer.status}.",
            advice="Look at its URL; redirects are not followed.",
        )


def _mail(settings: Mapping[str, Any], message: Message) -> None:
    mail = _letter(settings, message)
    host, port = str(settings["host"]), int(settings.get("port", 587))
    security, context = settings.get("security", "starttls"), ssl.create_default_context()
    try:
        server: smtplib.SMTP
        if security == "tls":
            server = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
        with server:
            if security == "starttls":
                server.starttls(context=context)
            if settings.get("user"):
                server.login(str(settings["user"]), str(settings.get("password", "")))
            server.send_message(mail)
    except smtplib.SMTPAuthenticationError:
        raise Refused("The mail server refuses user or password.", advice="Mend them.") from None
    except smtplib.SMTPResponseException as error:
        kind = Unavailable if 400 <= error.smtp_code < 500 else Refused
        raise kind(
            f"The mail server answered {error.smtp_code}.", advice="Ask who runs it."
        ) from None
    except smtplib.SMTPRecipientsRefused:
        raise Refused("The mail server refuses every recipient.", advice="Mend to.") from None
    except smtplib.SMTPNotSupportedError:
        raise Refused("The mail server lacks what is wanted.",
                      advice="Look at security and user.") from None  # fmt: skip
    except (smtplib.SMTPException, OSError) as error:
        raise Unavailable(
            f"The mail server at {host} cannot be used: {type(error).__name__}.",
            advice="Look at host, port, security and its certificate.",
        ) from None


def _letter(settings: Mapping[str, Any], message: Message) -> EmailMessage:
    language = settings.get("language", "zh")
    event, text, advice = (
        getattr(title, language) for title in (_EVENTS[message.event], message.text, message.advice)
    )
    mail, at = EmailMessage(), datetime.fromtimestamp(message.at / 1000, UTC)
    mail["From"], mail["To"] = settings["from"], ", ".join(settings["to"])
    mail["Subject"] = " ".join(f"[Headrace] {event}: {text}".split())[:200]
    mail["Date"], mail["Message-ID"] = format_datetime(at), f"<{message.id}@headrace>"
    lines = (text, advice, "", f"{message.kind} {message.subject}", f"{at:%Y-%m-%d %H:%M:%S} UTC")
    mail.set_content("\n".join(lines) + "\n")
    return mail


class Notifier:
    """Tells every channel what it has not been told, in a thread of its own, until `close`."""

    def __init__(self, alerts: Alerts, channels: Channels) -> None:
        self._alerts = alerts
        self._channels = channels
        self._clock = SystemClock()
        self._wake = threading.Event()
        self._failed: dict[int, tuple[int, int]] = {}  # channel -> (times, again at)
        self._thread = threading.Thread(target=self._run, name="headrace-notifier", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There is something new."""
        self._wake.set()

    def close(self) -> None:
        """End after the message that is under way."""
        self._clock.stop()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def test(self, channel_id: int) -> None:
        """Send a test message now. Raises as `send` does; what came of it is kept."""
        channel = self._channels.get(channel_id)
        self._send(channel, Message.test(self._clock.now_ms()))

    def look(self) -> None:
        """Tell what is to be told, once."""
        for channel in self._channels.all():
            _, again_at = self._failed.get(channel.id, (0, 0))
            if channel.enabled and self._clock.now_ms() >= again_at:
                self._tell(channel)

    def _tell(self, channel: Channel) -> None:
        for alert, what in self._alerts.to_tell(channel.id):
            try:
                self._send(channel, Message.of(alert, what, self._clock.now_ms()))
            except HeadraceError:
                times = self._failed.get(channel.id, (0, 0))[0] + 1
                wait = AGAIN.wait_seconds(times, asked=None, spread=0.5) or 0.0
                self._failed[channel.id] = times, self._clock.now_ms() + int(wait * 1000)
                return
            self._failed.pop(channel.id, None)
            self._alerts.told(alert.id, channel.id, what)

    def _send(self, channel: Channel, message: Message) -> None:
        try:
            send(channel.type, self._channels.whole(channel.id), message)
        except HeadraceError as error:
            self._channels.note(channel.id, error.message, error.advice)
            raise
        self._channels.note(channel.id)

    def _run(self) -> None:
        with suppress(Stopped):
            while True:
                self._wake.clear()
                with suppress(HeadraceError):  # the store is away for a moment
                    self.look()
                self._clock.sleep(0)
                self._wake.wait(_LOOK_SECONDS)


__all__ = ["EMAIL", "WEBHOOK", "Message", "Notifier", "send", "signature"]
