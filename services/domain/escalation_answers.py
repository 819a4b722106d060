"""What an answer does: 收到, 处置, 转, 误报, 不能."""

from datetime import datetime, timedelta
from typing import Final

from schemas.escalations import (
    NO_STEP,
    AnswerGiven,
    Change,
    DropReason,
    EscalationState,
    Purpose,
    ReplyKind,
    SourceWordKind,
)
from schemas.officers import AnswerWord
from schemas.pages import Medium, Strength, Tier
from services.domain.escalation_draft import ESCALATING, UNANSWERED, Draft, Standing
from services.domain.escalation_ladder import audience_of, hurry, media_for, pause_after

TAKING: Final = frozenset({AnswerWord.RECEIVED, AnswerWord.HANDLING})
GRAVE_LEVELS: Final = frozenset({1, 2})
_TOP_LEVEL: Final = 1


def counted_as(word: AnswerWord, strength: Strength, level: int | None) -> AnswerWord:
    """Return what an answer counts as: on levels 1 and 2 ``handling`` needs the console or the voice PIN."""
    weak = strength is Strength.SMS_NUMBER and level in GRAVE_LEVELS
    return AnswerWord.RECEIVED if weak and word is AnswerWord.HANDLING else word


def recall(draft: Draft) -> None:
    """Work out where every officer stands by the answers weighed before."""
    for answer in _in_order(draft, heard=True):
        _stand(draft, answer)
        if answer.number == draft.escalation.rearmed_by:
            _rearm(draft)


def hear(draft: Draft) -> None:
    """Weigh the answers that are new, one after the other."""
    for answer in _in_order(draft, heard=False):
        _weigh(draft, answer)
        draft.set(heard=answer.number)


def _in_order(draft: Draft, *, heard: bool) -> list[AnswerGiven]:
    last = draft.before.heard
    return sorted((one for one in draft.facts.answers if (one.number <= last) is heard), key=lambda one: one.number)


def _stand(draft: Draft, answer: AnswerGiven) -> None:
    word = answer.word
    if word in {AnswerWord.CANNOT, AnswerWord.PASSED_ON}:
        draft.standings[answer.officer] = Standing.DECLINED
        if word is AnswerWord.PASSED_ON and answer.to_officer not in {"", answer.officer}:
            draft.standings.pop(answer.to_officer, None)
    elif word in TAKING:
        draft.standings[answer.officer] = Standing.AWARE
    else:
        draft.called_false.add(answer.officer)


def _rearm(draft: Draft) -> None:
    for officer in [one for one, standing in draft.standings.items() if standing is Standing.AWARE]:
        del draft.standings[officer]


def _weigh(draft: Draft, answer: AnswerGiven) -> None:
    word = counted_as(answer.word, answer.strength, draft.escalation.level)
    if draft.escalation.state is EscalationState.CANCELLED:
        draft.reply(answer, ReplyKind.SUPERSEDED if draft.escalation.superseded_by else ReplyKind.CLOSED, word)
    elif word in TAKING:
        _take(draft, answer, word)
    elif word is AnswerWord.FALSE_ALARM:
        _call_false(draft, answer)
    else:
        _decline(draft, answer)


def _reason(answer: AnswerGiven) -> str:
    return f"answer {answer.number}: {answer.word} by {answer.strength}"


# -- 收到, 处置 -----------------------------------------------------------------------------------------------


def _take(draft: Draft, answer: AnswerGiven, word: AnswerWord) -> None:
    if draft.escalation.state is EscalationState.ACKNOWLEDGED:
        _take_again(draft, answer, word)
    elif is_enough(draft, answer):
        _acknowledge(draft, answer, word)
    else:
        _stop_person(draft, answer, Change.PERSON_STOPPED)
        draft.reply(answer, ReplyKind.SECOND_WANTED, word)
    _stand(draft, answer)


def is_enough(draft: Draft, answer: AnswerGiven) -> bool:
    """Tell whether a taking answer ends it: on level 1 an SMS does only behind that of a second officer."""
    if draft.escalation.level != _TOP_LEVEL or answer.strength is not Strength.SMS_NUMBER:
        return True
    return any(
        standing is Standing.AWARE and officer != answer.officer for officer, standing in draft.standings.items()
    )


def _acknowledge(draft: Draft, answer: AnswerGiven, word: AnswerWord) -> None:
    for row in draft.due_pages(ESCALATING | {Purpose.DIGEST, Purpose.REMINDER}):
        draft.drop(row, DropReason.ACKNOWLEDGED)
    draft.set(next_at=None)
    _own(draft, answer, word, Change.ACKNOWLEDGED)


