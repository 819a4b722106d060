"""Evidence files of version 2 that must be refused for their form, their changes of keys or their agreements."""

import json
from typing import Any, Final

from tests.vectors import papers
from tests.vectors.envelopes import POLICY_CONTENT, sealed
from tests.vectors.evidence import (
    CHAIN,
    EVENT,
    PLAIN,
    EvidenceCase,
    bundle,
    carried,
    link,
    registry,
)
from tests.vectors.evidence_changed import (
    COMMITTED,
    GENTLE,
    JOINED,
    OLD_AGREEMENT,
    REVOCATION,
    TO_ONE,
    UNDER_JOINED,
    WITHOUT_NANDAN,
    agreed,
    branch,
    change,
    dropped,
    header_of,
    reference,
    revocation,
    suspension,
    wider,
)
from tests.vectors.key_changes import FIRST, FRESH, NEXT, RECOVERY, committed
from tests.vectors.papers import HUANJIANG, KEYS, LIBO, NANDAN, STRANGER, governance
from tests.vectors.spelling import Json, base64url, compact, document_digest

BEHIND: Final = [link(CHAIN[3])]


LATE: Final = sealed(POLICY_CONTENT, seq=4, prev=CHAIN[3].envelope_id, purpose="work_exchange")
"""By the stolen key, behind its end."""


def refused(step: int, name: str, says: str, made: Json | bytes, code: str, **more: Any) -> EvidenceCase:  # noqa: ANN401
    """A file that begins with the registry which its reader knows."""
    data = made if isinstance(made, bytes) else compact(made)
    anchor = more.pop("anchor", document_digest(json.loads(data)["registries"][0]))
    return EvidenceCase(name, says, data, "refused", step, code, anchor=anchor, **more)


def unproved() -> list[EvidenceCase]:
    """Files, and the step that refuses each."""
    return [*form(), *documents(), *brought(), *agreements()]


def form() -> list[EvidenceCase]:
    """Step 1."""
    headers = [header_of(one) for one in CHAIN[2:4]]

    def case(name: str, says: str, made: Json, code: str) -> EvidenceCase:
        return refused(1, f"v2-{name}", says, made, code)

    def ancestors(*texts: str) -> Json:
        return wider(CHAIN[1], changes=[REVOCATION], ancestors=list(texts))

    return [
        case("version-3", "a version of tomorrow", wider(PLAIN) | {"v": 3}, "evidence.unsupported_version"),
        case(
            "version-1-with-changes",
            "fields that version 1 does not have",
            wider(PLAIN) | {"v": 1},
            "evidence.unknown_field",
        ),
        case(
            "no-ancestors",
            "a field is missing",
            {name: value for name, value in wider(PLAIN).items() if name != "ancestors"},
            "evidence.missing_field",
        ),
        case("order", "fields in another order", {"v": 2} | wider(PLAIN), "evidence.not_canonical"),
        case("ancestors-backwards", "a second spelling", ancestors(*headers[::-1]), "evidence.not_canonical"),
        case("ancestor-twice", "one place twice", ancestors(headers[0], *headers), "evidence.not_canonical"),
        case("ancestor-no-header", "it is none", ancestors(base64url(b"{}")), "header.unsupported_version"),
        case(
            "ancestor-a-link",
            "a link in the place of a header",
            wider(PLAIN) | {"ancestors": [link(CHAIN[1])]},
            "evidence.wrong_type",
        ),
        case("changes-null", "no list", wider(PLAIN) | {"changes": None}, "evidence.wrong_type"),
    ]


