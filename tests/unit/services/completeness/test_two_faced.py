"""A source that tells two stories to two members: they compare, prove it, and freeze its channel."""

from dataclasses import replace

import pytest

from adapters.memory.bus import MemoryHub, Stored
from adapters.memory.store import MemoryStore
from schemas.carriage import Arrival
from schemas.completeness import ForkEvidence
from schemas.control import ForkProved, HeadBeaconed
from schemas.envelope import Envelope
from schemas.errors import Fault
from schemas.notices import NoticeKind
from schemas.subjects import SIGNAL_STREAM, Lane, stream_of
from services.domain.forks import judge_fork, signed_bytes, spelled
from tests import papers
from tests.desk import Office, opened, written
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.watches import INTERVAL, new_hub, new_offices, on_watch, passes, told, within, writer_of


class TwoFaced:
    """荔波 writes two stories from the same place of its chain on; the hub hands each to one member only."""

    def __init__(self, offices: dict[str, Office], hub: MemoryHub) -> None:
        """Nothing is written yet; 荔波's own node does not run."""
        clock = offices[LIBO].clock
        self.offices = {code: one for code, one in offices.items() if code != LIBO}
        self.hub = hub
        self.faces = [Office(LIBO, MemoryStore(), clock=clock) for _ in range(2)]

    async def tell(self, *, same: int, nandan: int, huanjiang: int) -> None:
        """Write ``same`` events that both get, and then as many to each as it is to get of its own story."""
        stories = []
        for face, office in enumerate(self.faces):
            for number in range(same + (nandan, huanjiang)[face]):
                name = f"文件{number}号" if number < same else f"文件{number}号之{face}"
                await office.post(content=papers.policy_content(doc_no=name))
            stories.append(await office.sent())
        hidden = {one.message: HUANJIANG for one in stories[0][same + 1 :]}
        hidden |= {one.message: NANDAN for one in stories[1][same + 1 :]}
        self.hub.hides = lambda county, stored: (
            hidden.get(stored.message) == county and ".repair." not in stored.subject
        )
        for one in dict.fromkeys((one.subject, one.message) for story in stories for one in story):
            lane = Lane.URGENT if ".urgent." in one[0] else Lane.NORMAL
            self.hub.store(stream_of(LIBO, lane), [Stored(0, *one)])

    async def is_frozen(self, code: str) -> bool:
        """Tell whether a member froze a channel of 荔波."""
        heads = await self.offices[code].store.read(lambda s: s.heads())
        return any(one.frozen for one in heads if one.source == LIBO)

    async def are_frozen(self) -> bool:
        """Tell whether both did."""
        return all([await self.is_frozen(code) for code in self.offices])


@pytest.fixture
def hub() -> MemoryHub:
    """A hub that knows the agreement."""
    return new_hub()


@pytest.fixture
def two_faced(hub: MemoryHub) -> TwoFaced:
    """荔波 with two faces."""
    return TwoFaced(new_offices(), hub)


@pytest.mark.parametrize(("nandan", "huanjiang"), [(1, 1), (3, 1), (1, 3), (2, 2)])
async def test_two_stories_are_named_within_two_intervals(two_faced: TwoFaced, nandan: int, huanjiang: int) -> None:
    """Each member holds a chain without a fault, and only together do they know that they were lied to."""
    await two_faced.tell(same=2, nandan=nandan, huanjiang=huanjiang)
    async with on_watch(two_faced.offices.values(), two_faced.hub):
        assert await within(two_faced.offices, 2 * INTERVAL, two_faced.are_frozen) is not None
        await passes(two_faced.offices, 2 * INTERVAL)
    for office in two_faced.offices.values():
        assert {one.county for one in await told(office, NoticeKind.FORKED)} == {LIBO}
        evidence = await _evidence(office)
        assert not isinstance(judge_fork(spelled(evidence), papers.trust()), Fault)
        assert evidence.first.envelope_id != evidence.second.envelope_id


async def _evidence(office: Office) -> ForkEvidence:
    found = await office.store.read(lambda s: s.forks(9))
    assert len(found) == 1
    return found[0]


async def test_a_proof_freezes_the_channel_of_who_saw_one_story_only(two_faced: TwoFaced) -> None:
    """The other story was never told to it; a proof needs no witness."""
    await two_faced.tell(same=1, nandan=1, huanjiang=1)
    async with on_watch([two_faced.offices[NANDAN]], two_faced.hub):
        await passes(two_faced.offices, 5)
        proof = await _proof_of(two_faced)
        await writer_of(two_faced.offices[HUANJIANG], two_faced.hub).send(proof, NANDAN)
        await passes(two_faced.offices, 5)
        assert await two_faced.is_frozen(NANDAN)
        assert [one.county for one in await told(two_faced.offices[NANDAN], NoticeKind.FORKED)] == [LIBO]
        signals = [one.subject for one in two_faced.hub.streams[SIGNAL_STREAM]]
        await passes(two_faced.offices, INTERVAL)
        again = [one.subject for one in two_faced.hub.streams[SIGNAL_STREAM]][len(signals) :]
    assert f"hub.in.{NANDAN}.signal.{HUANJIANG}.control.fork_proved.v1" in again, "it is handed on"
    assert f"hub.in.{NANDAN}.signal.{LIBO}.control.fork_proved.v1" in again, "its key may be stolen: it must know"


