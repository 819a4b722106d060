"""Evidence files that must be refused in their form, their registries or their agreement."""

import json
from collections.abc import Callable
from typing import Final

from tests.vectors import papers
from tests.vectors.envelopes import receipt
from tests.vectors.evidence import (
    CHAIN,
    PLAIN,
    WHOLE,
    EvidenceCase,
    World,
    agreement,
    bundle,
    carried,
    link,
    members,
    registry,
    stored,
    under,
)
from tests.vectors.papers import HUANJIANG, KEYS, LIBO, NANDAN, STRANGER, governance
from tests.vectors.spelling import Json, base64url, compact, document, document_digest

ALONE: Final = bundle(PLAIN)


def refused(name: str, says: str, made: Json | bytes, step: int, code: str, **more: object) -> EvidenceCase:
    """A file and the step that refuses it."""
    data = made if isinstance(made, bytes) else compact(made)
    return EvidenceCase(name, says, data, "refused", step, code, **more)  # type: ignore[arg-type]


def _respelt(old: bytes, new: bytes) -> bytes:
    data = compact(ALONE)
    assert old in data
    return data.replace(old, new, 1)


def _with_header(change: Callable[[bytes], bytes]) -> Json:
    return bundle(carried(PLAIN) | {"header": base64url(change(PLAIN.header_bytes))})


def form() -> list[EvidenceCase]:
    """Step 1: no verdict on anything in it."""
    data = compact(ALONE)

    def case(name: str, says: str, made: Json | bytes, code: str) -> EvidenceCase:
        return refused(name, says, made, 1, code)

    header = base64url(PLAIN.header_bytes)
    padded, stray = header + "=", header[:-1] + chr(ord(header[-1]) + 1)
    deep = b"[" * 9 + b"]" * 9
    return [
        case("empty", "no byte", b"", "json.malformed"),
        case("cut-off", "the last byte is missing", data[:-1], "json.malformed"),
        case("two-files", "one behind the other", data + data, "json.malformed"),
        case("line-end", "a line feed at the end", data + b"\n", "evidence.not_canonical"),
        case("blank", "a blank between tokens", _respelt(b'"v":1', b'"v": 1'), "evidence.not_canonical"),
        case("indented", "for a person to read", json.dumps(ALONE, indent=1).encode(), "evidence.not_canonical"),
        case("escaped", "a letter written as an escape", _respelt(b'"v":1', b'"\\u0076":1'), "evidence.not_canonical"),
        case("order", "fields in another order", {"v": 1} | ALONE, "evidence.not_canonical"),
        case("twice", "a key twice", _respelt(b'"v":1', b'"v":1,"v":1'), "json.duplicate_key"),
        case("float", "a float", _respelt(b'"v":1', b'"v":1.0'), "json.float"),
        case("huge", "2^53", _respelt(b'"v":1', b'"v":9007199254740992'), "json.integer_too_large"),
        case("deep", "nine levels", _respelt(b'"heads":[]', b'"heads":' + deep), "json.too_deep"),
        case("not-utf8", "a byte that is no UTF-8", _respelt(b'"v":1', b'"v\xff":1'), "json.not_utf8"),
        case("not-nfc", "a decomposed letter", _respelt(b'"v":1', '"v":"e\u0301"'.encode()), "json.not_nfc"),
        case("a-list", "no object", [ALONE], "evidence.unsupported_version"),  # type: ignore[arg-type]
        case("version-2", "another version", ALONE | {"v": 2}, "evidence.unsupported_version"),
        case("version-true", "a truth value", ALONE | {"v": True}, "evidence.unsupported_version"),
        case("other-format", "another format", ALONE | {"format": "other"}, "evidence.unsupported_version"),
        case("unknown-field", "a field of tomorrow", ALONE | {"note": "x"}, "evidence.unknown_field"),
        case(
            "missing-field",
            "no heads",
            {name: value for name, value in ALONE.items() if name != "heads"},
            "evidence.missing_field",
        ),
        case("no-registry", "not one", ALONE | {"registries": []}, "evidence.too_short"),
        case("event-null", "no event", ALONE | {"event": None}, "evidence.wrong_type"),
        case("padded", "base64 with padding", bundle(carried(PLAIN) | {"header": padded}), "evidence.wrong_form"),
        case(
            "stray-bits",
            "base64 whose last character has bits to spare",
            bundle(carried(PLAIN) | {"header": stray}),
            "evidence.not_base64url",
        ),
        case(
            "other-payload-type",
            "a document of an unknown type",
            ALONE | {"agreement": agreement() | {"payload_type": "application/json"}},
            "evidence.not_allowed",
        ),
        case(
            "header-version",
            "a header of another version",
            _with_header(lambda data: data.replace(b'"v":1', b'"v":2')),
            "header.unsupported_version",
        ),
        case(
            "header-twice",
            "a key twice in the header",
            _with_header(lambda data: data.replace(b'"v":1', b'"v":1,"v":1')),
            "json.duplicate_key",
        ),
        case(
            "header-unknown-field",
            "a field that the header does not have",
            _with_header(lambda data: data.replace(b'"refs":[]', b'"refs":[],"x":1')),
            "header.unknown_field",
        ),
        case(
            "link-header",
            "a link that is no header",
            bundle(PLAIN, heads=[link(CHAIN[1]) | {"header": base64url(b"{}")}]),
            "header.unsupported_version",
        ),
    ]


