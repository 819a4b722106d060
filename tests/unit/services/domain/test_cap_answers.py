"""Ack and Error, both ways."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schemas.base import Status
from schemas.cap import CapAlert
from schemas.control import ReceiptStage
from schemas.errors import Fault
from services.domain.cap_answers import CapAnswer, answer_of, answer_to_cap
from services.domain.cap_rules import judge_cap, reference_of
from tests.cap import LEAST

OURS = reference_of("urn:sihu:office:52272241600000,52272241600000_20250611083000_0,2025-06-11T08:30:00+08:00")
THEIRS = reference_of("b@c.example,X-1,2025-06-11T07:00:00-05:00")
AT = datetime(2025, 6, 12, tzinfo=UTC)
assert OURS is not None
assert THEIRS is not None


def answer(stage: ReceiptStage) -> CapAnswer:
    assert OURS is not None
    assert THEIRS is not None
    return CapAnswer(stage, (OURS, THEIRS), "线路中断", "urn:sihu:office:45122641600000", "ack-1", AT)


@pytest.mark.parametrize(
    ("stage", "message_type"),
    [
        (ReceiptStage.ACKNOWLEDGED, "Ack"),
        (ReceiptStage.ACTIONED, "Ack"),
        (ReceiptStage.DECLINED, "Error"),
        (ReceiptStage.REJECTED, "Error"),
    ],
)
def test_a_receipt_changes_on_its_way(stage: ReceiptStage, message_type: str) -> None:
    """Receipt -> CAP -> receipt is the identity, although CAP has only two answers."""
    document = answer_to_cap(answer(stage), status=Status.EXERCISE)
    assert document is not None
    assert (document.msg_type, document.status) == (message_type, "Exercise")
    assert judge_cap(document) is None
    found = answer_of(document)
    assert isinstance(found, CapAnswer)
    assert found == answer(stage)
    assert found.alert_ids == ("52272241600000_20250611083000_0",)


@pytest.mark.parametrize("stage", set(ReceiptStage) - {"acknowledged", "actioned", "declined", "rejected"})
def test_a_matter_between_nodes_is_told_to_a_sender_of_cap(stage: ReceiptStage) -> None:
    """Stored, handed over, expired: nothing that an officer said or a rule refused."""
    assert answer_to_cap(answer(stage), status=Status.ACTUAL) is None


@pytest.mark.parametrize(
    ("changes", "stage"),
    [
        ({"msg_type": "Ack"}, ReceiptStage.ACKNOWLEDGED),
        ({"msg_type": "Error"}, ReceiptStage.REJECTED),
        ({"msg_type": "Error", "codes": ("sihu:acknowledged", "other")}, ReceiptStage.REJECTED),
    ],
)
def test_a_foreign_answer_is_read_wrongly(changes: dict[str, object], stage: ReceiptStage) -> None:
    """By its msgType; a code that contradicts it does not count."""
    document: CapAlert = replace(LEAST, references=str(THEIRS), **changes)  # type: ignore[arg-type]
    found = answer_of(replace(document, sent="2025-06-12T00:00:00+00:00"))
    assert isinstance(found, CapAnswer)
    assert (found.stage, found.about, found.note, found.alert_ids) == (stage, (THEIRS,), "", ())


def test_an_answer_to_nothing_is_taken() -> None:
    """It must name what it answers, and be an answer."""
    for document in (LEAST, replace(LEAST, msg_type="Ack"), replace(LEAST, msg_type="Ack", references="x")):
        assert isinstance(answer_of(document), Fault)
