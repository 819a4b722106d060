"""A small certificate authority for one hub: it signs the hub's servers and the counties that the registry names.

Keys are ECDSA on P-256. Who may do what is decided by the nkey, not by the certificate: it only keeps strangers from
talking to the server at all. Times come in as arguments.
"""

import ipaddress
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from schemas.errors import Fault, RequestError

AUTHORITY_DAYS: Final = 3650
CERTIFICATE_DAYS: Final = 398
WARN_DAYS: Final = 30
_SKEW: Final = timedelta(minutes=10)  # a neighbour's clock may be behind ours
_KEY_MODE: Final = 0o600


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its private key, both PEM; ``key_pem`` is empty when the key stayed with its owner."""

    certificate_pem: bytes
    key_pem: bytes


class Authority:
    """Signs with the authority's key, which stays in memory and in its file."""

    def __init__(self, certificate_pem: bytes, key_pem: bytes) -> None:
        """Take the authority's certificate and its open private key.

        Raises:
            RequestError: They are damaged, or do not belong together.
        """
        try:
            key = serialization.load_pem_private_key(key_pem, password=None)
            self._certificate = x509.load_pem_x509_certificate(certificate_pem)
        except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
            raise RequestError(Fault("tls.authority_damaged", "authority", str(exc))) from exc
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != self._certificate.public_key():
            raise RequestError(
                Fault("tls.authority_mismatch", "authority", "key and certificate do not belong together")
            )
        self._key = key

    @classmethod
    def create(cls, name: str, *, now: datetime, days: int = AUTHORITY_DAYS) -> tuple["Authority", Issued]:
        """Make a new authority; return it with what must be kept (``save`` writes it)."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name)
        builder = (
            _builder(subject, subject, key.public_key(), now, days)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
        )
        issued = Issued(_pem(builder.sign(key, hashes.SHA256())), _key_pem(key))
        return cls(issued.certificate_pem, issued.key_pem), issued

    @property
    def certificate_pem(self) -> bytes:
        """What everybody must have to believe the others."""
        return _pem(self._certificate)

    def server(self, names: Iterable[str], *, now: datetime, days: int = CERTIFICATE_DAYS) -> Issued:
        """Sign a server that is reached under ``names``: host names and IP addresses; it may connect to others too."""
        hosts = list(names)
        if not hosts:
            raise RequestError(Fault("tls.no_name", "names", "name the host or address under which it is reached"))
        key = ec.generate_private_key(ec.SECP256R1())
        both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = self._leaf(_name(hosts[0]), key.public_key(), now, days, both).add_extension(
            x509.SubjectAlternativeName([_alternative(host) for host in hosts]), critical=False
        )
        return Issued(_pem(builder.sign(self._key, hashes.SHA256())), _key_pem(key))

    def client(self, request_pem: bytes, county: str, *, now: datetime, days: int = CERTIFICATE_DAYS) -> bytes:
        """Sign a county's certificate request; return the certificate, PEM.

        Only the public key is taken from the request: the name is the county that the registry knows.

        Raises:
            RequestError: The request is damaged, not signed by its own key, or names another county.
        """
        try:
            request = x509.load_pem_x509_csr(request_pem)
            proven = request.is_signature_valid
            key = request.public_key()
        except (ValueError, UnsupportedAlgorithm, InvalidSignature) as exc:
            raise RequestError(Fault("tls.request_damaged", "request", f"no certificate request: {exc}")) from exc
        if not proven or not isinstance(key, ec.EllipticCurvePublicKey):
            raise RequestError(Fault("tls.request_unproven", "request", "it must be signed by its own P-256 key"))
        if [part.value for part in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] != [county]:
            raise RequestError(Fault("tls.wrong_name", "request", f"its common name must be {county}"))
        builder = self._leaf(_name(county), key, now, days, [ExtendedKeyUsageOID.CLIENT_AUTH])
        return _pem(builder.sign(self._key, hashes.SHA256()))

    def _leaf(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        now: datetime,
        days: int,
        purposes: list[x509.ObjectIdentifier],
    ) -> x509.CertificateBuilder:
        return (
            _builder(subject, self._certificate.subject, key, now, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )


def save(issued: Issued, certificate: Path, key: Path) -> None:
    """Write a certificate and its key; the key file is its owner's only from its first byte on."""
    certificate.write_bytes(issued.certificate_pem)
    key.unlink(missing_ok=True)
    with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _KEY_MODE), "wb") as file:
        file.write(issued.key_pem)


def ends_at(certificate_pem: bytes) -> datetime:
    """Return the last moment of a certificate, aware UTC.

    Raises:
        RequestError: It is no certificate.
    """
    try:
        return x509.load_pem_x509_certificate(certificate_pem).not_valid_after_utc
    except ValueError:
        raise RequestError(Fault("tls.certificate_damaged", "certificate", "this is no PEM certificate")) from None


def expires_in_days(certificate_pem: bytes, *, now: datetime) -> int:
    """Return the whole days that a certificate is still good for; negative when it has ended. Below 30 warn.

    Raises:
        RequestError: It is no certificate.
    """
    return (ends_at(certificate_pem) - now).days


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
