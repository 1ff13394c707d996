"""People read errors in their language: on the command line, over the JSON API, in the console."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from headrace.app.serving.platform import Platform
from headrace.cli import run
from headrace.control.alert_words import words_of
from headrace.web.site import Site

_LATIN_SENTENCE = re.compile(r"[a-z]+ [a-z]+ [a-z]+ [a-z]+")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Platform(tmp_path_factory.mktemp("data")) as platform:
        platform.start()
        with Site(platform, listen="127.0.0.1:0") as one:
            yield one


def ask(
    site: Site, method: str, path: str, accept: str, body: str = ""
) -> tuple[str, dict[str, str]]:
    """The body and headers of an answer."""
    connection = HTTPConnection("127.0.0.1", site.port, timeout=30)
    headers = {"accept-language": accept, "sec-fetch-site": "same-origin"}
    if body:
        headers["content-type"] = "application/json"
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    found = answer.read().decode(), {name.lower(): value for name, value in answer.getheaders()}
    connection.close()
    return found


def test_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "headrace.toml"
    file.write_text('[connections.demo]\ntype = "coding"\nteem = "demo"\n', "utf-8")
    assert run(["check", "demo", "--config", str(file), "--lang", "zh"]) == 2
    said = capsys.readouterr().err
    assert "第 3 行" in said and "没有配置项 'teem'" in said and "是不是指" in said
    assert not _LATIN_SENTENCE.search(said)
    assert run(["check", "demo", "--config", str(file), "--lang", "en"]) == 2
    assert "nothing reads the key 'teem'" in capsys.readouterr().err


def test_programs_read_english(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    nowhere = str(tmp_path / "none.toml")
    run(["check", "demo", "--config", nowhere, "--lang", "zh", "--json"])
    assert json.loads(capsys.readouterr().out)["error"]["message"] == f"There is no {nowhere}."


def test_a_connection_test(capsys: pytest.CaptureFixture[str], unused_url: str) -> None:
    assert run(["check", "--url", unused_url, "--lang", "zh"]) == 3
    said = capsys.readouterr().out
    assert "没有应答" in said and "未尝试：“地址可达”未通过" in said


@pytest.fixture
def unused_url(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CODING_TOKEN", "demo-token-of-nobody")
    return "http://127.0.0.1:1"


def test_the_json_api(site: Site) -> None:
    body, headers = ask(site, "GET", "/api/v1/tasks", "zh-CN,en;q=0.5")
    told = json.loads(body)
    assert told["detail"] == "尚未登录。" and told["advice"] == "请登录，或发送 API 令牌。"
    assert (told["title"], told["code"]) == ("未登录", "not_signed_in")
    assert headers["content-language"] == "zh" and headers["vary"] == "Accept-Language"
    body, headers = ask(site, "GET", "/api/v1/tasks", "")
    told = json.loads(body)
    assert (told["detail"], told["title"]) == ("Nobody is signed in.", "Unauthorized")
    assert headers["content-language"] == "en"


def test_the_json_api_about_what_was_sent(site: Site) -> None:
    sent = json.dumps({"name": "demo", "password": "wrong"})
    for accept, detail in (("zh", "用户名或密码错误。"), ("en", "Name or password is wrong.")):
        body, _ = ask(site, "POST", "/api/v1/session", accept, sent)
        assert json.loads(body)["detail"] == detail


def test_the_console(site: Site) -> None:
    connection = HTTPConnection("127.0.0.1", site.port, timeout=30)
    headers = {
        "accept-language": "zh", "sec-fetch-site": "same-origin", "hx-request": "true",
        "content-type": "application/x-www-form-urlencoded",
    }  # fmt: skip
    connection.request("POST", "/sign-in", "name=demo&password=wrong", headers)
    page = connection.getresponse().read().decode()
    connection.close()
    assert "用户名或密码错误。" in page and "Name or password" not in page


def test_what_an_alert_quotes() -> None:
    details = {"name": "demo", "reason": "CODING did not answer in time.", "advice": "Report it."}
    text, advice = words_of("task_error", details)
    assert text.zh == "任务 demo 出错停止：CODING 没有及时应答。"
    assert text.en == "Task demo has stopped with an error: CODING did not answer in time."
    assert (advice.zh, advice.en) == ("请报告此问题。", "Report it.")
    held = (
        "issues: 7 rows vanished at once and are kept until confirmed; depots: no usable key (Id)"
    )
    text, _ = words_of("mass_vanish", {"name": "demo", "streams": held})
    assert text.zh.endswith("issues：7 行同时消失，确认之前予以保留；depots：没有可用的主键（Id）")
