"""Content keys, erasures and published keys: the same in every store."""

from datetime import timedelta

from schemas.control import ErasureReason
from schemas.custody import KeyPublication
from schemas.records import ErasureRow
from services.domain.encoding import digest_of
from services.ports import Store, Transaction
from tests import papers
from tests.contract.store.samples import THEM, THIRD, US, at, chain, envelope, link

KEY = bytes(range(32))
ONE = envelope(1)
OURS = ErasureRow(US, ErasureReason.WITHDRAWN, at(9))


async def recorded(store: Store, key: bytes = KEY) -> None:
    """Record one event of ours with its content key."""

    def work(tx: Transaction) -> None:
        number = tx.chains.open(chain()).number
        tx.outbox.record([link(number, ONE, content_key=key)])

    await store.write(work)


async def test_a_content_key_is_kept_beside_its_event(store: Store) -> None:
    """Without it the content that was carried would stay shut."""
    await recorded(store)
    held = await store.read(lambda s: s.event(ONE.envelope_id))
    assert held is not None
    assert (held.content_key, held.envelope) == (KEY, ONE)


async def test_a_listing_has_what_a_headline_is_read_from(store: Store) -> None:
    """Only of content that is kept encrypted."""
    await recorded(store)
    (row,) = (await store.read(lambda s: s.events(direction=None, wire_type=None, since=0, limit=9))).rows
    assert row.kept is not None
    assert (row.kept.carried, row.kept.key, row.kept.content_id) == (ONE.content, KEY, ONE.header.content.content_id)


async def test_content_in_clear_has_no_key(store: Store) -> None:
    """And no second copy of it in a listing."""
    await recorded(store, b"")
    held = await store.read(lambda s: s.event(ONE.envelope_id))
    (row,) = (await store.read(lambda s: s.events(direction=None, wire_type=None, since=0, limit=9))).rows
    assert held is not None
    assert (held.content_key, row.kept) == (b"", None)


async def test_erasing_leaves_header_and_signatures(store: Store) -> None:
    """And a row that says who, why and when."""
    await recorded(store)
    assert await store.write(lambda tx: tx.erasures.erase(ONE.envelope_id, OURS))
    held = await store.read(lambda s: s.event(ONE.envelope_id))
    assert held is not None
    left = held.envelope
    assert (left.header_bytes, left.signatures_bytes) == (ONE.header_bytes, ONE.signatures_bytes)
    assert (left.content, left.keys_bytes, held.content_key) == (b"", b"", b"")
    assert await store.read(lambda s: s.erasures_of(ONE.envelope_id)) == [OURS]


async def test_the_first_word_of_each_county_stays(store: Store) -> None:
    """A repeated record changes nothing; another county's stands beside ours."""
    await recorded(store)
    theirs = ErasureRow(THEM, ErasureReason.WITHDRAWN, at(20))
    later = ErasureRow(THEM, ErasureReason.EXPIRED, at(30))

    def work(tx: Transaction) -> None:
        tx.erasures.erase(ONE.envelope_id, OURS)
        for row in (theirs, later):
            tx.erasures.note(ONE.envelope_id, row)

    await store.write(work)
    assert await store.read(lambda s: s.erasures_of(ONE.envelope_id)) == [OURS, theirs]


async def test_what_is_not_here_cannot_be_erased(store: Store) -> None:
    """The caller must not believe that it was."""
    assert not await store.write(lambda tx: tx.erasures.erase(digest_of(b"other"), OURS))
    await store.write(lambda tx: tx.erasures.note(digest_of(b"other"), OURS))
    assert await store.read(lambda s: s.erasures_of(digest_of(b"other"))) == []


async def test_published_keys_are_kept_by_county_the_newest_first(store: Store) -> None:
    """Twelve of each: whoever publishes more pushes out its own oldest and nobody else's."""
    keys = [papers.x25519_record(f"{number}", valid_from=at(number)) for number in range(14)]
    other = papers.x25519_record("other", valid_from=at(-1))

    def work(tx: Transaction) -> None:
        tx.key_book.keep(THIRD, other)
        for key in keys:
            tx.key_book.keep(THEM, key)

    await store.write(work)
    assert await store.write(lambda tx: tx.key_book.of(THEM)) == tuple(reversed(keys))[:12]
    assert await store.write(lambda tx: tx.key_book.of(THIRD)) == (other,)


async def test_a_key_published_by_two_is_kept_for_both(store: Store) -> None:
    """A member that publishes its neighbour's key as its own must not take it away from that one."""
    key = papers.x25519_record("shared", valid_from=at(0), valid_until=at(0) + timedelta(days=9))
    await store.write(lambda tx: tx.key_book.keep(THEM, key))
    await store.write(lambda tx: tx.key_book.keep(THIRD, key))
    held = await store.write(lambda tx: [tx.key_book.of(county) for county in (THEM, THIRD)])
    assert held == [(key,), (key,)]


async def test_where_our_keys_were_published_is_remembered(store: Store) -> None:
    """Each goes out once on each channel."""
    await store.write(lambda tx: tx.key_book.note_published("kid", "channel", ONE.envelope_id))
    await store.write(lambda tx: tx.key_book.note_published("kid", "channel", "22" * 32))
    asked = [("kid", "channel"), ("kid", "other"), ("other", "channel")]
    assert await store.read(lambda s: [s.is_published(*one) for one in asked]) == [True, False, False]
    assert await store.read(lambda s: s.publications_of("kid")) == [KeyPublication("channel", ONE.envelope_id)]
    assert await store.read(lambda s: s.publications_of("other")) == []
