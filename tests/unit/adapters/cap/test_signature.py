"""XML signatures: whose are taken, and every way known to move a signature to what it did not sign."""

import base64
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from adapters.cap.reader import CapFile, read_cap
from adapters.cap.signature import Verified, load_signer, load_signers, sign_cap, verify_cap
from adapters.cap.writer import tree_of
from schemas.errors import Fault, RequestError
from tests.cap import LEAST, WHOLE
from tests.certificates import NOW, certificate_of, key_of, write_pem

KEY = key_of("ec")
CERTIFICATE = certificate_of(KEY)
SIGNERS = {"weather-bureau": CERTIFICATE}
EVIL = replace(WHOLE, identifier="EVIL", note="Everybody must leave.")
EXCLUSIVE = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
_DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
_CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"


def signed() -> bytes:
    data = sign_cap(WHOLE, key=KEY, certificate=CERTIFICATE)
    assert isinstance(data, bytes)
    return data


def tree(data: bytes) -> etree._Element:
    return etree.fromstring(data)


def signature_of(root: etree._Element) -> etree._Element:
    found = root.find(_DSIG + "Signature")
    assert found is not None
    return found


def evil_tree() -> etree._Element:
    root = tree_of(EVIL)
    assert not isinstance(root, Fault)
    return root


def refusal(data: bytes) -> str:
    found = verify_cap(data, signers=SIGNERS, now=NOW)
    assert isinstance(found, Fault), found
    assert "\n" not in str(found)
    return found.code


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_our_own_signature_is_refused(kind: str) -> None:
    """What was signed comes back whole, with the name of who signed."""
    key = key_of(kind)
    certificate = certificate_of(key)
    data = sign_cap(WHOLE, key=key, certificate=certificate)
    assert isinstance(data, bytes)

    found = verify_cap(data, signers={"other": CERTIFICATE, "us": certificate}, now=NOW)

    assert isinstance(found, Verified)
    assert (found.document, found.signer) == (WHOLE, "us")
    read = read_cap(data)
    assert isinstance(read, CapFile)
    assert read.is_signed


def test_a_signature_without_a_certificate_in_it_is_refused() -> None:
    """Its key may be left out: then every registered one is tried."""
    root = tree(signed())
    signature = signature_of(root)
    info = signature.find(_DSIG + "KeyInfo")
    assert info is not None
    signature.remove(info)
    found = verify_cap(etree.tostring(root), signers={"x": certificate_of(key_of("ec")), **SIGNERS}, now=NOW)
    assert isinstance(found, Verified)
    assert found.signer == "weather-bureau"


def test_a_stranger_is_trusted() -> None:
    """A valid signature of somebody who is not registered, and of one who bears a registered name."""
    key = key_of("ec")
    data = sign_cap(WHOLE, key=key, certificate=certificate_of(key, "weather-bureau"))
    assert isinstance(data, bytes)
    assert refusal(data) == "cap.signer"


def test_a_registered_certificate_in_a_strangers_signature_helps_it() -> None:
    """The signature is a stranger's; the certificate that stands in it is the registered one."""
    key = key_of("ec")
    data = sign_cap(EVIL, key=key, certificate=CERTIFICATE)
    assert isinstance(data, bytes)
    assert refusal(data) == "cap.signer"


def test_an_expired_certificate_is_trusted() -> None:
    """A key may have been given up since."""
    for at in (NOW + timedelta(days=400), NOW - timedelta(days=40)):
        found = verify_cap(signed(), signers=SIGNERS, now=at)
        assert isinstance(found, Fault)
        assert found.code == "cap.signer"


def test_an_unsigned_document_is_trusted() -> None:
    """Asked for a signature, none is no signature."""
    root = tree(signed())
    root.remove(signature_of(root))
    assert refusal(etree.tostring(root)) == "cap.signature"


def test_a_changed_document_is_trusted() -> None:
    """One byte of the text, of the digest, of the signature."""
    data = signed()
    changed = [
        data.replace(b"Corrects the area.", b"Corrects the areas"),
        data.replace(b"<scope>Restricted", b"<source>x</source><scope>Restricted"),
    ]
    for tag in ("DigestValue", "SignatureValue"):
        root = tree(data)
        element = next(root.iter(_DSIG + tag))
        raw = bytearray(base64.b64decode(element.text or ""))
        raw[0] ^= 1
        element.text = base64.b64encode(raw).decode()
        changed.append(etree.tostring(root))
    for one in changed:
        assert one != data
        assert refusal(one) in {"cap.signer", "cap.schema"}


def wrap_in_object() -> bytes:
    """XSW: the signed alert hides in an Object of its signature, another alert stands around it."""
    good, evil = tree(signed()), evil_tree()
    signature = signature_of(good)
    good.remove(signature)
    hidden = etree.SubElement(signature, _DSIG + "Object")
    hidden.append(good)
    evil.append(signature)
    return etree.tostring(evil)


def wrap_as_child() -> bytes:
    """XSW: the signed alert, signature and all, below another alert."""
    evil = evil_tree()
    evil.append(tree(signed()))
    return etree.tostring(evil)


def by_id() -> bytes:
    """XSW: the reference names a part by its Id instead of the whole."""
    root = tree(signed())
    root.set("Id", "a")
    next(root.iter(_DSIG + "Reference")).set("URI", "#a")
    return etree.tostring(root)


