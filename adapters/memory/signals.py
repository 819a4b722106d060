"""What beacons, requests and proofs leave behind, over the memory store's containers."""

from collections.abc import Sequence
from dataclasses import replace

from adapters.memory.state import State, find_chain
from schemas.completeness import Claim, ForkEvidence, Gap, Heard
from schemas.records import Direction


class MemorySignals:
    """Satisfies ``services.ports.Signals``."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def hear(self, wire_type: str, heard: Heard) -> bool:
        """Note a signal; False if one with this number or a higher one came before."""
        before = self._state.heard.get((heard.county, wire_type))
        if before is not None and before.number >= heard.number:
            return False
        self._state.heard[heard.county, wire_type] = heard
        return True

    def claim(self, claimant: str, claims: Sequence[Claim]) -> None:
        """Keep what a county says now instead of what it said before."""
        before = {key: one for key, one in self._state.claims.items() if one.claimant == claimant}
        for key in before:
            del self._state.claims[key]
        for claim in claims:
            key = claimant, claim.channel
            known = before.get(key)
            same = known is not None and known.epoch == claim.epoch
            self._state.claims[key] = replace(claim, claimed_at=known.claimed_at) if known and same else claim

    def settle_claims(self, channel: str, epoch: str, up_to: int) -> int:
        """Forget the claims about an epoch that reach no further; return how many."""
        about = [
            key
            for key, one in self._state.claims.items()
            if (one.channel, one.epoch) == (channel, epoch) and one.seq <= up_to
        ]
        for key in about:
            del self._state.claims[key]
        return len(about)

    def prove(self, evidence: ForkEvidence) -> bool:
        """Keep the proof of a fork; False if there is one for this epoch already."""
        key = evidence.channel, evidence.epoch
        if key in self._state.forks:
            return False
        self._state.forks[key] = evidence
        return True


def gaps_of(state: State, limit: int) -> list[Gap]:
    """Return partners' chains of which links beyond a missing one are here, by number."""
    places: set[tuple[int, int]] = set()
    for held in state.held:
        chain = find_chain(state.chains, held.channel, held.epoch)
        if chain is not None:
            places.add((chain.number, held.seq))
    for link in state.links.values():
        if link.event.early and link.event.direction is Direction.INCOMING:
            places.add((link.event.chain_number, link.event.envelope.header.seq))
    found: dict[int, list[int]] = {}
    beyond = [(number, seq) for number, seq in sorted(places) if seq > state.chains[number].head.seq]
    for number, seq in [place for place in beyond if not state.chains[place[0]].frozen][:limit]:
        found.setdefault(number, []).append(seq)
    gaps = [Gap(state.chains[number], tuple(seqs)) for number, seqs in found.items()]
    return [one for one in gaps if one.present[0] > one.chain.head.seq + 1]
