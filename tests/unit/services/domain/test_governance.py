"""Who signed, and is that enough? Every paper of the control plane, and each way to slip one in."""

from typing import Any

import pytest

from adapters.memory.signer import MemorySigner
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.errors import Fault
from schemas.officers import OfficerCredential
from schemas.registry import KeyRecord, KeyUse, MemberCard, Registry
from services.domain.documents import document_digest
from services.domain.governance import (
    judge_agreement,
    judge_card,
    judge_officer,
    judge_registry,
    kid_of,
    signing_members,
)
from services.domain.trust import AgreementInForce, Trust, assemble, keys_of
from tests import papers
from tests.papers import HUANJIANG, LIBO, NANDAN

FIRST = papers.signed_registry()
PINNED = document_digest(FIRST)


def code_of(found: object) -> str | None:
    """Return the code of a fault, None of anything else."""
    return found.code if isinstance(found, Fault) else None


def _member_with(county: str, use: KeyUse, key: MemorySigner, **changes: Any) -> Any:  # noqa: ANN401
    """Return a member whose key of one use is exchanged."""
    others = tuple(one for one in papers.member(county).keys if one.use is not use)
    return papers.member(county, keys=(*others, papers.key_record(key, use, **changes)))


# -- cards -------------------------------------------------------------------------------------------


def _signed_card(*by: MemorySigner, **changes: Any) -> SignedDocument:  # noqa: ANN401
    return papers.signed(PayloadType.MEMBER_CARD, papers.card(LIBO, **changes), by)


def test_a_card_signed_by_the_key_it_introduces_is_good() -> None:
    """Whoever holds the governance key wrote it."""
    assert isinstance(judge_card(_signed_card(papers.signer(LIBO, KeyUse.GOVERNANCE))), MemberCard)


@pytest.mark.parametrize("by", [(), (papers.signer(LIBO),), (papers.signer(NANDAN, KeyUse.GOVERNANCE),)])
def test_a_card_signed_by_anything_else_is_refused(by: tuple[MemorySigner, ...]) -> None:
    """No signature, the member's own event key, a neighbour's governance key."""
    assert code_of(judge_card(_signed_card(*by))) == "card.unsigned"


def test_a_card_that_misnames_a_key_is_refused() -> None:
    """A kid that is not computed from its key could take another key's place."""
    keys = tuple(one.model_copy(update={"kid": "0" * 32}) for one in papers.member(LIBO).keys[:1])
    signed = _signed_card(papers.signer(LIBO, KeyUse.GOVERNANCE), keys=keys)
    assert code_of(judge_card(signed)) == "key.misnamed"


def test_a_card_that_is_no_card_is_refused() -> None:
    """A registry under the name of a card."""
    assert code_of(judge_card(FIRST)) == "document.wrong_type"


# -- registries --------------------------------------------------------------------------------------


def _trusting(document: SignedDocument, registry: Registry) -> Trust:
    return assemble(registry, document_digest(document), ())


def _second(*, by: tuple[str, ...] = papers.COUNTIES, **changes: Any) -> SignedDocument:  # noqa: ANN401
    return papers.signed_registry(by=by, **({"version": 2, "previous": PINNED} | changes))


def test_the_first_registry_is_trusted_by_the_digest_read_out() -> None:
    """Pinned over the telephone, signed by the threshold."""
    assert isinstance(judge_registry(FIRST, pinned=PINNED, previous=None), Registry)
    assert isinstance(judge_registry(papers.signed_registry(by=[LIBO, NANDAN]), pinned=PINNED, previous=None), Registry)


@pytest.mark.parametrize("pinned", [None, "0" * 64, ""])
def test_the_first_registry_is_never_trusted_unpinned(pinned: str | None) -> None:
    """A wholly forged world has good signatures too."""
    assert code_of(judge_registry(FIRST, pinned=pinned, previous=None)) == "registry.not_pinned"


@pytest.mark.parametrize("by", [(), (LIBO,)])
def test_too_few_signatures_are_refused(by: tuple[str, ...]) -> None:
    """Two of three must sign."""
    document = papers.signed_registry(by=by)
    assert code_of(judge_registry(document, pinned=PINNED, previous=None)) == "registry.too_few_signatures"


