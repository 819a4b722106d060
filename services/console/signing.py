"""An officer's answer or approval, signed with the officer's own key as it is pressed."""

import re
from datetime import datetime
from typing import Final

from schemas.drafts import AcknowledgementDraft, SubmissionDraft
from schemas.ids import CountyCode
from schemas.officers import Answer, AnswerWord
from schemas.statements import ReleaseStatement, ReleaseVerdict, SignedStatement
from services.console.visit import Visit
from services.domain.encoding import to_base64url
from services.domain.release_signing import Terms, statement_bytes
from services.domain.releasing import Act
from services.domain.vouching import answer_bytes
from services.gateway.gateway import Gateway
from services.gateway.release_answers import DraftDetail

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


async def signed_answer(
    visit: Visit, envelope_id: str, word: str, note: str
) -> AcknowledgementDraft | dict[str, object]:
    """Return the body of an acknowledgement; unsigned only where the session opens no key."""
    if word not in set(AnswerWord):
        return {"answer": word, "note": note}  # the API names the mend
    gateway = visit.hall.desk.gateway
    now = _now(gateway)
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
    return AcknowledgementDraft(answer=answer.answer, note=note, answered_at=now, signature=to_base64url(signature))


async def signed_release(visit: Visit, verdict: ReleaseVerdict, terms: Terms | None) -> SignedStatement | None:
    """Return what the officer signs of an event; None where the session opens no key, or nothing is fixed to sign.

    Args:
        visit: Of the officer.
        verdict: What the officer says by this press.
        terms: What was shown to the officer.
    """
    if terms is None or not _DIGEST.fullmatch(terms.subject):
        return None
    gateway = visit.hall.desk.gateway
    statement = ReleaseStatement(
        county=CountyCode(gateway.county),
        officer=visit.visitor.officer,
        verdict=verdict,
        subject=terms.subject,
        acknowledge_by=terms.acknowledge_by,
        signed_at=_now(gateway),
    )
    signature = await visit.hall.entrance.signed(visit.secret, statement_bytes(statement))
    return None if signature is None else SignedStatement(statement=statement, signature=to_base64url(signature))


async def hand_in_signed(visit: Visit, number: str) -> DraftDetail:
    """Hand a draft in, signed with its author's own key where the session opens one.

    Raises:
        RequestError: As the API refuses it.
    """
    detail = await visit.api.ask("show_draft", DraftDetail, path={"id": number})
    own = None
    if Act.HAND_IN in detail.acts and detail.terms is not None:
        terms = Terms(detail.terms, detail.acknowledge_by)
        own = await signed_release(visit, ReleaseVerdict.DRAFTED, terms)
    return await visit.api.ask("hand_in_draft", DraftDetail, path={"id": number}, body=SubmissionDraft(own=own))


def _now(gateway: Gateway) -> datetime:
    """Return the time in the milliseconds that travel."""
    now = gateway.clock.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
