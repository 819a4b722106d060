"""What comes back from providers: reports are joined to their pages, replies and keyed digits become answers.

Everything that one message changes is written in one transaction, before the provider is told that we have it; the same
message again changes nothing.
"""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, assert_never

import structlog

from schemas.escalations import Escalation, EscalationKind, EscalationState, PageRow
from schemas.notices import NoticeKind
from schemas.officers import AnswerWord
from schemas.page_work import PageWork, ReplyOutcome, ReplyTaken, WorkKind
from schemas.pages import Inbound, Keyed, Medium, Reply, Report, Strength, Tier
from schemas.rosters import Mark
from schemas.sms import AnswerablePage, CodeUse
from services.acknowledging import give_answer
from services.domain.coverage import number_tag
from services.domain.page_delivery import is_about, stronger
from services.domain.personal_numbers import find_numbers
from services.domain.replies import (
    AcknowledgeAll,
    AlreadyAnswered,
    Ambiguous,
    Answer,
    Ended,
    NotUnderstood,
    OptOut,
    Reading,
    read,
)
from services.domain.reply_codes import REST
from services.domain.reply_texts import is_passive, text_back
from services.domain.telling import told_of_opt_out
from services.notifier.joining import BUNDLE, join_reports
from services.notifier.marking import mark_due
from services.notifier.wording import Told
from services.paging_ports import Duty, Pins
from services.ports import Clock, Store, Transaction

log = structlog.get_logger()

OPTED_OUT: Final = "number/"
"""Begins what the notice is filed under that 退订 came from an officer's number."""
_TEXT_MOST: Final = 200
_HOUR: Final = timedelta(hours=1)
_PIN_DIGITS: Final = 6
_WRONG_PINS_MOST: Final = 5
"""Of one officer within an hour."""
_KEYED: Final = {"": AnswerWord.RECEIVED, "1": AnswerWord.RECEIVED, "2": AnswerWord.HANDLING, "0": AnswerWord.CANNOT}
"""What one digit behind the PIN says."""
_LOWEST: Final = 4
_NOTICES_MOST: Final = 500
_NOBODY: Final = "-"
"""Whom an officer named and no roster knows: it is not written down, it may be a number."""


