"""What later events of the same type are judged by, and what is doubtful about an event at all.

Source: docs/events.md, section "Judged by what came before"; docs/protocol.md, section "Time".
"""

from datetime import datetime, timedelta
from typing import Final

from schemas.base import Event
from schemas.envelope import Header
from schemas.errors import Fault
from schemas.information.alerts import Alert, SucceedingAlert
from schemas.information.population import PopulationFlowReported
from schemas.records import About, AlertFacts, Mark
from services.domain.courses import step_of
from services.domain.disclosure import people_of
from services.domain.levels import level_of
from services.domain.threads import thread_of

AHEAD_MOST: Final = timedelta(minutes=10)
"""A claimed time further ahead of our clock is marked."""


def about_of(event: Event | None) -> About | None:
    """Return what later events are judged by; None for most types."""
    if event is None:
        return None
    if isinstance(event, Alert):
        return _facts_of(event)
    if isinstance(event, PopulationFlowReported):
        return people_of(event)
    return step_of(event) or thread_of(event)


def _facts_of(alert: Alert) -> AlertFacts:
    named = alert.predecessors if isinstance(alert, SucceedingAlert) else ()
    return AlertFacts(alert.alert_id, level_of(alert), alert.expires, tuple(sorted(one.alert_id for one in named)))


def judge_expiry(expires: datetime | None, event: Event) -> Fault | None:
    """An envelope is paged no longer than the alert in it is in force.

    Args:
        expires: Of the header.
        event: Its content.
    """
    if not isinstance(event, Alert) or (expires is not None and expires <= event.expires):
        return None
    return Fault("request.expires", "expires", "set it to the alert's own `expires` or earlier, or leave it out")


def is_ahead(header: Header, now: datetime) -> bool:
    """Tell whether a source claims a time that our clock is far from having reached."""
    return header.time - now > AHEAD_MOST


def marks_of(header: Header, event: Event | None, now: datetime) -> tuple[Mark, ...]:
    """Return what is doubtful about an event by itself. Nothing is refused for it: an alert is never blocked."""
    marks: list[Mark] = []
    if is_ahead(header, now):
        marks.append(Mark.CLOCK_AHEAD)
    if event is not None and judge_expiry(header.expires, event) is not None:
        marks.append(Mark.EXPIRES_DIFFER)
    return tuple(marks)
