"""Office keys: made in time, published once on every channel that needs them, destroyed when nothing needs them."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from adapters.keys.encryption import FileEncryption
from adapters.memory.store import MemoryStore
from schemas.control import MemberKeyPublished
from schemas.errors import RequestError
from schemas.records import HeldBack
from schemas.registry import KeyRecord
from services.bootstrap.restoring import mark_restored
from services.domain.governance import kid_of
from services.domain.office_keys import GRACE, LIFE, RENEWED_BEFORE, newest_valid
from services.rotation.rotation import Rotation
from tests import papers
from tests.desk import Office, opened
from tests.papers import HUANJIANG, NOW

DAY: Final = 24 * 3600
TRUST: Final = papers.trust(papers.in_force(internal_in_clear=False))
PHRASE: Final = "一句足够长的测试用口令，只在这里"


class Desk(Office):
    """环江 with key files of its own."""

    def __init__(self, root: Path) -> None:
        """Start without any short-lived key."""
        super().__init__(HUANJIANG, MemoryStore(), trust=TRUST)
        self.files = FileEncryption(root, PHRASE, kid_of)
        self.rotation = Rotation(
            store=self.store, posting=self.posting, keys=self.files, trust=lambda: self.trusted, clock=self.clock
        )

    async def published(self) -> list[KeyRecord]:
        """Return the keys published since the last look."""
        sent = [opened(one.message) for one in await self.sent()]
        return [
            MemberKeyPublished.model_validate_json(one.content).key
            for one in sent
            if one.header.type == MemberKeyPublished.wire_type
        ]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """环江, which keeps its keys in files."""
    return Desk(tmp_path)


async def test_the_first_pass_makes_a_key_and_publishes_it(desk: Desk) -> None:
    """Without it partners would take the key that lives for years."""
    assert await desk.rotation.run_once() == 1
    (key,) = await desk.published()
    assert desk.files.records() == [key]
    assert (key.valid_from, key.valid_until) == (NOW, NOW + LIFE)
    assert await desk.store.write(lambda tx: tx.key_book.of(HUANJIANG)) == (key,)


async def test_a_second_pass_has_nothing_to_do(desk: Desk) -> None:
    """Once a minute something would go out, else."""
    await desk.rotation.run_once()
    desk.clock.jump(DAY)
    assert await desk.rotation.run_once() == 0
    assert len(await desk.published()) == 1


async def test_the_next_key_is_published_a_week_before_the_end(desk: Desk) -> None:
    """A partner whose link is down for some days has it in time."""
    await desk.rotation.run_once()
    desk.clock.jump((LIFE - RENEWED_BEFORE).total_seconds() - 1)
    assert await desk.rotation.run_once() == 0
    desk.clock.jump(1)
    assert await desk.rotation.run_once() == 1
    first, second = await desk.published()
    assert second.valid_from < (first.valid_until or NOW)


async def test_a_new_agreement_gets_the_key_of_this_month(desk: Desk) -> None:
    """And the one that has it already does not get it again."""
    await desk.rotation.run_once()
    another = papers.in_force(id="work-only", internal_in_clear=False)
    desk.trusted = papers.trust(*TRUST.agreements.values(), another)
    assert await desk.rotation.run_once() == 1
    first, second = await desk.published()
    assert first == second


async def test_nothing_is_published_where_nothing_is_encrypted(desk: Desk) -> None:
    """A channel for nothing: its link would be kept by everybody for ever."""
    desk.trusted = papers.trust()
    assert await desk.rotation.run_once() == 0
    assert await desk.sent() == []


async def test_a_key_is_destroyed_some_days_after_its_end(desk: Desk) -> None:
    """Not before: the hub may still hold messages under it. After that nobody opens an old capture."""
    await desk.rotation.run_once()
    (first,) = desk.files.records()
    desk.clock.jump((LIFE + GRACE).total_seconds() - 1)
    await desk.rotation.run_once()
    assert first in desk.files.records()
    desk.clock.jump(1)
    await desk.rotation.run_once()
    assert first not in desk.files.records()


async def test_what_is_held_back_keeps_its_key(desk: Desk) -> None:
    """A link that waits for a missing one is opened when that comes, and would be lost without the key."""
    await desk.rotation.run_once()
    (first,) = desk.files.records()
    held = HeldBack("00" * 32, papers.EPOCH, 5, "11" * 32, papers.LIBO, "", b"message", desk.clock.now())
    await desk.store.write(lambda tx: tx.waiting_room.hold(held))
    desk.clock.jump((LIFE + GRACE).total_seconds() + DAY)
    await desk.rotation.run_once()
    assert first in desk.files.records()

    await desk.store.write(lambda tx: tx.waiting_room.take_held(held.channel, held.epoch, held.seq))
    await desk.rotation.run_once()
    assert first not in desk.files.records()


async def test_a_key_made_by_the_command_is_published_by_the_next_pass(desk: Desk, tmp_path: Path) -> None:
    """`sihu key rotate-office` runs beside the node."""
    await desk.rotation.run_once()
    desk.clock.jump(60)
    made = FileEncryption(tmp_path, PHRASE, kid_of).make(desk.clock.now(), desk.clock.now() + LIFE)
    assert await desk.rotation.run_once() == 1
    assert (await desk.published())[-1] == made


async def test_a_restored_county_makes_a_new_key_at_once(desk: Desk) -> None:
    """Partners may know a younger key than the backup held: until its end they would send what nobody can open."""
    await desk.rotation.run_once()
    await desk.store.write(lambda tx: mark_restored(tx, HUANJIANG))
    desk.clock.jump(DAY)
    assert await desk.rotation.run_once() == 0  # a node looks at its start: nothing is restored beneath it

    again = Rotation(
        store=desk.store, posting=desk.posting, keys=desk.files, trust=lambda: desk.trusted, clock=desk.clock
    )
    assert await again.run_once() == 1
    first, second = await desk.published()
    assert second.valid_from > first.valid_from
    desk.clock.jump(DAY)
    assert await again.run_once() == 0


# -- the files -----------------------------------------------------------------------------------------


def month(after: datetime = NOW) -> tuple[datetime, datetime]:
    """Return a validity."""
    return after, after + timedelta(days=38)


def test_what_was_wrapped_for_an_office_key_opens_after_a_restart(tmp_path: Path) -> None:
    """Another process, with the passphrase."""
    first = FileEncryption(tmp_path, PHRASE, kid_of)
    key = first.make(*month())
    wrapped = first.wrap(bytes(32), papers.from_public(key), b"place")
    again = FileEncryption(tmp_path, PHRASE, kid_of)
    assert again.unwrap(key.kid, wrapped, b"place") is None
    assert again.records() == [key]
    assert again.unwrap(key.kid, wrapped, b"place") == bytes(32)


def test_a_destroyed_key_opens_nothing_and_leaves_no_file(tmp_path: Path) -> None:
    """Twice is no fault: a crash may have come between."""
    ring = FileEncryption(tmp_path, PHRASE, kid_of)
    key = ring.make(*month())
    wrapped = ring.wrap(bytes(32), papers.from_public(key), b"place")
    ring.destroy(key.kid)
    ring.destroy(key.kid)
    assert ring.unwrap(key.kid, wrapped, b"place") is None
    assert list(tmp_path.iterdir()) == []


def test_private_halves_lie_encrypted_and_for_their_owner_alone(tmp_path: Path) -> None:
    """Like every key of a county."""
    FileEncryption(tmp_path, PHRASE, kid_of).make(*month())
    (path,) = tmp_path.glob("*.key")
    assert path.stat().st_mode & 0o077 == 0
    assert path.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    """The operator reads which file, and what to do."""
    ring = FileEncryption(tmp_path, PHRASE, kid_of)
    key = ring.make(*month())
    (tmp_path / f"office-{key.kid}.json").write_text("{}")
    with pytest.raises(RequestError) as refused:
        ring.records()
    assert refused.value.fault.code == "key.malformed"


def test_the_newest_key_is_the_one_that_began_last() -> None:
    """Whatever the order in which they came."""
    old = papers.x25519_record("old", valid_from=NOW - timedelta(days=9), valid_until=NOW + timedelta(days=9))
    young = papers.x25519_record("young", valid_from=NOW, valid_until=NOW + timedelta(days=9))
    assert newest_valid([young, old], NOW) == newest_valid([old, young], NOW) == young
    assert newest_valid([young, old], NOW - timedelta(days=1)) == old
    assert newest_valid([replace_end(young)], NOW) is None


def replace_end(key: KeyRecord) -> KeyRecord:
    """Return the key with its end now: from then on it is not valid."""
    return key.model_copy(update={"valid_until": NOW})
