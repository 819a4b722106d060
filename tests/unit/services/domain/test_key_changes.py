"""A key ends at positions: what was signed before stays, what comes after counts nowhere, no thief can change it."""

import itertools
from typing import Any

import pytest

from adapters.memory.signer import MemorySigner
from schemas.control import ChainKind, DocumentsPublished
from schemas.documents import SignedDocument
from schemas.envelope import Envelope, PayloadType
from schemas.errors import Fault
from schemas.key_changes import ChangeReason, KeyChange, KeyEnd
from schemas.registry import KeyRecord, KeyUse, Registry
from services.domain.chain import channel_of
from services.domain.documents import document_digest
from services.domain.encoding import to_base64url
from services.domain.governance import judge_officer
from services.domain.key_changes import commitment_of, committed_kid, judge_published, with_changes
from services.domain.key_ends import current_keys, is_announced, judge_position
from services.domain.receiving import Outcome, examine
from services.domain.trust import Trust
from tests import papers
from tests.papers import AGREEMENT, EPOCH, FUNING, HUANJIANG, LIBO, NANDAN, NOW

OLD = papers.signer(LIBO)
SECOND, THIRD, FOURTH = (papers.signer(LIBO, name=name) for name in ("second", "third", "fourth"))
RECOVERY = papers.signer(LIBO, KeyUse.RECOVERY)
THIEF = MemorySigner("a thief")
CHANNEL = channel_of(ChainKind.EVENT, LIBO, AGREEMENT, (NANDAN, HUANJIANG))


def record(key: MemorySigner, following: MemorySigner | None = None, **changes: Any) -> KeyRecord:  # noqa: ANN401
    """Return an event key's record that commits to the one that follows."""
    digest = commitment_of("ed25519", following.public) if following else None
    return papers.key_record(key, KeyUse.EVENT, **({"next_digest": digest} | changes))


def trusting(**changes: Any) -> Trust:  # noqa: ANN401
    """Return the trust in which 荔波's event key commits to the second one."""
    others = tuple(one for one in papers.member(LIBO).keys if one.use is not KeyUse.EVENT)
    libo = papers.member(LIBO, keys=(*others, record(OLD, SECOND)))
    return papers.trust(members=(papers.member(NANDAN), papers.member(HUANJIANG), libo), **changes)


def event(seq: int, *, by: MemorySigner = OLD, **changes: Any) -> Envelope:  # noqa: ANN401
    """Return an event of 荔波."""
    return papers.envelope(seq=seq, by=[by], **changes)


LAST = event(3)
END = KeyEnd(channel=CHANNEL, epoch=EPOCH, seq=3, id=LAST.envelope_id)


def change(**changes: Any) -> KeyChange:  # noqa: ANN401
    """Return the rotation from the first key to the second at event 3."""
    given: dict[str, Any] = {
        "county": LIBO,
        "use": KeyUse.EVENT,
        "old": OLD.kid,
        "reason": ChangeReason.ROTATED,
        "ends": (END,),
        "key": record(SECOND, THIRD),
        "issued_at": NOW,
    }
    return KeyChange(**(given | changes))


def signed(*signers: MemorySigner, **changes: Any) -> SignedDocument:  # noqa: ANN401
    """Return a change with signatures."""
    return papers.signed(PayloadType.KEY_CHANGE, change(**changes), signers)


ROTATION = signed(OLD, SECOND)
REVOCATION = signed(RECOVERY, FOURTH, reason=ChangeReason.REVOKED, key=record(FOURTH))


def codes(*documents: SignedDocument, trust: Trust | None = None) -> list[str]:
    """Return why documents do not count."""
    return [fault.code for fault in with_changes(trust or trusting(), documents)[1]]


def test_the_key_id_of_the_next_key_is_known_before_the_key_is() -> None:
    """Else what it signs could not be told from a stranger's, and would be refused until the change has come."""
    assert committed_kid(commitment_of("ed25519", SECOND.public)) == SECOND.kid
    assert is_announced(event(4, by=SECOND), trusting())
    assert not is_announced(event(4, by=THIEF), trusting())


