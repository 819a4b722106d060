"""A small world of two or three counties in one process: fixed keys, one clock, memory stores, and a carrier between.

Built from the papers of ``tests.papers``. Everything a service needs is real but the store, the clock and the
hub: events are signed, carried as bytes, examined and settled by the same code as in a node.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

from adapters.calendar.feed import write_feed
from adapters.calendar.festivals import festival_bytes
from adapters.memory.clock import ManualClock
from adapters.memory.encryption import MemoryEncryption
from adapters.memory.folder import MemoryFolder
from adapters.memory.ids import SequentialIds
from adapters.memory.store import MemoryStore
from adapters.memory.trust import MemoryTrustFolder
from adapters.sqlite.store import SqliteStore, open_store
from schemas.access import Access, Scope
from schemas.agreements import Grant
from schemas.base import Model
from schemas.carriage import Arrival, Publication
from schemas.catalogue import TYPES
from schemas.control import CONTROL_PURPOSE, DocumentsPublished
from schemas.documents import SignedDocument
from schemas.errors import Fault
from schemas.ids import CountyCode
from schemas.registry import KeyUse
from schemas.subjects import Lane, parse_subject
from services.bootstrap.calendars import read_festivals
from services.bootstrap.ledgers import ledger_files
from services.bootstrap.tables import read_sheets
from services.domain.documents import document_digest
from services.domain.encoding import digest_of
from services.domain.evidence_writing import TrustPapers
from services.domain.flow_tables import Sheet
from services.domain.key_changes import with_changes
from services.domain.receiving import examine
from services.domain.releasing import UNATTENDED
from services.domain.trust import Trust
from services.domain.trust_files import PINS_FILE, agreement_file, load_trust, registry_file
from services.domain.trust_papers import load_papers
from services.gateway.gateway import CalendarFeed, CapDesk, Gateway, Limits, NodeFacts, People, RosterRoom
from services.gateway.submit import Submitter
from services.key_ports import Encryption
from services.ports import Transaction
from services.posting import Posted, Posting
from services.receiver.settling import Settlement
from tests import papers

WORK_ONLY: Final = "work-only"
"""A second agreement of the same parties that permits work bulletins and nothing else."""
OFFICER: Final = "duty-a"
_MOST: Final = 10_000
_BYTES: Final = 1 << 30


@dataclass(slots=True)
class OpenDirectory:
    """Satisfies ``services.ports.PaperedDirectory`` with what a test puts in."""

    trusted: Trust
    tokens: dict[str, Access] = field(default_factory=dict)
    """By SHA-256 of the token."""
    credentials: dict[str, SignedDocument] = field(default_factory=dict)
    shelf: TrustPapers | None = None
    """Documents of the trust; those of ``full_trust`` if a test puts none in."""

    def trust(self) -> Trust:
        """Return the view in force now."""
        return self.trusted

    def papers(self) -> TrustPapers:
        """Return the documents behind it."""
        return self.shelf or full_papers()

    def access(self, token_digest: str) -> Access | None:
        """Return the token of this digest."""
        return self.tokens.get(token_digest)

    def credential(self, officer: str) -> SignedDocument | None:
        """Return an officer's credential."""
        return self.credentials.get(officer)


