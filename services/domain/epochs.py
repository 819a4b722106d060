"""A new epoch begins: is the one before it complete here, and is it what its source says it was?

Source: docs/protocol.md, section "Completeness".
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from pydantic import ValidationError

from schemas.completeness import Claim
from schemas.control import EpochOpened
from schemas.envelope import Envelope, Position
from schemas.records import Chain


@dataclass(frozen=True, slots=True)
class Handover:
    """What the opening of an epoch says about the one before.

    Attributes:
        last: The last link of the old epoch that its source knows.
    """

    source: str
    channel: str
    old_epoch: str
    last: Position


class Ending(Enum):
    """How an old epoch ended, seen from here."""

    COMPLETE = "complete"
    MISSING = "missing"
    """We hold less than its source says."""
    DROPPED = "dropped"
    """We hold more: its source goes on without links that it signed."""
    CONTRADICTED = "contradicted"
    """Another link stands at that place here."""


def handover_of(opening: Envelope) -> Handover | None:
    """Read what link 0 says about the epoch before; None if it says nothing."""
    try:
        said = EpochOpened.model_validate_json(opening.content, extra="ignore")
    except ValidationError:
        return None
    if said.old_epoch is None or said.last is None:
        return None
    header = opening.header
    return Handover(header.source, header.channel, said.old_epoch, Position(said.last.seq, said.last.id))


def judge_ending(handover: Handover, old: Chain | None, held_id: str | None) -> Ending:
    """Compare what an opening says about the epoch before with what is held of that.

    Args:
        handover: What the opening says.
        old: The old epoch, if anything of it is held.
        held_id: The envelope id held at its last place, if any.
    """
    if old is not None and old.frozen:
        return Ending.COMPLETE  # a fork was proved: which branch is kept is for people
    if held_id is not None and held_id != handover.last.envelope_id:
        return Ending.CONTRADICTED
    held = old.head.seq if old else -1
    if held < handover.last.seq:
        return Ending.MISSING
    return Ending.DROPPED if held > handover.last.seq else Ending.COMPLETE


def claim_of(handover: Handover, since: datetime) -> Claim:
    """Return the claim that the old epoch goes as far as its source says."""
    last = handover.last
    channel, epoch = handover.channel, handover.old_epoch
    return Claim(handover.source, handover.source, channel, epoch, last.seq, last.envelope_id, since)
