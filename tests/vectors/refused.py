"""Envelopes that must be refused: quarantined where nobody can be answered, rejected where the source can be told."""

from tests.vectors.envelopes import (
    ALERT,
    ALERT_CONTENT,
    PLAIN,
    POLICY_CONTENT,
    Case,
    header,
    receipt,
    receipt_content,
    sealed,
    subject_of,
)
from tests.vectors.papers import AGREEMENT_ID, HUANJIANG, KEYS, LIBO, NANDAN, STRANGER
from tests.vectors.spelling import RECEIPT, Json, Sealed, channel, compact, seal


def _quarantined(name: str, says: str, made: Sealed, code: str, **more: object) -> Case:
    return Case(name, says, made, "quarantined", code, **more)  # type: ignore[arg-type]


def _rejected(name: str, says: str, made: Sealed, code: str) -> Case:
    return Case(name, says, made, "rejected", code)


def _flipped(part: int) -> Case:
    names = ("header", "signatures", "keys", "content")
    codes = ("signature.invalid", "signature.invalid", "", "content.digest")
    places = (PLAIN.header_bytes.index(b"00112233"), len(PLAIN.signatures) - 10, 0, 60)

    def flip(wire: bytes) -> bytes:
        start = sum(len(one) + 1 for one in wire.split(b"\n", 3)[:part])
        changed = bytearray(wire)
        changed[start + places[part]] ^= 1
        return bytes(changed)

    says = f"one bit of the {names[part]} flipped on the way"
    return _quarantined(f"flipped-{names[part]}", says, PLAIN, codes[part], spoil=flip)


def _spoilt(name: str, says: str, old: bytes, new: bytes, code: str) -> Case:
    return _quarantined(name, says, PLAIN, code, spoil=lambda wire: wire.replace(old, new, 1))


def on_the_way() -> list[Case]:
    """Spoilt by the carrier after signing."""
    kid = PLAIN.signatures[9:41]
    return [
        _flipped(0),
        _flipped(1),
        _flipped(3),
        _spoilt(
            "changed-header", "a priority raised on the way", b'"priority":3', b'"priority":0', "signature.invalid"
        ),
        _spoilt("stripped-signature", "no signature left", PLAIN.signatures, b"[]", "signature.missing"),
        _spoilt("other-kid", "the signature under another key's name", kid, b"0" * 32, "signature.stripped"),
        _spoilt("blank-in-signatures", "a second spelling", b'[{"kid"', b'[ {"kid"', "signature.malformed"),
        _spoilt("padded-base64", "padding in a signature", b'"}]\n', b'=="}]\n', "signature.malformed"),
        _spoilt("version-2", "another version", b'"v":1', b'"v":2', "header.unsupported_version"),
        _spoilt("duplicate-key", "a key twice in the header", b'"v":1', b'"v":1,"v":1', "json.duplicate_key"),
        _spoilt("float", "a float in the header", b'"seq":1', b'"seq":1.0', "json.float"),
        _spoilt("integer-2-53", "2^53 in the header", b'"seq":1', b'"seq":9007199254740992', "json.integer_too_large"),
        _spoilt(
            "too-deep", "nine levels in the header", b'"refs":[]', b'"refs":' + b"[" * 8 + b"]" * 8, "json.too_deep"
        ),
        _spoilt("not-nfc", "an e and a combining accent", b'"report"', '"re\u0301port"'.encode(), "json.not_nfc"),
        _spoilt("not-utf8", "a byte that is no UTF-8", b'"report"', b'"\xff"', "json.not_utf8"),
        _quarantined("no-lines", "no line ends", PLAIN, "wire.malformed", spoil=lambda wire: wire.replace(b"\n", b" ")),
    ]


