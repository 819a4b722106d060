"""Open one county's node: settings in, every room running, closed in the exact reverse order."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Final

import structlog

from adapters.clock import SystemClock
from adapters.ids import SystemIds
from adapters.jetstream.append import JetStreamAppender
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.credentials import Credentials, TlsFiles
from adapters.jetstream.pull import JetStreamPuller
from adapters.jetstream.signals import JetStreamSignaller
from adapters.keys.county_files import CountyFiles
from adapters.keys.encryption import FileEncryption
from adapters.keys.papers import PaperFolder
from adapters.keys.signing_keys import SigningKeyFiles
from adapters.keys.transport import nkey_seed
from adapters.sqlite.store import open_store
from adapters.tls.authority import ends_at
from schemas.calendars import Workdays
from schemas.errors import Fault, RequestError, UnavailableError
from schemas.subjects import SIGNAL_STREAM, URGENT_STREAM, streams
from services.bootstrap.calendars import open_calendar
from services.bootstrap.cap_node import exchanging_cap
from services.bootstrap.checks import free_mib
from services.bootstrap.cli import OFFICER_FILES, open_directory, open_trust_folder
from services.bootstrap.entrance import console_mounts
from services.bootstrap.files import carrying_files, keeping_files
from services.bootstrap.ledgers import ledger_files
from services.bootstrap.paging import telling_partners, telling_people
from services.bootstrap.printing import FILE_PAGES_MAX, node_printer
from services.bootstrap.rosters import CalendarFiles, node_rostering
from services.bootstrap.search import indexing
from services.bootstrap.tables import read_sheets
from services.completeness.resender import Resender
from services.completeness.watch import Watch
from services.completeness.writing import SignalWriter
from services.domain.documents import document_digest
from services.domain.governance import kid_of
from services.domain.trust import Trust
from services.domain.trust_files import key_change_file, load_officers
from services.domain.workdays import read_workdays
from services.gateway.app import serving
from services.gateway.gateway import Gateway, NodeFacts, RosterRoom
from services.gateway.submit import Submitter
from services.notifier.notifier import Notifier
from services.ports import Directory, Store
from services.posting import Posting
from services.receiver.receiver import Receiver
from services.rekeying.rekeying import Rekeying
from services.rekeying.signers import CurrentSigners, EventSigner
from services.relay.relay import Relay
from services.rotation.rotation import Rotation
from services.settings import Settings
from services.upkeep.courses import CourseWatch
from services.upkeep.lapsing import Lapsing
from services.upkeep.sweeper import Sweeper

log = structlog.get_logger()

SWITCH_SECONDS: Final = 0.001
"""How long a thread keeps the interpreter from another that wants it, in every process that is a node.

The event loop and the store's writer hand it to each other at every commit: with Python's 5 ms the writer waits for the
loop's slice, with 1 ms a node accepts about 40 % more.
"""

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_ENCRYPTION_KEY = "keys/encryption.pem"


@dataclass(frozen=True, slots=True)
class Node:
    """A running node.

    Attributes:
        port: Where the API listens.
        submitter: The way in for events, as behind ``POST events``.
        hub: The connection; tells whether there is contact.
    """

    settings: Settings
    store: Store
    directory: Directory
    submitter: Submitter
    hub: HubConnection
    port: int


def open_signers(keys: SigningKeyFiles, trust: Callable[[], Trust], county: str) -> CurrentSigners:
    """Open the signing keys, and check that for each use one is in force by what is trusted.

    Raises:
        RequestError: The passphrase is wrong, or none of the keys here is trusted as ours.
    """
    signers = CurrentSigners(county=county, trust=trust, keys=keys)
    for use in signers:
        try:
            signers[use]
        except UnavailableError as exc:
            mend = f"no {use} key here is in force for {county}: install the registry or the change that names it"
            raise RequestError(Fault("trust.own_key_unknown", f"keys/{use}.pem", mend)) from exc
    return signers


def open_encryption(settings: Settings, files: CountyFiles, passphrase: str) -> FileEncryption:
    """Open the keys that content for this county is encrypted to.

    Raises:
        RequestError: The passphrase is wrong, or a file is damaged.
    """
    encryption = FileEncryption(settings.office_keys, passphrase, kid_of)
    if files.exists(_ENCRYPTION_KEY):
        encryption.hold(files.open_key(_ENCRYPTION_KEY, passphrase))
    else:
        log.warning("node.no_encryption_key", file=_ENCRYPTION_KEY)
    encryption.records()
    return encryption


def _credentials_in(files: CountyFiles) -> list[str]:
    """Return the digests of the officers' credentials in force."""
    officers = load_officers(files.read_all(OFFICER_FILES))
    if isinstance(officers, Fault):
        raise RequestError(officers)
    return [document_digest(one) for one in officers.values()]


