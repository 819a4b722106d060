"""Control types: records about the chains themselves, permitted by membership alone."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.base import Event, InformationClass, Kind, Model, WireTime
from schemas.documents import SignedDocument
from schemas.envelope import AUDIENCE_MAX, CHUNK_MIN_BYTES, FILE_MAX_BYTES, FILE_OVERHEAD_BYTES, MAX_INTEGER
from schemas.forms import LINE_PATTERN
from schemas.ids import AgreementId, AgreementRef, ChannelId, CountyId, Digest, EnvelopeId, Epoch, OfficerId
from schemas.officers import OfficerProof
from schemas.pages import Tier
from schemas.registry import KeyRecord, KeyUse, Text
from schemas.statements import SignedStatement

CONTROL_PURPOSE = "bus_control"
CHUNKS_MAX: Final = -(-(FILE_MAX_BYTES + FILE_OVERHEAD_BYTES) // CHUNK_MIN_BYTES)
"""Most chunks of one file."""
MISSING_MAX: Final = 64
WANTED_FILES_MAX: Final = 16


class ChainKind(StrEnum):
    """Events and receipts of one pair never share a chain."""

    EVENT = "event"
    RECEIPT = "receipt"


class OpeningReason(StrEnum):
    """Why an epoch was opened."""

    FIRST = "first"
    RESTORED = "restored"
    FORKED = "forked"
    REVOKED = "revoked"
    """The key that signed the epoch before was revoked."""


class LastLink(Model):
    """The last link of the old epoch that the source knows."""

    seq: Annotated[int, Field(ge=0, le=MAX_INTEGER)]
    id: EnvelopeId


class EpochOpened(Event):
    """The source opens an epoch of a channel; link 0 of that epoch."""

    wire_type: ClassVar[str] = "cn.sihu.control.epoch_opened.v1"
    title_zh: ClassVar[str] = "开启纪元"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    purposes: ClassVar[tuple[str, ...]] = (CONTROL_PURPOSE,)

    channel: ChannelId
    chain_kind: ChainKind
    agreement_id: AgreementId
    audience: Annotated[tuple[CountyId, ...], Field(min_length=1, max_length=AUDIENCE_MAX, strict=False)]
    epoch: Epoch
    reason: OpeningReason
    old_epoch: Epoch | None = None
    last: LastLink | None = None


OFFICE_KEY_LIFE_MAX: Final = timedelta(days=62)


class MemberKeyPublished(Event):
    """A member publishes a short-lived encryption key to the audience of the channel; signed by its event key."""

    wire_type: ClassVar[str] = "cn.sihu.control.member_key_published.v1"
    title_zh: ClassVar[str] = "公布密钥"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    purposes: ClassVar[tuple[str, ...]] = (CONTROL_PURPOSE,)

    key: KeyRecord

    @model_validator(mode="after")
    def _short_lived(self) -> Self:
        key = self.key
        if key.use is not KeyUse.ENCRYPTION or key.algorithm != "x25519":
            raise ValueError("only x25519 keys of use `encryption` are published so; the registry lists all others")
        if key.valid_until is None or not timedelta() < key.valid_until - key.valid_from <= OFFICE_KEY_LIFE_MAX:
            raise ValueError("a published key has an end, at most 62 days after its beginning")
        return self


class ErasureReason(StrEnum):
    """Why a content was erased."""

    WITHDRAWN = "withdrawn"
    """Whoever it is about, or who sent it, has taken it back."""
    EXPIRED = "expired"
    COMPLETED = "completed"
    """What it served is done."""
    MISTAKEN = "mistaken"
    """It should not have been sent, or not to these."""
    ORDERED = "ordered"
    """An authority demands it."""


class ContentErased(Event):
    """A county has erased a content: its author tells the audience, and each recipient tells the author in turn."""

    wire_type: ClassVar[str] = "cn.sihu.control.content_erased.v1"
    title_zh: ClassVar[str] = "内容销毁"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    purposes: ClassVar[tuple[str, ...]] = (CONTROL_PURPOSE,)

    channel: ChannelId
    epoch: Epoch
    seq: Annotated[int, Field(ge=1, le=MAX_INTEGER)]
    id: EnvelopeId
    """Envelope id of the event whose content it was."""
    reason: ErasureReason
    erased_at: WireTime


class CallOutcome(StrEnum):
    """How a call by hand ended."""

    TOLD = "told"
    UNANSWERED = "unanswered"


class CallRecorded(Event):
    """An officer of the source has called a neighbour about an event that was not stored or not answered in time.

    It goes to that neighbour alone, whose node learns of the call once it is back, and it stands in the source's chain.
    """

    wire_type: ClassVar[str] = "cn.sihu.control.call_recorded.v1"
    title_zh: ClassVar[str] = "电话通知"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    purposes: ClassVar[tuple[str, ...]] = (CONTROL_PURPOSE,)

    id: EnvelopeId
    """Of the event that was told."""
    office: Text
    """Who was called: an office or a role, never a person."""
    outcome: CallOutcome
    called_at: WireTime
    officer: OfficerId
    """Who called; ``credential`` certifies it."""
    credential: SignedDocument


class ReleaseMode(StrEnum):
    """How a county's officers stand behind an event."""

    TWO_OFFICERS = "two_officers"
    """One drafted it, another approved those very bytes."""
    ALONE = "alone"
    """One officer sent it at once and said so; a second one is still to countersign."""
    COUNTERSIGNED = "countersigned"
    """A second officer stands behind what was sent alone."""


