from __future__ import annotations

import pytest

from headrace.coding.address import base_url
from headrace.errors import Refused


def test_a_team_becomes_its_host() -> None:
    assert base_url(team="demo-team") == "https://demo-team.coding.net"
    assert base_url(team="e") == "https://e.coding.net"


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://coding.example.com", "https://coding.example.com"),
        ("https://coding.example.com/", "https://coding.example.com"),
        ("https://coding.example.com:8443/devops/", "https://coding.example.com:8443/devops"),
        ("https://demo-team.coding.net/open-api", "https://demo-team.coding.net"),
        ("HTTPS://Demo-Team.coding.net", "https://demo-team.coding.net"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://10.1.2.3", "http://10.1.2.3"),
        ("http://coding.internal", "http://coding.internal"),
    ],
)
def test_an_explicit_url_is_kept(url: str, base: str) -> None:
    assert base_url(url=url) == base


@pytest.mark.parametrize(
    "team",
    [
        "", " ", "Demo", "demo team", " demo", "demo\n", "demo\r\nHost: evil", "demo.evil", "demo/",
        "demo/../x", "demo@evil.com", "evil.com#", "evil.com?", "evil%2ecom", "demo:443", "-demo",
        "demo-", "ｄｅｍｏ", "демо", "demo。", "demo\x00", "demo\\", "a" * 64, "demo_team", "[::1]",
        "demo\u200b", "0x7f000001.",
    ],
)  # fmt: skip
def test_what_is_no_team_is_refused(team: str) -> None:
    with pytest.raises(Refused, match="team name") as caught:
        base_url(team=team)
    assert caught.value.advice


@pytest.mark.parametrize(
    "url",
    [
        "", "demo-team", "ftp://coding.example.com", "javascript:alert(1)", "//coding.example.com",
        "file:///etc/passwd", "https://", "https:///open-api", "https://user:pw@example.com",
        "https://user@example.com", "https://@example.com", "https://example.com?x=1",
        "https://example.com?", "https://example.com#f", "https://example.com#",
        "https://exa mple.com", "https://example.com\r\nX: y", "https://example.com\x00",
        "https://ｅxample.com", "https://例子.com", "https://xn--fsqu00a.com",
        "https://example.com%2f@evil", "https://exam%70le.com", "https://example.com\\@evil.com",
        "https://example..com", "https://example.com.", "https://.example.com",
        "https://example.com:0", "https://example.com:99999", "https://example.com:x",
        "https://example.com:", "https://[::1", "https://[fe80::1%25eth0]", "https://[::g]",
        "https://example.com/../x", "https://example.com//x", "https://example.com/a;b",
        "http://demo-team.coding.net", "http://coding.net", "http://DEMO.CODING.NET",
        "https://" + "a" * 600,
    ],
)  # fmt: skip
def test_a_hostile_url_is_refused(url: str) -> None:
    with pytest.raises(Refused) as caught:
        base_url(url=url)
    assert caught.value.advice
    assert "pw" not in str(caught.value)


def test_exactly_one_of_team_and_url() -> None:
    with pytest.raises(Refused, match="either"):
        base_url()
    with pytest.raises(Refused, match="either"):
        base_url(team="demo", url="https://example.com")
