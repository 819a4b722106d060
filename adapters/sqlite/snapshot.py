# ruff: noqa: S608 - only names of columns are put into statements; every value is bound
"""Reading the store: consistent, also while somebody writes."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

import apsw

from adapters.sqlite import notices, quarantine, signals
from adapters.sqlite.calls import SELECT_CALLS, calls_in
from adapters.sqlite.cap import SqliteCapShown
from adapters.sqlite.cases import SqliteCases
from adapters.sqlite.chains import SELECT_EPOCH, SELECT_OF_SOURCE, chain_of
from adapters.sqlite.consoles import SqliteConsoleShown
from adapters.sqlite.counters import GAUGES, JOURNAL, lane_doubt, lane_end, lane_published, named
from adapters.sqlite.courses import CourseReading
from adapters.sqlite.duties import SqliteDutiesShown
from adapters.sqlite.erasures import SELECT_ERASURES, erasures_in
from adapters.sqlite.facts import UNKNOWN
from adapters.sqlite.files import SqliteFiles
from adapters.sqlite.histories import SELECT_FLOWS, SELECT_VALID, alerts_joined, alerts_of, marks_of, spelled
from adapters.sqlite.journal import entry_of
from adapters.sqlite.ledger import SqliteLedger
from adapters.sqlite.listing import SELECT_ANY_UNACKNOWLEDGED, Listing, summaries_at
from adapters.sqlite.outbox import SELECT_POSITION
from adapters.sqlite.paging import SqlitePagingShown
from adapters.sqlite.progress import deliveries_of, last_stored, oldest_unstored, owing
from adapters.sqlite.receipts import SELECT_COVERING, receipt_of
from adapters.sqlite.releases import SqliteReleasesShown
from adapters.sqlite.search import SqliteSearchShown
from adapters.sqlite.threads import SqliteThreadsShown
from adapters.sqlite.values import STORED_COLUMNS, Row, first, micros, moment, moment_or_none, stored_event
from schemas.carriage import Publication
from schemas.completeness import Claim, ForkEvidence, Gap, Heard, Owing, SignedBytes
from schemas.envelope import Header
from schemas.notices import Notice
from schemas.records import (
    CallRow,
    Chain,
    Delivery,
    Direction,
    ErasureRow,
    EventSummary,
    FlowPeople,
    HeldAlert,
    JournalEntry,
    KeptLink,
    Page,
    Quarantined,
    ReceiptRow,
    StoredEvent,
)
from schemas.subjects import Lane

_SELECT_WAITING: Final = """
    SELECT p.sequence, p.subject, e.header, e.signatures, e.keys, e.content
    FROM publications AS p JOIN envelopes AS e ON e.position = p.position
    WHERE p.lane = ? AND p.sequence > ? ORDER BY p.sequence LIMIT ?"""
_SELECT_COUNTER: Final = "SELECT value FROM counters WHERE name = ?"
_SELECT_STREAM: Final = "SELECT sequence FROM positions WHERE stream = ?"
_SELECT_HEADS: Final = """
    SELECT c.source, e.recorded_at, e.header FROM chains AS c
    CROSS JOIN envelopes AS e ON e.chain_number = c.number AND e.seq = c.head_seq
    WHERE e.direction = 'in' ORDER BY e.position"""
_SELECT_LAST_HEARD: Final = """
    SELECT c.source, max(e.recorded_at) FROM chains AS c
    CROSS JOIN envelopes AS e ON e.chain_number = c.number AND e.seq = c.head_seq
    WHERE e.direction = 'in' GROUP BY c.source"""
_SELECT_RUN: Final = f"""
    SELECT {STORED_COLUMNS} FROM envelopes
    WHERE chain_number = ? AND seq BETWEEN ? AND ? AND refused = 0 ORDER BY seq"""
_SELECT_COUNTERS: Final = "SELECT name, value FROM counters"
_SELECT_OLDEST_HELD: Final = "SELECT min(held_at) FROM held_back"
_COUNT_WAITING: Final = "SELECT count(*) FROM publications WHERE lane = ? AND sequence > ?"
_SELECT_EVENT: Final = f"SELECT {STORED_COLUMNS} FROM envelopes WHERE position = ? AND refused = 0"
_SELECT_PARTS: Final = "SELECT header, signatures, keys, content FROM envelopes WHERE position = ? AND refused = 0"
_SELECT_LINKS: Final = """
    SELECT seq, envelope_id, header, signatures FROM envelopes
    WHERE chain_number = ? AND seq BETWEEN ? AND ? ORDER BY seq"""
_SELECT_JOURNAL: Final = """
    SELECT sequence, kind, reference, at FROM journal WHERE sequence > ? ORDER BY sequence LIMIT ?"""


class SqliteSnapshot(CourseReading):
    """Satisfies ``services.ports.Snapshot`` within one read transaction of ``connection``."""

    def __init__(self, connection: apsw.Connection) -> None:
        """Read through ``connection``."""
        self._connection = connection

    def _ask(self, sql: str, bindings: Row = ()) -> apsw.Cursor:
        return self._connection.execute(sql, bindings)

    @property
    def files(self) -> SqliteFiles:
        """Files that events carry."""
        return SqliteFiles(self._ask)

    @property
    def threads(self) -> SqliteThreadsShown:
        """Campaigns, offers, projects."""
        return SqliteThreadsShown(self._ask)

    @property
    def releases(self) -> SqliteReleasesShown:
        """Drafts, and who stands behind what was sent."""
        return SqliteReleasesShown(self._ask)

    @property
    def duties(self) -> SqliteDutiesShown:
        """Who is on duty at partners, and what they were told."""
        return SqliteDutiesShown(self._ask)

    @property
    def search(self) -> SqliteSearchShown:
        """Words of events."""
        return SqliteSearchShown(self._ask)

    @property
    def console(self) -> SqliteConsoleShown:
        """Who enters the console."""
        return SqliteConsoleShown(self._ask)

    @property
    def ledger(self) -> SqliteLedger:
        """Aggregates."""
        return SqliteLedger(self._ask)

    # -- the outbox ---------------------------------------------------------------------------------

    def waiting(self, lane: Lane, after: int, limit: int, max_bytes: int) -> list[Publication]:
        """Return publications of a lane behind ``after`` in order, at least one if any waits."""
        found: list[Publication] = []
        size = 0
        for sequence, subject, *parts in self._ask(_SELECT_WAITING, (lane.value, after, limit)):
            message = b"\n".join(parts)
            size += len(message)
            if found and size > max_bytes:
                break
            found.append(Publication(sequence, subject, message))
        return found

    def published_up_to(self, lane: Lane) -> int:
        """Return the last own sequence known to be at the hub."""
        return self._counter(lane_published(lane))

    def lane_end(self, lane: Lane) -> int:
        """Return the last dense sequence of a lane."""
        return self._counter(lane_end(lane))

    def in_doubt(self, lane: Lane) -> bool:
        """Tell whether the numbering of a lane must be compared with the hub's first."""
        return self._counter(lane_doubt(lane)) > 0

    def position(self, stream: str) -> int | None:
        """Return up to where a stream has been worked off, None if that is not known."""
        row = first(self._ask(_SELECT_STREAM, (stream,)))
        return row[0] if row and row[0] != UNKNOWN else None

    def _counter(self, name: str) -> int:
        row = first(self._ask(_SELECT_COUNTER, (name,)))
        return row[0] if row else 0

    # -- events -------------------------------------------------------------------------------------

    def events(
        self,
        *,
        direction: Direction | None,
        wire_type: str | None,
        since: int,
        limit: int,
        newest_first: bool = False,
        unacknowledged: bool = False,
    ) -> Page[EventSummary]:
        """Return listed events behind ``since`` in the order asked for; newest first, 0 starts at the newest."""
        listing = Listing(self._ask, wire_type=wire_type, since=since, limit=limit, newest_first=newest_first)
        return listing.unacknowledged(direction) if unacknowledged else listing.page(direction)

    def unacknowledged(self, limit: int) -> int:
        """Return how many incoming events ask for an acknowledgement and have none; ``limit`` if they are more."""
        return len(list(self._ask(SELECT_ANY_UNACKNOWLEDGED, (limit,))))

    def event(self, envelope_id: str) -> StoredEvent | None:
        """Return one envelope with all its bytes, or None; refused links lack theirs."""
        found = first(self._ask(SELECT_POSITION, (bytes.fromhex(envelope_id),)))
        return self._at(found[0]) if found else None

    def message(self, envelope_id: str) -> bytes | None:
        """Return one envelope as it travels, or None."""
        found = first(self._ask(SELECT_POSITION, (bytes.fromhex(envelope_id),)))
        parts = first(self._ask(_SELECT_PARTS, found)) if found else None
        return b"\n".join(parts) if parts else None

    def _at(self, position: int) -> StoredEvent | None:
        row = first(self._ask(_SELECT_EVENT, (position,)))
        return None if row is None else replace(stored_event(row), marks=marks_of(self._ask, position))

    def alerts(self, alert_ids: Collection[str]) -> list[HeldAlert]:
        """Return the alerts recorded under these ids, oldest first."""
        return alerts_of(self._ask, alert_ids)

    def alerts_until(self, now: datetime, limit: int) -> list[EventSummary]:
        """Return alerts that have not expired, newest first."""
        positions = [row[0] for row in self._ask(SELECT_VALID, (micros(now), limit))]
        return summaries_at(self._ask, positions)

    def alerts_of_event(self, alert_ids: Collection[str], sources: Collection[str]) -> list[HeldAlert]:
        """Return the alerts of these sources that belong to one event with these ids, oldest first."""
        return alerts_joined(self._ask, alert_ids, sources)

    def flow_reports(self, source: str, people: FlowPeople, limit: int) -> list[StoredEvent]:
        """Return the population reports of a source about the same people, newest first."""
        positions = list(self._ask(SELECT_FLOWS, (source, spelled(people), limit)))
        return [event for row in positions if (event := self._at(row[0])) is not None]

    def deliveries(self, envelope_id: str) -> list[Delivery]:
        """Return the deliveries of an outgoing event, by recipient."""
        event = self.event(envelope_id)
        return deliveries_of(self._ask, event.chain_number, event.envelope.header.seq) if event else []

    def receipts(self, envelope_id: str) -> list[ReceiptRow]:
        """Return every receipt that covers an event, oldest first."""
        event = self.event(envelope_id)
        if event is None:
            return []
        rows = self._ask(SELECT_COVERING, (event.chain_number, event.envelope.header.seq))
        return [receipt_of(row) for row in rows]

    def clocks_ahead(self) -> Mapping[str, float]:
        """Return, per county, by how many seconds the time of its newest head was ahead of ours when that came."""
        newest = {row[0]: row[1:] for row in self._ask(_SELECT_HEADS)}
        return {
            source: (Header.model_validate_json(header).time - moment(recorded_at)).total_seconds()
            for source, (recorded_at, header) in newest.items()
        }

    def chain(self, channel: str, epoch: str) -> Chain | None:
        """Return one epoch of a channel, or None."""
        row = first(self._ask(SELECT_EPOCH, (channel, epoch)))
        return None if row is None else chain_of(row)

    def links(self, chain_number: int, first_seq: int, last_seq: int) -> list[KeptLink]:
        """Return the links of a chain from ``first_seq`` to ``last_seq`` that are here, early and refused ones, too."""
        rows = self._ask(_SELECT_LINKS, (chain_number, first_seq, last_seq))
        return [KeptLink(seq, envelope_id.hex(), header, signatures) for seq, envelope_id, header, signatures in rows]

    # -- what changed and what waits ------------------------------------------------------------------

    def journal(self, after: int, limit: int) -> list[JournalEntry]:
        """Return changes behind ``after``."""
        return [entry_of(row) for row in self._ask(_SELECT_JOURNAL, (after, limit))]

    def journal_end(self) -> int:
        """Return the newest journal sequence."""
        return self._counter(JOURNAL)

    def notices(self, *, open_only: bool, limit: int) -> list[Notice]:
        """Return notices, newest first."""
        sql = notices.SELECT_NEWEST_OPEN if open_only else notices.SELECT_NEWEST
        return [notices.notice_of(row) for row in self._ask(sql, (limit,))]

    def quarantined(self, limit: int) -> list[Quarantined]:
        """Return refused messages, newest first, without their bytes."""
        return [quarantine.quarantined_of(row) for row in self._ask(quarantine.SELECT_NEWEST, (limit,))]

    def erasures_of(self, envelope_id: str) -> list[ErasureRow]:
        """Return who has erased the content of an envelope, oldest first."""
        found = first(self._ask(SELECT_POSITION, (bytes.fromhex(envelope_id),)))
        return erasures_in(self._ask(SELECT_ERASURES, (found[0],))) if found else []

    @property
    def cap(self) -> SqliteCapShown:
        """CAP documents, answers, feeds."""
        return SqliteCapShown(self._ask)

    @property
    def cases(self) -> SqliteCases:
        """Cases of joint mediation."""
        return SqliteCases(self._ask)

    @property
    def paging(self) -> SqlitePagingShown:
        """Who is told what."""
        return SqlitePagingShown(self._ask)

    def calls_of(self, envelope_id: str) -> list[CallRow]:
        """Return the calls by telephone about an event, oldest first."""
        return calls_in(self._ask(SELECT_CALLS, (bytes.fromhex(envelope_id),)))

    def oldest_held(self) -> datetime | None:
        """Return since when the oldest link has been held back, None if none is."""
        return moment_or_none(self._ask(_SELECT_OLDEST_HELD).get)

    def counts(self) -> Mapping[str, int]:
        """Return gauges for metrics."""
        counters = named(self._ask(_SELECT_COUNTERS))
        waiting = sum(self._waiting_count(lane, counters.get(lane_published(lane), 0)) for lane in Lane)
        return {**{name: counters.get(name, 0) for name in GAUGES}, "waiting": waiting}

    def _waiting_count(self, lane: Lane, published: int) -> int:
        return int(self._ask(_COUNT_WAITING, (lane.value, published)).get)

    def lanes(self) -> Mapping[Lane, tuple[int, int]]:
        """Return, per lane, the last sequence given out, and the last known to be at the hub."""
        return {lane: (self.lane_end(lane), self.published_up_to(lane)) for lane in Lane}

    def last_stored(self) -> Mapping[str, datetime]:
        """Return, per recipient, when it stored the newest event of a chain that it has proved."""
        return last_stored(self._ask)

    def oldest_unstored(self) -> Mapping[str, datetime]:
        """Return, per recipient that owes *stored*, when the first such event of a chain was accepted, the earliest."""
        return oldest_unstored(self._ask)

    # -- completeness ---------------------------------------------------------------------------------

    def owing(self) -> list[Owing]:
        """Return who owes *stored* for which chain of ours, by chain and recipient."""
        return owing(self._ask)

    def run_of(self, chain_number: int, first: int, last: int, max_bytes: int) -> list[StoredEvent]:
        """Return the recorded links of a run of a chain in order, at least one if there is any."""
        found: list[StoredEvent] = []
        size = 0
        for row in self._ask(_SELECT_RUN, (chain_number, first, last)):
            event = stored_event(row)
            size += len(event.envelope.to_wire())
            if found and size > max_bytes:
                break
            found.append(event)
        return found

    def signed_at(self, chain_number: int, seq: int) -> SignedBytes | None:
        """Return what was signed at a place of a chain, refused links too, or None."""
        row = first(self._ask(signals.SELECT_SIGNED, (chain_number, seq)))
        return None if row is None else signals.signed_of(row)

    def heads(self) -> list[Chain]:
        """Return the newest epoch of every channel, by number."""
        return [chain_of(row) for row in self._ask(signals.SELECT_HEADS)]

    def gaps(self, limit: int) -> list[Gap]:
        """Return partners' chains of which links beyond a missing one are here, by number."""
        return signals.gaps_of(self._ask, limit)

    def heard(self, wire_type: str) -> list[Heard]:
        """Return the newest signal of one kind of every county, by county."""
        return [signals.heard_of(row) for row in self._ask(signals.SELECT_HEARD, (wire_type,))]

    def claims(self, limit: int) -> list[Claim]:
        """Return open claims, the oldest first."""
        return [signals.claim_of(row) for row in self._ask(signals.SELECT_CLAIMS, (limit,))]

    def forks(self, limit: int) -> list[ForkEvidence]:
        """Return proofs of forks, the newest first."""
        return [signals.fork_of(row) for row in self._ask(signals.SELECT_FORKS, (limit,))]

    def last_heard(self) -> Mapping[str, datetime]:
        """Return, per county, when the newest link at the head of a chain of its came."""
        return {source: moment(at) for source, at in self._ask(_SELECT_LAST_HEARD)}

    def chains_of(self, source: str) -> list[Chain]:
        """Return every epoch of every channel of a county, by number."""
        return [chain_of(row) for row in self._ask(SELECT_OF_SOURCE, (source,))]
