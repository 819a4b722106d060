"""Child: what each guarantee costs alone: the product's own functions, part by part, on one thread, CPU of the process.

Nothing is switched off anywhere: a part is called by itself on what the part before it left. What needs the hub, and
what a node spends on its loop and on handing the interpreter over, is seen in the whole only.
"""

import asyncio
import contextlib
import ssl
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from adapters.ids import SystemIds
from adapters.memory.encryption import MemoryEncryption, kid_of_name, public_of_name
from adapters.sqlite.store import SqliteStore, open_store
from adapters.tls.authority import Authority, save
from schemas.carriage import Arrival, Publication
from schemas.catalogue import parse_new
from schemas.control import ChainKind
from schemas.drafts import EventDraft
from schemas.envelope import Position
from schemas.errors import Fault, InvariantError
from schemas.records import Chain
from schemas.registry import KeyUse
from schemas.subjects import Lane
from services.domain.chain import channel_of
from services.domain.drafting import Outgoing, complete
from services.domain.encoding import compact_json
from services.domain.encryption import decrypt_content, encrypt_content, spell_keys
from services.domain.guards import guard_new
from services.domain.heading import place
from services.domain.receiving import Examined, conclude, open_arrival
from services.domain.signing import attach, first_broken
from services.gateway.bodies import read_body
from services.posting import Posting
from services.receiver.settling import Settlement
from tests.bench.events import AGREEMENT_ID, draft_of
from tests.bench.members import county_codes, signers_of, trust_of
from tests.bench.processes import serve

_GROUP: Final = 100
"""Events of one transaction, as in a node that is busy."""

_TLS_CHUNK: Final = 64 * 1024
_ALL: Final = 10_000_000
_INFO: Final = b"sihu bench"
T = TypeVar("T")


