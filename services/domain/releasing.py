"""The second officer (拟稿、审核、签发): what needs one, who may be one, and the steps of a draft.

Pure: the same rule holds for the console, for tokens and for documents of other systems, because all of them send
through one door that asks here.

Source: docs/releasing.md; docs/decisions/0041-ask-a-second-officer-below-the-api.md
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from schemas.base import Event, Status
from schemas.errors import Fault
from schemas.information.alerts import Alert
from schemas.information.briefs import SituationBriefPublished
from schemas.information.bulletins import PolicyBulletinPublished, WorkBulletinPublished
from schemas.officers import OfficerCredential, Role
from schemas.releases import Approval, Draft, DraftState, Fixed
from schemas.statements import SignedStatement
from services.domain.levels import effective_level

GRAVE_LEVEL: Final = 2
"""Alerts of this level and above need a second officer."""
BULLETINS: Final = frozenset(
    one.wire_type for one in (PolicyBulletinPublished, WorkBulletinPublished, SituationBriefPublished)
)
REHEARSED: Final = frozenset({Status.EXERCISE, Status.TEST})
"""What needs no second officer, whatever it says."""
WRITERS: Final = frozenset({Role.DUTY, Role.LIAISON, Role.REVIEWER, Role.MEDIATOR})
"""Whoever may write a draft: auditors and administrators write nothing."""
SECONDS: Final = frozenset({Role.REVIEWER, Role.LIAISON, Role.DUTY})
"""Whoever may be the second officer of what another one wrote."""
ALONE: Final = frozenset({Role.DUTY, Role.LIAISON})
"""Whoever may send an alert alone."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Who stands behind a submission.

    Attributes:
        unattended: Two people released it where it was made: an automatic source.
        officer: Whom the caller's token is bound to; empty if nobody.
        draft_id: The draft that is sent; empty for an event without one.
        alone: ``officer`` states that nobody else is there; an event may state so itself, too.
    """

    unattended: bool = False
    officer: str = ""
    draft_id: str = ""
    alone: bool = False


NOBODY: Final = Standing()
UNATTENDED: Final = Standing(unattended=True)


class Act(StrEnum):
    """What is done to a draft."""

    CHANGE = "change"
    HAND_IN = "hand_in"
    APPROVE = "approve"
    RETURN = "return"
    SEND = "send"
    """What is approved."""
    SEND_UNREVIEWED = "send_unreviewed"
    """What needs no second officer, or is sent alone."""
    WITHDRAW = "withdraw"


_S = DraftState
NEXT: Final[Mapping[tuple[DraftState, Act], DraftState]] = {
    (_S.DRAFTING, Act.CHANGE): _S.DRAFTING,
    (_S.DRAFTING, Act.HAND_IN): _S.IN_REVIEW,
    (_S.DRAFTING, Act.SEND_UNREVIEWED): _S.SENT,
    (_S.DRAFTING, Act.WITHDRAW): _S.WITHDRAWN,
    (_S.IN_REVIEW, Act.CHANGE): _S.DRAFTING,
    (_S.IN_REVIEW, Act.APPROVE): _S.APPROVED,
    (_S.IN_REVIEW, Act.RETURN): _S.RETURNED,
    (_S.IN_REVIEW, Act.SEND_UNREVIEWED): _S.SENT,
    (_S.IN_REVIEW, Act.WITHDRAW): _S.WITHDRAWN,
    (_S.RETURNED, Act.CHANGE): _S.DRAFTING,
    (_S.RETURNED, Act.HAND_IN): _S.IN_REVIEW,
    (_S.RETURNED, Act.WITHDRAW): _S.WITHDRAWN,
    (_S.APPROVED, Act.CHANGE): _S.DRAFTING,
    (_S.APPROVED, Act.RETURN): _S.RETURNED,
    (_S.APPROVED, Act.SEND): _S.SENT,
    (_S.APPROVED, Act.WITHDRAW): _S.WITHDRAWN,
}
"""Every step that there is; whatever is not here is refused."""

SECOND_OFFICER: Final = Fault(
    "release.second_officer",
    "",
    "this needs a second officer: make a draft (`sihu draft make`, POST /api/v1/drafts) that another officer approves; "
    "whoever is alone with an alert of level 1 or 2 states `alone`",
)


def needs_second(wire_type: str, content: Event, status: Status) -> bool:
    """Tell whether an event is sent by two officers only.

    Alerts of effective level 1 and 2 and bulletins do. A cancellation is judged by the scales that it states, as the
    priority it travels by is. Exercises and tests need none: every medium prints 【演练】 first, and what is practised
    often is done right at night.

    Args:
        wire_type: Of the event.
        content: Its content, valid.
        status: Of the event.
    """
    if status in REHEARSED:
        return False
    if isinstance(content, Alert):
        return effective_level(content) <= GRAVE_LEVEL
    return wire_type in BULLETINS


def ends_grave(levels_before: Iterable[int | None], status: Status) -> bool:
    """Tell whether an event changes or ends an alert of level 1 or 2: to lower one is as grave as to raise it."""
    if status in REHEARSED:
        return False
    return any(level is not None and level <= GRAVE_LEVEL for level in levels_before)


def may_be_alone(wire_type: str) -> bool:
    """Tell whether a type may be sent by one officer at night: alerts, and no bulletin."""
    return wire_type not in BULLETINS


def next_state(state: DraftState, act: Act) -> DraftState | Fault:
    """Return where an act leads, or why it cannot be done."""
    after = NEXT.get((state, act))
    if after is not None:
        return after
    if state is DraftState.SENT:
        return Fault("release.state", "state", "it was sent; an event is changed or ended by another event")
    if state is DraftState.WITHDRAWN:
        return Fault("release.state", "state", "it was withdrawn; make a new draft")
    possible = "、".join(one.value for at, one in NEXT if at is state)
    return Fault("release.state", "state", f"a draft that is {state} cannot do that; possible are {possible}")


def judge_writer(credential: OfficerCredential) -> Fault | None:
    """Decide whether an officer may write drafts at all."""
    return _lacking(credential, WRITERS, "write a draft")


def judge_author(draft: Draft, officer: str) -> Fault | None:
    """Decide whether an officer may change, hand in or take back a draft."""
    if draft.author == officer:
        return None
    return Fault("release.not_author", "", f"it is the draft of {draft.author_name}; return it with a note instead")


def judge_review(draft: Draft, credential: OfficerCredential, author: OfficerCredential | None) -> Fault | None:
    """Decide whether an officer may be the second one of a draft.

    Args:
        draft: As it stands.
        credential: Of who reviews, judged to be in force.
        author: The author's, None if none is in force; two credentials over one key are one person.
    """
    if draft.author == credential.officer or (author is not None and author.public == credential.public):
        return Fault("release.same_officer", "", "whoever wrote it cannot review it: another officer does")
    return _lacking(credential, SECONDS, "review what another officer wrote")


def judge_sender(draft: Draft, officer: str) -> Fault | None:
    """Decide whether an officer may send an approved draft: who wrote it, or who approved it."""
    if officer == draft.author or (draft.approval is not None and officer == draft.approval.officer):
        return None
    return Fault("release.not_author", "", "its author sends it, or the officer who approved it")


def judge_taker_back(draft: Draft, credential: OfficerCredential) -> Fault | None:
    """Decide whether an officer may withdraw a draft: its author, or a liaison officer who tidies up."""
    return None if Role.LIAISON in credential.roles else judge_author(draft, credential.officer)


def judge_same(draft: Draft, digest: str) -> Fault | None:
    """Decide whether a draft is still the text that was looked at."""
    if draft.digest == digest:
        return None
    return Fault("release.changed", "digest", "it has changed meanwhile; read it again")


def judge_unreviewed(draft: Draft, digest: str, officer: str) -> Fault | None:
    """Decide whether a draft may be sent by its author as it is; whether it needs a second officer is judged apart."""
    state = next_state(draft.state, Act.SEND_UNREVIEWED)
    if isinstance(state, Fault):
        return state
    return judge_same(draft, digest) or judge_author(draft, officer)


def possible(
    draft: Draft, caller: OfficerCredential | None, author: OfficerCredential | None, *, needed: bool
) -> tuple[Act, ...]:
    """Return what an officer may do with a draft now, in the order of the acts.

    Args:
        draft: As it stands.
        caller: Who asks, None if that is no officer.
        author: Who wrote it, None if that credential is not in force.
        needed: Whether it is sent by two officers only. Whoever is alone may send an alert all the same.
    """
    if caller is None:
        return ()
    is_second = judge_review(draft, caller, author) is None
    own = judge_author(draft, caller.officer) is None
    unreviewed = judge_alone(draft.wire_type, caller, needed=True) is None if needed else True
    allowed = {
        Act.CHANGE: own,
        Act.HAND_IN: own,
        Act.APPROVE: is_second,
        Act.RETURN: is_second,
        Act.SEND: judge_sender(draft, caller.officer) is None,
        Act.SEND_UNREVIEWED: own and unreviewed,
        Act.WITHDRAW: judge_taker_back(draft, caller) is None,
    }
    return tuple(act for act in Act if allowed[act] and (draft.state, act) in NEXT)


def judge_approved(draft: Draft, digest: str) -> Fault | None:
    """Decide whether the bytes in hand are those that were approved."""
    if draft.approval is None or draft.state is not DraftState.APPROVED:
        return SECOND_OFFICER
    if draft.approval.digest != digest or draft.digest != digest:
        return Fault("release.changed", "digest", "it has changed since it was approved; have it approved again")
    return None


def judge_alone(wire_type: str, credential: OfficerCredential, *, needed: bool) -> Fault | None:
    """Decide whether an officer may send an event alone.

    Args:
        wire_type: Of the event.
        credential: Of the officer, judged to be in force.
        needed: Whether the event needs a second officer at all.
    """
    if not needed:
        return Fault("release.alone_not_needed", "alone", "this needs no second officer: leave `alone` out")
    if not may_be_alone(wire_type):
        return Fault("release.alone_bulletin", "alone", "a bulletin can wait for a second officer: make a draft")
    return _lacking(credential, ALONE, "send an alert alone")


def judge_countersigner(first: str, keys: AbstractSet[str], credential: OfficerCredential) -> Fault | None:
    """Decide whether an officer may countersign what ``first`` sent alone; ``keys`` are those that ``first`` held."""
    if first == credential.officer or credential.public in keys:
        return Fault("release.same_officer", "", "whoever sent it alone cannot countersign it: another officer does")
    return _lacking(credential, SECONDS, "countersign")


def changed(draft: Draft, body: bytes, digest: str, wire_type: str, now: datetime, fixed: Fixed) -> Draft | Fault:
    """Return a draft with another text, and what was drawn for it; an approval of the text before is void."""
    state = next_state(draft.state, Act.CHANGE)
    if isinstance(state, Fault):
        return state
    after = replace(draft, body=body, digest=digest, wire_type=wire_type, state=state, changed_at=now)
    return replace(after, approval=None, fixed=fixed, submission=None)


def handed_in(draft: Draft, now: datetime, own: SignedStatement | None = None) -> Draft | Fault:
    """Return a draft that waits for a second officer; ``own`` is its author's signature, judged to hold."""
    state = next_state(draft.state, Act.HAND_IN)
    return state if isinstance(state, Fault) else replace(draft, state=state, changed_at=now, submission=own)


