"""Every step of the examination: what is found, what it is called, and that nothing is ever raised."""

import json
from dataclasses import replace
from typing import Any

import pytest

from adapters.memory.signer import MemorySigner
from schemas.base import InformationClass
from schemas.control import ChainKind, Receipt
from schemas.envelope import ContentBinding, Envelope, SchemaRef
from schemas.errors import Fault
from schemas.information.alerts import AlertIssued
from schemas.registry import KeyUse
from schemas.subjects import Lane, Subject
from services.domain.chain import channel_of
from services.domain.encoding import digest_of
from services.domain.receiving import Examined, Outcome, examine, presentable
from tests import papers
from tests.papers import AGREEMENT, ALERT, FUNING, HUANJIANG, LIBO, NANDAN, POLICY

TRUST = papers.trust()
STRANGER = MemorySigner("a stranger")


def examined(one: Envelope | bytes, *, county: str = HUANJIANG, subject: str | None = None, **trust: Any) -> Examined:  # noqa: ANN401
    """Examine at 环江, or at ``county``; ``trust`` are changes of the registry."""
    return examine(papers.arrival(one, subject=subject), trust=papers.trust(**trust) if trust else TRUST, county=county)


def summary(found: Examined) -> tuple[Outcome, str | None, str | None]:
    """Return outcome, code and field."""
    return found.outcome, found.fault.code if found.fault else None, found.fault.field if found.fault else None


def binding(body: bytes, **changes: Any) -> ContentBinding:  # noqa: ANN401
    """Return what the header says about ``body``, with changes."""
    return papers.header(body).content.model_copy(update=changes)


def test_a_good_alert_comes_through_with_all_that_follows_from_it() -> None:
    """Parsed, its chain and its level known."""
    made = papers.envelope(papers.as_bytes(papers.alert_content()), type=ALERT, purpose="emergency_warning")
    found = examined(made)
    assert summary(found) == (Outcome.ACCEPTABLE, None, None)
    assert (found.envelope, found.kind, found.level, found.newer_schema) == (made, ChainKind.EVENT, 1, False)
    assert isinstance(found.event, AlertIssued)


def test_a_message_that_cannot_be_read_is_quarantined() -> None:
    """Steps 1 and 2: no parts, no header, not the content it binds."""
    made = papers.envelope()
    assert summary(examined(b"x")) == (Outcome.QUARANTINED, "wire.malformed", "message")
    assert summary(examined(b"x" * (512 * 1024 + 1))) == (Outcome.QUARANTINED, "wire.too_large", "message")
    assert summary(examined(b"{}\n\n\n")) == (Outcome.QUARANTINED, "header.unsupported_version", "header.v")
    assert summary(examined(replace(made, content=b"{}"))) == (Outcome.QUARANTINED, "content.digest", "content")


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (replace(papers.envelope(), signatures_bytes=b"[]"), "signature.missing"),
        (papers.envelope(by=[STRANGER]), "signature.unknown_key"),
        (papers.envelope(by=[papers.signer(HUANJIANG)]), "signature.unknown_key"),
        (papers.envelope(source=FUNING, to=(HUANJIANG,), by=[papers.signer(FUNING)]), "signature.unknown_key"),
    ],
)
def test_a_signature_that_does_not_hold_is_quarantined(made: Envelope, code: str) -> None:
    """Step 3: nobody can be answered."""
    found = examined(made)
    assert (found.outcome, found.fault and found.fault.code, found.kind) == (Outcome.QUARANTINED, code, None)


def test_an_envelope_for_others_is_quarantined() -> None:
    """Step 4: we are not in the audience, whatever the subject says."""
    made = papers.envelope(to=(NANDAN,))
    assert summary(examined(made)) == (Outcome.QUARANTINED, "wire.wrong_recipient", "to")


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "hub.in.522722.normal",
        str(Subject(LIBO, Lane.NORMAL, NANDAN, POLICY)),
        str(Subject(NANDAN, Lane.NORMAL, HUANJIANG, POLICY)),
        str(Subject(LIBO, Lane.NORMAL, HUANJIANG, ALERT)),
        str(Subject(LIBO, Lane.NORMAL, "_other", POLICY)),
    ],
)
def test_an_envelope_on_a_strange_subject_is_quarantined(subject: str) -> None:
    """Step 4: a hub, or a member with another's envelope in hand, replays it where it does not belong."""
    assert summary(examined(papers.envelope(), subject=subject)) == (
        Outcome.QUARANTINED,
        "wire.wrong_subject",
        "subject",
    )


