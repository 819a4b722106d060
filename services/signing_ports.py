"""What the services need from outside to change signing keys, as Protocols; see services.ports."""

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from schemas.documents import SignedDocument
from schemas.errors import Fault
from schemas.registry import KeyUse
from services.ports import Signer


class Filed(Protocol):
    """A signed document and the name of its file, below the county's directory."""

    @property
    def name(self) -> str:
        """Where it is kept."""

    @property
    def document(self) -> SignedDocument:
        """As it is kept."""


F = TypeVar("F", bound=Filed)


class OwnSigner(Signer, Protocol):
    """A signer whose public key is at hand: 32 raw bytes."""

    public: bytes


class SigningKeys(Protocol):
    """The private signing keys of this county: those in force, and the next ones, made beforehand."""

    def signers(self) -> Mapping[str, OwnSigner]:
        """Return every one by kid, also those that another program put there meanwhile.

        Raises:
            RequestError: A file is damaged or cannot be opened.
        """

    def make(self, use: KeyUse) -> bytes:
        """Make the key after the next one, durable before its public half (32 bytes) is returned.

        Raises:
            UnavailableError: The disk is full or failing.
        """

    def ordered(self, use: KeyUse) -> str | None:
        """Return the kid of the key that a person has ordered to be changed, or None."""

    def done(self, use: KeyUse, kid: str) -> None:
        """The order was carried out or is void; whatever private half ``kid`` names is destroyed.

        Args:
            use: Of the order.
            kid: The key that ended; empty if none did.
        """


class Papers(Protocol):
    """The signed documents that count here: more of them may come while the node runs."""

    def keep(self, document: SignedDocument) -> None:
        """Keep a change of keys, durable before this returns; the next look at what is trusted sees it.

        Raises:
            UnavailableError: The disk is full or failing.
        """


class TrustFolder(Protocol):
    """The documents that this county trusts, as they are kept: a person may put a signed one among them.

    Reading and writing take a while; call both in a thread.
    """

    def read(self) -> Mapping[str, bytes]:
        """Return every document, by the name of its file.

        Raises:
            RequestError: A file is not to be read.
        """

    def put(self, judge: Callable[[Mapping[str, bytes]], F | Fault]) -> F | Fault:
        """Put a document there if it passes, whole and durable before this returns; it counts at the next look.

        Args:
            judge: Is given every document by its name, as they stand at that moment, nobody else writing meanwhile;
                returns what is to be kept, or why it is not: then nothing changes.

        Raises:
            RequestError: A file is not to be read or written.
            UnavailableError: The disk is full or failing.
        """
