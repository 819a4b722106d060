"""What ``services.completeness`` needs of a store and of the hub; part of ``services.ports``, which see."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from schemas.completeness import Claim, ForkEvidence, Gap, Heard, Owing, SignedBytes
from schemas.records import Chain, StoredEvent


class ShownWhole(Protocol):
    """Reading what is owed, held, missing, said and proved."""

    def owing(self) -> list[Owing]:
        """Return who owes *stored* for which chain of ours, by chain and recipient."""

    def run_of(self, chain_number: int, first: int, last: int, max_bytes: int) -> list[StoredEvent]:
        """Return the recorded links ``first``…``last`` of a chain in order, at least one if there is any.

        Own or received; refused ones are left out, since their content is not kept.
        """

    def signed_at(self, chain_number: int, seq: int) -> SignedBytes | None:
        """Return what was signed at a place of a chain, refused links too, or None."""

    def chains_of(self, source: str) -> list[Chain]:
        """Return every epoch of every channel of a county, by number."""

    def heads(self) -> list[Chain]:
        """Return the newest epoch of every channel, own and others', by number."""

    def gaps(self, limit: int) -> list[Gap]:
        """Return partners' chains, not frozen, of which links beyond a missing one are here, by number.

        At most ``limit`` of those links in all are looked at.
        """

    def heard(self, wire_type: str) -> list[Heard]:
        """Return the newest signal of one kind of every county, by county."""

    def claims(self, limit: int) -> list[Claim]:
        """Return open claims, the oldest first."""

    def forks(self, limit: int) -> list[ForkEvidence]:
        """Return proofs of forks, the newest first."""

    def last_heard(self) -> Mapping[str, datetime]:
        """Return, per county, when the newest verified link that stands at the head of a chain of its came."""


class Signals(Protocol):
    """What beacons, requests and proofs leave behind."""

    def hear(self, wire_type: str, heard: Heard) -> bool:
        """Note a signal; False if one of this kind with this number or a higher one came from that county before."""

    def claim(self, claimant: str, claims: Sequence[Claim]) -> None:
        """Keep what a county says now, one claim a channel, instead of what it said before.

        A claim about an epoch that it claimed before keeps the time of the first one.
        """

    def settle_claims(self, channel: str, epoch: str, up_to: int) -> int:
        """Forget the claims about an epoch that reach no further than ``up_to``; return how many."""

    def prove(self, evidence: ForkEvidence) -> bool:
        """Keep the proof of a fork; False if there is one for this epoch already."""


class Signaller(Protocol):
    """The way out for signals: beacons, requests, proofs. None of them is kept here; the newest is worth most."""

    async def signal(self, subject: str, message: bytes) -> None:
        """Hand one signal to the hub, which keeps the newest of each subject.

        Raises:
            UnavailableError: The hub did not take it; the next one says more anyway.
        """
