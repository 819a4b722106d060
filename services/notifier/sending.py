"""Pages that are due are claimed by lease, handed to a provider, and what it said is kept.

A crash between submitting and keeping lets the lease run out: the page goes out once more, under the same id and with
the same code, and no page is lost.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, assert_never

import structlog

from schemas.errors import UnavailableError
from schemas.escalations import Escalation, PageRow, PageState, Purpose
from schemas.notices import NoticeKind
from schemas.page_work import PageWork, WorkKind
from schemas.pages import Attachment, Dispatch, Medium, PartResult, Refused
from schemas.sms import PartTry
from services.domain.escalation import handed_over, may_go
from services.domain.number_tests import address_of, office_from
from services.domain.page_delivery import (
    Again,
    Need,
    NextMedium,
    NextStep,
    OtherProvider,
    Way,
    after_submit,
    choose,
    tried_at,
    tries_of,
)
from services.domain.policies import ladder_of
from services.domain.sms_parts import segment
from services.domain.sms_text import Signature
from services.domain.telling import told_of_no_provider, told_of_provider
from services.notifier.codes import Shown, code_for
from services.notifier.joining import join_reports, keep_and_wake, stood_for
from services.notifier.planning import Planner
from services.notifier.sms_writer import Said, SmsWriter
from services.notifier.wording import (
    Told,
    other_dispatch,
    paper_of,
    sms_dispatch,
    text_back_dispatch,
)
from services.paging_ports import Duty, Pager
from services.ports import Clock, Store, Transaction

log = structlog.get_logger()

LEASE: Final = timedelta(minutes=10)
"""Longer than any provider takes: a call may ring for a minute. A process that begins ends the leases before it."""
_ON_PAPER: Final = frozenset({Medium.FAX, Medium.EMAIL})
_LOOK_AGAIN: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One page under a lease, ready for its provider.

    Attributes:
        html: What is printed for a fax or a mail.
        made: What providers said of it before.
    """

    work: PageWork
    provider: str
    dispatch: Dispatch
    html: str = ""
    made: Sequence[PartTry] = ()


@dataclass(frozen=True, slots=True)
class Style:
    """How a county's pages look; ``print_page`` turns HTML into PDF, None for pages without."""

    signature: Signature
    print_page: Callable[[str], Awaitable[bytes]] | None = None


