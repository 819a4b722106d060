"""Telling nobody for a while: an operator's silence, and a higher alert of the same incident.

Neither loses anything. The ladder stands still meanwhile and goes on where it stood; the county's deadline does not
stand still, and passing it raises the alarm all the same.

Source: docs/alerting/escalation.md.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from schemas.base import Status
from schemas.errors import Fault
from schemas.escalations import Escalation, EscalationState, Silence

LONGEST_SECONDS: Final = 86_400
LONGEST_GRAVE_SECONDS: Final = 1_800
"""Of an actual alert of level 1 or 2, and only if a leader ordered it."""
REASON_MAX: Final = 200
_GRAVE_LEVELS: Final = frozenset({1, 2})


def judge_silence(silence: Silence) -> Fault | None:
    """Tell why an order is refused, or None."""
    if bool(silence.incident) == bool(silence.escalation):
        return Fault("silence.scope", "escalation", "name either one alert or one incident")
    if silence.ends_at <= silence.starts_at:
        return Fault("silence.ends_too_early", "ends_at", "choose an end after the beginning")
    if silence.ends_at - silence.starts_at > timedelta(seconds=LONGEST_SECONDS):
        return Fault("silence.too_long", "ends_at", "end it within 24 hours; it can be ordered again")
    if not 0 < len(silence.reason.strip()) <= REASON_MAX:
        return Fault("silence.reason", "reason", f"say why in at most {REASON_MAX} characters")
    return None


def judge_silence_of(silence: Silence, escalation: Escalation) -> Fault | None:
    """Tell why an order does not count for one alert, or None."""
    if not is_grave(escalation):
        return None
    if not silence.by_leader:
        mend = "have the leader on duty order it: an actual alert of level 1 or 2 is silenced by nobody else"
        return Fault("silence.leader_only", "officer", mend)
    if silence.ends_at - silence.starts_at > timedelta(seconds=LONGEST_GRAVE_SECONDS):
        return Fault("silence.too_long", "ends_at", "end it within 30 minutes: the alert is of level 1 or 2")
    return None


def is_grave(escalation: Escalation) -> bool:
    """Tell whether an alert is an actual one of level 1 or 2; a drill may be silenced by whoever runs it."""
    return escalation.status is Status.ACTUAL and escalation.level in _GRAVE_LEVELS


def silenced_until(escalation: Escalation, silences: Iterable[Silence], now: datetime) -> datetime | None:
    """Return until when nobody is to be told, or None; an order that does not count is passed over."""
    ends = [
        one.ends_at
        for one in silences
        if _is_about(one, escalation)
        and one.starts_at <= now < one.ends_at
        and judge_silence(one) is None
        and judge_silence_of(one, escalation) is None
    ]
    return max(ends, default=None)


def _is_about(silence: Silence, escalation: Escalation) -> bool:
    if silence.escalation:
        return silence.escalation == escalation.key
    return bool(silence.incident) and silence.incident == escalation.incident


def is_inhibited(escalation: Escalation, related: Iterable[Escalation]) -> bool:
    """Tell whether a higher alert of the same incident is being told: an open one, so at most until its ladder ends.

    An exercise never stands in the way of an actual alert.
    """
    return any(
        one.key != escalation.key
        and one.incident == escalation.incident != ""
        and one.kind is escalation.kind
        and one.state is EscalationState.OPEN
        and _is_higher(one.level, escalation.level)
        and one.status in {Status.ACTUAL, escalation.status}
        for one in related
    )


def _is_higher(level: int | None, than: int | None) -> bool:
    return level is not None and than is not None and level < than
