"""Drafts on their way to be released by two officers, and who stands behind what was sent.

Times are aware UTC, digests and ids lowercase hex, sizes bytes.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from schemas.control import ReleaseMode
from schemas.officers import Role
from schemas.statements import SignedStatement

DRAFT_MAX_BYTES: Final = 300 * 1024
"""The body of an event and what stands around it; the same bound as for a body of the API."""
DRAFTS_MAX: Final = 500
"""Drafts that are neither sent nor withdrawn."""
COUNTERSIGN_WITHIN: Final = timedelta(minutes=30)
"""From an alert that one officer sent alone to the second officer's name under it."""


class DraftState(StrEnum):
    """Where a draft stands: 拟稿, 待审, 退回, 已审, 已发, 撤销."""

    DRAFTING = "drafting"
    IN_REVIEW = "in_review"
    RETURNED = "returned"
    APPROVED = "approved"
    SENT = "sent"
    WITHDRAWN = "withdrawn"


ENDED: Final = frozenset({DraftState.SENT, DraftState.WITHDRAWN})
"""States that nothing leaves; the text of such a draft is not kept."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A second officer has read a draft and found it good.

    Attributes:
        officer: Who; never the author.
        name: Display name as certified then, e.g. 值班员乙.
        digest: Of the bytes that were read. A draft of another digest is not approved.
        own: Signed with the officer's own key; None where the node alone vouches.
    """

    officer: str
    name: str
    digest: str
    at: datetime
    own: SignedStatement | None = None


@dataclass(frozen=True, slots=True)
class Fixed:
    """What is drawn for one text of a draft, so that its content is fixed as it will travel before it is sent.

    A text that was returned gets another one: what was signed of it before fits it no more.

    Attributes:
        content_id: 32 hexadecimal digits.
        key: 32 random bytes that encrypt this content, if it must be, and no other.
        salt: 16 random bytes.
    """

    content_id: str
    key: bytes = field(repr=False)
    salt: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that is being written.

    Attributes:
        draft_id: 32 hexadecimal digits.
        body: ``EventDraft`` as JSON, as its author sent it; empty once it was sent or withdrawn.
        author: Officer who writes it; nobody else changes it.
        author_name: Display name as certified when it was begun.
        digest: SHA-256 of ``body``; stays when the body goes.
        reviewer: Display name of the officer who last approved or returned it; empty if nobody has.
        note: What that officer said.
        approval: None unless this very text is approved.
        event_id: Envelope id, once it was sent.
        fixed: None of a draft whose text is gone, or that an older version kept: such a one cannot be signed.
        submission: Its author's own signature under the handing in; None where the node alone vouches.
    """

    draft_id: str
    wire_type: str
    body: bytes = field(repr=False)
    author: str
    author_name: str
    created_at: datetime
    changed_at: datetime
    state: DraftState
    digest: str
    reviewer: str = ""
    note: str = ""
    approval: Approval | None = None
    event_id: str | None = None
    fixed: Fixed | None = None
    submission: SignedStatement | None = None


@dataclass(frozen=True, slots=True)
class ReleasedBy:
    """An officer behind an event, as the credential says: ``credential_digest`` names it.

    ``signed_at`` is when the officer signed with the officer's own key; None where the county's node alone vouches.
    ``public`` is that key, which may stand in another officer's credential too; empty in what an older node kept.
    """

    officer: str
    name: str
    roles: tuple[Role, ...]
    credential_digest: str
    signed_at: datetime | None = None
    public: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A release as it was put on record, our own or a partner's.

    Attributes:
        record_id: Envelope id of the control record.
        source: Who says so; it counts for events of that county alone.
        officers: With two officers who drafted, then who approved.
        terms: Digest of the terms that an officer signed; empty if nobody did. One of them releases one event.
    """

    record_id: str
    source: str
    mode: ReleaseMode
    officers: tuple[ReleasedBy, ...]
    released_at: datetime
    terms: str = ""


@dataclass(frozen=True, slots=True)
class Countersigning:
    """An event of ours that one officer sent alone, and until when a second one is to countersign it."""

    envelope_id: str
    officer: str
    name: str
    due_at: datetime
