"""Every sentence of the command line, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from headrace.cli.both import Both
from headrace.cli.desk_words import DESK
from headrace.cli.help_words import HELP
from headrace.cli.part_words import PARTS
from headrace.speech import translate

LANGUAGES = ("en", "zh")
_language: ContextVar[str] = ContextVar("language", default="en")


def speak(language: str) -> None:
    """Use this language from now on: `en` or `zh`."""
    _language.set(language)


def spoken() -> str:
    """The language in use."""
    return _language.get()


def said(text: str) -> str:
    """An error's message, a note, a check's detail: an English text of ours in that language."""
    return translate(text, spoken())


def say(key: str, **values: Any) -> str:
    """The sentence `key` in the language in use, its places filled."""
    both = WORDS[key]
    text = both.zh if spoken() == "zh" else both.en
    return text.format(**values) if values else text


WORDS: Mapping[str, Both] = {
    **{key: Both(*both) for key, both in DESK.items()},
    **HELP,
    **PARTS,
    # Errors
    "error.line": Both("Error: {message}", "错误：{message}"),
    "error.bug": Both(
        "This is a bug in Headrace: {kind}: {text}", "这是 Headrace 的缺陷：{kind}：{text}"
    ),
    "error.report": Both(
        "Run again with -v and report what it shows in the project's issues.",
        "请加 -v 再运行一次，并把输出报告到本项目的 issues。",
    ),
    "error.see_help": Both("See `{command} --help`.", "参见 `{command} --help`。"),
    "error.no_connection": Both(
        "Which team? Give --team or --url, or the NAME of a task in headrace.toml.",
        "哪个团队？请给出 --team 或 --url，或 headrace.toml 中任务的 NAME。",
    ),
    "error.team_and_url": Both(
        "--team and --url name the same thing: give one of them.",
        "--team 和 --url 指的是同一件事：只给其中一个。",
    ),
    "error.no_destination": Both(
        "Where to? Give --to, such as --to duckdb:///acme.duckdb.",
        "同步到哪里？请给出 --to，例如 --to duckdb:///acme.duckdb。",
    ),
    "error.name_and_option": Both(
        "{option} does not go together with a NAME.", "{option} 不能与 NAME 一起使用。"
    ),
    "error.name_or_option": Both(
        "Set it in headrace.toml, or leave the NAME off.",
        "请在 headrace.toml 中设置，或去掉 NAME。",
    ),
    "error.file_exists": Both("{path} already exists.", "{path} 已存在。"),
    "error.file_exists_advice": Both(
        "Edit it, or move it away first: it was not touched.",
        "请直接编辑，或先移走：它没有被改动。",
    ),
    "error.cannot_write": Both(
        "{path} cannot be written: {reason}.", "{path} 无法写入：{reason}。"
    ),
    "error.cannot_write_advice": Both("Choose another folder.", "请换一个文件夹。"),
    # Sync
    "table.stream": Both("stream", "表"),
    "table.read": Both("read", "读取"),
    "table.inserted": Both("inserted", "新增"),
    "table.updated": Both("updated", "更新"),
    "table.deleted": Both("deleted", "删除"),
    "table.unchanged": Both("unchanged", "未变"),
    "table.calls": Both("API calls", "API 调用"),
    "table.all": Both("all", "合计"),
    "sync.written": Both(
        "{changes} changes carried over, {seconds} s.",
        "已写入 {changes} 条变更，用时 {seconds} 秒。",
    ),
    "sync.waiting": Both(
        "At most {changes} changes wait to be written.", "最多还有 {changes} 条变更等待写入。"
    ),
    "sync.following": Both(
        "Following task {task}. Ctrl-C stops; nothing is lost.",
        "任务 {task} 持续同步中。按 Ctrl-C 停止，不会丢失数据。",
    ),
    "sync.receiving": Both(
        "Service Hooks are received on {address}.", "正在 {address} 接收 Service Hook。"
    ),
    "sync.stopped_early": Both(
        "Stopped before the end. What is written stays; run again to go on.",
        "提前停止。已写入的数据保留；再次运行即可继续。",
    ),
    "progress.line": Both("{stream}: {read} of {total} read", "{stream}：已读 {read} / {total}"),
    "note.hidden": Both("hidden, rows are kept:", "不可见，行已保留："),
    "note.quiet": Both("hooks are quiet:", "Service Hook 没有消息："),
    "note.held": Both("deletes held:", "删除暂缓："),
    "note.rejected": Both("set aside:", "已搁置："),
    "note.aside": Both("refused by the destination:", "被目标拒收："),
    "note.stopped": Both("stopped until a person looks:", "已停止，等待处理："),
    "note.lossy": Both("not kept as it came:", "未能原样保留："),
    "note.failed": Both("failed, tried again later:", "失败，稍后重试："),
    "note.polling": Both(
        "Note: increments = {increments} needs a public_url for Service Hooks; until then changes"
        " are polled.",
        "提示：increments = {increments} 需要为 Service Hook 设置 public_url；在此之前按轮询处理。",
    ),
    # Check
    "check.ready": Both("The connection works.", "连接可用。"),
    "check.failed": Both("{count} items failed.", "有 {count} 项未通过。"),
    # Init
    "init.written": Both("Wrote {path}.", "已写入 {path}。"),
    "init.next": Both(
        "Next: fill in your team, export CODING_TOKEN=..., then: headrace check acme",
        "下一步：填写团队，执行 export CODING_TOKEN=...，然后：headrace check acme",
    ),
    # Playground
    "playground.ready": Both(
        "A CODING look-alike with {projects} projects and {issues} issues serves at {url}",
        "CODING 仿真服务（{projects} 个项目，{issues} 个事项）运行在 {url}",
    ),
    "playground.token": Both("Token: {token}", "令牌：{token}"),
    "playground.oauth": Both(
        "OAuth: client_id {client_id}, client_secret {client_secret}, redirect_uri {redirect_uri}"
        " (any port)",
        "OAuth：client_id {client_id}，client_secret {client_secret}，"
        "redirect_uri {redirect_uri}（任意端口）",
    ),
    "playground.try": Both("Try:   {example}", "试试：{example}"),
    "playground.stop": Both("Ctrl-C stops it.", "按 Ctrl-C 停止。"),
    "playground.stopped": Both(
        "Stopped after {calls} API calls.", "已停止，共 {calls} 次 API 调用。"
    ),
    "playground.port_taken": Both(
        "Port {port} cannot be used: {reason}.", "端口 {port} 无法使用：{reason}。"
    ),
    "playground.port_advice": Both(
        "Choose another one, or 0 for any free one.", "请换一个，或用 0 表示任意空闲端口。"
    ),
    # Serve
    "serve.ready": Both("Headrace serves at {url}", "Headrace 运行在 {url}"),
    "serve.setup": Both(
        "Nobody can sign in yet. Make the first admin within a day, by this link:\n  {link}",
        "还没有用户。请在一天之内用下面的链接创建第一个管理员：\n  {link}",
    ),
    "serve.in_the_open": Both(
        "{host} can be reached from elsewhere, without TLS: put a proxy with TLS before it, and"
        " give its address as --public-url.",
        "{host} 可从其他机器访问，但没有 TLS：请在前面放置带 TLS 的代理，"
        "并用 --public-url 给出其地址。",
    ),
    "serve.stopping": Both(
        "Stopping: tasks finish what they have begun.", "正在停止：任务先完成手头的工作。"
    ),
    "serve.bad_url": Both(
        "--public-url is no http:// or https:// address.",
        "--public-url 不是 http:// 或 https:// 地址。",
    ),
    "serve.url_advice": Both(
        "Give what browsers open, such as https://headrace.example.com.",
        "请填写浏览器打开的地址，如 https://headrace.example.com。",
    ),
    "serve.store_password": Both(
        "The password of --store can be read in the list of processes: set HEADRACE_STORE instead.",
        "--store 中的密码会出现在进程列表里：请改用环境变量 HEADRACE_STORE。",
    ),
    # Apply, export
    "apply.made": Both("made: {name}", "已创建：{name}"),
    "apply.changed": Both("changed: {name}", "已修改：{name}"),
    "apply.done": Both(
        "{made} made, {changed} changed, {equal} as they were.",
        "创建 {made} 个，修改 {changed} 个，{equal} 个未变。",
    ),
    "export.no_data": Both("Nothing is kept in {folder}.", "{folder} 中没有保存任何数据。"),
    "export.data_advice": Both(
        "Name the data folder of `headrace serve` by --data.",
        "请用 --data 指定 `headrace serve` 的数据文件夹。",
    ),
    # Rotate the key
    "rotate.resumed": Both(
        "A change of the key that was begun before is finished.", "已完成之前未完成的密钥更换。"
    ),
    "rotate.done": Both(
        "Sealed anew: {connections} connections, {channels} channels, {grants} authorizations.",
        "已重新密封：连接 {connections} 个、通知渠道 {channels} 个、授权 {grants} 个。",
    ),
    "rotate.in_file": Both(
        "The old key is gone: keep a copy of headrace.key apart, in the place of the old one.",
        "旧密钥已不存在：请另存一份 headrace.key，替换原来的备份。",
    ),
    "rotate.in_environment": Both(
        "From now on start with HEADRACE_KEY set to what HEADRACE_KEY_NEW was.",
        "今后启动时请把 HEADRACE_KEY 设为 HEADRACE_KEY_NEW 的值。",
    ),
    "rotate.left": Both(
        "{name} opens for no connection here and was left as it is: remove it.",
        "{name} 不属于这里的任何连接，未作改动：请删除它。",
    ),
    # Demo, verify
    "demo.begin": Both(
        "A living team of {projects} projects and {issues} issues, {rate} acts a second,"
        " mirrored into {path}",
        "一个活动中的团队：{projects} 个项目、{issues} 个事项，每秒 {rate} 个动作，"
        "实时同步到 {path}",
    ),
    "demo.snapshot": Both(
        "Snapshot: {rows} records in {seconds} s with {calls} calls. Now live:",
        "全量：{rows} 条记录，{seconds} 秒，{calls} 次调用。开始实时同步：",
    ),
    "demo.pause": Both(
        "The team pauses. The last changes are carried over, and a census looks for deletes ...",
        "团队暂停。写入最后的变更，并清点删除……",
    ),
    "demo.counted": Both(
        "Seen live: {inserted} inserts, {updated} updates, {deleted} deletes.",
        "实时看到：新增 {inserted}，更新 {updated}，删除 {deleted}。",
    ),
    "demo.proof": Both(
        "The proof: the source read afresh through the API, the copy read from DuckDB",
        "证明：源头经 API 重新读取，副本从 DuckDB 读取",
    ),
    "demo.try": Both("Try on {path}:", "在 {path} 上试试："),
    "demo.note": Both(
        "In a browser: headrace demo --console. Your own team needs a token only: headrace init,"
        " headrace check, headrace sync, headrace serve.",
        "在浏览器中查看：headrace demo --console。连接自己的团队只需要一个令牌：headrace init、"
        "headrace check、headrace sync、headrace serve。",
    ),
    "demo.console": Both(
        "The same team in the console: {url}\nSign in as {user} with the password {password}"
        " (made for this run). Ctrl+C ends it.",
        "在控制台查看同一团队：{url}\n用户名 {user}，密码 {password}（仅本次有效）。"
        "按 Ctrl+C 结束。",
    ),
    "demo.not_ours": Both(
        "{path} already exists and was not made by the demo.", "{path} 已存在，且不是演示生成的。"
    ),
    "demo.not_ours_advice": Both(
        "Move it away, or choose another file by --to: it was not touched.",
        "请移走它，或用 --to 指定其他文件：它没有被改动。",
    ),
    "demo.duckdb_only": Both(
        "The demo writes to a DuckDB file only.", "演示只能写入 DuckDB 文件。"
    ),
    "demo.duckdb_only_advice": Both(
        "Write --to duckdb:///name.duckdb.", "请写 --to duckdb:///name.duckdb。"
    ),
    "verify.afresh_alone": Both(
        "--afresh excludes --repair and --live.", "--afresh 不能与 --repair、--live 同用。"
    ),
    "verify.repaired": Both(
        "Filled again from the mirror: {streams}. The table above is after that.",
        "已从外存重新填充：{streams}。上表为填充之后的结果。",
    ),
    "rejects.none": Both("Nothing lies aside.", "没有被搁置的记录。"),
    "rejects.stream": Both("stream", "表"),
    "rejects.key": Both("key", "主键"),
    "rejects.table": Both("refused by table", "拒收的数据表"),
    "rejects.noticed": Both("changed at", "变更时间"),
    "rejects.reason": Both("reason", "原因"),
    "rejects.advice": Both(
        "Mend what the destination objects to, then `headrace rejects replay`.",
        "处理目标拒收的原因后，运行 `headrace rejects replay`。",
    ),
    "rejects.replayed": Both(
        "{written} records went in, {left} stay aside.", "写入 {written} 条，仍搁置 {left} 条。"
    ),
    "proof.table": Both("table", "数据表"),
    "proof.source": Both("at source", "源头行数"),
    "proof.copy": Both("in copy", "副本行数"),
    "proof.source_digest": Both("source digest", "源头摘要"),
    "proof.copy_digest": Both("copy digest", "副本摘要"),
    "proof.equal": Both("equal", "一致"),
    "proof.yes": Both("yes", "是"),
    "proof.no": Both("NO", "否"),
    "proof.all_equal": Both(
        "Source and copy are equal in all {tables} tables.", "{tables} 张表全部与源头一致。"
    ),
    "proof.differ": Both(
        "{tables} tables differ. First keys of {first}: {keys}",
        "{tables} 张表不一致。{first} 的前几个主键：{keys}",
    ),
}
