"""`headrace init`: a headrace.toml to start from."""

from __future__ import annotations

from pathlib import Path

import click

from headrace import config
from headrace.cli.options import make_command, option
from headrace.cli.output import Output
from headrace.cli.words import say
from headrace.errors import Refused

TEMPLATE = """\
# Headrace: which CODING teams to mirror, and where to. Try it with:
#   export CODING_TOKEN=...        (personal settings, access tokens / 个人设置 > 访问令牌)
#   headrace check acme            (the connection test / 连接测试)
#   headrace sync acme-duckdb      (follows until stopped; --once ends when level)
#
# ${NAME} is replaced by the environment variable NAME. Durations: 30s, 5m, 1h, 1d.

[connections.acme]                 # a connection (连接): one team, one token
type = "coding"
team = "acme"                      # what stands before .coding.net in the team's address
# url = "https://coding.example.com"   # instead of team: a private deployment
token = "${CODING_TOKEN}"          # never write the token itself into this file
# client_id = "${CODING_CLIENT}"     # OAuth in place of a token: see `headrace authorize`
# client_secret = "${CODING_SECRET}"
# redirect_uri = "http://127.0.0.1:8400/callback"  # the one the app was registered with
# scopes = ["collaboration:issue:ro"]  # what to ask for; default: what the tables need
# projects = ["shop", "pay"]       # default: all projects the token sees
# iterations = ["Sprint 1"]        # only issues in these iterations
# issue_types = ["Defect"]         # only issues of these types
# start = ["2024-01-01", "commits=2025-01-01"]  # older rows are left out
# personal = "mask"                # people's phone and e-mail: mask, keep or drop
# mask = ["team_members.Name"]     # further fields to mask
# leave_out = ["issues.Description"]  # fields never stored
# increments = "polling"           # how changes are noticed: polling, webhook or hybrid (both)
# poll_interval = "1m"             # how often to look for changes
# census_interval = "1h"           # how often to list all keys, to find deletes
# sweep_interval = "7d"            # how often comments and other parts are read again anyhow
# attempts = 6                     # how often a request is tried before giving up
# Service Hooks: changes arrive within seconds (see `headrace hooks setup`). Secrets that are
# not given are made and kept in the state folder.
# public_url = "https://hooks.example.com"  # what CODING calls; makes increments "hybrid"
# listen = "127.0.0.1:8300"        # where it is received, behind your proxy
# hook_secret = "16-letters-or-more"   # the last part of the Service URL
# hook_secret_old = "the-one-of-before"  # the one before, while CODING changes over
# signing_token = "8-letters-or-more"  # the signing token (签名令牌)
# signing_token_old = "one-of-before"  # the one before, while CODING changes over
# hook_user = "coding"             # user name (用户名) and password (密码), if you want them too
# hook_password = "pass-word"      # ${NAME} works here too

[tasks.acme-duckdb]                # a task (任务): carries a connection to a destination
source = "acme"
destination = "duckdb:///acme.duckdb"  # beside this file; sqlite:///acme.db works alike
# streams = ["projects", "issue*"] # default: all, see `headrace streams`
# write = "mirror"                 # current rows; "history": every version; "changes": the log
# deletes = "soft"                 # mark deleted rows; "hard": remove them
# rejects = "aside"                # records the destination refuses; "stop": their stream waits
# filters = ["issues.Type=DEFECT", "issues.Type=EPIC"]  # default: all rows
"""


def command() -> click.Command:
    """The command, in the language of this run."""
    file = click.Path(path_type=Path)
    return make_command("init", _run, option("--config", "file", type=file))


def _run(out: Output, *, file: Path | None) -> int:
    from rich.markup import escape

    path = file or config.DEFAULT_FILE
    try:
        with path.open("x", encoding="utf-8") as target:
            target.write(TEMPLATE)
    except FileExistsError:
        raise Refused(
            say("error.file_exists", path=path), advice=say("error.file_exists_advice")
        ) from None
    except OSError as error:
        raise Refused(
            say("error.cannot_write", path=path, reason=error.strerror or "?"),
            advice=say("error.cannot_write_advice"),
        ) from None
    out.document({"written": str(path)})
    out.show(say("init.written", path=escape(str(path))), say("init.next"))
    return 0