def test_a_rotation_by_the_old_and_the_committed_key_counts() -> None:
    """The next key signs, and is committed to the one after it."""
    trust, faults = with_changes(trusting(), [ROTATION])
    assert faults == ()
    assert [key.kid for key in current_keys(trust, LIBO, KeyUse.EVENT)] == [SECOND.kid]
    assert is_announced(event(9, by=THIRD), trust)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (signed(OLD, THIEF, key=record(THIEF)), "key.not_committed"),
        (signed(OLD), "key.change_unsigned"),
        (signed(SECOND), "key.change_unsigned"),
        (signed(THIEF, SECOND), "key.change_unsigned"),
        (signed(OLD, SECOND, reason=ChangeReason.REVOKED), "key.change_unsigned"),
        (signed(OLD, SECOND, old=papers.signer(HUANJIANG).kid), "key.change_unsigned"),
        (signed(OLD, SECOND, county=HUANJIANG), "key.change_unsigned"),
        (signed(OLD, SECOND, county=FUNING), "key.not_member"),
        (signed(RECOVERY, reason=ChangeReason.REVOKED), "key.change_unsigned"),
        (signed(papers.signer(HUANJIANG, KeyUse.RECOVERY), SECOND, reason=ChangeReason.REVOKED), "key.change_unsigned"),
        (signed(OLD, SECOND, key=record(SECOND, public=to_base64url(THIEF.public))), "key.misnamed"),
    ],
)
def test_whoever_lacks_a_key_changes_nothing(document: SignedDocument, code: str) -> None:
    """The thief of the old key, of the next one alone, another county, a stranger."""
    assert codes(document) == [code]


def test_the_offline_keys_may_do_without_a_commitment() -> None:
    """A county that lost its next key, or whose old one never committed to any, is not locked out for ever."""
    by_recovery = signed(RECOVERY, FOURTH, key=record(FOURTH))
    by_governance = signed(papers.signer(LIBO, KeyUse.GOVERNANCE), FOURTH, key=record(FOURTH))
    for document in (by_recovery, by_governance, REVOCATION):
        assert codes(document) == []


def test_the_order_in_which_changes_come_makes_no_difference() -> None:
    """Two counties that got them in another order would trust different keys."""
    later = signed(SECOND, THIRD, old=SECOND.kid, key=record(THIRD), ends=())
    seen = set()
    for documents in itertools.permutations([ROTATION, later, REVOCATION]):
        trust = trusting()
        for document in documents:
            trust, _ = with_changes(trust, [document])
        whole, faults = with_changes(trusting(), documents)
        assert faults == ()
        seen.add((whole.state, tuple(sorted(whole.keys)), tuple(sorted(whole.ended))))
    assert len(seen) == 1


def test_a_change_that_needs_another_waits_for_it() -> None:
    """Alone it names a key that nobody knows."""
    later = signed(SECOND, THIRD, old=SECOND.kid, key=record(THIRD), ends=())
    assert codes(later) == ["key.change_unsigned"]
    assert codes(later, ROTATION) == []


@pytest.mark.parametrize("document", [ROTATION, REVOCATION], ids=["rotated", "revoked"])
def test_an_ended_key_is_trusted_up_to_its_ends_and_no_further(document: SignedDocument) -> None:
    """Whatever time it claims: a thief claims the past."""
    trust, _ = with_changes(trusting(), [document])
    assert judge_position(event(2), trust) is None
    assert judge_position(LAST, trust) is None
    code = "signature.key_revoked" if document is REVOCATION else "signature.key_retired"
    beyond = (
        event(4),
        event(3, time=papers.LONG_AGO),
        event(1, epoch="2-00000000000000aa"),
        event(1, to=(HUANJIANG,), channel=channel_of(ChainKind.EVENT, LIBO, AGREEMENT, (HUANJIANG,))),
    )
    for one in beyond:
        fault = judge_position(one, trust)
        assert fault is not None
        assert fault.code == code


def test_what_ended_keys_signed_is_examined_by_position() -> None:
    """The examination itself refuses, for the chain would take it."""
    trust, _ = with_changes(trusting(), [REVOCATION])
    late = examine(papers.arrival(event(4)), trust=trust, county=HUANJIANG)
    assert (late.outcome, late.fault and late.fault.code) == (Outcome.QUARANTINED, "signature.key_revoked")
    early = examine(papers.arrival(event(2)), trust=trust, county=HUANJIANG)
    assert (early.outcome, early.waits) == (Outcome.ACCEPTABLE, True)


