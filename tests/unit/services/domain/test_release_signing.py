"""What an officer signs about an event: every field of it, in a domain of its own, between hand-in and now."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.memory.signer import MemorySigner
from schemas.base import InformationClass, Kind, Status
from schemas.catalogue import parse_new
from schemas.drafts import EventDraft
from schemas.envelope import Header, Ref, RefRelation
from schemas.errors import Fault
from schemas.releases import Fixed
from schemas.statements import ReleaseStatement, ReleaseVerdict, SignedStatement
from services.domain.drafting import Outgoing, complete
from services.domain.encoding import compact_json, digest_of, to_base64url
from services.domain.encryption import encrypt_content
from services.domain.release_signing import (
    Signatory,
    Terms,
    judge_own,
    judge_time,
    statement_bytes,
    terms_of_header,
    terms_of_outgoing,
    terms_of_sent,
)
from tests import papers
from tests.papers import HUANJIANG, LIBO, NOW

KEY = MemorySigner("an officer")
BY = Signatory(LIBO, "duty-b", to_base64url(KEY.public))
TERMS = Terms("aa" * 32)
FIXED = Fixed("0f" * 16, b"k" * 32, b"s" * 16)


def statement(**changes: Any) -> ReleaseStatement:  # noqa: ANN401 - fields of a statement
    given: dict[str, Any] = {"county": LIBO, "officer": "duty-b", "verdict": ReleaseVerdict.APPROVED}
    return ReleaseStatement(**(given | {"subject": "aa" * 32, "signed_at": NOW} | changes))


def own(said: ReleaseStatement, key: MemorySigner = KEY) -> SignedStatement:
    return SignedStatement(statement=said, signature=to_base64url(key.sign(statement_bytes(said))))


def code_of(signed: SignedStatement, verdict: ReleaseVerdict = ReleaseVerdict.APPROVED, terms: Terms = TERMS) -> str:
    fault = judge_own(signed, BY, verdict, terms)
    return fault.code if fault else ""


def test_the_bytes_name_everything_in_a_domain_of_their_own() -> None:
    """What is signed here can be taken for nothing else that an officer signs."""
    said = statement(acknowledge_by=NOW)
    spelt = (
        '{"v":1,"county":"522722","officer":"duty-b","verdict":"approved","subject":"' + "aa" * 32 + '",'
        '"acknowledge_by":"2026-03-04T08:00:00.000+08:00","signed_at":"2026-03-04T08:00:00.000+08:00"}'
    )
    kind = "application/vnd.sihu.release.v1+json"
    assert statement_bytes(said) == f"DSSEv1 {len(kind)} {kind} {len(spelt)} {spelt}".encode()
    assert b"acknowledge_by" not in statement_bytes(statement())


def test_a_signature_counts_for_its_officer_word_and_event() -> None:
    """And for nothing beside."""
    assert code_of(own(statement())) == ""
    assert code_of(own(statement(), MemorySigner("another"))) == "release.signature"
    assert code_of(own(statement()), ReleaseVerdict.DRAFTED) == "release.other_statement"
    assert code_of(own(statement(officer="duty-a"))) == "release.other_statement"
    assert code_of(own(statement(county=HUANJIANG))) == "release.other_statement"
    assert code_of(own(statement()), terms=Terms("bb" * 32)) == "release.other_event"
    assert code_of(own(statement()), terms=Terms("aa" * 32, NOW)) == "release.other_event"
    changed = own(statement()).model_copy(update={"statement": statement(signed_at=NOW + timedelta(seconds=1))})
    assert code_of(changed) == "release.signature"


@pytest.mark.parametrize(
    ("signed_at", "counts"),
    [(NOW - timedelta(seconds=1), False), (NOW, True), (NOW + timedelta(minutes=5), True)],
)
def test_a_signature_is_no_older_than_what_it_is_about(signed_at: datetime, *, counts: bool) -> None:
    """The time of the hand-in is cut to the milliseconds that travel; the future is nobody's."""
    since, now = NOW + timedelta(microseconds=700), NOW + timedelta(minutes=5)
    assert (judge_time(own(statement(signed_at=signed_at)), since, now) is None) is counts
    assert judge_time(own(statement(signed_at=now + timedelta(milliseconds=1))), since, now) is not None


