"""Evidence files whose trust holds and whose event, links or receipts do not."""

from typing import Any, Final

from tests.vectors import papers
from tests.vectors.envelopes import ALERT, ALERT_CONTENT, CONTROL, POLICY_CONTENT, RECEIPT_TYPE, receipt, sealed
from tests.vectors.evidence import (
    ACKNOWLEDGED,
    CHAIN,
    EVENT,
    PLAIN,
    EvidenceCase,
    answered,
    bundle,
    by_nandan,
    carried,
    encrypted,
    ending,
    link,
    members,
    registry,
    resigned,
    stored,
    under,
    without,
)
from tests.vectors.evidence_refused import refused
from tests.vectors.papers import HUANJIANG, KEYS, LIBO, NANDAN, SECOND_KEY, STRANGER
from tests.vectors.spelling import EVENT as EVENT_TYPE
from tests.vectors.spelling import (
    RECEIPT,
    Json,
    Key,
    Sealed,
    base64url,
    channel,
    compact,
    document,
    document_digest,
    seal,
    sha256,
)

OWN: Final = KEYS[f"{LIBO} event"]
ELSEWHERE: Final = "2025-12-31T23:59:59.999+08:00"
EARLIER: Final = "2026-03-01T00:00:00.000+08:00"


def _by(key: Key, **changes: Any) -> Sealed:  # noqa: ANN401 - any field of the header
    return sealed(POLICY_CONTENT, [key], signers=[key.kid], **changes)


def _confused() -> Json:
    """A registry that lists the event key of 荔波 under another algorithm, and an event signed by it all the same."""
    kid = sha256(b"x25519\0" + OWN.public)[:32]
    record = papers.key_record(OWN, "event") | {"kid": kid, "algorithm": "x25519"}
    listed = without(LIBO, OWN)
    listed["keys"].append(record)
    made = sealed(POLICY_CONTENT, signers=[kid])
    spelt = base64url(made.signatures.replace(OWN.kid.encode(), kid.encode()))
    return bundle(carried(made) | {"signatures": spelt}, registries=[registry(members=members(libo=listed))])


def signatures() -> list[EvidenceCase]:
    """Step 4."""
    twice = sealed(POLICY_CONTENT, [OWN, SECOND_KEY], signers=[OWN.kid, SECOND_KEY.kid])
    alone = bundle(PLAIN)["event"]
    algorithm = PLAIN.signatures.replace(b'"sig"', b'"alg":"none","sig"')
    ended = registry(members=members(libo=ending(LIBO, OWN, EARLIER)))
    ended_later = registry(2, members=members(libo=ending(LIBO, OWN, EARLIER)))
    dropped = registry(2, members=members(libo=without(LIBO, OWN)))

    def case(name: str, says: str, made: Json, code: str, **more: object) -> EvidenceCase:
        return refused(name, says, made, 4, code, **more)

    def event(**changes: str) -> Json:
        return bundle(alone | changes)

    return [
        case("stripped-signature", "one of two is gone",
             bundle(resigned(twice, [OWN])), "signature.stripped"),
        case("no-signature", "none is left", event(signatures=base64url(b"[]")), "signature.missing"),
        case("signatures-swapped", "in another order", bundle(resigned(twice, [SECOND_KEY, OWN])),
             "signature.stripped"),
        case("signature-of-another-event", "well made, over other bytes",
             event(signatures=base64url(CHAIN[1].signatures)), "signature.invalid"),
        case("header-changed", "a priority raised after signing",
             event(header=base64url(PLAIN.header_bytes.replace(b'"priority":3', b'"priority":0'))),
             "signature.invalid"),
        case("signature-blank", "a second spelling of the signatures",
             event(signatures=base64url(PLAIN.signatures.replace(b'[{"kid"', b'[ {"kid"'))), "signature.malformed"),
        case("algorithm-none", "the message names its own algorithm", event(signatures=base64url(algorithm)),
             "signature.malformed"),
        case("algorithm-confusion", "the key record is of an algorithm that signs nothing", _confused(),
             "signature.invalid", anchor=None),
        case("payload-type-confusion", "signed as a receipt", bundle(resigned(PLAIN, [OWN], RECEIPT)),
             "signature.invalid"),
        case("unknown-key", "by a stranger", bundle(_by(STRANGER)), "signature.unknown_key"),
        case("neighbours-key", "南丹 signs in the name of 荔波", bundle(_by(KEYS[f"{NANDAN} event"])),
             "signature.unknown_key"),
        case("receipt-key", "a key of another use", bundle(_by(KEYS[f"{LIBO} receipt"])), "signature.unknown_key"),
        case("governance-key", "the offline key signs no event", bundle(_by(KEYS[f"{LIBO} governance"])),
             "signature.unknown_key"),
        case("key-not-yet-valid", "a time before the key's own", bundle(sealed(POLICY_CONTENT, time=ELSEWHERE)),
             "signature.key_not_valid"),
        case("expired-key", "the key had ended when the event was made", bundle(PLAIN, registries=[ended]),
             "signature.key_not_valid", anchor=document_digest(ended)),
        case("key-expired-by-a-later-version", "version 2 lets it end before the event",
             bundle(PLAIN, registries=[registry(), ended_later]), "signature.key_not_valid"),
        case("revoked-key", "version 2 drops the key; nobody can tell when the thief began",
             bundle(PLAIN, registries=[registry(), dropped]), "signature.key_revoked"),
        case("unknown-under-its-own-version", "made under version 2, which dropped the key",
             bundle(under(PLAIN, 2), registries=[registry(), dropped]), "signature.unknown_key"),
    ]  # fmt: skip


