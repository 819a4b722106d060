"""What the memory store holds: plain containers of immutable rows, copied whole for every work."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Final, Self

from schemas.cap_records import CapAnswerRow, CapDocument, Seen
from schemas.cases import CaseEntry, CaseRow
from schemas.completeness import Claim, ForkEvidence, Heard
from schemas.consoles import Account, AuditEntry, Invitation, SecurityKey, Session, Tally
from schemas.control import TAKING_STAGES, ReceiptStage
from schemas.courses import CourseKind, CourseRow
from schemas.custody import Opening
from schemas.duties import NeighbourDuty, ToldDuty
from schemas.envelope import Envelope
from schemas.escalations import AnswerGiven, Escalation, PageRow, Silence, Transition
from schemas.files import FileReport, KeptFile, Sending, Upload
from schemas.notices import Notice
from schemas.page_work import PageWork, ReplyTaken
from schemas.pages import Report
from schemas.records import (
    About,
    CallRow,
    Chain,
    Delivery,
    Direction,
    ErasureRow,
    HeldBack,
    JournalEntry,
    JournalKind,
    Quarantined,
    QuotaUse,
    ReceiptRow,
    Remembered,
    StoredEvent,
    Watch,
)
from schemas.registry import KeyRecord
from schemas.releases import Countersigning, Draft, ReleaseRow
from schemas.searches import BlockWords
from schemas.sms import CodeUse, PartTry, SmsTold, Suppression
from schemas.subjects import Lane
from schemas.threads import ThreadOf, ThreadRow

CONTROL_PREFIX: Final = "cn.sihu.control."

SignRun = Callable[[Sequence[Envelope]], Sequence[bytes]]
Place = tuple[int, int]
"""Chain number and sequence."""
DueKey = tuple[int, int, str]
"""Chain number, sequence, recipient."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may wait; bytes are those of whole messages."""

    held_links: int = 1000
    held_bytes: int = 64 * 1024 * 1024
    quarantine_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery and how final its human answer is: 1 acknowledged, 2 actioned or declined."""

    delivery: Delivery
    rank: int = 0

    @property
    def owes_stored(self) -> bool:
        """Nothing has come from this recipient yet, neither good nor bad."""
        one = self.delivery
        return (
            one.stored_at
            or one.handed_over_at
            or one.acknowledged_at
            or one.refused_code
            or one.declined_at
            or one.exhausted_at
        ) is None


@dataclass(frozen=True, slots=True)
class Link:
    """A recorded link; ``refused`` ones lack their content and are never listed."""

    event: StoredEvent
    refused: bool
    about: About | None = None

    @property
    def listed(self) -> bool:
        """Events are listed; control records and refused links are not."""
        return not self.refused and not self.event.envelope.header.type.startswith(CONTROL_PREFIX)


@dataclass(slots=True)
class State:
    """Every row. Works change a copy; the copy replaces the original only if the work succeeds."""

    chains: dict[int, Chain] = field(default_factory=dict)
    links: dict[int, Link] = field(default_factory=dict)
    positions_by_id: dict[str, int] = field(default_factory=dict)
    positions_by_place: dict[Place, int] = field(default_factory=dict)
    publications: dict[tuple[Lane, int], tuple[str, str]] = field(default_factory=dict)
    """(lane, sequence) -> (subject, envelope id)."""
    lane_ends: dict[Lane, int] = field(default_factory=dict)
    published: dict[Lane, int] = field(default_factory=dict)
    doubted: set[Lane] = field(default_factory=set)
    dues: dict[DueKey, Due] = field(default_factory=dict)
    receipts: list[ReceiptRow] = field(default_factory=list)
    journal: list[JournalEntry] = field(default_factory=list)
    held: list[HeldBack] = field(default_factory=list)
    quarantined: dict[str, Quarantined] = field(default_factory=dict)
    watches: dict[tuple[DueKey, ReceiptStage], Watch] = field(default_factory=dict)
    notices: dict[int, Notice] = field(default_factory=dict)
    remembered: dict[str, Remembered] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    erasures: dict[str, tuple[ErasureRow, ...]] = field(default_factory=dict)
    """envelope id -> who has erased its content."""
    courses: dict[tuple[CourseKind, str], tuple[int, CourseRow]] = field(default_factory=dict)
    """(kind, id) -> position of its newest step, and what it stands at."""
    calls: dict[str, tuple[CallRow, ...]] = field(default_factory=dict)
    """envelope id -> calls by telephone about it."""
    office_keys: dict[tuple[str, str], KeyRecord] = field(default_factory=dict)
    """(county, kid) -> record."""
    published_keys: dict[tuple[str, str], str] = field(default_factory=dict)
    """(kid, channel) -> the envelope that published it."""
    condemned_keys: dict[str, datetime] = field(default_factory=dict)
    """kid -> since when."""
    content_ends: dict[str, datetime] = field(default_factory=dict)
    """envelope id -> when its content is to be erased."""
    openings: list[Opening] = field(default_factory=list)
    heard: dict[tuple[str, str], Heard] = field(default_factory=dict)
    """(county, wire type) -> the newest signal."""
    claims: dict[tuple[str, str], Claim] = field(default_factory=dict)
    """By claimant and channel."""
    forks: dict[tuple[str, str], ForkEvidence] = field(default_factory=dict)
    """By channel and epoch."""
    quota_uses: dict[tuple[str, str, int], QuotaUse] = field(default_factory=dict)
    """By source, agreement and hour."""
    unsigned: dict[int, SignRun] = field(default_factory=dict)
    """Positions of own links that wait for their signature; none in what is committed."""
    files: dict[str, KeptFile] = field(default_factory=dict)
    """By envelope id."""
    uploads: dict[str, Upload] = field(default_factory=dict)
    sendings: dict[int, Sending] = field(default_factory=dict)
    """By number, in the order of their turns."""
    last_sending: int = 0
    drafts: dict[str, Draft] = field(default_factory=dict)
    """By draft id."""
    releases: dict[str, tuple[ReleaseRow, ...]] = field(default_factory=dict)
    """envelope id -> who stands behind it."""
    neighbour_duties: dict[str, NeighbourDuty] = field(default_factory=dict)
    """By county."""
    told_duties: dict[str, ToldDuty] = field(default_factory=dict)
    """By partner."""
    countersigning: dict[str, Countersigning] = field(default_factory=dict)
    """By envelope id."""
    countersigning_told: set[str] = field(default_factory=set)
    case_entries: dict[str, CaseEntry] = field(default_factory=dict)
    """By envelope id."""
    cases: dict[str, CaseRow] = field(default_factory=dict)
    file_reports: dict[tuple[str, str], FileReport] = field(default_factory=dict)
    """By envelope id and county."""

    escalations: dict[str, Escalation] = field(default_factory=dict)
    told_alerts: dict[tuple[str, str], str] = field(default_factory=dict)
    """(source, alert id) -> key of the escalation."""
    pages: dict[str, PageRow] = field(default_factory=dict)
    answers: list[AnswerGiven] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    silences: dict[int, Silence] = field(default_factory=dict)
    page_work: dict[str, PageWork] = field(default_factory=dict)
    tries: dict[tuple[str, int, int], PartTry] = field(default_factory=dict)
    reports: dict[tuple[str, str], Report] = field(default_factory=dict)
    codes: dict[tuple[str, str, datetime], CodeUse] = field(default_factory=dict)
    told: list[SmsTold] = field(default_factory=list)
    suppressions: dict[str, Suppression] = field(default_factory=dict)
    replies: dict[str, ReplyTaken] = field(default_factory=dict)

    cap_documents: dict[int, CapDocument] = field(default_factory=dict)
    cap_answers: dict[str, tuple[CapAnswerRow, ...]] = field(default_factory=dict)
    """By envelope id of the alert."""
    cap_feeds: dict[str, tuple[str, Seen]] = field(default_factory=dict)
    """By name: address, and what is known."""
    threads: dict[ThreadOf, ThreadRow] = field(default_factory=dict)
    search_blocks: dict[int, BlockWords | None] = field(default_factory=dict)
    """None: an event of it was erased, and it is to be indexed again."""

    console_accounts: dict[str, Account] = field(default_factory=dict)
    """By officer."""
    security_keys: dict[str, SecurityKey] = field(default_factory=dict)
    recovery_codes: set[tuple[str, str]] = field(default_factory=set)
    """Officer and digest."""
    invitations: dict[str, Invitation] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    audit: list[AuditEntry] = field(default_factory=list)

    def copy(self) -> Self:
        """Return a state whose containers are its own; the rows in them are immutable."""
        return type(self)(**{one.name: copy.copy(getattr(self, one.name)) for one in fields(self)})

    def sign(self) -> None:
        """Sign what waits for it, a run at a time."""
        if not self.unsigned:
            return
        runs: dict[SignRun, list[int]] = {}
        for position, sign in self.unsigned.items():
            runs.setdefault(sign, []).append(position)
        self.unsigned.clear()
        for sign, positions in runs.items():
            parts = sign([self.links[position].event.envelope for position in positions])
            for position, part in zip(positions, parts, strict=True):
                link = self.links[position]
                envelope = replace(link.event.envelope, signatures_bytes=part)
                self.links[position] = replace(link, event=replace(link.event, envelope=envelope))

    def write_down(self, kind: JournalKind, reference: str, at: datetime) -> None:
        """Append to the journal."""
        self.journal.append(JournalEntry(len(self.journal) + 1, kind, reference, at))


def is_unacknowledged(state: State, link: Link) -> bool:
    """Tell whether an event came with a deadline to acknowledge it, and no receipt of ours takes it."""
    event = link.event
    header = event.envelope.header
    return (
        link.listed
        and event.direction is Direction.INCOMING
        and header.acknowledge_by is not None
        and not any(
            row.direction is Direction.OUTGOING
            and row.stage in TAKING_STAGES
            and (row.target_chain, row.seq) == (event.chain_number, header.seq)
            for row in state.receipts
        )
    )


def find_chain(chains: Mapping[int, Chain], channel: str, epoch: str) -> Chain | None:
    """Return one epoch of a channel."""
    return next((one for one in chains.values() if (one.channel, one.epoch) == (channel, epoch)), None)
