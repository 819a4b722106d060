"""CAP's Ack and Error messages, and our receipts: what came back to an alert that went out as CAP, and the other way.

CAP knows two answers where a receipt has more stages, so ours carry the stage in a ``code`` besides; a foreign answer
is read by its ``msgType`` alone.

Source: OASIS Common Alerting Protocol 1.2, section 3.2.1; docs/parts/alerting-cap.md
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from schemas.base import Status
from schemas.cap import CapAlert
from schemas.control import ReceiptStage
from schemas.errors import Fault
from schemas.forms import ALERT_ID_PATTERN
from services.domain.cap import NOTE_MAX, OFFICE, RESERVED, cap_word, shortened_text, spelled
from services.domain.cap_rules import CapReference, judge_cap, references_of, sent_at

_TYPES: Final = {
    ReceiptStage.ACKNOWLEDGED: "Ack",
    ReceiptStage.ACTIONED: "Ack",
    ReceiptStage.DECLINED: "Error",
    ReceiptStage.REJECTED: "Error",
}
"""Stages that a sender of CAP is told; the others are matters between our nodes."""
_DEFAULTS: Final = {"Ack": ReceiptStage.ACKNOWLEDGED, "Error": ReceiptStage.REJECTED}
_ALERT_ID: Final = re.compile(ALERT_ID_PATTERN.replace("$", r"\Z"))


@dataclass(frozen=True, slots=True)
class CapAnswer:
    """Somebody answered one or more alerts by CAP.

    Attributes:
        stage: acknowledged, actioned, declined or rejected.
        about: The documents that it names.
        note: Why, at most 500 characters; empty if it does not say.
        sender: As in the document.
        identifier: As in the document.
        sent_at: Aware UTC.
    """

    stage: ReceiptStage
    about: tuple[CapReference, ...]
    note: str
    sender: str
    identifier: str
    sent_at: datetime

    @property
    def alert_ids(self) -> tuple[str, ...]:
        """Which of our own alerts are answered, by ``alert_id``; foreign documents are found by their reference."""
        ours = (one for one in self.about if one.sender.startswith(OFFICE))
        return tuple(one.identifier for one in ours if _ALERT_ID.match(one.identifier))


def answer_of(document: CapAlert) -> CapAnswer | Fault:
    """Read an Ack or Error; anything else is a fault."""
    default = _DEFAULTS.get(document.msg_type)
    if default is None:
        return Fault("cap.no_answer", "msgType", f"{document.msg_type} answers nothing; import it as an alert")
    sent = sent_at(document)
    if isinstance(sent, Fault):
        return sent
    if fault := judge_cap(document):
        return fault
    stages = (stage for stage in _TYPES if RESERVED + stage.value in document.codes)
    said = next((stage for stage in stages if _TYPES[stage] == document.msg_type), default)
    note = shortened_text(document.note or "", NOTE_MAX)
    return CapAnswer(said, references_of(document), note, document.sender, document.identifier, sent)


def answer_to_cap(answer: CapAnswer, *, status: Status) -> CapAlert | None:
    """Return the Ack or Error that tells a receipt to whoever sent the alert as CAP; None for a stage that CAP lacks.

    Args:
        answer: What happened, and to which documents; an Error should say why in its note.
        status: Of the alert that is answered.
    """
    message_type = _TYPES.get(answer.stage)
    if message_type is None or not answer.about:
        return None
    return CapAlert(
        identifier=answer.identifier,
        sender=answer.sender,
        sent=spelled(answer.sent_at),
        status=cap_word(status),
        msg_type=message_type,
        scope="Private",
        addresses=" ".join(dict.fromkeys(one.sender for one in answer.about)),
        codes=(RESERVED + answer.stage.value,),
        note=answer.note or None,
        references=" ".join(map(str, answer.about)),
    )
