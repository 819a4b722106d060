"""A process that posts without end and prints each acknowledged envelope id; its end is a kill."""

import asyncio
import itertools
import sys
from pathlib import Path

from adapters.sqlite.store import open_store
from schemas.subjects import Lane
from services.ports import Transaction
from tests.contract.store.kinds import posted
from tests.contract.store.samples import envelope

_CLIENTS = 8


async def _main(path: Path) -> None:
    async with open_store(path) as store:
        head = await store.read(lambda snapshot: snapshot.counts()["events_out"])
        seqs = itertools.count(head + 1)

        def work(tx: Transaction) -> str:
            seq = next(seqs)
            posted(tx, 1, first=seq)
            envelope_id = envelope(seq).envelope_id
            tx.outbox.enqueue(Lane.NORMAL, "hub.in.x", envelope_id)
            return envelope_id

        async def client() -> None:
            while True:
                envelope_id = await store.write(work)
                sys.stdout.write(envelope_id + "\n")
                sys.stdout.flush()

        await asyncio.gather(*(client() for _ in range(_CLIENTS)))


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
