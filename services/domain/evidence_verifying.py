"""Verify an evidence file offline, step by step. Pure: the file's bytes and the anchor are all there is.

The numbered steps are those of docs/protocol.md, section "Evidence files". The first step that fails ends the
examination; receipts and records of release are judged each by itself. The guards are not asked: they keep people safe
where content is written and where it arrives, and what is evidence has been carried already.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from schemas.control import Receipt, ReleaseRecorded
from schemas.documents import SignedDocument
from schemas.errors import Fault
from schemas.key_changes import KeyEnd
from services.domain.evidence_chain import judge_channel, judge_links, known_ids
from services.domain.evidence_opening import Opened, open_evidence
from services.domain.evidence_receipts import Known, judge_binding, judge_carried_receipt
from services.domain.evidence_releases import judge_carried_release
from services.domain.evidence_trust import Lineage, judge_lineage, judge_permitting
from services.domain.receiving import presentable
from services.domain.sharing import CONTROL_PREFIX, ask_of, judge_membership, judge_permitted
from services.domain.trust import AgreementInForce

LAST_STEP: Final = 10
_RECEIPTS: Final = 9
UNTRUSTED: Final = Fault(
    "registry.no_anchor",
    "anchor",
    "everything fits together, and so does a forged world: compare the first registry's digest with one you know",
)


class Outcome(Enum):
    """What may be concluded."""

    HOLDS = "holds"
    CONSISTENT = "consistent"
    """Every step holds, but nothing says that this registry is the counties' own: NOT trusted."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Finding:
    """One step, or one receipt of step 9, or one record of release of step 10.

    Attributes:
        step: 1 to 10.
        place: Of a receipt or record: its place in the file, from 0.
        fault: None if it holds.
        receipt: What a receipt that holds attests.
        release: What a record that holds says.
    """

    step: int
    place: int | None = None
    fault: Fault | None = None
    receipt: Receipt | None = None
    release: ReleaseRecorded | None = None