class Parts:
    """Two counties in one process, without a hub."""

    def __init__(self, stack: AsyncExitStack) -> None:
        """Everything opened ends with ``stack``."""
        self._stack = stack
        self._codes = county_codes(2)
        self._trust = trust_of(self._codes)
        self._postings = [self._posting(county) for county in self._codes]
        self._stores: list[SqliteStore] = []
        self._last = 0
        self._public = {county: public_of_name(county) for county in self._codes}
        self._spent: defaultdict[str, float] = defaultdict(float)

    def _posting(self, county: str) -> Posting:
        return Posting(
            county=county,
            signers=signers_of(county),
            trust=lambda: self._trust,
            ids=SystemIds(),
            encryption=MemoryEncryption(county),
        )

    async def open(self, folder: str) -> dict[str, Any]:
        """Open the source's database, the neighbour's, and one of a neighbour that gives a receipt for each event."""
        self._tls = Tls(Path(folder))
        for name, county in (("source", 0), ("ranges", 1), ("singles", 1)):
            store = open_store(Path(folder) / f"{name}.db", county=self._codes[county])
            self._stores.append(await self._stack.enter_async_context(store))
        return {}

    async def measure(self, first: int, count: int) -> dict[str, Any]:
        """Take ``count`` events through every part; return the microseconds of CPU of each, per event."""
        self._spent = defaultdict(float)
        for start in range(first, first + count, _GROUP):
            await self._group(range(start, min(start + _GROUP, first + count)))
        spent = {name: seconds / count * 1e6 for name, seconds in self._spent.items()}
        one_each = (spent.pop("settled_singly") - spent["settled"]) / (1 - 1 / _GROUP)
        in_ranges = one_each / _GROUP
        spent["inbox"] = spent.pop("settled") - in_ranges
        spent |= {"receipts": in_ranges, "receipt_each": one_each}
        spent["outbox"] = spent.pop("posted") - spent["chain"] - spent["signature"]
        return {"parts": spent}

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        started = time.process_time()
        yield
        self._spent[name] += time.process_time() - started

    async def _group(self, numbers: Sequence[int]) -> None:
        now = datetime.fromtimestamp(time.time(), UTC)
        outgoing = self._drafted([draft_of(number) for number in numbers], now)
        self._headed(outgoing, now)
        with self._timed("posted"):
            await self._stores[0].write(lambda tx: [self._postings[0].post(tx, one, now) for one in outgoing])
        arrivals = await self._published()
        examined = self._examined(arrivals)
        self._encrypted(outgoing)
        self._through_tls([arrival.message for arrival in arrivals])
        for name, store, range_max in (("settled", 1, _GROUP), ("settled_singly", 2, 1)):
            with self._timed(name):
                await self._settle(self._stores[store], examined, now, range_max)

    def _drafted(self, bodies: Sequence[bytes], now: datetime) -> list[Outgoing]:
        with self._timed("content"):
            drafts = [must(read_body(body, EventDraft, "request")) for body in bodies]
            contents = [compact_json(draft.content) for draft in drafts]
            events = [must(parse_new(draft.type, content)) for draft, content in zip(drafts, contents, strict=True)]
        with self._timed("guards"):
            for draft, content in zip(drafts, contents, strict=True):
                guard_new(draft.content, content)
        with self._timed("agreement"):
            return [
                must(complete(draft, event, content=content, trust=self._trust, county=self._codes[0], now=now))
                for draft, event, content in zip(drafts, events, contents, strict=True)
            ]

    def _headed(self, outgoing: Sequence[Outgoing], now: datetime) -> None:
        """Head and sign once more what ``post`` heads and signs, so that its share can be told from the outbox's."""
        signer = signers_of(self._codes[0])[KeyUse.EVENT]
        chain = self._chain
        with self._timed("chain"):
            prepared = [
                place(one, chain, now=now, content_id="0" * 32, registry_version=1, signer=signer.kid)
                for one in outgoing
            ]
            for one, header in zip(outgoing, prepared, strict=True):
                attach(header, [(signer.kid, bytes(64))], one.content)
        with self._timed("signature"):
            for header in prepared:
                signer.sign(header.to_be_signed)

    @property
    def _chain(self) -> Chain:
        """A chain like the one that the source writes; only its bytes matter here."""
        source, agreement, audience = self._codes[0], AGREEMENT_ID, self._codes[1:]
        channel = channel_of(ChainKind.EVENT, source, agreement, audience)
        head = Position(100_000, "0" * 64)
        return Chain(1, channel, f"1-{'0' * 16}", source, agreement, ChainKind.EVENT, audience, head)

    async def _published(self) -> list[Arrival]:
        """Return what the hub would hand over now."""
        last, urgent = self._last, [] if self._last else await self._waiting(Lane.URGENT, 0)
        normal = await self._waiting(Lane.NORMAL, last)
        self._last = normal[-1].sequence
        both = [*urgent, *normal]
        return [
            Arrival(sequence=last + place, subject=one.subject, message=one.message)
            for place, one in enumerate(both, 1)
        ]

    async def _waiting(self, lane: Lane, after: int) -> list[Publication]:
        return await self._stores[0].read(lambda tx: tx.waiting(lane, after, _ALL, 2**40))

    def _examined(self, arrivals: Sequence[Arrival]) -> list[Examined]:
        county, unwrap = self._codes[1], self._postings[1].encryption.unwrap
        with self._timed("opened"):
            opened = [open_arrival(one, self._trust) for one in arrivals]
        with self._timed("verified"):
            broken = [first_broken(one.claims) for one in opened]
        with self._timed("judged"):
            return [
                conclude(one, fault, trust=self._trust, county=county, unwrap=unwrap)
                for one, fault in zip(opened, broken, strict=True)
            ]

    async def _settle(self, store: SqliteStore, examined: Sequence[Examined], now: datetime, range_max: int) -> None:
        posting, trust = self._postings[1], self._trust
        await store.write(
            lambda tx: Settlement(tx, posting=posting, trust=trust, now=now, range_max=range_max).settle(examined)
        )
        held = (await store.read(lambda tx: tx.counts()))["events_in"]
        if held != self._last:
            raise InvariantError(f"{held} of {self._last} events were taken in")

    def _encrypted(self, outgoing: Sequence[Outgoing]) -> None:
        """Encrypt each content to its source and one reader, and open it as that reader does."""
        source, reader = self._codes
        encryption, reading = self._postings[0].encryption, self._postings[1].encryption
        with self._timed("encryption"):
            made = []
            for one in outgoing:
                key, salt = encryption.fresh()
                carried = encrypt_content(one.content, source=source, content_id="0" * 32, key=key, salt=salt)
                wrapped: dict[str, tuple[str, bytes]] = {
                    county: (kid_of_name(county), encryption.wrap(key, public, _INFO))
                    for county, public in self._public.items()
                }
                spell_keys(wrapped)
                made.append((carried.carried, wrapped[reader]))
        with self._timed("decryption"):
            for carried_bytes, (kid, wrapped_key) in made:
                key = reading.unwrap(kid, wrapped_key, _INFO) or b""
                if decrypt_content(carried_bytes, source=source, content_id="0" * 32, key=key) is None:
                    raise InvariantError("what was encrypted does not open")

    def _through_tls(self, messages: Sequence[bytes]) -> None:
        """Send the messages through TLS 1.3 as bytes only: what its records cost at both ends of one connection."""
        stream = b"".join(messages)
        with self._timed("tls"):
            for start in range(0, len(stream), _TLS_CHUNK):
                self._tls.carry(stream[start : start + _TLS_CHUNK])


class Tls:
    """Both ends of one TLS connection, in memory."""

    def __init__(self, folder: Path) -> None:
        """Shake hands with a certificate as a hub has it."""
        authority, _ = Authority.create("bench", now=datetime.fromtimestamp(time.time(), UTC))
        issued = authority.server(["hub.bench"], now=datetime.fromtimestamp(time.time(), UTC))
        certificate, key, ca = folder / "hub.pem", folder / "hub.key", folder / "ca.pem"
        save(issued, certificate, key)
        ca.write_bytes(authority.certificate_pem)
        server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=str(ca))
        server.load_cert_chain(certificate, key)
        client.minimum_version = ssl.TLSVersion.TLSv1_3
        there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._near = client.wrap_bio(back, there, server_hostname="hub.bench")
        self._far = server.wrap_bio(there, back, server_side=True)
        for end in (self._near, self._far, self._near, self._far):
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()

    def carry(self, data: bytes) -> None:
        """Write at one end and read at the other."""
        self._near.write(data)
        left = len(data)
        while left:
            left -= len(self._far.read(left))


def must(found: T | tuple[Fault, ...] | Fault) -> T:
    """Return what was found: the events of the benchmark have no faults."""
    if isinstance(found, Fault) or (isinstance(found, tuple) and found and isinstance(found[0], Fault)):
        raise InvariantError(f"refused: {found}")
    return cast("T", found)


async def main() -> None:
    """Take orders."""
    async with AsyncExitStack() as stack:
        parts = Parts(stack)
        await serve({"open": parts.open, "measure": parts.measure})


if __name__ == "__main__":
    asyncio.run(main())
