"""The keys of a new county, and what it shows of them to the hub."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters.keys.key_file import OpenKey, generate
from adapters.keys.transport import certificate_request, nkey_public
from schemas.registry import KeyUse
from services.domain.ceremony import ALGORITHMS

TLS_KEY: Final = "transport/tls.key"
NKEY: Final = "transport/nkey.key"


@dataclass(frozen=True, slots=True)
class Identity:
    """Fresh private keys, nothing of them written yet.

    Attributes:
        signing: The member's keys by use.
        following: The next event and receipt key, made beforehand: the card commits to them.
        transport: The keys of the link to the hub by file name.
    """

    signing: Mapping[KeyUse, OpenKey]
    following: Mapping[KeyUse, OpenKey]
    transport: Mapping[str, OpenKey]

    @property
    def public_keys(self) -> Mapping[KeyUse, bytes]:
        """The 32 raw public bytes of each use."""
        return {use: key.public for use, key in self.signing.items()}

    @property
    def next_public_keys(self) -> Mapping[KeyUse, bytes]:
        """The 32 raw public bytes of the keys that follow."""
        return {use: key.public for use, key in self.following.items()}

    @property
    def nkey(self) -> str:
        """The public nkey that the hub lets in."""
        return nkey_public(self.transport[NKEY])

    def certificate_request(self, *, county: str, office: str) -> str:
        """Return the PEM of the TLS certificate request."""
        return certificate_request(self.transport[TLS_KEY], county=county, office=office)


def new_identity() -> Identity:
    """Make every key of a county from the system's randomness."""
    signing = {use: generate(algorithm) for use, algorithm in ALGORITHMS.items()}
    following = {use: generate(ALGORITHMS[use]) for use in (KeyUse.EVENT, KeyUse.RECEIPT)}
    return Identity(signing, following, {TLS_KEY: generate("p256"), NKEY: generate("ed25519")})
