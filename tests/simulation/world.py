"""One run: members, hub and offices of one schedule; a storm of faults, then everything heals and comes to rest."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any, Final

from adapters.memory.bus import Stored
from adapters.memory.state import State, find_chain
from schemas.control import Receipt, ReceiptStage
from schemas.envelope import Envelope
from schemas.errors import RequestError, UnavailableError
from schemas.ids import CountyCode
from schemas.records import Direction
from schemas.subjects import Lane
from services.domain.encoding import WireParts, split_wire
from services.domain.signing import open_parts, verify
from services.domain.trust import Trust
from services.posting import Posted
from tests import papers
from tests.simulation.carrier import Hub, is_receipt
from tests.simulation.loop import VirtualLoop
from tests.simulation.member import Around, Member
from tests.simulation.schedule import CALM, CAST, STORM_SECONDS, Fault, Letter, Schedule
from tests.simulation.trace import Trace

REST_SECONDS: Final = 240.0
"""So long after the storm everything must have come to rest."""
_OFFICE_RETRY_SECONDS: Final = 1.0
_MESSAGE_MOST: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an office was answered: from here on the event is the bus's."""

    letter: Letter
    posted: Posted


Strike = Callable[["World", Fault], Coroutine[Any, Any, None]]
Ambush = Callable[["World", str, bytes], None]


@lru_cache(maxsize=len(CAST))
def trust_of(members: tuple[CountyCode, ...]) -> Trust:
    """Return what everybody trusts: one registry and one agreement of these members."""
    parties = tuple(sorted(members))
    agreement = papers.in_force(parties=parties)
    return papers.trust(agreement, members=tuple(papers.member(one) for one in parties))


