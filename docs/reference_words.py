"""What the reference says that the code cannot: one line a setting, a query a stream."""

from __future__ import annotations

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "0": "done",
    "1": "a bug in Headrace; for `verify` and `demo`: the copy differs from its source",
    "2": "a person has to mend something: a setting, a token, a permission, a file",
    "3": "CODING or the destination is unavailable: try again later; for `archive`: something is"
    " missing, see its manifest",
    "128 + n": "a finite command was stopped half-way by signal n; run it again to go on",
}

Lines = Mapping[str, tuple[str, str]]

SETTINGS: Mapping[str, Lines] = {
    "connections": {
        "type": ("the kind of source; `coding` is the only one", "源头类型，只有 `coding`"),
        "team": (
            "what stands before `.coding.net` in the team's address; either this or `url`",
            "团队地址中 `.coding.net` 之前的部分；与 `url` 二选一",
        ),
        "url": (
            "address of a private deployment or the playground; either this or `team`",
            "私有部署或仿真服务的地址；与 `team` 二选一",
        ),
        "token": (
            "a personal token, or `user:password` of a project token; without it that of"
            " `CODING_TOKEN`. Write `${NAME}`, never the token itself",
            "个人令牌，或项目令牌的 `用户名:密码`；不写则取 `CODING_TOKEN`。请写 `${NAME}`，"
            "不要写令牌本身",
        ),
        "client_id": (
            "OAuth in place of a token: the client id of the team's app, see"
            " [authorize](../how-to/authorize.md)",
            "用 OAuth 代替令牌：团队应用的 client id，见 [authorize](../how-to/authorize.md)",
        ),
        "client_secret": (
            "the app's client secret. Write `${NAME}`, never the secret itself",
            "应用的 client secret。请写 `${NAME}`，不要写密钥本身",
        ),
        "redirect_uri": (
            "the redirect URI the app was registered with; without it a loopback address on any"
            " free port",
            "应用登记的回调地址；不写则为本机任意空闲端口的回环地址",
        ),
        "scopes": (
            "the scopes to ask for; without it all that the streams need",
            "要申请的权限；不写则为各表所需的全部权限",
        ),
        "projects": (
            "projects by name; without it all that the token sees",
            "项目名列表；不写则为令牌可见的全部项目",
        ),
        "increments": (
            "how changes are noticed: `polling`, `webhook` or `hybrid` (both)",
            "增量方式：`polling` 轮询、`webhook`、`hybrid` 两者都用",
        ),
        "poll_interval": ("how often to look for changes", "轮询间隔"),
        "iterations": (
            "names of iterations: only issues in one of them; all if not set",
            "迭代名称：只要其中的事项；不写为全部",
        ),
        "issue_types": (
            "names of issue types: only issues of one of them; all if not set",
            "事项类型名称：只要这些类型的事项；不写为全部",
        ),
        "start": (
            "first day wanted, `2024-01-01` for all that grows with time, `commits=2025-01-01` for"
            " one stream; older rows are left out",
            "起始日期：`2024-01-01` 用于所有随时间增长的表，`commits=2025-01-01` 用于单个表；"
            "更早的行不要",
        ),
        "personal": (
            "people's phone and e-mail: `mask` (a keyed hash: equal values stay equal), `keep`, or"
            " `drop`",
            "个人手机号与邮箱：`mask`（带密钥的摘要，相同值仍相同）、`keep` 保留、`drop` 丢弃",
        ),
        "mask": (
            'further fields to mask, as `["team_members.Name"]`',
            '另外要脱敏的字段，如 `["team_members.Name"]`',
        ),
        "leave_out": (
            'fields never stored, as `["issues.Description"]`',
            '不保存的字段，如 `["issues.Description"]`',
        ),
        "census_interval": (
            "how often to list all keys, to find deletes",
            "清点间隔：列出全部主键以发现删除",
        ),
        "attempts": (
            "how often a request is tried before CODING counts as unavailable, 1 to 20",
            "一个请求最多尝试几次，1 到 20",
        ),
        "public_url": (
            "the address that CODING calls with Service Hooks, without a path of its own",
            "CODING 调用 Service Hook 的公网地址",
        ),
        "listen": (
            "address and port on which Service Hooks are received, behind your proxy",
            "在本机接收 Service Hook 的地址和端口（位于反向代理之后）",
        ),
        "hook_secret": (
            "the secret last part of the Service URL; made and kept in the state folder if not set",
            "服务 URL 中保密的最后一段；不写则自动生成并保存在状态文件夹",
        ),
        "hook_secret_old": (
            "that of the Service URL before, received too while CODING changes over",
            "更换期间仍然接收的旧服务 URL 的最后一段",
        ),
        "sweep_interval": (
            "how often comments and whatever else hangs on another row is read again although that"
            " row did not change",
            "巡检间隔：评论等附属数据在所属行没有变化时也重新读取",
        ),
        "signing_token": (
            "the signing token of the Service Hook; made and kept if not set",
            "Service Hook 的签名令牌；不写则自动生成并保存",
        ),
        "signing_token_old": (
            "the signing token before, accepted too while CODING changes over",
            "更换期间仍然接受的旧签名令牌",
        ),
        "hook_user": ("user name of the Service Hook, if wanted", "Service Hook 的用户名（可选）"),
        "hook_password": ("password of the Service Hook, if wanted", "Service Hook 的密码（可选）"),
    },
    "tasks": {
        "source": ("the connection, by name", "连接名"),
        "destination": (
            "`duckdb:///file` or `sqlite:///file`, beside this file; four slashes: absolute",
            "`duckdb:///文件` 或 `sqlite:///文件`，相对本配置文件；四个斜杠表示绝对路径",
        ),
        "streams": (
            "streams by name or pattern (`issue*`); without it all",
            "表名或通配（`issue*`）；不写则为全部",
        ),
        "write": (
            "`mirror`: current rows; `history`: every version seen; `changes`: the bare log",
            "`mirror` 当前行；`history` 看到的所有版本；`changes` 变更日志",
        ),
        "deletes": (
            "in mirror mode: `soft` sets `_deleted_at`, `hard` removes the row",
            "mirror 方式下：`soft` 设置 `_deleted_at`，`hard` 移除行",
        ),
        "rejects": (
            "a record that the destination refuses: `aside` keeps it in `_headrace_rejects` and"
            " goes on, `stop` lets its stream wait",
            "目标拒收的记录：`aside` 存入 `_headrace_rejects` 并继续，`stop` 让该表等待处理",
        ),
        "filters": (
            'which rows are kept, as `STREAM.FIELD=VALUE` (`["issues.Type=DEFECT",'
            ' "*.ProjectId=2001"]`): several values of a field mean any of them, several fields'
            " all of them; a row that matches no more is deleted at the destination",
            "保留哪些行，写作 `表.字段=值`；同一字段多个值为任一，多个字段须全部满足；"
            "不再符合的行在目标中删除",
        ),
    },
}

