"""A hub that hides things, a source that falls silent: each is named within two beacon intervals, and healed."""

from collections.abc import Callable

import pytest

from adapters.memory.bus import MemoryHub, Stored
from adapters.memory.store import MemoryStore
from schemas.control import HeadBeaconed, RangeRequested
from schemas.notices import NoticeKind
from schemas.subjects import Lane, parse_signal_subject, parse_subject
from tests import papers
from tests.desk import Office
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.watches import (
    INTERVAL,
    envelope_in,
    new_hub,
    new_offices,
    on_watch,
    passes,
    said_in,
    told,
    within,
    writer_of,
)

TWO_INTERVALS = 2 * INTERVAL


@pytest.fixture
def hub() -> MemoryHub:
    """A hub that knows the agreement."""
    return new_hub()


@pytest.fixture
def offices() -> dict[str, Office]:
    """Three counties with empty stores and one clock."""
    return new_offices()


def hides_first_journey(victim: str, seqs: set[int], *, source: str = LIBO) -> Callable[[str, Stored], bool]:
    """Hide events of ``source`` from one county; what is repaired passes."""

    def hides(county: str, stored: Stored) -> bool:
        subject = parse_subject(stored.subject)
        if county != victim or subject is None or subject.source != source or subject.lane is Lane.REPAIR:
            return False
        return envelope_in(stored).header.seq in seqs

    return hides


def _is_signal(stored: Stored, source: str, kind: str) -> bool:
    signal = parse_signal_subject(stored.subject)
    return signal is not None and signal.source == source and signal.wire_type == kind


async def _post(office: Office, count: int, **draft: list[str]) -> None:
    for number in range(count):
        await office.post(papers.POLICY, papers.policy_content(doc_no=f"文件{number}号"), **draft)


async def test_a_lost_tail_is_named_and_healed_within_two_intervals(offices: dict[str, Office], hub: MemoryHub) -> None:
    """The last message of a chain: no later link will ever show that it is missing."""
    libo, huanjiang = offices[LIBO], offices[HUANJIANG]
    hub.hides = hides_first_journey(HUANJIANG, {3})
    async with on_watch(offices.values(), hub):
        await _post(libo, 3)
        assert await within(offices, TWO_INTERVALS, lambda: told(huanjiang, NoticeKind.MISSING)) is not None
        healed = await within(offices, TWO_INTERVALS, lambda: _holds(huanjiang, 3))
        assert healed is not None
        await passes(offices, 10)
    notice = (await told(huanjiang, NoticeKind.MISSING))[0]
    assert notice.county == LIBO
    assert "荔波" in notice.text
    assert "3" in notice.text
    assert notice.resolved_at is not None, "it is here"
    assert await huanjiang.seqs() == [1, 2, 3]
    assert await told(offices[NANDAN], NoticeKind.MISSING) == [], "whoever has everything is told nothing"
    assert await huanjiang.codes() == []


async def _holds(office: Office, count: int) -> bool:
    return len(await office.inbox()) == count


async def test_a_gap_is_asked_for(offices: dict[str, Office], hub: MemoryHub) -> None:
    """The link in the middle: those behind it wait, and somebody must fetch the one that is missing."""
    huanjiang = offices[HUANJIANG]
    hub.hides = hides_first_journey(HUANJIANG, {2})
    async with on_watch(offices.values(), hub):
        await _post(offices[LIBO], 4)
        assert await within(offices, TWO_INTERVALS, lambda: _holds(huanjiang, 4)) is not None
    assert await huanjiang.seqs() == [1, 2, 3, 4]
    assert "第 2 条" in (await told(huanjiang, NoticeKind.MISSING))[0].text


async def test_the_opening_of_a_channel_is_asked_for(offices: dict[str, Office], hub: MemoryHub) -> None:
    """Without link 0 nothing of the channel can be taken, and nothing shows that there is one."""
    huanjiang = offices[HUANJIANG]
    hub.hides = hides_first_journey(HUANJIANG, {0, 1, 2})
    async with on_watch(offices.values(), hub):
        await _post(offices[LIBO], 2)
        assert await within(offices, TWO_INTERVALS, lambda: _holds(huanjiang, 2)) is not None


