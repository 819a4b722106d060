"""What the API is asked by address: path and query parameters, read strictly from text."""

import re
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from schemas.agreements import Purpose
from schemas.base import Model, Status
from schemas.custody import OpeningReason
from schemas.envelope import FILE_MAX_BYTES, MAX_INTEGER
from schemas.evidence import LINKS_MAX
from schemas.faults import broken_rule
from schemas.forms import Name
from schemas.ids import AgreementId, ContentId, CountyId, EnvelopeId, OfficerId, WireType, is_county
from schemas.records import Direction
from services.domain.case_sheets import Paper

PAGE_MAX: Final = 200
PAGE_DEFAULT: Final = 50
LINKS_DEFAULT: Final = 16
_DIGITS: Final = re.compile(r"[0-9]{1,16}", re.ASCII)
_WORDS: Final = {"true": True, "false": False}


def _number(text: object) -> object:
    if not isinstance(text, str):
        return text
    if _DIGITS.fullmatch(text) is None:
        raise broken_rule("", "write a whole number in digits")
    return int(text)


def _flag(text: object) -> object:
    if not isinstance(text, str):
        return text
    if text not in _WORDS:
        raise broken_rule("", "write true or false")
    return _WORDS[text]


def _counties(text: object) -> object:
    if isinstance(text, str) and not all(is_county(one.strip()) for one in text.split(",")):
        raise broken_rule("", "write six digits each, commas between, e.g. 451226,522728")
    return text


