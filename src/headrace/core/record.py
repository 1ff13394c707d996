"""Records and sightings: what Headrace says about one row of CODING at one moment.

A *record* is the content of one key. A *sighting* is a record, or its absence, together with the
moment the request that showed it was *sent*: order is decided by that, never by arrival.
"""

from __future__ import annotations

import enum
import hashlib
import json
from functools import lru_cache
from typing import Any

import msgspec

Body = dict[str, Any]
Key = str  # canonical JSON array of the key's values: '[2001,41]'

_WHOLE_MAX = 2**53  # up to here a float holds every whole number


class Origin(enum.StrEnum):
    """Which kind of reading produced a sighting."""

    SNAPSHOT = "snapshot"
    POLL = "poll"
    CENSUS = "census"
    HOOK = "hook"


@lru_cache(maxsize=4096)  # hours and percentages repeat
def _plain_number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < _WHOLE_MAX else number


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(float_hook=_plain_number)


def decode_json(data: bytes) -> Any:
    """Decode JSON. Lone surrogates, which UTF-8 cannot hold, become U+FFFD (the one lossy case).

    8.0 is read as 8: CODING spells the same hours both ways, and content is what counts.
    Raises `ValueError` for anything that is not JSON, NaN and Infinity included.
    """
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _decode_slowly(data)


def _decode_slowly(data: bytes) -> Any:
    """The standard decoder takes what msgspec refuses: escaped lone surrogates."""
    value = json.loads(data, parse_constant=_refuse_constant, parse_float=_plain_number)
    text = json.dumps(value, ensure_ascii=False)
    return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def encode_body(body: Body) -> bytes:
    """Canonical JSON: UTF-8, keys sorted, so that equal content has equal bytes."""
    return _encoder.encode(body)


def make_key(values: tuple[Any, ...]) -> Key:
    """The canonical text of a key's values."""
    return msgspec.json.encode(values).decode()


def digest_of(body: bytes) -> bytes:
    """16 bytes that change when the content does."""
    return hashlib.blake2b(body, digest_size=16).digest()


class Record(msgspec.Struct, frozen=True):
    """The content of one key: `body` is canonical JSON, `version` CODING's update time in ms."""

    stream: str
    key: Key
    scope: str
    version: int | None
    digest: bytes
    body: bytes

    def value(self) -> Body:
        """The decoded body."""
        decoded: Body = _decoder.decode(self.body)
        return decoded


class Seen(msgspec.Struct, frozen=True):
    """A sighting: this record had this content at `seen_at` (a stamp, see `core.stamp`).

    `partial`: the body holds only the fields that the reading vouches for (a detail Action); the
    others are taken from the record on file.
    """

    record: Record
    seen_at: int
    origin: Origin
    partial: bool = False

    @property
    def key(self) -> Key:
        """The key seen."""
        return self.record.key


class Gone(msgspec.Struct, frozen=True):
    """A sighting: this key was confirmed absent at `seen_at`."""

    stream: str
    key: Key
    seen_at: int
    origin: Origin
    reason: str


Sighting = Seen | Gone


class Reject(msgspec.Struct, frozen=True):
    """A row that could not become a record, kept with its reason (Invariant 6)."""

    stream: str
    scope: str
    reason: str
    body: bytes


class OnFile(msgspec.Struct, frozen=True):
    """What the mirror holds for a key.

    `seen_at`: stamp of the last accepted sighting. `offset`, `changed_at`: the last change and when
    it was noticed (ms UTC). `deleted` marks a tombstone.
    """

    record: Record
    seen_at: int
    offset: int
    changed_at: int
    deleted: bool = False
