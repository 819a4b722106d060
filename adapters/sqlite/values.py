"""Between rows and values: times as microseconds, ids as bytes, and what an envelope's row means."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from schemas.envelope import Envelope, Header
from schemas.records import Direction, StoredEvent

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

CONTROL_PREFIX: Final = "cn.sihu.control."

Row = tuple[Any, ...]
"""One row as SQLite hands it over."""

STORED_COLUMNS: Final = """
    position, envelope_id, chain_number, direction, recorded_at, level, early, newer_schema,
    header, signatures, keys, content,
    (SELECT k.key FROM content_keys AS k WHERE k.position = envelopes.position)"""
"""What ``stored_event`` needs, in its order."""


def first(cursor: Iterable[Row]) -> Row | None:
    """Return the only or first row, or None."""
    return next(iter(cursor), None)


def micros(at: datetime) -> int:
    """Return an aware time as microseconds since 1970 UTC."""
    return (at - _EPOCH) // _MICROSECOND


def moment(count: int) -> datetime:
    """Return microseconds since 1970 as aware UTC."""
    return _EPOCH + timedelta(microseconds=count)


def moment_or_none(count: int | None) -> datetime | None:
    """Return microseconds since 1970 as aware UTC, None for NULL."""
    return None if count is None else moment(count)


def joined(codes: Sequence[str]) -> str:
    """Spell county codes as one column."""
    return ",".join(codes)


def parted(text: str) -> tuple[str, ...]:
    """Read county codes back."""
    return tuple(text.split(","))


def stored_event(row: Row) -> StoredEvent:
    """Read a row of ``STORED_COLUMNS``: the header is parsed anew from its bytes, no other column speaks for it."""
    position, envelope_id, chain_number, direction, recorded_at, level, early, newer_schema, *parts = row
    header, signatures, keys, content, content_key = parts
    return StoredEvent(
        position,
        chain_number,
        Direction(direction),
        Envelope(envelope_id.hex(), Header.model_validate_json(header), header, signatures, keys, content),
        moment(recorded_at),
        bool(early),
        bool(newer_schema),
        level,
        content_key=content_key or b"",
    )