def documents() -> list[EvidenceCase]:
    """Step 2: changes of keys that do not count, or are wrongly spelt."""
    pair = sorted((GENTLE, REVOCATION), key=document_digest)

    def case(name: str, says: str, *changes: Json, code: str) -> EvidenceCase:
        return refused(2, f"changes-{name}", says, wider(CHAIN[3]) | {"changes": list(changes)}, code)

    spoilt = REVOCATION | {
        "signatures": [
            one | {"sig": "A" * 86} if one["kid"] == FIRST.kid else one for one in _also_by(FIRST)["signatures"]
        ]
    }
    return [
        case("backwards", "not in the order of their digests", *pair[::-1], code="document.order"),
        case("twice", "one document twice", GENTLE, GENTLE, code="document.order"),
        case(
            "unsigned",
            "a revocation that the event key signed",
            revocation(CHAIN[3]) | _signed(FIRST, FRESH),
            code="key.change_unsigned",
        ),
        case(
            "without-the-next",
            "the key that follows has not signed",
            change([RECOVERY], CHAIN[3]),
            code="key.change_unsigned",
        ),
        case(
            "not-committed",
            "the thief of the old key puts his own in its place",
            change([FIRST, FRESH], CHAIN[3], key=committed(FRESH, None)),
            code="key.not_committed",
        ),
        case(
            "by-a-neighbour",
            "the recovery key of another county",
            change([KEYS[f"{NANDAN} recovery"], NEXT], CHAIN[3]),
            code="key.change_unsigned",
        ),
        case(
            "of-a-stranger",
            "of no member",
            change([STRANGER], CHAIN[3], county="532628", reason="revoked", key=None),
            code="key.not_member",
        ),
        case(
            "misnamed",
            "a key id that is not computed from its key",
            change([RECOVERY, NEXT], CHAIN[3], key=committed(NEXT, None) | {"kid": "0" * 32}),
            code="key.misnamed",
        ),
        case(
            "branch-by-the-event-key",
            "it has signed both branches",
            branch(CHAIN[3], [FIRST]),
            code="key.change_unsigned",
        ),
        case(
            "suspended-by-another",
            "the governance key of another party",
            suspension(EVENT, governance(LIBO)),
            code="agreement.unsigned",
        ),
        case("a-registry", "a document of another kind", registry(), code="document.wrong_type"),
        case("truth-for-one", "`v` is true", revocation(CHAIN[3], v=True), code="document.not_allowed"),
        case(
            "rotated-to-nothing",
            "only a revoked key may have none behind it",
            change([RECOVERY], CHAIN[3], key=None),
            code="document.rule",
        ),
        case("same-epoch-twice", "two ends for one epoch", _two_ends(), code="document.rule"),
        case("superfluous-signature", "a stranger signed as well", _also_by(STRANGER), code="signature.superfluous"),
        case(
            "signatures-out-of-order",
            "a second spelling",
            REVOCATION | {"signatures": REVOCATION["signatures"][::-1]},
            code="signature.order",
        ),
        case(
            "spoilt-beyond-need",
            "the old key's signature is not needed, and does not hold",
            spoilt,
            code="signature.invalid",
        ),
        case(
            "relabelled-branch",
            "a suspension as a branch",
            suspension(EVENT) | {"payload_type": "application/vnd.sihu.branch-kept.v1+json"},
            code="document.missing_field",
        ),
        refused(
            2,
            "changes-not-committed-by-both",
            "old and committed key are asked for, a third one came",
            wider(
                CHAIN[3], registries=[COMMITTED], changes=[change([FIRST, FRESH], CHAIN[3], key=committed(FRESH, None))]
            ),
            "key.not_committed",
        ),
    ]


def _signed(*keys: Any) -> Json:  # noqa: ANN401
    made = change(keys, CHAIN[3], reason="revoked", key=committed(FRESH, None))
    return {"signatures": made["signatures"]}


def _also_by(key: Any) -> Json:  # noqa: ANN401
    return REVOCATION | _signed(RECOVERY, FRESH, key)


def _two_ends() -> Json:
    place = {name: CHAIN[3].header[name] for name in ("channel", "epoch", "seq")} | {"id": CHAIN[3].envelope_id}
    return revocation(None, ends=[place, place])


