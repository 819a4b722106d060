"""Evidence files of version 2 that hold: keys had changed, a party had joined, one had left."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from tests.vectors import key_changes, papers
from tests.vectors.envelopes import CONTROL, POLICY_CONTENT, RECEIPT_TYPE, sealed
from tests.vectors.evidence import (
    CHAIN,
    EVENT,
    PLAIN,
    EvidenceCase,
    World,
    answered,
    bundle,
    carried,
    link,
    members,
    ordered,
    registry,
    restored_opening,
    stored,
    without,
)
from tests.vectors.key_changes import (
    AFTER,
    BRANCH_TYPE,
    CHANGE_TYPE,
    FIRST,
    FRESH,
    ISSUED,
    NEXT,
    RECOVERY,
    SUSPENSION_TYPE,
    committed,
)
from tests.vectors.papers import HUANJIANG, KEYS, LIBO, NANDAN, governance, key_record
from tests.vectors.spelling import (
    Json,
    Key,
    Sealed,
    base64url,
    compact,
    document,
    document_digest,
    seal,
)

COMMITTED: Final = ordered(key_changes.registry())
"""The first registry, but that 荔波's event key commits to the next one."""
COMMITTED_ANCHOR: Final = document_digest(COMMITTED)
RECEIPTS: Final = KEYS[f"{HUANJIANG} receipt"]
NEXT_RECEIPTS: Final = Key(f"{HUANJIANG} receipt, the next one")
CERTIFIER: Final = KEYS[f"{HUANJIANG} event"]


def end(made: Sealed) -> Json:
    """The last link that a key is trusted for."""
    return {name: made.header[name] for name in ("channel", "epoch", "seq")} | {"id": made.envelope_id}


def change(keys: Iterable[Key], last: Sealed | None, **changes: object) -> Json:
    """A change of a key; 荔波's event key to the next one unless changed."""
    given: Json = {
        "v": 1,
        "county": LIBO,
        "use": "event",
        "old": FIRST.kid,
        "reason": "rotated",
        "ends": [] if last is None else [end(last)],
        "credentials": [],
        "key": committed(NEXT, AFTER),
        "issued_at": ISSUED,
    }
    return ordered(document(CHANGE_TYPE, given | changes, keys))


def revocation(last: Sealed | None, **changes: object) -> Json:
    """A revocation of 荔波's event key by its recovery key."""
    return change([RECOVERY, FRESH], last, **({"reason": "revoked", "key": committed(FRESH, None)} | changes))


def branch(last: Sealed, keys: Iterable[Key] = (RECOVERY,)) -> Json:
    """The branch that 荔波 keeps."""
    payload = {"v": 1, "county": LIBO, "branches": [end(last)], "issued_at": ISSUED}
    return ordered(document(BRANCH_TYPE, payload, keys))


def suspension(last: Sealed | None, keys: Iterable[Key] | None = None, **changes: object) -> Json:
    """南丹 suspends the agreement."""
    given: Json = {
        "v": 1,
        "county": NANDAN,
        "agreement_id": papers.AGREEMENT_ID,
        "version": 1,
        "ends": [] if last is None else [end(last)],
        "reason": "",
        "issued_at": ISSUED,
    }
    return ordered(document(SUSPENSION_TYPE, given | changes, governance(NANDAN) if keys is None else keys))


def by(key: Key, made: Sealed, **changes: object) -> Sealed:
    """The same event by another key."""
    return seal(made.header | {"signers": [key.kid]} | changes, made.content, [key])


def header_of(made: Sealed) -> str:
    """A header as an ancestor is carried."""
    return base64url(made.header_bytes)


def wider(event: Sealed | Json, **changes: Any) -> Json:  # noqa: ANN401 - any field of the file
    """A file of version 2; its changes in order."""
    given: Json = bundle(event) | {"v": 2, "earlier": [], "changes": [], "ancestors": []}
    said = sorted(changes.pop("changes", []), key=document_digest)
    return given | {"changes": said} | changes


