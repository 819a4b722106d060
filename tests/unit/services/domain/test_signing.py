"""Headers fixed as bytes, signatures that hold or do not: each way to cheat, and what it is called."""

import json
from dataclasses import replace
from typing import Any

import pytest

from adapters.memory.signer import MemorySigner
from schemas.envelope import CONTENT_MAX_BYTES, KEYS_MAX_BYTES, Envelope, PayloadType
from schemas.errors import Fault
from schemas.registry import KeyUse
from services.domain.encoding import (
    WireParts,
    compact_json,
    digest_of,
    pre_authentication_encoding,
    split_wire,
    to_base64url,
)
from services.domain.signatures import parse_signatures, signature_holds
from services.domain.signing import (
    Claim,
    attach,
    claims_of,
    first_broken,
    header_limit,
    key_use_of,
    open_parts,
    parse_header,
    payload_type_of,
    prepare,
    verify,
)
from tests import papers

RECEIPT = "cn.sihu.control.receipt.v1"
SECOND_KEY = papers.signer(papers.LIBO, name="second")


def parts_of(envelope: Envelope) -> WireParts:
    """Split an envelope as it travels."""
    parts = split_wire(envelope.to_wire(), max_bytes=10**6)
    assert isinstance(parts, WireParts)
    return parts


def header_with(**changes: Any) -> bytes:  # noqa: ANN401
    """Return the bytes of a good header with fields changed as the wire spells them; None leaves one out."""
    value = json.loads(papers.envelope().header_bytes) | changes
    return compact_json({name: held for name, held in value.items() if held is not None})


def code_of(found: object) -> str | None:
    """Return the code of a fault, None of anything else."""
    return found.code if isinstance(found, Fault) else None


def with_signatures(envelope: Envelope, *pairs: tuple[MemorySigner, bytes]) -> Envelope:
    """Return the envelope with other signatures."""
    listed = [{"kid": key.kid, "sig": to_base64url(sig)} for key, sig in pairs]
    return replace(envelope, signatures_bytes=compact_json(listed))


def test_what_was_prepared_and_signed_opens_and_verifies() -> None:
    """The whole way there and back; the id is the digest of the bytes to sign."""
    made = papers.envelope()
    opened = open_parts(parts_of(made))
    assert opened == made
    assert isinstance(opened, Envelope)
    assert verify(opened, papers.trust()) is None
    assert made.envelope_id == digest_of(pre_authentication_encoding(PayloadType.EVENT, made.header_bytes))


def test_the_header_travels_without_nulls_and_in_the_schemas_order() -> None:
    """A stranger compares bytes with the table of the document."""
    value = json.loads(papers.envelope().header_bytes)
    assert None not in value.values()
    assert list(value) == [
        *("v", "type", "source", "channel", "epoch", "seq", "prev", "time", "to", "agreement", "registry", "purpose"),
        *("class", "status", "kind", "priority", "refs", "schema", "content", "signers"),
    ]


