"""The sentences of `headrace tasks` and `headrace connections`, English first, then Chinese."""

from __future__ import annotations

from collections.abc import Mapping

DESK: Mapping[str, tuple[str, str]] = {
    "help.tasks": (
        "Look at the tasks of `headrace serve`, start, stop and reset them, read their log. NAME is"
        " a task's name or number. A server is named by --server (the token comes from"
        " HEADRACE_SERVER_TOKEN); without it, its data folder by --data.",
        "查看 `headrace serve` 的任务，启动、停止、重置任务，查看任务日志。"
        "NAME 是任务的名称或编号。用 --server 指定服务"
        "（令牌取自 HEADRACE_SERVER_TOKEN），否则用 --data 指定数据文件夹。",
    ),
    "help.tasks.short": (
        "Look at a server's tasks, start and stop them.",
        "查看、启停服务的任务。",
    ),
    "help.connections": (
        "Look at the connections of `headrace serve` and test them. NAME is a connection's name or"
        " number. A server is named by --server (the token comes from HEADRACE_SERVER_TOKEN);"
        " without it, its data folder by --data. Exit code 2 when an item of a test failed.",
        "查看和测试 `headrace serve` 的连接。NAME 是连接的名称或编号。用 --server 指定服务"
        "（令牌取自 HEADRACE_SERVER_TOKEN），否则用 --data 指定数据文件夹。"
        "有检查项失败时退出码为 2。",
    ),
    "help.connections.short": (
        "Look at a server's connections, test them.",
        "查看、测试服务的连接。",
    ),
    "opt.server": (
        "Speak to the `headrace serve` at this URL. Default: HEADRACE_SERVER.",
        "访问此 URL 上的 `headrace serve`。默认取自 HEADRACE_SERVER。",
    ),
    "opt.level": ("Lines of this level and above.", "只显示此级别及以上的日志。"),
    "opt.text": ("Lines with this text in them.", "只显示包含此文本的日志。"),
    "opt.lines": ("At most so many of the newest lines.", "最多显示最新的多少行。"),
    "desk.no_name": ("Nothing says which one is meant.", "没有指定是哪一个。"),
    "desk.name_advice": ("Give its name or number.", "请给出名称或编号。"),
    "desk.known": ("Known: {names}.", "已有：{names}。"),
    "desk.no_token": (
        "There is no API token: the environment variable {variable} is not set.",
        "没有 API 令牌：未设置环境变量 {variable}。",
    ),
    "desk.token_advice": (
        "Make a token at the server (POST /api/v1/tokens), then: export {variable}=hr_...",
        "在服务中创建令牌（POST /api/v1/tokens），然后执行：export {variable}=hr_...",
    ),
    "tasks.unknown": ("There is no task {name}.", "没有任务 {name}。"),
    "tasks.none": ("There are no tasks.", "没有任务。"),
    "tasks.no_log": ("No such lines.", "没有符合条件的日志。"),
    "tasks.id": ("no.", "编号"),
    "tasks.name": ("name", "名称"),
    "tasks.source": ("source", "源头"),
    "tasks.destination": ("destination", "目标"),
    "tasks.state": ("state", "状态"),
    "tasks.lag": ("behind", "落后变更数"),
    "tasks.reason": ("reason", "原因"),
    "tasks.ends": ("{source} → {destination}", "{source} → {destination}"),
    "tasks.now": ("State: {state}. Changes behind: {lag}.", "状态：{state}。落后变更数：{lag}。"),
    "state.new": ("new", "新建"),
    "state.waiting": ("waiting", "等待"),
    "state.running": ("running", "运行中"),
    "state.retrying": ("retrying", "等待重试"),
    "state.stopping": ("stopping", "停止中"),
    "state.stopped": ("stopped", "已停止"),
    "state.error": ("error", "错误"),
    "state.done": ("done", "已完成"),
    "connections.unknown": ("There is no connection {name}.", "没有连接 {name}。"),
    "connections.none": ("There are no connections.", "没有连接。"),
    "connections.unchecked": ("It was never tested.", "尚未测试。"),
    "connections.id": ("no.", "编号"),
    "connections.name": ("name", "名称"),
    "connections.role": ("role", "角色"),
    "connections.type": ("type", "类型"),
    "connections.tasks": ("tasks", "任务"),
    "connections.source": ("source", "源头"),
    "connections.destination": ("destination", "目标"),
}
