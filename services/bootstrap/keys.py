"""What a change of keys needs of a county's own database, and of a key that lies elsewhere."""

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from adapters.keys.key_file import OpenKey, load
from adapters.sqlite.connection import open_reader
from adapters.sqlite.snapshot import SqliteSnapshot
from adapters.sqlite.store import open_store
from schemas.agreements import Agreement
from schemas.completeness import ForkEvidence
from schemas.control import ChainKind
from schemas.errors import Fault, NotFoundError
from schemas.key_changes import KeyEnd
from schemas.registry import KeyUse
from services.domain.key_drafting import ends_of
from services.ports import Transaction
from services.settings import Settings

_FORKS_MAX: Final = 100


def open_key_at(path: Path, passphrase: str) -> OpenKey:
    """Open a key file that lies somewhere else, on a stick for one.

    Raises:
        NotFoundError: There is no such file.
        RequestError: The passphrase is wrong, or the file is damaged or open to others.
    """
    return load(path, passphrase)


def own_ends(settings: Settings, use: KeyUse) -> tuple[KeyEnd, ...]:
    """Return up to where a key of ours has signed, by our own database.

    Raises:
        NotFoundError: There is no database yet: the key has signed nothing.
    """
    with _reading(settings) as snapshot:
        chains = snapshot.chains_of(settings.county)
        links = {chain.number: snapshot.links(chain.number, 0, 0) for chain in chains}
        openings = {number: found[0].envelope_id for number, found in links.items() if found}
        return ends_of(chains, use, lambda chain: openings.get(chain.number))


@contextmanager
def _reading(settings: Settings) -> Iterator[SqliteSnapshot]:
    path = settings.at(settings.store.path)
    if not path.exists():
        raise NotFoundError(Fault("store.not_found", str(path), "there is no database here"))
    with contextlib.closing(open_reader(path)) as connection:
        yield SqliteSnapshot(connection)


def own_forks(settings: Settings) -> tuple[KeyEnd, ...]:
    """Return the forked epochs of ours, each with the last link of the branch that our own database holds.

    Raises:
        NotFoundError: There is no database.
    """
    with _reading(settings) as snapshot:
        return tuple(
            KeyEnd(channel=one.channel, epoch=one.epoch, seq=one.head.seq, id=one.head.envelope_id)
            for one in snapshot.chains_of(settings.county)
            if one.frozen and one.head.seq >= 0
        )


def kept_forks(settings: Settings) -> list[ForkEvidence]:
    """Return the proofs of forks that our database keeps, the newest first.

    Raises:
        NotFoundError: There is no database.
    """
    with _reading(settings) as snapshot:
        return snapshot.forks(_FORKS_MAX)


def agreed_ends(settings: Settings, agreement: Agreement) -> tuple[KeyEnd, ...]:
    """Return up to where the events under an agreement are here, our own and those of every other party."""
    if not settings.at(settings.store.path).exists():
        return ()
    with _reading(settings) as snapshot:
        return tuple(
            KeyEnd(channel=one.channel, epoch=one.epoch, seq=one.head.seq, id=one.head.envelope_id)
            for party in agreement.parties
            for one in snapshot.chains_of(party)
            if one.agreement_id == agreement.id and one.kind is ChainKind.EVENT and one.head.seq >= 0
        )


def doubt_the_hub(settings: Settings) -> None:
    """Note that somebody else may have sent and taken under our name.

    What he published we did not, and what he took from the hub never came to us. So, as after a restore, publications
    are numbered behind his, and every stream is read again from its first message.

    Raises:
        UnavailableError: The node runs, or the disk is failing.
    """
    path = settings.at(settings.store.path)
    if path.exists():
        asyncio.run(_doubt(path))


async def _doubt(path: Path) -> None:
    def work(tx: Transaction) -> None:
        tx.outbox.doubt()
        tx.memory.forget_positions()

    async with open_store(path, floor_bytes=0) as store:
        await store.write(work)
