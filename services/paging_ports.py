"""What the services need from outside to reach people, as Protocols; see services.ports."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from schemas.escalations import AnswerGiven, Escalation, PageRow, Silence, Transition
from schemas.officers import AnswerWord
from schemas.page_work import PageWork, PagingFigures, ReplyTaken
from schemas.pages import Capabilities, Dispatch, Health, Inbound, Medium, PartResult, Recipient, Report, Strength
from schemas.records import CallRow
from schemas.rosters import Mark
from schemas.sms import CodeUse, PartTry, SmsTold, Suppression
from services.domain.coverage import DueTest

Hear = Callable[[Inbound], Awaitable[None]]
"""Keeps what came back; once it returns, it is durable.

An adapter awaits it before it confirms to the far side. ``UnavailableError`` means: not kept; do not confirm, so that
the far side sends again.
"""


class Calls(Protocol):
    """Calls by telephone about events, made by us or by a source to us."""

    def note(self, envelope_id: str, row: CallRow) -> None:
        """Keep one; the same record again changes nothing. The event need not be here (yet)."""


class PagingShown(Protocol):
    """Who is told what: reading."""

    def escalation(self, key: str) -> Escalation | None:
        """Return one escalation, or None."""

    def escalations(self, *, live_only: bool, limit: int) -> list[Escalation]:
        """Return escalations, the newest first; with ``live_only`` those that are open or exhausted.

        A test page of a number is never live: nobody has to be told of it.
        """

    def live_neighbours(self, limit: int) -> list[Escalation]:
        """Return live escalations about neighbours that did not answer, oldest first."""

    def of_incident(self, incident: str) -> list[Escalation]:
        """Return the escalations of one incident that are not cancelled, oldest first."""

    def of_version(self, envelope_id: str) -> Escalation | None:
        """Return the escalation that tells of this version of an alert, or None."""

    def key_of_alert(self, source: str, alert_id: str) -> str | None:
        """Return the key of the escalation that tells of a county's alert, or None."""

    def pages_of(self, key: str) -> list[PageRow]:
        """Return the pages of an escalation, by when they were due."""

    def page(self, page_id: str) -> PageRow | None:
        """Return one page, or None."""

    def answers_to(self, key: str) -> list[AnswerGiven]:
        """Return the answers to an escalation in the order of their numbers."""

    def transitions_of(self, key: str) -> list[Transition]:
        """Return what happened to an escalation, in order."""

    def silences(self, now: datetime) -> list[Silence]:
        """Return the silences that have not ended."""

    def work_of(self, page_id: str) -> PageWork | None:
        """Return what is still to be handed over of a page, or None."""

    def next_due_at(self) -> datetime | None:
        """Return when the earliest wake-up of an escalation, work or lease's end is due; None if nothing waits.

        Marks of numbers are not among it.
        """

    def tries_of(self, page_id: str) -> list[PartTry]:
        """Return what was handed to providers of a page, by part and attempt."""

    def report(self, provider: str, reference: str) -> Report | None:
        """Return the strongest report under a reference, or None."""

    def unreported(self, provider: str, since: datetime, until: datetime, limit: int) -> list[PartTry]:
        """Return what a provider took in a span, without ``until``, and has not reported finally; oldest first."""

    def replies_of(self, officer: str, since: datetime) -> list[ReplyTaken]:
        """Return what came from an officer's number since then, oldest first."""

    def uses_of(self, number: str) -> list[CodeUse]:
        """Return the reply codes of a number, in use or resting, by when they were opened."""

    def told_to(self, recipient: str, since: datetime) -> list[SmsTold]:
        """Return the SMS that an officer was sent since then, oldest first."""

    def held_for(self, recipient: str) -> list[Suppression]:
        """Return the SMS that are held back for an officer and were not told of yet."""

    def figures(self) -> PagingFigures:
        """Return what waits now; test pages of numbers are no escalation."""

    def marks_due(self, limit: int) -> list[PageWork]:
        """Return the marks of numbers that are still to be recorded, oldest first."""

    def number_tests(self, since: datetime) -> list[Escalation]:
        """Return the test pages of numbers that were opened since then, the newest first."""

    def idle_pages(self, limit: int) -> list[PageRow]:
        """Return pages that are due and that nobody is to hand over, by when they were due; none but after a fault.

        Pages on the console are handed over to nobody.
        """

    def suppression(self, page_id: str) -> Suppression | None:
        """Return why a page was held back, or None."""