QUERIES: Mapping[str, str] = {
    "projects": """\
-- Projects and their issues that are still open
SELECT p.name, count(i.code) AS open_issues
FROM projects AS p
LEFT JOIN issues AS i
    ON i.project_id = p.id AND i._deleted_at IS NULL AND i.issue_status_type <> 'COMPLETED'
WHERE p._deleted_at IS NULL
GROUP BY ALL
ORDER BY open_issues DESC;""",
    "project_members": """\
-- Who has which role where
SELECT p.name AS project, m.name AS member, r.role_type_name AS role
FROM project_members AS m
JOIN projects AS p ON p.id = m.project_id
JOIN project_member_roles AS r ON r.project_id = m.project_id AND r.id = m.id
WHERE m._deleted_at IS NULL AND r._deleted_at IS NULL
ORDER BY ALL;""",
    "iterations": """\
-- Iterations by what is left in them
SELECT project_id, code, name, wait_process_count + processing_count AS left_over
FROM iterations
WHERE _deleted_at IS NULL
ORDER BY left_over DESC;""",
    "issue_types": """\
-- The team's own issue types beside the built-in ones
SELECT project_id, issue_type, name, is_system
FROM issue_types
WHERE _deleted_at IS NULL
ORDER BY ALL;""",
    "issue_fields": """\
-- How often each custom field is filled in
SELECT f.project_id, f.name, count(DISTINCT v.code) AS issues
FROM issue_fields AS f
JOIN issue_custom_fields AS v
    ON v.project_id = f.project_id AND v.field_id = f.issue_field_id AND v._deleted_at IS NULL
WHERE f._deleted_at IS NULL
GROUP BY ALL
ORDER BY issues DESC;""",
    "issue_statuses": """\
-- The statuses of each issue type, and how many issues are in them
SELECT s.issue_type, s.name, count(i.code) AS issues
FROM issue_statuses AS s
LEFT JOIN issues AS i
    ON i.project_id = s.project_id AND i.type = s.issue_type
    AND i.issue_status_id = s.issue_status_id AND i._deleted_at IS NULL
WHERE s._deleted_at IS NULL
GROUP BY ALL
ORDER BY ALL;""",
    "issues": """\
-- Issues completed a week, and the days they took
SELECT date_trunc('week', completed_at) AS week,
       count(*) AS done,
       round(avg(date_diff('hour', created_at, completed_at)) / 24, 1) AS days
FROM issues
WHERE _deleted_at IS NULL AND completed_at IS NOT NULL
GROUP BY ALL
ORDER BY week DESC;""",
}
