"""The documents of trust as they are kept: what evidence brings along is what the node trusts."""

import pytest

from schemas.documents import SignedDocument
from schemas.errors import Fault
from services.domain.documents import document_digest
from services.domain.evidence_writing import TrustPapers
from services.domain.trust_files import agreement_file, registry_file
from services.domain.trust_papers import load_papers
from tests import papers

FIRST = papers.signed_registry()
SECOND = papers.signed_registry(version=2, previous=document_digest(FIRST))
AGREEMENT = papers.signed_agreement()
NAMED = papers.in_force().reference


def spelt(document: SignedDocument) -> bytes:
    """Spell a document as a file holds it."""
    return document.model_dump_json(indent=1).encode()


def files(*registries: SignedDocument, **others: bytes) -> dict[str, bytes]:
    """The files of a county that pinned these registries."""
    pins = {version: document_digest(one) for version, one in enumerate(registries, 1)}
    found = {registry_file(version): spelt(one) for version, one in enumerate(registries, 1)}
    return {
        "trust/pinned.json": papers.as_bytes(pins),
        **found,
        agreement_file(papers.AGREEMENT, 1): spelt(AGREEMENT),
        **{f"trust/agreements/{name}.json": data for name, data in others.items()},
    }


def test_every_pinned_version_and_every_agreement_is_there() -> None:
    """With the signatures that were kept, whatever they are worth: the writer judges them."""
    assert load_papers(files(FIRST, SECOND)) == TrustPapers((FIRST, SECOND), {NAMED: AGREEMENT})


def test_a_damaged_agreement_harms_no_other() -> None:
    """The node leaves it out and says so; evidence under the others is still to be had."""
    loaded = load_papers(files(FIRST, broken=b"{", other=spelt(FIRST)))
    assert isinstance(loaded, TrustPapers)
    assert list(loaded.agreements) == [NAMED]


@pytest.mark.parametrize(
    ("gone", "code"), [("trust/pinned.json", "trust.nothing_pinned"), ("trust/registry-1.json", "trust.missing_file")]
)
def test_what_a_node_does_not_trust_is_no_evidence(gone: str, code: str) -> None:
    """A file put in place by a stranger must not travel in our name."""
    kept = files(FIRST)
    del kept[gone]
    loaded = load_papers(kept)
    assert isinstance(loaded, Fault)
    assert loaded.code == code


def test_damaged_pins_are_told() -> None:
    """Nothing is guessed."""
    loaded = load_papers(files(FIRST) | {"trust/pinned.json": b"[]"})
    assert isinstance(loaded, Fault)
    assert loaded.code == "trust.malformed"
