"""The receipts of an evidence file: by the receiver's own key, about this event, and by an officer where one answered.

Source: docs/protocol.md, section "Evidence files".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from schemas.control import HUMAN_STAGES, Receipt
from schemas.envelope import Header
from schemas.errors import Fault
from schemas.faults import faults_of
from services.domain.chain import RECEIPT_TYPE
from services.domain.encoding import digest_of, parse_strict
from services.domain.evidence_chain import judge_channel
from services.domain.evidence_opening import Part
from services.domain.evidence_trust import Lineage
from services.domain.governance import judge_officer
from services.domain.sharing import judge_membership
from services.domain.vouching import judge_proof


@dataclass(frozen=True, slots=True)
class Known:
    """What the file proves about the event before any receipt is read.

    Attributes:
        header: Of the event.
        ids: Envelope ids of the event's epoch by sequence.
    """

    header: Header
    ids: Mapping[int, str]


def judge_binding(part: Part) -> Fault | None:
    """Content and keys are those that the header binds, or detached."""
    binding, envelope = part.envelope.header.content, part.envelope
    if part.has_content and (len(envelope.content) != binding.size or digest_of(envelope.content) != binding.digest):
        return Fault("content.digest", "content", "the content is not the one that the header binds")
    if not part.has_keys and binding.keys_digest is not None:
        return None
    keys_digest = digest_of(envelope.keys_bytes) if envelope.keys_bytes else None
    if not part.has_keys or keys_digest != binding.keys_digest:
        return Fault("content.keys_digest", "keys", "the keys part is not the one that the header binds")
    return None


def judge_carried_receipt(part: Part, known: Known, lineage: Lineage) -> Receipt | Fault:
    """Judge one receipt; what comes back attests what it says about this event."""
    header = part.envelope.header
    if header.type != RECEIPT_TYPE:
        return Fault("receipt.wrong_type", "header.type", "it is no receipt")
    fault = (
        lineage.verify(part.envelope)
        or judge_channel(header)
        or judge_membership(lineage.from_version(header.registry)[0], header.source, header.to)
        or _unreadable(part)
        or judge_binding(part)
    )
    if fault is not None:
        return fault
    receipt = read_receipt(part.envelope.content)
    if isinstance(receipt, Fault):
        return receipt
    return _judge_story(receipt, header, known) or _judge_officer(receipt, header, lineage) or receipt


def _unreadable(part: Part) -> Fault | None:
    # A receipt whose content is detached or encrypted says nothing that could be checked.
    if not part.has_content:
        return Fault("receipt.detached", "content", "a receipt without its content attests nothing")
    if part.envelope.header.content.encoding != "none":
        return Fault("content.encoding", "content.encoding", "an encrypted receipt cannot be read here")
    return None


def read_receipt(content: bytes) -> Receipt | Fault:
    """Read the content of a receipt strictly."""
    value = parse_strict(content, max_bytes=len(content), what="content")
    if isinstance(value, Fault):
        return value
    try:
        return Receipt.model_validate_json(content, by_alias=True, by_name=False)
    except ValidationError as exc:
        return faults_of(exc, "content")[0]


def _judge_story(receipt: Receipt, header: Header, known: Known) -> Fault | None:
    event = known.header
    if receipt.receiver != header.source:
        return Fault("receipt.wrong_receiver", "receiver", "a county attests for itself only")
    if receipt.receiver not in event.to or header.to != (event.source,):
        return Fault("receipt.unknown_channel", "receiver", "it is by a county or for a county that this is not about")
    if (receipt.channel, receipt.epoch) != (event.channel, event.epoch):
        return Fault("receipt.unknown_channel", "channel", "it speaks of another channel or epoch")
    if not receipt.first_seq <= event.seq <= receipt.seq or known.ids.get(receipt.seq) != receipt.head:
        return Fault("receipt.other_story", "head", "it does not cover this event, or names another one at its place")
    return _judge_single(receipt, event)


def _judge_single(receipt: Receipt, event: Header) -> Fault | None:
    if receipt.content_digest is not None and receipt.first_seq != receipt.seq:
        return Fault("receipt.other_content", "content_digest", "a receipt for a range names no content")
    if receipt.seq != event.seq:
        return None
    if receipt.agreement != event.agreement:
        return Fault("receipt.other_agreement", "agreement", "it names another agreement than the event")
    if receipt.content_digest not in {None, event.content.digest}:
        return Fault("receipt.other_content", "content_digest", "the receiver got another content")
    return None


def _judge_officer(receipt: Receipt, header: Header, lineage: Lineage) -> Fault | None:
    if receipt.stage not in HUMAN_STAGES or receipt.officer is None:
        return None
    named, *later = lineage.from_version(header.registry)
    at = receipt.officer.answer.answered_at
    fault = judge_proof(receipt.officer, receipt, named)
    if fault is not None:
        return fault
    if any(isinstance(judge_officer(receipt.officer.credential, one, receipt.receiver, at), Fault) for one in later):
        return Fault("signature.key_revoked", "officer.credential", "a later registry dropped its certifying key")
    return None
