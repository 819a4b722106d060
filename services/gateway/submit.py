"""An event comes in: everything that can be judged alone is judged first, then one transaction makes it durable."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from schemas.catalogue import parse_new
from schemas.drafts import EventDraft
from schemas.errors import (
    ConflictError,
    Fault,
    InvariantError,
    QuotaError,
    RequestError,
    SharingDeniedError,
    UnavailableError,
)
from schemas.records import Remembered
from services.domain.drafting import Outgoing, complete
from services.domain.encoding import compact_json, digest_of
from services.domain.guards import guard_new
from services.domain.quotas import seconds_left
from services.domain.trust import Trust
from services.gateway.bodies import read_body
from services.gateway.history import judge_history
from services.ports import Clock, Directory, Store, Transaction
from services.posting import Posted, Posting
from services.quotas import take_from_quota

log = structlog.get_logger()

_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)


def draft_outgoing(body: bytes, *, trust: Trust, county: str, now: datetime) -> Outgoing | tuple[Fault, ...]:
    """Judge a body by everything that needs no store: shape, content, guards, agreement.

    Args:
        body: As sent.
        trust: What this node trusts now.
        county: Ourselves.
        now: Aware UTC.

    Returns:
        What is to be placed in a chain and signed, or every fault found by the first step that found any.
    """
    draft = read_body(body, EventDraft, "request")
    if isinstance(draft, tuple):
        return draft
    content = compact_json(draft.content)
    event = parse_new(draft.type, content)
    if isinstance(event, tuple):
        return event
    fault = guard_new(draft.content, content)
    if fault is not None:
        return (fault,)
    outgoing = complete(draft, event, content=content, trust=trust, county=county, now=now)
    return (outgoing,) if isinstance(outgoing, Fault) else outgoing


@dataclass(frozen=True, slots=True)
class _Ticket:
    """An Idempotency-Key in its caller's own space, and what it was used for."""

    key: str
    request_digest: str


class Submitter:
    """Accept events. The same function serves HTTP, the demo and the benchmarks."""

    def __init__(
        self, *, store: Store, posting: Posting, directory: Directory, clock: Clock, most_at_once: int = 10_000
    ) -> None:
        """Take ready-made ports; open nothing.

        Args:
            store: The county's one database.
            posting: The only door out.
            directory: Knows what is trusted now.
            clock: Reads the time.
            most_at_once: Submissions in hand; one more is told to come back.
        """
        self._store, self._posting, self._directory, self._clock = store, posting, directory, clock
        self._most_at_once = most_at_once
        self._in_hand = 0

    async def submit(self, body: bytes, *, idempotency_key: str | None, access_name: str) -> Posted:
        """Make an event durable and give it its place in the chain.

        Args:
            body: ``EventDraft`` as JSON.
            idempotency_key: 1 to 255 visible ASCII characters; the same key and body get the same answer.
            access_name: Who submits; keys of different callers never meet.

        Raises:
            SharingDeniedError: No agreement permits it.
            QuotaError: What the agreement carries within an hour is used up.
            ConflictError: The key was used for another body.
            RequestError: Anything else that its sender can mend.
            UnavailableError: The node cannot accept now; nothing happened.
        """
        ticket = self._ticket(body, idempotency_key, access_name)
        if self._in_hand >= self._most_at_once:
            raise UnavailableError("too many submissions at once")
        self._in_hand += 1
        try:
            return await self._submit(body, ticket, access_name)
        finally:
            self._in_hand -= 1

    async def _submit(self, body: bytes, ticket: _Ticket | None, access_name: str) -> Posted:
        now = self._clock.now()
        drafted = draft_outgoing(body, trust=self._directory.trust(), county=self._posting.county, now=now)
        if isinstance(drafted, tuple):
            return await self._refuse_unless_answered(drafted, ticket)
        ready = self._posting.encrypted(drafted)
        posted = await self._store.write(lambda tx: self._post(tx, ready, ticket, now))
        log.info(
            "gateway.submitted",
            envelope_id=posted.envelope_id,
            type=drafted.wire_type,
            seq=posted.seq,
            priority=drafted.priority,
            access=access_name,
        )
        return posted

    async def _refuse_unless_answered(self, faults: tuple[Fault, ...], ticket: _Ticket | None) -> Posted:
        # What was accepted once stays accepted, even if the retry comes after the event or its agreement has expired.
        if ticket is not None:
            known = await self._store.write(lambda tx: _recall(tx, ticket))
            if known is not None:
                return known
        raise _error_of(faults)

    def _post(self, tx: Transaction, outgoing: Outgoing, ticket: _Ticket | None, now: datetime) -> Posted:
        known = _recall(tx, ticket) if ticket is not None else None
        if known is not None:
            return known
        judged = judge_history(tx, outgoing, county=self._posting.county, now=now)
        if isinstance(judged, Fault):
            raise _error_of((judged,))
        self._take_from_quota(tx, judged, now)
        posted = self._posting.post(tx, judged, now)
        if ticket is not None:
            tx.memory.remember(Remembered(ticket.key, ticket.request_digest, posted.envelope_id, now))
        return posted

    def _take_from_quota(self, tx: Transaction, outgoing: Outgoing, now: datetime) -> None:
        fault = take_from_quota(
            tx,
            outgoing.agreement.agreement,
            source=self._posting.county,
            wire_type=outgoing.wire_type,
            priority=outgoing.priority,
            size=len(outgoing.encrypted.carried if outgoing.encrypted else outgoing.content),
            claimed=now,
        )
        if fault is not None:
            raise QuotaError(fault, seconds_left(now))

    @staticmethod
    def _ticket(body: bytes, idempotency_key: str | None, access_name: str) -> _Ticket | None:
        if idempotency_key is None:
            return None
        if _KEY.fullmatch(idempotency_key) is None:
            mend = "use 1 to 255 visible ASCII characters without blanks, or leave the header out"
            raise RequestError(Fault("request.idempotency_key", "Idempotency-Key", mend))
        return _Ticket(f"{access_name}:{idempotency_key}", digest_of(body))


def _recall(tx: Transaction, ticket: _Ticket) -> Posted | None:
    row = tx.memory.remembered(ticket.key)
    if row is None:
        return None
    if row.request_digest != ticket.request_digest:
        mend = "this key was used for another request; take a new key for a new event"
        raise ConflictError(Fault("request.idempotency_conflict", "Idempotency-Key", mend))
    stored = tx.event(row.envelope_id)
    if stored is None:
        raise InvariantError(f"the event of a remembered key is gone: {row.envelope_id}")
    header = stored.envelope.header
    return Posted(row.envelope_id, header.channel, header.epoch, header.seq)


_FAMILIES: Final[Mapping[str, type[RequestError]]] = {"sharing": SharingDeniedError}


def _error_of(faults: tuple[Fault, ...]) -> RequestError:
    family = _FAMILIES.get(faults[0].code.partition(".")[0], RequestError)
    return family(*faults)
