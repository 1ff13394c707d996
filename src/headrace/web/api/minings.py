"""Minings: what is read from CODING, for which tasks, and what people stop of it."""

from __future__ import annotations

from typing import Annotated

from litestar.params import PathParameter

from headrace.app.serving.mining import mining_views
from headrace.coding.streams import CATALOGUE
from headrace.errors import Missing
from headrace.web.api.answers import all_shown, shown
from headrace.web.api.pages import After, Limit, listed
from headrace.web.api.verbs import By, The, act, look
from headrace.wire.minings import Mining
from headrace.wire.page import Page

Key = Annotated[str, PathParameter(max_length=40)]
Name = Annotated[str, PathParameter(max_length=100)]
_STREAMS = frozenset(stream.name for stream in CATALOGUE)


@look("/minings")
def minings(platform: The, after: After = "", limit: Limit = 100) -> Page[Mining]:
    """All that run, that tasks wait for, or that ever ran."""
    found = all_shown(Mining, mining_views.minings(platform))
    return listed(found, lambda one: one.key, after=after, limit=limit)


@look("/minings/{key:str}")
def mining(key: Key, platform: The) -> Mining:
    """One, with its figures stream by stream."""
    return _shown(platform, key)


@act("/minings/{key:str}/stop")
def stop(key: Key, by: By, platform: The) -> Mining:
    """Read nothing until it is resumed. Tasks go on with what was read, and wait."""
    platform.minings.stop(by, key)
    return _shown(platform, key)


@act("/minings/{key:str}/resume")
def resume(key: Key, by: By, platform: The) -> Mining:
    """Read again, and catch up."""
    platform.minings.resume(by, key)
    return _shown(platform, key)


@act("/minings/{key:str}/streams/{name:str}/stop")
def stop_stream(key: Key, name: Name, by: By, platform: The) -> Mining:
    """Leave this stream as it is until it is resumed."""
    _check_stream(name)
    platform.minings.stop_stream(by, key, name)
    return _shown(platform, key)


@act("/minings/{key:str}/streams/{name:str}/resume")
def resume_stream(key: Key, name: Name, by: By, platform: The) -> Mining:
    """Read this stream again, and catch up, deletes included."""
    _check_stream(name)
    platform.minings.resume_stream(by, key, name)
    return _shown(platform, key)


def _shown(platform: The, key: str) -> Mining:
    found = mining_views.mining(platform, key)
    if found is None:
        raise Missing("There is no such mining.", advice="It begins with the first task.")
    return shown(Mining, found)


def _check_stream(name: str) -> None:
    if name not in _STREAMS:
        raise Missing(f"There is no stream {name!r}.", advice="Load the mining again.")


HANDLERS = (minings, mining, stop, resume, stop_stream, resume_stream)