def test_a_second_document_ends_a_key_earlier_and_never_later() -> None:
    """A rotation that is brought again, or made by a thief, must not open again what a revocation closed."""
    earlier = event(1)
    tight = signed(
        RECOVERY,
        FOURTH,
        reason=ChangeReason.REVOKED,
        key=record(FOURTH),
        ends=(KeyEnd(channel=CHANNEL, epoch=EPOCH, seq=1, id=earlier.envelope_id),),
    )
    for documents in ([ROTATION, tight], [tight, ROTATION]):
        trust, _ = with_changes(trusting(), documents)
        assert judge_position(earlier, trust) is None
        assert judge_position(event(2), trust) is not None


def test_the_thief_of_the_disk_does_not_come_back_by_a_rotation() -> None:
    """He has the next key as well, and the one after it that he made: after the revocation none of them counts."""
    thiefs = signed(SECOND, THIRD, old=SECOND.kid, key=record(THIRD), ends=())
    for documents in itertools.permutations([ROTATION, thiefs, REVOCATION]):
        trust = trusting()
        for document in documents:
            trust, _ = with_changes(trust, [document])
        assert [key.kid for key in current_keys(trust, LIBO, KeyUse.EVENT)] == [FOURTH.kid]
        for thief in (SECOND, THIRD):
            found = examine(papers.arrival(event(1, by=thief)), trust=trust, county=HUANJIANG)
            assert found.outcome is not Outcome.ACCEPTABLE


def test_the_thief_keeps_nothing_by_naming_ends_of_his_own() -> None:
    """He rotates once more and says that what the next key signed is trusted: only a revocation could say that."""
    forged = event(4, by=SECOND)
    ends = (KeyEnd(channel=CHANNEL, epoch=EPOCH, seq=4, id=forged.envelope_id),)
    thiefs = signed(SECOND, THIRD, old=SECOND.kid, key=record(THIRD), ends=ends)
    trust, faults = with_changes(trusting(), [ROTATION, thiefs, REVOCATION])
    assert faults == ()
    found = examine(papers.arrival(forged), trust=trust, county=HUANJIANG)
    assert found.outcome is not Outcome.ACCEPTABLE
    kept = signed(RECOVERY, FOURTH, old=SECOND.kid, reason=ChangeReason.REVOKED, key=record(FOURTH), ends=ends)
    trust, _ = with_changes(trust, [kept])
    assert examine(papers.arrival(forged), trust=trust, county=HUANJIANG).outcome is Outcome.ACCEPTABLE


def test_what_followed_a_key_revoked_later_keeps_its_past_by_a_revocation_of_its_own() -> None:
    """An old backup was stolen: the key in force was in it, too, but what it signed until now is true."""
    last = event(7, by=SECOND)
    ends = (KeyEnd(channel=CHANNEL, epoch=EPOCH, seq=7, id=last.envelope_id),)
    second = signed(RECOVERY, FOURTH, old=SECOND.kid, reason=ChangeReason.REVOKED, key=record(FOURTH), ends=ends)
    trust, faults = with_changes(
        trusting(), [ROTATION, signed(RECOVERY, reason=ChangeReason.REVOKED, key=None), second]
    )
    assert faults == ()
    assert examine(papers.arrival(event(5, by=SECOND)), trust=trust, county=HUANJIANG).outcome is Outcome.ACCEPTABLE
    assert [key.kid for key in current_keys(trust, LIBO, KeyUse.EVENT)] == [FOURTH.kid]


def test_a_revocation_closes_the_epochs_it_lists() -> None:
    """There the receivers may hold the thief's links at the places that would be used next."""
    assert with_changes(trusting(), [REVOCATION])[0].closed == {(LIBO, CHANNEL, EPOCH)}
    assert with_changes(trusting(), [ROTATION])[0].closed == frozenset()


def test_a_key_that_a_later_registry_dropped_is_known_up_to_its_end() -> None:
    """Evidence from before the change must verify in ten years, when no registry lists the key."""
    newest = papers.trust(version=2, previous="0" * 64, members=_without_old_key())
    earlier: list[Registry] = [trusting().registry]
    trust, faults = with_changes(newest, [ROTATION], earlier)
    assert faults == ()
    assert examine(papers.arrival(event(2)), trust=trust, county=HUANJIANG).outcome is Outcome.ACCEPTABLE
    assert [key.kid for key in current_keys(trust, LIBO, KeyUse.EVENT)] == [SECOND.kid]


