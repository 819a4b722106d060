"""Vectors of what counties say at named positions: keys that change, branches kept, agreements suspended."""

import hashlib
from collections.abc import Iterable
from typing import Any, Final

from tests.vectors import papers
from tests.vectors.envelopes import EPOCH, sealed
from tests.vectors.papers import HUANJIANG, KEYS, LIBO, NANDAN, STRANGER
from tests.vectors.spelling import Json, Key, Sealed, channel, compact, document, document_digest

CHANGE_TYPE: Final = "application/vnd.sihu.key-change.v1+json"
BRANCH_TYPE: Final = "application/vnd.sihu.branch-kept.v1+json"
SUSPENSION_TYPE: Final = "application/vnd.sihu.suspension.v1+json"

FIRST: Final = KEYS[f"{LIBO} event"]
NEXT, AFTER, FRESH = (Key(f"{LIBO} event, {name}") for name in ("the next one", "the one after it", "a fresh one"))
RECOVERY: Final = KEYS[f"{LIBO} recovery"]
ISSUED: Final = "2026-03-04T09:00:00.000+08:00"
CHANNEL: Final = channel(LIBO, papers.AGREEMENT_ID, [NANDAN, HUANJIANG])


def commitment(key: Key) -> str:
    """What commits to a key."""
    return hashlib.sha256(b"ed25519\0" + key.public).hexdigest()


def committed(key: Key, following: Key | None) -> Json:
    """The record of an event key that commits to another."""
    return papers.key_record(key, "event") | {"next_digest": commitment(following) if following else None}


def registry() -> Json:
    """The first registry, but that 荔波's event key commits to the next one."""
    payload = papers.registry_payload()
    keys = payload["members"][2]["keys"]
    keys[2] = committed(FIRST, NEXT)
    return document(papers.REGISTRY_TYPE, payload, papers.governance(*papers.COUNTIES))


def event(seq: int, key: Key = FIRST, **changes: object) -> Sealed:
    """An event of 荔波 to both neighbours."""
    return sealed(compact({}), [key], seq=seq, signers=[key.kid], **changes)


def end(seq: int = 3) -> Json:
    """The last link that a key is trusted for."""
    return {"channel": CHANNEL, "epoch": EPOCH, "seq": seq, "id": event(seq).envelope_id}


def change(keys: Iterable[Key], **changes: object) -> Json:
    """A change of 荔波's event key."""
    given: Json = {
        "v": 1,
        "county": LIBO,
        "use": "event",
        "old": FIRST.kid,
        "reason": "rotated",
        "ends": [end()],
        "credentials": [],
        "key": committed(NEXT, AFTER),
        "issued_at": ISSUED,
    }
    return document(CHANGE_TYPE, given | changes, keys)


def branch(keys: Iterable[Key]) -> Json:
    """The branch that 荔波 keeps."""
    payload = {"v": 1, "county": LIBO, "branches": [end()], "issued_at": ISSUED}
    return document(BRANCH_TYPE, payload, keys)


def suspension(keys: Iterable[Key]) -> Json:
    """南丹 suspends the agreement behind 荔波's third event."""
    payload = {
        "v": 1,
        "county": NANDAN,
        "agreement_id": papers.AGREEMENT_ID,
        "version": 1,
        "ends": [end()],
        "reason": "",
        "issued_at": ISSUED,
    }
    return document(SUSPENSION_TYPE, payload, keys)


def _documents() -> list[tuple[str, str, Json, str | None]]:
    revoked = {"reason": "revoked", "key": committed(FRESH, None)}
    return [
        ("rotated", "by the old key and the one it committed to", change([FIRST, NEXT]), None),
        ("revoked", "by the recovery key and a fresh one", change([RECOVERY, FRESH], **revoked), None),
        ("revoked-for-good", "no key follows", change([RECOVERY], reason="revoked", key=None), None),
        (
            "rotated-by-governance",
            "a key that was not committed, with the governance key",
            change([*papers.governance(LIBO), FRESH], key=committed(FRESH, None)),
            None,
        ),
        (
            "not-committed",
            "the old key and another than it committed to: a thief",
            change([FIRST, FRESH], key=committed(FRESH, None)),
            "key.not_committed",
        ),
        ("without-the-next", "the key that follows has not signed", change([FIRST]), "key.change_unsigned"),
        ("without-the-old", "only the key that follows has signed", change([NEXT]), "key.change_unsigned"),
        (
            "revoked-by-itself",
            "a revocation needs an offline key",
            change([FIRST, NEXT], reason="revoked"),
            "key.change_unsigned",
        ),
        (
            "revoked-by-a-neighbour",
            "the recovery key of another county",
            change([KEYS[f"{NANDAN} recovery"], FRESH], **revoked),
            "key.change_unsigned",
        ),
        ("stranger", "of no member", change([STRANGER], county="532628", reason="revoked", key=None), "key.not_member"),
        ("branch-kept", "by the recovery key", branch([RECOVERY]), None),
        ("branch-by-the-event-key", "it has signed both branches", branch([FIRST]), "key.change_unsigned"),
        ("suspended", "by the party's governance key", suspension(papers.governance(NANDAN)), None),
        (
            "suspended-by-another",
            "by the governance key of another party",
            suspension(papers.governance(LIBO)),
            "agreement.unsigned",
        ),
    ]


def _links() -> list[Json]:
    elsewhere: dict[str, Any] = {"epoch": "2-00000000000000bb"}
    cases: list[tuple[str, str, list[str], Sealed, str | None]] = [
        ("before", "below the end", ["rotated"], event(2), None),
        ("last", "the very link that is named", ["rotated"], event(3), None),
        ("other-last", "another link at that place", ["rotated"], event(3, purpose="x"), "signature.key_retired"),
        ("beyond", "behind the end", ["rotated"], event(4), "signature.key_retired"),
        ("other-epoch", "an epoch that is not listed", ["rotated"], event(1, **elsewhere), "signature.key_retired"),
        ("next", "by the key that follows", ["rotated"], event(4, NEXT), None),
        ("unknown-next", "by the key that follows, not known yet", [], event(4, NEXT), "signature.unknown_key"),
        ("revoked-before", "below the end", ["revoked"], event(2), None),
        ("revoked-beyond", "behind the end", ["revoked"], event(4), "signature.key_revoked"),
        ("fresh", "by the fresh key", ["revoked"], event(1, FRESH, **elsewhere), None),
        ("both", "a rotation does not open what a revocation closed", ["rotated", "revoked-for-good"], event(2), None),
        ("for-good", "nothing signs any more", ["revoked-for-good"], event(4), "signature.key_revoked"),
    ]
    return [
        {
            "name": name,
            "says": says,
            "known": known,
            "header": made.header_bytes.decode(),
            "signatures": made.signatures.decode(),
            "envelope_id": made.envelope_id,
            "code": code,
        }
        for name, says, known, made, code in cases
    ]


def key_changes() -> dict[str, Any]:
    """Documents and links with their verdicts; null means good."""
    return {
        "keys": [key.described() for key in (NEXT, AFTER, FRESH)],
        "registry": registry(),
        "documents": [
            {"name": name, "says": says, "digest": document_digest(made), "document": made, "code": code}
            for name, says, made, code in _documents()
        ],
        "links": _links(),
    }
