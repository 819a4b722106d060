"""An own exercise alert as the API shows it, for the record of a drill."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from schemas.records import Delivery
from services.domain.drills import ExerciseAlert
from services.gateway.answers import EventDetail


def exercise_of(detail: EventDetail) -> ExerciseAlert:
    """Return what the rules of drills read of an event: its header, its headline, what its recipients have proved."""
    content: Mapping[str, Any] = detail.content if isinstance(detail.content, dict) else {}
    names = [one.name for one in fields(Delivery)]
    deliveries = tuple(Delivery(**{name: getattr(one, name) for name in names}) for one in detail.deliveries)
    return ExerciseAlert(detail.envelope_id, detail.header, str(content.get("headline", "")), deliveries)
