"""The guards on control records: no number travels in a receipt, and no digest is taken for one."""

import json
from typing import Any

import pytest

from schemas.control import ChainKind, EpochOpened, OpeningReason, Receipt, ReceiptStage
from schemas.documents import SignedDocument
from schemas.errors import Fault
from schemas.officers import Answer, AnswerWord, Means, OfficerProof
from schemas.registry import KeyUse
from services.domain.documents import document_digest
from services.domain.encoding import to_base64url
from services.domain.guards import guard_control
from services.domain.receiving import Outcome, examine, presentable
from tests import papers
from tests.papers import HUANJIANG, LIBO, NOW

MOBILE = "13800138000"


def receipt(*, note: str = "", document: SignedDocument | None = None, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """An officer's receipt as it travels."""
    document = document or papers.credential()
    answer = Answer(
        envelope_id="e" * 64,
        county=HUANJIANG,
        officer="duty-a",
        answer=AnswerWord.RECEIVED,
        note=note,
        answered_at=NOW,
    )
    proof = OfficerProof(
        credential=document, credential_digest=document_digest(document), means=Means.TOKEN, answer=answer
    )
    given: dict[str, Any] = {
        "receiver": HUANJIANG,
        "stage": ReceiptStage.ACKNOWLEDGED,
        "channel": "c" * 64,
        "epoch": papers.EPOCH,
        "first_seq": 5,
        "seq": 5,
        "head": "e" * 64,
        "content_digest": "d" * 64,
        "agreement": papers.in_force().reference,
        "permitted": True,
        "received_at": NOW,
        "officer": proof,
    }
    made: dict[str, Any] = json.loads(Receipt(**(given | changes)).model_dump_json(exclude_none=True))
    return made


def judged(content: dict[str, Any]) -> tuple[str, str] | None:
    """Guard a control record; return code and field."""
    fault = guard_control(content, papers.as_bytes(content))
    return None if fault is None else (fault.code, fault.field)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (receipt(text=f"请回电 {MOBILE}"), "content.text"),
        (receipt(note=f"联系人 {MOBILE}"), "content.officer.answer.note"),
        (receipt(code="officer.a13800138000", stage=ReceiptStage.REJECTED, officer=None), "content.code"),
        (
            receipt(document=papers.credential(display_name=f"值班员 {MOBILE}")),
            "content.officer.credential.payload.display_name",
        ),
        (receipt() | {"new_field": [MOBILE]}, "content.new_field.0"),
        (receipt() | {"epoch": {"epoch": MOBILE}}, "content.epoch.epoch"),
    ],
)
def test_no_number_is_smuggled_in_a_receipt(content: dict[str, Any], field: str) -> None:
    """A partner would pass lists of people around in notes, names, or fields that we do not know."""
    assert judged(content) == ("guard.personal_number", field)


def test_no_banned_name_is_smuggled_in_a_credential() -> None:
    """What is hidden in base64url is read all the same."""
    made = receipt()
    payload = {"display_name": "值班员甲", "religion": "x"}
    made["officer"]["credential"]["payload"] = to_base64url(papers.as_bytes(payload))
    assert judged(made) == ("guard.banned_name", "content.religion")


def test_digests_keys_and_signatures_are_no_numbers() -> None:
    """One receipt in a thousand would be refused for the digits that stand in it by chance."""
    made = receipt(
        epoch=f"1-a{MOBILE}bcde", head=f"{MOBILE}-".replace("-", "a") * 5 + "abcd", text="已转应急办 0778-8221119"
    )
    signature = f"_{MOBILE}-6222021234567890128_".ljust(86, "A")
    made["officer"]["signature"] = signature
    made["officer"]["credential"]["signatures"][0]["sig"] = signature
    assert judged(made) is None


def test_a_payload_that_is_nothing_is_left_to_the_credentials_own_check() -> None:
    """Nothing may be raised over bytes that only look like a credential."""
    payloads: tuple[object, ...] = ("AAAA", "=", "值", 7, None, [], to_base64url(b"[" * 99))
    for payload in payloads:
        made = receipt()
        made["officer"]["credential"]["payload"] = payload
        assert judged(made) is None
    assert judged({"officer": "x"}) is None
    assert judged({}) is None


def test_an_epoch_record_passes() -> None:
    """Every channel begins with one."""
    opened = EpochOpened(
        channel="c" * 64,
        chain_kind=ChainKind.EVENT,
        agreement_id=papers.AGREEMENT,
        audience=(HUANJIANG,),
        epoch=f"1-{MOBILE}abcde",
        reason=OpeningReason.FIRST,
    )
    assert judged(json.loads(opened.model_dump_json(exclude_none=True))) is None


def test_a_receipt_with_a_number_is_rejected_on_arrival() -> None:
    """The same guard stands at the door of the other end."""
    content = papers.as_bytes(receipt(text=MOBILE))
    made = papers.envelope(
        content,
        type=Receipt.wire_type,
        source=HUANJIANG,
        to=(LIBO,),
        by=[papers.signer(HUANJIANG, KeyUse.RECEIPT)],
        purpose="bus_control",
    )
    found = examine(papers.arrival(made), trust=papers.trust(), county=LIBO)
    assert (found.outcome, found.fault and found.fault.code) == (Outcome.REJECTED, "guard.personal_number")


def test_a_fault_repeats_no_number() -> None:
    """A number in a name would be kept in our log and sent back in our receipt, which its source would refuse."""
    assert judged(receipt() | {MOBILE: 1}) == ("guard.personal_number", "content." + "#" * 11)
    assert presentable(Fault("json.duplicate_key", f"content.{MOBILE}", f"`{MOBILE}` stands twice")) == Fault(
        "json.duplicate_key", "content." + "#" * 11, f"`{'#' * 11}` stands twice"
    )
    assert presentable(Fault("a.b", "content.cells.12", "at most 65536 bytes")).mend == "at most 65536 bytes"
