"""Evidence files that say who released their event: by a key of the officer's own, or by the county's word alone."""

from collections.abc import Sequence
from typing import Any, Final

from tests.vectors import papers
from tests.vectors.envelopes import CONTROL, POLICY_CONTENT, sealed
from tests.vectors.evidence import ANCHOR, CHAIN, EVENT, PLAIN, EvidenceCase, bundle, carried, encrypted, registry
from tests.vectors.papers import HUANJIANG, KEYS, LIBO, NANDAN, OFFICER_TYPE
from tests.vectors.spelling import Json, Key, Sealed, base64url, compact, document, pae, sha256

RELEASE_TYPE: Final = "cn.sihu.control.release_recorded.v1"
FIRST, SECOND = Key(f"{LIBO} officer duty-a"), Key(f"{LIBO} officer duty-b")
_KEYS: Final = {"duty-a": FIRST, "duty-b": SECOND}
HANDED_IN: Final = "2026-03-04T08:01:00.000+08:00"
APPROVED: Final = "2026-03-04T08:02:00.000+08:00"
SENT: Final = "2026-03-04T08:03:00.000+08:00"
LATER: Final = "2026-03-04T08:20:00.000+08:00"
_LEFT_OUT: Final = ("v", "channel", "epoch", "seq", "prev", "time", "acknowledge_by", "registry", "schema", "signers")


def terms(event: Sealed) -> str:
    """The digest of what is fixed before an event is sent: its header without what is given to it by its place."""
    kept = {name: value for name, value in event.header.items() if name not in _LEFT_OUT}
    kept["content"] = {name: value for name, value in kept["content"].items() if name != "keys_digest"}
    return sha256(pae("application/vnd.sihu.release-terms.v1+json", compact(kept)))


def statement(subject: str, officer: str, verdict: str, signed_at: str, **changes: Any) -> Json:  # noqa: ANN401
    """What an officer says; ``acknowledge_by`` stands before the time of signing."""
    deadline = {"acknowledge_by": changes.pop("acknowledge_by")} if "acknowledge_by" in changes else {}
    said: Json = {"v": 1, "county": LIBO, "officer": officer, "verdict": verdict, "subject": subject}
    return said | deadline | {"signed_at": signed_at} | changes


def own(said: Json, key: Key | None = None) -> Json:
    """A signed statement."""
    signer = key or _KEYS[str(said["officer"])]
    return {"statement": said, "signature": signer.sign(pae("application/vnd.sihu.release.v1+json", compact(said)))}


def credential(officer: str, **changes: object) -> Json:
    """Of an officer of 荔波."""
    given: Json = {"county": LIBO, "officer": officer, "display_name": officer, "roles": ["duty"]}
    payload = papers.officer_payload(**(given | {"public": base64url(_KEYS[officer].public)} | changes))
    return document(OFFICER_TYPE, payload, [KEYS[f"{payload['county']} event"]])


def by(officer: str, signed: Json | None = None, **changes: object) -> Json:
    """An officer of a record."""
    given: Json = {"officer": officer, "credential": credential(officer)}
    return given | changes | ({} if signed is None else {"own": signed})


def record(event: Sealed, mode: str, officers: Sequence[Json], released_at: str = SENT, **changes: Any) -> Sealed:  # noqa: ANN401
    """A record of 荔波 about an event, two places behind it; ``changes`` are those of its header."""
    content: Json = {"id": changes.pop("id", event.envelope_id), "mode": mode, "officers": list(officers)}
    place: dict[str, Any] = {"seq": event.header["seq"] + 2, "prev": "d" * 64, "time": released_at}
    given: dict[str, Any] = {"type": RELEASE_TYPE} | CONTROL | place
    return sealed(content | {"released_at": released_at}, **(given | changes))


def both(event: Sealed, **changes: Any) -> list[Json]:  # noqa: ANN401
    """Two officers who signed themselves; ``changes`` are those of what the second one signed."""
    key = changes.pop("key", None)
    given: Json = {"officer": "duty-b", "verdict": "approved", "signed_at": APPROVED, "subject": terms(event)}
    said = statement(**(given | changes))
    return [by("duty-a", own(statement(terms(event), "duty-a", "drafted", HANDED_IN))), by("duty-b", own(said, key))]


def released(*records: Sealed | Json, event: Sealed | Json = EVENT, **changes: object) -> Json:
    """A file of version 3."""
    made = bundle(event, v=3, earlier=[], changes=[], ancestors=[])
    return made | {"releases": [one if isinstance(one, dict) else carried(one) for one in records]} | changes


