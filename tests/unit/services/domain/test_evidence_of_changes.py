"""Evidence once keys have changed: what is written holds, nothing that bears on it is left out, the rest is refused."""

from collections.abc import Sequence
from typing import Any

import pytest

from schemas.errors import Fault
from schemas.evidence import ANCESTORS_MAX, ChangedEvidence, ReleasedEvidence
from services.domain.documents import document_digest
from services.domain.evidence_choosing import Gathered
from services.domain.evidence_opening import spell
from services.domain.evidence_verifying import Outcome, verify_evidence
from services.domain.evidence_writing import TrustPapers, Written, write_evidence
from tests.unit.services.domain.test_evidence_choosing import document, kept, opened
from tests.vectors import papers
from tests.vectors.envelopes import POLICY_CONTENT, sealed
from tests.vectors.evidence import CHAIN, EVENT, agreement, answered, ordered, registry, stored
from tests.vectors.evidence_changed import (
    AFTER_ROTATION,
    COMMITTED,
    GENTLE,
    JOINED,
    OLD_AGREEMENT,
    REVOCATION,
    ROTATION,
    TO_ONE,
    UNDER_JOINED,
    WITHOUT_NANDAN,
    branch,
    certifier_change,
    change,
    dropped,
    receipt_at,
    receipt_chain,
    receipt_change,
    reference,
    revocation,
    suspension,
)
from tests.vectors.evidence_ended import OTHER_STORY
from tests.vectors.evidence_released import TWO, both, credential, record
from tests.vectors.evidence_unproved import LATE
from tests.vectors.key_changes import NEXT, RECOVERY
from tests.vectors.papers import KEYS, NANDAN
from tests.vectors.spelling import Json, Key, Sealed

PLAIN_AGREEMENT = {papers.AGREEMENT_REFERENCE: document(agreement())}


def shelf(*changes: Json, registries: Sequence[Json] = (), agreements: Any = None) -> TrustPapers:  # noqa: ANN401
    """Return the documents that a county keeps."""
    versions = tuple(document(one) for one in registries or (registry(),))
    return TrustPapers(versions, agreements or PLAIN_AGREEMENT, tuple(map(document, changes)))


def tried(event: Sealed, kept_here: TrustPapers, **gathered: Any) -> Written | Fault:  # noqa: ANN401
    """Write evidence of an event of the chain of the vectors."""
    rooms = {name: [kept(one) for one in gathered.pop(name, ())] for name in ("links", "heads", "ancestors")}
    receipts = [opened(one) for one in gathered.pop("receipts", ())]
    releases = [opened(one) for one in gathered.pop("releases", ())]
    return write_evidence(Gathered(opened(event), receipts=receipts, releases=releases, **rooms), kept_here)


def written(event: Sealed, kept_here: TrustPapers, **gathered: Any) -> Written:  # noqa: ANN401
    """Write evidence that holds."""
    made = tried(event, kept_here, **gathered)
    assert isinstance(made, Written), made
    verdict = verify_evidence(spell(made.evidence), document_digest(kept_here.registries[0]))
    assert verdict.outcome is Outcome.HOLDS, verdict.fault
    return made


def wider(made: Written) -> ChangedEvidence:
    """Return a file that is of version 2."""
    assert isinstance(made.evidence, ChangedEvidence)
    assert made.evidence.v == 2
    return made.evidence


def refused(event: Sealed, kept_here: TrustPapers, **gathered: Any) -> str:  # noqa: ANN401
    """Return why there is no evidence."""
    made = tried(event, kept_here, **gathered)
    assert isinstance(made, Fault)
    return made.code


@pytest.mark.parametrize("changed", [GENTLE, REVOCATION], ids=["rotated", "revoked"])
def test_what_was_signed_before_a_change_is_proved_with_what_leads_to_its_end(changed: Json) -> None:
    """The revocation itself is in the file: a reader who hears of it later finds it heeded."""
    made = wider(written(CHAIN[1], shelf(changed), links=CHAIN[:2], ancestors=CHAIN[2:4]))
    assert [document_digest(one) for one in made.changes] == [document_digest(document(changed))]
    assert len(made.ancestors) == 2