def test_the_payload_type_follows_from_the_type_alone() -> None:
    """The message has no say in how it is verified."""
    assert payload_type_of(papers.POLICY) is PayloadType.EVENT
    assert payload_type_of(RECEIPT) is PayloadType.RECEIPT
    assert payload_type_of("cn.sihu.control.epoch_opened.v1") is PayloadType.EVENT
    assert key_use_of(PayloadType.EVENT) is KeyUse.EVENT
    assert key_use_of(PayloadType.RECEIPT) is KeyUse.RECEIPT


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"v": 2}, "header.unsupported_version", "header.v"),
        ({"v": True}, "header.unsupported_version", "header.v"),
        ({"v": None}, "header.unsupported_version", "header.v"),
        ({"seq": -1}, "header.out_of_range", "header.seq"),
        ({"seq": "1"}, "header.wrong_type", "header.seq"),
        ({"priority": 5}, "header.out_of_range", "header.priority"),
        ({"class": "secret"}, "header.not_allowed", "header.class"),
        ({"class": None, "information_class": "public"}, "header.missing_field", "header.class"),
        ({"schema": None}, "header.missing_field", "header.schema"),
        ({"colour": "red"}, "header.unknown_field", "header.colour"),
        ({"source": "45122"}, "header.wrong_form", "header.source"),
        ({"epoch": "1"}, "header.wrong_form", "header.epoch"),
        ({"type": "cn.sihu.other.thing.v1"}, "header.wrong_form", "header.type"),
        ({"agreement": "qiangui-border"}, "header.wrong_form", "header.agreement"),
        ({"to": []}, "header.too_short", "header.to"),
        ({"to": ["451226", "451221"]}, "header.rule", "header"),
        ({"to": ["451221", "451221"]}, "header.rule", "header"),
        ({"to": ["451221", "522722"]}, "header.rule", "header"),
        ({"signers": []}, "header.too_short", "header.signers"),
        ({"time": "2026-03-04T08:00:00"}, "header.wrong_form", "header.time"),
        ({"time": "1772582400"}, "header.wrong_form", "header.time"),
        ({"time": 1772582400}, "header.wrong_type", "header.time"),
        ({"time": "0001-01-01T00:00:00.000+08:00"}, "header.wrong_form", "header.time"),
        ({"time": "9999-12-31T23:59:59.999-12:00"}, "header.wrong_form", "header.time"),
        ({"refs": [{"rel": "loves", "id": "0" * 64}]}, "header.not_allowed", "header.refs.0.rel"),
    ],
)
def test_a_header_that_breaks_the_table_is_refused(changes: dict[str, Any], code: str, field: str) -> None:
    """Each field of the header, by its name on the wire."""
    found = parse_header(header_with(**changes))
    assert isinstance(found, Fault)
    assert (found.code, found.field) == (code, field)


@pytest.mark.parametrize("data", [b"[]", b"1", b'"x"', b"null"])
def test_a_header_that_is_no_object_is_refused(data: bytes) -> None:
    """Strict JSON, but not a header."""
    assert code_of(parse_header(data)) == "header.unsupported_version"


def test_a_header_may_grow_with_its_audience_only() -> None:
    """Sixteen bytes for each recipient above 64, nothing for a lone one."""
    assert header_limit(1) == header_limit(64) == 16 * 1024
    assert header_limit(65) == 16 * 1024 + 16
    assert header_limit(512) == 16 * 1024 + 16 * 448
    padded = header_with() + b" " * (header_limit(2) - len(header_with()))
    assert not isinstance(parse_header(padded), Fault)
    assert code_of(parse_header(padded + b" ")) == "json.too_large"
    assert code_of(parse_header(padded + b" " * 16 * 448)) == "json.too_large"
    assert code_of(parse_header(padded + b" " * (16 * 448 + 1))) == "json.too_large"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "content.digest"), (b"x" * 293, "content.digest")],
)
def test_content_that_the_header_does_not_bind_is_refused(content: bytes, code: str) -> None:
    """Swapped or cut content, with a header that is quite in order."""
    parts = replace(parts_of(papers.envelope()), content=content)
    assert code_of(open_parts(parts)) == code


def test_a_size_that_lies_is_refused() -> None:
    """The digest holds but the size does not."""
    body = papers.as_bytes(papers.policy_content())
    binding = papers.header(body).content.model_copy(update={"size": len(body) + 1})
    assert code_of(open_parts(parts_of(papers.envelope(body, content=binding)))) == "content.digest"


def _bound_keys(keys: bytes, digest: str | None) -> WireParts:
    body = papers.as_bytes(papers.policy_content())
    binding = papers.header(body).content.model_copy(update={"keys_digest": digest})
    return replace(parts_of(papers.envelope(body, content=binding)), keys=keys)


def test_the_keys_part_is_bound_by_its_digest() -> None:
    """Keys that were promised and are missing, keys that nobody promised, other keys."""
    keys = b'{"451226":"..."}'
    assert not isinstance(open_parts(_bound_keys(keys, digest_of(keys))), Fault)
    assert code_of(open_parts(_bound_keys(b"", digest_of(keys)))) == "content.keys_digest"
    assert code_of(open_parts(_bound_keys(keys, None))) == "content.keys_digest"
    assert code_of(open_parts(_bound_keys(keys + b" ", digest_of(keys)))) == "content.keys_digest"