ALONE: Final = record(EVENT, "alone", [by("duty-a")])
_NAME: Final = statement(EVENT.envelope_id, "duty-b", "countersigned", LATER)
COUNTERSIGNED: Final = record(EVENT, "countersigned", [by("duty-b", own(_NAME))], LATER)
TWO: Final = record(EVENT, "two_officers", both(EVENT))
WHOLE: Final = released(TWO)


def _without(event: Sealed, *names: str) -> Sealed:
    """The same event by other terms: a field of its header is another one."""
    place: dict[str, Any] = {"type": papers.ALERT_ISSUED, "seq": 2, "prev": CHAIN[1].envelope_id}
    return sealed(event.content, **(place | _other(names)))


def _other(names: Sequence[str]) -> Json:
    changed: Json = {"priority": 1, "expires": "2026-03-05T13:45:00.000+08:00", "status": "exercise"}
    given: Json = {"expires": EVENT.header["expires"], "purpose": "emergency_warning", "priority": 0}
    return given | {name: changed[name] for name in names}


def good() -> list[EvidenceCase]:
    """Files that hold."""
    secret, keys = encrypted()

    def case(name: str, says: str, made: Json) -> EvidenceCase:
        return EvidenceCase(f"released-{name}", says, compact(made), "holds")

    bare = [by("duty-a"), by("duty-b")]
    deadline = both(EVENT, acknowledge_by=EVENT.header["acknowledge_by"])
    return [
        case("two", "both officers signed with keys of their own", WHOLE),
        case("vouched", "two officers, and the county's word alone", released(record(EVENT, "two_officers", bare))),
        case(
            "second-signed",
            "the author by token, the second by key",
            released(record(EVENT, "two_officers", [by("duty-a"), both(EVENT)[1]])),
        ),
        case("countersigned", "sent alone, then a second officer signed its id", released(ALONE, COUNTERSIGNED)),
        case(
            "deadline",
            "the draft set the time for answers, and it was signed",
            released(record(EVENT, "two_officers", deadline)),
        ),
        case(
            "nulls",
            "what is not there may be written as null",
            released(record(EVENT, "alone", [by("duty-a") | {"own": None}])),
        ),
        case(
            "encrypted",
            "what was approved is the content as it is carried; nobody opens it here",
            released(record(secret, "two_officers", both(secret)), event=carried(secret, keys=keys)),
        ),
        case("without-content", "the digest is signed by three", WHOLE | {"event": carried(EVENT, content=False)}),
        case(
            "later-registry",
            "put on record under version 2",
            released(record(EVENT, "two_officers", both(EVENT), registry=2), registries=[registry(), registry(2)]),
        ),
    ]


