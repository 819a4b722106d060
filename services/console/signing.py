"""An officer's answer, signed with the officer's own key as it is pressed."""

import base64

from schemas.drafts import AcknowledgementDraft
from schemas.ids import CountyCode
from schemas.officers import Answer, AnswerWord
from services.console.visit import Visit
from services.domain.vouching import answer_bytes


async def signed_answer(
    visit: Visit, envelope_id: str, word: str, note: str
) -> AcknowledgementDraft | dict[str, object]:
    """Return the body of an acknowledgement; unsigned only where the session opens no key."""
    if word not in set(AnswerWord):
        return {"answer": word, "note": note}  # the API names the mend
    gateway = visit.hall.desk.gateway
    now = gateway.clock.now()
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    answer = Answer(
        envelope_id=envelope_id,
        county=CountyCode(gateway.county),
        officer=visit.visitor.officer,
        answer=AnswerWord(word),
        note=note,
        answered_at=now,
    )
    signature = await visit.hall.entrance.signed(visit.secret, answer_bytes(answer))
    if signature is None:
        return AcknowledgementDraft(answer=answer.answer, note=note)
    spelt = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
    return AcknowledgementDraft(answer=answer.answer, note=note, answered_at=now, signature=spelt)
