"""Prepare a header for signing, attach signatures, verify what came.

Source: docs/protocol.md, sections "Envelope" and "Verification".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from pydantic import JsonValue, ValidationError

from schemas.batches import BatchSignature
from schemas.envelope import (
    AUDIENCE_MAX,
    HEADER_EXTRA_BYTES_PER_RECIPIENT,
    HEADER_FREE_RECIPIENTS,
    HEADER_MAX_BYTES,
    KEYS_MAX_BYTES,
    Envelope,
    Header,
    PayloadType,
    Signature,
)
from schemas.errors import Fault
from schemas.faults import faults_of
from schemas.registry import KeyRecord, KeyUse
from services.domain.batches import judge_place, root_holds, root_to_sign
from services.domain.chain import RECEIPT_TYPE
from services.domain.encoding import (
    WireParts,
    digest_of,
    parse_strict,
    pre_authentication_encoding,
)
from services.domain.familiar import joined, part
from services.domain.signatures import parse_signatures, signature_holds, spell_plain
from services.domain.trust import Trust

_INVALID: Final = Fault("signature.invalid", "signatures", "the signature does not cover these bytes")
_ROOT_INVALID: Final = Fault("batch.unsigned", "signatures", "the signature does not cover this root record")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A header fixed as bytes, ready for the signer; the id is known before the signature."""

    header: Header
    header_bytes: bytes
    to_be_signed: bytes
    envelope_id: str


def payload_type_of(wire_type: str) -> PayloadType:
    """Return what kind of thing is signed; the table is fixed, the message has no say in it."""
    return PayloadType.RECEIPT if wire_type == RECEIPT_TYPE else PayloadType.EVENT


def key_use_of(payload_type: PayloadType) -> KeyUse:
    """Return which key of the member must sign it."""
    return KeyUse.RECEIPT if payload_type is PayloadType.RECEIPT else KeyUse.EVENT


def prepare(header: Header) -> Prepared:
    """Fix the header's bytes: compact JSON in the schema's order, nulls left out."""
    return fix(header, header.model_dump_json(by_alias=True, exclude_none=True).encode())


def fix(header: Header, data: bytes) -> Prepared:
    """Take ``data`` for the header's bytes; the caller spelt them as ``prepare`` does."""
    to_be_signed = pre_authentication_encoding(payload_type_of(header.type), data)
    return Prepared(header, data, to_be_signed, digest_of(to_be_signed))


def attach(prepared: Prepared, signatures: Sequence[tuple[str, bytes]], content: bytes, keys: bytes = b"") -> Envelope:
    """Join a prepared header with (kid, 64-byte signature) pairs and the content and keys it binds."""
    listed = spell_plain(signatures)
    return Envelope(prepared.envelope_id, prepared.header, prepared.header_bytes, listed, keys, content)


def attach_later(prepared: Prepared, content: bytes, keys: bytes = b"") -> Envelope:
    """Join a prepared header with what it binds; the signatures part is empty until its run is signed."""
    return Envelope(prepared.envelope_id, prepared.header, prepared.header_bytes, b"", keys, content)


def to_be_signed_of(envelope: Envelope) -> bytes:
    """Return the bytes to sign of an envelope."""
    return pre_authentication_encoding(payload_type_of(envelope.header.type), envelope.header_bytes)


def header_limit(recipient_count: int) -> int:
    """Return how many bytes a header may have."""
    extra = max(0, recipient_count - HEADER_FREE_RECIPIENTS)
    return HEADER_MAX_BYTES + HEADER_EXTRA_BYTES_PER_RECIPIENT * extra


def parse_header(data: bytes) -> Header | Fault:
    """Parse a header strictly: version first, then every field by its name on the wire, then its size.

    Of a header like those before it only what is its own is read anew: see ``services.domain.familiar``.
    """
    own = part(data)
    specimen = _parse_specimen(own.specimen) if own else None
    return joined(specimen, own) if own and isinstance(specimen, Header) else parse_header_strictly(data)


@lru_cache(maxsize=512)
def _parse_specimen(data: bytes) -> Header | Fault:
    return parse_header_strictly(data)


def parse_header_strictly(data: bytes) -> Header | Fault:
    """Parse a header without regard to any other: what ``parse_header`` must always agree with."""
    value = parse_strict(data, max_bytes=header_limit(AUDIENCE_MAX), what="header")
    if isinstance(value, Fault):
        return value
    version = value.get("v") if isinstance(value, dict) else None
    if version != 1 or version is True:  # to Python, true equals 1
        return Fault("header.unsupported_version", "header.v", "this node reads version 1 of the protocol")
    if isinstance(value, dict) and (fault := _null_in(value)):
        return fault
    try:
        header = Header.model_validate_json(data, by_alias=True, by_name=False)
    except ValidationError as exc:
        return faults_of(exc, "header")[0]
    most = header_limit(len(header.to))
    return Fault("json.too_large", "header", f"at most {most} bytes are taken") if len(data) > most else header


def _null_in(value: dict[str, JsonValue]) -> Fault | None:
    # Whoever reads the protocol's table refuses a null; one reader more lenient than another is a way to disagree. It
    # comes first, so that a header with several faults is refused for the same one everywhere.
    content = value.get("content")
    chunks = content.get("chunks") if isinstance(content, dict) else None
    if any(None in one.values() for one in (value, content, chunks) if isinstance(one, dict)):
        return Fault("header.wrong_type", "header", "leave a field without a value out; null is not written")
    return None