def bad() -> list[EvidenceCase]:
    """Files whose records do not hold."""
    plain, other = terms(PLAIN), CHAIN[3]

    def case(name: str, says: str, code: str, made: Json, place: int | None = 0, step: int = 10) -> EvidenceCase:
        return EvidenceCase(f"released-{name}", says, compact(made), "refused", step, code, ANCHOR, place)

    def two(**changes: Any) -> Json:  # noqa: ANN401
        return released(record(EVENT, "two_officers", both(EVENT, **changes)))

    def one(mode: str, who: Json, at: str = SENT) -> Json:
        return (
            released(ALONE, record(EVENT, mode, [who], at))
            if mode == "countersigned"
            else released(record(EVENT, mode, [who], at))
        )

    unsigned = TWO.content.replace(b'"signature":"', b'"signature":"A', 1)
    return [
        # the form
        case("none", "version 3 without a record is a second spelling", "evidence.too_short", released(), None, 1),
        case("too-many", "more than sixteen", "evidence.too_long", released(*[ALONE] * 17), None, 1),
        case(
            "no-field",
            "version 3 names it",
            "evidence.unsupported_version",
            bundle(EVENT, v=3, earlier=[], changes=[], ancestors=[]),
            None,
            1,
        ),
        case("in-version-2", "version 2 has no such field", "evidence.unknown_field", WHOLE | {"v": 2}, None, 1),
        case(
            "newer-registry",
            "it names a version that is not there",
            "registry.missing_version",
            released(record(EVENT, "alone", [by("duty-a")], registry=2)),
            None,
            2,
        ),
        # the record
        case("no-record", "a bulletin", "release.wrong_type", released(PLAIN)),
        case(
            "forged",
            "signed by the officer's key, not the county's",
            "signature.invalid",
            released(
                carried(ALONE)
                | {
                    "signatures": base64url(
                        compact([{"kid": KEYS[f"{LIBO} event"].kid, "sig": FIRST.sign(ALONE.to_be_signed)}])
                    )
                }
            ),
        ),
        case(
            "of-another-county",
            "南丹 says who released it",
            "chain.other_channel",
            released(record(EVENT, "alone", [by("duty-a")], source=NANDAN, to=[HUANJIANG, LIBO])),
        ),
        case(
            "to-others",
            "told to one recipient alone",
            "chain.other_channel",
            released(record(EVENT, "alone", [by("duty-a")], to=[NANDAN])),
        ),
        case("detached", "nobody is named", "release.detached", released(carried(ALONE, content=False))),
        case(
            "other-bytes",
            "not the content that its header binds",
            "content.digest",
            released(carried(ALONE) | {"content": base64url(unsigned)}),
        ),
        case(
            "other-event",
            "about the bulletin before",
            "release.other_event",
            released(record(EVENT, "alone", [by("duty-a")], id=CHAIN[1].envelope_id)),
        ),
        case(
            "one-of-two",
            "two officers, one name",
            "content.rule",
            released(record(EVENT, "two_officers", [by("duty-a")])),
        ),
        case("twice", "the same record twice", "release.repeated", released(ALONE, ALONE), 1),
        # the officers
        case(
            "other-officer",
            "another officer's credential",
            "release.other_officer",
            one("alone", by("duty-b", credential=credential("duty-a"))),
        ),
        case(
            "one-key",
            "two names over one key",
            "release.same_officer",
            released(
                record(
                    EVENT,
                    "two_officers",
                    [by("duty-a"), by("duty-b", credential=credential("duty-b", public=base64url(FIRST.public)))],
                )
            ),
        ),
        case(
            "himself",
            "whoever sent it alone countersigns",
            "release.same_officer",
            one("countersigned", by("duty-a"), LATER),
            1,
        ),
        case(
            "himself-first",
            "the other way round, and under another name over the same key",
            "release.same_officer",
            released(
                COUNTERSIGNED,
                record(
                    EVENT, "alone", [by("duty-a", credential=credential("duty-a", public=base64url(SECOND.public)))]
                ),
            ),
            1,
        ),
        case(
            "ended",
            "the credential had ended when it was sent",
            "officer.expired",
            one("alone", by("duty-a", credential=credential("duty-a", expires_at=SENT))),
        ),
        case(
            "too-new",
            "the credential was issued after the signature",
            "officer.expired",
            released(
                record(
                    EVENT,
                    "two_officers",
                    [by("duty-a"), both(EVENT)[1] | {"credential": credential("duty-b", issued_at=SENT)}],
                )
            ),
        ),
        # the signature
        case("other-key", "the author signs the approval, too", "release.signature", two(key=FIRST)),
        case("other-text", "an older text was approved", "release.other_event", two(subject=plain)),
        case(
            "other-word",
            "the hand-in of the second one is no approval",
            "release.other_statement",
            two(verdict="drafted"),
        ),
        case("other-name", "approved by another officer", "release.other_statement", two(officer="duty-a")),
        case("other-county", "an officer of 南丹", "release.other_statement", two(county=NANDAN)),
        case(
            "other-deadline", "another time for answers was approved", "release.other_event", two(acknowledge_by=LATER)
        ),
        case(
            "approved-first",
            "approved before it was handed in",
            "release.signed_at",
            two(signed_at="2026-03-04T08:00:59.999+08:00"),
        ),
        case(
            "approved-later",
            "approved after it was sent",
            "release.signed_at",
            two(signed_at="2026-03-04T08:03:00.001+08:00"),
        ),
        case("alone-signed", "a signature that nobody makes", "release.other_statement", one("alone", both(EVENT)[0])),
        case(
            "countersigned-terms",
            "the terms for the event",
            "release.other_event",
            one("countersigned", by("duty-b", own(_NAME | {"subject": terms(EVENT)})), LATER),
            1,
        ),
        case(
            "countersigned-other",
            "another event's second name",
            "release.other_event",
            one("countersigned", by("duty-b", own(_NAME | {"subject": other.envelope_id})), LATER),
            1,
        ),
        case(
            "old-signature",
            "an old approval under a new bulletin",
            "release.other_event",
            released(record(PLAIN, "two_officers", both(EVENT)), event=PLAIN),
        ),
        *(
            case(
                f"other-{name}",
                f"the same text with another {name}",
                "release.other_event",
                released(record(made, "two_officers", both(EVENT)), event=made),
            )
            for name in ("priority", "expires", "status")
            for made in [_without(EVENT, name)]
        ),
        case("other-content-id", "the same text sent once more", "release.other_event", _again()),
    ]


def _again() -> Json:
    again = sealed(POLICY_CONTENT, content=PLAIN.header["content"] | {"content_id": "f" * 32})
    return released(record(again, "two_officers", both(PLAIN)), event=again)