def approved(
    draft: Draft,
    credential: OfficerCredential,
    digest: str,
    note: str,
    now: datetime,
    own: SignedStatement | None = None,
) -> Draft | Fault:
    """Return a draft that a second officer found good.

    Args:
        draft: As it stands.
        credential: Of the second officer.
        digest: Of the bytes that the officer was shown.
        note: What the officer says.
        now: Aware UTC.
        own: The officer's signature, judged to hold; None where the node alone vouches.
    """
    state = next_state(draft.state, Act.APPROVE)
    if isinstance(state, Fault):
        return state
    if digest != draft.digest:
        return Fault("release.changed", "digest", "it has changed since you were shown it; read it again")
    approval = Approval(credential.officer, credential.display_name, digest, now, own)
    name = credential.display_name
    return replace(draft, state=state, changed_at=now, approval=approval, reviewer=name, note=note)


def returned(draft: Draft, credential: OfficerCredential, note: str, now: datetime, fixed: Fixed) -> Draft | Fault:
    """Return a draft that goes back to its author with a note; what was signed of it fits it no more."""
    state = next_state(draft.state, Act.RETURN)
    if isinstance(state, Fault):
        return state
    if not note.strip():
        return Fault("release.no_note", "note", "say in one sentence what is to be changed")
    name = credential.display_name
    after = replace(draft, state=state, changed_at=now, approval=None, reviewer=name, note=note)
    return replace(after, fixed=fixed, submission=None)


def sent(draft: Draft, event_id: str, now: datetime, *, reviewed: bool) -> Draft | Fault:
    """Return a draft that has become an event; its text is there from now on, and nowhere else."""
    state = next_state(draft.state, Act.SEND if reviewed else Act.SEND_UNREVIEWED)
    if isinstance(state, Fault):
        return state
    return replace(draft, state=state, changed_at=now, event_id=event_id, body=b"", fixed=None)


def withdrawn(draft: Draft, now: datetime) -> Draft | Fault:
    """Return a draft that nobody goes on with; its text is gone."""
    state = next_state(draft.state, Act.WITHDRAW)
    return state if isinstance(state, Fault) else replace(draft, state=state, changed_at=now, body=b"", fixed=None)


def _lacking(credential: OfficerCredential, allowed: frozenset[Role], what: str) -> Fault | None:
    if allowed & set(credential.roles):
        return None
    names = "、".join(sorted(allowed))
    return Fault("release.role", "", f"{credential.display_name} may not {what}; that needs one of the roles {names}")