def registries() -> list[EvidenceCase]:
    """Step 2."""
    second = registry(2)
    v2 = under(PLAIN, 2)
    event_keys = [KEYS[f"{county} event"] for county in papers.COUNTIES]
    stricter = registry(threshold=3)
    named = document_digest(stricter)
    lowered = registry(2, previous=named, threshold=1, by=governance(HUANJIANG, LIBO))
    taken_over = registry(2, members=[papers.member(LIBO)], threshold=1, by=governance(LIBO))
    misnamed = papers.member(NANDAN)
    misnamed["keys"][0] = misnamed["keys"][0] | {"kid": "0" * 32}
    spoilt = registry()
    spoilt["signatures"][2] = spoilt["signatures"][2] | {"sig": spoilt["signatures"][1]["sig"]}
    doubled = registry()
    doubled["signatures"].insert(1, doubled["signatures"][0])

    def case(name: str, says: str, made: Json, code: str, **more: object) -> EvidenceCase:
        return refused(name, says, made, 2, code, **more)

    def first(made: Json) -> Json:
        return bundle(PLAIN, registries=[made])

    return [
        case("wrong-anchor", "the person knows another registry", WHOLE, "registry.not_pinned", anchor="0" * 64),
        case(
            "forged-world",
            "everything fits together, by other people's keys; the anchor alone tells",
            World().bundle(),
            "registry.not_pinned",
        ),
        case(
            "forged-world-behind-our-registry",
            "a forged version 2 behind the true version 1",
            World().bundle() | {"registries": [registry(), _forged_second()]},
            "registry.too_few_signatures",
        ),
        case(
            "older-threshold",
            "version 2 asks for one signature; version 1 asked for three, and two signed",
            bundle(v2, registries=[stricter, lowered]),
            "registry.too_few_signatures",
            anchor=named,
        ),
        case(
            "taken-over",
            "one member alone writes version 2 without the others",
            bundle(v2, registries=[registry(), taken_over]),
            "registry.too_few_signatures",
        ),
        case("omitted-version", "the header names version 2", bundle(v2), "registry.missing_version"),
        case(
            "omitted-version-of-a-receipt",
            "a receipt names version 3, and two are here",
            WHOLE | {"registries": [registry(), second], "receipts": [carried(under(receipt(stored()), 3))]},
            "registry.missing_version",
        ),
        case(
            "omitted-between",
            "version 3 behind version 1",
            bundle(under(PLAIN, 3), registries=[registry(), registry(3)]),
            "registry.not_next",
        ),
        case("same-twice", "version 1 twice", bundle(PLAIN, registries=[registry()] * 2), "registry.not_next"),
        case(
            "other-previous",
            "version 2 of another world",
            bundle(v2, registries=[registry(), registry(2, previous="0" * 64)]),
            "registry.not_next",
        ),
        case(
            "backwards",
            "version 1 behind version 2",
            bundle(PLAIN, registries=[second, registry()]),
            "registry.not_next",
            anchor=document_digest(second),
        ),
        case(
            "by-one",
            "one signature where two are needed",
            first(registry(by=governance(LIBO))),
            "registry.too_few_signatures",
        ),
        case("by-event-keys", "keys of another use", first(registry(by=event_keys)), "registry.too_few_signatures"),
        case("unsigned", "no signature", first(registry(by=[])), "registry.too_few_signatures"),
        case(
            "misnamed-key",
            "a key id that is not computed from its key",
            first(registry(members=[misnamed, *members()[1:]])),
            "key.misnamed",
            anchor=None,
        ),
        case("relabelled", "the agreement in the place of the registry", first(agreement()), "document.wrong_type"),
        case(
            "superfluous-signature",
            "a stranger signed as well",
            first(registry(by=[*governance(*papers.COUNTIES), STRANGER])),
            "signature.superfluous",
        ),
        case(
            "signatures-out-of-order",
            "a second spelling",
            first(registry() | {"signatures": registry()["signatures"][::-1]}),
            "signature.order",
        ),
        case("signature-twice", "one key twice", first(doubled), "signature.order"),
        case(
            "spoilt-beyond-the-threshold",
            "two hold, as many as are needed; the third does not",
            first(spoilt),
            "signature.invalid",
        ),
        case("truth-for-one", "`v` is true", first(registry(v=True)), "document.not_allowed", anchor=None),
        case("payload-changed", "a threshold lowered in the payload", first(_lowered()), "registry.too_few_signatures"),
    ]


