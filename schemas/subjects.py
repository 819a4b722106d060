"""NATS subjects, streams and consumers: the only place that spells one.

``hub.in.<source>.<lane>.<destination>.<mutual>.<noun_verbed>.vN``. The destination is one county
or ``_<agreement>`` when the audience is all parties of the agreement.

Source: docs/decisions/0006-carry-events-over-jetstream.md
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from schemas.ids import CountyCode, is_county

SHARDS: Final = 4
URGENT_STREAM: Final = "EVT_URGENT"
SIGNAL_STREAM: Final = "SIGNAL"
"""Keeps the newest signal of each kind and pair of counties: beacons, requests, proofs."""
BLOB_STREAM: Final = "BLOB"
"""Keeps the chunks of files for some days: what is gone there is asked for again."""
_SIGNAL: Final = "signal"
_BLOB: Final = "blob"
_CHUNK: Final = "content.chunk.v1"
_PREFIX: Final = "cn.sihu."
_TOKENS: Final = 8


class Lane(StrEnum):
    """A lane has its own dense publication sequence, so an alert overtakes any backlog."""

    URGENT = "urgent"
    NORMAL = "normal"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class Subject:
    """The parts of a subject; ``destination`` is a county code or ``_<agreement id>``."""

    source: CountyCode
    lane: Lane
    destination: str
    wire_type: str

    def __str__(self) -> str:
        """Spell the subject."""
        return f"hub.in.{self.source}.{self.lane}.{self.destination}.{self.wire_type.removeprefix(_PREFIX)}"


@lru_cache(maxsize=1024)
def parse_subject(text: str) -> Subject | None:
    """Read a subject back; None if it is not one of ours."""
    tokens = text.split(".")
    if len(tokens) != _TOKENS or tokens[:2] != ["hub", "in"] or not is_county(tokens[2]):
        return None
    try:
        lane = Lane(tokens[3])
    except ValueError:
        return None
    return Subject(CountyCode(tokens[2]), lane, tokens[4], _PREFIX + ".".join(tokens[5:]))


def is_from(text: str, source: str) -> bool:
    """Tell, cheaply, whether a subject lies in the space of one county."""
    return text.startswith(f"hub.in.{source}.")


@dataclass(frozen=True, slots=True)
class SignalSubject:
    """The parts of a signal's subject: always from one county to one other, in no lane of the outbox."""

    source: CountyCode
    destination: CountyCode
    wire_type: str

    def __str__(self) -> str:
        """Spell the subject."""
        return f"hub.in.{self.source}.{_SIGNAL}.{self.destination}.{self.wire_type.removeprefix(_PREFIX)}"


def parse_signal_subject(text: str) -> SignalSubject | None:
    """Read a signal's subject back; None if it is not one."""
    tokens = text.split(".")
    if len(tokens) != _TOKENS or [*tokens[:2], tokens[3]] != ["hub", "in", _SIGNAL]:
        return None
    if not (is_county(tokens[2]) and is_county(tokens[4])):
        return None
    return SignalSubject(CountyCode(tokens[2]), CountyCode(tokens[4]), _PREFIX + ".".join(tokens[5:]))


def signal_space() -> str:
    """Every signal of every county."""
    return f"hub.in.*.{_SIGNAL}.>"


@dataclass(frozen=True, slots=True)
class ChunkSubject:
    """The parts of a chunk's subject: below every lane, and in none of the outbox's numberings.

    Attributes:
        source: Who hands the chunk on: the source of its event, or a member of the audience.
        destination: A county, or ``_<agreement id>``.
    """

    source: CountyCode
    destination: str

    def __str__(self) -> str:
        """Spell the subject."""
        return f"hub.in.{self.source}.{_BLOB}.{self.destination}.{_CHUNK}"


def parse_chunk_subject(text: str) -> ChunkSubject | None:
    """Read a chunk's subject back; None if it is not one."""
    tokens = text.split(".")
    if len(tokens) != _TOKENS or [*tokens[:2], tokens[3]] != ["hub", "in", _BLOB] or not is_county(tokens[2]):
        return None
    return ChunkSubject(CountyCode(tokens[2]), tokens[4]) if ".".join(tokens[5:]) == _CHUNK else None


def blob_space() -> str:
    """Every chunk of every county."""
    return f"hub.in.*.{_BLOB}.>"


def own_space(source: str, lane: Lane) -> str:
    """The subject space of one county's lane: what compare-and-set on append covers."""
    return f"hub.in.{source}.{lane}.>"


def shard_of(source: str) -> int:
    """Shard of a county's normal and repair lanes: first byte of SHA-256(code) modulo 4."""
    return hashlib.sha256(source.encode()).digest()[0] % SHARDS


def stream_of(source: str, lane: Lane) -> str:
    """The hub stream that keeps a county's lane."""
    return URGENT_STREAM if lane is Lane.URGENT else f"EVT_{shard_of(source)}"


def streams() -> tuple[str, ...]:
    """Every event stream of a hub, the urgent one first."""
    return (URGENT_STREAM, *(f"EVT_{shard}" for shard in range(SHARDS)))


def hub_streams() -> tuple[str, ...]:
    """Everything that a hub keeps: the event streams, the one of signals, the one of chunks."""
    return (*streams(), SIGNAL_STREAM, BLOB_STREAM)


def consumer_of(county: str) -> str:
    """Name of the one durable consumer that a county has on each stream."""
    return f"to_{county}"


def inbox_prefix(county: str, random: str) -> str:
    """Reply subjects of one connection: per county and random, so that nobody hears another's."""
    return f"_R.{county}.{random}"
