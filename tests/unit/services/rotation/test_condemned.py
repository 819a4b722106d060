"""The key that opens an erased content goes early, and never before everything on its way under it has come."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from adapters.keys.encryption import FileEncryption
from adapters.memory.store import MemoryStore
from schemas.completeness import Claim, Heard
from schemas.control import HeadBeaconed, ReceiptStage
from schemas.records import Direction, HeldBack, ReceiptRow
from services.domain.custody import SETTLING, Partner, replaced
from services.domain.governance import kid_of
from services.ports import Transaction
from services.rotation.rotation import Rotation
from tests import papers
from tests.desk import Office
from tests.papers import HUANJIANG, LIBO, NANDAN, NOW

DAY: Final = 24 * 3600
TRUST: Final = papers.trust(papers.in_force(internal_in_clear=False))
PHRASE: Final = "一句足够长的测试用口令，只在这里"


class Desk(Office):
    """环江, which keeps its keys in files and has erased something under the first of them."""

    def __init__(self, root: Path) -> None:
        """Start without any short-lived key."""
        super().__init__(HUANJIANG, MemoryStore(), trust=TRUST)
        self.files = FileEncryption(root, PHRASE, kid_of)
        self.rotation = Rotation(
            store=self.store, posting=self.posting, keys=self.files, trust=lambda: self.trusted, clock=self.clock
        )

    @property
    def kids(self) -> list[str]:
        """The keys that are here."""
        return [one.kid for one in sorted(self.files.listed(), key=lambda one: one.valid_from)]

    async def begin(self) -> str:
        """Make the first key and condemn it; return its id."""
        await self.rotation.run_once()
        (kid,) = self.kids
        now = self.clock.now()
        await self.store.write(lambda tx: tx.custody.condemn(kid, now))
        return kid

    async def receipted(self, *counties: str) -> None:
        """Let partners have stored everything that was published."""
        now = self.clock.now()

        def work(tx: Transaction) -> None:
            for chain in tx.chains_of(HUANJIANG):
                for county in counties:
                    tx.dues.mark(_stored(county, chain.number, chain.head.seq, now))

        await self.store.write(work)

    async def heard(self, at: datetime, *counties: str) -> None:
        """Let beacons of partners come that were made then."""

        def work(tx: Transaction) -> None:
            for county in counties:
                number = int(at.timestamp() * 1000)
                tx.signal_book.hear(HeadBeaconed.wire_type, Heard(county, number, at, at))

        await self.store.write(work)


def _stored(county: str, chain: int, seq: int, at: datetime) -> ReceiptRow:
    return ReceiptRow("11" * 32, Direction.INCOMING, county, ReceiptStage.STORED, chain, 1, seq, at, at)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """环江."""
    return Desk(tmp_path)


async def test_a_new_key_is_made_a_day_after_the_condemned_one(desk: Desk) -> None:
    """Not at once: whoever erases all day long makes one key a day."""
    first = await desk.begin()
    desk.clock.jump(DAY - 1)
    assert await desk.rotation.run_once() == 0
    desk.clock.jump(1)
    assert await desk.rotation.run_once() == 1
    assert desk.kids[0] == first
    assert len(desk.kids) == 2


async def test_the_old_key_goes_once_every_partner_uses_the_new_one(desk: Desk) -> None:
    """Stored by all, and a beacon of each that was made after that: what they sent before is listed in it."""
    first = await desk.begin()
    desk.clock.jump(DAY)
    await desk.rotation.run_once()
    await desk.receipted(LIBO, NANDAN)
    await desk.heard(desk.clock.now() + SETTLING, LIBO, NANDAN)
    await desk.rotation.run_once()
    assert first not in desk.kids
    assert len(desk.kids) == 1
    assert await desk.store.read(lambda s: dict(s.condemned())) == {}


async def test_a_partner_that_has_not_got_the_new_key_keeps_the_old_one_here(desk: Desk) -> None:
    """It goes on encrypting to that."""
    first = await desk.begin()
    desk.clock.jump(DAY)
    await desk.rotation.run_once()
    await desk.receipted(LIBO)
    await desk.heard(desk.clock.now() + SETTLING, LIBO, NANDAN)
    await desk.rotation.run_once()
    assert first in desk.kids


async def test_an_older_beacon_proves_nothing(desk: Desk) -> None:
    """What was sent between it and the receipt may still be on its way."""
    first = await desk.begin()
    desk.clock.jump(DAY)
    await desk.rotation.run_once()
    await desk.receipted(LIBO, NANDAN)
    await desk.heard(desk.clock.now() + SETTLING - timedelta(milliseconds=1), LIBO, NANDAN)
    await desk.rotation.run_once()
    assert first in desk.kids


async def test_what_a_partner_has_sent_and_is_not_here_keeps_the_key(desk: Desk) -> None:
    """It is encrypted to the old one."""
    first = await desk.begin()
    desk.clock.jump(DAY)
    await desk.rotation.run_once()
    await desk.receipted(LIBO, NANDAN)
    at = desk.clock.now() + SETTLING
    await desk.heard(at, LIBO, NANDAN)
    claim = Claim(LIBO, LIBO, "22" * 32, papers.EPOCH, 7, "33" * 32, at)
    await desk.store.write(lambda tx: tx.signal_book.claim(LIBO, [claim]))
    await desk.rotation.run_once()
    assert first in desk.kids
    await desk.store.write(lambda tx: tx.signal_book.claim(LIBO, []))
    await desk.rotation.run_once()
    assert first not in desk.kids


async def test_what_is_held_back_keeps_the_key(desk: Desk) -> None:
    """A link that waits is opened later."""
    first = await desk.begin()
    desk.clock.jump(DAY)
    await desk.rotation.run_once()
    await desk.receipted(LIBO, NANDAN)
    await desk.heard(desk.clock.now() + SETTLING, LIBO, NANDAN)
    held = HeldBack("00" * 32, papers.EPOCH, 5, "11" * 32, LIBO, "", b"message", desk.clock.now())
    await desk.store.write(lambda tx: tx.waiting_room.hold(held))
    await desk.rotation.run_once()
    assert first in desk.kids


async def test_the_newest_key_is_never_destroyed(desk: Desk) -> None:
    """Partners encrypt to it now."""
    first = await desk.begin()
    await desk.receipted(LIBO, NANDAN)
    await desk.heard(desk.clock.now() + SETTLING, LIBO, NANDAN)
    await desk.rotation.run_once()
    assert desk.kids == [first]


def test_one_partner_in_doubt_is_enough() -> None:
    """All of them, or the key stays."""
    good = Partner(NOW, NOW + SETTLING, lacking=False)
    assert replaced([good, good])
    assert replaced([])
    for bad in (Partner(None, NOW, lacking=False), Partner(NOW, None, lacking=False), Partner(NOW, NOW, lacking=False)):
        assert not replaced([good, bad])
    assert not replaced([good, Partner(NOW, NOW + SETTLING, lacking=True)])
