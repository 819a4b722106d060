"""An officer's own signature about an event: what it is over, how it is spelt, and whether it holds.

Source: docs/protocol.md, section "Releases"; docs/decisions/0046-sign-approvals-with-the-officers-own-key.md
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.envelope import ContentBinding, Header, PayloadType
from schemas.errors import Fault
from schemas.ids import CountyCode
from schemas.statements import ReleaseStatement, ReleaseTerms, ReleaseVerdict, SignedStatement
from services.domain.drafting import MEDIA_TYPE, Outgoing
from services.domain.encoding import digest_of, pre_authentication_encoding
from services.domain.signatures import signature_holds


@dataclass(frozen=True, slots=True)
class Terms:
    """What an officer signs an approval about.

    Attributes:
        subject: Digest of what is fixed before sending, or an envelope id.
        acknowledge_by: The time by which a person is to answer, if the draft set one.
    """

    subject: str
    acknowledge_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Signatory:
    """Whose word a statement must be: the key is the one that the credential certifies, base64url."""

    county: str
    officer: str
    public: str


def statement_bytes(statement: ReleaseStatement) -> bytes:
    """Return the bytes that an officer signs: pre-authentication encoding of compact JSON, empty fields left out."""
    return pre_authentication_encoding(PayloadType.RELEASE, statement.model_dump_json(exclude_none=True).encode())


def terms_digest(terms: ReleaseTerms) -> str:
    """Return the digest of terms, in a domain of its own so that it can be taken for no envelope's id."""
    spelt = terms.model_dump_json(by_alias=True, exclude_none=True).encode()
    return digest_of(pre_authentication_encoding(PayloadType.RELEASE_TERMS, spelt))


def terms_of_header(header: Header) -> str:
    """Return the digest of the terms by which an event was sent."""
    return terms_digest(
        ReleaseTerms(
            type=header.type,
            source=header.source,
            expires=header.expires,
            to=header.to,
            agreement=header.agreement,
            purpose=header.purpose,
            information_class=header.information_class,
            status=header.status,
            kind=header.kind,
            priority=header.priority,
            refs=header.refs,
            content=header.content.model_copy(update={"keys_digest": None}),
        )
    )


def terms_of_outgoing(outgoing: Outgoing, county: str) -> Terms | None:
    """Return the terms by which an event would be sent; None if its content is not fixed yet.

    Args:
        outgoing: Completed, and encrypted if it must be.
        county: Ourselves.
    """
    if outgoing.fixed is None or (outgoing.encrypt and outgoing.encrypted is None) or outgoing.file is not None:
        return None
    carried = outgoing.encrypted.carried if outgoing.encrypted else outgoing.content
    digest = terms_digest(
        ReleaseTerms(
            type=outgoing.wire_type,
            source=CountyCode(county),
            expires=outgoing.expires,
            to=outgoing.to,
            agreement=outgoing.agreement.reference,
            purpose=outgoing.purpose,
            information_class=outgoing.information_class,
            status=outgoing.status,
            kind=outgoing.kind,
            priority=outgoing.priority,
            refs=outgoing.refs,
            content=ContentBinding(
                media_type=MEDIA_TYPE,
                encoding="hpke" if outgoing.encrypted else "none",
                digest=digest_of(carried),
                size=len(carried),
                content_id=outgoing.fixed.content_id,
            ),
        )
    )
    return Terms(digest, _cut(outgoing.acknowledge_by) if outgoing.sets_deadline else None)


def terms_of_sent(header: Header, statement: ReleaseStatement) -> Terms:
    """Return what a statement must be about if the event is what was signed.

    A time for answers that the draft left open is not compared: it followed from when the event was sent.
    """
    deadline = None if statement.acknowledge_by is None else header.acknowledge_by
    return Terms(terms_of_header(header), deadline)


def judge_own(own: SignedStatement, by: Signatory, verdict: ReleaseVerdict, terms: Terms) -> Fault | None:
    """Decide whether a signature is this officer's, says this, and says it of this very event.

    Args:
        own: As it came.
        by: Whose it must be; whether the credential holds is judged apart.
        verdict: What it must say.
        terms: What it must be about.
    """
    said = own.statement
    if (said.county, said.officer, said.verdict) != (by.county, by.officer, verdict):
        mend = f"the signed statement is not {by.officer} of {by.county} saying `{verdict}`"
        return Fault("release.other_statement", "own.statement", mend)
    if (said.subject, said.acknowledge_by) != (terms.subject, terms.acknowledge_by):
        mend = "what was signed is another text, or the same under other terms; read it again and sign anew"
        return Fault("release.other_event", "own.statement.subject", mend)
    if not signature_holds(by.public, statement_bytes(said), own.signature):
        mend = "it is not the officer's signature over this statement; sign the bytes that docs/protocol.md names"
        return Fault("release.signature", "own.signature", mend)
    return None


def judge_time(own: SignedStatement, since: datetime, now: datetime) -> Fault | None:
    """Decide whether a statement was signed between what it is about came to stand so and now.

    One that is older was made of an earlier hand-in, or kept to be used again.
    """
    if since.replace(microsecond=since.microsecond // 1000 * 1000) <= own.statement.signed_at <= now:
        return None
    mend = "it was signed before this was handed in, or lies in the future: read it again, set the clock and sign anew"
    return Fault("release.signed_at", "own.statement.signed_at", mend)


def _cut(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