class County:
    """One county's node without its hub."""

    def __init__(self, code: CountyCode, *, clock: ManualClock, trust: Trust) -> None:
        """Start with an empty store, the officer 值班员甲, and nobody let in."""
        self.code, self.clock = code, clock
        self.ids = SequentialIds(code)
        self.store = MemoryStore()
        self.folder = MemoryFolder()
        self.directory = OpenDirectory(trust, credentials={OFFICER: papers.credential(code)})
        self.trust_folder = MemoryTrustFolder(full_files(), self._trust_changed)
        signers = {use: papers.signer(code, use) for use in (KeyUse.EVENT, KeyUse.RECEIPT)}
        self.encryption: Encryption = MemoryEncryption(papers.encryption_name(code))
        self.posting = Posting(
            county=code, signers=signers, trust=self.directory.trust, ids=self.ids, encryption=self.encryption
        )
        self.submitter = Submitter(
            store=self.store, posting=self.posting, directory=self.directory, clock=clock, folder=self.folder
        )
        self.checks: dict[str, bool] = {"store": True, "hub": True}
        self.crashes: list[BaseException] = []
        self.people: People | None = None
        self.roster: RosterRoom | None = None
        self.cap: CapDesk | None = None
        self.search_key: bytes | None = None
        self.sheets: Callable[[bytes, str], Sequence[Sheet] | Fault] | None = read_sheets
        self.printer: Callable[[str], Awaitable[bytes]] | None = None
        self.second_officer = True

    def _trust_changed(self) -> None:
        """Let what was put among the documents of trust count, as a node does at its next look."""
        loaded, papers_ = load_trust(self.trust_folder.files), load_papers(self.trust_folder.files)
        assert not isinstance(loaded, Fault), loaded
        assert not isinstance(papers_, Fault), papers_
        self.directory.trusted, self.directory.shelf = loaded.trust, papers_

    def gateway(self, limits: Limits | None = None) -> Gateway:
        """Return what the gateway needs."""
        return Gateway(
            folder=self.folder,
            calendar=CalendarFeed(read_festivals(festival_bytes()), lambda found, name: write_feed(found, name=name)),
            ledger_files=ledger_files(),
            trust_folder=self.trust_folder,
            store=self.store,
            posting=self.posting,
            directory=self.directory,
            clock=self.clock,
            ids=self.ids,
            county=self.code,
            facts=NodeFacts("0.0.0", lambda: self.checks),
            crash=self.crashes.append,
            people=self.people,
            roster=self.roster,
            cap=self.cap,
            search_key=self.search_key,
            printer=self.printer,
            sheets=self.sheets,
            second_officer=self.second_officer,
            limits=limits or Limits(),
        )

    def let_in(self, name: str, *scopes: Scope, officer: str | None = None, **changes: Any) -> str:  # noqa: ANN401
        """Issue a token and return it."""
        token = f"{self.code}.{name}.{'.'.join(scopes)}".replace(":", "-")
        given: dict[str, Any] = {
            "name": name,
            "digest": digest_of(token.encode()),
            "scopes": scopes,
            "officer": officer,
            "issued_at": papers.LONG_AGO,
            "expires_at": papers.FAR_AHEAD,
        }
        access = Access(**(given | changes))
        self.directory.tokens[access.digest] = access
        return token

    async def send(self, draft: Mapping[str, Any], *, key: str | None = None) -> Posted:
        """Submit a draft as the demo and the benchmarks do."""
        body = json.dumps(draft, ensure_ascii=False).encode()
        return await self.submitter.submit(body, idempotency_key=key, access_name="test", standing=UNATTENDED)

    async def take_waiting(self) -> list[Publication]:
        """Take everything out of the outbox, urgent first, as the hub would have it."""

        def take(tx: Transaction) -> list[Publication]:
            taken: list[Publication] = []
            for lane in Lane:
                waiting = tx.waiting(lane, tx.published_up_to(lane), _MOST, _BYTES)
                taken += waiting
                if waiting:
                    tx.outbox.mark_published(lane, waiting[-1].sequence)
            return taken

        return await self.store.write(take)

    async def receive(self, publications: Sequence[Publication]) -> None:
        """Examine and settle what was carried here."""
        now = self.clock.now()
        arrivals = [Arrival(one.sequence, one.subject, one.message) for one in publications]
        if fresh := self._keep_documents(arrivals):
            await self.store.write(lambda tx: self._settlement(tx, now).settle_again(_MOST))
        trust = self.directory.trust()
        unwrap = self.encryption.unwrap
        found = [examine(arrival, trust=trust, county=self.code, unwrap=unwrap) for arrival in arrivals]

        def work(tx: Transaction) -> None:
            self._settlement(tx, now).settle(found)
            if fresh:
                self._settlement(tx, now).settle_again(_MOST)

        await self.store.write(work)

    def _settlement(self, tx: Transaction, now: datetime) -> Settlement:
        return Settlement(tx, posting=self.posting, trust=self.directory.trust(), now=now)

    def _keep_documents(self, arrivals: Sequence[Arrival]) -> bool:
        """Let changes of keys count as soon as they come, as the receiver does; tell whether there were any."""
        before = self.directory.trust()
        for arrival in arrivals:
            event = examine(arrival, trust=self.directory.trust(), county=self.code).event
            if isinstance(event, DocumentsPublished):
                self.directory.trusted = with_changes(self.directory.trust(), event.documents)[0]
        return self.directory.trust() is not before

    async def counts(self) -> Mapping[str, int]:
        """Return the store's gauges: what a test compares to say that nothing was stored."""
        return await self.store.read(lambda snapshot: dict(snapshot.counts()))


