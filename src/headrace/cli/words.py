"""Every sentence of the command line, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, NamedTuple

from headrace.cli.desk_words import DESK
from headrace.speech import translate

LANGUAGES = ("en", "zh")
_language: ContextVar[str] = ContextVar("language", default="en")


class Both(NamedTuple):
    """One sentence in both languages, with the same `{places}`."""

    en: str
    zh: str


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
    # Help
    "help.headrace": Both(
        "A live, exact copy of a CODING team in your own database.",
        "把 CODING 团队的数据实时、准确地复制到你自己的数据库。",
    ),
    "help.commands": Both("Commands", "命令"),
    "help.sync": Both(
        "Mirror a team into a destination, once or until stopped. NAME is a task of headrace.toml;"
        " without it, name the team by --team or --url and the destination by --to. The token"
        " comes from CODING_TOKEN.",
        "把一个团队同步到目标，一次（--once）或持续直到停止。NAME 是 headrace.toml 里的任务；"
        "不写 NAME 时用 --team 或 --url 指定团队，用 --to 指定目标。令牌取自 CODING_TOKEN。",
    ),
    "help.sync.short": Both("Mirror a team into a destination.", "把团队同步到目标。"),
    "help.check": Both(
        "Test a connection, item by item. NAME is a connection (or task) of headrace.toml.",
        "逐项测试连接。NAME 是 headrace.toml 里的连接（或任务）。",
    ),
    "help.check.short": Both("Test a connection, item by item.", "逐项测试连接。"),
    "help.authorize": Both(
        "Authorize a connection by OAuth: a page of CODING opens, and once you consent its tokens"
        " are stored, encrypted, in the state folder. NAME is a connection of headrace.toml with"
        " client_id and client_secret.",
        "通过 OAuth 授权一个连接：打开 CODING 的授权页面，同意后令牌加密保存在状态文件夹。"
        "NAME 是 headrace.toml 里设置了 client_id 和 client_secret 的连接。",
    ),
    "help.authorize.short": Both("Authorize a connection by OAuth.", "通过 OAuth 授权连接。"),
    "help.streams": Both(
        "List the streams, or the columns of the stream NAME. With --team, --url or --connection:"
        " what the token may read.",
        "列出所有表，或表 NAME 的各列。加上 --team、--url 或 --connection 时显示令牌可读哪些表。",
    ),
    "help.streams.short": Both("List the streams and their columns.", "列出表及其各列。"),
    "help.verify": Both(
        "Hold a task's tables against its mirror: counts and content digests, without a request to"
        " CODING. --repair fills what differs again; --live N asks CODING for N records of each"
        " stream; --afresh reads the whole team once more instead. Exit code 1 when the copy"
        " differs.",
        "把任务的各表与外存逐一比对行数和内容摘要，不请求 CODING。--repair 重新填充不一致的表；"
        "--live N 每个表向 CODING 抽查 N 条记录；--afresh 改为重新读取整个团队来比对。"
        "不一致时退出码为 1。",
    ),
    "help.verify.short": Both("Hold a copy against its source.", "把副本与源头比对。"),
    "help.rejects": Both(
        "Records that a task's destination refused. list: which, and why; replay: write them again"
        " as they are now (exit code 1 when some stay), while no sync runs.",
        "任务的目标拒收的记录。list：列出记录和原因；replay：按当前内容重新写入"
        "（仍有被拒收的则退出码为 1），不能与同步同时进行。",
    ),
    "help.rejects.short": Both("Records the destination refused.", "目标拒收的记录。"),
    "help.mirror": Both(
        "Look after a mirror. info: what it holds; verify: whether it is sound (exit code 1 when"
        " not); compact: drop what is past its age and give the room back, while no sync runs."
        " NAME is a connection (or task) of headrace.toml.",
        "维护外存。info：显示内容；verify：检查是否完好（否则退出码为 1）；"
        "compact：清理过期内容并释放磁盘空间（不能与同步同时进行）。"
        "NAME 是 headrace.toml 里的连接（或任务）。",
    ),
    "help.mirror.short": Both("Look after a mirror.", "维护外存。"),
    "help.archive": Both(
        "Write a folder that opens offline: all tables, files of issues, wiki pages, clones of"
        " depots, and a manifest of what is there and what is missing. NAME is a connection (or"
        " task) of headrace.toml. Run again to go on or to bring it up to date. Exit code 3 when"
        " something is missing.",
        "写一个可离线打开的文件夹：全部数据表、事项附件、Wiki 页面、代码仓库的克隆，"
        "以及列出已有和缺少内容的清单。NAME 是 headrace.toml 里的连接（或任务）。"
        "再次运行即可继续或更新。有缺少时退出码为 3。",
    ),
    "help.archive.short": Both("Keep a team offline, in a folder.", "把团队离线保存到文件夹。"),
    "help.hooks": Both(
        "Service Hooks: look at deliveries, have them read again, set our hook up in each project.",
        "Service Hook：查看投递、重新处理投递、在各项目中设置我们的 Service Hook。",
    ),
    "help.hooks.short": Both(
        "Deliveries and set-up of Service Hooks.", "Service Hook 投递与设置。"
    ),
    "help.hooks.list": Both("List deliveries, the newest first.", "列出投递，最新的在前。"),
    "help.hooks.show": Both(
        "Show one delivery with its body; secrets are masked.", "显示一次投递及其内容；密钥已遮盖。"
    ),
    "help.hooks.replay": Both(
        "Have deliveries read again, done and dead ones too.",
        "重新处理投递，包括已完成和失败的投递。",
    ),
    "help.hooks.setup": Both(
        "Make or mend our Service Hook in every project and wait for its test event. Without the"
        " scope service-hook:profile:rw: print what to fill in by hand, then wait.",
        "在每个项目中创建或修复我们的 Service Hook，并等待测试事件。"
        "没有 service-hook:profile:rw 权限时，打印手工填写的步骤，然后等待。",
    ),
    "help.hooks.status": Both(
        "What is received, and whether our hook is in order in every project.",
        "接收情况，以及各项目中我们的 Service Hook 是否正常。",
    ),
    "help.hooks.remove": Both(
        "Delete our own Service Hook in every project, and no other.",
        "删除各项目中我们自己的 Service Hook，不影响其他的。",
    ),
    "help.serve": Both(
        "Run connections, tasks and people's access in one server until stopped: tasks, a JSON API,"
        " and the Service URLs of all connections on one port. The first start prints a link to"
        " make the first admin. A restart goes on with every task that ran.",
        "在一个服务中运行连接、任务和用户管理，直到停止：任务、JSON API，"
        "以及所有连接的 Service URL 都在同一个端口。"
        "第一次启动会打印创建第一个管理员的链接。重启后继续所有运行中的任务。",
    ),
    "help.serve.short": Both("Run everything in one server.", "在一个服务中运行全部功能。"),
    "help.apply": Both(
        "Make and change the connections and tasks of `headrace serve` as a TOML file says; what it"
        " does not name stays, and the same file twice changes nothing. A ${NAME} in a value comes"
        " from the environment. The server may run meanwhile.",
        "按 TOML 文件创建和修改 `headrace serve` 的连接和任务；文件未提到的保持不变，"
        "重复应用同一文件不会有任何改动。值中的 ${NAME} 取自环境变量。服务可以同时运行。",
    ),
    "help.apply.short": Both(
        "Make connections and tasks of a server from a file.", "按文件创建服务中的连接和任务。"
    ),
    "help.export": Both(
        "Print the connections and tasks of `headrace serve` as a TOML file for `headrace apply`."
        " Secrets are left out.",
        "把 `headrace serve` 的连接和任务输出为 TOML 文件，可供 `headrace apply` 使用。不含密钥。",
    ),
    "help.export.short": Both(
        "Print connections and tasks of a server as a file.", "把服务中的连接和任务输出为文件。"
    ),
    "help.rotate-key": Both(
        "Change the key that `headrace serve` seals secrets with: all of them are sealed anew, and"
        " the old key is kept nowhere. Stop the server first. Where the key comes from"
        " HEADRACE_KEY, the new one is that of HEADRACE_KEY_NEW. Killed half-way, run it again.",
        "更换 `headrace serve` 用来密封密钥的密钥：全部重新密封，旧密钥不再保留。请先停止服务。"
        "如果密钥来自 HEADRACE_KEY，新密钥取自 HEADRACE_KEY_NEW。中途被终止时再运行一次即可。",
    ),
    "help.rotate-key.short": Both("Change the key of a server's secrets.", "更换服务的密封密钥。"),
    "help.init": Both(
        "Write a headrace.toml with comments. An existing file is left alone.",
        "写一份带注释的 headrace.toml。已有的文件不会被改动。",
    ),
    "help.init.short": Both("Write a headrace.toml to start from.", "写一份 headrace.toml 样例。"),
    "help.demo": Both(
        "Watch a living team being mirrored into DuckDB, then see the proof that it is equal.",
        "观看一个活动中的团队被实时同步到 DuckDB，最后看到副本与源头一致的证明。",
    ),
    "help.demo.short": Both("Watch it work, without an account.", "不用账号，看它工作。"),
    "help.playground": Both(
        "Serve a CODING look-alike with a living team on this machine until stopped.",
        "在本机运行一个带有活动团队的 CODING 仿真服务，直到停止。",
    ),
    "help.playground.short": Both("Serve a CODING look-alike.", "运行 CODING 仿真服务。"),
    # Options
    "opt.json": Both(
        "JSON on stdout: one document, or lines for a command that follows.",
        "在标准输出写 JSON：一个文档；持续运行的命令每行一个。",
    ),
    "opt.lang": Both("Language; default from LANG.", "语言；默认取自 LANG。"),
    "opt.verbose": Both("Show tracebacks of errors.", "出错时显示调用栈。"),
    "opt.version": Both("Show the version and exit.", "显示版本并退出。"),
    "opt.team": Both(
        "The team: what stands before .coding.net in its address.",
        "团队名：团队地址中 .coding.net 之前的部分。",
    ),
    "opt.url": Both(
        "Address of a private deployment or the playground.", "私有部署或仿真服务的地址。"
    ),
    "opt.project": Both(
        "A project by name; may be repeated. Default: all in sight.",
        "项目名，可重复。默认为可见的全部项目。",
    ),
    "opt.config": Both(
        "Configuration file; default ./headrace.toml.", "配置文件；默认 ./headrace.toml。"
    ),
    "opt.attempts": Both(
        "How often a request is tried before giving up; default 6.",
        "一个请求最多尝试几次；默认 6。",
    ),
    "opt.to": Both(
        "Destination, such as duckdb:///acme.duckdb.", "目标，如 duckdb:///acme.duckdb。"
    ),
    "opt.stream": Both(
        "A stream by name or pattern (issue*); may be repeated. Default: all.",
        "表名或通配（issue*），可重复。默认为全部。",
    ),
    "opt.write": Both(
        "mirror: current rows; history: every version; changes: the log.",
        "mirror：当前行；history：所有版本；changes：变更日志。",
    ),
    "opt.deletes": Both(
        "soft: mark deleted rows; hard: remove them.", "soft：标记被删除的行；hard：移除。"
    ),
    "opt.repair": Both("Fill again what differs.", "重新填充不一致的表。"),
    "opt.live": Both(
        "Ask CODING for so many records of each stream.", "每个表向 CODING 抽查这么多条记录。"
    ),
    "opt.afresh": Both(
        "Read the whole team afresh and compare with that.", "重新读取整个团队并与之比对。"
    ),
    "opt.poll_interval": Both("How often to look for changes: 30s, 5m.", "轮询间隔：30s、5m。"),
    "opt.census_interval": Both("How often to look for deletes: 1h.", "清点（发现删除）间隔：1h。"),
    "opt.once": Both("End when the copy is level.", "同步完成后结束。"),
    "opt.state": Both(
        "Folder of mirrors and OAuth tokens; default .headrace beside the configuration, else"
        " here.",
        "外存和 OAuth 令牌所在文件夹；默认为配置文件旁的 .headrace，否则为当前文件夹。",
    ),
    "opt.connection": Both(
        "A connection of headrace.toml: show what its token may read.",
        "headrace.toml 里的连接：显示其令牌可读哪些表。",
    ),
    "opt.console": Both("Look at it in a browser, until stopped.", "在浏览器中查看，直到停止。"),
    "opt.port": Both("Port; 0: any free one.", "端口；0 表示任意空闲端口。"),
    "opt.host": Both("Address to listen on.", "监听地址。"),
    "opt.data": Both("Folder of everything that is kept.", "保存全部数据的文件夹。"),
    "opt.file": Both(
        "TOML file with connections, destinations and tasks.", "含连接、目标和任务的 TOML 文件。"
    ),
    "opt.store": Both(
        "A postgresql:// URL for the control store; default: HEADRACE_STORE, else a file in the"
        " data folder.",
        "控制库的 postgresql:// 地址；默认取自 HEADRACE_STORE，否则为数据文件夹中的一个文件。",
    ),
    "opt.proxy": Both(
        "A proxy before Headrace (address or network) whose X-Forwarded-For says who calls; may be"
        " given several times. Without it, attempts to sign in are counted by the proxy's address.",
        "Headrace 前面的代理（地址或网段），以其 X-Forwarded-For 判断来访者；可多次指定。"
        "不指定时，登录尝试按代理的地址计数。",
    ),
    "opt.public_url": Both(
        "What browsers open, where a proxy stands before Headrace: https://headrace.example.com.",
        "Headrace 前面有代理时，浏览器打开的地址：https://headrace.example.com。",
    ),
    "opt.callback_port": Both(
        "Port of 127.0.0.1 to which the browser comes back; default: that of redirect_uri.",
        "浏览器返回的本机端口；默认取自 redirect_uri。",
    ),
    "opt.no_browser": Both("Only print the address of the page.", "只打印页面地址，不打开浏览器。"),
    "opt.seed": Both("The same seed makes the same team.", "相同的种子得到相同的团队。"),
    "opt.projects": Both("How many projects the team has.", "团队的项目数。"),
    "opt.issues": Both("How many issues they share.", "这些项目共有的事项数。"),
    "opt.rate": Both(
        "Acts of the team a second; 0: it stands still.", "团队每秒的动作数；0 表示静止。"
    ),
    "opt.seconds": Both("How long to watch, in seconds.", "观看多少秒。"),
    "opt.delivery_state": Both("Deliveries in this state only.", "只看处于该状态的投递。"),
    "opt.event": Both("Deliveries of this event only.", "只看该事件的投递。"),
    "opt.limit": Both("How many at most.", "最多显示多少条。"),
    "opt.wait": Both(
        "How many seconds to wait for the test event; default 30, by hand 900.",
        "等待测试事件的秒数；默认 30，手工设置时 900。",
    ),
    "opt.archive_to": Both(
        "The folder: a new or empty one, or that of an earlier run.",
        "文件夹：新建或空的，或之前运行写过的。",
    ),
    "opt.without": Both("Leave a part out; may be repeated.", "不保存这一部分，可重复。"),
    "opt.no_read": Both(
        "Do not read the team first: take what the mirror holds.",
        "不先读取团队，直接使用外存中的内容。",
    ),
    "opt.file_size_max": Both(
        "Leave out larger files: 500M, 2G.", "超过此大小的文件不下载：500M、2G。"
    ),
    "opt.parallel": Both("How many files to fetch side by side.", "同时下载的文件数。"),
    "opt.git_user": Both(
        "User name for git; default: the owner of the token.",
        "git 的用户名；默认为令牌的所有者。",
    ),
    "opt.git_host": Both(
        "A host that git may send the token to, besides the team's own; may be repeated.",
        "除团队自己的地址外，允许 git 发送令牌的主机，可重复。",
    ),
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
