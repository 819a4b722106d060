"""Write signals: number, encrypt, sign, hand to the hub."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog

from schemas.base import Event
from schemas.ids import CountyCode
from services.completeness_ports import Signaller
from services.domain.office_keys import listed_key
from services.domain.signals import Closing, compose, number_at
from services.domain.trust import Trust
from services.key_ports import Encryption
from services.ports import Clock, Ids, Signer

log = structlog.get_logger()

_ISSUED_KEPT: Final = 512  # to one partner: hours of them


class SignalWriter:
    """Everything that this county signals goes out here."""

    def __init__(
        self,
        *,
        county: str,
        signer: Signer,
        signaller: Signaller,
        trust: Callable[[], Trust],
        clock: Clock,
        ids: Ids,
        encryption: Encryption,
    ) -> None:
        """Take ready-made ports; open nothing.

        Args:
            county: Ourselves.
            signer: The event key.
            signaller: The way to the hub.
            trust: Returns what is trusted now.
            clock: The time that signals claim and are numbered by.
            ids: Randomness.
            encryption: Wraps the key of each signal for its recipient.
        """
        self.county, self._signer, self._signaller = county, signer, signaller
        self._trust, self._clock, self._ids = trust, clock, ids
        self._encryption = encryption
        self._last = 0
        self._issued: dict[str, deque[int]] = {}
        self._in_clear: set[str] = set()

    async def send(self, event: Event, to: str) -> int:
        """Encrypt, sign and hand over one signal; return its sequence.

        Raises:
            UnavailableError: The hub did not take it.
        """
        now = self._clock.now()
        self._last = number_at(now, self._last)
        self._issued.setdefault(to, deque(maxlen=_ISSUED_KEPT)).append(self._last)  # also if the hub's answer is lost
        subject, message = compose(
            event,
            source=CountyCode(self.county),
            to=CountyCode(to),
            number=self._last,
            now=now,
            content_id=self._ids.hex(16),
            registry_version=self._trust().registry.version,
            signer=(self._signer.kid, self._signer.sign),
            closing=self._closing(to, now),
        )
        number = self._last
        await self._signaller.signal(subject, message)
        return number

    def _closing(self, to: str, now: datetime) -> Closing | None:
        """Close by the key that the registry lists, which neither a restore nor a month without contact takes away."""
        reader = listed_key(to, now, self._trust())
        if reader is not None:
            self._in_clear.discard(to)
            return Closing(reader, *self._encryption.fresh(), self._encryption.wrap)
        if to not in self._in_clear:
            self._in_clear.add(to)
            log.error("completeness.in_clear", county=to, mend="its registry entry lists no encryption key in force")
        return None

    def denies(self, partner: str, number: int) -> bool:
        """Tell whether a signal in our name, younger than the oldest that is remembered here, was not written here."""
        issued = self._issued.get(partner)
        return issued is not None and number > issued[0] and number not in issued


@dataclass(slots=True)
class Wishes:
    """What the parts of this room want of each other. Lost with the process: the next beacon says it again.

    Attributes:
        list_all_for: Partners who want every head of ours listed.
        ask_heads_of: Partners of whom we want every head listed.
        stories: (claimant, channel, epoch, seq): links that somebody holds otherwise than we do, to be asked for.
        told: (claimant, channel, epoch): of which of them the officer has been told.
        sent: By partner the sequences of our newest beacons, and when they left, in seconds that never go back.
        echoes: By partner the sequence of our newest beacon that its newest beacon confirms.
        epochs: By (source, channel) the last epochs that the source's own beacons named, each turn once.
    """

    list_all_for: set[str] = field(default_factory=set)
    ask_heads_of: set[str] = field(default_factory=set)
    stories: set[tuple[str, str, str, int]] = field(default_factory=set)
    told: set[tuple[str, str, str]] = field(default_factory=set)
    sent: dict[str, deque[tuple[int, float]]] = field(default_factory=dict)
    echoes: dict[str, int | None] = field(default_factory=dict)
    epochs: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
