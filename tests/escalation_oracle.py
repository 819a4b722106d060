"""What must be true of an escalation, said a second time and in another way than the engine says it."""

from copy import deepcopy
from dataclasses import dataclass, field

from schemas.escalations import AnswerGiven, Escalation
from schemas.officers import AnswerWord
from schemas.pages import Strength


class ViolationError(AssertionError):
    """An invariant does not hold."""


def demand(truth: object, what: str) -> None:
    """Stop the schedule if something is not so."""
    if not truth:
        raise ViolationError(what)


@dataclass
class Oracle:
    """Who has taken an alert, by nothing but the answers in their order."""

    owner: str = ""
    handles: bool = False
    aware: set[str] = field(default_factory=set)
    declined: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    def hear(self, answer: AnswerGiven, level: int) -> bool:
        """Weigh one answer; return whether it must advance an open escalation."""
        self.seen |= {answer.officer, answer.to_officer}
        if answer.word in {AnswerWord.RECEIVED, AnswerWord.HANDLING}:
            self._take(answer, level)
            return False
        if answer.word is AnswerWord.FALSE_ALARM:
            if not self.owner and level > 2:
                self.owner, self.handles = answer.officer, False
            return False
        return self._decline(answer)

    def _take(self, answer: AnswerGiven, level: int) -> None:
        by_sms = answer.strength is Strength.SMS_NUMBER
        handles = answer.word is AnswerWord.HANDLING and not (by_sms and level <= 2)
        if self.owner:
            if handles and not self.handles:
                self.owner, self.handles = answer.officer, True
        elif not (level == 1 and by_sms) or self.aware - {answer.officer}:
            self.owner, self.handles = answer.officer, handles
        self.aware.add(answer.officer)
        self.declined.discard(answer.officer)

    def _decline(self, answer: AnswerGiven) -> bool:
        new = answer.officer not in self.declined
        gives_up = self.owner == answer.officer
        self.declined.add(answer.officer)
        self.aware.discard(answer.officer)
        if answer.word is AnswerWord.PASSED_ON and answer.to_officer != answer.officer:
            self.declined.discard(answer.to_officer)
            self.aware.discard(answer.to_officer)
        if gives_up:
            self.owner, self.handles = "", False
            self.aware.clear()
        return gives_up or (new and not self.owner)

    def after(self, answers: list[AnswerGiven], escalation: Escalation) -> "Oracle":
        """Return what it would say if the answers that wait were weighed, too."""
        ahead = deepcopy(self)
        for one in answers:
            if one.number > escalation.heard:
                ahead.hear(one, escalation.level or 4)
        return ahead
