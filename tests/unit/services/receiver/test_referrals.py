"""A person's case between two counties: only the addressed one opens it, and when it ends it is gone at both."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import pytest

from adapters.memory.encryption import MemoryEncryption
from schemas.catalogue import parse_new
from schemas.control import ContentErased, ErasureReason
from schemas.course_drafts import ReferralMove
from schemas.drafts import EventDraft
from schemas.envelope import Envelope
from schemas.errors import Fault, RequestError
from schemas.notices import NoticeKind
from services.domain.course_drafts import offer_draft
from services.domain.drafting import Outgoing, complete
from services.domain.encoding import WireParts, split_wire
from services.domain.encryption import open_content, parse_keys
from services.domain.reading import content_of
from services.domain.referrals import ReferralState
from services.domain.signing import open_parts
from tests import papers
from tests.coursework import (
    IDENTITY,
    MOBILE,
    NAME,
    REFERRAL,
    TRUST,
    consent,
    erased_at,
    fields,
    looked,
    moved,
    offer,
    offered,
    referral_at,
    sent,
    three_counties,
    whole_offer,
)
from tests.desk import everything_in
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.world import World

DAY: Final = 24 * 3600.0
ENDS: Final = (
    (HUANJIANG, ReferralMove.DECLINE, {"reason": "no_capacity"}, ReferralState.DECLINED, ErasureReason.COMPLETED),
    (HUANJIANG, ReferralMove.COMPLETE, {"outcome": "provided"}, ReferralState.COMPLETED, ErasureReason.COMPLETED),
    (LIBO, ReferralMove.WITHDRAW, {"by": "person"}, ReferralState.WITHDRAWN, ErasureReason.WITHDRAWN),
)


@pytest.fixture
async def world() -> World:
    """荔波, 环江, and 南丹 which it does not concern."""
    return await three_counties()


def wait(world: World, days: float) -> None:
    """Let time pass everywhere."""
    world.clock.jump(days * DAY)


async def notices(world: World, code: Any) -> list[NoticeKind]:  # noqa: ANN401 - a county
    """Return what a county's officer is told."""
    return [one.kind for one in await world[code].store.read(lambda s: s.notices(open_only=True, limit=50))]


async def left(world: World, code: Any, *secrets: bytes) -> list[str]:  # noqa: ANN401 - a county
    """Return what of a person's case is left in a county's store, in clear, as key or as ciphertext."""
    data = await everything_in(world[code].store)
    words = [text for text in (NAME, IDENTITY, MOBILE) if text.encode() in data]
    return words + [secret.hex()[:8] for secret in secrets if secret and secret in data]


async def kept(world: World, code: Any, number: str) -> tuple[bytes, bytes]:  # noqa: ANN401 - a county
    """Return content key and ciphertext as a county keeps them."""
    view = await referral_at(world[code], number)
    event = await world[code].store.read(lambda s: s.event(view.offer_id))
    assert event is not None
    return event.content_key, event.envelope.content


async def test_only_the_addressed_county_opens_it(world: World) -> None:
    """Neither the carrier nor a third county with its keys; no store shows it in clear."""
    number = await offered(world)
    carried = await world[LIBO].take_waiting()
    assert all(NAME.encode() not in one.message for one in carried)
    parts = split_wire(carried[-1].message, max_bytes=1 << 20)
    assert isinstance(parts, WireParts)
    envelope = open_parts(parts)
    assert isinstance(envelope, Envelope)
    entries = parse_keys(envelope.keys_bytes, envelope.header)
    assert not isinstance(entries, Fault)
    assert sorted(entries) == sorted((LIBO, HUANJIANG)), "nobody else has a key to it"
    for reader in entries:
        assert isinstance(open_content(envelope, reader, world[NANDAN].encryption.unwrap), Fault)
    await world[HUANJIANG].receive(carried)
    view = await referral_at(world[HUANJIANG], number)
    event = await world[HUANJIANG].store.read(lambda s: s.event(view.offer_id))
    assert event is not None
    assert json.loads(content_of(event))["fields"]["name"] == NAME
    for code in (LIBO, HUANJIANG):
        assert await left(world, code) == []


