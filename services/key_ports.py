"""What the services need from outside to keep content between its readers, as Protocols; see services.ports."""

from datetime import datetime
from typing import Protocol

from schemas.records import ErasureRow, Quarantined
from schemas.registry import KeyRecord


class Encryption(Protocol):
    """HPKE (RFC 9180, base mode: X25519, HKDF-SHA256, AES-256-GCM), and the private keys of this county.

    A port because wrapping takes randomness, and because private keys come and go while the node runs.
    """

    def fresh(self) -> tuple[bytes, bytes]:
        """Return a new content key (32 random bytes) and a salt (16)."""

    def wrap(self, content_key: bytes, public: bytes, info: bytes) -> bytes:
        """Return 80 bytes: the content key (32) wrapped for the owner of ``public`` (32 bytes), bound to ``info``.

        Raises:
            ValueError: ``public`` is no X25519 key that can be used.
        """

    def unwrap(self, kid: str, wrapped: bytes, info: bytes) -> bytes | None:
        """Return what was wrapped for one of our keys.

        None if its private half is not here; empty if it was wrapped for another key or another ``info``, or changed.
        """


class OfficeKeyChain(Protocol):
    """The private halves of this county's short-lived encryption keys."""

    def records(self) -> list[KeyRecord]:
        """Return the public records of those that are here, also of those made by another program meanwhile.

        Raises:
            RequestError: A file is damaged, or cannot be opened.
        """

    def make(self, valid_from: datetime, valid_until: datetime) -> KeyRecord:
        """Make one, durable before it is returned.

        Raises:
            UnavailableError: The disk is full or failing.
        """

    def destroy(self, kid: str) -> None:
        """Destroy one for good."""


class OfficeKeys(Protocol):
    """Short-lived public encryption keys, ours and those that partners published."""

    def of(self, county: str) -> tuple[KeyRecord, ...]:
        """Return the kept keys of a county, the newest first; cheap."""

    def keep(self, county: str, key: KeyRecord) -> None:
        """Keep a published key; beyond twelve of a county the oldest go."""

    def note_published(self, kid: str, channel: str, envelope_id: str) -> None:
        """A key of ours was published on a channel, by this envelope."""


class Erasures(Protocol):
    """Contents that were taken out of their envelopes for good. Header and signatures stay, and with them the chain."""

    def erase(self, envelope_id: str, row: ErasureRow) -> bool:
        """Take keys part, content and content key of a recorded envelope out; False if no such envelope is here.

        So go its words, and the CAP document that the event was made of.

        Once the work is committed nothing of them is left in the store's files, at the latest some seconds later.
        """

    def note(self, envelope_id: str, row: ErasureRow) -> None:
        """Keep that another county erased its copy; the first word of each county stays."""


class Readmitting(Protocol):
    """What was quarantined for a key that was not known then."""

    def refused(self, source: str, code: str, limit: int) -> list[Quarantined]:
        """Return what was quarantined of a source for one reason and still has its bytes, oldest first."""

    def readmit(self, digest: str) -> None:
        """Take out of quarantine what turned out to be good: whoever calls this takes it in."""
