"""Evidence from two counties' stores after one has gone over to its next key: what was said before stays proof."""

import pytest

from schemas.control import ReceiptStage
from schemas.evidence import ChangedEvidence
from schemas.registry import KeyUse
from services.domain.documents import document_digest
from services.domain.evidence_opening import spell
from services.domain.evidence_verifying import Outcome, Verdict, verify_evidence
from services.domain.evidence_writing import TrustPapers, Written, write_evidence
from services.gateway.api.evidence import gather
from services.posting import Posted
from tests import papers
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.unit.services.rekeying.test_rekeying import FIRST, Owner, committed_trust, nth
from tests.world import County, World, full_papers, policy_draft


@pytest.fixture
def owner() -> Owner:
    """荔波, whose next keys are ready."""
    return Owner(World(trust=committed_trust()))


def shelf(county: County) -> TrustPapers:
    """Return the documents that a county keeps once it has heard of what changed."""
    trust = county.directory.trust()
    registry = papers.signed_registry(members=trust.registry.members)
    return TrustPapers((registry,), full_papers().agreements, tuple(one.document for one in trust.changes))


async def proved(county: County, posted: Posted) -> Verdict:
    """Write evidence from a county's store, and judge it."""
    kept, trust = shelf(county), county.directory.trust()
    found = await county.store.read(lambda snapshot: gather(snapshot, posted.envelope_id, 16, trust))
    made = write_evidence(found, kept)
    assert isinstance(made, Written), made
    verdict = verify_evidence(spell(made.evidence), document_digest(kept.registries[0]))
    assert verdict.outcome is Outcome.HOLDS, verdict.fault
    return verdict


async def rotated(owner: Owner, use: KeyUse = KeyUse.EVENT) -> list[Posted]:
    """Send two events, change a key, send two more; everything arrives."""
    posted = [await owner.county.send(policy_draft()) for _ in range(2)]
    await owner.world.carry()
    owner.order(use)
    await owner.rekeying.run_once()
    posted += [await owner.county.send(policy_draft()) for _ in range(2)]
    await owner.world.carry()
    return posted


@pytest.mark.parametrize("code", [LIBO, HUANJIANG])
async def test_events_on_both_sides_of_a_rotation_are_proved_at_both_ends(owner: Owner, code: str) -> None:
    """The first by the old key and what leads to its end, the last by a key that no registry lists."""
    posted = await rotated(owner)
    county = owner.world[code]  # type: ignore[index]
    before, after = await proved(county, posted[0]), await proved(county, posted[-1])
    (old,), (new,) = before.keys, after.keys
    assert (old.kid, old.last and old.last.seq, old.revoked) == (FIRST.kid, 2, False)
    assert (new.kid, new.has_ended) == (nth(KeyUse.EVENT, 1).kid, False)
    assert {one.receiver for one in before.receipts} == ({NANDAN, HUANJIANG} if code == LIBO else {HUANJIANG})
    assert all(one.stage is ReceiptStage.STORED for one in before.receipts)


async def test_what_leads_to_the_end_of_a_key_is_in_the_file(owner: Owner) -> None:
    """The store gives it without being asked for more links."""
    posted = await rotated(owner)
    verdict = await proved(owner.county, posted[0])
    assert verdict.opened is not None
    assert isinstance(verdict.opened.evidence, ChangedEvidence)
    carried = (*verdict.opened.after, *verdict.opened.ancestors)
    assert [part.envelope.header.seq for part in carried][:1] == [2]


async def test_a_receipt_key_that_changed_makes_no_other_file_of_what_it_did_not_sign(owner: Owner) -> None:
    """荔波 attests nothing about its own events."""
    posted = await rotated(owner, KeyUse.RECEIPT)
    verdict = await proved(owner.county, posted[0])
    assert verdict.opened is not None
    assert verdict.opened.evidence.v == 1


async def test_receipts_before_a_change_of_the_receipt_key_are_proved(owner: Owner) -> None:
    """环江 sends, 荔波 attests, changes its receipt key, and attests again."""
    theirs = owner.world[HUANJIANG]
    first = await theirs.send(policy_draft())
    await owner.world.carry()
    owner.order(KeyUse.RECEIPT)
    await owner.rekeying.run_once()
    second = await theirs.send(policy_draft())
    await owner.world.carry()
    for posted in (first, second):
        verdict = await proved(theirs, posted)
        assert {one.receiver for one in verdict.receipts} == {NANDAN, LIBO}
