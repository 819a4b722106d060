"""May this receipt be believed? Whoever could forge one stands here."""

from typing import Any

import pytest

from schemas.base import format_time
from schemas.control import ChainKind, Receipt, ReceiptStage
from schemas.envelope import Header, Position
from schemas.errors import Fault
from schemas.officers import Answer, AnswerWord, Means, OfficerProof
from schemas.records import Chain
from services.domain.documents import document_digest
from services.domain.encoding import to_base64url
from services.domain.vouching import answer_bytes, credential_name, judge_receipt
from tests import papers
from tests.papers import HUANJIANG, LIBO, NANDAN, NOW

EVENT_ID = "e" * 64
CHANNEL = "c" * 64
TARGET = Chain(
    7, CHANNEL, papers.EPOCH, LIBO, papers.AGREEMENT, ChainKind.EVENT, (NANDAN, HUANJIANG), Position(9, "9" * 64)
)


def receipt(**changes: Any) -> Receipt:  # noqa: ANN401
    """Return 环江's receipt for event 5 of 荔波."""
    given: dict[str, Any] = {
        "receiver": HUANJIANG,
        "stage": ReceiptStage.STORED,
        "channel": CHANNEL,
        "epoch": papers.EPOCH,
        "first_seq": 5,
        "seq": 5,
        "head": EVENT_ID,
        "agreement": papers.in_force().reference,
        "permitted": True,
        "received_at": NOW,
    }
    return Receipt(**(given | changes))


def answer(**changes: Any) -> Answer:  # noqa: ANN401
    """Return the answer of 值班员甲."""
    given: dict[str, Any] = {
        "envelope_id": EVENT_ID,
        "county": HUANJIANG,
        "officer": "duty-a",
        "answer": AnswerWord.RECEIVED,
        "answered_at": NOW,
    }
    return Answer(**(given | changes))


def proof(said: Answer | None = None, **changes: Any) -> OfficerProof:  # noqa: ANN401
    """Return a proof signed by the officer's own key."""
    said = said or answer()
    given: dict[str, Any] = {
        "credential": papers.credential(),
        "credential_digest": document_digest(changes.get("credential", papers.credential())),
        "means": Means.KEY_FILE,
        "answer": said,
        "signature": to_base64url(papers.officer_key().sign(answer_bytes(said))),
    }
    return OfficerProof(**(given | changes))


def header_of(source: str = HUANJIANG) -> Header:
    """Return the header of the envelope that carries the receipt."""
    to = (NANDAN,) if source == LIBO else (LIBO,)
    return papers.header(b"{}", type=Receipt.wire_type, source=source, to=to)


def verdict(
    one: Receipt, *, source: str = HUANJIANG, target: Chain | None = TARGET, held_id: str | None = EVENT_ID
) -> str | None:
    """Judge as 荔波's node does; return the code of the refusal."""
    found = judge_receipt(one, header_of(source), target, held_id, papers.trust(), LIBO)
    return found.code if found else None


def acknowledged(by: OfficerProof, **changes: Any) -> Receipt:  # noqa: ANN401
    """Return a human receipt."""
    return receipt(stage=ReceiptStage.ACKNOWLEDGED, officer=by, **changes)


def test_a_plain_receipt_of_an_addressed_county_counts() -> None:
    """Nothing wrong with it."""
    assert verdict(receipt()) is None


def test_a_county_attests_for_itself_only() -> None:
    """南丹 says that 环江 has stored it."""
    assert verdict(receipt(), source=NANDAN) == "receipt.wrong_receiver"


def test_a_county_that_was_not_addressed_attests_nothing() -> None:
    """富宁 holds no place in the audience; 荔波 itself neither."""
    narrow = Chain(7, CHANNEL, papers.EPOCH, LIBO, papers.AGREEMENT, ChainKind.EVENT, (NANDAN,), TARGET.head)
    assert verdict(receipt(), target=narrow) == "receipt.unknown_channel"


