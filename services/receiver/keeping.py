"""What cannot be taken now: held back, quarantined, or told to this county's own duty officer.

The table of docs/protocol.md, section "What becomes of an arrival", names the cases.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog

from schemas.base import InformationClass
from schemas.carriage import Arrival
from schemas.control import DutyTold, Receipt
from schemas.envelope import Envelope, Header
from schemas.errors import Fault, InvariantError
from schemas.notices import NoticeKind
from schemas.records import Chain, HeldBack, Quarantined
from schemas.subjects import parse_subject
from services.domain.encoding import digest_of
from services.domain.encryption import Unwrap
from services.domain.receiving import Examined, Outcome, examine
from services.domain.telling import (
    told_of_fork,
    told_of_lost,
    told_of_lost_channel,
    told_of_own_unknown,
    told_of_quarantine,
    told_of_refusal,
    told_of_twins,
)
from services.domain.trust import Trust
from services.ports import Transaction

log = structlog.get_logger()

GUARD_PREFIX: Final = "guard."
"""What the guards refuse is never kept, not even as long as it would wait for a missing link."""

_HOLD_FULL: Final = Fault(
    "chain.hold_full", "seq", "too many links wait here; the source must send this one again once the others are in"
)


def envelope_of(found: Examined) -> Envelope:
    """Return the envelope of an arrival that could be read.

    Raises:
        InvariantError: It could not.
    """
    if found.envelope is None:
        raise InvariantError("only quarantined arrivals lack an envelope")
    return found.envelope


def _is_about_somebody(found: Examined) -> bool:
    """Tell whether rejected content is about a person: no erasure would reach it in the quarantine."""
    if found.outcome not in {Outcome.ACCEPTABLE, Outcome.REJECTED}:
        return False
    header = envelope_of(found).header
    return header.information_class is InformationClass.PERSONAL or header.type == DutyTold.wire_type


class Keeper:
    """Keeps what is not accepted, within one transaction."""

    def __init__(self, tx: Transaction, *, trust: Trust, county: str, now: datetime, unwrap: Unwrap) -> None:
        """Work on ``tx`` for ``county``; ``unwrap`` opens what is examined again."""
        self._tx, self._trust, self._county, self._now, self._unwrap = tx, trust, county, now, unwrap

    def hold(self, found: Examined) -> None:
        """Keep a link until those before it, or the registry it was made under, have come."""
        envelope = envelope_of(found)
        header, arrival = envelope.header, found.arrival
        place = (header.channel, header.epoch, header.seq, envelope.envelope_id)
        held = HeldBack(*place, header.source, arrival.subject, arrival.message, self._now)
        if not self._tx.waiting_room.hold(held):
            self.quarantine(replace(found, fault=_HOLD_FULL))
            return
        log.warning("receiver.gap_waited", source=header.source, seq=header.seq, envelope_id=envelope.envelope_id)

    def take_held(self, channel: str, epoch: str, seq: int) -> list[Examined]:
        """Take out everything held for one place, the oldest first, and examine it again by today's trust."""
        found: list[Examined] = []
        while (held := self._tx.waiting_room.take_held(channel, epoch, seq)) is not None:
            arrival = Arrival(0, held.subject, held.message)
            found.append(examine(arrival, trust=self._trust, county=self._county, unwrap=self._unwrap))
        return found

    def take_refused(self, source: str, code: str, limit: int) -> list[Examined]:
        """Examine again what was quarantined for one reason, and take out what is good by today's trust."""
        taken: list[Examined] = []
        for row in self._tx.waiting_room.refused(source, code, limit):
            arrival = Arrival(0, row.subject, row.message or b"")
            found = examine(arrival, trust=self._trust, county=self._county, unwrap=self._unwrap)
            if found.outcome is not Outcome.QUARANTINED:
                self._tx.waiting_room.readmit(row.digest)
                taken.append(found)
        if taken and not self._tx.waiting_room.refused(source, code, 1):
            self._tx.waiting_room.resolve(NoticeKind.QUARANTINED, code, source, self._now)
        return taken

    def take_all_held(self, rows: Iterable[HeldBack]) -> list[Examined]:
        """Take out everything held for the places of ``rows`` and examine it again."""
        places = dict.fromkeys((row.channel, row.epoch, row.seq) for row in rows)
        return [found for place in places for found in self.take_held(*place)]

    def quarantine(self, found: Examined) -> None:
        """Keep refused bytes with the reason; of guarded and of rejected personal content the digest alone.

        Raises:
            InvariantError: There is no reason.
        """
        fault, arrival = found.fault, found.arrival
        if fault is None:
            raise InvariantError("what is quarantined has a reason")
        subject = parse_subject(arrival.subject)
        source = subject.source if subject else ""
        digest = digest_of(arrival.message)
        self._tx.waiting_room.quarantine(
            Quarantined(
                digest=digest,
                size=len(arrival.message),
                source=source,
                subject=arrival.subject,
                code=fault.code,
                field=fault.field,
                reason=fault.mend,
                recorded_at=self._now,
                message=None if fault.code.startswith(GUARD_PREFIX) or _is_about_somebody(found) else arrival.message,
            )
        )
        self._tell(NoticeKind.QUARANTINED, fault.code, source, told_of_quarantine(source, fault))
        log.error("receiver.quarantined", source=source, code=fault.code, field=fault.field, digest=digest)

    def note_own(self, found: Examined) -> None:
        """Pass over our own echo; our signature on what our store lacks is told."""
        envelope = envelope_of(found)
        if self._tx.event(envelope.envelope_id) is not None:
            return
        header = envelope.header
        chain = self._tx.chains.find(header.channel, header.epoch)
        if chain is not None and chain.retired:
            self.tell_lost(chain, header.source)
            return
        self._tell(
            NoticeKind.OWN_UNKNOWN, header.channel, header.source, told_of_own_unknown(header.channel, header.seq)
        )
        log.error("receiver.own_unknown", envelope_id=envelope.envelope_id)

    def tell_lost(self, chain: Chain, county: str) -> None:
        """Our store was restored, and ``county`` shows that we had sent more than the backup held."""
        self._tell(NoticeKind.OWN_UNKNOWN, chain.channel, county, told_of_lost(county, chain.channel, chain.head.seq))
        log.warning("receiver.own_lost", holder=county, channel=chain.channel, held=chain.head.seq)

    def tell_lost_channel(self, county: str) -> None:
        """Our store was restored, and ``county`` speaks of a chain that we know nothing of: we opened it afterwards."""
        self._tell(NoticeKind.OWN_UNKNOWN, "", county, told_of_lost_channel(county))
        log.warning("receiver.own_lost", holder=county)

    def tell_fork(self, header: Header) -> None:
        """A source signed two stories."""
        text = told_of_fork(header.source, header.channel, header.seq)
        self._tell(NoticeKind.FORKED, header.channel, header.source, text)

    def tell_twins(self, header: Header) -> None:
        """Two nodes of a source run at once."""
        text = told_of_twins(header.source, header.channel)
        self._tell(NoticeKind.TWINS, header.channel, header.source, text)
        log.error("receiver.twins", source=header.source, channel=header.channel, epoch=header.epoch)

    def tell_refusal(self, receipt: Receipt, *, quiet: bool = False) -> None:
        """A neighbour refused what we sent; ``quiet`` if the log is enough."""
        text = told_of_refusal(receipt.receiver, receipt.code or "", receipt.text or "")
        if not quiet:
            self._tell(NoticeKind.REFUSED, receipt.head, receipt.receiver, text)
        log.error("receiver.rejected", receiver=receipt.receiver, code=receipt.code, envelope_id=receipt.head)

    def _tell(self, kind: NoticeKind, about: str, county: str, text: str) -> None:
        self._tx.waiting_room.tell(kind, about, county, text, self._now)
