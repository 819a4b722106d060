"""Encrypted vectors: every byte on the way by this project's rules, every verdict by the bytes alone."""

import json
from typing import Any, Final

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from schemas.carriage import Arrival
from schemas.envelope import Header
from schemas.errors import Fault
from services.domain.encoding import from_base64url, to_base64url
from services.domain.encryption import content_aad, encrypt_content, parse_keys, read_content, readers_of, wrap_info
from services.domain.governance import kid_of
from services.domain.receiving import examine
from tests.vectors.test_vectors import TRUST, code_of, named, vectors

SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
ENCRYPTED: Final = vectors("encrypted.json")


class HeldKeys:
    """The private encryption keys of one county."""

    def __init__(self, keys: list[dict[str, Any]], county: str) -> None:
        """Take the county's own out of a list."""
        own = [one for one in keys if one["county"] == county]
        self._private = {
            one["kid"]: X25519PrivateKey.from_private_bytes(bytes.fromhex(one["private_hex"])) for one in own
        }

    def unwrap(self, kid: str, wrapped: bytes, info: bytes) -> bytes | None:
        """Open by the library that nodes use."""
        private = self._private.get(kid)
        if private is None:
            return None
        try:
            return SUITE.decrypt(wrapped, private, info)
        except InvalidTag:
            return b""


@pytest.mark.parametrize("case", named([*ENCRYPTED["good"], *ENCRYPTED["bad"]]))
def test_encrypted_envelopes(case: dict[str, Any]) -> None:
    """Each gets its verdict at its reader, who holds one private key."""
    wire = from_base64url(case["wire_base64url"])
    assert wire is not None
    ring = HeldKeys(ENCRYPTED["keys"], case["receiver"])
    found = examine(Arrival(1, case["subject"], wire), trust=TRUST, county=case["receiver"], unwrap=ring.unwrap)
    assert (found.outcome.value, code_of(found.fault)) == (case["outcome"], case["code"])
    assert found.envelope is not None
    assert found.envelope.envelope_id == case["envelope_id"]
    if case["code"] is None:
        assert found.content_key.hex() == ENCRYPTED["content_key_hex"]
        assert read_content(found.envelope, found.content_key) == case["plaintext"].encode()


@pytest.mark.parametrize("case", named(ENCRYPTED["good"]))
def test_bytes_on_the_way_to_the_ciphertext(case: dict[str, Any]) -> None:
    """What the content and each wrapped key are bound to, and the ciphertext itself, by this project's rules."""
    header = Header.model_validate_json(json.dumps(case["header"]), by_alias=True, by_name=False)
    key, salt = bytes.fromhex(ENCRYPTED["content_key_hex"]), bytes.fromhex(ENCRYPTED["salt_hex"])
    content_id = header.content.content_id
    plain = case["plaintext"].encode()
    made = encrypt_content(plain, source=header.source, content_id=content_id, key=key, salt=salt)
    assert to_base64url(made.carried) == case["carried_base64url"]
    assert content_aad(header.source, content_id).hex() == case["aad_hex"]
    assert {
        reader: wrap_info(
            wire_type=header.type,
            source=header.source,
            channel=header.channel,
            epoch=header.epoch,
            seq=header.seq,
            recipient=reader,
            content_id=content_id,
        ).hex()
        for reader in readers_of(header.source, header.to)
    } == case["infos_hex"]
    entries = parse_keys(case["keys"].encode(), header)
    assert not isinstance(entries, Fault)


@pytest.mark.parametrize("key", ENCRYPTED["keys"])
def test_encryption_keys(key: dict[str, Any]) -> None:
    """Key ids of the other algorithm."""
    public = from_base64url(key["public"])
    assert public is not None
    assert kid_of("x25519", public) == key["kid"]
