"""What the notifier looks for beside its pages: the same in every store."""

from dataclasses import replace

from schemas.escalations import EscalationKind, PageState
from schemas.page_work import WorkKind
from schemas.pages import Medium, Report, ReportState, Retry
from schemas.sms import PartTry
from services.ports import Store, Transaction
from tests.contract.store.paging_samples import escalation, page, work
from tests.contract.store.samples import at


async def test_marks_of_numbers_are_no_work_for_a_provider(store: Store) -> None:
    """Handed out with the pages, they would be refused by every provider, and lost; none is waited for."""
    marks = [work(n, kind=WorkKind.NUMBER_MARK, next_at=at(10 - n), text="tested 1f3c") for n in (1, 2, 3)]

    def keep(tx: Transaction) -> None:
        for one in (*marks, work(4)):
            tx.paging.keep_work(one)

    await store.write(keep)
    assert await store.write(lambda tx: tx.paging.work_due(at(100), 9)) == [work(4)]
    assert await store.read(lambda s: s.paging.marks_due(2)) == [marks[2], marks[1]]
    assert await store.read(lambda s: s.paging.next_due_at()) == work(4).next_at
    assert (await store.read(lambda s: s.paging.figures())).waiting == 1


async def test_a_page_that_nobody_hands_over_is_found(store: Store) -> None:
    """Due and without work it would wait for ever; what is shown on consoles waits for nobody."""
    rows = (page(3), page(1), page(2, state=PageState.FAILED), page(4, medium=Medium.CONSOLE), page(5))

    def keep(tx: Transaction) -> None:
        for one in rows:
            tx.paging.add_page(one)
        tx.paging.keep_work(work(5))

    await store.write(keep)
    assert await store.read(lambda s: s.paging.idle_pages(9)) == [rows[1], rows[0]]
    assert await store.read(lambda s: s.paging.idle_pages(1)) == [rows[1]]


async def test_tests_of_numbers_are_no_escalations_that_wait(store: Store) -> None:
    """Shown as open, forty of them would hide the alert that nobody takes."""
    tests = [escalation(f"test-{n}", kind=EscalationKind.NUMBER_TEST, level=None, opened_at=at(n)) for n in (1, 2, 3)]

    def keep(tx: Transaction) -> None:
        for one in (*tests, escalation()):
            tx.paging.keep(one)

    await store.write(keep)
    assert await store.read(lambda s: s.paging.escalations(live_only=True, limit=9)) == [escalation()]
    assert len(await store.read(lambda s: s.paging.escalations(live_only=False, limit=9))) == 4
    assert (await store.read(lambda s: s.paging.figures())).open == 1
    assert await store.read(lambda s: s.paging.number_tests(at(2))) == [tests[2], tests[1]]


async def test_what_a_provider_did_not_report_is_found(store: Store) -> None:
    """After a restart nothing else says what it is to be asked about."""
    taken = [PartTry(f"{n:032x}", 1, 1, "mobile", at(n), f"ref-{n}") for n in range(1, 6)]

    def keep(tx: Transaction) -> None:
        for one in taken:
            tx.paging.add_try(one)
        tx.paging.add_try(replace(taken[0], page_id="e" * 32, provider="telecom"))
        tx.paging.add_try(PartTry("f" * 32, 1, 1, "mobile", at(3), "", Retry.TEMPORARY, "8"))
        tx.paging.keep_report(Report("mobile", "ref-2", ReportState.DELIVERED, "", None, at(9)))
        tx.paging.keep_report(Report("mobile", "ref-3", ReportState.ACCEPTED, "", None, at(9)))
        tx.paging.keep_report(Report("telecom", "ref-4", ReportState.FAILED, "", None, at(9)))

    await store.write(keep)
    found = await store.read(lambda s: s.paging.unreported("mobile", at(1), at(5), 9))
    assert [one.reference for one in found] == ["ref-1", "ref-3", "ref-4"]
    assert await store.read(lambda s: s.paging.unreported("mobile", at(2), at(9), 1)) == [taken[2]]
