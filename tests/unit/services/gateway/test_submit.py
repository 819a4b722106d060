"""Submitting without HTTP: what is durable, what a retry gets, and when the node says no."""

import asyncio
import json
from typing import Any

import pytest

from adapters.sqlite.transaction import Limits as StoreLimits
from schemas.access import Scope
from schemas.errors import ConflictError, RequestError, SharingDeniedError, UnavailableError
from services.domain.releasing import UNATTENDED
from services.domain.signing import verify
from services.gateway.gateway import Limits as GatewayLimits
from services.gateway.submit import Submitter
from tests import papers
from tests.caller import calling
from tests.papers import LIBO
from tests.world import County, World, alert_draft, policy_draft, shifted


@pytest.fixture
def libo() -> County:
    return World()[papers.LIBO]


def spelled(draft: dict[str, Any]) -> bytes:
    return json.dumps(draft, ensure_ascii=False).encode()


async def test_an_accepted_event_is_signed_chained_and_in_the_outbox(libo: County) -> None:
    """202 must mean that the event needs nobody any more: it is verifiable and on its way."""
    first = await libo.send(alert_draft())
    second = await libo.send(alert_draft())

    stored = await libo.store.read(lambda snapshot: snapshot.event(second.envelope_id))
    assert stored is not None
    assert (first.seq, second.seq) == (1, 2)
    assert stored.envelope.header.prev == first.envelope_id
    assert verify(stored.envelope, libo.directory.trust()) is None
    assert (await libo.counts())["waiting"] == 3  # the record that opens the epoch, and two events


async def test_content_travels_as_it_was_written(libo: County) -> None:
    """A node that rewrote content would sign words that the officer never saw."""
    content = papers.policy_content(title="关于跨县就医的通知")
    posted = await libo.send(policy_draft(content=content))

    stored = await libo.store.read(lambda snapshot: snapshot.event(posted.envelope_id))
    assert stored is not None
    assert stored.envelope.content == papers.as_bytes(content)


async def test_the_same_key_and_body_get_the_same_answer(libo: County) -> None:
    """A caller whose answer was lost sends again: nothing is sent twice."""
    first = await libo.send(policy_draft(), key="k-1")
    again = await libo.send(policy_draft(), key="k-1")

    assert again == first
    assert (await libo.counts())["events_out"] == 1


async def test_two_retries_at_once_send_one_event(libo: County) -> None:
    """Two retries that overtake each other must not both find the key unused."""
    answers = await asyncio.gather(*(libo.send(policy_draft(), key="k-1") for _ in range(8)))

    assert len(set(answers)) == 1
    assert (await libo.counts())["events_out"] == 1


async def test_a_key_that_served_another_body_is_a_conflict(libo: County) -> None:
    """The second body would otherwise be swallowed in silence."""
    await libo.send(policy_draft(), key="k-1")
    with pytest.raises(ConflictError) as caught:
        await libo.send(policy_draft(priority=2), key="k-1")

    assert caught.value.fault.code == "request.idempotency_conflict"
    assert caught.value.fault.field == "Idempotency-Key"
    assert (await libo.counts())["events_out"] == 1


async def test_keys_of_two_callers_never_meet(libo: County) -> None:
    """One system must not learn, or block, what another one sent."""
    body = spelled(policy_draft())
    first = await libo.submitter.submit(body, idempotency_key="k-1", access_name="hall", standing=UNATTENDED)
    other = await libo.submitter.submit(body, idempotency_key="k-1", access_name="station", standing=UNATTENDED)

    assert first != other


async def test_a_retry_after_the_event_expired_gets_the_first_answer(libo: County) -> None:
    """What was accepted stays accepted: an answer "expired" would make the caller send a second alert."""
    draft = policy_draft(expires=shifted(libo.clock.now(), 60))
    first = await libo.send(draft, key="k-1")
    await libo.clock.move(3600)

    assert await libo.send(draft, key="k-1") == first
    with pytest.raises(RequestError) as caught:
        await libo.send(draft, key="k-2")
    assert caught.value.fault.code == "request.expired"


