"""What case events are made of: who takes part, under which reference, and one text of an agreement with its digest.

Everything that says who somebody is stands in the content alone, which travels encrypted to the two offices; outside
of it a party is ``p1`` and a mediator ``m1``.

Source: docs/mediation.md, section "Events".
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from schemas.base import Model
from schemas.faults import broken_rule
from schemas.forms import MEDIATOR_PATTERN, PARTY_PATTERN, Line, LongText, Name, Note
from schemas.ids import CountyId

PARTIES_MAX: Final = 20
MEDIATORS_MAX: Final = 9

PartyRef = Annotated[str, StringConstraints(pattern=PARTY_PATTERN)]
MediatorRef = Annotated[str, StringConstraints(pattern=MEDIATOR_PATTERN)]
Parties = Annotated[tuple[PartyRef, ...], Field(min_length=1, max_length=PARTIES_MAX)]
Offices = Annotated[tuple[Name, ...], Field(min_length=1, max_length=10)]


class DisputeKind(StrEnum):
    """山林、田地、水利、放牧、交通事故、劳务、邻里、其他."""

    FOREST = "forest"
    FIELDS = "fields"
    WATER = "water"
    GRAZING = "grazing"
    TRAFFIC = "traffic"
    LABOUR = "labour"
    NEIGHBOURS = "neighbours"
    OTHER = "other"


class PartyKind(StrEnum):
    """个人、户、村民小组、村、企业、其他."""

    PERSON = "person"
    HOUSEHOLD = "household"
    VILLAGE_GROUP = "village_group"
    VILLAGE = "village"
    ENTERPRISE = "enterprise"
    OTHER = "other"


class ConsentMatter(StrEnum):
    """What a party agrees to, or does not."""

    MEDIATION = "mediation"
    MEDIATORS = "mediators"
    """Those whom the newest panel names."""
    LONGER_TERM = "longer_term"
    OUTSIDERS = "outsiders"
    OPEN_SESSION = "open_session"


class Means(StrEnum):
    """How a word was given: 口头、书面签名、盖章或按指印、电子."""

    SPOKEN = "spoken"
    SIGNED = "signed"
    SEALED = "sealed"
    ELECTRONIC = "electronic"


class OutOfScope(StrEnum):
    """Why mediation is the wrong address."""

    BOUNDARY_LINE = "boundary_line"
    OWNERSHIP = "ownership"
    CRIMINAL = "criminal"
    IN_COURT = "in_court"
    LABOUR_PROCEDURE = "labour_procedure"
    PARTY_REFUSED = "party_refused"
    NO_DISPUTE = "no_dispute"


class ChallengeGround(StrEnum):
    """Why a mediator is replaced."""

    CONFLICT = "conflict"
    """He declares an interest of his own, or kinship with a party."""
    OBJECTION = "objection"
    """A party does not accept him."""


class NoticeMatter(StrEnum):
    """What parties were told."""

    RIGHTS_AND_DUTIES = "rights_and_duties"
    SESSION = "session"
    TIME_LIMIT = "time_limit"
    AGREEMENT_COPY = "agreement_copy"
    OTHER_WAYS = "other_ways"


class EvidenceKind(StrEnum):
    """书证、照片、录音录像、勘验笔录、证言、其他."""

    DOCUMENT = "document"
    PICTURE = "picture"
    RECORDING = "recording"
    SURVEY = "survey"
    STATEMENT = "statement"
    OTHER = "other"


class RiskKind(StrEnum):
    """What is to be feared."""

    CRIME = "crime"
    HARM = "harm"
    SELF_HARM = "self_harm"
    CROWD = "crowd"


class Authority(StrEnum):
    """Who was told of it: 公安、应急、卫生、乡镇政府、司法行政."""

    PUBLIC_SECURITY = "public_security"
    EMERGENCY = "emergency"
    HEALTH = "health"
    TOWNSHIP = "township"
    JUSTICE = "justice"


class OtherWay(StrEnum):
    """Where parties may go instead: 仲裁、行政、诉讼."""

    ARBITRATION = "arbitration"
    GOVERNMENT = "government"
    COURT = "court"


class AgreementForm(StrEnum):
    """口头、书面."""

    ORAL = "oral"
    WRITTEN = "written"


class Signatory(StrEnum):
    """Who stands behind an agreement."""

    PARTY = "party"
    MEDIATOR = "mediator"
    COUNTY = "county"
    """The office of the county that sends it."""


class CourtResult(StrEnum):
    """What came of an application for judicial confirmation."""

    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


class Performance(StrEnum):
    """How far a duty was met."""

    DONE = "done"
    PARTLY = "partly"
    NOT_DONE = "not_done"


class AdviceReason(StrEnum):
    """Why the parties were told to go to court."""

    BREACH = "breach"
    CONFIRMATION_REFUSED = "confirmation_refused"


class CaseOutcome(StrEnum):
    """What a case came to."""

    PERFORMED = "performed"
    NOT_ACCEPTED = "not_accepted"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"
    COURT = "court"


class CaseParty(Model):
    """A party, its reference everywhere else, and the county whose office speaks with it."""

    ref: PartyRef
    county: CountyId
    kind: PartyKind
    name: Name
    represented_by: Name | None = None


class Mediator(Model):
    """A mediator and the county that sends him."""

    ref: MediatorRef
    county: CountyId
    name: Name
    office: Name


class Screening(Model):
    """What was asked at the door; every answer must be no, or mediation is the wrong address."""

    boundary_line: bool
    """About where the border between administrative areas runs."""
    ownership: bool
    """About who owns land or forest; use and compensation are no question of ownership."""
    criminal: bool
    in_court: bool
    labour_procedure: bool
    """A labour dispute that has a procedure of its own."""


class DueItem(Model):
    """One thing that one party has to do."""

    no: Annotated[int, Field(ge=1, le=99)]
    party: PartyRef
    what: Line
    due_on: date


class AgreementText(Model):
    """The text that everybody signs (人民调解法 art. 29): whoever signs its digest signs every word of it."""

    case_no: Name
    title: Line
    parties: Annotated[tuple[CaseParty, ...], Field(min_length=2, max_length=PARTIES_MAX)]
    mediators: Annotated[tuple[Mediator, ...], Field(min_length=2, max_length=MEDIATORS_MAX)]
    facts: LongText
    terms: Annotated[tuple[Note, ...], Field(min_length=1, max_length=30)]
    performance: Note
    """How, where and until when."""
    drawn_on: date
    drawn_at: Line
    """Place."""


def agreement_bytes(text: AgreementText) -> bytes:
    """Return the bytes whose SHA-256 everybody signs: UTF-8 JSON, keys sorted, no blanks, what is null left out."""
    value = text.model_dump(mode="json", exclude_none=True)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def agreement_digest(text: AgreementText) -> str:
    """Return the lowercase hex SHA-256 that everybody signs."""
    return hashlib.sha256(agreement_bytes(text)).hexdigest()


def each_once(field: str, names: Iterable[object]) -> None:
    """Refuse a list that names something twice.

    Raises:
        PydanticCustomError: It does.
    """
    found = tuple(names)
    if len(set(found)) != len(found):
        raise broken_rule(field, "give each entry once")
