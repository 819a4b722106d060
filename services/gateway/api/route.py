"""``Route``: what one address is, so that dispatch and documents say the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from schemas.access import Scope
from schemas.base import Model
from services.gateway.api.asked import NoQuery
from services.gateway.api.calls import JSON, Handler

BASE: Final = "/api/v1"
TEXT: Final = "text/plain"
CALENDAR: Final = "text/calendar"
BYTES: Final = "application/octet-stream"
CAP: Final = "application/cap+xml"
ATOM: Final = "application/atom+xml"
LINES: Final = "application/x-ndjson"
PDF: Final = "application/pdf"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SWITCHING_PROTOCOLS: Final = 101
UNCHANGED: Final = 304
OF_KEYS: Final = ("request.idempotency_key", "request.idempotency_conflict")
"""Refusals of every route that takes an Idempotency-Key."""


class Door(Enum):
    """Addresses that ask for no scope."""

    OPEN = "open"
    """No token is needed."""
    ANY_TOKEN = "any token"  # noqa: S105 - a rule, no secret
    """Any valid token will do."""
    IN_ADDRESS = "token in the address"
    """The address itself holds a token, as its part ``secret``."""


@dataclass(frozen=True, slots=True)
class Route:
    """One address.

    Attributes:
        name: Operation id; also the label in logs and figures.
        scope: What the caller's token must allow.
        answer: Model of the good answer; None where it is no JSON model.
        status: Of the good answer.
        media_type: Of the good answer.
        path_model: Path parameters.
        query: Query parameters.
        body: Model of the body; None if the address takes none.
        body_required: False lets the body be left out.
        codes: Refusals of this address's own; those of token, address and body follow from the fields above.
        idempotent_by_key: Takes an Idempotency-Key.
        takes_bytes: The body is a stream of bytes that the handler reads itself.
        takes_type: Media type of those bytes.
        versioned: Good answers carry the version of the roster as ``ETag``; a POST must name the one that it saw.
        body_types: The body is a text of one of these media types, at most 300 KiB; empty for JSON.
        also: Other statuses of good answers.
    """

    method: str
    path: str
    name: str
    summary: str
    handler: Handler
    scope: Scope | Door
    answer: type[Model] | None
    status: int = 200
    media_type: str = JSON
    path_model: type[Model] = NoQuery
    query: type[Model] = NoQuery
    body: type[Model] | None = None
    body_required: bool = True
    codes: Sequence[str] = ()
    idempotent_by_key: bool = False
    takes_bytes: bool = False
    takes_type: str = BYTES
    versioned: bool = False
    body_types: Sequence[str] = ()
    also: Sequence[int] = ()
