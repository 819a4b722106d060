"""Drafts on their way to be released by two officers (拟稿、审核、签发), and the second name under what was sent alone.

Every step is one transaction that reads the draft, judges the step and writes it: of two reviewers one is first.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog
from pydantic import JsonValue

from schemas.access import Access
from schemas.base import InformationClass
from schemas.catalogue import model_of
from schemas.control import ReleaseMode
from schemas.drafts import CountersignatureDraft, EventDraft, ReviewDraft, SendingDraft, SubmissionDraft, Verdict
from schemas.errors import Fault, RequestError
from schemas.governance.mediation import CASE_PREFIX
from schemas.notices import NoticeKind
from schemas.officers import OfficerCredential
from schemas.releases import DRAFTS_MAX, ENDED, Countersigning, Draft, DraftState, ReleaseRow
from schemas.statements import ReleaseVerdict, SignedStatement
from services.domain.drafting import Outgoing
from services.domain.encoding import compact_json, digest_of
from services.domain.guards import guard_new
from services.domain.release_records import (
    Vouched,
    judge_countersigned,
    record_of_release,
    release_outgoing,
    release_row,
)
from services.domain.release_signing import Terms, judge_own, judge_time, terms_of_outgoing
from services.domain.releasing import (
    Act,
    Standing,
    approved,
    changed,
    handed_in,
    judge_author,
    judge_countersigner,
    judge_review,
    judge_same,
    judge_taker_back,
    judge_writer,
    next_state,
    returned,
    withdrawn,
)
from services.domain.sharing import CONTROL_PREFIX
from services.gateway.bodies import read_body, without_prefix
from services.gateway.keys import number_of, used_otherwise
from services.gateway.release_gate import judge_standing
from services.gateway.submit import Submitter, draft_outgoing
from services.ports import Clock, Directory, Ids, Store, Transaction
from services.posting import Posted, Posting

log = structlog.get_logger()

NO_DRAFT: Final = Fault("request.not_found", "id", "no such draft is here; see GET /api/v1/drafts")
_ID_BYTES: Final = 16
_TOO_MANY: Final = Fault(
    "release.too_many", "", f"{DRAFTS_MAX} drafts are open: send or withdraw some before beginning another"
)
Step = Callable[[Draft, datetime], Draft | Fault]


def judge_text(body: bytes) -> EventDraft | tuple[Fault, ...]:
    """Judge what may be kept as a draft: half-written content may, what the guards refuse may not.

    Args:
        body: ``EventDraft`` as JSON, at most 300 KiB.
    """
    draft = read_body(body, EventDraft, "request")
    if isinstance(draft, tuple):
        return draft
    fault = _misplaced(draft) or guard_new(draft.content, compact_json(draft.content), draft.type)
    return draft if fault is None else (fault,)


def _misplaced(draft: EventDraft) -> Fault | None:
    model = model_of(draft.type)
    if model is None:
        return Fault("event.unknown_type", "type", f"{draft.type} is not in the catalogue; see `sihu schema`")
    if draft.type.startswith(CONTROL_PREFIX):
        return Fault("request.control_type", "type", "control records are written by the node, never by a request")
    if draft.alone:
        return Fault("release.in_draft", "alone", "a draft is read by a second officer: say `alone` when it is sent")
    is_personal = InformationClass.PERSONAL in {model.information_class, draft.information_class}
    if is_personal or model.carries_file or draft.type.startswith(CASE_PREFIX):
        mend = "personal content, files and entries of a case are sent their own way, and are not kept as drafts"
        return Fault("release.type", "type", mend)
    return None


class Releasing:
    """Keep drafts, let a second officer judge them, send them; each step as the officer that the token is bound to."""

    def __init__(
        self,
        *,
        store: Store,
        posting: Posting,
        directory: Directory,
        submitter: Submitter,
        ids: Ids,
        clock: Clock,
    ) -> None:
        """Take ready-made ports; open nothing.

        Args:
            store: The county's one database.
            posting: The way out for records.
            directory: Knows the officers' credentials.
            submitter: The way in for events; its gate judges what is sent from here as it judges everything.
            ids: Numbers drafts.
            clock: Reads the time.
        """
        self._store, self._posting, self._directory = store, posting, directory
        self._submitter, self._ids, self._clock = submitter, ids, clock

    async def begin(self, body: bytes, access: Access, *, key: str | None = None) -> Draft:
        """Keep a new draft; the same key and body get the draft that they began, however it stands now.

        Args:
            body: ``EventDraft`` as JSON.
            access: Who begins it.
            key: Idempotency-Key as sent, or None.

        Raises:
            ConflictError: The key began a draft of another text, or of one that has been changed since.
            RequestError: It cannot be kept, or the caller may not write.
            UnavailableError: The node cannot write now; nothing happened.
        """
        now = self._clock.now()
        by = self._officer(access, now)
        _raise(judge_writer(by.credential))
        text = _sure(judge_text(body))
        draft = Draft(
            draft_id=number_of(key, access.name, self._ids, _ID_BYTES),
            wire_type=text.type,
            body=body,
            author=by.credential.officer,
            author_name=by.credential.display_name,
            created_at=now,
            changed_at=now,
            state=DraftState.DRAFTING,
            digest=digest_of(body),
            fixed=self._posting.draw(),
        )
        kept = await self._store.write(lambda tx: _keep_new(tx, draft))
        self._tell(kept, access)
        return kept

    async def change(self, draft_id: str, body: bytes, access: Access) -> Draft:
        """Put another text in place of a draft's; an approval of the text before is void.

        Raises:
            RequestError: It cannot be kept, or the caller is not its author.
            UnavailableError: The node cannot write now; nothing happened.
        """
        by = self._officer(access, self._clock.now())
        text, digest, fixed = _sure(judge_text(body)), digest_of(body), self._posting.draw()

        def step(draft: Draft, now: datetime) -> Draft | Fault:
            return judge_author(draft, by.credential.officer) or changed(draft, body, digest, text.type, now, fixed)

        return await self._move(draft_id, step, access)

    async def hand_in(self, draft_id: str, access: Access, asked: SubmissionDraft | None = None) -> Draft:
        """Give a draft to a second officer; it must be what could be sent now.

        Raises:
            RequestError: It could not be sent, the caller is not its author, or the signature is not the author's.
            UnavailableError: The node cannot write now; nothing happened.
        """
        by, seen = self._officer(access, self._clock.now()), await self.show(draft_id)
        found = self._judged(seen) if seen.state not in ENDED else None
        own = asked.own if asked is not None else None

        def step(draft: Draft, now: datetime) -> Draft | Fault:
            fault = judge_author(draft, by.credential.officer) or judge_same(draft, seen.digest)
            after = fault or handed_in(draft, now, own)
            if isinstance(after, Fault) or found is not None:
                return found if isinstance(after, Draft) and found is not None else after
            return self._judge_own(own, by, ReleaseVerdict.DRAFTED, draft, now) or after

        return await self._move(draft_id, step, access)

    async def review(self, draft_id: str, asked: ReviewDraft, access: Access) -> Draft:
        """Approve or return a draft; with ``send`` what was approved is sent at once.

        What could not be sent as it stands cannot be shown whole either, to nobody, and is not approved.

        Raises:
            RequestError: The caller is no second officer of it, it has changed, what is signed is not what was shown,
                it could not be sent; or the sending is refused, and the approval stays, and its author sees it.
            UnavailableError: The node cannot write now.
        """
        by = self._officer(access, self._clock.now())
        _raise(_guarded(asked.note))
        fixed = self._posting.draw()

        def step(draft: Draft, now: datetime) -> Draft | Fault:
            fault = judge_review(draft, by.credential, self._credential(draft.author, now))
            if fault is not None:
                return fault
            if asked.verdict is Verdict.RETURN:
                return judge_same(draft, asked.digest) or returned(draft, by.credential, asked.note, now, fixed)
            after = approved(draft, by.credential, asked.digest, asked.note, now, asked.own)
            if isinstance(after, Fault):
                return after
            return self._judge_approval(draft, asked.own, by, now) or after

        draft = await self._move(draft_id, step, access)
        if asked.verdict is Verdict.RETURN or not asked.send:
            return draft
        await self.send(draft_id, SendingDraft(), access)
        return await self.show(draft_id)

    async def send(self, draft_id: str, asked: SendingDraft, access: Access) -> Posted:
        """Send a draft: one that is approved, one that needs no second officer, or an alert by whoever is alone.

        Raises:
            RequestError: It needs a second officer, or it does not fit any more.
            UnavailableError: The node cannot accept now; nothing happened.
        """
        by = self._officer(access, self._clock.now())
        draft = await self.show(draft_id)
        if draft.state in ENDED:
            _raise(_fault_of(next_state(draft.state, Act.SEND)))
        standing = Standing(officer=by.credential.officer, draft_id=draft_id, alone=asked.alone)
        posted = await self._submitter.submit(
            draft.body, idempotency_key=None, access_name=access.name, standing=standing, fixed=draft.fixed
        )
        log.info("gateway.draft_sent", draft=draft_id, envelope_id=posted.envelope_id, officer=by.credential.officer)
        return posted

    async def withdraw(self, draft_id: str, access: Access) -> Draft:
        """Take a draft back for good; its text is gone.

        Raises:
            RequestError: It was sent, or the caller is neither its author nor a liaison officer.
            UnavailableError: The node cannot write now; nothing happened.
        """
        by = self._officer(access, self._clock.now())

        def step(draft: Draft, now: datetime) -> Draft | Fault:
            return judge_taker_back(draft, by.credential) or withdrawn(draft, now)

        return await self._move(draft_id, step, access)

    async def show(self, draft_id: str) -> Draft:
        """Return one draft.

        Raises:
            NotFoundError: There is none of that id.
        """
        draft = await self._store.read(lambda snapshot: snapshot.releases.draft(draft_id))
        if draft is None:
            raise RequestError(NO_DRAFT)
        return draft

    async def countersign(
        self, envelope_id: str, access: Access, asked: CountersignatureDraft | None = None
    ) -> tuple[ReleaseRow, ...]:
        """Put a second officer's name under an event that was sent alone, and tell its recipients; late is good, too.

        Raises:
            RequestError: Nothing waits for it, the caller is no second officer, or the signature is not the caller's.
            UnavailableError: The node cannot write now; nothing happened.
        """
        now = self._clock.now()
        by = replace(self._officer(access, now), own=asked.own if asked is not None else None)
        outcome = await self._store.write(lambda tx: self._countersign(tx, envelope_id, by, now))
        if isinstance(outcome, Fault):
            raise RequestError(outcome)
        log.info("gateway.countersigned", envelope_id=envelope_id, officer=by.credential.officer)
        return outcome

    def credential_of(self, officer: str | None) -> OfficerCredential | None:
        """Return an officer's credential, None if there is none in force."""
        return self._credential(officer or "", self._clock.now())

    def _countersign(
        self, tx: Transaction, envelope_id: str, by: Vouched, now: datetime
    ) -> tuple[ReleaseRow, ...] | Fault:
        event = tx.event(envelope_id)
        fault = judge_countersigned(event)
        waiting = tx.releases.countersigning(envelope_id)
        if fault is not None or event is None:
            return fault or NO_DRAFT
        if waiting is None:
            return Fault("release.not_waiting", "id", "no second name is missing under this event")
        fault = judge_countersigner(waiting.officer, self._keys_of(tx, waiting, now), by.credential)
        if fault is not None:
            return fault
        header = event.envelope.header
        if by.own is not None:
            fault = judge_own(by.own, by.signatory, ReleaseVerdict.COUNTERSIGNED, Terms(envelope_id))
            fault = fault or judge_time(by.own, event.recorded_at, now)
        if fault is not None:
            return fault
        agreement = self._directory.trust().agreement(header.agreement_id)
        if agreement is None:
            mend = f"{header.agreement_id} is not in force here any more, so nothing could be sent under it"
            return Fault("sharing.no_agreement", "agreement", mend)
        record = record_of_release(envelope_id, ReleaseMode.COUNTERSIGNED, (by,), now)
        posted = self._posting.post(tx, release_outgoing(record, agreement, header.to, header.priority), now)
        tx.releases.note(envelope_id, release_row(record, record_id=posted.envelope_id, source=self._posting.county))
        tx.releases.countersigned(envelope_id)
        tx.waiting_room.resolve(NoticeKind.NOT_COUNTERSIGNED, envelope_id, "", now)
        return tuple(tx.releases.of_event(envelope_id))

    def _keys_of(self, tx: Transaction, waiting: Countersigning, now: datetime) -> set[str]:
        """Return the keys of who sent an event alone: of then, for a credential may be gone, and of now."""
        rows = tx.releases.of_event(waiting.envelope_id)
        then = {one.public for row in rows for one in row.officers if one.officer == waiting.officer}
        today = self._credential(waiting.officer, now)
        return then if today is None else then | {today.public}

    def _judged(self, draft: Draft) -> Fault | None:
        """Judge a text as if it were sent now, by everything that needs no store."""
        found = self._outgoing(draft)
        return found[0] if isinstance(found, tuple) else None

    def terms(self, draft: Draft) -> Terms | None:
        """Return what an officer signs of a draft now; None if it could not be sent, or an older version kept it."""
        found = self._outgoing(draft)
        return None if isinstance(found, tuple) else terms_of_outgoing(found, self._posting.county)

    def _outgoing(self, draft: Draft) -> Outgoing | tuple[Fault, ...]:
        trust, now = self._directory.trust(), self._clock.now()
        found = draft_outgoing(draft.body, trust=trust, county=self._posting.county, now=now)
        return found if isinstance(found, tuple) else self._posting.encrypted(replace(found, fixed=draft.fixed))

    def _judge_approval(self, draft: Draft, own: SignedStatement | None, by: Vouched, now: datetime) -> Fault | None:
        """Judge what is about to be approved: it could be sent as it is, and is what author and second have signed."""
        fault = self._judged(draft) or self._judge_own(own, by, ReleaseVerdict.APPROVED, draft, now)
        if fault is not None or draft.submission is None:
            return fault
        author = self._submitter.gate.vouch(draft.author, now)
        if isinstance(author, Fault):
            return author
        signed = replace(author, own=draft.submission)
        return judge_standing(signed, ReleaseVerdict.DRAFTED, self.terms(draft), now)

    def _judge_own(
        self, own: SignedStatement | None, by: Vouched, verdict: ReleaseVerdict, draft: Draft, now: datetime
    ) -> Fault | None:
        """Judge a signature that comes with an act on a draft as it stands before that act."""
        if own is None:
            return None
        terms = self.terms(draft)
        if terms is None:
            return Fault(
                "release.terms_changed", "own", "this text is not fixed: have its author change and keep it again"
            )
        return judge_own(own, by.signatory, verdict, terms) or judge_time(own, draft.changed_at, now)

    async def _move(self, draft_id: str, step: Step, access: Access) -> Draft:
        now = self._clock.now()

        def work(tx: Transaction) -> Draft | Fault:
            draft = tx.releases.draft(draft_id)
            after = NO_DRAFT if draft is None else step(draft, now)
            if isinstance(after, Draft):
                tx.releases.put(after)
            return after

        outcome = await self._store.write(work)
        if isinstance(outcome, Fault):
            raise RequestError(outcome)
        self._tell(outcome, access)
        return outcome

    def _officer(self, access: Access, now: datetime) -> Vouched:
        found = self._submitter.gate.vouch(access.officer or "", now)
        if isinstance(found, Fault):
            raise RequestError(found)
        return found

    def _credential(self, officer: str, now: datetime) -> OfficerCredential | None:
        found = self._submitter.gate.vouch(officer, now)
        return None if isinstance(found, Fault) else found.credential

    @staticmethod
    def _tell(draft: Draft, access: Access) -> None:
        log.info("gateway.draft_moved", draft=draft.draft_id, state=draft.state, officer=access.officer)


def _keep_new(tx: Transaction, draft: Draft) -> Draft:
    held = tx.releases.draft(draft.draft_id)
    if held is not None:
        if (held.author, held.digest) != (draft.author, draft.digest):
            raise used_otherwise()
        return held
    if tx.releases.open_count() >= DRAFTS_MAX:
        raise RequestError(_TOO_MANY)
    tx.releases.put(draft)
    return draft


def _guarded(note: str) -> Fault | None:
    noted: dict[str, JsonValue] = {"note": note}
    fault = guard_new(noted, compact_json(noted))
    return None if fault is None else without_prefix((fault,), "content")[0]


def _sure(found: EventDraft | tuple[Fault, ...]) -> EventDraft:
    if isinstance(found, tuple):
        raise RequestError(*found)
    return found


def _fault_of(found: DraftState | Fault) -> Fault | None:
    return found if isinstance(found, Fault) else None


def _raise(fault: Fault | None) -> None:
    if fault is not None:
        raise RequestError(fault)