def test_a_receipt_for_a_channel_we_do_not_write_is_refused() -> None:
    """An unknown channel, or one of another source that we merely receive."""
    theirs = Chain(7, CHANNEL, papers.EPOCH, NANDAN, papers.AGREEMENT, ChainKind.EVENT, (HUANJIANG,), TARGET.head)
    assert verdict(receipt(), target=None) == "receipt.unknown_channel"
    assert verdict(receipt(), target=theirs) == "receipt.unknown_channel"


@pytest.mark.parametrize("held_id", [None, "f" * 64])
def test_a_receipt_for_another_story_is_refused(held_id: str | None) -> None:
    """The receiver names an event that we never sent at that place: somebody forks us, or lies."""
    assert verdict(receipt(), held_id=held_id) == "receipt.other_story"


def test_an_officers_signed_answer_counts() -> None:
    """Certified, about this event, signed by the officer's own key."""
    assert verdict(acknowledged(proof())) is None


@pytest.mark.parametrize("means", [Means.TOKEN, Means.VOICE_PIN, Means.SMS_NUMBER])
def test_a_weaker_means_counts_without_the_officers_signature(means: Means) -> None:
    """It says so itself."""
    assert verdict(acknowledged(proof(means=means, signature=None))) is None


@pytest.mark.parametrize(
    ("by", "code"),
    [
        (proof(credential=papers.credential(by=papers.signer(NANDAN))), "officer.unsigned"),
        (proof(credential=papers.credential(expires_at=NOW)), "officer.expired"),
        (proof(credential=papers.credential(NANDAN)), "officer.wrong_county"),
        (proof(credential_digest="0" * 64), "officer.digest"),
        (proof(answer(envelope_id="f" * 64)), "officer.other_answer"),
        (proof(answer(county=NANDAN)), "officer.other_answer"),
        (proof(answer(officer="duty-b")), "officer.other_answer"),
        (proof(signature=None), "officer.signature"),
        (proof(signature="A" * 86), "officer.signature"),
        (proof(signature=to_base64url(papers.signer(HUANJIANG).sign(answer_bytes(answer())))), "officer.signature"),
        (
            proof(signature=to_base64url(papers.officer_key().sign(answer_bytes(answer(answer=AnswerWord.HANDLING))))),
            "officer.signature",
        ),
    ],
)
def test_a_forged_human_receipt_is_refused(by: OfficerProof, code: str) -> None:
    """Each link of the proof broken by itself: the county's machine alone cannot invent an officer's answer."""
    assert verdict(acknowledged(by)) == code


def test_every_human_stage_needs_its_officer() -> None:
    """Declined and actioned are judged like acknowledged."""
    for stage in (ReceiptStage.ACTIONED, ReceiptStage.DECLINED):
        assert verdict(receipt(stage=stage, officer=proof(signature="A" * 86))) == "officer.signature"
        with pytest.raises(ValueError, match="names its officer"):
            receipt(stage=stage)


def test_the_bytes_an_officer_signs_are_spelt_out() -> None:
    """A browser or a second implementation must arrive at the same bytes."""
    text = (
        f'{{"v":1,"envelope_id":"{EVENT_ID}","county":"451226","officer":"duty-a","answer":"received","note":"",'
        f'"answered_at":"{format_time(NOW)}"}}'
    )
    kind = "application/vnd.sihu.answer.v1+json"
    assert answer_bytes(answer()) == f"DSSEv1 {len(kind)} {kind} {len(text)} {text}".encode()


def test_the_officer_is_called_as_the_credential_says() -> None:
    """Never by a name that the receipt makes up; if the credential cannot be read, by the bare id."""
    assert credential_name(proof()) == "值班员甲"
    unreadable = papers.signed_agreement()
    assert credential_name(proof(credential=unreadable, credential_digest="0" * 64)) == "duty-a"


def test_a_credential_that_is_none_is_refused() -> None:
    """An agreement in the place of the credential."""
    found = judge_receipt(
        acknowledged(proof(credential=papers.signed_agreement())), header_of(), TARGET, EVENT_ID, papers.trust(), LIBO
    )
    assert isinstance(found, Fault)
    assert found.code == "document.wrong_type"
