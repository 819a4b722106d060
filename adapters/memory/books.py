"""Chains, outbox, deliveries and receipts over the memory store's containers."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import takewhile
from typing import Final

from adapters.memory.state import Due, DueKey, Link, Place, SignRun, State, find_chain
from schemas.control import TAKING_STAGES, ReceiptStage
from schemas.envelope import Envelope, Position
from schemas.errors import InvariantError
from schemas.records import Chain, Delivery, Direction, JournalKind, NewLink, ReceiptRow, StoredEvent, Swept
from schemas.subjects import Lane

_JOURNALED: Final = {Direction.OUTGOING: JournalKind.POSTED, Direction.INCOMING: JournalKind.ARRIVED}
_REFUSALS: Final = {ReceiptStage.REJECTED, ReceiptStage.EXPIRED}
_FINAL_RANK: Final = 2
_NOTHING_YET: Final = (None, None, None, None, None, None)


class MemoryChains:
    """Satisfies ``services.ports.Chains``."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def current(self, channel: str) -> Chain | None:
        """Return the newest epoch of a channel: the highest counter, of equals the one opened last."""
        epochs = [one for one in self._state.chains.values() if one.channel == channel]
        return max(epochs, key=lambda one: (int(one.epoch.partition("-")[0]), one.number), default=None)

    def find(self, channel: str, epoch: str) -> Chain | None:
        """Return one epoch of a channel, or None."""
        return find_chain(self._state.chains, channel, epoch)

    def open(self, chain: Chain) -> Chain:
        """Record a new epoch and return it with its number."""
        if self.find(chain.channel, chain.epoch) is not None:
            raise InvariantError(f"epoch {chain.epoch} of {chain.channel} is open already")
        opened = replace(chain, number=len(self._state.chains) + 1)
        self._state.chains[opened.number] = opened
        return opened

    def advance(self, number: int, head: Position) -> None:
        """Move the head forward."""
        chain = self._chain(number)
        if head != chain.head and head.seq <= chain.head.seq:
            raise InvariantError(f"chain {number} stands at {chain.head.seq} and cannot go to {head.seq}")
        self._state.chains[number] = replace(chain, head=head)

    def freeze(self, number: int) -> None:
        """Mark the chain forked."""
        self._state.chains[number] = replace(self._chain(number), frozen=True)

    def retire(self, source: str) -> int:
        """End the newest epoch of every channel of ``source``; return how many."""
        channels = {one.channel for one in self._state.chains.values() if one.source == source}
        for chain in filter(None, map(self.current, channels)):
            self._state.chains[chain.number] = replace(chain, retired=True)
        return len(channels)

    def held_id(self, number: int, seq: int) -> str | None:
        """Return the envelope id held at ``seq``, or None."""
        link = self._link((number, seq))
        return link.event.envelope.envelope_id if link else None

    def has_waiting(self, number: int) -> bool:
        """Tell whether any link is held back, or early and not yet reached."""
        chain = self._chain(number)
        held = any((one.channel, one.epoch) == (chain.channel, chain.epoch) for one in self._state.held)
        return held or any(
            link.event.early and link.event.chain_number == number and link.event.envelope.header.seq > chain.head.seq
            for link in self._state.links.values()
        )

    def early_link(self, number: int, seq: int) -> Envelope | None:
        """Return the early-delivered link at ``seq`` that the head has not reached, or None."""
        link = self._link((number, seq))
        if link is None or not link.event.early or seq <= self._chain(number).head.seq:
            return None
        return link.event.envelope

    def settle_early(self, number: int, seq: int) -> None:
        """The head has reached an early link: it is early no more."""
        link = self._link((number, seq))
        if link is None or not link.event.early:
            raise InvariantError(f"chain {number} holds no early link at {seq}")
        self._state.links[link.event.position] = replace(link, event=replace(link.event, early=False))

    def _chain(self, number: int) -> Chain:
        if number not in self._state.chains:
            raise InvariantError(f"no chain {number}")
        return self._state.chains[number]

    def _link(self, place: Place) -> Link | None:
        position = self._state.positions_by_place.get(place)
        return None if position is None else self._state.links[position]


