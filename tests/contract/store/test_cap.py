"""CAP documents, answers and feeds: the same in every store."""

from dataclasses import replace

import pytest

from schemas.cap_records import CapAnswerRow, CapDocument, CapFigures, CapState, Seen
from schemas.control import ErasureReason, ReceiptStage
from schemas.errors import Fault, InvariantError
from schemas.records import AlertFacts, ErasureRow
from services.ports import Store, Transaction
from tests.contract.store.samples import ALERT, US, at, chain, envelope, hexed, link

ALERT_ID = "52272241600000_20260304074500_1"
EVENT = envelope(1, wire_type=ALERT)
HELD = CapDocument(
    number=0,
    key=hexed("key"),
    meaning=hexed("meaning"),
    digest=hexed("digest"),
    message_type="Alert",
    sender="a@b.example",
    identifier="一号",
    sent_at=at(1),
    origin="feed:weather",
    signer="weather",
    state=CapState.HELD,
    alert_id=ALERT_ID,
    event_id=None,
    faults=(Fault("cap.to_complete", "status", "选择"), Fault("a.b", "", "c")),
    recorded_at=at(2),
    draft=b'{"a":1}',
    original=b"<alert/>",
)
SENT = replace(HELD, key=hexed("other"), state=CapState.SENT, event_id=EVENT.envelope_id, draft=None)
ANSWER = CapAnswerRow(hexed("answer"), ReceiptStage.REJECTED, "c@d.example", "X", at(3), "不通", "post:hall", "", at(4))


async def recorded(store: Store) -> None:
    """Record one alert of ours and the document that it came from."""

    def work(tx: Transaction) -> None:
        number = tx.chains.open(chain()).number
        tx.outbox.record([link(number, EVENT, about=AlertFacts(ALERT_ID, 1, at(999)))])
        tx.cap.add(SENT)

    await store.write(work)


async def test_a_document_is_kept_whole(store: Store) -> None:
    """By number and by what CAP tells it by."""
    kept = await store.write(lambda tx: tx.cap.add(HELD))
    assert kept == replace(HELD, number=1)
    assert await store.read(lambda s: s.cap.document(1)) == kept
    assert await store.read(lambda s: s.cap.by_key(HELD.key)) == kept
    assert await store.read(lambda s: (s.cap.document(2), s.cap.by_key(hexed("?")))) == (None, None)


async def test_a_document_is_taken_twice(store: Store) -> None:
    """Two processes of one feed, or a post beside it: the second work is undone whole."""
    await store.write(lambda tx: tx.cap.add(HELD))
    with pytest.raises(InvariantError):
        await store.write(lambda tx: tx.cap.add(replace(HELD, digest=hexed("x"))))
    assert await store.read(lambda s: s.cap.figures()) == CapFigures(0, 1, 0)


async def test_a_listing_brings_bytes_along(store: Store) -> None:
    """It would be megabytes; the newest comes first, and only what waits if that is asked."""
    await store.write(lambda tx: (tx.cap.add(HELD), tx.cap.add(SENT)))
    listed = await store.read(lambda s: s.cap.documents(held_only=False, limit=9))
    assert [(one.number, one.draft, one.original) for one in listed] == [(2, None, None), (1, None, None)]
    assert [one.number for one in await store.read(lambda s: s.cap.documents(held_only=True, limit=9))] == [1]
    assert [one.number for one in await store.read(lambda s: s.cap.documents(held_only=False, limit=1))] == [2]


async def test_what_was_closed_can_still_be_read(store: Store) -> None:
    """Draft and bytes are gone, who and when stays; what went out is not closed."""

    def work(tx: Transaction) -> None:
        tx.cap.add(HELD)
        tx.cap.add(SENT)
        for number in (1, 2, 7):
            tx.cap.close(number, event_id=EVENT.envelope_id, alert_id="n", by="duty-a", at=at(9))

    await store.write(work)
    closed = await store.read(lambda s: s.cap.document(1))
    assert closed == replace(
        HELD,
        number=1,
        state=CapState.CLOSED,
        event_id=EVENT.envelope_id,
        alert_id="n",
        draft=None,
        original=None,
        settled_at=at(9),
        settled_by="duty-a",
    )
    assert await store.read(lambda s: s.cap.document(2)) == replace(SENT, number=2)
    assert await store.read(lambda s: s.cap.figures()) == CapFigures(1, 0, 0)


async def test_an_erased_event_leaves_its_document(store: Store) -> None:
    """It says the same as the content."""
    await recorded(store)
    row = ErasureRow(US, ErasureReason.MISTAKEN, at(9))
    assert await store.write(lambda tx: tx.erasures.erase(EVENT.envelope_id, row))
    left = await store.read(lambda s: s.cap.document(1))
    assert left is not None
    assert (left.original, left.digest) == (None, SENT.digest)


async def test_an_answer_is_counted_twice(store: Store) -> None:
    """Systems that got no reply send again; another event is another matter."""
    other = hexed("another event")
    assert await store.write(lambda tx: tx.cap.add_answer(EVENT.envelope_id, ANSWER))
    assert not await store.write(lambda tx: tx.cap.add_answer(EVENT.envelope_id, replace(ANSWER, note="again")))
    second = replace(ANSWER, key=hexed("second"), recorded_at=at(3))
    assert await store.write(lambda tx: tx.cap.add_answer(EVENT.envelope_id, second))
    assert await store.write(lambda tx: tx.cap.add_answer(other, ANSWER))
    assert await store.read(lambda s: s.cap.answers(EVENT.envelope_id, 9)) == [second, ANSWER]
    assert await store.read(lambda s: s.cap.answers(EVENT.envelope_id, 1)) == [second]
    assert await store.read(lambda s: s.cap.answers(hexed("?"), 9)) == []
    assert (await store.read(lambda s: s.cap.figures())).answers == 3


async def test_an_alert_is_not_found_by_its_number(store: Store) -> None:
    """An answer names it so."""
    await recorded(store)
    assert await store.read(lambda s: s.cap.events_of(ALERT_ID)) == [EVENT.envelope_id]
    await store.write(lambda tx: tx.cap.add(HELD))
    assert await store.read(lambda s: s.cap.by_alert(ALERT_ID)) == replace(SENT, number=1)
    assert await store.read(lambda s: s.cap.by_alert("52272241600000_20260304074500_2")) is None
    assert await store.read(lambda s: s.cap.events_of("52272241600000_20260304074500_2")) == []


async def test_a_feed_is_forgotten(store: Store) -> None:
    """Each round replaces what was known; under another address nothing is known."""
    seen = Seen('"tag"', "yesterday", ("a", "b"), ("c",))
    assert await store.read(lambda s: s.cap.feed("weather", "https://a")) == Seen()
    await store.write(lambda tx: tx.cap.keep_feed("weather", "https://a", Seen(ids=("x",))))
    await store.write(lambda tx: tx.cap.keep_feed("weather", "https://a", seen))
    assert await store.read(lambda s: s.cap.feed("weather", "https://a")) == seen
    assert await store.read(lambda s: s.cap.feed("weather", "https://b")) == Seen()
    assert await store.read(lambda s: s.cap.feed("dam", "https://a")) == Seen()