class Sender:
    """Hands pages over."""

    def __init__(
        self,
        *,
        store: Store,
        planner: Planner,
        duty: Duty,
        pagers: Mapping[str, Pager],
        told: Callable[[Transaction, Escalation], Told],
        clock: Clock,
        jitter: Callable[[], float],
        style: Style,
    ) -> None:
        """Take ready-made ports; open nothing.

        Args:
            store: The county's one database.
            planner: Knows what an escalation is planned from.
            duty: The roster.
            pagers: By name, in the order of preference.
            told: Reads the event of an escalation.
            clock: Reads the time.
            jitter: Returns a number in [0, 1) for each wait.
            style: How this county's pages look.
        """
        self._store, self._planner, self._duty, self._pagers = store, planner, duty, pagers
        self._clock, self._jitter = clock, jitter
        self._writer = SmsWriter(planner=planner, told=told, signature=style.signature)
        self._print_page = style.print_page

    async def claim(self, limit: int) -> tuple[list[Claimed], bool]:
        """Take what is due under leases, at most ``limit`` pages; each is to be given to ``submit``.

        Returns:
            What was taken, and whether there may be more.

        Raises:
            UnavailableError: The store cannot write now.
        """
        now = self._clock.now()
        return await self._store.write(lambda tx: self._claim(tx, now, limit))

    async def submit(self, one: Claimed) -> None:
        """Hand one page over, however long its provider takes, and keep what that said.

        Raises:
            UnavailableError: The store cannot write now: the lease runs out, and the page may go out once more.
        """
        dispatch = await self._with_paper(one)
        results = await self._pagers[one.provider].submit(dispatch)
        now = self._clock.now()
        await self._store.write(lambda tx: self._keep(tx, one, results, now))

    async def _with_paper(self, one: Claimed) -> Dispatch:
        """Add the event as PDF; what cannot be printed goes without, and a fax is then refused by its provider."""
        if not one.html or self._print_page is None:
            return one.dispatch
        try:
            content = await self._print_page(one.html)
        except UnavailableError as exc:
            log.warning("notifier.unprintable", page_id=one.work.page_id, problem=str(exc))
            return one.dispatch
        name = f"sihu-{one.dispatch.page_id[:8]}.pdf"
        return replace(one.dispatch, attachment=Attachment(name, "application/pdf", content))

    # -- what goes out ------------------------------------------------------------------------------

    def _claim(self, tx: Transaction, now: datetime, limit: int) -> tuple[list[Claimed], bool]:
        ways = self._ways()
        claimed: list[Claimed] = []
        works = tx.paging.work_due(now, limit)
        made = [tx.paging.tries_of(work.page_id) for work in works]  # a read behind a write has to wait for that
        self._writer.begin(tx, works, now)
        for work, tries in zip(works, made, strict=True):
            one = self._prepare(tx, work, tries, ways, now=now)
            if one is not None:
                tx.paging.keep_work(replace(one.work, lease_until=now + LEASE))
                claimed.append(_with_tries(one, tries, work))
        return claimed, len(works) == limit

    def _ways(self) -> list[Way]:
        return [
            Way(name, pager.medium, order, pager.health().ready, pager.capabilities)
            for order, (name, pager) in enumerate(self._pagers.items())
        ]

    def _prepare(
        self, tx: Transaction, work: PageWork, made: Sequence[PartTry], ways: Sequence[Way], *, now: datetime
    ) -> Claimed | None:
        known = work.provider in self._pagers  # it may have gone from the settings since
        provider = work.provider if known else _choose(work, made, ways)
        page = tx.paging.page(work.page_id) if work.kind is WorkKind.PAGE else None
        address = self._address(tx, work, page)
        if provider is None or address is None:
            self._fail(tx, work, "provider.none" if provider is None else "address.none")
            if provider is None and work.kind is WorkKind.PAGE:
                text = told_of_no_provider(work.medium)
                tx.waiting_room.tell(NoticeKind.PROVIDER_DOWN, f"medium/{work.medium.value}", "", text, now)
            return None
        work = replace(work, provider=provider)
        capabilities = self._pagers[provider].capabilities
        if work.kind is WorkKind.TEXT_BACK:
            dispatch = text_back_dispatch(work.page_id, work.text, address=address, capabilities=capabilities)
            return Claimed(work, provider, dispatch)
        return self._prepare_page(tx, work, page, address=address, tried=bool(made), now=now)

    def _address(self, tx: Transaction, work: PageWork, page: PageRow | None) -> str | None:
        """Return where it goes to: a test to its own number, everything else to the preferred one of the medium."""
        recipient = self._duty.recipient(work.recipient)
        test = tx.paging.escalation(page.escalation) if page and page.purpose is Purpose.NUMBER_TEST else None
        if recipient is None or test is None:
            return recipient.address(work.medium) if recipient else None
        return address_of(recipient, work.medium, test)

    def _prepare_page(
        self, tx: Transaction, work: PageWork, page: PageRow | None, *, address: str, tried: bool, now: datetime
    ) -> Claimed | None:
        known = self._writer.known(tx, page.escalation, now) if page else None
        if page is None or known is None or page.state is not PageState.DUE:
            tx.paging.drop_work(work.page_id)
            return None
        escalation, facts, told = known
        if not may_go(page, escalation, facts):
            tx.paging.keep_work(replace(work, next_at=now + _LOOK_AGAIN))
            return None
        if page.purpose is Purpose.NUMBER_TEST:
            office = office_from(now, self._duty.is_workday, self._planner.policy.quiet)
            if office > now:  # its provider was down until now
                tx.paging.keep_work(replace(work, next_at=office))
                return None
        if work.medium is Medium.SMS:
            said = self._writer.say(tx, work, page, told, tried=tried, now=now)
            return self._prepare_sms(tx, work, page, said, address=address, now=now) if said else None
        # A code that nobody reads would stand between the officer and a bare answer to an alert.
        is_test = page.purpose is Purpose.NUMBER_TEST
        shown = Shown("") if is_test else code_for(tx, self._writer.lately, page, escalation.key, now)
        self._keep_shown(tx, shown, now)
        dispatch = other_dispatch(told, page, address=address, code=shown.code)
        on_paper = work.medium in _ON_PAPER and self._print_page is not None
        html = paper_of(told, shown.code) if on_paper else ""
        return Claimed(replace(work, total=1), work.provider, dispatch, html)

    def _prepare_sms(
        self, tx: Transaction, work: PageWork, page: PageRow, said: Said, *, address: str, now: datetime
    ) -> Claimed:
        self._keep_shown(tx, said.shown, now)
        tx.paging.keep_page(replace(page, code=said.shown.code))
        dispatch = sms_dispatch(
            page.page_id,
            said.text,
            address=address,
            code=said.shown.code,
            status=said.facts.status,
            capabilities=self._pagers[work.provider].capabilities,
            only=work.parts,
        )
        total = work.total or (len(segment(dispatch.text, 0)) if len(dispatch.parts) > 1 else 1)
        return Claimed(replace(work, total=total), work.provider, dispatch)

    def _keep_shown(self, tx: Transaction, shown: Shown, now: datetime) -> None:
        if shown.use is not None:
            self._writer.lately.keep_use(tx, shown.use, now)

    # -- what came of it ----------------------------------------------------------------------------

    def _keep(self, tx: Transaction, one: Claimed, results: Sequence[PartResult], now: datetime) -> None:
        work, page_id = one.work, one.work.page_id
        latest = tries_of(page_id, one.provider, results, one.made, now)
        for row in latest:
            tx.paging.add_try(row)
        _log_results(one, results)
        tries = [*one.made, *latest]
        step = after_submit(
            latest,
            tries,
            self._ways(),
            _need(work),
            now=now,
            jitter=self._jitter(),
            wait_seconds=max((one.wait_seconds for one in results if isinstance(one, Refused)), default=0),
        )
        if step is None:
            tx.paging.drop_work(page_id)
            self._submitted(tx, work, tries, now)
            return
        if isinstance(step, Again | OtherProvider):
            self._expect_report(tx, work, min(one.tried_at for one in tries))
        self._follow(tx, work, step, latest, now)

    def _follow(
        self, tx: Transaction, work: PageWork, step: NextStep, latest: Sequence[PartTry], now: datetime
    ) -> None:
        match step:
            case Again(provider, parts, at):
                tx.paging.keep_work(replace(work, provider=provider, parts=parts, next_at=at, lease_until=None))
            case OtherProvider(provider, parts):
                tx.paging.keep_work(replace(work, provider=provider, parts=parts, next_at=now, lease_until=None))
            case NextMedium(code, is_alarm):
                provider = latest[0].provider if latest else work.provider
                if is_alarm:
                    text = told_of_provider(provider, code)
                    tx.waiting_room.tell(NoticeKind.PROVIDER_DOWN, provider, "", text, now)
                self._fail(tx, work, code)
            case _:
                assert_never(step)

    def _expect_report(self, tx: Transaction, work: PageWork, tried_at: datetime) -> None:
        """The next medium waits for no provider that keeps refusing for now: the deadline runs from the start."""
        page = tx.paging.page(work.page_id) if work.kind is WorkKind.PAGE else None
        escalation = tx.paging.escalation(page.escalation) if page else None
        if page is None or escalation is None or page.state is not PageState.DUE or page.report_by is not None:
            return
        if page.medium is Medium.SMS and escalation.level is not None:
            seconds = ladder_of(self._planner.policy, escalation.level).report_seconds
            keep_and_wake(tx, replace(page, report_by=tried_at + timedelta(seconds=seconds)))

    def _submitted(self, tx: Transaction, work: PageWork, tries: Sequence[PartTry], now: datetime) -> None:
        page = tx.paging.page(work.page_id) if work.kind is WorkKind.PAGE else None
        escalation = tx.paging.escalation(page.escalation) if page else None
        for about in (work.provider, f"medium/{work.medium.value}"):
            tx.waiting_room.resolve(NoticeKind.PROVIDER_DOWN, about, "", now)
        if page is None or escalation is None:
            return
        if page.state is not PageState.DUE:  # dropped while its provider had it: it went out all the same
            page = replace(page, submitted_at=now)
            tx.paging.keep_page(page)
        else:
            page = self._handed_over(tx, work, page, escalation, now)
        join_reports(tx, page, tries, now)  # its report may have been here before the answer that names it

    def _handed_over(
        self, tx: Transaction, work: PageWork, page: PageRow, escalation: Escalation, now: datetime
    ) -> PageRow:
        """Keep that a page, and every page that its SMS tells of, went out."""
        reports = self._pagers[work.provider].capabilities.report
        report_by = None
        if reports and page.medium is Medium.SMS and escalation.level is not None:
            seconds = ladder_of(self._planner.policy, escalation.level).report_seconds
            report_by = now + timedelta(seconds=seconds)
        state = PageState.SUBMITTED if reports else PageState.DELIVERED
        others = stood_for(tx, page)
        page = replace(page, state=state, submitted_at=now, report_by=page.report_by or report_by)
        tx.paging.keep_page(page)
        tx.paging.keep(handed_over(escalation, page.report_by, now))
        for one in others:
            taken = replace(one, state=state, submitted_at=now, report_by=one.report_by or report_by)
            tx.paging.keep_page(taken)
            told = tx.paging.escalation(one.escalation)
            if told is not None:
                tx.paging.keep(handed_over(told, taken.report_by, now))
        return page

    def _fail(self, tx: Transaction, work: PageWork, code: str) -> None:
        tx.paging.drop_work(work.page_id)
        page = tx.paging.page(work.page_id) if work.kind is WorkKind.PAGE else None
        log.warning("notifier.page_failed", page_id=work.page_id, medium=work.medium.value, code=code)
        for one in (page, *stood_for(tx, page)) if page and page.state is PageState.DUE else ():
            keep_and_wake(tx, replace(one, state=PageState.FAILED))


def _choose(work: PageWork, made: Sequence[PartTry], ways: Sequence[Way]) -> str | None:
    tried = {one.provider for one in made}
    return choose(ways, _need(work), tried) or choose(ways, _need(work), set())  # due anew: each may have it again


def _with_tries(one: Claimed, made: Sequence[PartTry], work: PageWork) -> Claimed:
    """Add what providers said of a page before; ``work`` is as it stood before this claim."""
    before = tried_at(one.provider, made, work.next_at if work.total else None)
    return replace(one, made=made, dispatch=replace(one.dispatch, tried_at=before))


def _need(work: PageWork) -> Need:
    return Need(work.medium, has_template=work.kind is WorkKind.PAGE, wants_answer=work.kind is WorkKind.PAGE)


def _log_results(one: Claimed, results: Sequence[PartResult]) -> None:
    refused = [result for result in results if isinstance(result, Refused)]
    log.info(
        "notifier.submitted",
        page_id=one.work.page_id,
        medium=one.work.medium.value,
        provider=one.provider,
        to=one.dispatch.masked,
        parts=len(results),
        refused=[result.code for result in refused] or None,
    )
