"""Files people pass around: opened strictly, signed once, merged only if they are copies."""

import json
from typing import Any

import pytest

from schemas.documents import SignedDocument
from schemas.envelope import PayloadType, Signature
from schemas.errors import Fault
from schemas.registry import KeyUse, MemberCard, Registry
from services.domain.documents import (
    DOCUMENT_MAX_BYTES,
    add_signature,
    bytes_to_sign,
    document_digest,
    draft,
    merge_signatures,
    open_payload,
    read_file,
    spoken,
    valid_signers,
)
from services.domain.encoding import digest_of, to_base64url
from tests import papers

GOVERNANCE = {
    papers.signer(county, KeyUse.GOVERNANCE).kid: papers.key_record(
        papers.signer(county, KeyUse.GOVERNANCE), KeyUse.GOVERNANCE
    )
    for county in papers.COUNTIES
}


def code_of(found: object) -> str | None:
    """Return the code of a fault, None of anything else."""
    return found.code if isinstance(found, Fault) else None


def _document(payload: bytes, payload_type: PayloadType = PayloadType.REGISTRY) -> SignedDocument:
    return SignedDocument(payload_type=payload_type, payload=to_base64url(payload))


def test_a_document_written_to_a_file_is_read_back_the_same() -> None:
    """Digest and signatures survive the way by USB stick."""
    made = papers.signed_registry()
    read = read_file(made.model_dump_json().encode())
    assert read == made
    assert not isinstance(open_payload(made, PayloadType.REGISTRY, Registry), Fault)


def test_the_digest_read_out_covers_type_and_content_but_no_signature() -> None:
    """More signatures must not change what was read out; another type must."""
    one, all_three = papers.signed_registry(by=[papers.LIBO]), papers.signed_registry()
    assert document_digest(one) == document_digest(all_three) == digest_of(bytes_to_sign(one))
    as_agreement = one.model_copy(update={"payload_type": PayloadType.AGREEMENT})
    assert document_digest(as_agreement) != document_digest(one)


def test_a_digest_is_grouped_for_the_telephone() -> None:
    """Sixteen groups of four, nothing lost."""
    digest = document_digest(papers.signed_registry())
    groups = spoken(digest).split(" ")
    assert [len(group) for group in groups] == [4] * 16
    assert "".join(groups) == digest


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json.malformed"),
        (b"[]", "document.malformed"),
        (b'{"payload_type":"text/plain","payload":"QQ"}', "document.malformed"),
        (b'{"payload_type":"application/vnd.sihu.registry.v1+json","payload":"QQ=="}', "document.malformed"),
        (b'{"payload_type":"application/vnd.sihu.registry.v1+json","payload":"QQ","x":1}', "document.malformed"),
        (b'{"payload":"QQ","payload":"QQ"}', "json.duplicate_key"),
        (b" " * (2 * DOCUMENT_MAX_BYTES + 1), "json.too_large"),
    ],
)
def test_a_file_that_is_no_document_is_refused(data: bytes, code: str) -> None:
    """Whatever somebody hands over on a stick."""
    assert code_of(read_file(data)) == code


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (papers.signed_agreement(), "document.wrong_type"),
        (SignedDocument(payload_type=PayloadType.REGISTRY, payload="QR"), "document.malformed"),
        (_document(b'{"v":1,"v":1}'), "json.duplicate_key"),
        (_document(b'{"v":1}'), "document.missing_field"),
        (_document(papers.registry().model_dump_json().encode()[:-1] + b',"x":0}'), "document.unknown_field"),
    ],
)
def test_a_payload_that_is_not_what_was_asked_for_is_refused(document: SignedDocument, code: str) -> None:
    """Another type, another spelling, another shape."""
    assert code_of(open_payload(document, PayloadType.REGISTRY, Registry)) == code


def test_an_agreement_cannot_pass_for_a_registry() -> None:
    """The type is part of the bytes to sign, so relabelling breaks every signature."""
    relabelled = papers.signed_registry().model_copy(update={"payload_type": PayloadType.MEMBER_CARD})
    assert valid_signers(relabelled, GOVERNANCE) == frozenset()
    assert code_of(open_payload(relabelled, PayloadType.REGISTRY, Registry)) == "document.wrong_type"
    assert isinstance(open_payload(relabelled, PayloadType.MEMBER_CARD, MemberCard), Fault)


def test_signing_twice_with_one_key_leaves_one_signature() -> None:
    """A careless second run must not make one member look like two."""
    key = papers.signer(papers.LIBO, KeyUse.GOVERNANCE)
    once = add_signature(draft(PayloadType.REGISTRY, papers.registry()), key.kid, key.sign)
    assert add_signature(once, key.kid, key.sign) == once


def test_signatures_of_copies_are_collected() -> None:
    """Three files with one signature each give one with three; the order of the files says nothing."""
    one, two, three = (papers.signed_registry(by=[county]) for county in papers.COUNTIES)
    merged = merge_signatures(one, two, three)
    assert isinstance(merged, SignedDocument)
    assert valid_signers(merged, GOVERNANCE) == frozenset(GOVERNANCE)


def test_files_that_differ_are_not_merged() -> None:
    """Somebody signed another version: collecting would hide it."""
    other = papers.signed_registry(by=[papers.LIBO], threshold=1)
    assert code_of(merge_signatures(papers.signed_registry(by=[papers.NANDAN]), other)) == "document.differs"
    relabelled = papers.signed_registry().model_copy(update={"payload_type": PayloadType.AGREEMENT})
    assert code_of(merge_signatures(papers.signed_registry(), relabelled)) == "document.differs"


def test_only_signatures_that_hold_by_keys_that_count_are_counted() -> None:
    """A foreign signature, one moved to another key's name, and one over another document count nothing."""
    document = papers.signed_registry(by=[papers.LIBO])
    kid = document.signatures[0].kid
    assert valid_signers(document, GOVERNANCE) == {kid}
    assert valid_signers(document, {}) == frozenset()
    other_kid = papers.signer(papers.NANDAN, KeyUse.GOVERNANCE).kid
    moved = document.model_copy(update={"signatures": (Signature(kid=other_kid, sig=document.signatures[0].sig),)})
    assert valid_signers(moved, GOVERNANCE) == frozenset()
    elsewhere = papers.signed_registry(threshold=3).model_copy(update={"signatures": document.signatures})
    assert valid_signers(elsewhere, GOVERNANCE) == frozenset()


def test_a_draft_keeps_its_bytes() -> None:
    """Nulls are written, so that nobody has to guess whether they were left out."""
    document: Any = draft(PayloadType.REGISTRY, papers.registry())
    opened = open_payload(document, PayloadType.REGISTRY, Registry)
    assert opened == papers.registry()
    assert json.loads(papers.registry().model_dump_json())["previous"] is None
