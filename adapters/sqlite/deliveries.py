"""Own events × recipients, kept as ranges: neither a wide audience nor a wide receipt costs rows.

Who owes receipts for which run of a chain (``expectations``), what a recipient proved about which
range (``reached``, ranges of one fact never overlap), and up to where nothing is owed (``settled``).
All three are known in memory while receipts come in order, so that a receipt costs one appended row.

Source: docs/decisions/0007-keep-state-in-one-sqlite-file.md
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from adapters.sqlite.batch import Batch
from adapters.sqlite.chains import SqliteChains
from adapters.sqlite.counters import Counters
from adapters.sqlite.reached import (
    ACKNOWLEDGED,
    FACT_OF,
    FACTS,
    RANK_OF,
    REFUSED,
    SELECT_SPANS,
    STORED,
    Span,
    next_owed,
    reached_at,
    span_of,
    spans_of,
)
from adapters.sqlite.values import Row, first, joined, micros
from adapters.sqlite.watches import Watches
from schemas.control import ReceiptStage
from schemas.errors import InvariantError
from schemas.records import Direction, ReceiptRow

_UPSERT_SPAN: Final = """
    INSERT INTO expectations (chain_number, first_seq, recipients, last_seq) VALUES (?, ?, ?, ?)
    ON CONFLICT (chain_number, first_seq, recipients) DO UPDATE SET last_seq = excluded.last_seq"""
_SELECT_SETTLED: Final = "SELECT up_to FROM settled WHERE chain_number = ? AND recipient = ?"
_UPSERT_SETTLED: Final = """
    INSERT INTO settled (chain_number, recipient, up_to) VALUES (?, ?, ?)
    ON CONFLICT (chain_number, recipient) DO UPDATE SET up_to = excluded.up_to"""
_INSERT_REACHED: Final = """
    INSERT INTO reached (chain_number, recipient, fact, first_seq, last_seq, at, officer, answer, rank, code)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_SELECT_END: Final = """
    SELECT last_seq FROM reached WHERE chain_number = ? AND recipient = ? AND fact = ?
    ORDER BY first_seq DESC LIMIT 1"""
_SELECT_OWING: Final = "SELECT s.chain_number, s.up_to FROM settled AS s WHERE s.recipient = ?"
_SELECT_NEXT_REACHED: Final = """
    SELECT min(first_seq) FROM reached WHERE chain_number = ? AND recipient = ? AND first_seq > ?"""
_SELECT_OVERLAPPING: Final = """
    SELECT first_seq, last_seq FROM reached
    WHERE chain_number = ?1 AND recipient = ?2 AND fact = ?3 AND last_seq >= ?4 AND first_seq BETWEEN coalesce((
        SELECT max(first_seq) FROM reached
        WHERE chain_number = ?1 AND recipient = ?2 AND fact = ?3 AND first_seq <= ?4
    ), ?4) AND ?5 ORDER BY first_seq"""
_ANSWER_FINALLY: Final = """
    UPDATE reached SET officer = ?1, answer = ?2, rank = ?3
    WHERE chain_number = ?4 AND recipient = ?5 AND fact = 'acknowledged' AND first_seq = ?6 AND rank < ?3"""


class _Progress(NamedTuple):
    """Key of what one recipient proved about one chain."""

    chain: int
    recipient: str
    fact: str


