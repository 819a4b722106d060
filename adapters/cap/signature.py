"""XML signatures of CAP documents: ours, and those of registered authorities.

One enveloped signature over the whole document and no other form is taken, and only what the verified bytes say is
read: so a signed part that was moved elsewhere, or a second document around it, proves nothing.

Source: docs/decisions/0031-map-cap-both-ways.md; OASIS CAP 1.2, section 3.3.4; RFC 6931.
"""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature as BadSignature
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from adapters.cap.prolog import plain_xml
from adapters.cap.reader import SIGNATURE, document_of, parse_plain
from adapters.cap.writer import bytes_of, tree_of
from schemas.cap import CapAlert
from schemas.errors import Fault, RequestError

RSA_MIN_BITS: Final = 2048
SIGNERS_MAX: Final = 256
_FILE_MAX_BYTES: Final = 64 * 1024
_SPACE: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_TRANSFORMS: Final = frozenset(
    {"http://www.w3.org/2000/09/xmldsig#enveloped-signature", _EXCLUSIVE, "http://www.w3.org/2006/12/xml-c14n11"}
    | {"http://www.w3.org/TR/2001/REC-xml-c14n-20010315"}
)
_METHODS: Final = frozenset(
    {SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512}
    | {SignatureMethod.ECDSA_SHA256, SignatureMethod.ECDSA_SHA384, SignatureMethod.ECDSA_SHA512}
)
_DIGESTS: Final = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_DER: Final = serialization.Encoding.DER
_UNPROVED: Final = (
    *(SignXMLException, BadSignature, UnsupportedAlgorithm, etree.LxmlError),
    *(ValueError, KeyError, TypeError, AttributeError, AssertionError),
)
"""What ``signxml`` raises for a signature that proves nothing; the last five are how it meets a broken form."""

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Signers = Mapping[str, x509.Certificate]
"""Name of an authority to its certificate."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A document whose signer is registered.

    Attributes:
        document: What was signed, and nothing else.
        signer: Name of the authority.
    """

    document: CapAlert
    signer: str
    original: bytes = field(repr=False)


def load_signers(folder: Path) -> Signers:
    """Read the list of trusted signers: one PEM certificate a file, named after the authority, ``*.pem``.

    Raises:
        RequestError: A file is no certificate, or its key is too weak.
    """
    paths = sorted(folder.glob("*.pem"))
    if len(paths) > SIGNERS_MAX:
        raise RequestError(Fault("cap.signers", str(folder), f"keep at most {SIGNERS_MAX} certificates"))
    return {path.stem: _certificate(path) for path in paths}


def load_signer(key: Path, certificate: Path) -> tuple[PrivateKey, x509.Certificate]:
    """Read our own key and certificate, both PEM.

    Raises:
        RequestError: They are no such files, too weak, or do not belong together.
    """
    found = _certificate(certificate)
    try:
        private = serialization.load_pem_private_key(_bytes_of(key), password=None)
    except (ValueError, TypeError):
        raise RequestError(Fault("cap.key", str(key), "this is no PEM private key without a passphrase")) from None
    if not isinstance(private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise RequestError(Fault("cap.key", str(key), "use a key of P-256 or RSA: other peers verify no other"))
    if _spki(private.public_key()) != _spki(found.public_key()):
        raise RequestError(Fault("cap.key", str(key), "this key does not belong to the certificate"))
    return private, found


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_FILE_MAX_BYTES)
    except OSError as exc:
        raise RequestError(Fault("cap.file", str(path), f"it cannot be read: {exc.strerror}")) from exc


def _certificate(path: Path) -> x509.Certificate:
    try:
        certificate = x509.load_pem_x509_certificate(_bytes_of(path))
        key = certificate.public_key()
    except ValueError:
        raise RequestError(Fault("cap.signers", str(path), "this is no PEM certificate")) from None
    is_strong = isinstance(key, rsa.RSAPublicKey) and key.key_size >= RSA_MIN_BITS
    if not (is_strong or isinstance(key, ec.EllipticCurvePublicKey)):
        raise RequestError(
            Fault("cap.signers", str(path), f"its key is not taken: RSA of {RSA_MIN_BITS} bits, or ECDSA")
        )
    return certificate


