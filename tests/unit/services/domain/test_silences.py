"""Telling nobody for a while: who may order it, for how long, and that nothing is lost by it."""

from dataclasses import replace
from datetime import datetime

import pytest

from schemas.base import Status
from schemas.escalations import AlarmKind, Change, Escalation, EscalationState, Hold, Silence
from schemas.officers import AnswerWord
from schemas.pages import Strength
from services.domain.escalation import may_go, plan
from services.domain.escalation_draft import Facts
from services.domain.policies import USUAL_POLICY
from services.domain.silences import is_inhibited, judge_silence, judge_silence_of, silenced_until
from tests.escalations import ALERT, EVERYBODY, NOON, answer, merged, minutes, opened


def order(
    length: float = 20, *, leader: bool = True, incident: str = "", escalation: str = ALERT, reason: str = "设备检修"
) -> Silence:
    """An order given at noon."""
    return Silence(1, incident, escalation, "first", leader, NOON, NOON + minutes(length), reason)


def facts(now: datetime, *silences: Silence, related: tuple[Escalation, ...] = (), **more: object) -> Facts:
    """Facts with orders in them."""
    known = Facts(USUAL_POLICY, EVERYBODY, now, silences=silences, related=related)
    return replace(known, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("silence", "code"),
    [
        (order(), None),
        (order(incident="flood", escalation=""), None),
        (order(24 * 60), None),
        (order(escalation=""), "silence.scope"),
        (order(incident="flood"), "silence.scope"),
        (order(0), "silence.ends_too_early"),
        (order(-5), "silence.ends_too_early"),
        (order(24 * 60 + 1), "silence.too_long"),
        (order(reason=" "), "silence.reason"),
        (order(reason="长" * 201), "silence.reason"),
    ],
)
def test_an_order_without_end_scope_or_reason_is_refused(silence: Silence, code: str | None) -> None:
    """Somebody silences everything for ever, and nobody knows why."""
    fault = judge_silence(silence)
    assert (fault.code if fault else None) == code


@pytest.mark.parametrize(
    ("level", "status", "leader", "length", "code"),
    [
        (1, Status.ACTUAL, False, 5, "silence.leader_only"),
        (2, Status.ACTUAL, False, 5, "silence.leader_only"),
        (1, Status.ACTUAL, True, 30, None),
        (2, Status.ACTUAL, True, 31, "silence.too_long"),
        (3, Status.ACTUAL, False, 600, None),
        (1, Status.EXERCISE, False, 600, None),
        (2, Status.TEST, False, 600, None),
    ],
)
def test_a_grave_alert_is_silenced_by_the_leader_alone_and_not_for_long(
    level: int,
    status: Status,
    leader: bool,  # noqa: FBT001 - a row of the table
    length: float,
    code: str | None,
) -> None:
    """The man who wants to sleep silences the dam."""
    row = opened(level, status=status)
    fault = judge_silence_of(order(length, leader=leader), row)
    assert (fault.code if fault else None) == code
    until = silenced_until(row, [order(length, leader=leader)], NOON)
    assert until == (None if code else NOON + minutes(length))


def test_the_ladder_stands_still_and_goes_on_where_it_stood() -> None:
    """Nothing is lost; and not everything comes at once when the silence ends."""
    quiet = order(20, leader=False)
    held = plan(opened(3), facts(NOON, quiet))
    assert (held.pages, held.escalation.held, held.wake_at) == ((), Hold.SILENCED, NOON + minutes(20))
    assert [one.change for one in held.transitions] == [Change.HELD]
    told = plan(held.escalation, facts(NOON + minutes(20), quiet))
    assert [(row.recipient, row.step) for row in told.pages] == [("first", 0)]
    assert [one.change for one in told.transitions] == [Change.RELEASED, Change.STEP_TAKEN]
    assert told.escalation.next_at == NOON + minutes(28)


def test_what_was_due_when_it_was_silenced_does_not_go_out() -> None:
    """The order is given, and the telephone rings for what was in the queue."""
    made = plan(opened(3), facts(NOON))
    assert may_go(made.pages[0], made.escalation, facts(NOON))
    held = plan(made.escalation, facts(NOON, order(leader=False), pages=made.pages))
    assert not may_go(made.pages[0], held.escalation, facts(NOON, order(leader=False), pages=made.pages))