class SqliteDeliveries:
    """Satisfies ``services.ports.Deliveries``."""

    def __init__(self, batch: Batch, counters: Counters, chains: SqliteChains, watches: Watches) -> None:
        """Append through ``batch``."""
        self._batch, self._counters, self._chains, self._watches = batch, counters, chains, watches
        self._spans = batch.values(_UPSERT_SPAN, _span_rows)
        self._settled = batch.values(_UPSERT_SETTLED, _settled_rows)
        self._append_reached = batch.rows(_INSERT_REACHED)
        self._ends = batch.cache(_Progress, int)

    # -- who owes --------------------------------------------------------------------------------

    def expect(self, chain_number: int, seq: int, recipients: Iterable[str]) -> None:
        """From now on each recipient owes receipts for this event; who owes them already goes on owing."""
        if not self._chains.holds(chain_number, seq):
            raise InvariantError(f"chain {chain_number} holds no link at {seq} that could be delivered")
        named, spans = tuple(recipients), self._spans_of(chain_number)
        if len(spans) == 1 and spans[0].last == seq - 1 and spans[0].named == named:  # as nearly always
            low, _, named, wanted = spans[0]
            self._spans.put(chain_number, (Span(low, seq, named, wanted),))
            self._counters.add("deliveries", len(wanted))
            return
        missing = set(named).difference(*(span.recipients for span in spans if span.first <= seq <= span.last))
        if missing:
            self._expect_also(chain_number, seq, tuple(sorted(missing)), spans)

    def _expect_also(self, chain: int, seq: int, missing: tuple[str, ...], spans: tuple[Span, ...]) -> None:
        before = next((span for span in spans if span.last == seq - 1 and span.named == missing), None)
        others = tuple(span for span in spans if span is not before)
        self._spans.put(chain, (*others, span_of(before.first if before else seq, seq, missing)))
        self._counters.add("deliveries", len(missing))
        for recipient in missing:
            settled = self._settled_of(chain, recipient)
            if settled is None or seq <= settled:
                self._settled.put((chain, recipient), seq - 1)

    def _spans_of(self, chain: int) -> tuple[Span, ...]:
        found = self._spans.get(chain)
        if found is not None:
            return found
        return self._spans.learn(chain, spans_of(self._batch.peek(SELECT_SPANS, (chain,))))

    def _settled_of(self, chain: int, recipient: str) -> int | None:
        found = self._settled.get((chain, recipient))
        if found is not None:
            return found
        row = first(self._batch.peek(_SELECT_SETTLED, (chain, recipient)))
        return None if row is None else self._settled.learn((chain, recipient), row[0])

    # -- what came ---------------------------------------------------------------------------------

    def mark(self, receipt: ReceiptRow) -> int:
        """Apply a receipt to every expected delivery it covers, monotonically; return how many changed."""
        progress = _Progress(receipt.target_chain, receipt.receiver, FACT_OF[receipt.stage])
        spans = [span for span in self._spans_of(receipt.target_chain) if receipt.receiver in span.recipients]
        covered = [(max(span.first, receipt.first_seq), min(span.last, receipt.seq)) for span in spans]
        covered = [(low, high) for low, high in covered if low <= high]
        changed = sum(self._reach(progress, low, high, receipt) for low, high in covered)
        if changed:
            self._settle(progress, spans, covered)
        self._watches.drop(receipt)
        return changed

    def owed(self, chain_number: int, recipient: str, limit: int) -> list[int]:
        """Return the first sequences of which this recipient has proved nothing."""
        spans = [span for span in self._spans_of(chain_number) if recipient in span.recipients]
        settled = self._settled_of(chain_number, recipient)
        after, found = -1 if settled is None else settled, list[int]()
        while len(found) < limit and (seq := next_owed(spans, after)) is not None:
            reached = self._reached_end(chain_number, recipient, seq)
            if reached is None:
                found.append(seq)
            after = seq if reached is None else reached
        return found

    def close(self, recipient: str, code: str, at: datetime) -> int:
        """Nobody waits for this recipient any more: whatever it owes is refused; return how many."""
        count = 0
        for chain, up_to in list(self._batch.ask(_SELECT_OWING, (recipient,))):
            spans = [span for span in self._spans_of(chain) if recipient in span.recipients]
            seq = next_owed(spans, up_to)
            while seq is not None:
                last = self._reached_end(chain, recipient, seq)
                if last is None:
                    last = self._owed_end(chain, recipient, seq, spans)
                    stage = ReceiptStage.EXPIRED
                    row = ReceiptRow("", Direction.INCOMING, recipient, stage, chain, seq, last, at, at, code=code)
                    count += self.mark(row)
                seq = next_owed(spans, last)
        return count

    def _owed_end(self, chain: int, recipient: str, seq: int, spans: list[Span]) -> int:
        """Return the end of the run that begins at ``seq`` and of which nothing has been proved."""
        end = max(span.last for span in spans if span.first <= seq <= span.last)
        row = first(self._batch.ask(_SELECT_NEXT_REACHED, (chain, recipient, seq)))
        return min(end, row[0] - 1) if row and row[0] is not None else end

    def _reach(self, progress: _Progress, low: int, high: int, receipt: ReceiptRow) -> int:
        pieces, rank = self._new_pieces(progress, low, high), RANK_OF.get(receipt.stage, 0)
        if not pieces:
            return self._answer_finally(progress, low, receipt, rank)
        code = (receipt.code or receipt.stage.value) if progress.fact == REFUSED else None
        facts = (micros(receipt.received_at), receipt.officer, receipt.answer, rank, code)
        for piece_low, piece_high in pieces:
            self._append_reached((*progress, piece_low, piece_high, *facts))
        self._ends.put(progress, max(high, self._end(progress)))
        count = sum(piece_high - piece_low + 1 for piece_low, piece_high in pieces)
        if progress.fact in {STORED, ACKNOWLEDGED}:
            self._counters.add(progress.fact, count)
        return count

    def _new_pieces(self, progress: _Progress, low: int, high: int) -> list[tuple[int, int]]:
        """Return the parts of ``low``…``high`` of which this fact is new."""
        if low > self._end(progress):
            return [(low, high)]
        pieces: list[tuple[int, int]] = []
        for known_low, known_high in list(self._batch.ask(_SELECT_OVERLAPPING, (*progress, low, high))):
            if low < known_low:
                pieces.append((low, known_low - 1))
            low = known_high + 1
        return [*pieces, (low, high)] if low <= high else pieces

    def _answer_finally(self, progress: _Progress, seq: int, receipt: ReceiptRow, rank: int) -> int:
        """A more final human answer replaces the earlier one; the time of the first stays."""
        if not rank:
            return 0
        self._batch.run(_ANSWER_FINALLY, (receipt.officer, receipt.answer, rank, *progress[:2], seq))
        return self._batch.connection.changes()

    def _end(self, progress: _Progress) -> int:
        """Return the last sequence of which this fact is known."""
        found = self._ends.get(progress)
        if found is not None:
            return found
        row = first(self._batch.peek(_SELECT_END, progress))
        return self._ends.learn(progress, row[0] if row else -1)

    def _settle(self, progress: _Progress, spans: list[Span], covered: list[tuple[int, int]]) -> None:
        """Move the end of what is not owed over ``covered``, and over what came before its turn."""
        chain, recipient, _ = progress
        before = self._settled_of(chain, recipient)
        settled = -1 if before is None else before
        while (owed := next_owed(spans, settled)) is not None:
            reached = next((high for low, high in covered if low <= owed <= high), None)
            reached = self._reached_end(chain, recipient, owed) if reached is None else reached
            if reached is None:
                break
            settled = reached
        if settled != before:
            self._settled.put((chain, recipient), settled)

    def _reached_end(self, chain: int, recipient: str, seq: int) -> int | None:
        """Return the end of a range that holds ``seq``, of whatever fact; None if nothing came for it."""
        for fact in FACTS:
            if self._end(_Progress(chain, recipient, fact)) >= seq:
                found = reached_at(self._batch.ask, chain, recipient, fact, seq)
                if found is not None:
                    return found.last
        return None


def _span_rows(chain: int, spans: tuple[Span, ...]) -> list[Row]:
    return [(chain, span.first, joined(span.named), span.last) for span in spans]


def _settled_rows(key: tuple[int, str], up_to: int) -> tuple[Row, ...]:
    return ((*key, up_to),)
