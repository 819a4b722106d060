"""A newer version of an alert: who of those who were told of the earlier ones is told again?

A raised version opens an escalation of its own, and every acknowledgement counts no longer. One that is no higher goes
on in the row of the earlier one: whoever took that has taken this, and where nobody has, the ladder goes on.

Source: docs/events.md, section "Effective level"; docs/alerting/escalation.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.errors import InvariantError
from schemas.escalations import NO_STEP, Change, Escalation, EscalationState, Ladder, Plan
from services.domain.escalation_answers import hear, recall
from services.domain.escalation_draft import AT_ONCE, Facts, draft_of
from services.domain.levels import LevelChange, level_change
from services.domain.policies import ladder_of


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version that has come.

    Attributes:
        envelope_id: Its own.
        level: Its effective level, 1 to 4.
        expires_at: From when nobody is reminded of it any more; None for never.
    """

    envelope_id: str
    level: int
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Succession:
    """How a version follows the earlier ones.

    Attributes:
        change: What it is against the highest of them.
        carried: Key of the row that it goes on in; None if it is to be opened anew.
        ended: Keys of the rows that it supersedes.
    """

    change: LevelChange
    carried: str | None
    ended: tuple[str, ...]


def succession_of(earlier: Iterable[Escalation], level: int) -> Succession:
    """Decide how a version follows the escalations of those that it names.

    Args:
        earlier: Rows of its predecessors; cancelled ones are passed over. None left: it is opened as a new alert.
        level: The version's effective level.
    """
    live = [one for one in earlier if one.state is not EscalationState.CANCELLED and one.level is not None]
    before = min((one.level for one in live if one.level is not None), default=None)
    change = LevelChange.RAISED if before is None else level_change(before, level)
    live.sort(key=_by_urgency)
    keys = [one.key for one in live]
    told_lower = bool(live) and (live[0].level or 0) > level  # lower than the highest, yet higher than what would go on
    if change is LevelChange.RAISED or told_lower:
        return Succession(LevelChange.RAISED, None, tuple(keys))
    return Succession(change, keys[0], tuple(keys[1:]))


def _by_urgency(one: Escalation) -> tuple[bool, int, str]:
    # What nobody has taken comes first: were it ended for one that somebody took, nobody would be told of it.
    return one.state is EscalationState.ACKNOWLEDGED, one.level or 0, one.key


def carry_on(escalation: Escalation, facts: Facts, version: NewVersion) -> Plan:
    """Let a version that is no higher go on in the row of the earlier one: nobody is paged for it.

    A lowered one goes on by the ladder of its level, at the place where that would be by now.

    Returns:
        What to write; plan again right behind it.

    Raises:
        InvariantError: The version is higher than the one before.
    """
    if escalation.level is None or level_change(escalation.level, version.level) is LevelChange.RAISED:
        raise InvariantError("a raised version opens an escalation of its own")
    draft = draft_of(escalation, facts)
    recall(draft)
    hear(draft)
    one = draft.escalation
    draft.set(version=version.envelope_id, expires_at=version.expires_at)
    if one.level != version.level:
        draft.set(level=version.level, **_at_level(one, facts, version.level))
    draft.record(Change.VERSION_CHANGED, f"level {one.level} to {version.level}")
    return draft.finish(AT_ONCE)


def _at_level(one: Escalation, facts: Facts, level: int) -> dict[str, object]:
    ladder = ladder_of(facts.policy, level)
    deadline = one.opened_at + timedelta(seconds=ladder.acknowledge_seconds)
    values: dict[str, object] = {"acknowledge_by": max(deadline, one.acknowledge_by)}
    if one.step != NO_STEP:
        exhausted = one.state is EscalationState.EXHAUSTED
        step = len(ladder.steps) - 1 if exhausted else _step_by_now(ladder, facts.now - one.opened_at)
        values["step"] = step
        if one.state is EscalationState.OPEN:
            values["next_at"] = max(facts.now, one.opened_at + _end_of(ladder, step))
    return values


def _step_by_now(ladder: Ladder, since: timedelta) -> int:
    passed = [number for number, step in enumerate(ladder.steps) if timedelta(seconds=step.after_seconds) <= since]
    return max(passed, default=0)


def _end_of(ladder: Ladder, step: int) -> timedelta:
    ends = [*(one.after_seconds for one in ladder.steps[1:]), ladder.exhausted_seconds]
    return timedelta(seconds=ends[step])
