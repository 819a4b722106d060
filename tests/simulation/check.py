"""What must be true of every run that has come to rest, whatever went wrong in it. Guarantees as in docs/protocol.md.

Each check says what it promises today and whom it excuses; docs/simulation.md lists both.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from adapters.memory.state import Link, State, find_chain
from schemas.control import Receipt, ReceiptStage
from schemas.envelope import Envelope
from schemas.ids import CountyCode
from schemas.notices import NoticeKind
from schemas.records import Chain, Direction
from services.domain.encoding import digest_of
from tests.papers import ALERT
from tests.simulation.member import Member
from tests.simulation.world import Accepted, World, covered, missing_of

Verdicts = Iterator[str]


@dataclass(frozen=True, slots=True)
class _Desk:
    """One member as it stands at the end."""

    code: str
    state: State
    taken: list[bytes]

    def links(self, direction: Direction) -> list[Link]:
        """Return the links of one direction in order of recording."""
        return [link for _, link in sorted(self.state.links.items()) if link.event.direction is direction]

    def events(self) -> list[Link]:
        """Return the inbox in order of recording."""
        return [link for link in self.links(Direction.INCOMING) if link.listed]


def judge(world: World) -> list[str]:
    """Return everything that is wrong with a world at rest."""
    desks = {code: _desk(world, member) for code, member in world.members.items()}
    found: list[str] = []
    for desk in desks.values():
        for check in (_once, _in_order, _chained, _evidence, _attested, _accounted, _named, _no_false_alarm):
            found += [f"{check.__name__[1:]}: {desk.code}: {text}" for text in check(world, desk)]
    for accepted in world.accepted:
        found += [f"kept: {text}" for text in _kept(world, desks, accepted)]
        found += [f"delivered: {text}" for text in _delivered(world, desks, accepted)]
    found += [f"compared: {text}" for text in _compared(world, desks)]
    found += [f"never resent: {text}" for text in _never_resent(world)]
    return found


def is_delivered(world: World) -> bool:
    """Tell whether everything is delivered, and two stories are told of; where nobody repeats or compares, at once."""
    if not world.schedule.is_watchful:
        return True
    desks = {code: _desk(world, member) for code, member in world.members.items()}
    return not any(True for one in world.accepted for _ in _delivered(world, desks, one)) and not any(
        True for _ in _compared(world, desks)
    )


def _desk(world: World, member: Member) -> _Desk:
    return _Desk(member.code, member.store.state(), world.hub.taken[member.store_number])


# -- what the source promised -----------------------------------------------------------------------------


def _kept(world: World, desks: Mapping[CountyCode, _Desk], accepted: Accepted) -> Verdicts:
    """G1: an office that was answered finds its event, unless an older disk came back since."""
    posted, source = accepted.posted, accepted.letter.source
    if posted.envelope_id not in desks[source].state.positions_by_id and posted.envelope_id not in world.forgotten:
        yield f"{source} accepted letter {accepted.letter.number} and does not hold it"


def _delivered(world: World, desks: Mapping[CountyCode, _Desk], accepted: Accepted) -> Verdicts:
    """G2: it is in every addressed inbox, its place reached, and the receipt is back."""
    posted, source = accepted.posted, accepted.letter.source
    if posted.envelope_id in world.forgotten or _is_out_of_hand(world, source):
        return
    for code in accepted.letter.to or [one for one in desks if one != source]:
        desk = desks[code]
        if code in world.out_of_hand or _is_swallowed(world, code, posted.channel, posted.epoch):
            continue
        position = desk.state.positions_by_id.get(posted.envelope_id)
        if position is None:
            yield f"{code} lacks letter {accepted.letter.number} of {source}"
        elif desk.state.links[position].event.early:
            yield f"{code} holds letter {accepted.letter.number} of {source}, but never reached its place"
        elif not _is_receipted(world, desks[source].state, accepted, code):
            yield f"{source} has no receipt of {code} for letter {accepted.letter.number}"


def _is_receipted(world: World, state: State, accepted: Accepted, code: str) -> bool:
    posted = accepted.posted
    chain = find_chain(state.chains, posted.channel, posted.epoch)
    excused = not world.schedule.is_watchful
    if chain is None or any(excused and recipient == accepted.letter.source for recipient, _ in world.swallowed):
        return chain is not None
    return state.dues[chain.number, posted.seq, code].delivery.stored_at is not None


def _is_out_of_hand(world: World, county: str) -> bool:
    return county in world.out_of_hand or county in world.two_faced


def _is_swallowed(world: World, code: str, channel: str, epoch: str) -> bool:
    return not world.schedule.is_watchful and any(
        recipient == code and (channel, epoch) == (one.header.channel, one.header.epoch)
        for recipient, envelope_id in world.swallowed
        for one in _by_id(world, envelope_id)
    )


def _by_id(world: World, envelope_id: str) -> Iterable[Envelope]:
    for member in world.members.values():
        state = member.store.state()
        position = state.positions_by_id.get(envelope_id)
        if position is not None:
            yield state.links[position].event.envelope


# -- what is in an inbox ----------------------------------------------------------------------------------


def _once(world: World, desk: _Desk) -> Verdicts:
    """G2: nothing counts twice, by id or by what it says."""
    events = desk.events()
    for envelope_id, count in Counter(link.event.envelope.envelope_id for link in events).items():
        if count > 1:
            yield f"{envelope_id} stands {count} times in the inbox"
    spoken = Counter((link.event.envelope.header.source, link.event.envelope.content) for link in events)
    for (source, content), count in spoken.items():
        if count > 1 and source not in world.restored and not _is_out_of_hand(world, source):
            yield f"{content[:60]!r} of {source} stands {count} times in the inbox"


def _in_order(_world: World, desk: _Desk) -> Verdicts:
    """G3: a channel was read in order; alerts alone may overtake."""
    last: dict[int, int] = defaultdict(int)
    for link in desk.events():
        event = link.event
        seq = event.envelope.header.seq
        if event.envelope.header.type == ALERT:
            continue
        if seq <= last[event.chain_number]:
            yield f"#{seq} of chain {event.chain_number} was read after #{last[event.chain_number]}"
        last[event.chain_number] = seq


def _chained(_world: World, desk: _Desk) -> Verdicts:
    """Up to its head a chain has no hole, and each link names the one before it."""
    for chain in desk.state.chains.values():
        name, links = _name(chain), [_at(desk.state, chain, seq) for seq in range(chain.head.seq + 1)]
        if None in links:
            yield f"{name} stands at {chain.head.seq} and has a hole at {links.index(None)}"
            continue
        for before, after in pairwise(link for link in links if link is not None):
            if after.header.prev != before.envelope_id:
                yield f"{name}: #{after.header.seq} does not follow what stands before it"


def _name(chain: Chain) -> str:
    return f"chain {chain.number} of {chain.source}"


def _at(state: State, chain: Chain, seq: int) -> Envelope | None:
    position = state.positions_by_place.get((chain.number, seq))
    return None if position is None else state.links[position].event.envelope


def _evidence(world: World, desk: _Desk) -> Verdicts:
    """G5: every stored link verifies from its own bytes."""
    for link in desk.state.links.values():
        envelope = link.event.envelope
        again = envelope if link.refused else world.opened(envelope.to_wire())
        if again is None or again.envelope_id != envelope.envelope_id or not world.verifies(again):
            yield f"{envelope.envelope_id} does not verify"


def _attested(_world: World, desk: _Desk) -> Verdicts:
    """Every *stored* receipt covers what is held, and every event is covered."""
    covers: set[tuple[str, str, int]] = set()
    for link in desk.links(Direction.OUTGOING):
        envelope = link.event.envelope
        if envelope.header.type != Receipt.wire_type:
            continue
        receipt = Receipt.model_validate_json(envelope.content)
        covers |= {(receipt.channel, receipt.epoch, seq) for seq in covered(receipt)}
        if receipt.stage is ReceiptStage.STORED and (missing := missing_of(desk.state, receipt)):
            yield f"it attested {receipt.channel[:8]} {missing}, which it does not hold"
    for link in desk.events():
        header = link.event.envelope.header
        if (header.channel, header.epoch, header.seq) not in covers:
            yield f"no receipt covers #{header.seq} of {header.source}"


# -- what came, and what became of it ---------------------------------------------------------------------


def _accounted(world: World, desk: _Desk) -> Verdicts:
    """Nothing is dropped in silence: what was acknowledged is held, waits, or lies in quarantine."""
    held = {one.message for one in desk.state.held}
    for message in dict.fromkeys(desk.taken):
        envelope = world.opened(message)
        known = message in held or digest_of(message) in desk.state.quarantined
        if known or (envelope is not None and envelope.envelope_id in desk.state.positions_by_id):
            continue
        told = _told(desk, NoticeKind.OWN_UNKNOWN)
        if envelope is not None and envelope.header.source == desk.code and envelope.header.channel in told:
            continue
        yield f"a message was acknowledged and is nowhere: {message[:120]!r}"


def _named(world: World, desk: _Desk) -> Verdicts:
    """G4: two stories for one place that both came are named to the officer, and the channel is frozen."""
    stories: dict[tuple[str, str, int], set[str]] = defaultdict(set)
    sources: dict[tuple[str, str, int], str] = {}
    for message in desk.taken:
        envelope = world.opened(message)
        if envelope is None or envelope.header.source == desk.code or not world.verifies(envelope):
            continue
        place = (envelope.header.channel, envelope.header.epoch, envelope.header.seq)
        stories[place].add(envelope.envelope_id)
        sources[place] = envelope.header.source
    for place, ids in stories.items():
        if len(ids) > 1 and place[0] not in _told(desk, NoticeKind.FORKED):
            yield f"{sources[place]} told two stories for #{place[2]} of {place[0][:8]}, and nobody was told"
    for row in desk.state.quarantined.values():
        if row.code not in _told(desk, NoticeKind.QUARANTINED):
            yield f"a message of {row.source} was refused for {row.code}, and nobody was told"


def _compared(world: World, desks: Mapping[CountyCode, _Desk]) -> Verdicts:
    """G4: whoever holds another story than the source itself learns it, from beacons, witnesses or the next link."""
    if not world.schedule.is_watchful:
        return
    for desk in desks.values():
        for link in desk.links(Direction.INCOMING) if desk.code not in world.out_of_hand else ():
            header = link.event.envelope.header
            state = desks[CountyCode(header.source)].state
            chain = find_chain(state.chains, header.channel, header.epoch)
            true = _at(state, chain, header.seq) if chain and header.source in world.two_faced else None
            known = true is None or true.envelope_id == link.event.envelope.envelope_id
            if not known and header.channel not in _told(desk, NoticeKind.FORKED):
                yield f"{desk.code} holds another #{header.seq} than {header.source} itself, and nobody was told"


def _told(desk: _Desk, kind: NoticeKind) -> set[str]:
    return {notice.about for notice in desk.state.notices.values() if notice.kind is kind}


def _no_false_alarm(world: World, desk: _Desk) -> Verdicts:
    """Whoever is honest is never accused, and nothing of an honest member waits or lies in quarantine."""
    honest = {one for one in world.members if not _is_out_of_hand(world, one)}
    for notice in desk.state.notices.values():
        if notice.kind is NoticeKind.FORKED and notice.county in honest:
            yield f"{notice.county} is accused of two stories: {notice.text}"
        if notice.kind is NoticeKind.OWN_UNKNOWN and desk.code not in world.restored and desk.code in honest:
            yield f"its own signature is strange to it: {notice.text}"
    forged = {digest_of(message) for message in world.hub.forged}
    for row in desk.state.quarantined.values():
        envelope = world.opened(row.message or b"")
        source = envelope.header.source if envelope else row.source  # the subject names whoever handed it on
        if row.digest not in forged and source in honest and desk.code in honest:
            yield f"a true message of {source} lies in quarantine: {row.code}"
    for held in desk.state.held:
        swallowed = _is_swallowed(world, desk.code, held.channel, held.epoch)
        if held.source in honest and held.source not in world.restored and not swallowed and desk.code in honest:
            yield f"#{held.seq} of {held.source} still waits"


def _never_resent(world: World) -> Verdicts:
    """What the hub holds was appended once, in order: no lane has a number twice."""
    for county, lane, numbers in world.own_lanes():
        if county not in world.out_of_hand and any(after <= before for before, after in pairwise(numbers)):
            yield f"{county} {lane}: {numbers}"
