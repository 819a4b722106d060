"""Reading the memory store: every question answered by looking at every row."""

from collections.abc import Collection, Mapping
from datetime import datetime
from itertools import islice

from adapters.memory.cap import MemoryCapShown
from adapters.memory.cases import MemoryCases
from adapters.memory.consoles import MemoryConsole
from adapters.memory.courses import CourseReading
from adapters.memory.duties import MemoryDuties
from adapters.memory.files import MemoryFiles
from adapters.memory.headlines import headline_of, kept_content
from adapters.memory.paging import MemoryPagingShown
from adapters.memory.releases import MemoryReleases
from adapters.memory.search import MemorySearch
from adapters.memory.signals import gaps_of
from adapters.memory.state import Link, find_chain, is_unacknowledged
from adapters.memory.threads import MemoryLedger, MemoryThreads
from schemas.carriage import Publication
from schemas.completeness import Claim, ForkEvidence, Gap, Heard, Owing, SignedBytes
from schemas.control import TAKING_STAGES
from schemas.envelope import Envelope
from schemas.notices import Notice
from schemas.records import (
    AlertFacts,
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


class MemorySnapshot(CourseReading):
    """Satisfies ``services.ports.Snapshot``."""

    @property
    def files(self) -> MemoryFiles:
        """Files that events carry."""
        return MemoryFiles(self._state)

    @property
    def cap(self) -> MemoryCapShown:
        """CAP documents, answers, feeds."""
        return MemoryCapShown(self._state)

    @property
    def releases(self) -> MemoryReleases:
        """Drafts, and who stands behind what was sent."""
        return MemoryReleases(self._state)

    @property
    def duties(self) -> MemoryDuties:
        """Who is on duty at partners, and what they were told."""
        return MemoryDuties(self._state)

    @property
    def search(self) -> MemorySearch:
        """Words of events."""
        return MemorySearch(self._state)

    @property
    def console(self) -> MemoryConsole:
        """Who enters the console."""
        return MemoryConsole(self._state)

    @property
    def threads(self) -> MemoryThreads:
        """Campaigns, offers, projects."""
        return MemoryThreads(self._state)

    @property
    def ledger(self) -> MemoryLedger:
        """Aggregates."""
        return MemoryLedger(self._state)

    def waiting(self, lane: Lane, after: int, limit: int, max_bytes: int) -> list[Publication]:
        """Return publications of a lane behind ``after`` in order, at least one if any waits."""
        found: list[Publication] = []
        size = 0
        for sequence in sorted(seq for at, seq in self._state.publications if at == lane and seq > after)[:limit]:
            subject, envelope_id = self._state.publications[lane, sequence]
            message = self._link(envelope_id).event.envelope.to_wire()
            size += len(message)
            if found and size > max_bytes:
                break
            found.append(Publication(sequence, subject, message))
        return found

    def published_up_to(self, lane: Lane) -> int:
        """Return the last own sequence known to be at the hub."""
        return self._state.published.get(lane, 0)

    def lane_end(self, lane: Lane) -> int:
        """Return the last dense sequence of a lane."""
        return self._state.lane_ends.get(lane, 0)

    def in_doubt(self, lane: Lane) -> bool:
        """Tell whether the numbering of a lane must be compared with the hub's first."""
        return lane in self._state.doubted

    def position(self, stream: str) -> int | None:
        """Return up to where a stream has been worked off, None if that is not known."""
        return self._state.positions.get(stream)

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
        behind = (at for at in self._state.links if (at > since if not newest_first else not since or at < since))
        links = (self._state.links[position] for position in sorted(behind, reverse=newest_first))
        wanted = (
            link
            for link in links
            if link.listed
            and direction in {None, link.event.direction}
            and wire_type in {None, link.event.envelope.header.type}
            and (not unacknowledged or is_unacknowledged(self._state, link))
        )
        rows = list(islice(wanted, limit))
        return Page(tuple(map(self._summary, rows)), rows[-1].event.position if rows else since)

    def unacknowledged(self, limit: int) -> int:
        """Return how many incoming events ask for an acknowledgement and have none; ``limit`` if they are more."""
        return min(limit, sum(is_unacknowledged(self._state, link) for link in self._state.links.values()))

    def _summary(self, link: Link) -> EventSummary:
        event, header = link.event, link.event.envelope.header
        return EventSummary(
            position=event.position,
            envelope_id=event.envelope.envelope_id,
            direction=event.direction,
            wire_type=header.type,
            source=header.source,
            audience=tuple(header.to),
            channel=header.channel,
            epoch=header.epoch,
            seq=header.seq,
            time=header.time,
            recorded_at=event.recorded_at,
            expires=header.expires,
            acknowledge_by=header.acknowledge_by,
            status=header.status,
            priority=header.priority,
            level=event.level,
            headline=headline_of(event.envelope),
            early=event.early,
            stored_count=self._stored_count(event),
            acknowledged_count=self._acknowledged_count(event),
            marks=event.marks,
            kept=kept_content(event),
        )

    def _stored_count(self, event: StoredEvent) -> int:
        if event.direction is Direction.INCOMING:
            return 0
        return sum(one.stored_at is not None for one in self._deliveries(event))

    def _acknowledged_count(self, event: StoredEvent) -> int:
        if event.direction is Direction.OUTGOING:
            return sum(one.acknowledged_at is not None for one in self._deliveries(event))
        issued = (row for row in self._covering(event) if row.direction is Direction.OUTGOING)
        return int(any(row.stage in TAKING_STAGES for row in issued))

    def event(self, envelope_id: str) -> StoredEvent | None:
        """Return one envelope with all its bytes, or None; refused links lack theirs."""
        position = self._state.positions_by_id.get(envelope_id)
        if position is None or self._state.links[position].refused:
            return None
        return self._state.links[position].event

    def message(self, envelope_id: str) -> bytes | None:
        """Return one envelope as it travels, or None."""
        event = self.event(envelope_id)
        return event.envelope.to_wire() if event else None

    def alerts(self, alert_ids: Collection[str]) -> list[HeldAlert]:
        """Return the alerts recorded under these ids, oldest first."""
        return [one for one in self._alerts() if one.facts.alert_id in alert_ids]

    def alerts_until(self, now: datetime, limit: int) -> list[EventSummary]:
        """Return alerts that have not expired, newest first."""
        newest = (link for _, link in sorted(self._state.links.items(), reverse=True))
        valid = (link for link in newest if isinstance(link.about, AlertFacts) and link.about.expires > now)
        return [self._summary(link) for link, _ in zip(valid, range(limit), strict=False)]

    def alerts_of_event(self, alert_ids: Collection[str], sources: Collection[str]) -> list[HeldAlert]:
        """Return the alerts of these sources that belong to one event with these ids, oldest first."""
        alerts = [one for one in self._alerts() if one.source in sources]
        joined: set[str] = set()
        found = set(alert_ids)
        while found != joined:
            joined = found
            near = [{one.facts.alert_id, *one.facts.predecessors} for one in alerts]
            found = joined.union(*(ids for ids in near if ids & joined))
        return [one for one in alerts if one.facts.alert_id in joined]

    def _alerts(self) -> list[HeldAlert]:
        return [
            HeldAlert(link.event.envelope.header.source, link.about, link.event.envelope.header.status)
            for _, link in sorted(self._state.links.items())
            if isinstance(link.about, AlertFacts)
        ]

    def flow_reports(self, source: str, people: FlowPeople, limit: int) -> list[StoredEvent]:
        """Return the population reports of a source about the same people, newest first."""
        links = [link for _, link in sorted(self._state.links.items(), reverse=True) if link.about == people]
        return [link.event for link in links if link.event.envelope.header.source == source][:limit]

    def _link(self, envelope_id: str) -> Link:
        return self._state.links[self._state.positions_by_id[envelope_id]]

    def deliveries(self, envelope_id: str) -> list[Delivery]:
        """Return the deliveries of an outgoing event, by recipient."""
        event = self.event(envelope_id)
        return self._deliveries(event) if event else []

    def _deliveries(self, event: StoredEvent) -> list[Delivery]:
        place = (event.chain_number, event.envelope.header.seq)
        return [due.delivery for key, due in sorted(self._state.dues.items()) if key[:2] == place]

    def receipts(self, envelope_id: str) -> list[ReceiptRow]:
        """Return every receipt that covers an event, oldest first."""
        event = self.event(envelope_id)
        return self._covering(event) if event else []

    def _covering(self, event: StoredEvent) -> list[ReceiptRow]:
        chain, seq = event.chain_number, event.envelope.header.seq
        return [row for row in self._state.receipts if row.target_chain == chain and row.first_seq <= seq <= row.seq]

    def journal(self, after: int, limit: int) -> list[JournalEntry]:
        """Return changes behind ``after``."""
        return self._state.journal[after : after + limit]

    def journal_end(self) -> int:
        """Return the newest journal sequence."""
        return len(self._state.journal)

    def notices(self, *, open_only: bool, limit: int) -> list[Notice]:
        """Return notices, newest first."""
        rows = [one for one in self._state.notices.values() if not (open_only and one.resolved_at)]
        return sorted(rows, key=lambda one: -one.number)[:limit]

    def quarantined(self, limit: int) -> list[Quarantined]:
        """Return refused messages, newest first, without their bytes."""
        rows = list(self._state.quarantined.values())[::-1][:limit]
        return [_without_bytes(row) for row in rows]

    def erasures_of(self, envelope_id: str) -> list[ErasureRow]:
        """Return who has erased the content of an envelope, oldest first."""
        return list(self._state.erasures.get(envelope_id, ()))

    @property
    def cases(self) -> MemoryCases:
        """Cases of joint mediation."""
        return MemoryCases(self._state)

    @property
    def paging(self) -> MemoryPagingShown:
        """Who is told what."""
        return MemoryPagingShown(self._state)

    def calls_of(self, envelope_id: str) -> list[CallRow]:
        """Return the calls by telephone about an event, oldest first."""
        return list(self._state.calls.get(envelope_id, ()))

    def oldest_held(self) -> datetime | None:
        """Return since when the oldest link has been held back, None if none is."""
        return min((one.held_at for one in self._state.held), default=None)

    def counts(self) -> Mapping[str, int]:
        """Return gauges for metrics."""
        state = self._state
        listed = [link.event.direction for link in state.links.values() if link.listed]
        deliveries = [due.delivery for due in state.dues.values()]
        return {
            "events_in": listed.count(Direction.INCOMING),
            "events_out": listed.count(Direction.OUTGOING),
            "deliveries": len(deliveries),
            "stored": sum(one.stored_at is not None for one in deliveries),
            "acknowledged": sum(one.acknowledged_at is not None for one in deliveries),
            "quarantined": len(state.quarantined),
            "held_back": len(state.held),
            "receipts_in": sum(row.direction is Direction.INCOMING for row in state.receipts),
            "receipts_out": sum(row.direction is Direction.OUTGOING for row in state.receipts),
            "notices_open": sum(one.resolved_at is None for one in state.notices.values()),
            "waiting": sum(seq > state.published.get(lane, 0) for lane, seq in state.publications),
        }

    def oldest_unstored(self) -> Mapping[str, datetime]:
        """Return, per recipient that owes *stored*, when the first such event of a chain was accepted, the earliest."""
        first: dict[tuple[int, str], int] = {}
        for (chain, seq, recipient), due in sorted(self._state.dues.items(), key=lambda item: item[0]):
            if due.owes_stored:
                first.setdefault((chain, recipient), seq)
        found: dict[str, datetime] = {}
        for (chain, recipient), seq in first.items():
            at = self._state.links[self._state.positions_by_place[chain, seq]].event.recorded_at
            found[recipient] = min(at, found.get(recipient, at))
        return found

    def owing(self) -> list[Owing]:
        """Return who owes *stored* for which chain of ours, by chain and recipient."""
        first: dict[tuple[int, str], int] = {}
        for (chain, seq, recipient), due in sorted(self._state.dues.items(), key=lambda item: item[0]):
            if due.owes_stored:
                first.setdefault((chain, recipient), seq)
        return [Owing(chain, recipient, seq) for (chain, recipient), seq in sorted(first.items())]

    def run_of(self, chain_number: int, first: int, last: int, max_bytes: int) -> list[StoredEvent]:
        """Return the recorded links of a run of a chain in order, at least one if there is any."""
        found: list[StoredEvent] = []
        size = 0
        for seq in sorted(seq for chain, seq in self._state.positions_by_place if chain == chain_number):
            link = self._state.links[self._state.positions_by_place[chain_number, seq]]
            if not first <= seq <= last or link.refused:
                continue
            size += len(link.event.envelope.to_wire())
            if found and size > max_bytes:
                break
            found.append(link.event)
        return found

    def signed_at(self, chain_number: int, seq: int) -> SignedBytes | None:
        """Return what was signed at a place of a chain, refused links too, or None."""
        position = self._state.positions_by_place.get((chain_number, seq))
        if position is None:
            return None
        one = self._state.links[position].event.envelope
        return SignedBytes(one.envelope_id, one.header_bytes, one.signatures_bytes)

    def heads(self) -> list[Chain]:
        """Return the newest epoch of every channel, by number."""
        newest: dict[str, Chain] = {}
        for one in sorted(self._state.chains.values(), key=lambda one: (int(one.epoch.partition("-")[0]), one.number)):
            newest[one.channel] = one
        return sorted(newest.values(), key=lambda one: one.number)

    def gaps(self, limit: int) -> list[Gap]:
        """Return partners' chains of which links beyond a missing one are here, by number."""
        return gaps_of(self._state, limit)

    def heard(self, wire_type: str) -> list[Heard]:
        """Return the newest signal of one kind of every county, by county."""
        return [one for (_, kind), one in sorted(self._state.heard.items()) if kind == wire_type]

    def claims(self, limit: int) -> list[Claim]:
        """Return open claims, the oldest first."""
        found = self._state.claims.values()
        return sorted(found, key=lambda one: (one.claimed_at, one.claimant, one.channel))[:limit]

    def forks(self, limit: int) -> list[ForkEvidence]:
        """Return proofs of forks, the newest first."""
        return sorted(self._state.forks.values(), key=lambda one: (one.found_at, one.channel, one.epoch))[::-1][:limit]

    def last_heard(self) -> Mapping[str, datetime]:
        """Return, per county, when the newest link at the head of a chain of its came."""
        found: dict[str, datetime] = {}
        for link in self._state.links.values():
            event = link.event
            head = self._state.chains[event.chain_number].head.seq
            source, at = event.envelope.header.source, event.recorded_at
            if event.direction is Direction.INCOMING and event.envelope.header.seq == head:
                found[source] = max(at, found.get(source, at))
        return found

    def lanes(self) -> Mapping[Lane, tuple[int, int]]:
        """Return, per lane, the last sequence given out, and the last known to be at the hub."""
        return {lane: (self.lane_end(lane), self.published_up_to(lane)) for lane in Lane}

    def last_stored(self) -> Mapping[str, datetime]:
        """Return, per recipient, when it stored the newest event of a chain that it has proved, the latest."""
        newest: dict[tuple[int, str], datetime] = {}
        for (chain, _, recipient), due in sorted(self._state.dues.items(), key=lambda item: item[0]):
            if due.delivery.stored_at is not None:
                newest[chain, recipient] = due.delivery.stored_at
        found: dict[str, datetime] = {}
        for (_, recipient), at in newest.items():
            found[recipient] = max(at, found.get(recipient, at))
        return found

    def chains_of(self, source: str) -> list[Chain]:
        """Return every epoch of every channel of a county, by number."""
        found = [one for one in self._state.chains.values() if one.source == source]
        return sorted(found, key=lambda one: one.number)

    def clocks_ahead(self) -> Mapping[str, float]:
        """Return, per county, by how many seconds the time of its newest head was ahead of ours when that came."""
        newest: dict[str, StoredEvent] = {}
        for _, link in sorted(self._state.links.items()):
            event = link.event
            head = self._state.chains[event.chain_number].head.seq
            if event.direction is Direction.INCOMING and event.envelope.header.seq == head:
                newest[event.envelope.header.source] = event
        return {
            source: (event.envelope.header.time - event.recorded_at).total_seconds() for source, event in newest.items()
        }

    def chain(self, channel: str, epoch: str) -> Chain | None:
        """Return one epoch of a channel, or None."""
        return find_chain(self._state.chains, channel, epoch)

    def links(self, chain_number: int, first_seq: int, last_seq: int) -> list[KeptLink]:
        """Return the links of a chain from ``first_seq`` to ``last_seq`` that are here, early and refused ones, too."""
        places = sorted(place for place in self._state.positions_by_place if place[0] == chain_number)
        found = [self._state.links[self._state.positions_by_place[place]].event.envelope for place in places]
        return [_kept(one) for one in found if first_seq <= one.header.seq <= last_seq]


def _kept(envelope: Envelope) -> KeptLink:
    return KeptLink(envelope.header.seq, envelope.envelope_id, envelope.header_bytes, envelope.signatures_bytes)


def _without_bytes(row: Quarantined) -> Quarantined:
    return Quarantined(
        row.digest, row.size, row.source, row.subject, row.code, row.field, row.reason, row.recorded_at, None
    )