@pytest.mark.parametrize(("by", "move", "content", "state", "reason"), ENDS)
async def test_it_is_gone_at_both_when_it_ends(
    world: World,
    by: Any,  # noqa: ANN401 - a county
    move: ReferralMove,
    content: dict[str, str],
    state: ReferralState,
    reason: ErasureReason,
) -> None:
    """In the very transaction of the step at one end, in that which takes it at the other; and each side knows."""
    number = await offered(world)
    await world.carry()
    if move is ReferralMove.COMPLETE:
        await moved(world[HUANJIANG], number, ReferralMove.ACCEPT, handled_by_role="窗口经办员")
        await world.carry()
    secrets = [part for code in (LIBO, HUANJIANG) for part in await kept(world, code, number)]
    await moved(world[by], number, move, **content)
    assert (await erased_at(world[by], number)).here
    await world.carry()
    for code in (LIBO, HUANJIANG):
        view = await referral_at(world[code], number)
        assert view.state is state
        assert await left(world, code, *secrets) == []
        rows = await world[code].store.read(lambda s, view=view: s.erasures_of(view.offer_id))  # type: ignore[misc]
        assert {row.reason for row in rows} == {reason}
        assert await notices(world, code) == []
        matters = await world[code].store.read(lambda s: s.ledger.matters(papers.NOW, papers.later(days=9)))
        told = [(one.family, one.kind, one.outcome, one.partner, one.count) for one in matters]
        assert told == [("referral", "", state.value, "", 1)], "neither with whom nor for what"
    assert (await erased_at(world[LIBO], number)).there
    wait(world, 2)
    await looked(world[LIBO], world[HUANJIANG])
    assert await notices(world, LIBO) == []


async def test_ends_that_cross_are_two_ends(world: World) -> None:
    """The person takes it back while the office completes it: withdrawn, wherever the two meet."""
    number = await offered(world)
    await world.carry()
    await moved(world[HUANJIANG], number, ReferralMove.ACCEPT, handled_by_role="窗口经办员")
    await world.carry()
    await moved(world[HUANJIANG], number, ReferralMove.COMPLETE, outcome="provided")
    await moved(world[LIBO], number, ReferralMove.WITHDRAW, by="person")
    await world.carry()
    for code in (LIBO, HUANJIANG):
        assert (await referral_at(world[code], number)).state is ReferralState.WITHDRAWN
        assert (await erased_at(world[code], number)).here
    assert (await erased_at(world[LIBO], number)).there


async def test_a_neighbour_that_does_not_confirm_is_not_told_of(world: World) -> None:
    """After 24 hours our officer has its telephone number; once it has confirmed, that is over."""
    number = await offered(world)
    await world.carry()
    await moved(world[LIBO], number, ReferralMove.WITHDRAW, by="person")
    held_up = await world[LIBO].take_waiting()
    wait(world, 0.99)
    await looked(world[LIBO])
    assert await notices(world, LIBO) == []
    wait(world, 0.02)
    await looked(world[LIBO])
    assert await notices(world, LIBO) == [NoticeKind.NOT_ERASED]
    await world[HUANJIANG].receive(held_up)
    await world.carry()
    wait(world, 0.1)
    await looked(world[LIBO])
    assert await notices(world, LIBO) == []


async def test_it_is_erased_before_it_has_arrived(world: World) -> None:
    """An emptied link could never be taken in: the source keeps it until the other end has it, and erases it then."""
    number = await offered(world)
    on_its_way = await world[LIBO].take_waiting()
    await moved(world[LIBO], number, ReferralMove.WITHDRAW, by="person")
    assert not (await erased_at(world[LIBO], number)).here
    on_its_way += await world[LIBO].take_waiting()
    await world[HUANJIANG].receive(on_its_way)
    assert (await erased_at(world[HUANJIANG], number)).here
    await world.carry()
    world.clock.jump(16)
    await looked(world[LIBO])
    erased = await erased_at(world[LIBO], number)
    assert (erased.here, erased.there) == (True, True)


async def test_nobody_ends_it_and_it_stays(world: World) -> None:
    """After 30 days the source says so, and both have erased."""
    number = await offered(world)
    await world.carry()
    wait(world, 29.9)
    await looked(world[LIBO], world[HUANJIANG])
    assert (await referral_at(world[LIBO], number)).state is ReferralState.OFFERED
    wait(world, 0.2)
    await looked(world[LIBO])
    await world.carry()
    for code in (LIBO, HUANJIANG):
        assert (await referral_at(world[code], number)).state is ReferralState.EXPIRED
        assert (await erased_at(world[code], number)).here
    assert (await erased_at(world[LIBO], number)).there
    assert await looked(world[LIBO], world[HUANJIANG]) == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"consent": consent(separate=False)}, "content.rule"),
        ({"fields": fields(hospital="某医院")}, "content.rule"),
        ({"from_office": {"adcode": NANDAN, "name": "南丹县窗口"}}, "guard.wrong_office"),
        ({"expires_at": "2026-06-03T08:00:00.000+08:00", "consent": consent()}, "guard.too_long"),
        (
            {"consent": consent(given_at="2026-03-04T09:00:00.000+08:00", expires_at="2026-05-01T00:00:00.000+08:00")},
            "guard.no_consent",
        ),
        ({"fields": fields(employer=f"某公司 {MOBILE}")}, "guard.personal_number"),
        ({"consent": consent() | {"religion": "x"}}, "content.unknown_field"),
    ],
)
async def test_what_is_not_permitted_leaves_the_county(world: World, changes: dict[str, Any], code: str) -> None:
    """Without a separate consent, beyond the purpose, beyond 90 days, in another's name: refused, with the reason."""
    draft = offer_draft(papers.AGREEMENT, offer(**changes), number="1" * 32, now=world.clock.now())
    with pytest.raises(RequestError) as refusal:
        await sent(world[LIBO], draft)
    assert refusal.value.fault.code == code
    assert refusal.value.fault.mend
    assert await world[LIBO].take_waiting() == []


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        ({"class": "internal"}, "guard.not_personal"),
        ({"to": [HUANJIANG, NANDAN]}, "guard.wrong_office"),
        ({"to": [NANDAN]}, "guard.wrong_office"),
        ({"expires": "2026-05-01T08:00:00.000+08:00"}, "guard.too_long"),
    ],
)
async def test_a_case_travels_like_any_notice(world: World, draft: dict[str, Any], code: str) -> None:
    """Personal, to one county, no longer than it lives."""
    made = offer_draft(papers.AGREEMENT, offer(), number="1" * 32, now=world.clock.now())
    assert isinstance(made, dict)
    with pytest.raises(RequestError) as refusal:
        await sent(world[LIBO], made | draft)
    assert refusal.value.fault.code == code