def credentials_of(settings: Settings, files: CountyFiles, passphrase: str) -> Credentials:
    """Return how this county connects to its hub or leaf.

    Raises:
        RequestError: A key cannot be opened, or no hub is set.
    """
    hub = settings.hub
    if not hub.urls:
        raise RequestError(Fault("settings.no_hub", "hub.urls", 'name the hub, e.g. urls = ["tls://hub.example:4222"]'))
    seed = nkey_seed(files.open_key(hub.nkey_file.as_posix(), passphrase))
    refuse_to_leave_this_machine(hub.urls)
    if not any(url.startswith("tls://") for url in hub.urls):
        return Credentials(hub.urls, seed, None)
    ca, certificate, key = (settings.at(path) for path in (hub.ca_file, hub.certificate_file, hub.key_file))
    return Credentials(hub.urls, seed, TlsFiles(ca, certificate, key, passphrase))


def refuse_to_leave_this_machine(urls: Iterable[str]) -> None:
    """Make sure that without TLS only the county's own leaf on this machine is reached.

    Raises:
        RequestError: An address elsewhere has no TLS.
    """
    hosts = {url: url.partition("://")[2].rpartition(":")[0].strip("[]") for url in urls}
    outside = next((url for url, host in hosts.items() if url.startswith("nats://") and host not in _LOOPBACK), None)
    if outside is not None:
        mend = f"{outside} leaves this machine without TLS; write tls:// instead of nats://"
        raise RequestError(Fault("settings.no_tls", "hub.urls", mend))


