"""One unit of work on the writing connection: the books, and reading that sees what was just written."""

from dataclasses import dataclass

import apsw

from adapters.sqlite.batch import Batch
from adapters.sqlite.calls import SqliteCalls
from adapters.sqlite.cap import SqliteCap
from adapters.sqlite.cases import SqliteCaseBook
from adapters.sqlite.chains import SqliteChains
from adapters.sqlite.consoles import SqliteConsole
from adapters.sqlite.counters import JOURNAL
from adapters.sqlite.courses import SqliteCourses
from adapters.sqlite.custody import SqliteCustody
from adapters.sqlite.deliveries import SqliteDeliveries
from adapters.sqlite.duties import SqliteDuties
from adapters.sqlite.erasures import SqliteErasures
from adapters.sqlite.facts import SqliteFacts
from adapters.sqlite.files import SqliteFileBook
from adapters.sqlite.held import HeldLinks
from adapters.sqlite.journal import Journal
from adapters.sqlite.notices import Notices
from adapters.sqlite.office_keys import SqliteOfficeKeys
from adapters.sqlite.outbox import SqliteOutbox
from adapters.sqlite.paging import SqlitePaging
from adapters.sqlite.quarantine import Quarantine
from adapters.sqlite.quotas import SqliteQuotas
from adapters.sqlite.receipts import SqliteReceipts
from adapters.sqlite.releases import SqliteReleases
from adapters.sqlite.search import SqliteSearch
from adapters.sqlite.signals import SqliteSignals
from adapters.sqlite.snapshot import SqliteSnapshot
from adapters.sqlite.threads import SqliteThreads
from adapters.sqlite.values import Row
from adapters.sqlite.waiting import SqliteWaiting
from adapters.sqlite.watches import Watches
from schemas.records import Chain


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may wait; bytes are those of whole messages, per channel and per source."""

    held_links: int = 1000
    held_bytes: int = 64 * 1024 * 1024
    quarantine_bytes: int = 64 * 1024 * 1024
    queued_works: int = 10_000
    """Works waiting for the writer; one more is refused with ``store.busy``."""
    disk_floor_bytes: int = 64 * 1024 * 1024
    """Free space below which every write is refused with ``disk.low``."""
    log_bytes: int = 16 * 1024 * 1024
    """Write-ahead log from which its pages are moved into the database, between two groups."""


class SqliteTransaction(SqliteSnapshot):
    """Satisfies ``services.ports.Transaction``; lives as long as the writer and is handed to one work after another."""

    def __init__(self, batch: Batch, limits: Limits) -> None:
        """Open every book on ``batch``. The order in which they are made is the order in which rows are written."""
        super().__init__(batch.connection)
        self._batch = batch
        self._counters = counters = batch.counters
        journal = Journal(batch, counters)
        watches = Watches(batch)
        self.chains = SqliteChains(batch)
        self.outbox = SqliteOutbox(batch, counters, journal, self.chains)
        self.dues = SqliteDeliveries(batch, counters, self.chains, watches)
        self.receipt_book = SqliteReceipts(batch, counters, journal)
        self.waiting_room = SqliteWaiting(
            HeldLinks(batch, counters, links=limits.held_links, size=limits.held_bytes),
            Quarantine(batch, counters, journal, size=limits.quarantine_bytes),
            watches,
            Notices(batch, counters, journal),
        )
        self.signal_book = SqliteSignals(batch)
        self.memory = SqliteFacts(batch)
        self.erasures = SqliteErasures(batch)
        self.custody = SqliteCustody(batch)
        self.call_book = SqliteCalls(batch)
        self._course_book = SqliteCourses(batch)
        self.key_book = SqliteOfficeKeys(batch)
        self.quota_book = SqliteQuotas(batch)
        self._file_book = SqliteFileBook(batch)
        self._case_book = SqliteCaseBook(batch)
        self._paging = SqlitePaging(batch)
        self._cap = SqliteCap(batch)
        self._threads = SqliteThreads(batch)
        self._search = SqliteSearch(batch)
        self._console = SqliteConsole(batch)
        self._releases = SqliteReleases(batch)
        self._duties = SqliteDuties(batch)

    @property
    def files(self) -> SqliteFileBook:
        """Files that events carry."""
        return self._file_book

    @property
    def course_book(self) -> SqliteCourses:
        """What courses stand at."""
        return self._course_book

    @property
    def cap(self) -> SqliteCap:
        """CAP documents, answers, feeds."""
        return self._cap

    @property
    def cases(self) -> SqliteCaseBook:
        """Cases of joint mediation."""
        return self._case_book

    @property
    def paging(self) -> SqlitePaging:
        """Who is told what."""
        return self._paging

    @property
    def threads(self) -> SqliteThreads:
        """Campaigns, offers, projects."""
        return self._threads

    @property
    def search(self) -> SqliteSearch:
        """Words of events."""
        return self._search

    @property
    def console(self) -> SqliteConsole:
        """Who enters the console."""
        return self._console

    @property
    def releases(self) -> SqliteReleases:
        """Drafts, and who stands behind what was sent."""
        return self._releases

    @property
    def duties(self) -> SqliteDuties:
        """Who is on duty at partners, and what they were told."""
        return self._duties

    def _ask(self, sql: str, bindings: Row = ()) -> apsw.Cursor:
        return self._batch.ask(sql, bindings)

    def chain(self, channel: str, epoch: str) -> Chain | None:
        """Return one epoch of a channel, or None."""
        return self.chains.find(channel, epoch)

    def journal_end(self) -> int:
        """Return the newest journal sequence."""
        return self._counters.value(JOURNAL)
