"""服务对接单: one person's case goes to one office of a neighbour, at that person's own request, and ends.

What is said about the person stands in ``referral_offered`` alone. The steps that follow name the referral by an opaque
number and say nothing about anybody, so they may stay as records of the work when the content is gone.

Source: docs/people.md; Personal Information Protection Law, arts. 13, 14, 23, 29, 31 and 47;
docs/decisions/0036-let-each-step-name-the-one-before.md
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Self

from pydantic import Field, model_validator

from schemas.base import Event, InformationClass, Kind, Model, WireTime
from schemas.faults import broken_rule
from schemas.forms import Label, Name
from schemas.ids import ContentId, Digest
from schemas.information.person_fields import PersonField, PersonFields
from schemas.offices import Office

MOST_DAYS: Final = 90
DEFAULT_DAYS: Final = 30
LONGEST: Final = timedelta(days=MOST_DAYS)

ReferralId = ContentId
"""32 hexadecimal digits that mean nothing elsewhere."""


class ReferralPurpose(StrEnum):
    """入学, 社保转移, 医疗报销, 法律援助, 欠薪, 照护, 助残, 跨省通办."""

    SCHOOL_PLACE = "school_place"
    INSURANCE_TRANSFER = "insurance_transfer"
    REIMBURSEMENT = "reimbursement"
    LEGAL_AID = "legal_aid"
    WAGE_ARREARS = "wage_arrears"
    CARE = "care"
    DISABILITY_AID = "disability_aid"
    CROSS_PROVINCE_SERVICE = "cross_province_service"


def _needed(names: str) -> frozenset[PersonField]:
    return frozenset(map(PersonField, names.split()))


FIELDS_OF: Final[Mapping[ReferralPurpose, frozenset[PersonField]]] = {
    ReferralPurpose.SCHOOL_PLACE: _needed(
        "name phone residence_adcode child_name child_born_on school_stage grade school_from"
    ),
    ReferralPurpose.INSURANCE_TRANSFER: _needed("name identity_number phone insurance_kind insured_adcode"),
    ReferralPurpose.REIMBURSEMENT: _needed(
        "name identity_number phone insured_adcode hospital treated_from treated_until amount"
    ),
    ReferralPurpose.LEGAL_AID: _needed("name identity_number phone residence_adcode legal_matter"),
    ReferralPurpose.WAGE_ARREARS: _needed("name identity_number phone employer owed_amount owed_since"),
    ReferralPurpose.CARE: _needed("name phone residence_adcode care_kind cared_name cared_born_on care_from"),
    ReferralPurpose.DISABILITY_AID: _needed("name identity_number phone residence_adcode aid_kind aid_certificate"),
    ReferralPurpose.CROSS_PROVINCE_SERVICE: _needed("name identity_number phone residence_adcode"),
}
"""The closed list of each purpose: what is not needed for it is not sent."""

OF_A_CHILD: Final = _needed("child_name child_born_on")
"""Fields about a child: whoever has the care of it consents (art. 31)."""


class ConsentMeans(StrEnum):
    """How it was given: 书面, 电子签名, 当面录音."""

    PAPER = "paper"
    ELECTRONIC = "electronic"
    RECORDED = "recorded"


class WithdrawHow(StrEnum):
    """How it can be taken back: 原窗口, 电话, 任一县窗口."""

    SAME_DESK = "same_desk"
    TELEPHONE = "telephone"
    ANY_DESK = "any_desk"


class Consent(Model):
    """The person agreed, apart from anything else, that these fields go to this office for this purpose."""

    id: ContentId
    given_at: WireTime
    means: ConsentMeans
    separate: bool
    """Asked for by itself, not as one line of a form (art. 29); anything else is refused."""
    receiver: Office
    purpose: ReferralPurpose
    field_names: Annotated[tuple[PersonField, ...], Field(min_length=1, max_length=len(PersonField))]
    notice_version: Label
    """Which edition of the notice the person was given."""
    guardian: bool = False
    """Given by whoever has the care of a child."""
    withdraw_how: WithdrawHow
    evidence_sha256: Digest
    """Of the signed sheet or recording, which stays at the county that asked."""
    expires_at: WireTime


class ReferralFrame(Model):
    """What of a referral is about nobody: kept when its content is gone."""

    referral_id: ReferralId
    purpose: ReferralPurpose
    from_office: Office
    to_office: Office
    expires_at: WireTime


class ReferralOffered(Event):
    """One person's case for one office (服务对接单)."""

    wire_type: ClassVar[str] = "cn.sihu.information.referral_offered.v1"
    title_zh: ClassVar[str] = "服务对接单"
    information_class: ClassVar[InformationClass] = InformationClass.PERSONAL
    kind: ClassVar[Kind] = Kind.REQUEST
    purposes: ClassVar[tuple[str, ...]] = ("population_service",)

    referral_id: ReferralId
    purpose: ReferralPurpose
    from_office: Office
    to_office: Office
    consent: Consent
    fields: PersonFields
    expires_at: WireTime

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.from_office.adcode == self.to_office.adcode:
            raise broken_rule(
                "to_office.adcode", "a referral goes to another county; inside the county no bus is needed"
            )
        _judge_fields(self)
        _judge_consent(self)
        return self

    @property
    def frame(self) -> ReferralFrame:
        """What may be kept."""
        return ReferralFrame(
            referral_id=self.referral_id,
            purpose=self.purpose,
            from_office=self.from_office,
            to_office=self.to_office,
            expires_at=self.expires_at,
        )


