"""Which changes of signing keys count, and what follows from those that do.

The verdict depends on the set of documents alone, never on the order in which they came: whoever holds the same files
trusts the same keys. One more document can end a key earlier than another did, and never later.

Source: docs/protocol.md, section "Key changes"; docs/decisions/0020-change-keys-by-position.md
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final

from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.errors import Fault
from schemas.key_changes import BranchKept, ChangeReason, KeyChange, KeyEnd, Suspension
from schemas.registry import KeyRecord, KeyUse, Member, Registry
from services.domain.documents import document_digest, open_payload, valid_signers
from services.domain.encoding import from_base64url
from services.domain.governance import kid_of
from services.domain.trust import AdoptedBranches, AdoptedChange, AdoptedSuspension, KeysEnd, MemberKey, Trust, keys_of

CHANGES_MAX: Final = 64
"""Changes of one county that are kept; the registry's next version lists the key in force and begins anew."""

_STATEMENTS: Final = frozenset({PayloadType.BRANCH_KEPT, PayloadType.SUSPENSION})
_OFFLINE: Final = frozenset({KeyUse.GOVERNANCE, KeyUse.RECOVERY})


def commitment_of(algorithm: str, public: bytes) -> str:
    """Return what commits to a key: SHA-256 (hex) over algorithm, NUL and the key. Its first half is the key id."""
    return hashlib.sha256(algorithm.encode() + b"\0" + public).hexdigest()


def committed_kid(digest: str) -> str:
    """Return the id that a committed key will have."""
    return digest[:32]


def with_changes(
    trust: Trust, documents: Iterable[SignedDocument], earlier: Sequence[Registry] = ()
) -> tuple[Trust, tuple[Fault, ...]]:
    """Return what is trusted once these changes of keys are known, and why others do not count.

    Args:
        trust: Built from a registry; what earlier changes did to it stays.
        documents: In any order; those known already may be among them.
        earlier: Older versions of the registry: a key that the newest one dropped is known again, up to its end.
    """
    known = {change.digest: change for change in trust.changes}
    every = {document_digest(one): one for one in documents}
    trust, of_statements = _with_statements(trust, every)
    waiting = {digest: one for digest, one in every.items() if one.payload_type not in _STATEMENTS}
    waiting = {digest: waiting[digest] for digest in sorted(waiting.keys() - known.keys())}
    followed = (one.change for one in trust.changes if one.change.key is not None)
    records = {**_records_of(earlier), **{one.key.kid: MemberKey(one.county, one.key) for one in followed if one.key}}
    records |= trust.keys
    faults: dict[str, Fault] = {}
    progress = True
    while progress:
        progress = False
        for digest, document in list(waiting.items()):
            judged = judge_change(document, trust.registry, records)
            if isinstance(judged, Fault):
                faults[digest] = judged
                continue
            del waiting[digest]
            faults.pop(digest, None)
            known[digest] = AdoptedChange(digest, document, judged)
            if judged.key is not None:
                records.setdefault(judged.key.kid, MemberKey(judged.county, judged.key))
            progress = True
    told = (*of_statements, *(faults[digest] for digest in sorted(faults)))
    return _applied(trust, list(known.values()), records), told


def _with_statements(trust: Trust, every: Mapping[str, SignedDocument]) -> tuple[Trust, list[Fault]]:
    """Take what counties say by an offline key alone: which branch they keep, which agreement they suspend."""
    kept = {one.digest: one for one in trust.kept}
    suspended = {one.digest: one for one in trust.suspended}
    faults: list[Fault] = []
    for digest, document in sorted(every.items()):
        judged = _judge_statement(document, trust.registry)
        if isinstance(judged, Fault):
            faults.append(judged)
        elif isinstance(judged, BranchKept):
            kept[digest] = AdoptedBranches(digest, document, judged)
        elif judged is not None:
            suspended[digest] = AdoptedSuspension(digest, document, judged)
    of_forks = tuple(sorted(kept.values(), key=lambda one: (one.kept.issued_at, one.digest)))
    of_agreements = tuple(sorted(suspended.values(), key=lambda one: (one.suspension.issued_at, one.digest)))
    return replace(trust, kept=of_forks, suspended=of_agreements), faults


