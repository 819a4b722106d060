"""Draft a change of one of our own keys: where the old one ends, and which follows.

Source: docs/protocol.md, section "Key changes".
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from pydantic import ValidationError

from schemas.control import ChainKind, DocumentsPublished
from schemas.documents import SignedDocument
from schemas.errors import Fault
from schemas.faults import faults_of
from schemas.ids import CountyCode
from schemas.key_changes import ChangeReason, KeyChange, KeyEnd
from schemas.records import Chain
from schemas.registry import KeyRecord, KeyUse
from services.domain.encoding import to_base64url
from services.domain.governance import kid_of
from services.domain.key_changes import commitment_of
from services.domain.trust import Trust

VALID_BEFORE: Final = timedelta(days=1)
"""A key is valid from before its change: an event takes its time just before it is signed."""
PUBLISHED_MAX_BYTES: Final = 240 * 1024
_DOCUMENTS_MAX: Final = 16


def follower(public: bytes, next_public: bytes, now: datetime) -> KeyRecord:
    """Return the record of a key that follows another, committed to the one after it.

    Args:
        public: 32 raw bytes.
        next_public: Of the key after it.
        now: Aware UTC.
    """
    return KeyRecord(
        kid=kid_of("ed25519", public),
        use=KeyUse.EVENT,
        algorithm="ed25519",
        public=to_base64url(public),
        valid_from=now - VALID_BEFORE,
        next_digest=commitment_of("ed25519", next_public),
    )


def ends_of(chains: Iterable[Chain], use: KeyUse, opening_id: Callable[[Chain], str | None]) -> tuple[KeyEnd, ...]:
    """Return up to where a key of ours has signed: every epoch of every own channel.

    Args:
        chains: Ours.
        use: The event key signs events and every opening, the receipt key signs receipts.
        opening_id: Returns the envelope id of link 0 of a chain.
    """
    found: list[KeyEnd] = []
    for chain in chains:
        seq, link_id = chain.head.seq, chain.head.envelope_id
        if chain.kind is ChainKind.RECEIPT and use is KeyUse.EVENT:
            seq, link_id = 0, opening_id(chain) or ""
        if seq >= 0 and link_id and (chain.kind is ChainKind.RECEIPT or use is KeyUse.EVENT):
            found.append(KeyEnd(channel=chain.channel, epoch=chain.epoch, seq=seq, id=link_id))
    return tuple(found)


def key_change(
    *,
    county: str,
    old: KeyRecord,
    key: KeyRecord | None,
    ends: Sequence[KeyEnd],
    credentials: Iterable[str],
    reason: ChangeReason,
    now: datetime,
) -> KeyChange | Fault:
    """Return the change to be signed."""
    try:
        return KeyChange(
            county=CountyCode(county),
            use=old.use,  # type: ignore[arg-type]
            old=old.kid,
            reason=reason,
            ends=tuple(ends),
            credentials=tuple(sorted(set(credentials))),
            key=key.model_copy(update={"use": old.use}) if key else None,
            issued_at=now,
        )
    except ValidationError as exc:
        return faults_of(exc, "change")[0]


def publication_of(trust: Trust, county: str) -> DocumentsPublished | None:
    """Return the record by which a county tells its partners how its keys have changed; None if they have not.

    All changes travel together as far as they fit, so that a new partner who knows the registry alone can follow; the
    newest ones count more.
    """
    fitting: list[SignedDocument] = []
    size = 0
    changes = [one.document for one in trust.changes if one.change.county == county]
    kept = [one.document for one in trust.kept if one.kept.county == county]
    suspended = [one.document for one in trust.suspended if one.suspension.county == county]
    for document in reversed([*changes, *kept, *suspended]):
        size += len(document.model_dump_json())
        if len(fitting) == _DOCUMENTS_MAX or (fitting and size > PUBLISHED_MAX_BYTES):
            break
        fitting.append(document)
    return DocumentsPublished(documents=tuple(reversed(fitting))) if fitting else None
