"""A county tells its partners who is on duty: one record a change, by real posting and receiving."""

import json
from datetime import timedelta

import pytest
import structlog

from schemas import catalogue
from schemas.control import DutyTold
from schemas.errors import Fault
from schemas.records import Direction
from services import posting
from services.domain.office_keys import choose_key
from tests import papers
from tests.duties import OFFICE, Telling, shown_at
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.rosters import PLAN, at
from tests.world import World, full_trust

SHIFT_END = at("2026-03-04 08:30")


@pytest.fixture
def world() -> World:
    return World()


async def sent(world: World) -> int:
    """Count the records that 荔波 made within the last hour."""
    return await world[LIBO].store.read(lambda s: sum(len(one.lately) for one in s.duties.told()))


async def test_every_partner_learns_who_stands_at_the_start(world: World) -> None:
    """At 8:00 the one of yesterday stands still, until 8:30."""
    telling = Telling(world)
    assert await telling.tell() == 2
    for code in (NANDAN, HUANJIANG):
        row = await world[code].store.read(lambda s: s.duties.neighbour(LIBO))
        assert row is not None
        assert (row.county, row.office, row.valid_until) == (LIBO, OFFICE, SHIFT_END)
        assert [one.tier.value for one in row.people] == ["primary", "secondary"]
        assert row.told_at == papers.NOW


async def test_a_tick_tells_nothing_new_and_neither_does_a_restart(world: World) -> None:
    """Once a second it is looked at: each word more would be a link in every partner's chain for ever."""
    telling = Telling(world)
    await telling.tell()
    before = await world[LIBO].counts()
    for _ in range(50):
        await world.clock.move(1)
        assert await telling.tell() == 0
    telling.teller = telling.started()
    assert await telling.tell() == 0
    assert await world[LIBO].counts() == before


async def test_who_comes_is_told_at_the_hand_over(world: World) -> None:
    """The word of before has run out at that very moment; the next one is there with the next round."""
    telling = Telling(world)
    await telling.tell()
    before = await shown_at(world[HUANJIANG])
    await world.clock.move((SHIFT_END - papers.NOW).total_seconds())
    assert await telling.tell() == 2
    assert await shown_at(world[HUANJIANG]) not in ([], before)


async def test_a_replacement_and_its_withdrawal_are_told(world: World) -> None:
    """A colleague falls ill: next door the right name is asked for."""
    telling = Telling(world)
    await telling.tell()
    before = await shown_at(world[HUANJIANG])
    record = telling.override("duty-c")
    assert await telling.tell() == 2
    assert (await shown_at(world[HUANJIANG]))[0] == "值班员丙"
    telling.withdraw(record)
    assert await telling.tell() == 2
    assert await shown_at(world[HUANJIANG]) == before
    telling.override("duty-c")
    assert await telling.tell() == 0  # from now on a minute and more lies between
    await world.clock.move(60)
    assert await telling.tell() == 2
    assert (await shown_at(world[HUANJIANG]))[0] == "值班员丙"


async def test_a_change_of_the_leader_or_of_nobody_is_told_to_nobody(world: World) -> None:
    telling = Telling(world)
    await telling.tell()
    telling.override("head-a", tier="leader")
    assert await telling.tell() == 0


async def test_a_flood_of_swaps_is_limited_and_its_end_is_told(world: World) -> None:
    """Somebody clicks to and fro for an hour, or a script does: every partner stores each record for ever."""
    telling = Telling(world)
    await world.clock.move(3600)
    for number in range(120):
        telling.override(("duty-a", "duty-b", "duty-c")[number % 3], hours=12)
        await telling.tell()
        await world.clock.move(30)
    assert 2 <= await sent(world) <= 26  # 13 an hour, to two partners
    for _ in range(15):
        await telling.tell()
        await world.clock.move(60)
    assert (await shown_at(world[HUANJIANG]))[0] == "值班员丙"


async def test_where_it_is_switched_off_nothing_is_told(world: World) -> None:
    telling = Telling(world, is_on=False)
    assert await telling.tell() == 0
    await world.clock.move(3600)
    assert await telling.tell() == 0
    assert await world[LIBO].store.read(lambda s: s.duties.told()) == []
    assert await world[HUANJIANG].store.read(lambda s: s.duties.neighbours()) == []


async def test_switching_it_off_takes_back_what_was_told_once(world: World) -> None:
    """The county has decided: until the hand-over the name would stand next door all the same."""
    telling = Telling(world)
    await telling.tell()
    telling.teller = telling.started(is_on=False)
    assert await telling.tell() == 2
    assert await shown_at(world[HUANJIANG]) == []
    for _ in range(3):
        await world.clock.move(3600)
        assert await telling.tell() == 0