def _judge_statement(document: SignedDocument, registry: Registry) -> BranchKept | Suspension | Fault | None:
    if document.payload_type is PayloadType.BRANCH_KEPT:
        return judge_branches(document, registry)
    if document.payload_type is PayloadType.SUSPENSION:
        return judge_suspension(document, registry)
    return None


def judge_suspension(document: SignedDocument, registry: Registry) -> Suspension | Fault:
    """Decide whether a party has suspended an agreement: its governance key must have signed it, too."""
    suspension = open_payload(document, PayloadType.SUSPENSION, Suspension)
    if isinstance(suspension, Fault):
        return suspension
    member = next((one for one in registry.members if one.county == suspension.county), None)
    if member is None:
        return Fault("key.not_member", "county", f"{suspension.county} is no member of the registry")
    if not valid_signers(document, {key.kid: key for key in member.keys if key.use is KeyUse.GOVERNANCE}):
        return Fault("agreement.unsigned", "signatures", f"the governance key of {suspension.county} has not signed")
    return suspension


def judge_branches(document: SignedDocument, registry: Registry) -> BranchKept | Fault:
    """Decide whether a county has said which branch of a fork it keeps: an offline key of its own must have signed.

    The event key cannot say it: it has signed both branches, or a thief has it.
    """
    kept = open_payload(document, PayloadType.BRANCH_KEPT, BranchKept)
    if isinstance(kept, Fault):
        return kept
    member = next((one for one in registry.members if one.county == kept.county), None)
    if member is None:
        return Fault("key.not_member", "county", f"{kept.county} is no member of the registry")
    if not valid_signers(document, _offline_keys(member)):
        return Fault("key.change_unsigned", "signatures", "it is signed by a recovery or governance key, or not at all")
    return kept


def _offline_keys(member: Member) -> dict[str, KeyRecord]:
    return {key.kid: key for key in member.keys if key.use in _OFFLINE}


def _records_of(registries: Sequence[Registry]) -> dict[str, MemberKey]:
    return {
        key.kid: MemberKey(member.county, key)
        for registry in registries
        for member in registry.members
        for key in member.keys
    }


def _applied(trust: Trust, changes: Sequence[AdoptedChange], records: Mapping[str, MemberKey]) -> Trust:
    ended: dict[str, KeysEnd] = {}
    for one in (adopted.change for adopted in changes):
        if _is_of(one, records.get(one.old)):
            ended[one.old] = _tightened(ended.get(one.old), one)
    revoked = {kid for kid, one in ended.items() if one.revoked}
    listed = records.keys() - {one.change.key.kid for one in changes if one.change.key is not None}
    # An ended key stays known up to its ends; not one that a thief put in place, however often he rotated it since.
    past = {kid for kid in ended if kid in revoked or kid in listed}
    wanted = _followed(trust.registry, changes, listed, revoked) | past
    closed = frozenset(
        (adopted.change.county, end.channel, end.epoch)
        for adopted in changes
        if adopted.change.reason is ChangeReason.REVOKED
        for end in adopted.change.ends
    )
    keys = {kid: record for kid, record in records.items() if kid in wanted}
    ordered = tuple(sorted(changes, key=lambda one: (one.change.issued_at, one.digest)))
    return replace(trust, keys=keys, ended=ended, closed=closed, changes=ordered)


def _is_of(change: KeyChange, old: MemberKey | None) -> bool:
    """Tell whether a key is its county's own: an offline key ends no key of a neighbour."""
    return old is None or (old.county == change.county and old.key.use is change.use)


def _followed(
    registry: Registry, changes: Sequence[AdoptedChange], listed: AbstractSet[str], revoked: AbstractSet[str]
) -> set[str]:
    """Return the keys of the registry and those that followed them.

    Whoever stole a key from a disk has the next one, too. So what a revoked key alone has put in its place does not
    count, nor what that one did; what an offline key put there does.
    """
    trusted = set(keys_of(registry))
    waiting = [one for one in changes if one.change.key is not None]
    offline = {one.digest for one in waiting if _is_by_offline_key(one, registry)}
    while waiting:
        counting = [
            one
            for one in waiting
            if one.digest in offline or (one.change.old in trusted | listed and one.change.old not in revoked)
        ]
        if not counting:
            break
        trusted |= {one.change.key.kid for one in counting if one.change.key is not None}
        waiting = [one for one in waiting if one not in counting]
    return trusted


