"""After a fork the event key alone opens nothing: the recovery key names the branch kept, and then it goes on."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from adapters.memory.signer import MemorySigner
from schemas.carriage import Arrival
from schemas.control import ChainKind, EpochOpened, LastLink, OpeningReason
from schemas.documents import SignedDocument
from schemas.envelope import Envelope, PayloadType
from schemas.key_changes import BranchKept, KeyEnd
from schemas.records import Chain
from schemas.registry import KeyUse
from services.domain.key_changes import with_changes
from tests import papers
from tests.desk import Office, opened, place_of, written
from tests.papers import LIBO, NOW

RECOVERY = papers.signer(LIBO, KeyUse.RECOVERY)
NEXT_EPOCH = "2-00000000000000bb"


def other_story(event: Envelope) -> Envelope:
    """Return another envelope of 荔波, truly signed, for the same place."""
    header = event.header.model_copy(update={"time": papers.later(minutes=1)})
    fields = {name: getattr(header, name) for name in type(header).model_fields if name != "v"}
    return papers.envelope(event.content, **fields)


def branch(chain: Chain, *, by: Iterable[MemorySigner] = (RECOVERY,), **changes: Any) -> SignedDocument:  # noqa: ANN401
    """Return the document by which 荔波 keeps the branch that a chain holds."""
    end: dict[str, Any] = {
        "channel": chain.channel,
        "epoch": chain.epoch,
        "seq": chain.head.seq,
        "id": chain.head.envelope_id,
    }
    kept = BranchKept(county=LIBO, branches=(KeyEnd(**(end | changes)),), issued_at=NOW)
    return papers.signed(PayloadType.BRANCH_KEPT, kept, by)


def continued(event: Envelope, chain: Chain, reason: OpeningReason = OpeningReason.FORKED) -> list[Arrival]:
    """Return the opening of the next epoch and an event in it."""
    place = place_of(event) | {"epoch": NEXT_EPOCH}
    record = EpochOpened(
        channel=chain.channel,
        chain_kind=ChainKind.EVENT,
        agreement_id=chain.agreement_id,
        audience=event.header.to,
        epoch=NEXT_EPOCH,
        reason=reason,
        old_epoch=chain.epoch,
        last=LastLink(seq=chain.head.seq, id=chain.head.envelope_id),
    )
    body = record.model_dump_json(exclude_none=True).encode()
    link = papers.envelope(body, type=EpochOpened.wire_type, seq=0, **place)
    return [papers.arrival(link), papers.arrival(papers.envelope(seq=1, prev=link.envelope_id, **place))]


async def forked(desk: Office, neighbour: Office) -> tuple[Envelope, Chain]:
    """Let the neighbour's channel fork at its second event; return that and the chain as it is held."""
    opening, one, two = await written(neighbour, 2)
    event = opened(two.message)
    await desk.take(opening, one, two, replace(two, message=other_story(event).to_wire()))
    chain = await desk.store.read(lambda snapshot: snapshot.chain(event.header.channel, event.header.epoch))
    assert chain is not None
    assert chain.frozen
    return event, chain


@pytest.mark.parametrize("reason", [OpeningReason.FORKED, OpeningReason.RESTORED])
async def test_the_next_epoch_waits_for_the_recovery_key(
    desk: Office, neighbour: Office, reason: OpeningReason
) -> None:
    """Whoever forked it has the event key: with that alone he would go on, under whatever reason he likes."""
    event, chain = await forked(desk, neighbour)
    await desk.take(*continued(event, chain, reason))
    assert await desk.seqs() == [1, 2]
    assert (await desk.counts())["held_back"] == 2
    desk.trusted = with_changes(desk.trusted, [branch(chain)])[0]
    await desk.receiver.reexamine()
    assert await desk.seqs() == [1, 2, 1]
    assert (await desk.counts())["held_back"] == 0


async def test_an_opening_on_another_branch_is_refused(desk: Office, neighbour: Office) -> None:
    """The source goes on behind the story that its own recovery key did not keep."""
    event, chain = await forked(desk, neighbour)
    desk.trusted = with_changes(desk.trusted, [branch(chain, id=other_story(event).envelope_id)])[0]
    await desk.take(*continued(event, chain))
    assert await desk.seqs() == [1, 2]
    assert "chain.other_branch" in await desk.codes()


async def test_the_event_key_cannot_name_the_branch(desk: Office, neighbour: Office) -> None:
    """It has signed both."""
    _, chain = await forked(desk, neighbour)
    for signers in ((papers.signer(LIBO),), (papers.signer("451226", KeyUse.RECOVERY),), ()):
        trust, faults = with_changes(desk.trusted, [branch(chain, by=signers)])
        assert [fault.code for fault in faults] == ["key.change_unsigned"]
        assert trust.branch(chain.source, chain.channel, chain.epoch) is None
