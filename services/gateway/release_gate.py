"""The door that asks for a second officer: whatever is sent by whichever way passes here, in its own transaction."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from schemas.control import ReleaseMode
from schemas.errors import Fault, InvariantError
from schemas.records import AlertFacts
from schemas.releases import COUNTERSIGN_WITHIN, ENDED, Countersigning, Draft, DraftState
from schemas.statements import ReleaseVerdict
from services.acknowledging import judge_bound
from services.domain.drafting import Outgoing
from services.domain.encoding import digest_of
from services.domain.release_records import Vouched, record_of_release, release_outgoing, release_row
from services.domain.release_signing import Terms, judge_own, terms_of_outgoing
from services.domain.releasing import (
    SECOND_OFFICER,
    Act,
    Standing,
    ends_grave,
    judge_alone,
    judge_approved,
    judge_review,
    judge_sender,
    judge_unreviewed,
    next_state,
    sent,
)
from services.ports import Directory, Snapshot, Transaction
from services.posting import Posted, Posting


@dataclass(frozen=True, slots=True)
class Warrant:
    """Why an event may be sent.

    Attributes:
        mode: What recipients are told; None tells them nothing.
        officers: Behind it; who drafted comes first.
        draft: The draft that it was, if it was one.
    """

    mode: ReleaseMode | None = None
    officers: tuple[Vouched, ...] = ()
    draft: Draft | None = None


_REWRITTEN: Final = Fault("release.changed", "digest", "it has changed meanwhile; read it again")


def judge_standing(by: Vouched, verdict: ReleaseVerdict, terms: Terms | None, now: datetime) -> Fault | None:
    """Decide whether what an officer signed of a draft still fits what would be sent, and the officer's credential.

    Args:
        by: The officer, with what was signed; nothing signed needs nothing.
        verdict: What the officer signed.
        terms: What would be sent now; None if that is not fixed.
        now: Aware UTC; a clock that was set back makes a signature one of the future, which no recipient takes.
    """
    if by.own is None:
        return None
    certified = by.credential.issued_at <= by.own.statement.signed_at <= now
    if certified and terms is not None and judge_own(by.own, by.signatory, verdict, terms) is None:
        return None
    mend = (
        f"{by.credential.display_name} signed it under other terms, or under a credential that is in force no more: "
        "agreement, recipients, credential or clock have changed since. Return it, hand it in and approve it again"
    )
    return Fault("release.terms_changed", "digest", mend)


def _unfit(draft: Draft, outgoing: Outgoing) -> Fault | None:
    """Decide whether an event cannot come of a draft: that is over, or was kept anew since this was made of it."""
    if draft.state in ENDED:
        over = next_state(draft.state, Act.SEND)
        return over if isinstance(over, Fault) else None
    return None if draft.fixed == outgoing.fixed else _REWRITTEN


class ReleaseGate:
    """Judge who stands behind an event, and put on record who it was."""

    def __init__(
        self,
        *,
        posting: Posting,
        directory: Directory,
        is_required: bool = True,
    ) -> None:
        """Take ready-made ports; open nothing.

        Args:
            posting: The way out for records.
            directory: Knows the officers' credentials.
            is_required: False where a county has switched the second officer off.
        """
        self._posting, self._directory, self._is_required = posting, directory, is_required

    def vouch(self, officer: str, now: datetime) -> Vouched | Fault:
        """Return an officer's credential if one is in force now, or what is wrong with it."""
        if not officer:
            mend = "this token is bound to no officer; a person writes, reviews and signs with a token of their own"
            return Fault("access.no_officer", "Authorization", mend)
        document = self._directory.credential(officer)
        if document is None:
            mend = f"{officer} has no certified credential here; have one certified, or ask why it was revoked"
            return Fault("officer.unknown", "officer", mend)
        county, trust = self._posting.county, self._directory.trust()
        found = judge_bound(document, officer, county, trust=trust, now=now, answered_at=now)
        return found if isinstance(found, Fault) else Vouched(document, found)

    def is_needed(self, tx: Snapshot, outgoing: Outgoing) -> bool:
        """Tell whether an event is sent by two officers only; to lower or end a grave alert is grave itself."""
        if not self._is_required:
            return False
        about = outgoing.about
        if outgoing.needs_second or not isinstance(about, AlertFacts) or not about.predecessors:
            return outgoing.needs_second
        return ends_grave([one.facts.level for one in tx.alerts(about.predecessors)], outgoing.status)

    def judge(
        self, tx: Snapshot, outgoing: Outgoing, body: bytes, standing: Standing, now: datetime
    ) -> Warrant | Fault:
        """Decide whether an event may be sent by whoever stands behind it.

        Args:
            tx: The transaction that will post it.
            outgoing: What is to be sent, judged by everything else.
            body: The bytes it was made of, as approved if it is a draft.
            standing: Who stands behind it.
            now: Aware UTC.
        """
        draft = tx.releases.draft(standing.draft_id) if standing.draft_id else None
        if standing.draft_id and draft is None:
            return Fault("request.not_found", "id", "no such draft is here; see GET /api/v1/drafts")
        needed, is_alone = self.is_needed(tx, outgoing), standing.alone or outgoing.alone
        if draft is not None:
            unfit = _unfit(draft, outgoing)
            if unfit is not None:
                return unfit
            if not is_alone and (draft.state is DraftState.APPROVED or (needed and draft.state not in ENDED)):
                terms = terms_of_outgoing(outgoing, self._posting.county)
                return self._approved(draft, digest_of(body), terms, standing.officer, now)
            fault = judge_unreviewed(draft, digest_of(body), standing.officer)
            if fault is not None:
                return fault
        if is_alone:
            return self._alone(outgoing, draft, standing, now, needed=needed)
        return SECOND_OFFICER if needed and not standing.unattended else Warrant(draft=draft)

    def _alone(
        self, outgoing: Outgoing, draft: Draft | None, standing: Standing, now: datetime, *, needed: bool
    ) -> Warrant | Fault:
        officer = self.vouch(standing.officer, now)
        if isinstance(officer, Fault):
            return officer
        fault = judge_alone(outgoing.wire_type, officer.credential, needed=needed)
        return fault or Warrant(ReleaseMode.ALONE, (officer,), draft)

    def _approved(self, draft: Draft, digest: str, terms: Terms | None, sender: str, now: datetime) -> Warrant | Fault:
        fault = judge_approved(draft, digest) or judge_sender(draft, sender)
        if fault is not None or draft.approval is None:
            return fault or SECOND_OFFICER
        author, second = self.vouch(draft.author, now), self.vouch(draft.approval.officer, now)
        if isinstance(author, Fault):  # who was revoked meanwhile stands behind nothing
            return author
        if isinstance(second, Fault):
            return second
        author = replace(author, own=draft.submission)
        second = replace(second, own=draft.approval.own)
        fault = (
            judge_review(draft, second.credential, author.credential)
            or judge_standing(author, ReleaseVerdict.DRAFTED, terms, now)
            or judge_standing(second, ReleaseVerdict.APPROVED, terms, now)
        )
        return fault or Warrant(ReleaseMode.TWO_OFFICERS, (author, second), draft)

    def settle(self, tx: Transaction, warrant: Warrant, outgoing: Outgoing, posted: Posted, now: datetime) -> None:
        """Write down what follows from an event that was posted: its draft is sent, its recipients are told who by.

        Raises:
            InvariantError: The draft has changed within the transaction.
        """
        if warrant.draft is not None:
            reviewed = warrant.mode is ReleaseMode.TWO_OFFICERS
            after = sent(warrant.draft, posted.envelope_id, now, reviewed=reviewed)
            if isinstance(after, Fault):
                raise InvariantError(f"a draft was judged and then refused: {after.code}")
            tx.releases.put(after)
        if warrant.mode is None:
            return
        record = record_of_release(posted.envelope_id, warrant.mode, warrant.officers, now)
        told = self._posting.post(tx, release_outgoing(record, outgoing.agreement, outgoing.to, outgoing.priority), now)
        row = release_row(record, record_id=told.envelope_id, source=self._posting.county)
        tx.releases.note(posted.envelope_id, row)
        if warrant.mode is ReleaseMode.ALONE:
            by = row.officers[0]
            due = Countersigning(posted.envelope_id, by.officer, by.name, now + COUNTERSIGN_WITHIN)
            tx.releases.expect(due)