def content_and_permission() -> list[EvidenceCase]:
    """Steps 5, 6 and 7."""
    other = channel(LIBO, papers.AGREEMENT_ID, [HUANJIANG])
    body = compact(POLICY_CONTENT)
    secret, keys = encrypted()
    late = "2029-01-01T00:00:00.000+08:00"
    return [
        refused("wrong-channel", "another audience's channel", bundle(sealed(POLICY_CONTENT, channel=other)), 5,
                "chain.wrong_channel"),
        refused("opening-by-a-bulletin", "link 0 is no opening", bundle(sealed(POLICY_CONTENT, seq=0)), 5,
                "chain.bad_opening"),
        refused("swapped-content", "the content of another event", bundle(PLAIN)
                | {"event": carried(PLAIN) | {"content": base64url(CHAIN[2].content)}}, 6, "content.digest"),
        refused("shortened-content", "its last byte is missing", bundle(PLAIN)
                | {"event": carried(PLAIN) | {"content": base64url(body[:-1])}}, 6, "content.digest"),
        refused("added-keys", "a keys part that the header does not bind", bundle(carried(PLAIN, keys=b"{}")), 6,
                "content.keys_digest"),
        refused("detached-nothing", "a keys part that there never was is said to be detached",
                bundle(carried(PLAIN, keys=None)), 6, "content.keys_digest"),
        refused("swapped-keys", "other keys than those bound", bundle(carried(secret, keys=keys + b" ")), 6,
                "content.keys_digest"),
        refused("emptied-keys", "no keys where the header binds some", bundle(carried(secret, keys=b"")), 6,
                "content.keys_digest"),
        refused("type-not-permitted", "a type that no grant names",
                bundle(sealed({}, type="cn.sihu.development.resource_offered.v1")), 7, "sharing.type_not_permitted"),
        refused("purpose", "a purpose that is not agreed", bundle(sealed(POLICY_CONTENT, purpose="advertising")), 7,
                "sharing.purpose"),
        refused("after-the-agreement", "at a time when it was no longer in force",
                bundle(sealed(POLICY_CONTENT, time=late)), 7, "sharing.not_in_force"),
        refused("class-above-ceiling", "personal under an agreement up to internal",
                bundle(sealed(POLICY_CONTENT, information_class="personal")), 7, "sharing.class_above_ceiling"),
        refused("outside-the-agreement", "to a county that is no party",
                bundle(sealed(POLICY_CONTENT, to=[HUANJIANG, "532628"])), 7, "sharing.outside_agreement"),
        refused("control-to-a-stranger", "an opening for a county that is no member",
                bundle(_opening_to_a_stranger(), agreement=None), 7, "sharing.not_member"),
    ]  # fmt: skip


def _opening_to_a_stranger() -> Sealed:
    made = CHAIN[0]
    to = [HUANJIANG, "532628"]
    changes: Json = {"type": made.header["type"], "to": to, "seq": 0} | CONTROL
    return sealed(made.content, **changes, channel=channel(LIBO, papers.AGREEMENT_ID, to))


