"""Erasing at both ends: nothing of the content is left, header and signatures stay, and the chain goes on."""

from typing import Any, Final

import pytest

from adapters.memory.store import MemoryStore
from schemas.base import InformationClass
from schemas.control import ContentErased, ErasureReason
from schemas.drafts import ErasureDraft
from schemas.envelope import Envelope
from schemas.errors import Fault
from schemas.records import Direction, ErasureRow, StoredEvent
from services.domain.encoding import digest_of
from services.domain.erasure import outgoing_of
from services.domain.reading import content_of, title_of
from services.domain.signing import verify
from services.gateway.erasing import erase_event
from tests import papers
from tests.desk import Office, everything_in, opened, place_of
from tests.papers import HUANJIANG, LIBO, NANDAN

TRUST: Final = papers.trust(papers.in_force(internal_in_clear=False))
TITLE: Final = "樟江沿线联合巡查安排"
REASON: Final = ErasureReason.WITHDRAWN


@pytest.fixture
def desk(desk: Office) -> Office:
    """环江, under an agreement that lets nothing internal go in clear."""
    desk.trusted = TRUST
    return desk


@pytest.fixture
def neighbour(neighbour: Office) -> Office:
    """荔波, under the same."""
    neighbour.trusted = TRUST
    return neighbour


async def crossed(neighbour: Office, desk: Office, **draft: Any) -> StoredEvent:  # noqa: ANN401 - any field of the draft
    """Let 荔波 send an internal bulletin to 环江 alone, and its receipt come back; return it as 荔波 keeps it."""
    given = {"class": InformationClass.INTERNAL, "to": [HUANJIANG]} | draft
    posted = await neighbour.post(content=papers.policy_content(title=TITLE), **given)
    await desk.take(*await neighbour.sent())
    await neighbour.take(*await desk.sent())
    return await kept(neighbour, posted.envelope_id)


async def kept(office: Office, envelope_id: str) -> StoredEvent:
    """Return an event as a county keeps it."""
    found = await office.store.read(lambda s: s.event(envelope_id))
    assert found is not None
    return found


async def erased(office: Office, envelope_id: str, *, undelivered: bool = False) -> tuple[ErasureRow, ...] | Fault:
    """Ask a county to erase an event of its own."""
    draft = ErasureDraft(reason=REASON, undelivered=undelivered)
    trust = office.trusted
    return await office.store.write(
        lambda tx: erase_event(
            tx, envelope_id, draft, posting=office.posting, trust=lambda: trust, now=office.clock.now()
        )
    )


def code_of(found: object) -> str | None:
    """Return the code of a fault."""
    return found.code if isinstance(found, Fault) else None


async def erasures(office: Office, envelope_id: str) -> list[ErasureRow]:
    """Return who has erased an event."""
    return await office.store.read(lambda s: s.erasures_of(envelope_id))


async def test_nothing_is_left_of_a_content_at_either_end(desk: Office, neighbour: Office) -> None:
    """Keys part, ciphertext and content key are gone from every byte that a store holds, its log among them."""
    event = await crossed(neighbour, desk)
    traces = [event.envelope.content, event.envelope.keys_bytes, event.content_key]
    for office in (neighbour, desk):
        held = await everything_in(office.store)
        assert [trace in held for trace in traces] == [True, True, True]

    assert not isinstance(await erased(neighbour, event.envelope.envelope_id), Fault)
    await desk.take(*await neighbour.sent())

    for office in (neighbour, desk):
        held = await everything_in(office.store)
        assert [trace in held for trace in traces] == [False, False, False]
        left = await kept(office, event.envelope.envelope_id)
        assert (content_of(left), left.envelope.content, left.envelope.keys_bytes, left.content_key) == (b"",) * 4


async def test_header_and_signatures_stay_and_hold(desk: Office, neighbour: Office) -> None:
    """Years later it is still proved that something was sent, when, by whom, to whom, and of which digest."""
    event = await crossed(neighbour, desk)
    await erased(neighbour, event.envelope.envelope_id)
    await desk.take(*await neighbour.sent())
    for office in (neighbour, desk):
        left = (await kept(office, event.envelope.envelope_id)).envelope
        assert (left.header_bytes, left.signatures_bytes) == (
            event.envelope.header_bytes,
            event.envelope.signatures_bytes,
        )
        assert verify(left, TRUST) is None
        assert left.header.content.digest == digest_of(event.envelope.content)