async def test_a_partner_smuggles_a_case(world: World) -> None:
    """What our own node would not send is rejected at the other end, by its digest alone: nothing of it is kept."""
    libo, now = world[LIBO], world.clock.now()
    for changes in ({"consent": consent(separate=False)}, {"expires_at": "2026-06-30T08:00:00.000+08:00"}):
        content = whole_offer() | changes
        posted = await libo.store.write(lambda tx, content=content: libo.posting.post(tx, _forged(content, now), now))  # type: ignore[misc]
        await world.carry()
        deliveries = await libo.store.read(lambda s, posted=posted: s.deliveries(posted.envelope_id))  # type: ignore[misc]
        assert [one.refused_code in {"content.rule", "guard.too_long"} for one in deliveries] == [True]
    rows = await world[HUANJIANG].store.read(lambda s: s.quarantined(10))
    assert len(rows) == 2
    state = world[HUANJIANG].store._state  # noqa: SLF001 - whether bytes are kept is not shown by any listing
    assert all(one.message is None for one in state.quarantined.values())
    assert await left(world, HUANJIANG) == []


def _forged(content: dict[str, Any], now: datetime) -> Outgoing:
    """Return an offer that passed none of our own rules."""
    good = whole_offer()
    event = parse_new(REFERRAL, good)
    assert not isinstance(event, tuple)
    given = {"type": REFERRAL, "agreement": papers.AGREEMENT, "to": (HUANJIANG,), "content": good}
    draft = EventDraft.model_validate(given)
    made = complete(draft, event, content=papers.as_bytes(good), trust=TRUST, county=LIBO, now=now)
    assert isinstance(made, Outgoing)
    return replace(made, content=papers.as_bytes(content), about=None)


async def test_a_third_county_moves_it(world: World) -> None:
    """Steps of whom it does not concern are refused at both ends, and so are those out of turn."""
    number = await offered(world)
    await world.carry()
    for code, move, content, said in (
        (LIBO, ReferralMove.ACCEPT, {"handled_by_role": "窗口经办员"}, "referral.not_yours"),
        (HUANJIANG, ReferralMove.WITHDRAW, {"by": "person"}, "referral.not_yours"),
        (HUANJIANG, ReferralMove.COMPLETE, {"outcome": "provided"}, "referral.not_accepted"),
    ):
        with pytest.raises(RequestError) as refusal:
            await moved(world[code], number, move, **content)
        assert refusal.value.fault.code == said
    await moved(world[LIBO], number, ReferralMove.WITHDRAW, by="guardian")
    with pytest.raises(RequestError) as again:
        await moved(world[LIBO], number, ReferralMove.WITHDRAW, by="guardian")
    assert again.value.fault.code == "referral.ended"


async def test_the_keys_that_open_a_capture_stay(world: World) -> None:
    """Both office keys are condemned: they go as soon as nothing on its way needs them."""
    number = await offered(world)
    await world.carry()
    await moved(world[LIBO], number, ReferralMove.WITHDRAW, by="person")
    await world.carry()
    for code in (LIBO, HUANJIANG):
        assert isinstance(world[code].encryption, MemoryEncryption)
        assert len(await world[code].store.read(lambda s: s.condemned())) == 1


async def test_each_end_says_that_it_erased_more_than_once(world: World) -> None:
    """Records that cross start no further ones."""
    number = await offered(world)
    await world.carry()
    await moved(world[LIBO], number, ReferralMove.WITHDRAW, by="person")
    there = await world[LIBO].take_waiting()
    await world[HUANJIANG].receive(there)
    back = await world[HUANJIANG].take_waiting()
    for carried in (there, back):
        assert sum(ContentErased.wire_type.encode() in one.message for one in carried) == 1
    await world[LIBO].receive(back)
    assert [one for one in await world[LIBO].take_waiting() if b"content_erased" in one.message] == []
