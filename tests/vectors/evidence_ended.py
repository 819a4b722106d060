"""Evidence files of version 2 that must be refused for what has become of keys and members."""

from typing import Any, Final

from tests.vectors import papers
from tests.vectors.envelopes import POLICY_CONTENT, sealed
from tests.vectors.evidence import (
    CHAIN,
    EVENT,
    PLAIN,
    EvidenceCase,
    answered,
    carried,
    link,
    registry,
    stored,
    under,
)
from tests.vectors.evidence_changed import (
    AFTER_ROTATION,
    COMMITTED,
    GENTLE,
    NEXT_RECEIPTS,
    REVOCATION,
    ROTATION,
    WHOLE,
    WITHOUT_NANDAN,
    branch,
    by,
    certifier_change,
    change,
    dropped,
    forged_world,
    header_of,
    receipt_at,
    receipt_chain,
    receipt_change,
    revocation,
    suspension,
    wider,
)
from tests.vectors.evidence_unproved import LATE, refused
from tests.vectors.key_changes import AFTER, NEXT, RECOVERY, committed
from tests.vectors.papers import HUANJIANG, KEYS
from tests.vectors.spelling import Json, document_digest

OTHER_STORY: Final = sealed(POLICY_CONTENT, seq=2, prev=CHAIN[1].envelope_id, purpose="work_exchange")
"""By the stolen key, below its end, and no ancestor of it."""
BEHIND: Final = [link(CHAIN[3])]


def bad() -> list[EvidenceCase]:
    """Files, and the step that refuses each."""
    anchor = document_digest(registry())
    forged = refused(
        2,
        "forged-world-with-changes",
        "everything fits together, by other people's keys; the anchor alone tells",
        forged_world(),
        "registry.not_pinned",
        anchor=anchor,
    )
    behind = refused(
        2,
        "forged-revocation-behind-our-registry",
        "by a recovery key of another world",
        wider(EVENT, changes=forged_world()["changes"]),
        "key.change_unsigned",
    )
    return [forged, behind, *_ended(), *_branches(), *_elsewhere(), *_receivers()]


def _ended() -> list[EvidenceCase]:
    elsewhere = sealed(POLICY_CONTENT, epoch="2-00000000000000bb")
    thiefs = change([NEXT, AFTER], None, old=NEXT.kid, key=committed(AFTER, None))
    revoked = change([RECOVERY], CHAIN[3], reason="revoked", key=None)

    def case(name: str, says: str, made: Json, code: str) -> EvidenceCase:
        return refused(4, name, says, made, code)

    return [
        case(
            "behind-rotation",
            "the old key signed behind its end",
            wider(CHAIN[4], changes=[GENTLE]),
            "signature.key_retired",
        ),
        case("behind-revocation", "a thief's event", wider(LATE, changes=[REVOCATION]), "signature.key_revoked"),
        case(
            "at-the-end-another",
            "another link at the place that is named",
            wider(sealed(POLICY_CONTENT, seq=3, prev=EVENT.envelope_id, purpose="work_exchange"), changes=[REVOCATION]),
            "signature.key_revoked",
        ),
        case(
            "below-the-end-another",
            "a thief's event in the past; the links show what truly stood there",
            wider(OTHER_STORY, changes=[REVOCATION], ancestors=[header_of(CHAIN[3])]),
            "signature.key_revoked",
        ),
        case(
            "below-rotation-another",
            "an old copy of the key was found",
            wider(OTHER_STORY, changes=[GENTLE], ancestors=[header_of(CHAIN[3])]),
            "signature.key_retired",
        ),
        case(
            "below-the-end-unshown",
            "no links show whether it is an ancestor",
            wider(OTHER_STORY, changes=[REVOCATION]),
            "chain.ancestry_missing",
        ),
        case(
            "true-and-unshown",
            "the links up to the end are left out",
            wider(EVENT, changes=[REVOCATION]),
            "chain.ancestry_missing",
        ),
        case(
            "line-with-a-gap",
            "one header on the way is missing",
            wider(CHAIN[1], changes=[REVOCATION], ancestors=[header_of(CHAIN[3])]),
            "chain.ancestry_missing",
        ),
        case(
            "line-of-a-thief",
            "headers that lead from it to another link than the one named",
            wider(
                OTHER_STORY,
                changes=[REVOCATION],
                ancestors=[header_of(sealed(POLICY_CONTENT, seq=3, prev=OTHER_STORY.envelope_id))],
            ),
            "chain.ancestry_missing",
        ),
        case(
            "unlisted-epoch",
            "an epoch that the revocation does not list",
            wider(elsewhere, changes=[REVOCATION]),
            "signature.key_revoked",
        ),
        case(
            "nothing-listed",
            "the key is trusted for nothing",
            wider(CHAIN[1], changes=[revocation(None)]),
            "signature.key_revoked",
        ),
        case(
            "earlier-of-two-ends",
            "the rotation trusts it, the revocation does not",
            wider(CHAIN[3], changes=[GENTLE, revocation(CHAIN[2])]),
            "signature.key_revoked",
        ),
        case(
            "follows-a-stolen-key",
            "the thief of the disk had the next key, too",
            wider(AFTER_ROTATION, registries=[COMMITTED], changes=[ROTATION, revoked]),
            "signature.unknown_key",
        ),
        case(
            "follows-a-stolen-key-and-ended",
            "the thief rotated it once more, and named an end that lets his event in",
            wider(
                AFTER_ROTATION,
                registries=[COMMITTED],
                changes=[
                    ROTATION,
                    revoked,
                    change([NEXT, AFTER], AFTER_ROTATION, old=NEXT.kid, key=committed(AFTER, None)),
                ],
            ),
            "signature.unknown_key",
        ),
        case(
            "follows-the-thiefs",
            "and the key that he put behind it",
            wider(by(AFTER, CHAIN[4]), registries=[COMMITTED], changes=[ROTATION, revoked, thiefs]),
            "signature.unknown_key",
        ),
        case(
            "change-left-out",
            "by a key that nothing in the file makes known",
            wider(AFTER_ROTATION, registries=[COMMITTED]),
            "signature.unknown_key",
        ),
        case(
            "dropped-without-a-change",
            "version 2 lists another key, and nothing says where the first one ended",
            wider(EVENT, registries=[registry(), dropped()]),
            "signature.key_revoked",
        ),
        case(
            "receipt-key-for-events",
            "the key that follows is of another use",
            wider(by(NEXT_RECEIPTS, CHAIN[4]), changes=[receipt_change(None)]),
            "signature.unknown_key",
        ),
    ]


