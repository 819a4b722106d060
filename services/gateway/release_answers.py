"""What the API answers about drafts and about who released an event."""

from pydantic import JsonValue

from schemas.base import Model, WireTime
from schemas.control import ReleaseMode
from schemas.ids import ContentId, CountyId, Digest, EnvelopeId, OfficerId
from schemas.officers import Role
from schemas.releases import DraftState
from services.domain.releasing import Act


class ReleaserLine(Model):
    """An officer behind an event, as certified by its county."""

    officer: OfficerId
    name: str
    """Display name, e.g. 值班员甲."""
    roles: tuple[Role, ...]
    credential_digest: Digest
    signed_at: WireTime | None = None
    """When the officer signed with the officer's own key (本人密钥签名); null: the county's node vouches (节点代证)."""


class ReleaseLine(Model):
    """A release as it was put on record, and the id of its signed record."""

    record_id: EnvelopeId
    source: CountyId
    mode: ReleaseMode
    officers: tuple[ReleaserLine, ...]
    """With two officers who drafted it, then who approved it."""
    released_at: WireTime


class ReleaseList(Model):
    """Everything on record about one event."""

    envelope_id: EnvelopeId
    releases: tuple[ReleaseLine, ...]
    awaits_second: bool
    """A second officer's name is still missing (待补签)."""


class ApprovalLine(Model):
    """A second officer found this very text good."""

    officer: OfficerId
    name: str
    digest: Digest
    at: WireTime
    signed: bool = False
    """With the officer's own key."""


class DraftLine(Model):
    """One draft of a listing."""

    id: ContentId
    type: str
    title: str
    """First title-like field of its content; empty if there is none, and once it was sent or withdrawn."""
    state: DraftState
    author: OfficerId
    author_name: str
    created_at: WireTime
    changed_at: WireTime
    reviewer: str
    """Display name of who last approved or returned it; empty if nobody has."""
    note: str
    """What that officer said."""
    approval: ApprovalLine | None
    event_id: EnvelopeId | None
    """Once it was sent."""


class DraftDetail(Model):
    """One draft whole."""

    draft: DraftLine
    digest: Digest
    """Of the text as shown here: whoever approves names it."""
    event: JsonValue
    """``EventDraft`` as its author wrote it; null once it was sent or withdrawn."""
    needs_second: bool
    """Whether it is sent by two officers only; true also while its content is not yet complete."""
    acts: tuple[Act, ...]
    """What the caller may do with it now."""
    terms: Digest | None = None
    """What an own signature under it names as ``subject``; null while it could not be sent as it is."""
    acknowledge_by: WireTime | None = None
    """What an own signature names so: the time by which a person is to answer, if the draft sets one."""
    submission_signed: bool = False
    """Whether its author handed it in with a signature of the author's own key."""


class DraftList(Model):
    """Drafts, the one that changed last first."""

    drafts: tuple[DraftLine, ...]