class ReleasingOfficer(Model):
    """Somebody who stands behind an event; ``credential`` certifies name and roles."""

    officer: OfficerId
    credential: SignedDocument
    own: SignedStatement | None = None
    """Signed with the officer's own key (本人密钥签名); left out, the county's node alone vouches (节点代证)."""


class ReleaseRecorded(Event):
    """Who released an event of its source (拟稿、审核、签发); to the same audience, so in the same chain."""

    wire_type: ClassVar[str] = "cn.sihu.control.release_recorded.v1"
    title_zh: ClassVar[str] = "签发记录"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    purposes: ClassVar[tuple[str, ...]] = (CONTROL_PURPOSE,)

    id: EnvelopeId
    """Of the event that was released."""
    mode: ReleaseMode
    officers: Annotated[tuple[ReleasingOfficer, ...], Field(min_length=1, max_length=2, strict=False)]
    """``two_officers``: who drafted, then who approved. Otherwise the one who signed or countersigned."""
    released_at: WireTime
    """When it was sent so; for ``countersigned`` when that was done."""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        expected = 2 if self.mode is ReleaseMode.TWO_OFFICERS else 1
        if len({one.officer for one in self.officers}) != expected or len(self.officers) != expected:
            raise ValueError("`two_officers` names two different officers, and the other modes one")
        return self


DUTY_SPAN_MAX: Final = timedelta(days=7)
"""Who is on duty is told for so long at the most; who stands longer is told again."""


class OnDuty(Model):
    """Somebody on duty, as the desk names them: a role, never a number."""

    tier: Literal[Tier.PRIMARY, Tier.SECONDARY]
    display: Annotated[str, StringConstraints(max_length=40, pattern=LINE_PATTERN)]
    """E.g. 值班员甲."""


class DutyTold(Event):
    """Who is on duty at a county now, for one partner's duty desk; it counts until it ends or the next one comes.

    Nobody may be named: then what was told before counts no more.
    """

    wire_type: ClassVar[str] = "cn.sihu.control.duty_told.v1"
    title_zh: ClassVar[str] = "值班告知"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    purposes: ClassVar[tuple[str, ...]] = (CONTROL_PURPOSE,)

    office: Text
    """Whose duty it is: the county's own office, e.g. 荔波县联络办."""
    people: Annotated[tuple[OnDuty, ...], Field(max_length=2, strict=False)]
    """The primary before the secondary."""
    valid_from: WireTime
    valid_until: WireTime
    """From then on it counts no more, and both counties erase it; ``expires`` of the header is the same."""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if not timedelta() < self.valid_until - self.valid_from <= DUTY_SPAN_MAX:
            raise ValueError("it ends behind its beginning, at most 7 days later")
        if len({one.tier for one in self.people}) != len(self.people):
            raise ValueError("each tier names one officer")
        return self