def test_the_keys_part_has_a_bound() -> None:
    """One byte too many, though the digest holds."""
    keys = b" " * (KEYS_MAX_BYTES + 1)
    assert code_of(open_parts(_bound_keys(keys, digest_of(keys)))) == "json.too_large"


def test_a_header_cannot_promise_more_content_than_travels() -> None:
    """The bound is in the schema."""
    size = CONTENT_MAX_BYTES + 1
    content = json.loads(papers.envelope().header_bytes)["content"] | {"size": size}
    assert code_of(parse_header(header_with(content=content))) == "header.out_of_range"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json.malformed"),
        (b"{}", "signature.malformed"),
        (b"[]", "signature.missing"),
        (b'[{"kid":"x"}]', "signature.malformed"),
        (b'[{"kid":"' + b"0" * 32 + b'","sig":"' + b"A" * 87 + b'"}]', "signature.malformed"),
        (b'[{"kid":"' + b"0" * 32 + b'","sig":"' + b"A" * 86 + b'","alg":"none"}]', "signature.malformed"),
        (
            b"[" + b",".join([b'{"kid":"' + b"0" * 32 + b'","sig":"' + b"A" * 86 + b'"}'] * 5) + b"]",
            "signature.missing",
        ),
        (b"[" + b" " * 4096 + b"]", "json.too_large"),
        (b' [{"kid":"' + b"0" * 32 + b'","sig":"' + b"A" * 86 + b'"}]', "signature.malformed"),
        (b'[{"sig":"' + b"A" * 86 + b'","kid":"' + b"0" * 32 + b'"}]', "signature.malformed"),
        (b'[{"kid":"' + b"0" * 32 + b'","sig":"\\u0041' + b"A" * 85 + b'"}]', "signature.malformed"),
    ],
)
def test_signatures_that_cannot_be_read_are_refused(data: bytes, code: str) -> None:
    """None, too many, too large, another shape, an algorithm of the message's own choice."""
    assert code_of(parse_signatures(data)) == code
    assert code_of(verify(replace(papers.envelope(), signatures_bytes=data), papers.trust())) == code


def _two_signers() -> tuple[Envelope, bytes, bytes]:
    first = papers.signer(papers.LIBO)
    made = papers.envelope(by=[first, SECOND_KEY], signers=(first.kid, SECOND_KEY.kid))
    to_be_signed = pre_authentication_encoding(PayloadType.EVENT, made.header_bytes)
    return made, first.sign(to_be_signed), SECOND_KEY.sign(to_be_signed)


def _trust_with_second_key() -> Any:  # noqa: ANN401
    libo = papers.member(papers.LIBO)
    keys = (*libo.keys, papers.key_record(SECOND_KEY, KeyUse.EVENT))
    members = (papers.member(papers.NANDAN), papers.member(papers.HUANJIANG), papers.member(papers.LIBO, keys=keys))
    return papers.trust(members=members)


def test_all_promised_signatures_must_be_there() -> None:
    """Two signers: one stripped, one doubled, one foreign, the order changed, and the second one wrong."""
    made, first_sig, second_sig = _two_signers()
    first, trust = papers.signer(papers.LIBO), _trust_with_second_key()
    assert verify(with_signatures(made, (first, first_sig), (SECOND_KEY, second_sig)), trust) is None
    for pairs, code in (
        ([(SECOND_KEY, second_sig), (first, first_sig)], "signature.stripped"),
        ([(first, first_sig)], "signature.stripped"),
        ([(first, first_sig), (first, first_sig)], "signature.stripped"),
        ([(first, first_sig), (SECOND_KEY, second_sig), (first, first_sig)], "signature.stripped"),
        ([(first, first_sig), (papers.signer(papers.NANDAN), second_sig)], "signature.stripped"),
        ([(first, first_sig), (SECOND_KEY, first_sig)], "signature.invalid"),
    ):
        assert code_of(verify(with_signatures(made, *pairs), trust)) == code


@pytest.mark.parametrize(
    "by",
    [
        MemorySigner("a stranger"),
        papers.signer(papers.HUANJIANG),
        papers.signer(papers.LIBO, KeyUse.RECEIPT),
        papers.signer(papers.LIBO, KeyUse.GOVERNANCE),
        papers.signer(papers.LIBO, KeyUse.RECOVERY),
    ],
)
def test_only_the_sources_event_key_signs_events(by: MemorySigner) -> None:
    """An unknown key, another county's, or the right county's key of another use."""
    assert code_of(verify(papers.envelope(by=[by]), papers.trust())) == "signature.unknown_key"


