"""Whose signature under an agreement holds, and over which bytes."""

import hashlib
from dataclasses import replace

import pytest

from schemas.documents import SignedDocument
from schemas.registry import KeyUse
from services.domain.agreement_text import signed_text
from services.domain.encoding import from_base64url, to_base64url
from tests import papers


@pytest.fixture
def document() -> SignedDocument:
    return papers.signed_agreement()


def test_the_text_is_what_was_signed(document: SignedDocument) -> None:
    """A text that was spelt anew has another digest than the one that the partner computes."""
    found = signed_text(document, papers.trust(), [])
    data = from_base64url(document.payload) or b""
    assert (found.text.encode(), found.size, found.digest) == (data, len(data), hashlib.sha256(data).hexdigest())
    assert {one.county for one in found.signatures} == set(papers.in_force().agreement.parties)
    assert all(one.holds for one in found.signatures)


def test_a_changed_text_is_held_by_nobody(document: SignedDocument) -> None:
    """A file that somebody edited must not be shown with the parties' names under it as good."""
    data = (from_base64url(document.payload) or b"").replace(b"12", b"13", 1)
    found = signed_text(document.model_copy(update={"payload": to_base64url(data)}), papers.trust(), [])
    assert [one.holds for one in found.signatures] == [False] * len(document.signatures)
    assert all(one.county for one in found.signatures)


def test_a_key_that_only_an_older_registry_has_is_named(document: SignedDocument) -> None:
    """A party that has left signed then; whose key it was stands in the registry of that time."""
    trust = papers.trust()
    gone = papers.signer(papers.LIBO, KeyUse.GOVERNANCE).kid
    members = tuple(
        member.model_copy(update={"keys": tuple(key for key in member.keys if key.kid != gone)})
        for member in trust.registry.members
    )
    later = replace(trust, registry=trust.registry.model_copy(update={"members": members}))

    unknown = {one.kid: one for one in signed_text(document, later, []).signatures}
    known = {one.kid: one for one in signed_text(document, later, [papers.signed_registry()]).signatures}
    assert (unknown[gone].county, unknown[gone].holds) == (None, False)
    assert (known[gone].county, known[gone].holds) == (papers.LIBO, True)