class ChannelHead(Model):
    """The last link of one epoch of one channel."""

    channel: ChannelId
    epoch: Epoch
    seq: Annotated[int, Field(ge=0, le=MAX_INTEGER)]
    id: EnvelopeId


class WitnessedHead(ChannelHead):
    """How far a third county's channel is held."""

    source: CountyId


class IdleChannels(Model):
    """Channels at rest, folded: how many, and a digest over their heads."""

    count: Annotated[int, Field(ge=1, le=100_000)]
    digest: Digest


HEADS_MAX: Final = 256


class HeadBeaconed(Event):
    """A county is alive and says how far its channels to one partner go, and how far it holds others'."""

    wire_type: ClassVar[str] = "cn.sihu.control.head_beaconed.v1"
    title_zh: ClassVar[str] = "信标"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    purposes: ClassVar[tuple[str, ...]] = (CONTROL_PURPOSE,)

    heads: Annotated[tuple[ChannelHead, ...], Field(max_length=HEADS_MAX, strict=False)]
    """Own channels that address the partner, receipt channels among them."""
    idle: IdleChannels | None = None
    """Those of them that have not moved for a while."""
    receipts_seen: Annotated[tuple[ChannelHead, ...], Field(max_length=HEADS_MAX, strict=False)] = ()
    """How far the partner's receipt channels are held without a gap."""
    witnessed: Annotated[tuple[WitnessedHead, ...], Field(max_length=HEADS_MAX, strict=False)] = ()
    """How far channels of third counties that address both are held without a gap."""
    heard: Annotated[int, Field(ge=0, le=MAX_INTEGER)] | None = None
    """Sequence of the partner's newest beacon that has come: by its own clock it sees how old this one is at least."""


class Wanted(Model):
    """A run of links that is missing."""

    channel: ChannelId
    epoch: Epoch
    first_seq: Annotated[int, Field(ge=0, le=MAX_INTEGER)]
    last_seq: Annotated[int, Field(ge=0, le=MAX_INTEGER)]

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.first_seq > self.last_seq:
            raise ValueError("`first_seq` is at most `last_seq`")
        return self


WANTED_MAX: Final = 64


class RangeRequested(Event):
    """A member asks for links that are addressed to it: of the one asked, or of a third county that it may hold."""

    wire_type: ClassVar[str] = "cn.sihu.control.range_requested.v1"
    title_zh: ClassVar[str] = "索取缺失"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    kind: ClassVar[Kind] = Kind.REQUEST
    purposes: ClassVar[tuple[str, ...]] = (CONTROL_PURPOSE,)

    wanted: Annotated[tuple[Wanted, ...], Field(max_length=WANTED_MAX, strict=False)]
    all_heads: bool = False
    """The channels at rest do not fit the digest: list all of them in the next beacon."""


class Missing(Model):
    """Chunks that a member lacks, by index from 0; the first and the last one are meant, too."""

    first: Annotated[int, Field(ge=0, le=CHUNKS_MAX - 1)]
    last: Annotated[int, Field(ge=0, le=CHUNKS_MAX - 1)]

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.first > self.last:
            raise ValueError("`first` is at most `last`")
        return self


class WantedFile(Model):
    """How much of one file a member holds, and what it asks for: nothing while chunks come by themselves."""

    id: EnvelopeId
    held: Annotated[int, Field(ge=0, le=CHUNKS_MAX)]
    missing: Annotated[tuple[Missing, ...], Field(max_length=MISSING_MAX, strict=False)] = ()


