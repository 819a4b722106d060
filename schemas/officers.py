"""Officers: the credential that a county certifies, and the answer that an officer signs."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.base import Model, VersionOne, WireTime
from schemas.documents import SignedDocument
from schemas.envelope import SIGNATURE_TEXT
from schemas.ids import CountyId, Digest, EnvelopeId, OfficerId
from schemas.registry import PublicKeyText, Text


class Role(StrEnum):
    """What an officer may do."""

    DUTY = "duty"
    LIAISON = "liaison"
    REVIEWER = "reviewer"
    MEDIATOR = "mediator"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class OfficerCredential(Model):
    """A county certifies that this key belongs to this officer; signed by its event key, revocable."""

    v: VersionOne = 1
    county: CountyId
    officer: OfficerId
    display_name: Text
    """A role at a desk, e.g. 值班员甲."""
    roles: Annotated[tuple[Role, ...], Field(min_length=1, max_length=6, strict=False)]
    public: PublicKeyText
    issued_at: WireTime
    expires_at: WireTime


class AnswerWord(StrEnum):
    """What the officer says: 收到, 处置, 转, 误报, 不能."""

    RECEIVED = "received"
    HANDLING = "handling"
    PASSED_ON = "passed_on"
    FALSE_ALARM = "false_alarm"
    CANNOT = "cannot"


class Means(StrEnum):
    """How the answer came, strongest first."""

    KEY_FILE = "key_file"
    """Signed by the officer's own key."""
    TOKEN = "token"  # noqa: S105 - a means of answering, no secret
    """An officer-bound bearer token, not signed by the officer's own key."""
    VOICE_PIN = "voice_pin"
    """The officer's PIN, keyed in on the telephone that was called."""
    SMS_NUMBER = "sms_number"
    """A reply from the officer's verified number: whoever holds the telephone."""


class Answer(Model):
    """An officer acknowledges one event (签收)."""

    v: VersionOne = 1
    envelope_id: EnvelopeId
    county: CountyId
    officer: OfficerId
    answer: AnswerWord
    note: Annotated[str, StringConstraints(max_length=200)] = ""
    answered_at: WireTime


class OfficerProof(Model):
    """What stands behind a human receipt: the certified credential and, if signed, the answer's signature."""

    credential: SignedDocument
    credential_digest: Digest
    means: Means
    answer: Answer
    signature: Annotated[str, StringConstraints(pattern=SIGNATURE_TEXT)] | None = None
    """By the officer's key over the answer's compact JSON; null for every other means than ``key_file``."""
