"""What each answer does on each level: tables."""

from dataclasses import replace

import pytest

from schemas.escalations import (
    AlarmKind,
    AnswerGiven,
    Change,
    DropReason,
    EscalationState,
    PageRow,
    PageState,
    Plan,
    Purpose,
    ReplyKind,
    SourceWordKind,
)
from schemas.officers import AnswerWord
from schemas.pages import Medium, Recipient, Strength, Tier
from services.domain.escalation import plan
from services.domain.escalation_answers import counted_as
from tests.escalations import EVERYBODY, NOON, Ladder, answer, facts, merged, minutes, opened, recipient

RECEIVED, HANDLING, PASSED_ON = AnswerWord.RECEIVED, AnswerWord.HANDLING, AnswerWord.PASSED_ON
FALSE_ALARM, CANNOT = AnswerWord.FALSE_ALARM, AnswerWord.CANNOT
SMS, PIN, WEB = Strength.SMS_NUMBER, Strength.VOICE_PIN, Strength.WEB_SIGNED
OPEN, TAKEN = EscalationState.OPEN, EscalationState.ACKNOWLEDGED


class Desk:
    """An alert that was told at noon, and answers to it one after the other."""

    def __init__(self, level: int, roster: tuple[Recipient, ...] = EVERYBODY, *, until: float = 0) -> None:
        """Everything was delivered up to a minute."""
        ladder = Ladder(opened(level), roster)
        ladder.go(until)
        self.row, self.pages, self.roster = ladder.row, ladder.pages, roster
        self.now = NOON + minutes(until)
        self.answers: tuple[AnswerGiven, ...] = ()

    def hear(self, officer: str, word: AnswerWord, strength: Strength = WEB, *, to: str = "") -> Plan:
        """Take one answer down and weigh it."""
        number = len(self.answers) + 1
        self.answers = (*self.answers, answer(number, officer, word, strength, to=to, at=self.now))
        return self.look()

    def look(self) -> Plan:
        """Plan now."""
        made = plan(self.row, facts(self.now, pages=self.pages, answers=self.answers, roster=self.roster))
        self.row, self.pages = made.escalation, merged(self.pages, made)
        return made


def told(rows: tuple[PageRow, ...]) -> set[tuple[str, str, str]]:
    """Whom new pages tell, why, and by what."""
    return {(row.recipient, row.purpose, row.medium) for row in rows if row.state is PageState.DUE}


def changes(made: Plan) -> list[Change]:
    """What a plan records."""
    return [one.change for one in made.transitions]


