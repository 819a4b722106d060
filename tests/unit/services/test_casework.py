"""An event of a case takes its place: which case it may go into, and how much a case can hold."""

from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.memory.store import MemoryStore
from schemas.cases import HELD_MAX, CaseAct, CaseRow, CaseStage, Confirmation
from schemas.catalogue import parse_new
from schemas.envelope import Header
from schemas.governance.mediation import CaseEvent
from services.casework import Casebook, Writer, judge_own, judge_received
from services.domain.mediation_door import thread_refs
from services.ports import Transaction
from tests import case_contents as written
from tests import papers
from tests.cases import CASE, DUSHAN, NANDAN, entry, facts
from tests.papers import HUANJIANG, LIBO

NOW = datetime(2026, 3, 4, tzinfo=UTC)
EVIDENCE = {"title": "照片", "evidence_kind": "picture", "sha256": "a" * 64, "added_on": "2026-03-04"}


def event() -> CaseEvent:
    """A piece of evidence."""
    found = parse_new(written.wire("evidence_added"), papers.as_bytes(EVIDENCE))
    assert isinstance(found, CaseEvent), found
    return found


def header(**changes: Any) -> Header:  # noqa: ANN401 - any field of the header
    """From 荔波 to 环江."""
    given = {"type": written.wire("evidence_added"), "to": (HUANJIANG,), "refs": thread_refs(CASE, [CASE])}
    return papers.header(b"{}", **(given | changes))


async def kept(*, entries: int = 1) -> MemoryStore:
    """A store that holds a case of 荔波 and 环江."""
    store, counties = MemoryStore(), (HUANJIANG, LIBO)
    stage, court = CaseStage.REGISTERED, Confirmation.NONE
    row = CaseRow(CASE, papers.AGREEMENT, counties, LIBO, stage, court, None, entries, NOW)
    await store.write(lambda tx: tx.cases.keep(row))
    return store


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"source": papers.NANDAN}, "case.stranger"),
        ({"to": (papers.NANDAN,)}, "case.stranger"),
        ({"agreement": f"other@1:{'0' * 64}"}, "case.agreement"),
        ({"refs": thread_refs("e" * 64, ["e" * 64])}, None),
    ],
)
async def test_a_received_entry_goes_into_a_case_where_it_does_not_belong(
    changes: dict[str, Any], code: str | None
) -> None:
    """Of other counties, or under another agreement; one whose registration is not here waits for it."""
    store = await kept()
    fault = await store.read(lambda s: judge_received(s, event(), header(**changes)))

    assert (fault.code if fault else None) == code
    assert await store.read(lambda s: judge_received(s, None, header())) is None


@pytest.mark.parametrize(("entries", "code"), [(HELD_MAX - 1, None), (HELD_MAX, "case.full")])
async def test_a_neighbour_adds_without_end(entries: int, code: str | None) -> None:
    """There is room for what two doors can have let out without having seen each other, and no more."""
    store = await kept(entries=entries)
    fault = await store.read(lambda s: judge_received(s, event(), header()))

    assert (fault.code if fault else None) == code


@pytest.mark.parametrize(
    ("writer", "code"),
    [
        (Writer(LIBO, (HUANJIANG,), papers.AGREEMENT), "case.late"),
        (Writer(LIBO, (HUANJIANG,), "other"), "case.agreement"),
        (Writer(LIBO, (papers.NANDAN,), papers.AGREEMENT), "case.audience"),
    ],
)
async def test_an_own_entry_goes_into_a_case_where_it_does_not_belong(writer: Writer, code: str) -> None:
    """It is refused before it leaves."""
    store = await kept()
    one = entry(facts(CaseAct.EVIDENCE_ADDED), LIBO, [CASE])
    fault = await store.read(lambda s: judge_own(s, one, writer, NOW))

    assert fault is not None
    assert fault.code == code


async def test_a_batch_tells_a_case_once_for_each_entry() -> None:
    """Entries are kept as they come, the case follows at the end; what is of no case leaves nothing."""
    store = MemoryStore()

    def work(tx: Transaction) -> list[CaseRow | None]:
        book = Casebook(tx, NOW)
        for number in (1, 2):
            book.note(event(), header(), f"{number}" * 64)
        book.note(None, header(), "3" * 64)
        before = tx.cases.case(CASE)
        book.tell()
        return [before, tx.cases.case(CASE)]

    before, after = await store.write(work)

    assert before is None
    assert after is not None
    assert (after.entries, after.stage, after.counties) == (2, CaseStage.DRAFTED, (HUANJIANG, LIBO))
    assert {NANDAN, DUSHAN}.isdisjoint(after.counties)