def test_a_channel_that_is_not_computed_is_quarantined() -> None:
    """Step 5: signed by the source itself, but under the channel of another audience."""
    other = channel_of(ChainKind.EVENT, LIBO, AGREEMENT, (HUANJIANG,))
    assert summary(examined(papers.envelope(channel=other))) == (Outcome.QUARANTINED, "chain.wrong_channel", "channel")


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (papers.envelope(agreement=papers.in_force(version=2).reference), "sharing.no_agreement"),
        (papers.envelope(time=papers.FAR_AHEAD), "sharing.not_in_force"),
        (papers.envelope(type=ALERT.replace("issued", "cancelled")), "sharing.type_not_permitted"),
        (papers.envelope(purpose="advertising"), "sharing.purpose"),
        (papers.envelope(information_class=InformationClass.PERSONAL), "sharing.class_above_ceiling"),
    ],
)
def test_what_the_agreement_does_not_permit_is_rejected(made: Envelope, code: str) -> None:
    """Step 6: truly the source's, so it can be told; the chain goes on, so its kind is known."""
    found = examined(made)
    assert (found.outcome, found.fault and found.fault.code) == (Outcome.REJECTED, code)
    assert found.kind is ChainKind.EVENT
    assert found.event is None


def test_control_records_are_for_members_only() -> None:
    """Step 6 for the control plane: an audience with a stranger in it."""
    made = papers.envelope(b"{}", type="cn.sihu.control.epoch_opened.v1", to=(HUANJIANG, FUNING))
    assert summary(examined(made)) == (Outcome.REJECTED, "sharing.not_member", "to")


def test_what_claims_to_be_encrypted_is_never_read_as_if_it_were_not() -> None:
    """Else `hpke` in the header would carry personal content in clear past the agreement."""
    body = papers.as_bytes(papers.policy_content())
    made = papers.envelope(body, content=binding(body, encoding="hpke"))
    assert summary(examined(made)) == (Outcome.REJECTED, "content.encoding", "content.encoding")
    made = papers.envelope(body, content=binding(body, media_type="application/cbor"))
    assert summary(examined(made)) == (Outcome.REJECTED, "content.media_type", "content.media_type")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "json.malformed"),
        (b'{"a":1,"a":2}', "json.duplicate_key"),
        (b'{"a":1.5}', "json.float"),
        ("{'a'}".encode("gbk"), "json.malformed"),
        (b"\xff", "json.not_utf8"),
        (b"[[[[[[[[[]]]]]]]]]", "json.too_deep"),
        (papers.as_bytes(papers.policy_content(colour="red")), "content.unknown_field"),
        (papers.as_bytes(papers.policy_content(ethnicity="x")), "guard.banned_name"),
        (b"[]", "content.wrong_type"),
        (b"{}", "content.missing_field"),
    ],
)
def test_content_that_does_not_fit_is_rejected(body: bytes, code: str) -> None:
    """Steps 7 to 9: strict JSON, the guards on the raw content, the type."""
    found = examined(papers.envelope(body))
    assert (found.outcome, found.fault and found.fault.code) == (Outcome.REJECTED, code)


def test_an_unknown_type_is_rejected() -> None:
    """Step 9: permitted by the agreement but not in our catalogue."""
    wire_type = "cn.sihu.information.unheard_of.v1"
    in_force = papers.in_force(grants=(papers.agreement().grants[0].model_copy(update={"types": (wire_type,)}),))
    made = papers.envelope(b"{}", type=wire_type, agreement=in_force.reference)
    found = examine(papers.arrival(made), trust=papers.trust(in_force), county=HUANJIANG)
    assert (found.outcome, found.fault and found.fault.code) == (Outcome.REJECTED, "event.unknown_type")


def test_a_newer_schema_may_bring_fields_we_do_not_know() -> None:
    """Marked, not refused; but the guards still look at all of it."""
    newer = SchemaRef(id="urn:sihu:schema:newer", digest="0" * 64)
    found = examined(papers.envelope(papers.as_bytes(papers.policy_content(colour="red")), schema_ref=newer))
    assert (found.outcome, found.newer_schema) == (Outcome.ACCEPTABLE, True)
    found = examined(papers.envelope(papers.as_bytes(papers.policy_content(ethnicity="x")), schema_ref=newer))
    assert (found.outcome, found.fault and found.fault.code) == (Outcome.REJECTED, "guard.banned_name")


# -- what a newer registry may heal ---------------------------------------------------------------------


def test_an_unknown_key_under_a_newer_registry_waits() -> None:
    """The source's new key may be in the registry that we do not have yet."""
    made = papers.envelope(registry=2, by=[STRANGER])
    assert summary(examined(made)) == (Outcome.UNKNOWN_REGISTRY, None, None)
    libo = papers.member(LIBO, keys=(papers.key_record(STRANGER, KeyUse.EVENT), *papers.member(LIBO).keys[:2]))
    members = (papers.member(NANDAN), papers.member(HUANJIANG), libo)
    assert examined(made, version=2, previous="0" * 64, members=members).outcome is Outcome.ACCEPTABLE


