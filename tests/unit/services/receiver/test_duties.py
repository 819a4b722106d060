"""What a county keeps of a partner's word about who is on duty there: the newest, and nothing of others' making."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.control import DutyTold, OnDuty
from schemas.ids import CountyCode
from schemas.pages import Tier
from schemas.registry import KeyUse
from services.domain.drafting import Outgoing
from services.domain.duty_telling import duty_outgoing, record_of_duty
from services.domain.trust import AgreementInForce
from tests import papers
from tests.duties import shown_at
from tests.papers import HUANJIANG, LIBO, NANDAN, NOW
from tests.world import WORK_ONLY, County, World, full_trust

HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> World:
    return World()


def agreement(agreement_id: str = papers.AGREEMENT) -> AgreementInForce:
    held = full_trust().agreement(agreement_id)
    assert held is not None
    return held


def word(name: str, now: datetime = NOW, *, hours: float = 4, under: str = papers.AGREEMENT) -> Outgoing:
    people = (OnDuty(tier=Tier.PRIMARY, display=name),)
    return duty_outgoing(record_of_duty("荔波县联络办", people, now, now + hours * HOUR), agreement(under), HUANJIANG)


async def say(county: County, outgoing: Outgoing) -> None:
    """Post without any of the sender's own judgement: a node that was changed does as it likes."""
    await county.store.write(lambda tx: county.posting.post(tx, outgoing, county.clock.now()))


async def refusals(county: County) -> list[str]:
    return [one.code for one in await county.store.read(lambda s: s.quarantined(9))]


async def test_the_newest_word_takes_the_place_of_the_one_before(world: World) -> None:
    for name in ("值班员甲", "值班员乙"):
        await say(world[LIBO], word(name))
    await world.carry()
    assert await shown_at(world[HUANJIANG]) == ["值班员乙"]
    assert len(await world[HUANJIANG].store.read(lambda s: s.duties.neighbours())) == 1
    assert await world[NANDAN].store.read(lambda s: s.duties.neighbours()) == []


async def test_an_old_word_that_comes_late_changes_nothing(world: World) -> None:
    """Two agreements are two chains, and the hub may hold one up for an hour."""
    await say(world[LIBO], word("值班员甲", under=WORK_ONLY))
    held_up = await world[LIBO].take_waiting()
    await world.clock.move(60)
    await say(world[LIBO], word("值班员乙", NOW + timedelta(minutes=1)))
    await world.carry()
    await world[HUANJIANG].receive(held_up)
    assert await shown_at(world[HUANJIANG]) == ["值班员乙"]
    assert await refusals(world[HUANJIANG]) == []


async def test_the_same_word_again_changes_nothing(world: World) -> None:
    await say(world[LIBO], word("值班员甲"))
    first = await world[LIBO].take_waiting()
    await world[HUANJIANG].receive(first)
    await say(world[LIBO], word("值班员乙"))
    await world[HUANJIANG].receive([*await world[LIBO].take_waiting(), *first])
    assert await shown_at(world[HUANJIANG]) == ["值班员乙"]


async def test_a_word_after_its_end_names_nobody(world: World) -> None:
    """The line was down the whole shift: the names of yesterday are not even kept."""
    await say(world[LIBO], word("值班员甲"))
    waiting = await world[LIBO].take_waiting()
    await world.clock.move(4 * 3600)
    await world[HUANJIANG].receive(waiting)
    row = await world[HUANJIANG].store.read(lambda s: s.duties.neighbour(LIBO))
    assert row is not None
    assert (row.people, row.office) == ((), "")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to": (NANDAN, HUANJIANG)}, "duty.audience"),
        ({"encrypt": False}, "duty.in_clear"),
        ({"expires": NOW + 30 * 24 * HOUR}, "duty.expires"),
        ({"content": word("值班员甲 13800138000").content}, "guard.personal_number"),
        ({"content": word("值" * 40).content.replace("值".encode(), "值值".encode())}, "content.too_long"),
        ({"content": word("值班员甲").content.replace(b"primary", b"leader")}, "content.not_allowed"),
    ],
    ids=["to two", "in clear", "kept for a month", "a mobile number", "too long a name", "a leader"],
)
async def test_what_is_no_such_word_is_rejected(world: World, changes: dict[str, Any], code: str) -> None:
    """Nothing of it is shown, the source reads why in its receipt, and its next word counts."""
    await say(world[LIBO], replace(word("值班员甲"), **changes))
    await world.carry()
    assert await shown_at(world[HUANJIANG]) == []
    assert await refusals(world[HUANJIANG]) == [code]
    kept = await world[HUANJIANG].store.read(lambda s: s.quarantined(9))
    assert [one.message for one in kept] == [None], "names would lie in the quarantine, and nothing ends there"
    await say(world[LIBO], word("值班员乙"))
    await world.carry()
    assert await shown_at(world[HUANJIANG]) == ["值班员乙"]


async def test_who_has_no_agreement_with_us_is_not_shown(world: World) -> None:
    """A member of the registry, and nothing more: control records come by membership, names of people do not."""
    other = papers.in_force(parties=(NANDAN, LIBO), contacts=(), coordinators=(NANDAN, LIBO))
    world[HUANJIANG].directory.trusted = papers.trust(other)
    await say(world[LIBO], word("值班员甲"))
    await world.carry()
    assert await shown_at(world[HUANJIANG]) == []
    assert await refusals(world[HUANJIANG]) == ["duty.no_agreement"]


async def test_nobody_speaks_for_another_county(world: World) -> None:
    """南丹 signs a word in 荔波's name: there is no key of 荔波's behind it."""
    forger = County(LIBO, clock=world.clock, trust=full_trust())
    forger.posting._signers = {  # noqa: SLF001 - what an attacker would build
        use: papers.signer(NANDAN, use) for use in (KeyUse.EVENT, KeyUse.RECEIPT)
    }
    await say(forger, word("值班员甲"))
    await world[HUANJIANG].receive(await forger.take_waiting())
    assert await world[HUANJIANG].store.read(lambda s: s.duties.neighbours()) == []
    assert set(await refusals(world[HUANJIANG])) == {"signature.unknown_key"}


async def test_a_word_is_kept_under_whoever_signed_it(world: World) -> None:
    """The office's name is text: 南丹 that calls itself 荔波县联络办 stands at 南丹's line."""
    await say(world[NANDAN], word("值班员甲"))
    await world.carry()
    assert await shown_at(world[HUANJIANG], CountyCode(NANDAN)) == ["值班员甲"]
    assert await shown_at(world[HUANJIANG], LIBO) == []


def test_the_record_says_nothing_that_the_model_does_not_know() -> None:
    assert set(DutyTold.model_fields) == {"office", "people", "valid_from", "valid_until"}
