"""跨省通办: a request that one county receives and another decides, with exactly one office responsible at any time.

Each step names its number and the step before it, and only the county whose turn it is may write the next one; so
the steps are one line wherever they meet. Responsibility moves by the step of the office that takes it, never by that
of the office that gives it away.

Nothing here is about the applicant: ``applicant_ref`` is the number of a referral, under whose rules that data travels.

Source: the opinion that ``schemas.governance.service_items`` names;
docs/decisions/0036-let-each-step-name-the-one-before.md
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Final, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.base import Event, InformationClass, Kind, Model, WireTime
from schemas.faults import broken_rule
from schemas.forms import ITEM_PATTERN, Line
from schemas.ids import ContentId, CountyId, Digest, EnvelopeId
from schemas.offices import Office

MOST_STEPS: Final = 200
MOST_PARTIES: Final = 8
PURPOSE: Final = "cross_province_service"

RequestId = ContentId
"""32 hexadecimal digits that mean nothing elsewhere."""

ItemCode = Annotated[str, StringConstraints(pattern=ITEM_PATTERN)]


class ServiceMode(StrEnum):
    """全程网办, 异地代收代办, 多地联办."""

    ONLINE = "online"
    COLLECT = "collect"
    JOINT = "joint"


class MaterialKind(StrEnum):
    """申请表, 身份证明, 户籍材料, 婚姻材料, 劳动合同, 缴费凭证, 诊断材料, 票据, 照片, 委托书, 其他."""

    APPLICATION = "application"
    IDENTITY = "identity"
    HOUSEHOLD = "household"
    MARRIAGE = "marriage"
    CONTRACT = "contract"
    PAYMENT = "payment"
    DIAGNOSIS = "diagnosis"
    INVOICE = "invoice"
    PHOTOGRAPH = "photograph"
    MANDATE = "mandate"
    OTHER = "other"


class Material(Model):
    """A paper of the request, named by its digest; it travels apart, if at all."""

    kind: MaterialKind
    sha256: Digest


Materials = Annotated[tuple[Material, ...], Field(max_length=40)]


class ServiceStep(Event):
    """One step of a request."""

    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    kind: ClassVar[Kind] = Kind.RESPONSE
    purposes: ClassVar[tuple[str, ...]] = (PURPOSE,)

    request_id: RequestId
    step_no: Annotated[int, Field(ge=1, le=MOST_STEPS)]
    previous: EnvelopeId | None = None
    """Envelope id of the step before; null for the first one alone."""
    responsible_office: Office
    """Who answers to the applicant from this step on: exactly one office."""

    @model_validator(mode="after")
    def _placed(self) -> Self:
        if (self.step_no == 1) != (self.previous is None):
            raise broken_rule("previous", "name the step before, unless this is the first")
        return self


class ServiceRequested(ServiceStep):
    """An office has received a request that another county decides (收件)."""

    wire_type: ClassVar[str] = "cn.sihu.governance.service_requested.v1"
    title_zh: ClassVar[str] = "跨省通办收件"
    kind: ClassVar[Kind] = Kind.REQUEST

    mode: ServiceMode
    item_code: ItemCode
    item_name: Line
    receiving_office: Office
    deciding_office: Office
    applicant_ref: ContentId | None = None
    """Number of the referral that carries the applicant's data; null if none needs to travel."""
    materials: Materials = ()
    promised_days: Annotated[int, Field(ge=1, le=90)]
    """Workdays from the day on which the deciding office takes it."""

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.step_no != 1:
            raise broken_rule("step_no", "a request begins with step 1")
        if self.receiving_office.adcode == self.deciding_office.adcode:
            raise broken_rule("deciding_office.adcode", "inside one county no bus is needed")
        if self.responsible_office != self.receiving_office:
            raise broken_rule("responsible_office", "the receiving office answers until another has taken it")
        return self


class ServiceReceived(ServiceStep):
    """An office takes what was handed to it: from here on it is responsible (受理)."""

    wire_type: ClassVar[str] = "cn.sihu.governance.service_received.v1"
    title_zh: ClassVar[str] = "跨省通办受理"

    due_at: WireTime
    """When it must have decided."""