class Paging(PagingShown, Protocol):
    """Who is told what: one book, written in the caller's transaction."""

    def to_plan(self, now: datetime, limit: int) -> list[Escalation]:
        """Return escalations whose wake-up has passed, or that were planned by a clock set back since.

        The highest level first, then by wake-up.
        """

    def keep(self, escalation: Escalation) -> None:
        """Keep a row in place of the one with its key."""

    def note_alert(self, source: str, alert_id: str, key: str) -> None:
        """From now on this escalation tells of a county's alert."""

    def add_page(self, page: PageRow) -> bool:
        """Keep a new page; False, and nothing changes, if its id is known."""

    def keep_page(self, page: PageRow) -> None:
        """Keep a page in place of the one with its id."""

    def add_answer(
        self, key: str, officer: str, word: AnswerWord, *, strength: Strength, at: datetime, to_officer: str = ""
    ) -> AnswerGiven:
        """Keep an answer under the next number of its escalation."""

    def add_transition(self, one: Transition) -> None:
        """Write down what happened."""

    def add_silence(self, silence: Silence) -> Silence:
        """Keep a silence (its ``number`` is ignored) and return it with its number."""

    def end_silence(self, number: int, at: datetime) -> None:
        """End a silence now; one that has ended stays as it is."""

    def work_due(self, now: datetime, limit: int) -> list[PageWork]:
        """Return what may be handed over now and nobody is at, the highest level first, then what waits longest.

        Marks of numbers are not among it.
        """

    def release(self) -> None:
        """End every lease: whoever held one was a process before this one."""

    def keep_work(self, work: PageWork) -> None:
        """Keep work in place of that of the same page."""

    def drop_work(self, page_id: str) -> None:
        """Nothing more is handed over of a page."""

    def add_try(self, one: PartTry) -> None:
        """Keep what a provider said of a part."""

    def try_under(self, provider: str, reference: str) -> PartTry | None:
        """Return the newest try that a provider took under a reference, or None."""

    def keep_report(self, report: Report) -> None:
        """Keep a report in place of the one under its reference."""

    def keep_use(self, use: CodeUse) -> None:
        """Keep a reply code in place of the same opening."""

    def holders(self, holder: str) -> list[CodeUse]:
        """Return every open code of a holder, of whichever number."""

    def add_told(self, told: SmsTold) -> None:
        """Keep that an SMS went to an officer."""

    def keep_suppression(self, held: Suppression) -> None:
        """Keep that, why and until when a page is held back, or that it was told of."""

    def members_of(self, bundle: str) -> list[Suppression]:
        """Return every page of a bundle, told of or not, by when it was due."""

    def take_reply(self, reply: ReplyTaken) -> bool:
        """Keep what came back; False, and nothing changes, if it came before."""

    def forget(self, before: datetime, limit: int) -> int:
        """Drop tries, reports, closed codes, told SMS and replies of before then, at most ``limit`` of each.

        Codes in use that were opened before then are closed: nobody answers so late. Returns how many rows went.
        """


class ShowsPaging(Protocol):
    """A snapshot that shows who is told what."""

    @property
    def paging(self) -> PagingShown:
        """Escalations, pages, answers."""


class KeepsPaging(ShowsPaging, Protocol):
    """What a transaction does with paging and with calls by hand."""

    @property
    def call_book(self) -> Calls:
        """Calls by telephone."""

    @property
    def paging(self) -> Paging:
        """Who is told what."""


class Duty(Protocol):
    """The county's roster as it was at the last look at its files; every answer but ``findings`` is cheap."""

    def on_duty(self, at: datetime) -> tuple[Recipient, ...]:
        """Return everybody on duty at a moment, offices included, with verified addresses only."""

    def version(self) -> str:
        """Return what is another as soon as anything of the roster is; cheap."""

    def recipient(self, officer: str) -> Recipient | None:
        """Return an officer or office of the roster, on duty or not, or None."""

    def officer_of(self, number: str) -> str | None:
        """Return whose a telephone number is, however a provider spells it (``+86``, ``86``, blanks), or None."""

    def findings(self, now: datetime) -> Mapping[str, str]:
        """Return what is missing in the next 14 days: what each is filed under, and its one line for an officer."""

    def is_workday(self, day: date) -> bool:
        """Tell whether offices of this county work on a day (Beijing)."""

    def doubtful(self) -> frozenset[str]:
        """Return the officers from whose number 退订 came, and was not verified since."""

    def due_tests(self, now: datetime) -> tuple[DueTest, ...]:
        """Return the verified numbers to which a test page is due, the longest untested first."""

    def refresh(self) -> None:
        """Look whether the files have changed; what is asked otherwise is answered by the last look.

        It reads, and may write and sync: never call it in a transaction, nor where a page waits for it.
        """

    def mark_number(self, owner: str, medium: Medium, tag: str, mark: Mark, at: datetime) -> None:
        """Record what became known of a number; once it is known, again changes nothing. As slow as ``refresh``.

        Args:
            owner: Officer or office.
            medium: Of the number.
            tag: From ``services.domain.coverage.number_tag``; a number that is gone from the roster is passed over.
            mark: What became known; 退订 makes a gap of coverage until the number is verified anew.
            at: When.

        Raises:
            UnavailableError: It cannot be recorded now: try again.
        """


class Pins(Protocol):
    """What officers key in on the telephone; only digests are kept."""

    def matches(self, officer: str, pin: str) -> bool:
        """Tell whether these digits are the officer's PIN; slow on purpose."""


class Pager(Protocol):
    """One configured way to reach people. Opens nothing before ``running``."""

    @property
    def name(self) -> str:
        """As configured, unique in this node, e.g. ``mobile-smpp``."""

    @property
    def medium(self) -> Medium:
        """What it reaches people by."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""

    def running(self, hear: Hear) -> AbstractAsyncContextManager[None]:
        """Keep the link for as long as the block lasts, reconnecting by itself; what comes back goes to ``hear``.

        A far side that is down or refuses us is no error here: ``health`` says it.
        """

    async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
        """Hand one page over; one result for each of ``dispatch.parts``, or one for the whole.

        Expected outcomes are values. What the far side answered too late may have gone out all the same:
        then the result is ``Refused(TEMPORARY, code="timeout")``.
        """

    def health(self) -> Health:
        """Return how the link is doing now."""


@runtime_checkable
class AskedPager(Pager, Protocol):
    """A pager whose provider is asked what became of a page."""

    def expect(self, reference: str, address: str, sent_at: datetime) -> None:
        """Ask for the report of a page until it comes or is too old; what is expected already stays as it is.

        What is expected is forgotten with the process: the notifier says it again, from its store.

        Args:
            reference: As in ``Submitted``.
            address: The number it went to.
            sent_at: Aware UTC.
        """