async def _envelopes(two_faced: TwoFaced) -> list[Envelope]:
    stored = two_faced.hub.streams[stream_of(LIBO, Lane.NORMAL)]
    return [opened(one.message) for one in stored]


async def _proof_of(two_faced: TwoFaced) -> ForkProved:
    rivals = [one for one in await _envelopes(two_faced) if one.header.seq == 2]
    return _spelled(*rivals)


def _spelled(first: Envelope, second: Envelope) -> ForkProved:
    header = first.header
    one, other = signed_bytes(first), signed_bytes(second)
    return spelled(ForkEvidence(header.source, header.channel, header.epoch, tuple(header.to), one, other, papers.NOW))


async def test_what_proves_nothing_freezes_nothing(two_faced: TwoFaced) -> None:
    """A member could silence every other by sending two headers that agree, or that somebody else signed."""
    await two_faced.tell(same=3, nandan=0, huanjiang=0)
    one, two, three = await _envelopes(two_faced)
    forged = replace(two, signatures_bytes=three.signatures_bytes)
    async with on_watch([two_faced.offices[NANDAN]], two_faced.hub):
        writer = writer_of(two_faced.offices[HUANJIANG], two_faced.hub)
        for pair in ((one, one), (one, two), (one, three), (one, forged)):
            await writer.send(_spelled(*pair), NANDAN)
            await passes(two_faced.offices, 2)
        assert not await two_faced.is_frozen(NANDAN)
        assert await told(two_faced.offices[NANDAN], NoticeKind.FORKED) == []
        codes = set(await two_faced.offices[NANDAN].codes())
    assert codes == {"fork.no_contradiction", "signature.invalid"}


async def test_a_lying_witness_freezes_nothing(two_faced: TwoFaced) -> None:
    """南丹 hears from 环江 that 荔波 said something else: told as a word against a word, and nothing stops."""
    await two_faced.tell(same=2, nandan=0, huanjiang=0)
    office = two_faced.offices[NANDAN]
    async with on_watch([office], two_faced.hub):
        await passes(two_faced.offices, 5)
        heads = [one for one in await office.store.read(lambda s: s.heads()) if one.source == LIBO]
        lie = {"source": LIBO, "channel": heads[0].channel, "epoch": heads[0].epoch, "seq": 1, "id": "f" * 64}
        beacon = HeadBeaconed.model_validate({"heads": [], "witnessed": [lie]})
        await writer_of(two_faced.offices[HUANJIANG], two_faced.hub).send(beacon, NANDAN)
        await passes(two_faced.offices, INTERVAL)
        notice = (await told(office, NoticeKind.FORKED))[0]
        assert notice.text.startswith("据环江")
        assert not await two_faced.is_frozen(NANDAN)
        asked = [one.subject for one in two_faced.hub.streams[SIGNAL_STREAM] if ".range_requested." in one.subject]
    assert asked == [f"hub.in.{NANDAN}.signal.{HUANJIANG}.control.range_requested.v1"], "whoever says so shall show it"


async def test_the_receiver_keeps_the_proof_of_a_fork_that_it_sees_itself() -> None:
    """Both stories came here: whoever froze a channel can show why."""
    desk, neighbour = Office(HUANJIANG, MemoryStore()), Office(LIBO, MemoryStore())
    opening, one, _ = await written(neighbour, 2)
    header = opened(one.message).header.model_copy(update={"time": papers.later(minutes=1)})
    fields = {name: getattr(header, name) for name in type(header).model_fields if name != "v"}
    other = papers.envelope(opened(one.message).content, **fields)
    await desk.take(opening, one)
    await desk.take(Arrival(0, one.subject, other.to_wire()))
    evidence = await _evidence(desk)
    assert {evidence.first.envelope_id, evidence.second.envelope_id} == {
        opened(one.message).envelope_id,
        other.envelope_id,
    }
    assert not isinstance(judge_fork(spelled(evidence), papers.trust()), Fault)


async def test_a_source_that_is_shown_its_own_fork_goes_on_in_a_new_epoch(two_faced: TwoFaced) -> None:
    """Its key was stolen, or a clone runs: nothing may follow the branch that somebody else writes, too."""
    await two_faced.tell(same=1, nandan=1, huanjiang=1)
    proof = await _proof_of(two_faced)
    libo = two_faced.faces[0]
    async with on_watch([libo], two_faced.hub):
        await writer_of(two_faced.offices[HUANJIANG], two_faced.hub).send(proof, LIBO)
        await passes(two_faced.offices, 5)
        assert [one.county for one in await told(libo, NoticeKind.FORKED)] == [LIBO]
        await libo.post()
    heads = [one for one in await libo.store.read(lambda s: s.heads()) if one.source == LIBO]
    assert [(one.epoch.partition("-")[0], one.head.seq, one.frozen) for one in heads] == [("2", 1, False)]


async def test_members_that_hold_the_same_find_nothing(two_faced: TwoFaced) -> None:
    """A comparison that finds forks where there are none freezes the whole border."""
    await two_faced.tell(same=5, nandan=0, huanjiang=0)
    async with on_watch(two_faced.offices.values(), two_faced.hub):
        await passes(two_faced.offices, 3 * INTERVAL)
        assert not await two_faced.is_frozen(NANDAN)
    for office in two_faced.offices.values():
        assert await told(office, NoticeKind.FORKED) == []
        assert await told(office, NoticeKind.MISSING) == []
        assert await office.codes() == []
