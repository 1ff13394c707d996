"""One run of the program: which command, in which language, and what its end is called.

Exit codes: 0 done, 1 a bug (or a copy that differs), 2 the user has to mend something, 3 CODING or
the destination is unavailable, 128 + signal for a finite command that was stopped half-way.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

from headrace import config
from headrace.cli import words
from headrace.cli.options import shared_options
from headrace.cli.output import Output
from headrace.cli.words import say
from headrace.errors import HeadraceError, Stopped

COMMANDS = (
    "sync", "serve", "apply", "export", "connections", "tasks", "rotate-key", "check",
    "authorize", "streams", "verify", "rejects", "hooks", "mirror", "archive",
    "init", "demo", "playground",
)  # fmt: skip
STOPPED = 130


class Commands(click.Group):
    """The group of all commands. Each is a module of this package, imported when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """In the order in which one needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, built in the language of this run."""
        if cmd_name not in COMMANDS:
            return None
        module: Any = importlib.import_module(f"headrace.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section(say("help.commands")):
            formatter.write_dl([(name, say(f"help.{name}.short")) for name in COMMANDS])


def run(args: Sequence[str]) -> int:
    """Run the program with these arguments. Returns its exit code; raises nothing."""
    words.speak(_asked_language(args))
    out = Output(as_json="--json" in args, verbose=bool({"-v", "--verbose"} & set(args)))
    try:
        code = _program().main(
            args=list(args), prog_name="headrace", standalone_mode=False, obj=out
        )
        return code if isinstance(code, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        out.note(error.format_message())
        return 2
    except click.UsageError as error:
        return out.usage(error)
    except (click.exceptions.Abort, KeyboardInterrupt, Stopped):
        return STOPPED
    except HeadraceError as error:
        return out.failure(error)
    except BrokenPipeError:
        _leave_pipe()
        return 0
    except Exception as error:  # noqa: BLE001 - the last line: whatever is left is our mistake
        return out.bug(error)


def _program() -> click.Group:
    version = click.version_option(package_name="headrace", help=say("opt.version"))
    group = Commands(name="headrace", help=say("help.headrace"), params=[*shared_options()])
    return version(group)


def _asked_language(args: Sequence[str]) -> str:
    """`--lang` wins over the environment; a wrong value is refused later, by its option."""
    for index, word in enumerate(args):
        value = word.removeprefix("--lang=")
        if word == "--lang" and index + 1 < len(args):
            value = args[index + 1]
        if word.startswith("--lang") and value in words.LANGUAGES:
            return value
    return config.language()


def _leave_pipe() -> None:
    """The reader has gone: let nothing complain about it at exit."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
