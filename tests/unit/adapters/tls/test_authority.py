"""A hub's own certificate authority."""

import ipaddress
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from adapters.tls.authority import WARN_DAYS, Authority, expires_in_days, save
from schemas.errors import RequestError

NOW = datetime(2026, 3, 4, tzinfo=UTC)
COUNTY = "451226"


def request_of(name: str, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | None = None) -> bytes:
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, algorithm)
    return request.public_bytes(serialization.Encoding.PEM)


def test_a_server_is_known_by_name_and_address() -> None:
    """Without the address in it, a client that connects by address refuses the certificate."""
    authority, _ = Authority.create("hub", now=NOW)
    issued = authority.server(["hub.example", "10.1.2.3", "::1"], now=NOW)
    certificate = x509.load_pem_x509_certificate(issued.certificate_pem)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["hub.example"]
    addresses = names.get_values_for_type(x509.IPAddress)
    assert addresses == [ipaddress.ip_address("10.1.2.3"), ipaddress.ip_address("::1")]
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate_pem))
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_a_county_gets_a_client_certificate_for_its_own_key() -> None:
    """The private key never leaves the county; the certificate cannot pass for a server's."""
    authority, _ = Authority.create("hub", now=NOW)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = x509.load_pem_x509_certificate(authority.client(request_of(COUNTY, key), COUNTY, now=NOW))
    assert certificate.public_key() == key.public_key()
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_a_request_in_anothers_name_is_refused() -> None:
    """The name is the county that the registry knows, not what the request says."""
    authority, _ = Authority.create("hub", now=NOW)
    with pytest.raises(RequestError, match=COUNTY):
        authority.client(request_of("522722"), COUNTY, now=NOW)


def test_a_request_that_was_changed_is_refused() -> None:
    """Whoever swaps the key in a request does not have it: the signature does not fit."""
    authority, _ = Authority.create("hub", now=NOW)
    good = x509.load_pem_x509_csr(request_of(COUNTY)).public_bytes(serialization.Encoding.DER)
    changed = good[:-1] + bytes([good[-1] ^ 1])
    pem = x509.load_der_x509_csr(changed).public_bytes(serialization.Encoding.PEM)
    with pytest.raises(RequestError):
        authority.client(pem, COUNTY, now=NOW)


@pytest.mark.parametrize("request_pem", [b"", b"rubbish", b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"])
def test_rubbish_is_no_request(request_pem: bytes) -> None:
    """An operator who takes the wrong file gets one clear line."""
    authority, _ = Authority.create("hub", now=NOW)
    with pytest.raises(RequestError):
        authority.client(request_pem, COUNTY, now=NOW)


def test_another_kind_of_key_is_refused() -> None:
    """One kind of key, so that every server and client can use it."""
    authority, _ = Authority.create("hub", now=NOW)
    with pytest.raises(RequestError, match="P-256"):
        authority.client(request_of(COUNTY, ed25519.Ed25519PrivateKey.generate()), COUNTY, now=NOW)


def test_key_files_are_the_owners_only(tmp_path: Path) -> None:
    """Readable by others for one moment is readable."""
    authority, issued = Authority.create("hub", now=NOW)
    save(issued, tmp_path / "ca.pem", tmp_path / "ca.key")
    assert stat.S_IMODE((tmp_path / "ca.key").stat().st_mode) == 0o600
    again = Authority((tmp_path / "ca.pem").read_bytes(), (tmp_path / "ca.key").read_bytes())
    assert again.certificate_pem == authority.certificate_pem


def test_a_key_of_another_authority_is_refused() -> None:
    """It would sign certificates that nobody believes."""
    one, other = Authority.create("one", now=NOW)[1], Authority.create("other", now=NOW)[1]
    with pytest.raises(RequestError):
        Authority(one.certificate_pem, other.key_pem)


def test_the_end_is_seen_coming() -> None:
    """From thirty days on somebody is warned; after the end the number is negative."""
    authority, _ = Authority.create("hub", now=NOW)
    issued = authority.server(["hub"], now=NOW, days=40)
    assert expires_in_days(issued.certificate_pem, now=NOW) == 40
    assert expires_in_days(issued.certificate_pem, now=NOW + timedelta(days=11)) < WARN_DAYS
    assert expires_in_days(issued.certificate_pem, now=NOW + timedelta(days=41)) < 0
    with pytest.raises(RequestError):
        expires_in_days(b"rubbish", now=NOW)


def test_a_server_without_a_name_is_refused() -> None:
    """Nobody could verify it."""
    authority, _ = Authority.create("hub", now=NOW)
    with pytest.raises(RequestError):
        authority.server([], now=NOW)