def test_links_that_are_carried_anyway_are_not_carried_twice() -> None:
    """A header stands in the file once."""
    made = wider(written(CHAIN[1], shelf(REVOCATION), links=CHAIN[:3], ancestors=CHAIN[1:4]))
    assert (len(made.after), len(made.ancestors)) == (1, 1)


def test_the_key_that_follows_is_proved_by_the_change() -> None:
    """No registry lists it."""
    made = wider(written(AFTER_ROTATION, shelf(ROTATION, registries=[COMMITTED]), links=[*CHAIN[:4]]))
    assert (len(made.changes), len(made.before)) == (1, 4)


def test_links_go_on_across_a_rotation() -> None:
    """Receipts of ranges need them on both sides."""
    links = [*CHAIN[:4], AFTER_ROTATION]
    made = wider(written(EVENT, shelf(ROTATION, registries=[COMMITTED]), links=links, ancestors=links))
    assert (len(made.before), len(made.after), made.ancestors) == (2, 2, ())


@pytest.mark.parametrize(
    ("event", "changed"),
    [(LATE, REVOCATION), (OTHER_STORY, REVOCATION), (CHAIN[4], GENTLE), (OTHER_STORY, branch(EVENT))],
    ids=["behind", "below, another story", "retired", "other branch"],
)
def test_what_counts_no_longer_has_no_evidence(event: Sealed, changed: Json) -> None:
    """A county must not hand out a thief's event as its proof, even if it took it before it knew."""
    assert refused(event, shelf(changed), ancestors=CHAIN[1:4]) == "evidence.key_changed"


def test_an_event_by_a_key_that_followed_a_stolen_one_has_none() -> None:
    """The thief of the disk rotated."""
    revoked = change([RECOVERY], CHAIN[3], reason="revoked", key=None)
    assert refused(AFTER_ROTATION, shelf(ROTATION, revoked, registries=[COMMITTED])) == "evidence.key_changed"


def test_a_chain_with_a_gap_proves_nothing_behind_it() -> None:
    """The county does not hold the links up to the end of the key."""
    assert refused(CHAIN[1], shelf(REVOCATION), ancestors=[CHAIN[3]]) == "evidence.too_far"


def test_what_is_too_far_from_its_end_is_refused() -> None:
    """A file has a bound, and says so instead of being cut."""
    links = [CHAIN[0]]
    for seq in range(1, ANCESTORS_MAX + 2):
        links.append(sealed(POLICY_CONTENT, seq=seq, prev=links[-1].envelope_id))
    assert refused(CHAIN[0], shelf(revocation(links[-1])), ancestors=links[1:]) == "evidence.too_far"
    near = tried(links[2], shelf(revocation(links[-1])), ancestors=links[2:])
    assert isinstance(near, Written)
    assert len(wider(near).ancestors) == ANCESTORS_MAX - 1


def test_receipts_by_a_key_that_was_changed_are_proved_by_their_own_chain() -> None:
    """And left out, counted, where that is not at hand."""
    chain = receipt_chain(3)
    changed = shelf(receipt_change(chain[2]))
    made = written(EVENT, changed, receipts=chain[:1], ancestors=chain)
    assert (made.left_out, len(wider(made).ancestors)) == (0, 2)
    made = written(EVENT, changed, receipts=chain[:1])
    assert (made.left_out, made.evidence.v) == (1, 1)


def test_a_change_that_bears_on_nothing_here_stays_at_home() -> None:
    """A neighbour's new key makes no other file of ours."""
    theirs = change([KEYS[f"{NANDAN} recovery"]], None, county=NANDAN, old=KEYS[f"{NANDAN} event"].kid,
                    reason="revoked", key=None)  # fmt: skip
    assert written(EVENT, shelf(theirs)).evidence.v == 1


@pytest.mark.parametrize(("listed", "left_out"), [(True, 0), (False, 1)], ids=["listed", "not listed"])
def test_an_officer_certified_by_an_ended_key(listed: bool, left_out: int) -> None:  # noqa: FBT001
    """Whoever stole that key certifies officers of his own."""
    digests = [document_digest(document(papers.CREDENTIAL))] if listed else []
    made = written(EVENT, shelf(certifier_change(*digests)), receipts=[receipt_at({"seq": 1}, answered())])
    assert made.left_out == left_out


