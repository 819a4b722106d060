"""An event comes in: everything that can be judged alone is judged first, then one transaction makes it durable."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from schemas.catalogue import parse_new
from schemas.courses import CourseStep
from schemas.drafts import EventDraft
from schemas.errors import (
    Fault,
    InvariantError,
    QuotaError,
    RequestError,
    SharingDeniedError,
    UnavailableError,
)
from schemas.files import Upload
from schemas.governance.mediation import CASE_PREFIX
from schemas.information.attachments import AttachmentShared
from schemas.information.briefs import SituationBriefPublished
from schemas.records import Remembered
from schemas.releases import Fixed
from services.casework import SILENT_AFTER, note_own
from services.courses import CourseFollower
from services.domain.drafting import Outgoing, complete
from services.domain.encoding import compact_json, digest_of
from services.domain.files import OutgoingFile
from services.domain.guards import guard_new
from services.domain.quotas import seconds_left
from services.domain.releasing import NOBODY, Standing
from services.domain.trust import Trust
from services.file_ports import FileFolder
from services.file_work import clear, judge_text
from services.gateway.bodies import read_body
from services.gateway.history import judge_history
from services.gateway.keys import judge_key, used_otherwise
from services.gateway.ledger import judge_brief
from services.gateway.release_gate import ReleaseGate, Warrant
from services.ports import Clock, Directory, Store, Transaction
from services.posting import Posted, Posting
from services.quotas import take_from_quota

log = structlog.get_logger()

Also = Callable[[Transaction, Posted], None]


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
    fault = guard_new(draft.content, content, draft.type)
    if fault is not None:
        return (fault,)
    outgoing = complete(draft, event, content=content, trust=trust, county=county, now=now)
    return (outgoing,) if isinstance(outgoing, Fault) else outgoing


@dataclass(frozen=True, slots=True)
class _Ticket:
    """An Idempotency-Key in its caller's own space, and what it was used for."""

    key: str
    request_digest: str


@dataclass(frozen=True, slots=True)
class _Behind:
    """What a submission was made of, who stands behind it, and what is written with it."""

    body: bytes
    standing: Standing
    also: Also | None
    fixed: Fixed | None = None


