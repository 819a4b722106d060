"""A proved fork freezes the channel wherever the proof arrives."""

from datetime import datetime

import structlog

from schemas.completeness import ForkEvidence
from schemas.control import ForkProved
from schemas.errors import Fault
from schemas.notices import NoticeKind
from services.domain.forks import judge_fork
from services.domain.telling import told_of_fork
from services.domain.trust import Trust
from services.ports import Transaction

log = structlog.get_logger()


def freeze_by_proof(tx: Transaction, proof: ForkProved, *, trust: Trust, county: str, now: datetime) -> Fault | None:
    """Judge a proof and freeze what it is about; what is not addressed to us is passed over.

    Returns:
        Why it proves nothing, or None.
    """
    proved = judge_fork(proof, trust)
    if isinstance(proved, Fault):
        return proved
    header = proved.header
    if county not in {header.source, *header.to}:
        return None
    evidence = ForkEvidence(
        header.source, header.channel, header.epoch, tuple(header.to), proved.first, proved.second, now
    )
    if tx.signal_book.prove(evidence):
        log.error("completeness.fork_proved", source=header.source, channel=header.channel, seq=proved.seq)
    chain = tx.chains.find(header.channel, header.epoch)
    if chain is not None and not chain.frozen:
        tx.chains.freeze(chain.number)
        text = told_of_fork(header.source, header.channel, proved.seq)
        tx.waiting_room.tell(NoticeKind.FORKED, header.channel, header.source, text, now)
    return None
