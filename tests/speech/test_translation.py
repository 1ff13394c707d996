"""How texts are recognized: made of known ones, quoted in one another, hostile, endless."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.speech import preferred, translate, word
from headrace.speech.templates import template
from headrace.speech.translation import TEXT_MAX

HOSTILE = (
    "{}", "{0}", "{x.__class__}", "%s", "\\1", "(a+)+$", "<b>&", "a\nb", "`rm`", "中文", "\0", "..",
    "a connection", "already.", " ", "x y", "😀", "Write user:password.", "Try again later.",
)  # fmt: skip


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("Choose another name.", "请换个名称。"),
        ("The task nightly is running.", "任务 nightly 当前是运行中。"),
        ("There is a task nightly already. Choose another name.",
         "已有名为 nightly 的任务。请换个名称。"),
        ("It broke in a way of its own. Try again later.",
         "It broke in a way of its own. 请稍后再试。"),
        ("issues: CODING did not answer in time.", "issues：CODING 没有及时应答。"),
        ("mining failed: CODING did not answer in time.", "挖掘失败：CODING 没有及时应答。"),
        ("/etc/h.toml, line 3: [tasks.a] nothing reads the key 'stream'.",
         "/etc/h.toml，第 3 行：[tasks.a] 没有配置项 'stream'。"),
        ("Write a number and a unit, such as 30s, 5m or 1h.",
         "请写数字和单位，例如 30s、5m 或 1h。"),
        ("DescribeTeam: CODING sent a web page, which is no answer (RequestId r-1).",
         "DescribeTeam：CODING 返回的不是应答，而是网页（RequestId r-1）。"),
        ("There is no setting mode of the task nightly.", "任务 nightly 没有设置项 mode。"),
    ],
)  # fmt: skip
def test_what_is_made_of_known_texts(english: str, chinese: str) -> None:
    assert translate(english, "zh") == chinese


@pytest.mark.parametrize(
    "text", ["", "hello", "No such text was ever written.", "a: b", "The task x is green."]
)
def test_what_is_not_known_stays(text: str) -> None:
    assert translate(text, "zh") == text


def test_other_languages_are_english() -> None:
    assert translate("Try again later.", "en") == "Try again later."
    assert translate("Try again later.", "fr") == "Try again later."
    assert word("running", "en") == "running"
    assert word("running", "zh") == "运行中"
    assert word("stranger", "zh") == "stranger"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_what_it_is(name: str) -> None:
    assert translate(f"There is a connection {name} already.", "zh") == f"已有名为 {name} 的连接。"
    assert name in translate(f"The task {name} is running.", "zh")


def test_a_name_that_is_a_word_of_ours_is_not_translated() -> None:
    assert translate("There is a task running already.", "zh") == "已有名为 running 的任务。"
    assert translate("There is a task readable already.", "zh") == "已有名为 readable 的任务。"


def test_a_word_is_wanted_where_a_state_stands() -> None:
    assert translate("The task a is b.", "zh") == "The task a is b."


@pytest.mark.parametrize(
    "unit", [". ", ": ", "a. b: ", "alert: ", "{}{0}%s", "Table , column : ", "a is b. (: ) {} ",
             "Did you mean ? ", "Try again later. ", "There is a connection "],
)  # fmt: skip
def test_no_text_takes_long(unit: str) -> None:
    text = (unit * TEXT_MAX)[:TEXT_MAX]
    translate("Try again later.", "zh")  # the catalogue is read
    began = time.process_time()
    translate(text, "zh")
    assert time.process_time() - began < 2


def test_a_text_without_end_stays() -> None:
    text = "Try again later. " * TEXT_MAX
    assert translate(text, "zh") == text


# What ends a sentence and begins another within a name cannot be told from two sentences.
@given(st.text(max_size=300).filter(lambda name: ". " not in name and "? " not in name))
@example("Write user:password.")
def test_any_name_comes_through(name: str) -> None:
    assert translate(f"There is a user {name} already.", "zh") == f"已有名为 {name} 的用户。"


@given(st.text(st.characters(codec="ascii"), max_size=500))
def test_any_text_gives_a_text(text: str) -> None:
    assert isinstance(translate(text, "zh"), str)


@pytest.mark.parametrize(
    ("text", "between_words"),
    [("There is a user {} already.", True), ("The task {} is {:word}.", True),
     ("{} is gone.", False), ("CODING {} (RequestId r).", False), ("failed: {}", False),
     ("[tasks.a] {} once.", False)],
)  # fmt: skip
def test_names_stand_between_words(text: str, between_words: bool) -> None:
    assert template(text).names(0) is between_words


def test_holes_are_found_one_after_another() -> None:
    asked = template("a {}, b {}.")
    assert asked.values("a x, b y, b z.") == ["x", "y, b z"]
    assert asked.values("a , b .") == ["", ""]
    assert asked.values("a , b") is None
    assert template("aa{}aa").values("aaa") is None
    assert template("{1} {0}").filled(["x", "y"]) == "y x"
    assert template("{{}} {}").filled(["x"]) == "{} x"


@pytest.mark.parametrize("bad", ["{!r}", "{:>3}", "{"])
def test_a_template_with_other_places_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        template(bad)


@pytest.mark.parametrize(
    ("accept", "language"),
    [("zh-CN,en;q=0.5", "zh"), ("", "en"), ("en, zh", "en"), ("zh;q=0, en;q=0.1", "en"),
     ("de, zh;q=0.2", "zh"), ("*", "en"), (",".join(["de"] * 50 + ["zh"]), "en")],
)  # fmt: skip
def test_which_language_is_preferred(accept: str, language: str) -> None:
    assert preferred(accept) == language
