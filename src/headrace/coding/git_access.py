"""With which credential git may read a depot, and from which hosts: never from a foreign one.

A project token is a user and a password already. A personal or OAuth token is the password of its
owner, whose name is the GlobalKey: seen in scripts of CODING's users, not in an official document.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Collection
from urllib.parse import urlsplit

from headrace.coding.client import Client
from headrace.errors import Refused

_CODING = "coding.net"


class GitAccess:
    """Hands out Authorization headers for git. Thread-safe.

    `address` is the connection's own. `hosts` may be sent the token besides it (and besides
    *.coding.net, where a team of coding.net is). `user`: the name to use instead of the owner's.
    """

    def __init__(
        self, client: Client, address: str, *, user: str = "", hosts: Collection[str] = ()
    ) -> None:
        self._client = client
        self._own = urlsplit(address)
        self._hosts = {host.lower() for host in hosts}
        self._user = user
        self._lock = threading.Lock()
        self._sent: dict[str, str] = {}

    def header(self, url: str) -> str:
        """The Authorization header for a depot's address.

        Raises `Refused` where the token must not be sent there, and what CODING's calls raise.
        """
        self._check(url)
        own = self._client.authorizer.header()
        with self._lock:
            made = self._for_git(own)
            self._sent[made] = own
        return made

    def renew(self, refused_header: str) -> bool:
        """Git was refused with this header: True when there is a newer one to try."""
        with self._lock:
            own = self._sent.get(refused_header, "")
        return bool(own) and self._client.authorizer.renew(own)

    def _for_git(self, own: str) -> str:
        kind, _, credential = own.partition(" ")
        if kind == "Basic":
            return own
        self._user = self._user or self._owner()
        pair = base64.b64encode(f"{self._user}:{credential}".encode()).decode()
        return f"Basic {pair}"

    def _owner(self) -> str:
        answer = self._client.call("DescribeCodingCurrentUser", {}, expects="User", urgent=True)
        name = str(answer.at("User.GlobalKey") or "")
        if not name or ":" in name:
            raise Refused(
                "CODING does not say as whom git may log in.", advice="Give the name by --git-user."
            )
        return name

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if parts.scheme != "https" and (parts.scheme, self._own.scheme) != ("http", "http"):
            raise Refused("Its address is not https, so no token is sent there.")
        if parts.netloc.lower() == self._own.netloc.lower() or host in self._hosts:
            return
        if self._is_codings(host) and self._is_codings(self._own.hostname or ""):
            return
        raise Refused(
            f"Its host {host} is not one that the token may be sent to.",
            advice=f"Give --git-host {host} if it is meant.",
        )

    @staticmethod
    def _is_codings(host: str) -> bool:
        return host == _CODING or host.endswith(f".{_CODING}")
