"""What the services need from outside to sign a run of envelopes at once, as Protocols; see services.ports."""

from collections.abc import Callable, Sequence
from typing import Protocol

from schemas.envelope import Envelope
from schemas.records import NewLink

SignRun = Callable[[Sequence[Envelope]], Sequence[bytes]]
"""Returns the signatures part of each envelope, in their order. What goes together is recorded with equal ones."""


class Unsigned(Protocol):
    """Recording of own links before they are signed: what waits for one commit is signed together."""

    def record_unsigned(self, link: NewLink, sign: SignRun) -> None:
        """Like ``record``, for an own link whose signatures part is still empty.

        ``sign`` fills it in, with those of other works of the same commit, before anybody reads the envelope and before
        it is durable. The more wait, the fewer signatures; one that is alone waits for nothing.
        """
