"""What a Service Hook delivery means: its event, its project, and what should be read again.

Pure, and never raises for a body, however odd: bodies are partial, ids may be numbers or texts, and
a hook with a template of its own sends anything. A body is only a hint; the API is the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from headrace.core.ports import Delivery, Hint
from headrace.core.record import Body, Key, decode_json, make_key
from headrace.core.stream import HookRule, Strategy, Stream, key_of

PING = "PING"
UNKNOWN = "UNKNOWN"
EVENT_HEADER = "x-coding-service-hook-event"
DELIVERY_HEADER = "x-coding-delivery"
SIGNATURE_HEADER = "x-coding-signature"
_LEGACY_HEADER = "x-coding-event"
_PROJECTS = "projects"
_EVENT_CHARS_MAX = 64
_NUMBER_MAX = 2**63 - 1

# Legacy WebHooks say less than the codes of today; each stands for one that hints at as much.
LEGACY = {
    "push": "GIT_PUSHED",
    "merge request": "GIT_MR_UPDATED",
    "merge_request": "GIT_MR_UPDATED",
    "member": "MEMBER_ROLE_UPDATED",
    "ci": "CI_JOB_UPDATED",
    "ping": PING,
}
# The issue comes twice: under `issue` and under its type. The second is read where the first is
# missing; `defect` was seen, the others are by analogy.
_COPIES = {"issue": ("defect", "requirement", "mission", "epic", "sub_task", "subtask")}
_PROJECT_IDS = (
    "project.id",
    "issue.project_id",
    "issueComment.issue.project_id",
    "iteration.project_id",
    "artifact.projectId",
)
# Fields of a body's `project` and the columns of `projects` that they tell of.
_TOLD = {"name": "Name", "display_name": "DisplayName", "description": "Description"}

OnFile = Callable[[str, Key], Body | None]


@dataclass(frozen=True, slots=True)
class _Judgement:
    hints: tuple[Hint, ...] = ()
    reason: str = ""


def hints_of(
    delivery: Delivery, streams: Sequence[Stream], *, on_file: OnFile | None = None
) -> tuple[Hint, ...]:
    """What to read again, each hint once: by the streams' hook rules, in their order.

    A rule with a key whose body does not name the record hints at the whole project; where the
    project is missing too, at all projects. No event tells of projects themselves: with `on_file`
    (stream and key to the body on file) a delivery whose project's name, display name or
    description differs from the row on file hints at that row.
    """
    return _judge(delivery, streams, on_file).hints


def why_no_hint(delivery: Delivery, streams: Sequence[Stream]) -> str:
    """Why `hints_of` returns nothing; empty when it returns something."""
    return _judge(delivery, streams, None).reason


def document_of(body: bytes, content_type: str = "") -> Any:
    """The decoded JSON of a body, or of its form field `payload`; None where there is none."""
    if content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
        body = _payload(body)
    try:
        return decode_json(body)
    except (ValueError, RecursionError):
        return None


def event_of(headers: Mapping[str, str], document: Any) -> str:
    """The event code: the signed body's own, else that of the headers (names in lower case).

    Legacy names become today's codes; a code that nobody knows is kept; `UNKNOWN` for none at all.
    """
    told = document if isinstance(document, dict) else {}
    for name in (told.get("event"), headers.get(EVENT_HEADER), headers.get(_LEGACY_HEADER)):
        if isinstance(name, str) and name.strip():
            return _code(name)
    return PING if "zen" in told else UNKNOWN


def project_of(document: Any) -> int | None:
    """The id of the project a body speaks of, or None."""
    found = (_whole(_at(document, path)) for path in _PROJECT_IDS)
    return next((project_id for project_id in found if project_id), None)


def _judge(delivery: Delivery, streams: Sequence[Stream], on_file: OnFile | None) -> _Judgement:
    document = document_of(delivery.body, delivery.headers.get("content-type", ""))
    event = _code(delivery.event) if delivery.event else event_of(delivery.headers, document)
    if event == UNKNOWN:
        event = event_of(delivery.headers, document)
    if event == PING:
        return _Judgement(reason="a test event")
    if not isinstance(document, dict):
        kind = "no JSON" if document is None else "no JSON object"
        return _Judgement(reason=f"the body of {event} is {kind}")
    hints = [_hint(s, rule, document) for s in streams for rule in s.hooks if event in rule.events]
    hints += _project_hints(document, streams, on_file)
    if not hints:
        return _Judgement(reason=f"no stream of this connection follows {event}")
    return _Judgement(tuple(dict.fromkeys(hints)))


def _hint(stream: Stream, rule: HookRule, document: Body) -> Hint:
    project_id = project_of(document)
    if not rule.key:
        return Hint(stream.name, project_id, None)
    row = {name: _plain(_at(document, path)) for name, path in rule.key.items()}
    named = _whole(row.get("ProjectId")) if "ProjectId" in row else None
    return Hint(stream.name, named or project_id, _named_key(stream, row))


def _named_key(stream: Stream, row: Body) -> Key | None:
    """The record that is named; for children their parent, by the values of its key."""
    if stream.strategy is not Strategy.CHILDREN:
        return key_of(stream, row)
    return None if None in row.values() else make_key(tuple(row.values()))


def _project_hints(
    document: Body, streams: Sequence[Stream], on_file: OnFile | None
) -> Sequence[Hint]:
    project_id, told = _whole(_at(document, "project.id")), document.get("project")
    if on_file is None or project_id is None or not isinstance(told, dict):
        return ()
    if not any(stream.name == _PROJECTS for stream in streams):
        return ()
    key = make_key((project_id,))
    filed = on_file(_PROJECTS, key)
    if filed is None:
        return ()
    differ = any(
        isinstance(told.get(name), str) and told[name] != filed.get(column)
        for name, column in _TOLD.items()
    )
    return (Hint(_PROJECTS, project_id, key),) if differ else ()


def _at(document: Any, path: str) -> Any:
    """The value at a dotted path; the copies of a missing first part are looked at too."""
    first, _, rest = path.partition(".")
    for name in (first, *_COPIES.get(first, ())):
        value = document.get(name) if isinstance(document, dict) else None
        for part in rest.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None:
            return value
    return None


def _plain(value: Any) -> Any:
    """Numbers, however spelled, as positive integers or None; texts as they are."""
    number = _whole(value)
    return value if number is None and isinstance(value, str) else number


def _whole(value: Any) -> int | None:
    """A positive whole number given as number or text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:
        value = int(value)
    if isinstance(value, float) and value.is_integer() and value < 2**53:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 < value <= _NUMBER_MAX else None


def _code(name: str) -> str:
    name = name.strip()[:_EVENT_CHARS_MAX]
    return LEGACY.get(name.lower(), name)


def _payload(body: bytes) -> bytes:
    try:
        return parse_qs(body, max_num_fields=20).get(b"payload", [b""])[0]
    except ValueError:
        return b""