AFTER_ROTATION: Final = by(NEXT, CHAIN[4])
"""Event 4, by the key that follows."""
ROTATION: Final = change([FIRST, NEXT], CHAIN[3])
REVOCATION: Final = revocation(CHAIN[3])
GENTLE: Final = change([RECOVERY, NEXT], CHAIN[3])
"""The rotation as the recovery key signs it: no commitment is needed."""
WHOLE: Final = wider(
    EVENT,
    registries=[COMMITTED],
    before=[link(CHAIN[1])],
    after=[link(CHAIN[3]), link(AFTER_ROTATION)],
    changes=[ROTATION],
)


def receipt_chain(count: int, key: Key = RECEIPTS, **changes: Any) -> list[Sealed]:  # noqa: ANN401
    """Receipts of 环江 about the alert, one behind the other; the first has sequence 1."""
    made: list[Sealed] = []
    for seq in range(1, count + 1):
        place: Json = {"seq": seq, "prev": made[-1].envelope_id if made else "0" * 64}
        made.append(receipt_at(place, stored(2, 2), key, **changes))
    return made


def receipt_at(place: Json, content: Json, key: Key = RECEIPTS, **changes: Any) -> Sealed:  # noqa: ANN401
    """A receipt of 环江 at a place of its chain."""
    rest = CONTROL | {"kind": "response", "signers": [key.kid]} | place | changes
    return sealed(content, [key], type=RECEIPT_TYPE, source=HUANJIANG, to=[LIBO], **rest)


def receipt_change(last: Sealed | None, **changes: object) -> Json:
    """环江 goes over to its next receipt key; its recovery key signs."""
    given: Json = {
        "county": HUANJIANG,
        "use": "receipt",
        "old": RECEIPTS.kid,
        "key": key_record(NEXT_RECEIPTS, "receipt"),
    }
    return change([KEYS[f"{HUANJIANG} recovery"], NEXT_RECEIPTS], last, **(given | changes))


def certifier_change(*credentials: str) -> Json:
    """环江 revokes the event key that certified its officer."""
    given: Json = {"county": HUANJIANG, "old": CERTIFIER.kid, "reason": "revoked", "key": None}
    return change([KEYS[f"{HUANJIANG} recovery"]], None, **given, credentials=list(credentials))


def agreed(version: int, keys: Sequence[Key], **changes: object) -> Json:
    """A version of the agreement."""
    payload = papers.agreement_payload(version=version) | changes
    return ordered(document(papers.AGREEMENT_TYPE, payload, keys))


def reference(made: Json, version: int) -> str:
    """How a header names an agreement."""
    return f"{papers.AGREEMENT_ID}@{version}:{document_digest(made)}"


OLD_AGREEMENT: Final = agreed(1, governance(HUANJIANG, LIBO), parties=[HUANJIANG, LIBO])
JOINED: Final = agreed(2, governance(NANDAN, HUANJIANG))
"""南丹 has joined: it and the coordinator signed, 荔波 did not."""
UNDER_JOINED: Final = sealed(POLICY_CONTENT, agreement=reference(JOINED, 2))
WITHOUT_NANDAN: Final = registry(2, members=members()[1:])
TO_ONE: Final = sealed(POLICY_CONTENT, to=[HUANJIANG], registry=2)


def dropped() -> Json:
    """Version 2 lists the next key of 荔波 in the place of the first."""
    listed = without(LIBO, FIRST)
    listed["keys"].append(committed(NEXT, AFTER))
    return registry(2, members=members(libo=listed))


def everything() -> Json:
    """A file with every field of version 2 in use: an accession, changes of every kind, ancestors of both channels."""
    named = reference(JOINED, 2)
    chain = [sealed(POLICY_CONTENT, agreement=named, seq=1)]
    for seq in (2, 3, 4):
        chain.append(sealed(POLICY_CONTENT, agreement=named, seq=seq, prev=chain[-1].envelope_id))
    first, last = chain[0], chain[3]
    said = stored(1, 1, head=first.envelope_id, agreement=named)
    receipts = [receipt_at({"seq": 1}, said)]
    receipts.append(receipt_at({"seq": 2, "prev": receipts[0].envelope_id}, said | {"stage": "handed_over"}))
    changes = [change([FIRST, NEXT], last), revocation(last), branch(last), suspension(last, version=2)]
    ways = [*chain[2:], receipts[1]]
    return wider(
        first,
        registries=[COMMITTED],
        agreement=JOINED,
        earlier=[OLD_AGREEMENT],
        after=[link(chain[1])],
        receipts=[carried(receipts[0])],
        changes=[*changes, receipt_change(receipts[1])],
        ancestors=[header_of(one) for one in sorted(ways, key=_place)],
    )


