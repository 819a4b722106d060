"""An erasure is said by its author: this county erases its copy and says so; said by a recipient, it is kept."""

from datetime import datetime

import structlog

from schemas.control import ContentErased
from schemas.envelope import Header
from schemas.errors import Fault
from schemas.records import Chain, ErasureRow
from services.domain.erasure import is_authors, judge_record, outgoing_of
from services.domain.receiving import Examined
from services.domain.trust import Trust
from services.erasing import erase_here
from services.ports import Transaction
from services.posting import Posting
from services.receiver.keeping import envelope_of

log = structlog.get_logger()


class Eraser:
    """Erases and reports, within one transaction."""

    def __init__(self, tx: Transaction, *, posting: Posting, trust: Trust, now: datetime) -> None:
        """Work on ``tx``."""
        self._tx, self._posting, self._trust, self._now = tx, posting, trust, now

    def judge(self, found: Examined) -> Fault | None:
        """Tell why a record of an erasure must be rejected, or None; any other event passes."""
        record = found.event
        if not isinstance(record, ContentErased):
            return None
        return judge_record(record, envelope_of(found).header, self._target(record), self._posting.county)

    def apply(self, found: Examined, record: ContentErased) -> None:
        """Carry out what the author said, or keep what a recipient said."""
        header, target = envelope_of(found).header, self._target(record)
        if target is None or self._tx.chains.held_id(target.number, record.seq) != record.id:
            log.warning("receiver.erasure_of_unknown", source=header.source, envelope_id=record.id)
            return
        if not is_authors(record, header):
            self._tx.erasures.note(record.id, ErasureRow(header.source, record.reason, record.erased_at))
            return
        if not erase_here(self._tx, record.id, ErasureRow(self._posting.county, record.reason, self._now)):
            return  # it ended here by itself before, and the author was told
        self._report(record, header)
        log.info("receiver.erased", source=header.source, envelope_id=record.id, reason=record.reason)

    def _report(self, record: ContentErased, header: Header) -> None:
        agreement = self._trust.by_reference.get(header.agreement) or self._trust.agreement(header.agreement_id)
        if agreement is None:
            return  # erased all the same; there is nothing to say it under
        done = record.model_copy(update={"erased_at": self._now})
        self._posting.post(self._tx, outgoing_of(done, agreement, (header.source,)), self._now)

    def _target(self, record: ContentErased) -> Chain | None:
        return self._tx.chains.find(record.channel, record.epoch)