def _spki(key: object) -> bytes:
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        return b""
    return key.public_bytes(_DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def sign_cap(document: CapAlert, *, key: PrivateKey, certificate: x509.Certificate) -> bytes | Fault:
    """Return a document with an enveloped signature that bears its certificate: ECDSA or RSA, with SHA-256."""
    root = tree_of(document)
    if isinstance(root, Fault):
        return root
    method = SignatureMethod.RSA_SHA256 if isinstance(key, rsa.RSAPrivateKey) else SignatureMethod.ECDSA_SHA256
    signer = XMLSigner(
        signature_algorithm=method,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=_EXCLUSIVE,
    )
    signed = signer.sign(root, key=key, cert=[certificate])
    return bytes_of(signed)


def verify_cap(data: bytes, *, signers: Signers, now: datetime) -> Verified | Fault:
    """Return what a registered authority signed.

    Args:
        data: The document as it came.
        signers: Whom we trust, and by which certificate.
        now: Aware UTC; a certificate must be valid then.

    Returns:
        The content of the signed bytes, or why they are not trusted: ``cap.signature`` or ``cap.signer``.
    """
    plain = plain_xml(data)
    if isinstance(plain, Fault):
        return plain
    root = parse_plain(plain)
    if isinstance(root, Fault):
        return root
    if fault := _unlike(root):
        return fault
    for name, certificate in _likely(root, signers):
        signed = _signed_by(certificate, plain, now)
        if signed is not None:
            return _verified(signed, name, data)
    return Fault(
        "cap.signer", "Signature", "no registered authority signed this; register its certificate, or refuse it"
    )


def _verified(signed: bytes, name: str, data: bytes) -> Verified | Fault:
    """Read the very bytes that were signed, as any other document."""
    root = parse_plain(signed)
    document = root if isinstance(root, Fault) else document_of(root)
    return document if isinstance(document, Fault) else Verified(document, name, data)


def _unlike(root: etree._Element) -> Fault | None:
    """Refuse every form of signature but one: enveloped, over the whole document, directly below its root."""
    signatures = list(root.iter(SIGNATURE))
    if not signatures:
        return Fault("cap.signature", "Signature", "the document is not signed")
    if len(signatures) > 1 or signatures[0].getparent() is not root:
        return Fault("cap.signature", "Signature", "one signature stands directly below the alert, and no other")
    references = list(signatures[0].iter(_SPACE + "Reference"))
    if len(references) != 1 or references[0].get("URI") != "":
        return Fault(
            "cap.signature", "Reference", "it must cover the whole document, by one reference with an empty URI"
        )
    named = {transform.get("Algorithm") for transform in signatures[0].iter(_SPACE + "Transform")}
    if not named <= _TRANSFORMS:
        return Fault("cap.signature", "Transform", "only the enveloped signature and canonical XML are taken")
    if signatures[0].find(_SPACE + "Object") is not None:
        return Fault("cap.signature", "Object", "a signature bears no objects of its own here")
    return None


def _likely(root: etree._Element, signers: Signers) -> Iterable[tuple[str, x509.Certificate]]:
    """Give the signers to try: whose certificate the document bears, byte for byte, or all if it bears none."""
    borne = {_der(one.text or "") for one in root.iter(_SPACE + "X509Certificate")}
    return [(name, one) for name, one in signers.items() if not borne or one.public_bytes(_DER) in borne]


def _der(text: str) -> bytes:
    """Decode a stranger's certificate, which is only compared and never read."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return b""


def _signed_by(certificate: x509.Certificate, plain: bytes, now: datetime) -> bytes | None:
    """Return the bytes that a signer signed, None if it did not."""
    expected = SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=_METHODS,
        digest_algorithms=_DIGESTS,
        verification_time=now,
    )
    try:
        result = XMLVerifier().verify(plain, x509_cert=certificate, expect_config=expected)
    except _UNPROVED:
        return None
    return None if isinstance(result, list) else result.signed_data
