"""What an opening says about the epoch before, against what is held of that."""

import json
from dataclasses import replace

import pytest

from schemas.control import ChainKind, EpochOpened
from schemas.envelope import Position
from schemas.records import Chain
from services.domain.epochs import Ending, Handover, claim_of, handover_of, judge_ending
from tests import papers
from tests.papers import LIBO, NOW

OLD, NEW = papers.EPOCH, "2-00000000000000bb"
LAST = Position(5, "e" * 64)
HANDOVER = Handover(LIBO, "c" * 64, OLD, LAST)


def old(seq: int, *, frozen: bool = False) -> Chain:
    """The old epoch as far as it is held."""
    head = Position(seq, "e" * 64)
    return Chain(1, "c" * 64, OLD, LIBO, papers.AGREEMENT, ChainKind.EVENT, ("451226",), head, frozen)


@pytest.mark.parametrize(
    ("chain", "held_id", "ending"),
    [
        (None, None, Ending.MISSING),
        (old(4), None, Ending.MISSING),
        (old(5), "e" * 64, Ending.COMPLETE),
        (old(7), "e" * 64, Ending.DROPPED),
        (old(7), "f" * 64, Ending.CONTRADICTED),
        (old(4), "f" * 64, Ending.CONTRADICTED),
        (old(3, frozen=True), None, Ending.COMPLETE),
    ],
    ids=["nothing held", "less", "as much", "more", "another", "another, early", "a proved fork"],
)
def test_how_an_epoch_ended(chain: Chain | None, held_id: str | None, ending: Ending) -> None:
    """What is missing is not asked for, or what was dropped is not told."""
    assert judge_ending(HANDOVER, chain, held_id) is ending


def test_the_claim_is_the_old_epochs() -> None:
    """Asked for in the new epoch, where nobody has it."""
    claim = claim_of(HANDOVER, NOW)
    assert (claim.epoch, claim.seq, claim.envelope_id, claim.claimant, claim.source) == (OLD, 5, "e" * 64, LIBO, LIBO)


def test_an_opening_says_what_came_before() -> None:
    """The first epoch of a channel says nothing, and neither does what is no opening."""
    base = papers.envelope(b"{}", type=EpochOpened.wire_type, seq=0, epoch=NEW)
    content = {
        "channel": base.header.channel,
        "chain_kind": "event",
        "agreement_id": papers.AGREEMENT,
        "audience": list(base.header.to),
        "epoch": NEW,
        "reason": "restored",
        "old_epoch": OLD,
        "last": {"seq": 5, "id": "e" * 64},
    }
    opening = replace(base, content=json.dumps(content).encode())
    assert handover_of(opening) == Handover(base.header.source, base.header.channel, OLD, LAST)
    first = {name: value for name, value in content.items() if name not in {"old_epoch", "last"}}
    assert handover_of(replace(base, content=json.dumps(first | {"reason": "first"}).encode())) is None
    assert handover_of(base) is None