def test_a_branch_kept_and_a_suspension_go_along() -> None:
    """They decide what counts."""
    made = wider(written(EVENT, shelf(branch(CHAIN[3]), suspension(CHAIN[3])), ancestors=CHAIN[3:4]))
    assert (len(made.changes), len(made.ancestors)) == (2, 1)


def test_an_accession_brings_what_it_stands_on() -> None:
    """Without it the newest version looks as if somebody had not signed."""
    agreements = {reference(JOINED, 2): document(JOINED)}
    old = {reference(OLD_AGREEMENT, 1): document(OLD_AGREEMENT)}
    made = wider(written(UNDER_JOINED, shelf(agreements=agreements | old)))
    assert made.earlier == tuple(old.values())
    assert refused(UNDER_JOINED, shelf(agreements=agreements)) == "evidence.agreement_missing"


def test_the_others_prove_what_they_said_after_a_party_has_left() -> None:
    """It signed while it was a member."""
    made = wider(written(TO_ONE, shelf(registries=[registry(), WITHOUT_NANDAN])))
    assert (made.earlier, made.changes, len(made.registries)) == ((), (), 2)


def test_a_registry_that_drops_an_ended_key_changes_nothing() -> None:
    """The change says where it ended."""
    versions = [registry(), dropped()]
    receipts = [receipt_at({"seq": 1}, stored(2, 2), registry=2)]
    made = wider(written(EVENT, shelf(GENTLE, registries=versions), receipts=receipts, ancestors=CHAIN[3:4]))
    assert (len(made.registries), len(made.receipts)) == (2, 1)


def test_a_change_by_an_offline_key_of_a_later_registry_brings_that_registry() -> None:
    """The recovery key was replaced, and the new one signed the revocation."""
    safe = Key("a safe")
    listed = papers.member(papers.LIBO)
    listed["keys"].append(papers.key_record(safe, "recovery"))
    second = registry(2, members=[papers.member(NANDAN), papers.member(papers.HUANJIANG), listed])
    by_safe = change([safe], CHAIN[3], reason="revoked", key=None)
    made = wider(written(CHAIN[3], shelf(by_safe, registries=[registry(), second])))
    assert len(made.registries) == 2


def test_signatures_on_changes_that_do_not_count_stay_at_home() -> None:
    """In a file they would be places for free bits."""
    stranger = ordered(REVOCATION | {"signatures": [*REVOCATION["signatures"], {"kid": "0" * 32, "sig": "A" * 86}]})
    made = wider(written(CHAIN[3], shelf(stranger)))
    assert len(made.changes[0].signatures) == 2


def test_who_released_an_event_goes_into_its_file() -> None:
    """And makes it one of version 3; without changes of keys its further fields are empty."""
    made = written(EVENT, shelf(), releases=[TWO])
    assert isinstance(made.evidence, ReleasedEvidence)
    assert (made.evidence.v, len(made.evidence.releases), made.evidence.changes, made.left_out) == (3, 1, (), 0)


def test_a_record_of_release_that_proves_nothing_any_more_stays_out_and_is_counted() -> None:
    """It stands behind the end of its key: a thief may have written it."""
    made = written(EVENT, shelf(REVOCATION), releases=[TWO], ancestors=CHAIN[2:4])
    assert not isinstance(made.evidence, ReleasedEvidence)
    assert made.left_out == 1


@pytest.mark.parametrize("keeps", [True, False], ids=["listed", "not listed"])
def test_officers_stand_behind_an_event_as_long_as_their_credentials_do(*, keeps: bool) -> None:
    """The certifying key has ended: what it certified counts if its end lists it."""
    listed = [document_digest(document(credential(one))) for one in ("duty-a", "duty-b")] if keeps else []
    placed = record(EVENT, "two_officers", both(EVENT), prev=CHAIN[3].envelope_id)
    rotation = change([RECOVERY, NEXT], placed, credentials=sorted(listed))
    made = written(EVENT, shelf(rotation), links=CHAIN[:4], releases=[placed], ancestors=[placed, CHAIN[3]])
    assert isinstance(made.evidence, ReleasedEvidence) is keeps
    assert made.left_out == (0 if keeps else 1)