def test_the_deadline_does_not_stand_still() -> None:
    """With a silence the county is never late."""
    row = plan(opened(3), facts(NOON, order(90, leader=False))).escalation
    assert row.wake_at == NOON + minutes(30)
    late = plan(row, facts(NOON + minutes(30), order(90, leader=False)))
    assert [one.kind for one in late.alarms] == [AlarmKind.OVERDUE]
    assert late.pages == ()


def test_an_answer_counts_during_a_silence() -> None:
    """Whoever reads it at the console takes it in vain."""
    row = plan(opened(3), facts(NOON, order(leader=False))).escalation
    given = answer(1, "first", AnswerWord.HANDLING, Strength.WEB_SIGNED)
    made = plan(row, facts(NOON, order(leader=False), answers=(given,)))
    assert made.escalation.state is EscalationState.ACKNOWLEDGED


def test_a_refusal_during_a_silence_counts_when_it_ends() -> None:
    """He cannot, and the next one is told a ladder's pause later than he could be."""
    first = plan(opened(3), facts(NOON))
    pages = merged((), first)
    held = plan(first.escalation, facts(NOON, order(leader=False), pages=pages))
    refused = facts(NOON, order(leader=False), pages=pages, answers=(answer(1, "first", AnswerWord.CANNOT),))
    made = plan(held.escalation, refused)
    assert made.pages == ()
    freed = plan(made.escalation, replace(refused, now=NOON + minutes(20), pages=merged(pages, made)))
    assert {row.recipient for row in freed.pages} == {"second"}


OTHER = "b" * 64


def test_an_order_is_about_what_it_names() -> None:
    """The silence of one drill quiets the alerts of the whole county, or an alert of no incident by an empty name."""
    incident = order(incident="flood", escalation="", leader=False)
    assert silenced_until(opened(3), [incident], NOON) == NOON + minutes(20)
    assert silenced_until(opened(3, incident="fire"), [incident], NOON) is None
    assert silenced_until(opened(3, incident=""), [replace(incident, incident="")], NOON) is None
    assert silenced_until(opened(3, key=OTHER), [order(leader=False)], NOON) is None
    both = [incident, replace(incident, ends_at=NOON + minutes(40))]
    assert silenced_until(opened(3), both, NOON) == NOON + minutes(40)
    assert silenced_until(opened(3), both, NOON + minutes(40)) is None
    assert silenced_until(opened(3), both, NOON - minutes(1)) is None


@pytest.mark.parametrize(
    ("mine", "other", "inhibited"),
    [
        (opened(2), opened(1, key=OTHER), True),
        (opened(2), opened(2, key=OTHER), False),
        (opened(1), opened(2, key=OTHER), False),
        (opened(2), opened(1, key=OTHER, incident="fire"), False),
        (opened(2, incident=""), opened(1, key=OTHER, incident=""), False),
        (opened(2), opened(1, key=OTHER, status=Status.EXERCISE), False),
        (opened(2, status=Status.EXERCISE), opened(1, key=OTHER), True),
        (opened(2, status=Status.EXERCISE), opened(1, key=OTHER, status=Status.EXERCISE), True),
        (opened(2), replace(opened(1, key=OTHER), state=EscalationState.ACKNOWLEDGED), False),
        (opened(2), replace(opened(1, key=OTHER), state=EscalationState.EXHAUSTED), False),
        (opened(2), opened(1), False),
    ],
)
def test_only_a_higher_open_alert_of_the_incident_inhibits(
    mine: Escalation,
    other: Escalation,
    inhibited: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """A drill quiets a flood; or two alerts wait for each other for ever."""
    assert is_inhibited(mine, (other,)) is inhibited


def test_once_the_higher_alert_is_taken_the_lower_one_is_told() -> None:
    """It needs an acknowledgement of its own, and nobody is told of it."""
    higher = opened(1, key=OTHER)
    held = plan(opened(2), facts(NOON, related=(higher,)))
    assert (held.pages, held.escalation.held) == ((), Hold.INHIBITED)
    assert held.wake_at is not None
    assert held.wake_at <= NOON + minutes(0.1)
    taken = replace(higher, state=EscalationState.ACKNOWLEDGED)
    told = plan(held.escalation, facts(NOON + minutes(6), related=(taken,)))
    assert {row.recipient for row in told.pages} == {"first"}
    assert told.escalation.next_at == NOON + minutes(10)