async def test_beacons_that_are_swallowed_are_made_up_for_by_a_witness(
    offices: dict[str, Office], hub: MemoryHub
) -> None:
    """A hub that hides the event hides what tells of it, too; 南丹 holds it and says so, and hands it on."""
    huanjiang, hidden = offices[HUANJIANG], hides_first_journey(HUANJIANG, {3})

    def hides(county: str, stored: Stored) -> bool:
        subject = parse_subject(stored.subject)
        from_libo = subject is not None and subject.source == LIBO and subject.lane is Lane.REPAIR
        beacon = _is_signal(stored, LIBO, HeadBeaconed.wire_type)
        return hidden(county, stored) or (county == HUANJIANG and (from_libo or beacon))

    hub.hides = hides
    async with on_watch(offices.values(), hub):
        await _post(offices[LIBO], 3)
        assert await within(offices, TWO_INTERVALS, lambda: told(huanjiang, NoticeKind.MISSING)) is not None
        assert await within(offices, TWO_INTERVALS, lambda: _holds(huanjiang, 3)) is not None
        await within(offices, TWO_INTERVALS, lambda: told(huanjiang, NoticeKind.SILENT))
    text = (await told(huanjiang, NoticeKind.MISSING))[0].text
    assert text.startswith("据南丹")
    assert [one.county for one in await told(huanjiang, NoticeKind.SILENT)] == [LIBO]
    assert await huanjiang.codes() == []


async def test_a_receipt_that_was_swallowed_is_asked_for(offices: dict[str, Office], hub: MemoryHub) -> None:
    """An officer's answer is in no repetition of the event: its own chain shows that it is missing."""
    libo = offices[LIBO]
    hub.hides = hides_first_journey(LIBO, {0, 1, 2}, source=HUANJIANG)
    async with on_watch(offices.values(), hub):
        await _post(libo, 2, to=[HUANJIANG])

        async def known() -> bool:
            counts = await libo.counts()
            return counts["deliveries"] == counts["stored"]

        assert await within(offices, TWO_INTERVALS, known) is not None


async def test_silence_is_named_within_two_intervals_and_resolved(offices: dict[str, Office], hub: MemoryHub) -> None:
    """A neighbour whose node is dead looks like one that has nothing to say."""
    awake = {code: one for code, one in offices.items() if code != NANDAN}
    libo = offices[LIBO]
    async with on_watch(awake.values(), hub):
        await passes(awake, INTERVAL)
        assert await told(libo, NoticeKind.SILENT) == []
        silent = await within(awake, INTERVAL + 10, lambda: told(libo, NoticeKind.SILENT))
        assert silent is not None
        notices = await told(libo, NoticeKind.SILENT)
        assert [one.county for one in notices] == [NANDAN]
        assert f"0778-{NANDAN}" in notices[0].text
        async with on_watch([offices[NANDAN]], hub):
            await within(offices, 30, lambda: _none(libo, NoticeKind.SILENT))
    assert await told(libo, NoticeKind.SILENT, open_only=True) == []


async def _none(office: Office, kind: NoticeKind) -> bool:
    return not await told(office, kind, open_only=True)


async def test_without_contact_of_our_own_nobody_is_called_silent(offices: dict[str, Office], hub: MemoryHub) -> None:
    """Our own cable is cut, and the officer telephones all neighbours whether they live."""
    async with on_watch(offices.values(), hub):
        await passes(offices, INTERVAL)
        hub.down = True
        await passes(offices, 5 * INTERVAL)
        assert [await told(one, NoticeKind.SILENT) for one in offices.values()] == [[], [], []]
        hub.down = False
        hub.tell()
        await passes(offices, 2 * INTERVAL + 10)
    assert [await told(one, NoticeKind.SILENT) for one in offices.values()] == [[], [], []]


async def test_channels_at_rest_are_folded_and_checked(offices: dict[str, Office], hub: MemoryHub) -> None:
    """A hundred channels listed every minute for years; or folded, and nobody notices that one was lost."""
    async with on_watch(offices.values(), hub):
        await _post(offices[LIBO], 2)
        await passes(offices, 8 * INTERVAL)
        beacons = [
            HeadBeaconed.model_validate_json(said_in(one, offices[one.subject.split(".")[4]]))
            for one in hub.streams["SIGNAL"]
            if _is_signal(one, LIBO, HeadBeaconed.wire_type)
        ]
        requests = [one for one in hub.streams["SIGNAL"] if RangeRequested.wire_type.split(".")[3] in one.subject]
        assert beacons[-1].heads == ()
        assert beacons[-1].idle is not None
        assert requests == [], "the digests fit at both ends"


