"""The catalogue: wire type -> model, the only dispatch table.

A new type is one more class in ``TYPES``. What our own officers send is parsed closed. What a
partner sends is parsed as closed, too, unless its header names a JSON Schema that is not ours: then
fields we do not know are passed over and those we know must be valid. Nothing is lost, since the
signed bytes are kept whole.

Source: docs/events.md; docs/decisions/0008-read-newer-schemas-tolerantly.md
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic import JsonValue, ValidationError

from schemas.base import Event
from schemas.control import (
    CallRecorded,
    ChunksRequested,
    ContentErased,
    DocumentsPublished,
    DutyTold,
    EpochOpened,
    ForkProved,
    HeadBeaconed,
    MemberKeyPublished,
    RangeRequested,
    Receipt,
    ReleaseRecorded,
)
from schemas.development.projects import ProjectClosed, ProjectJoined, ProjectProgressed, ProjectProposed
from schemas.development.resources import ResourceAnswered, ResourceOffered, ResourceWithdrawn
from schemas.errors import Fault
from schemas.faults import faults_of
from schemas.governance.catalogue import CASE_TYPES
from schemas.governance.plans import DrillHeld, HazardChecked, PlanPublished
from schemas.governance.services import (
    ServiceClosed,
    ServiceDecided,
    ServiceDelivered,
    ServiceReceived,
    ServiceRequested,
    ServiceSupplementAsked,
    ServiceSupplemented,
    ServiceTransferred,
)
from schemas.information.alerts import AlertCancelled, AlertIssued, AlertUpdated
from schemas.information.attachments import AttachmentShared
from schemas.information.briefs import SituationBriefPublished
from schemas.information.bulletins import PolicyBulletinPublished, WorkBulletinPublished
from schemas.information.population import PopulationFlowReported
from schemas.information.referrals import (
    ReferralAccepted,
    ReferralCompleted,
    ReferralDeclined,
    ReferralExpired,
    ReferralOffered,
    ReferralWithdrawn,
)
from schemas.outreach.campaigns import CampaignAnnounced, CampaignAnswered, CampaignChanged, CampaignClosed
from schemas.outreach.materials import MaterialShared

TYPES: Final[tuple[type[Event], ...]] = (
    AlertIssued,
    AlertUpdated,
    AlertCancelled,
    PolicyBulletinPublished,
    WorkBulletinPublished,
    PopulationFlowReported,
    AttachmentShared,
    SituationBriefPublished,
    CampaignAnnounced,
    CampaignChanged,
    CampaignAnswered,
    CampaignClosed,
    MaterialShared,
    ResourceOffered,
    ResourceAnswered,
    ResourceWithdrawn,
    ProjectProposed,
    ProjectJoined,
    ProjectProgressed,
    ProjectClosed,
    *CASE_TYPES,
    ReferralOffered,
    ReferralAccepted,
    ReferralDeclined,
    ReferralCompleted,
    ReferralWithdrawn,
    ReferralExpired,
    ServiceRequested,
    ServiceReceived,
    ServiceSupplementAsked,
    ServiceSupplemented,
    ServiceTransferred,
    ServiceDecided,
    ServiceDelivered,
    ServiceClosed,
    PlanPublished,
    DrillHeld,
    HazardChecked,
    EpochOpened,
    MemberKeyPublished,
    ContentErased,
    CallRecorded,
    ReleaseRecorded,
    DutyTold,
    DocumentsPublished,
    Receipt,
    HeadBeaconed,
    RangeRequested,
    ForkProved,
    ChunksRequested,
)

_MODELS: Final[dict[str, type[Event]]] = {model.wire_type: model for model in TYPES}
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_ID_PREFIX: Final = "urn:sihu:schema:"
_WORDS: Final = frozenset({"title", "description"})
_NAMED: Final = frozenset({"properties", "$defs"})  # their keys are names, which may well be `title`
_PREFIX: Final = "content"


@dataclass(frozen=True, slots=True)
class Parsed:
    """Content that was understood.

    Attributes:
        event: The event.
        newer_schema: Made by a JSON Schema that is not ours; unknown fields were passed over.
    """

    event: Event
    newer_schema: bool


def model_of(wire_type: str) -> type[Event] | None:
    """Return the model of a wire type, None if the catalogue lacks it."""
    return _MODELS.get(wire_type)


@cache
def json_schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema (2020-12) of every type by wire type; treat it as read-only."""
    return {model.wire_type: json_schema(model) for model in TYPES}


def json_schema(model: type[Event]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a type.

    Titles and descriptions are left out: better wording is no change of the wire.
    """
    return {
        "$schema": _DIALECT,
        "$id": _ID_PREFIX + model.wire_type,
        **_without_words(model.model_json_schema(by_alias=True)),
    }


def canonical_bytes(schema: dict[str, Any]) -> bytes:
    """Return the bytes that a schema's digest covers: UTF-8, keys sorted, no blanks."""
    return json.dumps(schema, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@cache
def schema_of(wire_type: str) -> tuple[str, str]:
    """Return id and lowercase hex SHA-256 of the JSON Schema that we make this type by.

    Raises:
        KeyError: The type is not in the catalogue.
    """
    schema = json_schema(_MODELS[wire_type])
    return schema["$id"], hashlib.sha256(canonical_bytes(schema)).hexdigest()


def parse_new(wire_type: str, content: dict[str, JsonValue] | bytes) -> Event | tuple[Fault, ...]:
    """Parse what our own officer or system wants to send: closed, an unknown field is refused.

    Args:
        wire_type: As the draft names it.
        content: Strict JSON (see ``services.domain.encoding``), parsed or as bytes.
    """
    model = _MODELS.get(wire_type)
    if model is None:
        return (_unknown_type(wire_type),)
    try:
        data = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
        return model.model_validate_json(data)
    except ValidationError as error:
        return faults_of(error, _PREFIX)
    except UnicodeEncodeError:
        return (Fault("content.wrong_form", _PREFIX, "write Unicode text without lone surrogates"),)


def parse_received(wire_type: str, content: bytes, schema_digest: str) -> Parsed | tuple[Fault, ...]:
    """Parse a partner's content, whose bytes are verified and strict JSON.

    Args:
        wire_type: As the signed header names it.
        content: The bytes as received.
        schema_digest: The JSON Schema digest that the header names; another than ours may bring new fields.
    """
    model = _MODELS.get(wire_type)
    if model is None:
        return (_unknown_type(wire_type),)
    newer = schema_digest != schema_of(wire_type)[1]
    try:
        return Parsed(model.model_validate_json(content, extra="ignore" if newer else "forbid"), newer)
    except ValidationError as error:
        return faults_of(error, _PREFIX)


def _without_words(schema: dict[str, Any]) -> dict[str, Any]:
    bare: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _NAMED and isinstance(value, dict):
            bare[key] = {name: _without_words(part) for name, part in value.items()}
        elif isinstance(value, dict):
            bare[key] = _without_words(value)
        elif isinstance(value, list):
            bare[key] = [_without_words(part) if isinstance(part, dict) else part for part in value]
        elif key not in _WORDS:
            bare[key] = value
    return bare


def _unknown_type(wire_type: str) -> Fault:
    return Fault("event.unknown_type", "type", f"{wire_type[:100]} is not in the catalogue; see `sihu schema`")
