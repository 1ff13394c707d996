"""The command line's help: what commands and options say of themselves."""

from __future__ import annotations

from collections.abc import Mapping

from headrace.cli.both import Both

HELP: Mapping[str, Both] = {
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
}
