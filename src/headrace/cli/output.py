"""What the program says: tables and lines for people, JSON for programs, never a secret.

Results go to stdout, everything else to stderr. With `--json` stdout holds one JSON document, or
JSON lines for a command that follows, and nothing else.
"""

from __future__ import annotations

import base64
import json
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

import click

from headrace.cli.words import said, say
from headrace.errors import HeadraceError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_WIDTH_PLAIN = 140
_SECRET_MIN = 4


class Output:
    """Where a command speaks. Secrets named to `hide` are masked in all of it (Invariant 11)."""

    def __init__(self, *, as_json: bool = False, verbose: bool = False) -> None:
        self.as_json = as_json
        self.verbose = verbose
        self._secrets: set[str] = set()
        self._out = _Masked(sys.stdout, self._secrets)
        self._err = _Masked(sys.stderr, self._secrets)
        self._consoles: dict[str, Console] = {}

    def hide(self, token: str) -> None:
        """Mask this token, and the forms in which it travels, from now on."""
        pair = base64.b64encode(token.encode()).decode()
        secrets = {token, token.strip(), pair, token.partition(":")[2]}
        self._secrets.update(secret for secret in secrets if len(secret) >= _SECRET_MIN)

    @property
    def console(self) -> Console:
        """For results; silent with `--json`."""
        return self._console("out", self._out, quiet=self.as_json)

    @property
    def notes(self) -> Console:
        """For everything beside the results: progress, warnings, errors."""
        return self._console("err", self._err, quiet=False)

    @property
    def live(self) -> bool:
        """Whether a person watches stderr, so that progress may move."""
        return sys.stderr.isatty() and not self.as_json

    def show(self, *what: RenderableType) -> None:
        """A result for people."""
        whole = not self.console.is_terminal  # a pipe takes lines of any length
        for one in what:
            text = isinstance(one, str)
            self.console.print(one, highlight=False, soft_wrap=text and whole)

    def show_line(self, text: str) -> None:
        """A result of one line, cut at the edge of the terminal."""
        whole = not self.console.is_terminal
        self.console.print(
            text, highlight=False, no_wrap=True, overflow="ellipsis", soft_wrap=whole
        )

    def note(self, text: str) -> None:
        """A plain line on stderr."""
        print(text, file=self._err, flush=True)

    def document(self, value: Mapping[str, Any]) -> None:
        """A result for programs: one line of JSON, only with `--json`."""
        if self.as_json:
            print(json.dumps(value, ensure_ascii=False, default=str), file=self._out, flush=True)

    def failure(self, error: HeadraceError) -> int:
        """Say what went wrong and what to do. Returns the exit code."""
        return self._fail(error, error.message, error.advice, error.exit_code)

    def usage(self, error: click.UsageError) -> int:
        """A mistake on the command line."""
        path = error.ctx.command_path if error.ctx else "headrace"
        advice = say("error.see_help", command=path)
        return self._fail(error, error.format_message(), advice, 2)

    def bug(self, error: Exception) -> int:
        """Our own mistake: one line, and how to report it."""
        what = say("error.bug", kind=type(error).__name__, text=str(error).split("\n")[0])
        return self._fail(error, what, say("error.report"), 1)

    def _fail(self, error: Exception, message: str, advice: str, code: int) -> int:
        self.document({"error": error_document(message, advice, code)})
        if not self.as_json:
            self.note(say("error.line", message=said(message)))
            if advice:
                self.note(f"  → {said(advice)}")
        if self.verbose:
            self.note("".join(traceback.format_exception(error)))
        return code

    def _console(self, name: str, file: _Masked, *, quiet: bool) -> Console:
        from rich.console import Console

        if name not in self._consoles:
            width = None if file.isatty() else _WIDTH_PLAIN
            stream: Any = file
            self._consoles[name] = Console(file=stream, width=width, quiet=quiet)
        return self._consoles[name]


def error_document(message: str, advice: str, code: int) -> dict[str, Any]:
    """An error as `--json` shows it."""
    return {"message": message, "advice": advice, "exit_code": code}


def counted(figures: Sequence[int]) -> list[str]:
    """Whole numbers with their thousands apart."""
    return [f"{figure:,}" for figure in figures]


class _Masked:
    """A text stream that lets no secret through."""

    def __init__(self, stream: TextIO, secrets: set[str]) -> None:
        self._stream = stream
        self._secrets = secrets

    def write(self, text: str) -> int:
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
