"""Give a member the links it lacks: the same bytes once more, in the lane of repairs, to it alone."""

from collections.abc import Iterable
from typing import Final

import structlog

from schemas.control import ChainKind, ChannelHead, RangeRequested, Wanted
from services.domain.completeness import is_whole
from services.ports import Clock, Transaction
from services.posting import Posting

log = structlog.get_logger()

LINKS_MAX: Final = 1000
BYTES_MAX: Final = 4 * 1024 * 1024
"""Of one answer; whoever lacks more asks again."""
_ANSWERS_PER_INTERVAL: Final = 8


class Answerer:
    """Give everybody what is addressed to it, within bounds."""

    def __init__(self, posting: Posting, clock: Clock, interval_seconds: float) -> None:
        """Answer one member at most eight times in an interval."""
        self._posting, self._clock = posting, clock
        self._pause_seconds = interval_seconds / _ANSWERS_PER_INTERVAL
        self._answered: dict[str, float] = {}
        self._unseen: dict[tuple[str, str], tuple[ChannelHead, int]] = {}
        """By partner and receipt channel: what it had seen at its last beacon, and how far we were then."""

    def answer(self, tx: Transaction, asker: str, asked: RangeRequested) -> int:
        """Put what ``asker`` may have and we hold into the lane of repairs; return how many links."""
        if not asked.wanted:
            return 0
        now = self._clock.monotonic()
        if now - self._answered.get(asker, -self._pause_seconds) < self._pause_seconds:
            log.warning("completeness.answer_deferred", county=asker)
            return 0
        self._answered[asker] = now
        count, size = 0, BYTES_MAX
        for wanted in asked.wanted:
            given, used = self._give(tx, asker, wanted, LINKS_MAX - count, size)
            count, size = count + given, size - used
        log.info("completeness.answered", county=asker, count=count)
        return count

    def give_unseen(self, tx: Transaction, partner: str, seen: Iterable[ChannelHead]) -> int:
        """Give the receipts again that a partner has not seen from one beacon to the next; return how many.

        It may not know of them: who is not told that an officer has answered does not ask for the answer.
        """
        count = 0
        for head in seen:
            chain = tx.chains.find(head.channel, head.epoch)
            if chain is None or chain.kind is not ChainKind.RECEIPT or chain.source != self._posting.county:
                continue
            key = partner, head.channel
            before, our_head = self._unseen.get(key, (None, 0))
            self._unseen[key] = head, chain.head.seq
            if partner in chain.audience and before == head and our_head > head.seq and count < LINKS_MAX:
                wanted = Wanted(channel=head.channel, epoch=head.epoch, first_seq=head.seq + 1, last_seq=our_head)
                count += self._give(tx, partner, wanted, LINKS_MAX - count, BYTES_MAX)[0]
        return count

    def _give(self, tx: Transaction, asker: str, wanted: Wanted, most: int, size: int) -> tuple[int, int]:
        chain = tx.chains.find(wanted.channel, wanted.epoch)
        if chain is None or asker not in chain.audience or most <= 0 or size <= 0:
            return 0, 0  # not here, or not for them: silence tells nobody which
        count = used = 0
        last = min(wanted.last_seq, wanted.first_seq + most - 1)
        for link in tx.run_of(chain.number, wanted.first_seq, last, size):
            used += len(link.envelope.content)
            if is_whole(link.envelope) and not tx.outbox.is_waiting(link.envelope.envelope_id):
                self._posting.repost(tx, link.envelope, to=asker)
                count += 1
        return count, used