class ChunksRequested(Event):
    """A member says how far the files of events that it holds have arrived, and asks for the chunks that it lacks."""

    wire_type: ClassVar[str] = "cn.sihu.control.chunks_requested.v1"
    title_zh: ClassVar[str] = "索取附件"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    kind: ClassVar[Kind] = Kind.REQUEST
    purposes: ClassVar[tuple[str, ...]] = (CONTROL_PURPOSE,)

    wanted: Annotated[tuple[WantedFile, ...], Field(min_length=1, max_length=WANTED_FILES_MAX, strict=False)]


Base64Url = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32768}$")]


class SignedHeader(Model):
    """A header and its signatures as they travelled, base64url."""

    header: Base64Url
    signatures: Base64Url


class ForkProved(Event):
    """Two headers that one county signed and that cannot both be true; verifies with nothing but the registry."""

    wire_type: ClassVar[str] = "cn.sihu.control.fork_proved.v1"
    title_zh: ClassVar[str] = "分叉证明"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    purposes: ClassVar[tuple[str, ...]] = (CONTROL_PURPOSE,)

    links: Annotated[tuple[SignedHeader, ...], Field(min_length=2, max_length=2, strict=False)]


class DocumentsPublished(Event):
    """A member passes signed documents on. They stand by their own signatures, whoever carries them."""

    wire_type: ClassVar[str] = "cn.sihu.control.documents_published.v1"
    title_zh: ClassVar[str] = "公布文书"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    purposes: ClassVar[tuple[str, ...]] = (CONTROL_PURPOSE,)

    documents: Annotated[tuple[SignedDocument, ...], Field(min_length=1, max_length=16, strict=False)]
    """Key changes; a later one may need an earlier one."""


class ReceiptStage(StrEnum):
    """How far an event has come at one receiver. The last three are answers of a machine that refuses."""

    STORED = "stored"
    HANDED_OVER = "handed_over"
    ACKNOWLEDGED = "acknowledged"
    ACTIONED = "actioned"
    DECLINED = "declined"
    REJECTED = "rejected"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"


HUMAN_STAGES = frozenset({ReceiptStage.ACKNOWLEDGED, ReceiptStage.ACTIONED, ReceiptStage.DECLINED})
TAKING_STAGES = frozenset({ReceiptStage.ACKNOWLEDGED, ReceiptStage.ACTIONED})
"""The county has taken the event; *declined* says that somebody answered, and who takes it is still open."""


class Receipt(Event):
    """A receiver attests, in the transaction that made it true, what became of one event or a range.

    ``seq`` is the last sequence covered and ``head`` its envelope id, which by the chain names every
    event before it; ``first_seq`` is the first one covered.
    """

    wire_type: ClassVar[str] = "cn.sihu.control.receipt.v1"
    title_zh: ClassVar[str] = "回执"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    purposes: ClassVar[tuple[str, ...]] = (CONTROL_PURPOSE,)

    receiver: CountyId
    stage: ReceiptStage
    channel: ChannelId
    epoch: Epoch
    first_seq: Annotated[int, Field(ge=0, le=MAX_INTEGER)]
    seq: Annotated[int, Field(ge=0, le=MAX_INTEGER)]
    head: EnvelopeId
    content_digest: Digest | None = None
    """Digest of the content as received; only for a single event."""
    agreement: AgreementRef
    permitted: bool
    """Verdict of the receiver's own check of the agreement."""
    received_at: WireTime
    officer: OfficerProof | None = None
    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.]{0,63}$")] | None = None
    text: Annotated[str, StringConstraints(max_length=300)] | None = None

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.first_seq > self.seq:
            raise ValueError("`first_seq` is at most `seq`")
        if self.stage is not ReceiptStage.STORED and self.first_seq != self.seq:
            raise ValueError("only `stored` may cover a range")
        if (self.stage in HUMAN_STAGES) != (self.officer is not None):
            raise ValueError("a human stage names its officer, and no other stage does")
        if (self.stage is ReceiptStage.REJECTED) != (self.code is not None):
            raise ValueError("a rejection names its code, and no other stage does")
        return self