async def test_the_chain_goes_on(desk: Office, neighbour: Office) -> None:
    """The record of the erasure is its next link, and the next event follows that."""
    event = await crossed(neighbour, desk)
    await erased(neighbour, event.envelope.envelope_id)
    await desk.take(*await neighbour.sent())
    after = await crossed(neighbour, desk)
    assert after.envelope.header.seq == 3
    assert await desk.seqs() == [1, 3]
    assert await desk.codes() == []


async def test_each_recipient_says_that_it_erased(desk: Office, neighbour: Office) -> None:
    """The officer who promised it can show who did, and when; signed, like everything."""
    event = await crossed(neighbour, desk)
    await erased(neighbour, event.envelope.envelope_id)
    asked_at = neighbour.clock.now()
    desk.clock.jump(60)
    await desk.take(*await neighbour.sent())
    await neighbour.take(*await desk.sent())
    assert await neighbour.codes() == []
    assert await erasures(neighbour, event.envelope.envelope_id) == [
        ErasureRow(LIBO, REASON, asked_at),
        ErasureRow(HUANJIANG, REASON, desk.clock.now()),
    ]
    assert [row.county for row in await erasures(desk, event.envelope.envelope_id)] == [HUANJIANG]


async def test_a_listing_shows_an_erased_event_without_its_title(desk: Office, neighbour: Office) -> None:
    """That it was there is no secret; what it said is gone."""
    event = await crossed(neighbour, desk)
    await erased(neighbour, event.envelope.envelope_id)
    page = await neighbour.store.read(
        lambda s: s.events(direction=Direction.OUTGOING, wire_type=None, since=0, limit=9)
    )
    assert [title_of(row) for row in page.rows] == [""]


async def test_content_in_clear_is_erased_too(desk: Office, neighbour: Office) -> None:
    """A public event that should not have been sent."""
    event = await crossed(neighbour, desk, **{"class": InformationClass.PUBLIC})
    await erased(neighbour, event.envelope.envelope_id)
    await desk.take(*await neighbour.sent())
    for office in (neighbour, desk):
        assert TITLE.encode() not in await everything_in(office.store)


async def test_asking_twice_changes_nothing(desk: Office, neighbour: Office) -> None:
    """One record goes out, and the first time stays."""
    event = await crossed(neighbour, desk)
    first = await erased(neighbour, event.envelope.envelope_id)
    await neighbour.sent()
    neighbour.clock.jump(60)
    assert await erased(neighbour, event.envelope.envelope_id) == first
    assert await neighbour.sent() == []


async def test_an_erasure_waits_until_everybody_has_the_event(neighbour: Office) -> None:
    """Else one recipient would wait for a link that cannot come any more; with the word said, it is done."""
    posted = await neighbour.post()
    assert code_of(await erased(neighbour, posted.envelope_id)) == "erasure.undelivered"
    assert not isinstance(await erased(neighbour, posted.envelope_id, undelivered=True), Fault)


async def test_an_alert_in_force_is_not_erased(desk: Office, neighbour: Office) -> None:
    """People downstream act on it."""
    posted = await neighbour.post_alert(to=[HUANJIANG])
    await desk.take(*await neighbour.sent())
    await neighbour.take(*await desk.sent())
    assert code_of(await erased(neighbour, posted.envelope_id)) == "erasure.in_force"
    neighbour.clock.jump(7 * 3600)
    assert not isinstance(await erased(neighbour, posted.envelope_id), Fault)


async def test_only_the_author_erases_everywhere(desk: Office, neighbour: Office) -> None:
    """A recipient cannot make others forget; and records about the chains are not contents."""
    event = await crossed(neighbour, desk)
    assert code_of(await erased(desk, event.envelope.envelope_id)) == "erasure.not_ours"
    assert code_of(await erased(desk, "00" * 32)) == "request.not_found"
    opening = await neighbour.store.read(lambda s: s.chain(event.envelope.header.channel, event.envelope.header.epoch))
    assert opening is not None
    first = await neighbour.store.write(lambda tx: tx.chains.held_id(opening.number, 0))
    assert first is not None
    assert code_of(await erased(neighbour, first)) == "erasure.control_record"