# -- what is fixed before an event has a place -------------------------------------------------------------


def header(**changes: Any) -> Header:  # noqa: ANN401 - fields of a header
    return papers.envelope(b"{}", **changes).header


@pytest.mark.parametrize(
    "changes",
    [
        {"type": papers.WORK},
        {"expires": NOW},
        {"to": (HUANJIANG,)},
        {"agreement": f"other@1:{'0' * 64}"},
        {"purpose": "other"},
        {"information_class": InformationClass.INTERNAL},
        {"status": Status.EXERCISE},
        {"kind": Kind.UPDATE},
        {"priority": 4},
        {"refs": (Ref(rel=RefRelation.CANCELS, id="ab" * 32),)},
    ],
    ids=str,
)
def test_whatever_an_officer_was_shown_is_fixed(changes: dict[str, Any]) -> None:
    """A field that could be changed unnoticed is one that nobody approved."""
    plain = header()
    assert terms_of_header(plain.model_copy(update=changes)) != terms_of_header(plain)


@pytest.mark.parametrize("changed", ["digest", "size", "content_id", "encoding", "media_type"])
def test_so_is_the_content_as_it_is_carried(changed: str) -> None:
    """Its id, too: so one signature fits one event."""
    plain = header()
    other = {"digest": "00" * 32, "size": 3, "content_id": "0f" * 16, "encoding": "hpke", "media_type": "text/plain"}
    content = plain.content.model_copy(update={changed: other[changed]})
    assert terms_of_header(plain.model_copy(update={"content": content})) != terms_of_header(plain)


def test_what_is_given_to_it_by_its_place_is_not() -> None:
    """Nobody knows that when it is approved."""
    plain = header()
    place = {"channel": "00" * 32, "epoch": "2-0000000000000000", "seq": 9, "prev": "11" * 32, "registry": 7}
    content = plain.content.model_copy(update={"keys_digest": "22" * 32})
    moved = plain.model_copy(
        update=place | {"time": NOW + timedelta(days=1), "content": content, "signers": ("0" * 32,)}
    )
    assert terms_of_header(moved) == terms_of_header(plain)


def outgoing(**changes: Any) -> Outgoing:  # noqa: ANN401 - fields of a draft
    draft = EventDraft(type=papers.POLICY, agreement=papers.AGREEMENT, content=papers.policy_content(), **changes)
    content = compact_json(draft.content)
    event = parse_new(draft.type, content)
    assert not isinstance(event, tuple)
    made = complete(draft, event, content=content, trust=papers.trust(), county=LIBO, now=NOW)
    assert not isinstance(made, Fault)
    return replace(made, fixed=FIXED)


def test_a_time_for_answers_is_signed_if_the_draft_sets_one() -> None:
    """Else it follows from when it is sent, and is compared with nothing."""
    by = NOW + timedelta(hours=1)
    found = terms_of_outgoing(outgoing(acknowledge_by=by), LIBO)
    assert (found and found.acknowledge_by, terms_of_outgoing(outgoing(), LIBO)) == (
        by,
        Terms(found.subject if found else ""),
    )
    sent = header(acknowledge_by=by)
    assert terms_of_sent(sent, statement(acknowledge_by=NOW)).acknowledge_by == by
    assert terms_of_sent(sent, statement()).acknowledge_by is None


def test_what_is_not_fixed_has_no_terms() -> None:
    """A draft of an older version, or a content that is still to be encrypted."""
    plain = outgoing()
    assert terms_of_outgoing(replace(plain, fixed=None), LIBO) is None
    assert terms_of_outgoing(replace(plain, encrypt=True), LIBO) is None


def test_the_terms_of_encrypted_content_are_those_of_its_ciphertext() -> None:
    """The digest of a clear text that few could have written would tell the hub which one it is."""
    plain = outgoing()
    made = encrypt_content(plain.content, source=LIBO, content_id=FIXED.content_id, key=FIXED.key, salt=FIXED.salt)
    found = terms_of_outgoing(replace(plain, encrypt=True, encrypted=made), LIBO)
    other = terms_of_outgoing(plain, LIBO)
    assert found is not None
    assert other is not None
    assert found.subject != other.subject
    assert digest_of(plain.content) not in statement_bytes(statement(subject=found.subject)).decode()