def _judge_fields(offer: ReferralOffered) -> None:
    given, allowed = offer.fields.given(), FIELDS_OF[offer.purpose]
    if not given:
        raise broken_rule("fields", "give what the office needs to act; an empty sheet helps nobody")
    outside = next((name for name in given if name not in allowed), None)
    if outside is not None:
        raise broken_rule(f"fields.{outside}", f"take it out: it is not needed for {offer.purpose}")


def _judge_consent(offer: ReferralOffered) -> None:
    consent = offer.consent
    if not consent.separate:
        raise broken_rule("consent.separate", "ask for a separate consent; one line of a form is none (PIPL art. 29)")
    if consent.receiver != offer.to_office:
        raise broken_rule("consent.receiver", "the consent must name the very office that it goes to")
    if consent.purpose is not offer.purpose:
        raise broken_rule("consent.purpose", "the consent is for another purpose; ask for one for this purpose")
    unknown = next((name for name in consent.field_names if name not in FIELDS_OF[offer.purpose]), None)
    if unknown is not None:
        raise broken_rule("consent.field_names", f"the consent names a field that {offer.purpose} does not need")
    unnamed = next((name for name in offer.fields.given() if name not in consent.field_names), None)
    if unnamed is not None:
        raise broken_rule(f"fields.{unnamed}", "the consent does not name this field; take it out, or ask again")
    if OF_A_CHILD.intersection(offer.fields.given()) and not consent.guardian:
        raise broken_rule("consent.guardian", "for a child, whoever has the care of it must consent (PIPL art. 31)")
    if not consent.given_at < offer.expires_at <= consent.expires_at:
        raise broken_rule("expires_at", "end the referral after the consent was given and not after it ends")


class ReferralStep(Event):
    """A step that follows the offer; it says nothing about anybody."""

    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    kind: ClassVar[Kind] = Kind.RESPONSE
    purposes: ClassVar[tuple[str, ...]] = ("population_service",)

    referral_id: ReferralId


class ReferralAccepted(ReferralStep):
    """The office takes the case (接办)."""

    wire_type: ClassVar[str] = "cn.sihu.information.referral_accepted.v1"
    title_zh: ClassVar[str] = "对接单接办"

    handled_by_role: Name
    """A role, never a name."""


class DeclineReason(StrEnum):
    """非本单位职权, 材料不足, 名额不足, 授权存疑, 其他."""

    NOT_COMPETENT = "not_competent"
    FIELDS_MISSING = "fields_missing"
    NO_CAPACITY = "no_capacity"
    CONSENT_DOUBTFUL = "consent_doubtful"
    OTHER = "other"


class ReferralDeclined(ReferralStep):
    """The office does not take it (不予接办)."""

    wire_type: ClassVar[str] = "cn.sihu.information.referral_declined.v1"
    title_zh: ClassVar[str] = "对接单不接"

    reason: DeclineReason


class ReferralOutcome(StrEnum):
    """已办成, 部分办成, 未办成."""

    PROVIDED = "provided"
    PARTLY = "partly"
    NOT_PROVIDED = "not_provided"


class ReferralCompleted(ReferralStep):
    """It is done (办结)."""

    wire_type: ClassVar[str] = "cn.sihu.information.referral_completed.v1"
    title_zh: ClassVar[str] = "对接单办结"

    outcome: ReferralOutcome


class WithdrawnBy(StrEnum):
    """本人, 监护人, 经办单位."""

    PERSON = "person"
    GUARDIAN = "guardian"
    OFFICE = "office"


class ReferralWithdrawn(ReferralStep):
    """The person, or the office for them, takes it back (撤回)."""

    wire_type: ClassVar[str] = "cn.sihu.information.referral_withdrawn.v1"
    title_zh: ClassVar[str] = "对接单撤回"
    kind: ClassVar[Kind] = Kind.CANCEL

    by: WithdrawnBy


class ReferralExpired(ReferralStep):
    """Its time is over; written by the node of the county that offered it (到期)."""

    wire_type: ClassVar[str] = "cn.sihu.information.referral_expired.v1"
    title_zh: ClassVar[str] = "对接单到期"
    kind: ClassVar[Kind] = Kind.REPORT
