"""What waits for one commit is signed at once; what is urgent or alone is signed as ever."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.memory.store import MemoryStore
from schemas.carriage import Arrival
from schemas.control import Receipt, ReceiptStage
from schemas.records import Direction
from services.domain.signing import verify
from tests import papers
from tests.contract.store.kinds import KINDS, together
from tests.contract.store.kinds import opened as opened_store
from tests.desk import Office, opened
from tests.papers import HUANJIANG, LIBO


@pytest.fixture(params=KINDS)
async def office(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Office]:
    """荔波, which signs in runs, on every store."""
    async with opened_store(request.param, tmp_path) as store:
        yield Office(LIBO, store, in_runs=True)


@pytest.fixture
def neighbour() -> Office:
    """环江, which signs in runs, too."""
    return Office(HUANJIANG, MemoryStore(), in_runs=True, range_max=1)


def entries(arrival: Arrival) -> list[dict[str, Any]]:
    """Return the signatures of a message."""
    found = json.loads(opened(arrival.message).signatures_bytes)
    assert isinstance(found, list)
    return found


def counts(arrivals: list[Arrival]) -> list[int]:
    """Return how many share the signature of each message."""
    return [one["root"]["count"] if "root" in one else 1 for arrival in arrivals for one in entries(arrival)]


async def test_events_that_wait_together_share_a_signature(office: Office) -> None:
    """And each of them verifies alone, by the source's own key."""
    await office.post()
    await together(office.store, *(office.post() for _ in range(5)))
    opening, first, *others = await office.sent()
    assert counts([opening, first]) == [1, 1]
    assert counts(others) == [5] * 5
    assert len({entries(one)[0]["sig"] for one in others}) == 1
    assert [verify(opened(one.message), papers.trust()) for one in others] == [None] * 5


async def test_an_event_that_is_alone_is_signed_plainly(office: Office) -> None:
    """It waits for nobody, and it looks as it always did."""
    await office.post()
    await office.post()
    assert counts(await office.sent()) == [1, 1, 1]


async def test_an_alert_is_signed_plainly_whatever_waits_beside_it(office: Office) -> None:
    """A warning must not depend on what its reader has learnt to read."""
    await together(office.store, office.post(), office.post(), office.post_alert(), office.post())
    sent = await office.sent()
    assert {opened(one.message).header.type: counts([one]) for one in sent}[papers.ALERT] == [1]
    assert sorted(counts(sent)) == [1, 1, 3, 3, 3]


async def test_nobody_signs_in_runs_unless_told_to() -> None:
    """A partner that does not read them yet would quarantine every event."""
    office = Office(LIBO, MemoryStore())
    await together(office.store, *(office.post() for _ in range(5)))
    assert counts(await office.sent()) == [1] * 6


async def test_two_audiences_share_a_signature(office: Office) -> None:
    """The root names the source; each header names its own channel, and each verifies alone."""
    await office.post()
    await office.post(to=(HUANJIANG,))
    await together(office.store, office.post(), office.post(to=(HUANJIANG,)))
    sent = await office.sent()
    assert sorted(counts(sent)) == [1, 1, 1, 1, 2, 2]
    assert [verify(opened(one.message), papers.trust()) for one in sent] == [None] * 6


async def test_receipts_of_one_batch_share_a_signature_and_count(office: Office, neighbour: Office) -> None:
    """Made in one transaction by the receipt key, taken at the source like any other."""
    await together(office.store, *(office.post() for _ in range(3)))
    await neighbour.take(*await office.sent())
    assert await neighbour.seqs() == [1, 2, 3]
    back = await neighbour.sent()
    receipts = [one for one in back if opened(one.message).header.type == Receipt.wire_type]
    assert counts(receipts) == [3, 3, 3]
    await office.take(*back)
    page = await office.store.read(lambda s: s.events(direction=Direction.OUTGOING, wire_type=None, since=0, limit=9))
    assert [row.stored_count for row in page.rows] == [1, 1, 1]
    rows = await office.store.read(lambda s: s.receipts(page.rows[0].envelope_id))
    assert [one.stage for one in rows] == [ReceiptStage.STORED]


async def test_a_large_batch_is_verified_in_threads(office: Office, neighbour: Office) -> None:
    """Roots are looked at once, in whichever thread comes first."""
    await together(office.store, *(office.post() for _ in range(150)))
    await neighbour.take(*await office.sent())
    assert await neighbour.seqs() == list(range(1, 151))
    assert await neighbour.codes() == []


async def test_what_is_forged_within_a_batch_is_what_is_refused(office: Office, neighbour: Office) -> None:
    """One bad envelope of a run says nothing about the others."""
    await together(office.store, *(office.post() for _ in range(40)))
    opening, *events = await office.sent()
    parts = events[20].message.split(b"\n", 3)
    parts[1] = events[21].message.split(b"\n", 3)[1]
    forged = Arrival(1, events[20].subject, b"\n".join(parts))
    await neighbour.take(opening, *events[:20], forged, *events[21:])
    assert await neighbour.seqs() == list(range(1, 21))
    assert await neighbour.codes() == ["batch.other_root"]
    await neighbour.take(events[20])
    assert await neighbour.seqs() == list(range(1, 41))
