"""Old epochs that partners have left: what of them is missing here, and what was dropped."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.completeness import Claim
from schemas.control import ChainKind
from schemas.records import Chain
from services.domain.chain import epoch_counter
from services.domain.epochs import Ending, Handover, claim_of, handover_of, judge_ending
from services.ports import Snapshot


@dataclass(frozen=True, slots=True)
class Ended:
    """One epoch that was left, and how it ended as seen from here.

    Attributes:
        surplus: How many links we hold that its source dropped.
    """

    handover: Handover
    ending: Ending
    surplus: int = 0


class Endings:
    """Reads each opening once; only epochs behind the first one have a story."""

    def __init__(self, county: str) -> None:
        """Look at the channels of others than ``county``."""
        self._county = county
        self._handovers: dict[int, Handover | None] = {}

    def look(self, snapshot: Snapshot) -> list[Ended]:
        """Return every ended epoch that is not complete here."""
        found = [self._judged(snapshot, one) for one in self._known(snapshot, snapshot.heads())]
        return [one for one in found if one.ending is not Ending.COMPLETE]

    def _known(self, snapshot: Snapshot, chains: Iterable[Chain]) -> list[Handover]:
        later = [one for one in chains if one.source != self._county and epoch_counter(one.epoch) > 1]
        for chain in later:
            if chain.number not in self._handovers:
                openings = snapshot.run_of(chain.number, 0, 0, 1)
                if openings:  # link 0 may come later than those behind it
                    self._handovers[chain.number] = handover_of(openings[0].envelope)
        known = (self._handovers.get(one.number) for one in later)
        return [one for one in known if one is not None]

    def _judged(self, snapshot: Snapshot, handover: Handover) -> Ended:
        old = snapshot.chain(handover.channel, handover.old_epoch)
        held = snapshot.signed_at(old.number, handover.last.seq) if old else None
        ending = judge_ending(handover, old, held.envelope_id if held else None)
        if ending is Ending.DROPPED and old and old.kind is ChainKind.RECEIPT:
            ending = Ending.COMPLETE  # receipts that their writer lost concern nobody but those who hold them
        return Ended(handover, ending, old.head.seq - handover.last.seq if old else 0)


def claims_of(ended: Sequence[Ended], since: datetime) -> list[Claim]:
    """Return what is to be asked for."""
    return [claim_of(one.handover, since) for one in ended if one.ending is Ending.MISSING]