async def test_a_clock_that_was_set_back_ends_nothing(world: World) -> None:
    """What was told stands for days ahead by the new time: taking it back must fit the record all the same."""
    telling = Telling(world)
    await telling.tell()
    world.clock.jump(-30 * 86_400)
    telling.teller = telling.started(is_on=False)
    assert await telling.tell() == 2
    assert await shown_at(world[HUANJIANG]) == []


async def test_a_roster_that_cannot_be_read_takes_nothing_back(world: World) -> None:
    """Half a line of a file is wrong for a minute: the neighbour's desk must not flicker."""
    telling = Telling(world)
    await telling.tell()
    before = await shown_at(world[HUANJIANG])
    telling.break_files()
    telling.teller = telling.started()
    assert await telling.tell() == 0
    assert await shown_at(world[HUANJIANG]) == before


async def test_a_name_with_a_number_is_withheld_and_said_in_the_log(world: World) -> None:
    """The county's operator must find out why the neighbour sees one name only; the number is in no log."""
    telling = Telling(world, plan=PLAN.replace('display = "值班员甲"', 'display = "值班员甲 13800138000"'))
    await world.clock.move(3600)
    names = set()
    with structlog.testing.capture_logs() as lines:
        for _ in range(4):
            await telling.tell()
            names |= set(await shown_at(world[HUANJIANG]))
            await world.clock.move(86_400)
    assert names <= {"值班员乙", "值班员丙"}
    withheld = [line for line in lines if line["event"] == "notifier.name_withheld"]
    assert withheld
    assert withheld[0]["officers"] == ("duty-a",)
    assert "13800138000" not in json.dumps(lines, default=str)


async def test_a_county_that_has_no_key_is_told_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One partner without an encryption key must not keep the others from being told; it is told once it has one."""
    right = choose_key
    missing = Fault("encryption.no_key", "to", "none")
    monkeypatch.setattr(
        posting, "choose_key", lambda county, *a, **k: missing if county == NANDAN else right(county, *a, **k)
    )
    telling = Telling(world)
    assert await telling.tell() == 1
    assert await shown_at(world[HUANJIANG]) != []
    monkeypatch.setattr(posting, "choose_key", right)
    assert await telling.tell() == 1
    assert await shown_at(world[NANDAN]) != []


async def test_an_older_node_refuses_the_record_alone_and_is_left_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its chain goes on; here no notice says 对方拒收, and its officer is not told of one at every shift."""
    telling = Telling(world)
    with monkeypatch.context() as older:
        older.delitem(catalogue._MODELS, DutyTold.wire_type)  # noqa: SLF001 - an older program's table
        assert await telling.tell() == 2
    assert await shown_at(world[HUANJIANG]) == []
    refused = await world[HUANJIANG].store.read(lambda s: s.quarantined(9))
    assert [one.code for one in refused] == ["event.unknown_type"]
    assert await world[LIBO].store.read(lambda s: s.notices(open_only=False, limit=9)) == []

    await world.clock.move(86_400)
    assert await telling.tell() == 0
    await world.clock.move(7 * 86_400)
    assert await telling.tell() == 2
    assert await shown_at(world[HUANJIANG]) != []


async def test_the_record_is_encrypted_and_no_line_of_a_list(world: World) -> None:
    """The hub learns that something was said, not who stands."""
    telling = Telling(world)
    await telling.teller.run_once()
    waiting = await world[LIBO].take_waiting()
    bodies = b"".join(one.message for one in waiting)
    assert b"duty_told" in bodies
    assert "值班员".encode() not in bodies
    await world[HUANJIANG].receive([one for one in waiting if f".{HUANJIANG}." in one.subject])
    page = await world[HUANJIANG].store.read(
        lambda s: s.events(direction=Direction.INCOMING, wire_type=None, since=0, limit=9)
    )
    assert list(page.rows) == []
    assert await shown_at(world[HUANJIANG]) != []


async def test_a_partner_that_joins_later_is_told_then(world: World) -> None:
    """An agreement is adopted on a Wednesday; nobody waits for the next hand-over to read a name."""
    everybody = full_trust()
    alone = papers.trust(papers.in_force(parties=(HUANJIANG, LIBO), contacts=(), coordinators=(HUANJIANG, LIBO)))
    world[LIBO].directory.trusted = alone
    telling = Telling(world)
    assert await telling.teller.run_once() == 1
    world[LIBO].directory.trusted = everybody
    assert await telling.tell() == 1


def test_what_is_told_fits_any_agreement() -> None:
    """The longest names there can be are a few hundred bytes."""
    now = papers.NOW
    people = [{"tier": tier, "display": "值" * 40} for tier in ("primary", "secondary")]
    record = DutyTold.model_validate(
        {"office": "办" * 80, "people": people, "valid_from": now, "valid_until": now + timedelta(days=7)}
    )
    assert len(record.model_dump_json().encode()) < 1024