def _is_by_offline_key(adopted: AdoptedChange, registry: Registry) -> bool:
    member = next((one for one in registry.members if one.county == adopted.change.county), None)
    return member is not None and bool(valid_signers(adopted.document, _offline_keys(member)))


def _tightened(held: KeysEnd | None, change: KeyChange) -> KeysEnd:
    """Every document that ends a key must trust a link: the earliest position counts."""
    ends = {(end.channel, end.epoch): end for end in change.ends}
    if held is None:
        return KeysEnd(ends, frozenset(change.credentials), revoked=change.reason is ChangeReason.REVOKED)
    both = {place: min(held.ends[place], ends[place], key=_seq) for place in held.ends.keys() & ends.keys()}
    revoked = held.revoked or change.reason is ChangeReason.REVOKED
    return KeysEnd(both, held.credentials & frozenset(change.credentials), revoked=revoked)


def _seq(end: KeyEnd) -> tuple[int, str]:
    return end.seq, end.id


def judge_change(document: SignedDocument, registry: Registry, records: Mapping[str, MemberKey]) -> KeyChange | Fault:
    """Decide whether a change of keys counts.

    A rotation needs the old key and the next one, which the old key's record committed to beforehand; so whoever
    steals the old key alone cannot put another in its place. Anything else, a revocation above all, needs an offline
    key of that county. The key that follows always signs as well: it is in its owner's hands.

    Args:
        document: With its signatures.
        registry: The newest one trusted.
        records: Every key known so far, by kid.
    """
    change = open_payload(document, PayloadType.KEY_CHANGE, KeyChange)
    if isinstance(change, Fault):
        return change
    member = next((one for one in registry.members if one.county == change.county), None)
    if member is None:
        return Fault("key.not_member", "county", f"{change.county} is no member of the registry")
    if change.key is not None and (fault := _unproved(document, change.key)):
        return fault
    if valid_signers(document, _offline_keys(member)):
        return change
    return _unrotated(document, change, records.get(change.old)) or change


def _unproved(document: SignedDocument, key: KeyRecord) -> Fault | None:
    public = from_base64url(key.public)
    if public is None or kid_of(key.algorithm, public) != key.kid:
        return Fault("key.misnamed", "key", f"{key.kid} is not the id of its key")
    if not valid_signers(document, {key.kid: key}):
        return Fault("key.change_unsigned", "signatures", "the key that follows has not signed")
    return None


def _unrotated(document: SignedDocument, change: KeyChange, old: MemberKey | None) -> Fault | None:
    if change.reason is ChangeReason.REVOKED:
        return Fault("key.change_unsigned", "signatures", "a revocation is signed by a recovery or governance key")
    if old is None or old.county != change.county or old.key.use is not change.use:
        return Fault("key.change_unsigned", "old", f"{change.old} is no {change.use} key of {change.county} known here")
    if not valid_signers(document, {old.key.kid: old.key}):
        return Fault("key.change_unsigned", "signatures", "neither the old key nor an offline key has signed")
    public = from_base64url(change.key.public) if change.key else None
    if public is None or commitment_of("ed25519", public) != old.key.next_digest:
        mend = "it is not the key that was committed beforehand; let the recovery key sign the change"
        return Fault("key.not_committed", "key", mend)
    return None


def judge_published(documents: Sequence[SignedDocument], trust: Trust) -> Fault | None:
    """Judge documents that a neighbour passes on: each must count, by what is trusted here or by the others."""
    changed, faults = with_changes(trust, documents)
    if faults:
        return faults[0]
    counts = Counter(
        [
            *(one.change.county for one in changed.changes),
            *(one.kept.county for one in changed.kept),
            *(one.suspension.county for one in changed.suspended),
        ]
    )
    if crowded := next((county for county, count in counts.items() if count > CHANGES_MAX), None):
        mend = f"{crowded} has changed keys more than {CHANGES_MAX} times; its card goes into the next registry first"
        return Fault("key.too_many_changes", "documents", mend)
    return None