Number = Annotated[int, BeforeValidator(_number)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Limit = Annotated[Number, Field(ge=1, le=PAGE_MAX)]
Counties = Annotated[str, BeforeValidator(_counties), Field(max_length=600)]  # an address has 8 KiB
Place = Annotated[Number, Field(ge=0, le=MAX_INTEGER)]


class EventPath(Model):
    """Which event."""

    id: Annotated[EnvelopeId, Field(description="Envelope id of the event, 64 lower-case hexadecimal digits.")]


class EventsAsked(Model):
    """Which way, and whether this county's own answer is missing: for the list of events and for the search."""

    direction: Annotated[Direction | None, Field(description="`in` or `out`; both if left out.")] = None
    unacknowledged: Annotated[
        Flag,
        Field(
            description="Only incoming events that ask for this county's acknowledgement and have none that takes them."
        ),
    ] = False

    @model_validator(mode="after")
    def _came_in(self) -> Self:
        if self.unacknowledged and self.direction is Direction.OUTGOING:
            raise broken_rule("direction", "leave it out, or write in: only what came in waits for this county")
        return self


class UploadPath(Model):
    """Which upload."""

    id: Annotated[ContentId, Field(description="Number of the upload, 32 lower-case hexadecimal digits.")]


class UploadQuery(Model):
    """Where the bytes go on."""

    offset: Annotated[Number, Field(ge=0, le=FILE_MAX_BYTES, description="How many bytes are before these.")]


class NoQuery(Model):
    """An address that takes no query parameter."""


class EventQuery(EventsAsked):
    """Which events, and from where on."""

    type: Annotated[WireType | None, Field(description="Only events of this wire type.")] = None
    since: Annotated[Place, Field(description="Only events whose position is greater; with `newest`, smaller.")] = 0
    limit: Annotated[Limit, Field(description="How many at most.")] = PAGE_DEFAULT
    newest: Annotated[
        Flag, Field(description="Begin at the newest and go back; a `since` other than 0 goes on before that position.")
    ] = False


class ShowQuery(Model):
    """Why personal content is asked for."""

    why: Annotated[
        OpeningReason | None,
        Field(description="Personal content is shown only with a reason, which is written to the log of openings."),
    ] = None


class OpeningQuery(Model):
    """From where on in the log of openings."""

    since: Annotated[Place, Field(description="Only rows whose number is greater.")] = 0
    limit: Annotated[Limit, Field(description="How many at most.")] = PAGE_DEFAULT


class AuditQuery(Model):
    """Which lines of the audit log, and from where on."""

    since: Annotated[Place, Field(description="Only lines whose number is greater; with `newest`, smaller.")] = 0
    limit: Annotated[Limit, Field(description="How many at most.")] = PAGE_DEFAULT
    newest: Annotated[
        Flag, Field(description="Begin at the newest and go back; a `since` other than 0 goes on before that number.")
    ] = False
    officer: Annotated[OfficerId | None, Field(description="Only what this officer did.")] = None
    act: Annotated[
        str | None,
        Field(
            pattern=r"^[a-z][a-z_]{0,23}(\.[a-z][a-z_]{0,31})?$",
            description="Only this act, e.g. `account.invited`, or this family of them, e.g. `account`.",
        ),
    ] = None


class OpeningsOfEventQuery(Model):
    """How many openings of one event."""

    limit: Annotated[Limit, Field(description="How many at most, the newest first.")] = PAGE_DEFAULT


class EvidenceQuery(Model):
    """What goes into an evidence file."""

    content: Annotated[Flag, Field(description="False leaves content and keys out; their digests stay.")] = True
    links: Annotated[
        Number, Field(ge=0, le=LINKS_MAX, description="How many links before the event, at most; back to the opening.")
    ] = LINKS_DEFAULT


class NoticeQuery(Model):
    """Which notices."""

    open: Annotated[Flag, Field(description="Only those that have neither ended nor been closed.")] = True
    limit: Annotated[Limit, Field(description="How many at most.")] = PAGE_DEFAULT


class NoticePath(Model):
    """Which notice."""

    number: Annotated[Place, Field(ge=1, description="Number of the notice, as the list shows it.")]


class EscalationPath(Model):
    """Which escalation."""

    id: Annotated[
        str,
        StringConstraints(pattern=r"^(?:[0-9a-f]{64}|(?:drill|test)-[0-9a-f]{16})$"),
        Field(description="Envelope id of the event or of its newest version; or the name of a drill or number test."),
    ]


class EscalationQuery(Model):
    """Which escalations."""

    open: Annotated[Flag, Field(description="Only those that nobody has taken yet.")] = True
    limit: Annotated[Limit, Field(description="How many at most.")] = PAGE_DEFAULT


class SilencePath(Model):
    """Which silence."""

    number: Annotated[Place, Field(ge=1, description="Number of the silence, as the list shows it.")]


class CapQuery(Model):
    """Under what an alert goes out; an Ack or Error needs none of it."""

    agreement: Annotated[AgreementId | None, Field(description="Agreement under which an alert goes out.")] = None
    to: Annotated[Counties | None, Field(description="Counties, commas between; every other party if left out.")] = None
    purpose: Annotated[Purpose | None, Field(description="Purpose, if not the usual one.")] = None
    approved_by_role: Annotated[
        Name | None,
        Field(
            description="Role that releases it, e.g. 值班领导; without one here or in the settings an officer decides."
        ),
    ] = None


class CapFeedQuery(Model):
    """Which alerts."""

    direction: Annotated[Direction | None, Field(description="`in` or `out`; both if left out.")] = None
    status: Annotated[Status, Field(description="Only alerts of this status.")] = Status.ACTUAL


class CapExportQuery(Model):
    """In whose words."""

    as_received: Annotated[
        Flag, Field(description="Of an imported alert: the document that it came from, never signed by us.")
    ] = False


class CapReceiptQuery(Model):
    """Whose answer."""

    county: Annotated[CountyId, Field(description="Six digits of the county that answered.")]


class CapDocumentPath(Model):
    """Which document."""

    number: Annotated[Place, Field(ge=1, description="Number of the document, as the list shows it.")]


class CapDocumentQuery(Model):
    """Which documents."""

    held: Annotated[Flag, Field(description="Only those that wait for an officer.")] = True
    limit: Annotated[Limit, Field(description="How many at most, the newest first.")] = PAGE_DEFAULT


class CasePath(Model):
    """Which case."""

    id: Annotated[EnvelopeId, Field(description="Envelope id of the event that registered the case.")]


class CasePaperQuery(Model):
    """Which paper of a case, and why its contents are opened."""

    what: Annotated[Paper, Field(description="The agreement to be signed, or the whole file.")] = Paper.AGREEMENT
    why: Annotated[
        OpeningReason | None,
        Field(description="Contents are personal: they are printed only with a reason, which is written to the log."),
    ] = None


class CaseQuery(Model):
    """Which cases."""

    open: Annotated[Flag, Field(description="Only cases that are neither closed nor archived.")] = True
    limit: Annotated[Limit, Field(description="How many at most, the one that changed last first.")] = PAGE_DEFAULT


class CoursePath(Model):
    """Which referral or request."""

    id: Annotated[ContentId, Field(description="Its number, 32 lower-case hexadecimal digits.")]


class CourseQuery(Model):
    """Which referrals or requests."""

    open: Annotated[Flag, Field(description="Only those in which something is still to be done.")] = True
    limit: Annotated[Limit, Field(description="How many at most.")] = PAGE_DEFAULT


class QuarantineQuery(Model):
    """How many refused messages."""

    limit: Annotated[Limit, Field(description="How many at most.")] = PAGE_DEFAULT


class LiveQuery(Model):
    """Where to go on."""

    after: Annotated[
        Place | None, Field(description="The last sequence seen; from the end of the journal if left out.")
    ] = None
