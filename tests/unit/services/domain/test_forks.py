"""What proves a fork, and what only looks like it."""

from dataclasses import replace
from typing import Any

import pytest

from schemas.completeness import ForkEvidence
from schemas.control import ForkProved, SignedHeader
from schemas.envelope import Envelope, PayloadType
from schemas.errors import Fault
from schemas.key_changes import ChangeReason, KeyChange, KeyEnd
from schemas.registry import KeyUse
from services.domain.forks import ProvedFork, judge_fork, signed_bytes, spelled
from services.domain.key_changes import with_changes
from tests import papers
from tests.papers import HUANJIANG, LIBO, NANDAN, NOW


def link(seq: int = 2, **changes: Any) -> Envelope:  # noqa: ANN401 - any field of the header
    """A link of 荔波."""
    return papers.envelope(seq=seq, **changes)


def proof(first: Envelope, second: Envelope) -> ForkProved:
    """Two links side by side."""
    header = first.header
    pair = signed_bytes(first), signed_bytes(second)
    return spelled(ForkEvidence(header.source, header.channel, header.epoch, tuple(header.to), *pair, NOW))


def judged(first: Envelope, second: Envelope) -> ProvedFork | Fault:
    """What a node finds that trusts the registry and nothing else."""
    return judge_fork(proof(first, second), papers.trust())


ONE = link()
OTHER = link(time=papers.later(minutes=1))


def test_two_links_for_one_place_are_a_proof() -> None:
    """In whichever order they are shown."""
    for pair in ((ONE, OTHER), (OTHER, ONE)):
        found = judged(*pair)
        assert isinstance(found, ProvedFork)
        assert found.seq == 2
        assert found.header.source == "522722"


def test_a_successor_of_another_link_is_a_proof() -> None:
    """The source signed #2, and a #3 that follows another #2."""
    found = judged(ONE, link(3, prev=OTHER.envelope_id))
    assert isinstance(found, ProvedFork)
    assert found.seq == 3


@pytest.mark.parametrize(
    "second",
    [
        ONE,
        link(3, prev=ONE.envelope_id),
        link(4, prev=OTHER.envelope_id),
        link(1, time=papers.later(minutes=1)),
        link(epoch="2-00000000000000aa"),
        link(to=(HUANJIANG,)),
        papers.envelope(source=NANDAN, to=(HUANJIANG, "522722"), seq=2),
    ],
    ids=["the same", "it follows", "not the next", "before", "another epoch", "another channel", "another source"],
)
def test_what_can_both_be_true_proves_nothing(second: Envelope) -> None:
    """A member could freeze any channel with two of its links."""
    found = judged(ONE, second)
    assert isinstance(found, Fault)
    assert found.code == "fork.no_contradiction"


def test_a_signature_that_does_not_hold_proves_nothing() -> None:
    """Whoever can write a header could accuse everybody."""
    found = judged(ONE, replace(OTHER, signatures_bytes=ONE.signatures_bytes))
    assert isinstance(found, Fault)
    assert found.code == "signature.invalid"


def test_bytes_that_are_no_header_prove_nothing() -> None:
    """Nothing is raised, whatever a member sends."""
    good = proof(ONE, OTHER).links[0]
    for bad in (good.model_copy(update={"header": "AAAA"}), SignedHeader(header="A", signatures="A")):
        assert isinstance(judge_fork(ForkProved(links=(good, bad)), papers.trust()), Fault)
        assert isinstance(judge_fork(ForkProved(links=(bad, good)), papers.trust()), Fault)


END = link(3)
REVOCATION = papers.signed(
    PayloadType.KEY_CHANGE,
    KeyChange(
        county=LIBO,
        use=KeyUse.EVENT,
        old=papers.signer(LIBO).kid,
        reason=ChangeReason.REVOKED,
        ends=(KeyEnd(channel=END.header.channel, epoch=END.header.epoch, seq=3, id=END.envelope_id),),
        issued_at=NOW,
    ),
    [papers.signer(LIBO, KeyUse.RECOVERY)],
)


def test_a_thief_forks_nothing_once_the_key_is_revoked() -> None:
    """He could freeze a channel for ever; what lies below the end is still proof."""
    revoked, faults = with_changes(papers.trust(), [REVOCATION])
    assert faults == ()
    behind = proof(link(4), link(4, time=papers.later(minutes=1)))
    assert isinstance(judge_fork(behind, papers.trust()), ProvedFork)
    found = judge_fork(behind, revoked)
    assert isinstance(found, Fault)
    assert found.code == "signature.key_revoked"
    at_the_end = judge_fork(proof(END, link(3, time=papers.later(minutes=1))), revoked)
    assert isinstance(at_the_end, Fault)
    assert isinstance(judge_fork(proof(ONE, OTHER), revoked), ProvedFork)
