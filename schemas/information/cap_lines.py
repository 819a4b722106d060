"""What an imported CAP 1.2 document says beyond, or otherwise than, the fields of an alert.

One line stands for one element, in the order of the document, so that it can be written again from the event alone. A
line without a value says: this element is there, and says what the alert's own field says. Whoever corrects that field
corrects the document with it.

Source: docs/parts/alerting-cap.md; docs/decisions/0031-map-cap-both-ways.md.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from schemas.base import Model
from schemas.forms import ESCAPED_PATTERN

CapText = Annotated[str, StringConstraints(max_length=262_144, pattern=ESCAPED_PATTERN)]
r"""A text in which ``\`` begins an escape: ``\\``, ``\e`` (empty), ``\s`` (blank), ``\uXXXX`` and ``\UXXXXXXXX``."""


class CapElement(StrEnum):
    """Elements of CAP 1.2, as they are spelled there."""

    IDENTIFIER = "identifier"
    SENDER = "sender"
    SENT = "sent"
    STATUS = "status"
    MSG_TYPE = "msgType"
    SOURCE = "source"
    SCOPE = "scope"
    RESTRICTION = "restriction"
    ADDRESSES = "addresses"
    CODE = "code"
    NOTE = "note"
    REFERENCES = "references"
    INCIDENTS = "incidents"
    INFO = "info"
    LANGUAGE = "language"
    CATEGORY = "category"
    EVENT = "event"
    RESPONSE_TYPE = "responseType"
    URGENCY = "urgency"
    SEVERITY = "severity"
    CERTAINTY = "certainty"
    AUDIENCE = "audience"
    EVENT_CODE = "eventCode"
    EFFECTIVE = "effective"
    ONSET = "onset"
    EXPIRES = "expires"
    SENDER_NAME = "senderName"
    HEADLINE = "headline"
    DESCRIPTION = "description"
    INSTRUCTION = "instruction"
    WEB = "web"
    CONTACT = "contact"
    PARAMETER = "parameter"
    RESOURCE = "resource"
    RESOURCE_DESC = "resourceDesc"
    MIME_TYPE = "mimeType"
    SIZE = "size"
    URI = "uri"
    DEREF_URI = "derefUri"
    DIGEST = "digest"
    AREA = "area"
    AREA_DESC = "areaDesc"
    POLYGON = "polygon"
    CIRCLE = "circle"
    GEOCODE = "geocode"
    ALTITUDE = "altitude"
    CEILING = "ceiling"


class CapLine(Model):
    """One element; ``name`` of ``info``, ``resource`` and ``area`` begins a block."""

    name: CapElement
    key: CapText | None = None
    """``valueName`` of a parameter, an event code or a geocode."""
    value: CapText | None = None
    """Null: as the alert's own field says."""