def brought() -> list[EvidenceCase]:
    """What the reader knows besides."""
    held = bundle(EVENT, after=BEHIND)

    def case(step: int, name: str, says: str, code: str, *brought: Json, made: Json | None = None) -> EvidenceCase:
        return refused(step, f"brought-{name}", says, held if made is None else made, code, papers=brought)

    return [
        case(
            4,
            "revocation",
            "the file leaves it out, the reader knows it",
            "signature.key_revoked",
            REVOCATION,
            made=bundle(LATE),
        ),
        case(4, "rotation", "the old key went on after its end", "signature.key_retired", GENTLE, made=bundle(LATE)),
        case(
            4,
            "unshown",
            "the file has not the links up to the end that the reader knows",
            "chain.ancestry_missing",
            REVOCATION,
            made=bundle(EVENT),
        ),
        case(
            4,
            "dropping-registry",
            "the reader knows a version that dropped the key",
            "signature.key_revoked",
            dropped(),
        ),
        case(
            2,
            "not-counting",
            "nobody may believe that it was heeded",
            "key.change_unsigned",
            change([STRANGER], CHAIN[3]),
        ),
        case(
            2, "forged-registry", "by one member alone", "registry.too_few_signatures", registry(2, by=governance(LIBO))
        ),
        case(2, "registry-ahead", "version 3 behind version 1", "registry.not_next", registry(3)),
        case(2, "agreement", "nothing that bears on keys", "document.wrong_type", papers.AGREEMENT),
        case(7, "suspension", "the reader knows of it", "sharing.suspended", suspension(CHAIN[1])),
    ]


def agreements() -> list[EvidenceCase]:
    """Step 3."""
    both = governance(NANDAN, HUANJIANG)

    def case(name: str, says: str, code: str, **changes: Any) -> EvidenceCase:  # noqa: ANN401
        made = wider(UNDER_JOINED, agreement=JOINED, earlier=[OLD_AGREEMENT]) | changes
        return refused(3, name, says, made, code)

    def widened(**changes: object) -> Json:
        made = agreed(2, both, **changes)
        return {"agreement": made, "event": carried(sealed(POLICY_CONTENT, agreement=reference(made, 2)))}

    spoilt = OLD_AGREEMENT | {"signatures": OLD_AGREEMENT["signatures"][::-1]}
    return [
        case("accession-alone", "what it stands on is left out", "agreement.unsigned", earlier=[]),
        case(
            "accession-that-widens", "it changes a bound besides", "agreement.unsigned", **widened(retention_days=366)
        ),
        case(
            "accession-that-moves-back",
            "it begins before the old version",
            "agreement.unsigned",
            **widened(valid_from="2025-12-31T00:00:00.000+08:00"),
        ),
        case(
            "accession-without-the-newcomer",
            "it has not signed",
            "agreement.unsigned",
            agreement=agreed(2, governance(HUANJIANG)),
        ),
        case(
            "accession-without-the-coordinator",
            "another old party signed",
            "agreement.unsigned",
            agreement=agreed(2, governance(NANDAN, LIBO)),
        ),
        case(
            "accession-on-an-unsigned-one",
            "the old version lacks a signature",
            "agreement.unsigned",
            earlier=[agreed(1, governance(LIBO), parties=[HUANJIANG, LIBO])],
        ),
        case(
            "accession-on-another",
            "the version before is of another agreement",
            "agreement.not_next",
            earlier=[agreed(1, governance(HUANJIANG, LIBO), parties=[HUANJIANG, LIBO], id="other-border")],
        ),
        case(
            "accession-on-itself",
            "the same version twice",
            "agreement.not_next",
            earlier=[OLD_AGREEMENT, OLD_AGREEMENT],
        ),
        case("earlier-out-of-order", "signatures in a second spelling", "signature.order", earlier=[spoilt]),
        case(
            "earlier-superfluous",
            "a stranger signed the old version, too",
            "signature.superfluous",
            earlier=[agreed(1, [*governance(HUANJIANG, LIBO), STRANGER], parties=[HUANJIANG, LIBO])],
        ),
        case("earlier-a-registry", "a document of another kind", "document.wrong_type", earlier=[registry()]),
        refused(
            3,
            "earlier-for-control",
            "a control record stands on no agreement",
            wider(CHAIN[0], agreement=None, earlier=[OLD_AGREEMENT]),
            "agreement.superfluous",
        ),
        refused(
            3,
            "party-never-a-member",
            "it is in no registry of the file",
            wider(PLAIN, agreement=agreed(1, governance(*papers.COUNTIES), parties=[*papers.COUNTIES, "532628"])),
            "agreement.not_member",
        ),
        refused(
            3,
            "party-left-unsigned",
            "it has left, and never signed",
            wider(TO_ONE, registries=[registry(), WITHOUT_NANDAN], agreement=agreed(1, governance(HUANJIANG, LIBO))),
            "agreement.unsigned",
        ),
    ]
