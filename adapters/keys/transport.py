"""What the link to the hub needs of a county: a TLS certificate request, and the nkey that the hub lets in."""

from typing import cast

import nkeys
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from adapters.keys.key_file import OpenKey
from schemas.errors import InvariantError


def certificate_request(key: OpenKey, *, county: str, office: str) -> str:
    """Return the PEM of a certificate request: common name = county code, organisation = office."""
    if not isinstance(key.private, EllipticCurvePrivateKey):
        raise InvariantError("the TLS key is a P-256 key")
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, county),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, office[:64]),  # the bound of X.520
        ]
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key.private, SHA256())
    return request.public_bytes(Encoding.PEM).decode()


def nkey_seed(key: OpenKey) -> str:
    """Return the seed (``SU…``) of a user nkey: the secret that the NATS client signs the hub's challenge with."""
    return cast("bytes", nkeys.encode_seed(key.seed, nkeys.PREFIX_BYTE_USER)).decode()


def nkey_public(key: OpenKey) -> str:
    """Return the public nkey (``U…``) that stands in the registry."""
    pair = nkeys.from_seed(bytearray(nkey_seed(key).encode()))
    return cast("bytes", pair.public_key).decode()


def open_key_pem(key: OpenKey) -> bytes:
    """Return a TLS key as unencrypted PEM: nats-server reads no other. Keep it in memory or in a folder that goes."""
    return key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