class MemoryOutbox:
    """Satisfies ``services.ports.Outbox``."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def record(self, links: Sequence[NewLink]) -> None:
        """Keep accepted links and journal each, refused ones excepted."""
        for link in links:
            self._record(link)

    def _record(self, link: NewLink) -> None:
        state, envelope = self._state, link.envelope
        place = (link.chain_number, envelope.header.seq)
        if link.chain_number not in state.chains:
            raise InvariantError(f"no chain {link.chain_number}")
        if place in state.positions_by_place:
            raise InvariantError(f"chain {place[0]} holds a link at {place[1]} already")
        position = len(state.links) + 1
        event = StoredEvent(
            position,
            link.chain_number,
            link.direction,
            envelope,
            link.recorded_at,
            link.early,
            link.newer_schema,
            link.level,
            () if link.refused else tuple(sorted(link.marks)),
            link.content_key,
        )
        state.links[position] = Link(event, link.refused, None if link.refused else link.about)
        state.positions_by_place[place] = position
        state.positions_by_id[envelope.envelope_id] = position
        if link.ends_at is not None:
            state.content_ends[envelope.envelope_id] = link.ends_at
        if not link.refused:
            state.write_down(_JOURNALED[link.direction], envelope.envelope_id, link.recorded_at)

    def record_unsigned(self, link: NewLink, sign: SignRun) -> None:
        """Keep an own link; it is signed with all that wait before anybody reads it."""
        self._record(link)
        self._state.unsigned[len(self._state.links)] = sign

    def enqueue(self, lane: Lane, subject: str, envelope_id: str) -> int:
        """Append a publication and return its dense sequence."""
        if envelope_id not in self._state.positions_by_id:
            raise InvariantError(f"{envelope_id} is published without being recorded")
        sequence = self._state.lane_ends.get(lane, 0) + 1
        self._state.lane_ends[lane] = sequence
        self._state.publications[lane, sequence] = (subject, envelope_id)
        return sequence

    def mark_published(self, lane: Lane, up_to: int) -> None:
        """The hub holds everything up to this own sequence; an emptied hub sets it back."""
        if not 0 <= up_to <= self._state.lane_ends.get(lane, 0):
            raise InvariantError(f"lane {lane} never had a publication {up_to}")
        self._state.published[lane] = up_to

    def renumber(self, lane: Lane, after: int) -> int:
        """Move what is not yet at the hub behind ``after``; return how many."""
        state = self._state
        published = state.published.get(lane, 0)
        if after < published:
            raise InvariantError(f"lane {lane} has publications at the hub behind {after}")
        waiting = sorted(seq for at, seq in state.publications if at == lane and seq > published)
        moved = [state.publications.pop((lane, sequence)) for sequence in waiting]
        state.publications |= {(lane, number): one for number, one in enumerate(moved, after + 1)}
        state.published[lane], state.lane_ends[lane] = after, after + len(waiting)
        state.doubted.discard(lane)
        return len(waiting)

    def doubt(self) -> None:
        """Behind what is known to be at the hub there may be others of ours."""
        self._state.doubted |= set(Lane)

    def sweep(self, lane: Lane, after: int, before: datetime, limit: int) -> Swept:
        """Forget publications of old events for which nobody owes a receipt any more."""
        end = 0 if lane in self._state.doubted else self._state.published.get(lane, 0)
        held = sorted(seq for at, seq in self._state.publications if at == lane and after < seq <= end)[:limit]
        old = list(takewhile(lambda seq: self._event(lane, seq).recorded_at < before, held))
        spent = [seq for seq in old if self._is_spent(self._event(lane, seq))]
        for seq in spent:
            del self._state.publications[lane, seq]
        return Swept(len(spent), old[-1] if len(old) == limit else None)

    def _event(self, lane: Lane, sequence: int) -> StoredEvent:
        _, envelope_id = self._state.publications[lane, sequence]
        return self._state.links[self._state.positions_by_id[envelope_id]].event

    def _is_spent(self, event: StoredEvent) -> bool:
        seq = event.envelope.header.seq
        dues = {key: due for key, due in self._state.dues.items() if key[0] == event.chain_number}
        return any(key[1] == seq for key in dues) and not any(
            due.owes_stored for key, due in dues.items() if key[1] <= seq
        )

    def is_waiting(self, envelope_id: str) -> bool:
        """Tell whether a publication of this envelope is still to be published."""
        return any(
            wanted == envelope_id and sequence > self._state.published.get(lane, 0)
            for (lane, sequence), (_, wanted) in self._state.publications.items()
        )


class MemoryDeliveries:
    """Satisfies ``services.ports.Deliveries``."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def expect(self, chain_number: int, seq: int, recipients: Iterable[str]) -> None:
        """From now on each recipient owes receipts for this event; who owes them already goes on owing."""
        if (chain_number, seq) not in self._state.positions_by_place:
            raise InvariantError(f"chain {chain_number} holds no link at {seq} that could be delivered")
        for recipient in recipients:
            self._state.dues.setdefault((chain_number, seq, recipient), Due(Delivery(recipient, *_NOTHING_YET)))

    def mark(self, receipt: ReceiptRow) -> int:
        """Apply a receipt to every expected delivery it covers, monotonically; return how many changed."""
        covered = [key for key in self._state.dues if _covers(receipt, key)]
        changed = 0
        for key in covered:
            before = self._state.dues[key]
            self._state.dues[key] = after = applied(before, receipt)
            changed += after != before
        self._drop_watches(receipt)
        return changed

    def owed(self, chain_number: int, recipient: str, limit: int) -> list[int]:
        """Return the first sequences of which this recipient has proved nothing."""
        keys = sorted(key for key in self._state.dues if (key[0], key[2]) == (chain_number, recipient))
        return [seq for _, seq, _ in (key for key in keys if self._state.dues[key].owes_stored)][:limit]

    def close(self, recipient: str, code: str, at: datetime) -> int:
        """Nobody waits for this recipient any more: whatever it owes is refused; return how many."""
        owed = [key for key, due in self._state.dues.items() if key[2] == recipient and due.owes_stored]
        return sum(self.mark(closing(recipient, code, chain, (seq, seq), at)) for chain, seq, _ in owed)

    def _drop_watches(self, receipt: ReceiptRow) -> None:
        taken = receipt.stage in TAKING_STAGES
        for key, stage in list(self._state.watches):
            if _covers(receipt, key) and (stage is ReceiptStage.STORED or taken):
                del self._state.watches[key, stage]


