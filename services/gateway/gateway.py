"""``Gateway``: everything this room needs, as ready-made ports and plain facts."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from schemas.calendars import FeedEntry, Workdays
from schemas.errors import Fault
from schemas.escalations import Policy
from schemas.festivals import FestivalFile
from schemas.ledgers import Ledger
from services.cap_intake.intake import CapIntake
from services.cap_ports import CapText
from services.casework import SILENT_AFTER
from services.domain.files import CHUNK_SIZE
from services.domain.flow_tables import Sheet
from services.file_ports import FileFolder
from services.paging_ports import Duty, Pager
from services.ports import Clock, Ids, PaperedDirectory, Store
from services.posting import Posting
from services.roster_ports import Calendars
from services.rostering import Rostering
from services.signing_ports import TrustFolder

REQUEST_MAX_BYTES: Final = 300 * 1024
"""A body: 256 KiB of content and what stands around it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one node lets its callers use up.

    Attributes:
        submissions: Events being accepted at once; one more is told to come back (503). So few that whatever waits here
            waits less than ``retry_after_seconds``, and that the store's queue stays free for what comes in.
        retry_after_seconds: What a 503 asks the caller to wait.
        live_batch: Journal entries read for one live client at a time; all that is ever buffered for it.
        live_send_seconds: A live client that takes no message for so long is closed, and may resume.
        heartbeat_seconds: Ping interval of ``live``; also how soon a revoked token ends it.
    """

    submissions: int = 1_000
    retry_after_seconds: int = 1
    live_batch: int = 200
    live_send_seconds: float = 10.0
    heartbeat_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What the node knows about itself: its version, and cheap callables.

    Attributes:
        ready: Names each check and its outcome.
        free_mib: MiB that are free on the disk of the database; None where nobody can tell.
    """

    version: str
    ready: Callable[[], Mapping[str, bool]]
    free_mib: Callable[[], int] | None = None


@dataclass(frozen=True, slots=True)
class People:
    """Whom this node tells, and by which ways."""

    duty: Duty
    pagers: Mapping[str, Pager]
    policy: Callable[[], Policy]


@dataclass(frozen=True, slots=True)
class RosterRoom:
    """Where the roster is read and changed, and calendar files of it are read and written."""

    rostering: Rostering
    calendars: Calendars


@dataclass(frozen=True, slots=True)
class CapDesk:
    """What this node exchanges CAP documents by.

    Attributes:
        text: Reads and writes documents and feeds.
        intake: Takes documents.
        must_be_signed: Whether what is posted must bear the signature of a registered authority.
        released_by: Role that stands behind what is posted without naming one; None lets each wait for an officer.
        author: The office that answers for our feed.
        address: Of the API, as readers of our feed reach it; empty for links that follow from where the feed was read.
        feeds: Tells of each feed that is asked whether its last round went well.
    """

    text: CapText
    intake: CapIntake
    must_be_signed: bool
    released_by: str | None
    author: str
    address: str
    feeds: Callable[[], Mapping[str, bool]]


@dataclass(frozen=True, slots=True)
class CalendarFeed:
    """The calendar that people subscribe to: the table of festivals, and what spells entries under a name."""

    table: FestivalFile
    spell: Callable[[Iterable[FeedEntry], str], bytes]


@dataclass(frozen=True, slots=True)
class LedgerFiles:
    """What makes files of a ledger: a workbook, and pages to print.

    Attributes:
        workbook: Takes a while; call it in a thread.
        paper: Raises ``UnavailableError`` where nothing can be printed.
    """

    workbook: Callable[[Ledger], bytes]
    paper: Callable[[Ledger], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Gateway:
    """Ready-made ports; nothing here is opened or closed by the gateway.

    Attributes:
        county: Ourselves, six digits.
        crash: Called once with our own bug; the node ends and the supervisor restarts it.
    """

    store: Store
    posting: Posting
    directory: PaperedDirectory
    clock: Clock
    ids: Ids
    county: str
    facts: NodeFacts
    crash: Callable[[BaseException], None]
    folder: FileFolder
    calendar: CalendarFeed
    ledger_files: LedgerFiles
    trust_folder: TrustFolder
    """The documents behind what the directory trusts; what is put there counts at the directory's next look."""
    limits: Limits = field(default_factory=Limits)
    people: People | None = None
    """None where there was no roster when the node began: nobody is told."""
    roster: RosterRoom | None = None
    """None where a roster has no place at all; its files may still be missing."""
    chunk_size: int = CHUNK_SIZE
    """Bytes of a chunk of a file."""
    cap: CapDesk | None = None
    """None where no office is set for CAP: documents are neither taken nor given."""
    silent_after: timedelta = SILENT_AFTER
    """Older than that, a partner's newest beacon proves nothing."""
    search_key: bytes | None = None
    """Of the index of words; None where there is none: every event is read."""
    printer: Callable[[str], Awaitable[bytes]] | None = None
    """Turns HTML of our own making into PDF; None where nothing can be printed."""
    second_officer: bool = True
    """Whether grave alerts and bulletins are sent by two officers only."""
    sheets: Callable[[bytes, str], Sequence[Sheet] | Fault] | None = None
    """Reads a workbook, or says why not; the name of the file comes first in every field."""
    workdays: Callable[[], Workdays] = lambda: Workdays(frozenset(), {}, {})
    """Which days are worked here; without files Monday to Friday."""