class World:
    """Everything of one run."""

    def __init__(
        self,
        schedule: Schedule,
        strike: Strike,
        ambush: Ambush,
        *,
        is_content: Callable[["World"], bool],
        keep_trace: bool = False,
    ) -> None:
        """Build the hub; nothing runs yet.

        Args:
            schedule: What is to happen.
            strike: Waits for the moment of a fault and does it.
            ambush: Looks at what a member publishes, before it is kept.
            is_content: Tells whether all is delivered, so that nobody needs to be waited for.
            keep_trace: For a reader.
        """
        self.schedule, self._strike, self._ambush, self._is_content = schedule, strike, ambush, is_content
        rng = Random(f"run-{schedule.seed}")
        self.loop = VirtualLoop(rng)
        self.trace = Trace(self.loop.time, keep=keep_trace)
        self.trust = trust_of(schedule.members)
        self.hub = Hub(
            self.loop, rng, schedule.weather, self.trace, [str(one) for one in schedule.members], self._overhear
        )
        self.around = Around(
            schedule.seed,
            self.loop,
            rng,
            self.trace,
            self.hub,
            self.trust,
            self.fail,
            schedule.is_watchful,
            schedule.in_runs,
        )
        self.rng = rng
        self.members: dict[CountyCode, Member] = {}
        self.clones: list[Member] = []
        self.failures: list[str] = []
        """What must not have happened."""
        self.counted: Counter[str] = Counter()
        """What did happen, so that a run in which nothing can go wrong is noticed."""
        self.accepted: list[Accepted] = []
        self.forgotten: set[str] = set()
        """Envelope ids that a store does not know any more, for an old copy of it came back."""
        self.restored: set[str] = set()
        self.two_faced: set[str] = set()
        self.out_of_hand: set[str] = set()
        """Members whose copies signed against each other: rolled back in silence, or cloned."""
        self.swallowed: set[tuple[str, str]] = set()
        """Recipient and envelope id."""
        self.ambushes: dict[str, Fault] = {}
        """By member: what befalls its next event."""
        self._opened: dict[bytes, Envelope | None] = {}
        self._verified: dict[bytes, bool] = {}
        self._loose: list[asyncio.Task[None]] = []

    def run(self) -> str:
        """Play the schedule to its end; return the digest of everything that happened."""
        self.loop.run(self._play())
        for error in self.loop.errors:
            self.fail(f"nobody caught {type(error).__name__}: {error}")
        return self.trace.digest()

    def fail(self, text: str) -> None:
        """Note what must not have happened."""
        self.trace.note("FAILED", text)
        self.failures.append(text)

    def spawn(self, coro: Coroutine[Any, Any, None]) -> None:
        """Let something of the world outside happen beside everything else."""
        self._loose.append(self.loop.create_task(coro))

    async def _play(self) -> None:
        for code in self.schedule.members:
            self.members[code] = Member(code, self.around)
        for member in self.members.values():
            await member.found()
            member.start()
        self._offices = [self.loop.create_task(self._office(letter)) for letter in self.schedule.letters]
        for fault in self.schedule.faults:
            self.spawn(self._strike(self, fault))
        await asyncio.sleep(STORM_SECONDS)
        await self._heal()
        await self._come_to_rest()
        await self._end()

    # -- offices -----------------------------------------------------------------------------------------

    async def _office(self, letter: Letter) -> None:
        await asyncio.sleep(letter.at)
        body, key = _body_of(letter), f"letter-{letter.number}" if letter.keyed else None
        while True:
            member = self.members[letter.source]
            await member.up()
            try:
                posted = await member.submit(body, key)
            except RequestError as exc:
                self.trace.note(letter.source, f"refused letter {letter.number}: {exc}")
                return
            except (UnavailableError, ConnectionResetError):
                if key is None:
                    return
                await asyncio.sleep(_OFFICE_RETRY_SECONDS)
                continue
            self.trace.note(letter.source, f"accepted letter {letter.number}: {posted.envelope_id}")
            self.accepted.append(Accepted(letter, posted))
            self.counted["accepted"] += 1
            return

    # -- the hub's ear -----------------------------------------------------------------------------------

    def _overhear(self, county: str, messages: Sequence[Stored]) -> None:
        """Whoever attests that it stored an event must hold it on its disk at that moment."""
        for one in messages:
            self.trace.note(f"hub<{county}", f"#{one.own} {one.subject}")
            if b',"root":{"v":1,' in one.message.split(b"\n", 2)[1]:
                self.counted["receipts in batches" if is_receipt(one.subject) else "events in batches"] += 1
            if county in self.ambushes:
                self._ambush(self, county, one.message)
            if is_receipt(one.subject) and county not in self.out_of_hand:
                self._hold_to(county, Receipt.model_validate_json(one.message.rpartition(b"\n")[2]))

    def _hold_to(self, county: str, receipt: Receipt) -> None:
        if receipt.stage is not ReceiptStage.STORED:
            return
        missing = missing_of(self.members[CountyCode(county)].store.state(), receipt)
        if missing:
            self.fail(f"{county} attested that it stored {receipt.channel[:8]} {missing}, which it does not hold")

    # -- after the storm ---------------------------------------------------------------------------------

    async def _heal(self) -> None:
        self.trace.note("world", "heals")
        self.around.hub.heal()
        self.ambushes.clear()
        for member in [*self.members.values(), *self.clones]:
            member.store.disk_full = False
            member.ahead = 0.0
            if member.line_down:
                member.set_line(down=False)
            if member.process is not None:
                member.process.weather, member.process.fuse = CALM, None
        for clone in self.clones:
            clone.kill()
        for member in self.members.values():
            if not member.is_up:
                member.kill()
                member.start()

    async def _come_to_rest(self) -> None:
        quiet = 0
        until = self.loop.time() + REST_SECONDS
        while quiet < 2:  # twice in a row: what was just handed over may call for an answer
            await asyncio.sleep(2.0)
            if self.failures or self.loop.time() > until:
                break
            quiet = quiet + 1 if self._is_quiet() and self._is_content(self) else 0
        else:
            return
        if not self.failures and not self._is_quiet():
            self.fail(f"no rest within {REST_SECONDS:.0f} s: {', '.join(self._unrest())}")

    def _is_quiet(self) -> bool:
        return not any(True for _ in self._unrest())

    def _unrest(self) -> Sequence[str]:
        found = [] if self.hub.is_quiet() else ["messages on their way"]
        if not all(office.done() for office in self._offices):
            found.append("an office without an answer")
        for member in self.members.values():
            if not member.is_up:
                found.append(f"{member.name} is down")
            found += [f"{member.name} has not published its {lane} lane" for lane in Lane if self._owes(member, lane)]
        return found

    def _owes(self, member: Member, lane: Lane) -> bool:
        """Tell whether the hub lacks a publication of a lane, whatever the member believes.

        What a clone has published the survivor learns at its next contact, which may be far.
        """
        state, kept = member.store.state(), self.hub.kept.own_lane(member.code, lane)
        last = max((sequence for at, sequence in state.publications if at is lane), default=0)
        held = min(kept[-1].own if kept else 0, state.published.get(lane, 0))
        return last > held and member.code not in self.out_of_hand

    async def _end(self) -> None:
        for task in [*self._loose, *self._offices]:
            task.cancel()
        for member in self.members.values():
            member.kill()
        await asyncio.sleep(0)
        for task in self._loose:
            if task.done() and not task.cancelled() and (bug := task.exception()) is not None:
                raise bug

    # -- what faults and checks need to know ------------------------------------------------------------------------

    def opened(self, message: bytes) -> Envelope | None:
        """Read a message; None if its parts do not hold together."""
        if message not in self._opened:
            parts = split_wire(message, max_bytes=_MESSAGE_MOST)
            envelope = open_parts(parts) if isinstance(parts, WireParts) else None
            self._opened[message] = envelope if isinstance(envelope, Envelope) else None
        return self._opened[message]

    def verifies(self, envelope: Envelope) -> bool:
        """Tell whether the signatures of an envelope hold."""
        key = envelope.header_bytes + envelope.signatures_bytes
        if key not in self._verified:
            self._verified[key] = verify(envelope, self.trust) is None
        return self._verified[key]

    def forget(self, before: State, after: State, county: str) -> None:
        """Note which of its own events a store does not know any more."""
        own = {
            link.event.envelope.envelope_id
            for link in before.links.values()
            if link.event.direction is Direction.OUTGOING
        }
        self.forgotten |= own - after.positions_by_id.keys()
        self.restored.add(county)

    def swallow(self, county: str, message: bytes) -> None:
        """Let the hub swallow a message on its way to one recipient, unless that has it already."""
        envelope = self.opened(message)
        member = self.members[CountyCode(county)]
        if envelope is not None and message not in self.hub.taken[member.store_number]:
            self.swallowed.add((county, envelope.envelope_id))
            self.hub.swallow(county, [message])

    def count(self) -> Counter[str]:
        """Return what happened, with what every member holds and was told."""
        for member in self.members.values():
            state = member.store.state()
            self.counted["received"] += sum(
                link.listed and link.event.direction is Direction.INCOMING for link in state.links.values()
            )
            self.counted.update(f"told {notice.kind}" for notice in state.notices.values())
            self.counted.update(f"quarantined {row.code}" for row in state.quarantined.values())
        return self.counted

    def own_lanes(self) -> list[tuple[str, Lane, list[int]]]:
        """Return, for every county and lane, the publication sequences in the order in which the hub keeps them."""
        return [
            (county, lane, [one.own for one in self.hub.kept.own_lane(county, lane)])
            for county in self.hub.counties
            for lane in Lane
        ]


def missing_of(state: State, receipt: Receipt) -> list[int]:
    """Return which events a *stored* receipt covers that are not in the store of whoever gave it."""
    chain = find_chain(state.chains, receipt.channel, receipt.epoch)
    if chain is None:
        return [*range(receipt.first_seq, receipt.seq + 1)]
    positions = [(seq, state.positions_by_place.get((chain.number, seq))) for seq in covered(receipt)]
    return [seq for seq, position in positions if position is None or state.links[position].refused]


def covered(receipt: Receipt) -> range:
    """Return the sequences that a receipt speaks of."""
    return range(receipt.first_seq, receipt.seq + 1)


def _body_of(letter: Letter) -> bytes:
    draft: dict[str, Any] = {"agreement": papers.AGREEMENT}
    if letter.to:
        draft["to"] = list(letter.to)
    if letter.level is None:
        draft |= {"type": papers.POLICY, "content": papers.policy_content(doc_no=f"文件{letter.number}号")}
    else:
        alert = papers.alert_content(
            warning_level=letter.level, alert_id=f"52272241600000_20260304074500_{letter.number}"
        )
        draft |= {"type": papers.ALERT, "content": alert}
    return json.dumps(draft, ensure_ascii=False).encode()