def closing(recipient: str, code: str, chain: int, covered: tuple[int, int], at: datetime) -> ReceiptRow:
    """Return the row by which a run of a chain is closed without a receipt."""
    stage, first, last = ReceiptStage.EXPIRED, *covered
    return ReceiptRow("", Direction.INCOMING, recipient, stage, chain, first, last, at, at, code=code)


def _covers(receipt: ReceiptRow, key: DueKey) -> bool:
    chain, seq, recipient = key
    return chain == receipt.target_chain and recipient == receipt.receiver and receipt.first_seq <= seq <= receipt.seq


def applied(due: Due, receipt: ReceiptRow) -> Due:
    """Return the delivery with one more receipt: what came first stays, only a more final answer replaces one."""
    one, at = due.delivery, receipt.received_at
    if receipt.stage is ReceiptStage.STORED:
        return replace(due, delivery=replace(one, stored_at=one.stored_at or at))
    if receipt.stage is ReceiptStage.HANDED_OVER:
        return replace(due, delivery=replace(one, handed_over_at=one.handed_over_at or at))
    if receipt.stage in _REFUSALS:
        return replace(due, delivery=replace(one, refused_code=one.refused_code or receipt.code or receipt.stage.value))
    if receipt.stage not in TAKING_STAGES:
        return replace(due, delivery=_untaken(one, receipt))
    rank = 1 if receipt.stage is ReceiptStage.ACKNOWLEDGED else _FINAL_RANK
    if rank <= due.rank:
        return due
    answered = replace(
        one, acknowledged_at=one.acknowledged_at or at, acknowledged_by=receipt.officer, answer=receipt.answer
    )
    return Due(answered, rank)


def _untaken(one: Delivery, receipt: ReceiptRow) -> Delivery:
    at = receipt.received_at
    if receipt.stage is ReceiptStage.EXHAUSTED:
        return replace(one, exhausted_at=one.exhausted_at or at)
    if one.declined_at is not None:
        return one
    return replace(one, declined_at=at, declined_by=receipt.officer, declined_answer=receipt.answer)


class MemoryReceipts:
    """Satisfies ``services.ports.Receipts``."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def record(self, row: ReceiptRow) -> None:
        """Keep one receipt's facts and journal it."""
        self._state.receipts.append(row)
        self._state.write_down(JournalKind.RECEIPT, row.envelope_id, row.recorded_at)

    def covering(self, target_chain: int, seq: int) -> str | None:
        """Return the envelope id of the first receipt that we issued covering an event, or None."""
        return next((row.envelope_id for row in self._issued(target_chain, seq)), None)

    def answered(self, target_chain: int, seq: int) -> ReceiptRow | None:
        """Return the first receipt of ours that takes an event, or None."""
        return next((row for row in self._issued(target_chain, seq) if row.stage in TAKING_STAGES), None)

    def _issued(self, target_chain: int, seq: int) -> Iterable[ReceiptRow]:
        return (
            row
            for row in self._state.receipts
            if row.direction is Direction.OUTGOING
            and row.target_chain == target_chain
            and row.first_seq <= seq <= row.seq
        )
