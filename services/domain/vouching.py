"""May this receipt be believed? Who says it, about which event, and which officer stands behind it.

Source: docs/protocol.md, section "Receipts".
"""

from schemas.control import HUMAN_STAGES, Receipt
from schemas.documents import SignedDocument
from schemas.envelope import Header, PayloadType
from schemas.errors import Fault
from schemas.officers import Answer, Means, OfficerCredential, OfficerProof
from schemas.records import Chain
from services.domain.documents import document_digest, open_payload
from services.domain.encoding import pre_authentication_encoding
from services.domain.governance import judge_officer
from services.domain.signatures import signature_holds
from services.domain.trust import Trust


def answer_bytes(answer: Answer) -> bytes:
    """Return the bytes that an officer signs: pre-authentication encoding of the answer's compact JSON."""
    return pre_authentication_encoding(PayloadType.ANSWER, answer.model_dump_json().encode())


def judge_receipt(
    receipt: Receipt, header: Header, target: Chain | None, held_id: str | None, trust: Trust, county: str
) -> Fault | None:
    """Decide whether a verified receipt counts.

    Args:
        receipt: Its content.
        header: Of the envelope that carried it; the signature holds.
        target: Our chain that it speaks of, if we have it.
        held_id: The envelope id we hold at ``receipt.seq`` of that chain.
        trust: What we trust now.
        county: Ourselves.
    """
    if receipt.receiver != header.source:
        return Fault("receipt.wrong_receiver", "receiver", "a county attests for itself only")
    if target is None or target.source != county or receipt.receiver not in target.audience:
        return Fault("receipt.unknown_channel", "channel", "it is no channel of ours that addresses this receiver")
    if held_id != receipt.head:
        return Fault("receipt.other_story", "head", "the receiver names another event than the one we sent there")
    if receipt.stage in HUMAN_STAGES and receipt.officer is not None:
        return judge_proof(receipt.officer, receipt, trust)
    return None


def judge_proof(proof: OfficerProof, receipt: Receipt, trust: Trust) -> Fault | None:
    """Check the officer behind a human receipt: certified by that county, and the answer is about this event."""
    answer = proof.answer
    credential = judge_officer(proof.credential, trust, receipt.receiver, answer.answered_at)
    if isinstance(credential, Fault):
        return credential
    if document_digest(proof.credential) != proof.credential_digest:
        return Fault("officer.digest", "officer.credential_digest", "it is not the digest of the credential")
    named = (answer.envelope_id, answer.county, answer.officer)
    if named != (receipt.head, receipt.receiver, credential.officer):
        return Fault(
            "officer.other_answer", "officer.answer", "the answer is about another event or by another officer"
        )
    return _judge_signature(proof, credential)


def _judge_signature(proof: OfficerProof, credential: OfficerCredential) -> Fault | None:
    if proof.means is not Means.KEY_FILE:  # the weaker ones say so, and are shown so
        return None
    if proof.signature is None or not signature_holds(credential.public, answer_bytes(proof.answer), proof.signature):
        return Fault("officer.signature", "officer.signature", "the officer's own signature does not hold")
    return None


def credential_name(proof: OfficerProof) -> str:
    """Return the display name that the credential certifies, or the officer's id if it cannot be read."""
    return name_in(proof.credential) or proof.answer.officer


def name_in(document: SignedDocument) -> str:
    """Return the display name in a credential, empty if it cannot be read; whether it holds is judged elsewhere."""
    credential = open_payload(document, PayloadType.OFFICER, OfficerCredential)
    return "" if isinstance(credential, Fault) else credential.display_name