@pytest.mark.parametrize(
    ("level", "word", "strength", "state", "counted", "reply"),
    [
        (1, RECEIVED, WEB, TAKEN, RECEIVED, ReplyKind.TAKEN),
        (1, RECEIVED, PIN, TAKEN, RECEIVED, ReplyKind.TAKEN),
        (1, RECEIVED, SMS, OPEN, RECEIVED, ReplyKind.SECOND_WANTED),
        (1, HANDLING, WEB, TAKEN, HANDLING, ReplyKind.TAKEN),
        (1, HANDLING, PIN, TAKEN, HANDLING, ReplyKind.TAKEN),
        (1, HANDLING, SMS, OPEN, RECEIVED, ReplyKind.SECOND_WANTED),
        (1, FALSE_ALARM, WEB, OPEN, FALSE_ALARM, ReplyKind.FALSE_ALARM_TOLD),
        (1, CANNOT, SMS, OPEN, CANNOT, ReplyKind.ADVANCED),
        (1, PASSED_ON, WEB, OPEN, PASSED_ON, ReplyKind.ADVANCED),
        (2, RECEIVED, SMS, TAKEN, RECEIVED, ReplyKind.TAKEN),
        (2, HANDLING, SMS, TAKEN, RECEIVED, ReplyKind.TAKEN),
        (2, HANDLING, PIN, TAKEN, HANDLING, ReplyKind.TAKEN),
        (2, FALSE_ALARM, WEB, OPEN, FALSE_ALARM, ReplyKind.FALSE_ALARM_TOLD),
        (2, CANNOT, WEB, OPEN, CANNOT, ReplyKind.ADVANCED),
        (3, RECEIVED, SMS, TAKEN, RECEIVED, ReplyKind.TAKEN),
        (3, HANDLING, SMS, TAKEN, HANDLING, ReplyKind.TAKEN),
        (3, FALSE_ALARM, SMS, TAKEN, FALSE_ALARM, ReplyKind.FALSE_ALARM_TOLD),
        (3, CANNOT, SMS, OPEN, CANNOT, ReplyKind.ADVANCED),
        (4, HANDLING, SMS, TAKEN, HANDLING, ReplyKind.TAKEN),
        (4, FALSE_ALARM, PIN, TAKEN, FALSE_ALARM, ReplyKind.FALSE_ALARM_TOLD),
    ],
)
def test_an_answer_does_what_the_table_says(
    level: int, word: AnswerWord, strength: Strength, state: EscalationState, counted: AnswerWord, reply: ReplyKind
) -> None:
    """One word taken for another, and an alert is quiet that nobody has, or loud although somebody has it."""
    desk = Desk(level)
    made = desk.hear("first", word, strength)
    assert made.escalation.state is state
    assert [(one.kind, one.counted_as) for one in made.replies] == [(reply, counted)]
    if state is TAKEN:
        assert (desk.row.owner, desk.row.owner_word, desk.row.owner_strength) == ("first", counted, strength)
        assert [one.kind for one in made.source_words][-1] is SourceWordKind.TAKEN
    else:
        assert desk.row.owner == ""


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_once_taken_nobody_is_told_any_more(level: int) -> None:
    """The telephone goes on ringing although somebody is on his way."""
    desk = Desk(level)
    desk.hear("first", RECEIVED)
    assert desk.row.wake_at is None
    desk.now += minutes(300)
    assert desk.look().pages == ()


def test_what_waits_when_it_is_taken_is_dropped_with_its_reason() -> None:
    """A page in the queue goes out after the answer, or nobody knows why it did not."""
    first = plan(opened(1), facts(NOON))
    made = plan(first.escalation, facts(NOON, pages=first.pages, answers=(answer(1, "first"),)))
    assert len(made.changed) == 4
    assert {(row.state, row.dropped_for) for row in made.changed} == {(PageState.DROPPED, DropReason.ACKNOWLEDGED)}


def test_on_level_1_an_sms_stops_only_who_sent_it() -> None:
    """A child with the telephone in its hand ends a red alert; or the officer who answered is called every minute."""
    desk = Desk(1)
    made = desk.hear("first", RECEIVED, SMS)
    assert changes(made) == [Change.PERSON_STOPPED]
    desk.now = NOON + minutes(8)
    assert {row.recipient for row in desk.look().pages} == {"second", "leader", "office"}


@pytest.mark.parametrize("word", [RECEIVED, HANDLING])
def test_on_level_1_a_second_officer_by_sms_ends_it(word: AnswerWord) -> None:
    """Two people have it, and a third is woken."""
    desk = Desk(1)
    desk.hear("first", RECEIVED, SMS)
    assert desk.hear("first", RECEIVED, SMS).escalation.state is OPEN
    made = desk.hear("second", word, SMS)
    assert (made.escalation.state, desk.row.owner) == (TAKEN, "second")


def test_on_level_1_whoever_cannot_is_no_second_officer() -> None:
    """One says yes, then no; the next yes stands alone."""
    desk = Desk(1)
    desk.hear("first", RECEIVED, SMS)
    desk.hear("first", CANNOT, SMS)
    assert desk.hear("second", RECEIVED, SMS).escalation.state is OPEN