async def test_a_faulty_body_leaves_its_key_free(libo: County) -> None:
    """Whoever mends the body may use the same key again."""
    with pytest.raises(RequestError):
        await libo.send(policy_draft(agreement="no-such"), key="k-1")

    assert (await libo.send(policy_draft(), key="k-1")).seq == 1


@pytest.mark.parametrize("key", ["", "a b", "键", "x" * 256, "a\n", "\x7f"])
async def test_a_key_is_visible_ascii(libo: County, key: str) -> None:
    """A key that a proxy may fold or cut would stop meaning the same request."""
    with pytest.raises(RequestError) as caught:
        await libo.send(policy_draft(), key=key)

    assert caught.value.fault.code == "request.idempotency_key"
    assert (await libo.counts())["events_out"] == 0


async def test_a_key_of_255_characters_is_taken(libo: County) -> None:
    """The bound itself is inside."""
    assert (await libo.send(policy_draft(), key="~" * 255)).seq == 1


async def test_a_full_disk_stores_nothing_and_says_so(libo: County) -> None:
    """An officer who is told 202 while the disk is full would never telephone."""
    libo.store.disk_full = True
    with pytest.raises(UnavailableError):
        await libo.send(policy_draft(), key="k-1")
    libo.store.disk_full = False

    assert (await libo.counts())["events_out"] == 0
    assert (await libo.send(policy_draft(), key="k-1")).seq == 1


async def test_more_submissions_than_the_bound_are_told_to_come_back(libo: County) -> None:
    """A flood must push back at its source, not grow in memory."""
    submitter = Submitter(
        store=libo.store, posting=libo.posting, directory=libo.directory, clock=libo.clock, most_at_once=3
    )
    body = spelled(policy_draft())
    outcomes = await asyncio.gather(
        *(submitter.submit(body, idempotency_key=None, access_name="flood", standing=UNATTENDED) for _ in range(5)),
        return_exceptions=True,
    )

    assert sum(isinstance(one, UnavailableError) for one in outcomes) == 2
    assert (await libo.counts())["events_out"] == 3
    assert (await submitter.submit(body, idempotency_key=None, access_name="flood", standing=UNATTENDED)).seq == 4


def test_submissions_alone_never_fill_the_queue_of_the_writer() -> None:
    """A flood of posts would let the receiver be refused by the store, and receipts stay away for it."""
    assert 2 * GatewayLimits().submissions <= StoreLimits().queued_works


async def test_a_refusal_by_the_agreement_is_of_its_own_family(libo: County) -> None:
    """The CLI and the demo tell "not permitted" from "not valid" by the error's type."""
    with pytest.raises(SharingDeniedError) as caught:
        await libo.send(policy_draft(to=[papers.FUNING]))

    assert caught.value.fault.code == "sharing.outside_agreement"


async def test_a_control_record_is_no_request(libo: County) -> None:
    """Whoever could submit a receipt could answer for a county without its officer."""
    with pytest.raises(RequestError):
        await libo.send(policy_draft(type="cn.sihu.control.epoch_opened.v1", content={}))

    assert (await libo.counts())["waiting"] == 0


async def test_a_reader_without_a_key_is_named_and_nothing_is_placed() -> None:
    """The officer learns whom to ask; the chain has no hole where the event would have been."""
    members = tuple(papers.member(county, keys=papers.member(county).keys[:4]) for county in papers.COUNTIES)
    world = World(trust=papers.trust(papers.in_force(internal_in_clear=False), members=members))
    county = world[LIBO]
    async with calling(county, county.let_in("desk", Scope.EVENTS_WRITE, Scope.UNATTENDED)) as caller:
        refused = await caller.post("/events", json=policy_draft(**{"class": "internal"}))
    assert (refused.status, refused.body["code"], refused.body["field"]) == (409, "encryption.no_reader_key", "to")
    assert await county.take_waiting() == []
