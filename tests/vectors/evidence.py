"""Evidence files that hold, or that fit together and are not to be trusted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.vectors import papers
from tests.vectors.envelopes import (
    ALERT,
    ALERT_CONTENT,
    EPOCH,
    POLICY_CONTENT,
    WORK_CONTENT,
    header,
    officer_proof,
    opening,
    receipt,
    receipt_content,
    sealed,
)
from tests.vectors.papers import HUANJIANG, KEYS, LIBO, NANDAN, SECOND_KEY
from tests.vectors.spelling import (
    Json,
    Key,
    Sealed,
    base64url,
    compact,
    document,
    document_digest,
    pae,
    seal,
    sha256,
    signature_list,
)

_ALL: Final = papers.governance(*papers.COUNTIES)
RELEASES: Final = 10
"""The step that judges who released the event."""
ANSWER_TYPE: Final = "application/vnd.sihu.answer.v1+json"


def ordered(made: Json) -> Json:
    """A document as an evidence file carries it: its signatures ascend by kid."""
    return made | {"signatures": sorted(made["signatures"], key=lambda one: str(one["kid"]))}


def registry(version: int = 1, *, by: Iterable[Key] | None = None, **changes: object) -> Json:
    """A registry version, signed by all three members; each names the plain version before it."""
    previous = document_digest(registry(version - 1)) if version > 1 else None
    payload = papers.registry_payload(version=version, previous=previous) | changes
    return ordered(document(papers.REGISTRY_TYPE, payload, _ALL if by is None else by))


def agreement(*, by: Iterable[Key] | None = None, **changes: object) -> Json:
    """The agreement, signed by all three parties."""
    payload = papers.agreement_payload(**changes)
    return ordered(document(papers.AGREEMENT_TYPE, payload, _ALL if by is None else by))


def members(*, libo: Json | None = None, huanjiang: Json | None = None) -> list[Json]:
    """The members of the registry, with other records for 荔波 or 环江."""
    return [papers.member(NANDAN), huanjiang or papers.member(HUANJIANG), libo or papers.member(LIBO)]


def without(county: str, *dropped: Key) -> Json:
    """A member that some keys were taken from."""
    listed = papers.member(county)
    gone = {key.kid for key in dropped}
    return listed | {"keys": [key for key in listed["keys"] if key["kid"] not in gone]}


def ending(county: str, key: Key, until: str) -> Json:
    """A member one of whose keys ends."""
    listed = papers.member(county)
    keys = [one | {"valid_until": until} if one["kid"] == key.kid else one for one in listed["keys"]]
    return listed | {"keys": keys}


def link(made: Sealed) -> Json:
    """A link as it is carried."""
    return {"header": base64url(made.header_bytes), "signatures": base64url(made.signatures)}


def carried(made: Sealed, *, content: bool = True, keys: bytes | None = b"") -> Json:
    """An envelope as it is carried."""
    return link(made) | {
        "keys": None if keys is None else base64url(keys),
        "content": base64url(made.content) if content else None,
    }


def bundle(event: Sealed | Json, **changes: object) -> Json:
    """A file in its order: one registry, the agreement, the event alone."""
    given: Json = {
        "format": "sihu-evidence",
        "v": 1,
        "registries": [registry()],
        "agreement": agreement(),
        "event": carried(event) if isinstance(event, Sealed) else event,
        "before": [],
        "after": [],
        "heads": [],
        "receipts": [],
    }
    return given | changes


def _chain() -> list[Sealed]:
    made = [opening("event", LIBO, [NANDAN, HUANJIANG])]
    for seq in (1, 2, 3, 4):
        place: Json = {"seq": seq, "prev": made[-1].envelope_id}
        made.append(sealed(ALERT_CONTENT, **ALERT, **place) if seq == 2 else sealed(POLICY_CONTENT, **place))
    return made


CHAIN: Final = _chain()
"""The opening, a bulletin, an alert, two bulletins."""
EVENT: Final = CHAIN[2]
PLAIN: Final = sealed(POLICY_CONTENT)
ANCHOR: Final = document_digest(registry())


def stored(first: int = 1, last: int = 3, **changes: object) -> Json:
    """What 环江 says of a range of the chain."""
    return receipt_content(first_seq=first, seq=last, head=CHAIN[last].envelope_id) | changes


def answered(key: Key = papers.OFFICER_KEY, **proof: Any) -> Json:  # noqa: ANN401 - any field of the proof
    """What 环江 says of the alert: 值班员甲 answered."""
    answer = officer_proof()["answer"] | {"envelope_id": EVENT.envelope_id} | proof.pop("answer", {})
    signature = key.sign(pae(ANSWER_TYPE, compact(answer)))
    made = officer_proof(**({"answer": answer, "signature": signature} | proof))
    return stored(2, 2, stage="acknowledged", content_digest=EVENT.header["content"]["digest"], officer=made)


def by_nandan(content: Json) -> Sealed:
    """A receipt of 南丹."""
    made = receipt(content)
    key = KEYS[f"{NANDAN} receipt"]
    head = header(made.content, **(_changes(made) | {"source": NANDAN, "signers": [key.kid]}))
    return seal(head, made.content, [key], "application/vnd.sihu.receipt.v1+json")


def _changes(made: Sealed) -> Json:
    return {name: value for name, value in made.header.items() if name not in {"channel", "content", "schema"}}


def under(made: Sealed, version: int) -> Sealed:
    """The same envelope, made by somebody who knew another registry version."""
    is_receipt = made.header["type"].endswith("receipt.v1")
    keys = [key for key in (*KEYS.values(), SECOND_KEY) if key.kid in made.header["signers"]]
    kind = "application/vnd.sihu.receipt.v1+json" if is_receipt else "application/vnd.sihu.event.v1+json"
    return seal(made.header | {"registry": version}, made.content, keys, kind)


ACKNOWLEDGED: Final = receipt(answered())
WHOLE: Final = bundle(
    EVENT,
    before=[link(CHAIN[1])],
    after=[link(CHAIN[3])],
    receipts=[
        carried(receipt(stored())),
        carried(by_nandan(stored(2, 2, receiver=NANDAN))),
        carried(ACKNOWLEDGED),
    ],
)


@dataclass(frozen=True)
class EvidenceCase:
    """One file and what must be said of it; ``place`` is that of a receipt or record of release in the file."""

    name: str
    says: str
    data: bytes
    outcome: str
    step: int | None = None
    code: str | None = None
    anchor: str | None = ANCHOR
    place: int | None = None
    papers: Sequence[Json] = ()
    """What the reader brings."""

    def written(self) -> Json:
        """As text where it is ASCII, as base64url where it is not."""
        text = {"bundle": self.data.decode()} if self.data.isascii() else {"bundle_base64url": base64url(self.data)}
        return {
            "name": self.name,
            "says": self.says,
            "anchor": self.anchor,
            **({"papers": list(self.papers)} if self.papers else {}),
            "outcome": self.outcome,
            "step": self.step,
            "receipt": None if self.step == RELEASES else self.place,
            **({"release": self.place} if self.step == RELEASES else {}),
            "code": self.code,
            **text,
        }


def encrypted(keys: bytes = b'{"451221":"k1","451226":"k2"}') -> tuple[Sealed, bytes]:
    """Internal content that is not to be read, and the keys part."""
    body = bytes(range(128))
    binding = header(body)["content"] | {"encoding": "hpke", "keys_digest": sha256(keys)}
    return sealed(body, type=papers.WORK, purpose="work_exchange", information_class="internal", content=binding), keys


def restored_opening() -> Sealed:
    """Link 0 of a later epoch of the same channel."""
    first = opening("event", LIBO, [NANDAN, HUANJIANG])
    return sealed(first.content, **(_changes(first) | {"channel": first.header["channel"], "epoch": f"2-{EPOCH[2:]}"}))


class World:
    """Other people who call themselves by the counties' names: everything fits, and nothing is theirs."""

    def __init__(self) -> None:
        """Make keys of their own."""
        self.keys = {name: Key(f"forged {name}") for name in KEYS}

    def member(self, county: str) -> Json:
        """A member with forged keys."""
        uses = ("governance", "recovery", "event", "receipt")
        keys = [papers.key_record(self.keys[f"{county} {use}"], use) for use in uses]
        return papers.member(county) | {"keys": keys}

    def bundle(self) -> Json:
        """A whole file."""
        governance = [self.keys[f"{county} governance"] for county in papers.COUNTIES]
        forged = [self.member(county) for county in papers.COUNTIES]
        key = self.keys[f"{LIBO} event"]
        return bundle(
            sealed(POLICY_CONTENT, [key], signers=[key.kid]),
            registries=[registry(by=governance, members=forged)],
            agreement=agreement(by=governance),
        )