def _own(draft: Draft, answer: AnswerGiven, word: AnswerWord, change: Change) -> None:
    remind = word is AnswerWord.HANDLING and draft.escalation.level is not None
    draft.record(
        change,
        _reason(answer),
        officer=answer.officer,
        state=EscalationState.ACKNOWLEDGED,
        owner=answer.officer,
        owner_word=word,
        owner_strength=answer.strength,
        taken_at=answer.at,
        remind_at=draft.now + timedelta(seconds=draft.ladder.reminder_seconds) if remind else None,
    )
    draft.tell_source(SourceWordKind.TAKEN, answer.officer, word, answer.strength)
    if word is not AnswerWord.FALSE_ALARM:
        draft.reply(answer, ReplyKind.TAKEN, word)


def _take_again(draft: Draft, answer: AnswerGiven, word: AnswerWord) -> None:
    moves_on = word is AnswerWord.HANDLING and draft.escalation.owner_word is not AnswerWord.HANDLING
    if moves_on:
        _own(draft, answer, word, Change.OWNER_CHANGED)
    else:
        draft.reply(answer, ReplyKind.ALREADY, word)


# -- 误报 -----------------------------------------------------------------------------------------------------


def _call_false(draft: Draft, answer: AnswerGiven) -> None:
    first = answer.officer not in draft.called_false
    _stand(draft, answer)
    if first:
        draft.record(Change.CALLED_FALSE, _reason(answer), officer=answer.officer)
        draft.tell_source(SourceWordKind.FALSE_ALARM, answer.officer, answer.word, answer.strength)
        _tell_leader(draft, answer)
    if draft.escalation.state in UNANSWERED and draft.escalation.level not in GRAVE_LEVELS:
        _acknowledge(draft, answer, AnswerWord.FALSE_ALARM)
    draft.reply(answer, ReplyKind.FALSE_ALARM_TOLD, answer.word)


def _tell_leader(draft: Draft, answer: AnswerGiven) -> None:
    audience = audience_of((Tier.LEADER,), draft.roster)
    for tier in audience.missing:
        draft.gap(tier)
    media = draft.facts.policy.ordinary.media if draft.escalation.level is None else (Medium.SMS,)
    for leader in audience.recipients:
        if leader.officer != answer.officer:
            draft.page(leader, Purpose.FALSE_ALARM, answer.number, media_for(leader, media))


# -- 不能, 转 -------------------------------------------------------------------------------------------------


def _decline(draft: Draft, answer: AnswerGiven) -> None:
    one = draft.escalation
    fresh = draft.standings.get(answer.officer) is not Standing.DECLINED
    _stand(draft, answer)
    owned = one.state is EscalationState.ACKNOWLEDGED
    if owned and one.owner != answer.officer:
        draft.reply(answer, ReplyKind.ALREADY, answer.word)
        return
    fresh = fresh or owned
    _stop_person(draft, answer, Change.PERSON_STOPPED if fresh else None)
    if owned:
        _reopen(draft, answer)
    kind = _pass_on(draft, answer)
    if fresh and draft.escalation.state is EscalationState.OPEN:
        draft.record(Change.ADVANCED, _reason(answer), officer=answer.officer)
        hurry(draft)
    draft.reply(answer, kind, answer.word)


def _stop_person(draft: Draft, answer: AnswerGiven, change: Change | None) -> None:
    for row in draft.due_pages(ESCALATING | {Purpose.REMINDER}, answer.officer):
        draft.drop(row, DropReason.ANSWERED)
    if change is not None:
        draft.record(change, _reason(answer), officer=answer.officer)


def _reopen(draft: Draft, answer: AnswerGiven) -> None:
    draft.record(
        Change.REOPENED,
        _reason(answer),
        officer=answer.officer,
        state=EscalationState.OPEN,
        owner="",
        owner_word=None,
        owner_strength=None,
        taken_at=None,
        remind_at=None,
        next_at=_next_after_reopening(draft),
        rearmed_by=answer.number,
    )
    _rearm(draft)
    draft.tell_source(SourceWordKind.GIVEN_UP, answer.officer, answer.word, answer.strength)


def _next_after_reopening(draft: Draft) -> datetime:
    step = draft.escalation.step
    if draft.escalation.level is None or step == NO_STEP:
        return draft.now
    is_last = step >= len(draft.ladder.steps) - 1
    return draft.now + pause_after(draft.ladder, step) if is_last else draft.now


def _pass_on(draft: Draft, answer: AnswerGiven) -> ReplyKind:
    named = answer.word is AnswerWord.PASSED_ON and answer.to_officer not in {"", answer.officer}
    if not named:
        return ReplyKind.ADVANCED
    taker = draft.on_duty(answer.to_officer)
    if taker is None:
        return ReplyKind.TAKER_OFF_DUTY
    draft.page(taker, Purpose.PASSED_ON, answer.number, media_for(taker, _first_media(draft)))
    return ReplyKind.PASSED


def _first_media(draft: Draft) -> tuple[Medium, ...]:
    is_ordinary = draft.escalation.level is None
    return draft.facts.policy.ordinary.media if is_ordinary else draft.ladder.steps[0].media