class ServiceSupplementAsked(ServiceStep):
    """Papers are missing; until they come the time that was promised rests (补正告知)."""

    wire_type: ClassVar[str] = "cn.sihu.governance.service_supplement_asked.v1"
    title_zh: ClassVar[str] = "跨省通办补正告知"

    wanted: Annotated[tuple[MaterialKind, ...], Field(min_length=1, max_length=len(MaterialKind))]
    answer_by: WireTime


class ServiceSupplemented(ServiceStep):
    """The papers are there, or will not come; the time goes on (补正)."""

    wire_type: ClassVar[str] = "cn.sihu.governance.service_supplemented.v1"
    title_zh: ClassVar[str] = "跨省通办补正"

    materials: Materials = ()
    due_at: WireTime
    """The old time, later by the workdays for which it rested."""


class TransferReason(StrEnum):
    """非本单位职权, 户籍在他地, 参保在他地, 退回."""

    NOT_COMPETENT = "not_competent"
    REGISTERED_ELSEWHERE = "registered_elsewhere"
    INSURED_ELSEWHERE = "insured_elsewhere"
    SENT_BACK = "sent_back"


class ServiceFrame(Model):
    """What whoever joins later must know of a request."""

    mode: ServiceMode
    item_code: ItemCode
    item_name: Line
    receiving_office: Office
    promised_days: Annotated[int, Field(ge=1, le=90)]
    parties: Annotated[tuple[CountyId, ...], Field(min_length=2, max_length=MOST_PARTIES)]
    """Every county that has had a part in it, sorted."""
    due_at: WireTime | None = None


class ServiceTransferred(ServiceStep):
    """It is handed on to another office, which is responsible only once it has taken it (转办)."""

    wire_type: ClassVar[str] = "cn.sihu.governance.service_transferred.v1"
    title_zh: ClassVar[str] = "跨省通办转办"

    to_office: Office
    reason: TransferReason
    applicant_ref: ContentId | None = None
    """Number of another referral: the consent must name the office that gets the data now."""
    frame: ServiceFrame


class Decision(StrEnum):
    """准予, 不予, 非本地职权."""

    GRANTED = "granted"
    REFUSED = "refused"
    NOT_COMPETENT = "not_competent"


class DecisionReason(StrEnum):
    """符合条件, 条件不符, 材料不全, 逾期未补, 非本地职权."""

    CONDITIONS_MET = "conditions_met"
    CONDITIONS_NOT_MET = "conditions_not_met"
    MATERIALS_MISSING = "materials_missing"
    NO_ANSWER = "no_answer"
    NOT_COMPETENT = "not_competent"


class ServiceDecided(ServiceStep):
    """The responsible office has decided (办结决定)."""

    wire_type: ClassVar[str] = "cn.sihu.governance.service_decided.v1"
    title_zh: ClassVar[str] = "跨省通办决定"

    decision: Decision
    reason: DecisionReason
    legal_basis: Line | None = None
    """The rule that it stands on, e.g. a law and its article."""

    @model_validator(mode="after")
    def _founded(self) -> Self:
        if (self.decision is Decision.GRANTED) != (self.reason is DecisionReason.CONDITIONS_MET):
            raise broken_rule("reason", "a request is granted because its conditions are met, and for nothing else")
        if self.decision is Decision.REFUSED and self.legal_basis is None:
            raise broken_rule("legal_basis", "name the rule by which it is refused; the applicant may appeal")
        return self


class DeliveryWay(StrEnum):
    """网上, 邮寄, 窗口."""

    ONLINE = "online"
    POST = "post"
    DESK = "desk"


class ServiceDelivered(ServiceStep):
    """The applicant has the result (送达)."""

    wire_type: ClassVar[str] = "cn.sihu.governance.service_delivered.v1"
    title_zh: ClassVar[str] = "跨省通办送达"

    way: DeliveryWay


class ClosingOutcome(StrEnum):
    """办结, 申请人撤回."""

    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


class ServiceClosed(ServiceStep):
    """Nothing more is to be done (归档)."""

    wire_type: ClassVar[str] = "cn.sihu.governance.service_closed.v1"
    title_zh: ClassVar[str] = "跨省通办归档"
    kind: ClassVar[Kind] = Kind.REPORT

    outcome: ClosingOutcome
