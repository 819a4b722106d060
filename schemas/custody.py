"""What a node keeps about the content in its custody: who was shown it, and which keys must go."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OpeningReason(StrEnum):
    """Why somebody is shown personal content. No free text: it would outlive what it is about."""

    HANDLING = "handling"
    """Doing what the event asks for (办理)."""
    ANSWERING = "answering"
    """Answering the other county (答复)."""
    REVIEW = "review"
    """A superior or the auditor looks at how it was handled (审核)."""
    SUBJECT_REQUEST = "subject_request"
    """The person it is about asked to see it (本人查询)."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One showing of personal content to a reader.

    Attributes:
        number: From 1, without gaps, in the order of commits.
        envelope_id: Of the event.
        access: Name of the token that asked.
        officer: Whom the token is bound to; empty if nobody.
        digest: Hex SHA-256 over the row before and everything above; see ``services.domain.openings``.
    """

    number: int
    envelope_id: str
    opened_at: datetime
    access: str
    officer: str
    reason: OpeningReason
    digest: str


@dataclass(frozen=True, slots=True)
class KeyPublication:
    """A record of ours that published an office key on one channel."""

    channel: str
    envelope_id: str