def test_a_new_member_of_the_audience_waits_for_the_newer_registry() -> None:
    """The opening of a channel that also addresses a newcomer must not be lost."""
    made = papers.envelope(b"{}", type="cn.sihu.control.epoch_opened.v1", to=(HUANJIANG, FUNING), registry=2)
    assert summary(examined(made)) == (Outcome.UNKNOWN_REGISTRY, None, None)


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (replace(papers.envelope(registry=2), content=b""), "content.digest"),
        (
            replace(papers.envelope(registry=2), signatures_bytes=papers.envelope().signatures_bytes),
            "signature.invalid",
        ),
        (papers.envelope(registry=2, by=[STRANGER], to=(NANDAN,)), "signature.unknown_key"),
        (papers.envelope(registry=2, by=[STRANGER], channel="c" * 64), "signature.unknown_key"),
    ],
)
def test_what_no_registry_can_heal_does_not_wait(made: Envelope, code: str) -> None:
    """A claim of a newer registry must not park just anything with us: wrong bytes, recipient or channel."""
    found = examined(made)
    assert (found.outcome, found.fault and found.fault.code) == (Outcome.QUARANTINED, code)


def test_a_member_cannot_park_forgeries_in_a_neighbours_channel() -> None:
    """The hub lets each county publish in its own space only, and there a foreign source is refused."""
    made = papers.envelope(registry=2, by=[STRANGER])
    subject = str(Subject(NANDAN, Lane.NORMAL, f"_{AGREEMENT}", POLICY))
    assert summary(examined(made, subject=subject)) == (Outcome.QUARANTINED, "signature.unknown_key", "signers")


# -- our own ----------------------------------------------------------------------------------------------


def test_our_own_echo_is_recognised_before_its_recipients_are_asked() -> None:
    """We are never in our own audience."""
    found = examined(papers.envelope(), county=LIBO)
    assert summary(found) == (Outcome.OWN, None, None)


def test_a_forged_echo_is_quarantined() -> None:
    """Our name without our signature."""
    assert examined(papers.envelope(by=[STRANGER]), county=LIBO).outcome is Outcome.QUARANTINED


def test_a_receipt_is_examined_like_anything_else() -> None:
    """On its own channel, by the receipt key."""
    content = {
        "receiver": HUANJIANG,
        "stage": "stored",
        "channel": "c" * 64,
        "epoch": papers.EPOCH,
        "first_seq": 1,
        "seq": 3,
        "head": "e" * 64,
        "agreement": papers.in_force().reference,
        "permitted": True,
        "received_at": "2026-03-04T08:00:00.000+08:00",
    }
    made = papers.envelope(papers.as_bytes(content), type=Receipt.wire_type, source=HUANJIANG, to=(LIBO,))
    subject = str(Subject(HUANJIANG, Lane.URGENT, LIBO, Receipt.wire_type))
    found = examined(made, county=LIBO, subject=subject)
    assert (found.outcome, found.kind) == (Outcome.ACCEPTABLE, ChainKind.RECEIPT)
    assert isinstance(found.event, Receipt)


# -- strangers' bytes in faults ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b'{"\\ud800":1,"\\ud800":2}',
        b'{"a\\u0000b":1,"a\\u0000b":2}',
        '{"a\u202eb":1,"a\u202eb":2}'.encode(),
        b'{"' + b"x" * 5000 + b'":1,"' + b"x" * 5000 + b'":2}',
        json.dumps({"e\u0301" * 3: 1}).encode(),
        papers.as_bytes(papers.policy_content() | {"x\u202e" * 500: 1}),
    ],
)
def test_a_stranger_cannot_put_his_text_into_our_rows(body: bytes) -> None:
    """Surrogates would crash the store, marks of direction would mislead the officer, length would flood him."""
    fault = examined(papers.envelope(body)).fault
    assert fault is not None
    assert len(fault.field) <= 80
    assert len(fault.mend) <= 200
    assert (fault.field + fault.mend).isprintable()
    assert (fault.field + fault.mend).encode()


def test_a_presentable_fault_stays_as_it_is() -> None:
    """Chinese is printable; what is cut is cut in composed form."""
    fault = Fault("content.too_long", "content.headline", "请缩短标题")
    assert presentable(fault) == fault
    assert presentable(Fault("x", "e\u0301" * 100, "")).field == "é" * 80


def test_an_envelope_is_what_its_bytes_say() -> None:
    """The id is computed again at the receiver; it never travels."""
    made = papers.envelope()
    found = examined(made)
    assert found.envelope is not None
    assert found.envelope.envelope_id == made.envelope_id
    assert digest_of(made.content) == found.envelope.header.content.digest
