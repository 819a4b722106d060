"""Answer a member that lacks links: the same bytes once more, in the lane of repairs, to it alone."""

from typing import Final

import structlog

from schemas.control import RangeRequested, Wanted
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

    def _give(self, tx: Transaction, asker: str, wanted: Wanted, most: int, size: int) -> tuple[int, int]:
        chain = tx.chains.find(wanted.channel, wanted.epoch)
        if chain is None or asker not in chain.audience or most <= 0 or size <= 0:
            return 0, 0  # not here, or not for them: silence tells nobody which
        count = used = 0
        last = min(wanted.last_seq, wanted.first_seq + most - 1)
        for link in tx.links(chain.number, wanted.first_seq, last, size):
            used += len(link.envelope.content)
            if not tx.outbox.is_waiting(link.envelope.envelope_id):
                self._posting.repost(tx, link.envelope, to=asker)
                count += 1
        return count, used