@asynccontextmanager
async def open_node(
    settings: Settings, passphrase: str, *, crash: Callable[[BaseException], None]
) -> AsyncIterator[Node]:
    """Run a whole node for as long as the block lasts.

    Args:
        settings: Read once by the caller.
        passphrase: Opens the key files.
        crash: Called with our own bug: the process must end.

    Raises:
        RequestError: Keys, trust or settings do not fit together; names the mend.
        UnavailableError: The database cannot be opened.
    """
    clock, ids, county = SystemClock(), SystemIds(), settings.county
    files = CountyFiles(settings.directory)
    directory = open_directory(settings.directory, monotonic=clock.monotonic, on_fault=_warn)
    keys = SigningKeyFiles(settings.directory, passphrase, kid_of)
    papers = PaperFolder(settings.directory, name_of=key_change_file, kept=directory.refresh_trust)
    signers = open_signers(keys, directory.trust, county)
    encryption = open_encryption(settings, files, passphrase)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            open_store(settings.at(settings.store.path), county=county, floor_bytes=settings.store.floor_mib << 20)
        )
        posting = Posting(
            county=county,
            signers=signers,
            trust=directory.trust,
            ids=ids,
            encryption=encryption,
            in_runs=settings.bus.batch_signatures,
        )
        credentials = credentials_of(settings, files, passphrase)
        hub, urgent = HubConnection(credentials, who=county), HubConnection(credentials, who=county)
        folder = await stack.enter_async_context(keeping_files(settings, store, clock))
        search_key = await stack.enter_async_context(indexing(settings, passphrase, store, clock))
        rostering = node_rostering(settings, clock)
        telling = await stack.enter_async_context(
            telling_people(
                settings, rostering=rostering, store=store, posting=posting, directory=directory, clock=clock
            )
        )
        cap = await stack.enter_async_context(
            exchanging_cap(settings, store=store, posting=posting, directory=directory, clock=clock)
        )
        gateway = Gateway(
            folder=folder,
            calendar=open_calendar(settings),
            ledger_files=ledger_files(),
            trust_folder=open_trust_folder(settings.directory, directory.refresh_trust),
            chunk_size=settings.files.chunk_kib << 10,
            store=store,
            posting=posting,
            directory=directory,
            clock=clock,
            ids=ids,
            county=county,
            facts=NodeFacts(version("sihu"), lambda: {"hub": hub.connected}, lambda: free_mib(settings)),
            crash=crash,
            people=telling.people if telling else None,
            roster=RosterRoom(rostering, CalendarFiles()),
            cap=cap,
            search_key=search_key,
            printer=node_printer(FILE_PAGES_MAX),
            sheets=read_sheets,
            second_officer=settings.release.second_officer,
            silent_after=timedelta(seconds=2 * settings.bus.beacon_seconds),
            workdays=lambda: workdays_of(files, county),
        )
        port = await stack.enter_async_context(
            serving(
                gateway,
                host=settings.api.host,
                port=settings.api.port,
                mounts=await console_mounts(
                    settings,
                    passphrase,
                    store=store,
                    directory=directory,
                    signer=EventSigner(signers),
                    clock=clock,
                    ids=ids,
                ),
            )
        )
        await stack.enter_async_context(hub.running())
        await stack.enter_async_context(urgent.running())
        bulk = await stack.enter_async_context(HubConnection(credentials, who=county).running())
        threads = stack.enter_context(ThreadPoolExecutor(settings.bus.verify_threads, "verify"))
        receiver = Receiver(
            store=store,
            posting=posting,
            pullers=[
                JetStreamPuller(urgent if stream == URGENT_STREAM else hub, county, stream) for stream in streams()
            ],
            trust=directory.trust,
            clock=clock,
            executor=threads,
            threads=settings.bus.verify_threads,
            range_max=settings.bus.receipt_range_max,
            keep=papers.keep,
        )
        await stack.enter_async_context(receiver.running())
        appender = JetStreamAppender(hub, county, urgent=urgent)
        relay = Relay(store=store, appender=appender, clock=clock)
        await stack.enter_async_context(relay.running())
        resender = Resender(
            store=store,
            posting=posting,
            appender=appender,
            clock=clock,
            ids=ids,
            first_seconds=settings.bus.resend_seconds,
        )
        await stack.enter_async_context(resender.running(min(5.0, settings.bus.resend_seconds / 2)))
        signals = SignalWriter(
            county=county,
            signer=EventSigner(signers),
            signaller=JetStreamSignaller(hub),
            trust=directory.trust,
            clock=clock,
            ids=ids,
            encryption=encryption,
        )
        watch = Watch(
            store=store,
            posting=posting,
            writer=signals,
            puller=JetStreamPuller(hub, county, SIGNAL_STREAM),
            trust=directory.trust,
            clock=clock,
            contact=lambda: hub.contacts if hub.connected else 0,
            interval_seconds=settings.bus.beacon_seconds,
        )
        await stack.enter_async_context(watch.running())
        await stack.enter_async_context(
            carrying_files(
                settings,
                hub=bulk,
                store=store,
                posting=posting,
                folder=folder,
                trust=directory.trust,
                signals=signals,
                clock=clock,
            )
        )
        notifier = Notifier(
            store=store,
            trust=directory.trust,
            clock=clock,
            certificate_ends_at=lambda: _certificate_end(settings),
            policy=telling.policy if telling else None,
        )
        await stack.enter_async_context(notifier.running(settings.watch.seconds))
        if telling is not None:
            await stack.enter_async_context(telling.desk.running(settings.paging.seconds))
        await stack.enter_async_context(
            telling_partners(
                settings, rostering=rostering, store=store, posting=posting, directory=directory, clock=clock
            )
        )
        await stack.enter_async_context(Sweeper(store=store, clock=clock).running())
        await stack.enter_async_context(
            Lapsing(store=store, posting=posting, trust=directory.trust, clock=clock).running()
        )
        courses = CourseWatch(store=store, posting=posting, trust=directory.trust, clock=clock)
        await stack.enter_async_context(courses.running())
        rotation = Rotation(store=store, posting=posting, keys=encryption, trust=directory.trust, clock=clock)
        await stack.enter_async_context(rotation.running())
        rekeying = Rekeying(
            store=store,
            posting=posting,
            keys=keys,
            signers=signers,
            papers=papers,
            trust=directory.trust,
            credentials=lambda: _credentials_in(files),
            clock=clock,
        )
        await stack.enter_async_context(rekeying.running())
        submitter = Submitter(
            store=store,
            posting=posting,
            directory=directory,
            clock=clock,
            folder=folder,
            silent_after=gateway.silent_after,
            second_officer=settings.release.second_officer,
        )
        yield Node(settings, store, directory, submitter, hub, port)


def workdays_of(files: CountyFiles, county: str) -> Workdays:
    """Read the county's calendar files; a bad one is told in the log, and then Monday to Friday are worked."""
    found = read_workdays(files.read_all(["calendar/*.toml"]).items(), county)
    if isinstance(found, Workdays):
        return found
    for fault in found:
        _warn(fault)
    return Workdays(frozenset(), {}, {})


def _certificate_end(settings: Settings) -> datetime | None:
    path = settings.at(settings.hub.certificate_file)
    return ends_at(path.read_bytes()) if path.exists() else None


def _warn(fault: Fault) -> None:
    log.warning("directory.refused", code=fault.code, field=fault.field, mend=fault.mend)


async def run_node(settings: Settings, passphrase: str, stop: asyncio.Event, on_ready: Callable[[Node], None]) -> None:
    """Run a node until ``stop`` is set.

    Raises:
        BaseException: Our own bug, which ends the process; the supervisor restarts it.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    bugs: list[BaseException] = []

    def crash(bug: BaseException) -> None:
        bugs.append(bug)
        stop.set()

    async with open_node(settings, passphrase, crash=crash) as node:
        on_ready(node)
        await stop.wait()
    if bugs:
        raise bugs[0]