def test_a_second_answer_hears_by_whom_and_since_when() -> None:
    """Two officers drive out, each thinking that he is the one."""
    desk = Desk(2)
    desk.hear("first", RECEIVED)
    since = desk.now
    desk.now += minutes(3)
    made = desk.hear("second", RECEIVED)
    assert [(one.kind, one.owner, one.owned_at) for one in made.replies] == [(ReplyKind.ALREADY, "first", since)]
    assert changes(made) == []
    assert desk.row.owner == "first"


def test_who_handles_it_takes_it_from_who_only_received_it() -> None:
    """It has an owner who sits at home, and another who does the work and is told of nothing."""
    desk = Desk(2)
    desk.hear("first", RECEIVED)
    assert changes(desk.hear("second", HANDLING)) == [Change.OWNER_CHANGED]
    assert (desk.row.owner, desk.row.owner_word) == ("second", HANDLING)
    desk.hear("leader", HANDLING)
    assert desk.row.owner == "second"


@pytest.mark.parametrize("word", [CANNOT, PASSED_ON])
def test_a_refusal_tells_the_next_one_at_once(word: AnswerWord) -> None:
    """He says no after ten seconds, and the next one is told after eight minutes."""
    desk = Desk(2)
    made = desk.hear("first", word, SMS)
    assert told(made.pages) == {("second", "step", "sms"), ("second", "step", "voice")}
    assert changes(made) == [Change.PERSON_STOPPED, Change.ADVANCED, Change.STEP_TAKEN]
    assert desk.row.next_at == NOON + minutes(4)
    assert changes(desk.hear("first", word, SMS)) == []


def test_a_refusal_goes_to_the_first_step_that_tells_somebody_new() -> None:
    """On level 1 the next step calls the one who just refused once more."""
    desk = Desk(1)
    made = desk.hear("first", CANNOT)
    assert ("leader", "step", "voice") in told(made.pages)
    assert "first" not in {who for who, _, _ in told(made.pages)}
    assert desk.row.step == 2


def test_when_everybody_refuses_it_is_called_by_hand_at_once() -> None:
    """The ladder waits for people who have all said no."""
    desk = Desk(2)
    for one in EVERYBODY:
        made = desk.hear(one.officer, CANNOT)
    assert desk.row.state is EscalationState.EXHAUSTED
    assert [one.kind for one in made.alarms] == [AlarmKind.EXHAUSTED]
    assert [one.kind for one in made.source_words] == [SourceWordKind.EXHAUSTED]


def test_whom_it_is_passed_on_to_is_told_and_ends_it_by_taking_it() -> None:
    """转 to a colleague stops nothing until he says yes, and he must hear of it."""
    taker = recipient("expert", Tier.LEADER)
    desk = Desk(3, (*EVERYBODY, taker))
    made = desk.hear("first", PASSED_ON, to="expert")
    assert ("expert", "passed_on", "sms") in told(made.pages)
    assert [one.kind for one in made.replies] == [ReplyKind.PASSED]
    assert ("second", "step", "sms") in told(made.pages)
    assert desk.row.state is OPEN
    desk.hear("expert", RECEIVED, SMS)
    assert (desk.row.state, desk.row.owner) == (TAKEN, "expert")


def test_passing_on_to_somebody_off_duty_tells_only_the_next_ones() -> None:
    """Somebody is called on his free day, or the officer thinks that his colleague knows."""
    made = Desk(2).hear("first", PASSED_ON, to="nobody")
    assert [one.kind for one in made.replies] == [ReplyKind.TAKER_OFF_DUTY]
    assert {who for who, _, _ in told(made.pages)} == {"second"}