def _place(made: Sealed) -> tuple[str, str, int]:
    return made.header["channel"], made.header["epoch"], made.header["seq"]


EVERYTHING: Final = everything()


def good() -> list[EvidenceCase]:
    """Files that hold by the right anchor."""
    return [*_changed(), *_receivers(), *_agreements(), *_brought()]


def case(name: str, says: str, made: Json, **more: Any) -> EvidenceCase:  # noqa: ANN401
    """A file that holds."""
    anchor = more.pop("anchor", document_digest(made["registries"][0]))
    return EvidenceCase(name, says, compact(made), "holds", anchor=anchor, **more)


def _changed() -> list[EvidenceCase]:
    second = change([NEXT, AFTER], AFTER_ROTATION, old=NEXT.kid, key=committed(AFTER, None))
    tight = revocation(CHAIN[2])
    after, headers = [link(CHAIN[3])], [header_of(one) for one in CHAIN[2:4]]
    fresh = by(FRESH, restored_opening())
    return [
        case("everything-changed", "every field of version 2 is in use", EVERYTHING),
        case("nothing-changed", "a file of version 2 needs no changes", wider(EVENT)),
        case("rotated-whole", "links across a rotation, each by the key of its place", WHOLE),
        case("before-rotation", "linked to the last one of its key", wider(EVENT, after=after, changes=[GENTLE])),
        case("last-before-rotation", "the very link that is named", wider(CHAIN[3], changes=[GENTLE])),
        case(
            "after-rotation",
            "by the key that follows, which no registry lists",
            wider(AFTER_ROTATION, registries=[COMMITTED], before=[link(CHAIN[3])], changes=[ROTATION]),
        ),
        case(
            "between-rotations",
            "both changes are needed: one makes the key known, one ends it",
            wider(AFTER_ROTATION, registries=[COMMITTED], changes=[ROTATION, second]),
        ),
        case(
            "follows-a-stolen-key-and-revoked",
            "the owner says up to where the key that followed the stolen one was his",
            wider(
                AFTER_ROTATION,
                registries=[COMMITTED],
                changes=[
                    ROTATION,
                    change([RECOVERY], CHAIN[3], reason="revoked", key=None),
                    revocation(AFTER_ROTATION, old=NEXT.kid),
                ],
            ),
        ),
        case(
            "before-revocation",
            "what was signed before a theft is proof",
            wider(EVENT, after=after, changes=[REVOCATION]),
        ),
        case(
            "before-revocation-by-headers",
            "shown by headers alone",
            wider(CHAIN[1], changes=[REVOCATION], ancestors=headers),
        ),
        case(
            "opening-before-revocation",
            "a control record, three links below the end",
            wider(CHAIN[0], agreement=None, after=[link(CHAIN[1])], changes=[REVOCATION], ancestors=headers),
        ),
        case(
            "revoked-and-rotated",
            "two documents about one key: the earlier end counts",
            wider(CHAIN[1], after=[link(CHAIN[2])], changes=[GENTLE, tight]),
        ),
        case(
            "dropped-after-rotation",
            "version 2 lists another key; the change says where the first one ended",
            wider(
                EVENT,
                registries=[registry(), dropped()],
                heads=[link(by(NEXT, CHAIN[4], registry=2))],
                after=after,
                changes=[GENTLE],
            ),
        ),
        case(
            "head-by-a-fresh-key",
            "the epoch that was opened after a revocation",
            wider(EVENT, after=after, heads=[link(fresh)], changes=[REVOCATION]),
        ),
        case(
            "ended-by-a-neighbour",
            "a county ends no key of another",
            wider(
                PLAIN, changes=[change([KEYS[f"{NANDAN} recovery"]], None, county=NANDAN, reason="revoked", key=None)]
            ),
        ),
        case(
            "branch-kept", "on the branch that its source kept", wider(EVENT, after=after, changes=[branch(CHAIN[3])])
        ),
        case(
            "signed-by-both-offline-keys",
            "recovery and governance key",
            wider(CHAIN[3], changes=[revocation(CHAIN[3]) | {"signatures": _both(CHAIN[3])}]),
        ),
    ]


