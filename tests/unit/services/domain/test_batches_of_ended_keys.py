"""A batch gives an ended key nothing: each envelope is judged by its own place and time, whatever is signed with it."""

from dataclasses import replace
from typing import Any

from adapters.memory.signer import MemorySigner
from schemas.control import ChainKind
from schemas.envelope import Envelope, PayloadType
from schemas.errors import Fault
from schemas.key_changes import ChangeReason, KeyChange, KeyEnd
from schemas.registry import KeyUse
from services.domain.batches import sign_run
from services.domain.chain import channel_of
from services.domain.key_changes import with_changes
from services.domain.receiving import Outcome, examine
from services.domain.signing import attach_later, prepare, to_be_signed_of, verify
from services.domain.trust import Trust
from tests import papers
from tests.papers import AGREEMENT, EPOCH, HUANJIANG, LIBO, NANDAN

OLD, NEXT = papers.signer(LIBO), papers.signer(LIBO, name="second")
CHANNEL = channel_of(ChainKind.EVENT, LIBO, AGREEMENT, (NANDAN, HUANJIANG))


def signed(by: MemorySigner, *given: dict[str, Any]) -> list[Envelope]:
    """Return events of 荔波, signed together."""
    body = papers.as_bytes(papers.policy_content())
    run = [attach_later(prepare(papers.header(body, **({"signers": (by.kid,)} | one))), body) for one in given]
    parts = sign_run(run, to_be_signed_of, by.kid, by.sign)
    return [replace(one, signatures_bytes=part) for one, part in zip(run, parts, strict=True)]


def revoked_at(last: Envelope) -> Trust:
    """Return a trust in which the recovery key of 荔波 has ended its event key at this event."""
    end = KeyEnd(channel=CHANNEL, epoch=EPOCH, seq=last.header.seq, id=last.envelope_id)
    change = KeyChange(
        county=LIBO,
        use=KeyUse.EVENT,
        old=OLD.kid,
        reason=ChangeReason.REVOKED,
        ends=(end,),
        key=papers.key_record(NEXT, KeyUse.EVENT),
        issued_at=papers.NOW,
    )
    recovery = papers.signer(LIBO, KeyUse.RECOVERY)
    document = papers.signed(PayloadType.KEY_CHANGE, change, [recovery, NEXT])
    trust, faults = with_changes(papers.trust(), [document])
    assert not faults
    return trust


def test_a_revocation_cuts_through_a_batch() -> None:
    """A thief may sign on in a batch that the county began: what lies within the ends stays, the rest is nothing."""
    run = signed(OLD, *({"seq": seq} for seq in range(1, 6)))
    trust = revoked_at(run[2])
    found = [examine(papers.arrival(one), trust=trust, county=HUANJIANG) for one in run]
    assert [one.outcome for one in found] == [Outcome.ACCEPTABLE] * 3 + [Outcome.QUARANTINED] * 2
    assert {one.fault.code for one in found if one.fault} == {"signature.key_revoked"}


def test_a_time_before_the_key_is_refused_within_a_batch() -> None:
    """One event of a batch claims a time at which its key was not valid."""
    early, fine = signed(OLD, {"seq": 1, "time": papers.LONG_AGO.replace(year=2020)}, {"seq": 2})
    fault = verify(early, papers.trust())
    assert isinstance(fault, Fault)
    assert fault.code == "signature.key_not_valid"
    assert verify(fine, papers.trust()) is None
