"""Changes of keys in an evidence file: which count, and whether what an ended key signed lies before its end.

Source: docs/protocol.md, section "Evidence files"; docs/decisions/0024-carry-key-changes-in-evidence.md
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from schemas.documents import SignedDocument
from schemas.envelope import Envelope, Header, PayloadType
from schemas.errors import Fault
from schemas.key_changes import BranchKept, KeyChange, KeyEnd, Suspension
from schemas.registry import KeyRecord, KeyUse, Registry
from services.domain.documents import document_digest, open_payload
from services.domain.evidence_opening import Part
from services.domain.evidence_signatures import is_ordered, superfluous
from services.domain.key_changes import with_changes
from services.domain.trust import MemberKey, Trust, keys_of

_OFFLINE: Final = (KeyUse.RECOVERY, KeyUse.GOVERNANCE)
_UNSHOWN: Final = "the links from it up to the last one that is trusted are not in the file; ask for one that has them"
_OFF_BRANCH: Final = "its source's offline key has named another branch of this epoch as the true one"


class Lines:
    """The links below an end, as far as the headers in a file show them: by ``prev`` alone, no signature is asked."""

    def __init__(self, envelopes: Iterable[Envelope]) -> None:
        """Take every header of the file."""
        self._headers = {one.envelope_id: one.header for one in envelopes}
        self._lines: dict[KeyEnd, list[str]] = {}

    def has(self, envelope: Envelope, end: KeyEnd) -> bool | None:
        """Tell whether a link at or below an end stands on its line; None if the line does not reach down to it."""
        depth, line = end.seq - envelope.header.seq, self._line(end)
        return line[depth] == envelope.envelope_id if depth < len(line) else None

    def way(self, envelope: Envelope, end: KeyEnd) -> Sequence[str]:
        """Return the envelope ids from the end down to the one directly behind a link, as far as they are known."""
        return self._line(end)[: end.seq - envelope.header.seq]

    def _line(self, end: KeyEnd) -> list[str]:
        if end not in self._lines:
            line = [end.id]
            while (below := self._below(line, end)) is not None:
                line.append(below)
            self._lines[end] = line
        return self._lines[end]

    def _below(self, line: Sequence[str], end: KeyEnd) -> str | None:
        header, seq = self._headers.get(line[-1]), end.seq + 1 - len(line)
        if header is None or seq == 0 or (header.channel, header.epoch, header.seq) != (end.channel, end.epoch, seq):
            return None
        return header.prev


def judge_end(envelope: Envelope, trust: Trust, lines: Lines) -> Fault | None:
    """Refuse what an ended key signed beyond its ends, and what its source's kept branch leaves out."""
    header = envelope.header
    for kid in (kid for kid in header.signers if kid in trust.ended):
        beyond = _beyond(kid, header, trust)
        end = trust.ended[kid].ends.get((header.channel, header.epoch))
        fault = beyond if end is None else _off_line(envelope, end, lines, beyond)
        if fault is not None:
            return fault
    kept = kept_branch(header, trust)
    return _off_line(envelope, kept, lines, Fault("chain.other_branch", "seq", _OFF_BRANCH)) if kept else None


def _off_line(envelope: Envelope, end: KeyEnd, lines: Lines, beyond: Fault) -> Fault | None:
    if envelope.header.seq > end.seq:
        return beyond
    stands = lines.has(envelope, end)
    if stands is None:
        return Fault("chain.ancestry_missing", "ancestors", _UNSHOWN)
    return None if stands else beyond


def _beyond(kid: str, header: Header, trust: Trust) -> Fault:
    ended = trust.ended[kid]
    end = ended.ends.get((header.channel, header.epoch))
    trusted = f"trusted here up to sequence {end.seq} ({end.id[:10]})" if end else "trusted for nothing in this epoch"
    digests = [one.digest[:16] for one in trust.changes if one.change.old == kid]
    code, word = ("signature.key_revoked", "revoked") if ended.revoked else ("signature.key_retired", "retired")
    return Fault(code, "seq", f"{kid} was {word} by {', '.join(digests)} and is {trusted}")


def kept_branch(header: Header, trust: Trust) -> KeyEnd | None:
    """Return the last link of the branch that a source has kept of an epoch, or None."""
    said = (end for one in trust.kept if one.kept.county == header.source for end in one.kept.branches)
    found = (end for end in said if (end.channel, end.epoch) == (header.channel, header.epoch))
    return min(found, key=lambda end: (end.seq, end.id), default=None)


def ends_above(envelope: Envelope, trust: Trust) -> Sequence[KeyEnd]:
    """Return the ends that an envelope must be shown to be an ancestor of: those of its keys, and the branch kept."""
    header = envelope.header
    place = (header.channel, header.epoch)
    ends = [trust.ended[kid].ends.get(place) for kid in header.signers if kid in trust.ended]
    return [end for end in (*ends, kept_branch(header, trust)) if end is not None and end.seq > header.seq]