def test_passing_on_to_oneself_is_a_refusal() -> None:
    """It would be a way to be told for ever."""
    made = Desk(2).hear("first", PASSED_ON, to="first")
    assert [one.kind for one in made.replies] == [ReplyKind.ADVANCED]
    assert {who for who, _, _ in told(made.pages)} == {"second"}


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_a_false_alarm_is_told_to_the_leader_and_the_source_once(level: int) -> None:
    """A drill siren is taken for real in the county that sounded it."""
    desk = Desk(level)
    made = desk.hear("first", FALSE_ALARM)
    assert ("leader", Purpose.FALSE_ALARM, Medium.SMS) in told(made.pages)
    assert SourceWordKind.FALSE_ALARM in [one.kind for one in made.source_words]
    again = desk.hear("first", FALSE_ALARM)
    assert again.pages == ()
    assert again.source_words == ()


def test_on_levels_1_and_2_a_false_alarm_stops_nothing() -> None:
    """One mistaken man quiets a dam break."""
    for level, minute, expected in ((1, 2, {"first", "second"}), (2, 4, {"second"})):
        desk = Desk(level)
        desk.hear("first", FALSE_ALARM)
        desk.now = NOON + minutes(minute)
        assert {row.recipient for row in desk.look().pages} == expected


def test_a_false_alarm_without_a_leader_raises_the_gap() -> None:
    """Nobody hears what the officer has found out."""
    desk = Desk(2, EVERYBODY[:1])
    made = desk.hear("first", FALSE_ALARM)
    assert [(one.kind, one.tier) for one in made.alarms] == [(AlarmKind.COVERAGE_GAP, Tier.LEADER)]


# -- after it was taken -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("level", "pause"), [(1, 15), (2, 30), (3, 60), (4, 240)])
def test_who_handles_is_reminded_and_nobody_else_is(level: int, pause: int) -> None:
    """Handling is forgotten; or the reminder calls the leader."""
    desk = Desk(level)
    desk.hear("first", HANDLING)
    assert desk.row.wake_at == NOON + minutes(pause)
    for number in (1, 2):
        desk.now = NOON + minutes(pause * number)
        made = desk.look()
        assert told(made.pages) == {("first", "reminder", "sms")}
        assert changes(made) == [Change.REMINDED]
        assert desk.row.reminders == number
        assert desk.row.state is TAKEN


def test_who_only_received_it_is_not_reminded() -> None:
    """收到 is no promise."""
    desk = Desk(1)
    desk.hear("first", RECEIVED)
    assert desk.row.remind_at is None


def test_after_its_end_nobody_is_reminded_of_an_alert() -> None:
    """A storm of last week rings every hour."""
    desk = Desk(1)
    desk.row = replace(desk.row, expires_at=NOON + minutes(20))
    desk.hear("first", HANDLING)
    desk.now = NOON + minutes(15)
    assert len(desk.look().pages) == 1
    assert desk.row.wake_at is None
    desk.now = NOON + minutes(40)
    assert desk.look().pages == ()


def test_once_the_owner_is_off_duty_the_next_shift_is_reminded() -> None:
    """He is called at home, or the alert has no one."""
    relief = recipient("relief", Tier.PRIMARY)
    desk = Desk(2)
    desk.hear("first", HANDLING)
    desk.roster = (relief, *EVERYBODY[1:])
    desk.now = NOON + minutes(30)
    assert told(desk.look().pages) == {("relief", "reminder", "sms")}


def test_an_owner_who_gives_it_up_sets_it_going_again() -> None:
    """He said yes, then no, and it is still his."""
    desk = Desk(2)
    desk.hear("first", RECEIVED)
    desk.now += minutes(30)
    made = desk.hear("first", CANNOT)
    assert changes(made) == [
        *(Change.PERSON_STOPPED, Change.REOPENED, Change.ADVANCED, Change.STEP_TAKEN),
        Change.OVERDUE,
    ]
    assert (desk.row.state, desk.row.owner) == (OPEN, "")
    assert {who for who, _, _ in told(made.pages)} == {"second"}
    assert SourceWordKind.GIVEN_UP in [one.kind for one in made.source_words]


