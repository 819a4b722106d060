"""Files of events, uploads and sendings: the same in every store."""

from dataclasses import replace

import pytest

from schemas.control import ErasureReason
from schemas.envelope import ChunkBinding
from schemas.files import FileFigures, FileReport, FileState, KeptFile, Upload
from schemas.records import Direction, ErasureRow
from services.ports import Store, Transaction
from tests.contract.store.samples import THEM, THIRD, US, at, chain, envelope, hexed, link

ONE = envelope(1)
CHUNKS = ChunkBinding(size=40_000, digest=hexed("file"), chunk_size=16_384, root=hexed("root"))
FILE = KeptFile(ONE.envelope_id, "a" * 32, Direction.OUTGOING, US, CHUNKS, FileState.WHOLE, b"\x07", at(1), at(1))
UPLOAD = Upload("b" * 32, "desk", 39_984, hexed("plain"), bytes(range(32)), at(2))


async def keep(store: Store, *rows: KeptFile) -> None:
    """Keep files."""

    def work(tx: Transaction) -> None:
        for row in rows:
            tx.files.keep(row)

    await store.write(work)


async def test_a_file_is_kept_as_it_was_given(store: Store) -> None:
    """Every fact of it decides about a chunk."""
    await keep(store, FILE)
    assert await store.read(lambda s: s.files.file_of(FILE.envelope_id)) == FILE
    assert await store.read(lambda s: s.files.file_named(FILE.name)) == FILE
    assert await store.read(lambda s: s.files.file_of(hexed("another"))) is None


async def test_what_arrives_is_listed_the_oldest_first(store: Store) -> None:
    """Room is given in this order."""
    late = replace(FILE, envelope_id=hexed("late"), name="in-late", state=FileState.ARRIVING, started_at=at(9))
    early = replace(late, envelope_id=hexed("early"), name="in-early", started_at=at(3), held=b"\x01")
    await keep(store, FILE, late, early)
    assert await store.read(lambda s: s.files.arriving(9)) == [early, late]
    assert await store.read(lambda s: s.files.arriving(1)) == [early]
    await store.write(lambda tx: tx.files.settle(early.envelope_id, FileState.WHOLE, at(20)))
    assert await store.read(lambda s: s.files.arriving(9)) == [late]


async def test_names_that_count_are_those_of_files_and_uploads(store: Store) -> None:
    """What is not among them is swept."""
    await keep(store, FILE)
    await store.write(lambda tx: tx.files.begin(UPLOAD))
    assert await store.read(lambda s: s.files.kept_names()) == {FILE.name, UPLOAD.number}
    await store.write(lambda tx: tx.files.forget_name(FILE.envelope_id))
    await store.write(lambda tx: tx.files.drop(UPLOAD.number))
    assert await store.read(lambda s: s.files.kept_names()) == frozenset()


async def test_an_upload_is_kept_until_it_is_dropped(store: Store) -> None:
    """Its key is the key of the event to come."""
    ended = replace(UPLOAD, chunks=CHUNKS)
    await store.write(lambda tx: tx.files.begin(UPLOAD))
    assert await store.read(lambda s: s.files.upload(UPLOAD.number)) == UPLOAD
    await store.write(lambda tx: tx.files.begin(ended))
    assert await store.read(lambda s: s.files.uploads(9)) == [ended]
    await store.write(lambda tx: tx.files.drop(UPLOAD.number))
    assert await store.read(lambda s: s.files.upload(UPLOAD.number)) is None


async def test_sendings_take_turns_and_end(store: Store) -> None:
    """A small file must not wait for a large one; a number is never used twice, for it names publications."""

    def work(tx: Transaction) -> None:
        tx.files.keep(FILE)
        tx.files.send(FILE.envelope_id, THEM, b"\x07")
        tx.files.send(FILE.envelope_id, THIRD, b"\x03")

    await store.write(work)
    first, second = await store.read(lambda s: s.files.sendings(9))
    assert [(one.envelope_id, one.destination, one.todo) for one in (first, second)] == [
        (FILE.envelope_id, THEM, b"\x07"),
        (FILE.envelope_id, THIRD, b"\x03"),
    ]
    await store.write(lambda tx: tx.files.sent(first.number, b"\x04"))
    left = await store.read(lambda s: s.files.sendings(9))
    assert left == [second, replace(first, todo=b"\x04")]
    for one in left:
        await store.write(lambda tx, one=one: tx.files.sent(one.number, b"\x00"))  # type: ignore[misc]
    await store.write(lambda tx: tx.files.send(FILE.envelope_id, THEM, b"\x01"))
    (again,) = await store.read(lambda s: s.files.sendings(9))
    assert again.number > second.number
    await store.write(lambda tx: tx.files.sent(first.number, b"\x01"))  # ended long ago
    assert await store.read(lambda s: s.files.sendings(9)) == [again]


async def test_what_a_county_says_last_counts(store: Store) -> None:
    """It is shown to the source's officer."""
    for held in (1, 2):
        await store.write(lambda tx, held=held: tx.files.report(ONE.envelope_id, FileReport(THEM, held, at(held))))  # type: ignore[misc]
    await store.write(lambda tx: tx.files.report(ONE.envelope_id, FileReport(THIRD, 3, at(3))))
    reports = await store.read(lambda s: s.files.reports(ONE.envelope_id))
    assert reports == [FileReport(THEM, 2, at(2)), FileReport(THIRD, 3, at(3))]


async def test_erasing_an_event_ends_its_file(store: Store) -> None:
    """Nothing of it is published any more, and its bytes are to be removed."""

    def work(tx: Transaction) -> None:
        number = tx.chains.open(chain()).number
        tx.outbox.record([link(number, ONE)])
        tx.files.keep(FILE)
        tx.files.send(ONE.envelope_id, THEM, b"\x07")

    await store.write(work)
    await store.write(lambda tx: tx.erasures.erase(ONE.envelope_id, ErasureRow(US, ErasureReason.WITHDRAWN, at(9))))
    assert await store.read(lambda s: s.files.sendings(9)) == []
    (gone,) = await store.read(lambda s: s.files.gone(9))
    assert gone == replace(FILE, state=FileState.ERASED, moved_at=at(9))
    await store.write(lambda tx: tx.files.forget_name(ONE.envelope_id))
    assert await store.read(lambda s: s.files.gone(9)) == []


async def test_figures_say_what_is_under_way(store: Store) -> None:
    """A file that stays away for days is seen here."""
    assert await store.read(lambda s: s.files.figures()) == FileFigures(0, 0, None, 0, 0)
    arriving = replace(FILE, envelope_id=hexed("in"), name="in", state=FileState.ARRIVING, started_at=at(4))

    def work(tx: Transaction) -> None:
        tx.files.keep(arriving)
        tx.files.send(FILE.envelope_id, THEM, b"\x07")
        tx.files.begin(UPLOAD)

    await store.write(work)
    assert await store.read(lambda s: s.files.figures()) == FileFigures(1, CHUNKS.size, at(4), 3, 1)


async def test_a_failed_work_leaves_no_file(store: Store) -> None:
    """Event and file are recorded together or not at all."""

    def work(tx: Transaction) -> None:
        tx.files.keep(FILE)
        tx.files.send(FILE.envelope_id, THEM, b"\x07")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await store.write(work)
    assert await store.read(lambda s: s.files.file_of(FILE.envelope_id)) is None
    assert await store.read(lambda s: s.files.sendings(9)) == []


def test_an_upload_shows_no_key() -> None:
    """Rows are logged when something fails."""
    assert "key" not in repr(UPLOAD)
