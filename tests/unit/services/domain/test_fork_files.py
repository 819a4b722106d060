"""A fork as one file: it holds with the anchor, and whatever one changes it does not; said by two programs alike."""

import json
from dataclasses import replace
from typing import Any, Final

import pytest

from schemas.completeness import ForkEvidence
from schemas.envelope import Envelope
from schemas.errors import Fault
from services.domain.documents import document_digest
from services.domain.encoding import to_base64url
from services.domain.evidence_verifying import Outcome
from services.domain.fork_files import ForkVerdict, is_fork_file, verify_fork_file, write_fork
from services.domain.forks import signed_bytes
from tests import papers
from tests.interop.verifier import ask
from tests.papers import NOW
from tests.world import full_papers

ANCHOR: Final = document_digest(papers.signed_registry())


def link(seq: int = 2, **changes: Any) -> Envelope:  # noqa: ANN401 - any field of the header
    """A link of 荔波."""
    return papers.envelope(seq=seq, **changes)


def kept(first: Envelope, second: Envelope) -> ForkEvidence:
    """A proof as a node keeps it."""
    header = first.header
    pair = signed_bytes(first), signed_bytes(second)
    return ForkEvidence(header.source, header.channel, header.epoch, tuple(header.to), *pair, NOW)


ONE: Final = link()
OTHER: Final = link(time=papers.later(minutes=1))
WRITTEN: Final = write_fork(kept(ONE, OTHER), full_papers())


def file() -> bytes:
    """The proof of two links for one place."""
    assert isinstance(WRITTEN, bytes), WRITTEN
    return WRITTEN


def both(data: bytes, anchor: str | None) -> ForkVerdict:
    """Judge a file by both verifiers, which must say the same."""
    (second,) = ask([{"ask": "fork", "file": to_base64url(data), "anchor": anchor}])
    first = verify_fork_file(data, anchor)
    said = first.outcome.value, first.step, first.fault.code if first.fault else None
    assert (second["outcome"], second["step"], second["code"]) == said
    return first


def test_the_proof_holds_alone() -> None:
    """Nothing but the file and the digest that is read out over the telephone."""
    assert is_fork_file(file())
    found = both(file(), ANCHOR)
    assert (found.outcome, found.fault) == (Outcome.HOLDS, None)
    assert found.first
    assert found.second
    assert (found.first.header.source, found.first.header.seq, found.second.header.seq) == ("522722", 2, 2)
    assert {found.first.envelope_id, found.second.envelope_id} == {ONE.envelope_id, OTHER.envelope_id}


def test_a_successor_of_another_link_is_proved_too() -> None:
    """The source signed #2, and a #3 that follows another #2."""
    written = write_fork(kept(ONE, link(3, prev=OTHER.envelope_id)), full_papers())
    assert isinstance(written, bytes)
    assert both(written, ANCHOR).outcome is Outcome.HOLDS


def test_without_the_anchor_it_is_consistent_at_best() -> None:
    """A forged world has forged forks; with another anchor it is refused."""
    assert both(file(), None).outcome is Outcome.CONSISTENT
    found = both(file(), "0" * 64)
    assert (found.step, found.fault.code if found.fault else None) == (2, "registry.not_pinned")


def test_what_is_no_contradiction_is_not_written() -> None:
    """An honest county must not be accused."""
    for second in (ONE, link(3, prev=ONE.envelope_id), link(4, prev=OTHER.envelope_id)):
        refused = write_fork(kept(ONE, second), full_papers())
        assert isinstance(refused, Fault)
        assert refused.code == "fork.no_contradiction"


def test_a_link_that_somebody_else_signed_is_not_written() -> None:
    """Anybody could make a second story."""
    forged = replace(OTHER, signatures_bytes=ONE.signatures_bytes)
    refused = write_fork(kept(ONE, forged), full_papers())
    assert isinstance(refused, Fault)
    assert refused.code.startswith("signature.")


@pytest.mark.parametrize("start", range(3))
def test_no_flipped_bit_holds(start: int) -> None:
    """In the file as a whole, every 61st bit from another place; both verifiers refuse for the same reason."""
    data = bytearray(file())
    questions, mine = [], []
    for bit in range(start * 20, len(data) * 8, 61):
        data[bit >> 3] ^= 1 << (bit & 7)
        found = verify_fork_file(bytes(data), ANCHOR)
        mine.append((found.outcome.value, found.step))
        questions.append({"ask": "fork", "file": to_base64url(bytes(data)), "anchor": ANCHOR})
        data[bit >> 3] ^= 1 << (bit & 7)
    assert {outcome for outcome, _ in mine} == {"refused"}
    assert [(one["outcome"], one["step"]) for one in ask(questions)] == mine


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"format": "sihu-evidence"},
        {"links": []},
        {"registries": []},
        {"more": 1},
    ],
)
def test_another_form_is_refused(change: dict[str, Any]) -> None:
    """One spelling, these fields and no others."""
    data = json.dumps(json.loads(file()) | change, separators=(",", ":")).encode()
    assert both(data, ANCHOR).step == 1
