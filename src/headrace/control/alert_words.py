"""What alerts say, in Chinese and English, by kind; and what to do about each."""

from __future__ import annotations

from collections.abc import Mapping

from headrace.core.stream import Title
from headrace.speech import translate

WORDS: Mapping[str, tuple[Title, Title]] = {
    "task_error": (
        Title("任务 {name} 出错停止：{reason}", "Task {name} has stopped with an error: {reason}"),
        Title("处理后重新启动任务。", "Mend it, then start the task again."),
    ),
    "task_retrying": (
        Title(
            "任务 {name} 连续 {tries} 次失败：{reason}",
            "Task {name} has failed {tries} times in a row: {reason}",
        ),
        Title("系统会继续重试。", "It is tried again by itself."),
    ),
    "snapshot_done": (
        Title("任务 {name} 的全量已完成，正在跟进变更。",
              "Task {name} has finished its snapshot and follows the changes."),
        Title("无需处理。", "There is nothing to do."),
    ),
    "lag": (
        Title("任务 {name} 落后 {seconds} 秒。", "Task {name} is {seconds} s behind."),
        Title("查看目标是否过慢或不可用。", "See whether its destination is slow or away."),
    ),
    "rejects": (
        Title("任务 {name} 有 {count} 条记录被目标拒绝，已搁置。",
              "{count} records of task {name} were refused by its destination and lie aside."),
        Title("查看搁置的记录，处理后重放。", "Look at the rejects, mend, and replay them."),
    ),
    "stream_stopped": (
        Title("任务 {name} 的表 {streams} 已停止：{reason}",
              "Streams of task {name} have stopped ({streams}): {reason}"),
        Title("处理后重新启动任务。", "Mend it, then start the task again."),
    ),
    "mining_failed": (
        Title("连接 {name} 的挖掘失败：{reason}", "Mining of {name} fails: {reason}"),
        Title("系统会继续重试，依赖它的任务在等待。",
              "It is tried again by itself; its tasks wait meanwhile."),
    ),
    "hooks_quiet": (
        Title("连接 {name} 的 Webhook 没有动静：轮询看到变更，却没有收到投递。",
              "The hooks of {name} have gone quiet: {reason}"),
        Title("在 CODING 检查 Service Hook 是否启用、Service URL 是否可达。",
              "See in CODING whether the Service Hook is on and the Service URL can be reached."),
    ),
    "mass_vanish": (
        Title("连接 {name} 有大量记录同时消失，暂不删除：{streams}",
              "Many records of {name} vanished at once; their deletes are held: {streams}"),
        Title("检查令牌权限与项目；确认后会自动删除。",
              "Check the token's scopes and the project; they are deleted once it is confirmed."),
    ),
    "source_rejects": (
        Title("连接 {name} 有记录无法使用，已搁置：{streams}",
              "Rows of {name} cannot be used and lie aside: {streams}"),
        Title("查看外存中搁置的记录。", "Look at the rejects of its mirror."),
    ),
    "grant_ends": (
        Title("连接 {name} 的授权将在 {days} 天后到期。",
              "The authorization of {name} ends in {days} days."),
        Title("重新授权。", "Authorize it again."),
    ),
    "agent_away": (
        Title("Agent {name} 没有响应。", "Agent {name} gives no sign of life."),
        Title("检查它的机器和进程；它的任务在等待。",
              "Look after its machine and process; its tasks wait."),
    ),
    "disk_full": (
        Title("磁盘将满：剩余 {free_mb} MB（{percent}%）。",
              "The disk is nearly full: {free_mb} MB ({percent} %) are left."),
        Title("清理空间，或把数据目录移到更大的磁盘。",
              "Make room, or move the data folder to a larger disk."),
    ),
}  # fmt: skip


def words_of(kind: str, details: Mapping[str, str | int]) -> tuple[Title, Title]:
    """What is wrong, and what to do: the reason's own advice where there is one."""
    text, advice = WORDS[kind]
    own = str(details.get("advice", ""))
    if own:
        advice = Title(translate(own, "zh"), own)
    return _filled(text, details), advice


def _filled(title: Title, details: Mapping[str, str | int]) -> Title:
    chinese = {**details, "reason": translate(str(details.get("reason", "")), "zh")}
    if "streams" in details:
        told = str(details["streams"]).split("; ")
        chinese["streams"] = "；".join(translate(one, "zh") for one in told)
    return Title(title.zh.format_map(chinese), title.en.format_map(details))
