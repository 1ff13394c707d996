"""Options that several commands share, and what they amount to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import click

from headrace import config
from headrace.cli.output import Output
from headrace.cli.words import LANGUAGES, say
from headrace.config import ConnectionSettings, TaskSettings
from headrace.errors import Refused

Runner = Callable[..., int | None]


class Duration(click.ParamType[float]):
    """`30s`, `5m`, `1h`, in seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """See `config.parse_duration`."""
        try:
            return config.parse_duration(str(value))
        except ValueError as error:
            self.fail(f"{value!r}: {error}", param, ctx)


def make_command(name: str, runner: Runner, *params: click.Parameter) -> click.Command:
    """A command with the shared options. `runner` gets the output and the parameters' values."""

    @click.pass_obj
    def callback(out: Output, /, **values: Any) -> int | None:
        for shared in ("as_json", "lang", "verbose"):
            del values[shared]
        return runner(out, **values)

    params = (*params, *shared_options())
    return click.Command(name, params=list(params), callback=callback, help=say(f"help.{name}"))


def option(flag: str, *more: str, **settings: Any) -> click.Option:
    """An option whose help is the words of its name."""
    name = flag.strip("-").replace("-", "_")
    return click.Option([flag, *more], help=say(f"opt.{name}"), **settings)


def shared_options() -> list[click.Parameter]:
    """`--json`, `--lang` and `--verbose`, which every command has."""
    return [
        option("--json", "as_json", is_flag=True),
        option("--lang", type=click.Choice(LANGUAGES)),
        option("--verbose", "-v", is_flag=True),
    ]


def connection_options() -> list[click.Parameter]:
    """How to name a connection."""
    return [
        option("--team"),
        option("--url"),
        option("--project", "projects", multiple=True),
        option("--config", "file", type=click.Path(path_type=Path)),
        option("--attempts", type=click.IntRange(1, 20)),
    ]


def state_option() -> click.Option:
    """`--state`: the folder of mirrors and OAuth tokens."""
    return option("--state", type=click.Path(path_type=Path, file_okay=False))


def task_options() -> list[click.Parameter]:
    """How to name a task on the command line."""
    return [
        option("--to"),
        option("--stream", "streams", multiple=True),
        option("--write", type=click.Choice(config.WRITES)),
        option("--deletes", type=click.Choice(config.DELETES)),
    ]


def pace_options() -> list[click.Parameter]:
    """How often to look."""
    return [
        option("--poll-interval", type=Duration()),
        option("--census-interval", type=Duration()),
    ]


class Target(NamedTuple):
    """What a command works on."""

    settings: ConnectionSettings
    task: TaskSettings
    state: Path


def target_of(out: Output, name: str | None, values: dict[str, Any]) -> Target:
    """A task of the configuration by name, or one spelled out by options.

    Raises `Refused` and `click.UsageError`. The token is masked in `out` from here on.
    """
    target = _task_named(name, values) if name else _task_given(values)
    settings = prepared(out, _paced(target.settings, values), values.get("state"))
    out.hide(config.password_of(target.task.destination))
    if settings.increments != config.Increments.POLLING and not settings.hooks:
        out.note(say("note.polling", increments=settings.increments.value))
    return target._replace(settings=settings, state=values.get("state") or target.state)


def connection_of(out: Output, name: str | None, values: dict[str, Any]) -> ConnectionSettings:
    """A connection (or a task's) of the configuration by name, or one spelled out by options."""
    if name:
        _refuse_both(values, "team", "url", "projects")
        found = _load(values)
        known_task = name in found.tasks and name not in found.connections
        settings = found.connection(found.task(name).source if known_task else name)
    else:
        settings = _connection_given(values)
    return prepared(out, _paced(settings, values), values.get("state"))


def prepared(out: Output, settings: ConnectionSettings, state: Path | None) -> ConnectionSettings:
    """The settings with their OAuth tokens in `state`, if given; secrets are masked from now on."""
    out.hide(settings.token)
    if settings.oauth is None:
        return settings
    out.hide(settings.oauth.client_secret)
    return replace(settings, oauth=replace(settings.oauth, folder=state or settings.oauth.folder))


def _task_named(name: str, values: dict[str, Any]) -> Target:
    _refuse_both(values, "team", "url", "projects", "to", "write", "deletes")
    found = _load(values)
    task = found.task(name)
    if values.get("streams"):
        task = replace(task, streams=values["streams"])
    return Target(found.connection(task.source), task, found.state)


def _task_given(values: dict[str, Any]) -> Target:
    settings = _connection_given(values)
    if not values.get("to"):
        raise click.UsageError(say("error.no_destination"))
    from headrace.app import unnamed_task

    modes = {name: values[name] for name in ("write", "deletes") if values.get(name)}
    task = unnamed_task(settings, values["to"], streams=values.get("streams") or (), **modes)
    return Target(settings, task, values.get("state") or config.DEFAULT_STATE)


def _connection_given(values: dict[str, Any]) -> ConnectionSettings:
    team, url = values.get("team"), values.get("url")
    if not team and not url:
        raise click.UsageError(say("error.no_connection"))
    if team and url:
        raise click.UsageError(say("error.team_and_url"))
    token = config.token_from_environment()
    projects = tuple(values.get("projects") or ())
    return ConnectionSettings(team or "url", team=team, url=url, token=token, projects=projects)


def _paced(settings: ConnectionSettings, values: dict[str, Any]) -> ConnectionSettings:
    given = {
        "poll_seconds": values.get("poll_interval"),
        "census_seconds": values.get("census_interval"),
        "attempts": values.get("attempts"),
    }
    return replace(settings, **{name: value for name, value in given.items() if value is not None})


def _load(values: dict[str, Any]) -> Any:
    from headrace.config.file import load

    return load(values.get("file") or config.DEFAULT_FILE)


def _refuse_both(values: dict[str, Any], *names: str) -> None:
    given: Sequence[str] = [name for name in names if values.get(name)]
    if given:
        flag = {"projects": "project", "streams": "stream"}.get(given[0], given[0])
        raise Refused(
            say("error.name_and_option", option=f"--{flag}"), advice=say("error.name_or_option")
        )
