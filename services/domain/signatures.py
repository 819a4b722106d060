"""The signatures part of an envelope: spelt, read strictly, and the mathematics of one signature.

It is the only part that no digest or signature covers, so it has one spelling: a second one would give one envelope two
wire forms.

Source: docs/protocol.md, sections "Envelope" and "Batch signatures".
"""

import base64
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import JsonValue, ValidationError

from schemas.batches import BATCH_COUNT_MAX, BATCH_COUNT_MIN, ROOT_VERSION, BatchSignature, RootRecord
from schemas.envelope import SIGNATURES_MAX_BYTES, Signature
from schemas.errors import Fault
from schemas.ids import CountyCode
from services.domain.encoding import compact_json, from_base64url, parse_strict, to_base64url
from services.domain.merkle import HASH_BYTES, path_length

_SIGNATURES_MAX: Final = 4
_OF_BATCH: Final = frozenset({"root", "index", "path"})
_ONE_PLAIN: Final = re.compile(rb'\[\{"kid":"([0-9a-f]{32})","sig":"([A-Za-z0-9_-]{86})"\}\]')
_HASH: Final = rb"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"  # 32 bytes leave two bits of the last character, both zero
_ONE_OF_BATCH: Final = re.compile(
    rb'\[\{"kid":"([0-9a-f]{32})","sig":"([A-Za-z0-9_-]{86})",'
    rb'"root":\{"v":1,"source":"([1-9][0-9]{5})","count":([1-9][0-9]{0,3}),"root":"([0-9a-f]{64})"\},'
    rb'"index":(0|[1-9][0-9]{0,3}),"path":\["((?:%b%b){0,11}%b)"\]\}\]' % (_HASH, rb'","', _HASH)
)


@lru_cache(maxsize=4096)
def _loaded(public: str) -> Ed25519PublicKey | None:
    data = from_base64url(public)
    try:
        return Ed25519PublicKey.from_public_bytes(data or b"")
    except ValueError:
        return None


def signature_holds(public: str, to_be_signed: bytes, signature: str) -> bool:
    """Tell whether an Ed25519 signature (base64url) by ``public`` (base64url) covers the bytes."""
    key, raw = _loaded(public), from_base64url(signature)
    if key is None or raw is None:
        return False
    try:
        key.verify(raw, to_be_signed)
    except InvalidSignature:
        return False
    return True


def spell_plain(signatures: Iterable[tuple[str, bytes]]) -> bytes:
    """Return the signatures part of plain signatures: (kid, 64 bytes) each."""
    spelt = ",".join(f'{{"kid":"{kid}","sig":"{to_base64url(sig)}"}}' for kid, sig in signatures)
    return f"[{spelt}]".encode()


def root_bytes(record: RootRecord) -> bytes:
    """Return the one spelling of a root record: what is signed, and what stands in the entry."""
    return f'{{"v":{record.v},"source":"{record.source}","count":{record.count},"root":"{record.root}"}}'.encode()


def hashes_of(one: BatchSignature) -> tuple[bytes, ...]:
    """Return the path of an entry that ``parse_signatures`` has read, so that it is known to be canonical."""
    return tuple(base64.urlsafe_b64decode(f"{text}=") for text in one.path)


def parse_signatures(data: bytes) -> tuple[Signature, ...] | Fault:
    """Parse the signatures part: compact JSON, an array of one to four entries, spelt in the one way it can be.

    Returns:
        A ``BatchSignature`` for each entry that has a root, with index and path within its bounds; what they prove is
        not judged. A fault otherwise.
    """
    alone = _ONE_PLAIN.fullmatch(data)  # as nearly always
    if alone is not None:
        return (Signature(kid=alone[1].decode(), sig=alone[2].decode()),)
    of_batch = _one_of_batch(data)
    return parse_signatures_strictly(data) if of_batch is None else of_batch


def _one_of_batch(data: bytes) -> tuple[BatchSignature] | Fault | None:
    found = _ONE_OF_BATCH.fullmatch(data)
    if found is None:
        return None
    kid, sig, source, count, root, index, path = (text.decode() for text in found.groups())
    record = RootRecord.model_construct(v=ROOT_VERSION, source=CountyCode(source), count=int(count), root=root)
    hashes = tuple(path.split('","'))
    one = BatchSignature.model_construct(kid=kid, sig=sig, root=record, index=int(index), path=hashes)
    return _judge_bounds(one) or (one,)  # the expression takes canonical hashes only


def parse_signatures_strictly(data: bytes) -> tuple[Signature, ...] | Fault:
    """Parse without any short cut: what ``parse_signatures`` must always agree with."""
    value = parse_strict(data, max_bytes=SIGNATURES_MAX_BYTES, what="signatures")
    if isinstance(value, Fault):
        return value
    read = [_read(entry) for entry in value] if isinstance(value, list) else [_MALFORMED]
    broken = next((one for one in read if isinstance(one, Fault)), None)
    if broken is not None:
        return broken
    signatures = tuple(one for one in read if not isinstance(one, Fault))
    if not 1 <= len(signatures) <= _SIGNATURES_MAX:
        return Fault("signature.missing", "signatures", "an envelope carries one to four signatures")
    if compact_json([one.model_dump() for one in signatures]) != data:
        return Fault("signature.malformed", "signatures", "expected compact JSON, fields in the order of the table")
    return _judge_batches(signatures) or signatures


_MALFORMED: Final = Fault("signature.malformed", "signatures", "expected a JSON array of {kid, sig}")


def _read(entry: JsonValue) -> Signature | Fault:
    try:
        if isinstance(entry, dict) and not _OF_BATCH.isdisjoint(entry):
            return BatchSignature.model_validate(entry)
        return Signature.model_validate(entry)
    except ValidationError:
        if isinstance(entry, dict) and not _OF_BATCH.isdisjoint(entry):
            mend = "expected {kid, sig, root, index, path}, and in root {v, source, count, root}"
            return Fault("batch.malformed", "signatures", mend)
        return _MALFORMED


def _judge_batches(signatures: Sequence[Signature]) -> Fault | None:
    of_batch = [one for one in signatures if isinstance(one, BatchSignature)]
    fault = next(filter(None, (_judge_bounds(one) or _judge_hashes(one) for one in of_batch)), None)
    plain = {one.kid for one in signatures if not isinstance(one, BatchSignature)}
    if fault is None and any(one.kid in plain for one in of_batch):
        return Fault("batch.mixed", "signatures", "one key signs an envelope plainly or in a batch, not both")
    return fault


def _judge_hashes(one: BatchSignature) -> Fault | None:
    if any(len(from_base64url(text) or b"") != HASH_BYTES for text in one.path):
        return Fault("batch.not_base64url", "signatures.path", "expected canonical base64url of 32 bytes each")
    return None


def _judge_bounds(one: BatchSignature) -> Fault | None:
    record, where = one.root, "signatures.root"
    if record.v != ROOT_VERSION:
        return Fault("batch.unsupported_version", f"{where}.v", "this node reads version 1 of the root record")
    if not BATCH_COUNT_MIN <= record.count <= BATCH_COUNT_MAX:
        return Fault("batch.count", f"{where}.count", f"a batch has {BATCH_COUNT_MIN} to {BATCH_COUNT_MAX} envelopes")
    if not 0 <= one.index < record.count:
        return Fault("batch.index", "signatures.index", "the batch has no such place")
    if len(one.path) != path_length(one.index, record.count):
        return Fault("batch.path_length", "signatures.path", "a path to this place has another number of hashes")
    return None
