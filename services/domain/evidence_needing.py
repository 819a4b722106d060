"""Which changes of keys an evidence file needs: all that bear on what is in it, whether they help or harm.

Source: docs/protocol.md, section "Evidence files".
"""

from collections.abc import Iterator

from schemas.documents import SignedDocument
from schemas.envelope import Envelope, Header
from schemas.errors import Fault
from schemas.key_changes import Suspension
from services.domain.evidence_choosing import Chosen
from services.domain.evidence_receipts import read_receipt
from services.domain.evidence_releases import read_release
from services.domain.signing import parse_header
from services.domain.trust import Trust


def needed_changes(event: Envelope, chosen: Chosen, trust: Trust) -> tuple[SignedDocument, ...]:
    """Return the documents that end or make known a key that signed here, and what bears on branch and agreement.

    Args:
        event: What the file is about.
        chosen: What else goes in.
        trust: What is known of changes here.
    """
    headers = list(_headers(event, chosen))
    kids = {kid for header in headers for kid in header.signers} | set(_certifiers(chosen))
    changes = [one for one in trust.changes if one.change.old in _with_forerunners(kids, trust)]
    changes += [one for one in trust.changes if one not in changes and one.change.key and one.change.key.kid in kids]
    places = {(header.source, header.channel, header.epoch) for header in headers}
    kept = [
        one.document
        for one in trust.kept
        if any((one.kept.county, end.channel, end.epoch) in places for end in one.kept.branches)
    ]
    suspended = [one.document for one in trust.suspended if _bears_on(one.suspension, event.header)]
    return (*(one.document for one in changes), *kept, *suspended)


def _headers(event: Envelope, chosen: Chosen) -> Iterator[Header]:
    yield event.header
    yield from (one.header for one in (*chosen.receipts, *chosen.releases))
    for link in chosen.links:
        header = parse_header(link.header_bytes)
        if isinstance(header, Header):
            yield header


def _certifiers(chosen: Chosen) -> Iterator[str]:
    for one in chosen.releases:
        record = read_release(one.content)
        if not isinstance(record, Fault):
            yield from (signature.kid for by in record.officers for signature in by.credential.signatures)
    for one in chosen.receipts:
        receipt = read_receipt(one.content)
        if not isinstance(receipt, Fault) and receipt.officer is not None:
            yield from (signature.kid for signature in receipt.officer.credential.signatures)


def _with_forerunners(kids: set[str], trust: Trust) -> set[str]:
    """Add the keys that these ones followed: a revocation of one of those may have ended them, too."""
    found, fresh = set(kids), set(kids)
    while fresh:
        fresh = {one.change.old for one in trust.changes if one.change.key and one.change.key.kid in fresh} - found
        found |= fresh
    return found


def _bears_on(suspension: Suspension, header: Header) -> bool:
    agreement_id, _, rest = header.agreement.partition("@")
    version = int(rest.partition(":")[0] or 0)
    concerned = suspension.county in (header.source, *header.to)
    return concerned and suspension.agreement_id == agreement_id and version <= suspension.version