def test_only_the_receipt_key_signs_receipts() -> None:
    """A stolen event key must not attest anything."""
    made = papers.envelope(b"{}", type=RECEIPT, by=[papers.signer(papers.LIBO, KeyUse.RECEIPT)])
    assert verify(made, papers.trust()) is None
    forged = papers.envelope(b"{}", type=RECEIPT, by=[papers.signer(papers.LIBO, KeyUse.EVENT)])
    assert code_of(verify(forged, papers.trust())) == "signature.unknown_key"


def test_a_receipts_signature_does_not_cover_an_event() -> None:
    """The payload type is in the bytes to sign: the same key and header, signed as the other thing."""
    key = papers.signer(papers.LIBO)
    prepared = prepare(papers.header(b"{}"))
    other = pre_authentication_encoding(PayloadType.RECEIPT, prepared.header_bytes)
    assert code_of(verify(attach(prepared, [(key.kid, key.sign(other))], b"{}"), papers.trust())) == "signature.invalid"


def test_the_algorithm_comes_from_the_key_record() -> None:
    """The same 32 bytes listed as an X25519 key sign nothing, whatever use the record claims."""
    keys = [papers.key_record(papers.signer(papers.LIBO), KeyUse.EVENT, algorithm="x25519")]
    libo = papers.member(papers.LIBO, keys=(*papers.member(papers.LIBO).keys[:2], *keys))
    members = (papers.member(papers.NANDAN), papers.member(papers.HUANJIANG), libo)
    assert code_of(verify(papers.envelope(), papers.trust(members=members))) == "signature.invalid"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"valid_from": papers.NOW}, None),
        ({"valid_from": papers.later(milliseconds=1)}, "signature.key_not_valid"),
        ({"valid_until": papers.NOW}, "signature.key_not_valid"),
        ({"valid_until": papers.later(milliseconds=1)}, None),
    ],
)
def test_a_key_signs_from_its_first_moment_to_before_its_last(changes: dict[str, Any], code: str | None) -> None:
    """A retired key signs nothing new; the time is the one that the header claims."""
    key = papers.key_record(papers.signer(papers.LIBO), KeyUse.EVENT, **changes)
    libo = papers.member(papers.LIBO, keys=(key, *papers.member(papers.LIBO).keys[:2]))
    members = (papers.member(papers.NANDAN), papers.member(papers.HUANJIANG), libo)
    assert code_of(verify(papers.envelope(), papers.trust(members=members))) == code


def test_a_key_that_is_no_key_verifies_nothing() -> None:
    """Wrong length or spelling of key or signature is a no, not a crash."""
    key = papers.signer(papers.LIBO)
    good = to_base64url(key.sign(b"x"))
    assert signature_holds(to_base64url(key.public), b"x", good)
    assert not signature_holds(to_base64url(key.public), b"y", good)
    assert not signature_holds("A" * 42, b"x", good)
    assert not signature_holds("?", b"x", good)
    assert not signature_holds(to_base64url(key.public), b"x", good[:-1] + "B")


def test_no_claim_at_all_is_no_proof() -> None:
    """Whoever forgets to ask what is claimed must not be told that everything holds."""
    assert code_of(first_broken(())) == "signature.missing"


def test_the_first_signature_that_fails_is_named() -> None:
    """A verdict must not depend on when the mathematics is done: the second is not looked at before the first."""
    made = papers.envelope()
    (claim,) = claims_of(made, papers.trust())
    assert isinstance(claim, Claim)
    unknown = Fault("signature.unknown_key", "signers", "")
    other = replace(claim, to_be_signed=claim.to_be_signed + b" ")
    assert first_broken((claim, claim)) is None
    assert code_of(first_broken((other, unknown))) == "signature.invalid"
    assert code_of(first_broken((unknown, other))) == "signature.unknown_key"
    assert code_of(first_broken((claim, other))) == "signature.invalid"
