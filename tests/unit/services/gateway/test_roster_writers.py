"""Several change one roster: one at a time, each knowing what he changes; and the node takes it at once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schemas.notices import NoticeKind
from schemas.rosters import Override
from services.domain.duty_shown import duty_at
from services.domain.policies import USUAL_POLICY
from services.duty import RosterDuty
from services.gateway.gateway import People
from services.roster_ports import Rosters
from tests.caller import calling
from tests.commands import done
from tests.night import Night
from tests.pagers import KeptPager
from tests.papers import HUANJIANG, NOW
from tests.roster_writer import ILL, WRITER, Writer, kept, write_county
from tests.rosters import PLAN, at, in_memory, number, on_disk, room
from tests.world import County, World

BY = ("--by", "duty-a")
DAY = ("--from", "2030-06-11 08:30", "--to", "2030-06-12 08:30")
NOON = at("2030-06-11 12:00")
TONIGHT = {"starts_at": "2026-03-04T07:30:00+08:00", "ends_at": "2026-03-04T08:30:00+08:00"}


@pytest.fixture
def county(tmp_path: Path) -> County:
    """环江 with its roster on disk."""
    one = World()[HUANJIANG]
    write_county(tmp_path)
    one.roster = room(on_disk(tmp_path))
    return one


@pytest.fixture
async def writer(county: County) -> AsyncIterator[Writer]:
    """值班员甲."""
    async with calling(county, county.let_in("desk", *WRITER, officer="duty-a")) as caller:
        yield Writer(caller)


async def test_a_change_without_a_version_is_refused(writer: Writer, tmp_path: Path) -> None:
    """Whoever has not looked does not know what he changes."""
    answer = await writer.caller.post("/roster/overrides", json=ILL)
    assert (answer.status, answer.body["code"], answer.body["field"]) == (428, "roster.no_version", "If-Match")
    assert answer.is_problem
    assert kept(tmp_path) == []


@pytest.mark.parametrize("header", ["*", '"0"', f'"{"0" * 32}"', "0" * 32, '""', f'"{"0" * 32}", "x"'])
async def test_another_version_is_refused(writer: Writer, tmp_path: Path, header: str) -> None:
    """Nothing but the version that is in force now lets a change in."""
    answer = await writer.post("overrides", ILL, seen=header)
    assert (answer.status, answer.body["code"], answer.body["field"]) == (412, "roster.changed", "If-Match")
    assert answer.is_problem
    assert kept(tmp_path) == []


async def test_a_tag_that_a_proxy_made_weak_is_the_same_version(writer: Writer) -> None:
    """A proxy that compresses writes W/ before it; all changes through it would be refused."""
    assert (await writer.post("overrides", ILL, seen=f"W/{await writer.version()}")).status == 201


async def test_of_two_writers_at_once_one_is_told_to_look_again(county: County, writer: Writer, tmp_path: Path) -> None:
    """Two officers mend one gap by two substitutes, each believing in his own; also from two nodes' threads."""
    seen = await writer.version()
    county.roster = room(on_disk(tmp_path), "second")
    async with calling(county, county.let_in("other", *WRITER, officer="duty-b")) as caller:
        second = Writer(caller)
        posts = [one.post("overrides", ILL, seen=seen) for one in (writer, second) for _ in range(8)]
        answers = await asyncio.gather(*posts)
        assert sorted(one.status for one in answers) == [201, *[412] * 15]
        assert len(kept(tmp_path)) == 1
        assert await writer.version() == await second.version()
        assert (await second.post("overrides", ILL | {"officer": "head-a", "replaces": "duty-c"})).status == 201
    assert await writer.primary() == "head-a"


async def test_a_command_or_an_edit_in_between_refuses_the_change(writer: Writer, tmp_path: Path) -> None:
    """The console is not the only one who changes the roster."""
    seen = await writer.version()
    done("roster", "override", "head-a", *DAY, "--replaces", "duty-a", "--reason", "病假", *BY, "--dir", tmp_path)
    assert (await writer.post("overrides", ILL, seen=seen)).status == 412
    seen = await writer.version()
    (tmp_path / "roster.toml").write_text(PLAN + "\n", encoding="utf-8")
    assert (await writer.post("overrides", ILL, seen=seen)).status == 412
    assert await writer.primary() == "head-a"


async def test_a_bad_edit_lets_nothing_be_changed(writer: Writer, tmp_path: Path) -> None:
    """What is judged by the last good roster may not fit the one that people are writing."""
    seen = await writer.version()
    (tmp_path / "roster.toml").write_text(PLAN.replace('"duty-a", "duty-b"', '"duty-z"'), encoding="utf-8")
    answer = await writer.post("overrides", ILL, seen=seen)
    assert (answer.status, answer.body["code"]) == (409, "roster.broken")
    assert [one["code"] for one in answer.body["faults"]] == ["roster.broken", "roster.unknown_officer"]
    assert kept(tmp_path) == []