def test_a_refusal_of_somebody_else_changes_nothing_once_it_is_taken() -> None:
    """The second says no to what the first is doing, and everybody is called."""
    desk = Desk(2)
    desk.hear("first", RECEIVED)
    made = desk.hear("second", CANNOT)
    assert [one.kind for one in made.replies] == [ReplyKind.ALREADY]
    assert (desk.row.state, made.pages) == (TAKEN, ())


def test_when_it_is_given_up_who_had_received_it_is_told_again() -> None:
    """Level 1: the first said 收到 by SMS, the second took it and gave up. Nobody has it now."""
    desk = Desk(1)
    desk.hear("first", RECEIVED, SMS)
    desk.hear("second", HANDLING)
    desk.hear("second", CANNOT)
    desk.now = NOON + minutes(3)
    assert "first" in {row.recipient for row in desk.look().pages}
    assert desk.hear("first", RECEIVED, SMS).escalation.state is OPEN


def test_an_alert_that_was_given_up_as_exhausted_can_still_be_taken() -> None:
    """Somebody calls back after sixteen minutes and is turned away."""
    desk = Desk(1, until=16)
    assert desk.row.state is EscalationState.EXHAUSTED
    desk.hear("superior", RECEIVED, PIN)
    assert (desk.row.state, desk.row.owner) == (TAKEN, "superior")


def test_answers_that_came_together_are_weighed_in_their_order() -> None:
    """After a crash two answers wait; the later one must not win."""
    desk = Desk(2)
    both = (answer(2, "second", RECEIVED), answer(1, "first", RECEIVED))
    made = plan(desk.row, facts(NOON, pages=desk.pages, answers=both))
    assert made.escalation.owner == "first"
    assert [(one.answer, one.kind) for one in made.replies] == [(1, ReplyKind.TAKEN), (2, ReplyKind.ALREADY)]
    assert made.escalation.heard == 2


def test_only_a_weak_handling_of_a_grave_level_counts_as_less() -> None:
    """处置 by SMS on a blue alert is what it says."""
    weak = [
        (word, level)
        for word in AnswerWord
        for strength in Strength
        for level in (1, 2, 3, 4, None)
        if counted_as(word, strength, level) is not word
    ]
    assert weak == [(HANDLING, 1), (HANDLING, 2)]


def test_a_reminder_of_a_clock_set_back_is_not_put_off() -> None:
    """The clock goes back by a day, and nobody asks for a day what became of the flood."""
    desk = Desk(1)
    desk.hear("first", HANDLING)
    desk.now = NOON - minutes(60 * 24)
    assert changes(desk.look()) == [Change.CLOCK_SET_BACK, Change.CLOCK_SET_BACK]
    assert desk.row.remind_at == desk.now + minutes(15)


def test_by_night_nobody_is_reminded_of_level_4() -> None:
    """He handles a blue warning, and at two o'clock he is asked how it goes."""
    desk = Desk(4)
    desk.now = NOON + minutes(8 * 60)
    desk.hear("first", HANDLING)
    seven = NOON + minutes(19 * 60)
    desk.now = NOON + minutes(12 * 60)
    assert desk.look().pages == ()
    assert desk.row.wake_at == seven
    desk.now = seven
    assert told(desk.look().pages) == {("first", "reminder", "sms")}


def test_a_reminder_without_anybody_on_duty_raises_the_gap() -> None:
    """The owner went home, nobody came, and the reminder goes nowhere without a word."""
    desk = Desk(2)
    desk.hear("first", HANDLING)
    desk.roster = ()
    desk.now = NOON + minutes(30)
    assert [(one.kind, one.tier) for one in desk.look().alarms] == [(AlarmKind.COVERAGE_GAP, Tier.PRIMARY)]


def test_an_answer_before_anybody_was_told_counts() -> None:
    """He sees it on the console before the first plan is made."""
    given = (answer(1, "first", RECEIVED), answer(2, "first", CANNOT))
    made = plan(opened(2), facts(NOON, answers=given))
    assert {row.recipient for row in made.pages} == {"second"}
    assert made.escalation.state is OPEN
