"""Writes the reference pages from the code itself: `python -m docs.generate` (or `make docs`).

`--check` writes nothing and ends with 1 when a page is not up to date. What the code cannot say
about itself (what a setting is for, a query worth trying) stands in `docs/reference_words.py`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
from docs.reference_words import CODES, QUERIES, SETTINGS

import headrace
from headrace import config, errors
from headrace.app.serving.watching.metrics import FAMILIES
from headrace.cli import words
from headrace.cli.run import COMMANDS, _program
from headrace.client import ConnectionsClient, HeadraceClient, HooksClient, TasksClient
from headrace.coding.other_actions import OTHER_ACTIONS
from headrace.coding.streams import CATALOGUE
from headrace.config.keys import SECTIONS
from headrace.control.states import ACTIVE, TRANSITIONS, Event, State
from headrace.core.schema import EXTRA, META, Column, Type, tables_of
from headrace.core.stream import Paging, Strategy, Stream

FOLDER = Path(__file__).parent / "reference"
_WIDTH = 88
_MADE = "<!-- Made by `make docs` from the code. Do not edit. -->\n"
_PAGING = {
    Paging.NUMBER: "by page number",
    Paging.OFFSET: "by row offset",
    Paging.BARE: "by page number, without a count",
    Paging.BARE_OFFSET: "by row offset, without a count",
    Paging.EACH: "a call for each item of a list",
    Paging.TOKEN: "each page names the next",
    Paging.NONE: "everything at once",
}
_STRATEGY = {
    Strategy.DELTA: "rows since the last mark, with an overlap; a census lists all keys",
    Strategy.NEWEST: "from the front until nothing is new, and the unsettled rows one by one; a"
    " census lists all keys",
    Strategy.CHILDREN: "again for each parent that changed or that an event names, and slowly for"
    " all; the set is replaced",
    Strategy.HISTORY: "newest first from each branch that moved, until every ancestor is on file",
    Strategy.FULL: "every row, compared with what is on file",
}
_KINDS = ("status", "type", "state", "action", "issue_type", "status_type", "role_type", "kind")
_META = {
    EXTRA: ("没有对应列的内容", "what has no column, or does not fit its column's type"),
    "_deleted_at": ("发现删除的时间；空表示仍存在", "when the delete was noticed; NULL: it lives"),
    "_changed_at": ("发现最近一次变更的时间", "when the last change was noticed"),
    "_offset": ("最近一次变更在日志中的位置", "offset of the last change in the mirror's log"),
}


def pages() -> dict[str, str]:
    """Every generated page: its path below `docs/reference` and its text."""
    made = {
        "commands.md": _commands(),
        "configuration.md": _configuration(),
        "errors.md": _errors(),
        "metrics.md": _metrics(),
        "python.md": _python(),
        "states.md": _states(),
        "streams/README.md": _catalogue(),
    }
    made |= {f"streams/{stream.name}.md": _stream(stream) for stream in CATALOGUE}
    return {name: f"{_MADE}\n{text.rstrip()}\n" for name, text in made.items()}


def _metrics() -> str:
    lines = [
        "# Metrics",
        "",
        "`GET /metrics` answers in the text format of Prometheus. Figures of tasks and sources are"
        " those of the monitor, up to 10 s old; their counters go on after a restart. Labels carry"
        " names as people gave them; `stream` is a table, `what` one of `read`, `inserted`,"
        " `updated`, `deleted`, `unchanged`, `rejected`.",
        "",
        "| name | kind | meaning | labels |",
        "|---|---|---|---|",
    ]
    for one in FAMILIES:
        labels = ", ".join(f"`{label}`" for label in one.labels)
        lines.append(f"| `{one.name}` | {one.kind} | {one.says} | {labels} |")
    return "\n".join(lines)


def _states() -> str:
    """The states of a task, drawn and as a table, from the one table that the code has."""
    moves: dict[tuple[State, State], list[str]] = {}
    for (state, event), follows in TRANSITIONS.items():
        if state is not follows:
            moves.setdefault((state, follows), []).append(event.value)
    drawn = [f"    {a} --> {b}: {', '.join(events)}" for (a, b), events in moves.items()]
    stays = [
        f"`{event}` leaves {', '.join(f'`{state}`' for state in states)} as before"
        for event, states in _staying().items()
    ]
    rows = [
        (f"`{state}`", *(f"`{found}`" if (found := TRANSITIONS.get((state, event))) else ""
                        for event in Event))
        for state in State
    ]  # fmt: skip
    return "\n\n".join(
        [
            "# States of a task 任务状态",
            "What a person asks for and what happens lead from state to state; any other event is"
            f" refused, with advice. Active are {', '.join(f'`{s}`' for s in sorted(ACTIVE))}.",
            "\n".join(["```mermaid", "stateDiagram-v2", f"    [*] --> {State.NEW}", *drawn, "```"]),
            f"{_paragraphs(_doc(State))} {_paragraphs(_doc(Event))} {'; '.join(stays)}.",
            _table(("state", *(f"`{event}`" for event in Event)), rows),
        ]
    )


def _staying() -> Mapping[Event, Sequence[State]]:
    found: dict[Event, list[State]] = {}
    for (state, event), follows in TRANSITIONS.items():
        if state is follows:
            found.setdefault(event, []).append(state)
    return found


def outdated() -> list[str]:
    """Pages that are missing, differ from the code, or belong to nothing any more."""
    made = pages()
    found = {path.relative_to(FOLDER).as_posix(): path for path in FOLDER.rglob("*.md")}
    differ = [n for n, text in made.items() if n not in found or found[n].read_text() != text]
    return sorted([*differ, *(found.keys() - made.keys())])


def write() -> None:
    """Bring the folder up to date."""
    made = pages()
    for path in FOLDER.rglob("*.md"):
        if path.relative_to(FOLDER).as_posix() not in made:
            path.unlink()
    for name, text in made.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


# --- small helpers -------------------------------------------------------------------------------


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(_cell(c) for c in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _doc(thing: Any) -> str:
    return inspect.getdoc(thing) or ""


# --- commands ------------------------------------------------------------------------------------


def _commands() -> str:
    parts = [
        "# Commands",
        "What `headrace COMMAND --help` says, in English and Chinese (`--lang`, else by `LANG`).",
        _block(_help(None, "en")),
    ]
    for name in COMMANDS:
        parts += [f"## headrace {name}", _block(_help(name, "en")), _block(_help(name, "zh"))]
    parts += ["## Exit codes", _table(("code", "meaning"), CODES.items())]
    return "\n\n".join(parts)


def _help(name: str | None, language: str) -> str:
    """The help of a command; with None that of the program."""
    before = words.spoken()
    words.speak(language)
    try:
        program = _program()
        parent = click.Context(program, info_name="headrace", terminal_width=_WIDTH)
        if name is None:
            return program.get_help(parent)
        command = program.get_command(parent, name)
        assert command is not None
        return _help_below(command, name, parent)
    finally:
        words.speak(before)


def _help_below(command: click.Command, name: str, parent: click.Context) -> str:
    context = click.Context(command, info_name=name, parent=parent, terminal_width=_WIDTH)
    texts = [command.get_help(context)]
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            texts.append(_help_below(found, below, context))
    return "\n\n".join(texts)


def _block(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"


# --- streams -------------------------------------------------------------------------------------


def _catalogue() -> str:
    rows = [
        (
            f"[{stream.name}]({stream.name}.md)",
            f"{stream.title.zh} {stream.title.en}",
            stream.strategy.value + (", optional" if stream.optional else ""),
            _code(stream.schema.key),
            _code(stream.scopes),
            _code(child.name for child in stream.schema.children),
        )
        for stream in CATALOGUE
    ]
    return "\n\n".join(
        [
            "# Streams 表",
            "A stream becomes a table of its name, and each list inside its rows a child table.",
            "Those marked optional are read only when they are named: they cost a call per row, or"
            " hold what few want.",
            _table(("stream", "title", "read", "key", "scopes 权限", "child tables 子表"), rows),
            "Every table also has:",
            _columns([_meta(name, kind.value) for name, kind in ((EXTRA, _json()), *META)]),
            'With `write = "history"` a table gets `valid_from` and `valid_to`, and `_offset` joins'
            ' the key; with `write = "changes"` it gets `_op` (r read, c insert, u update,'
            " d delete), and `_offset` is the key.",
            "## What has no stream 没有表的接口",
            "The other reading Actions of CODING's Open API, and why no table is made of them:",
            _table(
                ("reason", "Actions"),
                [(why, _code(names)) for why, names in _by_reason().items()],
            ),
        ]
    )


def _by_reason() -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for action, why in OTHER_ACTIONS.items():
        found.setdefault(why, []).append(action)
    return found


def _json() -> Any:
    return next(
        kind for name, kind in tables_of("x", CATALOGUE[0].schema)[0].columns if name == EXTRA
    )


def _stream(stream: Stream) -> str:
    listing, lookup = stream.listing, stream.lookup
    facts = [
        ("Action", f"`{listing.action}`, {_PAGING[listing.paging]}, {listing.size} rows a page"
                   if listing.paging is not Paging.NONE
                   else f"`{listing.action}`, {_PAGING[listing.paging]}"),
        ("Listed", f"for each record of `{stream.parent.stream}`" if stream.parent else "once"),
        ("Read", f"{stream.strategy.value}: {_STRATEGY[stream.strategy]}"
                 + ("; at the census interval only" if stream.slow else "")
                 + (f"; polled at every {stream.every}th interval" if stream.every > 1 else "")),
        ("Key 主键", _code(stream.schema.key)),
        ("Update time", _code(stream.version)),
        ("One record", f"`{lookup.action}`, confirms a delete" if lookup
                       else "no Action: a delete needs a second complete pass"),
        ("Scopes 权限", _code(stream.scopes)),
        ("Events 事件", _code(sorted({e for rule in stream.hooks for e in rule.events}))),
    ]  # fmt: skip
    parts = [
        f"# {stream.name}: {stream.title.zh} {stream.title.en}",
        _table(("", ""), facts),
        f"## `{stream.name}`",
        _columns(_column(c, stream.schema.key) for c in stream.schema.columns),
    ]
    for child in stream.schema.children:
        parts += [
            f"## `{child.name}`: {child.zh} {child.en}",
            f"The list `{child.path}` of a row, replaced as a whole. Key:"
            f" {_code((*stream.schema.key, *child.key))}; the first are those of `{stream.name}`.",
            _columns(_column(c, child.key) for c in child.columns),
        ]
    parts += ["## A query to start from", f"```sql\n{query_for(stream)}\n```"]
    return "\n\n".join(parts)


def query_for(stream: Stream) -> str:
    """A query worth trying: one chosen by hand, else how the rows spread over time or kinds."""
    if stream.name in QUERIES:
        return QUERIES[stream.name]
    columns = stream.schema.columns
    moment = next((c.name for c in columns if c.type is Type.TIMESTAMP), None)
    kind = next((c.name for c in columns if c.name in _KINDS), None)
    chosen = [f"date_trunc('month', {moment}) AS month"] if moment else []
    chosen += [kind] if kind else []
    chosen = chosen or [stream.schema.key[0]]
    return (
        f"-- {stream.title.en} by {' and '.join(_spoken(c) for c in chosen)}\n"
        f"SELECT {', '.join(chosen)}, count(*) AS rows_there\n"
        f"FROM {stream.name}\nWHERE _deleted_at IS NULL\nGROUP BY ALL\nORDER BY ALL;"
    )


def _spoken(column: str) -> str:
    return column.rpartition(" ")[2].replace("_", " ")


def _columns(rows: Iterable[Sequence[str]]) -> str:
    return _table(("column 列", "type", "key", "含义", "meaning"), rows)


def _column(column: Column, key: Sequence[str]) -> Sequence[str]:
    mark = "✓" if column.name in key else ""
    return (f"`{column.name}`", column.type.value, mark, column.zh, column.en)


def _meta(name: str, kind: str) -> Sequence[str]:
    zh, en = _META[name]
    return (f"`{name}`", kind, "", zh, en)


# --- configuration -------------------------------------------------------------------------------


def _configuration() -> str:
    parts = [
        "# headrace.toml",
        "`headrace init` writes one with comments. `${NAME}` in a value is replaced by the"
        " environment variable NAME, looked up only for what is used. Durations are a number and a"
        " unit: `500ms`, `30s`, `5m`, `1h`, `1d`. An unknown key is refused with its line.",
    ]
    defaults = {
        "connections": _defaults(config.ConnectionSettings),
        "tasks": _defaults(config.TaskSettings),
    }
    for section, keys in SECTIONS.items():
        rows = [
            (f"`{key}`", _default(key, defaults[section]), *SETTINGS[section][key]) for key in keys
        ]
        parts += [f"## [{section}.NAME]", _table(("key", "default", "meaning", "含义"), rows)]
    parts += [
        "## The environment",
        _table(
            ("variable", "meaning"),
            [
                (f"`{config.TOKEN_VARIABLE}`", "the token, where none is set otherwise"),
                (
                    f"`{config.KEY_VARIABLE}`",
                    "the key that OAuth tokens are encrypted with: 32 bytes in base64; without it"
                    " `headrace.key` in the state folder, made on first use",
                ),
                (f"`{config.NEW_KEY_VARIABLE}`", "the key that `headrace rotate-key` changes to"),
                (f"`{config.STORE_VARIABLE}`", "the control store of a server, as `--store`"),
                (f"`{config.SERVER_VARIABLE}`", "the server to speak to, as `--server`"),
                (f"`{config.SERVER_TOKEN_VARIABLE}`", "an API token of that server"),
                ("`LC_ALL`, `LC_MESSAGES`, `LANG`", "the language of the command line: zh or en"),
            ],
        ),
    ]
    return "\n\n".join(parts)


def _defaults(settings: type) -> Mapping[str, Any]:
    return {f.name: f.default for f in fields(settings)}


def _default(key: str, defaults: Mapping[str, Any]) -> str:
    value = defaults.get(key.replace("_interval", "_seconds"))
    if key.endswith("_interval"):
        return f"`{_duration(float(value))}`"
    if key in ("source", "destination"):
        return "required"
    if isinstance(value, str | int) and value != "":
        return f"`{value}`"
    return ""


def _duration(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        if seconds >= size and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds * 1000)}ms"


# --- errors --------------------------------------------------------------------------------------


def _errors() -> str:
    rows = [
        (
            f"`{kind.__name__}`",
            f"`{kind.__mro__[1].__name__}`",
            str(kind.exit_code),
            " ".join(_doc(kind).split("\n\n")[0].split()),
        )
        for kind in error_classes()
    ]
    return "\n\n".join(
        [
            "# Errors",
            "Errors are sorted by what has to be done. `str(error)` is a sentence for a person,"
            " `error.advice` says what to do. No message holds a secret or a row's content.",
            _table(("class", "kind of", "exit code", "meaning"), rows),
            "`Stopped` is no error: it unwinds a run that was asked to stop.",
            "## Exit codes",
            _table(("code", "meaning"), CODES.items()),
        ]
    )


def error_classes() -> Iterator[type[errors.HeadraceError]]:
    """The errors of `headrace.errors`, in the order of that file."""
    for kind in vars(errors).values():
        if inspect.isclass(kind) and issubclass(kind, errors.HeadraceError):
            yield kind


# --- Python --------------------------------------------------------------------------------------


def _python() -> str:
    parts = [
        "# Python",
        _doc(headrace).split("\n\n")[0],
        _function("headrace.connect", headrace.connect),
    ]
    parts.append(_class(headrace.Connection))
    others = sorted(set(headrace.__all__) - {"connect", "Connection"})
    for name in others:
        thing = getattr(headrace, name)
        parts.append(f"## headrace.{name}\n\n{_paragraphs(_doc(thing))}")
        if members := _members(thing):
            parts.append(_code(members))
    clients = (HeadraceClient, ConnectionsClient, TasksClient, HooksClient)
    parts.extend(_class(kind, "headrace.client") for kind in clients)
    return "\n\n".join(parts)


def _function(name: str, function: Any) -> str:
    signature = _signature(function)
    shown = f"```text\n{name.split('.')[-1]}{signature}\n```"
    return f"## {name}\n\n{shown}\n\n{_paragraphs(_doc(function))}"


def _class(kind: type, room: str = "headrace") -> str:
    parts = [f"## {room}.{kind.__name__}\n\n{_paragraphs(_doc(kind))}"]
    for name, member in vars(kind).items():
        if not name.startswith("_") and inspect.isfunction(member):
            text = f"```text\n{name}{_signature(member)}\n```\n\n{_paragraphs(_doc(member))}"
            parts.append(f"### {kind.__name__}.{name}\n\n{text}")
    return "\n\n".join(parts)


def _signature(function: Any) -> str:
    signature = inspect.signature(function)
    shown = [p for p in signature.parameters.values() if p.name != "self"]
    returns = str(signature.return_annotation).strip("'")
    plain = str(signature.replace(parameters=shown, return_annotation=inspect.Signature.empty))
    return f"{plain} -> {returns}".replace("'", "")


def _members(thing: Any) -> list[str]:
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return []
    fields_of = getattr(thing, "__dataclass_fields__", getattr(thing, "_fields", ()))
    names = list(getattr(thing, "__members__", {})) or list(fields_of)
    return [f".{name}" for name in names]


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def main(args: Sequence[str]) -> int:
    """The command."""
    if "--check" not in args:
        write()
        return 0
    stale = outdated()
    for name in stale:
        sys.stderr.write(f"docs/reference/{name} is not up to date: make docs\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