def _both(last: Sealed) -> list[Json]:
    made = change([RECOVERY, FRESH, *governance(LIBO)], last, reason="revoked", key=committed(FRESH, None))
    return list(made["signatures"])


def _receivers() -> list[EvidenceCase]:
    chain = receipt_chain(3)
    later = receipt_at({"seq": 4, "prev": chain[2].envelope_id}, stored(2, 2, stage="handed_over"), NEXT_RECEIPTS)
    listed = certifier_change(document_digest(papers.CREDENTIAL))
    acknowledged = receipt_at({"seq": 1}, answered())
    return [
        case(
            "receipt-before-rotation",
            "shown by headers of the receipt channel",
            wider(
                EVENT,
                receipts=[carried(chain[0])],
                changes=[receipt_change(chain[2])],
                ancestors=[header_of(one) for one in chain[1:]],
            ),
        ),
        case(
            "receipts-across-a-rotation",
            "the last one of the old key, the first one of the next",
            wider(EVENT, receipts=[carried(chain[2]), carried(later)], changes=[receipt_change(chain[2])]),
        ),
        case(
            "credential-of-an-ended-key",
            "listed where the key that certified it ended",
            wider(EVENT, receipts=[carried(acknowledged)], changes=[listed]),
        ),
    ]


def _agreements() -> list[EvidenceCase]:
    return [
        case(
            "accession",
            "by the newcomer and the coordinator, on the version before",
            wider(UNDER_JOINED, agreement=JOINED, earlier=[OLD_AGREEMENT]),
        ),
        case(
            "second-version",
            "signed by all; the one before goes along",
            wider(
                sealed(POLICY_CONTENT, agreement=reference(agreed(2, []), 2)),
                agreement=agreed(2, governance(*papers.COUNTIES)),
                earlier=[OLD_AGREEMENT],
            ),
        ),
        case(
            "party-has-left",
            "the others go on under what it signed as a member",
            wider(TO_ONE, registries=[registry(), WITHOUT_NANDAN]),
        ),
        case(
            "before-suspension",
            "up to the last event that is still permitted",
            wider(EVENT, changes=[suspension(EVENT)]),
        ),
        case(
            "other-suspended",
            "an older version than the event's",
            wider(
                sealed(POLICY_CONTENT, agreement=reference(agreed(2, []), 2)),
                agreement=agreed(2, governance(*papers.COUNTIES)),
                changes=[suspension(None)],
            ),
        ),
    ]


def forged_world() -> Json:
    """A world of strangers in which a key was revoked, too."""
    world = World()
    made = world.bundle() | {"v": 2, "earlier": [], "changes": [], "ancestors": []}
    key, recovery = world.keys[f"{LIBO} event"], world.keys[f"{LIBO} recovery"]
    last = sealed(POLICY_CONTENT, [key], signers=[key.kid])
    return made | {"changes": [change([recovery], last, old=key.kid, reason="revoked", key=None)]}


def _brought() -> list[EvidenceCase]:
    forged = sealed(POLICY_CONTENT, seq=4, prev=CHAIN[3].envelope_id, purpose="work_exchange")
    unordered = REVOCATION | {"signatures": REVOCATION["signatures"][::-1]}
    return [
        case(
            "omitted-revocation",
            "a thief's event; the file holds as far as it goes, and leaves the revocation out",
            bundle(forged),
        ),
        case(
            "brought-revocation-of-later",
            "the reader knows of a revocation behind it",
            bundle(EVENT, after=[link(CHAIN[3])]),
            papers=[REVOCATION],
        ),
        case(
            "brought-what-is-there",
            "the same document in file and hand",
            wider(EVENT, after=[link(CHAIN[3])], changes=[REVOCATION]),
            papers=[unordered],
        ),
        EvidenceCase(
            "forged-world-with-changes-without-anchor",
            "it fits together, and nobody should believe it",
            compact(forged_world()),
            "consistent",
            code="registry.no_anchor",
            anchor=None,
        ),
        case("brought-registry", "the reader knows version 2", bundle(EVENT), papers=[registry(), registry(2)]),
    ]
