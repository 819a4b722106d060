"""How each kind of fault is done to a world.

To add one: a member of ``FaultKind``, a function here, and a line in ``_DONE``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from schemas.envelope import Envelope
from schemas.subjects import Lane, Subject, hub_streams, streams
from services.domain.sharing import CONTROL_PREFIX
from services.domain.signing import attach, prepare
from tests import papers
from tests.simulation.member import Member
from tests.simulation.schedule import Fault, FaultKind
from tests.simulation.world import World

_CALLS_MOST: Final = 60
_FUSE_SECONDS: Final = 5.0


async def strike(world: World, fault: Fault) -> None:
    """Wait for the moment of a fault, and do it."""
    await asyncio.sleep(fault.at)
    world.trace.note("world", f"{fault.kind} {fault.member} {fault.seconds}")
    world.counted[fault.kind] += 1
    await _DONE[fault.kind](world, fault)


async def _kill(world: World, fault: Fault) -> None:
    member = world.members[fault.member]
    process = member.process
    if process is None or not process.alive:
        return
    process.fuse = fault.number % _CALLS_MOST
    waited = 0.0
    while waited < _FUSE_SECONDS and member.is_up:
        await asyncio.sleep(0.25)
        waited += 0.25
    world.counted["killed between two steps"] += not member.is_up
    if member.process is process:
        member.kill()
        await _start_later(member, fault.seconds)


async def _start_later(member: Member, seconds: float) -> None:
    await asyncio.sleep(seconds)
    if not member.is_up:
        member.kill()
        member.start()


async def _partition(world: World, fault: Fault) -> None:
    member = world.members[fault.member]
    if not member.line_down:
        member.set_line(down=True)
        await asyncio.sleep(fault.seconds)
        member.set_line(down=False)


async def _hub_down(world: World, fault: Fault) -> None:
    cut = [one for one in [*world.members.values(), *world.clones] if not one.line_down]
    for member in cut:
        member.set_line(down=True)
    await asyncio.sleep(fault.seconds)
    for member in cut:
        member.set_line(down=False)


async def _hub_emptied(world: World, _fault: Fault) -> None:
    for stream in hub_streams():
        world.hub.lose(stream)
    world.hub.restarted()


async def _hub_cut(world: World, fault: Fault) -> None:
    stream = streams()[fault.number % len(streams())]
    kept = len(world.hub.kept.streams[stream])
    world.hub.lose(stream, keep=fault.number % (kept + 1))
    world.hub.restarted()


async def _disk_full(world: World, fault: Fault) -> None:
    store = world.members[fault.member].store
    store.disk_full = True
    await asyncio.sleep(fault.seconds)
    store.disk_full = False


async def _clock_jump(world: World, fault: Fault) -> None:
    world.members[fault.member].ahead += fault.seconds


async def _backup(world: World, fault: Fault) -> None:
    world.members[fault.member].make_backup()


async def _restore(world: World, fault: Fault) -> None:
    await _come_back(world, fault, marked=True)


async def _roll_back(world: World, fault: Fault) -> None:
    world.out_of_hand.add(fault.member)
    await _come_back(world, fault, marked=False)


async def _come_back(world: World, fault: Fault, *, marked: bool) -> None:
    member = world.members[fault.member]
    backup = member.backup
    if backup is None:
        return
    member.kill()
    before = member.store.state()
    member.put_back(backup)
    world.forget(before, member.store.state(), fault.member)
    if marked:
        await member.mark_restored()
    await _start_later(member, fault.seconds)


async def _clone(world: World, fault: Fault) -> None:
    member = world.members[fault.member]
    world.out_of_hand.add(fault.member)
    clone = Member(fault.member, world.around, name=f"{fault.member}'")
    clone.put_back(member.copied())
    world.clones.append(clone)
    clone.start()


async def _ambush(world: World, fault: Fault) -> None:
    world.ambushes[fault.member] = fault


def ambush(world: World, county: str, message: bytes) -> None:
    """Let the next event of a member be swallowed on its way to one neighbour, or be told differently there."""
    envelope = world.opened(message)
    if envelope is None or envelope.header.type.startswith(CONTROL_PREFIX):
        return
    fault = world.ambushes.pop(county)
    neighbour = envelope.header.to[fault.number % len(envelope.header.to)]
    world.trace.note(county, f"{fault.kind} {envelope.envelope_id} to {neighbour}")
    if fault.kind is FaultKind.SWALLOW or fault.number // 7 % 2:  # half of the time the hub helps a two-faced member
        world.counted["swallowed"] += 1
        world.swallow(neighbour, message)
    if fault.kind is FaultKind.TWO_FACED:
        world.counted["told two stories"] += 1
        world.two_faced.add(county)
        _tell(world, _other_story(envelope), neighbour)


def _tell(world: World, other: Envelope, neighbour: str) -> None:
    message = other.to_wire()
    world.hub.forged.add(message)
    subject = str(Subject(other.header.source, Lane.REPAIR, neighbour, other.header.type))
    world.hub.offer(neighbour, streams()[1], 1, subject, message)


def _other_story(envelope: Envelope) -> Envelope:
    key = papers.signer(envelope.header.source)
    prepared = prepare(envelope.header.model_copy(update={"time": papers.later(hours=1)}))
    return attach(prepared, [(key.kid, key.sign(prepared.to_be_signed))], envelope.content)


_DONE: Final[Mapping[FaultKind, Callable[[World, Fault], Awaitable[None]]]] = {
    FaultKind.KILL: _kill,
    FaultKind.PARTITION: _partition,
    FaultKind.HUB_DOWN: _hub_down,
    FaultKind.HUB_EMPTIED: _hub_emptied,
    FaultKind.HUB_CUT: _hub_cut,
    FaultKind.DISK_FULL: _disk_full,
    FaultKind.CLOCK_JUMP: _clock_jump,
    FaultKind.BACKUP: _backup,
    FaultKind.RESTORE: _restore,
    FaultKind.ROLL_BACK: _roll_back,
    FaultKind.CLONE: _clone,
    FaultKind.TWO_FACED: _ambush,
    FaultKind.SWALLOW: _ambush,
}
