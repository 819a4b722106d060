"""What goes into a file when the registry changed between an event and its receipts: what is written must hold."""

import pytest

from schemas.documents import SignedDocument
from schemas.envelope import Envelope
from schemas.errors import Fault
from schemas.records import KeptLink
from services.domain.documents import read_file
from services.domain.encoding import WireParts, split_wire
from services.domain.evidence_choosing import Gathered
from services.domain.evidence_opening import spell
from services.domain.evidence_verifying import Outcome, verify_evidence
from services.domain.evidence_writing import TrustPapers, Written, write_evidence
from services.domain.signing import open_parts
from tests.vectors import papers
from tests.vectors.envelopes import receipt
from tests.vectors.evidence import (
    ACKNOWLEDGED,
    ANCHOR,
    CHAIN,
    EVENT,
    agreement,
    members,
    registry,
    stored,
    under,
    without,
)
from tests.vectors.key_changes import NEXT
from tests.vectors.papers import HUANJIANG, KEYS, LIBO
from tests.vectors.spelling import Json, Sealed, compact, seal

SOURCE, CERTIFIER = KEYS[f"{LIBO} event"], KEYS[f"{HUANJIANG} event"]
STORED = receipt(stored(2, 2))


def opened(made: Sealed) -> Envelope:
    """Open an envelope of the vectors."""
    parts = split_wire(made.wire, max_bytes=1 << 20)
    assert isinstance(parts, WireParts)
    envelope = open_parts(parts)
    assert isinstance(envelope, Envelope)
    return envelope


def document(made: Json) -> SignedDocument:
    """Read a document of the vectors."""
    found = read_file(compact(made))
    assert isinstance(found, SignedDocument)
    return found


def kept(made: Sealed) -> KeptLink:
    """A link as a store keeps it."""
    return KeptLink(made.header["seq"], made.envelope_id, made.header_bytes, made.signatures)


def written(second: Json, *receipts: Sealed, links: list[Sealed] | None = None) -> Written:
    """Write the alert of the vectors, where version 2 of the registry is ``second``."""
    found = Gathered(
        event=opened(EVENT),
        links=[kept(one) for one in (links if links is not None else CHAIN[:4])],
        receipts=[opened(one) for one in receipts],
    )
    shelf = TrustPapers((document(registry()), document(second)), {papers.AGREEMENT_REFERENCE: document(agreement())})
    made = write_evidence(found, shelf)
    assert isinstance(made, Written), made
    assert verify_evidence(spell(made.evidence), ANCHOR).outcome is Outcome.HOLDS
    return made


@pytest.mark.parametrize(
    ("second", "receipts", "left_out", "versions"),
    [
        (registry(2), (STORED, under(ACKNOWLEDGED, 2)), 0, 2),
        (registry(2, members=members(libo=without(LIBO, SOURCE))), (STORED, ACKNOWLEDGED), 0, 1),
        (registry(2, members=members(libo=without(LIBO, SOURCE))), (STORED, under(ACKNOWLEDGED, 2)), 1, 1),
        (registry(2, members=members(huanjiang=without(HUANJIANG, CERTIFIER))), (under(STORED, 2), ACKNOWLEDGED), 1, 2),
        (registry(2), (STORED, under(ACKNOWLEDGED, 3)), 1, 1),
    ],
    ids=["nothing dropped", "not needed", "source's key dropped", "certifier dropped", "version not kept"],
)
def test_what_cannot_stand_together_stays_out(
    second: Json, receipts: tuple[Sealed, ...], left_out: int, versions: int
) -> None:
    """A receipt from behind a change of keys would make the whole file fail: it stays out and is counted."""
    made = written(second, *receipts)
    assert (made.left_out, len(made.evidence.registries)) == (left_out, versions)


def test_links_from_behind_a_change_of_keys_stay_out() -> None:
    """The source went on under version 2 with another key."""
    later = [*CHAIN[:3], under(CHAIN[3], 2)]
    made = written(registry(2, members=members(libo=without(LIBO, SOURCE))), STORED, links=later)
    assert (made.left_out, made.evidence.after, len(made.evidence.before)) == (0, (), 2)


def by_next(made: Sealed) -> Sealed:
    """Sign an envelope of the vectors by a key that no registry lists: it came by a change of keys."""
    return seal(made.header | {"signers": [NEXT.kid]}, made.content, [NEXT])


def test_links_by_a_key_that_no_registry_lists_stay_out() -> None:
    """The source rotated its key behind the event: what the old one signed must still be proved."""
    made = written(registry(2), STORED, links=[*CHAIN[:3], by_next(CHAIN[3])])
    assert (made.left_out, made.evidence.after, len(made.evidence.before)) == (0, (), 2)


def test_an_event_by_a_key_that_no_registry_lists_is_refused() -> None:
    """A file that nobody can verify would look like a forgery."""
    shelf = TrustPapers((document(registry()),), {papers.AGREEMENT_REFERENCE: document(agreement())})
    made = write_evidence(Gathered(opened(by_next(EVENT))), shelf)
    assert isinstance(made, Fault)
    assert made.code == "evidence.key_changed"


def test_a_link_that_is_none_is_a_gap() -> None:
    """Damaged bytes in the store."""
    found = Gathered(opened(EVENT), links=[KeptLink(1, "0" * 64, b"{}", b"[]"), kept(CHAIN[3])])
    shelf = TrustPapers((document(registry()),), {papers.AGREEMENT_REFERENCE: document(agreement())})
    made = write_evidence(found, shelf)
    assert isinstance(made, Written)
    assert (made.evidence.before, len(made.evidence.after)) == ((), 1)