async def test_a_receiver_that_lost_what_it_had_gets_the_full_list(offices: dict[str, Office], hub: MemoryHub) -> None:
    """It was restored from an old backup: everything is receipted, at rest and folded, and it lacks the half of it."""
    clock = offices[LIBO].clock
    async with on_watch([offices[LIBO]], hub):  # and no witness
        async with on_watch([offices[HUANJIANG]], hub):
            await _post(offices[LIBO], 3, to=[HUANJIANG])
            await passes(offices, 8 * INTERVAL)
        hub.hides = hides_first_journey(HUANJIANG, {0, 1, 2, 3})  # older than what the hub keeps
        fresh = Office(HUANJIANG, MemoryStore(), clock=clock)
        async with on_watch([fresh], hub):
            assert await within(offices, TWO_INTERVALS, lambda: _holds(fresh, 3)) is not None
        asked = [one for one in hub.streams["SIGNAL"] if _is_signal(one, HUANJIANG, RangeRequested.wire_type)]
    assert any(RangeRequested.model_validate_json(said_in(one, offices[LIBO])).all_heads for one in asked)


async def test_receipts_that_nobody_asks_for_are_given_again(offices: dict[str, Office], hub: MemoryHub) -> None:
    """The hub hides the answer and every beacon that tells of it: only `receipts_seen` shows that it never came."""
    libo, hidden = offices[LIBO], hides_first_journey(LIBO, {2}, source=HUANJIANG)

    def hides(county: str, stored: Stored) -> bool:
        beacon = _is_signal(stored, HUANJIANG, HeadBeaconed.wire_type)
        return hidden(county, stored) or (county == LIBO and beacon)

    hub.hides = hides
    async with on_watch(offices.values(), hub):
        await _post(libo, 1, to=[HUANJIANG])
        await passes(offices, 10)
        await _post(libo, 1, to=[HUANJIANG])

        async def known() -> bool:
            counts = await libo.counts()
            return counts["deliveries"] == counts["stored"]

        assert await within(offices, 3 * INTERVAL, known) is not None


async def test_a_member_that_invents_channels_fills_nothing(offices: dict[str, Office], hub: MemoryHub) -> None:
    """Hundreds of new channels with every beacon: as many notices, and the real gap is never asked for."""
    huanjiang, liar = offices[HUANJIANG], writer_of(offices[NANDAN], hub)
    hub.hides = hides_first_journey(HUANJIANG, {3})
    async with on_watch([offices[LIBO], huanjiang], hub):
        for minute in range(4):
            ids = [f"{minute * 1000 + number:064x}" for number in range(200)]
            heads = [{"channel": one, "epoch": papers.EPOCH, "seq": 9, "id": one} for one in ids]
            witnessed = [{**one, "source": county} for one, county in zip(heads, (LIBO, "110101") * 100, strict=True)]
            await liar.send(HeadBeaconed.model_validate({"heads": heads, "witnessed": witnessed}), HUANJIANG)
            await passes(offices, INTERVAL / 2)
            if minute == 1:
                await _post(offices[LIBO], 3)
        assert await within(offices, TWO_INTERVALS, lambda: _holds(huanjiang, 3)) is not None
    assert {(one.county, one.about) for one in await told(huanjiang, NoticeKind.MISSING)} >= {(NANDAN, NANDAN)}
    assert len(await told(huanjiang, NoticeKind.MISSING)) <= 3
    assert len(await huanjiang.store.read(lambda s: s.claims(10_000))) <= 2 * 200


async def test_nobody_gets_what_is_not_addressed_to_it(offices: dict[str, Office], hub: MemoryHub) -> None:
    """南丹 asks 荔波 for what it told 环江 alone."""
    libo = offices[LIBO]
    async with on_watch([libo, offices[HUANJIANG]], hub):
        await _post(libo, 2, to=[HUANJIANG])
        await passes(offices, 10)
        head = next(one for one in await libo.store.read(lambda s: s.heads()) if one.source == LIBO)
        wanted = {"channel": head.channel, "epoch": head.epoch, "first_seq": 0, "last_seq": 9}
        request = RangeRequested.model_validate({"wanted": [wanted]})
        await writer_of(offices[NANDAN], hub).send(request, LIBO)
        await passes(offices, 10)
        assert [one for one in hub.own_lane(LIBO, Lane.REPAIR) if f".{NANDAN}." in one.subject] == []
        await writer_of(offices[HUANJIANG], hub).send(request, LIBO)
        await passes(offices, 10)
        given = [one for one in hub.own_lane(LIBO, Lane.REPAIR) if f".{HUANJIANG}." in one.subject]
    assert [envelope_in(one).header.seq for one in given] == [0, 1, 2]