def _forged_second() -> Json:
    world = World()
    forged = [world.member(county) for county in papers.COUNTIES]
    return registry(2, members=forged, by=[world.keys[f"{county} governance"] for county in papers.COUNTIES])


def _lowered() -> Json:
    changed = document(papers.REGISTRY_TYPE, papers.registry_payload(threshold=1), [])
    return registry() | {"payload": changed["payload"]}


def agreements() -> list[EvidenceCase]:
    """Step 3."""
    other = agreement(title="另一份协议")
    world = World()
    forged = [world.keys[f"{county} governance"] for county in papers.COUNTIES]
    gone = registry(2, members=members()[1:], by=governance(HUANJIANG, LIBO, NANDAN))

    def case(name: str, says: str, made: Json, code: str) -> EvidenceCase:
        return refused(name, says, made, 3, code)

    def by(made: Json | None) -> Json:
        return bundle(PLAIN, agreement=made)

    return [
        case("no-agreement", "left out", by(None), "agreement.missing"),
        case(
            "foreign-agreement",
            "well signed by the same parties, not the one named",
            by(other),
            "agreement.not_referred",
        ),
        case("other-version", "version 2 of the same one", by(agreement(version=2)), "agreement.not_referred"),
        case(
            "party-missing",
            "荔波 has not signed",
            by(agreement(by=governance(NANDAN, HUANJIANG))),
            "agreement.unsigned",
        ),
        case("agreement-by-strangers", "keys of other people", by(agreement(by=forged)), "agreement.unsigned"),
        case(
            "agreement-by-event-keys",
            "keys of another use",
            by(agreement(by=[KEYS[f"{county} event"] for county in papers.COUNTIES])),
            "agreement.unsigned",
        ),
        case(
            "party-no-member",
            "a party that is in no registry",
            by(agreement(parties=[*papers.COUNTIES, "532628"])),
            "agreement.not_member",
        ),
        case(
            "party-left",
            "南丹 is not in the version that the header names",
            bundle(under(PLAIN, 2), registries=[registry(), gone]),
            "agreement.not_member",
        ),
        case(
            "agreement-superfluous-signature",
            "a stranger signed as well",
            by(agreement(by=[*governance(*papers.COUNTIES), STRANGER])),
            "signature.superfluous",
        ),
        case("agreement-relabelled", "the registry in its place", by(registry()), "document.wrong_type"),
        case(
            "agreement-under-its-type",
            "a registry under the agreement's payload type",
            by(registry() | {"payload_type": papers.AGREEMENT_TYPE}),
            "document.missing_field",
        ),
        case("agreement-for-control", "a control record carries one", bundle(CHAIN[0]), "agreement.superfluous"),
    ]
