"""Recorded links and the publications of each lane."""

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.chains import SqliteChains
from adapters.sqlite.counters import JOURNAL, POSITION, Counters, lane_doubt, lane_end, lane_published
from adapters.sqlite.histories import Histories
from adapters.sqlite.journal import Journal
from adapters.sqlite.progress import settled_below
from adapters.sqlite.unsigned import SIGNATURES, SignRun, Unsigned, signed
from adapters.sqlite.values import CONTROL_PREFIX, Row, first, micros
from schemas.errors import InvariantError
from schemas.records import Direction, JournalKind, NewLink, Swept
from schemas.subjects import Lane

_INSERT_ENVELOPE: Final = """
    INSERT INTO envelopes (
        position, envelope_id, chain_number, seq, direction, wire_type, recorded_at, level, early, newer_schema,
        refused, listed, header, signatures, keys, content
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_INSERT_CONTENT_KEY: Final = "INSERT INTO content_keys (position, key) VALUES (?, ?)"
_INSERT_END: Final = "INSERT INTO content_ends (position, ends_at) VALUES (?, ?)"
_INSERT_UNACKNOWLEDGED: Final = "INSERT INTO unacknowledged (position, wire_type) VALUES (?, ?)"
_INSERT_PUBLICATION: Final = "INSERT INTO publications (lane, sequence, position, subject) VALUES (?, ?, ?, ?)"
_SELECT_UNPUBLISHED: Final = "SELECT sequence FROM publications WHERE lane = ? AND sequence > ? ORDER BY sequence"
_RENUMBER: Final = "UPDATE publications SET sequence = ? WHERE lane = ? AND sequence = ?"
_RENUMBERED: Final = "UPDATE publications SET sequence = -sequence WHERE lane = ? AND sequence < 0"
_SELECT_PUBLISHED_AS: Final = "SELECT lane, sequence FROM publications WHERE position = ?"

_SELECT_HELD: Final = """
    SELECT p.sequence, e.chain_number, e.seq, e.recorded_at
    FROM publications AS p CROSS JOIN envelopes AS e ON e.position = p.position
    WHERE p.lane = ? AND p.sequence > ? AND p.sequence <= ? ORDER BY p.sequence LIMIT ?"""
_DROP: Final = "DELETE FROM publications WHERE lane = ? AND sequence = ?"


def position_of(envelope_id: str) -> str:
    """Return the query for where an envelope lies: one look into each group of 8,192, newest first.

    Args:
        envelope_id: An expression of SQL, never a value.
    """
    return f"""
    WITH RECURSIVE ids (part) AS (
        SELECT max(position) >> 13 FROM envelopes
        UNION ALL
        SELECT part - 1 FROM ids WHERE part > 0
    )
    SELECT e.position FROM ids CROSS JOIN envelopes AS e
    WHERE e.position >> 13 = ids.part AND e.envelope_id = {envelope_id} LIMIT 1"""  # noqa: S608


SELECT_POSITION: Final = position_of("?")

_KIND: Final = {Direction.OUTGOING: JournalKind.POSTED, Direction.INCOMING: JournalKind.ARRIVED}
_GAUGE: Final = {Direction.OUTGOING: "events_out", Direction.INCOMING: "events_in"}


class SqliteOutbox:
    """Satisfies ``services.ports.Outbox``."""

    def __init__(self, batch: Batch, counters: Counters, journal: Journal, chains: SqliteChains) -> None:
        """Append through ``batch``; places are taken at ``chains``."""
        self._batch, self._counters, self._journal, self._chains = batch, counters, journal, chains
        self._append_envelope = batch.rows(_INSERT_ENVELOPE, signed)
        self._append_content_key = batch.rows(_INSERT_CONTENT_KEY)
        self._append_end = batch.rows(_INSERT_END)
        self._append_unacknowledged = batch.rows(_INSERT_UNACKNOWLEDGED)
        self._append_publication = batch.rows(_INSERT_PUBLICATION)
        self._positions = batch.recent(str, int)
        self._histories = Histories(batch)

    def record(self, links: Sequence[NewLink]) -> None:
        """Keep accepted links and journal each, refused ones excepted."""
        self._record(links, None)

    def record_unsigned(self, link: NewLink, sign: SignRun) -> None:
        """Keep an own link; it is signed with all that wait when its row is written."""
        self._record([link], sign)

    def _record(self, links: Sequence[NewLink], sign: SignRun | None) -> None:
        position, entry = self._counters.value(POSITION), self._counters.value(JOURNAL)
        for link in links:
            position += 1
            shown = is_listed(link)
            row = self._row(position, link, shown=shown)
            if sign is not None:
                row = (*row[:SIGNATURES], Unsigned(link.envelope, sign), *row[SIGNATURES + 1 :])
            self._append_envelope(row)
            if link.content_key:
                self._append_content_key((position, link.content_key))
            if link.ends_at is not None:
                self._append_end((position, micros(link.ends_at)))
            if not link.refused:
                entry += 1
                self._journal.append((entry, _KIND[link.direction], row[1], row[6]))
            if shown:
                self._list(position, link)
        self._counters.set(POSITION, position)
        self._counters.set(JOURNAL, entry)

    def _list(self, position: int, link: NewLink) -> None:
        self._counters.add(_GAUGE[link.direction], 1)
        if link.asks_acknowledgement:
            self._append_unacknowledged((position, link.envelope.header.type))
        if link.about is not None or link.marks:
            self._histories.note(position, link)

    def _row(self, position: int, link: NewLink, *, shown: bool) -> Row:
        envelope = link.envelope
        header = envelope.header
        self._chains.take_place(link.chain_number, header.seq, early=link.early)
        self._positions[envelope.envelope_id] = position
        return (
            position,
            bytes.fromhex(envelope.envelope_id),
            link.chain_number,
            header.seq,
            link.direction,
            header.type,
            micros(link.recorded_at),
            link.level,
            link.early,
            link.newer_schema,
            link.refused,
            shown,
            envelope.header_bytes,
            envelope.signatures_bytes,
            envelope.keys_bytes,
            envelope.content,
        )

    def enqueue(self, lane: Lane, subject: str, envelope_id: str) -> int:
        """Append a publication and return its dense sequence."""
        position = self._position(envelope_id)
        if position is None:
            raise InvariantError(f"{envelope_id} is published without being recorded")
        sequence = self._counters.add(lane_end(lane), 1)
        self._append_publication((lane, sequence, position, subject))
        return sequence

    def mark_published(self, lane: Lane, up_to: int) -> None:
        """The hub holds everything up to this own sequence; an emptied hub sets it back."""
        if not 0 <= up_to <= self._counters.value(lane_end(lane)):
            raise InvariantError(f"lane {lane} never had a publication {up_to}")
        self._counters.set(lane_published(lane), up_to)

    def renumber(self, lane: Lane, after: int) -> int:
        """Move what is not yet at the hub behind ``after``; return how many."""
        published = self._counters.value(lane_published(lane))
        if after < published:
            raise InvariantError(f"lane {lane} has publications at the hub behind {after}")
        waiting = [row[0] for row in self._batch.ask(_SELECT_UNPUBLISHED, (lane.value, published))]
        for number, sequence in enumerate(waiting, after + 1):
            self._batch.run(_RENUMBER, (-number, lane.value, sequence))  # aside: new numbers may be taken still
        self._batch.run(_RENUMBERED, (lane.value,))
        self._counters.set(lane_published(lane), after)
        self._counters.set(lane_end(lane), after + len(waiting))
        self._counters.set(lane_doubt(lane), 0)
        return len(waiting)

    def doubt(self) -> None:
        """Behind what is known to be at the hub there may be others of ours."""
        for lane in Lane:
            self._counters.set(lane_doubt(lane), 1)

    def sweep(self, lane: Lane, after: int, before: datetime, limit: int) -> Swept:
        """Forget publications of old events for which nobody owes a receipt any more."""
        if self._counters.value(lane_doubt(lane)):
            return Swept(0, None)
        held = list(
            self._batch.ask(_SELECT_HELD, (lane.value, after, self._counters.value(lane_published(lane)), limit))
        )
        old = list(takewhile(lambda row: row[3] < micros(before), held))
        settled = {chain: settled_below(self._batch.ask, chain) for chain in {row[1] for row in old}}
        spent = [sequence for sequence, chain, seq, _ in old if settled[chain](seq)]
        for sequence in spent:
            self._batch.run(_DROP, (lane.value, sequence))
        return Swept(len(spent), old[-1][0] if len(old) == limit else None)

    def is_waiting(self, envelope_id: str) -> bool:
        """Tell whether a publication of this envelope is still to be published."""
        position = self._position(envelope_id)
        if position is None:
            return False
        published_as = list(self._batch.ask(_SELECT_PUBLISHED_AS, (position,)))
        return any(sequence > self._counters.value(lane_published(Lane(lane))) for lane, sequence in published_as)

    def _position(self, envelope_id: str) -> int | None:
        found = self._positions.get(envelope_id)
        if found is not None:
            return found
        row = first(self._batch.ask(SELECT_POSITION, (bytes.fromhex(envelope_id),)))
        return row[0] if row else None


def is_listed(link: NewLink) -> bool:
    """Events are listed; control records and refused links are not."""
    return not link.refused and not link.envelope.header.type.startswith(CONTROL_PREFIX)
