"""What becomes of arrivals: in order, once, covered by a receipt each, whatever the carrier does."""

import json
from dataclasses import replace
from typing import Any

import pytest

from adapters.memory.state import Limits
from adapters.memory.store import MemoryStore
from schemas.control import Receipt, ReceiptStage
from schemas.notices import NoticeKind
from services.domain.encoding import digest_of
from tests import papers
from tests.desk import Office, everything_in, opened, place_of, written
from tests.papers import HUANJIANG, LIBO, NANDAN

STORED = ReceiptStage.STORED
REJECTED = ReceiptStage.REJECTED


# -- in order -----------------------------------------------------------------------------------------


async def test_a_batch_in_order_is_taken_and_answered_by_one_receipt(desk: Office, neighbour: Office) -> None:
    """Three events, one receipt that covers them, and only then the acknowledgement."""
    arrivals = await written(neighbour, 3)
    await desk.take(*arrivals)
    assert await desk.seqs() == [1, 2, 3]
    assert await desk.head(opened(arrivals[0].message)) == 3
    assert await desk.receipts() == [(STORED, 1, 3, None)]
    assert desk.puller.acknowledged == [4]
    assert await desk.codes() == []


async def test_a_receipt_names_what_it_covers(desk: Office, neighbour: Office) -> None:
    """Head id, agreement and verdict; the content's digest if it covers one event only."""
    arrivals = await written(neighbour, 2)
    events = [opened(one.message) for one in arrivals[1:]]
    await desk.take(*arrivals[:2])
    await desk.take(arrivals[2])
    single = [Receipt.model_validate_json(one.content) for one in await desk.receipt_envelopes()]
    for receipt, event in zip(single, events, strict=True):
        assert (receipt.receiver, receipt.head) == (HUANJIANG, event.envelope_id)
        assert (receipt.channel, receipt.epoch, receipt.seq) == (
            event.header.channel,
            event.header.epoch,
            event.header.seq,
        )
        assert (receipt.content_digest, receipt.agreement) == (event.header.content.digest, event.header.agreement)
        assert (receipt.permitted, receipt.received_at) == (True, desk.clock.now())


async def test_a_range_is_bounded(neighbour: Office) -> None:
    """A receipt for a thousand events would be lost as a whole."""
    desk = Office(HUANJIANG, MemoryStore(), range_max=2)
    await desk.take(*await written(neighbour, 5))
    assert await desk.receipts() == [(STORED, 1, 2, None), (STORED, 3, 4, None), (STORED, 5, 5, None)]


async def test_bytes_are_kept_as_they_came(desk: Office, neighbour: Office) -> None:
    """Nothing is serialised again: the evidence is the sender's own bytes."""
    arrivals = await written(neighbour, 1)
    await desk.take(*arrivals)
    event = opened(arrivals[1].message)
    kept = await desk.store.read(lambda s: s.event(event.envelope_id))
    assert kept is not None
    assert kept.envelope.to_wire() == arrivals[1].message


async def test_a_large_batch_is_verified_in_threads_and_stays_in_order(desk: Office, neighbour: Office) -> None:
    """Parts that finish in another order must not change the order of the batch."""
    await desk.take(*await written(neighbour, 40))
    assert await desk.seqs() == list(range(1, 41))


async def test_what_is_forged_in_a_large_batch_is_what_is_refused(desk: Office, neighbour: Office) -> None:
    """Signatures are judged apart from the rest: a verdict must never be taken for that of another arrival."""
    arrivals = await written(neighbour, 40)
    signed, other = opened(arrivals[20].message), opened(arrivals[33].message)
    forged = replace(signed, signatures_bytes=other.signatures_bytes)
    unreadable = replace(arrivals[5], message=b"{}")
    await desk.take(*arrivals[:5], unreadable, *arrivals[5:20], replace(arrivals[20], message=forged.to_wire()))
    await desk.take(*arrivals[21:])
    assert await desk.seqs() == list(range(1, 20))
    assert await desk.codes() == ["wire.malformed", "signature.invalid"]
    await desk.take(arrivals[20])
    assert await desk.seqs() == list(range(1, 41))


# -- gaps ---------------------------------------------------------------------------------------------


