"""Copies of an agreement put together: what counts, what does not, and who is missing."""

from typing import Any

import pytest

from schemas.agreements import Agreement, Grant
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.errors import Fault
from schemas.registry import KeyUse
from services.domain.agreement_copies import Collected, Flaw, collect
from services.domain.documents import add_signature, document_digest
from services.domain.encoding import to_base64url
from tests import papers
from tests.papers import FUNING, HUANJIANG, LIBO, NANDAN


def copy_of(*by: str, **changes: Any) -> SignedDocument:  # noqa: ANN401 - any field of the agreement
    """A copy that these counties signed."""
    return papers.signed_agreement(by=by, **changes)


def collected(*copies: SignedDocument, previous: Agreement | None = None) -> Collected:
    """What comes of copies that go together."""
    found = collect(copies, papers.registry(), previous)
    assert isinstance(found, Collected), found
    return found


def spoilt(document: SignedDocument) -> SignedDocument:
    """The same signatures with other bytes in them."""
    wrong = [one.model_copy(update={"sig": to_base64url(b"\0" * 64)}) for one in document.signatures]
    return document.model_copy(update={"signatures": tuple(wrong)})


def test_signatures_of_several_copies_are_put_together() -> None:
    """Each party signs a copy of its own; nobody waits for the other's stick."""
    found = collected(copy_of(LIBO), copy_of(NANDAN), copy_of())
    assert (found.signed, found.missing, found.wrong) == ((NANDAN, LIBO), (HUANJIANG,), ())
    assert document_digest(found.document) == document_digest(copy_of())
    assert found.agreement == papers.agreement()


@pytest.mark.parametrize("order", [1, -1])
def test_a_spoilt_copy_takes_the_place_of_a_good_one(order: int) -> None:
    """Who passes a file on could else take a neighbour's signature out again, by sending one that does not hold."""
    found = collected(*[copy_of(LIBO), spoilt(copy_of(LIBO))][::order])
    assert (found.signed, found.wrong) == ((LIBO,), ())
    assert found.document == copy_of(LIBO)


def test_a_forged_signature_is_named_and_left_out() -> None:
    """It must be seen whose it pretends to be: somebody has been at the file."""
    found = collected(spoilt(copy_of(LIBO)), copy_of(NANDAN))
    assert (found.signed, found.missing) == ((NANDAN,), (HUANJIANG, LIBO))
    assert [(one.county, one.flaw) for one in found.wrong] == [(LIBO, Flaw.BROKEN)]
    assert [one.kid for one in found.document.signatures] == [papers.signer(NANDAN, KeyUse.GOVERNANCE).kid]


@pytest.mark.parametrize("key", [papers.signer(FUNING, KeyUse.GOVERNANCE), papers.signer(LIBO, KeyUse.EVENT)])
def test_another_key_signs_for_nobody(key: Any) -> None:  # noqa: ANN401 - a memory signer
    """A stranger's, or one that lies on the node: only the key in the safe says what a county agrees to."""
    document = add_signature(copy_of(), key.kid, key.sign)
    found = collected(document)
    assert (found.signed, [(one.county, one.flaw) for one in found.wrong]) == ((), [(None, Flaw.STRANGER)])
    assert found.document.signatures == ()


def test_a_member_that_is_no_party_does_not_count() -> None:
    """Its signature binds nobody."""
    two = {"parties": (NANDAN, HUANJIANG), "contacts": (), "coordinators": (NANDAN,)}
    found = collected(copy_of(LIBO, NANDAN, **two))
    assert (found.signed, found.missing) == ((NANDAN,), (HUANJIANG,))
    assert [(one.county, one.flaw) for one in found.wrong] == [(LIBO, Flaw.NOT_PARTY)]


def test_an_accession_needs_the_newcomer_and_the_coordinators_alone() -> None:
    """The others' duties do not grow; who must still sign is told by that rule, too."""
    before = papers.agreement(parties=(NANDAN, HUANJIANG), contacts=())
    found = collected(copy_of(LIBO, version=2, contacts=()), previous=before)
    assert (found.signed, found.missing) == ((LIBO,), (HUANJIANG,))


def test_copies_of_different_documents_are_refused() -> None:
    """One word apart, and the signatures are for something else."""
    other = copy_of(LIBO, grants=(Grant(types=(papers.WORK,)),))
    found = collect([copy_of(NANDAN), other], papers.registry(), None)
    assert isinstance(found, Fault)
    assert found.code == "document.differs"


def test_what_is_no_agreement_is_refused() -> None:
    """A registry has signatures of the same keys."""
    found = collect([papers.signed_registry()], papers.registry(), None)
    assert isinstance(found, Fault)
    assert found.code == "document.wrong_type"
    none = collect([], papers.registry(), None)
    assert isinstance(none, Fault)
    assert none.code == "agreement.no_copy"
    renamed = papers.signed_registry().model_copy(update={"payload_type": PayloadType.AGREEMENT})
    broken = collect([renamed], papers.registry(), None)
    assert isinstance(broken, Fault)
    assert broken.code.startswith("document.")