async def test_a_place_that_cannot_be_written_is_told(writer: Writer, tmp_path: Path) -> None:
    """The node runs as another user than the one who made the directory."""
    (tmp_path / "roster.d").write_bytes(b"a file")
    answer = await writer.post("overrides", ILL)
    assert (answer.status, answer.body["code"], answer.is_problem) == (409, "roster.unwritable", True)


def pagers_of(night: Night) -> dict[str, KeptPager]:
    return {one.name: one for one in (night.sms, night.voice, night.fax, night.mail)}


def night_by(files: Rosters) -> Night:
    """A night on which 环江's people are told by a roster; 乙 and 丙 are on duty until 08:30."""
    night = Night()
    night.county.roster = room(files)
    night.duty = RosterDuty(night.county.roster.rostering)  # type: ignore[assignment]
    night.desk = night.opened(pagers_of(night))
    night.county.people = People(night.duty, pagers_of(night), lambda: USUAL_POLICY)
    return night


async def test_who_is_put_on_duty_is_told_of_what_is_open() -> None:
    """The substitute who comes at 02:00 must not find the alert of 01:50 in the morning."""
    night = night_by(in_memory())
    await night.alert(2)
    await night.later(seconds=5)  # what followed from the alert is done; nothing is due before its next step
    assert night.sms.to(number(2))
    assert not night.sms.to(number(1))
    async with calling(night.county, night.county.let_in("desk", *WRITER, officer="duty-b")) as caller:
        answer = await Writer(caller).post("overrides", ILL | TONIGHT | {"officer": "duty-a", "replaces": "duty-b"})
    assert answer.status == 201
    await night.later(seconds=1)
    assert night.sms.to(number(1))


async def test_who_changes_the_tier_is_told_of_what_is_open() -> None:
    """The same people are on duty, and yet another one is the first to be called."""
    night = night_by(in_memory())
    await night.alert(2)
    await night.later(seconds=5)  # what followed from the alert is done; nothing is due before its next step
    assert not night.sms.to(number(3))
    swapped = {"first": "duty-b", "first_span": TONIGHT, "second": "duty-c", "second_span": TONIGHT, "reason": "调班"}
    async with calling(night.county, night.county.let_in("desk", *WRITER, officer="duty-b")) as caller:
        assert (await Writer(caller).post("swaps", swapped)).status == 201
    await night.later(seconds=1)
    assert night.sms.to(number(3))


async def test_a_roster_that_changed_while_no_node_ran_counts_at_the_start() -> None:
    """A node that crashed behind the change would call nobody whom the change brought."""
    night = night_by(in_memory())
    await night.alert(2)
    await night.later(seconds=5)  # what followed from the alert is done; nothing is due before its next step
    async with calling(night.county, night.county.let_in("desk", *WRITER, officer="duty-b")) as caller:
        await Writer(caller).post("overrides", ILL | TONIGHT | {"officer": "duty-a", "replaces": "duty-b"})
    night.desk = night.opened(pagers_of(night))
    await night.desk.run_once()
    assert night.sms.to(number(1))


async def test_a_gap_is_told_and_ends_with_the_change_that_mends_it() -> None:
    """A notice that stands for an hour after it was mended is not believed the next time."""
    night = night_by(in_memory(PLAN.replace('tier = "secondary"', 'tier = "leader"')))
    await night.desk.run_once()
    assert NoticeKind.COVERAGE_GAP in await night.notices()
    fill = {"officer": "duty-c", "tier": "secondary", "reason": "补缺"}
    span = {"starts_at": "2026-03-04T07:30:00+08:00", "ends_at": "2026-04-04T08:30:00+08:00"}
    async with calling(night.county, night.county.let_in("desk", *WRITER, officer="duty-b")) as caller:
        assert (await Writer(caller).post("overrides", fill | span)).status == 201
    await night.later(seconds=1)
    assert NoticeKind.COVERAGE_GAP not in await night.notices()


async def test_what_the_api_shows_is_what_the_node_pages_by(county: County, writer: Writer) -> None:
    """Two readings of one roster would page one officer and show another."""
    await writer.post("overrides", ILL)
    assert county.roster is not None
    duty = duty_at(county.roster.rostering.history(), NOON, NOW)
    shown = (await writer.caller.get("/roster/on-duty?at=2030-06-11T04:00:00Z")).body["people"]
    assert [one["officer"] for one in shown] == [one.recipient.officer for one in duty.people]
    told = RosterDuty(county.roster.rostering).on_duty(NOON)
    assert [one["officer"] for one in shown] == [one.officer for one in told]
    assert isinstance(county.roster.rostering.history().changes[0], Override)