async def test_what_comes_too_early_waits_and_is_taken_in_order(desk: Office, neighbour: Office) -> None:
    """Number 1 is missing: 2 and 3 are not shown, then all three in order."""
    opening, one, two, three = await written(neighbour, 3)
    await desk.take(opening, three, two)
    assert await desk.seqs() == []
    assert (await desk.counts())["held_back"] == 2
    assert await desk.receipts() == []
    await desk.take(one)
    assert await desk.seqs() == [1, 2, 3]
    assert await desk.receipts() == [(STORED, 1, 3, None)]
    assert (await desk.counts())["held_back"] == 0


async def test_events_wait_for_the_opening_of_their_epoch(desk: Office, neighbour: Office) -> None:
    """Link 0 travels in another lane and may come last."""
    opening, *events = await written(neighbour, 2)
    await desk.take(*events)
    assert await desk.seqs() == []
    await desk.take(opening)
    assert await desk.seqs() == [1, 2]


async def test_a_gap_in_one_channel_holds_up_no_other(desk: Office, neighbour: Office) -> None:
    """The same source to another audience, and another source."""
    await neighbour.post()
    await neighbour.post()
    await neighbour.post(to=(HUANJIANG,))
    arrivals = await neighbour.sent()
    other = Office(NANDAN, MemoryStore())
    await other.post()
    gappy = opened(arrivals[0].message).header.channel
    broken = [
        one
        for one in arrivals
        if opened(one.message).header.seq != 1 or len(opened(one.message).header.to) == 1  # the first of the wide one
    ]
    assert len(broken) == len(arrivals) - 1, gappy
    await desk.take(*broken, *await other.sent())
    assert sorted((row.source, row.audience, row.seq) for row in await desk.inbox()) == [
        (NANDAN, (HUANJIANG, LIBO), 1),
        (LIBO, (HUANJIANG,), 1),
    ]


async def test_an_alert_is_shown_at_once_and_marked(desk: Office, neighbour: Office) -> None:
    """A bulletin before it is missing: the alert is early and receipted, and early no more when the bulletin comes."""
    await neighbour.post()
    await neighbour.post_alert()
    await neighbour.post()
    opening, bulletin, alert, last = await neighbour.sent()
    await desk.take(opening, alert, last)
    assert [(row.seq, row.early, row.level) for row in await desk.inbox()] == [(2, True, 1)]
    assert await desk.receipts() == [(STORED, 2, 2, None)]
    await desk.take(bulletin)
    assert [(row.seq, row.early) for row in await desk.inbox()] == [(2, False), (1, False), (3, False)]
    assert await desk.receipts() == [(STORED, 1, 1, None), (STORED, 3, 3, None)]
    assert await desk.head(opened(alert.message)) == 3


async def test_an_early_alert_is_settled_within_one_batch(desk: Office, neighbour: Office) -> None:
    """Alert and the missing bulletin come in the same batch, the wrong way round."""
    await neighbour.post()
    await neighbour.post_alert()
    opening, bulletin, alert = await neighbour.sent()
    await desk.take(opening, alert, bulletin)
    assert [(row.seq, row.early) for row in await desk.inbox()] == [(2, False), (1, False)]
    assert await desk.receipts() == [(STORED, 1, 2, None)]


async def test_waiting_is_bounded_and_said(neighbour: Office) -> None:
    """A source whose first link never comes must not fill our disk: the overflow is quarantined."""
    desk = Office(HUANJIANG, MemoryStore(Limits(held_links=2)))
    opening, _, *later = await written(neighbour, 4)
    await desk.take(opening, *later)
    assert (await desk.counts())["held_back"] == 2
    assert await desk.codes() == ["chain.hold_full"]


# -- again and again --------------------------------------------------------------------------------------


async def test_the_same_batch_again_changes_nothing(desk: Office, neighbour: Office) -> None:
    """A crash after the commit and before the acknowledgement: the hub hands it over once more."""
    arrivals = await written(neighbour, 3)
    desk.puller.crashes = True
    with pytest.raises(ConnectionAbortedError):
        await desk.take(*arrivals)
    desk.puller.crashes = False
    before = await desk.counts()
    await desk.take(*arrivals)
    assert await desk.seqs() == [1, 2, 3]
    assert await desk.counts() == before
    assert await desk.codes() == []


