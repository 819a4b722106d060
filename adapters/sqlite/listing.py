"""Pages of events: no content bytes, but a headline read from them.

The headline is read when a page is shown, not when an event is recorded: that keeps the hot path
short and no second copy of the content in the database.
"""

import heapq
import json
from collections.abc import Iterable
from typing import Final

from adapters.sqlite.histories import marks_of
from adapters.sqlite.reached import Ask
from adapters.sqlite.receipts import SELECT_ANSWERED
from adapters.sqlite.values import Row, first, moment
from schemas.base import InformationClass
from schemas.envelope import Header
from schemas.records import Direction, EventSummary, KeptContent, Page

_COLUMNS: Final = """position, envelope_id, chain_number, direction, recorded_at, level, early, header, content,
    (SELECT k.key FROM content_keys AS k WHERE k.position = envelopes.position)"""
_SELECT: Final = """
    SELECT {columns} FROM envelopes WHERE listed = 1 AND direction = ? AND {where}
    ORDER BY position {order} LIMIT ?""".replace("{columns}", _COLUMNS)
_SELECT_AT: Final = "SELECT {columns} FROM envelopes WHERE listed = 1 AND position = ?".replace("{columns}", _COLUMNS)
_SELECT_UNACKNOWLEDGED: Final = """
    SELECT {columns} FROM envelopes WHERE position IN (
        SELECT position FROM unacknowledged WHERE {where} ORDER BY position {order} LIMIT ?
    ) ORDER BY position {order}""".replace("{columns}", _COLUMNS)
SELECT_ANY_UNACKNOWLEDGED: Final = "SELECT position FROM unacknowledged LIMIT ?"
_FORWARD: Final = "position > ?"
_BACKWARD: Final = "position < ?"
_OF_TYPE: Final = " AND wire_type = ?"
_LAST_POSITION: Final = 2**63 - 1
_COUNT_PROGRESS: Final = """
    SELECT count(*) FROM settled AS s WHERE s.chain_number = ?1 AND ?2 <= (
        SELECT r.last_seq FROM reached AS r
        WHERE r.chain_number = ?1 AND r.recipient = s.recipient AND r.fact = ?3 AND r.first_seq <= ?2
        ORDER BY r.first_seq DESC LIMIT 1
    )"""

_TITLES: Final = ("headline", "title", "name")
_HEADLINE_MOST: Final = 60


class Listing:
    """One page of events."""

    def __init__(self, ask: Ask, *, wire_type: str | None, since: int, limit: int, newest_first: bool) -> None:
        """Ask for at most ``limit`` events behind ``since``; newest first, 0 starts at the newest."""
        self._ask, self._wire_type, self._limit, self._newest_first = ask, wire_type, limit, newest_first
        self._since = since

    def page(self, direction: Direction | None) -> Page[EventSummary]:
        """Return the events of one direction, or of both merged."""
        directions = Direction if direction is None else (direction,)
        merged = heapq.merge(*map(self._rows, directions), key=_position, reverse=self._newest_first)
        return self._page(row for row, _ in zip(merged, range(self._limit), strict=False))

    def unacknowledged(self, direction: Direction | None) -> Page[EventSummary]:
        """Return those that wait for this county's acknowledgement; none of them went out."""
        if direction is Direction.OUTGOING:
            return self._page(())
        sql, bindings = self._narrowed(_SELECT_UNACKNOWLEDGED)
        return self._page(self._ask(sql, bindings))

    def _page(self, found: Iterable[Row]) -> Page[EventSummary]:
        rows = [summary_of(self._ask, row) for row in list(found)]
        return Page(tuple(rows), rows[-1].position if rows else self._since)

    def _rows(self, direction: Direction) -> list[Row]:
        sql, bindings = self._narrowed(_SELECT)
        return list(self._ask(sql, (direction.value, *bindings)))

    def _narrowed(self, sql: str) -> tuple[str, Row]:
        start = (self._since or _LAST_POSITION) if self._newest_first else self._since
        of_type = () if self._wire_type is None else (self._wire_type,)
        where = (_BACKWARD if self._newest_first else _FORWARD) + (_OF_TYPE if of_type else "")
        return sql.format(where=where, order="DESC" if self._newest_first else "ASC"), (start, *of_type, self._limit)


def summary_of(ask: Ask, row: Row) -> EventSummary:
    """Return one row as it is listed."""
    position, envelope_id, chain_number, direction, recorded_at, level, early, header_bytes, content, key = row
    header = Header.model_validate_json(header_bytes)
    place = (chain_number, header.seq)
    outgoing = direction == Direction.OUTGOING
    personal = header.information_class is InformationClass.PERSONAL  # nobody is shown it in passing
    return EventSummary(
        position=position,
        envelope_id=envelope_id.hex(),
        direction=Direction(direction),
        wire_type=header.type,
        source=header.source,
        audience=tuple(header.to),
        channel=header.channel,
        epoch=header.epoch,
        seq=header.seq,
        time=header.time,
        recorded_at=moment(recorded_at),
        expires=header.expires,
        acknowledge_by=header.acknowledge_by,
        status=header.status,
        priority=header.priority,
        level=level,
        headline=headline_of(content) if header.content.encoding == "none" else "",
        early=bool(early),
        stored_count=_count(ask, place, "stored") if outgoing else 0,
        acknowledged_count=_count(ask, place, "acknowledged") if outgoing else _answered(ask, place),
        marks=marks_of(ask, position),
        kept=KeptContent(header.content.content_id, content, key) if key and not personal else None,
    )


def _count(ask: Ask, place: tuple[int, int], fact: str) -> int:
    return int(ask(_COUNT_PROGRESS, (*place, fact)).get)


def _answered(ask: Ask, place: tuple[int, int]) -> int:
    return len(list(ask(SELECT_ANSWERED, place)))


def summaries_at(ask: Ask, positions: Iterable[int]) -> list[EventSummary]:
    """Return the listed events at these positions, in this order."""
    found = (first(ask(_SELECT_AT, (position,))) for position in positions)
    return [summary_of(ask, row) for row in found if row is not None]


def _position(row: Row) -> int:
    return int(row[0])


def headline_of(content: bytes) -> str:
    """Return the first title-like field of JSON content, at most 60 characters; empty if there is none."""
    try:
        value = json.loads(content)
    except ValueError:
        return ""
    titles = (value.get(key) for key in _TITLES) if isinstance(value, dict) else ()
    return next((title[:_HEADLINE_MOST] for title in titles if isinstance(title, str)), "")