@asynccontextmanager
async def on_disk(county: County, path: Path) -> AsyncIterator[SqliteStore]:
    """Let a county that has done nothing yet keep everything in a real database for as long as the block lasts."""
    async with open_store(path, county=county.code, floor_bytes=0) as store:
        county.store = cast("MemoryStore", store)  # both satisfy the port; most tests want the one they can spoil
        county.submitter = Submitter(
            store=store, posting=county.posting, directory=county.directory, clock=county.clock, folder=county.folder
        )
        yield store


class World:
    """Counties and the carrier between them."""

    def __init__(self, codes: Iterable[CountyCode] = papers.COUNTIES, *, trust: Trust | None = None) -> None:
        """Build the counties; all trust the same papers."""
        self.clock = ManualClock(papers.NOW)
        trusted = trust or full_trust()
        self.counties = {code: County(code, clock=self.clock, trust=trusted) for code in codes}

    def __getitem__(self, code: CountyCode) -> County:
        """Return one county."""
        return self.counties[code]

    async def carry(self) -> int:
        """Carry everything that waits, and the receipts that follow from it, until it is quiet; return how many."""
        carried = 0
        while waiting := {code: await county.take_waiting() for code, county in self.counties.items()}:
            if not any(waiting.values()):
                return carried
            for source, publications in waiting.items():
                carried += len(publications)
                await self._hand_over(source, publications)
        return carried

    async def _hand_over(self, source: CountyCode, publications: Sequence[Publication]) -> None:
        for code, county in self.counties.items():
            mine = [one for one in publications if _is_for(one, code)]
            if code != source and mine:
                await county.receive(mine)


def _is_for(publication: Publication, county: CountyCode) -> bool:
    subject = parse_subject(publication.subject)
    return subject is not None and (subject.destination == county or subject.destination.startswith("_"))


def _agreements() -> tuple[dict[str, Any], dict[str, Any]]:
    types = tuple(model.wire_type for model in TYPES if CONTROL_PURPOSE not in model.purposes)
    purposes = tuple(sorted({purpose for model in TYPES for purpose in model.purposes} - {CONTROL_PURPOSE}))
    everything = {"grants": (Grant(types=types),), "purposes": purposes}
    work_only = {"id": WORK_ONLY, "grants": (Grant(types=(papers.WORK,)),), "purposes": ("work_exchange",)}
    return everything, work_only


def full_trust() -> Trust:
    """Return a trust whose first agreement grants every type to everybody, and whose second only work bulletins."""
    return papers.trust(*(papers.in_force(**changes) for changes in _agreements()))


def full_papers() -> TrustPapers:
    """Return the documents of ``full_trust``."""
    made = {papers.in_force(**changes).reference: papers.signed_agreement(**changes) for changes in _agreements()}
    return TrustPapers((papers.signed_registry(),), made)


def full_files() -> dict[str, bytes]:
    """Return the files of ``full_trust``, as a county keeps them."""
    registry = papers.signed_registry()
    files: dict[str, Model] = {registry_file(1): registry}
    for changes in _agreements():
        made = papers.agreement(**changes)
        files[agreement_file(made.id, made.version)] = papers.signed_agreement(**changes)
    pins = json.dumps({"1": document_digest(registry)}).encode()
    return {PINS_FILE: pins} | {name: one.model_dump_json().encode() for name, one in files.items()}


def alert_draft(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of the draft
    """Return the draft of a red rainstorm alert to every partner."""
    return {"type": papers.ALERT, "agreement": papers.AGREEMENT, "content": papers.alert_content()} | changes


def policy_draft(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of the draft
    """Return the draft of a policy bulletin to every partner."""
    return {"type": papers.POLICY, "agreement": papers.AGREEMENT, "content": papers.policy_content()} | changes


def shifted(moment: datetime, seconds: float) -> str:
    """Spell a time as a draft has it."""
    return (moment + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