class Submitter:
    """Accept events. The same function serves HTTP, the demo and the benchmarks."""

    def __init__(
        self,
        *,
        store: Store,
        posting: Posting,
        directory: Directory,
        clock: Clock,
        most_at_once: int = 10_000,
        folder: FileFolder | None = None,
        silent_after: timedelta = SILENT_AFTER,
        second_officer: bool = True,
    ) -> None:
        """Take ready-made ports; open nothing.

        Args:
            store: The county's one database.
            posting: The only door out.
            directory: Knows what is trusted now.
            clock: Reads the time.
            most_at_once: Submissions in hand; one more is told to come back.
            folder: Holds the files of uploads; None takes no event that carries one.
            silent_after: Older than that, a partner's newest beacon proves nothing.
            second_officer: Whether grave alerts and bulletins are sent by two officers only.
        """
        self.gate = ReleaseGate(posting=posting, directory=directory, is_required=second_officer)
        self._store, self._posting, self._directory, self._clock = store, posting, directory, clock
        self._most_at_once, self._folder, self._silent_after = most_at_once, folder, silent_after
        self._in_hand = 0

    async def submit(
        self,
        body: bytes,
        *,
        idempotency_key: str | None,
        access_name: str,
        asked: bytes | None = None,
        also: Also | None = None,
        standing: Standing = NOBODY,
        fixed: Fixed | None = None,
    ) -> Posted:
        """Make an event durable and give it its place in the chain.

        Args:
            body: ``EventDraft`` as JSON.
            idempotency_key: 1 to 255 visible ASCII characters; the same key and body get the same answer.
            access_name: Who submits; keys of different callers never meet.
            asked: What the caller has sent, where ``body`` was made of it and of what stands here now.
            also: Writes what belongs to the event in the transaction that makes it durable.
            standing: Who stands behind it; nobody sends what needs two officers.
            fixed: What was drawn for the draft that it was, so that what officers have signed is what travels.

        Raises:
            SharingDeniedError: No agreement permits it.
            QuotaError: What the agreement carries within an hour is used up.
            ConflictError: The key was used for another body.
            RequestError: Anything else that its sender can mend.
            UnavailableError: The node cannot accept now; nothing happened.
        """
        ticket = self._ticket(body if asked is None else asked, idempotency_key, access_name)
        if self._in_hand >= self._most_at_once:
            raise UnavailableError("too many submissions at once")
        self._in_hand += 1
        try:
            return await self._submit(body, ticket, access_name, _Behind(body, standing, also, fixed))
        finally:
            self._in_hand -= 1

    async def _submit(self, body: bytes, ticket: _Ticket | None, access_name: str, behind: _Behind) -> Posted:
        now = self._clock.now()
        drafted = draft_outgoing(body, trust=self._directory.trust(), county=self._posting.county, now=now)
        if isinstance(drafted, tuple):
            return await self._refuse_unless_answered(drafted, ticket)
        filed = await self._judged_brief(drafted, now) or await self._filed(drafted, access_name)
        if isinstance(filed, Fault):
            return await self._refuse_unless_answered((filed,), ticket)
        ready = self._posting.encrypted(replace(filed, fixed=behind.fixed))
        posted = await self._store.write(lambda tx: self._post(tx, ready, ticket, now, behind))
        await self._put_away(ready)
        log.info(
            "gateway.submitted",
            envelope_id=posted.envelope_id,
            type=drafted.wire_type,
            seq=posted.seq,
            priority=drafted.priority,
            access=access_name,
        )
        return posted

    async def _judged_brief(self, drafted: Outgoing, now: datetime) -> Fault | None:
        """Compare a brief with the ledger, before the transaction that posts: it goes over all that is held."""
        if drafted.wire_type != SituationBriefPublished.wire_type:
            return None
        brief = SituationBriefPublished.model_validate_json(drafted.content)
        county = self._posting.county
        return await self._store.read(lambda snapshot: judge_brief(snapshot, brief, county=county, now=now))

    async def _filed(self, drafted: Outgoing, access_name: str) -> Outgoing | Fault:
        """Join an event with the file that its caller has uploaded."""
        if drafted.upload is None:
            return drafted
        if self._folder is None:
            raise UnavailableError("this node takes no files")
        upload = await self._store.read(lambda snapshot: snapshot.files.upload(drafted.upload or ""))
        if upload is None or upload.access != access_name or upload.chunks is None:
            return _NO_UPLOAD
        return await asyncio.to_thread(attach_file, self._folder, drafted, upload)

    async def _put_away(self, posted: Outgoing) -> None:
        """Remove what an upload left behind whose file travels in clear; a sweep does it if this is cut short."""
        if posted.file is not None and self._folder is not None and posted.file.name != posted.file.upload:
            await asyncio.to_thread(self._folder.remove, posted.file.upload)

    async def _refuse_unless_answered(self, faults: tuple[Fault, ...], ticket: _Ticket | None) -> Posted:
        # What was accepted once stays accepted, even if the retry comes after the event or its agreement has expired.
        if ticket is not None:
            known = await self._store.write(lambda tx: _recall(tx, ticket))
            if known is not None:
                return known
        raise _error_of(faults)

    def _post(
        self, tx: Transaction, outgoing: Outgoing, ticket: _Ticket | None, now: datetime, behind: _Behind
    ) -> Posted:
        known = _recall(tx, ticket) if ticket is not None else None
        if known is not None:
            return known
        if outgoing.file is not None and tx.files.upload(outgoing.file.upload) is None:
            raise _error_of((_NO_UPLOAD,))  # another event was quicker
        judged, warrant = self._judged(tx, outgoing, now, behind)
        self._take_from_quota(tx, judged, now)
        posted = self._posting.post(tx, judged, now)
        self.gate.settle(tx, warrant, judged, posted, now)
        if isinstance(judged.about, CourseStep):
            follower = CourseFollower(tx, posting=self._posting, trust=self._directory.trust, now=now)
            follower.follow(judged.about.kind, judged.about.course_id)
        if judged.wire_type.startswith(CASE_PREFIX):
            note_own(tx, judged, posted.envelope_id, county=self._posting.county, now=now)
        if behind.also is not None:
            behind.also(tx, posted)
        if ticket is not None:
            tx.memory.remember(Remembered(ticket.key, ticket.request_digest, posted.envelope_id, now))
        return posted

    def _judged(self, tx: Transaction, outgoing: Outgoing, now: datetime, behind: _Behind) -> tuple[Outgoing, Warrant]:
        judged = judge_history(tx, outgoing, county=self._posting.county, now=now, silent_after=self._silent_after)
        if isinstance(judged, Fault):
            raise _error_of((judged,))
        warrant = self.gate.judge(tx, judged, behind.body, behind.standing, now)
        if isinstance(warrant, Fault):
            raise _error_of((warrant,))
        return judged, warrant

    def _take_from_quota(self, tx: Transaction, outgoing: Outgoing, now: datetime) -> None:
        fault = take_from_quota(
            tx,
            outgoing.agreement.agreement,
            source=self._posting.county,
            wire_type=outgoing.wire_type,
            priority=outgoing.priority,
            size=len(outgoing.encrypted.carried if outgoing.encrypted else outgoing.content)
            + (outgoing.file.chunks.size if outgoing.file else 0),
            claimed=now,
        )
        if fault is not None:
            raise QuotaError(fault, seconds_left(now))

    @staticmethod
    def _ticket(body: bytes, idempotency_key: str | None, access_name: str) -> _Ticket | None:
        if idempotency_key is None:
            return None
        judge_key(idempotency_key)
        return _Ticket(f"{access_name}:{idempotency_key}", digest_of(body))