def links() -> list[EvidenceCase]:
    """Step 8."""
    other_way = sealed(POLICY_CONTENT, seq=3, prev="f" * 64)
    elsewhere = sealed(POLICY_CONTENT, to=[HUANJIANG], seq=1)
    second_story = sealed(ALERT_CONTENT, **(ALERT | {"status": "exercise"}), seq=3, prev=EVENT.envelope_id)
    by_stranger = sealed(POLICY_CONTENT, [STRANGER], signers=[STRANGER.kid], seq=4)

    def case(name: str, says: str, made: Json, code: str) -> EvidenceCase:
        return refused(name, says, made, 8, code)

    return [
        case("gap-before", "the link directly before it is missing", bundle(EVENT, before=[link(CHAIN[0])]),
             "chain.gap"),
        case("gap-behind", "one is missing behind it", bundle(EVENT, after=[link(CHAIN[4])]), "chain.gap"),
        case("links-backwards", "in the wrong order", bundle(EVENT, before=[link(CHAIN[1]), link(CHAIN[0])]),
             "chain.gap"),
        case("forked-behind", "the next link names another one before it", bundle(EVENT, after=[link(other_way)]),
             "chain.forked"),
        case("forked-before", "it is not the link that the event names",
             bundle(EVENT, before=[link(sealed(ALERT_CONTENT, **ALERT))]), "chain.forked"),
        case("link-of-another-channel", "to another audience", bundle(EVENT, before=[link(elsewhere)]),
             "chain.other_channel"),
        case("link-by-a-stranger", "a link that the source did not sign", bundle(CHAIN[3], after=[link(by_stranger)]),
             "signature.unknown_key"),
        case("link-stripped", "a link without signatures",
             bundle(EVENT, before=[link(CHAIN[1]) | {"signatures": base64url(b"[]")}]), "signature.missing"),
        case("head-by-a-stranger", "a head that the source did not sign", bundle(PLAIN, heads=[link(by_stranger)]),
             "signature.unknown_key"),
        case("head-of-another-channel", "of another audience", bundle(PLAIN, heads=[link(elsewhere)]),
             "chain.other_channel"),
        case("head-behind", "a head that the links reach already",
             bundle(EVENT, after=[link(CHAIN[3])], heads=[link(CHAIN[3])]), "chain.repeated"),
        case("head-forked", "two stories for one place",
             bundle(EVENT, after=[link(CHAIN[3])], heads=[link(second_story)]), "chain.forked"),
    ]  # fmt: skip


def _receipt_case(name: str, says: str, made: Sealed | Json, code: str) -> EvidenceCase:
    one = carried(made) if isinstance(made, Sealed) else made
    good = carried(receipt(stored(2, 2)))
    return refused(name, says, bundle(EVENT, receipts=[good, one]), 9, code, place=1)


def _altered(made: Sealed, keys: list[Key], **changes: object) -> Sealed:
    return seal(made.header | changes, made.content, keys, RECEIPT)


def receipts() -> list[EvidenceCase]:
    """Step 9: who says what about which event."""
    theirs, events = KEYS[f"{HUANJIANG} receipt"], KEYS[f"{HUANJIANG} event"]
    plain = receipt(stored(2, 2, stage="handed_over"))
    foreign = channel(LIBO, papers.AGREEMENT_ID, [HUANJIANG])
    dropped = registry(2, members=members(huanjiang=without(HUANJIANG, theirs)))
    case = _receipt_case
    return [
        case("receipt-by-event-key", "a stolen event key attests nothing",
             _altered(plain, [events], signers=[events.kid]), "signature.unknown_key"),
        case("receipt-stripped", "without signatures",
             carried(plain) | {"signatures": base64url(b"[]")}, "signature.missing"),
        case("receipt-as-event", "signed under the payload type of an event",
             resigned(plain, [theirs], EVENT_TYPE), "signature.invalid"),
        case("receipt-detached", "its content is gone", carried(plain, content=False), "receipt.detached"),
        case("receipt-swapped-content", "the content of another receipt",
             carried(plain) | {"content": base64url(ACKNOWLEDGED.content)}, "content.digest"),
        case("receipt-is-an-event", "an event in the place of a receipt", CHAIN[1], "receipt.wrong_type"),
        case("receipt-unknown-field", "a field that no receipt has", receipt(stored(2, 2) | {"x": 1}),
             "content.unknown_field"),
        case("receipt-incoherent", "a human stage without an officer", receipt(stored(2, 2, stage="acknowledged")),
             "content.rule"),
        case("receipt-for-another-event", "it covers the one before only", receipt(stored(1, 1)),
             "receipt.other_story"),
        case("receipt-for-another-story", "another id at the event's place",
             receipt(stored(2, 2, head="f" * 64)), "receipt.other_story"),
        case("receipt-beyond-the-links", "its range ends at a link that is not in the file", receipt(stored(1, 4)),
             "receipt.other_story"),
        case("receipt-of-another-channel", "about another channel",
             receipt(stored(2, 2, channel=foreign)), "receipt.unknown_channel"),
        case("receipt-of-another-epoch", "about another epoch",
             receipt(stored(2, 2, epoch="2-0123456789abcdef")), "receipt.unknown_channel"),
        case("receipt-for-somebody-else", "南丹 attests for 环江", by_nandan(stored(2, 2)), "receipt.wrong_receiver"),
        case("receipt-other-agreement", "about an event under another agreement",
             receipt(stored(2, 2, agreement=f"{papers.AGREEMENT_ID}@2:{'0' * 64}")), "receipt.other_agreement"),
        case("receipt-other-content", "the receiver got something else",
             receipt(stored(2, 2, content_digest="0" * 64)), "receipt.other_content"),
        case("receipt-twice", "the same one twice", receipt(stored(2, 2)), "receipt.repeated"),
        refused("receipt-key-revoked", "version 2 drops the receiver's receipt key",
                bundle(EVENT, registries=[registry(), dropped], receipts=[carried(plain)]), 9,
                "signature.key_revoked", place=0),
        refused("receipt-by-a-county-not-addressed", "南丹 attests an event that went to 环江 alone",
                _to_one(), 9, "receipt.unknown_channel", place=0),
        *_unreadable(),
    ]  # fmt: skip