async def test_a_duplicate_gets_the_receipt_that_covers_it_once_a_batch(desk: Office, neighbour: Office) -> None:
    """Not while that receipt still waits to go, then the same bytes again, in the repair lane, once per batch."""
    arrivals = await written(neighbour, 3)
    await desk.take(*arrivals)
    first = await desk.receipt_envelopes()
    await desk.take(*arrivals)
    assert await desk.receipt_envelopes() == []
    await desk.mark_published()
    await desk.take(*arrivals, *arrivals)
    assert await desk.receipt_envelopes() == first
    assert (await desk.counts())["receipts_out"] == 1


async def test_a_duplicate_within_a_batch_is_taken_once(desk: Office, neighbour: Office) -> None:
    """No second row, no second receipt."""
    opening, event = await written(neighbour, 1)
    await desk.take(opening, event, event, opening, event)
    assert await desk.seqs() == [1]
    assert await desk.receipts() == [(STORED, 1, 1, None)]


async def test_a_held_link_that_comes_twice_is_held_once(desk: Office, neighbour: Office) -> None:
    """Else a repeating hub fills the bound with one message."""
    opening, _, two = await written(neighbour, 2)
    await desk.take(opening, two, two)
    await desk.take(two)
    assert (await desk.counts())["held_back"] == 1


async def test_a_store_that_cannot_write_loses_nothing(neighbour: Office) -> None:
    """The disk is full: the batch is not acknowledged, and taken when there is room again."""
    store = MemoryStore()
    desk = Office(HUANJIANG, store)
    arrivals = await written(neighbour, 2)
    store.disk_full = True
    with pytest.raises(Exception, match="disk is full"):
        await desk.take(*arrivals)
    assert desk.puller.acknowledged == []
    store.disk_full = False
    await desk.take(*arrivals)
    assert await desk.seqs() == [1, 2]


# -- rejected -----------------------------------------------------------------------------------------------


async def test_what_the_agreement_forbids_is_rejected_and_the_chain_goes_on(desk: Office, neighbour: Office) -> None:
    """The bytes go to quarantine, the source hears why, and the next event is not held up."""
    await neighbour.post()
    arrivals = await neighbour.sent()
    last = opened(arrivals[-1].message)
    wrong = papers.envelope(seq=2, prev=last.envelope_id, purpose="advertising", **place_of(last))
    after = papers.envelope(seq=3, prev=wrong.envelope_id, **place_of(last))
    await desk.take(*arrivals, papers.arrival(wrong), papers.arrival(after))
    assert await desk.seqs() == [1, 3]
    assert await desk.head(after) == 3
    assert await desk.codes() == ["sharing.purpose"]
    assert await desk.receipts() == [(STORED, 1, 1, None), (STORED, 3, 3, None), (REJECTED, 2, 2, "sharing.purpose")]
    assert NoticeKind.QUARANTINED in await desk.notices()


async def test_a_rejected_event_that_comes_again_gets_its_rejection_again(desk: Office, neighbour: Office) -> None:
    """And no second row anywhere."""
    await neighbour.post()
    arrivals = await neighbour.sent()
    last = opened(arrivals[-1].message)
    wrong = papers.arrival(papers.envelope(seq=2, prev=last.envelope_id, purpose="x", **place_of(last)))
    await desk.take(*arrivals, wrong)
    first = await desk.receipts()
    await desk.mark_published()
    await desk.take(wrong)
    assert await desk.receipts() == [first[-1]] == [(REJECTED, 2, 2, "sharing.purpose")]
    assert await desk.codes() == ["sharing.purpose"]