def open_parts(parts: WireParts) -> Envelope | Fault:
    """Parse the header of a split message and check that the content is the one it binds.

    Signatures are not looked at: see ``verify``.
    """
    header = parse_header(parts.header)
    if isinstance(header, Fault):
        return header
    to_be_signed = pre_authentication_encoding(payload_type_of(header.type), parts.header)
    envelope = Envelope(digest_of(to_be_signed), header, parts.header, parts.signatures, parts.keys, parts.content)
    return _unbound(envelope) or envelope


def open_emptied(parts: WireParts) -> Envelope | None:
    """Return a split message whose content and keys were erased before it came again; None of anything else.

    Nothing is verified: it is good for no more than telling whether this very envelope is here already.
    """
    header = parse_header(parts.header) if not parts.content and not parts.keys else None
    if header is None or isinstance(header, Fault) or not header.content.size:
        return None
    to_be_signed = pre_authentication_encoding(payload_type_of(header.type), parts.header)
    return Envelope(digest_of(to_be_signed), header, parts.header, parts.signatures, b"", b"")


def _unbound(envelope: Envelope) -> Fault | None:
    binding = envelope.header.content
    if len(envelope.content) != binding.size or digest_of(envelope.content) != binding.digest:
        return Fault("content.digest", "content", "the content is not the one that the header binds")
    if len(envelope.keys_bytes) > KEYS_MAX_BYTES:
        return Fault("json.too_large", "keys", f"at most {KEYS_MAX_BYTES} bytes are taken")
    keys_digest = digest_of(envelope.keys_bytes) if envelope.keys_bytes else None
    if keys_digest != binding.keys_digest:
        return Fault("content.keys_digest", "keys", "the keys part is not the one that the header binds")
    return None


def key_signed(key: KeyRecord, to_be_signed: bytes, signature: str) -> bool:
    """Tell whether the key of this record signed the bytes: the record names the algorithm, never the message."""
    return key.algorithm == "ed25519" and signature_holds(key.public, to_be_signed, signature)


def key_valid_at(key: KeyRecord, at: datetime) -> bool:
    """Tell whether a key is valid at the time that the signed record claims."""
    return key.valid_from <= at and (key.valid_until is None or at < key.valid_until)


def verify(envelope: Envelope, trust: Trust) -> Fault | None:
    """Check every signature that the header promises against the source's keys.

    Does not check the chain, the agreement or the content's meaning.

    Returns:
        None if all of ``signers`` are the source's keys for this use and each signed, in that order; else the fault.
    """
    return first_broken(claims_of(envelope, trust))


@dataclass(frozen=True, slots=True)
class Claim:
    """That this key, which is the source's and valid at the time, signed these bytes; not looked into yet.

    Attributes:
        of_root: They are the root record of a batch, to which the envelope's own path has been found to lead.
    """

    key: KeyRecord
    to_be_signed: bytes
    signature: str
    of_root: bool = False

    def broken(self) -> Fault | None:
        """Do the mathematics; that of a root is done once for all envelopes of its batch."""
        if not self.of_root:
            return None if key_signed(self.key, self.to_be_signed, self.signature) else _INVALID
        held = self.key.algorithm == "ed25519" and root_holds(self.key.public, self.to_be_signed, self.signature)
        return None if held else _ROOT_INVALID


def claims_of(envelope: Envelope, trust: Trust) -> tuple[Claim | Fault, ...]:
    """Judge the signatures by everything but their mathematics, which is most of the work and can be done apart.

    Returns:
        What is claimed, or at fault already, in the order of ``signers``; at least one.
    """
    signatures = parse_signatures(envelope.signatures_bytes)
    if isinstance(signatures, Fault):
        return (signatures,)
    header = envelope.header
    if tuple(one.kid for one in signatures) != header.signers:
        mend = "the signatures are not those that `signers` lists, in that order"
        return (Fault("signature.stripped", "signatures", mend),)
    payload_type = payload_type_of(header.type)
    use = key_use_of(payload_type)
    return tuple(_claim_of(one, envelope, use, trust) for one in signatures)


def first_broken(claims: Sequence[Claim | Fault]) -> Fault | None:
    """Do the mathematics of one envelope's signatures, in their order; None if every claim holds, and there is one."""
    if not claims:
        return Fault("signature.missing", "signatures", "an envelope carries one to four signatures")
    for one in claims:
        if isinstance(one, Fault):
            return one
        if fault := one.broken():
            return fault
    return None


def _claim_of(one: Signature, envelope: Envelope, use: KeyUse, trust: Trust) -> Claim | Fault:
    header = envelope.header
    record = trust.key(one.kid)
    if record is None or record.county != header.source or record.key.use is not use:
        return Fault("signature.unknown_key", "signers", f"{one.kid} is no {use} key of {header.source}")
    if not key_valid_at(record.key, header.time):
        return Fault("signature.key_not_valid", "time", f"{one.kid} is not valid at the time that the header claims")
    if not isinstance(one, BatchSignature):
        return Claim(record.key, to_be_signed_of(envelope), one.sig)
    astray = judge_place(one, header.source, digest_of(to_be_signed_of(envelope)))
    return astray or Claim(record.key, root_to_sign(one.root), one.sig, of_root=True)
