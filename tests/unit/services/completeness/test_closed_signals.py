"""Signals are closed to everybody but their recipient; whoever cannot open them accuses nobody, and nothing is lost."""

from adapters.memory.bus import MemoryHub
from schemas.control import HeadBeaconed
from schemas.notices import NoticeKind
from schemas.registry import KeyRecord, KeyUse
from schemas.subjects import SIGNAL_STREAM
from services.domain.trust import Trust
from tests import papers
from tests.papers import COUNTIES, HUANJIANG, LIBO, NANDAN
from tests.watches import (
    INTERVAL,
    envelope_in,
    forget_key,
    new_hub,
    new_offices,
    on_watch,
    passes,
    said_in,
    told,
    writer_of,
)

BEACON = HeadBeaconed(heads=())


async def test_the_hub_sees_who_signals_to_whom_and_no_head() -> None:
    """Whoever runs the hub would read which channels there are with whom, and how far each neighbour is."""
    offices, hub = new_offices(), new_hub()
    async with on_watch(offices.values(), hub):
        await offices[LIBO].post(papers.POLICY, papers.policy_content())
        await passes(offices, INTERVAL)
    chains = [one for office in offices.values() for one in await office.store.read(lambda s: s.heads())]
    names = {text.encode() for one in chains for text in (one.channel, one.head.envelope_id)}
    signals = hub.streams[SIGNAL_STREAM]
    assert len(signals) > len(COUNTIES)
    assert [one.subject for one in signals if any(name in one.message for name in names)] == []
    opened = [said_in(one, offices[one.subject.split(".")[4]]) for one in signals]
    assert any(name in said for name in names for said in opened), "the search does look"


async def test_who_lost_its_key_calls_no_neighbour_silent_or_wrong() -> None:
    """Its node was set up again without `keys/encryption.pem`: the fault is its own, and its officer is told so."""
    offices, hub = new_offices(), new_hub()
    huanjiang = offices[HUANJIANG]
    forget_key(huanjiang)
    async with on_watch(offices.values(), hub):
        await offices[LIBO].post(papers.POLICY, papers.policy_content())
        await passes(offices, 5 * INTERVAL)
    assert [await told(one, NoticeKind.SILENT) for one in offices.values()] == [[], [], []]
    notices = await told(huanjiang, NoticeKind.QUARANTINED)
    assert {one.county for one in notices} == {LIBO, NANDAN}
    assert all("本机没有" in one.text for one in notices)
    assert await huanjiang.codes() == ["encryption.unknown_key"] * 2, "counted once an hour for each source"
    assert await huanjiang.seqs() == [1], "events go on"


async def test_a_silent_neighbour_that_speaks_again_is_heard_without_the_key() -> None:
    """A notice that nothing resolves sends an officer to the telephone for nothing."""
    offices, hub = new_offices(), new_hub()
    huanjiang, libo = offices[HUANJIANG], offices[LIBO]
    async with on_watch([huanjiang], hub):
        async with on_watch([libo], hub):
            await passes(offices, INTERVAL)
        await passes(offices, 4 * INTERVAL)
        assert LIBO in {one.county for one in await told(huanjiang, NoticeKind.SILENT, open_only=True)}
        forget_key(huanjiang)
        await writer_of(libo, hub).send(BEACON, HUANJIANG)
        await passes(offices, 2)
        assert LIBO not in {one.county for one in await told(huanjiang, NoticeKind.SILENT, open_only=True)}


def lists(*counties: str) -> Trust:
    """Return a trust whose registry lists an encryption key for these counties alone."""

    def keys(county: str) -> tuple[KeyRecord, ...]:
        return tuple(
            one for one in papers.member(county).keys if county in counties or one.use is not KeyUse.ENCRYPTION
        )

    return papers.trust(members=tuple(papers.member(one, keys=keys(one)) for one in COUNTIES))


async def test_a_member_without_a_key_still_hears_everything() -> None:
    """Completeness is worth more than hiding heads that every event's header shows: it goes in clear to that one."""
    offices, hub = new_offices(), new_hub()
    trust = lists(LIBO, NANDAN)
    for office in offices.values():
        office.trusted = trust
    forget_key(offices[HUANJIANG])
    async with on_watch(offices.values(), hub):
        await offices[LIBO].post(papers.POLICY, papers.policy_content())
        await passes(offices, 4 * INTERVAL)
    assert [await told(one, NoticeKind.SILENT) for one in offices.values()] == [[], [], []]
    assert [await one.codes() for one in offices.values()] == [[], [], []]
    closed = {one.subject.split(".")[4]: envelope_in(one).header.content.encoding for one in hub.streams[SIGNAL_STREAM]}
    assert closed == {HUANJIANG: "none", LIBO: "hpke", NANDAN: "hpke"}


async def test_the_source_of_a_signal_needs_no_key_of_its_own() -> None:
    """Nobody keeps a signal: 荔波 writes before its own encryption key is listed anywhere."""
    offices, hub = new_offices(), MemoryHub()
    offices[LIBO].trusted = lists(HUANJIANG)
    await writer_of(offices[LIBO], hub).send(BEACON, HUANJIANG)
    (signal,) = hub.streams[SIGNAL_STREAM]
    assert HeadBeaconed.model_validate_json(said_in(signal, offices[HUANJIANG])) == BEACON
