"""Vectors of encrypted signals: every verdict at the reader who holds one key, and the same bytes by our own rules."""

import json
from datetime import datetime
from typing import Any, Final

import pytest

from schemas.carriage import Arrival
from schemas.control import HeadBeaconed, RangeRequested
from schemas.errors import Fault
from schemas.ids import CountyCode
from schemas.registry import Registry
from services.domain.documents import document_digest, read_file
from services.domain.encoding import from_base64url, require_base64url
from services.domain.encryption import wrap_info
from services.domain.governance import judge_registry
from services.domain.office_keys import listed_key
from services.domain.signals import Closing, Signal, Unread, compose, examine_signal
from services.domain.trust import Trust, assemble
from tests.vectors.papers import KEYS
from tests.vectors.test_encrypted import HeldKeys
from tests.vectors.test_vectors import named, vectors

FILE: Final = vectors("signals-encrypted.json")
CASES: Final = [*FILE["good"], *FILE["bad"]]
TYPES: Final = {one.wire_type: one for one in (HeadBeaconed, RangeRequested)}


def trusted() -> Trust:
    """Return what whoever adopted the file's registry trusts."""
    document = read_file(json.dumps(FILE["registry"]).encode())
    assert not isinstance(document, Fault)
    registry = judge_registry(document, pinned=document_digest(document), previous=None)
    assert isinstance(registry, Registry)
    return assemble(registry, document_digest(document), [])


TRUST: Final = trusted()


def bytes_of(case: dict[str, Any]) -> bytes:
    """Return the message."""
    wire = from_base64url(case["wire_base64url"])
    assert wire is not None
    return wire


@pytest.mark.parametrize("case", named(CASES))
def test_signals(case: dict[str, Any]) -> None:
    """Each is read, passed over or refused; what is only closed to us still proves that its source lives."""
    ring, now = HeldKeys(FILE["keys"], case["receiver"]), datetime.fromisoformat(case["received_at"])
    arrival = Arrival(1, case["subject"], bytes_of(case))
    found = examine_signal(arrival, trust=TRUST, county=case["receiver"], now=now, unwrap=ring.unwrap)
    if isinstance(found, Signal):
        assert case["code"] is None
        assert found.envelope.envelope_id == case["envelope_id"]
        if case["keys"]:
            assert found.event == TYPES[found.envelope.header.type].model_validate_json(case["plaintext"])
        return
    fault = found.fault if isinstance(found, Unread) else found
    assert fault.code == case["code"]
    assert isinstance(found, Unread) == (fault.code == "encryption.unknown_key")


@pytest.mark.parametrize("case", named([one for one in FILE["good"] if one["keys"]]))
def test_our_own_rules_make_the_same_bytes(case: dict[str, Any]) -> None:
    """Number, names, salt and order of every field: one that differs, and no other program opens it."""
    header = case["header"]
    at, (to,) = datetime.fromisoformat(header["time"]), header["to"]
    reader = listed_key(to, at, TRUST)
    assert reader is not None
    (entry,) = json.loads(case["keys"])
    assert reader.kid == entry["kid"]
    infos: list[str] = []

    def wrap(key: bytes, _: bytes, info: bytes) -> bytes:
        assert key.hex() == FILE["content_key_hex"]
        infos.append(info.hex())
        wrapped = from_base64url(entry["wrapped"])
        assert wrapped is not None
        return wrapped

    signer = KEYS[f"{header['source']} event"]
    subject, message = compose(
        TYPES[header["type"]].model_validate_json(case["plaintext"]),
        source=CountyCode(header["source"]),
        to=to,
        number=header["seq"],
        now=at,
        content_id=header["content"]["content_id"],
        registry_version=header["registry"],
        signer=(signer.kid, lambda data: require_base64url(signer.sign(data))),
        closing=Closing(reader, bytes.fromhex(FILE["content_key_hex"]), bytes.fromhex(FILE["salt_hex"]), wrap),
    )
    assert (subject, message) == (case["subject"], bytes_of(case))
    assert infos == [case["info_hex"]]
    names = {name: header[name] for name in ("source", "channel", "epoch", "seq")}
    content_id = header["content"]["content_id"]
    assert wrap_info(wire_type=header["type"], recipient=to, content_id=content_id, **names).hex() == case["info_hex"]
