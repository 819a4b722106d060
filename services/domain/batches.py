"""One signature for a run of envelopes: made where many wait for one commit, and each verifies alone.

The leaves of the tree are envelope ids, which cover every signed byte and the kind of thing. What is signed is the root
record, under a payload type of its own, so that it can pass for no envelope and no envelope for it.

Source: docs/protocol.md, section "Batch signatures".
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from schemas.batches import ROOT_VERSION, BatchSignature, RootRecord
from schemas.envelope import Envelope, PayloadType
from schemas.errors import Fault
from services.domain.encoding import pre_authentication_encoding, to_base64url
from services.domain.merkle import levels, path_in, root_from_path
from services.domain.signatures import hashes_of, root_bytes, signature_holds, spell_plain

RUN_MAX: Final = 64
"""Envelopes that we sign together: more would save little of a signature and lengthen every path."""

Sign = Callable[[bytes], bytes]
"""From bytes to sign to a signature of 64 bytes."""


def root_to_sign(record: RootRecord) -> bytes:
    """Return the bytes that a batch signature covers."""
    return pre_authentication_encoding(PayloadType.BATCH_ROOT, root_bytes(record))


def sign_run(run: Sequence[Envelope], to_sign: Callable[[Envelope], bytes], kid: str, sign: Sign) -> list[bytes]:
    """Sign envelopes of one source by one key with as few signatures as may be; one that is alone is signed plainly.

    Args:
        run: Envelopes without signatures, each with ``kid`` as its only signer.
        to_sign: Returns the bytes to sign of one.
        kid: The key.
        sign: Signs by it.

    Returns:
        The signatures part of each, in their order.
    """
    made: list[bytes] = []
    for start in range(0, len(run), RUN_MAX):
        some = run[start : start + RUN_MAX]
        if len(some) == 1:
            made.append(spell_plain([(kid, sign(to_sign(some[0])))]))
        else:
            made += _sign_together(some, kid, sign)
    return made


def _sign_together(run: Sequence[Envelope], kid: str, sign: Sign) -> list[bytes]:
    tree = levels([bytes.fromhex(one.envelope_id) for one in run])
    record = RootRecord(v=ROOT_VERSION, source=run[0].header.source, count=len(run), root=tree[-1][0].hex())
    sig = to_base64url(sign(root_to_sign(record)))
    head = f'[{{"kid":"{kid}","sig":"{sig}","root":{root_bytes(record).decode()},"index":'
    spelt = tuple(tuple(f'"{to_base64url(one)}"' for one in level) for level in tree)  # once, not in every path
    return [f'{head}{index},"path":[{",".join(path_in(spelt, index))}]}}]'.encode() for index in range(len(run))]


def judge_place(one: BatchSignature, source: str, envelope_id: str) -> Fault | None:
    """Judge everything of a batch signature but the signature itself: that this very envelope is in that source's run.

    Args:
        one: As ``parse_signatures`` gives it, so its form and bounds hold.
        source: Of the envelope.
        envelope_id: As computed from its bytes.
    """
    record = one.root
    if record.source != source:
        return Fault(
            "batch.other_source", "signatures.root.source", f"it is a root of {record.source}, not of {source}"
        )
    root = root_from_path(bytes.fromhex(envelope_id), one.index, record.count, hashes_of(one))
    if root is None or root.hex() != record.root:
        return Fault("batch.other_root", "signatures.path", "the path does not lead from this envelope to the root")
    return None


@lru_cache(maxsize=1024)
def root_holds(public: str, to_be_signed: bytes, signature: str) -> bool:
    """Tell whether an Ed25519 signature covers a root record, once for all envelopes of its batch.

    What is remembered is remembered for exactly this key, these bytes and this signature, and for no other.
    """
    return signature_holds(public, to_be_signed, signature)
