"""Drafts, releases and missing second names: the same in every store."""

from dataclasses import replace

from schemas.control import ReleaseMode
from schemas.ids import CountyCode
from schemas.officers import Role
from schemas.releases import (
    ENDED,
    Approval,
    Countersigning,
    Draft,
    DraftState,
    Fixed,
    ReleasedBy,
    ReleaseRow,
)
from schemas.statements import ReleaseStatement, ReleaseVerdict, SignedStatement
from services.ports import Store, Transaction
from tests.contract.store.samples import THEM, US, at

EVENT = "ab" * 32
DIGEST = "cd" * 32


def draft(number: int, second: int = 0, state: DraftState = DraftState.DRAFTING) -> Draft:
    return Draft(
        draft_id=f"{number:032x}",
        wire_type="cn.sihu.information.work_bulletin_published.v1",
        body='{"题": 1}'.encode(),
        author="duty-a",
        author_name="值班员甲",
        created_at=at(0),
        changed_at=at(second),
        state=state,
        digest=DIGEST,
    )


def release(number: int, second: int, source: str = US) -> ReleaseRow:
    by = ReleasedBy("duty-a", "值班员甲", (Role.DUTY, Role.LIAISON), DIGEST)
    return ReleaseRow(f"{number:064x}", source, ReleaseMode.ALONE, (by,), at(second))


def signed(number: int, second: int, terms: str) -> ReleaseRow:
    """A release whose second officer signed by these terms."""
    row = release(number, second)
    by = replace(row.officers[0], officer="duty-b", signed_at=at(second))
    return replace(row, mode=ReleaseMode.TWO_OFFICERS, officers=(*row.officers, by), terms=terms)


def own(officer: str) -> SignedStatement:
    said = ReleaseStatement(
        county=CountyCode(US),
        officer=officer,
        verdict=ReleaseVerdict.APPROVED,
        subject=DIGEST,
        acknowledge_by=at(9),
        signed_at=at(3),
    )
    return SignedStatement(statement=said, signature="A" * 86)


async def test_a_draft_is_kept_whole_and_in_place_of_the_one_before(store: Store) -> None:
    """Every field comes back, with an approval and without."""
    first = replace(draft(1), fixed=Fixed("0f" * 16, b"k" * 32, b"s" * 16), submission=own("duty-a"))
    approval = Approval("duty-b", "值班员乙", DIGEST, at(5), own("duty-b"))
    second = replace(
        first,
        state=DraftState.SENT,
        body=b"",
        approval=approval,
        reviewer="值班员乙",
        note="好",
        changed_at=at(9),
        event_id=EVENT,
        fixed=None,
    )
    assert await store.read(lambda s: s.releases.draft(first.draft_id)) is None
    await store.write(lambda tx: tx.releases.put(first))
    assert await store.read(lambda s: s.releases.draft(first.draft_id)) == first
    await store.write(lambda tx: tx.releases.put(second))
    assert await store.read(lambda s: s.releases.draft(first.draft_id)) == second
    assert await store.read(lambda s: s.releases.open_count()) == 0


async def test_a_transaction_sees_what_it_has_written(store: Store) -> None:
    """Two acts in one commit: the second judges what the first left."""

    def work(tx: Transaction) -> DraftState | None:
        tx.releases.put(draft(1))
        tx.releases.put(draft(1, state=DraftState.IN_REVIEW))
        found = tx.releases.draft(draft(1).draft_id)
        return found.state if found else None

    assert await store.write(work) is DraftState.IN_REVIEW


async def test_drafts_are_listed_by_state_the_newest_first(store: Store) -> None:
    """And no more than asked for; those that ended are not counted as open."""

    def work(tx: Transaction) -> None:
        tx.releases.put(draft(1, 10))
        tx.releases.put(draft(2, 30, DraftState.IN_REVIEW))
        tx.releases.put(draft(3, 20, DraftState.WITHDRAWN))
        tx.releases.put(draft(5, 30))
        tx.releases.put(draft(4, 30))

    await store.write(work)
    found = await store.read(lambda s: s.releases.drafts([DraftState.DRAFTING, DraftState.WITHDRAWN], 9))
    assert found == [draft(4, 30), draft(5, 30), draft(3, 20, DraftState.WITHDRAWN), draft(1, 10)]
    assert await store.read(lambda s: len(s.releases.drafts(list(DraftState), 2))) == 2
    assert await store.read(lambda s: s.releases.drafts([], 9)) == []
    assert await store.read(lambda s: s.releases.open_count()) == 4
    assert set(DraftState) - ENDED


async def test_releases_are_kept_in_the_order_of_their_time(store: Store) -> None:
    """Before their event has come; the same record again changes nothing; another county's stands beside."""

    def work(tx: Transaction) -> None:
        for one in (release(2, 20), release(1, 30), release(3, 10, THEM), release(2, 50)):
            tx.releases.note(EVENT, one)

    await store.write(work)
    assert await store.read(lambda s: s.releases.of_event(EVENT)) == [
        release(3, 10, THEM),
        release(2, 20),
        release(1, 30),
    ]
    assert await store.read(lambda s: s.releases.of_event("00" * 32)) == []


async def test_terms_that_officers_signed_lead_to_the_one_event_they_released(store: Store) -> None:
    """A source that uses them again is found out; another source's are its own."""

    def work(tx: Transaction) -> None:
        tx.releases.note(EVENT, signed(1, 20, DIGEST))
        tx.releases.note("01" * 32, signed(2, 30, DIGEST))
        tx.releases.note("02" * 32, release(3, 10))

    await store.write(work)
    assert await store.read(lambda s: s.releases.of_event(EVENT)) == [signed(1, 20, DIGEST)]
    assert await store.read(lambda s: s.releases.released_under(US, DIGEST)) == EVENT
    assert await store.read(lambda s: s.releases.released_under(THEM, DIGEST)) is None
    assert await store.read(lambda s: s.releases.released_under(US, "ef" * 32)) is None


async def test_who_is_overdue_is_told_of_once_and_ends_when_countersigned(store: Store) -> None:
    """Not before its time, not twice, and never again after the second name."""
    late, later = Countersigning("01" * 32, "duty-a", "值班员甲", at(10)), Countersigning("02" * 32, "b", "乙", at(20))

    def work(tx: Transaction) -> None:
        tx.releases.expect(later)
        tx.releases.expect(late)
        tx.releases.expect(replace(late, due_at=at(99)))

    await store.write(work)
    assert await store.read(lambda s: s.releases.overdue(at(9), 9)) == []
    assert await store.read(lambda s: s.releases.overdue(at(10), 9)) == [late]
    assert await store.read(lambda s: s.releases.overdue(at(30), 9)) == [late, later]
    assert await store.read(lambda s: s.releases.overdue(at(30), 1)) == [late]
    await store.write(lambda tx: tx.releases.mark_told(late.envelope_id))
    assert await store.read(lambda s: s.releases.overdue(at(30), 9)) == [later]
    assert await store.read(lambda s: s.releases.countersigning(late.envelope_id)) == late
    await store.write(lambda tx: tx.releases.countersigned(late.envelope_id))
    assert await store.read(lambda s: s.releases.countersigning(late.envelope_id)) is None