def _branches() -> list[EvidenceCase]:
    return [
        refused(
            4,
            "other-branch",
            "its source has kept another one",
            wider(OTHER_STORY, changes=[branch(EVENT)]),
            "chain.other_branch",
        ),
        refused(
            4, "behind-the-branch", "behind its end", wider(CHAIN[4], changes=[branch(CHAIN[3])]), "chain.other_branch"
        ),
        refused(
            4,
            "branch-unshown",
            "nothing shows on which one it stands",
            wider(EVENT, changes=[branch(CHAIN[3])]),
            "chain.ancestry_missing",
        ),
        refused(
            4,
            "lowest-branch",
            "two documents about one epoch",
            wider(CHAIN[3], changes=[branch(CHAIN[3]), branch(EVENT)]),
            "chain.other_branch",
        ),
    ]


def _elsewhere() -> list[EvidenceCase]:
    headers = [header_of(one) for one in CHAIN[2:4]]
    thiefs = sealed(POLICY_CONTENT, seq=5, prev="f" * 64)
    return [
        refused(
            7,
            "suspended",
            "behind the last event that was permitted",
            wider(EVENT, changes=[suspension(CHAIN[1])]),
            "sharing.suspended",
        ),
        refused(
            7,
            "suspended-for-good",
            "nothing is permitted any more",
            wider(EVENT, changes=[suspension(None)]),
            "sharing.suspended",
        ),
        refused(
            7,
            "to-one-that-left",
            "南丹 is no member by the version that the header names",
            wider(under(PLAIN, 2), registries=[registry(), WITHOUT_NANDAN]),
            "sharing.not_member",
        ),
        refused(
            8,
            "link-behind-the-end",
            "the old key went on behind its end",
            wider(EVENT, after=[link(CHAIN[3]), link(CHAIN[4])], changes=[GENTLE]),
            "signature.key_retired",
        ),
        refused(
            8,
            "head-of-a-thief",
            "a head behind the end",
            wider(EVENT, after=BEHIND, heads=[link(thiefs)], changes=[REVOCATION]),
            "signature.key_revoked",
        ),
        refused(
            8,
            "ancestors-that-lead-nowhere",
            "no key has ended here",
            wider(CHAIN[1], ancestors=headers),
            "chain.superfluous",
        ),
        refused(
            8,
            "ancestor-below",
            "it stands below what it should lead to",
            wider(EVENT, changes=[REVOCATION], ancestors=[header_of(CHAIN[1]), header_of(CHAIN[3])]),
            "chain.superfluous",
        ),
        refused(
            8,
            "rotated-whole-cut",
            "a link of the whole file is missing",
            WHOLE | {"after": [link(AFTER_ROTATION)], "before": [], "ancestors": [header_of(CHAIN[3])]},
            "chain.gap",
        ),
    ]


def _receivers() -> list[EvidenceCase]:
    chain = receipt_chain(3)
    late = receipt_at({"seq": 3, "prev": chain[1].envelope_id}, stored(2, 2, stage="handed_over"))
    unlisted = receipt_at({"seq": 1}, answered())
    early = receipt_at({"seq": 1}, stored(2, 2), NEXT_RECEIPTS)

    def case(name: str, says: str, made: Any, code: str, *changes: Json) -> EvidenceCase:  # noqa: ANN401
        return refused(9, name, says, wider(EVENT, receipts=[carried(made)], changes=list(changes)), code, place=0)

    return [
        case(
            "receipt-behind-rotation",
            "by the old receipt key",
            chain[2],
            "signature.key_retired",
            receipt_change(chain[1]),
        ),
        case(
            "receipt-behind-revocation",
            "by a stolen receipt key",
            chain[2],
            "signature.key_revoked",
            receipt_change(chain[1], reason="revoked"),
        ),
        case(
            "receipt-another-at-the-end",
            "not the one that is named",
            late,
            "signature.key_retired",
            receipt_change(chain[2]),
        ),
        case(
            "receipt-unshown",
            "below the end, and nothing leads to it",
            chain[0],
            "chain.ancestry_missing",
            receipt_change(chain[2]),
        ),
        case("receipt-by-an-unknown-next", "the change is left out", early, "signature.unknown_key"),
        case(
            "credential-not-listed",
            "its certifying key was stolen, and it is not among those that stay",
            unlisted,
            "officer.unsigned",
            certifier_change(),
        ),
        case(
            "receipt-key-of-another-use",
            "an event key follows a receipt key",
            early,
            "signature.unknown_key",
            receipt_change(
                chain[2], use="event", old=KEYS[f"{HUANJIANG} event"].kid, key=papers.key_record(NEXT_RECEIPTS, "event")
            ),
        ),
    ]