def by_a_stranger() -> list[Case]:
    """Made by somebody who may not, or handed over where it does not belong."""
    event, other = KEYS[f"{LIBO} event"], channel(LIBO, AGREEMENT_ID, [HUANJIANG])
    body = compact(POLICY_CONTENT)
    by_stranger = sealed(POLICY_CONTENT, [STRANGER], signers=[STRANGER.kid])
    return [
        _quarantined("unknown-key", "well signed, by nobody", by_stranger, "signature.unknown_key"),
        _quarantined(
            "neighbours-key",
            "南丹 signs in the name of 荔波",
            sealed(POLICY_CONTENT, [KEYS[f"{NANDAN} event"]], signers=[KEYS[f"{NANDAN} event"].kid]),
            "signature.unknown_key",
        ),
        _quarantined(
            "receipt-key",
            "the county's own key of another use",
            sealed(POLICY_CONTENT, [KEYS[f"{LIBO} receipt"]], signers=[KEYS[f"{LIBO} receipt"].kid]),
            "signature.unknown_key",
        ),
        _quarantined(
            "key-not-yet-valid",
            "a time before the key's own",
            sealed(POLICY_CONTENT, time="2025-12-31T23:59:59.999+08:00"),
            "signature.key_not_valid",
        ),
        _quarantined(
            "signed-as-receipt",
            "the right key over the right header, under another payload type",
            seal(header(body), body, [event], RECEIPT),
            "signature.invalid",
        ),
        _quarantined(
            "wrong-channel", "another audience's channel", sealed(POLICY_CONTENT, channel=other), "chain.wrong_channel"
        ),
        _quarantined(
            "wrong-recipient",
            "addressed to 南丹, handed to 环江",
            sealed(POLICY_CONTENT, to=[NANDAN]),
            "wire.wrong_recipient",
        ),
        _quarantined(
            "replayed-by-another-county",
            "the bytes of 荔波 in the subject space of 南丹",
            PLAIN,
            "wire.wrong_subject",
            subject=subject_of(PLAIN, source=NANDAN),
        ),
        _quarantined(
            "replayed-under-another-agreement",
            "on the subject of another agreement",
            PLAIN,
            "wire.wrong_subject",
            subject=subject_of(PLAIN, destination="_other"),
        ),
        _quarantined(
            "receipt-by-event-key",
            "a stolen event key attests nothing",
            seal(
                receipt(receipt_content()).header | {"signers": [KEYS[f"{HUANJIANG} event"].kid]},
                compact(receipt_content()),
                [KEYS[f"{HUANJIANG} event"]],
                RECEIPT,
            ),
            "signature.unknown_key",
            receiver=LIBO,
        ),
        Case(
            "newer-registry",
            "an unknown key under a registry newer than ours: held, and judged again",
            sealed(POLICY_CONTENT, [STRANGER], signers=[STRANGER.kid], registry=2),
            "unknown_registry",
        ),
    ]


def by_a_member() -> list[Case]:
    """Truly the source's, but not permitted or not valid."""
    deep: Json = {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {}}}}}}}}}
    body = compact(POLICY_CONTENT)
    hpke = header(body)["content"] | {"encoding": "hpke"}
    return [
        _rejected(
            "unknown-agreement",
            "a version that is not in hand",
            sealed(POLICY_CONTENT, agreement=f"{AGREEMENT_ID}@2:{'0' * 64}"),
            "sharing.no_agreement",
        ),
        _rejected(
            "type-not-permitted",
            "a type that no grant names",
            sealed({}, type="cn.sihu.development.resource_offered.v1"),
            "sharing.type_not_permitted",
        ),
        _rejected(
            "purpose", "a purpose that is not agreed", sealed(POLICY_CONTENT, purpose="advertising"), "sharing.purpose"
        ),
        _rejected(
            "after-the-agreement",
            "a time at which the agreement is no longer in force",
            sealed(POLICY_CONTENT, time="2029-01-01T00:00:00.000+08:00"),
            "sharing.not_in_force",
        ),
        _rejected(
            "class-above-ceiling",
            "personal content under an agreement up to internal",
            sealed(POLICY_CONTENT, information_class="personal"),
            "sharing.class_above_ceiling",
        ),
        _rejected(
            "claims-encryption",
            "clear content that claims to be encrypted",
            sealed(body, content=hpke),
            "content.encoding",
        ),
        _rejected("content-float", "a float in the content", sealed(POLICY_CONTENT | {"x": 1.5}), "json.float"),
        _rejected("content-too-deep", "nine levels", sealed(POLICY_CONTENT | {"x": deep}), "json.too_deep"),
        _rejected(
            "unknown-field", "under a schema that we know", sealed(POLICY_CONTENT | {"x": 1}), "content.unknown_field"
        ),
        _rejected(
            "banned-field", "kept by digest alone", sealed(POLICY_CONTENT | {"religion": "x"}), "guard.banned_name"
        ),
        _rejected(
            "identity-number",
            "a resident identity number in free text; kept by digest alone",
            sealed(ALERT_CONTENT | {"description": "联系人 11010519491231002X"}, **ALERT),
            "guard.personal_number",
        ),
    ]


def misspelt() -> list[Case]:
    """Headers that another reader of the same document would refuse."""
    body, event = compact(POLICY_CONTENT), KEYS[f"{LIBO} event"]
    null = header(body) | {"expires": None}
    nothing = {name: value for name, value in header(body).items() if name != "refs"}
    return [
        _quarantined(
            "null-in-header", "a field without a value is written", seal(null, body, [event]), "header.wrong_type"
        ),
        _quarantined("refs-left-out", "no empty list", seal(nothing, body, [event]), "header.missing_field"),
    ]


def bad() -> list[Case]:
    """All of them."""
    return [*on_the_way(), *by_a_stranger(), *by_a_member(), *misspelt()]
