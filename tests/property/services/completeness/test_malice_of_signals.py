"""A member gone bad signals whatever it likes: nothing that it signs takes the listener down, on either store."""

import asyncio
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.memory.bus import MemoryHub, MemoryPuller
from adapters.memory.store import MemoryStore
from adapters.sqlite.store import open_store
from schemas.base import Event
from schemas.carriage import Arrival, ArrivalBatch
from schemas.control import ForkProved, HeadBeaconed, RangeRequested
from schemas.envelope import MAX_INTEGER
from schemas.registry import KeyUse
from schemas.subjects import SIGNAL_STREAM
from services.completeness.listener import Listener
from services.completeness.writing import Wishes
from services.domain.encoding import to_base64url
from services.domain.signals import compose, number_at
from tests import papers
from tests.desk import Office, opened, written
from tests.papers import COUNTIES, FUNING, HUANJIANG, LIBO, NANDAN, NOW
from tests.signalling import closing

_key = papers.signer(LIBO, KeyUse.EVENT)


def _links() -> list[Any]:
    async def write() -> list[Any]:
        return [opened(one.message) for one in await written(Office(LIBO, MemoryStore()), 4)]

    return asyncio.run(write())


LINKS = _links()
_channels = st.sampled_from(sorted({one.header.channel for one in LINKS} | {"a" * 64}))
_epochs = st.sampled_from([LINKS[0].header.epoch, "999999999-ffffffffffffffff"])
_seqs = st.sampled_from([0, 1, 2, 3, 4, 5, 400, MAX_INTEGER])
_ids = st.sampled_from([one.envelope_id for one in LINKS] + ["f" * 64])
_heads = st.fixed_dictionaries({"channel": _channels, "epoch": _epochs, "seq": _seqs, "id": _ids})
_seen = st.builds(
    lambda head, source: {**head, "source": source}, _heads, st.sampled_from((*COUNTIES, FUNING, "999999"))
)
_idle = st.none() | st.fixed_dictionaries({"count": st.integers(1, 9), "digest": _ids})
_beacons = st.builds(
    lambda heads, idle, receipts, seen: HeadBeaconed.model_validate(
        {"heads": heads, "idle": idle, "receipts_seen": receipts, "witnessed": seen}
    ),
    st.lists(_heads, max_size=5),
    _idle,
    st.lists(_heads, max_size=3),
    st.lists(_seen, max_size=5),
)
_runs = st.builds(
    lambda head, last: {
        "channel": head["channel"],
        "epoch": head["epoch"],
        "first_seq": min(head["seq"], last),
        "last_seq": max(head["seq"], last),
    },
    _heads,
    _seqs,
)
_requests = st.builds(
    lambda wanted, heads: RangeRequested.model_validate({"wanted": wanted, "all_heads": heads}),
    st.lists(_runs, max_size=5),
    st.booleans(),
)
_parts = st.sampled_from(
    [to_base64url(part) for one in LINKS for part in (one.header_bytes, one.signatures_bytes)] + ["A", "_" * 99]
)
_signed = st.fixed_dictionaries({"header": _parts, "signatures": _parts})
_proofs = st.builds(lambda one, two: ForkProved.model_validate({"links": [one, two]}), _signed, _signed)
_flips = st.none() | st.integers(0, 4000)
_readers = st.sampled_from([HUANJIANG, HUANJIANG, HUANJIANG, NANDAN, None])  # closed to us, to another, to nobody
_signals = st.tuples(st.one_of(_beacons, _requests, _proofs), _flips, _readers)


_Signalled = tuple[Event, int | None, str | None]


def _arrival(number: int, event: Event, flip: int | None, reader: str | None) -> Arrival:
    subject, message = compose(
        event,
        source=LIBO,
        to=HUANJIANG,
        number=number_at(NOW, number),
        now=NOW,
        content_id="0" * 32,
        registry_version=1,
        signer=(_key.kid, _key.sign),
        closing=closing(reader) if reader else None,
    )
    if flip is not None:
        at = flip % len(message)
        message = message[:at] + bytes([message[at] ^ 1]) + message[at + 1 :]
    return Arrival(number + 1, subject, message)


async def _hear(office: Office, signals: list[_Signalled]) -> None:
    await office.take(*(Arrival(0, papers.arrival(one).subject, one.to_wire()) for one in LINKS[:3]))
    listener = Listener(
        store=office.store,
        posting=office.posting,
        puller=MemoryPuller(MemoryHub(), office.code, SIGNAL_STREAM),
        trust=partial(getattr, office, "trusted"),
        clock=office.clock,
        wishes=Wishes(),
        interval_seconds=60,
    )
    arrivals = tuple(_arrival(number, *one) for number, one in enumerate(signals))
    await listener.run_once(ArrivalBatch(SIGNAL_STREAM, arrivals, "1"))
    assert await office.seqs() == [1, 2], "no signal touches an inbox"


@given(st.lists(_signals, min_size=1, max_size=5))
@settings(max_examples=150, deadline=None)
def test_nothing_that_is_signalled_takes_the_listener_down(signals: list[_Signalled]) -> None:
    """Extremes in every field, one flipped bit anywhere, closed by a key that we have, by another, by none."""
    asyncio.run(_hear(Office(HUANJIANG, MemoryStore()), signals))


@given(st.lists(_signals, min_size=1, max_size=5))
@settings(max_examples=15, deadline=None)
def test_nor_on_the_real_store(signals: list[_Signalled]) -> None:
    """SQLite has bounds of its own."""

    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with open_store(Path(folder) / "county.db", floor_bytes=0) as store:
                await _hear(Office(HUANJIANG, store), signals)

    asyncio.run(run())