@dataclass(frozen=True, slots=True)
class KeyInForce:
    """A key of the event's source, and up to which link of the event's epoch it was in force.

    Attributes:
        last: None if it has not ended, or is trusted for nothing in this epoch.
        revoked: It ended because it was stolen, or feared to be.
    """

    kid: str
    last: KeyEnd | None = None
    revoked: bool = False
    has_ended: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the examination found.

    Attributes:
        findings: In order, up to the first step that fails; all receipts and records of release if step 9 was reached.
        opened: The file, if its form holds.
        lineage: Its registries, if they hold.
        agreement: What permits the event, if it holds; None for control records.
    """

    outcome: Outcome
    findings: tuple[Finding, ...]
    opened: Opened | None = None
    lineage: Lineage | None = None
    agreement: AgreementInForce | None = None

    @property
    def failed(self) -> Finding | None:
        """The first step or receipt that does not hold."""
        return next((one for one in self.findings if one.fault is not None), None)

    @property
    def fault(self) -> Fault | None:
        """Why it is not trusted, or None."""
        if self.failed is not None:
            return self.failed.fault
        return UNTRUSTED if self.outcome is Outcome.CONSISTENT else None

    @property
    def keys(self) -> tuple[KeyInForce, ...]:
        """Which keys signed the event, and how far each is trusted in its epoch."""
        if self.opened is None or self.lineage is None:
            return ()
        header, ended = self.opened.event.envelope.header, self.lineage.known.ended
        place = (header.channel, header.epoch)
        return tuple(
            KeyInForce(kid, ended[kid].ends.get(place), revoked=ended[kid].revoked, has_ended=True)
            if kid in ended
            else KeyInForce(kid)
            for kid in header.signers
        )

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        """What receivers proved."""
        return tuple(one.receipt for one in self.findings if one.receipt is not None)

    @property
    def releases(self) -> tuple[ReleaseRecorded, ...]:
        """Who released the event, as its source put it on record."""
        return tuple(one.release for one in self.findings if one.release is not None)


def verify_evidence(data: bytes, anchor: str | None, papers: Sequence[SignedDocument] = ()) -> Verdict:
    """Verify a file. Whatever the bytes are, nothing is raised.

    The verdict holds as far as the registries and changes of keys go that are known here: nothing proves that a file
    leaves none out. ``Verdict.lineage`` names those that were known.

    Args:
        data: The whole file.
        anchor: Digest (64 lowercase hex digits) of the registry that the verifying person knows to be the counties'
            own; None gives at most ``CONSISTENT``.
        papers: Later registries and changes of keys, branches kept and suspensions that this person knows of besides.
    """
    opened = open_evidence(data)  # 1 bounds, strict profile, the one spelling; every header in it
    if isinstance(opened, Fault):
        return _refused(Finding(1, fault=opened))
    lineage = judge_lineage(opened, anchor, papers)  # 2 registries from the anchor on, changes of keys
    if isinstance(lineage, Fault):
        return _refused(Finding(1), Finding(2, fault=lineage), opened=opened)
    agreement = _permitting(opened, lineage)  # 3 the agreement that the header names, signed by every party
    findings = [Finding(1), Finding(2), Finding(3, fault=agreement if isinstance(agreement, Fault) else None)]
    if isinstance(agreement, Fault):
        return _refused(*findings, opened=opened, lineage=lineage)
    findings += _event_steps(opened, lineage, agreement)
    if findings[-1].fault is None:
        findings += _receipts(opened, lineage)
        findings += _releases(opened, lineage)
    holds = all(one.fault is None for one in findings)
    outcome = (Outcome.HOLDS if anchor is not None else Outcome.CONSISTENT) if holds else Outcome.REFUSED
    return Verdict(outcome, tuple(map(_shown, findings)), opened, lineage, agreement)


def _refused(*findings: Finding, opened: Opened | None = None, lineage: Lineage | None = None) -> Verdict:
    return Verdict(Outcome.REFUSED, tuple(map(_shown, findings)), opened, lineage)


def _shown(finding: Finding) -> Finding:
    if finding.fault is None:
        return finding
    return replace(finding, fault=presentable(finding.fault))


def _permitting(opened: Opened, lineage: Lineage) -> AgreementInForce | Fault | None:
    header, document = opened.event.envelope.header, opened.evidence.agreement
    if header.type.startswith(CONTROL_PREFIX):
        mend = "control records need no agreement, and none is carried"
        carried = document is not None or opened.earlier
        return Fault("agreement.superfluous", "agreement", mend) if carried else None
    if document is None:
        return Fault("agreement.missing", "agreement", "the agreement that the header names is not in the file")
    return judge_permitting(opened, lineage, document)


def _event_steps(opened: Opened, lineage: Lineage, agreement: AgreementInForce | None) -> Iterator[Finding]:
    for step, fault in _event_faults(opened, lineage, agreement):
        yield Finding(step, fault=fault)
        if fault is not None:
            return


def _event_faults(
    opened: Opened, lineage: Lineage, agreement: AgreementInForce | None
) -> Iterator[tuple[int, Fault | None]]:
    envelope = opened.event.envelope
    yield 4, lineage.verify(envelope)  # 4 every promised signature, by the source's keys at that time and place
    yield 5, judge_channel(envelope.header)  # 5 the channel computed again
    yield 6, judge_binding(opened.event)  # 6 content and keys that the header binds, or detached
    yield 7, _judge_sharing(opened, lineage, agreement)  # 7 the agreement permits it; membership does for control
    yield 8, judge_links(opened, lineage)  # 8 the links around it


def _judge_sharing(opened: Opened, lineage: Lineage, agreement: AgreementInForce | None) -> Fault | None:
    header = opened.event.envelope.header
    if agreement is None:
        return judge_membership(lineage.from_version(header.registry)[0], header.source, header.to)
    return judge_permitted(lineage.from_version(header.registry)[0], agreement.agreement, ask_of(header))


def _receipts(opened: Opened, lineage: Lineage) -> Iterator[Finding]:
    known = Known(opened.event.envelope.header, known_ids(opened))
    seen: set[str] = set()
    for place, part in enumerate(opened.receipts):
        judged = judge_carried_receipt(part, known, lineage)  # 9 every receipt, and the officer behind it
        if part.envelope.envelope_id in seen:
            judged = Fault("receipt.repeated", "receipts", "the same receipt stands in the file twice")
        seen.add(part.envelope.envelope_id)
        if isinstance(judged, Fault):
            yield Finding(_RECEIPTS, place, judged)
        else:
            yield Finding(_RECEIPTS, place, receipt=judged)


def _releases(opened: Opened, lineage: Lineage) -> Iterator[Finding]:
    seen: set[str] = set()
    before: list[ReleaseRecorded] = []
    for place, part in enumerate(opened.releases):
        judged = judge_carried_release(part, opened.event, before, lineage)  # 10 every record, and who signed it
        if part.envelope.envelope_id in seen:
            judged = Fault("release.repeated", "releases", "the same record stands in the file twice")
        seen.add(part.envelope.envelope_id)
        if isinstance(judged, Fault):
            yield Finding(LAST_STEP, place, judged)
        else:
            before.append(judged)
            yield Finding(LAST_STEP, place, release=judged)
