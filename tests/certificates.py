"""Keys and certificates of signers that live for one test."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def key_of(kind: str) -> Key:
    """Make a key: ``ec`` (P-256), ``rsa`` (2,048 bits) or ``weak`` (1,024 bits)."""
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=1024 if kind == "weak" else 2048)


def certificate_of(
    key: Key, name: str = "a registered authority", *, starts: datetime | None = None, days: int = 365
) -> x509.Certificate:
    """Make a certificate; without more, it is valid for a year around ``NOW``."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begins = starts or NOW - timedelta(days=30)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )


def write_pem(folder: Path, name: str, key: Key, certificate: x509.Certificate) -> tuple[Path, Path]:
    """Write ``NAME.key`` and ``NAME.pem``."""
    private, public = folder / f"{name}.key", folder / f"{name}.pem"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return private, public