def _unreadable() -> list[EvidenceCase]:
    plain = receipt(stored(2, 2))
    binding = plain.header["content"] | {"encoding": "hpke"}
    hidden = _altered(plain, [KEYS[f"{HUANJIANG} receipt"]], content=binding)
    spelt = sealed(b"{", type=RECEIPT_TYPE, source=HUANJIANG, to=[LIBO], **(CONTROL | {"kind": "response"}))
    ranged = receipt(stored(1, 3, content_digest=EVENT.header["content"]["digest"]))
    return [
        _receipt_case("receipt-encrypted", "what it says cannot be read", hidden, "content.encoding"),
        _receipt_case("receipt-no-json", "truly signed, and no JSON", spelt, "json.malformed"),
        refused(
            "receipt-range-with-content",
            "one content for three events",
            bundle(EVENT, after=[link(CHAIN[3])], receipts=[carried(ranged)]),
            9,
            "receipt.other_content",
            place=0,
        ),
    ]


def _to_one() -> Json:
    made = sealed(POLICY_CONTENT, to=[HUANJIANG])
    about: Json = {"channel": made.header["channel"], "head": made.envelope_id, "receiver": NANDAN}
    return bundle(made, receipts=[carried(by_nandan(stored(1, 1, **about)))])


def officers() -> list[EvidenceCase]:
    """Step 9: the officer behind a human receipt."""
    certifier = KEYS[f"{HUANJIANG} event"]

    def credential(by: Key = certifier, **changes: object) -> Json:
        made = document(papers.OFFICER_TYPE, papers.officer_payload(**changes), [by])
        return {"credential": made, "credential_digest": document_digest(made)}

    dropped = registry(2, members=members(huanjiang=without(HUANJIANG, certifier)))
    case = _receipt_case
    return [
        case("wrong-officer", "值班员乙 answered, 值班员甲 is certified",
             receipt(answered(answer={"officer": "duty-b"})), "officer.other_answer"),
        case("officer-of-another-county", "certified by 环江 for 南丹",
             receipt(answered(**credential(county=NANDAN))), "officer.wrong_county"),
        case("officer-by-a-stranger", "certified by nobody", receipt(answered(**credential(STRANGER))),
             "officer.unsigned"),
        case("officer-by-governance", "certified by a key of another use",
             receipt(answered(**credential(KEYS[f"{HUANJIANG} governance"]))), "officer.unsigned"),
        case("officer-by-a-neighbour", "certified by 荔波", receipt(answered(**credential(OWN))), "officer.unsigned"),
        case("officer-expired", "the credential had ended when the answer was given",
             receipt(answered(**credential(expires_at=EARLIER))), "officer.expired"),
        case("officer-other-digest", "the digest of another credential",
             receipt(answered(credential_digest="0" * 64)), "officer.digest"),
        case("answer-to-another-event", "signed, about another event",
             receipt(answered(answer={"envelope_id": "f" * 64})), "officer.other_answer"),
        case("answer-signed-by-another", "by another person's key", receipt(answered(STRANGER)), "officer.signature"),
        case("answer-unsigned", "said to be signed, and is not", receipt(answered(signature=None)),
             "officer.signature"),
        case("answer-changed", "another word than the one signed", _reworded(), "officer.signature"),
        refused("certifier-revoked", "version 2 drops the key that certified the officer",
                bundle(EVENT, registries=[registry(), dropped], receipts=[carried(ACKNOWLEDGED)]), 9,
                "signature.key_revoked", place=0),
    ]  # fmt: skip


def _reworded() -> Sealed:
    content = answered()
    content["officer"] = content["officer"] | {"answer": content["officer"]["answer"] | {"answer": "handling"}}
    return receipt(content)
