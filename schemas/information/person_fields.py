"""What may be said about one person who asked for a service: a closed list, of which each purpose permits a part.

Everything here travels only inside encrypted content that is erased when what it serves is done. There is no free text,
and nothing that says to which people, belief or party somebody belongs.

Source: docs/people.md; GB 11643—1999 (identity numbers).
"""

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints

from schemas.base import Model
from schemas.faults import broken_rule
from schemas.forms import IDENTITY_PATTERN, MOBILE_PATTERN, Amount, DivisionCode, Label, Line, Name

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"
_DIGITS: Final = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)


def fits_check_digit(number: str) -> bool:
    """Tell whether the last of 18 characters, 17 digits and a digit or X, is the check digit of the others."""
    total = sum(int(digit) * weight for digit, weight in zip(number[:-1], _WEIGHTS, strict=True))
    return _CHECKS[total % 11] == number[-1]


def _checked(number: str) -> str:
    if _DIGITS.fullmatch(number) and fits_check_digit(number):
        return number
    raise broken_rule("", "the check digit does not fit; compare the number with the document")


IdentityNumber = Annotated[str, StringConstraints(pattern=IDENTITY_PATTERN), AfterValidator(_checked)]
MobileNumber = Annotated[str, StringConstraints(pattern=MOBILE_PATTERN)]


class SchoolStage(StrEnum):
    """幼儿园, 小学, 初中, 高中, 中职."""

    KINDERGARTEN = "kindergarten"
    PRIMARY = "primary"
    JUNIOR = "junior"
    SENIOR = "senior"
    VOCATIONAL = "vocational"


class InsuranceKind(StrEnum):
    """养老, 医疗, 失业, 工伤."""

    PENSION = "pension"
    MEDICAL = "medical"
    UNEMPLOYMENT = "unemployment"
    INJURY = "injury"


class LegalMatter(StrEnum):
    """劳动, 工伤, 家事, 消费, 其他."""

    LABOUR = "labour"
    INJURY = "injury"
    FAMILY = "family"
    CONSUMER = "consumer"
    OTHER = "other"


class CareKind(StrEnum):
    """照护儿童, 照护老人."""

    CHILD = "child"
    ELDER = "elder"


class AidKind(StrEnum):
    """辅具, 康复, 补贴, 托养."""

    DEVICE = "device"
    REHABILITATION = "rehabilitation"
    ALLOWANCE = "allowance"
    DAY_CARE = "day_care"


class PersonField(StrEnum):
    """The name of each field of ``PersonFields``, as a consent lists it."""

    NAME_OF_PERSON = "name"  # an enum's members have a `name` of their own
    IDENTITY_NUMBER = "identity_number"
    PHONE = "phone"
    RESIDENCE_ADCODE = "residence_adcode"
    CHILD_NAME = "child_name"
    CHILD_BORN_ON = "child_born_on"
    SCHOOL_STAGE = "school_stage"
    GRADE = "grade"
    SCHOOL_FROM = "school_from"
    INSURANCE_KIND = "insurance_kind"
    INSURED_ADCODE = "insured_adcode"
    HOSPITAL = "hospital"
    TREATED_FROM = "treated_from"
    TREATED_UNTIL = "treated_until"
    AMOUNT = "amount"
    LEGAL_MATTER = "legal_matter"
    EMPLOYER = "employer"
    OWED_AMOUNT = "owed_amount"
    OWED_SINCE = "owed_since"
    CARE_KIND = "care_kind"
    CARED_NAME = "cared_name"
    CARED_BORN_ON = "cared_born_on"
    CARE_FROM = "care_from"
    AID_KIND = "aid_kind"
    AID_CERTIFICATE = "aid_certificate"


class PersonFields(Model):
    """Every field there is; a purpose permits some of them, and the consent names those that are given."""

    name: Label | None = None
    identity_number: IdentityNumber | None = None
    phone: MobileNumber | None = None
    residence_adcode: DivisionCode | None = None
    child_name: Label | None = None
    child_born_on: date | None = None
    school_stage: SchoolStage | None = None
    grade: Label | None = None
    school_from: date | None = None
    insurance_kind: InsuranceKind | None = None
    insured_adcode: DivisionCode | None = None
    hospital: Name | None = None
    treated_from: date | None = None
    treated_until: date | None = None
    amount: Amount | None = None
    legal_matter: LegalMatter | None = None
    employer: Name | None = None
    owed_amount: Amount | None = None
    owed_since: date | None = None
    care_kind: CareKind | None = None
    cared_name: Label | None = None
    cared_born_on: date | None = None
    care_from: date | None = None
    aid_kind: AidKind | None = None
    aid_certificate: Line | None = None

    def given(self) -> tuple[PersonField, ...]:
        """Return the names of the fields that are given."""
        return tuple(one for one in PersonField if getattr(self, one) is not None)
