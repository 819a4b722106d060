"""How urgent is it? The effective level of an alert, and the priority an event travels by.

Source: docs/events.md, section "Effective level".
"""

from enum import Enum
from typing import Final

from schemas.base import Event
from schemas.governance.mediation import CaseRiskFlagged
from schemas.information.alert_parts import ReportStage, Severity, Urgency
from schemas.information.alerts import Alert, AlertCancelled

HIGHEST_LEVEL: Final = 1
FIRST_REPORT_LEVEL: Final = 2
_TOP_PRIORITY: Final = 0
_ALERT_PRIORITY: Final = 1
_GRAVE: Final = frozenset({Severity.EXTREME, Severity.SEVERE})


class LevelChange(Enum):
    """What an update does to those who answered the alert before."""

    RAISED = "raised"
    """Every acknowledgement counts no longer: all are paged again."""
    LOWERED = "lowered"
    """Nobody is paged."""
    SAME = "same"


def effective_level(alert: Alert) -> int:
    """Return the level an alert is treated by, 1 (highest) to 4.

    It is the highest of the three scales present. With none present, urgency immediate or severity
    severe and above make it 1, anything else 2. A first report is never below 2.
    """
    scales = (alert.warning_level, alert.event_grade, alert.response_level)
    present = [level for level in scales if level is not None]
    if not present:
        grave = alert.urgency is Urgency.IMMEDIATE or alert.severity in _GRAVE
        return HIGHEST_LEVEL if grave else FIRST_REPORT_LEVEL
    level = min(present)
    return min(level, FIRST_REPORT_LEVEL) if alert.report_stage is ReportStage.FIRST else level


def level_of(event: Event) -> int | None:
    """Return the effective level of an alert, None for everything else and for cancellations.

    That a dispute may end in crime or harm is an alert, too: level 1 if it is imminent, else 2.
    """
    if isinstance(event, CaseRiskFlagged):
        return HIGHEST_LEVEL if event.imminent else FIRST_REPORT_LEVEL
    if not isinstance(event, Alert) or isinstance(event, AlertCancelled):
        return None
    return effective_level(event)


def priority_of(event: Event) -> int:
    """Return the priority an event travels by unless the officer says otherwise, 0 (highest) to 4.

    Alerts of every level take the urgent lane: level 1 with priority 0, the others with 1. A
    cancellation goes the way of the alert it ends.
    """
    if not isinstance(event, Alert):
        return event.priority
    return _TOP_PRIORITY if effective_level(event) == HIGHEST_LEVEL else _ALERT_PRIORITY


def level_change(before: int, after: int) -> LevelChange:
    """Compare two effective levels; a smaller number is a higher level."""
    if after < before:
        return LevelChange.RAISED
    return LevelChange.LOWERED if after > before else LevelChange.SAME