def _recall(tx: Transaction, ticket: _Ticket) -> Posted | None:
    row = tx.memory.remembered(ticket.key)
    if row is None:
        return None
    if row.request_digest != ticket.request_digest:
        raise used_otherwise()
    stored = tx.event(row.envelope_id)
    if stored is None:
        raise InvariantError(f"the event of a remembered key is gone: {row.envelope_id}")
    header = stored.envelope.header
    return Posted(row.envelope_id, header.channel, header.epoch, header.seq)


_NO_UPLOAD: Final = Fault(
    "file.not_uploaded", "upload", "no finished upload of that number is here, or an event has used it: upload the file"
)
_CLEAR: Final = "clear-"


def attach_file(folder: FileFolder, drafted: Outgoing, upload: Upload) -> Outgoing | Fault:
    """Join an event with its file; runs in a thread, for it may read the whole.

    Args:
        folder: Holds the file, encrypted; one that will travel in clear is written once more.
        drafted: The event.
        upload: Finished.
    """
    event = AttachmentShared.model_validate_json(drafted.content)
    if (event.size, event.sha256) != (upload.size, upload.sha256):
        return Fault("file.differs", "content.sha256", "size and digest are not those of the file that was uploaded")
    if upload.chunks is None:
        return _NO_UPLOAD
    if fault := judge_text(folder, upload, event.media_type):
        return fault
    name, chunks, key = upload.number, upload.chunks, upload.key
    if not drafted.encrypt:
        name, key = _CLEAR + upload.number, b""
        chunks = clear(folder, upload, name, chunks.chunk_size)
    file = OutgoingFile(upload.number, name, upload.number, key, chunks, upload.size, upload.sha256)
    return replace(drafted, file=file)


_FAMILIES: Final[Mapping[str, type[RequestError]]] = {"sharing": SharingDeniedError}


def _error_of(faults: tuple[Fault, ...]) -> RequestError:
    family = _FAMILIES.get(faults[0].code.partition(".")[0], RequestError)
    return family(*faults)
