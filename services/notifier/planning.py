"""What is due is planned and written, all of it in the caller's transaction: pages, words to the source, alarms."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog

from schemas.control import ReceiptStage
from schemas.errors import Fault, RequestError
from schemas.escalations import (
    Alarm,
    AlarmKind,
    Change,
    Escalation,
    EscalationKind,
    EscalationState,
    PageRow,
    PageState,
    Plan,
    Policy,
    ReplyDue,
    ReplyKind,
    Silence,
    SourceWord,
    SourceWordKind,
    Transition,
)
from schemas.ids import CountyCode
from schemas.notices import NoticeKind
from schemas.officers import Answer, AnswerWord, Means, OfficerProof
from schemas.page_work import PageWork, WorkKind
from schemas.pages import Medium, Strength
from schemas.records import Direction, StoredEvent
from schemas.rosters import Mark
from services.acknowledging import agreement_of, attest, judge_bound
from services.domain.coverage import number_tag
from services.domain.documents import document_digest
from services.domain.escalation import plan, woken
from services.domain.escalation_draft import Facts
from services.domain.escalation_words import told_of_reply
from services.domain.number_tests import PREFIX as TEST_PREFIX
from services.domain.number_tests import address_of, filed_under, plan_test
from services.domain.reading import line_of
from services.domain.receipting import receipt_about
from services.domain.telling import told_of_exhausted, told_of_gap, told_of_overdue, told_of_silent_number
from services.notifier.joining import no_longer_held, stood_for
from services.notifier.marking import mark_due
from services.paging_ports import Duty
from services.ports import Directory, Transaction
from services.posting import Posting

log = structlog.get_logger()

_BATCH: Final = 200
DRILL_PREFIX: Final = "drill-"
"""Begins the key of an escalation without an event."""
_ORDINARY_LEVEL: Final = 4
_URGENT: Final = 1
_NOTICE_OF: Final = {
    AlarmKind.EXHAUSTED: NoticeKind.EXHAUSTED,
    AlarmKind.OVERDUE: NoticeKind.OVERDUE,
    AlarmKind.COVERAGE_GAP: NoticeKind.COVERAGE_GAP,
    AlarmKind.NUMBER_SILENT: NoticeKind.COVERAGE_GAP,
}
_ENDING: Final = frozenset({NoticeKind.EXHAUSTED, NoticeKind.OVERDUE})
_MEANS_OF: Final = {
    Strength.WEB_SIGNED: Means.TOKEN,  # a signed answer has its receipt before the engine hears of it
    Strength.VOICE_PIN: Means.VOICE_PIN,
    Strength.SMS_NUMBER: Means.SMS_NUMBER,
}


class Planner:
    """Plans escalations and writes what was decided."""

    def __init__(self, *, policy: Callable[[], Policy], duty: Duty, posting: Posting, directory: Directory) -> None:
        """Take ready-made ports; open nothing."""
        self._policy, self._duty, self._posting, self._directory = policy, duty, posting, directory

    @property
    def county(self) -> str:
        """Ourselves."""
        return self._posting.county

    @property
    def policy(self) -> Policy:
        """The policy in force now."""
        return self._policy()

    def plan_due(self, tx: Transaction, now: datetime) -> bool:
        """Plan what is due; tell whether more of it may be left, which is due still."""
        due = tx.paging.to_plan(now, _BATCH)
        silences = tx.paging.silences(now) if due else []
        for escalation in due:
            decide = plan_test if escalation.kind is EscalationKind.NUMBER_TEST else plan
            self.write(tx, decide(escalation, self._facts(tx, escalation, silences, now)), now)
        return len(due) == _BATCH

    def facts(self, tx: Transaction, escalation: Escalation, now: datetime) -> Facts:
        """Return what an escalation is planned from."""
        return self._facts(tx, escalation, tx.paging.silences(now), now)

    def _facts(self, tx: Transaction, escalation: Escalation, silences: Sequence[Silence], now: datetime) -> Facts:
        book = tx.paging
        return Facts(
            policy=self._policy(),
            roster=self._duty.on_duty(now),
            now=now,
            pages=tuple(book.pages_of(escalation.key)),
            answers=tuple(book.answers_to(escalation.key)),
            silences=tuple(silences),
            related=tuple(one for one in book.of_incident(escalation.incident) if one.key != escalation.key),
            is_workday=self._duty.is_workday,
        )

    def facts_to_go(self, tx: Transaction, escalation: Escalation, now: datetime) -> Facts:
        """Return what tells whether a page may go out now: less than a plan is made from."""
        answers = tuple(tx.paging.answers_to(escalation.key))
        return Facts(policy=self._policy(), roster=self._duty.on_duty(now), now=now, answers=answers)

    def write(self, tx: Transaction, made: Plan, now: datetime) -> None:
        """Write a plan."""
        one, book = made.escalation, tx.paging
        book.keep(one)
        for page in made.pages:
            self._add_page(tx, one, page)
        for page in made.changed:
            book.keep_page(page)
            if page.state is PageState.DUE:
                self.put_to_work(tx, one, page)
            else:
                book.drop_work(page.page_id)
                no_longer_held(tx, page.page_id, now)
                self._let_go(tx, page)
        for transition in made.transitions:
            book.add_transition(transition)
            _log(transition)
        for alarm in made.alarms:
            self._alarm(tx, one, alarm)
        self._tell(tx, made, now)
        self._settle(tx, one, now)

    def _tell(self, tx: Transaction, made: Plan, now: datetime) -> None:
        """Let officers, the source and the roster know."""
        one = made.escalation
        for reply in made.replies:
            self._tell_back(tx, one, reply, now)
        for word in made.source_words:
            self._tell_source(tx, one, word, now)
        if one.kind is EscalationKind.NUMBER_TEST and any(t.change is Change.ACKNOWLEDGED for t in made.transitions):
            self._tested(tx, one, now)

    def _add_page(self, tx: Transaction, escalation: Escalation, page: PageRow) -> None:
        if page.medium is Medium.CONSOLE:  # every console shows what is open by itself
            tx.paging.add_page(replace(page, state=PageState.DELIVERED, submitted_at=page.due_at))
            return
        if tx.paging.add_page(page):
            self.put_to_work(tx, escalation, page)

    def put_to_work(self, tx: Transaction, escalation: Escalation, page: PageRow) -> None:
        """Have a page that is due handed over, also one that was dropped before; work that waits goes on as it is."""
        if page.medium is not Medium.CONSOLE and tx.paging.work_of(page.page_id) is None:
            level = escalation.level or _ORDINARY_LEVEL
            tx.paging.keep_work(PageWork(page.page_id, WorkKind.PAGE, page.medium, page.recipient, level, page.due_at))

    def _let_go(self, tx: Transaction, page: PageRow) -> None:
        """An SMS that is not sent tells of nobody else's alert either: those go out by themselves."""
        if page.state is not PageState.DROPPED or page.submitted_at is not None:
            return
        for one in stood_for(tx, page):
            escalation = tx.paging.escalation(one.escalation)
            if escalation is not None:
                due = replace(one, state=PageState.DUE, submitted_at=None, report_by=None, code="")
                tx.paging.keep_page(due)
                self.put_to_work(tx, escalation, due)
                tx.paging.keep(woken(escalation))

    def _tell_back(self, tx: Transaction, one: Escalation, reply: ReplyDue, now: datetime) -> None:
        """Say to an officer what only the plan could find out; everything else was said when the answer came."""
        found = self._duty.recipient(reply.officer)
        if reply.kind is not ReplyKind.TAKER_OFF_DUTY or found is None or found.address(Medium.SMS) is None:
            return
        text = told_of_reply(reply, lambda officer: officer)
        work_id = hashlib.sha256(f"{one.key}/{reply.answer}".encode()).hexdigest()[:32]
        tx.paging.keep_work(
            PageWork(work_id, WorkKind.TEXT_BACK, Medium.SMS, reply.officer, _ORDINARY_LEVEL, now, text=text)
        )

    def _settle(self, tx: Transaction, one: Escalation, now: datetime) -> None:
        """Let codes rest once it has ended, and resolve the alarms that nobody need act on any more."""
        may_be_taken = one.state is EscalationState.EXHAUSTED and one.kind is not EscalationKind.NUMBER_TEST
        if may_be_taken or one.state is EscalationState.OPEN:
            return
        for kind in _ENDING:
            tx.waiting_room.resolve(kind, one.key, one.source, now)
        for use in tx.paging.holders(one.key):  # it rests for 72 hours, in which it is still understood
            tx.paging.keep_use(replace(use, closed_at=now))

    def _number_of(self, tx: Transaction, one: Escalation) -> tuple[PageRow, str, str | None]:
        """Return the page of a number's test, whose it is, and the number; None if it is gone from the roster."""
        (page,) = tx.paging.pages_of(one.key)
        found = self._duty.recipient(page.recipient)
        if found is None:
            return page, page.recipient, None
        return page, found.display, address_of(found, page.medium, one)

    def _tested(self, tx: Transaction, one: Escalation, now: datetime) -> None:
        """A number answered its test: have it recorded in the roster."""
        page, _, address = self._number_of(tx, one)
        if address is not None:
            tag = number_tag(address)
            tx.paging.keep_work(mark_due(page.recipient, page.medium, tag, Mark.TESTED, one.taken_at or now))
            about = filed_under(page.recipient, page.medium, address)
            tx.waiting_room.resolve(NoticeKind.COVERAGE_GAP, about, "", now)

    def _silent(self, tx: Transaction, one: Escalation, at: datetime) -> None:
        page, display, address = self._number_of(tx, one)
        if address is not None:  # whoever took it out of the roster needs no notice
            about = filed_under(page.recipient, page.medium, address)
            tx.waiting_room.tell(
                NoticeKind.COVERAGE_GAP, about, "", told_of_silent_number(display, page.medium, one.opened_at), at
            )

    def _alarm(self, tx: Transaction, one: Escalation, alarm: Alarm) -> None:
        if alarm.kind is AlarmKind.NUMBER_SILENT:
            self._silent(tx, one, alarm.at)
            return
        event = event_of(tx, one.version)
        headline = line_of(event) if event else ""
        about = one.key
        if alarm.kind is AlarmKind.COVERAGE_GAP and alarm.tier is not None:
            about, text = alarm.tier.value, told_of_gap(alarm.tier)
        elif alarm.kind is AlarmKind.EXHAUSTED:
            text = told_of_exhausted(one.source, headline)
        else:
            text = told_of_overdue(one.source, headline)
        county = "" if alarm.kind is AlarmKind.COVERAGE_GAP else one.source
        tx.waiting_room.tell(_NOTICE_OF[alarm.kind], about, county, text, alarm.at)

    # -- words to the source ------------------------------------------------------------------------

    def _tell_source(self, tx: Transaction, one: Escalation, word: SourceWord, now: datetime) -> None:
        event = event_of(tx, word.version)
        if event is None or event.direction is not Direction.INCOMING or one.kind is EscalationKind.NEIGHBOUR:
            return
        try:
            if word.kind is SourceWordKind.EXHAUSTED:
                self._exhausted(tx, event, now)
            elif word.kind is not SourceWordKind.GIVEN_UP:
                self._answered(tx, event, word, now)
        except RequestError as exc:  # the answer stands here; that its source does not learn of it is an alarm
            log.warning("notifier.source_not_told", envelope_id=word.version, code=exc.fault.code)
            tx.waiting_room.tell(NoticeKind.SOURCE_NOT_TOLD, word.version, one.source, exc.fault.mend[:200], now)

    def _answered(self, tx: Transaction, event: StoredEvent, word: SourceWord, now: datetime) -> None:
        document = self._directory.credential(word.officer)
        if document is None:
            mend = f"{word.officer} 没有有效凭证，签收未能告知来源县，请在值班台签收"
            tx.waiting_room.tell(NoticeKind.SOURCE_NOT_TOLD, word.version, event.envelope.header.source, mend, now)
            log.warning("notifier.source_not_told", envelope_id=word.version, code="officer.unknown")
            return
        trust = self._directory.trust()
        judged = judge_bound(document, word.officer, self._posting.county, trust=trust, now=now, answered_at=now)
        if isinstance(judged, Fault):
            raise RequestError(judged)
        strength = word.strength or Strength.SMS_NUMBER
        proof = OfficerProof(
            credential=document,
            credential_digest=document_digest(document),
            means=_MEANS_OF[strength],
            answer=Answer(
                envelope_id=event.envelope.envelope_id,
                county=CountyCode(self._posting.county),
                officer=word.officer,
                answer=word.word or AnswerWord.RECEIVED,
                answered_at=now,
            ),
        )
        attest(tx, event, proof, posting=self._posting, trust=trust, now=now)
        tx.waiting_room.resolve(NoticeKind.SOURCE_NOT_TOLD, word.version, event.envelope.header.source, now)

    def _exhausted(self, tx: Transaction, event: StoredEvent, now: datetime) -> None:
        header, trust = event.envelope.header, self._directory.trust()
        if tx.receipt_book.answered(event.chain_number, header.seq) is not None:
            return
        receipt = receipt_about(event, ReceiptStage.EXHAUSTED, receiver=self._posting.county, trust=trust, now=now)
        self._posting.post_receipt(
            tx,
            receipt,
            source=header.source,
            agreement=agreement_of(event, trust),
            lane_priority=_URGENT,
            now=now,
            target=event.chain_number,
        )


def event_of(tx: Transaction, version: str) -> StoredEvent | None:
    """Return the event that an escalation tells of; a drill of our own or a number's test has none."""
    return None if version.startswith((DRILL_PREFIX, TEST_PREFIX)) else tx.event(version)


def _log(one: Transition) -> None:
    log.info(
        "notifier.escalation",
        escalation=one.escalation,
        change=one.change.value,
        state=one.after.value,
        reason=one.reason,
    )