def test_one_member_with_two_keys_counts_once() -> None:
    """The threshold counts members, not keys."""
    second = MemorySigner("libo governance second")
    libo = papers.member(LIBO)
    extended = papers.member(LIBO, keys=(*libo.keys, papers.key_record(second, KeyUse.GOVERNANCE)))
    registry = papers.registry(members=(papers.member(NANDAN), papers.member(HUANJIANG), extended))
    signed = papers.signed(PayloadType.REGISTRY, registry, [papers.signer(LIBO, KeyUse.GOVERNANCE), second])
    assert signing_members(signed, registry) == {LIBO}
    assert (
        code_of(judge_registry(signed, pinned=document_digest(signed), previous=None)) == "registry.too_few_signatures"
    )


def test_event_keys_do_not_govern() -> None:
    """A stolen event key must not make members."""
    registry = papers.registry()
    signed = papers.signed(PayloadType.REGISTRY, registry, [papers.signer(county) for county in papers.COUNTIES])
    assert signing_members(signed, registry) == frozenset()


def test_a_registry_that_misnames_a_key_is_refused() -> None:
    """Even signed by all and pinned."""
    keys = tuple(one.model_copy(update={"kid": one.kid[::-1]}) for one in papers.member(LIBO).keys)
    members = (papers.member(NANDAN), papers.member(HUANJIANG), papers.member(LIBO, keys=keys))
    document = papers.signed_registry(members=members)
    found = judge_registry(document, pinned=document_digest(document), previous=None)
    assert code_of(found) == "key.misnamed"


def test_a_key_that_cannot_be_read_is_misnamed() -> None:
    """Forty-three characters that are not canonical base64url."""
    good = papers.member(LIBO).keys[0]
    bad: KeyRecord = good.model_copy(update={"public": good.public[:-1] + "B"})
    members = (papers.member(NANDAN), papers.member(HUANJIANG), papers.member(LIBO, keys=(bad,)))
    document = papers.signed_registry(members=members)
    assert code_of(judge_registry(document, pinned=document_digest(document), previous=None)) == "key.misnamed"


def test_the_next_registry_needs_old_and_new_threshold() -> None:
    """Signed by two of three under both versions."""
    previous = _trusting(FIRST, papers.registry())
    assert isinstance(judge_registry(_second(by=(LIBO, NANDAN)), pinned=None, previous=previous), Registry)


def test_the_registry_in_force_may_come_again() -> None:
    """The same file a second time, perhaps with more signatures, changes nothing and is no replay."""
    previous = _trusting(FIRST, papers.registry())
    assert isinstance(
        judge_registry(papers.signed_registry(by=[LIBO, NANDAN]), pinned=None, previous=previous), Registry
    )


@pytest.mark.parametrize(
    "document",
    [
        _second(version=3),
        _second(previous="0" * 64),
        papers.signed_registry(threshold=1),
    ],
)
def test_a_registry_that_is_not_the_next_is_refused(document: SignedDocument) -> None:
    """A version left out, another past, another first version."""
    previous = _trusting(FIRST, papers.registry())
    assert code_of(judge_registry(document, pinned=PINNED, previous=previous)) == "registry.not_next"


def test_an_old_registry_is_not_brought_back() -> None:
    """Replaying version 1 where version 2 is trusted would revive a removed key."""
    second = _second()
    previous = _trusting(second, papers.registry(version=2, previous=PINNED))
    assert code_of(judge_registry(FIRST, pinned=PINNED, previous=previous)) == "registry.not_next"


def test_new_keys_cannot_vote_themselves_in() -> None:
    """All governance keys exchanged and the threshold lowered: signed by the new ones, the old ones were not asked."""
    keys = {county: MemorySigner(f"{county} taken over") for county in papers.COUNTIES}
    members = tuple(_member_with(county, KeyUse.GOVERNANCE, key) for county, key in keys.items())
    registry = papers.registry(version=2, previous=PINNED, threshold=1, members=members)
    signed = papers.signed(PayloadType.REGISTRY, registry, keys.values())
    previous = _trusting(FIRST, papers.registry())
    assert code_of(judge_registry(signed, pinned=None, previous=previous)) == "registry.too_few_signatures"


def test_members_who_leave_no_longer_count_for_the_new_threshold() -> None:
    """The old threshold signed, but of the new members too few did."""
    members = (papers.member(HUANJIANG), papers.member(LIBO))
    document = _second(by=(NANDAN, LIBO), members=members)
    previous = _trusting(FIRST, papers.registry())
    assert code_of(judge_registry(document, pinned=None, previous=previous)) == "registry.too_few_signatures"


