"""What a connection to a hub or leaf needs: where it is, the TLS files both sides verify, and the nkey."""

import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

import nkeys

from schemas.errors import Fault, RequestError

_SEED_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: whom we believe, and who we are.

    Attributes:
        ca: Certificate of the authority that signed the other side.
        certificate: Our own, with the chain below the authority if there is one.
        key: The private key of ``certificate``.
        key_password: Opens ``key``; empty if it is not encrypted. nats-server itself wants an open key.
    """

    ca: Path
    certificate: Path
    key: Path
    key_password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """How one county, or the registrar, connects.

    Attributes:
        urls: ``tls://host:port`` of the hub's servers, or of the county's own leaf: nothing else changes.
        nkey_seed: ``SU…``; signs the server's challenge and never leaves this machine.
        tls: None only on a loopback without TLS, for benches beside bare nats-py.
    """

    urls: tuple[str, ...]
    nkey_seed: str = field(repr=False)
    tls: TlsFiles | None

    def ssl_context(self) -> ssl.SSLContext | None:
        """Return a context that verifies the server's certificate and name, and shows ours.

        Raises:
            RequestError: A file is missing, damaged, or does not fit the others.
        """
        if self.tls is None:
            return None
        try:
            context = ssl.create_default_context(cafile=str(self.tls.ca))
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.load_cert_chain(self.tls.certificate, self.tls.key, password=self.tls.key_password)
        except OSError as exc:  # ssl.SSLError is one too
            raise RequestError(Fault("tls.unusable", "tls", f"check {self.tls.ca.parent}: {exc}")) from exc
        return context


def new_nkey_seed() -> str:
    """Return a fresh user nkey seed, ``SU…``: 256 random bits."""
    seed = nkeys.encode_seed(os.urandom(_SEED_BYTES), nkeys.PREFIX_BYTE_USER)
    return cast("bytes", seed).decode()


def nkey_public_of(seed: str) -> str:
    """Return the public nkey (``U…``) of a seed.

    Raises:
        RequestError: It is no seed of a user nkey.
    """
    try:
        pair = nkeys.from_seed(bytearray(seed.encode()))
    except (nkeys.NkeysError, ValueError, AssertionError):
        raise RequestError(Fault("nkey.malformed", "nkey_seed", "this is no seed of a user nkey (SU…)")) from None
    public = cast("bytes", pair.public_key).decode()
    if not public.startswith("U"):
        raise RequestError(Fault("nkey.malformed", "nkey_seed", "this nkey is not a user's (SU…)"))
    return public