async def test_whoever_asks_all_the_time_is_answered_now_and_then(offices: dict[str, Office], hub: MemoryHub) -> None:
    """A member asks for everything a hundred times a minute: our outbox is its to fill."""
    libo = offices[LIBO]
    async with on_watch([libo, offices[HUANJIANG]], hub):
        await _post(libo, 3, to=[HUANJIANG])
        await passes(offices, 10)
        head = next(one for one in await libo.store.read(lambda s: s.heads()) if one.source == LIBO)
        wanted = {"channel": head.channel, "epoch": head.epoch, "first_seq": 1, "last_seq": 3}
        writer = writer_of(offices[HUANJIANG], hub)
        for _ in range(100):
            await writer.send(RangeRequested.model_validate({"wanted": [wanted] * 64}), LIBO)
            await passes(offices, 0.5)
        given = hub.own_lane(LIBO, Lane.REPAIR)
    assert 3 <= len(given) <= 8 * 1000
    assert len(given) <= 7 * 3, "eight answers in an interval, and what waits already is not put there twice"


async def test_beacons_that_are_held_up_do_not_keep_a_dead_county_alive(
    offices: dict[str, Office], hub: MemoryHub
) -> None:
    """The hub hands 荔波's beacons over eight minutes late, one a minute: each is newer than the one before."""
    huanjiang, late, own = offices[HUANJIANG], 8 * INTERVAL, huanjiang_clock(offices)
    queue: list[tuple[float, Stored]] = []
    released: set[int] = set()
    seen = 0

    def hides(county: str, stored: Stored) -> bool:
        held_up = county == HUANJIANG and _is_signal(stored, LIBO, HeadBeaconed.wire_type)
        return held_up and id(stored) not in released

    hub.hides = hides
    async with on_watch(offices.values(), hub):

        async def unheard() -> bool:
            nonlocal seen
            signals = hub.streams["SIGNAL"]
            queue.extend((own() + late, one) for one in signals[seen:] if hides(HUANJIANG, one))
            seen = len(signals)
            while queue and queue[0][0] <= own():
                again = Stored(0, queue[0][1].subject, queue.pop(0)[1].message)
                released.add(id(again))
                hub.store("SIGNAL", [again])
                seen += 1
            return any(one.about.startswith("unheard") for one in await told(huanjiang, NoticeKind.SILENT))

        assert await within(offices, late + 5 * INTERVAL, unheard) is not None
        assert {one.county for one in await told(huanjiang, NoticeKind.SILENT)} == {LIBO}


def huanjiang_clock(offices: dict[str, Office]) -> Callable[[], float]:
    """Seconds of the clock that everybody shares."""
    return offices[HUANJIANG].clock.monotonic


async def test_a_neighbour_that_hears_nothing_of_us_is_named(offices: dict[str, Office], hub: MemoryHub) -> None:
    """One way is broken: it is alive, and our alerts do not reach it. Named at both ends, and resolved."""
    libo = offices[LIBO]
    hub.hides = lambda county, stored: county == HUANJIANG and _is_signal(stored, LIBO, HeadBeaconed.wire_type)
    async with on_watch(offices.values(), hub):
        named = await within(offices, 4 * INTERVAL, lambda: told(libo, NoticeKind.SILENT))
        assert named is not None
        notice = (await told(libo, NoticeKind.SILENT))[0]
        assert (notice.county, "没有确认" in notice.text) == (HUANJIANG, True)
        assert {one.county for one in await told(offices[HUANJIANG], NoticeKind.SILENT)} == {LIBO}
        hub.hides = lambda _county, _stored: False
        resolved = await within(offices, 3 * INTERVAL, lambda: _none(libo, NoticeKind.SILENT))
        assert resolved is not None
    assert await told(offices[NANDAN], NoticeKind.SILENT) == []