async def test_what_the_guards_refuse_is_kept_by_digest_alone(desk: Office, neighbour: Office) -> None:
    """A banned field must not lie in our database in any form."""
    opening, one = await written(neighbour, 1)
    content = papers.as_bytes(papers.policy_content(ethnicity="某族"))
    last = opened(one.message)
    wrong = papers.envelope(content, seq=2, prev=last.envelope_id, **place_of(last))
    await desk.take(opening, one, papers.arrival(wrong))
    (refused,) = await desk.quarantined()
    assert (refused.code, refused.digest) == ("guard.banned_name", digest_of(wrong.to_wire()))
    assert content not in await everything_in(desk.store)
    assert (await desk.receipts())[-1] == (REJECTED, 2, 2, "guard.banned_name")
    assert await desk.head(wrong) == 2


async def test_what_the_guards_refuse_is_not_even_kept_while_a_link_is_missing(desk: Office, neighbour: Office) -> None:
    """It is rejected at once, and the chain passes over it when the gap closes."""
    opening, one = await written(neighbour, 1)
    content = papers.as_bytes(papers.policy_content(ethnicity="某族"))
    last = opened(one.message)
    wrong = papers.envelope(content, seq=2, prev=last.envelope_id, **place_of(last))
    await desk.take(opening, papers.arrival(wrong))
    assert (await desk.counts())["held_back"] == 0
    assert await desk.receipts() == [(REJECTED, 2, 2, "guard.banned_name")]
    await desk.take(one)
    assert await desk.seqs() == [1]
    assert await desk.head(wrong) == 2
    assert content not in await everything_in(desk.store)


async def test_without_any_agreement_there_is_nothing_to_answer_under(desk: Office, neighbour: Office) -> None:
    """We never adopted it: quarantined, the chain goes on, no receipt."""
    other = papers.in_force(id="unheard-of")
    neighbour.trusted = papers.trust(papers.in_force(), other)
    await neighbour.post(agreement="unheard-of")
    arrivals = await neighbour.sent()
    await desk.take(*arrivals)
    assert await desk.codes() == ["sharing.no_agreement"]
    assert await desk.receipts() == []
    assert await desk.head(opened(arrivals[0].message)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"epoch": "2-" + "0" * 16},
        {"channel": "c" * 64},
        {"chain_kind": "receipt"},
        {"agreement_id": "other"},
        {"audience": [HUANJIANG]},
    ],
)
async def test_an_opening_that_opens_something_else_is_refused(
    desk: Office, neighbour: Office, changes: dict[str, Any]
) -> None:
    """Its words would be believed later; the chain goes on behind it, for its place is right."""
    opening, *_ = await written(neighbour, 1)
    true = opened(opening.message)
    content = papers.as_bytes(json.loads(true.content) | changes)
    fields = {
        name: getattr(true.header, name) for name in ("type", "source", "to", "epoch", "seq", "prev", "agreement")
    }
    lie = papers.envelope(content, channel=true.header.channel, **fields)
    await desk.take(papers.arrival(lie))
    assert await desk.codes() == ["chain.bad_opening"]
    assert await desk.receipts() == []
    assert await desk.head(lie) == 0


async def test_an_event_cannot_open_an_epoch(desk: Office) -> None:
    """Link 0 must be the record that opens, and no later link may be one."""
    await desk.take(papers.arrival(papers.envelope(seq=0)))
    assert await desk.codes() == ["chain.bad_opening"]
    assert await desk.seqs() == []


# -- our own ------------------------------------------------------------------------------------------------


async def test_our_own_echo_is_passed_over(desk: Office) -> None:
    """Where the audience is an agreement, the hub hands our own events back to us."""
    await desk.post()
    await desk.take(*await desk.sent())
    assert await desk.inbox() == ()
    assert await desk.notices() == []


async def test_an_echo_that_was_changed_on_its_way_is_kept_as_a_proof(desk: Office) -> None:
    """A hub that swaps the content of what it hands back to us must not stay unseen."""
    await desk.post()
    *_, last = await desk.sent()
    await desk.take(replace(last, message=last.message[:-1] + b" "))
    assert await desk.codes() == ["content.digest"]


async def test_our_signature_on_what_we_do_not_hold_is_told(desk: Office) -> None:
    """An old backup came back, or a clone runs: the only proof there is."""
    clone = Office(HUANJIANG, MemoryStore())
    await clone.post()
    await desk.take(*await clone.sent())
    assert await desk.notices() == [NoticeKind.OWN_UNKNOWN]
    assert await desk.inbox() == ()
