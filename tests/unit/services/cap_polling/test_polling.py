"""A feed's rounds: each document once, in the order in which they were sent; whatever goes wrong becomes a notice."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from schemas.cap import CapAlert
from schemas.cap_records import CapState, Polled, Seen
from schemas.errors import Fault, UnavailableError
from schemas.notices import Notice
from services.cap_intake import intake
from services.cap_polling.polling import BACK_OFF_MAX_SECONDS, TOLD_AFTER, FeedPoller, FeedRules
from services.domain.cap_taking import CapAsk, listed_in
from tests.cap_node import MOBILE, RAIN, ROLE, cap_at, naming, rain, told, xml
from tests.papers import AGREEMENT, LIBO
from tests.world import County, World, alert_draft

ASK = CapAsk(origin=listed_in("weather"), agreement=AGREEMENT, released_by=ROLE, unattended=True)


@dataclass
class ScriptedFeed:
    """Satisfies ``services.cap_ports.CapFeed``: says what a test lays there; what was seen once is not said again."""

    documents: list[bytes] = field(default_factory=list)
    faults: tuple[Fault, ...] = ()
    trouble: UnavailableError | Fault | None = None
    asked: int = 0

    async def poll(self, seen: Seen) -> Polled | Fault:
        """Answer once."""
        self.asked += 1
        if isinstance(self.trouble, UnavailableError):
            raise self.trouble
        if self.trouble is not None:
            return self.trouble
        fresh = self.documents[len(seen.ids) :]
        return Polled(tuple(("/x", one) for one in fresh), self.faults, Seen(ids=("i",) * len(self.documents)))


@dataclass
class Desk:
    """One county, one feed, its poller."""

    world: World
    county: County
    feed: ScriptedFeed
    poller: FeedPoller

    def lay(self, *documents: CapAlert | bytes) -> None:
        """Put documents into the feed, as they stand there."""
        self.feed.documents += [one if isinstance(one, bytes) else xml(one) for one in documents]

    def again(self, ask: CapAsk = ASK) -> FeedPoller:
        """Return a poller as after a restart."""
        assert self.county.cap is not None
        rules = FeedRules(name="weather", url="https://weather.example/feed", seconds=60.0, ask=ask)
        self.poller = FeedPoller(
            rules=rules,
            feed=self.feed,
            intake=self.county.cap.intake,
            store=self.county.store,
            clock=self.county.clock,
        )
        return self.poller

    async def sent(self) -> list[str]:
        """Return the headlines of what went out, in order."""
        page = await self.county.store.read(lambda s: s.events(direction=None, wire_type=None, since=0, limit=99))
        return [one.headline for one in page.rows]

    async def notices(self) -> list[Notice]:
        """Return open notices, the oldest first."""
        return list(reversed(await self.county.store.read(lambda s: s.notices(open_only=True, limit=99))))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    world = World()
    county = world[LIBO]
    async with cap_at(county, tmp_path):
        made = Desk(world, county, ScriptedFeed(), None)  # type: ignore[arg-type]
        made.again()
        yield made


async def test_a_document_of_a_feed_is_sent_once(desk: Desk) -> None:
    """Over rounds, over a restart, and although the memory of the feed was lost."""
    desk.lay(RAIN)
    assert await desk.poller.run_once() == 1
    assert await desk.poller.run_once() == 0
    assert await desk.again().run_once() == 0
    await desk.county.store.write(lambda tx: tx.cap.keep_feed("weather", "elsewhere", Seen()))
    assert await desk.poller.run_once() == 0
    assert await desk.sent() == ["樟江流域暴雨橙色预警"]
    assert await desk.notices() == []
    (row,) = await desk.county.store.read(lambda s: s.cap.documents(held_only=False, limit=9))
    assert (row.origin, row.state) == ("feed:weather", CapState.SENT)


async def test_an_update_that_stands_above_its_alert_comes_behind_it(desk: Desk) -> None:
    """Feeds list the newest first."""
    update = told(naming(rain(2, sent="2026-03-04T07:55:00+08:00"), RAIN), headline="更新")
    cancel = told(naming(rain(3, sent="2026-03-04T07:57:00+08:00", note="止"), update, kind="Cancel"), headline="解除")
    desk.lay(cancel, update, RAIN)
    assert await desk.poller.run_once() == 3
    assert await desk.sent() == ["樟江流域暴雨橙色预警", "更新", "解除"]
    assert await desk.notices() == []


@pytest.mark.parametrize(
    "document",
    [
        told(RAIN, expires="2026-03-04T07:59:00+08:00"),
        naming(rain(2, note="止"), rain(1, sent="2026-03-04T07:00:00+08:00"), kind="Cancel"),
    ],
)
async def test_what_every_feed_has_is_passed_over_without_a_word(desk: Desk, document: CapAlert) -> None:
    """An expired alert, and the end of one that never was here: at the first round there are many."""
    desk.lay(document)
    assert await desk.poller.run_once() == 0
    assert await desk.sent() == []
    assert await desk.notices() == []
    assert await desk.county.store.read(lambda s: s.cap.documents(held_only=False, limit=9)) == []


async def test_an_alert_behind_its_own_update_wakes_nobody(desk: Desk) -> None:
    """A feed longer than a round gives the older ones later."""
    desk.lay(naming(rain(2, sent="2026-03-04T07:55:00+08:00"), RAIN))
    await desk.poller.run_once()
    desk.lay(RAIN)
    assert await desk.poller.run_once() == 0
    assert len(await desk.sent()) == 1
    assert await desk.notices() == []


async def test_what_cannot_be_taken_becomes_one_notice_and_stops_nothing(desk: Desk) -> None:
    """A document type declaration, an older version, no XML; the alert between them goes out."""
    older = b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.1"/>'
    desk.lay(b"<!DOCTYPE a><a/>", RAIN, older, b"<", b"<!DOCTYPE b><b/>")
    assert await desk.poller.run_once() == 1
    assert [one.about for one in await desk.notices()] == [
        "weather/cap.dtd",
        "weather/cap.malformed",
        "weather/cap.version",
    ]
    assert desk.poller.is_ready


async def test_what_the_guards_find_in_a_feed_is_kept(desk: Desk) -> None:
    """With the bytes and the draft; there is nobody else who would send it again."""
    desk.lay(told(RAIN, description=f"联系 {MOBILE}"))
    assert await desk.poller.run_once() == 1
    held = await desk.county.store.read(lambda s: s.cap.document(1))
    assert held is not None
    assert (held.state, held.faults[0].code, held.original) == (
        CapState.HELD,
        "guard.personal_number",
        desk.feed.documents[0],
    )
    (notice,) = await desk.notices()
    assert "sihu cap held 1" in notice.text
    assert MOBILE not in notice.text


async def test_what_no_agreement_lets_out_is_kept(desk: Desk) -> None:
    """A poster would be told; of a feed it is the officer."""
    desk.lay(RAIN)
    ask = CapAsk(origin=listed_in("weather"), agreement="none-such", released_by=ROLE, unattended=True)
    assert await desk.again(ask).run_once() == 1
    held = await desk.county.store.read(lambda s: s.cap.document(1))
    assert held is not None
    assert (held.state, held.faults[0].code) == (CapState.HELD, "sharing.no_agreement")


async def test_a_feed_without_a_role_lets_each_wait(desk: Desk) -> None:
    """The county has not decided that its word goes out."""
    desk.lay(RAIN)
    await desk.again(CapAsk(origin=listed_in("weather"), agreement=AGREEMENT)).run_once()
    assert await desk.sent() == []
    assert (await desk.county.store.read(lambda s: s.cap.figures())).held == 1


async def test_a_feed_speaks_in_no_name_of_ours(desk: Desk) -> None:
    """Neither as an office of Sihu, nor by ending what we issued, nor what came another way."""
    own = await desk.county.send(alert_draft())
    assert own.seq == 1
    ours = "urn:sihu:office:52272241600000,52272241600000_20260304074500_1,2026-03-04T07:45:00+08:00"
    claimed = rain(2, sender="urn:sihu:office:52272241600000", identifier="52272241600000_20260304075000_1")
    ending = rain(3, msg_type="Cancel", references=ours, note="止")
    desk.lay(claimed, ending)
    await desk.poller.run_once()
    assert len(await desk.sent()) == 1
    assert [one.about for one in await desk.notices()] == ["1", "weather/cap.own"]
    held = await desk.county.store.read(lambda s: s.cap.document(1))
    assert held is not None
    assert held.faults[0].code == "cap.other_sender"


async def test_another_feed_ends_nothing_of_this_one(desk: Desk) -> None:
    """Whoever can write into one source must not silence another."""
    desk.lay(RAIN)
    await desk.poller.run_once()
    desk.feed.documents.clear()
    desk.lay(naming(rain(2, sent="2026-03-04T07:55:00+08:00", note="止"), RAIN, kind="Cancel"))
    await desk.county.store.write(lambda tx: tx.cap.keep_feed("weather", "https://weather.example/feed", Seen()))
    await desk.again(CapAsk(origin=listed_in("dam"), agreement=AGREEMENT, released_by=ROLE, unattended=True)).run_once()
    held = await desk.county.store.read(lambda s: s.cap.document(2))
    assert held is not None
    assert (held.state, held.faults[0].code) == (CapState.HELD, "cap.other_sender")


async def test_a_feed_that_is_away_is_asked_less_and_less(desk: Desk) -> None:
    """It must not be hammered, the officer hears of it once, and it is well again at the first answer."""
    desk.feed.trouble = UnavailableError("away")
    async with desk.poller.running():
        await desk.county.clock.move(60 * 2 + 1)
        assert desk.feed.asked == 2
        await desk.county.clock.move(24 * 3600)
        assert desk.feed.asked < 2 + 9 + 24 * 3600 / BACK_OFF_MAX_SECONDS
        assert [desk.poller.is_ready] == [False]
        (notice,) = await desk.notices()
        assert (notice.about, TOLD_AFTER) == ("weather", 3)

        desk.feed.trouble = None
        desk.lay(told(rain(9), effective="2026-03-05T08:00:00+08:00", expires="2026-03-05T18:00:00+08:00"))
        await desk.county.clock.move(BACK_OFF_MAX_SECONDS + 120)
        for _ in range(200):  # the reader works beside the loop
            if await desk.sent():
                break
            await desk.county.store.changed(0)
            await desk.county.clock.move(60)
    assert len(await desk.sent()) == 1
    assert desk.poller.is_ready
    assert await desk.notices() == []


async def test_a_feed_that_is_none_is_told_at_once(desk: Desk) -> None:
    """Waiting does not mend a wrong address."""
    desk.feed.trouble = Fault("cap.feed", "feed", "it is neither an Atom nor an RSS feed")
    assert await desk.poller.run_once() == 0
    (notice,) = await desk.notices()
    assert (notice.about, "cap.feed" in notice.text) == ("weather", True)
    assert await desk.poller.run_once() == 0
    assert desk.feed.asked == 1


async def test_what_was_told_before_a_restart_ends_after_it(desk: Desk) -> None:
    """The notice of a feed that is well again must not stand for ever."""
    desk.feed.trouble = Fault("cap.feed", "feed", "x")
    await desk.poller.run_once()
    desk.feed.trouble = None
    await desk.again().run_once()
    assert await desk.notices() == []


async def test_links_that_are_dead_are_told_until_they_are_well(desk: Desk) -> None:
    """The entry stands in the feed, and nobody gets the alert."""
    desk.feed.faults = (Fault("cap.link", "link", "a document's host answered 404"),)
    await desk.poller.run_once()
    assert [one.about for one in await desk.notices()] == ["weather/links"]
    desk.feed.faults = ()
    desk.lay(RAIN)
    await desk.poller.run_once()
    assert await desk.notices() == []


async def test_a_full_desk_stops_only_what_must_wait(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what found no room is asked for again."""
    monkeypatch.setattr(intake, "HELD_MAX", 1)
    desk.lay(rain(1, status="Draft"), rain(2, status="Draft"), told(rain(3), headline="照常"))
    with pytest.raises(UnavailableError):
        await desk.poller.run_once()
    assert await desk.sent() == ["照常"]
    await desk.county.store.write(
        lambda tx: tx.cap.close(1, event_id=None, alert_id="x", by="duty-a", at=desk.world.clock.now())
    )
    await desk.world.clock.move(121)
    assert await desk.poller.run_once() == 1
    assert (await desk.county.store.read(lambda s: s.cap.figures())).held == 1


async def test_a_full_disk_loses_no_document(desk: Desk) -> None:
    """The round is as if it had not been."""
    desk.lay(RAIN)
    desk.county.store.disk_full = True
    with pytest.raises(UnavailableError):
        await desk.poller.run_once()
    desk.county.store.disk_full = False
    await desk.world.clock.move(121)
    assert await desk.poller.run_once() == 1


async def test_an_ack_in_a_feed_is_put_on_record(desk: Desk) -> None:
    """Some services list their answers beside their alerts."""
    event = await desk.county.send(alert_draft())
    ours = "urn:sihu:office:52272241600000,52272241600000_20260304074500_1,2026-03-04T07:45:00+08:00"
    desk.lay(
        CapAlert("A", "siren@dam.example", "2026-03-04T08:00:00+08:00", "Actual", "Ack", "Public", references=ours)
    )
    assert await desk.poller.run_once() == 0
    (row,) = await desk.county.store.read(lambda s: s.cap.answers(event.envelope_id, 9))
    assert row.origin == "feed:weather"
