"""A document of the Common Alerting Protocol 1.2 as plain values, whole: every element, in the order it has there.

Texts are kept as they stand in the document, times and numbers too, so that what is read can be written again. ``None``
is an element that is not there, an empty text one that is there and empty.

Source: OASIS, Common Alerting Protocol Version 1.2 (1 July 2010), section 3.2.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
DOCUMENT_MAX_BYTES: Final = 256 * 1024
INFOS_MAX: Final = 20
POINTS_MAX: Final = 1000
"""Of all polygons of a document."""
ELEMENTS_MAX: Final = 5000
REFERENCES_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class CapPair:
    """A named value: ``valueName`` and ``value`` of a parameter, an event code or a geocode."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class CapResource:
    """A file that goes with an info block."""

    desc: str
    mime_type: str
    size: str | None = None
    uri: str | None = None
    deref_uri: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class CapArea:
    """Where."""

    desc: str
    polygons: tuple[str, ...] = ()
    circles: tuple[str, ...] = ()
    geocodes: tuple[CapPair, ...] = ()
    altitude: str | None = None
    ceiling: str | None = None


@dataclass(frozen=True, slots=True)
class CapInfo:
    """What, for one language or one kind of reader."""

    categories: tuple[str, ...]
    event: str
    urgency: str
    severity: str
    certainty: str
    language: str | None = None
    response_types: tuple[str, ...] = ()
    audience: str | None = None
    event_codes: tuple[CapPair, ...] = ()
    effective: str | None = None
    onset: str | None = None
    expires: str | None = None
    sender_name: str | None = None
    headline: str | None = None
    description: str | None = None
    instruction: str | None = None
    web: str | None = None
    contact: str | None = None
    parameters: tuple[CapPair, ...] = ()
    resources: tuple[CapResource, ...] = ()
    areas: tuple[CapArea, ...] = ()


@dataclass(frozen=True, slots=True)
class CapAlert:
    """One document; the ``Signature`` that may stand in it is judged before it is read, and not kept here."""

    identifier: str
    sender: str
    sent: str
    status: str
    msg_type: str
    scope: str
    source: str | None = None
    restriction: str | None = None
    addresses: str | None = None
    codes: tuple[str, ...] = ()
    note: str | None = None
    references: str | None = None
    incidents: str | None = None
    infos: tuple[CapInfo, ...] = ()


CapBlock = CapAlert | CapInfo | CapArea | CapResource
CapValue = str | CapPair | CapBlock


class Shape(Enum):
    """What one element holds."""

    TEXT = "text"
    PAIR = "pair"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a block.

    Attributes:
        tag: As in the document.
        field: Attribute of the block.
        many: Whether it may stand there more than once.
    """

    tag: str
    field: str
    shape: Shape = Shape.TEXT
    many: bool = False


ELEMENTS: Final[dict[type[CapBlock], tuple[Element, ...]]] = {
    CapAlert: (
        Element("identifier", "identifier"),
        Element("sender", "sender"),
        Element("sent", "sent"),
        Element("status", "status"),
        Element("msgType", "msg_type"),
        Element("source", "source"),
        Element("scope", "scope"),
        Element("restriction", "restriction"),
        Element("addresses", "addresses"),
        Element("code", "codes", many=True),
        Element("note", "note"),
        Element("references", "references"),
        Element("incidents", "incidents"),
        Element("info", "infos", Shape.BLOCK, many=True),
    ),
    CapInfo: (
        Element("language", "language"),
        Element("category", "categories", many=True),
        Element("event", "event"),
        Element("responseType", "response_types", many=True),
        Element("urgency", "urgency"),
        Element("severity", "severity"),
        Element("certainty", "certainty"),
        Element("audience", "audience"),
        Element("eventCode", "event_codes", Shape.PAIR, many=True),
        Element("effective", "effective"),
        Element("onset", "onset"),
        Element("expires", "expires"),
        Element("senderName", "sender_name"),
        Element("headline", "headline"),
        Element("description", "description"),
        Element("instruction", "instruction"),
        Element("web", "web"),
        Element("contact", "contact"),
        Element("parameter", "parameters", Shape.PAIR, many=True),
        Element("resource", "resources", Shape.BLOCK, many=True),
        Element("area", "areas", Shape.BLOCK, many=True),
    ),
    CapResource: (
        Element("resourceDesc", "desc"),
        Element("mimeType", "mime_type"),
        Element("size", "size"),
        Element("uri", "uri"),
        Element("derefUri", "deref_uri"),
        Element("digest", "digest"),
    ),
    CapArea: (
        Element("areaDesc", "desc"),
        Element("polygon", "polygons", many=True),
        Element("circle", "circles", many=True),
        Element("geocode", "geocodes", Shape.PAIR, many=True),
        Element("altitude", "altitude"),
        Element("ceiling", "ceiling"),
    ),
}
"""Every element of every block, in the order of the schema. No tag stands in two blocks."""

BLOCKS: Final[dict[str, type[CapBlock]]] = {
    "alert": CapAlert,
    "info": CapInfo,
    "resource": CapResource,
    "area": CapArea,
}


def values_of(block: CapBlock, element: Element) -> tuple[CapValue, ...]:
    """Return what stands under one element of a block, none, one or many."""
    found = getattr(block, element.field)
    if element.many:
        return tuple(found)
    return () if found is None else (found,)