def said_by(county: str, about: Envelope, to: tuple[str, ...], **changes: Any) -> Envelope:  # noqa: ANN401
    """Return a record by any county that a content was erased, as the first event behind an opening."""
    header = about.header
    record = ContentErased(
        channel=header.channel,
        epoch=header.epoch,
        seq=header.seq,
        id=about.envelope_id,
        reason=REASON,
        erased_at=papers.NOW,
    )
    given: dict[str, Any] = {
        "type": ContentErased.wire_type,
        "source": county,
        "to": to,
        "information_class": InformationClass.INTERNAL,
        "purpose": "bus_control",
        "agreement": header.agreement,
    }
    return papers.envelope(record.model_dump_json(exclude_none=True).encode(), **given | changes)


async def test_a_third_county_cannot_make_anybody_forget(desk: Office, neighbour: Office) -> None:
    """南丹 says that the event of 荔波 was erased: rejected, and the content stays."""
    event = await crossed(neighbour, desk)
    stranger = Office(NANDAN, MemoryStore(), trust=TRUST)
    await stranger.post(to=[HUANJIANG])
    opening = (await stranger.sent())[0]
    header = opened(opening.message)
    lie = said_by(NANDAN, event.envelope, (HUANJIANG,), prev=header.envelope_id, **_epoch(header))
    subject = f"hub.in.{NANDAN}.normal.{HUANJIANG}.control.content_erased.v1"

    await desk.take(opening, papers.arrival(lie, subject=subject, at=2))

    assert await desk.codes() == ["erasure.not_theirs"]
    assert content_of(await kept(desk, event.envelope.envelope_id)) != b""


def _epoch(opening: Envelope) -> dict[str, Any]:
    return {"epoch": place_of(opening)["epoch"]}


async def test_an_erasure_of_what_never_came_is_taken_and_does_nothing(desk: Office, neighbour: Office) -> None:
    """Another id at that place: a fork is a matter of the chain, not of the erasure."""
    event = await crossed(neighbour, desk)
    other = ContentErased(
        channel=event.envelope.header.channel,
        epoch=event.envelope.header.epoch,
        seq=event.envelope.header.seq,
        id="11" * 32,
        reason=REASON,
        erased_at=papers.NOW,
    )
    agreement = TRUST.agreements[papers.AGREEMENT]
    await neighbour.store.write(
        lambda tx: neighbour.posting.post(tx, outgoing_of(other, agreement, (HUANJIANG,)), papers.NOW)
    )
    await desk.take(*await neighbour.sent())
    assert await desk.codes() == []
    assert content_of(await kept(desk, event.envelope.envelope_id)) != b""


async def test_an_emptied_event_that_comes_again_is_passed_over(desk: Office, neighbour: Office) -> None:
    """After a hub was lost the source publishes again what it still has: header and signatures."""
    event = await crossed(neighbour, desk)
    await erased(neighbour, event.envelope.envelope_id)
    await desk.take(*await neighbour.sent())
    left = (await kept(neighbour, event.envelope.envelope_id)).envelope
    subject = f"hub.in.{LIBO}.normal.{HUANJIANG}.information.policy_bulletin_published.v1"

    await desk.take(papers.arrival(left, subject=subject))

    assert await desk.codes() == []
    assert await desk.head(left) == 2


async def test_an_emptied_event_is_not_taken_for_one_that_never_came(desk: Office, neighbour: Office) -> None:
    """Else whoever carries it could make an event disappear by cutting its content off."""
    await neighbour.post(to=[HUANJIANG])
    opening, event = await neighbour.sent()
    cut = event.message.rsplit(b"\n", 1)[0] + b"\n"
    await desk.take(opening, papers.arrival(cut, subject=event.subject))
    assert await desk.codes() == ["content.digest"]
    await desk.take(event)
    assert await desk.seqs() == [1]