def good() -> list[EvidenceCase]:
    """Files that hold by the right anchor."""
    twice = [KEYS[f"{LIBO} event"], SECOND_KEY]
    secret, keys = encrypted()
    second, third = registry(2), registry(3)
    until = "2026-03-05T00:00:00.000+08:00"
    retired = registry(2, members=members(libo=ending(LIBO, SECOND_KEY, until)))
    by_second = sealed(POLICY_CONTENT, [SECOND_KEY], signers=[SECOND_KEY.kid])

    def case(name: str, says: str, made: Json) -> EvidenceCase:
        return EvidenceCase(name, says, compact(made), "holds")

    return [
        case("alone", "a bulletin and no receipt", bundle(PLAIN)),
        case("whole", "an alert, links on both sides, stored by two, answered by an officer", WHOLE),
        case("without-content", "its digest is signed", WHOLE | {"event": carried(EVENT, content=False)}),
        case("from-the-opening", "back to link 0", bundle(EVENT, before=[link(one) for one in CHAIN[:2]])),
        case(
            "two-signers",
            "both keys of the source",
            bundle(sealed(POLICY_CONTENT, twice, signers=[key.kid for key in twice])),
        ),
        case("second-registry", "made under version 2", bundle(under(PLAIN, 2), registries=[registry(), second])),
        case(
            "third-registry",
            "three versions, the event under the first",
            bundle(
                EVENT,
                registries=[registry(), second, third],
                receipts=[carried(under(receipt(stored(2, 2)), 3))],
            ),
        ),
        case(
            "threshold-of-two",
            "version 2 signed by two of three, as many as both versions ask for",
            bundle(under(PLAIN, 2), registries=[registry(), registry(2, by=papers.governance(NANDAN, LIBO))]),
        ),
        case(
            "retired-key",
            "version 2 lets a key end after the event",
            bundle(by_second, registries=[registry(), retired]),
        ),
        case(
            "opening",
            "a control record needs no agreement",
            bundle(CHAIN[0], agreement=None, after=[link(one) for one in CHAIN[1:3]]),
        ),
        case("encrypted", "content and keys as carried", bundle(carried(secret, keys=keys))),
        case("encrypted-detached", "neither", bundle(carried(secret, content=False, keys=None))),
        case("work-internal", "in clear, as agreed", bundle(_work())),
        case("head", "how far the source had come", bundle(CHAIN[1], after=[link(CHAIN[2])], heads=[link(CHAIN[4])])),
        case("head-of-a-later-epoch", "the channel was opened again", bundle(PLAIN, heads=[link(restored_opening())])),
        case(
            "by-token",
            "a weaker means, and it says so",
            bundle(EVENT, receipts=[carried(receipt(answered(means="token", signature=None)))]),
        ),
        case(
            "by-sms",
            "a reply from the officer's number, and it says so",
            bundle(EVENT, receipts=[carried(receipt(answered(means="sms_number", signature=None)))]),
        ),
        case("rejected", "the receiver refused it", bundle(EVENT, receipts=[carried(receipt(_rejection()))])),
        EvidenceCase(
            "begins-at-version-2",
            "the verifying person knows version 2",
            compact(bundle(PLAIN, registries=[second])),
            "holds",
            anchor=document_digest(second),
        ),
        EvidenceCase(
            "no-anchor", "nothing is known", compact(WHOLE), "consistent", code="registry.no_anchor", anchor=None
        ),
        EvidenceCase(
            "forged-world-without-anchor",
            "it fits together, and nobody should believe it",
            compact(World().bundle()),
            "consistent",
            code="registry.no_anchor",
            anchor=None,
        ),
    ]


def _work() -> Sealed:
    return sealed(WORK_CONTENT, type=papers.WORK, purpose="work_exchange", information_class="internal")


def _rejection() -> Json:
    return stored(2, 2, stage="rejected", permitted=False, code="sharing.purpose", text="purpose: not agreed")


def resigned(made: Sealed, keys: Sequence[Key], kind: str = "application/vnd.sihu.event.v1+json") -> Json:
    """The envelope with signatures by other keys over the same header."""
    listed = signature_list(keys, pae(kind, made.header_bytes))
    return carried(made) | {"signatures": base64url(compact(listed))}
