"""Sentences of commands with much to say: streams, mirrors, archives, hooks, consents."""

from __future__ import annotations

from collections.abc import Mapping

from headrace.cli.both import Both

PARTS: Mapping[str, Both] = {
    # Authorize
    "authorize.open": Both(
        "Consent on this page of CODING; it comes back to {redirect_uri}:",
        "请在 CODING 的此页面上同意授权，之后会返回 {redirect_uri}：",
    ),
    "authorize.no_browser": Both(
        "No browser could be opened: open the address yourself.",
        "无法打开浏览器：请自行打开上面的地址。",
    ),
    "authorize.waiting": Both(
        "Waiting up to {minutes} minutes. Ctrl-C stops.",
        "最多等待 {minutes} 分钟。按 Ctrl-C 停止。",
    ),
    "authorize.ignored": Both("Ignored: {reason}", "已忽略：{reason}"),
    "authorize.done": Both(
        "{name} is authorized until {day}. The tokens lie encrypted in {path}",
        "{name} 已授权，有效期至 {day}。令牌已加密保存在 {path}",
    ),
    "authorize.missing": Both("Not granted: {scopes}", "未授予：{scopes}"),
    # Streams
    "streams.name": Both("stream", "表"),
    "streams.title": Both("title", "名称"),
    "streams.strategy": Both("read", "读取方式"),
    "streams.key": Both("key", "主键"),
    "streams.scopes": Both("scopes", "权限"),
    "streams.hooks": Both("events", "事件"),
    "streams.tables": Both("tables", "数据表"),
    "streams.readable": Both("readable", "可读"),
    "streams.column": Both("column", "列"),
    "streams.type": Both("type", "类型"),
    "streams.meaning": Both("meaning", "含义"),
    "streams.in_key": Both("key", "主键"),
    # Mirror
    "mirror.size": Both("{place}: {bytes} bytes", "{place}：{bytes} 字节"),
    "mirror.inbox": Both(
        "Hook deliveries: {waiting} waiting, {done} done, {dead} dead.",
        "Service Hook 投递：等待 {waiting}，完成 {done}，失败 {dead}。",
    ),
    "mirror.records": Both("records", "记录"),
    "mirror.tombstones": Both("deleted", "已删除"),
    "mirror.mark": Both("read up to", "已读至"),
    "mirror.log": Both("log", "日志"),
    "mirror.since": Both("log since", "日志起始"),
    "mirror.hidden": Both("hidden", "不可见"),
    "mirror.held": Both("held", "暂缓删除"),
    "mirror.sound": Both(
        "The mirror is sound: {records} records and {changes} log entries agree.",
        "外存完好：{records} 条记录与 {changes} 条日志一致。",
    ),
    "mirror.unsound": Both(
        "The mirror is not sound: {count} problems in {records} records and {changes} log entries.",
        "外存有问题：{records} 条记录和 {changes} 条日志中发现 {count} 处问题。",
    ),
    "mirror.unsound_advice": Both(
        "Move it away and sync again: a new one is filled from CODING.",
        "请把它移走并重新同步：新的外存会从 CODING 填充。",
    ),
    "mirror.compacted": Both(
        "{bytes_before} bytes before, {bytes_after} after; {changes_dropped} log entries and"
        " {deliveries_dropped} deliveries were past their age.",
        "压缩前 {bytes_before} 字节，压缩后 {bytes_after} 字节；"
        "清理了 {changes_dropped} 条过期日志和 {deliveries_dropped} 条过期投递。",
    ),
    # Archive
    "archive.kind": Both("kind", "种类"),
    "archive.mirror": Both("in mirror", "外存"),
    "archive.archive": Both("in archive", "存档"),
    "archive.bytes": Both("bytes", "字节"),
    "archive.kind.tables": Both("rows of tables", "数据表的行"),
    "archive.kind.attachments": Both("files of issues", "事项附件"),
    "archive.kind.linked_files": Both("files that texts link to", "正文链接的文件"),
    "archive.kind.wiki_pages": Both("wiki pages", "Wiki 页面"),
    "archive.kind.depots": Both("depots", "代码仓库"),
    "archive.kind.branch_heads": Both("heads of branches", "分支的最新提交"),
    "archive.progress": Both("{kind}: {done} of {total}", "{kind}：{done} / {total}"),
    "archive.complete": Both(
        "Complete. Open {folder}/index.html", "已完整存档。请打开 {folder}/index.html"
    ),
    "archive.incomplete": Both(
        "Not complete: {count} are missing, each with its reason in {folder}/manifest.json. Run"
        " again to go on.",
        "不完整：缺少 {count} 项，原因见 {folder}/manifest.json。再次运行即可继续。",
    ),
    "archive.stopped": Both(
        "Stopped before the end. What is done stays; run again to go on.",
        "提前停止。已完成的保留；再次运行即可继续。",
    ),
    # Hooks
    "hooks.which": Both(
        "Which connection? headrace.toml has {count}.", "哪个连接？headrace.toml 中有 {count} 个。"
    ),
    "hooks.which_advice": Both(
        "Give --connection NAME, one of: {names}.", "请用 --connection NAME 指定其一：{names}。"
    ),
    "hooks.received": Both("received", "接收时间"),
    "hooks.event": Both("event", "事件"),
    "hooks.state": Both("state", "状态"),
    "hooks.id": Both("delivery", "投递 ID"),
    "hooks.reason": Both("reason", "原因"),
    "hooks.state.waiting": Both("waiting", "等待"),
    "hooks.state.done": Both("done", "完成"),
    "hooks.state.dead": Both("dead", "失败"),
    "hooks.counts": Both(
        "{waiting} waiting, {done} done, {dead} dead.",
        "等待 {waiting}，完成 {done}，失败 {dead}。",
    ),
    "hooks.unknown": Both("There is no delivery {id}.", "没有投递 {id}。"),
    "hooks.unknown_advice": Both(
        "See `headrace hooks list`; old ones are dropped.",
        "参见 `headrace hooks list`；旧的投递会被清理。",
    ),
    "hooks.replayed": Both(
        "{count} deliveries wait to be read again; the running sync does it.",
        "{count} 次投递等待重新处理，由运行中的同步完成。",
    ),
    "hooks.done.created": Both("created", "已创建"),
    "hooks.done.mended": Both("mended", "已修复"),
    "hooks.done.kept": Both("in order", "正常"),
    "hooks.in_order": Both("in order", "正常"),
    "hooks.waiting": Both(
        "Waiting up to {seconds} s for the test event ...", "等待测试事件，最多 {seconds} 秒……"
    ),
    "hooks.ready": Both(
        "The test event has arrived: Service Hooks work.", "测试事件已到达：Service Hook 可用。"
    ),
    "hooks.no_ping": Both("No test event has arrived.", "没有收到测试事件。"),
    "hooks.no_ping_advice": Both(
        "Can CODING reach the public_url, and does your proxy pass /hooks/ on to listen? Look into"
        " the hook's delivery log in CODING.",
        "请检查 CODING 能否访问 public_url，以及代理是否把 /hooks/ 转发到 listen；"
        "也可在 CODING 中查看该 Service Hook 的发送记录。",
    ),
    "hooks.by_hand": Both(
        "This token may not set hooks up (scope {scope}). By hand, in: {projects}",
        "该令牌不能设置 Service Hook（权限 {scope}）。请手工设置，项目：{projects}",
    ),
    "hooks.removed": Both(
        "{count} hooks removed in {projects} projects.",
        "已在 {projects} 个项目中删除 {count} 个 Service Hook。",
    ),
    "hooks.receiving": Both("Receiving on {address}.", "正在 {address} 接收。"),
    "hooks.not_receiving": Both(
        "Nobody receives on {address}: `headrace sync` does, while it runs.",
        "{address} 无人接收：`headrace sync` 运行时才会接收。",
    ),
    "hooks.last": Both(
        "Last delivery: {received}; last test event: {ping}.",
        "最近一次投递：{received}；最近一次测试事件：{ping}。",
    ),
    "hooks.never": Both("never", "从未"),
    "hooks.no_url": Both(
        "There is no public_url: changes are polled.", "没有设置 public_url：按轮询处理变更。"
    ),
    "sample.asked": Both("asked", "抽查"),
    "sample.same": Both("same", "一致"),
    "sample.newer": Both("newer at CODING", "源头更新"),
    "sample.gone": Both("gone at CODING", "源头已删"),
    "sample.hidden": Both("not shown", "不可见"),
    "sample.different": Both("DIFFERENT", "不一致"),
    "sample.none": Both(
        "None of these streams has an Action that shows a single record.",
        "这些表都没有查询单条记录的接口。",
    ),
}