def moved() -> bytes:
    """XSW: the signature of one document below another one."""
    evil = evil_tree()
    evil.append(signature_of(tree(signed())))
    return etree.tostring(evil)


def two_signatures() -> bytes:
    """A second signature, so that two programs look at two of them."""
    root = tree(signed())
    root.append(deepcopy(signature_of(root)))
    return etree.tostring(root)


def deeper() -> bytes:
    """A signature that stands in an info block."""
    root = tree(signed())
    info = root.find(_CAP + "info")
    assert info is not None
    info.append(signature_of(root))
    return etree.tostring(root)


def filtered() -> bytes:
    """A transform that signs a part alone."""
    root = tree(signed())
    transforms = next(root.iter(_DSIG + "Transforms"))
    step = etree.SubElement(transforms, _DSIG + "Transform")
    step.set("Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116")
    etree.SubElement(step, _DSIG + "XPath").text = "not(ancestor-or-self::note)"
    return etree.tostring(root)


def two_references() -> bytes:
    """A second reference."""
    root = tree(signed())
    info = next(root.iter(_DSIG + "SignedInfo"))
    info.append(deepcopy(next(root.iter(_DSIG + "Reference"))))
    return etree.tostring(root)


def commented() -> bytes:
    """A comment in the middle of a text, which canonical XML leaves out: the text must be read past it."""
    return signed().replace(b"Corrects the area.", b"Corrects <!-- not -->the area.")


def with_dtd() -> bytes:
    """An entity beside a signature."""
    head, _, rest = signed().partition(b"?>")
    return head + b"?><!DOCTYPE alert [<!ENTITY a 'b'>]>" + rest


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (wrap_in_object, "cap.signature"),
        (wrap_as_child, "cap.signature"),
        (by_id, "cap.signature"),
        (moved, "cap.signer"),
        (two_signatures, "cap.signature"),
        (deeper, "cap.signature"),
        (filtered, "cap.signature"),
        (two_references, "cap.signature"),
        (with_dtd, "cap.dtd"),
    ],
)
def test_a_signature_is_moved_to_what_it_did_not_sign(attack: Callable[[], bytes], code: str) -> None:
    """Each of these is, or was, taken by some program."""
    assert refusal(attack()) == code


def test_a_comment_changes_what_is_read() -> None:
    """Comments are not signed: put in later, they must not cut the text."""
    found = verify_cap(commented(), signers=SIGNERS, now=NOW)
    assert isinstance(found, Verified)
    assert found.document == WHOLE


def test_an_instruction_in_a_signed_document_stops_the_reader() -> None:
    """Processing instructions are signed, comments are not; neither is content."""
    root = evil_tree()
    root.insert(0, etree.ProcessingInstruction("style", "x"))
    root.insert(1, etree.Comment("y"))
    signer = XMLSigner(signature_algorithm=SignatureMethod.ECDSA_SHA256, c14n_algorithm=EXCLUSIVE)
    data = etree.tostring(signer.sign(root, key=KEY, cert=[CERTIFICATE]))

    found = verify_cap(data, signers=SIGNERS, now=NOW)

    assert isinstance(found, Verified), found
    assert found.document == EVIL
    assert refusal(data.replace(b"<?style x?>", b"")) == "cap.signer"


def test_sha_1_is_taken() -> None:
    """A digest that can be forged."""
    root = tree_of(WHOLE)
    assert not isinstance(root, Fault)
    key = key_of("rsa")
    certificate = certificate_of(key)

    class OldSigner(XMLSigner):
        def check_deprecated_methods(self) -> None:
            """Let SHA-1 through."""

    signer = OldSigner(signature_algorithm=SignatureMethod.RSA_SHA1, digest_algorithm=DigestAlgorithm.SHA1)
    data = etree.tostring(signer.sign(root, key=key, cert=[certificate]))

    found = verify_cap(data, signers={"old": certificate}, now=NOW)

    assert isinstance(found, Fault)
    assert found.code == "cap.signer"


def test_the_list_of_signers_is_read_wrongly(tmp_path: Path) -> None:
    """One file an authority, named after it; what is no strong certificate stops the list."""
    write_pem(tmp_path, "bureau", KEY, CERTIFICATE)
    assert load_signers(tmp_path) == {"bureau": CERTIFICATE}

    weak = key_of("weak")
    _, path = write_pem(tmp_path, "weak", weak, certificate_of(weak))
    with pytest.raises(RequestError, match=r"cap\.signers"):
        load_signers(tmp_path)
    path.write_text("no certificate")
    with pytest.raises(RequestError, match=r"cap\.signers"):
        load_signers(tmp_path)


def test_a_key_signs_under_another_certificate(tmp_path: Path) -> None:
    """Key and certificate must belong together, and be what peers verify."""
    other = key_of("ec")
    private, public = write_pem(tmp_path, "a", KEY, CERTIFICATE)
    wrong, _ = write_pem(tmp_path, "b", other, certificate_of(other))

    assert load_signer(private, public)[1] == CERTIFICATE
    for key in (wrong, public, tmp_path / "none"):
        with pytest.raises(RequestError):
            load_signer(key, public)


def test_what_is_no_document_is_signed() -> None:
    """A fault, and no bytes."""
    found = sign_cap(replace(LEAST, status="Real"), key=KEY, certificate=CERTIFICATE)
    assert isinstance(found, Fault)