def judge_ancestors(parts: Iterable[Part], ancestors: Iterable[Part], trust: Trust, lines: Lines) -> Fault | None:
    """Refuse a header that leads to nothing: it would be a place where bits are free."""
    deepest: dict[KeyEnd, Envelope] = {}
    for envelope in (part.envelope for part in parts):
        for end in ends_above(envelope, trust):
            deepest[end] = min(deepest.get(end, envelope), envelope, key=lambda one: one.header.seq)
    needed = {key for end, envelope in deepest.items() for key in lines.way(envelope, end)}
    stray = next((one for one in ancestors if one.envelope.envelope_id not in needed), None)
    return None if stray is None else Fault("chain.superfluous", stray.place, "it leads from no end to anything here")


def judge_changes(
    changes: Sequence[SignedDocument], brought: Sequence[SignedDocument], versions: Sequence[Trust]
) -> tuple[Trust, ...] | Fault:
    """Let changes of keys count under every registry version of a file.

    Args:
        changes: Those of the file, in its order.
        brought: Those that the reader knows of besides.
        versions: The oldest first; the newest one judges.

    Returns:
        Each version with the keys that have changed, and with what is known of ends, branches and suspensions.
    """
    digests = [document_digest(one) for one in changes]
    if any(first >= second for first, second in pairwise(digests)):
        return Fault("document.order", "changes", "changes of keys ascend by digest, each once")
    # Before anything is counted: a document that repeats one signature a thousand times would cost as much each time.
    if any(not is_ordered(one) for one in changes):
        return Fault("signature.order", "changes", "signatures of a document ascend by kid, each once")
    *older, newest = versions
    fresh = [one for one in brought if document_digest(one) not in digests]
    changed, faults = with_changes(newest, (*changes, *fresh), [one.registry for one in older])
    if faults:
        return faults[0]
    registries = [one.registry for one in versions]
    for place, document in enumerate(changes):
        fault = superfluous(document, change_keys(document, registries, changed))
        if fault is not None:
            return replace(fault, field=f"changes.{place}")
    return tuple(_changed(one, changed) for one in versions)


def _changed(version: Trust, changed: Trust) -> Trust:
    followed = {one.change.key.kid for one in changed.changes if one.change.key is not None}
    known = {kid: one for kid, one in changed.keys.items() if kid in followed or kid in changed.ended}
    return replace(changed, registry=version.registry, registry_digest=version.registry_digest,
                   members=version.members, keys=known | dict(version.keys))  # fmt: skip


def change_keys(document: SignedDocument, registries: Sequence[Registry], trust: Trust) -> dict[str, KeyRecord]:
    """Return the keys whose signature on a document that counts says something.

    Args:
        document: A change of a key, a branch kept or a suspension.
        registries: Every version: an offline key that was replaced may have been the first to sign.
        trust: With the document.
    """
    county, uses, named = _said_by(document)
    keys = {
        kid: one.key
        for registry in registries
        for use in uses
        for kid, one in keys_of(registry, use).items()
        if one.county == county
    }
    if named is None:
        return keys
    old = _record_of(named.old, registries, trust)
    if old is not None and (old.county, old.key.use) == (county, named.use):
        keys[named.old] = old.key
    return keys if named.key is None else keys | {named.key.kid: named.key}


def _record_of(kid: str, registries: Iterable[Registry], trust: Trust) -> MemberKey | None:
    """Return a key that a version lists or a change introduced, whether or not it is trusted still."""
    listed = (keys_of(one).get(kid) for one in registries)
    introduced = (MemberKey(one.change.county, one.change.key) for one in trust.changes if one.change.key is not None)
    return next((one for one in (*listed, *introduced) if one is not None and one.key.kid == kid), None)


def _said_by(document: SignedDocument) -> tuple[str, Iterable[KeyUse], KeyChange | None]:
    if document.payload_type is PayloadType.SUSPENSION:
        suspension = open_payload(document, PayloadType.SUSPENSION, Suspension)
        return ("" if isinstance(suspension, Fault) else suspension.county), (KeyUse.GOVERNANCE,), None
    if document.payload_type is PayloadType.BRANCH_KEPT:
        kept = open_payload(document, PayloadType.BRANCH_KEPT, BranchKept)
        return ("" if isinstance(kept, Fault) else kept.county), _OFFLINE, None
    change = open_payload(document, PayloadType.KEY_CHANGE, KeyChange)
    return ("", _OFFLINE, None) if isinstance(change, Fault) else (change.county, _OFFLINE, change)
