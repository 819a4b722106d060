"""What the notifier looks for beside its pages: the same in every store."""

from dataclasses import replace

from schemas.pages import Report, ReportState, Retry
from schemas.sms import PartTry
from services.ports import Store, Transaction
from tests.contract.store.samples import at


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