def _without_old_key() -> tuple[Any, ...]:
    others = tuple(one for one in papers.member(LIBO).keys if one.use is not KeyUse.EVENT)
    libo = papers.member(LIBO, keys=(*others, record(SECOND, THIRD)))
    return (papers.member(NANDAN), papers.member(HUANJIANG), libo)


def test_a_credential_of_an_ended_key_counts_if_it_was_listed() -> None:
    """A thief certifies officers of his own; the true ones must not fall with the key."""
    true, forged = papers.credential(LIBO), papers.credential(LIBO, officer="duty-z")
    kept = signed(
        RECOVERY, FOURTH, reason=ChangeReason.REVOKED, key=record(FOURTH), credentials=(document_digest(true),)
    )
    trust, _ = with_changes(trusting(), [kept])
    assert not isinstance(judge_officer(true, trust, LIBO, NOW), Fault)
    assert isinstance(judge_officer(forged, trust, LIBO, NOW), Fault)


def published(*documents: SignedDocument, by: MemorySigner) -> Envelope:
    """Return the record that passes documents on."""
    content = DocumentsPublished(documents=documents).model_dump_json(exclude_none=True).encode()
    return papers.envelope(content, type=DocumentsPublished.wire_type, purpose="bus_control", by=[by], priority=1)


@pytest.mark.parametrize("by", [OLD, SECOND], ids=["old", "new"])
def test_the_record_is_verified_by_the_very_key_that_it_makes_known(by: MemorySigner) -> None:
    """It is told again to a partner who comes later, when the old key is long destroyed."""
    found = examine(papers.arrival(published(ROTATION, by=by)), trust=trusting(), county=HUANJIANG)
    assert (found.outcome, found.fault) == (Outcome.ACCEPTABLE, None)


def test_a_record_by_a_key_that_its_documents_do_not_prove_is_refused() -> None:
    """A stranger passes a true document on in the county's name."""
    found = examine(papers.arrival(published(ROTATION, by=THIEF)), trust=trusting(), county=HUANJIANG)
    assert (found.outcome, found.fault and found.fault.code) == (Outcome.QUARANTINED, "signature.unknown_key")


def test_a_record_with_a_document_that_does_not_count_is_rejected() -> None:
    """Its source has signed it and is told why."""
    forged = signed(OLD, THIEF, key=record(THIEF))
    found = examine(papers.arrival(published(forged, by=OLD)), trust=trusting(), county=HUANJIANG)
    assert (found.outcome, found.fault and found.fault.code) == (Outcome.REJECTED, "key.not_committed")


def test_a_county_cannot_fill_the_disk_with_changes() -> None:
    """Each is a file that is read at every start."""
    documents, key = [], OLD
    for number in range(65):
        following, after = _nth(number), _nth(number + 1)
        documents.append(signed(RECOVERY, following, old=key.kid, key=record(following, after), ends=()))
        key = following
    assert judge_published(documents[:64], trusting()) is None
    fault = judge_published(documents, trusting())
    assert fault is not None
    assert fault.code == "key.too_many_changes"


def _nth(number: int) -> MemorySigner:
    return MemorySigner(f"key {number}")


def test_a_county_ends_no_key_of_a_neighbour() -> None:
    """Its own recovery key signs whatever it likes: else any member could silence any other."""
    theirs = papers.signer(HUANJIANG)
    hostile = signed(RECOVERY, FOURTH, old=theirs.kid, reason=ChangeReason.REVOKED, key=record(FOURTH), ends=(END,))
    trust, _ = with_changes(trusting(), [hostile])
    assert theirs.kid not in trust.ended
    assert [key.kid for key in current_keys(trust, HUANJIANG, KeyUse.EVENT)] == [theirs.kid]


def test_a_county_closes_no_epoch_of_a_neighbour() -> None:
    """Its document may name any channel: what it says of another's counts for nothing there."""
    trust, _ = with_changes(trusting(), [REVOCATION])
    assert trust.branch(LIBO, CHANNEL, EPOCH) == END
    assert trust.branch(HUANJIANG, CHANNEL, EPOCH) is None
    assert {county for county, _, _ in trust.closed} == {LIBO}
