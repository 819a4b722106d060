# ruff: noqa: S608 - only names of columns are put into statements; every value is bound
"""Epochs of channels and their heads. Heads live in memory and are written once per group."""

from dataclasses import replace
from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.values import STORED_COLUMNS, Row, first, joined, parted, stored_event
from schemas.control import ChainKind
from schemas.envelope import Envelope, Position
from schemas.errors import InvariantError
from schemas.records import Chain

CHAIN_COLUMNS: Final = (
    "number, channel, epoch, source, agreement_id, kind, audience, head_seq, head_id, frozen, retired"
)

_SELECT_NUMBER: Final = f"SELECT {CHAIN_COLUMNS} FROM chains WHERE number = ?"
SELECT_EPOCH: Final = f"SELECT {CHAIN_COLUMNS} FROM chains WHERE channel = ? AND epoch = ?"
SELECT_OF_SOURCE: Final = f"SELECT {CHAIN_COLUMNS} FROM chains WHERE source = ? ORDER BY number"
_SELECT_NEWEST: Final = f"""
    SELECT {CHAIN_COLUMNS} FROM chains WHERE channel = ? ORDER BY epoch_counter DESC, number DESC LIMIT 1"""
_SELECT_CHANNELS: Final = "SELECT DISTINCT channel FROM chains WHERE source = ?"
_LAST_NUMBER: Final = "SELECT coalesce(max(number), 0) FROM chains"
_INSERT: Final = f"""
    INSERT INTO chains ({CHAIN_COLUMNS}, epoch_counter) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_UPDATE: Final = "UPDATE chains SET head_seq = ?2, head_id = ?3, frozen = ?4, retired = ?5 WHERE number = ?1"

_SELECT_HELD_ID: Final = "SELECT envelope_id FROM envelopes WHERE chain_number = ? AND seq = ?"
_SELECT_TOP: Final = "SELECT coalesce(max(seq), -1) FROM envelopes WHERE chain_number = ?"
_SELECT_EARLY: Final = "SELECT seq FROM envelopes WHERE chain_number = ? AND early = 1"
_SELECT_EARLY_LINK: Final = f"""
    SELECT {STORED_COLUMNS} FROM envelopes WHERE chain_number = ? AND seq = ? AND early = 1"""
_SETTLE_EARLY: Final = "UPDATE envelopes SET early = 0 WHERE chain_number = ? AND seq = ?"
_ANY_HELD: Final = "SELECT 1 FROM held_back WHERE channel = ? AND epoch = ? LIMIT 1"


def chain_of(row: Row) -> Chain:
    """Read a row of ``CHAIN_COLUMNS``."""
    number, channel, epoch, source, agreement_id, kind, audience, head_seq, head_id, *ended = row
    head = Position(head_seq, head_id)
    frozen, retired = map(bool, ended)
    kind, audience = ChainKind(kind), parted(audience)
    return Chain(number, channel, epoch, source, agreement_id, kind, audience, head, frozen, retired)


def epoch_counter(epoch: str) -> int:
    """Return what stands before the hyphen: later epochs have higher ones."""
    return int(epoch.partition("-")[0])


class SqliteChains:
    """Satisfies ``services.ports.Chains``; also knows, for the outbox, which places of a chain are taken."""

    def __init__(self, batch: Batch) -> None:
        """Keep heads in ``batch``."""
        self._batch = batch
        self._chains = batch.values(_UPDATE, _head_rows)
        self._newest = batch.cache(str, int)
        self._epochs = batch.cache(tuple[str, str], int)
        self._tops = batch.cache(int, int)
        self._early = batch.cache(int, frozenset[int])

    # -- the port --------------------------------------------------------------------------------

    def current(self, channel: str) -> Chain | None:
        """Return the newest epoch of a channel: the highest counter, of equals the one opened last."""
        number = self._newest.get(channel)
        if number is not None:
            return self._chain(number)
        row = first(self._batch.peek(_SELECT_NEWEST, (channel,)))
        if row is None:
            return None
        return self._chain(self._newest.learn(channel, row[0]))

    def find(self, channel: str, epoch: str) -> Chain | None:
        """Return one epoch of a channel, or None."""
        number = self._epochs.get((channel, epoch))
        if number is not None:
            return self._chain(number)
        row = first(self._batch.peek(SELECT_EPOCH, (channel, epoch)))
        if row is None:
            return None
        return self._chain(self._epochs.learn((channel, epoch), row[0]))

    def open(self, chain: Chain) -> Chain:
        """Record a new epoch and return it with its number."""
        if self.find(chain.channel, chain.epoch) is not None:
            raise InvariantError(f"epoch {chain.epoch} of {chain.channel} is open already")
        newest = self.current(chain.channel)
        number = self._batch.run(_LAST_NUMBER).get + 1
        opened = _numbered(chain, number)
        self._batch.run(_INSERT, (*_row(opened), epoch_counter(chain.epoch)))
        self._chains.put(number, opened)
        self._epochs.put((chain.channel, chain.epoch), number)
        if newest is None or epoch_counter(chain.epoch) >= epoch_counter(newest.epoch):
            self._newest.put(chain.channel, number)
        return opened

    def advance(self, number: int, head: Position) -> None:
        """Move the head forward."""
        chain = self._chain(number)
        if head.seq <= chain.head.seq:
            if head == chain.head:
                return
            raise InvariantError(f"chain {number} stands at {chain.head.seq} and cannot go to {head.seq}")
        self._chains.put(number, _moved(chain, head, frozen=chain.frozen))

    def freeze(self, number: int) -> None:
        """Mark the chain forked."""
        chain = self._chain(number)
        self._chains.put(number, _moved(chain, chain.head, frozen=True))

    def retire(self, source: str) -> int:
        """End the newest epoch of every channel of ``source``; return how many."""
        channels = [row[0] for row in self._batch.ask(_SELECT_CHANNELS, (source,))]
        for chain in filter(None, map(self.current, channels)):
            self._chains.put(chain.number, replace(chain, retired=True))
        return len(channels)

    def held_id(self, number: int, seq: int) -> str | None:
        """Return the envelope id held at ``seq``, or None."""
        if seq > self._top(number):
            return None
        row = first(self._batch.ask(_SELECT_HELD_ID, (number, seq)))
        return None if row is None else row[0].hex()

    def has_waiting(self, number: int) -> bool:
        """Tell whether any link is held back, or early and not yet reached."""
        chain = self._chain(number)
        if any(seq > chain.head.seq for seq in self._early_of(number)):
            return True
        return first(self._batch.peek(_ANY_HELD, (chain.channel, chain.epoch))) is not None

    def early_link(self, number: int, seq: int) -> Envelope | None:
        """Return the early-delivered link at ``seq`` that the head has not reached, or None."""
        if seq not in self._early_of(number) or seq <= self._chain(number).head.seq:
            return None
        row = first(self._batch.ask(_SELECT_EARLY_LINK, (number, seq)))
        return stored_event(row).envelope if row else None

    def settle_early(self, number: int, seq: int) -> None:
        """The head has reached an early link: it is early no more."""
        early = self._early_of(number)
        if seq not in early:
            raise InvariantError(f"chain {number} holds no early link at {seq}")
        self._batch.run(_SETTLE_EARLY, (number, seq))
        self._early.put(number, early - {seq})

    # -- for the outbox -----------------------------------------------------------------------------

    def take_place(self, number: int, seq: int, *, early: bool) -> None:
        """Note that a link is being recorded at ``seq``.

        Raises:
            InvariantError: The chain does not exist or holds a link there already.
        """
        top = self._tops.get(number)
        if top is None:
            self._chain(number)
            top = self._top(number)
        if seq > top:
            self._tops.put(number, seq)
        elif self.held_id(number, seq) is not None:
            raise InvariantError(f"chain {number} holds a link at {seq} already")
        if early:
            self._early.put(number, self._early_of(number) | {seq})

    def holds(self, number: int, seq: int) -> bool:
        """Tell whether a link is recorded at ``seq``; cheap for the newest."""
        return seq == self._top(number) or self.held_id(number, seq) is not None

    # -- in memory ----------------------------------------------------------------------------------

    def _chain(self, number: int) -> Chain:
        found = self._chains.get(number)
        if found is not None:
            return found
        row = first(self._batch.peek(_SELECT_NUMBER, (number,)))
        if row is None:
            raise InvariantError(f"no chain {number}")
        return self._chains.learn(number, chain_of(row))

    def _top(self, number: int) -> int:
        found = self._tops.get(number)
        if found is not None:
            return found
        return self._tops.learn(number, self._batch.peek(_SELECT_TOP, (number,)).get)

    def _early_of(self, number: int) -> frozenset[int]:
        found = self._early.get(number)
        if found is not None:
            return found
        rows = self._batch.peek(_SELECT_EARLY, (number,))
        return self._early.learn(number, frozenset(row[0] for row in rows))


def _row(chain: Chain) -> Row:
    head, audience = chain.head, joined(chain.audience)
    return (
        chain.number,
        chain.channel,
        chain.epoch,
        chain.source,
        chain.agreement_id,
        chain.kind.value,
        audience,
        head.seq,
        head.envelope_id,
        int(chain.frozen),
        int(chain.retired),
    )


def _head_rows(number: int, chain: Chain) -> tuple[Row, ...]:
    return ((number, chain.head.seq, chain.head.envelope_id, int(chain.frozen), int(chain.retired)),)


def _numbered(chain: Chain, number: int) -> Chain:
    return Chain(
        number,
        chain.channel,
        chain.epoch,
        chain.source,
        chain.agreement_id,
        chain.kind,
        chain.audience,
        chain.head,
        chain.frozen,
        chain.retired,
    )


def _moved(chain: Chain, head: Position, *, frozen: bool) -> Chain:
    # Written out: on the hot path `dataclasses.replace` costs twice as much.
    return Chain(
        chain.number,
        chain.channel,
        chain.epoch,
        chain.source,
        chain.agreement_id,
        chain.kind,
        chain.audience,
        head,
        frozen,
        chain.retired,
    )
