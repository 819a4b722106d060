"""Cases of joint mediation: the same in every store."""

from contextlib import suppress
from dataclasses import replace
from datetime import date

from schemas.cases import CaseAct, CaseEntry, CaseRow, CaseStage, Confirmation
from services.ports import Store, Transaction
from tests.cases import CASE, DUSHAN, NANDAN, entry, facts, named
from tests.contract.store.samples import at

OTHER = named("another case")


def row(case_id: str = CASE, *, second: int = 1, stage: CaseStage = CaseStage.REGISTERED) -> CaseRow:
    """One line of the list."""
    return CaseRow(
        case_id, "forest", (NANDAN, DUSHAN), NANDAN, stage, Confirmation.NONE, date(2026, 4, 2), 3, at(second), "water"
    )


def entries() -> list[CaseEntry]:
    """Two entries of a case, the second naming two that came before."""
    first = entry(facts(CaseAct.REGISTERED), NANDAN, (), CASE)
    return [first, entry(facts(CaseAct.PERFORMANCE_DUE), DUSHAN, (CASE, named("other")))]


async def test_entries_come_back_as_they_were_kept(store: Store) -> None:
    """Every fact, in order of id; also where the registration is not here; and nothing of another case."""
    kept = entries()
    strange = entry(facts(CaseAct.EVIDENCE_ADDED), DUSHAN, (OTHER,), case_id=OTHER)

    def work(tx: Transaction) -> list[CaseEntry]:
        for one in (*reversed(kept), strange):
            tx.cases.add(one)
        return tx.cases.entries(CASE)

    seen_inside = await store.write(work)

    assert seen_inside == sorted(kept, key=lambda one: one.envelope_id)
    assert await store.read(lambda s: s.cases.entries(CASE)) == seen_inside
    assert await store.read(lambda s: s.cases.entries(OTHER)) == [strange]
    assert await store.read(lambda s: s.cases.entries(named("none"))) == []


async def test_an_entry_that_comes_again_changes_nothing(store: Store) -> None:
    """What was kept first stays."""
    first = entries()[0]
    await store.write(lambda tx: tx.cases.add(first))
    await store.write(lambda tx: tx.cases.add(replace(first, county=DUSHAN)))

    assert await store.read(lambda s: s.cases.entries(CASE)) == [first]


async def test_a_case_is_listed_where_it_was(store: Store) -> None:
    """Kept again it takes its own place; the list begins with what changed last; closed ones are left out."""
    ids = [named(number) for number in range(4)]

    def work(tx: Transaction) -> None:
        for number, case_id in enumerate(ids):
            tx.cases.keep(row(case_id, second=number))
        tx.cases.keep(replace(row(ids[0], second=9), due_on=None, stage=CaseStage.IN_FORCE))
        tx.cases.keep(row(ids[2], second=10, stage=CaseStage.ARCHIVED))

    await store.write(work)
    everything = await store.read(lambda s: s.cases.newest(open_only=False, limit=3))
    live = await store.read(lambda s: s.cases.newest(open_only=True, limit=10))

    assert [one.case_id for one in everything] == [ids[2], ids[0], ids[3]]
    assert [one.case_id for one in live] == [ids[0], ids[3], ids[1]]
    changed = replace(row(ids[0], second=9), due_on=None, stage=CaseStage.IN_FORCE)
    assert await store.read(lambda s: s.cases.case(ids[0])) == changed
    assert await store.read(lambda s: s.cases.case(CASE)) is None


async def test_a_work_that_fails_leaves_an_entry_behind(store: Store) -> None:
    """Event, entry and case are kept together or not at all."""

    def work(tx: Transaction) -> None:
        tx.cases.add(entries()[0])
        tx.cases.keep(row())
        raise KeyError

    with suppress(KeyError):
        await store.write(work)
    assert await store.read(lambda s: (s.cases.entries(CASE), s.cases.case(CASE))) == ([], None)