def test_a_registry_that_is_none_is_refused() -> None:
    """An agreement under the name of a registry."""
    found = judge_registry(papers.signed_agreement(), pinned=PINNED, previous=None)
    assert code_of(found) == "document.wrong_type"


def test_key_ids_are_computed_as_the_protocol_says() -> None:
    """The memory signer's own rule and this one must agree, and the algorithm is part of it."""
    key = papers.signer(LIBO)
    assert kid_of("ed25519", key.public) == key.kid
    assert kid_of("x25519", key.public) != key.kid


# -- agreements --------------------------------------------------------------------------------------


def test_an_agreement_signed_by_every_party_is_in_force() -> None:
    """Its reference names id, version and digest."""
    document = papers.signed_agreement()
    found = judge_agreement(document, papers.registry())
    assert isinstance(found, AgreementInForce)
    assert found.reference == f"{papers.AGREEMENT}@1:{document_digest(document)}"


@pytest.mark.parametrize("by", [(), (NANDAN, HUANJIANG), (LIBO, NANDAN)])
def test_an_agreement_without_every_signature_is_not_in_force(by: tuple[str, ...]) -> None:
    """Nobody is bound by what two others signed; who is missing is named."""
    found = judge_agreement(papers.signed_agreement(by=by), papers.registry())
    assert isinstance(found, Fault)
    assert found.code == "agreement.unsigned"
    assert found.mend == f"the signature of {min(set(papers.COUNTIES) - set(by))} is missing"


def test_an_agreement_signed_by_the_wrong_key_of_a_party_is_not_in_force() -> None:
    """The event key on the machine must not bind the county."""
    by = [*papers.governors(NANDAN, HUANJIANG), papers.signer(LIBO)]
    document = papers.signed(PayloadType.AGREEMENT, papers.agreement(), by)
    assert code_of(judge_agreement(document, papers.registry())) == "agreement.unsigned"


def test_a_party_must_be_a_member() -> None:
    """富宁 is in no registry here, so its key is unknown."""
    parties = (*papers.COUNTIES, papers.FUNING)
    document = papers.signed_agreement(by=parties, parties=parties)
    assert code_of(judge_agreement(document, papers.registry())) == "agreement.not_member"


def test_an_agreement_that_is_none_is_refused() -> None:
    """A registry under the name of an agreement."""
    assert code_of(judge_agreement(FIRST, papers.registry())) == "document.wrong_type"


# -- officers ----------------------------------------------------------------------------------------


def test_a_credential_of_the_county_is_good() -> None:
    """Certified by the county's event key, within its time."""
    found = judge_officer(papers.credential(), papers.trust(), HUANJIANG, papers.NOW)
    assert isinstance(found, OfficerCredential)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (papers.credential(by=MemorySigner("a forger")), "officer.unsigned"),
        (papers.credential(by=papers.signer(LIBO)), "officer.unsigned"),
        (papers.credential(by=papers.signer(HUANJIANG, KeyUse.RECEIPT)), "officer.unsigned"),
        (papers.credential(LIBO), "officer.wrong_county"),
        (papers.credential(issued_at=papers.later(seconds=1)), "officer.expired"),
        (papers.credential(expires_at=papers.NOW), "officer.expired"),
        (papers.signed_agreement(), "document.wrong_type"),
    ],
)
def test_a_credential_that_does_not_hold_is_refused(document: SignedDocument, code: str) -> None:
    """Forged, certified by a neighbour or by another key, of another county, not yet or no longer valid."""
    assert code_of(judge_officer(document, papers.trust(), HUANJIANG, papers.NOW)) == code


# -- trust -------------------------------------------------------------------------------------------


def test_the_newest_version_of_an_agreement_counts_and_older_ones_can_still_be_named() -> None:
    """In whatever order the files are read."""
    first, second = papers.in_force(), papers.in_force(version=2)
    for order in ((first, second), (second, first)):
        trust = papers.trust(*order)
        assert trust.agreement(papers.AGREEMENT) == second
        assert trust.by_reference == {first.reference: first, second.reference: second}


def test_what_is_not_in_hand_is_nothing() -> None:
    """Strangers have no keys, no membership, no agreement."""
    trust = papers.trust()
    assert trust.key("0" * 32) is None
    assert trust.member(papers.FUNING) is None
    assert trust.agreement("other") is None


def test_keys_are_listed_by_use() -> None:
    """One of each use and member; all of them without a use."""
    assert len(keys_of(papers.registry(), KeyUse.EVENT)) == 3
    assert len(keys_of(papers.registry())) == 15