class Hearer:
    """Takes what comes back."""

    def __init__(
        self, *, store: Store, duty: Duty, pins: Pins, told: Callable[[Transaction, Escalation], Told], clock: Clock
    ) -> None:
        """Take ready-made ports; open nothing."""
        self._store, self._duty, self._pins, self._told, self._clock = store, duty, pins, told, clock

    async def hear(self, inbound: Inbound) -> None:
        """Keep what came back, and do what follows from it.

        Raises:
            UnavailableError: The store cannot write now: the provider is to send it again.
        """
        now = self._clock.now()
        match inbound:
            case Report():
                await self._store.write(lambda tx: self._report(tx, inbound, now))
            case Reply():
                await self._store.write(lambda tx: self._reply(tx, inbound, now))
            case Keyed():
                await self._check_pin(inbound, now)
            case _:
                assert_never(inbound)

    # -- reports --------------------------------------------------------------------------------------

    def _report(self, tx: Transaction, report: Report, now: datetime) -> None:
        kept = stronger(tx.paging.report(report.provider, report.reference), report)
        tx.paging.keep_report(kept)
        made = tx.paging.try_under(report.provider, report.reference)
        if made is None or not is_about(kept, made):
            log.warning("notifier.report_unmatched", provider=report.provider, state=report.state.value)
            return
        page = tx.paging.page(made.page_id)
        if page is not None:
            join_reports(tx, page, tx.paging.tries_of(page.page_id), now)

    # -- replies --------------------------------------------------------------------------------------

    def _reply(self, tx: Transaction, reply: Reply, now: datetime) -> None:
        officer = self._duty.officer_of(reply.sender)
        reply_id = _id_of(reply)
        if officer is None:
            unknown = ReplyOutcome.UNKNOWN_NUMBER
            tx.paging.take_reply(ReplyTaken(reply_id, reply.provider, "", "", unknown, reply.heard_at))
            log.info("notifier.reply_unknown_number", provider=reply.provider)
            return
        pages = self._answerable(tx, officer, now)
        found = self._duty.recipient(officer)
        signers = (found.display, officer) if found else (officer,)
        reading = read(reply.text, extension=reply.extension, pages=pages, heard_at=reply.heard_at, signers=signers)
        passive = [
            one.heard_at for one in tx.paging.replies_of(officer, now - _HOUR) if one.outcome is ReplyOutcome.ASKED_BACK
        ]
        text = text_back(reading, is_known=True, passive_at=passive, now=now)
        outcome = _outcome(reading, asked_back=bool(text))
        kept = "" if any(find_numbers(reply.text)) else reply.text[:_TEXT_MOST]  # 转 may name a mobile
        taken = ReplyTaken(reply_id, reply.provider, officer, kept, outcome, reply.heard_at)
        if not tx.paging.take_reply(taken):
            return
        self._act(tx, reading, officer, reply, now)
        if text:
            tx.paging.keep_work(
                PageWork(reply_id[:32], WorkKind.TEXT_BACK, Medium.SMS, officer, _LOWEST, now, text=text)
            )
        log.info("notifier.replied", officer=officer, outcome=outcome.value, reading=type(reading).__name__)

    def _act(self, tx: Transaction, reading: Reading, officer: str, reply: Reply, now: datetime) -> None:
        match reading:
            case Answer() | AlreadyAnswered() | Ended():
                answer = reading if isinstance(reading, Answer) else reading.answer
                taker = self._taker(answer.taker)
                for holder in answer.page.holders:
                    self._answer(tx, holder, officer, answer.word, Strength.SMS_NUMBER, now, taker)
            case AcknowledgeAll(pages):
                for holder in dict.fromkeys(holder for page in pages for holder in page.holders):
                    self._answer(tx, holder, officer, AnswerWord.RECEIVED, Strength.SMS_NUMBER, now)
            case OptOut():
                self._opted_out(tx, officer, reply, now)
            case Ambiguous() | NotUnderstood():
                pass
            case _:
                assert_never(reading)

    def _opted_out(self, tx: Transaction, officer: str, reply: Reply, now: datetime) -> None:
        """The contact stays; the gap is recorded, shown, and told once to the leaders on duty."""
        tx.paging.keep_work(mark_due(officer, Medium.SMS, number_tag(reply.sender), Mark.OPTED_OUT, now))
        found = self._duty.recipient(officer)
        text, about = told_of_opt_out(found.display if found else officer), OPTED_OUT + officer
        if any(one.about == about for one in tx.notices(open_only=True, limit=_NOTICES_MOST)):
            return
        tx.waiting_room.tell(NoticeKind.COVERAGE_GAP, about, "", text, now)
        for leader in self._duty.on_duty(now):
            if leader.tier is Tier.LEADER and leader.officer != officer and leader.address(Medium.SMS) is not None:
                work_id = hashlib.sha256(f"{_id_of(reply)}/{leader.officer}".encode()).hexdigest()[:32]
                tx.paging.keep_work(
                    PageWork(work_id, WorkKind.TEXT_BACK, Medium.SMS, leader.officer, _LOWEST, now, text=text)
                )

    def _taker(self, named: str) -> str:
        """Return the officer that 转 names, by number or by the name of the desk; empty if he names none."""
        if not named:
            return ""
        by_number = self._duty.officer_of(named)
        if by_number is not None:
            return by_number
        on_duty = self._duty.on_duty(self._clock.now())
        return next((one.officer for one in on_duty if named in {one.display, one.officer}), _NOBODY)

    def _answer(
        self,
        tx: Transaction,
        key: str,
        officer: str,
        word: AnswerWord,
        strength: Strength,
        now: datetime,
        taker: str = "",
    ) -> None:
        escalation = tx.paging.escalation(key)
        if escalation is not None:
            give_answer(tx, escalation, officer, word, strength=strength, now=now, to_officer=taker)

    def _answerable(self, tx: Transaction, officer: str, now: datetime) -> list[AnswerablePage]:
        """Return what an officer may answer: the newest use of each code that is open or rests."""
        newest: dict[str, CodeUse] = {}
        for use in tx.paging.uses_of(officer):
            if use.closed_at is None or now - use.closed_at < REST:
                newest[use.code] = use
        found = (self._answerable_by(tx, officer, use) for use in newest.values())
        return [one for one in found if one is not None]

    def _answerable_by(self, tx: Transaction, officer: str, use: CodeUse) -> AnswerablePage | None:
        keys = [use.holder]
        if use.holder.startswith(BUNDLE):
            pages = [tx.paging.page(one.page_id) for one in tx.paging.members_of(use.holder)]
            keys = list(dict.fromkeys(page.escalation for page in pages if page is not None))
        told = [one for key in keys if (one := tx.paging.escalation(key)) is not None]
        if not told:
            return None
        highest = min(told, key=lambda one: one.level or _LOWEST)
        sent = [
            page.submitted_at
            for one in told
            for page in tx.paging.pages_of(one.key)
            if page.recipient == officer and page.medium is Medium.SMS and page.submitted_at is not None
        ]
        taken = [one for one in told if one.state is EscalationState.ACKNOWLEDGED]
        by = taken[0] if len(taken) == len(told) else None
        owner = self._duty.recipient(by.owner) if by else None
        return AnswerablePage(
            code=use.code,
            holders=tuple(one.key for one in told),
            label=self._told(tx, highest).label,
            level=highest.level or _LOWEST,
            told_at=max(sent, default=use.opened_at),
            taken_by=owner.display if owner else (by.owner if by else ""),
            taken_word=by.owner_word if by else None,
            taken_at=by.taken_at if by else None,
            answered_here=all(any(a.officer == officer for a in tx.paging.answers_to(one.key)) for one in told),
            ended=all(one.state is EscalationState.CANCELLED for one in told),
            is_test=all(one.kind is EscalationKind.NUMBER_TEST for one in told),
        )

    # -- digits keyed in ------------------------------------------------------------------------------

    async def _check_pin(self, keyed: Keyed, now: datetime) -> None:
        """Check digits outside the transaction: it is slow on purpose."""
        page = await self._store.read(lambda snapshot: snapshot.paging.page(keyed.page_id))
        if page is None:
            log.warning("notifier.keyed_unmatched", provider=keyed.provider)
            return
        pin, word = keyed.digits[:_PIN_DIGITS], _KEYED.get(keyed.digits[_PIN_DIGITS:])
        holds = word is not None and await asyncio.to_thread(self._pins.matches, page.recipient, pin)
        await self._store.write(lambda tx: self._keyed(tx, keyed, page, word if holds else None, now))

    def _keyed(self, tx: Transaction, keyed: Keyed, page: PageRow, word: AnswerWord | None, now: datetime) -> None:
        lately = tx.paging.replies_of(page.recipient, now - _HOUR)
        wrong = [one for one in lately if one.provider == keyed.provider and one.outcome is ReplyOutcome.UNHEEDED]
        if len(wrong) >= _WRONG_PINS_MOST:  # who tries them all needs years
            word = None
        outcome = ReplyOutcome.UNHEEDED if word is None else ReplyOutcome.ANSWERED
        reply_id = hashlib.sha256(f"{keyed.provider}/{keyed.page_id}/{keyed.heard_at.isoformat()}".encode()).hexdigest()
        if not tx.paging.take_reply(ReplyTaken(reply_id, keyed.provider, page.recipient, "", outcome, keyed.heard_at)):
            return
        log.info("notifier.keyed", officer=page.recipient, holds=word is not None)
        if word is not None:
            self._answer(tx, page.escalation, page.recipient, word, Strength.VOICE_PIN, now)


def _id_of(reply: Reply) -> str:
    minute = "" if reply.message_id else f"{reply.sender}/{reply.text}/{reply.heard_at:%Y%m%d%H%M}"
    return hashlib.sha256(f"{reply.provider}/{reply.message_id}/{minute}".encode()).hexdigest()


def _outcome(reading: Reading, *, asked_back: bool) -> ReplyOutcome:
    if isinstance(reading, OptOut):
        return ReplyOutcome.OPTED_OUT
    if not is_passive(reading):
        return ReplyOutcome.ANSWERED
    return ReplyOutcome.ASKED_BACK if asked_back else ReplyOutcome.UNHEEDED
